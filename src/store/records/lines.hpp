#pragma once
/// A whole store as lines of JSON, an object a line with its `type`: the form in which records go from one kind of
/// store to another. Described in docs/dump.md.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <railbook/stores.hpp>

namespace railbook::store::records {

/// Writes what it reads. The first thing that fails is kept, and nothing is written after it.
class LineWriter final : public RecordReader {
public:
    /// Receives each line, without its end.
    using Write = std::function<Status(std::string_view line)>;
    explicit LineWriter(Write write);
    ~LineWriter() override;
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;

    /// Writes the closing line, without which a dump is not whole.
    Status finish();

    void on(const Counters& counters) override;
    void on(const Secret& secret) override;
    void on(const Feed& feed, const std::string& data) override;
    void on(const Document& document) override;
    void on(const Run& run, std::uint64_t version) override;
    void on(const Hold& hold) override;
    void on(const RunId& run, const Allocation& allocation) override;
    void on(const Booking& booking) override;
    void on(const Payment& payment) override;
    void on(const Ticket& ticket) override;
    void on(const LedgerEntry& entry) override;
    void on(const AuditEntry& entry) override;
    void on(const KeptAnswer& answer) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Hands on the records of the lines, which `next` gives one by one until there are no more.
/// Errors: bad_data, with the number of the line; those of `next`.
Status read_lines(const std::function<Result<std::optional<std::string>>()>& next, RecordReader& reader);

}  // namespace railbook::store::records

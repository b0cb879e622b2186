#pragma once
/// Filling a store from another one: what is handed on has to fit together, whatever its origin.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <railbook/stores.hpp>

#include "store/allocations.hpp"

namespace railbook::store {

/// Errors: of a load into a store that has content.
Error store_in_use();

/// Hands records on to a writer as long as they fit together: every id once, everything that is named there before, no
/// cell twice, ledgers and audit logs without a gap. From the first one that does not, nothing is handed on.
class LoadCheck final : public RecordReader {
public:
    explicit LoadCheck(RecordReader& writer) : writer_{writer} {}

    /// Errors: bad_data (the first thing that did not fit, or the counters were missing).
    Status finish() const;

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
    bool refuse(std::string why);
    bool fits(const Hold& hold, const HoldItem& item) const;

    RecordReader& writer_;
    std::string refused_;  // why; empty: all fits so far
    bool counted_ = false;
    Counters counters_;
    struct OneRun {
        std::size_t seats;
        std::size_t segments;
        RunAllocations allocations;
    };
    std::map<RunId, OneRun> runs_;
    std::set<std::uint64_t> fences_;
    std::set<HoldId> holds_;
    std::map<BookingId, std::uint64_t> bookings_;  // with the number of their last ledger entry
    std::set<std::string> references_;
    std::set<PaymentId> payments_;
    std::set<TicketId> tickets_;
    std::string subject_;  // of the last audit entry
    std::uint64_t number_ = 0;
    std::set<std::string> subjects_;
};

}  // namespace railbook::store

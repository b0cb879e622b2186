#pragma once
/// The laws on the store's records, checked on what they are and on how they changed since the last look.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <railbook/stores.hpp>

#include "sim/simulator/oracle/verdict.hpp"

namespace railbook::sim {

/// The one step between two looks, where it was one.
struct KnownStep {
    std::string name;   ///< The command's operation, or the port's method where there is no command.
    std::string owner;  ///< Who asked; empty for the system.
    std::optional<HoldClaim> claim = std::nullopt;
    bool refused = false;
};

class RecordWitness final : private RecordReader {
public:
    RecordWitness(const Promises& promises, Verdict& verdict) : promises_{promises}, verdict_{verdict} {}

    /// Reads every record. `step` is null where several may have been done since the last look.
    void look(Store& store, const KnownStep* step);
    /// Asked where the records cannot be read: whether that is no wonder.
    std::function<bool()> may_fail = [] { return false; };
    const std::vector<Hold>& holds() const { return holds_; }
    const std::vector<Booking>& bookings() const { return bookings_; }
    const std::vector<Payment>& payments() const { return payments_; }
    const Hold* find(const HoldId& id) const;
    const Booking* find(const BookingId& id) const;
    const Payment* find(const PaymentId& id) const;

private:
    struct Sums {
        std::uint64_t entries = 0;
        std::map<std::string, std::int64_t> accounts;
        std::map<std::string, std::int64_t> transactions;
    };
    struct Subject {
        std::uint64_t now = 0;
        std::uint64_t before = 0;
    };
    using Cell = std::pair<RunId, std::uint32_t>;

    void on(const Run& run, std::uint64_t version) override;
    void judge_seats(const Booking& booking, const Hold& hold);
    void on(const Hold& hold) override;
    void on(const RunId& run, const Allocation& allocation) override;
    void on(const Booking& booking) override;
    void on(const Payment& payment) override;
    void on(const Ticket& ticket) override;
    void on(const LedgerEntry& entry) override;
    void on(const AuditEntry& entry) override;
    using RecordReader::on;

    void judge_new(std::size_t index);
    void judge_change(const Hold& before, const Hold& after);
    void judge_change(const Booking& before, const Booking& after);
    void judge_change(const Payment& before, const Payment& after);
    void judge_allocations();
    void judge_bookings();
    void judge_money();
    void judge_audit();
    void expect_entry(const Hold& hold, const char* what);

    const Promises promises_;
    Verdict& verdict_;
    const KnownStep* step_ = nullptr;
    Timestamp now_{};

    std::vector<Hold> holds_;
    std::vector<Booking> bookings_;
    std::vector<Payment> payments_;
    std::map<HoldId, std::size_t> hold_index_;
    std::map<BookingId, std::size_t> booking_index_;
    std::map<PaymentId, std::size_t> payment_index_;
    std::map<RunId, std::uint64_t> versions_;
    std::map<RunId, Run> runs_;
    std::map<Cell, std::uint64_t> fences_;
    std::map<std::string, HoldId, std::less<>> references_;
    std::map<std::string, Subject, std::less<>> audit_;

    // Of the look that is going on.
    std::size_t holds_seen_ = 0;
    std::size_t bookings_seen_ = 0;
    std::size_t payments_seen_ = 0;
    std::size_t new_holds_from_ = 0;
    std::vector<std::pair<Hold, Hold>> changed_holds_;  // as they were and are; the same below
    std::vector<std::pair<Booking, Booking>> changed_bookings_;
    std::vector<std::pair<Payment, Payment>> changed_payments_;
    std::vector<std::pair<RunId, Allocation>> allocations_;
    std::map<BookingId, std::vector<Ticket>> tickets_;
    std::map<BookingId, Sums> ledger_;
    Subject* subject_ = nullptr;
    std::string_view subject_name_;
    std::vector<std::pair<std::string, const char*>> expected_entries_;
};

}  // namespace railbook::sim

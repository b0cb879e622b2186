#pragma once
/// The tables: how records lie in the file. Decides nothing; each method is a part of a step.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

#include "store/allocations.hpp"
#include "store/run_change.hpp"
#include "store/pages.hpp"
#include "store/rules.hpp"
#include "store/sqlite/connection.hpp"

namespace railbook::store::sqlite {

/// A pinned run, and what of it is allocated.
struct PinnedRun {
    Run run;
    RunAllocations allocations;
};

/// Not thread-safe. The connection must outlive it.
class Tables {
public:
    explicit Tables(Connection& connection) : connection_{connection} {}

    Connection& connection() { return connection_; }
    /// Something was undone: a run that was added by it may have no number any more, or another.
    void forget_numbers() { numbers_.clear(); }

    Result<Timestamp> time();
    Status set_time(Timestamp time);

    // Answers
    Result<std::optional<KeptAnswer>> find_answer(const Command& command);
    Status put_answer(const KeptAnswer& answer);
    /// Completes the answer to the command that began the payment.
    Status replace_answer(const Payment& payment);
    Status drop_answers(Timestamp now, std::size_t limit);

    Status each_answer(const std::function<void(const KeptAnswer&)>& read);

    // Runs
    Result<std::vector<RunId>> run_ids();
    Result<std::optional<Run>> find_run(const RunId& id);
    Result<std::optional<PinnedRun>> find_pinned(const RunId& id);
    Status insert_run(const Run& run, std::uint64_t version = 0);
    /// Has every allocation of the run, its coaches and its version be those of the outcome.
    Status save(const RunOutcome& outcome, std::uint64_t version);
    Status each_run(const std::function<void(const Run&, std::uint64_t version)>& read);

    // Holds and allocations
    Result<std::uint64_t> next_fence();
    Result<std::optional<Hold>> find_hold(const HoldId& id);
    /// Newest first, those with a smaller number; `owner` empty: everyone's.
    Result<std::vector<Numbered<Hold>>> holds_before(std::string_view owner, std::uint64_t number, std::size_t limit);
    Result<std::size_t> count_live_holds(std::string_view owner, Timestamp now);
    Result<std::vector<Hold>> due_holds(Timestamp now, std::size_t limit);
    Status each_hold(const std::function<void(const Hold&)>& read);
    Status insert_hold(const Hold& hold);
    /// Those of the wanted seats that others have, or that are blocked.
    Result<std::vector<SeatId>> seats_of_others(const Hold& wanted, Timestamp now);
    /// Allocates the seats of the hold, which is in the table, and drops lapsed ones in the way. Answers the seats that
    /// others have; the step then fails, or drops what was allocated.
    Result<std::vector<SeatId>> allocate(const Hold& hold, Timestamp now);
    Status drop_allocations(const Hold& hold);
    /// Its seats have got other numbers.
    Status save_items(const Hold& hold);
    /// The rides of its parts, which have other seats now.
    Status save_rides(const Booking& booking);
    /// Blocks the seats, and drops lapsed allocations in the way. Answers the seats that are not free; the step then
    /// fails.
    Result<std::vector<SeatId>> block(const SeatBlock& block, Timestamp now);
    Status insert_block(const RunId& run, std::uint32_t seat, Span span);
    Status unblock(const SeatBlock& block);
    /// One more change of what is allocated on the run.
    Status count_version(const RunId& run);
    /// The holds that keep seats of the run, by fence.
    Result<std::vector<Hold>> live_holds_of(const RunId& run, Timestamp now);
    /// Those of holds by run, seat and span; then the blocks.
    Status each_allocation(const std::function<void(const RunId&, const Allocation&)>& read);

    // Bookings
    Result<std::optional<Booking>> find_booking(const BookingId& id);
    Result<std::optional<Booking>> find_booking_named(std::string_view reference);
    Result<std::vector<Numbered<Booking>>> bookings_before(std::string_view owner, std::uint64_t number,
                                                           std::size_t limit);
    Result<std::vector<Booking>> due_bookings(Timestamp now, std::size_t limit);
    Status each_booking(const std::function<void(const Booking&)>& read);
    Status insert_booking(const Booking& booking, std::uint64_t fence);

    Result<std::vector<Ticket>> tickets_of(const BookingId& booking);

    // Payments and tickets
    Result<std::optional<Payment>> find_payment(const PaymentId& id);
    Result<std::vector<Payment>> payments_of(const BookingId& booking);
    Result<std::vector<Payment>> due_payments(Timestamp now, std::size_t limit);
    Status each_payment(const std::function<void(const Payment&)>& read);
    Status insert_payment(const Payment& payment);
    Result<std::optional<Ticket>> find_ticket(const TicketId& id);
    Status each_ticket(const std::function<void(const Ticket&)>& read);

    // Ledger and audit log
    Result<std::uint64_t> last_entry(const BookingId& booking);
    Status each_ledger_entry(const std::function<void(const LedgerEntry&)>& read);
    Result<std::vector<AuditEntry>> audit(std::string_view subject);
    Status each_audit_entry(const std::function<void(const AuditEntry&)>& read);

    Status record(const AuditEntry& entry) { return add_audit({entry}); }
    /// Saves what the records that are in their tables became, and adds the rest.
    Status save(const Changes& changes);

private:
    Result<std::shared_ptr<const Consist>> consist(std::string_view hash);
    Result<std::string> put_consist(const std::shared_ptr<const Consist>& consist);
    Result<Run> read_run(Row& row);
    Status complete(Booking& booking, std::uint64_t number);
    Result<std::vector<Numbered<Booking>>> read_bookings(std::string_view sql, std::initializer_list<Value> values);
    Result<std::optional<Booking>> read_booking(std::string_view sql, std::initializer_list<Value> values);
    Result<std::int64_t> run_number(const RunId& id);
    Status each_block_of(const RunId& id, const std::function<void(const Allocation&)>& read);
    Status each_block(const std::function<void(const RunId&, const Allocation&)>& read);
    Status drop_lapsed(std::int64_t run, std::uint32_t seat, Span span, Timestamp now);
    Status insert_block(std::int64_t run, std::uint32_t seat, Span span);
    Status add_audit(const std::vector<AuditEntry>& entries);
    Status save_hold(const Hold& hold);
    Status save_booking(const Booking& booking);

    Connection& connection_;
    std::map<RunId, std::int64_t> numbers_;
    std::map<std::string, std::weak_ptr<const Consist>, std::less<>> consists_;  // by hash: shared by their runs
    std::map<std::weak_ptr<const Consist>, std::string, std::owner_less<>> hashes_;
};

}  // namespace railbook::store::sqlite

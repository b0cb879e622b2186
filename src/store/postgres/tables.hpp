#pragma once
/// How records lie in the tables: what a step asks, how the answers are read, and what it tells. Decides nothing.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

#include "store/pages.hpp"
#include "store/postgres/database.hpp"
#include "store/records/rows.hpp"
#include "store/rules.hpp"

namespace railbook::store::postgres {

using rows::kNoStart;
using rows::start_of;

/// Names of runs, as parameters.
struct RunNames {
    std::vector<ServiceDate> dates;
    std::vector<std::string> feeds;
    std::vector<std::string> trips;
    std::vector<std::int64_t> starts;
    void add(const RunId& run);
    RunId at(std::size_t place) const;
};

// --- Questions -----------------------------------------------------------------------------------------------------
// Each comes with a reader of its answer.

extern const std::string kFindHold;            ///< $1 id
extern const std::string kHoldOfBooking;       ///< $1 id of the booking
extern const std::string kHoldOfPayment;       ///< $1 id of the payment
extern const std::string kHoldsBefore;         ///< $1 number, $2 limit
extern const std::string kHoldsOfOwnerBefore;  ///< and $3 owner
extern const std::string kHoldsNumbered;       ///< $1 fences, $2 now: those that are due
extern const std::string kLiveHoldsOfRun;      ///< $1 number of the run, $2 now
extern const std::string kUnsoldHoldsOfRun;    ///< $1 number of the run, $2 now
extern const std::string kUnsoldHolds;         ///< $1 now
extern const std::string kAllHolds;
Result<Hold> read_hold(Row& row);
Result<Numbered<Hold>> read_numbered_hold(Row& row);

extern const std::string kFindBooking;            ///< $1 id
extern const std::string kFindBookingNamed;       ///< $1 reference
extern const std::string kBookingOfPayment;       ///< $1 id of the payment
extern const std::string kBookingsBefore;         ///< $1 number, $2 limit
extern const std::string kBookingsOfOwnerBefore;  ///< and $3 owner
extern const std::string kBookingsNumbered;       ///< $1 numbers, $2 now: those that are due
extern const std::string kBookingsOfHolds;        ///< $1 fences
extern const std::string kAllBookings;
Result<Booking> read_booking(Row& row);
Result<Numbered<Booking>> read_numbered_booking(Row& row);

extern const std::string kFindPayment;        ///< $1 id
extern const std::string kPaymentsOfBooking;  ///< $1 id of the booking
extern const std::string kClaimPayments;      ///< $1 now, $2 limit, $3 the new check_at
extern const std::string kAllPayments;
Result<Payment> read_payment(Row& row);

extern const std::string kFindTicket;      ///< $1 id
extern const std::string kTicketsOfHolds;  ///< $1 fences
extern const std::string kAllTickets;
Result<Ticket> read_ticket(Row& row);

extern const std::string_view kLastEntry;  ///< $1 id of the payment whose booking's ledger it is
extern const std::string_view kAllLedgerEntries;
Result<LedgerEntry> read_ledger_entry(Row& row);

extern const std::string_view kAudit;  ///< $1 subject
extern const std::string_view kAllAuditEntries;
Result<AuditEntry> read_audit_entry(Row& row);

/// An allocation, and of which run.
using Placed = std::pair<RunId, Allocation>;
extern const std::string kAllAllocations;        ///< By run, seat and span; the blocks last.
extern const std::string kAllocationsOfHold;     ///< $1 id
extern const std::string kAllocationsOfBooking;  ///< $1 id of the booking
extern const std::string kAllocationsOfPayment;  ///< $1 id of the payment
extern const std::string kAllocationsOfHolds;    ///< $1 fences
extern const std::string kBlocksOfRun;           ///< $1 number
Result<Placed> read_placed(Row& row);

extern const std::string_view kAllAnswers;
extern const std::string_view kFindAnswer;  ///< $1 owner, $2 operation, $3 key
Result<KeptAnswer> read_answer(Row& row);

// --- Changes -------------------------------------------------------------------------------------------------------

/// Seats of several runs, as parameters.
struct SeatList {
    RunNames runs;
    std::vector<std::int64_t> seats;
    std::vector<std::int64_t> froms;
    std::vector<std::int64_t> tos;
    void add(const RunId& run, std::uint32_t seat, Span span);
    static SeatList of(const Hold& hold);
    static SeatList of(const SeatBlock& block);
    RunId run(std::size_t place) const { return runs.at(place); }
};

/// What was allocated before a step changed what the seats of a hold are.
struct SeatsBefore {
    std::vector<Placed> own;      ///< Of the hold.
    std::vector<Placed> dropped;  ///< Lapsed ones of others, which were in its way.
};

/// Adds a hold and its allocations. The runs are locked, and `numbers` are theirs in the order of their names.
void insert_hold(Step& step, const Hold& hold, const std::vector<std::int64_t>& numbers);
/// Adds allocations where nothing is; without a hold they are blocks.
void allocate(Step& step, const SeatList& seats, std::optional<std::uint64_t> fence);
void insert_run(Step& step, const Run& run, std::uint64_t version);
void insert_booking(Step& step, const Booking& booking, std::uint64_t fence);
void insert_payment(Step& step, const Payment& payment);
void insert_answer(Step& step, const KeptAnswer& answer);
void insert_audit_entry(Step& step, const AuditEntry& entry);
/// The seats of the hold have got other numbers.
void save_items(Step& step, const Hold& hold);
/// Its parts and their seats.
void save_rides(Step& step, const Booking& booking);
void save_travel(Step& step, const Ticket& ticket);
/// A pinned run with other coaches or calls, and one more version of it, before which nothing is told.
void save_changed(Step& step, std::int64_t number, const Run& run);
/// One more version of the run, with what changed of its seats.
void count_change(Step& step, const RunId& run, const std::vector<SeatChange>& changes);
/// Drops what is told of the run's changes where that has become too much, as count_change() does: the run has gone
/// from one version to another.
void forget_changes(Step& step, std::int64_t number, std::int64_t before, std::int64_t after);
/// Saves what the records that are in their tables became, and adds the rest. `before` is null where no seat becomes
/// another.
void save(Step& step, const Changes& changes, const SeatsBefore* before = nullptr);

// --- Pinned runs ---------------------------------------------------------------------------------------------------

extern const std::string kRunsNumbered;  ///< $1 numbers. In the order of their names.
extern const std::string kAllRuns;
/// What a run of these has, and its version. Its coaches are shared with the runs that have the same.
struct StoredRun {
    std::int64_t number = 0;
    std::int64_t edition = 0;
    std::uint64_t version = 0;
    Run run;
};
Result<StoredRun> read_run(Row& row, PinnedRuns& known);

/// The runs of these numbers, in their order: from memory, or read in the step, which takes a round trip.
Result<std::vector<Run>> find_runs(Step& step, PinnedRuns& known, const std::vector<std::int64_t>& numbers,
                                   const std::vector<std::int64_t>& editions);

}  // namespace railbook::store::postgres

#pragma once
/// Other coaches or other calls for a run of which seats are held or sold: what becomes of everyone on it. As with the
/// other rules, a back end loads the basis, asks here, and saves the outcome in the same transaction.

#include <optional>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// What has to be looked at before a run changes.
struct RunBasis {
    RunHolds run;                   ///< With the holds that keep seats of it.
    std::vector<Booking> bookings;  ///< Of these holds.
    std::vector<Ticket> tickets;    ///< Of these bookings.
    std::vector<Allocation> blocks;
};

/// What a change makes of a run and of all that is on it.
struct RunOutcome {
    Run run;
    std::vector<Hold> holds;
    std::vector<Booking> bookings;
    std::vector<Ticket> tickets;
    std::vector<Allocation> allocations;  ///< All of the run from now on: of the holds, and the blocks that remain.
    std::vector<AuditEntry> audit;
};

/// Nothing where the run has these coaches already. Errors: conflict.
Result<std::optional<RunOutcome>> change_consist(const RunBasis& basis, const ConsistChange& change,
                                                 std::string_view actor, Timestamp now);
/// Nothing where the run has the wanted calls and names already; its coaches do not count. `feed` is the checksum of
/// the run's feed as it is now, empty where there is none: an offer may have been made from a copy of an earlier one.
/// Errors: conflict.
Result<std::optional<RunOutcome>> adopt_calls(const RunBasis& basis, const CallsChange& change, std::string_view feed,
                                              std::string_view actor, Timestamp now);

/// Of a plan for a run that has changed meanwhile.
Error changed_since();

}  // namespace railbook::store

#pragma once
/// Other coaches for a run of which seats are held or sold: what becomes of everyone on it. As with the other rules, a
/// back end loads the basis, asks here, and saves the outcome in the same transaction.

#include <optional>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// What has to be looked at before the coaches change.
struct ConsistBasis {
    RunHolds run;                   ///< With the holds that keep seats of it.
    std::vector<Booking> bookings;  ///< Of these holds.
    std::vector<Ticket> tickets;    ///< Of these bookings.
    std::vector<Allocation> blocks;
};

/// What a change makes of a run and of all that is on it.
struct ConsistOutcome {
    Run run;
    std::vector<Hold> holds;
    std::vector<Booking> bookings;
    std::vector<Ticket> tickets;
    std::vector<Allocation> allocations;  ///< All of the run from now on: of the holds, and the blocks that remain.
    std::vector<AuditEntry> audit;
};

/// Nothing where the run has these coaches already. Errors: conflict.
Result<std::optional<ConsistOutcome>> change_consist(const ConsistBasis& basis, const ConsistChange& change,
                                                     std::string_view actor, Timestamp now);

}  // namespace railbook::store

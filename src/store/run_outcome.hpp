#pragma once
/// What a change of a run becomes, while it is made: shared by other coaches and other calls.

#include <string>
#include <string_view>
#include <utility>

#include "store/allocations.hpp"
#include "store/run_change.hpp"

namespace railbook::store {

/// Everyone on the run as they were, on the run as it will be, which nobody has a seat of yet.
class OutcomeInMaking {
public:
    OutcomeInMaking(const RunBasis& basis, Run changed, std::string_view actor, Timestamp now)
        : outcome{.run = std::move(changed),
                  .holds = basis.run.holds,
                  .bookings = basis.bookings,
                  .tickets = basis.tickets,
                  .allocations = {},
                  .audit = {}},
          actor_{actor},
          now_{now},
          taken_{outcome.run} {}

    void record(std::string subject, std::string_view action, std::string detail) {
        outcome.audit.push_back({.subject = std::move(subject),
                                 .number = 0,
                                 .at = now_,
                                 .actor = actor_,
                                 .action = std::string{action},
                                 .detail = std::move(detail)});
    }

    /// False, and nothing done, where somebody has it already.
    bool take(const Allocation& allocation) {
        if (!taken_.is_free(allocation.seat, allocation.span, now_, HoldId{})) return false;
        taken_.put(allocation);
        outcome.allocations.push_back(allocation);
        return true;
    }

    RunOutcome outcome;

private:
    const std::string actor_;
    const Timestamp now_;
    RunAllocations taken_;
};

}  // namespace railbook::store

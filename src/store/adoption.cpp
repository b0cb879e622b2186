#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/rides.hpp"
#include "store/rules.hpp"
#include "store/run_outcome.hpp"

namespace railbook::store {
namespace {

/// The coaches stay.
Run with_calls_of(Run run, const Run& wanted) {
    run.train = wanted.train;
    run.agency = wanted.agency;
    run.headsign = wanted.headsign;
    run.calls = wanted.calls;
    return run;
}

class Adoption {
public:
    Adoption(const RunBasis& basis, const Run& wanted, std::string_view actor, Timestamp now)
        : basis_{basis}, before_{basis.run.run}, made_{basis, with_calls_of(before_, wanted), actor, now} {}

    Result<std::optional<RunOutcome>> make() {
        made_.record("run:" + to_string(before_.id), "run.adopted",
                     fmt::format("{} calls to {}", before_.calls.size(), made_.outcome.run.calls.size()));
        if (const auto done = keep_blocks(); !done) return done.error();
        for (auto& hold : made_.outcome.holds) {
            const auto before = hold.items.all();
            for (std::size_t i = 0; i < before.size(); ++i) {
                if (before[i].run != before_.id) continue;
                if (const auto ok = check_ride(hold, before, i); !ok) return ok.error();
                if (const auto done = move(hold, hold.items.edit()[i]); !done) return done.error();
            }
        }
        for (std::size_t i = 0; i < made_.outcome.bookings.size(); ++i) tell_booking(i);
        for (auto& ticket : made_.outcome.tickets) {
            for (auto& leg : ticket.legs) {
                if (leg.run == before_.id) follow(leg);
            }
        }
        return std::optional{std::move(made_.outcome)};
    }

private:
    Status keep_blocks() {
        for (auto block : basis_.blocks) {
            const auto& from = before_.calls[block.span.from].id;
            const auto& to = before_.calls[block.span.to].id;
            const auto span = made_.outcome.run.span_between(from, to);
            if (span) block.span = *span;
            if (span && made_.take(block)) continue;
            return Error{ErrorCode::conflict,
                         fmt::format("seat {} is blocked from {} to {}, where the train would no longer call so",
                                     to_string(before_.consist->seat_at(block.seat)), to_string(from), to_string(to)),
                         "unblock it first, and block it anew afterwards"};
        }
        return {};
    }

    /// A ride on the new calls. Of one that ended before the change it may be left as it was.
    template <class Ride>
    void follow(Ride& ride) const {
        const auto span = made_.outcome.run.span_between(ride.from.call, ride.to.call);
        if (!span) return;
        if constexpr (requires { ride.span; }) ride.span = *span;
        ride.train = made_.outcome.run.train;
        ride.from = base::start_of_ride(made_.outcome.run, *span);
        ride.to = base::end_of_ride(made_.outcome.run, *span);
    }

    Status check_ride(const Hold& hold, const std::vector<HoldItem>& items, std::size_t number) const {
        if (base::still_carries(before_, made_.outcome.run, items, number)) return {};
        const auto& item = items[number];
        const auto stage = base::stage_of(items, number);
        return Error{ErrorCode::conflict,
                     fmt::format("hold {} would lose its ride from {} to {}{}", to_string(hold.id),
                                 to_string(item.from.call), to_string(item.to.call),
                                 stage.continues || stage.goes_on ? ", on a part of which it has other seats" : ""),
                     "move or refund its passengers first; until then the run stays as it was sold"};
    }

    Status move(const Hold& hold, HoldItem& item) {
        follow(item);
        for (const auto& seat : item.seats) {
            if (made_.take(allocation_of(hold, item, seat))) continue;
            return Error{
                ErrorCode::conflict,
                fmt::format("seat {} would be given twice: the train calls in another order", to_string(seat.id)),
                "move or refund its passengers first; until then the run stays as it was sold"};
        }
        return {};
    }

    void tell_booking(std::size_t number) {
        std::set<std::string> told;
        for (auto& part : made_.outcome.bookings[number].parts) {
            if (part.run != before_.id) continue;
            const auto before = part;
            follow(part);
            if (part.from == before.from && part.to == before.to && part.train == before.train) continue;
            auto detail =
                fmt::format("{} {} to {}", to_string(part.run), to_string(part.from.call), to_string(part.to.call));
            if (!told.insert(detail).second) continue;
            made_.record("booking:" + to_string(made_.outcome.bookings[number].id), "booking.retimed",
                         std::move(detail));
        }
    }

    const RunBasis& basis_;
    const Run& before_;
    OutcomeInMaking made_;
};

}  // namespace

Result<std::optional<RunOutcome>> adopt_calls(const RunBasis& basis, const CallsChange& change, std::string_view feed,
                                              std::string_view actor, Timestamp now) {
    if (base::has_calls_of(basis.run.run, change.wanted)) return std::optional<RunOutcome>{};
    if (basis.run.version != change.version) return changed_since();
    if (feed != change.feed) {
        return Error{ErrorCode::conflict, "the timetable has changed since the offer was made",
                     "ask for a new offer; other processes know a new timetable after some seconds"};
    }
    return Adoption{basis, change.wanted, actor, now}.make();
}

}  // namespace railbook::store

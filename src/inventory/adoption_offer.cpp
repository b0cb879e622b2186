#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <railbook/inventory.hpp>
#include <railbook/search.hpp>

#include "base/command.hpp"
#include "base/rides.hpp"
#include "inventory/rides.hpp"
#include "timetable/one_version.hpp"
#include "timetable/snapshot.hpp"

namespace railbook {
namespace {

Status check_operator(const Principal& principal) {
    if (principal.may(Scope::operate)) return {};
    return Error{ErrorCode::forbidden, "changing the calls of a run needs the scope 'operate'"};
}

/// So often an adoption is tried while holds that change nothing about it come and go.
constexpr int kMaxRounds = 50;

void add(base::Canonical& text, const Run& run) {
    text.add(run.train).add(run.agency).add(run.headsign);
    for (const auto& call : run.calls) {
        text.add(to_string(call.id)).add(call.name).add(call.zone).add(call.platform);
        for (const auto& time : {call.arrives, call.departs}) text.add(time ? time->time_since_epoch().count() : -1);
        text.add(call.pick_up).add(call.drop_off).add(call.distance);
    }
}

void add(base::Canonical& text, const std::vector<AffectedRide>& rides) {
    text.add(static_cast<std::int64_t>(rides.size()));
    for (const auto& ride : rides) {
        text.add(to_string(ride.hold)).add(to_string(ride.from.call)).add(to_string(ride.to.call));
        for (const auto& seat : ride.seats) text.add(to_string(seat));
    }
}

/// What the outcome would be now; the version of the run goes with it. Nothing would change where `is_done`.
struct Outcome {
    AdoptionOffer offer;
    std::uint64_t version;
    bool is_done;
};

/// Trains of the same hold that the ride, at its new times, no longer leaves time to change from or to.
std::vector<RunId> misses_of(const Hold& hold, const AffectedRide& ride, const RunId& run) {
    // As a search has it where nobody asks otherwise.
    const Duration enough = JourneyQuery{}.min_change;
    const auto is_broken = [&](Duration before, Duration after) { return before >= enough && after < enough; };
    std::vector<RunId> misses;
    for (const auto& other : hold.items) {
        if (other.run == run) continue;
        const bool is_earlier = other.from.time < ride.from.time;
        const bool is_missed = is_earlier
                                   ? is_broken(ride.from.time - other.to.time, ride.new_from->time - other.to.time)
                                   : is_broken(other.from.time - ride.to.time, other.from.time - ride.new_to->time);
        const bool is_told = std::ranges::find(misses, other.run) != misses.end();
        if (is_missed && !is_told) misses.push_back(other.run);
    }
    return misses;
}

/// What the outcome would be, seat by seat: as the store will find it.
class AdoptionPlan {
public:
    AdoptionPlan(const RunHolds& now, AdoptionOffer& offer) : run_{now.run}, offer_{offer} {
        taken_.seats = static_cast<std::uint32_t>(run_.consist->seat_count());
        taken_.segments = static_cast<std::uint32_t>(offer.planned.segment_count());
    }

    void keep_blocks(const SeatMasks& blocked) {
        for (const auto& [seat, span] : inventory::blocks_of(blocked)) {
            const auto there = offer_.planned.span_between(run_.calls[span.from].id, run_.calls[span.to].id);
            if (there && take(seat, *there)) continue;
            offer_.blocks_lost.push_back(
                {run_.consist->seat_at(seat), departure_of(run_, span.from), arrival_of(run_, span.to)});
        }
    }

    Status move(Store& store, const Hold& hold, std::size_t number) {
        const auto& item = hold.items[number];
        AffectedRide ride{.hold = hold.id, .owner = hold.owner, .seats = {}, .from = item.from, .to = item.to};
        bool is_lost = !base::still_carries(run_, offer_.planned, hold.items.all(), number);
        const auto span = is_lost ? std::nullopt : offer_.planned.span_between(item.from.call, item.to.call);
        for (const auto& seat : item.seats) {
            ride.seats.push_back(seat.id);
            is_lost = is_lost || !take(seat.index, *span);
        }
        if (!is_lost) {
            ride.new_from = departure_of(offer_.planned, span->from);
            ride.new_to = arrival_of(offer_.planned, span->to);
            if (ride.new_from == ride.from && ride.new_to == ride.to && item.train == offer_.planned.train) {
                ++offer_.unaffected;
                return {};
            }
            ride.misses = misses_of(hold, ride, run_.id);
        }
        auto buyer = inventory::buyer_of(store, hold);
        if (!buyer) return buyer.error();
        ride.reference = std::move(buyer->reference);
        ride.tickets = buyer->tickets;
        (is_lost ? offer_.lost : offer_.affected).push_back(std::move(ride));
        return {};
    }

private:
    bool take(std::uint32_t seat, Span span) {
        if (taken_.any(seat, span)) return false;
        taken_.set(seat, span);
        return true;
    }

    const Run& run_;
    AdoptionOffer& offer_;
    SeatMasks taken_;
};

Result<Outcome> outcome_of(Store& store, const RunId& id, Run planned, Timestamp now) {
    // Of the calls and coaches that the run has: more than that a block need not be up to date, the store looks again.
    auto holds = store.inventory().holds_of_run(id, now);
    if (!holds) return holds.error();
    auto occupancy = store.inventory().occupancy({id}, now);
    for (int round = 1; occupancy && !inventory::is_about(occupancy->front(), holds->run); ++round) {
        if (round == kMaxRounds) return Error{ErrorCode::unavailable, "the run changes at this moment", "try again"};
        holds = store.inventory().holds_of_run(id, now);
        if (!holds) return holds.error();
        occupancy = store.inventory().occupancy({id}, now);
    }
    if (!occupancy) return occupancy.error();
    const Run& run = holds->run;
    const bool is_done = base::has_calls_of(run, planned);
    Outcome outcome{.offer = {.id = {},
                              .run = run,
                              .planned = std::move(planned),
                              .changes = {},
                              .affected = {},
                              .lost = {},
                              .blocks_lost = {}},
                    .version = holds->version,
                    .is_done = is_done};
    if (is_done) return outcome;
    auto& offer = outcome.offer;
    offer.changes = changes_of(run, offer.planned);
    AdoptionPlan plan{*holds, offer};
    plan.keep_blocks(occupancy->front().blocked);
    for (const auto& hold : holds->holds) {
        for (std::size_t i = 0; i < hold.items.size(); ++i) {
            if (hold.items[i].run != id) continue;
            if (const auto done = plan.move(store, hold, i); !done) return done.error();
        }
    }
    // Not the version of the run: holds that stay as they are come and go all the time.
    base::Canonical text;
    text.add(to_string(id));
    add(text, run);
    add(text, offer.planned);
    add(text, offer.affected);
    add(text, offer.lost);
    offer.id = text.fingerprint().substr(0, 32);
    return outcome;
}

/// Both as they are now. Errors: not_found; conflict.
struct Versions {
    Run run;
    Run planned;
    std::string feed;  ///< The checksum of the one that it is planned by.
};

/// The run as the timetable has it, and the checksum of the feed that has it so.
Result<std::pair<Run, std::string>> find_planned(Timetable& timetable, const RunId& id) {
    return timetable::of_one_version(timetable, [&]() -> Result<std::pair<Run, std::string>> {
        const auto now = timetable.snapshot();
        if (!now) return now.error();
        auto planned = timetable.planned_run(id);
        if (!planned) return std::move(planned).error();
        const auto part = std::ranges::find((*now)->parts, id.trip.feed,
                                            [](const timetable::Snapshot::Part& each) { return each.feed.name; });
        // It has none in between two versions only, and is then asked again.
        return std::pair{*std::move(planned), part == (*now)->parts.end() ? std::string{} : part->feed.checksum};
    });
}

Result<Versions> find_versions(Timetable& timetable, const RunId& id) {
    auto run = timetable.run(id);
    if (!run) return std::move(run).error();
    if (!run->pinned) {
        return Error{ErrorCode::conflict,
                     fmt::format("{} follows the timetable: nothing of it was held or sold", to_string(id))};
    }
    auto planned = find_planned(timetable, id);
    if (!planned && planned.error().code != ErrorCode::not_found) return std::move(planned).error();
    if (!planned) {
        return Error{ErrorCode::conflict, fmt::format("the timetable has no run {} any more", to_string(id)),
                     "it stays as it was sold; refund its passengers, and block its seats so that no more are sold"};
    }
    return Versions{*std::move(run), std::move(planned->first), std::move(planned->second)};
}

}  // namespace

Result<AdoptionOffer> Inventory::offer_adoption(const Principal& principal, const RunId& id) {
    if (const auto ok = check_operator(principal); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    auto found = find_versions(timetable_, id);
    if (!found) return std::move(found).error();
    auto outcome = outcome_of(store_, id, std::move(found->planned), *now);
    if (!outcome) return std::move(outcome).error();
    if (outcome->is_done)
        return Error{ErrorCode::conflict, fmt::format("{} is as the timetable has it", to_string(id))};
    return std::move(outcome->offer);
}

Result<Run> Inventory::adopt(const Principal& principal, const RunId& id, std::string_view offer) {
    if (const auto ok = check_operator(principal); !ok) return ok.error();
    for (int round = 1;; ++round) {
        const auto now = store_.now();
        if (!now) return now.error();
        auto found = find_versions(timetable_, id);
        if (!found) return std::move(found).error();
        auto outcome = outcome_of(store_, id, found->planned, *now);
        if (!outcome) return std::move(outcome).error();
        if (outcome->is_done) return std::move(outcome->offer.run);
        if (outcome->offer.id != offer) {
            return Error{ErrorCode::conflict, "the run or the timetable has changed since the offer was made",
                         "look at the new offer, and confirm that one"};
        }
        if (const auto& lost = outcome->offer.lost; !lost.empty()) {
            return Error{ErrorCode::conflict,
                         fmt::format("the new calls take away {} rides, such as hold {} from {} to {}", lost.size(),
                                     to_string(lost.front().hold), lost.front().from.name, lost.front().to.name),
                         "move or refund their passengers first; until then the run stays as it was sold"};
        }
        const Command command = base::make_command(principal, "run.adopt", {}, {}, *now, {});
        auto adopted = store_.inventory().adopt_calls(command, {found->planned, outcome->version, found->feed});
        if (adopted || adopted.error().code != ErrorCode::conflict || round == kMaxRounds) return adopted;
        // Where somebody held or released seats in between, it is still what was offered; else that is told.
        const auto after = store_.inventory().holds_of_run(id, *now);
        if (!after) return after.error();
        if (after->version == outcome->version) return adopted;
    }
}

}  // namespace railbook

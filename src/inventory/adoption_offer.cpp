#include <set>

#include <fmt/format.h>

#include <railbook/inventory.hpp>

#include "base/command.hpp"
#include "base/rides.hpp"

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

/// The booking's part in what a ride tells.
Status describe(Store& store, const Hold& hold, AffectedRide& ride) {
    if (!hold.booking) return {};
    const auto booking = store.bookings().find_booking(*hold.booking);
    if (!booking) return booking.error();
    ride.reference = booking->reference;
    ride.tickets = booking->tickets.size();
    return {};
}

Result<Outcome> outcome_of(Store& store, const RunId& id, Run planned, Timestamp now) {
    const auto holds = store.inventory().holds_of_run(id, now);
    if (!holds) return holds.error();
    const Run& run = holds->run;
    const bool is_done = base::has_calls_of(run, planned);
    Outcome outcome{
        .offer = {.id = {}, .run = run, .planned = std::move(planned), .changes = {}, .affected = {}, .lost = {}},
        .version = holds->version,
        .is_done = is_done};
    if (is_done) return outcome;
    auto& offer = outcome.offer;
    offer.changes = changes_of(run, offer.planned);
    for (const auto& hold : holds->holds) {
        for (std::size_t i = 0; i < hold.items.size(); ++i) {
            const auto& item = hold.items[i];
            if (item.run != id) continue;
            AffectedRide ride{.hold = hold.id, .owner = hold.owner, .seats = {}, .from = item.from, .to = item.to};
            for (const auto& seat : item.seats) ride.seats.push_back(seat.id);
            const bool is_lost = !base::still_carries(run, offer.planned, hold.items.all(), i);
            if (!is_lost) {
                const auto span = *offer.planned.span_between(item.from.call, item.to.call);
                ride.new_from = departure_of(offer.planned, span.from);
                ride.new_to = arrival_of(offer.planned, span.to);
                if (ride.new_from == ride.from && ride.new_to == ride.to && item.train == offer.planned.train) {
                    ++offer.unaffected;
                    continue;
                }
            }
            if (const auto done = describe(store, hold, ride); !done) return done.error();
            (is_lost ? offer.lost : offer.affected).push_back(std::move(ride));
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
};
Result<Versions> find_versions(Timetable& timetable, const RunId& id) {
    auto run = timetable.run(id);
    if (!run) return std::move(run).error();
    if (!run->pinned) {
        return Error{ErrorCode::conflict,
                     fmt::format("{} follows the timetable: nothing of it was held or sold", to_string(id))};
    }
    auto planned = timetable.planned_run(id);
    if (!planned && planned.error().code != ErrorCode::not_found) return std::move(planned).error();
    if (!planned) {
        return Error{ErrorCode::conflict, fmt::format("the timetable has no run {} any more", to_string(id)),
                     "it stays as it was sold; refund its passengers, and block its seats so that no more are sold"};
    }
    return Versions{*std::move(run), *std::move(planned)};
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
        auto adopted = store_.inventory().adopt_calls(command, found->planned, outcome->version);
        if (adopted || adopted.error().code != ErrorCode::conflict || round == kMaxRounds) return adopted;
        // Where somebody held or released seats in between, it is still what was offered; else that is told.
        const auto after = store_.inventory().holds_of_run(id, *now);
        if (!after) return after.error();
        if (after->version == outcome->version) return adopted;
    }
}

}  // namespace railbook

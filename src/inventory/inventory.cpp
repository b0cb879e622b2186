#include <railbook/inventory.hpp>

#include <algorithm>
#include <span>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/command.hpp"
#include "inventory/seat_choice.hpp"
#include "inventory/rides.hpp"
#include "inventory/side_by_side.hpp"

namespace railbook {

using inventory::find_ends;
using inventory::masks_of;

namespace {

/// Rides of one hold: a journey there and back with several changes has fewer.
constexpr std::size_t kMaxItems = 16;
/// Buyers who want the same best seats at one instant: each round one of them gets theirs, so a round lost is progress
/// of another. Beyond this the buyer is asked to repeat.
constexpr int kMaxRounds = 200;

/// An item as asked for, with its run and its ends found.
struct FoundRide {
    const Run* run = nullptr;
    std::size_t from = 0;
    std::size_t to = 0;
    Span span() const { return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)}; }
};

std::string default_class(const Consist& consist) {
    return consist.coaches.empty() ? std::string{} : consist.coaches.back().travel_class;
}

Result<FoundRide> find_ride(const Run& run, const HoldItemRequest& item, Timestamp now) {
    const auto ends = find_ends(run, item.from, item.to);
    if (!ends) return ends.error();
    const auto& begin = run.calls[ends->first];
    const auto& end = run.calls[ends->second];
    if (!begin.pick_up)
        return Error{ErrorCode::invalid_argument, fmt::format("{} takes nobody on board at {}", run.train, begin.name)};
    if (!end.drop_off)
        return Error{ErrorCode::invalid_argument, fmt::format("{} lets nobody off at {}", run.train, end.name)};
    if (begin.departs && *begin.departs <= now)
        return Error{ErrorCode::conflict, fmt::format("{} has left {} already", run.train, begin.name)};
    return FoundRide{&run, ends->first, ends->second};
}

std::size_t seats_of(const HoldItemRequest& item) {
    if (const auto* seats = std::get_if<std::vector<SeatId>>(&item.seats)) return seats->size();
    return static_cast<std::size_t>(std::max(std::get<BestSeats>(item.seats).count, 0));
}

Error too_many_seats(std::size_t count, const HoldPolicy& policy) {
    return {ErrorCode::invalid_argument,
            fmt::format("{} seats are more than the {} of one hold", count, policy.max_seats), "make several holds"};
}

/// The policy's most seats are of each run, whatever number of items they are spread over. Who changes seats on the way
/// has one at a time.
Status check_seats(const HoldRequest& request, std::span<const FoundRide> rides, const HoldPolicy& policy) {
    for (const auto& ride : rides) {
        // Where one of them begins there are most.
        std::size_t count = 0;
        for (std::size_t i = 0; i < rides.size(); ++i) {
            const bool is_there =
                rides[i].run == ride.run && rides[i].from <= ride.from && ride.from < rides[i].to;
            if (is_there) count += seats_of(request.items[i]);
        }
        if (count > policy.max_seats) return too_many_seats(count, policy);
    }
    return {};
}

Status check(const HoldRequest& request, const HoldPolicy& policy) {
    if (const auto ok = base::check_key(request.key); !ok) return ok.error();
    if (request.items.empty()) return Error{ErrorCode::invalid_argument, "a hold needs at least one ride"};
    if (request.items.size() > kMaxItems)
        return Error{ErrorCode::invalid_argument, fmt::format("a hold has at most {} rides", kMaxItems)};
    for (const auto& item : request.items) {
        const auto count = seats_of(item);
        if (count == 0) return Error{ErrorCode::invalid_argument, "a ride needs at least one seat"};
        if (count > policy.max_seats) return too_many_seats(count, policy);
        if (const auto* seats = std::get_if<std::vector<SeatId>>(&item.seats)) {
            for (auto seat = seats->begin(); seat != seats->end(); ++seat) {
                if (std::find(seats->begin(), seat, *seat) != seat)
                    return Error{ErrorCode::invalid_argument, "a seat is named twice"};
            }
        }
    }
    return {};
}

base::Canonical canonical(const HoldRequest& request) {
    base::Canonical text;
    text.add(static_cast<std::int64_t>(request.items.size()));
    for (const auto& item : request.items) {
        text.add(item.run.date.time_since_epoch().count()).add(item.run.trip.feed).add(item.run.trip.trip);
        text.add(item.run.start.value_or(-1)).add(item.from).add(item.to);
        if (const auto* seats = std::get_if<std::vector<SeatId>>(&item.seats)) {
            text.add("seats").add(static_cast<std::int64_t>(seats->size()));
            for (const auto& seat : *seats) text.add(seat.coach).add(seat.seat);
        } else {
            const auto& best = std::get<BestSeats>(item.seats);
            text.add("best").add(best.count).add(best.travel_class);
            if (best.wishes == SeatWishes{}) continue;
            const auto& wishes = best.wishes;
            text.add("wishes").add(static_cast<std::int64_t>(wishes.properties.size()));
            for (const auto& property : wishes.properties) text.add(property);
            text.add(wishes.facing).add(wishes.near ? to_string(*wishes.near) : std::string{});
            text.add(wishes.wheelchairs).add(wishes.children).add(wishes.required ? 1 : 0).add(wishes.changes);
        }
    }
    return text;
}

inventory::MaskPlanes planes_of(const SeatMasks& taken) { return {taken.bits, taken.seats, taken.segments}; }

/// Seats of one ride: a stage, or one more for each change of seats on the way.
struct RideSeats {
    std::vector<inventory::SeatStage> stages;
    std::string reason;
};

/// The refusal of seats that were named and that somebody has, on whichever rides. It says what there is instead.
class TakenSeats {
public:
    /// `lost` of the named seats are taken. What the buyer asked for is no offer, be it free or not.
    void add(const FoundRide& ride, const std::vector<std::uint32_t>& lost, const SeatMasks& taken_or_asked,
             inventory::SeatPlans& plans) {
        constexpr std::size_t kMaxOffers = 5;
        const auto plan = plans.of(ride.run->consist);
        const auto train = fmt::format("{} ({})", ride.run->train, to_string(ride.run->id));
        const auto names = [&](const std::vector<std::uint32_t>& seats) {
            std::string text;
            for (const auto seat : seats) text += (text.empty() ? "" : ", ") + to_string(plan->consist().seat_at(seat));
            return text;
        };
        taken_ += fmt::format("{}{} on {}", taken_.empty() ? "" : "; ", names(lost), train);
        const auto offers = inventory::nearest_free(*plan, planes_of(taken_or_asked), ride.span(), lost, kMaxOffers);
        free_ += fmt::format("{}{} on {}", free_.empty() ? "" : "; ", offers.empty() ? "none" : names(offers), train);
        has_offers_ = has_offers_ || !offers.empty();
    }

    bool empty() const { return taken_.empty(); }
    Error error() const {
        return {ErrorCode::seat_taken, fmt::format("taken: {}", taken_),
                has_offers_ ? fmt::format("the nearest free seats: {}", free_) : "choose another train"};
    }

private:
    std::string taken_;
    std::string free_;
    bool has_offers_ = false;
};

/// The seats that the request names. Whether they are free is for the store to say.
Result<RideSeats> named_seats(const FoundRide& ride, const std::vector<SeatId>& seats) {
    const Consist& consist = *ride.run->consist;
    inventory::SeatStage stage{ride.span(), {}};
    for (const auto& seat : seats) {
        const auto index = consist.index_of(seat);
        if (!index) {
            return Error{ErrorCode::not_found, fmt::format("{} has no seat {}", ride.run->train, to_string(seat)),
                         "'railbook run seats' shows the seats of a run"};
        }
        if (!stage.seats.empty() &&
            consist.coach_of(*index).travel_class != consist.coach_of(stage.seats.front()).travel_class) {
            return Error{ErrorCode::invalid_argument, "the seats of one ride must be of one class",
                         "name each class as a ride of its own"};
        }
        stage.seats.push_back(*index);
    }
    return RideSeats{{std::move(stage)}, {}};
}

/// The best free seats, given what is taken and what earlier rides of the same hold take.
Result<RideSeats> best_seats(const FoundRide& ride, const BestSeats& best, const SeatMasks& taken,
                             inventory::SeatPlans& plans) {
    const auto plan = plans.of(ride.run->consist);
    const std::string travel_class = best.travel_class.empty() ? default_class(plan->consist()) : best.travel_class;
    if (!plan->of_class(travel_class))
        return Error{ErrorCode::not_found, fmt::format("{} has no class '{}'", ride.run->train, travel_class)};
    const inventory::SeatRequest request{ride.span(), travel_class, best.count, best.wishes};
    auto choice = inventory::choose_seats(*plan, planes_of(taken), request);
    if (!choice) {
        const Error& error = choice.error();
        if (error.code != ErrorCode::sold_out) return error;
        std::string detail =
            fmt::format("{} has no {} free seats in class {} from {} to {}", ride.run->train, best.count, travel_class,
                        ride.run->calls[ride.from].name, ride.run->calls[ride.to].name);
        if (best.wishes != SeatWishes{}) detail += " as wished: " + error.detail;
        return Error{ErrorCode::sold_out, std::move(detail), "ask for fewer seats, another class or another train"};
    }
    auto reason = inventory::explain(*plan, planes_of(taken), request, *choice);
    return RideSeats{std::move(choice->stages), std::move(reason)};
}

void fill(HoldItem& item, const FoundRide& ride, const inventory::SeatStage& stage, const std::string& reason) {
    const Run& run = *ride.run;
    item.run = run.id;
    item.train = run.train;
    item.from = departure_of(run, stage.span.from);
    item.to = arrival_of(run, stage.span.to);
    item.span = stage.span;
    item.travel_class = run.consist->coach_of(stage.seats.front()).travel_class;
    item.seats.reserve(stage.seats.size());
    for (const auto seat : stage.seats) item.seats.push_back({seat, run.consist->seat_at(seat)});
    item.reason = reason;
}

/// What of a run is taken for a ride of a hold: by others, and by the hold's own earlier items.
SeatMasks taken_for(const FoundRide& ride, const Occupancy& occupancy, std::span<const HoldItem> earlier) {
    SeatMasks taken = masks_of(*ride.run, occupancy.taken);
    for (const auto& item : earlier) {
        if (item.run != ride.run->id) continue;
        for (const auto& seat : item.seats) taken.set(seat.index, item.span);
    }
    return taken;
}

std::vector<std::uint32_t> lost_of(const FoundRide& ride, const std::vector<std::uint32_t>& seats,
                                   const SeatMasks& taken) {
    std::vector<std::uint32_t> lost;
    for (const auto seat : seats) {
        if (taken.any(seat, ride.span())) lost.push_back(seat);
    }
    return lost;
}

/// And the seats that the request names on the same run, for whichever of its items.
SeatMasks with_asked(SeatMasks taken, const FoundRide& ride, const HoldRequest& request,
                     std::span<const FoundRide> rides) {
    for (std::size_t i = 0; i < rides.size(); ++i) {
        const auto* named = std::get_if<std::vector<SeatId>>(&request.items[i].seats);
        if (!named || rides[i].run != ride.run) continue;
        for (const auto& seat : *named) {
            if (const auto index = ride.run->consist->index_of(seat)) taken.set(*index, rides[i].span());
        }
    }
    return taken;
}

Error no_such_hold() { return {ErrorCode::not_found, "there is no such hold"}; }

}  // namespace

Hold as_of(Hold hold, Timestamp now) {
    const bool open = hold.status == HoldStatus::held || hold.status == HoldStatus::paying;
    if (open && hold.expires_at <= now) hold.status = HoldStatus::expired;
    return hold;
}

Inventory::Inventory(Environment& environment, Store& store, Timetable& timetable, HoldPolicy policy)
    : environment_{environment},
      store_{store},
      timetable_{timetable},
      policy_{policy},
      plans_{std::make_shared<inventory::SeatPlans>()} {}

Result<Hold> Inventory::hold(const Principal& principal, const HoldRequest& request) {
    if (!principal.may(Scope::buy)) return Error{ErrorCode::forbidden, "holding seats needs the scope 'buy'"};
    if (const auto ok = check(request, policy_); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    const Command command =
        base::make_command(principal, "hold.create", request.key, canonical(request), *now, policy_.keep_answers);
    bool is_new = false;
    auto placed = choose_and_place(principal, request, command, is_new);
    if (placed || is_new) return placed;
    // What is refused now may have been done before: the train has left meanwhile, or the seats are its own.
    const auto earlier = store_.find_answer(command);
    if (!earlier) return earlier.error();
    if (*earlier) return std::get<Hold>(**earlier);
    return placed;
}

Result<Hold> Inventory::choose_and_place(const Principal& principal, const HoldRequest& request, const Command& command,
                                         bool& is_new) {
    const Timestamp now = command.now;
    Hold wanted;
    wanted.id = HoldId::make(environment_);
    wanted.owner = principal.owner();
    wanted.created_at = now;
    wanted.latest_end = now + policy_.max;
    wanted.expires_at = std::min(now + policy_.ttl, wanted.latest_end);
    const std::size_t max_holds = principal.may(Scope::operate) ? 0 : policy_.max_holds;

    // Seats are chosen from what is free at the moment and then taken by the store, which alone decides. Whoever chose
    // what another took meanwhile chooses again; so does whoever read a run just before its first hold pinned it. What
    // is free need not be known where all seats are named, until one of them is not.
    bool looks = std::ranges::any_of(
        request.items, [](const HoldItemRequest& item) { return std::holds_alternative<BestSeats>(item.seats); });
    for (int round = 0; round < kMaxRounds; ++round) {
        std::vector<Run> runs;  // each once
        runs.reserve(request.items.size());
        boost::container::small_vector<FoundRide, 4> rides;
        // Other coaches or calls since the run was read: what is free of them is no answer, and one run has not two
        // kinds of either in one hold. What is chosen by them all the same is refused by the store; and before a buyer
        // is refused, it is asked for again.
        bool is_outdated = false;
        for (const auto& item : request.items) {
            auto run = timetable_.run(item.run);
            if (!run) return run.error();
            auto known = std::ranges::find(runs, run->id, &Run::id);
            if (known == runs.end()) {
                known = runs.insert(known, *std::move(run));
            } else {
                is_outdated = is_outdated || known->calls != run->calls ||
                              (known->consist != run->consist && *known->consist != *run->consist);
            }
            if (is_outdated) break;
            const auto ride = find_ride(*known, item, now);
            if (!ride) return ride.error();
            rides.push_back(*ride);
        }
        if (is_outdated) continue;
        if (const auto ok = check_seats(request, rides, policy_); !ok) return ok.error();
        std::vector<Occupancy> occupancy;
        if (looks) {
            std::vector<RunId> ids;
            for (const auto& ride : rides) ids.push_back(ride.run->id);
            auto found = store_.inventory().occupancy(ids, now);
            if (!found) return found.error();
            occupancy = *std::move(found);
        }
        for (std::size_t i = 0; i < occupancy.size(); ++i)
            is_outdated = is_outdated || !inventory::is_about(occupancy[i], *rides[i].run);
        if (is_outdated) continue;

        std::vector<HoldItem> items;
        items.reserve(rides.size());
        TakenSeats refusal;
        for (std::size_t i = 0; i < rides.size(); ++i) {
            const SeatMasks taken = looks ? taken_for(rides[i], occupancy[i], items) : SeatMasks{};
            const auto* named = std::get_if<std::vector<SeatId>>(&request.items[i].seats);
            const auto seats = named
                                   ? named_seats(rides[i], *named)
                                   : best_seats(rides[i], std::get<BestSeats>(request.items[i].seats), taken, *plans_);
            std::vector<std::uint32_t> lost;
            if (seats && looks && named) lost = lost_of(rides[i], seats->stages.front().seats, taken);
            if (!seats || !lost.empty()) {
                const auto is_current = inventory::has_its_coaches(store_, *rides[i].run);
                if (!is_current) return is_current.error();
                is_outdated = is_outdated || !*is_current;
                if (is_outdated) break;
                if (!seats && refusal.empty()) return seats.error();
                // Whoever is refused is told of all rides at once.
                if (seats) refusal.add(rides[i], lost, with_asked(taken, rides[i], request, rides), *plans_);
                continue;
            }
            for (const auto& stage : seats->stages) fill(items.emplace_back(), rides[i], stage, seats->reason);
        }
        if (is_outdated) continue;
        if (!refusal.empty()) return refusal.error();

        wanted.items = std::move(items);
        auto placed = store_.inventory().place_hold(command, wanted, runs, max_holds);
        if (placed) return placed;
        const auto code = placed.error().code;
        is_new = is_new || code == ErrorCode::seat_taken || code == ErrorCode::conflict;
        if (code != ErrorCode::seat_taken && code != ErrorCode::conflict) return placed;
        looks = looks || code == ErrorCode::seat_taken;
    }
    return Error{ErrorCode::unavailable, "too many buyers want these seats at this moment", "try again"};
}

Result<Hold> Inventory::find(const Principal& principal, const HoldId& id) {
    const auto now = store_.now();
    if (!now) return now.error();
    auto hold = store_.inventory().find_hold(id);
    if (!hold) return hold;
    if (!base::may_see(principal, hold->owner)) return no_such_hold();
    return as_of(std::move(*hold), *now);
}

Result<Page<Hold>> Inventory::list(const Principal& principal, const PageRequest& page) {
    const auto now = store_.now();
    if (!now) return now.error();
    const std::string owner = principal.may(Scope::operate) ? std::string{} : principal.owner();
    auto holds = store_.inventory().list_holds(owner, page);
    if (!holds) return holds;
    for (auto& hold : holds->items) hold = as_of(std::move(hold), *now);
    return holds;
}

Result<Hold> Inventory::extend(const Principal& principal, const ExtendRequest& request) {
    const auto claim = base::make_claim(principal, request.id, request.fence);
    if (!claim) return claim.error();
    const Duration by = request.by.value_or(policy_.extension);
    if (by <= Duration::zero()) return Error{ErrorCode::invalid_argument, "an extension must be longer than nothing"};
    const auto hold = find(principal, request.id);
    if (!hold) return hold;
    const auto now = store_.now();
    if (!now) return now.error();
    const Command command = base::make_command(principal, "hold.extend", {}, {}, *now, {});
    // Bounded before it is added: a caller's number may be of any size.
    const Duration longest = hold->latest_end - hold->expires_at;
    return store_.inventory().extend_hold(command, *claim, hold->expires_at + std::min(by, longest));
}

Status Inventory::release(const Principal& principal, const HoldId& id, std::optional<std::uint64_t> fence) {
    const auto claim = base::make_claim(principal, id, fence);
    if (!claim) return claim.error();
    const auto now = store_.now();
    if (!now) return now.error();
    const Command command = base::make_command(principal, "hold.release", {}, {}, *now, {});
    const auto released = store_.inventory().release_hold(command, *claim);
    if (!released) return released.error();
    return {};
}

Result<SeatMap> Inventory::seats(const RunId& id, std::string_view from, std::string_view to) {
    const auto now = store_.now();
    if (!now) return now.error();
    std::optional<Run> run;
    std::optional<Occupancy> known;
    while (!known) {
        auto found = timetable_.run(id);
        if (!found) return std::move(found).error();
        auto occupancy = store_.inventory().occupancy({found->id}, *now);
        if (!occupancy) return std::move(occupancy).error();
        const auto is_current = inventory::has_its_coaches(store_, *found);
        if (!is_current) return is_current.error();
        run = *std::move(found);
        if (*is_current && inventory::is_about(occupancy->front(), *run)) known = std::move(occupancy->front());
    }
    const auto ends = find_ends(*run, from, to);
    if (!ends) return ends.error();

    SeatMap map;
    map.span = {static_cast<std::uint16_t>(ends->first), static_cast<std::uint16_t>(ends->second)};
    map.version = known->version;
    std::uint32_t index = 0;
    for (const auto& coach : run->consist->coaches) {
        CoachView view{coach.number, coach.travel_class, coach.layout, {}};
        for (const auto& place : coach.places) view.seats.push_back({place, known->state(index++, map.span)});
        map.coaches.push_back(std::move(view));
    }
    map.run = std::move(*run);
    return map;
}

Result<std::vector<Availability>> Inventory::availability(const std::vector<Ride>& rides, int party) {
    if (party < 1) return Error{ErrorCode::invalid_argument, "a party is of one at least"};
    const auto now = store_.now();
    if (!now) return now.error();
    // Each run is looked up once, however many rides are on it.
    std::vector<RunId> ids;
    std::map<RunId, std::size_t> places;
    for (const auto& ride : rides) {
        if (places.try_emplace(ride.run, ids.size()).second) ids.push_back(ride.run);
    }
    auto occupancy = store_.inventory().occupancy(ids, *now);
    if (!occupancy) return occupancy.error();
    const auto is_pinned = [](const Occupancy& known) { return known.taken.seats != 0; };
    std::vector<Run> runs;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        // Of a run that is not pinned nobody has a seat, and the store need not be asked for its coaches.
        auto run = is_pinned((*occupancy)[i]) ? timetable_.run(ids[i]) : timetable_.planned_run(ids[i]);
        if (!run) return std::move(run).error();
        runs.push_back(*std::move(run));
    }
    if (std::ranges::any_of(*occupancy, is_pinned)) {
        // Other coaches are another version of the run: if it is the same after the run was read as before, it is of
        // these coaches.
        auto after = store_.inventory().occupancy(ids, *now);
        if (!after) return after.error();
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const bool is_same = (*after)[i].version == (*occupancy)[i].version;
            (*occupancy)[i] = std::move((*after)[i]);
            if (is_same && inventory::is_about((*occupancy)[i], runs[i])) continue;
            while (true) {
                const auto is_current = inventory::has_its_coaches(store_, runs[i]);
                if (!is_current) return is_current.error();
                if (*is_current && inventory::is_about((*occupancy)[i], runs[i])) break;
                auto run = timetable_.run(ids[i]);
                if (!run) return std::move(run).error();
                runs[i] = *std::move(run);
                auto again = store_.inventory().occupancy({ids[i]}, *now);
                if (!again) return std::move(again).error();
                (*occupancy)[i] = std::move(again->front());
            }
        }
    }

    std::vector<Availability> answers;
    for (const auto& ride : rides) {
        const auto place = places.at(ride.run);
        const auto& run = runs[place];
        const bool by_calls = ride.from && ride.to;
        if (!by_calls && (ride.span.from >= ride.span.to || ride.span.to > run.segment_count()))
            return Error{ErrorCode::invalid_argument, fmt::format("{} has no such segments", to_string(ride.run))};
        const auto span = by_calls ? run.span_between(*ride.from, *ride.to) : std::optional{ride.span};
        Availability answer;
        answer.version = (*occupancy)[place].version;
        if (run.pinned && span) {
            answer.as_sold = SoldRide{.span = *span,
                                      .from = departure_of(run, span->from),
                                      .to = arrival_of(run, span->to),
                                      .distance = run.calls[span->to].distance - run.calls[span->from].distance};
        }
        const auto plan = plans_->of(run.consist);
        const SeatMasks taken = masks_of(run, (*occupancy)[place].taken);
        inventory::SeatSet free{plan->seats()};
        if (span) inventory::find_free(planes_of(taken), *span, 0, plan->seats(), free.words());
        for (const auto& [travel_class, seats] : plan->classes()) {
            inventory::SeatSet of_class = free;
            of_class &= seats;
            answer.free[travel_class] = static_cast<int>(of_class.count());
            if (inventory::sits_together(*plan, of_class, static_cast<std::uint32_t>(party)))
                answer.together.push_back(travel_class);
        }
        answers.push_back(std::move(answer));
    }
    return answers;
}

}  // namespace railbook

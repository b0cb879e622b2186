#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {
namespace {

constexpr std::size_t kMostSeats = 3;  // of one hold

std::string at(const Hold& hold) { return fmt::format("hold {}", brief(hold.id)); }

}  // namespace

std::vector<HeldRide> rides_of(const Plan& plan, const Hold& hold) {
    std::vector<HeldRide> rides;
    for (const auto& item : hold.items) {
        HeldRide ride{item.run, item.span, {}, timetables_of(plan, item)};
        for (const auto& seat : item.seats) ride.seats.push_back(code_of(seat.id));
        rides.push_back(std::move(ride));
    }
    return rides;
}

bool same_rides(const std::vector<HoldItem>& left, const std::vector<HoldItem>& right) {
    return std::ranges::equal(left, right, [](HoldItem one, HoldItem other) {
        if (one.seats.size() != other.seats.size()) return false;
        one.seats = other.seats = {};
        return one == other;
    });
}

Client::Client(World& world, std::size_t number)
    : world_{world},
      name_{fmt::format("c{}", number)},
      me_{Principal::user_named(name_)},
      staff_{Principal::operator_named(name_)},
      random_{world.plan().seed * 64 + number + 1} {}

const Hold* Client::some_hold(Random& random) const { return owned_.empty() ? nullptr : &random.pick(owned_).hold; }
const Booking* Client::some_booking(Random& random) const {
    if (owned_.empty()) return nullptr;
    const auto& owned = random.pick(owned_);
    return owned.booking ? &*owned.booking : nullptr;
}

void Client::violated(std::string_view law, const std::string& detail) {
    world_.verdict().violated(law, name_, detail);
}

CommandKey Client::new_key() { return {fmt::format("{}-{}", name_, ++keys_)}; }

void Client::think() {
    const bool waits = random_.coin();
    const auto most = world_.plan().ttl.count() / 2 + 1;
    const auto time = random_.between(0, most);
    world_.scheduler().sleep(waits ? Duration{time} : Duration::zero());
}

void Client::live() {
    std::vector<Operation> mine;
    for (std::size_t i = 0; i < kOperations; ++i) {
        if (world_.plan().wanted[i]) mine.push_back(static_cast<Operation>(i));
    }
    while (world_.has_operations_left()) {
        think();
        // A hold at its deadline draws everybody: its owner acts on it, and the others want its seats.
        const Hold* hot = world_.hot();
        Operation operation = random_.pick(mine);
        const bool eager = random_.coin();
        if (hot && eager) {
            constexpr std::array kOwners{Operation::extend, Operation::release, Operation::book, Operation::pay,
                                         Operation::find};
            const auto which = random_.below(kOwners.size());
            const auto wanted = hot->owner == me_.owner() ? kOwners[which] : Operation::hold_seats;
            if (world_.plan().does(wanted)) operation = wanted;
        }
        act(operation);
        if (operation == Operation::hold_seats || operation == Operation::hold_best ||
            operation == Operation::hold_wishes)
            go_on();
    }
}

/// Who holds seats mostly wants to travel: without this, few would come as far as to pay.
void Client::go_on() {
    const bool wants = random_.coin();
    if (!wants) return;
    for (const auto next : {Operation::book, Operation::pay}) {
        if (world_.plan().does(next)) act(next);
    }
}

void Client::act(Operation operation) {
    switch (operation) {
        case Operation::hold_seats: return hold_seats();
        case Operation::hold_best: return hold_best();
        case Operation::hold_journey: return hold_journey();
        case Operation::extend: return extend();
        case Operation::release: return release();
        case Operation::book: return book();
        case Operation::pay: return pay();
        case Operation::find: return find();
        case Operation::list: return list();
        case Operation::look: return look();
        case Operation::repeat: return repeat();
        case Operation::reuse_key: return reuse_key();
        case Operation::stale_fence: return act_with_stale_fence();
        case Operation::foreign: return act_on_foreign();
        case Operation::run_due: return run_due();
        case Operation::block: return block();
        case Operation::staff: return act_as_staff();
        case Operation::hold_wishes: return hold_wishes();
        case Operation::share_key: return hold_with_shared_key();
        case Operation::coaches: return change_coaches();
        case Operation::import: return import_timetable();
        case Operation::follow: return follow();
        case Operation::cancel: return cancel();
    }
}

Span Client::some_span() {
    const auto from = random_.below(world_.plan().segments);
    const auto length = 1 + random_.below(world_.plan().segments - from);
    return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(from + length)};
}

std::vector<SeatId> Client::some_seats(std::size_t count) {
    const auto all = world_.plan().seats * world_.plan().coaches;
    const auto first = random_.below(all);
    std::vector<SeatId> seats;
    for (std::size_t i = 0; i < std::min(count, all); ++i) seats.push_back(seat_at(world_.plan(), (first + i) % all));
    // One that only other coaches have.
    if (world_.plan().does(Operation::coaches) && random_.one_in(4)) seats.front().coach = "9";
    return seats;
}

Event Client::event_on(Event::Kind kind, const Hold& hold) {
    Event event = world_.begin(kind);
    event.hold = hold.id;
    event.rides = rides_of(world_.plan(), hold);
    return event;
}

void Client::may_be_missing(Event& event, const RunId& run, Span span, std::vector<std::uint32_t> needs) const {
    const auto& plan = world_.plan();
    event.needs = std::move(needs);
    event.to_the_end = plan.segments > 1 && span.to == plan.segments;
    event.may_be_missing = (event.to_the_end && world_.was_imported(Timetabled::shorter)) ||
                           (run == run_named(plan, 0) && world_.was_imported(Timetabled::fewer));
}

// --- Holds ---------------------------------------------------------------------------------------------------------

void Client::hold_seats() {
    const auto& plan = world_.plan();
    const auto run = random_.below(plan.runs);
    const Span span = some_span();
    const auto count = 1 + random_.below(kMostSeats);
    HoldItemRequest item{run_named(plan, run), station(span.from), station(span.to), some_seats(count)};
    if (const Hold* hot = world_.hot()) {
        const auto& wanted = hot->items.front();
        item.run = wanted.run;
        item.from = station(wanted.span.from);
        item.to = station(wanted.span.to);
        item.seats = std::vector<SeatId>{wanted.seats.front().id};
    }
    hold(Operation::hold_seats, {new_key(), {item}}, world_.begin(Event::Kind::place));
}

void Client::hold_best() {
    const auto& plan = world_.plan();
    const auto run = random_.below(plan.runs);
    const Span span = some_span();
    const auto count = static_cast<int>(1 + random_.below(kMostSeats));
    hold(Operation::hold_best,
         {new_key(), {{run_named(plan, run), station(span.from), station(span.to), BestSeats{count, "second"}}}},
         world_.begin(Event::Kind::place));
}

void Client::hold_journey() {
    const auto& plan = world_.plan();
    HoldRequest request{new_key(), {}};
    const auto rides = 2 + random_.below(2);
    for (std::size_t i = 0; i < rides; ++i) {
        const auto run = random_.below(plan.runs);
        const Span span = some_span();
        HoldItemRequest item{run_named(plan, run), station(span.from), station(span.to), BestSeats{1, "second"}};
        if (random_.coin()) item.seats = some_seats(1);
        request.items.push_back(std::move(item));
    }
    hold(Operation::hold_journey, std::move(request), world_.begin(Event::Kind::place));
}

void Client::hold_wishes() {
    const auto& plan = world_.plan();
    const auto run = random_.below(plan.runs);
    const Span span = some_span();
    const bool two = random_.one_in(3);
    BestSeats best{two ? 2 : 1, "second"};
    const bool by_window = random_.coin();
    if (by_window) best.wishes.properties = {"WINDOW"};
    best.wishes.required = random_.coin();
    const bool near = random_.one_in(3);
    if (near) best.wishes.near = some_seats(1).front();
    best.wishes.changes = static_cast<int>(random_.below(3));
    hold(Operation::hold_wishes, {new_key(), {{run_named(plan, run), station(span.from), station(span.to), best}}},
         world_.begin(Event::Kind::place));
}

/// Keys that everybody uses: each buyer's are the buyer's own, also where the body is the same.
void Client::hold_with_shared_key() {
    const auto& plan = world_.plan();
    const auto number = random_.below(4);
    HoldRequest request{{fmt::format("shared-{}", number)},
                        {{run_named(plan, number % plan.runs), station(0), station(plan.segments),
                          std::vector<SeatId>{seat_at(plan, number % (plan.seats * plan.coaches))}}}};
    const bool other = random_.one_in(3);
    if (other) request.items.front().seats = BestSeats{1, "second"};
    const auto used = shared_keys_.find(request.key.text);
    if (used == shared_keys_.end()) {
        const auto held = told_.size();
        hold(Operation::share_key, request, world_.begin(Event::Kind::place));
        // A refusal had no effect, and an unknown outcome is one that may have.
        if (told_.size() > held) {
            shared_keys_.emplace(request.key.text, request);
            world_.report().mark("a key was used by this buyer as if by nobody else");
        } else {
            shared_keys_.emplace(request.key.text, HoldRequest{});
        }
        return;
    }
    if (used->second.items.empty()) return;
    const bool same = request.items.front().seats.index() == used->second.items.front().seats.index();
    const auto answer = world_.attempt<Hold>(Operation::share_key, random_,
                                             [&](Engine& engine) { return engine.inventory().hold(me_, request); });
    if (!answer || (!*answer && answer->error().code == ErrorCode::unavailable)) return;
    const auto first = std::ranges::find_if(told_, [&](const Told& told) {
        const auto* one = std::get_if<HoldRequest>(&told.request);
        return one && one->key.text == request.key.text;
    });
    if (same) {
        if (!*answer || **answer != std::get<Hold>(first->answer))
            violated("7 a repeated command repeats its answer", "a key that others use, too");
    } else if (*answer || answer->error().code != ErrorCode::key_reused) {
        violated("7 a key is not used twice", *answer ? "it was done" : std::string{to_string(answer->error().code)});
    }
}

void Client::hold(Operation operation, HoldRequest request, Event event) {
    const auto answer = persist<Hold>(operation, [&](Engine& engine) { return engine.inventory().hold(me_, request); });
    const auto& command = world_.scheduler().current()->command;
    event.earliest = world_.earliest_of(event);
    if (!answer) {
        // If it was placed, somebody has to explain why the seats are taken.
        if (!command.hold) return;
        const Hold& placed = *command.hold;
        event.hold = placed.id;
        event.rides = rides_of(world_.plan(), placed);
        event.until = placed.expires_at;
        event.latest_end = placed.latest_end;
        event.fence = placed.fence;
        world_.abandon(std::move(event));
        return;
    }
    if (!*answer) {
        const auto& item = request.items.front();
        const auto from = static_cast<std::uint16_t>(item.from.front() - 'A');
        const auto to = static_cast<std::uint16_t>(item.to.front() - 'A');
        HeldRide ride{item.run, {from, to}, {}};
        std::vector<std::uint32_t> needs;
        if (const auto* named = std::get_if<std::vector<SeatId>>(&item.seats)) {
            for (const auto& seat : *named) ride.seats.push_back(code_of(seat));
            needs = ride.seats;
            event.wanted = named->size();
        } else {
            const auto& best = std::get<BestSeats>(item.seats);
            event.wanted = static_cast<std::size_t>(best.count);
            event.by_window = best.wishes.required && !best.wishes.properties.empty();
            event.changes = static_cast<std::size_t>(best.wishes.changes);
            if (best.wishes.near) needs.push_back(code_of(*best.wishes.near));
        }
        event.rides = {ride};
        may_be_missing(event, ride.run, ride.span, std::move(needs));
        judge_refused_hold(answer->error(), command.was_refused_falsely, std::move(event), request.items.size() == 1);
        return;
    }
    take_note(request, **answer, event);
    event.hold = (*answer)->id;
    event.rides = rides_of(world_.plan(), **answer);
    event.until = (*answer)->expires_at;
    event.latest_end = (*answer)->latest_end;
    event.fence = (*answer)->fence;
    world_.finish(std::move(event));
    owned_.push_back({**answer});
    told_.push_back({request, **answer});
}

/// What was told fits what was asked for.
void Client::take_note(const HoldRequest& request, const Hold& hold, const Event& event) {
    const auto& promises = world_.promises();
    if (hold.owner != me_.owner()) violated("11 identity comes from the credential", at(hold));
    if (hold.status != HoldStatus::held) violated("2 a hold begins held", at(hold));
    if (hold.expires_at != hold.created_at + promises.ttl || hold.latest_end != hold.created_at + promises.max)
        violated("2 a hold has its deadline", at(hold));
    if (hold.created_at < event.earliest || hold.created_at > world_.store_time())
        violated("12 one clock decides", at(hold) + " was made at another time");
    auto next = hold.items.begin();
    bool fits = true;
    for (const auto& wanted : request.items) {
        // Those who change seats on the way have a ride for each of them.
        const auto* named = std::get_if<std::vector<SeatId>>(&wanted.seats);
        const auto* best = std::get_if<BestSeats>(&wanted.seats);
        std::string at_station = wanted.from;
        for (int changes = 0; fits && at_station != wanted.to; ++changes) {
            fits = next != hold.items.end() && next->run == wanted.run && station(next->span.from) == at_station &&
                   changes <= (best ? best->wishes.changes : 0) &&
                   next->seats.size() == (named ? named->size() : static_cast<std::size_t>(best->count));
            if (!fits) break;
            for (std::size_t i = 0; named && i < named->size(); ++i)
                fits = fits && std::ranges::find(next->seats, (*named)[i], &HeldSeat::id) != next->seats.end();
            if (best && best->wishes.required && !best->wishes.properties.empty())
                fits = fits && std::ranges::all_of(next->seats,
                                                   [](const HeldSeat& seat) { return is_window(code_of(seat.id)); });
            if (changes > 0) world_.report().mark("a buyer changes seats on the way");
            at_station = station(next->span.to);
            ++next;
        }
    }
    if (!fits || next != hold.items.end())
        violated("2 a hold is all or nothing", at(hold) + " has other seats than were asked for");
}

void Client::judge_refused_hold(const Error& error, bool falsely, Event event, bool alone) {
    switch (error.code) {
        case ErrorCode::seat_taken:
        case ErrorCode::sold_out:
            if (!alone) return;  // which of the rides it was is not told
            event.refused = error.code;
            return world_.finish(std::move(event));
        case ErrorCode::not_found:
            if (!alone) return;
            world_.report().mark(event.may_be_missing ? "a run or a stop was not in the timetable"
                                                      : "a seat was not in the coaches");
            event.refused = error.code;
            return world_.finish(std::move(event));
        case ErrorCode::conflict:
            if (!falsely) violated("a refusal has a reason", "conflict, before the train has left");
            return;
        case ErrorCode::too_many_requests: {
            const auto may_live = std::ranges::count_if(world_.history(), [&](const Event& other) {
                return other.kind == Event::Kind::place && !other.refused && other.who == name_ &&
                       other.latest_end > event.earliest;
            });
            if (static_cast<std::size_t>(may_live) < world_.promises().max_holds)
                violated("a refusal has a reason", "too many holds, and there are fewer");
            return;
        }
        default: violated("a refusal has a reason", fmt::format("a hold, with {}", to_string(error.code)));
    }
}

Client::Owned* Client::pick_owned() {
    if (owned_.empty()) return nullptr;
    if (const Hold* hot = world_.hot()) {
        for (auto& owned : owned_) {
            if (owned.hold.id == hot->id) return &owned;
        }
    }
    // The latest ones are the ones that live.
    const auto recent = std::min<std::size_t>(owned_.size(), 6);
    const auto back = random_.below(recent);
    return &owned_[owned_.size() - 1 - back];
}

void Client::extend() {
    Owned* owned = pick_owned();
    if (!owned) return;
    const auto by = random_.coin() ? std::optional<Duration>{} : Duration{random_.between(1, 2'000'000)};
    Event event = event_on(Event::Kind::extend, owned->hold);
    const ExtendRequest request{owned->hold.id, owned->hold.fence, by};
    const auto answer = world_.attempt<Hold>(Operation::extend, random_,
                                             [&](Engine& engine) { return engine.inventory().extend(me_, request); });
    const bool known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
    if (!known) {
        const auto& command = world_.scheduler().current()->command;
        if (!command.hold) return;
        event.until = command.hold->expires_at;
        return world_.abandon(std::move(event));
    }
    if (!*answer) {
        event.refused = answer->error().code;
        return world_.finish(std::move(event));
    }
    const Hold& hold = **answer;
    if (hold.expires_at > hold.latest_end) violated("2 nobody keeps a hold for longer", at(hold));
    if (hold.id != owned->hold.id || hold.fence != owned->hold.fence || !same_rides(hold.items, owned->hold.items))
        violated("what a hold is stays", at(hold));
    event.until = hold.expires_at;
    world_.finish(std::move(event));
    // While the answer was on its way, other holds may have been added: only this client adds them.
    owned->hold = hold;
}

void Client::release() {
    Owned* owned = pick_owned();
    if (!owned) return;
    Event event = event_on(Event::Kind::release, owned->hold);
    const auto answer = world_.attempt<void>(Operation::release, random_, [&](Engine& engine) {
        return engine.inventory().release(me_, owned->hold.id, owned->hold.fence);
    });
    const bool known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
    if (!known) {
        if (world_.scheduler().current()->command.hold) world_.abandon(std::move(event));
        return;
    }
    if (!*answer) event.refused = answer->error().code;
    else owned->released = true;
    world_.finish(std::move(event));
}

// --- Reading -------------------------------------------------------------------------------------------------------

void Client::find() {
    Owned* owned = pick_owned();
    if (!owned) return;
    if (owned->booking && random_.coin()) {
        const Booking booking = *owned->booking;
        const bool by_reference = random_.coin();
        const auto answer = world_.attempt<Booking>(Operation::find, random_, [&](Engine& engine) {
            return by_reference ? engine.bookings().find(me_, booking.reference)
                                : engine.bookings().find(me_, booking.id);
        });
        if (!answer || (!*answer && answer->error().code == ErrorCode::unavailable)) return;
        if (!*answer) return violated("9 what was acknowledged is there", "booking " + brief(booking.id));
        if ((*answer)->id != booking.id || (*answer)->total != booking.total)
            violated("what was booked stays", "booking " + brief(booking.id));
        return;
    }
    const Hold hold = owned->hold;
    Event event = event_on(Event::Kind::find, hold);
    const auto answer = world_.attempt<Hold>(Operation::find, random_,
                                             [&](Engine& engine) { return engine.inventory().find(me_, hold.id); });
    if (!answer || (!*answer && answer->error().code == ErrorCode::unavailable)) return;
    if (!*answer) return violated("9 what was acknowledged is there", at(hold));
    event.status = (*answer)->status;
    event.until = (*answer)->expires_at;
    event.rides = rides_of(world_.plan(), **answer);
    if ((*answer)->fence != hold.fence || !same_rides((*answer)->items, hold.items))
        violated("what a hold is stays", at(hold));
    world_.finish(std::move(event));
}

void Client::list() {
    std::vector<HoldId> mine;
    for (const auto& owned : owned_) mine.push_back(owned.hold.id);
    std::vector<Hold> listed;
    PageRequest page{.cursor = {}, .limit = 3};
    do {
        const auto answer = world_.attempt<Page<Hold>>(
            Operation::list, random_, [&](Engine& engine) { return engine.inventory().list(me_, page); });
        if (!answer || !*answer) return;
        listed.insert(listed.end(), (*answer)->items.begin(), (*answer)->items.end());
        page.cursor = (*answer)->next_cursor;
    } while (!page.cursor.empty());
    for (const auto& hold : listed) {
        if (hold.owner != me_.owner()) violated("11 another's looks like a missing one", at(hold));
    }
    // Newest first, and every one that was acknowledged before the list was asked for.
    std::ranges::reverse(listed);
    auto next = listed.begin();
    for (const auto& id : mine) {
        next = std::find_if(next, listed.end(), [&](const Hold& hold) { return hold.id == id; });
        if (next == listed.end())
            return violated("9 what was acknowledged is there", "hold " + brief(id) + " in a list");
    }
}

void Client::look() {
    const auto& plan = world_.plan();
    const auto run = run_named(plan, random_.below(plan.runs));
    const Span span = some_span();
    if (random_.coin()) {
        Event event = world_.begin(Event::Kind::count);
        event.rides = {{run, span, {}}};
        const auto answer = world_.attempt<std::vector<Availability>>(
            Operation::look, random_, [&](Engine& engine) { return engine.inventory().availability({{run, span}}); });
        if (!answer || !*answer) return;
        const auto& free = (*answer)->front().free;
        const auto second = free.find("second");
        event.wanted = second == free.end() ? 0 : static_cast<std::size_t>(second->second);
        return world_.finish(std::move(event));
    }
    Event event = world_.begin(Event::Kind::look);
    const auto answer = world_.attempt<SeatMap>(Operation::look, random_, [&](Engine& engine) {
        return engine.inventory().seats(run, station(span.from), station(span.to));
    });
    if (!answer || !*answer) return;
    for (const auto& coach : (*answer)->coaches) {
        for (const auto& seat : coach.seats) {
            switch (seat.state) {
                case SeatState::free: event.sights.push_back(Sight::free); break;
                case SeatState::held: event.sights.push_back(Sight::taken); break;
                case SeatState::sold: event.sights.push_back(Sight::sold); break;
                case SeatState::blocked: event.sights.push_back(Sight::blocked); break;
            }
        }
    }
    event.rides = {{run, span, codes_of(*(*answer)->run.consist)}};
    world_.finish(std::move(event));
}

// --- In the end ----------------------------------------------------------------------------------------------------

void Client::judge_what_it_was_told(const RecordWitness& records) {
    for (const auto& owned : owned_) {
        const Hold* hold = records.find(owned.hold.id);
        if (!hold) {
            violated("9 what was acknowledged is there", at(owned.hold));
            continue;
        }
        const bool same = world_.plan().does(Operation::coaches) ? same_rides(hold->items, owned.hold.items)
                                                                 : hold->items == owned.hold.items;
        if (hold->fence != owned.hold.fence || !same || hold->owner != owned.hold.owner)
            violated("what a hold is stays", at(owned.hold));
        if (owned.released && hold->status != HoldStatus::released)
            violated("9 what was acknowledged is there", at(owned.hold) + " was released");
        if (owned.booking) {
            const Booking* booking = records.find(owned.booking->id);
            if (!booking || booking->reference != owned.booking->reference || booking->total != owned.booking->total)
                violated("9 what was acknowledged is there", "booking " + brief(owned.booking->id));
            else if (owned.released && booking->status() != PartStatus::cancelled)
                violated("9 what was acknowledged is there", "booking " + brief(booking->id) + " was cancelled");
        }
    }
    for (const auto& told : told_) {
        const auto* told_payment = std::get_if<Payment>(&told.answer);
        if (!told_payment) continue;
        const Payment* payment = records.find(told_payment->id);
        const auto object = "payment " + brief(told_payment->id);
        if (!payment || payment->provider_key != told_payment->provider_key) {
            violated("9 what was acknowledged is there", object);
            continue;
        }
        // An end is an end; only money that is owed still goes back.
        const bool ended = told_payment->status != PaymentStatus::pending && !told_payment->refund_due;
        if (ended && payment->status != told_payment->status) violated("9 what was acknowledged stays", object);
    }
    world_.verdict().checked("answers that were kept", owned_.size() + told_.size());
}

}  // namespace railbook::sim

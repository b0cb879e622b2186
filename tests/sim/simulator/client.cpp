#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/simulator/world.hpp"

namespace railbook::sim {
namespace {

constexpr std::size_t kMostSeats = 3;  // of one hold

std::string at(const Hold& hold) { return fmt::format("hold {}", brief(hold.id)); }

}  // namespace

std::vector<HeldRide> rides_of(const Hold& hold) {
    std::vector<HeldRide> rides;
    for (const auto& item : hold.items) {
        HeldRide ride{item.run, item.span, {}};
        for (const auto& seat : item.seats) ride.seats.push_back(seat.index);
        rides.push_back(std::move(ride));
    }
    return rides;
}

Client::Client(World& world, std::size_t number)
    : world_{world},
      name_{fmt::format("c{}", number)},
      me_{Principal::user_named(name_)},
      staff_{Principal::operator_named(name_)},
      random_{world.plan().seed * 64 + number + 1} {}

const Hold* Client::some_hold(Random& random) const {
    return owned_.empty() ? nullptr : &random.pick(owned_).hold;
}
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
        if (operation == Operation::hold_seats || operation == Operation::hold_best) go_on();
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
    }
}

/// The same command until its outcome is known, or patience ends.
template <class T>
std::optional<Result<T>> Client::persist(Operation operation, const std::function<Result<T>(Engine&)>& call) {
    for (std::size_t tries = 0;; ++tries) {
        auto answer = world_.attempt<T>(operation, random_, call);
        const bool known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
        if (known) {
            const auto& command = world_.scheduler().current()->command;
            if (tries > 0 && command.first_change != 0 && command.last_call > command.first_change)
                world_.report().mark("a commit of unknown outcome was resolved as done");
            return answer;
        }
        if (tries >= world_.plan().patience) return std::nullopt;
        const auto wait = random_.between(0, 500);
        world_.scheduler().sleep(Duration{wait});
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
    return seats;
}

Event Client::event_on(Event::Kind kind, const Hold& hold) {
    Event event = world_.begin(kind);
    event.hold = hold.id;
    event.rides = rides_of(hold);
    return event;
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

void Client::hold(Operation operation, HoldRequest request, Event event) {
    const auto answer =
        persist<Hold>(operation, [&](Engine& engine) { return engine.inventory().hold(me_, request); });
    const auto& command = world_.scheduler().current()->command;
    if (!answer) {
        // If it was placed, somebody has to explain why the seats are taken.
        if (!command.hold) return;
        const Hold& placed = *command.hold;
        event.hold = placed.id;
        event.rides = rides_of(placed);
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
        const auto all = world_.plan().seats * world_.plan().coaches;
        const auto* named = std::get_if<std::vector<SeatId>>(&item.seats);
        for (std::size_t i = 0; i < all; ++i) {
            const auto seat = seat_at(world_.plan(), i);
            if (!named || std::ranges::find(*named, seat) != named->end())
                ride.seats.push_back(static_cast<std::uint32_t>(i));
        }
        event.wanted = named ? named->size() : static_cast<std::size_t>(std::get<BestSeats>(item.seats).count);
        event.rides = {ride};
        judge_refused_hold(answer->error(), command.was_refused_falsely, std::move(event), request.items.size() == 1);
        return;
    }
    take_note(request, **answer, event);
    event.hold = (*answer)->id;
    event.rides = rides_of(**answer);
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
    if (hold.items.size() != request.items.size()) return violated("2 a hold is all or nothing", at(hold));
    for (std::size_t i = 0; i < hold.items.size(); ++i) {
        const auto& item = hold.items[i];
        const auto& wanted = request.items[i];
        bool fits = item.run == wanted.run && station(item.span.from) == wanted.from &&
                    station(item.span.to) == wanted.to;
        if (const auto* seats = std::get_if<std::vector<SeatId>>(&wanted.seats)) {
            fits = fits && seats->size() == item.seats.size();
            for (const auto& seat : *seats) fits = fits && std::ranges::find(item.seats, seat, &HeldSeat::id) != item.seats.end();
        } else {
            fits = fits && item.seats.size() == static_cast<std::size_t>(std::get<BestSeats>(wanted.seats).count);
        }
        if (!fits) violated("2 a hold is all or nothing", at(hold) + " has other seats than were asked for");
    }
}

void Client::judge_refused_hold(const Error& error, bool falsely, Event event, bool alone) {
    switch (error.code) {
        case ErrorCode::seat_taken:
        case ErrorCode::sold_out:
            if (!alone) return;  // which of the rides it was is not told
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
    if (hold.id != owned->hold.id || hold.fence != owned->hold.fence || hold.items != owned->hold.items)
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

// --- Bookings ------------------------------------------------------------------------------------------------------

std::optional<Quote> Client::quote_for(const Hold& hold) {
    std::string name;
    QuoteRequest request;
    for (const auto& item : hold.items) {
        name += fmt::format("{} {} {} {};", to_string(item.run), item.span.from, item.span.to, item.seats.size());
        request.legs.push_back({item.run, station(item.span.from), station(item.span.to)});
    }
    const auto passengers = hold.items.front().seats.size();
    for (const auto& item : hold.items) {
        if (item.seats.size() != passengers) return std::nullopt;
    }
    for (std::size_t i = 0; i < passengers; ++i) request.passengers.push_back({fmt::format("{}", i + 1), "adult"});
    request.travel_class = "second";
    if (const auto known = quotes_.find(name); known != quotes_.end()) {
        if (known->second.expires_at > world_.store_time() + std::chrono::minutes{1}) return known->second;
    }
    const auto quote = world_.attempt<Quote>(Operation::book, random_,
                                             [&](Engine& engine) { return engine.pricing().quote(request); });
    if (!quote || !*quote) return std::nullopt;
    std::int64_t sum = 0;
    for (const auto& line : (*quote)->lines) sum += line.amount.amount;
    if (sum != (*quote)->total.amount) violated("6 parts sum to the whole", "a quote");
    quotes_.insert_or_assign(name, **quote);
    return **quote;
}

BookingRequest Client::booking_request(const Hold& hold, const std::string& token) {
    BookingRequest request{.key = new_key(), .hold = hold.id, .fence = hold.fence, .quote = token, .passengers = {}};
    for (std::size_t i = 0; i < hold.items.front().seats.size(); ++i)
        request.passengers.push_back({"", "Given", "Family"});
    return request;
}

void Client::book() {
    Owned* owned = pick_owned();
    if (!owned) return;
    const Hold hold = owned->hold;
    const auto quote = quote_for(hold);
    if (!quote) return;
    Event event = event_on(Event::Kind::book, hold);
    const auto request = booking_request(hold, quote->token);
    const auto answer = persist<Booking>(Operation::book,
                                         [&](Engine& engine) { return engine.bookings().create(me_, request); });
    const auto& command = world_.scheduler().current()->command;
    if (!answer) {
        if (!command.booking) return;
        event.until = command.booking->expires_at;
        return world_.abandon(std::move(event));
    }
    if (!*answer) {
        const auto code = answer->error().code;
        if (code == ErrorCode::conflict && command.was_refused_falsely) return;
        if (code == ErrorCode::quote_expired) {
            if (quote->expires_at > world_.store_time()) violated("a refusal has a reason", "the quote is valid");
            return;
        }
        event.refused = code;
        return world_.finish(std::move(event));
    }
    const Booking& booking = **answer;
    if (booking.total != quote->total) violated("6 the price charged is the price quoted", brief(booking.id));
    if (booking.hold != hold.id || booking.owner != me_.owner() || booking.parts.empty())
        violated("a booking is of its hold", brief(booking.id));
    if (booking.expires_at > hold.latest_end || booking.expires_at > booking.created_at + world_.promises().payment_ttl)
        violated("2 nobody keeps a hold for longer", "booking " + brief(booking.id));
    std::size_t seats = 0;
    for (const auto& item : hold.items) seats += item.seats.size();
    if (booking.parts.size() != seats) violated("2 a hold is all or nothing", "booking " + brief(booking.id));
    event.until = booking.expires_at;
    world_.finish(std::move(event));
    for (auto& mine : owned_) {
        if (mine.hold.id == hold.id) mine.booking = booking;
    }
    told_.push_back({request, booking});
}

void Client::pay() {
    Owned* owned = pick_owned();
    if (!owned || !owned->booking) {
        // The hot hold may be unbooked; another one may wait for its money.
        const auto found = std::ranges::find_if(owned_.rbegin(), owned_.rend(),
                                                [](const Owned& one) { return one.booking.has_value(); });
        if (found == owned_.rend()) return;
        owned = &*found;
    }
    const Booking booking = *owned->booking;
    constexpr std::array kMethods{"sim:good", "sim:good", "sim:good", "sim:bad", "sim:lost"};
    const auto method = random_.below(kMethods.size());
    const PaymentRequest request{new_key(), booking.id, kMethods[method]};
    const Timestamp earliest = world_.begin(Event::Kind::find).earliest;
    const auto answer =
        persist<Payment>(Operation::pay, [&](Engine& engine) { return engine.bookings().pay(me_, request); });
    if (!answer) return;
    if (!*answer) {
        if (answer->error().code == ErrorCode::hold_expired && booking.expires_at > world_.store_time())
            violated("a refusal has a reason", "the booking is before its deadline");
        return;
    }
    const Payment& payment = **answer;
    if (payment.amount != booking.total) violated("6 the price charged is the price quoted", brief(booking.id));
    if (payment.booking != booking.id) violated("a payment is of its booking", brief(booking.id));
    if (earliest >= booking.expires_at)
        violated("2 nobody keeps a hold past its deadline", "a payment began for booking " + brief(booking.id));
    for (auto& mine : owned_) {
        if (mine.booking && mine.booking->id == booking.id) mine.payment = payment;
    }
    told_.push_back({request, payment});
    if (payment.status == PaymentStatus::refunded) world_.report().mark("late money was refunded");
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
    if ((*answer)->fence != hold.fence || (*answer)->items != hold.items) violated("what a hold is stays", at(hold));
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
        if (next == listed.end()) return violated("9 what was acknowledged is there", "hold " + brief(id) + " in a list");
    }
}

void Client::look() {
    const auto& plan = world_.plan();
    const auto run = run_named(plan, random_.below(plan.runs));
    const Span span = some_span();
    HeldRide ride{run, span, {}};
    for (std::size_t i = 0; i < plan.seats * plan.coaches; ++i) ride.seats.push_back(static_cast<std::uint32_t>(i));
    if (random_.coin()) {
        Event event = world_.begin(Event::Kind::count);
        event.rides = {ride};
        const auto answer = world_.attempt<std::vector<Availability>>(Operation::look, random_, [&](Engine& engine) {
            return engine.inventory().availability({{run, span}});
        });
        if (!answer || !*answer) return;
        const auto& free = (*answer)->front().free;
        const auto second = free.find("second");
        event.wanted = second == free.end() ? 0 : static_cast<std::size_t>(second->second);
        return world_.finish(std::move(event));
    }
    Event event = world_.begin(Event::Kind::look);
    event.rides = {ride};
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
    if (event.sights.size() != ride.seats.size()) return violated("14 a train keeps its seats", to_string(run));
    world_.finish(std::move(event));
}

// --- Commands that must have no effect -----------------------------------------------------------------------------

void Client::repeat() {
    if (told_.empty()) return;
    const Told told = random_.pick(told_);
    const auto compare = [&](const auto& answer, const auto& before) {
        if (!answer) return;
        if (!*answer) {
            if (answer->error().code == ErrorCode::unavailable) return;
            return violated("7 a repeated command repeats its answer",
                            fmt::format("it was refused: {}", to_string(answer->error().code)));
        }
        if (**answer != before) return violated("7 a repeated command repeats its answer", "it is another");
        world_.report().mark("a repeated command repeated its answer");
    };
    if (const auto* hold = std::get_if<HoldRequest>(&told.request)) {
        compare(world_.attempt<Hold>(Operation::repeat, random_,
                                     [&](Engine& engine) { return engine.inventory().hold(me_, *hold); }),
                std::get<Hold>(told.answer));
    } else if (const auto* booking = std::get_if<BookingRequest>(&told.request)) {
        compare(world_.attempt<Booking>(Operation::repeat, random_,
                                        [&](Engine& engine) { return engine.bookings().create(me_, *booking); }),
                std::get<Booking>(told.answer));
    } else {
        const auto& before = std::get<Payment>(told.answer);
        const auto answer = world_.attempt<Payment>(Operation::repeat, random_, [&](Engine& engine) {
            return engine.bookings().pay(me_, std::get<PaymentRequest>(told.request));
        });
        if (!answer || (!*answer && answer->error().code == ErrorCode::unavailable)) return;
        // The payment may have moved on meanwhile; it is the same one.
        const bool same = *answer && (*answer)->id == before.id && (*answer)->amount == before.amount &&
                          (*answer)->provider_key == before.provider_key;
        if (!same) violated("7 a repeated command repeats its answer", "a payment");
    }
}

void Client::reuse_key() {
    if (told_.empty()) return;
    const Told told = random_.pick(told_);
    std::optional<ErrorCode> code;
    bool known = false;
    const auto note = [&](const auto& answer) {
        known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
        if (known && !*answer) code = answer->error().code;
    };
    if (const auto* hold = std::get_if<HoldRequest>(&told.request)) {
        HoldRequest other = *hold;
        other.items.push_back(other.items.front());
        note(world_.attempt<Hold>(Operation::reuse_key, random_,
                                  [&](Engine& engine) { return engine.inventory().hold(me_, other); }));
    } else if (const auto* booking = std::get_if<BookingRequest>(&told.request)) {
        BookingRequest other = *booking;
        other.contact.email = "other@example.com";
        note(world_.attempt<Booking>(Operation::reuse_key, random_,
                                     [&](Engine& engine) { return engine.bookings().create(me_, other); }));
    } else {
        PaymentRequest other = std::get<PaymentRequest>(told.request);
        other.method = other.method == "sim:good" ? "sim:bad" : "sim:good";
        note(world_.attempt<Payment>(Operation::reuse_key, random_,
                                     [&](Engine& engine) { return engine.bookings().pay(me_, other); }));
    }
    if (!known) return;
    if (code != ErrorCode::key_reused)
        return violated("7 a key is not used twice", code ? std::string{to_string(*code)} : "it was done");
    world_.report().mark("a key used again was refused");
}

void Client::act_with_stale_fence() {
    Owned* owned = pick_owned();
    if (!owned) return;
    const Hold hold = owned->hold;
    const auto fence = random_.coin() ? hold.fence - 1 : hold.fence + 1;
    const auto which = random_.below(3);
    std::optional<Error> error;
    bool done = false;
    const auto note = [&](const auto& answer) {
        if (!answer) return;
        done = answer->has_value();
        if (!done) error = answer->error();
    };
    world_.begin(Event::Kind::find);
    if (which == 0) {
        note(world_.attempt<Hold>(Operation::stale_fence, random_, [&](Engine& engine) {
            return engine.inventory().extend(me_, {hold.id, fence, std::nullopt});
        }));
    } else if (which == 1) {
        note(world_.attempt<void>(Operation::stale_fence, random_,
                                  [&](Engine& engine) { return engine.inventory().release(me_, hold.id, fence); }));
    } else {
        const auto quote = quote_for(hold);
        if (!quote) return;
        auto request = booking_request(hold, quote->token);
        request.fence = fence;
        note(world_.attempt<Booking>(Operation::stale_fence, random_,
                                     [&](Engine& engine) { return engine.bookings().create(me_, request); }));
    }
    if (done) return violated("3 a stale actor changes nothing", at(hold));
    if (!error || error->code == ErrorCode::unavailable) return;
    const bool falsely = world_.scheduler().current()->command.was_refused_falsely;
    if (error->code == ErrorCode::hold_lost) world_.report().mark("a stale fence was refused");
    else if (!falsely && error->code != ErrorCode::quote_expired)
        violated("3 a stale actor is told hold_lost", fmt::format("{}: {}", at(hold), to_string(error->code)));
}

void Client::act_on_foreign() {
    const auto& others = world_.clients();
    const Client& other = *others[random_.below(others.size())];
    if (&other == this) return;
    const Hold* its = other.some_hold(random_);
    if (!its) return;
    const Hold hold = *its;
    const Booking* its_booking = other.some_booking(random_);
    const std::optional<Booking> booking = its_booking ? std::optional{*its_booking} : std::nullopt;
    std::optional<Error> error;
    bool done = false;
    const auto note = [&](const auto& answer) {
        if (!answer) return;
        done = answer->has_value();
        if (!done) error = answer->error();
    };
    world_.begin(Event::Kind::find);
    switch (random_.below(booking ? 7 : 4)) {
        case 0:
            note(world_.attempt<Hold>(Operation::foreign, random_, [&](Engine& engine) {
                return engine.inventory().extend(me_, {hold.id, hold.fence, std::nullopt});
            }));
            break;
        case 1:
            note(world_.attempt<void>(Operation::foreign, random_, [&](Engine& engine) {
                return engine.inventory().release(me_, hold.id, hold.fence);
            }));
            break;
        case 2:
            note(world_.attempt<Hold>(Operation::foreign, random_,
                                      [&](Engine& engine) { return engine.inventory().find(me_, hold.id); }));
            break;
        case 3: {
            const auto quote = quote_for(hold);
            if (!quote) return;
            const auto request = booking_request(hold, quote->token);
            note(world_.attempt<Booking>(Operation::foreign, random_,
                                         [&](Engine& engine) { return engine.bookings().create(me_, request); }));
            break;
        }
        case 4:
            note(world_.attempt<Booking>(Operation::foreign, random_,
                                         [&](Engine& engine) { return engine.bookings().find(me_, booking->id); }));
            break;
        case 5:
            note(world_.attempt<Booking>(Operation::foreign, random_, [&](Engine& engine) {
                return engine.bookings().find(me_, booking->reference);
            }));
            break;
        default: {
            const PaymentRequest request{new_key(), booking->id, "sim:good"};
            note(world_.attempt<Payment>(Operation::foreign, random_,
                                         [&](Engine& engine) { return engine.bookings().pay(me_, request); }));
        }
    }
    if (done) return violated("11 another's looks like a missing one", at(hold) + " of " + other.name());
    if (!error || error->code == ErrorCode::unavailable) return;
    if (error->code != ErrorCode::not_found)
        return violated("11 another's looks like a missing one", std::string{to_string(error->code)});
    world_.report().mark("another's hold or booking was not found");
}

void Client::run_due() {
    const auto limit = 1 + random_.below(6);
    world_.begin(Event::Kind::find);
    const auto answer = world_.attempt<std::size_t>(Operation::run_due, random_,
                                                    [&](Engine& engine) { return engine.run_due(limit); });
    if (answer && !*answer && answer->error().code != ErrorCode::unavailable)
        violated("due work is done", std::string{to_string(answer->error().code)});
}

// --- Operators -----------------------------------------------------------------------------------------------------

void Client::block() {
    const auto& plan = world_.plan();
    const auto run = run_named(plan, random_.below(plan.runs));
    const Span span = some_span();
    const auto count = 1 + random_.below(2);
    const auto seats = some_seats(count);
    const BlockRequest request{new_key(), run, station(span.from), station(span.to), seats};
    // Not for ever: with everything blocked, nothing happens any more.
    const bool frees = !random_.one_in(3);
    Event event = world_.begin(frees ? Event::Kind::unblock : Event::Kind::block);
    HeldRide ride{run, span, {}};
    for (std::size_t i = 0; i < plan.seats * plan.coaches; ++i) {
        if (std::ranges::find(seats, seat_at(plan, i)) != seats.end()) ride.seats.push_back(static_cast<std::uint32_t>(i));
    }
    event.rides = {ride};
    const auto answer = persist<SeatBlock>(Operation::block, [&](Engine& engine) {
        return frees ? engine.inventory().unblock(staff_, request) : engine.inventory().block(staff_, request);
    });
    if (!answer) {
        if (world_.scheduler().current()->command.first_change != 0) world_.abandon(std::move(event));
        return;
    }
    if (!*answer) {
        if (frees || answer->error().code != ErrorCode::seat_taken) {
            const bool falsely = world_.scheduler().current()->command.was_refused_falsely;
            if (!falsely) violated("a refusal has a reason", fmt::format("a block, with {}", to_string(answer->error().code)));
            return;
        }
        event.refused = answer->error().code;
    }
    world_.finish(std::move(event));
}

void Client::act_as_staff() {
    const auto& others = world_.clients();
    const Hold* its = others[random_.below(others.size())]->some_hold(random_);
    if (!its) return;
    const Hold hold = *its;
    const bool extends = random_.coin();
    Event event = event_on(extends ? Event::Kind::extend : Event::Kind::release, hold);
    std::optional<Error> error;
    bool known = false;
    if (extends) {
        const auto answer = world_.attempt<Hold>(Operation::staff, random_, [&](Engine& engine) {
            return engine.inventory().extend(staff_, {hold.id, std::nullopt, std::nullopt});
        });
        known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
        if (known && !*answer) error = answer->error();
        if (known && *answer) event.until = (*answer)->expires_at;
    } else {
        const auto answer = world_.attempt<void>(Operation::staff, random_, [&](Engine& engine) {
            return engine.inventory().release(staff_, hold.id, std::nullopt);
        });
        known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
        if (known && !*answer) error = answer->error();
    }
    if (known) {
        if (error) event.refused = error->code;
        return world_.finish(std::move(event));
    }
    const auto& command = world_.scheduler().current()->command;
    if (!command.hold) return;
    event.until = command.hold->expires_at;
    world_.abandon(std::move(event));
}

// --- In the end ----------------------------------------------------------------------------------------------------

void Client::judge_what_it_was_told(const RecordWitness& records) {
    for (const auto& owned : owned_) {
        const Hold* hold = records.find(owned.hold.id);
        if (!hold) {
            violated("9 what was acknowledged is there", at(owned.hold));
            continue;
        }
        if (hold->fence != owned.hold.fence || hold->items != owned.hold.items || hold->owner != owned.hold.owner)
            violated("what a hold is stays", at(owned.hold));
        if (owned.released && hold->status != HoldStatus::released)
            violated("9 what was acknowledged is there", at(owned.hold) + " was released");
        if (owned.booking) {
            const Booking* booking = records.find(owned.booking->id);
            if (!booking || booking->reference != owned.booking->reference || booking->total != owned.booking->total)
                violated("9 what was acknowledged is there", "booking " + brief(owned.booking->id));
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
        if (ended && payment->status != told_payment->status)
            violated("9 what was acknowledged stays", object);
    }
    world_.verdict().checked("answers that were kept", owned_.size() + told_.size());
}

}  // namespace railbook::sim

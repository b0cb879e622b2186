// Bookings and payments of a client.

#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {
namespace {

/// The rides of the hold with the seats that the booking names: a part for each seat, in their order.
std::vector<HeldRide> rides_of_parts(const Plan& plan, const Hold& hold, const Booking& booking) {
    auto rides = rides_of(plan, hold);
    auto part = booking.parts.begin();
    for (auto& ride : rides) {
        for (auto& seat : ride.seats) {
            if (part == booking.parts.end()) return rides;
            seat = part->run == ride.run && part->span == ride.span ? code_of(part->seat.id) : 0;
            ++part;
        }
    }
    return rides;
}

}  // namespace

std::optional<Quote> Client::quote_for(const Hold& hold) {
    std::string name;
    QuoteRequest request;
    for (const auto& item : hold.items) {
        name += fmt::format("{} {} {} {};", to_string(item.run), item.span.from, item.span.to, item.seats.size());
        // Who changes seats on the way has several rides, and one leg.
        auto& legs = request.legs;
        const bool goes_on = !legs.empty() && legs.back().run == item.run && legs.back().to == station(item.span.from);
        if (goes_on) legs.back().to = station(item.span.to);
        else legs.push_back({item.run, station(item.span.from), station(item.span.to)});
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
    const auto answer =
        persist<Booking>(Operation::book, [&](Engine& engine) { return engine.bookings().create(me_, request); });
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
    if (booking.expires_at > hold.latest_end)
        violated("2 nobody keeps a hold for longer", "booking " + brief(booking.id));
    std::size_t seats = 0;
    for (const auto& item : hold.items) seats += item.seats.size();
    if (booking.parts.size() != seats) violated("2 a hold is all or nothing", "booking " + brief(booking.id));
    event.rides = rides_of_parts(world_.plan(), hold, booking);
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
    const Event begun = world_.begin(Event::Kind::find);
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
    if (world_.earliest_of(begun) >= booking.expires_at)
        violated("2 nobody keeps a hold past its deadline", "a payment began for booking " + brief(booking.id));
    for (auto& mine : owned_) {
        if (mine.booking && mine.booking->id == booking.id) mine.payment = payment;
    }
    told_.push_back({request, payment});
    if (payment.status == PaymentStatus::refunded) world_.report().mark("late money was refunded");
}

void Client::cancel() {
    const auto found = std::ranges::find_if(owned_.rbegin(), owned_.rend(),
                                            [](const Owned& one) { return one.booking && !one.released; });
    if (found == owned_.rend()) return;
    const Hold hold = found->hold;
    const Booking booking = *found->booking;
    Event event = event_on(Event::Kind::cancel, hold);
    const auto key = new_key();
    const auto answer = persist<Booking>(
        Operation::cancel, [&](Engine& engine) { return engine.bookings().cancel(me_, booking.id, key); });
    if (!answer) return world_.abandon(std::move(event));
    if (!*answer) {
        const auto code = answer->error().code;
        if (code == ErrorCode::conflict && world_.scheduler().current()->command.was_refused_falsely) return;
        if (code == ErrorCode::in_progress) return world_.report().mark("a booking that is being paid for was kept");
        event.refused = code;
        return world_.finish(std::move(event));
    }
    const bool same = (*answer)->id == booking.id && (*answer)->total == booking.total;
    if (!same || (*answer)->status() != PartStatus::cancelled)
        violated("8 a cancelled booking is cancelled", brief(booking.id));
    world_.finish(std::move(event));
    world_.report().mark("a booking was cancelled");
    for (auto& mine : owned_) {
        if (mine.hold.id == hold.id) mine.released = true;
    }
}

}  // namespace railbook::sim

// What a client does that must have no effect: repetitions, keys used again, stale fences, the holds of others.

#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {
namespace {

std::string at(const Hold& hold) { return fmt::format("hold {}", brief(hold.id)); }

}  // namespace

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
    switch (random_.below(booking ? 8 : 4)) {
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
        case 6: {
            const auto key = new_key();
            note(world_.attempt<Booking>(Operation::foreign, random_, [&](Engine& engine) {
                return engine.bookings().cancel(me_, booking->id, key);
            }));
            break;
        }
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

}  // namespace railbook::sim

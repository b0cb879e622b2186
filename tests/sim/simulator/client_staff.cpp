// What operators and the system do.

#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {

void Client::run_due() {
    const auto limit = 1 + random_.below(6);
    world_.begin(Event::Kind::find);
    const auto answer =
        world_.attempt<std::size_t>(Operation::run_due, random_, [&](Engine& engine) { return engine.run_due(limit); });
    if (answer && !*answer && answer->error().code != ErrorCode::unavailable)
        violated("due work is done", std::string{to_string(answer->error().code)});
}

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
    for (const auto& seat : seats) ride.seats.push_back(code_of(seat));
    event.rides = {ride};
    const bool to_the_end = plan.segments > 1 && span.to == plan.segments;
    if (to_the_end) event.rides.front().timetables = ~bit_of(Timetabled::shorter);
    const auto answer = persist<SeatBlock>(Operation::block, [&](Engine& engine) {
        return frees ? engine.inventory().unblock(staff_, request) : engine.inventory().block(staff_, request);
    });
    if (!answer) {
        if (world_.scheduler().current()->command.first_change != 0) world_.abandon(std::move(event));
        return;
    }
    if (!*answer) {
        may_be_missing(event, run, span, ride.seats);
        const auto code = answer->error().code;
        const bool is_judged = code == ErrorCode::not_found || (!frees && code == ErrorCode::seat_taken);
        if (!is_judged) {
            const bool falsely = world_.scheduler().current()->command.was_refused_falsely;
            if (!falsely)
                violated("a refusal has a reason", fmt::format("a block, with {}", to_string(answer->error().code)));
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

}  // namespace railbook::sim

// Books a seat: finds a train, prices the ride, holds a seat, pays, and prints the ticket.
//   embed FEED [STORE]        such as: embed ../timetable/db-fv-2019.zip sqlite:seats.db

#include <iostream>
#include <string>

#include <railbook/railbook.hpp>

namespace {

using railbook::CommandKey, railbook::Engine, railbook::Error, railbook::ErrorCode;

railbook::Result<railbook::Ticket> book(Engine& engine, const std::string& feed) {
    railbook::Environment& environment = railbook::system_environment();
    const auto buyer = railbook::Principal::user_named("anna");
    const auto now = engine.now();
    if (!now) return now.error();

    // The sample timetable is an old one: moved by whole weeks, it begins today.
    const railbook::ServiceDate today{std::chrono::floor<std::chrono::days>(*now).time_since_epoch()};
    const auto report = engine.timetable().import_gtfs(feed, {.name = "db", .rebase = today});
    if (!report) return report.error();
    const auto from = engine.timetable().station("Hamburg Hbf");
    if (!from) return from.error();
    const auto to = engine.timetable().station("München Hbf");
    if (!to) return to.error();

    railbook::JourneyQuery query{.from = from->id, .to = to->id, .depart = *now + std::chrono::days{7}};
    query.max_changes = 0;
    const auto found = engine.find_journeys(query);
    if (!found) return found.error();
    if (found->journeys.empty()) return Error{ErrorCode::not_found, "no train goes from Hamburg to München that day"};
    const railbook::Leg& leg = found->journeys.front().legs.front();
    const std::string board = to_string(leg.from.call), alight = to_string(leg.to.call);
    std::cout << leg.train << ", " << railbook::to_string(leg.from.time, leg.from.zone) << '\n';
    for (const auto& [travel_class, seats] : leg.free) std::cout << seats << " seats free in " << travel_class << '\n';

    const auto quote =
        engine.pricing().quote({.legs = {{leg.run, board, alight}}, .passengers = {{.id = "anna", .age = 30}}});
    if (!quote) return quote.error();
    std::cout << to_string(quote->total) << ", promised until " << railbook::to_string(quote->expires_at) << '\n';

    // Every command has a key: repeating it after a lost answer has no second effect.
    const auto hold = engine.inventory().hold(
        buyer, {.key = CommandKey::make(environment), .items = {{leg.run, board, alight, railbook::BestSeats{}}}});
    if (!hold) return hold.error();
    const auto booking =
        engine.bookings().create(buyer, {.key = CommandKey::make(environment),
                                         .hold = hold->id,
                                         .fence = hold->fence,
                                         .quote = quote->token,
                                         .passengers = {{.given_name = "Anna", .family_name = "Schmidt"}}});
    if (!booking) return booking.error();
    const auto payment = engine.bookings().pay(
        buyer, {.key = CommandKey::make(environment), .booking = booking->id, .method = "sandbox:success"});
    if (!payment) return payment.error();

    const auto paid = engine.bookings().find(buyer, booking->id);
    if (!paid) return paid.error();
    if (paid->tickets.empty()) return Error{ErrorCode::in_progress, "the payment is not through yet"};
    return engine.ticketing().find(buyer, paid->tickets.front());
}

int fail(const Error& error) {
    std::cerr << "error: " << title(error.code) << "\n  reason: " << error.detail << '\n';
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return fail({ErrorCode::invalid_argument, "usage: embed FEED [STORE]"});
    auto engine = Engine::open(count > 2 ? arguments[2] : "memory:");
    if (!engine) return fail(engine.error());
    const auto ticket = book(*engine, arguments[1]);
    if (!ticket) return fail(ticket.error());
    std::cout << "booking " << ticket->reference << ", seat " << to_string(ticket->legs.front().seat) << " for "
              << ticket->passenger.given_name << ' ' << ticket->passenger.family_name << '\n';
}

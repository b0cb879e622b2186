#include "commands/sale.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "interrupt.hpp"
#include "output.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

/// Whether every leg has so many free seats of one class: of `travel_class`, or of any where it is empty.
bool has_seats(const json::value& journey, const std::string& travel_class, std::size_t count) {
    const auto& legs = array_at(journey, "/legs");
    const auto every_leg_has = [&](std::string_view name) {
        return std::ranges::all_of(legs, [&](const json::value& leg) {
            const auto* free = member(leg, "/free");
            const auto* seats = free && free->is_object() ? free->get_object().if_contains(name) : nullptr;
            return seats && seats->is_int64() && static_cast<std::size_t>(seats->get_int64()) >= count;
        });
    };
    if (!travel_class.empty()) return every_leg_has(travel_class);
    const auto* classes = member(journey, "/legs/0/free");
    return classes && classes->is_object() &&
           std::ranges::any_of(classes->get_object(), [&](const auto& item) { return every_leg_has(item.key()); });
}

Error stopped() { return {ErrorCode::conflict, "interrupted before anything was booked"}; }

/// One sale, step by step.
class Sale {
public:
    Sale(Caller& caller, const SaleRequest& request, const SaleObserver& observer)
        : caller_{caller}, request_{request}, observer_{observer} {}

    Result<json::object> run() {
        const auto journeys = find_journeys();
        if (!journeys) return journeys.error();
        for (const auto& journey : *journeys) {
            if (!has_seats(journey, request_.travel_class, request_.passengers.size())) continue;
            if (interrupted()) return stopped();
            const auto quote = create_quote(journey);
            if (!quote) return quote.error();
            if (interrupted()) return stopped();
            const auto hold = create_hold(journey, *quote);
            if (hold) return book(*hold, *quote);
            // Another buyer was faster, or the quoted class is full: the next train may do.
            if (hold.error().code != ErrorCode::sold_out && hold.error().code != ErrorCode::seat_taken)
                return hold.error();
        }
        return Error{ErrorCode::sold_out,
                     fmt::format("none of {} journeys has {} free seat{}{}", journeys->size(),
                                 request_.passengers.size(), request_.passengers.size() == 1 ? "" : "s",
                                 request_.travel_class.empty() ? "" : " in " + request_.travel_class),
                     "try a later --depart"};
    }

private:
    Result<Answer> call(std::string_view operation, const json::object& body) {
        auto answer = caller_.call(operation, body);
        if (answer) observer_(operation, answer->value);
        return answer;
    }

    Result<json::array> find_journeys() {
        const auto answer =
            call("journey.find", {{"from", request_.from}, {"to", request_.to}, {"depart", request_.depart}});
        if (!answer) return answer.error();
        const auto& journeys = array_at(answer->value, "/journeys");
        if (!journeys.empty()) return journeys;
        return Error{ErrorCode::not_found,
                     fmt::format("no journey from '{}' to '{}' begins within a day of {}", request_.from, request_.to,
                                 request_.depart),
                     "railbook journey find FROM TO --depart TIME --window 7d"};
    }

    Result<json::value> create_quote(const json::value& journey) {
        json::array passengers;
        for (const auto& passenger : request_.passengers) {
            passengers.push_back(passenger.type.empty() ? json::value(json::object{}) : json::value(passenger.type));
        }
        json::object body{{"journey", text_at(journey, "/id")}, {"passengers", std::move(passengers)}};
        if (!request_.travel_class.empty()) body["class"] = request_.travel_class;
        auto answer = call("quote.create", body);
        if (!answer) return std::move(answer).error();
        return std::move(answer->value);
    }

    Result<json::value> create_hold(const json::value& journey, const json::value& quote) {
        json::array items;
        for (const auto& leg : array_at(journey, "/legs")) {
            json::object best{{"count", request_.passengers.size()}, {"class", text_at(quote, "/class")}};
            items.push_back({{"run", text_at(leg, "/run")},
                             {"from", text_at(leg, "/from/id")},
                             {"to", text_at(leg, "/to/id")},
                             {"best", std::move(best)}});
        }
        auto answer = call("hold.create", {{"items", std::move(items)}});
        if (!answer) return std::move(answer).error();
        return std::move(answer->value);
    }

    Result<json::object> book(const json::value& hold, const json::value& quote) {
        const json::object claim{{"id", hold.at("id")}, {"fence", hold.at("fence")}};
        const auto booking = interrupted() ? Result<Answer>{stopped()} : create_booking(claim, quote);
        if (!booking) {
            // Seats that nobody will buy are free again at once. Where that fails too, their deadline does it.
            (void)caller_.call("hold.release", claim);
            return booking.error();
        }
        // From here on the story goes to its end: an interruption now would leave a booking that waits for money.
        const std::string reference = text_at(booking->value, "/reference");
        const auto payment = call("booking.pay", {{"id", reference}, {"method", request_.method}, {"wait", 10}});
        if (!payment) return with_reference(payment.error(), reference);
        if (text_at(payment->value, "/status") != "captured") {
            return Error{ErrorCode::in_progress, fmt::format("the payment is {}", text_at(payment->value, "/status")),
                         fmt::format("railbook booking show {}", reference)};
        }
        auto paid = call("booking.show", {{"id", reference}});
        if (!paid) return with_reference(paid.error(), reference);
        json::array tickets;
        for (const auto& id : array_at(paid->value, "/tickets")) {
            auto ticket = call("ticket.show", {{"id", text_at(id, "")}});
            if (!ticket) return with_reference(ticket.error(), reference);
            tickets.push_back(std::move(ticket->value));
        }
        return json::object{{"booking", std::move(paid->value)}, {"tickets", std::move(tickets)}};
    }

    Result<Answer> create_booking(const json::object& claim, const json::value& quote) {
        json::array passengers;
        for (const auto& passenger : request_.passengers)
            passengers.push_back({{"given_name", passenger.given_name}, {"family_name", passenger.family_name}});
        return call("booking.create",
                    {{"hold", claim}, {"quote", quote.at("token")}, {"passengers", std::move(passengers)}});
    }

    /// The booking is there, so whoever reads the error must learn its name.
    static Error with_reference(Error error, const std::string& reference) {
        error.detail = fmt::format("booking {}: {}", reference, error.detail);
        error.hint = error.code == ErrorCode::payment_declined
                         ? fmt::format("railbook booking pay {} --method METHOD", reference)
                         : fmt::format("railbook booking show {}", reference);
        return error;
    }

    Caller& caller_;
    const SaleRequest& request_;
    const SaleObserver& observer_;
};

}  // namespace

Result<json::object> sell(Caller& caller, const SaleRequest& request, const SaleObserver& observer) {
    const DeferInterrupt whole_story;
    return Sale{caller, request, observer}.run();
}

}  // namespace railbook::cli

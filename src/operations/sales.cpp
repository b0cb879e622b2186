#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "operations/encode.hpp"
#include "operations/passengers.hpp"
#include "operations/table.hpp"

namespace railbook::operations {
namespace {

using boost::json::value;

constexpr std::size_t kMaxToken = 16 * 1024;
constexpr std::int64_t kMaxFence = std::numeric_limits<std::int64_t>::max();

/// Parses an id, of which the mistake is the body's.
template <class Id>
Id take_id(base::ObjectReader& body, std::string_view name) {
    const auto text = body.text(name);
    if (text.empty()) return {};
    auto id = Id::parse(text);
    if (id) return *id;
    body.mistake(name, id.error().detail);
    return {};
}

RunId take_run(base::ObjectReader& body) {
    const auto text = body.text("run", 512);
    if (text.empty()) return {};
    auto run = parse_run(text);
    if (run) return *run;
    body.mistake("run", run.error().detail);
    return {};
}

std::optional<std::uint64_t> take_fence(base::ObjectReader& body) {
    const auto fence = body.optional_integer("fence", 1, kMaxFence);
    if (!fence) return std::nullopt;
    return static_cast<std::uint64_t>(*fence);
}

// --- Quotes --------------------------------------------------------------------------------------------------------

Result<value> create_quote(Request& request) {
    QuoteRequest wanted;
    auto& body = request.body;
    const auto journey = body.optional_text("journey", 4096);
    body.array("legs", 16, false, [&](const value& element, const std::string& pointer) {
        base::ObjectReader leg{element, pointer, body.mistakes()};
        wanted.legs.push_back({take_run(leg), leg.text("from"), leg.text("to")});
        leg.finish();
    });
    wanted.passengers = take_passengers(body, true);
    wanted.travel_class = body.optional_text("class", 64).value_or("");
    wanted.flexibility = body.optional_text("flexibility", 64).value_or("");
    wanted.tariff = body.optional_text("tariff", 64).value_or("");
    wanted.cards = body.texts("cards", 9);
    if (journey.has_value() == body.has("legs")) body.mistake("journey", "name either a journey or its legs");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (journey) {
        const auto found = request.engine.search().journey(*journey);
        if (!found) return found.error();
        for (const auto& leg : found->legs)
            wanted.legs.push_back({leg.run, to_string(leg.from.call), to_string(leg.to.call)});
    }
    const auto quote = request.engine.pricing().quote(wanted);
    if (!quote) return quote.error();
    return encode(*quote);
}

Result<value> explain_quote(Request& request) {
    const auto token = request.body.text("token", kMaxToken);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto explanation = request.engine.pricing().explain(token);
    if (!explanation) return explanation.error();
    return encode(*explanation);
}

Result<value> import_tariff(Request& request) {
    std::string text;
    if (const auto* document = request.body.member("document")) text = boost::json::serialize(*document);
    else request.body.mistake("document", "is missing");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto document = request.engine.pricing().import_tariff(text);
    if (!document) return document.error();
    return encode(*document);
}

Result<value> list_tariffs(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto documents = request.engine.pricing().tariffs();
    if (!documents) return documents.error();
    return list_of(encode(*documents));
}

Result<value> show_tariff(Request& request) {
    const auto id = request.body.text("id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto document = request.engine.pricing().tariff(id);
    if (!document) return document.error();
    return encode(*document);
}

// --- Holds ---------------------------------------------------------------------------------------------------------

SeatWishes take_wishes(base::ObjectReader& body) {
    constexpr std::int64_t kMaxPeople = 1000;
    SeatWishes wishes;
    wishes.properties = body.texts("properties", 16);
    wishes.facing = body.optional_text("facing", 16).value_or("");
    if (!wishes.facing.empty() && wishes.facing != "forward" && wishes.facing != "backward" &&
        wishes.facing != "each_other")
        body.mistake("facing", "must be 'forward', 'backward' or 'each_other'");
    if (const auto text = body.optional_text("near", 64)) {
        if (const auto seat = parse_seat(*text)) wishes.near = *seat;
        else body.mistake("near", seat.error().detail);
    }
    wishes.wheelchairs = static_cast<int>(body.optional_integer("wheelchairs", 0, kMaxPeople).value_or(0));
    wishes.children = static_cast<int>(body.optional_integer("children", 0, kMaxPeople).value_or(0));
    wishes.required = body.boolean("required", false);
    wishes.changes = static_cast<int>(body.optional_integer("changes", 0, 16).value_or(0));
    body.finish();
    return wishes;
}

HoldItemRequest take_item(base::ObjectReader item) {
    HoldItemRequest wanted{.run = take_run(item), .from = item.text("from"), .to = item.text("to"), .seats = {}};
    if (auto best = item.optional_object("best")) {
        BestSeats seats;
        seats.count = static_cast<int>(best->integer("count", 1, 1000));
        seats.travel_class = best->optional_text("class", 64).value_or("");
        if (auto wishes = best->optional_object("wishes")) seats.wishes = take_wishes(*wishes);
        best->finish();
        wanted.seats = std::move(seats);
        if (item.has("seats")) item.mistake("seats", "name either the seats or 'best'");
        item.member("seats");
    } else {
        std::vector<SeatId> seats;
        item.array("seats", 1000, true, [&](const value& element, const std::string& pointer) {
            const auto* text = element.if_string();
            auto seat = text ? parse_seat(*text)
                             : Result<SeatId>{Error{ErrorCode::invalid_argument, "must be a string such as 3/45"}};
            if (seat) seats.push_back(std::move(*seat));
            else item.mistakes().push_back({pointer, seat.error().detail});
        });
        wanted.seats = std::move(seats);
    }
    item.finish();
    return wanted;
}

Result<value> create_hold(Request& request) {
    HoldRequest wanted{.key = request.key, .items = {}};
    request.body.array("items", 100, true, [&](const value& element, const std::string& pointer) {
        wanted.items.push_back(take_item({element, pointer, request.body.mistakes()}));
    });
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto hold = request.engine.inventory().hold(request.principal, wanted);
    if (!hold) return hold.error();
    return encode(*hold);
}

Result<value> show_hold(Request& request) {
    const auto id = take_id<HoldId>(request.body, "id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto hold = request.engine.inventory().find(request.principal, id);
    if (!hold) return hold.error();
    return encode(*hold);
}

Result<value> list_holds(Request& request) {
    const auto page = request.page();
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto holds = request.engine.inventory().list(request.principal, page);
    if (!holds) return holds.error();
    return encode(*holds);
}

Result<value> extend_hold(Request& request) {
    ExtendRequest wanted{.id = take_id<HoldId>(request.body, "id"), .fence = take_fence(request.body)};
    if (const auto by = request.body.optional_integer("extend_by", 1, 86400)) wanted.by = std::chrono::seconds{*by};
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto hold = request.engine.inventory().extend(request.principal, wanted);
    if (!hold) return hold.error();
    return encode(*hold);
}

Result<value> release_hold(Request& request) {
    const auto id = take_id<HoldId>(request.body, "id");
    const auto fence = take_fence(request.body);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (const auto released = request.engine.inventory().release(request.principal, id, fence); !released)
        return released.error();
    return value(nullptr);
}

// --- Bookings ------------------------------------------------------------------------------------------------------

Result<value> create_booking(Request& request) {
    BookingRequest wanted;
    wanted.key = request.key;
    auto& body = request.body;
    if (auto hold = body.object("hold")) {
        wanted.hold = take_id<HoldId>(*hold, "id");
        wanted.fence = take_fence(*hold);
        hold->finish();
    }
    wanted.quote = body.text("quote", kMaxToken);
    body.array("passengers", 100, true, [&](const value& element, const std::string& pointer) {
        base::ObjectReader reader{element, pointer, body.mistakes()};
        NamedPassenger passenger;
        passenger.id = reader.optional_text("id", 64).value_or("");
        passenger.given_name = reader.text("given_name");
        passenger.family_name = reader.text("family_name");
        if (const auto text = reader.optional_text("birth_date", 10)) {
            if (const auto date = parse_date(*text)) passenger.birth_date = *date;
            else reader.mistake("birth_date", date.error().detail);
        }
        reader.finish();
        wanted.passengers.push_back(std::move(passenger));
    });
    if (auto contact = body.optional_object("contact")) {
        wanted.contact.email = contact->optional_text("email").value_or("");
        wanted.contact.phone = contact->optional_text("phone").value_or("");
        contact->finish();
    }
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto booking = request.engine.bookings().create(request.principal, wanted);
    if (!booking) return booking.error();
    return encode(*booking);
}

Result<value> pay_booking(Request& request) {
    const auto id = request.body.text("id");
    const auto method = request.body.text("method");
    const bool waits = request.body.optional_integer("wait", 0, 10).value_or(0) > 0;
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto booking = request.engine.bookings().find(request.principal, id);
    if (!booking) return booking.error();
    const auto payment = request.engine.bookings().pay(request.principal, {request.key, booking->id, method});
    if (!payment) return payment.error();
    if (waits && payment->status == PaymentStatus::declined) {
        return Error{ErrorCode::payment_declined, fmt::format("the provider declined {}", method),
                     "pay again with another method before the booking expires"};
    }
    return encode(*payment);
}

Result<value> cancel_booking(Request& request) {
    const auto id = request.body.text("id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto booking = request.engine.bookings().find(request.principal, id);
    if (!booking) return booking.error();
    const auto cancelled = request.engine.bookings().cancel(request.principal, booking->id, request.key);
    if (!cancelled) return cancelled.error();
    return encode(*cancelled);
}

Result<value> show_booking(Request& request) {
    const auto id = request.body.text("id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto booking = request.engine.bookings().find(request.principal, id);
    if (!booking) return booking.error();
    return encode(*booking);
}

Result<value> list_bookings(Request& request) {
    const auto page = request.page();
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto bookings = request.engine.bookings().list(request.principal, page);
    if (!bookings) return bookings.error();
    return encode(*bookings);
}

Result<value> show_history(Request& request) {
    const auto id = request.body.text("id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto booking = request.engine.bookings().find(request.principal, id);
    if (!booking) return booking.error();
    const auto entries = request.engine.bookings().history(request.principal, booking->id);
    if (!entries) return entries.error();
    return list_of(encode(*entries));
}

Result<value> show_payment(Request& request) {
    const auto id = take_id<PaymentId>(request.body, "id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto payment = request.engine.bookings().payment(request.principal, id);
    if (!payment) return payment.error();
    return encode(*payment);
}

Result<value> show_ticket(Request& request) {
    const auto id = take_id<TicketId>(request.body, "id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto ticket = request.engine.ticketing().find(request.principal, id);
    if (!ticket) return ticket.error();
    return encode(*ticket);
}

constexpr Operation kOperations[] = {
    {{"quote.create", Method::post, "/v1/quotes", Scope::read, IdempotencyKey::none, "Price a journey"}, create_quote},
    {{"quote.explain", Method::post, "/v1/quotes/explain", Scope::read, IdempotencyKey::none,
      "Why a quote costs what it costs"},
     explain_quote},
    {{"tariff.import", Method::put, "/v1/tariffs/{id}", Scope::operate, IdempotencyKey::none, "Import a tariff"},
     import_tariff},
    {{"tariff.list", Method::get, "/v1/tariffs", Scope::read, IdempotencyKey::none, "The tariffs"}, list_tariffs},
    {{"tariff.show", Method::get, "/v1/tariffs/{id}", Scope::read, IdempotencyKey::none, "One tariff"}, show_tariff},
    {{"hold.create", Method::post, "/v1/holds", Scope::buy, IdempotencyKey::required, "Hold seats"}, create_hold},
    {{"hold.show", Method::get, "/v1/holds/{id}", Scope::buy, IdempotencyKey::none, "One hold"}, show_hold},
    {{"hold.list", Method::get, "/v1/holds", Scope::buy, IdempotencyKey::none, "Holds, newest first"}, list_holds},
    {{"hold.extend", Method::patch, "/v1/holds/{id}", Scope::buy, IdempotencyKey::none, "Keep held seats longer"},
     extend_hold},
    {{"hold.release", Method::delete_, "/v1/holds/{id}", Scope::buy, IdempotencyKey::none, "Give held seats back"},
     release_hold},
    {{"booking.create", Method::post, "/v1/bookings", Scope::buy, IdempotencyKey::required,
      "Book held seats at a quoted price"},
     create_booking},
    {{"booking.pay", Method::post, "/v1/bookings/{id}/payments", Scope::buy, IdempotencyKey::required,
      "Pay for a booking"},
     pay_booking},
    {{"booking.cancel", Method::post, "/v1/bookings/{id}/cancel", Scope::buy, IdempotencyKey::optional,
      "Give up a booking that is not paid for"},
     cancel_booking},
    {{"booking.show", Method::get, "/v1/bookings/{id}", Scope::buy, IdempotencyKey::none, "One booking"}, show_booking},
    {{"booking.list", Method::get, "/v1/bookings", Scope::buy, IdempotencyKey::none, "Bookings, newest first"},
     list_bookings},
    {{"booking.history", Method::get, "/v1/bookings/{id}/history", Scope::buy, IdempotencyKey::none,
      "What happened to a booking"},
     show_history},
    {{"payment.show", Method::get, "/v1/payments/{id}", Scope::buy, IdempotencyKey::none, "One payment"}, show_payment},
    {{"ticket.show", Method::get, "/v1/tickets/{id}", Scope::buy, IdempotencyKey::none, "One ticket"}, show_ticket},
};

}  // namespace

std::span<const Operation> sales_operations() { return kOperations; }

}  // namespace railbook::operations

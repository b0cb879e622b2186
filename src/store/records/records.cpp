#include "store/records/records.hpp"

#include <limits>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace railbook::store::records {
namespace {

namespace json = boost::json;

// --- Writing -------------------------------------------------------------------------------------------------------

template <class Tag>
json::value to_json(const RandomId<Tag>& id) {
    return json::value(to_string(id));
}
json::value to_json(const std::string& text) { return json::value(text); }
json::value to_json(Timestamp time) { return time.time_since_epoch().count(); }
json::value to_json(const Money& money) { return json::array{money.amount, money.currency, money.scale}; }
json::value to_json(Span span) { return json::array{span.from, span.to}; }

json::value to_json(const RunId& id) {
    json::array value{id.date.time_since_epoch().count(), id.trip.feed, id.trip.trip};
    if (id.start) value.push_back(*id.start);
    return value;
}

json::value to_json(const CallId& id) { return json::array{id.station.feed, id.station.stop, id.nth}; }
json::value to_json(const SeatId& id) { return json::array{id.coach, id.seat}; }
json::value to_json(const HeldSeat& seat) { return json::array{seat.index, seat.id.coach, seat.id.seat}; }

// Named before the template that writes lists of them.
json::value to_json(const HoldItem& item);
json::value to_json(const Passenger& passenger);
json::value to_json(const BookingPart& part);
json::value to_json(const TicketLeg& leg);
json::value to_json(const Place& place);
json::value to_json(const Coach& coach);
json::value to_json(const Call& call);

template <class T>
json::value to_json(const std::vector<T>& values) {
    json::array array;
    array.reserve(values.size());
    for (const auto& value : values) array.push_back(to_json(value));
    return array;
}

json::value to_json(const Endpoint& end) {
    return json::object{{"call", to_json(end.call)},
                        {"name", end.name},
                        {"zone", end.zone},
                        {"time", to_json(end.time)},
                        {"platform", end.platform}};
}

json::value to_json(const HoldItem& item) {
    json::object value{{"run", to_json(item.run)}, {"train", item.train},        {"from", to_json(item.from)},
                       {"to", to_json(item.to)},   {"span", to_json(item.span)}, {"class", item.travel_class},
                       {"seats", to_json(item.seats)}};
    if (!item.reason.empty()) value["reason"] = item.reason;
    return value;
}

json::object to_object(const Hold& hold) {
    json::object value{{"id", to_json(hold.id)},
                       {"owner", hold.owner},
                       {"status", static_cast<int>(hold.status)},
                       {"fence", static_cast<std::int64_t>(hold.fence)},
                       {"pinned", hold.pinned},
                       {"created_at", to_json(hold.created_at)},
                       {"expires_at", to_json(hold.expires_at)},
                       {"latest_end", to_json(hold.latest_end)},
                       {"items", to_json(hold.items.all())}};
    if (hold.booking) value["booking"] = to_json(*hold.booking);
    return value;
}

json::value to_json(const Passenger& passenger) {
    json::object value{{"id", passenger.id},
                       {"given_name", passenger.given_name},
                       {"family_name", passenger.family_name},
                       {"type", passenger.type}};
    if (passenger.birth_date) value["birth_date"] = passenger.birth_date->time_since_epoch().count();
    return value;
}

void add_ride(json::object& value, const BookingPart& part) {
    value["passenger"] = part.passenger;
    value["run"] = to_json(part.run);
    value["train"] = part.train;
    value["from"] = to_json(part.from);
    value["to"] = to_json(part.to);
    value["span"] = to_json(part.span);
    value["class"] = part.travel_class;
    value["seat"] = to_json(part.seat);
    value["price"] = to_json(part.price);
}

json::value to_json(const BookingPart& part) {
    json::object value{{"id", to_json(part.id)}, {"status", static_cast<int>(part.status)}};
    add_ride(value, part);
    return value;
}

void add_people(json::object& value, const Booking& booking) {
    value["passengers"] = to_json(booking.passengers);
    value["email"] = booking.contact.email;
    value["phone"] = booking.contact.phone;
}

json::object to_object(const SeatBlock& block) {
    return {{"run", to_json(block.run)}, {"span", to_json(block.span)}, {"seats", to_json(block.seats)}};
}

json::object to_object(const Booking& booking) {
    json::object value{{"id", to_json(booking.id)},
                       {"reference", booking.reference},
                       {"owner", booking.owner},
                       {"hold", to_json(booking.hold)},
                       {"quote", to_json(booking.quote)},
                       {"created_at", to_json(booking.created_at)},
                       {"expires_at", to_json(booking.expires_at)},
                       {"total", to_json(booking.total)},
                       {"refunded", to_json(booking.refunded)},
                       {"parts", to_json(booking.parts)},
                       {"payments", to_json(booking.payments)},
                       {"tickets", to_json(booking.tickets)}};
    add_people(value, booking);
    return value;
}

json::object to_object(const Payment& payment) {
    return {{"id", to_json(payment.id)},
            {"booking", to_json(payment.booking)},
            {"attempt", payment.attempt},
            {"status", static_cast<int>(payment.status)},
            {"amount", to_json(payment.amount)},
            {"method", payment.method},
            {"provider_key", payment.provider_key},
            {"refund_due", payment.refund_due},
            {"created_at", to_json(payment.created_at)},
            {"check_at", to_json(payment.check_at)}};
}

json::value to_json(const TicketLeg& leg) {
    return json::object{{"run", to_json(leg.run)}, {"train", leg.train},        {"from", to_json(leg.from)},
                        {"to", to_json(leg.to)},   {"class", leg.travel_class}, {"seat", to_json(leg.seat)}};
}

json::value to_json(const Place& place) {
    return json::object{{"number", place.number},
                        {"row", place.row},
                        {"column", place.column},
                        {"properties", to_json(place.properties)},
                        {"facing", place.facing}};
}

json::value to_json(const Coach& coach) {
    return json::object{{"number", coach.number},
                        {"layout", coach.layout},
                        {"class", coach.travel_class},
                        {"places", to_json(coach.places)}};
}

json::value to_json(const Call& call) {
    json::object value{{"id", to_json(call.id)},    {"name", call.name},       {"zone", call.zone},
                       {"platform", call.platform}, {"pick_up", call.pick_up}, {"drop_off", call.drop_off},
                       {"distance", call.distance}};
    if (call.arrives) value["arrives"] = to_json(*call.arrives);
    if (call.departs) value["departs"] = to_json(*call.departs);
    return value;
}

// --- Reading -------------------------------------------------------------------------------------------------------

Error damaged() { return {ErrorCode::damaged, "a stored record cannot be read"}; }

/// Reads one value. The first thing that is not as it was written marks the whole record, which the caller looks at
/// once at the end; until then the getters give empty values.
class Reader {
public:
    Reader(const json::value* value, bool& sound) : value_{value}, sound_{sound} {}

    Reader member(std::string_view name) const {
        const auto* object = value_ ? value_->if_object() : nullptr;
        return required(object ? object->if_contains(name) : nullptr);
    }
    std::optional<Reader> optional_member(std::string_view name) const {
        const auto* object = value_ ? value_->if_object() : nullptr;
        if (!object) sound_ = false;
        const auto* found = object ? object->if_contains(name) : nullptr;
        if (!found) return std::nullopt;
        return Reader{found, sound_};
    }
    std::size_t size() const {
        const auto* array = value_ ? value_->if_array() : nullptr;
        if (!array) sound_ = false;
        return array ? array->size() : 0;
    }
    Reader element(std::size_t index) const {
        const auto* array = value_ ? value_->if_array() : nullptr;
        return required(array && index < array->size() ? &(*array)[index] : nullptr);
    }
    template <class T>
    std::vector<T> list(T (*read)(const Reader&)) const {
        std::vector<T> values;
        const std::size_t count = size();
        values.reserve(count);
        for (std::size_t i = 0; i < count; ++i) values.push_back(read(element(i)));
        return values;
    }

    std::string text() const {
        const auto* found = value_ ? value_->if_string() : nullptr;
        if (!found) sound_ = false;
        return found ? std::string{*found} : std::string{};
    }
    bool flag() const {
        const auto* found = value_ ? value_->if_bool() : nullptr;
        if (!found) sound_ = false;
        return found && *found;
    }
    template <class Number = std::int64_t>
    Number integer(std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                   std::int64_t max = std::numeric_limits<std::int64_t>::max()) const {
        const auto* found = value_ ? value_->if_int64() : nullptr;
        if (found && *found >= min && *found <= max) return static_cast<Number>(*found);
        sound_ = false;
        return {};
    }
    template <class Enum>
    Enum choice(Enum last) const {
        return static_cast<Enum>(integer<int>(0, static_cast<int>(last)));
    }
    template <class Id>
    Id id() const {
        const auto parsed = Id::parse(text());
        if (parsed) return *parsed;
        sound_ = false;
        return {};
    }

private:
    Reader required(const json::value* found) const {
        if (!found) sound_ = false;
        return {found, sound_};
    }

    const json::value* value_;
    bool& sound_;
};

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();
constexpr std::int64_t kMinInt = std::numeric_limits<int>::min();

Timestamp read_time(const Reader& reader) { return Timestamp{Duration{reader.integer()}}; }
ServiceDate read_date(const Reader& reader) {
    return ServiceDate{std::chrono::days{reader.integer<int>(kMinInt, kMaxInt)}};
}
std::string read_text(const Reader& reader) { return reader.text(); }

Money read_money(const Reader& reader) {
    return {.amount = reader.element(0).integer(),
            .currency = reader.element(1).text(),
            .scale = reader.element(2).integer<int>(0, 18)};
}

Span read_span(const Reader& reader) {
    constexpr std::int64_t kMax = std::numeric_limits<std::uint16_t>::max();
    return {.from = reader.element(0).integer<std::uint16_t>(0, kMax),
            .to = reader.element(1).integer<std::uint16_t>(0, kMax)};
}

RunId read_run_id(const Reader& reader) {
    RunId id{.date = read_date(reader.element(0)),
             .trip = {.feed = reader.element(1).text(), .trip = reader.element(2).text()}};
    if (reader.size() > 3) id.start = reader.element(3).integer<int>(kMinInt, kMaxInt);
    return id;
}

CallId read_call_id(const Reader& reader) {
    return {.station = {.feed = reader.element(0).text(), .stop = reader.element(1).text()},
            .nth = reader.element(2).integer<int>(0, kMaxInt)};
}

SeatId read_seat_id(const Reader& reader) {
    return {.coach = reader.element(0).text(), .seat = reader.element(1).text()};
}

HeldSeat read_held_seat(const Reader& reader) {
    return {.index = reader.element(0).integer<std::uint32_t>(0, std::numeric_limits<std::uint32_t>::max()),
            .id = {.coach = reader.element(1).text(), .seat = reader.element(2).text()}};
}

Endpoint read_endpoint(const Reader& reader) {
    return {.call = read_call_id(reader.member("call")),
            .name = reader.member("name").text(),
            .zone = reader.member("zone").text(),
            .time = read_time(reader.member("time")),
            .platform = reader.member("platform").text()};
}

HoldItem read_item(const Reader& reader) {
    HoldItem item{.run = read_run_id(reader.member("run")),
                  .train = reader.member("train").text(),
                  .from = read_endpoint(reader.member("from")),
                  .to = read_endpoint(reader.member("to")),
                  .span = read_span(reader.member("span")),
                  .travel_class = reader.member("class").text(),
                  .seats = reader.member("seats").list<HeldSeat>(read_held_seat)};
    if (const auto reason = reader.optional_member("reason")) item.reason = reason->text();
    return item;
}

SeatBlock read_block(const Reader& reader) {
    return {.run = read_run_id(reader.member("run")),
            .span = read_span(reader.member("span")),
            .seats = reader.member("seats").list<HeldSeat>(read_held_seat)};
}

Hold read_hold(const Reader& reader) {
    Hold hold{.id = reader.member("id").id<HoldId>(),
              .owner = reader.member("owner").text(),
              .status = reader.member("status").choice(HoldStatus::expired),
              .fence = reader.member("fence").integer<std::uint64_t>(0),
              .pinned = reader.member("pinned").flag(),
              .created_at = read_time(reader.member("created_at")),
              .expires_at = read_time(reader.member("expires_at")),
              .latest_end = read_time(reader.member("latest_end")),
              .booking = std::nullopt,
              .items = reader.member("items").list<HoldItem>(read_item)};
    if (const auto booking = reader.optional_member("booking")) hold.booking = booking->id<BookingId>();
    return hold;
}

Passenger read_passenger(const Reader& reader) {
    Passenger passenger{.id = reader.member("id").text(),
                        .given_name = reader.member("given_name").text(),
                        .family_name = reader.member("family_name").text(),
                        .type = reader.member("type").text()};
    if (const auto date = reader.optional_member("birth_date")) passenger.birth_date = read_date(*date);
    return passenger;
}

void read_ride(const Reader& reader, BookingPart& part) {
    part.passenger = reader.member("passenger").text();
    part.run = read_run_id(reader.member("run"));
    part.train = reader.member("train").text();
    part.from = read_endpoint(reader.member("from"));
    part.to = read_endpoint(reader.member("to"));
    part.span = read_span(reader.member("span"));
    part.travel_class = reader.member("class").text();
    part.seat = read_held_seat(reader.member("seat"));
    part.price = read_money(reader.member("price"));
}

BookingPart read_part(const Reader& reader) {
    BookingPart part;
    part.id = reader.member("id").id<PartId>();
    part.status = reader.member("status").choice(PartStatus::expired);
    read_ride(reader, part);
    return part;
}

void read_people(const Reader& reader, Booking& booking) {
    booking.passengers = reader.member("passengers").list<Passenger>(read_passenger);
    booking.contact = {.email = reader.member("email").text(), .phone = reader.member("phone").text()};
}

Booking read_booking(const Reader& reader) {
    Booking booking;
    booking.id = reader.member("id").id<BookingId>();
    booking.reference = reader.member("reference").text();
    booking.owner = reader.member("owner").text();
    booking.hold = reader.member("hold").id<HoldId>();
    booking.quote = reader.member("quote").id<QuoteId>();
    booking.created_at = read_time(reader.member("created_at"));
    booking.expires_at = read_time(reader.member("expires_at"));
    booking.total = read_money(reader.member("total"));
    booking.refunded = read_money(reader.member("refunded"));
    read_people(reader, booking);
    booking.parts = reader.member("parts").list<BookingPart>(read_part);
    booking.payments = reader.member("payments").list<PaymentId>([](const Reader& one) { return one.id<PaymentId>(); });
    booking.tickets = reader.member("tickets").list<TicketId>([](const Reader& one) { return one.id<TicketId>(); });
    return booking;
}

Payment read_payment(const Reader& reader) {
    return {.id = reader.member("id").id<PaymentId>(),
            .booking = reader.member("booking").id<BookingId>(),
            .attempt = reader.member("attempt").integer<int>(1, kMaxInt),
            .status = reader.member("status").choice(PaymentStatus::refunded),
            .amount = read_money(reader.member("amount")),
            .method = reader.member("method").text(),
            .provider_key = reader.member("provider_key").text(),
            .refund_due = reader.member("refund_due").flag(),
            .created_at = read_time(reader.member("created_at")),
            .check_at = read_time(reader.member("check_at"))};
}

TicketLeg read_leg(const Reader& reader) {
    return {.run = read_run_id(reader.member("run")),
            .train = reader.member("train").text(),
            .from = read_endpoint(reader.member("from")),
            .to = read_endpoint(reader.member("to")),
            .travel_class = reader.member("class").text(),
            .seat = read_seat_id(reader.member("seat"))};
}

void read_travel(const Reader& reader, Ticket& ticket) {
    ticket.reference = reader.member("reference").text();
    ticket.passenger = read_passenger(reader.member("passenger"));
    ticket.legs = reader.member("legs").list<TicketLeg>(read_leg);
}

Place read_place(const Reader& reader) {
    return {.number = reader.member("number").text(),
            .row = reader.member("row").integer<int>(kMinInt, kMaxInt),
            .column = reader.member("column").text(),
            .properties = reader.member("properties").list<std::string>(read_text),
            .facing = reader.member("facing").text()};
}

Coach read_coach(const Reader& reader) {
    return {.number = reader.member("number").text(),
            .layout = reader.member("layout").text(),
            .travel_class = reader.member("class").text(),
            .places = reader.member("places").list<Place>(read_place)};
}

Consist read_consist(const Reader& reader) {
    return {.name = reader.member("name").text(), .coaches = reader.member("coaches").list<Coach>(read_coach)};
}

Call read_call(const Reader& reader) {
    Call call;
    call.id = read_call_id(reader.member("id"));
    call.name = reader.member("name").text();
    call.zone = reader.member("zone").text();
    call.platform = reader.member("platform").text();
    call.pick_up = reader.member("pick_up").flag();
    call.drop_off = reader.member("drop_off").flag();
    call.distance = reader.member("distance").integer();
    if (const auto time = reader.optional_member("arrives")) call.arrives = read_time(*time);
    if (const auto time = reader.optional_member("departs")) call.departs = read_time(*time);
    return call;
}

/// Parses the text and reads the whole of it with `read(reader)`.
template <class Read>
auto decode(std::string_view text, Read read) -> Result<decltype(read(std::declval<const Reader&>()))> {
    json::parse_options options;
    // Feeds in an old encoding name stations in bytes that are not UTF-8: what was stored is given back.
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    const auto value = json::parse(text, error, {}, options);
    if (error) return damaged();
    bool sound = true;
    auto record = read(Reader{&value, sound});
    if (!sound) return damaged();
    return record;
}

/// The same for a part of a record, which is read into `record`.
template <class Record>
Status decode_into(std::string_view text, Record& record, void (*read)(const Reader&, Record&)) {
    const auto done = decode(text, [&](const Reader& reader) {
        read(reader, record);
        return true;
    });
    if (!done) return done.error();
    return {};
}

}  // namespace

std::string encode(const std::vector<HoldItem>& items) { return json::serialize(to_json(items)); }

std::string encode_ride(const BookingPart& part) {
    json::object value;
    add_ride(value, part);
    return json::serialize(value);
}

std::string encode_people(const Booking& booking) {
    json::object value;
    add_people(value, booking);
    return json::serialize(value);
}

std::string encode_travel(const Ticket& ticket) {
    return json::serialize(json::object{
        {"reference", ticket.reference}, {"passenger", to_json(ticket.passenger)}, {"legs", to_json(ticket.legs)}});
}

std::string encode(const Consist& consist) {
    return json::serialize(json::object{{"name", consist.name}, {"coaches", to_json(consist.coaches)}});
}

std::string encode_calls(const Run& run) {
    return json::serialize(json::object{{"id", to_json(run.id)},
                                        {"train", run.train},
                                        {"agency", run.agency},
                                        {"headsign", run.headsign},
                                        {"pinned", run.pinned},
                                        {"calls", to_json(run.calls.all())}});
}

std::string encode(const Answer& answer) {
    static constexpr std::string_view kKinds[] = {"hold", "booking", "payment", "block"};
    return std::visit(
        [&](const auto& record) { return json::serialize(json::object{{kKinds[answer.index()], to_object(record)}}); },
        answer);
}

Result<std::vector<HoldItem>> decode_items(std::string_view text) {
    return decode(text, [](const Reader& reader) { return reader.list<HoldItem>(read_item); });
}
Status decode_ride(std::string_view text, BookingPart& part) { return decode_into(text, part, read_ride); }
Status decode_people(std::string_view text, Booking& booking) { return decode_into(text, booking, read_people); }
Status decode_travel(std::string_view text, Ticket& ticket) { return decode_into(text, ticket, read_travel); }
Result<Consist> decode_consist(std::string_view text) { return decode(text, read_consist); }

Result<Run> decode_run(std::string_view text, std::shared_ptr<const Consist> consist) {
    auto run = decode(text, [](const Reader& reader) {
        Run read;
        read.id = read_run_id(reader.member("id"));
        read.train = reader.member("train").text();
        read.agency = reader.member("agency").text();
        read.headsign = reader.member("headsign").text();
        read.pinned = reader.member("pinned").flag();
        read.calls = reader.member("calls").list<Call>(read_call);
        return read;
    });
    if (run) run->consist = std::move(consist);
    return run;
}

Result<Answer> decode_answer(std::string_view text) {
    return decode(text, [](const Reader& reader) -> Answer {
        if (const auto hold = reader.optional_member("hold")) return read_hold(*hold);
        if (const auto booking = reader.optional_member("booking")) return read_booking(*booking);
        if (const auto block = reader.optional_member("block")) return read_block(*block);
        return read_payment(reader.member("payment"));
    });
}

}  // namespace railbook::store::records

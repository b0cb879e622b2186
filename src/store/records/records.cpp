#include "store/records/records.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
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
// Straight into the text, with no tree of values in between: a hold is written with each command, and nothing of such a
// tree is of use afterwards.

void write(std::string& out, std::string_view text) {
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
    if (!std::ranges::all_of(text, is_plain)) {
        out += json::serialize(json::value(text));
        return;
    }
    out += '"';
    out += text;
    out += '"';
}
void write(std::string& out, const std::string& text) { write(out, std::string_view{text}); }
void write(std::string& out, bool flag) { out += flag ? "true" : "false"; }
template <std::integral Integer>
void write(std::string& out, Integer value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}
void write(std::string& out, Timestamp time) { write(out, time.time_since_epoch().count()); }
void write(std::string& out, ServiceDate date) { write(out, date.time_since_epoch().count()); }
template <class Tag>
void write(std::string& out, const RandomId<Tag>& id) {
    write(out, to_string(id));
}

template <class... Values>
void write_array(std::string& out, const Values&... values) {
    char before = '[';
    ((out += before, write(out, values), before = ','), ...);
    out += ']';
}

void write(std::string& out, const Money& money) { write_array(out, money.amount, money.currency, money.scale); }
void write(std::string& out, Span span) { write_array(out, span.from, span.to); }
void write(std::string& out, const RunId& id) {
    if (id.start) write_array(out, id.date, id.trip.feed, id.trip.trip, *id.start);
    else write_array(out, id.date, id.trip.feed, id.trip.trip);
}
void write(std::string& out, const CallId& id) { write_array(out, id.station.feed, id.station.stop, id.nth); }
void write(std::string& out, const SeatId& id) { write_array(out, id.coach, id.seat); }
void write(std::string& out, const HeldSeat& seat) { write_array(out, seat.index, seat.id.coach, seat.id.seat); }

// Named before the templates that write them.
void write(std::string& out, const Endpoint& end);
void write(std::string& out, const Hold& hold);
void write(std::string& out, const Booking& booking);
void write(std::string& out, const Payment& payment);
void write(std::string& out, const SeatBlock& block);
void write(std::string& out, const HoldItem& item);
void write(std::string& out, const Passenger& passenger);
void write(std::string& out, const BookingPart& part);
void write(std::string& out, const TicketLeg& leg);
void write(std::string& out, const Place& place);
void write(std::string& out, const Coach& coach);
void write(std::string& out, const Call& call);

template <class T>
void write(std::string& out, const std::vector<T>& values) {
    out += '[';
    for (const auto& value : values) {
        write(out, value);
        out += ',';
    }
    if (values.empty()) out += ']';
    else out.back() = ']';
}

/// An object, whose members are written in order. It ends where this does.
class Object {
public:
    explicit Object(std::string& out) : out_{out} { out_ += '{'; }
    ~Object() { out_ += '}'; }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    template <class T>
    Object& add(std::string_view name, const T& value) {
        if (out_.back() != '{') out_ += ',';
        out_ += '"';
        out_ += name;
        out_ += "\":";
        write(out_, value);
        return *this;
    }

private:
    std::string& out_;
};

void write(std::string& out, const Endpoint& end) {
    Object{out}
        .add("call", end.call)
        .add("name", end.name)
        .add("zone", end.zone)
        .add("time", end.time)
        .add("platform", end.platform);
}

void write(std::string& out, const HoldItem& item) {
    Object object{out};
    object.add("run", item.run).add("train", item.train).add("from", item.from).add("to", item.to);
    object.add("span", item.span).add("class", item.travel_class).add("seats", item.seats);
    if (!item.reason.empty()) object.add("reason", item.reason);
}

void write(std::string& out, const Hold& hold) {
    Object object{out};
    object.add("id", hold.id).add("owner", hold.owner).add("status", static_cast<int>(hold.status));
    object.add("fence", hold.fence).add("pinned", hold.pinned).add("created_at", hold.created_at);
    object.add("expires_at", hold.expires_at).add("latest_end", hold.latest_end).add("items", hold.items.all());
    if (hold.booking) object.add("booking", *hold.booking);
}

void write(std::string& out, const Passenger& passenger) {
    Object object{out};
    object.add("id", passenger.id).add("given_name", passenger.given_name);
    object.add("family_name", passenger.family_name).add("type", passenger.type);
    if (passenger.birth_date) object.add("birth_date", *passenger.birth_date);
}

void add_ride(Object& object, const BookingPart& part) {
    object.add("passenger", part.passenger).add("run", part.run).add("train", part.train).add("from", part.from);
    object.add("to", part.to).add("span", part.span).add("class", part.travel_class).add("seat", part.seat);
    object.add("price", part.price);
}

void write(std::string& out, const BookingPart& part) {
    Object object{out};
    object.add("id", part.id).add("status", static_cast<int>(part.status));
    add_ride(object, part);
}

void add_people(Object& object, const Booking& booking) {
    object.add("passengers", booking.passengers).add("email", booking.contact.email);
    object.add("phone", booking.contact.phone);
}

void write(std::string& out, const SeatBlock& block) {
    Object{out}.add("run", block.run).add("span", block.span).add("seats", block.seats);
}

void write(std::string& out, const Booking& booking) {
    Object object{out};
    object.add("id", booking.id).add("reference", booking.reference).add("owner", booking.owner);
    object.add("hold", booking.hold).add("quote", booking.quote).add("created_at", booking.created_at);
    object.add("expires_at", booking.expires_at).add("total", booking.total).add("refunded", booking.refunded);
    object.add("parts", booking.parts).add("payments", booking.payments).add("tickets", booking.tickets);
    add_people(object, booking);
}

void write(std::string& out, const Payment& payment) {
    Object object{out};
    object.add("id", payment.id).add("booking", payment.booking).add("attempt", payment.attempt);
    object.add("status", static_cast<int>(payment.status)).add("amount", payment.amount);
    object.add("method", payment.method).add("provider_key", payment.provider_key);
    object.add("refund_due", payment.refund_due).add("created_at", payment.created_at);
    object.add("check_at", payment.check_at);
}

void write(std::string& out, const TicketLeg& leg) {
    Object object{out};
    object.add("run", leg.run).add("train", leg.train).add("from", leg.from).add("to", leg.to);
    object.add("class", leg.travel_class).add("seat", leg.seat);
}

void write(std::string& out, const Place& place) {
    Object object{out};
    object.add("number", place.number).add("row", place.row).add("column", place.column);
    object.add("properties", place.properties).add("facing", place.facing);
}

void write(std::string& out, const Coach& coach) {
    Object object{out};
    object.add("number", coach.number).add("layout", coach.layout).add("class", coach.travel_class);
    object.add("places", coach.places);
}

void write(std::string& out, const Call& call) {
    Object object{out};
    object.add("id", call.id).add("name", call.name).add("zone", call.zone).add("platform", call.platform);
    object.add("pick_up", call.pick_up).add("drop_off", call.drop_off).add("distance", call.distance);
    if (call.arrives) object.add("arrives", *call.arrives);
    if (call.departs) object.add("departs", *call.departs);
}

template <class T>
std::string written(const T& value) {
    std::string out;
    out.reserve(1024);
    write(out, value);
    return out;
}

/// The object whose members `add` adds.
template <class Add>
std::string object_of(Add add) {
    std::string out;
    out.reserve(1024);
    {
        Object object{out};
        add(object);
    }
    return out;
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

std::string encode(const std::vector<HoldItem>& items) { return written(items); }

std::string encode_ride(const BookingPart& part) {
    return object_of([&](Object& object) { add_ride(object, part); });
}

std::string encode_people(const Booking& booking) {
    return object_of([&](Object& object) { add_people(object, booking); });
}

std::string encode_travel(const Ticket& ticket) {
    return object_of([&](Object& object) {
        object.add("reference", ticket.reference).add("passenger", ticket.passenger).add("legs", ticket.legs);
    });
}

std::string encode(const Consist& consist) {
    return object_of([&](Object& object) { object.add("name", consist.name).add("coaches", consist.coaches); });
}

std::string encode_calls(const Run& run) {
    return object_of([&](Object& object) {
        object.add("id", run.id).add("train", run.train).add("agency", run.agency).add("headsign", run.headsign);
        object.add("pinned", run.pinned).add("calls", run.calls.all());
    });
}

std::string encode(const Answer& answer) {
    static constexpr std::string_view kKinds[] = {"hold", "booking", "payment", "block"};
    return std::visit(
        [&](const auto& record) {
            return object_of([&](Object& object) { object.add(kKinds[answer.index()], record); });
        },
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

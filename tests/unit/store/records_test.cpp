#include "store/records/records.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace railbook::store::records {
namespace {

template <class Tag>
RandomId<Tag> id(std::uint8_t fill) {
    RandomId<Tag> made;
    made.bytes.fill(fill);
    return made;
}

// Text that JSON must escape, that is not ASCII, and that is not even UTF-8.
const std::string kOdd{"a\"\\/\b\n\0\x01 \xc3\xb6 \xf0\x9f\x9a\x84 \xff", 18};

Endpoint an_end() {
    return {.call = {{"db", kOdd}, 2},
            .name = kOdd,
            .zone = "Europe/Berlin",
            .time = Timestamp{Duration{-1}},
            .platform = ""};
}

HoldItem an_item() {
    return {.run = {.date = ServiceDate{std::chrono::days{-3}}, .trip = {"db", "1@08:15:00"}, .start = 90'000},
            .train = "ICE 1",
            .from = an_end(),
            .to = an_end(),
            .span = {0, std::numeric_limits<std::uint16_t>::max()},
            .travel_class = "first",
            .seats = {{0, {"1", "10"}}, {std::numeric_limits<std::uint32_t>::max(), {"2", kOdd}}}};
}

Hold a_hold() {
    return {.id = id<HoldTag>(0xab),
            .owner = kOdd,
            .status = HoldStatus::paying,
            .fence = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
            .pinned = false,
            .created_at = Timestamp{Duration{1}},
            .expires_at = Timestamp::max(),
            .latest_end = Timestamp::min(),
            .booking = id<BookingTag>(1),
            .items = {an_item(), an_item()}};
}

Booking a_booking() {
    Booking booking;
    booking.id = id<BookingTag>(2);
    booking.reference = "23456789";
    booking.owner = "user:anna";
    booking.hold = id<HoldTag>(3);
    booking.quote = id<QuoteTag>(4);
    booking.total = {std::numeric_limits<std::int64_t>::min(), "EUR", 2};
    booking.refunded = {7, "JPY", 0};
    booking.passengers = {{"p1", kOdd, "", "adult", ServiceDate{std::chrono::days{-9000}}}, {"p2", "", "", "", {}}};
    booking.contact = {"a@example.org", ""};
    const auto item = an_item();
    for (int status = 0; status <= static_cast<int>(PartStatus::expired); ++status) {
        BookingPart part;
        part.id = id<PartTag>(static_cast<std::uint8_t>(status));
        part.passenger = "p1";
        part.run = item.run;
        part.run.start.reset();
        part.train = item.train;
        part.from = item.from;
        part.to = item.to;
        part.span = {1, 2};
        part.seat = item.seats.front();
        part.price = {1250, "EUR", 2};
        part.status = static_cast<PartStatus>(status);
        booking.parts.push_back(part);
    }
    booking.payments = {id<PaymentTag>(5), id<PaymentTag>(6)};
    booking.tickets = {id<TicketTag>(7)};
    return booking;
}

Payment a_payment() {
    return {.id = id<PaymentTag>(8),
            .booking = id<BookingTag>(9),
            .attempt = 3,
            .status = PaymentStatus::refunded,
            .amount = {-5, "KWD", 3},
            .method = "sandbox:success",
            .provider_key = kOdd,
            .refund_due = true,
            .created_at = Timestamp{Duration{5}},
            .check_at = Timestamp{Duration{6}}};
}

Ticket a_ticket() {
    const auto item = an_item();
    return {.id = id<TicketTag>(1),
            .booking = id<BookingTag>(2),
            .reference = "23456789",
            .status = TicketStatus::revoked,
            .issued_at = Timestamp{Duration{77}},
            .passenger = {"p", "A", "B", "adult", ServiceDate{std::chrono::days{1}}},
            .legs = {{item.run, "ICE 1", item.from, item.to, "second", {"3", "45"}}}};
}

Consist a_consist() {
    return {"ic",
            {{"1", "open", "first", {{"45", -12, "A", {"WINDOW", "TABLE"}, "forward"}, {"46"}}}, {"2", "", "", {}}}};
}

TEST(RecordsTest, AnswerComesBackAsItWas) {
    Hold plain = a_hold();
    plain.booking.reset();
    for (const Answer& answer : {Answer{a_hold()}, Answer{plain}, Answer{a_booking()}, Answer{a_payment()}})
        EXPECT_EQ(*decode_answer(encode(answer)), answer);
}

TEST(RecordsTest, ItemsAndCoachesComeBackAsTheyWere) {
    EXPECT_EQ(*decode_items(encode(a_hold().items)), a_hold().items);
    EXPECT_EQ(*decode_consist(encode(a_consist())), a_consist());
}

TEST(RecordsTest, PartsOfRecordsCompleteWhatColumnsKeep) {
    BookingPart part;
    ASSERT_TRUE(decode_ride(encode_ride(a_booking().parts.front()), part));
    part.id = a_booking().parts.front().id;
    EXPECT_EQ(part, a_booking().parts.front());
    Booking booking;
    ASSERT_TRUE(decode_people(encode_people(a_booking()), booking));
    EXPECT_EQ(booking.passengers, a_booking().passengers);
    EXPECT_EQ(booking.contact, a_booking().contact);
    Ticket ticket;
    ASSERT_TRUE(decode_travel(encode_travel(a_ticket()), ticket));
    EXPECT_EQ(ticket.reference, a_ticket().reference);
    EXPECT_EQ(ticket.legs, a_ticket().legs);
    EXPECT_EQ(ticket.passenger, a_ticket().passenger);
}

TEST(RecordsTest, RunComesBackWithTheConsistItIsGiven) {
    railbook::Run run;
    run.id = an_item().run;
    run.train = "ICE 1";
    run.agency = kOdd;
    run.headsign = "B";
    run.pinned = true;
    run.calls.push_back({.id = {{"db", "1"}, 1},
                         .name = kOdd,
                         .zone = "UTC",
                         .arrives = {},
                         .departs = Timestamp{Duration{9}},
                         .platform = "3a-c",
                         .pick_up = false,
                         .drop_off = true,
                         .distance = -1});
    run.calls.push_back({.id = {{"db", "1"}, 2},
                         .name = "",
                         .zone = "",
                         .arrives = Timestamp{Duration{10}},
                         .departs = {},
                         .pick_up = true,
                         .drop_off = false});
    const auto consist = std::make_shared<const Consist>(a_consist());
    const auto read = decode_run(encode_calls(run), consist);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, run.id);
    EXPECT_EQ(read->calls, run.calls);
    EXPECT_EQ(read->agency, run.agency);
    EXPECT_EQ(read->headsign, run.headsign);
    EXPECT_TRUE(read->pinned);
    EXPECT_EQ(read->consist, consist);
}

TEST(RecordsTest, EqualRecordsHaveEqualText) {
    EXPECT_EQ(encode(a_consist()), encode(*decode_consist(encode(a_consist()))));
}

TEST(RecordsTest, EveryCutOfARecordIsDamaged) {
    const auto text = encode(Answer{a_payment()});
    for (std::size_t size = 0; size < text.size(); ++size) {
        const auto read = decode_answer(std::string_view{text}.substr(0, size));
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().code, ErrorCode::damaged);
    }
}

TEST(RecordsTest, ValuesOutOfTheirRangeAreDamaged) {
    const auto changed = [](std::string text, std::string_view from, std::string_view to) {
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    const auto payment = encode(Answer{a_payment()});
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"\"status\":5", "\"status\":6"},
                                                          {"\"status\":5", "\"status\":-1"},
                                                          {"\"status\":5", "\"status\":1.5"},
                                                          {"\"status\":5", "\"status\":\"5\""},
                                                          {"\"attempt\":3", "\"attempt\":0"},
                                                          {"\"attempt\":3", "\"attempt\":99999999999"},
                                                          {"\"refund_due\":true", "\"refund_due\":1"},
                                                          {"\"check_at\":6", "\"check_at\":9223372036854775808"},
                                                          {"\"check_at\"", "\"check_as\""},
                                                          {"08080808", "0808080g"},
                                                          {"-5,\"KWD\",3", "-5,\"KWD\""},
                                                          {"-5,\"KWD\",3", "-5,\"KWD\",19"}}) {
        EXPECT_FALSE(decode_answer(changed(payment, from, to))) << from << " -> " << to;
    }
    EXPECT_FALSE(decode_answer(changed(encode(Answer{a_hold()}), "[0,65535]", "[0,65536]")));
    EXPECT_FALSE(decode_answer(changed(encode(Answer{a_hold()}), "4294967295", "4294967296")));
    EXPECT_FALSE(decode_answer("{}"));
    EXPECT_FALSE(decode_answer("[]"));
    EXPECT_FALSE(decode_items("{}"));
}

}  // namespace
}  // namespace railbook::store::records

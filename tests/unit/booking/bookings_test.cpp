#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;
using namespace std::chrono_literals;

/// A provider that does as it is told. It keeps its promises: a key is charged once, and it answers only by query.
class ScriptedGateway final : public PaymentGateway {
public:
    std::string_view name() const override { return "scripted"; }
    Status check_method(std::string_view method) const override {
        if (method != "scripted:card") return Error{ErrorCode::invalid_argument, "no such method"};
        return {};
    }
    Status capture(std::string_view key, const Money&, std::string_view) override {
        if (down) return Error{ErrorCode::unavailable, "down"};
        answers.try_emplace(std::string{key}, verdict);
        return {};
    }
    Status cancel(std::string_view key) override {
        if (down) return Error{ErrorCode::unavailable, "down"};
        answers.try_emplace(std::string{key}, ProviderAnswer::declined);
        return {};
    }
    Status refund(std::string_view key, std::string_view, const Money&) override {
        if (down) return Error{ErrorCode::unavailable, "down"};
        answers.try_emplace(std::string{key}, ProviderAnswer::done);
        return {};
    }
    Result<ProviderAnswer> query(std::string_view key) override {
        if (down) return Error{ErrorCode::unavailable, "down"};
        const auto found = answers.find(std::string{key});
        return found == answers.end() ? ProviderAnswer::unknown : found->second;
    }

    bool down = false;
    ProviderAnswer verdict = ProviderAnswer::done;
    std::map<std::string, ProviderAnswer> answers;
};

class BookingsTest : public testing::Test {
protected:
    ScriptedGateway gateway;
    World world{"memory:", [this] {
                    EngineOptions options;
                    options.gateway = &gateway;
                    return options;
                }()};
    Bookings& bookings = world.engine().bookings();

    Result<Payment> pay(const Booking& booking) {
        return bookings.pay(world.anna, {world.key(), booking.id, "scripted:card"});
    }
    Booking now(const Booking& booking) { return *bookings.find(world.anna, booking.id); }
    void expect_lawful() {
        const auto report = world.engine().verify();
        ASSERT_TRUE(report) << report.error().detail;
        for (const auto& violation : report->violations)
            ADD_FAILURE() << violation.law << " / " << violation.object << " / " << violation.detail;
    }
};

TEST_F(BookingsTest, APaidBookingHasTicketsAndItsSeatIsSold) {
    const Booking booking = world.prebooked(world.anna);
    EXPECT_EQ(booking.status(), PartStatus::prebooked);
    EXPECT_TRUE(is_reference(booking.reference));
    const auto payment = pay(booking);
    ASSERT_TRUE(payment) << payment.error().detail;
    EXPECT_EQ(payment->status, PaymentStatus::captured);
    const Booking paid = now(booking);
    EXPECT_EQ(paid.status(), PartStatus::fulfilled);
    ASSERT_EQ(paid.tickets.size(), 1U);
    const auto ticket = world.engine().ticketing().find(world.anna, paid.tickets.front());
    ASSERT_TRUE(ticket) << ticket.error().detail;
    EXPECT_EQ(ticket->passenger.family_name, "Lovelace");
    EXPECT_EQ(ticket->legs.front().seat, paid.parts.front().seat.id);
    EXPECT_EQ(world.engine().ticketing().find(world.ben, paid.tickets.front()).error().code, ErrorCode::not_found);
    world.environment.advance(24h * 10);
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(world.engine().inventory().find(world.anna, booking.hold)->status, HoldStatus::sold);
    expect_lawful();
}

TEST_F(BookingsTest, ADeclinedCardLeavesTheBookingOpenForAnother) {
    const Booking booking = world.prebooked(world.anna);
    gateway.verdict = ProviderAnswer::declined;
    EXPECT_EQ(pay(booking)->status, PaymentStatus::declined);
    EXPECT_EQ(now(booking).status(), PartStatus::prebooked);
    EXPECT_EQ(world.engine().inventory().find(world.anna, booking.hold)->status, HoldStatus::held);
    gateway.verdict = ProviderAnswer::done;
    EXPECT_EQ(pay(booking)->status, PaymentStatus::captured);
    EXPECT_EQ(pay(booking).error().code, ErrorCode::conflict);
    expect_lawful();
}

TEST_F(BookingsTest, ABookingIsCancelledByItsOwnerBeforeItIsPaid) {
    const Booking booking = world.prebooked(world.anna);
    EXPECT_EQ(bookings.cancel(world.ben, booking.id, world.key()).error().code, ErrorCode::not_found);
    gateway.down = true;
    ASSERT_TRUE(pay(booking));
    EXPECT_EQ(bookings.cancel(world.anna, booking.id, world.key()).error().code, ErrorCode::in_progress);
    gateway.down = false;
    gateway.verdict = ProviderAnswer::declined;
    world.environment.advance(1min);
    ASSERT_TRUE(world.engine().run_due());
    const auto key = world.key();
    const auto cancelled = bookings.cancel(world.anna, booking.id, key);
    ASSERT_TRUE(cancelled) << cancelled.error().detail;
    EXPECT_EQ(cancelled->status(), PartStatus::cancelled);
    EXPECT_EQ(*bookings.cancel(world.anna, booking.id, key), *cancelled);
    EXPECT_EQ(now(booking).status(), PartStatus::cancelled);
    EXPECT_EQ(world.engine().inventory().find(world.anna, booking.hold)->status, HoldStatus::released);
    const Booking other = world.prebooked(world.anna);
    EXPECT_EQ(bookings.cancel(world.anna, other.id, key).error().code, ErrorCode::key_reused);
    gateway.verdict = ProviderAnswer::done;
    ASSERT_TRUE(pay(other));
    EXPECT_EQ(bookings.cancel(world.anna, other.id, world.key()).error().code, ErrorCode::conflict);
    expect_lawful();
}

TEST_F(BookingsTest, ARepeatedPaymentKeyPaysOnce) {
    const Booking booking = world.prebooked(world.anna);
    const PaymentRequest request{world.key(), booking.id, "scripted:card"};
    const auto first = bookings.pay(world.anna, request);
    const auto again = bookings.pay(world.anna, request);
    ASSERT_TRUE(first);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(now(booking).payments.size(), 1U);
    EXPECT_EQ(gateway.answers.size(), 1U);
}

TEST_F(BookingsTest, AnOutageIsResumedWhenTheProviderIsBack) {
    const Booking booking = world.prebooked(world.anna);
    gateway.down = true;
    const auto payment = pay(booking);
    ASSERT_TRUE(payment) << payment.error().detail;
    EXPECT_EQ(payment->status, PaymentStatus::pending);
    EXPECT_EQ(pay(booking).error().code, ErrorCode::in_progress);
    EXPECT_EQ(world.engine().inventory().find(world.anna, booking.hold)->status, HoldStatus::paying);
    gateway.down = false;
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::prebooked) << "before the lease has ended nobody else takes it up";
    world.environment.advance(1min);
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::fulfilled);
    expect_lawful();
}

TEST_F(BookingsTest, ARequestThatNeverArrivedIsTakenBackAfterTheDeadline) {
    const Booking booking = world.prebooked(world.anna);
    gateway.down = true;
    ASSERT_TRUE(pay(booking));
    world.environment.set_now(booking.expires_at);
    gateway.down = false;
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::expired);
    EXPECT_EQ(gateway.answers.begin()->second, ProviderAnswer::declined);
    EXPECT_EQ(bookings.payment(world.anna, now(booking).payments.front())->status, PaymentStatus::declined);
    expect_lawful();
}

TEST_F(BookingsTest, LateMoneyTakesTheSameSeatsWhereTheyAreStillFree) {
    const Booking booking = world.prebooked(world.anna);
    gateway.verdict = ProviderAnswer::pending;
    ASSERT_EQ(pay(booking)->status, PaymentStatus::pending);
    world.environment.advance(1h);
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::expired);
    gateway.answers.begin()->second = ProviderAnswer::done;
    world.environment.advance(1min);
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::fulfilled);
    expect_lawful();
}

TEST_F(BookingsTest, LateMoneyGoesBackWhereTheSeatsAreGone) {
    const Booking booking = world.prebooked(world.anna);
    gateway.verdict = ProviderAnswer::pending;
    ASSERT_TRUE(pay(booking));
    world.environment.advance(1h);
    ASSERT_TRUE(world.engine().inventory().hold(world.ben, world.seats("A", "F", {booking.parts.front().seat.id})));
    for (auto& [key, answer] : gateway.answers) answer = ProviderAnswer::done;
    ASSERT_TRUE(world.engine().run_due());
    EXPECT_EQ(now(booking).status(), PartStatus::expired);
    EXPECT_EQ(bookings.payment(world.anna, now(booking).payments.front())->status, PaymentStatus::refunded);
    EXPECT_EQ(gateway.answers.size(), 2U);
    expect_lawful();
}

TEST_F(BookingsTest, AnUnpaidBookingExpiresAtItsDeadline) {
    const Booking booking = world.prebooked(world.anna);
    EXPECT_EQ(booking.expires_at, booking.created_at + 10min);
    world.environment.set_now(booking.expires_at - 1ms);
    EXPECT_EQ(now(booking).status(), PartStatus::prebooked);
    world.environment.set_now(booking.expires_at);
    EXPECT_EQ(now(booking).status(), PartStatus::expired);
    EXPECT_EQ(pay(booking).error().code, ErrorCode::hold_expired);
    EXPECT_TRUE(gateway.answers.empty());
    expect_lawful();
}

TEST_F(BookingsTest, QuoteHoldAndPassengersMustFit) {
    const auto hold = world.engine().inventory().hold(world.anna, world.best("A", "F", 1));
    ASSERT_TRUE(hold);
    const auto attempt = [&](const std::string& token, std::vector<NamedPassenger> people) {
        return bookings.create(world.anna, {world.key(), hold->id, hold->fence, token, std::move(people)});
    };
    const std::vector<NamedPassenger> ada{{"", "Ada", "Lovelace"}};
    EXPECT_EQ(attempt(world.quote("A", "G", 1).token, ada).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(attempt(world.quote("A", "F", 2).token, ada).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(attempt(world.quote("A", "F", 1).token, {}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(attempt(world.quote("A", "F", 1).token, {{"", "Ada", " "}}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(attempt(world.quote("A", "F", 1).token, {{"", "A\nda", "L"}}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(attempt("nonsense", ada).error().code, ErrorCode::invalid_argument);
    const auto token = world.quote("A", "F", 1).token;
    EXPECT_EQ(bookings.create(world.ben, {world.key(), hold->id, hold->fence, token, ada}).error().code,
              ErrorCode::not_found);
    EXPECT_EQ(bookings.create(world.anna, {world.key(), hold->id, hold->fence + 1, token, ada}).error().code,
              ErrorCode::hold_lost);
    ASSERT_TRUE(attempt(token, ada));
    EXPECT_EQ(attempt(token, ada).error().code, ErrorCode::conflict);
    expect_lawful();
}

/// No seat is free throughout: the passenger moves at Hannover, and has one ride, one price and one ticket.
TEST_F(BookingsTest, ARideWithAChangeOfSeatsIsBookedWithItsOneQuote) {
    auto& inventory = world.engine().inventory();
    for (const auto* seat : {"11", "12"})
        ASSERT_TRUE(inventory.hold(world.staff, world.seats("A", "H", {{"2", seat}})));
    for (const auto* seat : {"13", "14"})
        ASSERT_TRUE(inventory.hold(world.staff, world.seats("H", "F", {{"2", seat}})));
    auto wanted = world.best("A", "F", 1);
    EXPECT_EQ(inventory.hold(world.anna, wanted).error().code, ErrorCode::sold_out);
    wanted.key = world.key();
    std::get<BestSeats>(wanted.items[0].seats).wishes.changes = 1;
    const auto hold = inventory.hold(world.anna, wanted);
    ASSERT_TRUE(hold) << hold.error().detail;
    ASSERT_EQ(hold->items.size(), 2U);
    const auto quote = world.quote("A", "F", 1);
    const auto booking = world.engine().bookings().create(
        world.anna, {world.key(), hold->id, hold->fence, quote.token, {{"1", "Ada", "Lovelace"}}});
    ASSERT_TRUE(booking) << booking.error().detail;
    ASSERT_EQ(booking->parts.size(), 2U);
    EXPECT_EQ(booking->parts[0].price, quote.total);
    EXPECT_EQ(booking->parts[1].price.amount, 0);
    EXPECT_NE(booking->parts[0].seat, booking->parts[1].seat);
    const auto part_of_it = world.quote("A", "H", 1);
    EXPECT_EQ(world.engine()
                  .bookings()
                  .create(world.anna, {world.key(), hold->id, hold->fence, part_of_it.token, {{"1", "Ada", "Lovelace"}}})
                  .error()
                  .code,
              ErrorCode::invalid_argument);
}

TEST_F(BookingsTest, AnExpiredQuoteIsRefused) {
    const auto token = world.quote("A", "F", 1).token;
    world.environment.advance(30min);
    const auto hold = world.engine().inventory().hold(world.anna, world.best("A", "F", 1));
    ASSERT_TRUE(hold);
    const auto refused = bookings.create(world.anna, {world.key(), hold->id, hold->fence, token, {{"", "Ada", "L"}}});
    EXPECT_EQ(refused.error().code, ErrorCode::quote_expired);
}

TEST_F(BookingsTest, PartsSumExactlyAndEachPassengerHasASeat) {
    const auto hold = world.engine().inventory().hold(world.anna, world.best("A", "F", 3));
    ASSERT_TRUE(hold);
    const auto booking = bookings.create(world.anna, {world.key(),
                                                      hold->id,
                                                      hold->fence,
                                                      world.quote("A", "F", 3).token,
                                                      {{"3", "C", "Z"}, {"1", "A", "X"}, {"2", "B", "Y"}}});
    ASSERT_TRUE(booking) << booking.error().detail;
    std::int64_t sum = 0;
    std::set<SeatId> seats;
    for (const auto& part : booking->parts) {
        sum += part.price.amount;
        seats.insert(part.seat.id);
    }
    EXPECT_EQ(sum, booking->total.amount);
    EXPECT_EQ(seats.size(), 3U);
    EXPECT_EQ(booking->passengers.front().given_name, "A");
    EXPECT_EQ(pay(*booking)->status, PaymentStatus::captured);
    EXPECT_EQ(now(*booking).tickets.size(), 3U);
    expect_lawful();
}

TEST_F(BookingsTest, FoundByReferenceInAnyCaseButNotByAStranger) {
    const Booking booking = world.prebooked(world.anna);
    std::string lower = booking.reference;
    std::ranges::transform(lower, lower.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(bookings.find(world.anna, std::string_view{lower})->id, booking.id);
    EXPECT_EQ(bookings.find(world.ben, std::string_view{lower}).error().code, ErrorCode::not_found);
    EXPECT_EQ(bookings.find(world.anna, std::string_view{"22222222"}).error().code, ErrorCode::not_found);
    EXPECT_EQ(bookings.find(world.anna, std::string_view{"hello"}).error().code, ErrorCode::invalid_argument);
}

TEST_F(BookingsTest, HistoryTellsWhatHappenedInOrder) {
    const Booking booking = world.prebooked(world.anna);
    ASSERT_TRUE(pay(booking));
    const auto history = bookings.history(world.anna, booking.id);
    ASSERT_TRUE(history);
    ASSERT_GE(history->size(), 3U);
    for (std::size_t i = 0; i < history->size(); ++i) EXPECT_EQ((*history)[i].number, i + 1);
    EXPECT_EQ(bookings.history(world.ben, booking.id).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace railbook

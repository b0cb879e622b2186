/// What every store promises of bookings, payments and tickets.

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class BookingsTest : public StoreTest {
public:
    using StoreTest::StoreTest;

protected:
    Booking stored(const Booking& booking) { return *store->bookings().find_booking(booking.id); }
};

STORE_TEST(BookingsTest, BookingTakesOverTheHoldAndItsDeadline) {
    const auto hold = place({{&ice, {0, 1}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    environment.advance(minutes{1});
    const auto booking = book(*hold);
    ASSERT_TRUE(booking) << booking.error();
    EXPECT_EQ(booking->expires_at, environment.now() + minutes{10});
    EXPECT_EQ(booking->status(), PartStatus::prebooked);
    const auto now_held = store->inventory().find_hold(hold->id);
    EXPECT_EQ(now_held->booking, booking->id);
    EXPECT_EQ(now_held->expires_at, booking->expires_at);
    EXPECT_EQ(now_held->status, HoldStatus::held);
    EXPECT_EQ(allocations(ice).front().until, booking->expires_at);
    EXPECT_EQ(stored(*booking), *booking);
    EXPECT_EQ(*store->bookings().find_booking_named(booking->reference), *booking);
    EXPECT_EQ(actions("booking:" + to_string(booking->id)), (std::vector<std::string>{"booking.created"}));
}

STORE_TEST(BookingsTest, DeadlineOfABookingIsBoundedByTheEndOfItsHold) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto booking = store->bookings().create_booking(make.command("booking.create"), Maker::claim(*hold),
                                                          make.booking(*hold, minutes{500}));
    ASSERT_TRUE(booking) << booking.error();
    EXPECT_EQ(booking->expires_at, hold->latest_end);
    EXPECT_EQ(store->inventory().find_hold(hold->id)->expires_at, hold->latest_end);
}

STORE_TEST(BookingsTest, ClaimOnTheHoldIsChecked) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto create = [&](const HoldClaim& claim) {
        auto wanted = make.booking(*hold);
        wanted.hold = claim.id;
        return store->bookings().create_booking(make.command("booking.create"), claim, wanted).error().code;
    };
    EXPECT_EQ(create({hold->id, "user:bert", hold->fence, false}), ErrorCode::not_found);
    EXPECT_EQ(create({HoldId::make(environment), "user:anna", hold->fence, false}), ErrorCode::not_found);
    EXPECT_EQ(create({hold->id, "user:anna", hold->fence + 1, false}), ErrorCode::hold_lost);
}

STORE_TEST(BookingsTest, TakenReferenceIsRetryable) {
    const auto first = book(*place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(first) << first.error();
    const auto hold = place({{&ice, {1}, {0, 4}}});
    auto wanted = make.booking(*hold);
    wanted.reference = first->reference;
    const auto command = make.command("booking.create");
    const auto refused = store->bookings().create_booking(command, Maker::claim(*hold), wanted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_FALSE(store->inventory().find_hold(hold->id)->booking);
    wanted.reference = make_reference(environment);
    EXPECT_TRUE(store->bookings().create_booking(command, Maker::claim(*hold), wanted));
}

STORE_TEST(BookingsTest, RepeatedCreationRepeatsItsAnswer) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    const auto command = make.command("booking.create");
    const auto first = store->bookings().create_booking(command, Maker::claim(*hold), make.booking(*hold));
    ASSERT_TRUE(first) << first.error();
    const auto again = store->bookings().create_booking(command, Maker::claim(*hold), make.booking(*hold));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, *first);
    auto other = command;
    other.fingerprint = "other";
    EXPECT_EQ(store->bookings().create_booking(other, Maker::claim(*hold), make.booking(*hold)).error().code,
              ErrorCode::key_reused);
}

STORE_TEST(BookingsTest, PaymentThatBeginsIsPendingAndTheHoldIsPaying) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_EQ(sale.payment.status, PaymentStatus::pending);
    EXPECT_EQ(*store->bookings().find_payment(sale.payment.id), sale.payment);
    EXPECT_EQ(stored(sale.booking).payments, (std::vector<PaymentId>{sale.payment.id}));
    EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::paying);
    EXPECT_EQ(allocations(ice).front().state, SeatState::held);
    EXPECT_EQ(actions("booking:" + to_string(sale.booking.id)),
              (std::vector<std::string>{"booking.created", "payment.begun"}));
}

STORE_TEST(BookingsTest, PaymentNeedsAnOpenBooking) {
    Booking unknown = make.booking(make.hold({{&ice, {0}, {0, 4}}}));
    EXPECT_EQ(pay(unknown).error().code, ErrorCode::not_found);
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_EQ(pay(stored(sale.booking)).error().code, ErrorCode::in_progress);
    ASSERT_TRUE(settle(sale.payment, true));
    EXPECT_EQ(pay(stored(sale.booking)).error().code, ErrorCode::conflict);
}

STORE_TEST(BookingsTest, AttemptThatAnotherCameBeforeIsAConflict) {
    const auto booking = book(*place({{&ice, {0}, {0, 4}}}));
    const auto stale = make.payment(*booking);
    const auto payment = pay(*booking);
    ASSERT_TRUE(settle(*payment, false));
    const auto refused = store->bookings().begin_payment(make.command("booking.pay"), stale);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_TRUE(pay(stored(*booking)));
}

STORE_TEST(BookingsTest, BookingIsPaidBeforeItsDeadlineOrNot) {
    const auto booking = book(*place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(booking) << booking.error();
    environment.set_now(booking->expires_at);
    for (const bool swept : {false, true}) {
        if (swept) {
            ASSERT_TRUE(expire());
        }
        EXPECT_EQ(pay(*booking).error().code, ErrorCode::hold_expired);
    }
    const auto second = book(*place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(second) << second.error();
    environment.set_now(second->expires_at - milliseconds{1});
    EXPECT_TRUE(pay(*second));
}

STORE_TEST(BookingsTest, CancelledBookingLetsItsSeatsGo) {
    const auto hold = place({{&ice, {0, 1}, {0, 4}}});
    const auto booking = book(*hold);
    ASSERT_TRUE(booking) << booking.error();
    const auto command = make.command("booking.cancel");
    const auto cancelled = store->bookings().cancel_booking(command, booking->id);
    ASSERT_TRUE(cancelled) << cancelled.error();
    EXPECT_EQ(cancelled->status(), PartStatus::cancelled);
    EXPECT_EQ(stored(*booking), *cancelled);
    EXPECT_EQ(store->inventory().find_hold(hold->id)->status, HoldStatus::released);
    EXPECT_TRUE(allocations(ice).empty());
    EXPECT_EQ(actions("booking:" + to_string(booking->id)),
              (std::vector<std::string>{"booking.created", "booking.cancelled"}));
    EXPECT_EQ(actions("run:" + to_string(ice.id)), (std::vector<std::string>{"hold.placed", "hold.released"}));
    // Repeated with its key, and again with another one.
    EXPECT_EQ(*store->bookings().cancel_booking(command, booking->id), *cancelled);
    EXPECT_EQ(*store->bookings().cancel_booking(make.command("booking.cancel"), booking->id), *cancelled);
    EXPECT_EQ(actions("booking:" + to_string(booking->id)).size(), 2U);
    auto other = command;
    other.fingerprint = "other";
    EXPECT_EQ(store->bookings().cancel_booking(other, booking->id).error().code, ErrorCode::key_reused);
    EXPECT_EQ(pay(stored(*booking)).error().code, ErrorCode::conflict);
    EXPECT_TRUE(place({{&ice, {0, 1}, {0, 4}}})) << "the seats are free";
}

STORE_TEST(BookingsTest, OnlyABookingThatWaitsForItsMoneyIsCancelled) {
    const auto cancel = [&](const BookingId& id) {
        const auto done = store->bookings().cancel_booking(make.command("booking.cancel"), id);
        return done ? std::optional<ErrorCode>{} : done.error().code;
    };
    EXPECT_EQ(cancel(BookingId::make(environment)), ErrorCode::not_found);
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_EQ(cancel(sale.booking.id), ErrorCode::in_progress);
    ASSERT_TRUE(settle(sale.payment, true));
    EXPECT_EQ(cancel(sale.booking.id), ErrorCode::conflict);
    const auto declined = paying({{&ice, {1}, {0, 4}}});
    ASSERT_TRUE(settle(declined.payment, false));
    EXPECT_EQ(cancel(declined.booking.id), std::nullopt);
    const auto late = book(*place({{&ice, {1}, {0, 4}}}));
    ASSERT_TRUE(late) << late.error();
    environment.set_now(late->expires_at);
    EXPECT_EQ(cancel(late->id), ErrorCode::conflict) << "it reads as expired, swept or not";
    ASSERT_TRUE(expire());
    EXPECT_EQ(cancel(late->id), ErrorCode::conflict);
}

STORE_TEST(BookingsTest, CapturedPaymentSellsTheSeatsAndIssuesTheTickets) {
    const auto sale = paying({{&ice, {0, 1}, {0, 4}}});
    const auto settlement = make.settlement(sale.payment, sale.booking, true);
    const auto settled = store->bookings().settle_payment(settlement, environment.now());
    ASSERT_TRUE(settled) << settled.error();
    EXPECT_EQ(settled->status, PaymentStatus::captured);
    EXPECT_FALSE(settled->refund_due);
    const auto booking = stored(sale.booking);
    EXPECT_EQ(booking.status(), PartStatus::fulfilled);
    EXPECT_EQ(booking.tickets, (std::vector<TicketId>{settlement.tickets.front().id}));
    EXPECT_EQ(*store->bookings().find_ticket(booking.tickets.front()), settlement.tickets.front());
    EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::sold);
    EXPECT_EQ(actions("booking:" + to_string(booking.id)),
              (std::vector<std::string>{"booking.created", "payment.begun", "payment.captured", "booking.confirmed",
                                        "tickets.issued", "booking.fulfilled"}));
    environment.advance(std::chrono::hours{24 * 365});
    ASSERT_EQ(allocations(ice).size(), 2U) << "a sale has no deadline";
    EXPECT_EQ(allocations(ice).front().until, Timestamp::max());
    EXPECT_EQ(*expire(), 0U);
    const auto records = records_of(*store);
    ASSERT_EQ(records.ledger.size(), 4U);
    EXPECT_EQ(records.ledger.front().transaction, "capture");
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
}

STORE_TEST(BookingsTest, SettlingTwiceChangesNothing) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    const auto first = settle(sale.payment, true);
    ASSERT_TRUE(first) << first.error();
    const auto before = records_of(*store);
    const auto again = settle(sale.payment, false);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, *first);
    EXPECT_EQ(records_of(*store), before);
    auto unknown = make.settlement(sale.payment, sale.booking, true);
    unknown.payment = PaymentId::make(environment);
    EXPECT_EQ(store->bookings().settle_payment(unknown, environment.now()).error().code, ErrorCode::not_found);
}

STORE_TEST(BookingsTest, AnswerToPayingIsCompletedByTheOutcome) {
    const auto booking = book(*place({{&ice, {0}, {0, 4}}}));
    const auto command = make.command("booking.pay");
    const auto wanted = make.payment(*booking);
    const auto begun = store->bookings().begin_payment(command, wanted);
    ASSERT_TRUE(begun) << begun.error();
    EXPECT_EQ(*store->bookings().begin_payment(command, wanted), *begun);
    const auto settled = settle(*begun, true);
    ASSERT_TRUE(settled) << settled.error();
    EXPECT_EQ(std::get<Payment>(**store->find_answer(command)), *settled);
    EXPECT_EQ(*store->bookings().begin_payment(command, wanted), *settled);
}

STORE_TEST(BookingsTest, DeclinedInTimeMayBePaidAgain) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    environment.set_now(sale.booking.expires_at - milliseconds{1});
    const auto declined = settle(sale.payment, false);
    ASSERT_TRUE(declined) << declined.error();
    EXPECT_EQ(declined->status, PaymentStatus::declined);
    EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::held);
    EXPECT_EQ(stored(sale.booking).status(), PartStatus::prebooked);
    const auto second = pay(stored(sale.booking));
    ASSERT_TRUE(second) << second.error();
    EXPECT_EQ(second->attempt, 2);
    ASSERT_TRUE(settle(*second, true));
    EXPECT_EQ(stored(sale.booking).status(), PartStatus::fulfilled);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(BookingsTest, DeclinedAtTheDeadlineEndsTheBooking) {
    for (const bool swept : {false, true}) {
        const auto sale = paying({{&ice, {0}, {0, 4}}});
        environment.set_now(sale.booking.expires_at);
        if (swept) {
            EXPECT_EQ(*expire(), 2U) << "the hold and the booking";
        }
        ASSERT_TRUE(settle(sale.payment, false));
        EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::expired);
        EXPECT_EQ(stored(sale.booking).status(), PartStatus::expired);
        EXPECT_TRUE(allocations(ice).empty());
        EXPECT_EQ(pay(stored(sale.booking)).error().code, ErrorCode::hold_expired);
        EXPECT_TRUE(records_of(*store).ledger.empty());
    }
}

STORE_TEST(BookingsTest, LateMoneyTakesTheSameSeatsAgainWhileTheyAreFree) {
    for (const bool swept : {false, true}) {
        const Run train = a_run(swept ? "swept" : "not-swept");
        const auto sale = paying({{&train, {0, 1}, {0, 4}}});
        environment.set_now(sale.booking.expires_at + minutes{5});
        if (swept) {
            EXPECT_EQ(*expire(), 2U);
        }
        EXPECT_TRUE(allocations(train).empty());
        const auto settled = settle(sale.payment, true);
        ASSERT_TRUE(settled) << settled.error();
        EXPECT_FALSE(settled->refund_due);
        EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::sold);
        EXPECT_EQ(stored(sale.booking).status(), PartStatus::fulfilled);
        EXPECT_EQ(allocations(train).size(), 2U);
        EXPECT_FALSE(place({{&train, {1}, {3, 4}}}, "user:bert"));
    }
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(BookingsTest, LateMoneyNeverTakesAnothersSeatAndGoesBack) {
    for (const bool swept : {false, true}) {
        const Run train = a_run(swept ? "swept" : "not-swept");
        const auto sale = paying({{&train, {0, 1}, {0, 4}}});
        environment.set_now(sale.booking.expires_at);
        if (swept) {
            EXPECT_EQ(*expire(), 2U);
        }
        const auto other = place({{&train, {1}, {2, 3}}}, "user:bert");  // one cell is enough
        ASSERT_TRUE(other) << other.error();
        const auto settled = settle(sale.payment, true);
        ASSERT_TRUE(settled) << settled.error();
        EXPECT_EQ(settled->status, PaymentStatus::captured);
        EXPECT_TRUE(settled->refund_due);
        EXPECT_EQ(settled->check_at, environment.now());
        const auto booking = stored(sale.booking);
        EXPECT_EQ(booking.status(), PartStatus::expired);
        EXPECT_TRUE(booking.tickets.empty());
        EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->status, HoldStatus::expired);
        ASSERT_EQ(allocations(train).size(), 1U);
        EXPECT_EQ(allocations(train).front().hold, other->id);
        EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
        EXPECT_EQ(pay(booking).error().code, ErrorCode::hold_expired);

        environment.advance(minutes{1});
        const auto refunded =
            store->bookings().settle_refund(sale.payment.id, Maker::refund_postings(sale.payment), environment.now());
        ASSERT_TRUE(refunded) << refunded.error();
        EXPECT_EQ(refunded->status, PaymentStatus::refunded);
        EXPECT_FALSE(refunded->refund_due);
        EXPECT_EQ(stored(sale.booking).refunded, sale.payment.amount);
        const auto before = records_of(*store);
        EXPECT_EQ(
            *store->bookings().settle_refund(sale.payment.id, Maker::refund_postings(sale.payment), environment.now()),
            *refunded);
        EXPECT_EQ(records_of(*store), before) << "a second time changes nothing";
        EXPECT_EQ(broken_laws(before), std::vector<std::string>{});
        EXPECT_EQ(actions("booking:" + to_string(booking.id)).back(), "payment.refunded");
    }
}

STORE_TEST(BookingsTest, LateMoneyPassesALapsedHoldInTheWay) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    environment.set_now(sale.booking.expires_at);
    const auto other = place({{&ice, {0}, {0, 4}}}, "user:bert");
    ASSERT_TRUE(other) << other.error();
    environment.set_now(other->expires_at);  // not swept
    const auto settled = settle(sale.payment, true);
    ASSERT_TRUE(settled) << settled.error();
    EXPECT_FALSE(settled->refund_due);
    EXPECT_EQ(allocations(ice).front().hold, sale.hold.id);
    EXPECT_EQ(*expire(), 1U);
    EXPECT_EQ(allocations(ice).size(), 1U) << "sweeping the other hold leaves the sale alone";
}

STORE_TEST(BookingsTest, RefundOfAnUnknownPaymentIsNotFound) {
    EXPECT_EQ(store->bookings().settle_refund(PaymentId::make(environment), {}, environment.now()).error().code,
              ErrorCode::not_found);
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_EQ(*store->bookings().settle_refund(sale.payment.id, {}, environment.now()), sale.payment)
        << "where no refund is due, nothing happens";
}

STORE_TEST(BookingsTest, DuePaymentsAreLeasedToOneCaller) {
    const auto first = paying({{&ice, {0}, {0, 4}}});
    environment.advance(std::chrono::seconds{1});
    const auto second = paying({{&ice, {1}, {0, 4}}});
    const auto claim = [&](std::size_t limit) {
        return *store->bookings().claim_due_payments(environment.now(), minutes{1}, limit);
    };
    environment.set_now(first.payment.check_at - milliseconds{1});
    EXPECT_TRUE(claim(10).empty());
    environment.set_now(second.payment.check_at);
    const auto one = claim(1);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one.front().id, first.payment.id) << "the one that waits longest";
    EXPECT_EQ(one.front().check_at, environment.now() + minutes{1});
    EXPECT_EQ(*store->bookings().find_payment(first.payment.id), one.front());
    ASSERT_EQ(claim(10).size(), 1U);
    EXPECT_TRUE(claim(10).empty());
    environment.advance(minutes{1});
    EXPECT_EQ(claim(10).size(), 2U) << "a lease that was not used ends";
    ASSERT_TRUE(settle(first.payment, true));
    environment.advance(minutes{1});
    EXPECT_EQ(claim(10).size(), 1U) << "nothing is owed for what is settled";
}

STORE_TEST(BookingsTest, RefundThatIsDueIsClaimedToo) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    environment.set_now(sale.booking.expires_at);
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}, "user:bert"));
    ASSERT_TRUE(settle(sale.payment, true));
    const auto due = store->bookings().claim_due_payments(environment.now(), minutes{1}, 10);
    ASSERT_TRUE(due) << due.error();
    ASSERT_EQ(due->size(), 1U);
    EXPECT_TRUE(due->front().refund_due);
}

STORE_TEST(BookingsTest, ExpiryMarksUnpaidBookingsWithinItsLimit) {
    const auto booking = book(*place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(booking) << booking.error();
    environment.set_now(booking->expires_at - milliseconds{1});
    EXPECT_EQ(*expire(), 0U);
    environment.set_now(booking->expires_at);
    EXPECT_EQ(*expire(1), 1U);
    EXPECT_EQ(pay(*booking).error().code, ErrorCode::hold_expired) << "also between the two";
    EXPECT_EQ(*expire(1), 1U);
    EXPECT_EQ(*expire(1), 0U);
    EXPECT_EQ(stored(*booking).status(), PartStatus::expired);
    EXPECT_EQ(actions("booking:" + to_string(booking->id)),
              (std::vector<std::string>{"booking.created", "booking.expired"}));
}

STORE_TEST(BookingsTest, UnknownRecordsAreNotFound) {
    EXPECT_EQ(store->bookings().find_booking(BookingId::make(environment)).error().code, ErrorCode::not_found);
    EXPECT_EQ(store->bookings().find_booking_named("22222222").error().code, ErrorCode::not_found);
    EXPECT_EQ(store->bookings().find_payment(PaymentId::make(environment)).error().code, ErrorCode::not_found);
    EXPECT_EQ(store->bookings().find_ticket(TicketId::make(environment)).error().code, ErrorCode::not_found);
}

STORE_TEST(BookingsTest, ListIsNewestFirstByOwner) {
    std::vector<BookingId> made;
    for (std::uint32_t seat = 0; seat < 4; ++seat) {
        const std::string owner = seat == 2 ? "user:bert" : "user:anna";
        made.push_back(book(*place({{&ice, {seat}, {0, 4}}}, owner))->id);
    }
    const auto first = store->bookings().list_bookings("user:anna", {.cursor = {}, .limit = 2});
    ASSERT_TRUE(first) << first.error();
    ASSERT_EQ(first->items.size(), 2U);
    EXPECT_EQ(first->items[0].id, made[3]);
    EXPECT_EQ(first->items[1].id, made[1]);
    const auto second = store->bookings().list_bookings("user:anna", {.cursor = first->next_cursor, .limit = 2});
    ASSERT_TRUE(second) << second.error();
    ASSERT_EQ(second->items.size(), 1U);
    EXPECT_EQ(second->items[0].id, made[0]);
    EXPECT_TRUE(second->next_cursor.empty());
    EXPECT_EQ(store->bookings().list_bookings("", {})->items.size(), 4U);
    EXPECT_TRUE(store->bookings().list_bookings("user:nobody", {})->items.empty());
}

}  // namespace
}  // namespace railbook::test

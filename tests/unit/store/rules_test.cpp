#include "store/rules.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace railbook::store {
namespace {

using std::chrono::minutes;

class RulesTest : public ::testing::Test {
protected:
    RulesTest() {
        hold.id.bytes[0] = 1;
        hold.owner = "user:anna";
        hold.fence = 7;
        hold.created_at = now;
        hold.expires_at = now + minutes{15};
        hold.latest_end = now + minutes{30};
        HoldItem item;
        item.run.trip = {"db", "1"};
        item.span = {0, 2};
        item.seats = {{0, {"1", "10"}}};
        hold.items = {item, item};
        hold.items.edit().back().run.trip.trip = "2";

        booking.id.bytes[0] = 2;
        booking.hold = hold.id;
        booking.expires_at = now + minutes{10};
        booking.parts.resize(2);

        payment.id.bytes[0] = 3;
        payment.booking = booking.id;
        payment.amount = {3980, "EUR", 2};
    }
    HoldClaim claim() const { return {hold.id, hold.owner, hold.fence, false}; }
    ErrorCode extension(Timestamp at) const {
        const auto done = extend_hold(&hold, claim(), at + minutes{5}, "user:anna", at);
        return done ? ErrorCode{} : done.error().code;
    }
    /// The settlement of a payment whose hold is paying.
    Changes settled(bool captured, bool seats_are_ours, Timestamp at) {
        hold.status = HoldStatus::paying;
        Settlement settlement{
            .payment = payment.id, .captured = captured, .tickets = {}, .if_sold = {}, .if_seats_are_gone = {}};
        const Money minus{-payment.amount.amount, "EUR", 2};
        settlement.if_sold = {{"sale", {{"captured", payment.amount}, {"ticketed", minus}}}};
        settlement.if_seats_are_gone = {{"late", {{"captured", payment.amount}, {"suspense", minus}}}};
        Ticket ticket;
        ticket.booking = booking.id;
        settlement.tickets = {ticket};
        return settle_payment(payment, booking, hold, settlement, seats_are_ours, 0, at);
    }

    Timestamp now{minutes{1000}};
    Hold hold;
    Booking booking;
    Payment payment;
};

TEST_F(RulesTest, HoldKeepsItsSeatsUntilItsDeadlineAndNotAtIt) {
    EXPECT_TRUE(keeps_seats(hold, hold.expires_at - Duration{1}));
    EXPECT_FALSE(keeps_seats(hold, hold.expires_at));
    hold.status = HoldStatus::paying;
    EXPECT_FALSE(keeps_seats(hold, hold.expires_at));
    hold.status = HoldStatus::sold;
    EXPECT_TRUE(keeps_seats(hold, hold.expires_at));
    for (const auto ended : {HoldStatus::released, HoldStatus::expired}) {
        hold.status = ended;
        EXPECT_FALSE(keeps_seats(hold, now));
        EXPECT_FALSE(allocates(hold));
    }
}

TEST_F(RulesTest, WhatEndedTheHoldIsSaidBeforeWhatHasItNow) {
    EXPECT_EQ(extension(hold.expires_at - Duration{1}), ErrorCode{});
    EXPECT_EQ(extension(hold.expires_at), ErrorCode::hold_expired);
    hold.booking = booking.id;
    EXPECT_EQ(extension(now), ErrorCode::conflict);
    EXPECT_EQ(extension(hold.expires_at), ErrorCode::hold_expired);
    hold.status = HoldStatus::sold;
    EXPECT_EQ(extension(hold.expires_at), ErrorCode::conflict);
    hold.status = HoldStatus::released;
    EXPECT_EQ(extension(hold.expires_at), ErrorCode::hold_lost);
    hold.status = HoldStatus::expired;
    EXPECT_EQ(extension(now), ErrorCode::hold_expired) << "another's later clock may have ended it";
}

TEST_F(RulesTest, RefusalOfAForeignHoldEqualsThatOfAMissingOne) {
    auto foreign = claim();
    foreign.owner = "user:bert";
    const auto first = release_hold(&hold, foreign, "user:bert", now);
    const auto second = release_hold(nullptr, foreign, "user:bert", now);
    ASSERT_FALSE(first);
    ASSERT_FALSE(second);
    EXPECT_EQ(first.error().code, ErrorCode::not_found);
    EXPECT_EQ(first.error().detail, second.error().detail);
    EXPECT_EQ(first.error().hint, second.error().hint);
}

TEST_F(RulesTest, ReleasingAgainChangesNothing) {
    hold.status = HoldStatus::released;
    const auto again = release_hold(&hold, claim(), "user:anna", now);
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->hold);
    EXPECT_TRUE(audit_of(*again).empty());
}

TEST_F(RulesTest, HoldIsRecordedOnceForEachOfItsRuns) {
    const auto changes = release_hold(&hold, claim(), "operator:cli", now);
    ASSERT_TRUE(changes);
    const auto audit = audit_of(*changes);
    ASSERT_EQ(audit.size(), 2U);
    EXPECT_EQ(audit[0].subject, "run:" + to_string(hold.items[0].run));
    EXPECT_EQ(audit[1].subject, "run:" + to_string(hold.items[1].run));
    EXPECT_EQ(audit[0].actor, "operator:cli");
    EXPECT_EQ(audit[0].at, now);
}

TEST_F(RulesTest, PendingPaymentIsSaidBeforeThePassedDeadline) {
    auto open = payment;
    const auto wanted = [&] {
        auto next = payment;
        next.attempt = 2;
        return next;
    }();
    const auto late = begin_payment(&booking, &hold, {{open}}, wanted, "user:anna", booking.expires_at);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::in_progress);
    open.status = PaymentStatus::declined;
    const auto declined = begin_payment(&booking, &hold, {{open}}, wanted, "user:anna", booking.expires_at);
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error().code, ErrorCode::hold_expired);
    EXPECT_TRUE(begin_payment(&booking, &hold, {{open}}, wanted, "user:anna", booking.expires_at - Duration{1}));
}

TEST_F(RulesTest, SaleMovesEveryRecordAndNumbersItsPostings) {
    const auto changes = settled(true, true, now);
    EXPECT_EQ(changes.hold->status, HoldStatus::sold);
    EXPECT_EQ(changes.payment->status, PaymentStatus::captured);
    EXPECT_EQ(changes.booking->status(), PartStatus::fulfilled);
    EXPECT_EQ(changes.booking->tickets.size(), 1U);
    ASSERT_EQ(changes.ledger.size(), 2U);
    EXPECT_EQ(changes.ledger[0].seq, 1U);
    EXPECT_EQ(changes.ledger[1].seq, 2U);
    EXPECT_EQ(changes.ledger[0].transaction, "sale");
}

TEST_F(RulesTest, MoneyForSeatsThatAreGoneIsDueBackAtOnce) {
    const auto changes = settled(true, false, hold.expires_at);
    EXPECT_EQ(changes.hold->status, HoldStatus::expired);
    EXPECT_EQ(changes.booking->status(), PartStatus::expired);
    EXPECT_TRUE(changes.booking->tickets.empty());
    EXPECT_TRUE(changes.tickets.empty());
    EXPECT_TRUE(changes.payment->refund_due);
    EXPECT_EQ(changes.payment->check_at, hold.expires_at);
    EXPECT_EQ(changes.ledger.front().transaction, "late");
}

TEST_F(RulesTest, DeclinedInTimeGivesTheHoldBack) {
    const auto changes = settled(false, false, hold.expires_at - Duration{1});
    EXPECT_EQ(changes.hold->status, HoldStatus::held);
    EXPECT_EQ(changes.booking->status(), PartStatus::prebooked);
    EXPECT_TRUE(changes.ledger.empty());
}

TEST_F(RulesTest, DeclinedTooLateEndsBoth) {
    const auto changes = settled(false, false, hold.expires_at);
    EXPECT_EQ(changes.hold->status, HoldStatus::expired);
    EXPECT_EQ(changes.booking->status(), PartStatus::expired);
}

TEST_F(RulesTest, AnswerIsRepeatedForTheSameRequestUntilItsEnd) {
    Command command{.owner = "user:anna",
                    .operation = "hold.create",
                    .key = {"k"},
                    .fingerprint = "f",
                    .now = now,
                    .keep_answer = minutes{60}};
    const auto kept = keep_answer(command, hold, now);
    EXPECT_EQ(std::get<Hold>(**answer_again(&kept, command, now + minutes{60} - Duration{1})), hold);
    EXPECT_FALSE(*answer_again(&kept, command, now + minutes{60}));
    EXPECT_FALSE(*answer_again(nullptr, command, now));
    command.fingerprint = "other";
    EXPECT_EQ(answer_again(&kept, command, now).error().code, ErrorCode::key_reused);
    EXPECT_FALSE(*answer_again(&kept, command, now + minutes{60})) << "a forgotten key is a new one";
}

using RulesDeathTest = RulesTest;

TEST_F(RulesDeathTest, EdgesThatAreNotDrawnAreBrokenPromises) {
    hold.status = HoldStatus::sold;
    EXPECT_DEATH(expire_hold(hold, hold.expires_at), "broken promise");
    hold.status = HoldStatus::released;
    EXPECT_DEATH(expire_hold(hold, hold.expires_at), "broken promise");
    for (auto& part : booking.parts) part.status = PartStatus::fulfilled;
    EXPECT_DEATH(expire_booking(booking, booking.expires_at), "broken promise");
    EXPECT_DEATH(settle_refund(payment, booking, {}, 0, now), "broken promise");
}

TEST_F(RulesDeathTest, PostingsThatDoNotBalanceAreABrokenPromise) {
    payment.status = PaymentStatus::captured;
    payment.refund_due = true;
    const std::vector<LedgerTransaction> lopsided{
        {"refund", {{"suspense", {5, "EUR", 2}}, {"refunded", {-5, "CHF", 2}}}}};
    EXPECT_DEATH(settle_refund(payment, booking, lopsided, 0, now), "broken promise");
}

}  // namespace
}  // namespace railbook::store

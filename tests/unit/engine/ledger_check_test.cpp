#include "engine/ledger_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "booking/ledger.hpp"
#include "support/environment.hpp"

namespace railbook::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LedgerCheckTest : public testing::Test {
protected:
    static constexpr std::int64_t kPrice = 4690;

    static Money euros(std::int64_t amount) { return {amount, "EUR", 2}; }

    /// A booking with one part, and its payment.
    void add(PartStatus part, PaymentStatus status, bool refund_due = false, std::int64_t refunded = 0) {
        BookingPart sold;
        sold.price = euros(kPrice);
        sold.status = part;
        Booking booking;
        booking.id = id_;
        booking.refunded = euros(refunded);
        booking.parts = {sold};
        check_.on(booking);
        Payment payment;
        payment.booking = id_;
        payment.amount = euros(kPrice);
        payment.status = status;
        payment.refund_due = refund_due;
        check_.on(payment);
    }
    void post(const LedgerTransaction& transaction) {
        for (const auto& posting : transaction.postings)
            check_.on(LedgerEntry{++seq_, transaction.name, id_, Timestamp{}, posting});
    }
    std::vector<std::string> laws() const {
        std::vector<std::string> laws;
        for (const auto& violation : check_.report().violations) laws.push_back(violation.law);
        return laws;
    }

    test::TestEnvironment environment_;
    BookingId id_ = BookingId::make(environment_);
    LedgerCheck check_;
    std::uint64_t seq_ = 0;
};

TEST_F(LedgerCheckTest, ASaleIsCapturedAndTicketed) {
    add(PartStatus::fulfilled, PaymentStatus::captured);
    post(booking::capture_of(euros(kPrice)));
    post(booking::ticketing_of(euros(kPrice)));
    EXPECT_THAT(laws(), IsEmpty());
    EXPECT_THAT(check_.report().checked, ElementsAre(std::pair{std::string{"ledger entries"}, std::size_t{4}},
                                                     std::pair{std::string{"payments"}, std::size_t{1}}));
}

TEST_F(LedgerCheckTest, LateMoneyIsInSuspenseUntilItIsReturned) {
    add(PartStatus::expired, PaymentStatus::captured, true);
    post(booking::capture_of(euros(kPrice)));
    EXPECT_THAT(laws(), IsEmpty());
}

TEST_F(LedgerCheckTest, WhatWasReturnedIsRefunded) {
    add(PartStatus::expired, PaymentStatus::refunded, false, kPrice);
    post(booking::capture_of(euros(kPrice)));
    post(booking::refund_of(euros(kPrice)));
    EXPECT_THAT(laws(), IsEmpty());
}

TEST_F(LedgerCheckTest, NothingStaysInSuspense) {
    add(PartStatus::expired, PaymentStatus::captured);
    post(booking::capture_of(euros(kPrice)));
    EXPECT_THAT(laws(), ElementsAre("suspense is zero at rest"));
}

TEST_F(LedgerCheckTest, MoneyThatIsNotInTheLedgerIsMissed) {
    add(PartStatus::fulfilled, PaymentStatus::captured);
    EXPECT_THAT(laws(), ElementsAre("the ledger holds every payment", "the ledger holds every payment"));
}

TEST_F(LedgerCheckTest, MoneyThatNobodyPaidIsFound) {
    add(PartStatus::prebooked, PaymentStatus::declined);
    post(booking::capture_of(euros(kPrice)));
    post(booking::ticketing_of(euros(kPrice)));
    EXPECT_THAT(laws(), ElementsAre("the ledger holds every payment", "the ledger holds every payment"));
}

TEST_F(LedgerCheckTest, ATransactionHasTwoSides) {
    add(PartStatus::prebooked, PaymentStatus::declined);
    post({"gift", {{"fees", euros(1)}}});
    EXPECT_THAT(laws(), ElementsAre("a transaction sums to zero"));
}

TEST_F(LedgerCheckTest, EntriesAreNumberedWithoutAGap) {
    add(PartStatus::fulfilled, PaymentStatus::captured);
    post(booking::capture_of(euros(kPrice)));
    ++seq_;
    post(booking::ticketing_of(euros(kPrice)));
    EXPECT_THAT(laws(), ElementsAre("the ledger has no gap"));
}

TEST_F(LedgerCheckTest, AccountsAreThoseOfTheDesign) {
    add(PartStatus::prebooked, PaymentStatus::declined);
    post({"gift", {{"pocket", euros(1)}, {"fees", euros(-1)}}});
    EXPECT_THAT(laws(), ElementsAre("the ledger has its accounts only"));
}

TEST_F(LedgerCheckTest, AnEntryWithoutItsBookingIsFound) {
    post(booking::capture_of(euros(kPrice)));
    EXPECT_THAT(laws(), ElementsAre("the ledger is of bookings"));
}

}  // namespace
}  // namespace railbook::engine

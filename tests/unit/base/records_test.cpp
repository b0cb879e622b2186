#include <gtest/gtest.h>

#include <railbook/stores.hpp>

namespace railbook {
namespace {

Consist two_coaches() {
    return {"small",
            {{"1", "open-first", "first", {{"11"}, {"12"}}}, {"2", "open-second", "second", {{"11"}, {"21"}, {"22"}}}}};
}

TEST(ConsistTest, NumbersSeatsThroughOverAllCoaches) {
    const auto consist = two_coaches();
    EXPECT_EQ(consist.seat_count(), 5U);
    for (std::uint32_t index = 0; index < consist.seat_count(); ++index)
        EXPECT_EQ(consist.index_of(consist.seat_at(index)), index);
    EXPECT_EQ(consist.seat_at(2), (SeatId{"2", "11"}));
    EXPECT_EQ(consist.coach_of(1).number, "1");
    EXPECT_EQ(consist.coach_of(2).number, "2");
}

TEST(ConsistTest, KnowsNoOtherSeats) {
    const auto consist = two_coaches();
    EXPECT_EQ(consist.index_of({"1", "21"}), std::nullopt);
    EXPECT_EQ(consist.index_of({"3", "11"}), std::nullopt);
    EXPECT_EQ(Consist{}.seat_count(), 0U);
    EXPECT_DEATH(static_cast<void>(consist.seat_at(5)), "beyond the train");
}

TEST(SpanTest, NeighboursDoNotOverlap) {
    EXPECT_TRUE((Span{0, 2}.overlaps({1, 3})));
    EXPECT_TRUE((Span{0, 3}.overlaps({1, 2})));
    EXPECT_FALSE((Span{0, 2}.overlaps({2, 3})));
    EXPECT_FALSE((Span{2, 3}.overlaps({0, 2})));
}

TEST(BookingStatusTest, IsThatOfTheLeastAdvancedLivePart) {
    Booking booking;
    const auto with = [&](std::initializer_list<PartStatus> parts) {
        booking.parts.clear();
        for (const auto status : parts) booking.parts.emplace_back().status = status;
        return booking.status();
    };
    EXPECT_EQ(with({PartStatus::fulfilled, PartStatus::prebooked}), PartStatus::prebooked);
    EXPECT_EQ(with({PartStatus::fulfilled, PartStatus::confirmed}), PartStatus::confirmed);
    EXPECT_EQ(with({PartStatus::refunded, PartStatus::fulfilled}), PartStatus::fulfilled);
    EXPECT_EQ(with({PartStatus::refunded, PartStatus::exchanged}), PartStatus::exchanged);
    EXPECT_EQ(with({}), PartStatus::cancelled);
}

TEST(StatusNamesTest, AreThoseOfTheContract) {
    EXPECT_EQ(to_string(PartStatus::prebooked), "PREBOOKED");
    EXPECT_EQ(to_string(PartStatus::expired), "EXPIRED");
    EXPECT_EQ(to_string(HoldStatus::paying), "paying");
    EXPECT_EQ(to_string(PaymentStatus::part_refunded), "part_refunded");
    EXPECT_EQ(to_string(TicketStatus::revoked), "revoked");
    EXPECT_EQ(to_string(DocumentKind::tariff), "tariff");
}

}  // namespace
}  // namespace railbook

#include "inventory/choose.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::inventory {
namespace {

Consist train(std::vector<std::pair<std::string, int>> coaches) {
    Consist consist{.name = "test", .coaches = {}};
    for (std::size_t c = 0; c < coaches.size(); ++c) {
        Coach coach{std::to_string(c + 1), "plain", coaches[c].first, {}};
        for (int s = 0; s < coaches[c].second; ++s) coach.places.push_back({.number = std::to_string(s + 1)});
        consist.coaches.push_back(std::move(coach));
    }
    return consist;
}

struct Taken {
    std::uint32_t seat;
    Span span;
};
Taken taken(std::uint32_t seat, std::uint16_t from, std::uint16_t to) { return {seat, {from, to}}; }

std::vector<Slack> slack_of(std::uint32_t seats, std::uint32_t segments, Span span, const std::vector<Taken>& all) {
    SeatMasks masks{.seats = seats, .segments = segments};
    for (const auto& one : all) masks.set(one.seat, one.span);
    return slack_of_seats(masks, span);
}

using Seats = std::vector<std::uint32_t>;

TEST(ChooseSeats, FillsTheSmallestGapThatFits) {
    const Consist consist = train({{"second", 3}});
    // Seat 0 is free throughout, seat 1 only from 1 to 3, seat 2 not at all on the span.
    const auto slack = slack_of(3, 4, {1, 3}, {taken(1, 0, 1), taken(1, 3, 4), taken(2, 2, 3)});
    EXPECT_EQ(slack, (std::vector<Slack>{2, 0, std::nullopt}));
    EXPECT_EQ(choose_seats(consist, "second", 1, slack), (Seats{1}));
}

TEST(ChooseSeats, SeatsThatOnlyTouchTheSpanAreFree) {
    const auto slack = slack_of(1, 4, {1, 3}, {taken(0, 0, 1), taken(0, 3, 4)});
    EXPECT_EQ(slack.front(), 0U);
}

TEST(ChooseSeats, KeepsAPartySideBySide) {
    const Consist consist = train({{"second", 4}, {"second", 4}});
    const auto slack = slack_of(8, 1, {0, 1}, {taken(1, 0, 1), taken(4, 0, 1)});
    EXPECT_EQ(choose_seats(consist, "second", 3, slack), (Seats{5, 6, 7}));
}

TEST(ChooseSeats, NeighboursNeverCrossACoachBorder) {
    const Consist consist = train({{"second", 2}, {"second", 3}});
    const auto slack = slack_of(5, 1, {0, 1}, {taken(0, 0, 1)});
    EXPECT_EQ(choose_seats(consist, "second", 2, slack), (Seats{2, 3}));
}

TEST(ChooseSeats, PrefersOneCoachWhereNobodyCanSitSideBySide) {
    const Consist consist = train({{"second", 3}, {"second", 5}});
    const auto slack = slack_of(8, 1, {0, 1}, {taken(1, 0, 1), taken(4, 0, 1), taken(6, 0, 1)});
    EXPECT_EQ(choose_seats(consist, "second", 3, slack), (Seats{3, 5, 7}));
}

TEST(ChooseSeats, SpreadsOverCoachesRatherThanRefuse) {
    const Consist consist = train({{"second", 1}, {"first", 2}, {"second", 1}});
    const auto slack = slack_of(4, 1, {0, 1}, {});
    EXPECT_EQ(choose_seats(consist, "second", 2, slack), (Seats{0, 3}));
    EXPECT_EQ(choose_seats(consist, "second", 3, slack), std::nullopt);
}

RC_GTEST_PROP(ChooseSeats, ChosenSeatsAreFreeDistinctAndOfTheClass, ()) {
    const Consist consist = train({{"first", 3}, {"second", 5}, {"second", 4}});
    std::vector<Taken> allocations;
    const int count = *rc::gen::inRange(0, 30);
    for (int i = 0; i < count; ++i) {
        const auto seat = *rc::gen::inRange<std::uint32_t>(0, 12);
        const auto from = *rc::gen::inRange<std::uint16_t>(0, 6);
        const auto to = static_cast<std::uint16_t>(*rc::gen::inRange<std::uint16_t>(from, 6) + 1);
        allocations.push_back(taken(seat, from, to));
    }
    const auto from = *rc::gen::inRange<std::uint16_t>(0, 6);
    const auto to = static_cast<std::uint16_t>(*rc::gen::inRange<std::uint16_t>(from, 6) + 1);
    const Span span{from, to};
    const int wanted = *rc::gen::inRange(1, 10);
    std::size_t free = 0;
    std::set<std::uint32_t> free_seats;
    for (std::uint32_t seat = 3; seat < 12; ++seat) {
        const bool busy = std::ranges::any_of(
            allocations, [&](const Taken& a) { return a.seat == seat && a.span.overlaps(span); });
        if (!busy) free_seats.insert(seat);
    }
    free = free_seats.size();
    const auto chosen = choose_seats(consist, "second", wanted, slack_of(12, 6, span, allocations));
    RC_ASSERT(chosen.has_value() == (free >= static_cast<std::size_t>(wanted)));
    if (!chosen) return;
    const std::set<std::uint32_t> distinct{chosen->begin(), chosen->end()};
    RC_ASSERT(distinct.size() == static_cast<std::size_t>(wanted));
    RC_ASSERT(std::ranges::includes(free_seats, distinct));
}

}  // namespace
}  // namespace railbook::inventory

#include "store/allocations.hpp"

#include <algorithm>
#include <iterator>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace railbook::store {
namespace {

using std::chrono::minutes;

/// Nine segments, ten seats.
Run train(const RunId& id) {
    auto consist = std::make_shared<Consist>();
    consist->coaches.push_back({.number = "1", .layout = "plain", .travel_class = "second", .places = {}});
    consist->coaches.front().places.resize(10);
    Run run{.id = id, .train = {}, .agency = {}, .headsign = {}, .calls = {}, .consist = consist};
    run.calls.edit().resize(10);
    return run;
}

class RunAllocationsTest : public ::testing::Test {
protected:
    Hold hold(std::uint8_t id, std::vector<std::uint32_t> seats, Span span) const {
        Hold made;
        made.id.bytes[0] = id;
        made.expires_at = now + minutes{15};
        HoldItem item;
        item.run = run;
        item.span = span;
        for (const auto seat : seats) item.seats.push_back({seat, {}});
        made.items.push_back(item);
        return made;
    }
    bool is_free(std::uint32_t seat, Span span) const { return allocations.is_free(seat, span, now, HoldId{}); }

    const RunId run{.date = {}, .trip = {"db", "1"}};
    Timestamp now{minutes{1000}};
    RunAllocations allocations{train(run)};
};

TEST_F(RunAllocationsTest, SpansThatMeetDoNotOverlap) {
    allocations.follow(hold(1, {3}, {1, 3}), run, now);
    EXPECT_TRUE(is_free(3, {0, 1}));
    EXPECT_FALSE(is_free(3, {0, 2}));
    EXPECT_FALSE(is_free(3, {1, 2}));
    EXPECT_FALSE(is_free(3, {2, 3}));
    EXPECT_FALSE(is_free(3, {0, 9}));
    EXPECT_TRUE(is_free(3, {3, 4}));
    EXPECT_TRUE(is_free(4, {1, 3}));
}

TEST_F(RunAllocationsTest, OwnAllocationIsNotInTheWay) {
    const auto mine = hold(1, {3}, {1, 3});
    allocations.follow(mine, run, now);
    EXPECT_TRUE(allocations.is_free(3, {0, 4}, now, mine.id));
}

TEST_F(RunAllocationsTest, LapsedAllocationGivesWayAtItsDeadline) {
    const auto first = hold(1, {3}, {0, 4});
    allocations.follow(first, run, now);
    now = first.expires_at - Duration{1};
    EXPECT_FALSE(is_free(3, {0, 4}));
    EXPECT_EQ(allocations.live(now).size(), 1U);
    now = first.expires_at;
    EXPECT_TRUE(is_free(3, {0, 4}));
    EXPECT_TRUE(allocations.live(now).empty());
    allocations.follow(hold(2, {3}, {2, 3}), run, now);
    ASSERT_EQ(allocations.live(now).size(), 1U);
    EXPECT_EQ(allocations.live(now).front().span, (Span{2, 3}));
}

TEST_F(RunAllocationsTest, FollowsTheHoldThroughItsLife) {
    auto mine = hold(1, {3, 4}, {0, 4});
    allocations.follow(mine, run, now);
    mine.expires_at += minutes{5};
    mine.status = HoldStatus::paying;
    allocations.follow(mine, run, now);
    auto answer = allocations.live(now);
    ASSERT_EQ(answer.size(), 2U);
    EXPECT_EQ(answer.front().until, mine.expires_at);
    EXPECT_EQ(answer.front().state, SeatState::held);
    mine.status = HoldStatus::sold;
    allocations.follow(mine, run, now);
    EXPECT_EQ(allocations.live(Timestamp::max() - Duration{1}).size(), 2U);
    EXPECT_EQ(allocations.version(), 3U);

    auto other = hold(2, {5}, {0, 1});
    allocations.follow(other, run, now);
    other.status = HoldStatus::released;
    allocations.follow(other, run, now);
    EXPECT_EQ(allocations.live(now).size(), 2U);
    EXPECT_EQ(allocations.version(), 5U);
}

TEST_F(RunAllocationsTest, StoredOnesAreAnsweredBySeatAndSpan) {
    const Allocation late{.seat = 1, .span = {2, 3}, .hold = {}, .until = Timestamp::max()};
    const Allocation early{.seat = 1, .span = {0, 2}, .hold = {}, .until = Timestamp::max()};
    const Allocation first{.seat = 0, .span = {5, 6}, .hold = {}, .until = Timestamp::max()};
    const RunAllocations stored{train(run), 7, {late, early, first}};
    EXPECT_EQ(stored.version(), 7U);
    EXPECT_EQ(stored.live(now), (std::vector<Allocation>{first, early, late}));
}

TEST_F(RunAllocationsTest, OtherRunsOfTheHoldAreNotItsConcern) {
    auto mine = hold(1, {3}, {0, 4});
    mine.items.push_back(mine.items.front());
    mine.items.edit().back().run.trip.trip = "2";
    mine.items.edit().back().seats = {{9, {}}};
    allocations.follow(mine, run, now);
    EXPECT_EQ(allocations.live(now).size(), 1U);
    EXPECT_TRUE(is_free(9, {0, 4}));
}

TEST(RunAllocationsDeathTest, TwoLiveHoldsOnACellAreABrokenPromise) {
    const RunId run{.date = {}, .trip = {"db", "1"}};
    Hold first;
    first.id.bytes[0] = 1;
    first.expires_at = Timestamp{minutes{15}};
    HoldItem item;
    item.run = run;
    item.span = {0, 2};
    item.seats = {{3, {}}};
    first.items = {item};
    Hold second = first;
    second.id.bytes[0] = 2;
    RunAllocations allocations{train(run)};
    allocations.follow(first, run, Timestamp{});
    EXPECT_DEATH(allocations.follow(second, run, Timestamp{}), "broken promise");
}

// --- Blocks --------------------------------------------------------------------------------------------------------

TEST_F(RunAllocationsTest, ABlockKeepsASeatFromEveryone) {
    allocations.block({run, {2, 5}, {{3, {}}}}, now);
    EXPECT_FALSE(is_free(3, {4, 6}));
    EXPECT_TRUE(is_free(3, {5, 9}));
    const auto masks = allocations.at(now);
    EXPECT_EQ(masks.state(3, {0, 3}), SeatState::blocked);
    EXPECT_EQ(masks.state(3, {0, 2}), SeatState::free);
    EXPECT_FALSE(masks.held.any(3, {0, 9}));
}

TEST_F(RunAllocationsTest, UnblockingTheMiddleLeavesTheEndsBlocked) {
    allocations.block({run, {1, 8}, {{3, {}}}}, now);
    allocations.unblock({run, {3, 5}, {{3, {}}}});
    EXPECT_TRUE(is_free(3, {3, 5}));
    EXPECT_FALSE(is_free(3, {2, 3}));
    EXPECT_FALSE(is_free(3, {5, 6}));
    EXPECT_EQ(allocations.live(now).size(), 2U);
    allocations.unblock({run, {0, 9}, {{3, {}}, {4, {}}}});
    EXPECT_TRUE(allocations.live(now).empty());
}

TEST_F(RunAllocationsTest, UnblockingLeavesHoldsAlone) {
    allocations.follow(hold(1, {3}, {0, 4}), run, now);
    allocations.unblock({run, {0, 9}, {{3, {}}}});
    EXPECT_FALSE(is_free(3, {0, 4}));
}

// --- The change feed -----------------------------------------------------------------------------------------------

TEST_F(RunAllocationsTest, TellsEveryChangeOfASeatOnceAndInOrder) {
    auto mine = hold(1, {3}, {0, 4});
    allocations.follow(mine, run, now);
    mine.expires_at += minutes{5};
    allocations.follow(mine, run, now);  // the seat stays what it is
    mine.status = HoldStatus::sold;
    allocations.follow(mine, run, now);
    allocations.block({run, {4, 6}, {{3, {}}}}, now);
    const auto all = allocations.changes_after(0);
    EXPECT_FALSE(all.resync);
    EXPECT_EQ(all.version, 4U);
    EXPECT_EQ(all.changes, (std::vector<SeatChange>{{1, 3, {0, 4}, SeatState::held},
                                                    {3, 3, {0, 4}, SeatState::sold},
                                                    {4, 3, {4, 6}, SeatState::blocked}}));
    EXPECT_EQ(allocations.changes_after(3).changes.size(), 1U);
    EXPECT_TRUE(allocations.changes_after(4).changes.empty());
    EXPECT_FALSE(allocations.changes_after(4).resync);
    EXPECT_TRUE(allocations.changes_after(5).resync) << "a version that is not known yet";
}

TEST_F(RunAllocationsTest, TellsThatALapsedHoldGaveWay) {
    const auto first = hold(1, {3}, {0, 4});
    allocations.follow(first, run, now);
    now = first.expires_at;
    allocations.follow(hold(2, {3}, {1, 2}), run, now);
    EXPECT_EQ(allocations.changes_after(1).changes, (std::vector<SeatChange>{{2, 3, {0, 4}, SeatState::free},
                                                                            {2, 3, {1, 2}, SeatState::held}}));
}

TEST_F(RunAllocationsTest, WhatIsNoLongerKnownIsAResync) {
    for (int i = 0; i < 600; ++i) {
        auto mine = hold(1, {3}, {0, 4});
        allocations.follow(mine, run, now);
        mine.status = HoldStatus::released;
        allocations.follow(mine, run, now);
    }
    EXPECT_TRUE(allocations.changes_after(0).resync);
    EXPECT_TRUE(allocations.changes_after(100).resync);
    const std::uint64_t oldest = 1200 - RecentChanges::kKept + 1;
    EXPECT_TRUE(allocations.changes_after(oldest - 1).resync) << "a part of the oldest version may be forgotten";
    EXPECT_FALSE(allocations.changes_after(oldest).resync);
    const auto all = allocations.changes_after(oldest).changes;
    ASSERT_EQ(all.size(), RecentChanges::kKept - 1);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].version, oldest + 1 + i);
    const auto known = allocations.changes_after(1100);
    EXPECT_FALSE(known.resync);
    EXPECT_EQ(known.changes.size(), 100U);
    const RunAllocations reopened{train(run), 1200, {}};
    EXPECT_TRUE(reopened.changes_after(1199).resync);
    EXPECT_FALSE(reopened.changes_after(1200).resync);
}

// --- Against a plain list ------------------------------------------------------------------------------------------

/// A list of allocations, looked through from one end to the other for everything.
struct PlainAllocations {
    std::vector<Allocation> all;

    bool is_free(std::uint32_t seat, Span span, Timestamp now) const {
        return std::ranges::none_of(all, [&](const Allocation& one) {
            return one.seat == seat && one.span.overlaps(span) && one.until > now;
        });
    }
    std::vector<Allocation> live(Timestamp now) const {
        std::vector<Allocation> found;
        std::ranges::copy_if(all, std::back_inserter(found), [&](const Allocation& one) { return one.until > now; });
        std::ranges::sort(found, {}, [](const Allocation& one) { return std::pair{one.seat, one.span}; });
        return found;
    }
    SeatState state(std::uint32_t seat, std::uint16_t segment, Timestamp now) const {
        const auto found = std::ranges::find_if(all, [&](const Allocation& one) {
            return one.seat == seat && one.span.from <= segment && segment < one.span.to && one.until > now;
        });
        return found == all.end() ? SeatState::free : found->state;
    }
};

RC_GTEST_FIXTURE_PROP(RunAllocationsTest, AreWhatAPlainListSays, ()) {
    constexpr std::uint32_t kSeats = 40;      // in several lists
    constexpr std::uint16_t kSegments = 40;  // in two planes
    auto wide = train(run);
    wide.calls = std::vector<Call>(kSegments + 1);
    auto coaches = std::make_shared<Consist>();
    coaches->coaches.push_back({.number = "1", .layout = {}, .travel_class = {}, .places = std::vector<Place>(kSeats)});
    wide.consist = coaches;
    RunAllocations real{wide};
    PlainAllocations plain;
    std::vector<Hold> holds;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int step = 1; step <= steps; ++step) {
        now += Duration{*rc::gen::inRange(0, 3) * 100'000};
        const auto seat = *rc::gen::inRange<std::uint32_t>(0, kSeats);
        const auto from = *rc::gen::inRange<std::uint16_t>(0, kSegments);
        const Span span{from, *rc::gen::inRange<std::uint16_t>(from + 1, kSegments + 1)};
        const auto kind = *rc::gen::inRange(0, 5);
        if (kind <= 1 && plain.is_free(seat, span, now)) {
            Hold made = hold(static_cast<std::uint8_t>(step), {seat}, span);
            real.follow(made, run, now);
            plain.all.push_back({seat, span, SeatState::held, made.id, made.expires_at});
            holds.push_back(made);
        } else if (kind == 2 && !holds.empty()) {
            auto& changed = holds[*rc::gen::inRange<std::size_t>(0, holds.size())];
            if (changed.status != HoldStatus::held || changed.expires_at <= now) continue;
            changed.status = *rc::gen::element(HoldStatus::released, HoldStatus::sold, HoldStatus::held);
            if (changed.status == HoldStatus::held) changed.expires_at += minutes{1};
            real.follow(changed, run, now);
            const auto found = std::ranges::find(plain.all, changed.id, &Allocation::hold);
            found->until = changed.status == HoldStatus::sold ? Timestamp::max() : changed.expires_at;
            if (changed.status == HoldStatus::sold) found->state = SeatState::sold;
            if (changed.status == HoldStatus::released) plain.all.erase(found);
        } else if (kind == 3 && plain.is_free(seat, span, now)) {
            real.block({run, span, {{seat, {}}}}, now);
            plain.all.push_back({.seat = seat, .span = span, .state = SeatState::blocked, .hold = {}});
        } else if (kind == 4) {
            real.unblock({run, span, {{seat, {}}}});
            std::vector<Allocation> rest;
            for (const auto& one : plain.all) {
                if (one.state != SeatState::blocked || one.seat != seat || !one.span.overlaps(span)) {
                    rest.push_back(one);
                    continue;
                }
                for (const auto left : rest_of(one.span, span)) {
                    rest.push_back(one);
                    rest.back().span = left;
                }
            }
            plain.all = rest;
        }
    }
    RC_ASSERT(real.live(now) == plain.live(now));
    const auto masks = real.at(now);
    for (std::uint32_t seat = 0; seat < kSeats; ++seat) {
        for (std::uint16_t segment = 0; segment < kSegments; ++segment) {
            const Span one{segment, static_cast<std::uint16_t>(segment + 1)};
            RC_ASSERT(masks.state(seat, one) == plain.state(seat, segment, now));
            RC_ASSERT(real.is_free(seat, one, now, HoldId{}) == plain.is_free(seat, one, now));
        }
    }
}

}  // namespace
}  // namespace railbook::store

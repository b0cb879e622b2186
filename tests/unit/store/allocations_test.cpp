#include "store/allocations.hpp"

#include <gtest/gtest.h>

namespace railbook::store {
namespace {

using std::chrono::minutes;

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
    RunAllocations allocations;
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
    EXPECT_EQ(allocations.at(now).allocations.size(), 1U);
    now = first.expires_at;
    EXPECT_TRUE(is_free(3, {0, 4}));
    EXPECT_TRUE(allocations.at(now).allocations.empty());
    allocations.follow(hold(2, {3}, {2, 3}), run, now);
    ASSERT_EQ(allocations.at(now).allocations.size(), 1U);
    EXPECT_EQ(allocations.at(now).allocations.front().span, (Span{2, 3}));
}

TEST_F(RunAllocationsTest, FollowsTheHoldThroughItsLife) {
    auto mine = hold(1, {3, 4}, {0, 4});
    allocations.follow(mine, run, now);
    mine.expires_at += minutes{5};
    mine.status = HoldStatus::paying;
    allocations.follow(mine, run, now);
    auto answer = allocations.at(now);
    ASSERT_EQ(answer.allocations.size(), 2U);
    EXPECT_EQ(answer.allocations.front().until, mine.expires_at);
    EXPECT_EQ(answer.allocations.front().status, HoldStatus::paying);
    mine.status = HoldStatus::sold;
    allocations.follow(mine, run, now);
    EXPECT_EQ(allocations.at(Timestamp::max() - Duration{1}).allocations.size(), 2U);
    EXPECT_EQ(allocations.at(now).version, 3U);

    auto other = hold(2, {5}, {0, 1});
    allocations.follow(other, run, now);
    other.status = HoldStatus::released;
    allocations.follow(other, run, now);
    answer = allocations.at(now);
    EXPECT_EQ(answer.allocations.size(), 2U);
    EXPECT_EQ(answer.version, 5U);
}

TEST_F(RunAllocationsTest, StoredOnesAreAnsweredBySeatAndSpan) {
    const Allocation late{.seat = 1, .span = {2, 3}, .hold = {}, .until = Timestamp::max()};
    const Allocation early{.seat = 1, .span = {0, 2}, .hold = {}, .until = Timestamp::max()};
    const Allocation first{.seat = 0, .span = {5, 6}, .hold = {}, .until = Timestamp::max()};
    const RunAllocations stored{7, {late, early, first}};
    EXPECT_EQ(stored.at(now).version, 7U);
    EXPECT_EQ(stored.at(now).allocations, (std::vector<Allocation>{first, early, late}));
}

TEST_F(RunAllocationsTest, OtherRunsOfTheHoldAreNotItsConcern) {
    auto mine = hold(1, {3}, {0, 4});
    mine.items.push_back(mine.items.front());
    mine.items.back().run.trip.trip = "2";
    mine.items.back().seats = {{9, {}}};
    allocations.follow(mine, run, now);
    EXPECT_EQ(allocations.at(now).allocations.size(), 1U);
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
    RunAllocations allocations;
    allocations.follow(first, run, Timestamp{});
    EXPECT_DEATH(allocations.follow(second, run, Timestamp{}), "broken promise");
}

}  // namespace
}  // namespace railbook::store

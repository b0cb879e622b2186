/// What every store promises of blocked seats and of the numbered changes of a run.

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

class BlocksTest : public StoreTest {
public:
    using StoreTest::StoreTest;

protected:
    Result<SeatBlock> block(std::vector<std::uint32_t> seats, Span span) {
        return store->inventory().block_seats(make.command("seats.block", "operator:cli"), ice, blocked(seats, span));
    }
    Result<SeatBlock> unblock(std::vector<std::uint32_t> seats, Span span) {
        return store->inventory().unblock_seats(make.command("seats.unblock", "operator:cli"), ice,
                                                blocked(seats, span));
    }
    SeatBlock blocked(const std::vector<std::uint32_t>& seats, Span span) const {
        SeatBlock made{.run = ice.id, .span = span, .seats = {}};
        for (const auto seat : seats) made.seats.push_back({seat, ice.consist->seat_at(seat)});
        return made;
    }
    std::vector<SeatChange> changes_after(std::uint64_t version) {
        const auto answer = store->inventory().changes_after(ice.id, version);
        EXPECT_TRUE(answer) << answer.error();
        EXPECT_FALSE(answer->resync);
        return answer->changes;
    }
};

STORE_TEST(BlocksTest, ABlockedSeatIsSoldToNobodyOnItsSpan) {
    const auto done = block({0, 1}, {1, 3});
    ASSERT_TRUE(done) << done.error();
    EXPECT_EQ(*done, blocked({0, 1}, {1, 3}));
    const auto refused = place({{&ice, {0}, {2, 4}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
    EXPECT_TRUE(place({{&ice, {0}, {0, 1}}}));
    EXPECT_TRUE(place({{&ice, {0}, {3, 4}}}));
    EXPECT_EQ(allocations(ice).size(), 4U);
    const auto pinned = store->inventory().find_pinned(ice.id);
    ASSERT_TRUE(pinned) << pinned.error();
    EXPECT_TRUE(*pinned) << "a block fixes the coaches it names";
    EXPECT_EQ(actions("run:" + to_string(ice.id)).front(), "seats.blocked");
}

STORE_TEST(BlocksTest, WhatIsHeldSoldOrBlockedIsNotBlockedAndNothingHappens) {
    ASSERT_TRUE(place({{&ice, {1}, {0, 2}}}));
    ASSERT_TRUE(block({2}, {0, 2}));
    const auto before = records_of(*store);
    for (const std::uint32_t taken : {1U, 2U}) {
        const auto refused = block({0, taken}, {1, 4});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
        EXPECT_NE(refused.error().detail.find(to_string(ice.consist->seat_at(taken))), std::string::npos);
    }
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(BlocksTest, ALapsedHoldGivesWayToABlock) {
    const auto hold = place({{&ice, {1}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    environment.set_now(hold->expires_at);
    EXPECT_TRUE(block({1}, {0, 4}));
    EXPECT_EQ(*expire(), 1U);
    ASSERT_EQ(allocations(ice).size(), 1U);
    EXPECT_EQ(allocations(ice).front().state, SeatState::blocked);
}

STORE_TEST(BlocksTest, UnblockingAPartLeavesTheRestBlocked) {
    ASSERT_TRUE(block({0}, {0, 4}));
    ASSERT_TRUE(unblock({0, 3}, {1, 2}));
    EXPECT_TRUE(place({{&ice, {0}, {1, 2}}}));
    EXPECT_FALSE(place({{&ice, {0}, {0, 1}}}));
    EXPECT_FALSE(place({{&ice, {0}, {3, 4}}}));
    EXPECT_EQ(allocations(ice).size(), 3U);
}

STORE_TEST(BlocksTest, UnblockingLeavesHoldsAndSalesAlone) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(unblock({0}, {0, 4}));
    EXPECT_EQ(allocations(ice).size(), 1U);
    const auto unknown = a_run("unknown");
    EXPECT_TRUE(store->inventory().unblock_seats(make.command("seats.unblock"), unknown,
                                                 {.run = unknown.id, .span = {0, 1}, .seats = {{0, {}}}}));
}

STORE_TEST(BlocksTest, ARepeatedBlockIsAnsweredWithoutASecondEffect) {
    const auto command = make.command("seats.block", "operator:cli");
    ASSERT_TRUE(store->inventory().block_seats(command, ice, blocked({0}, {0, 4})));
    const auto before = records_of(*store);
    const auto again = store->inventory().block_seats(command, ice, blocked({0}, {0, 4}));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, blocked({0}, {0, 4}));
    EXPECT_EQ(records_of(*store), before);
    auto other = command;
    other.fingerprint = std::string(64, 'f');
    EXPECT_EQ(store->inventory().block_seats(other, ice, blocked({1}, {0, 4})).error().code, ErrorCode::key_reused);
}

STORE_TEST(BlocksTest, ChangesAreTold) {
    EXPECT_TRUE(changes_after(0).empty());
    const auto hold = place({{&ice, {2}, {0, 2}}});
    ASSERT_TRUE(hold) << hold.error();
    // The first reader has a run that it did not watch before told as a whole.
    const auto version = store->inventory().occupancy({ice.id}, environment.now())->front().version;
    ASSERT_TRUE(block({0}, {1, 3}));
    ASSERT_TRUE(release(Maker::claim(*hold)));
    ASSERT_TRUE(unblock({0}, {2, 4}));
    EXPECT_EQ(changes_after(version), (std::vector<SeatChange>{{version + 1, 0, {1, 3}, SeatState::blocked},
                                                               {version + 2, 2, {0, 2}, SeatState::free},
                                                               {version + 3, 0, {2, 3}, SeatState::free}}));
    EXPECT_TRUE(changes_after(version + 3).empty());
    EXPECT_TRUE(store->inventory().changes_after(ice.id, version + 4)->resync) << "from the future";
    EXPECT_TRUE(store->inventory().changes_after(a_run("unknown").id, 1)->resync);
}

STORE_TEST(BlocksTest, ASaleAndAnExpiryAreTold) {
    const auto sale = paying({{&ice, {0}, {0, 2}}});
    const auto lapsing = place({{&ice, {1}, {0, 2}}});
    ASSERT_TRUE(lapsing) << lapsing.error();
    const auto version = store->inventory().occupancy({ice.id}, environment.now())->front().version;
    ASSERT_TRUE(settle(sale.payment, true));
    environment.set_now(lapsing->expires_at);
    EXPECT_EQ(*expire(), 1U);
    EXPECT_EQ(changes_after(version), (std::vector<SeatChange>{{version + 1, 0, {0, 2}, SeatState::sold},
                                                               {version + 2, 1, {0, 2}, SeatState::free}}));
}

}  // namespace
}  // namespace railbook::test

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;

class BlocksOfARunTest : public testing::Test {
protected:
    BlockRequest request(std::vector<SeatId> seats, std::string from = "A", std::string to = "F") {
        return {world.key(), World::run(), std::move(from), std::move(to), std::move(seats)};
    }

    World world;
    Inventory& inventory = world.engine().inventory();
};

TEST_F(BlocksOfARunTest, ABlockedSeatIsNeitherFreeNorSold) {
    const auto blocked = inventory.block(world.staff, request({{"2", "11"}, {"2", "12"}}, "H", "G"));
    ASSERT_TRUE(blocked) << blocked.error().detail;
    EXPECT_EQ(blocked->span, (Span{1, 2}));
    EXPECT_EQ(inventory.availability({{World::run(), {0, 3}}})->front().free.at("second"), 2);
    EXPECT_EQ(inventory.availability({{World::run(), {0, 1}}})->front().free.at("second"), 4);
    const auto map = inventory.seats(World::run(), "A", "F");
    ASSERT_TRUE(map) << map.error().detail;
    EXPECT_EQ(map->coaches[1].seats[0].state, SeatState::blocked);
    EXPECT_EQ(map->coaches[1].seats[2].state, SeatState::free);
    EXPECT_EQ(inventory.hold(world.anna, world.seats("A", "F", {{"2", "11"}})).error().code, ErrorCode::seat_taken);
    EXPECT_EQ(inventory.hold(world.anna, world.best("A", "F", 3)).error().code, ErrorCode::sold_out);
    ASSERT_TRUE(inventory.unblock(world.staff, request({{"2", "11"}}, "A", "F")));
    EXPECT_TRUE(inventory.hold(world.anna, world.best("A", "F", 3)));
}

TEST_F(BlocksOfARunTest, OnlyAnOperatorBlocks) {
    EXPECT_EQ(inventory.block(world.anna, request({{"2", "11"}})).error().code, ErrorCode::forbidden);
    EXPECT_EQ(inventory.unblock(world.anna, request({{"2", "11"}})).error().code, ErrorCode::forbidden);
}

TEST_F(BlocksOfARunTest, WhatIsNotThereIsNamed) {
    EXPECT_THAT(inventory.block(world.staff, request({{"9", "1"}})).error().detail, testing::HasSubstr("9/1"));
    EXPECT_EQ(inventory.block(world.staff, request({})).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.block(world.staff, request({{"2", "11"}, {"2", "11"}})).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.block(world.staff, request({{"2", "11"}}, "F", "A")).error().code,
              ErrorCode::invalid_argument);
    auto keyless = request({{"2", "11"}});
    keyless.key = {};
    EXPECT_EQ(inventory.block(world.staff, keyless).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(inventory.unblock(world.staff, keyless)) << "which needs no key, for it may be repeated";
}

TEST_F(BlocksOfARunTest, AFollowerOfTheRunSeesWhatHappens) {
    const auto begin = inventory.changes_after(World::run(), 0);
    ASSERT_TRUE(begin) << begin.error().detail;
    EXPECT_EQ(begin->version, 0U);
    const auto hold = inventory.hold(world.anna, world.seats("A", "H", {{"2", "11"}}));
    ASSERT_TRUE(hold);
    ASSERT_TRUE(inventory.release(world.anna, hold->id, hold->fence));
    const auto changes = inventory.changes_after(World::run(), 0);
    ASSERT_TRUE(changes) << changes.error().detail;
    EXPECT_EQ(changes->changes, (std::vector<SeatChange>{{1, 2, {0, 1}, SeatState::held},
                                                         {2, 2, {0, 1}, SeatState::free}}));
    EXPECT_EQ(inventory.changes_after(World::run("none"), 0).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace railbook

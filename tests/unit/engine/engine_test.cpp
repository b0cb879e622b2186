#include <railbook/engine.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;

TEST(EngineTest, RefusesAStoreThatThereIsNot) {
    for (const char* url : {"", "sqlite:", "mysql:x", "railbook.db", "memory:x"}) {
        const auto opened = Engine::open(url);
        ASSERT_FALSE(opened) << url;
        EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument) << url;
        EXPECT_FALSE(opened.error().hint.empty());
    }
}

TEST(EngineTest, WhatWasBoughtIsThereAfterReopening) {
    test::TemporaryFolder folder;
    World world{"sqlite:" + folder.file("r.db")};
    const Booking booking = world.prebooked(world.anna);
    ASSERT_TRUE(world.engine().bookings().pay(world.anna, {world.key(), booking.id, "sandbox:success"}));
    const auto before = world.engine().bookings().find(world.anna, booking.id);
    ASSERT_TRUE(before);
    world.reopen();
    const auto after = world.engine().bookings().find(world.anna, booking.id);
    ASSERT_TRUE(after) << after.error().detail;
    EXPECT_EQ(*after, *before);
    EXPECT_EQ(after->status(), PartStatus::fulfilled);
    EXPECT_EQ(world.engine().inventory().availability({{World::run(), {0, 3}}})->front().free.at("second"), 3);
    EXPECT_TRUE(world.engine().verify()->ok());
}

TEST(EngineTest, AQuoteIsHonouredAfterReopening) {
    test::TemporaryFolder folder;
    World world{"sqlite:" + folder.file("r.db")};
    const Quote quote = world.quote("A", "F", 1);
    world.reopen();
    const auto checked = world.engine().pricing().check(quote.token, *world.engine().now());
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(*checked, quote);
}

TEST(EngineTest, JourneysCarryTheirFreeSeats) {
    World world;
    ASSERT_TRUE(world.engine().inventory().hold(world.anna, world.best("H", "G", 3)));
    JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}};
    query.depart = parse_when("2026-12-01", "Europe/Berlin")->time;
    const auto page = world.engine().find_journeys(query);
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_EQ(page->journeys.size(), 2U);
    EXPECT_EQ(page->journeys.front().legs.front().free, (std::map<std::string, int>{{"first", 2}, {"second", 1}}));
    EXPECT_EQ(page->journeys.back().legs.front().free, (std::map<std::string, int>{{"first", 2}, {"second", 4}}));
}

TEST(EngineTest, DueWorkIsBoundedAndEnds) {
    World world;
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(world.engine().inventory().hold(world.anna, world.best("A", "F", 1)));
    EXPECT_EQ(*world.engine().run_due(), 0U);
    world.environment.advance(std::chrono::hours{1});
    EXPECT_EQ(*world.engine().run_due(3), 3U);
    EXPECT_EQ(*world.engine().run_due(3), 1U);
    EXPECT_EQ(*world.engine().run_due(3), 0U);
    EXPECT_TRUE(world.engine().verify()->ok());
}

}  // namespace
}  // namespace railbook

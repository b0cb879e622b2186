#include <railbook/engine.hpp>

#include <fmt/format.h>
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

/// Journeys from one end of the small railway to the other, on its day of tests.
class EngineJourneysTest : public testing::Test {
protected:
    JourneyQuery query(std::string_view depart = "2026-12-01") const {
        JourneyQuery wanted{.from = {"t", "A"}, .to = {"t", "F"}};
        wanted.depart = parse_when(depart, "Europe/Berlin")->time;
        return wanted;
    }
    static TravelWishes adults(std::size_t count) {
        TravelWishes wishes;
        wishes.passengers.assign(count, QuotePassenger{.id = {}, .type = "adult"});
        return wishes;
    }
    std::vector<Journey> find(const JourneyQuery& wanted, const TravelWishes& wishes) {
        const auto page = world.engine().find_journeys(wanted, wishes);
        EXPECT_TRUE(page) << page.error().detail;
        return page ? page->journeys : std::vector<Journey>{};
    }
    std::vector<std::string> trains(const JourneyQuery& wanted, const TravelWishes& wishes) {
        std::vector<std::string> found;
        for (const auto& journey : find(wanted, wishes)) found.push_back(journey.legs.front().run.trip.trip);
        return found;
    }
    void take(std::string_view trip, std::vector<SeatId> seats) {
        const HoldRequest request{world.key(), {{World::run(trip), "A", "F", std::move(seats)}}};
        const auto held = world.engine().inventory().hold(world.staff, request);
        ASSERT_TRUE(held) << held.error().detail;
    }

    using Trains = std::vector<std::string>;
    World world;
};

TEST_F(EngineJourneysTest, SayWhatTheyCostAtLeast) {
    take("early", {{"2", "11"}, {"2", "12"}});
    const auto alone = find(query(), {});
    ASSERT_EQ(alone.size(), 2U);
    EXPECT_EQ(alone.front().price_from, world.quote("A", "F", 1).total);
    const auto three = find(query(), adults(3));
    ASSERT_EQ(three.size(), 2U);
    EXPECT_EQ(three.front().price_from, std::nullopt) << "two seats are left in each class";
    EXPECT_EQ(three.back().price_from, world.quote("A", "F", 3).total);
    EXPECT_EQ(three.back().legs.front().distance,
              world.engine().timetable().run(World::run("late"))->calls.back().distance);
}

TEST_F(EngineJourneysTest, ArePricedInTheClassThatIsLeft) {
    take("early", {{"2", "11"}, {"2", "12"}, {"2", "13"}, {"2", "14"}});
    QuoteRequest first{.legs = {{World::run(), "A", "F"}}, .passengers = {{"1", "adult"}}, .travel_class = "first"};
    EXPECT_EQ(find(query(), {}).front().price_from, world.engine().pricing().quote(first)->total);
}

TEST_F(EngineJourneysTest, AreLeftOutWhereSeatsAreMissing) {
    take("early", {{"2", "11"}, {"2", "12"}});
    auto wishes = adults(3);
    EXPECT_EQ(trains(query(), wishes), (Trains{"early", "late"}));
    wishes.with_seats = true;
    EXPECT_EQ(trains(query(), wishes), Trains{"late"});
    wishes.passengers.pop_back();
    EXPECT_EQ(trains(query(), wishes), (Trains{"early", "late"}));
    wishes.travel_class = "first";
    EXPECT_EQ(trains(query(), wishes), (Trains{"early", "late"}));
    wishes = adults(3);
    wishes.travel_class = "first";
    EXPECT_EQ(trains(query(), wishes), Trains{});
    wishes.travel_class = "third";
    EXPECT_EQ(trains(query(), wishes), Trains{});
}

TEST_F(EngineJourneysTest, AreLeftOutWhereAPartyCannotSitTogether) {
    take("early", {{"2", "12"}});
    auto wishes = adults(3);
    wishes.with_seats = true;
    EXPECT_EQ(trains(query(), wishes), (Trains{"early", "late"}));
    wishes.together = true;
    EXPECT_EQ(trains(query(), wishes), Trains{"late"});
    wishes.passengers.pop_back();
    EXPECT_EQ(trains(query(), wishes), (Trains{"early", "late"}));
}

TEST_F(EngineJourneysTest, AreLeftOutWhereTheyCostMore) {
    take("early", {{"2", "11"}, {"2", "12"}, {"2", "13"}, {"2", "14"}});
    TravelWishes wishes;
    wishes.max_price = world.quote("A", "F", 1).total;
    EXPECT_EQ(trains(query(), wishes), Trains{"late"}) << "the early one has first class only";
    --wishes.max_price->amount;
    EXPECT_EQ(trains(query(), wishes), Trains{});
    wishes.max_price->currency = "CHF";
    wishes.travel_class = "third";  // of which there are no journeys
    const auto refused = world.engine().find_journeys(query(), wishes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

TEST_F(EngineJourneysTest, ForOneMomentAreTheNextThatAreAsWished) {
    auto wanted = query("2026-12-01T07:00");
    wanted.window = Duration{0};
    auto wishes = adults(2);
    wishes.travel_class = "second";
    EXPECT_EQ(trains(wanted, wishes), Trains{"early"});
    take("early", {{"2", "11"}, {"2", "12"}, {"2", "13"}});
    EXPECT_EQ(trains(wanted, wishes), Trains{"late"});
    wanted.arrive = parse_when("2026-12-01T23:00", "Europe/Berlin")->time;
    wanted.depart = std::nullopt;
    EXPECT_EQ(trains(wanted, wishes), Trains{"late"});
    take("late", {{"2", "11"}, {"2", "12"}, {"2", "13"}});
    EXPECT_EQ(trains(wanted, wishes), Trains{}) << "the early train of the day and the late one of the day before";
    wanted.max_duration = std::chrono::hours{40};
    EXPECT_EQ(trains(wanted, wishes), Trains{"late"}) << "of the day before";
    EXPECT_EQ(find(wanted, wishes).front().legs.front().run.date, *parse_date("2026-11-30"));
}

TEST_F(EngineJourneysTest, ForOneMomentAreLookedForBeyondManyThatAreSlowOrFull) {
    // Every five minutes somebody gets there with two changes; once a day with one, and later than the first of these.
    std::string trips = "route_id,service_id,trip_id\n";
    std::string times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
    const auto clock = [](int minutes) { return fmt::format("{:02}:{:02}:00", minutes / 60, minutes % 60); };
    const auto train = [&](const std::string& id, const char* from, int leaves, const char* to, int arrives) {
        trips += "IC,daily," + id + "\n";
        times += fmt::format("{0},{1},{1},{2},1\n{0},{3},{3},{4},2\n", id, clock(leaves), from, clock(arrives), to);
    };
    for (int i = 0; i < 180; ++i) {
        train(fmt::format("a{}", i), "A", 360 + 5 * i, "H", 370 + 5 * i);
        train(fmt::format("h{}", i), "H", 372 + 5 * i, "G", 382 + 5 * i);
        train(fmt::format("g{}", i), "G", 384 + 5 * i, "F", 394 + 5 * i);
    }
    train("direct", "A", 360, "F", 1380);
    train("to-middle", "A", 960, "M", 1020);
    train("from-middle", "M", 1030, "F", 1080);
    test::TemporaryFolder folder;
    test::write_small_railway(folder.path());
    std::ofstream{folder.path() / "trips.txt"} << trips;
    std::ofstream{folder.path() / "stop_times.txt"} << times;
    std::ofstream{folder.path() / "stops.txt", std::ios::app} << "M,Marburg,50.8,8.77\n";
    ASSERT_TRUE(world.engine().timetable().import_gtfs(folder.file(""), {.name = "t"}));

    auto wanted = query("2026-12-01T06:00");
    wanted.window = Duration{0};
    wanted.max_duration = std::chrono::hours{30};
    auto wishes = adults(1);
    const auto arrivals = [&] {
        std::vector<std::string> found;
        for (const auto& journey : find(wanted, wishes)) {
            found.push_back(fmt::format("{} {}", to_string(journey.arrival(), "Europe/Berlin").substr(11, 5),
                                        journey.changes()));
        }
        return found;
    };
    using Arrivals = std::vector<std::string>;
    EXPECT_EQ(arrivals(), (Arrivals{"06:34 2", "23:00 0", "18:00 1"}));
    wishes.with_seats = true;
    const HoldRequest all{world.key(), {{World::run("a0"), "A", "H", BestSeats{4, "second"}},
                                        {World::run("a0"), "A", "H", BestSeats{2, "first"}}}};
    ASSERT_TRUE(world.engine().inventory().hold(world.staff, all));
    EXPECT_EQ(arrivals(), (Arrivals{"23:00 0", "06:39 2", "18:00 1"}));
}

TEST_F(EngineJourneysTest, ForOneMomentGoOnWithTheNextOnes) {
    take("early", {{"2", "11"}, {"2", "12"}, {"2", "13"}});
    auto wishes = adults(2);
    wishes.travel_class = "second";
    auto wanted = query("2026-12-01T07:00");
    wanted.window = Duration{0};
    wanted.limit = 1;
    std::vector<std::string> ids;
    for (int pages = 0; pages < 5; ++pages) {
        const auto page = world.engine().find_journeys(wanted, wishes);
        ASSERT_TRUE(page) << page.error().detail;
        for (const auto& journey : page->journeys) ids.push_back(journey.id);
        if (page->later_cursor.empty()) break;
        wanted.depart = parse_when(page->later_cursor, "UTC")->time;
    }
    EXPECT_EQ(ids, (std::vector<std::string>{"2026-12-01.t:late/t:A/t:F", "2026-12-02.t:early/t:A/t:F",
                                             "2026-12-02.t:late/t:A/t:F", "2026-12-03.t:early/t:A/t:F",
                                             "2026-12-03.t:late/t:A/t:F"}));
}

TEST_F(EngineJourneysTest, ForOneMomentThatArriveTooLateAreOnTheNextPage) {
    take("early", {{"2", "11"}, {"2", "12"}, {"2", "13"}});
    auto wishes = adults(2);
    wishes.travel_class = "second";
    auto wanted = query("2026-12-01T07:00");
    wanted.window = Duration{0};
    wanted.max_duration = std::chrono::hours{12};  // the late train leaves in them, and arrives after them
    EXPECT_EQ(trains(wanted, wishes), Trains{});
    wanted.depart = parse_when(world.engine().find_journeys(wanted, wishes)->later_cursor, "UTC")->time;
    EXPECT_EQ(trains(wanted, wishes), Trains{"late"});
}

TEST_F(EngineJourneysTest, FollowAnImportedTariffAtOnce) {
    const auto before = find(query(), {}).front().price_from;
    ASSERT_TRUE(before);
    const auto imported = world.engine().pricing().import_tariff(R"({
        "tariff": "flat", "version": 1, "currency": "CHF", "rounding": {"unit": 1, "mode": "half_up"},
        "classes": ["first", "second"], "passenger_types": [{"type": "adult"}],
        "distance_bands": [{"first": 3000, "second": 1100}],
        "flexibility": [{"code": "FULL", "percent": 200, "refund": [], "exchange": []},
                        {"code": "NON", "refund": [], "exchange": []}], "vat": []})");
    ASSERT_TRUE(imported) << imported.error().detail;
    EXPECT_EQ(find(query(), {}).front().price_from, (Money{1100, "CHF", 2}));
    EXPECT_EQ(find(query(), adults(2)).front().price_from, (Money{2200, "CHF", 2}));
}

TEST_F(EngineJourneysTest, RefusePassengersThatNoTariffKnows) {
    auto wishes = adults(10);
    EXPECT_EQ(world.engine().find_journeys(query(), wishes).error().code, ErrorCode::invalid_argument);
    wishes.passengers = {{"1", "emperor"}};
    EXPECT_EQ(world.engine().find_journeys(query(), wishes).error().code, ErrorCode::invalid_argument);
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

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <railbook/search.hpp>

#include "store/memory/memory.hpp"
#include "support/environment.hpp"
#include "support/feed.hpp"

namespace railbook {
namespace {

using test::FeedFiles;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Timestamp at(std::string_view text) { return parse_when(text, "Europe/Berlin")->time; }

class SearchTest : public testing::Test {
protected:
    void import(const FeedFiles& files, const std::string& name = "f") {
        const auto report = timetable_.import_gtfs(files.write_folder(), {.name = name});
        ASSERT_TRUE(report) << report.error().detail;
        EXPECT_EQ(report->dropped_count, 0U);
    }
    /// Trains `from` A `to` B at these times, one a day each, numbered from 2.
    static FeedFiles trains(const std::vector<std::pair<std::string, std::string>>& times) {
        FeedFiles files;
        for (std::size_t i = 0; i < times.size(); ++i) {
            const auto trip = std::to_string(i + 2);
            files.append("trips.txt", "X,daily," + trip + ",\n");
            files.append("stop_times.txt", trip + "," + times[i].first + "," + times[i].first + ",A,1\n" + trip + "," +
                                               times[i].second + "," + times[i].second + ",B,2\n");
        }
        return files;
    }
    static JourneyQuery query(std::string_view depart, Duration window = std::chrono::hours{24}) {
        return {.from = {"f", "A"}, .to = {"f", "B"}, .depart = at(depart), .window = window};
    }
    JourneyPage page(const JourneyQuery& wanted) {
        auto found = search_.find(wanted);
        EXPECT_TRUE(found) << (found ? "" : found.error().detail);
        return found ? *std::move(found) : JourneyPage{};
    }
    std::vector<std::string> runs(const JourneyQuery& wanted) {
        std::vector<std::string> ids;
        for (const auto& journey : page(wanted).journeys) ids.push_back(to_string(journey.legs.front().run));
        return ids;
    }

    test::TestEnvironment environment_;
    std::unique_ptr<Store> store_ = store::open_memory(environment_);
    Timetable timetable_{environment_, *store_};
    Search search_{timetable_};
};

TEST_F(SearchTest, AJourneyIsARideAsPassengersReadIt) {
    import(FeedFiles{});
    const auto found = page(query("2026-12-01")).journeys;
    ASSERT_THAT(found, SizeIs(1));
    const auto& journey = found.front();
    EXPECT_EQ(journey.id, "2026-12-01.f:1/f:A/f:B");
    EXPECT_EQ(journey.changes(), 0U);
    EXPECT_EQ(journey.duration(), std::chrono::hours{1});
    const auto& leg = journey.legs.front();
    EXPECT_EQ(leg.train, "IC 100");
    EXPECT_EQ(leg.headsign, "Cedorf");
    EXPECT_EQ(to_string(leg.from.time, leg.from.zone), "2026-12-01T08:00:00+01:00");
    EXPECT_EQ(leg.to.name, "Bedorf");
    EXPECT_EQ(leg.span, (Span{0, 1}));
    EXPECT_EQ(leg.stops, 0U);
    auto whole = query("2026-12-01");
    whole.to.stop = "C";
    EXPECT_EQ(page(whole).journeys.front().legs.front().stops, 1U);
}

TEST_F(SearchTest, TheWindowHoldsItsBeginningAndNotItsEnd) {
    import(FeedFiles{});
    const auto hour = std::chrono::hours{1};
    EXPECT_THAT(runs(query("2026-12-01T08:00", hour)), SizeIs(1));
    EXPECT_THAT(runs(query("2026-12-01T08:00:01", hour)), IsEmpty());
    EXPECT_THAT(runs(query("2026-12-01T07:00", hour)), IsEmpty());
    EXPECT_THAT(runs(query("2026-12-01T07:00:01", hour)), SizeIs(1));
}

TEST_F(SearchTest, ByArrivalTheWindowHoldsItsEndAndNotItsBeginning) {
    import(FeedFiles{});
    const auto arriving = [&](std::string_view time) {
        return runs({.from = {"f", "A"}, .to = {"f", "B"}, .arrive = at(time), .window = std::chrono::hours{1}});
    };
    EXPECT_THAT(arriving("2026-12-01T09:00"), SizeIs(1));
    EXPECT_THAT(arriving("2026-12-01T08:59:59"), IsEmpty());
    EXPECT_THAT(arriving("2026-12-01T10:00"), IsEmpty());
    EXPECT_THAT(arriving("2026-12-01T09:59:59"), SizeIs(1));
}

TEST_F(SearchTest, JourneysAreSortedAndNoneIsWorseThanAnother) {
    import(trains({{"12:00:00", "15:00:00"}, {"12:00:00", "14:00:00"}, {"07:00:00", "16:00:00"}}));
    // 08:00 to 09:00 is better than 07:00 to 16:00, and 14:00 than 15:00.
    EXPECT_THAT(runs(query("2026-12-01")), ElementsAre("2026-12-01.f:1", "2026-12-01.f:3"));
}

TEST_F(SearchTest, TrainsThatLeftDaysEarlierAreFound) {
    import(trains({{"80:30:00", "82:00:00"}}));
    const auto found = page(query("2026-12-08T00:00", std::chrono::hours{12})).journeys;
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(to_string(found[1].legs.front().run), "2026-12-05.f:2");
    EXPECT_EQ(found[1].departure(), at("2026-12-08T08:30"));
}

TEST_F(SearchTest, NobodyBoardsOrAlightsWhereTheTrainForbidsIt) {
    FeedFiles files;
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
              "1,08:00:00,08:00:00,A,1,0,1\n1,09:00:00,09:05:00,B,2,1,0\n1,10:00:00,10:00:00,C,3,0,1\n");
    import(files);
    const auto count = [&](const char* from, const char* to) {
        return runs({.from = {"f", from}, .to = {"f", to}, .depart = at("2026-12-01")}).size();
    };
    EXPECT_EQ(count("A", "B"), 1U);
    EXPECT_EQ(count("A", "C"), 0U);
    EXPECT_EQ(count("B", "C"), 0U);
    const auto refusal = [&](const char* id) { return search_.journey(id).error().detail; };
    EXPECT_EQ(refusal("2026-12-01.f:1/f:A/f:C"), "IC 100 does not let passengers alight at Cedorf");
    EXPECT_EQ(refusal("2026-12-01.f:1/f:B/f:C"), "IC 100 does not let passengers board at Bedorf");
}

TEST_F(SearchTest, ATrainThatPassesTwiceIsRiddenTheShortestWay) {
    FeedFiles files;
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A,1\n"
              "1,09:00:00,09:00:00,C,2\n1,10:00:00,10:00:00,A,3\n1,11:00:00,11:00:00,B,4\n"
              "1,12:00:00,12:00:00,A,5\n1,13:00:00,13:00:00,B,6\n");
    import(files);
    std::vector<std::string> ids;
    for (const auto& journey : page(query("2026-12-01")).journeys) {
        ids.push_back(journey.id);
        const auto again = search_.journey(journey.id);
        ASSERT_TRUE(again) << again.error().detail;
        EXPECT_EQ(again->legs.front().span, journey.legs.front().span);
    }
    EXPECT_THAT(ids, ElementsAre("2026-12-01.f:1/f:A%232/f:B%231", "2026-12-01.f:1/f:A%233/f:B%232"));
    // Without a mark it could be any of the three.
    EXPECT_EQ(search_.journey("2026-12-01.f:1/f:A/f:B%231").error().code, ErrorCode::invalid_argument);
}

TEST_F(SearchTest, EachStartOfAFrequencyIsAJourney) {
    FeedFiles files;
    files.set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n1,06:00:00,09:00:00,3600\n");
    import(files);
    EXPECT_THAT(runs(query("2026-12-01T06:30")), ElementsAre("2026-12-01.f:1@07:00:00", "2026-12-01.f:1@08:00:00",
                                                             "2026-12-02.f:1@06:00:00"));
    const auto journey = page(query("2026-12-01T06:30")).journeys.front();
    EXPECT_EQ(journey.departure(), at("2026-12-01T07:00"));
    EXPECT_EQ(search_.journey(journey.id)->id, journey.id);
}

TEST_F(SearchTest, OnTheDayThatClocksChangeADayHasAnotherLength) {
    FeedFiles files;
    files.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,1,1,1,1,1,1,20261020,20261031\n");
    import(files);
    const auto window = *start_of_day(*parse_date("2026-10-26"), "Europe/Berlin") - at("2026-10-25");
    EXPECT_EQ(window, std::chrono::hours{25});
    EXPECT_THAT(runs(query("2026-10-25", window)), ElementsAre("2026-10-25.f:1"));
    EXPECT_EQ(page(query("2026-10-25", window)).journeys.front().departure(), at("2026-10-25T08:00:00+01:00"));
}

TEST_F(SearchTest, AWindowOfZeroAsksForTheFirstToArrive) {
    import(trains({{"08:30:00", "08:50:00"}, {"08:40:00", "08:50:00"}, {"07:00:00", "23:00:00"}}));
    EXPECT_THAT(runs(query("2026-12-01T06:00", Duration{0})), ElementsAre("2026-12-01.f:3"));
    EXPECT_THAT(runs(query("2026-12-01T08:40", Duration{0})), ElementsAre("2026-12-01.f:3"));
    EXPECT_THAT(runs(query("2026-12-01T08:50", Duration{0})), ElementsAre("2026-12-02.f:3"));
    // It would arrive a minute later than a day after.
    EXPECT_THAT(runs(query("2026-12-01T08:49", Duration{0})), IsEmpty());
    const JourneyQuery by_arrival{
        .from = {"f", "A"}, .to = {"f", "B"}, .arrive = at("2026-12-02T08:50"), .window = Duration{0}};
    EXPECT_THAT(runs(by_arrival), ElementsAre("2026-12-02.f:3"));
}

TEST_F(SearchTest, StepFreeIsOnlyWhatTheTimetableSaysSoOf) {
    auto files = trains({{"12:00:00", "13:00:00"}, {"14:00:00", "15:00:00"}});
    files.set("trips.txt", "route_id,service_id,trip_id,wheelchair_accessible\nX,daily,1,1\nX,daily,2,2\nX,daily,3,\n");
    auto wanted = query("2026-12-01");
    wanted.step_free = true;
    import(files);
    const auto silent = search_.find(wanted);
    ASSERT_FALSE(silent);
    EXPECT_EQ(silent.error().code, ErrorCode::not_found);
    EXPECT_THAT(silent.error().detail, HasSubstr("does not say where wheelchairs can go"));

    const auto stops = [&](std::string_view b) {
        files.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,wheelchair_boarding\n"
                               "A,Adorf,50.0,8.0,1\nC,Cedorf,51.0,8.0,1\nB,Bedorf,50.5,8.0," +
                                   std::string{b} + "\n");
        import(files);
    };
    stops("1");
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:1"));
    EXPECT_EQ(runs(query("2026-12-01")).size(), 3U);
    wanted.trains = {"bus"};
    EXPECT_THAT(runs(wanted), IsEmpty());
    wanted.trains = {"IC"};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:1"));
    stops("2");
    EXPECT_THAT(runs(wanted), IsEmpty());
    // Whoever stays on board need not use the station.
    wanted.to.stop = "C";
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:1"));
    wanted.via = {{"f", "B"}};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:1"));
}

// --- Pages ---

TEST_F(SearchTest, CursorsLeadThroughEveryJourneyOnce) {
    import(trains({{"12:00:00", "15:00:00"}, {"13:00:00", "16:00:00"}, {"07:00:00", "08:30:00"}}));
    auto wanted = query("2026-12-01");
    wanted.limit = 2;
    std::vector<std::string> ids;
    for (int pages = 0; pages < 100; ++pages) {
        const auto found = page(wanted);
        for (const auto& journey : found.journeys) ids.push_back(journey.id);
        if (found.later_cursor.empty()) break;
        wanted.depart = at(found.later_cursor);
    }
    EXPECT_THAT(ids, SizeIs(4 * 14));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());

    for (const std::size_t limit : {1U, 2U, 3U, 100U}) {
        std::vector<std::string> back;
        wanted = query("2026-12-14");
        for (int pages = 0; pages < 100; ++pages) {
            const auto found = page(wanted);
            std::transform(found.journeys.rbegin(), found.journeys.rend(), std::back_inserter(back),
                           [](const Journey& journey) { return journey.id; });
            if (found.earlier_cursor.empty()) break;
            wanted.depart = std::nullopt;
            wanted.before = at(found.earlier_cursor);
            wanted.limit = limit;
        }
        std::ranges::reverse(back);
        EXPECT_EQ(back, ids) << limit;
    }
}

TEST_F(SearchTest, BeforeATimeTheLastOnesToLeaveAreFound) {
    import(trains({{"12:00:00", "15:00:00"}, {"13:00:00", "16:00:00"}}));
    JourneyQuery wanted{.from = {"f", "A"}, .to = {"f", "B"}, .before = at("2026-12-02T12:00"), .limit = 2};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:3", "2026-12-02.f:1"));
    EXPECT_EQ(at(page(wanted).later_cursor), at("2026-12-02T12:00"));
    EXPECT_EQ(at(page(wanted).earlier_cursor), at("2026-12-01T13:00"));
    wanted.limit = 100;
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:2", "2026-12-01.f:3", "2026-12-02.f:1"));
    EXPECT_EQ(at(page(wanted).earlier_cursor), at("2026-12-01T12:00"));
    *wanted.before += Duration{1};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:3", "2026-12-02.f:1", "2026-12-02.f:2"));
}

TEST_F(SearchTest, WhatLeavesAtTheSameMomentStaysOnOnePage) {
    // To C the train over B is faster than the one that goes there.
    auto files = trains({{"08:00:00", "08:30:00"}, {"09:00:00", "10:00:00"}});
    files.append("trips.txt", "X,daily,9,\nX,daily,10,\n");
    files.append("stop_times.txt", "9,08:40:00,08:40:00,B,1\n9,09:00:00,09:00:00,C,2\n"
                                   "10,12:00:00,12:00:00,A,1\n10,13:00:00,13:00:00,C,2\n");
    import(files);
    auto wanted = query("2026-12-01");
    wanted.to.stop = "C";
    EXPECT_THAT(page(wanted).journeys, SizeIs(3));
    wanted.limit = 1;
    EXPECT_THAT(page(wanted).journeys, SizeIs(2));
    wanted.limit = 2;
    EXPECT_THAT(page(wanted).journeys, SizeIs(2));
    wanted = {.from = {"f", "A"}, .to = {"f", "C"}, .arrive = at("2026-12-02"), .limit = 2};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:10"));
}

TEST_F(SearchTest, PagesOfArrivalsLeaveNothingOut) {
    // What is slow and without a change leaves among those that are fast, and arrives a day later than they do.
    FeedFiles files;
    files.set("trips.txt", "route_id,service_id,trip_id\nX,daily,slow\nX,daily,first\nX,daily,second\n");
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
              "slow,20:00:00,20:00:00,A,1\nslow,25:00:00,25:00:00,C,2\n"
              "first,20:30:00,20:30:00,A,1\nfirst,21:00:00,21:00:00,B,2\n"
              "second,22:00:00,22:00:00,B,1\nsecond,23:50:00,23:50:00,C,2\n");
    import(files);
    JourneyQuery all{.from = {"f", "A"}, .to = {"f", "C"}, .depart = at("2026-12-01")};
    all.window = std::chrono::hours{168};
    std::set<std::string> expected;
    for (const auto& journey : page(all).journeys) expected.insert(journey.id);
    ASSERT_EQ(expected.size(), 14U);

    for (const std::size_t limit : {1U, 2U, 100U}) {
        std::set<std::string> ids;
        JourneyQuery wanted{.from = {"f", "A"}, .to = {"f", "C"}, .arrive = at("2026-12-05"), .limit = limit};
        const auto middle = page(wanted);
        for (const auto& journey : middle.journeys) ids.insert(journey.id);
        EXPECT_EQ(middle.is_cut, limit == 1);
        const auto turn = [&](std::string JourneyPage::* cursor, std::optional<Timestamp> JourneyQuery::* end) {
            auto next = middle;
            for (int pages = 0; pages < 30 && !(next.*cursor).empty(); ++pages) {
                wanted.arrive = wanted.depart = wanted.before = std::nullopt;
                wanted.*end = at(next.*cursor);
                next = page(wanted);
                for (const auto& journey : next.journeys) {
                    if (journey.departure() < at("2026-12-08")) ids.insert(journey.id);
                }
            }
        };
        turn(&JourneyPage::earlier_cursor, &JourneyQuery::before);
        turn(&JourneyPage::later_cursor, &JourneyQuery::depart);
        EXPECT_EQ(ids, expected) << limit;
    }
}

TEST_F(SearchTest, OneMomentCanBeTurnedBack) {
    import(FeedFiles{});
    const auto before = at("2026-12-03T08:00");
    EXPECT_EQ(at(page(query("2026-12-03T08:00", Duration{0})).earlier_cursor), before);
    const JourneyQuery by_arrival{
        .from = {"f", "A"}, .to = {"f", "B"}, .arrive = at("2026-12-03T12:00"), .window = Duration{0}};
    EXPECT_EQ(at(page(by_arrival).earlier_cursor), before);
}

TEST_F(SearchTest, CursorsEndWithTheTimetable) {
    import(FeedFiles{});
    EXPECT_THAT(page(query("2026-12-01")).earlier_cursor, IsEmpty());
    EXPECT_EQ(at(page(query("2026-12-01")).later_cursor), at("2026-12-02"));
    EXPECT_EQ(at(page(query("2026-12-14")).earlier_cursor), at("2026-12-14"));
    EXPECT_THAT(page(query("2026-12-14")).later_cursor, IsEmpty());
}

// --- Refusals ---

TEST_F(SearchTest, ADateOutsideTheTimetableIsNotFoundAndNamesItsEnds) {
    import(FeedFiles{});
    for (const auto* day : {"2026-11-30", "2026-12-15"}) {
        const auto refused = search_.find(query(day));
        ASSERT_FALSE(refused) << day;
        EXPECT_EQ(refused.error().code, ErrorCode::not_found);
        EXPECT_EQ(refused.error().detail, "the timetable 'f' has trains from 2026-12-01 to 2026-12-14 only");
        EXPECT_THAT(refused.error().hint, HasSubstr("--rebase"));
    }
    // On the first and the last date there may be no train, but there is a timetable.
    EXPECT_THAT(page(query("2026-12-01", std::chrono::hours{1})).journeys, IsEmpty());
    EXPECT_THAT(page(query("2026-12-14T23:59:59")).journeys, IsEmpty());
}

TEST_F(SearchTest, QuestionsWithoutSenseAreRefused) {
    import(FeedFiles{});
    const auto code = [&](const std::function<void(JourneyQuery&)>& change) {
        auto wanted = query("2026-12-01");
        change(wanted);
        const auto found = search_.find(wanted);
        return found ? ErrorCode{} : found.error().code;
    };
    EXPECT_EQ(code([](JourneyQuery& q) { q.to = q.from; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.arrive = q.depart; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.depart.reset(); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.window = Duration{-1}; }), ErrorCode::invalid_argument);
    const auto most = JourneyQuery::kMaxWindow;
    EXPECT_EQ(code([&](JourneyQuery& q) { q.window = most; }), ErrorCode{});
    EXPECT_EQ(code([&](JourneyQuery& q) { q.window = most + Duration{1}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.limit = 0; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.limit = kMaxPage + 1; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.depart = Timestamp::max(); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.max_changes = 8; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.max_changes = -1; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.min_change = Duration{-1}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.min_change = std::chrono::hours{25}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.max_duration = Duration{0}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([&](JourneyQuery& q) { q.max_duration = most + Duration{1}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.via = {{"f", "Q"}}; }), ErrorCode::not_found);
    EXPECT_EQ(code([](JourneyQuery& q) { q.before = q.depart; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.depart = std::nullopt; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) {
                  q.before = std::exchange(q.depart, std::nullopt);
                  q.window = Duration{0};
              }),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.via = {q.to}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.via.assign(5, {"f", "C"}); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.trains.assign(17, "IC"); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.trains = {"IC", "--"}; }), ErrorCode::invalid_argument);
    EXPECT_EQ(code([](JourneyQuery& q) { q.from.stop = "Q"; }), ErrorCode::not_found);
    EXPECT_EQ(code([](JourneyQuery& q) { q.to.feed = "g"; }), ErrorCode::not_found);
}

TEST_F(SearchTest, NoTrainLeadsFromOneFeedToAnother) {
    FeedFiles far;
    far.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon\nA,Adorf,40,8\nB,Bedorf,40,9\nC,Cedorf,40,10\n");
    import(FeedFiles{}, "f");
    import(far, "g");
    auto wanted = query("2026-12-01");
    wanted.to.feed = "g";
    EXPECT_THAT(page(wanted).journeys, IsEmpty());
}

TEST_F(SearchTest, StationsOfSeveralFeedsHaveTheTrainsOfAll) {
    // The same train, one as fast an hour later, and one that is never worth it.
    FeedFiles more;
    more.append("trips.txt", "X,daily,later,\nX,daily,slow,\n")
        .append("stop_times.txt", "later,09:00:00,09:00:00,A,1\nlater,11:00:00,11:00:00,C,2\n"
                                  "slow,07:00:00,07:00:00,A,1\nslow,23:00:00,23:00:00,C,2\n");
    import(FeedFiles{}, "f");
    import(more, "g");
    for (const auto* feed : {"f", "g"}) {
        auto wanted = query("2026-12-01");
        wanted.from.feed = feed;
        wanted.to = {feed[0] == 'f' ? "g" : "f", "C"};
        EXPECT_THAT(runs(wanted), ElementsAre(std::string{"2026-12-01."} + feed + ":1", "2026-12-01.g:later")) << feed;
    }
    auto twice = query("2026-12-01");
    twice.to = {"g", "A"};
    EXPECT_EQ(search_.find(twice).error().code, ErrorCode::invalid_argument);
}

TEST_F(SearchTest, ForOneMomentTheFeedInWhichOneLeavesLaterIsTheBetterOne) {
    FeedFiles later;
    later.set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                                "1,08:30:00,08:30:00,A,1\n1,10:00:00,10:00:00,C,2\n");
    import(FeedFiles{}, "f");
    import(later, "g");
    auto wanted = query("2026-12-01T07:00", Duration{0});
    wanted.to = {"f", "C"};
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.g:1"));
}

TEST_F(SearchTest, CursorsLeapOverDaysOfWhichNoTimetableIs) {
    FeedFiles next;
    next.set("calendar.txt",
             "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
             "daily,1,1,1,1,1,1,1,20270201,20270214\n");
    import(FeedFiles{}, "f");
    import(next, "g");
    EXPECT_EQ(at(page(query("2026-12-14")).later_cursor), at("2027-02-01"));
    EXPECT_EQ(at(page(query("2027-02-01")).earlier_cursor), at("2026-12-15"));
}

TEST_F(SearchTest, WhereNothingIsFoundTheNextPageBeginsWithWhatComesNext) {
    import(FeedFiles{});
    auto wanted = query("2026-12-01T07:30", Duration{0});
    wanted.max_duration = std::chrono::minutes{75};
    EXPECT_THAT(runs(wanted), IsEmpty());
    wanted.depart = at(page(wanted).later_cursor);
    EXPECT_THAT(runs(wanted), ElementsAre("2026-12-01.f:1"));
    auto arrives = query("2026-12-01T07:30", std::chrono::hours{1});
    arrives.arrive = std::exchange(arrives.depart, std::nullopt);
    *arrives.arrive += std::chrono::hours{1};
    EXPECT_THAT(runs(arrives), IsEmpty());
    EXPECT_LE(at(page(arrives).later_cursor), at("2026-12-01T08:00"));
}

// --- Keeping the seat ---

class StayingTest : public SearchTest {
protected:
    /// Trips of the routes X (ICE) and Y (RE), with their blocks: `X,daily,1,,block`.
    static FeedFiles feed(const std::string& trips, const std::string& times) {
        FeedFiles files;
        files
            .set("routes.txt",
                 "route_id,agency_id,route_short_name,route_long_name,route_type\nX,R,ICE,,2\nY,R,RE,,2\n")
            .set("trips.txt", "route_id,service_id,trip_id,trip_short_name,block_id\n" + trips)
            .set("stop_times.txt",
                 "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n" + times);
        return files;
    }
    JourneyPage journeys(const std::vector<std::string>& kinds = {}) {
        auto wanted = query("2026-12-01");
        wanted.to = {"f", "C"};
        wanted.trains = kinds;
        return page(wanted);
    }
};

TEST_F(StayingTest, AVehicleAlsoRunsAsTrainsThatNobodyWants) {
    import(feed("X,daily,1,,v\nY,daily,2,,v\nX,daily,3,,v\n",
                "1,08:00:00,08:00:00,A,1,,\n1,09:00:00,09:00:00,B,2,,\n2,09:10:00,09:10:00,B,1,,\n"
                "2,09:30:00,09:30:00,C,2,,\n2,09:50:00,09:50:00,B,3,,\n3,10:00:00,10:00:00,B,1,,\n"
                "3,11:00:00,11:00:00,C,2,,\n"));
    const auto all = journeys().journeys;
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(all.front().changes(), 0U);
    EXPECT_TRUE(all.front().legs.back().stays);
    const auto fast = journeys({"ICE"}).journeys;
    ASSERT_THAT(fast, SizeIs(1));
    EXPECT_EQ(fast.front().changes(), 1U) << "the vehicle was away meanwhile";
    EXPECT_EQ(search_.journey(fast.front().id)->changes(), 1U);
}

TEST_F(StayingTest, WhoStaysNeedsNoDoor) {
    import(feed("X,daily,1,,v\nX,daily,2,,v\n",
                "1,08:00:00,08:00:00,A,1,,\n1,09:00:00,09:00:00,B,2,,1\n2,09:10:00,09:10:00,B,1,1,\n"
                "2,10:00:00,10:00:00,C,2,,\n"));
    const auto found = journeys().journeys;
    ASSERT_THAT(found, SizeIs(1));
    const auto again = search_.journey(found.front().id);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(again->changes(), 0U);
    EXPECT_THAT(search_.journey("2026-12-01.f:1/f:A/f:B").error().detail, HasSubstr("alight at Bedorf"));
    EXPECT_THAT(search_.journey("2026-12-01.f:2/f:B/f:C").error().detail, HasSubstr("board at Bedorf"));
}

TEST_F(StayingTest, OfVeryManyWaysToStayTheOneThatLeadsThereIsFoundAtOnce) {
    constexpr int kLoops = 40;
    std::string trips = "X,daily,start,,\nX,daily,goal,,\n";
    std::string times = "start,06:00:00,06:00:00,A,1,,\nstart,06:10:00,06:10:00,B,2,,\n"
                        "goal,09:00:00,09:00:00,B,1,,\ngoal,10:00:00,10:00:00,C,2,,\n";
    std::string stays = "from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type\n";
    const auto name = [](int loop) { return "l" + std::to_string(loop); };
    for (int i = 0; i < kLoops; ++i) {
        char time[16];
        std::snprintf(time, sizeof time, "%02d:%02d:00", 6 + (11 + i) / 60, (11 + i) % 60);
        trips += "X,daily," + name(i) + ",,\n";
        times += name(i) + "," + time + "," + time + ",B,1,,\n" + name(i) + "," + time + "," + time + ",A,2,,\n";
        char end[16];
        std::snprintf(end, sizeof end, "%02d:%02d:30", 6 + (11 + i) / 60, (11 + i) % 60);
        times += name(i) + "," + end + "," + end + ",B,3,,\n";
        stays += "B,B,start," + name(i) + ",4\n";
        for (int k = i + 1; k < kLoops; ++k) stays += "B,B," + name(i) + "," + name(k) + ",4\n";
    }
    stays += "B,B," + name(kLoops - 1) + ",goal,4\n";
    auto files = feed(trips, times);
    files.set("transfers.txt", stays);
    import(files);
    const auto found = journeys().journeys;
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().changes(), 0U);
    EXPECT_EQ(to_string(found.front().legs.back().run), "2026-12-01.f:goal");
}

TEST_F(StayingTest, RunsOfADayThatBeginsAfterTheQuestionAreNotLookedAt) {
    auto files = feed("X,daily,0,,\nX,daily,1,,\nX,daily,2,,\n",
                      "0,17:00:00,17:00:00,A,1,,\n0,23:00:00,23:00:00,C,2,,\n1,01:00:00,01:00:00,A,1,,\n"
                      "1,01:00:00,01:00:00,B,2,,\n2,01:00:00,01:00:00,B,1,,\n2,01:00:00,01:00:00,C,2,,\n");
    files.set("agency.txt",
              "agency_id,agency_name,agency_url,agency_timezone\nR,Railways,http://r.example,America/New_York\n");
    import(files);
    for (int hour = 0; hour < 24; ++hour) {
        JourneyQuery wanted{.from = {"f", "A"}, .to = {"f", "C"}, .depart = at("2026-12-02T01:00Z"), .window = {}};
        *wanted.depart += std::chrono::hours{hour};
        wanted.max_duration = std::chrono::hours{2};
        wanted.min_change = Duration{0};
        const auto found = page(wanted).journeys;
        EXPECT_EQ(found.size(), hour >= 3 && hour <= 5 ? 1U : 0U) << hour;
    }
}

// --- Ids ---

TEST_F(SearchTest, AnIdIsReadBackAsTheSameJourneyWhateverItsIdsHold) {
    FeedFiles files;
    files.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon\na/1+ %,Adorf,50,8\nü#2,Bedorf,50.5,8\n")
        .set("trips.txt", "route_id,service_id,trip_id\nX,daily,t/+%@2\n")
        .set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                               "t/+%@2,08:00:00,08:00:00,a/1+ %,1\nt/+%@2,09:00:00,09:00:00,ü#2,2\n");
    import(files);
    const auto found = page({.from = {"f", "a/1+ %"}, .to = {"f", "ü#2"}, .depart = at("2026-12-01")}).journeys;
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(std::ranges::count(found.front().id, '/'), 2);
    EXPECT_EQ(std::ranges::count(found.front().id, '+'), 0);
    const auto again = search_.journey(found.front().id);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(again->id, found.front().id);
    EXPECT_EQ(again->legs.front().from, found.front().legs.front().from);
    EXPECT_EQ(again->legs.front().to, found.front().legs.front().to);
    EXPECT_EQ(again->legs.front().span, found.front().legs.front().span);
}

TEST_F(SearchTest, AnIdOfSeveralLegsKeepsTheirOrder) {
    import(FeedFiles{});
    const std::string id = "2026-12-01.f:1/f:A/f:B+2026-12-02.f:1/f:B/f:C";
    const auto journey = search_.journey(id);
    ASSERT_TRUE(journey) << journey.error().detail;
    EXPECT_EQ(journey->id, id);
    EXPECT_EQ(journey->changes(), 1U);
    const auto backwards = search_.journey("2026-12-02.f:1/f:B/f:C+2026-12-01.f:1/f:A/f:B");
    ASSERT_FALSE(backwards);
    EXPECT_EQ(backwards.error().code, ErrorCode::not_found);
    EXPECT_THAT(backwards.error().detail, HasSubstr("the change at Cedorf is not possible"));
}

TEST_F(SearchTest, AnIdWhoseChangeIsNoLongerPossibleIsRefused) {
    auto files = trains({{"08:30:00", "08:40:00"}});
    files.append("trips.txt", "X,daily,9,\n");
    files.append("stop_times.txt", "9,09:01:00,09:01:00,B,1\n9,09:30:00,09:30:00,C,2\n");
    import(files);
    const std::string id = "2026-12-01.f:1/f:A/f:B+2026-12-01.f:9/f:B/f:C";
    // Whoever searches may ask for changes as short as this one.
    EXPECT_TRUE(search_.journey(id));
    const auto why = [&](const std::string& asked) {
        const auto found = search_.journey(asked);
        EXPECT_FALSE(found);
        if (found) return std::string{};
        EXPECT_EQ(found.error().code, ErrorCode::not_found);
        return found.error().detail;
    };
    EXPECT_THAT(why("2026-12-01.f:1/f:A/f:C+2026-12-02.f:9/f:B/f:C"), HasSubstr("leaves from Bedorf"));
    const auto transfer = [&](std::string_view rule) {
        files.set("transfers.txt",
                  "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n" + std::string{rule} + "\n");
        import(files);
    };
    transfer("B,B,2,300");
    EXPECT_THAT(why(id), HasSubstr("it takes 5m, and there are 1m"));
    transfer("B,B,3,");
    EXPECT_THAT(why(id), HasSubstr("the change at Bedorf is not possible"));
    transfer("C,B,2,600");
    EXPECT_TRUE(search_.journey("2026-12-01.f:1/f:A/f:C+2026-12-02.f:9/f:B/f:C")) << "there is a way from C to B";
    files.set("transfers.txt", "from_stop_id,to_stop_id,transfer_type\n");
    // The first train comes later now.
    auto times = files.files().at("stop_times.txt");
    times.replace(times.find("09:00:00,09:05:00"), 17, "09:02:00,09:05:00");
    import(files.set("stop_times.txt", times));
    EXPECT_THAT(why(id), HasSubstr("the change at Bedorf is not possible"));
}

TEST_F(SearchTest, WhatIsNoIdIsRefused) {
    import(FeedFiles{});
    for (const auto* id : {"", "x", "2026-12-01.f:1", "2026-12-01.f:1/f:A", "2026-12-01.f:1/f:A/f:B/f:C", "//",
                           "2026-12-01.f:1/f:A/f:B+", "2026-12-01.f:1/f:A/%", "+"}) {
        const auto refused = search_.journey(id);
        ASSERT_FALSE(refused) << id;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << id;
    }
    EXPECT_EQ(search_.journey("2026-12-01.f:1/f:B/f:A").error().code, ErrorCode::not_found);
    EXPECT_EQ(search_.journey("2027-12-01.f:1/f:A/f:B").error().code, ErrorCode::not_found);
    std::string long_id = "2026-12-01.f:1/f:A/f:B";
    for (int i = 0; i < 200; ++i) long_id += "+x";
    EXPECT_THAT(search_.journey(long_id).error().detail, HasSubstr("too many legs"));
}

// --- Against a scan of every train ---

class SampleSearchTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        environment_ = new test::TestEnvironment;
        store_ = store::open_memory(*environment_).release();
        timetable_ = new Timetable{*environment_, *store_};
        const auto report =
            timetable_->import_gtfs(RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip", {.name = "db"});
        ASSERT_TRUE(report) << report.error().detail;
    }
    static void TearDownTestSuite() {
        delete timetable_;
        delete store_;
        delete environment_;
    }
    static test::TestEnvironment* environment_;
    static Store* store_;
    static Timetable* timetable_;
};
test::TestEnvironment* SampleSearchTest::environment_ = nullptr;
Store* SampleSearchTest::store_ = nullptr;
Timetable* SampleSearchTest::timetable_ = nullptr;

struct Ridden {
    std::string run;
    Timestamp departure;
    Timestamp arrival;
};

/// Every way to ride a run from one station to the other in the window, by its calls alone.
void scan(const Run& run, const JourneyQuery& query, std::vector<Ridden>& found) {
    std::optional<std::size_t> board;
    for (std::size_t i = 0; i < run.calls.size(); ++i) {
        const auto& call = run.calls[i];
        if (board && call.id.station == query.to && call.drop_off) {
            const auto departure = *run.calls[*board].departs;
            const auto arrival = *call.arrives;
            const bool fits = query.depart ? departure >= *query.depart && departure < *query.depart + query.window
                                           : arrival <= *query.arrive && arrival > *query.arrive - query.window;
            if (fits) found.push_back({to_string(run.id), departure, arrival});
            board.reset();
        }
        if (call.id.station == query.from && call.pick_up && call.departs) board = i;
    }
}

/// The times of those for which no other leaves no earlier and arrives no later.
std::set<std::string> best_of(const std::vector<Ridden>& rides) {
    std::set<std::string> best;
    for (const auto& ride : rides) {
        const bool is_worse = std::ranges::any_of(rides, [&](const Ridden& other) {
            return other.departure >= ride.departure && other.arrival <= ride.arrival &&
                   (other.departure > ride.departure || other.arrival < ride.arrival);
        });
        if (!is_worse) best.insert(to_string(ride.departure) + ' ' + to_string(ride.arrival));
    }
    return best;
}

TEST_F(SampleSearchTest, FindsExactlyTheBestThatAScanOfEveryTrainFinds) {
    Search search{*timetable_};
    std::mt19937 random{20191};
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random); };
    std::size_t journeys = 0;
    for (int round = 0; round < 4; ++round) {
        const auto day = *parse_date("2018-12-20") + std::chrono::days{below(330)};
        // A window of a day, with the trains that left up to two days before it.
        std::vector<railbook::Run> runs;  // testing::Test has a Run of its own
        for (int back = 2; back >= -1; --back) {
            const auto summaries = timetable_->runs(day - std::chrono::days{back});
            ASSERT_TRUE(summaries) << summaries.error().detail;
            for (const auto& summary : *summaries) runs.push_back(*timetable_->run(summary.id));
        }
        for (int i = 0; i < 100; ++i) {
            // Two calls of one train, so that most questions have an answer.
            const auto& run = runs[below(runs.size())];
            const auto from = below(run.calls.size() - 1);
            const auto to = from + 1 + below(run.calls.size() - from - 1);
            if (run.calls[from].id.station == run.calls[to].id.station) continue;
            JourneyQuery query{.from = run.calls[from].id.station,
                               .to = run.calls[to].id.station,
                               .window = std::chrono::minutes{below(1400)} + std::chrono::minutes{1}};
            const auto moment = *start_of_day(day, "Europe/Berlin") + std::chrono::minutes{below(1440)};
            if (below(2) == 0) query.depart = moment;
            else query.arrive = moment;
            query.max_changes = 0;
            std::vector<Ridden> ridden;
            for (const auto& each : runs) scan(each, query, ridden);
            const auto expected = best_of(ridden);
            const auto page = search.find(query);
            ASSERT_TRUE(page) << page.error().detail;
            std::set<std::string> found;
            for (const auto& journey : page->journeys) {
                const auto& leg = journey.legs.front();
                EXPECT_EQ(journey.legs.size(), 1U);
                EXPECT_TRUE(std::ranges::any_of(ridden, [&](const Ridden& each) {
                    return each.run == to_string(leg.run) && each.departure == leg.from.time &&
                           each.arrival == leg.to.time;
                }));
                found.insert(to_string(leg.from.time) + ' ' + to_string(leg.to.time));
                const auto again = search.journey(journey.id);
                ASSERT_TRUE(again) << again.error().detail;
                EXPECT_EQ(again->legs.front().from, leg.from);
                EXPECT_EQ(again->legs.front().to, leg.to);
            }
            EXPECT_EQ(found, expected) << to_string(query.from) << " to " << to_string(query.to);
            journeys += found.size();
        }
    }
    EXPECT_GT(journeys, 100U);
}

TEST_F(SampleSearchTest, BerlinToMunichIsFoundByName) {
    Search search{*timetable_};
    const auto from = timetable_->station("Berlin Hbf");
    const auto to = timetable_->station("muenchen hbf");
    ASSERT_TRUE(from) << from.error().detail;
    ASSERT_TRUE(to) << to.error().detail;
    JourneyQuery query{.from = from->id, .to = to->id, .depart = at("2019-05-06")};
    query.trains = {"ice"};
    const auto page = search.find(query);
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_FALSE(page->journeys.empty());
    EXPECT_LT(page->journeys.front().duration(), std::chrono::hours{10});
    for (const auto& journey : page->journeys) {
        for (const auto& leg : journey.legs) EXPECT_THAT(leg.train, testing::StartsWith("ICE "));
    }
}

}  // namespace
}  // namespace railbook

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <railbook/timetable.hpp>

#include "store/memory/memory.hpp"
#include "store/faults.hpp"
#include "support/environment.hpp"
#include "support/dates.hpp"
#include "support/feed.hpp"

namespace railbook {
namespace {

using test::date;
using test::FeedFiles;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TimetableTest : public testing::Test {
protected:
    ImportReport import(const FeedFiles& files, const std::string& name = "f") {
        const auto report = timetable_.import_gtfs(files.write_folder(), {.name = name});
        EXPECT_TRUE(report) << (report ? "" : report.error().detail);
        return report ? *report : ImportReport{};
    }
    /// A feed with stations of these names; the n-th has n trains a day, so the last is the busiest.
    static FeedFiles stations(const std::vector<std::string>& names) {
        FeedFiles files;
        files.append("stops.txt", "Z,Zz,1,1\n");
        int trip = 2;
        for (std::size_t i = 0; i < names.size(); ++i) {
            files.append("stops.txt", fmt::format("s{},\"{}\",50,8\n", i, names[i]));
            for (std::size_t n = 0; n <= i; ++n, ++trip) {
                files.append("trips.txt", fmt::format("X,daily,{},\n", trip));
                files.append("stop_times.txt", fmt::format("{0},08:00:00,08:00:00,s{1},1\n"
                                                           "{0},09:00:00,09:00:00,Z,2\n", trip, i));
            }
        }
        return files;
    }
    std::vector<std::string> find(std::string_view text, std::size_t limit = 10) {
        const auto found = timetable_.find_stations(text, limit);
        EXPECT_TRUE(found) << (found ? "" : found.error().detail);
        std::vector<std::string> names;
        for (const auto& station : *found) names.push_back(station.name);
        return names;
    }
    std::string station(std::string_view text) {
        const auto found = timetable_.station(text);
        return found ? to_string(found->id) : std::string{to_string(found.error().code)};
    }

    test::TestEnvironment environment_;
    std::unique_ptr<Store> store_ = store::open_memory(environment_);
    Timetable timetable_{environment_, *store_};
};

// --- Import ---

TEST_F(TimetableTest, AnImportIsThereForTheNextQuestion) {
    EXPECT_EQ(timetable_.run("2026-12-01.f:1").error().code, ErrorCode::not_found);
    const auto report = import(FeedFiles{});
    EXPECT_EQ(report.feed.name, "f");
    EXPECT_EQ(report.feed.version, 1U);
    EXPECT_THAT(report.feed.checksum, SizeIs(64));
    EXPECT_EQ(report.feed.imported_at, environment_.now());
    const auto run = timetable_.run("2026-12-01.f:1");
    ASSERT_TRUE(run) << run.error().detail;
    EXPECT_EQ(run->train, "IC 100");
    ASSERT_TRUE(run->consist);
    EXPECT_GT(run->consist->seat_count(), 0U);
    EXPECT_FALSE(run->pinned);
    EXPECT_THAT(*timetable_.feeds(), ElementsAre(report.feed));
}

TEST_F(TimetableTest, TheNameOfAFeedIsMadeFromItsFile) {
    const FeedFiles files;
    const auto name_of = [&](const std::string& file) {
        const auto path = files.folder() / file;
        std::filesystem::copy_file(files.write_zip(), path, std::filesystem::copy_options::overwrite_existing);
        const auto report = timetable_.import_gtfs(path.string(), {.dry_run = true});
        return report ? report->feed.name : report.error().detail;
    };
    EXPECT_EQ(name_of("db-fv-2019.zip"), "db-fv-2019");
    EXPECT_EQ(name_of("DB  Fernverkehr (neu).zip"), "db-fernverkehr-neu");
    EXPECT_EQ(name_of(std::string(60, 'x') + ".zip"), std::string(32, 'x'));
    EXPECT_THAT(name_of("ÄÖ.zip"), HasSubstr("cannot be the name of a feed"));
    EXPECT_EQ(timetable_.import_gtfs(files.write_folder() + "/", {.dry_run = true})->feed.name, "feed");
    for (const auto* name : {"Db", "a_b", "a:b", "a b", "123456789012345678901234567890123"}) {
        const auto refused = timetable_.import_gtfs(files.write_folder(), {.name = name});
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    }
}

TEST_F(TimetableTest, ADryRunReportsAndKeepsNothing) {
    const auto report = timetable_.import_gtfs(FeedFiles{}.write_folder(), {.name = "f", .dry_run = true});
    ASSERT_TRUE(report) << report.error().detail;
    EXPECT_EQ(report->feed.trips, 1U);
    EXPECT_THAT(*timetable_.feeds(), IsEmpty());
}

TEST_F(TimetableTest, ARefusedImportLeavesTheOldTimetable) {
    import(FeedFiles{});
    const auto refused = timetable_.import_gtfs(FeedFiles{}.remove("trips.txt").write_folder(), {.name = "f"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::bad_data);
    EXPECT_TRUE(timetable_.run("2026-12-01.f:1"));
    EXPECT_EQ(timetable_.feeds()->front().version, 1U);
    EXPECT_EQ(timetable_.import_gtfs("nowhere.zip", {.name = "f"}).error().code, ErrorCode::not_found);
}

TEST_F(TimetableTest, ASecondImportReplacesTheFirst) {
    import(FeedFiles{});
    const auto before = timetable_.run("2026-12-01.f:1");
    FeedFiles files;
    const auto report = import(files.set("trips.txt", "route_id,service_id,trip_id,trip_short_name\nX,daily,1,200\n"));
    EXPECT_EQ(report.feed.version, 2U);
    EXPECT_EQ(before->train, "IC 100");
    EXPECT_EQ(timetable_.run("2026-12-01.f:1")->train, "IC 200");
}

TEST_F(TimetableTest, ARemovedFeedIsGone) {
    import(FeedFiles{});
    ASSERT_TRUE(timetable_.run("2026-12-01.f:1"));
    ASSERT_TRUE(timetable_.remove_feed("f"));
    EXPECT_FALSE(timetable_.run("2026-12-01.f:1"));
    EXPECT_EQ(timetable_.remove_feed("f").error().code, ErrorCode::not_found);
}

TEST_F(TimetableTest, ATimetableReadsWhatAnotherStored) {
    import(FeedFiles{});
    Timetable other{environment_, *store_};
    EXPECT_TRUE(other.run("2026-12-01.f:1"));
}

/// Holds the first segment of a run, so that the store pins it.
void pin(Store& store, const Run& run, Timestamp now) {
    Hold hold;
    hold.id.bytes[0] = 1;
    hold.owner = "operator:test";
    hold.created_at = now;
    hold.expires_at = now + std::chrono::minutes{15};
    hold.latest_end = hold.expires_at;
    hold.items = {{.run = run.id,
                   .train = run.train,
                   .from = departure_of(run, 0),
                   .to = arrival_of(run, 1),
                   .span = {0, 1},
                   .travel_class = run.consist->coach_of(0).travel_class,
                   .seats = {{0, run.consist->seat_at(0)}}}};
    const auto placed = store.inventory().place_hold(
        {hold.owner, "hold.create", {"key"}, "fingerprint", now, std::chrono::hours{24}}, hold, {run}, 0);
    ASSERT_TRUE(placed) << placed.error().detail;
}

TEST_F(TimetableTest, APinnedRunStaysAsItWasSoldAndTheImportSaysSo) {
    import(FeedFiles{});
    const auto sold = *timetable_.run("2026-12-02.f:1");
    pin(*store_, sold, environment_.now());
    EXPECT_THAT(import(FeedFiles{}).pinned, IsEmpty());

    const auto report = import(FeedFiles{}.set("stop_times.txt",
                                               "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                                               "1,08:10:00,08:10:00,A,1\n1,10:00:00,10:00:00,C,3\n"));
    ASSERT_THAT(report.pinned, SizeIs(1));
    EXPECT_EQ(to_string(report.pinned.front().run), "2026-12-02.f:1");
    EXPECT_EQ(report.pinned.front().holds, 1U);
    const auto run = timetable_.run("2026-12-02.f:1");
    ASSERT_TRUE(run) << run.error().detail;
    EXPECT_TRUE(run->pinned);
    EXPECT_EQ(run->calls, sold.calls);
    EXPECT_EQ(timetable_.run("2026-12-03.f:1")->calls.size(), 2U);

    ASSERT_TRUE(timetable_.remove_feed("f"));
    EXPECT_TRUE(timetable_.run(sold.id));
    EXPECT_TRUE(timetable_.run("2026-12-02.f:1"));
}

// --- Layouts ---

TEST_F(TimetableTest, ImportedLayoutsDecideAboutCoaches) {
    import(FeedFiles{});
    ASSERT_TRUE(timetable_.run("2026-12-01.f:1"));
    const auto document = timetable_.import_layouts(test::kSmallTrain);
    ASSERT_TRUE(document) << document.error().detail;
    EXPECT_EQ(document->name, "layouts");
    EXPECT_EQ(timetable_.run("2026-12-01.f:1")->consist->name, "small");
    const auto all = timetable_.layouts();
    ASSERT_TRUE(all) << all.error().detail;
    ASSERT_THAT(*all, SizeIs(2));
    EXPECT_EQ(all->back(), *document);
}

TEST_F(TimetableTest, LayoutsThatMakeNoSenseAreRefused) {
    EXPECT_EQ(timetable_.import_layouts("{").error().code, ErrorCode::bad_data);
    EXPECT_THAT(*timetable_.layouts(), SizeIs(1));
}

// --- Runs ---

TEST_F(TimetableTest, TheFeedMayBeLeftOutWhereOneHasTheTrip) {
    import(FeedFiles{}, "one");
    EXPECT_EQ(to_string(timetable_.run("2026-12-01.1")->id), "2026-12-01.one:1");
    import(FeedFiles{}, "two");
    const auto refused = timetable_.run("2026-12-01.1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().detail, "several feeds have a trip '1': 2026-12-01.one:1, 2026-12-01.two:1");
    EXPECT_EQ(to_string(timetable_.run("2026-12-01.two:1")->id), "2026-12-01.two:1");
    EXPECT_EQ(timetable_.run("2026-12-01.9").error().code, ErrorCode::not_found);
    EXPECT_EQ(timetable_.run("2026-12-01").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(timetable_.run("2026-12-01.three:1").error().detail, "there is no feed 'three'");
}

TEST_F(TimetableTest, ATripIdMayHoldAColon) {
    FeedFiles files;
    files.set("trips.txt", "route_id,service_id,trip_id\nX,daily,a:b\n")
        .set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\na:b,08:00:00,08:00:00,A,1\n"
                               "a:b,09:00:00,09:00:00,B,2\n");
    import(files);
    EXPECT_EQ(to_string(timetable_.run("2026-12-01.f:a:b")->id), "2026-12-01.f:a:b");
    EXPECT_EQ(to_string(timetable_.run("2026-12-01.a:b")->id), "2026-12-01.f:a:b");
}

TEST_F(TimetableTest, RunsOfADateAreListedByDeparture) {
    FeedFiles files;
    files.append("trips.txt", "X,daily,2,\nX,daily,3,\n")
        .append("stop_times.txt", "2,07:00:00,07:00:00,A,1\n2,09:00:00,09:00:00,B,2\n3,12:00:00,12:00:00,A,1\n"
                                  "3,13:00:00,13:00:00,B,2\n")
        .set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n3,07:30:00,09:00:00,3600\n");
    import(files);
    const auto runs = timetable_.runs(date(2026, 12, 1));
    ASSERT_TRUE(runs) << runs.error().detail;
    std::vector<std::string> ids;
    for (const auto& run : *runs) ids.push_back(to_string(run.id));
    EXPECT_THAT(ids, ElementsAre("2026-12-01.f:2", "2026-12-01.f:3@07:30:00", "2026-12-01.f:1",
                                 "2026-12-01.f:3@08:30:00"));
    EXPECT_EQ(runs->front().train, "IC");
    EXPECT_EQ(runs->front().to.name, "Bedorf");
    EXPECT_THAT(*timetable_.runs(date(2027, 1, 1)), IsEmpty());
}

// --- Other processes ---

TEST_F(TimetableTest, WhatAnotherProcessImportsIsSeenAfterSomeSeconds) {
    import(stations({"Essen"}));
    EXPECT_THAT(find("essen"), ElementsAre("Essen"));
    Timetable another{environment_, *store_};
    ASSERT_TRUE(another.import_gtfs(stations({"Essen", "Essen West"}).write_folder(), {.name = "f"}));
    environment_.advance(Timetable::kLookEvery - Duration{1});
    EXPECT_THAT(find("essen"), ElementsAre("Essen"));
    environment_.advance(Duration{1});
    EXPECT_THAT(find("essen"), ElementsAre("Essen", "Essen West"));
    ASSERT_TRUE(another.remove_feed("f"));
    environment_.advance(Timetable::kLookEvery);
    EXPECT_THAT(find("essen"), IsEmpty());
    environment_.advance(-Timetable::kLookEvery);  // a clock that is put back is no reason to stay with what is known
    ASSERT_TRUE(another.import_gtfs(stations({"Ulm"}).write_folder(), {.name = "f"}));
    environment_.advance(-Duration{1});
    EXPECT_THAT(find("ulm"), ElementsAre("Ulm"));
}

TEST_F(TimetableTest, AStoreThatFailsForAMomentLeavesWhatIsKnown) {
    const auto files = stations({"Essen"});
    const auto more_files = stations({"Essen", "Essen West"});
    const auto first = files.write_folder();
    const auto second = more_files.write_folder();
    bool is_reached = true;
    std::size_t failed_later = 0;
    for (std::size_t n = 1; is_reached; ++n) {
        test::TestEnvironment environment;
        test::Faults faults{n, test::Faults::When::before};
        const auto store = test::make_faulty(store::open_memory(environment), faults);
        Timetable mine{environment, *store};
        Timetable another{environment, *store};
        if (!mine.import_gtfs(first, {.name = "f"})) {
            ASSERT_TRUE(mine.import_gtfs(first, {.name = "f"}));
        }
        if (!mine.find_stations("essen", 9)) {
            ASSERT_TRUE(mine.find_stations("essen", 9));
        }
        if (!another.import_gtfs(second, {.name = "f"})) {
            ASSERT_TRUE(another.import_gtfs(second, {.name = "f"}));
        }
        environment.advance(Timetable::kLookEvery);
        const auto found = mine.find_stations("essen", 9);
        ASSERT_TRUE(found) << faults;
        failed_later += found->size() == 1 ? 1U : 0U;
        environment.advance(Timetable::kLookEvery);
        ASSERT_EQ(mine.find_stations("essen", 9)->size(), 2U) << faults;
        is_reached = faults.has_reached();
    }
    EXPECT_GE(failed_later, 2U) << "each question to the store failed once";
}

// --- Stations ---

TEST_F(TimetableTest, StationsAreFoundByPrefixesOfTheirWords) {
    import(stations({"München Hbf", "München-Pasing", "Berlin Hbf (tief)", "Frankfurt(Main)Hbf", "Frankfurt(Oder)"}));
    EXPECT_THAT(find("muenchen"), ElementsAre("München-Pasing", "München Hbf"));
    EXPECT_THAT(find("MUNCHEN h"), ElementsAre("München Hbf"));
    EXPECT_THAT(find("hbf frank"), ElementsAre("Frankfurt(Main)Hbf"));
    EXPECT_THAT(find("frankfurt main"), ElementsAre("Frankfurt(Main)Hbf"));
    EXPECT_THAT(find("furt"), IsEmpty());
    EXPECT_THAT(find(""), IsEmpty());
    EXPECT_THAT(find("hbf"), SizeIs(3));
    EXPECT_THAT(find("hbf", 2), SizeIs(2));
    EXPECT_EQ(timetable_.find_stations("hbf", 0).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(timetable_.find_stations("hbf", kMaxPage + 1).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(timetable_.find_stations(std::string(257, 'x'), 1).error().code, ErrorCode::invalid_argument);
}

TEST_F(TimetableTest, StationsAreRankedByFitAndThenByTraffic) {
    import(stations({"Essen", "Essen West", "Bad Essen", "Essen Hbf"}));
    EXPECT_THAT(find("essen"), ElementsAre("Essen", "Essen Hbf", "Essen West", "Bad Essen"));
    EXPECT_EQ(timetable_.find_stations("essen", 1)->front().calls, 7U);
}

TEST_F(TimetableTest, AStationIsNamedByIdOrByANameThatIsItsAlone) {
    import(stations({"Essen", "Essen Hbf", "Bad Essen", "Halle(Saale)Hbf", "Halle(Westf)"}));
    EXPECT_EQ(station("f:s1"), "f:s1");
    EXPECT_EQ(station("s1"), "f:s1");
    EXPECT_EQ(station("essen"), "f:s0");
    EXPECT_EQ(station("bad es"), "f:s2");
    EXPECT_EQ(station("f:Essen"), "f:s0");
    EXPECT_EQ(station("Halle"), "invalid_argument");
    EXPECT_EQ(station("Kiel"), "not_found");
    EXPECT_EQ(station(""), "not_found");
}

TEST_F(TimetableTest, AStationIsFoundByItsNameToTheLetterWhateverTheOthersAreCalled) {
    std::string long_name;
    for (int i = 0; i < 40; ++i) long_name += i == 0 ? "Bad" : " Bad";
    const std::vector<std::string> names{"पुणे",   "पाणी",  "Malmö",   "Malmo", "Malmo!", "+",       "++",
                                         "x: Ost", "f:Ost", long_name, "バカタ", "ハカタ",  "Essen II", "Essen Ⅱ"};
    import(stations(names));
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(station(names[i]), fmt::format("f:s{}", i)) << names[i];
        EXPECT_EQ(station("f:" + names[i]), fmt::format("f:s{}", i)) << names[i];
    }
    EXPECT_EQ(station("Malmo\xCC\x88"), "f:s2") << "o and a combining diaeresis";
    EXPECT_EQ(station("malmo"), "invalid_argument");
    EXPECT_EQ(station("+++"), "not_found");
}

TEST_F(TimetableTest, AnAmbiguousNameIsRefusedWithTheChoices) {
    import(stations({"Halle(Saale)Hbf", "Halle(Westf)"}));
    const auto refused = timetable_.station("Halle");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "'Halle' may be 2 stations: f:s1 Halle(Westf), f:s0 Halle(Saale)Hbf");
    EXPECT_THAT(refused.error().mistakes, SizeIs(2));
}

TEST_F(TimetableTest, AnIdOfSeveralFeedsIsAmbiguous) {
    FeedFiles far;
    far.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon\nA,Adorf,40,8\nB,Bedorf,40,9\nC,Cedorf,40,10\n");
    import(FeedFiles{}, "one");
    import(far, "two");
    EXPECT_EQ(station("A"), "invalid_argument");
    EXPECT_EQ(station("Adorf"), "invalid_argument");
    EXPECT_EQ(station("two:A"), "two:A");
    EXPECT_EQ(station("two:Adorf"), "two:A");
}

TEST_F(TimetableTest, AStationOfSeveralFeedsIsOne) {
    import(FeedFiles{}, "one");
    import(FeedFiles{}, "two");
    EXPECT_EQ(station("A"), "one:A");
    EXPECT_EQ(station("Adorf"), "one:A");
    EXPECT_EQ(station("two:Adorf"), "two:A");
    EXPECT_THAT(find("adorf"), ElementsAre("Adorf"));
    EXPECT_EQ(timetable_.station("Adorf")->also, (std::vector<StationId>{{"two", "A"}}));
    EXPECT_EQ(timetable_.station("two:A")->also, (std::vector<StationId>{{"one", "A"}}));
}

TEST_F(TimetableTest, AMistypedNameGetsSimilarOnes) {
    import(stations({"Hannover Hbf", "Hamburg Hbf", "Berlin Hbf (tief)"}));
    const auto hint = [&](const char* text) { return timetable_.station(text).error().hint; };
    EXPECT_EQ(hint("Hanover"), "did you mean 'Hannover Hbf'?");
    EXPECT_EQ(hint("Brelin Hbf"), "did you mean 'Berlin Hbf (tief)'?");
    EXPECT_EQ(hint("Timbuktu"), "");
}

TEST_F(TimetableTest, APlatformMeansItsStation) {
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,platform_code\nA,Adorf,50,8,,1,\n"
              "A7,Adorf,50,8,A,0,7\nB,Bedorf,50,8,,0,\nC,Cedorf,50,8,,0,\n")
        .set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A7,1\n"
                               "1,09:00:00,09:00:00,B,2\n");
    import(files);
    EXPECT_EQ(station("f:A7"), "f:A");
    EXPECT_THAT(timetable_.station("f:A")->platforms, ElementsAre("7"));
}

TEST_F(TimetableTest, WithoutATimetableTheHintIsToImportOne) {
    EXPECT_THAT(timetable_.station("Berlin").error().hint, HasSubstr("import"));
}

}  // namespace
}  // namespace railbook

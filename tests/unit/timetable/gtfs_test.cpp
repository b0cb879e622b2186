#include "timetable/gtfs.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dates.hpp"
#include "support/feed.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs_table.hpp"

namespace railbook::timetable {
namespace {

using test::date;
using test::FeedFiles;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

GtfsOptions options() { return {.feed = "f", .rebase = {}, .today = date(2026, 11, 30), .progress = {}}; }

Result<GtfsImport> import(const FeedFiles& files, const GtfsOptions& wanted = options()) {
    const auto archive = Archive::open(files.write_folder());
    if (!archive) return archive.error();
    return read_gtfs(**archive, wanted);
}

/// The import of a feed that is not refused.
GtfsImport imported(const FeedFiles& files, const GtfsOptions& wanted = options()) {
    auto result = import(files, wanted);
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    return result ? *std::move(result) : GtfsImport{};
}

std::string refusal(const FeedFiles& files, const GtfsOptions& wanted = options()) {
    const auto result = import(files, wanted);
    if (result) return "not refused";
    EXPECT_EQ(result.error().code, ErrorCode::bad_data);
    return result.error().detail;
}

/// `place: reason` of each row that was left out.
std::vector<std::string> dropped(const FeedFiles& files) {
    const auto result = imported(files);
    EXPECT_EQ(result.report.dropped.size(), result.report.dropped_count);
    std::vector<std::string> lines;
    for (const auto& mistake : result.report.dropped) lines.push_back(mistake.pointer + ": " + mistake.detail);
    return lines;
}

std::vector<std::pair<int, int>> times_of(const NetworkData& network) {
    std::vector<std::pair<int, int>> times;
    for (const auto& call : network.calls) times.emplace_back(call.arrival, call.departure);
    return times;
}

std::vector<std::uint32_t> distances_of(const NetworkData& network) {
    std::vector<std::uint32_t> distances;
    for (const auto& call : network.calls) distances.push_back(call.distance);
    return distances;
}

/// The dates on which the first trip runs, counted from the first date of the feed.
std::vector<std::uint32_t> days_of(const GtfsImport& result) {
    const auto network = Network::from_data(result.network);
    std::vector<std::uint32_t> days;
    for (std::uint32_t day = 0; day < result.network.days; ++day) {
        if ((*network)->runs_on(0, day)) days.push_back(day);
    }
    return days;
}

constexpr int kHour = 3600;

TEST(GtfsTest, AFeedInOrderIsTakenWhole) {
    const auto result = imported(FeedFiles{});
    const auto& network = result.network;
    EXPECT_THAT(result.report.dropped, IsEmpty());
    EXPECT_THAT(result.report.notes, IsEmpty());
    EXPECT_EQ(result.report.feed.publisher, "Railways");
    EXPECT_EQ(result.report.feed.first_date, date(2026, 12, 1));
    EXPECT_EQ(result.report.feed.last_date, date(2026, 12, 14));
    EXPECT_EQ(result.report.feed.stations, 3U);
    EXPECT_EQ(result.report.feed.trips, 1U);
    EXPECT_EQ(network.days, 14U);
    EXPECT_THAT(times_of(network), ElementsAre(std::pair{8 * kHour, 8 * kHour}, std::pair{9 * kHour, 9 * kHour + 300},
                                               std::pair{10 * kHour, 10 * kHour}));
}

TEST(GtfsTest, FilesAreCountedWithTheirRowsAndBytes) {
    FeedFiles files;
    files.append("stop_times.txt", "1,x,11:00:00,C,4\n");
    const auto result = imported(files);
    std::uint64_t bytes = 0;
    for (const auto& [name, text] : files.files()) bytes += text.size();
    EXPECT_EQ(result.report.bytes, bytes);
    const auto& counts = result.report.files;
    const auto stop_times = std::ranges::find(counts, "stop_times.txt", &FileCount::file);
    ASSERT_NE(stop_times, counts.end());
    EXPECT_EQ(stop_times->rows, 4U);
    EXPECT_EQ(stop_times->dropped, 1U);
}

TEST(GtfsTest, ProgressGrowsToTheTotal) {
    std::vector<std::uint64_t> done;
    auto wanted = options();
    std::uint64_t total = 0;
    wanted.progress = [&](const ImportProgress& progress) {
        done.push_back(progress.done);
        total = progress.total;
    };
    imported(FeedFiles{}, wanted);
    EXPECT_TRUE(std::ranges::is_sorted(done));
    ASSERT_FALSE(done.empty());
    EXPECT_EQ(done.back(), total);
}

// --- Refused whole ---

TEST(GtfsTest, AMissingRequiredFileRefusesTheFeed) {
    for (const auto* file : {"agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt"}) {
        EXPECT_EQ(refusal(FeedFiles{}.remove(file)), std::string{"the feed has no "} + file);
    }
    EXPECT_EQ(refusal(FeedFiles{}.remove("calendar.txt")), "the feed has neither calendar.txt nor calendar_dates.txt");
}

TEST(GtfsTest, AMissingRequiredColumnRefusesTheFeed) {
    EXPECT_EQ(refusal(FeedFiles{}.set("stops.txt", "stop_id,stop_lat,stop_lon\nA,1,2\n")),
              "stops.txt:1: the column 'stop_name' is missing");
}

TEST(GtfsTest, AnUnknownZoneOfAnAgencyRefusesTheFeed) {
    EXPECT_EQ(refusal(FeedFiles{}.set("agency.txt",
                                      "agency_id,agency_name,agency_timezone\nR,Railways,Europe/Nowhere\n")),
              "agency.txt:2:3: there is no time zone 'Europe/Nowhere'");
}

TEST(GtfsTest, AFeedInWhichNothingRunsIsRefused) {
    EXPECT_EQ(refusal(FeedFiles{}.set("trips.txt", "route_id,service_id,trip_id\n")),
              "the feed has no trip that can be used");
    EXPECT_EQ(refusal(FeedFiles{}.set("calendar.txt",
                                      "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,"
                                      "end_date\ndaily,0,0,0,0,0,0,0,20261201,20261214\n")),
              "the feed has no date on which a trip runs");
}

TEST(GtfsTest, AnUnclosedQuoteRefusesTheFeed) {
    EXPECT_EQ(refusal(FeedFiles{}.append("routes.txt", "Y,R,\"IC,InterCity,2\n")),
              "routes.txt:3: a quote is opened and not closed");
}

TEST(GtfsTest, StrictRefusesTheFirstBadRowAndNamesIt) {
    auto wanted = options();
    wanted.strict = true;
    EXPECT_EQ(refusal(FeedFiles{}.append("stop_times.txt", "1,25:61:00,11:00:00,C,4\n"), wanted),
              "stop_times.txt:5:2: '25:61:00' is no time up to 480 hours");
    EXPECT_TRUE(import(FeedFiles{}, wanted));
}

// --- Rows that are left out ---

TEST(GtfsTest, RowsThatReferToNothingAreLeftOut) {
    EXPECT_THAT(dropped(FeedFiles{}
                            .append("routes.txt", "Z,nobody,IC,,2\n")
                            .append("trips.txt", "nowhere,daily,2,\nX,never,3,\n")
                            .append("stop_times.txt", "9,11:00:00,11:00:00,A,1\n1,11:00:00,11:00:00,Q,4\n")),
                ElementsAre("routes.txt:3:2: there is no agency 'nobody'", "trips.txt:3:1: there is no route 'nowhere'",
                            "trips.txt:4:2: there is no service 'never'", "stop_times.txt:5:1: there is no trip '9'",
                            "stop_times.txt:6:4: there is no stop 'Q'"));
}

TEST(GtfsTest, RowsOfATripThatWasLeftOutAreNotReportedAgain) {
    EXPECT_THAT(dropped(FeedFiles{}
                            .append("trips.txt", "nowhere,daily,2,\n")
                            .append("stop_times.txt", "2,11:00:00,11:00:00,A,1\n2,12:00:00,12:00:00,B,2\n")),
                SizeIs(1));
}

TEST(GtfsTest, OfRowsWithOneIdTheFirstCounts) {
    const FeedFiles files = FeedFiles{};
    FeedFiles twice;
    twice.append("stops.txt", "A,Another,1,1\n")
        .append("routes.txt", "X,R,Other,,2\n")
        .append("trips.txt", "X,daily,1,200\n")
        .append("stop_times.txt", "1,10:30:00,10:30:00,A,3\n")
        .append("calendar.txt", "daily,0,0,0,0,0,0,0,20261201,20261214\n");
    EXPECT_THAT(dropped(twice), ElementsAre("stops.txt:5:1: the id 'A' comes twice",
                                            "routes.txt:3:1: the id 'X' comes twice",
                                            "calendar.txt:3:1: the id 'daily' comes twice",
                                            "trips.txt:3:3: the id '1' comes twice",
                                            "stop_times.txt:5: the trip has two calls with stop_sequence 3"));
    EXPECT_EQ(imported(twice).network, imported(files).network);
}

TEST(GtfsTest, BadValuesAreNamedWithFileLineAndColumn) {
    EXPECT_THAT(dropped(FeedFiles{}
                            .append("stops.txt", "D,Dedorf,91,8\nE,Edorf,50,\n,Fdorf,1,1\nG,,1,1\n")
                            .append("routes.txt", "Y,R,IC,,train\n")
                            .append("calendar.txt", "s,1,1,1,1,1,1,yes,20261201,20261214\n"
                                                    "t,1,1,1,1,1,1,1,20261232,20261214\n"
                                                    "u,1,1,1,1,1,1,1,20261214,20261201\n")
                            .append("stop_times.txt", "1,8:0:0,11:00:00,C,4\n1,11:00:00,11:00:00,C,-4\n")),
                ElementsAre("stops.txt:5:3: this is no latitude", "stops.txt:6:4: this is no longitude",
                            "stops.txt:7:1: the id is empty", "stops.txt:8:2: the stop has no name",
                            "routes.txt:3:5: 'train' is no route type", "calendar.txt:3:8: 'yes' is not 0 or 1",
                            "calendar.txt:4:9: '20261232' is no date", "calendar.txt:5:10: the end is before the start",
                            "stop_times.txt:5:2: '8:0:0' is no time up to 480 hours",
                            "stop_times.txt:6:5: '-4' is no sequence number"));
}

TEST(GtfsTest, ATripWhoseTimesRunBackwardsIsLeftOutAsAWhole) {
    const auto files = [](const char* rows) {
        FeedFiles feed;
        feed.append("trips.txt", "X,daily,2,\n").append("stop_times.txt", rows);
        return dropped(feed);
    };
    EXPECT_THAT(files("2,08:00:00,08:00:00,A,1\n2,07:59:59,08:10:00,B,2\n"),
                ElementsAre("trips.txt:3:3: the trip '2' is left out: its times run backwards (stop_times.txt:6)"));
    EXPECT_THAT(files("2,08:00:00,08:00:00,A,1\n2,08:10:00,08:09:59,B,2\n"), SizeIs(1));
    EXPECT_THAT(files("2,08:00:00,08:00:00,A,1\n2,08:00:00,08:00:00,B,2\n"), IsEmpty());
    EXPECT_THAT(files("2,08:00:00,08:00:00,A,1\n"),
                ElementsAre("trips.txt:3:3: the trip '2' is left out: it has fewer than two calls"));
    EXPECT_THAT(files("2,08:00:00,08:00:00,A,1\n2,,,B,2\n"),
                ElementsAre("trips.txt:3:3: the trip '2' is left out: its first and last call need times "
                            "(stop_times.txt:6)"));
}

TEST(GtfsTest, OnlyTheFirstHundredRowsAreListedAndAllAreCounted) {
    FeedFiles files;
    for (int i = 0; i < 150; ++i) files.append("stop_times.txt", "9,11:00:00,11:00:00,A,1\n");
    const auto result = imported(files);
    EXPECT_EQ(result.report.dropped.size(), ImportReport::kMaxListed);
    EXPECT_EQ(result.report.dropped_count, 150U);
}

// --- Times ---

TEST(GtfsTest, HoursMayHaveOneDigitAndPassTwentyFour) {
    EXPECT_EQ(parse_seconds("8:05:09"), 8 * kHour + 309);
    EXPECT_EQ(parse_seconds("08:05:09"), 8 * kHour + 309);
    EXPECT_EQ(parse_seconds("99:00:00"), 99 * kHour);
    EXPECT_EQ(parse_seconds("480:00:00"), kMaxSeconds);
    for (const auto* text :
         {"", "08:05", "8:60:00", "8:00:60", "8:5:00", "-8:00:00", "480:00:01", "aa:00:00", "8:00:0x"}) {
        EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
    }
}

TEST(GtfsTest, MissingTimesAreFilledByDistance) {
    // B is a quarter of the way.
    FeedFiles files;
    files.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon\nA,Adorf,50,8\nB,Bedorf,50.25,8\nC,Cedorf,51,8\n")
        .set("stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A,1\n1,,,B,2\n"
             "1,12:00:00,12:00:00,C,3\n");
    EXPECT_EQ(times_of(imported(files).network)[1], (std::pair{9 * kHour, 9 * kHour}));
}

TEST(GtfsTest, MissingTimesAreFilledEvenlyWhereThereIsNoDistance) {
    FeedFiles files;
    files.set("stops.txt", "stop_id,stop_name\nA,Adorf\nB,Bedorf\nC,Cedorf\n")
        .set("stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A,1\n1,,,B,2\n"
             "1,10:00:00,10:00:00,C,3\n");
    const auto result = imported(files);
    EXPECT_EQ(times_of(result.network)[1], (std::pair{9 * kHour, 9 * kHour}));
    EXPECT_THAT(result.report.notes, ElementsAre("stops.txt: 3 stations have no position"));
}

TEST(GtfsTest, OneOfTwoTimesStandsForBoth) {
    FeedFiles files;
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,,08:00:00,A,1\n1,09:00:00,,B,2\n"
              "1,10:00:00,,C,3\n");
    EXPECT_THAT(times_of(imported(files).network),
                ElementsAre(std::pair{8 * kHour, 8 * kHour}, std::pair{9 * kHour, 9 * kHour},
                            std::pair{10 * kHour, 10 * kHour}));
}

TEST(GtfsTest, CallsAreOrderedByTheirSequence) {
    FeedFiles files;
    files.set("stop_times.txt",
              "stop_sequence,trip_id,arrival_time,departure_time,stop_id\n30,1,10:00:00,10:00:00,C\n"
              "10,1,08:00:00,08:00:00,A\n20,1,09:00:00,09:05:00,B\n");
    EXPECT_EQ(imported(files).network, imported(FeedFiles{}).network);
}

TEST(GtfsTest, PickUpAndDropOffAreDeniedByOneOnly) {
    FeedFiles files;
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
              "1,08:00:00,08:00:00,A,1,0,1\n1,09:00:00,09:05:00,B,2,1,3\n1,10:00:00,10:00:00,C,3,2,\n");
    const auto calls = imported(files).network.calls;
    EXPECT_TRUE(calls[0].pick_up && !calls[0].drop_off);
    EXPECT_TRUE(!calls[1].pick_up && calls[1].drop_off);
    EXPECT_TRUE(calls[2].pick_up && calls[2].drop_off);
}

// --- Dates ---

TEST(GtfsTest, ExceptionsAddAndTakeDates) {
    FeedFiles files;
    files.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,0,0,0,0,0,0,20261201,20261231\n")
        .set("calendar_dates.txt", "service_id,date,exception_type\ndaily,20261214,2\ndaily,20261226,1\n");
    const auto result = imported(files);
    EXPECT_EQ(result.network.first_date, date(2026, 12, 7));
    EXPECT_THAT(days_of(result), ElementsAre(0U, 14U, 19U, 21U));
}

TEST(GtfsTest, ServiceDatesMayStandInCalendarDatesAlone) {
    FeedFiles files;
    files.remove("calendar.txt").set("calendar_dates.txt", "service_id,date,exception_type\ndaily,20261214,1\n");
    EXPECT_EQ(imported(files).report.feed.first_date, date(2026, 12, 14));
}

TEST(GtfsTest, MoreThanFiveYearsAreClippedWithANote) {
    FeedFiles files;
    files.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,1,1,1,1,1,1,20231009,20591231\n");
    const auto result = imported(files);
    EXPECT_EQ(result.network.days, kMaxServiceDays);
    EXPECT_EQ(result.report.feed.first_date, date(2023, 10, 9));
    EXPECT_THAT(result.report.notes, ElementsAre(HasSubstr("promises dates from 2023-10-09 to 2059-12-31")));
}

TEST(GtfsTest, OfLongPromisesTheDatesAroundTodayAreKept) {
    FeedFiles files;
    files.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,1,1,1,1,1,1,20000101,20991231\n");
    const auto feed = imported(files).report.feed;
    EXPECT_EQ(feed.first_date, date(2025, 11, 29));
    auto later = options();
    later.today = date(2150, 1, 1);
    EXPECT_EQ(imported(files, later).report.feed.last_date, date(2099, 12, 31));
}

TEST(GtfsTest, RebaseMovesByWholeWeeksToTheDateOrLessThanAWeekBehind) {
    auto wanted = options();
    // 2026-12-01 is a Tuesday.
    for (const auto& [to, first] : {std::pair{date(2026, 12, 1), date(2026, 12, 1)},
                                    std::pair{date(2026, 12, 2), date(2026, 12, 8)},
                                    std::pair{date(2026, 11, 25), date(2026, 12, 1)},
                                    std::pair{date(2026, 11, 24), date(2026, 11, 24)},
                                    std::pair{date(2019, 5, 15), date(2019, 5, 21)}}) {
        wanted.rebase = to;
        const auto feed = imported(FeedFiles{}, wanted).report.feed;
        EXPECT_EQ(feed.first_date, first) << to_string(to);
        EXPECT_EQ(feed.last_date - feed.first_date, std::chrono::days{13});
    }
}

// --- Stations ---

TEST(GtfsTest, AStationHasTheCodeThatPassengersKnow) {
    FeedFiles files;
    files.set("stops.txt", "stop_id,stop_code,stop_name,stop_lat,stop_lon\nA,ADF,Adorf,50,8\nB,,Bedorf,50.5,8\n"
                           "C,CD,Cedorf,51,8\n");
    const auto network = *Network::from_data(imported(files).network);
    EXPECT_EQ(network->station(*network->find_station("A")).code, "ADF");
    EXPECT_EQ(network->station(*network->find_station("B")).code, "");
}

TEST(GtfsTest, PlatformsBelongToTheirStation) {
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,platform_code\n"
              "B,Bedorf,50.5,8.0,,1,\nA,Adorf Bus,50,8,AA,0,\nAA,Adorf,50,8,,1,\nB2,Bedorf,50.5,8.0,B,0,2\n"
              "B10,Bedorf,50.5,8.0,B,0,10\nE,Entrance,50,8,B,2,\nC,Cedorf,51,8,,,\n")
        .set("stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A,1\n"
             "1,09:00:00,09:00:00,B10,2\n1,09:30:00,09:30:00,E,3\n1,10:00:00,10:00:00,C,4\n");
    const auto result = imported(files);
    ASSERT_THAT(result.report.dropped, SizeIs(1));
    EXPECT_EQ(result.report.dropped.front().detail, "'E' is no place where trains call");
    const auto network = *Network::from_data(result.network);
    const auto station = network->find_station("B10");
    ASSERT_TRUE(station);
    EXPECT_EQ(station, network->find_station("B"));
    EXPECT_THAT(network->station(*station).platforms, ElementsAre("2", "10"));
    const auto run = network->run({0, 0, 0, {}});
    EXPECT_EQ(to_string(run.calls[0].id), "f:AA");
    EXPECT_EQ(run.calls[0].platform, "Adorf Bus");
    EXPECT_EQ(to_string(run.calls[1].id), "f:B");
    EXPECT_EQ(run.calls[1].platform, "10");
}

TEST(GtfsTest, AParentThatIsNotThereLeavesTheStopOut) {
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station\nA,Adorf,50,8,\nB,Bedorf,50.5,8,\nC,Cedorf,51,8,\n"
              "D,Dedorf,51,8,nowhere\n");
    EXPECT_THAT(dropped(files), ElementsAre("stops.txt:5:5: there is no station 'nowhere'"));
}

TEST(GtfsTest, PlatformsAreStepFreeAsTheySayElseAsTheirStation) {
    using enum NetworkData::StepFree;
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,wheelchair_boarding\n"
              "A,Adorf,50,8,,1,1\nA1,Adorf,50,8,A,0,\nA2,Adorf,50,8,A,0,2\nA3,Adorf,50,8,A,0,0\n"
              "B,Bedorf,50.5,8,,0,2\nC,Cedorf,51,8,,1,\nC1,Cedorf,51,8,C,0,1\nC2,Cedorf,51,8,C,0,\n");
    std::map<std::string, NetworkData::StepFree> found;
    for (const auto& stop : imported(files).network.stops) found[stop.id] = stop.step_free;
    EXPECT_EQ(found, (decltype(found){{"A", yes}, {"A1", yes}, {"A2", no}, {"A3", yes}, {"B", no}, {"C", unknown},
                                      {"C1", yes}, {"C2", unknown}}));
}

TEST(GtfsTest, TripsAreStepFreeAsTheySay) {
    using enum NetworkData::StepFree;
    FeedFiles files;
    files.set("trips.txt",
              "route_id,service_id,trip_id,wheelchair_accessible\nX,daily,1,1\nX,daily,2,2\nX,daily,3,0\n"
              "X,daily,4,\nX,daily,5,3\n");
    std::string calls;
    for (const char trip : {'2', '3', '4', '5'})
        calls += fmt::format("{0},08:00:00,08:00:00,A,1\n{0},09:00:00,09:00:00,B,2\n", trip);
    files.append("stop_times.txt", calls);
    const auto result = imported(files);
    std::vector<NetworkData::StepFree> found;
    for (const auto& trip : result.network.trips) found.push_back(trip.step_free);
    EXPECT_THAT(found, ElementsAre(yes, no, unknown, unknown, unknown));
    EXPECT_THAT(result.report.notes, ElementsAre("trips.txt:6:4: '3' is not 0 to 2; it counts as unknown"));
    for (const auto& trip : imported(FeedFiles{}).network.trips) EXPECT_EQ(trip.step_free, unknown);
}

TEST(GtfsTest, ZonesAreTheStationsOwnElseItsPlatformsElseTheAgencys) {
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,stop_timezone\n"
              "A,Adorf,50,8,,0,Canada/Eastern\nB,Bedorf,50.5,8,,1,\nB1,Bedorf,50.5,8,B,0,Europe/London\n"
              "C,Cedorf,51,8,,1,Europe/Lisbon\nC1,Cedorf,51,8,C,0,Europe/Paris\nD,Dedorf,51,8,,0,\n"
              "E,Edorf,51,8,,0,Europe/Atlantis\n");
    const auto result = imported(files);
    const auto network = *Network::from_data(result.network);
    const auto zone_of = [&](const char* stop) { return network->station(*network->find_station(stop)).zone; };
    EXPECT_EQ(zone_of("A"), "Canada/Eastern");
    EXPECT_EQ(zone_of("B1"), "Europe/London");
    EXPECT_EQ(zone_of("C1"), "Europe/Lisbon");
    EXPECT_EQ(zone_of("D"), "Europe/Berlin");
    EXPECT_EQ(zone_of("E"), "Europe/Berlin");
    EXPECT_THAT(result.report.notes,
                ElementsAre("stops.txt:8:7: there is no time zone 'Europe/Atlantis'; the agency's is used"));
}

TEST(GtfsTest, TranslationsAreFurtherNamesOfAStation) {
    FeedFiles files;
    files.set("translations.txt",
              "table_name,field_name,language,translation,record_id,field_value\nstops,stop_name,en,Ay Village,A,\n"
              "stops,stop_name,fr,Bévillage,,Bedorf\nroutes,route_long_name,en,Other,X,\nstops,stop_name,en,Q,Q,\n");
    const auto result = imported(files);
    EXPECT_THAT(result.network.stations[0].aliases, ElementsAre("Ay Village"));
    EXPECT_THAT(result.network.stations[1].aliases, ElementsAre("Bévillage"));
    EXPECT_THAT(result.report.dropped, SizeIs(1));
}

TEST(GtfsTest, TransfersKeepTheirPlatforms) {
    FeedFiles files;
    files.set("stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type\nA,Adorf,50,8,,1\nA1,Adorf,50,8,A,0\n"
              "A2,Adorf,50,8,A,0\nB,Bedorf,50.5,8,,0\nC,Cedorf,51,8,,0\n")
        .set("transfers.txt",
             "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id\nA1,A2,2,300,\nA1,A1,2,60,\n"
             "B,B,0,,\nB,C,3,,\nC,C,2,600,1\nA,Q,0,,\nC,C,9,,\n");
    const auto result = imported(files);
    using Transfer = NetworkData::Transfer;
    const auto stop = [&](const char* id) {
        return static_cast<Index>(std::ranges::find(result.network.stops, id, &NetworkData::Stop::id) -
                                  result.network.stops.begin());
    };
    EXPECT_THAT(result.network.transfers,
                ElementsAre(Transfer{stop("A1"), stop("A1"), Transfer::Kind::timed_minimum, 60},
                            Transfer{stop("A1"), stop("A2"), Transfer::Kind::timed_minimum, 300},
                            Transfer{stop("B"), stop("B"), Transfer::Kind::recommended, Transfer::kUsual},
                            Transfer{stop("B"), stop("C"), Transfer::Kind::impossible, Transfer::kUsual}));
    EXPECT_EQ(result.report.dropped_count, 2U);
}

TEST(GtfsTest, TransfersOfTrainsNameTheirTripsAndRoutes) {
    FeedFiles files;
    files.append("trips.txt", "X,daily,2,\n")
        .append("stop_times.txt", "2,08:00:00,08:00:00,A,1\n2,09:00:00,09:00:00,B,2\n")
        .set("transfers.txt",
             "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id,from_route_id,"
             "to_route_id\nB,B,2,300,,,,\nB,B,2,60,2,1,,\nB,B,3,,,2,X,\nB,B,2,90,1,,X,\nB,B,2,120,1,,,\n"
             "B,B,0,,9,,,\nB,B,0,,,,,Z\nQ,B,0,,1,,,\n");
    const auto result = imported(files);
    const auto& data = result.network;
    using Transfer = NetworkData::Transfer;
    using Train = NetworkData::TrainTransfer;
    const auto stop = static_cast<Index>(std::ranges::find(data.stops, "B", &NetworkData::Stop::id) -
                                         data.stops.begin());
    const auto rule = [&](Transfer::Kind kind, std::uint32_t seconds) { return Transfer{stop, stop, kind, seconds}; };
    ASSERT_THAT(data.trips, SizeIs(2));
    EXPECT_THAT(data.transfers, ElementsAre(rule(Transfer::Kind::timed_minimum, 300)));
    // A trip says more than its route, and of two rows for the same the stricter counts.
    EXPECT_THAT(data.train_transfers,
                UnorderedElementsAre(
                    Train{.transfer = rule(Transfer::Kind::timed_minimum, 60), .from_trip = 1, .to_trip = 0},
                    Train{
                        .transfer = rule(Transfer::Kind::impossible, Transfer::kUsual), .to_trip = 1, .from_route = 0},
                    Train{.transfer = rule(Transfer::Kind::timed_minimum, 120), .from_trip = 0}));
    EXPECT_EQ(result.report.dropped_count, 3U) << "no such trip, route, stop";
}

TEST(GtfsTest, TransfersOfTrainsThatAreLeftOutAreNotKept) {
    FeedFiles files;
    files.append("trips.txt", "X,daily,2,\n")
        .append("stop_times.txt", "2,08:00:00,08:00:00,A,1\n")
        .set("transfers.txt",
             "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\nB,B,2,60,1,2\n");
    EXPECT_THAT(imported(files).network.train_transfers, IsEmpty());
}

// --- Frequencies ---

TEST(GtfsTest, FrequenciesGiveAStartEachHeadwayBeforeTheEnd) {
    FeedFiles files;
    files.set("frequencies.txt",
              "trip_id,start_time,end_time,headway_secs,exact_times\n1,06:00:00,07:00:00,1800,1\n"
              "1,10:00:00,10:00:01,60,0\n1,06:30:00,06:31:00,60,1\n");
    EXPECT_THAT(imported(files).network.starts, ElementsAre(6 * kHour, 6 * kHour + 1800, 10 * kHour));
}

TEST(GtfsTest, BadFrequenciesAreLeftOut) {
    FeedFiles files;
    files.set("frequencies.txt",
              "trip_id,start_time,end_time,headway_secs\n1,06:00:00,06:00:00,60\n1,06:00:00,07:00:00,0\n"
              "9,06:00:00,07:00:00,60\n");
    EXPECT_EQ(dropped(files).size(), 3U);
}

TEST(GtfsTest, AHeadwayOfASecondDoesNotFillTheMemory) {
    FeedFiles files;
    files.set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n");
    for (int i = 0; i < 3; ++i) files.append("frequencies.txt", "1,00:00:00,480:00:00,1\n");
    const auto result = imported(files);
    EXPECT_LE(result.network.starts.size(), 1'000'000U);
    EXPECT_EQ(result.report.dropped_count, 3U);
}

TEST(GtfsTest, TrainsWithoutNumberAreRefused) {
    FeedFiles files;
    files.set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n");
    for (int i = 0; i < 400; ++i) {
        const auto time = fmt::format("{:02}:{:02}:00", i / 60, i % 60);
        files.append("stop_times.txt", fmt::format("1,{},{},{},{}\n", time, time, i % 2 == 0 ? "A" : "B", i));
    }
    files.set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n1,00:00:00,18:00:00,1\n");
    EXPECT_NE(refusal(files).find("frequencies.txt"), std::string::npos) << "64,800 trains with 400 calls each";
    files.set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n1,00:00:00,18:00:00,60\n");
    EXPECT_TRUE(import(files));
}

/// A rule for each platform makes as many ways as there are pairs of them.
TEST(GtfsTest, PlatformsWithoutNumberAreRefused) {
    const auto with_platforms = [](int count) {
        FeedFiles files;
        files.set("stops.txt", "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
                               "A,Adorf,50.0,8.0,1,\nB,Bedorf,50.5,8.0,,\nC,Cedorf,51.0,8.0,,\n");
        files.set("transfers.txt", "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n");
        for (int i = 0; i < count; ++i) {
            files.append("stops.txt", fmt::format("P{},Adorf,50.0,8.0,,A\n", i));
            files.append("transfers.txt", fmt::format("P{},P{},2,{}\n", i, i, i));
        }
        files.set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                                    "1,08:00:00,08:00:00,P0,1\n1,09:00:00,09:05:00,B,2\n");
        return import(files);
    };
    EXPECT_TRUE(with_platforms(200));
    const auto refused = with_platforms(20'000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::bad_data);
    EXPECT_NE(refused.error().detail.find("transfers.txt"), std::string::npos) << refused.error().detail;
}

// --- Distances ---

TEST(GtfsTest, DistancesAreGreatCirclesWhereNothingElseIsKnown) {
    EXPECT_THAT(distances_of(imported(FeedFiles{}).network), ElementsAre(0U, 55'598U, 111'195U));
}

TEST(GtfsTest, ShapeDistTraveledInKilometresBecomesMetres) {
    FeedFiles files;
    files.set("stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
              "1,08:00:00,08:00:00,A,1,10\n1,09:00:00,09:05:00,B,2,80.5\n1,10:00:00,10:00:00,C,3,140\n");
    EXPECT_THAT(distances_of(imported(files).network), ElementsAre(0U, 70'500U, 130'000U));
}

TEST(GtfsTest, AShapeMeasuresTheWayOfItsTrips) {
    // From A to B by a corner: longer than straight.
    FeedFiles files;
    files.set("trips.txt", "route_id,service_id,trip_id,shape_id\nX,daily,1,s\n")
        .set("shapes.txt",
             "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,50,8,1\ns,50.25,8.3,2\ns,50.5,8,3\ns,51,8,4\n"
             "unused,1,1,1\n");
    const auto distances = distances_of(imported(files).network);
    EXPECT_GT(distances[1], 65'000U);
    EXPECT_EQ(distances[2] - distances[1], 55'598U);
}

TEST(GtfsTest, AFeedInAFolderOfItsZipIsNoted) {
    const FeedFiles files;
    const auto archive = Archive::open(files.write_zip("export/"));
    ASSERT_TRUE(archive) << archive.error().detail;
    const auto result = read_gtfs(**archive, options());
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->network, imported(files).network);
    EXPECT_THAT(result->report.notes, SizeIs(1));
}

}  // namespace
}  // namespace railbook::timetable

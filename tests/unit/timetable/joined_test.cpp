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

/// Feed `f` has a train `1` from A over B (09:05) to C (10:00); feed `g` one from C to D in another country.
class JoinedTest : public testing::Test {
protected:
    static constexpr const char* kAcross = "2026-12-01.f:1/f:A/f:C+2026-12-01.g:9/g:X/g:D";

    static FeedFiles abroad(const std::string& departure) {
        FeedFiles files;
        files
            .set("stops.txt",
                 "stop_id,stop_name,stop_lat,stop_lon\nX,Cedorf,51.0,8.0\nD,Dedorf,51.5,8.0\nE,Edorf,52.0,8.0\n")
            .set("trips.txt", "route_id,service_id,trip_id,trip_short_name\nX,daily,9,900\n")
            .set("stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n9," + departure + "," +
                                       departure + ",X,1\n9,12:00:00,12:00:00,D,2\n");
        return files;
    }
    void import(const FeedFiles& files, const std::string& name) {
        const auto report = timetable_.import_gtfs(files.write_folder(), {.name = name});
        ASSERT_TRUE(report) << report.error().detail;
        EXPECT_EQ(report->dropped_count, 0U);
    }
    std::vector<std::string> journeys(std::string_view depart, const StationId& from = {"f", "A"},
                                      const StationId& to = {"g", "D"}, std::vector<StationId> via = {}) {
        const auto found = search_.find({.from = from,
                                         .to = to,
                                         .depart = parse_when(depart, "Europe/Berlin")->time,
                                         .via = std::move(via)});
        EXPECT_TRUE(found) << (found ? "" : found.error().detail);
        std::vector<std::string> ids;
        if (found) {
            for (const auto& journey : found->journeys) ids.push_back(journey.id);
        }
        return ids;
    }

    test::TestEnvironment environment_;
    std::unique_ptr<Store> store_ = store::open_memory(environment_);
    Timetable timetable_{environment_, *store_};
    Search search_{timetable_};
};

TEST_F(JoinedTest, AJourneyChangesFromOneFeedToAnotherWhereTheyMeet) {
    import(FeedFiles{}, "f");
    import(abroad("10:02:00"), "g");
    EXPECT_THAT(journeys("2026-12-01"), ElementsAre(kAcross));
    EXPECT_THAT(journeys("2026-12-01", {"f", "A"}, {"g", "D"}, {{"f", "C"}}), ElementsAre(kAcross));
    EXPECT_THAT(journeys("2026-12-01", {"f", "A"}, {"g", "D"}, {{"g", "X"}}), ElementsAre(kAcross));
    EXPECT_THAT(journeys("2026-12-01", {"f", "C"}), ElementsAre("2026-12-01.g:9/g:X/g:D"));
    EXPECT_THAT(journeys("2026-12-01", {"g", "D"}, {"f", "A"}), IsEmpty());
    const auto read = search_.journey(kAcross);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->changes(), 1U);
    EXPECT_EQ(read->legs[0].to.name, "Cedorf");
    EXPECT_EQ(read->legs[1].from.call.station, (StationId{"g", "X"}));
}

TEST_F(JoinedTest, BetweenFeedsAChangeTakesWhatIsUsual) {
    import(FeedFiles{}, "f");
    import(abroad("10:01:00"), "g");
    EXPECT_THAT(journeys("2026-12-01"), IsEmpty()) << "a minute is too short";
    EXPECT_TRUE(search_.journey(kAcross)) << "but who asks for it may have it";
    EXPECT_THAT(search_.journey("2026-12-02.f:1/f:A/f:C+2026-12-01.g:9/g:X/g:D").error().detail,
                HasSubstr("the change at Cedorf is not possible"));
}

TEST_F(JoinedTest, TheRulesOfAFeedAreForItsOwnTrains) {
    constexpr const char* kHeading = "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n";
    FeedFiles files;
    files.append("trips.txt", "X,daily,2,\n")
        .append("stop_times.txt", "2,10:05:00,10:05:00,C,1\n2,10:30:00,10:30:00,A,2\n")
        .set("transfers.txt", std::string{kHeading} + "C,C,2,600\nB,B,3,\n");
    import(files, "f");
    import(abroad("10:05:00").set("transfers.txt", std::string{kHeading} + "X,X,3,\n"), "g");
    EXPECT_THAT(journeys("2026-12-01"), ElementsAre(kAcross));
    EXPECT_THAT(journeys("2026-12-01", {"f", "B"}, {"f", "A"}), IsEmpty()) << "ten minutes, and there are five";
}

TEST_F(JoinedTest, FeedsThatDoNotMeetAreNotJoined) {
    import(FeedFiles{}, "f");
    auto later = abroad("10:05:00");
    later.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,1,1,1,1,1,1,20261216,20261220\n");
    import(later, "g");
    EXPECT_THAT(journeys("2026-12-14"), IsEmpty());
    auto far = abroad("10:05:00");
    far.set("stops.txt",
            "stop_id,stop_name,stop_lat,stop_lon\nX,Cedorf,41.0,8.0\nD,Dedorf,51.5,8.0\nE,Edorf,52.0,8.0\n");
    import(far, "g");
    EXPECT_THAT(journeys("2026-12-01"), IsEmpty()) << "another place of that name";
}

TEST_F(JoinedTest, OfFeedsWithTooManyDaysTogetherThoseAreJoinedOnWhichTheyMeet) {
    const auto calendar = [](const std::string& ends) {
        return "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
               "daily,1,1,1,1,1,1,1," + ends + "\n";
    };
    import(FeedFiles{}.set("calendar.txt", calendar("20220101,20261214")), "f");
    import(abroad("10:05:00").set("calendar.txt", calendar("20261201,20310101")), "g");
    EXPECT_THAT(journeys("2026-12-14"), ElementsAre("2026-12-14.f:1/f:A/f:C+2026-12-14.g:9/g:X/g:D"));
    EXPECT_THAT(journeys("2022-02-02", {"f", "A"}, {"g", "X"}), ElementsAre("2022-02-02.f:1/f:A/f:C"));
    EXPECT_THAT(journeys("2030-12-01", {"f", "C"}), ElementsAre("2030-12-01.g:9/g:X/g:D"));
    EXPECT_THAT(journeys("2026-11-20"), IsEmpty());
}

TEST_F(JoinedTest, AStationOfWhichOneRuleWouldBecomeTooManyIsSearchedFeedByFeed) {
    FeedFiles files;
    files.set("transfers.txt", "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nC,C,2,120\n");
    auto stops = std::string{"stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
                             "A,Adorf,50.0,8.0,0,\nB,Bedorf,50.5,8.0,0,\nC,Cedorf,51.0,8.0,1,\n"};
    for (int i = 0; i < 1001; ++i) stops += "C" + std::to_string(i) + ",Cedorf,51.0,8.0,0,C\n";
    auto times = files.files().at("stop_times.txt");
    times.replace(times.find(",C,"), 3, ",C7,");
    files.set("stops.txt", stops).set("stop_times.txt", times);
    import(files, "f");
    import(abroad("10:05:00"), "g");
    EXPECT_THAT(journeys("2026-12-01"), IsEmpty());
    EXPECT_THAT(journeys("2026-12-01", {"f", "A"}, {"g", "X"}), ElementsAre("2026-12-01.f:1/f:A/f:C"));
}

TEST_F(JoinedTest, ANewImportOfOneFeedIsJoinedAtOnce) {
    import(FeedFiles{}, "f");
    import(abroad("10:01:00"), "g");
    EXPECT_THAT(journeys("2026-12-01"), IsEmpty());
    import(abroad("10:05:00"), "g");
    EXPECT_THAT(journeys("2026-12-01"), ElementsAre(kAcross));
}

}  // namespace
}  // namespace railbook

// Real timetables: the sample feed, and further ones from the folder that RAILBOOK_EXTRA_FEEDS names.

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <railbook/timetable.hpp>

#include "timetable/archive.hpp"
#include "timetable/codec.hpp"
#include "timetable/gtfs.hpp"

namespace railbook::timetable {
namespace {

/// What a feed must come to.
struct Expected {
    std::string file;
    std::size_t agencies;
    std::size_t routes;
    std::size_t trips;
    std::size_t stop_times;
    std::size_t stops;
    std::string first_date;
    std::string last_date;
    std::string zone;
    std::size_t backwards = 0;  ///< Trips with a call before the one they come from, and so left out.

    friend void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.file; }
};

const Expected kSample{"db-fv-2019", 14, 1366, 6063, 86'193, 664, "2018-12-09", "2019-12-14", "Europe/Berlin", 3};
const Expected kExtra[]{
    {"via-rail-2024", 1, 13, 149, 2213, 372, "2023-10-09", "2028-10-11", "America/Toronto"},
    {"amtrak-2023", 42, 86, 3840, 42'040, 815, "2020-10-05", "2025-01-05", "America/New_York"},
    {"de-fv-2023-12", 14, 129, 5617, 63'956, 1629, "2023-12-03", "2024-01-02", "Europe/Berlin"}};

std::string path_of(const Expected& expected) {
    if (expected.file == kSample.file) return RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip";
    return (std::filesystem::path{std::getenv("RAILBOOK_EXTRA_FEEDS")} / (expected.file + ".zip")).string();
}

std::vector<Expected> present_feeds() {
    std::vector<Expected> feeds{kSample};
    if (std::getenv("RAILBOOK_EXTRA_FEEDS") == nullptr) return feeds;
    for (const auto& each : kExtra) {
        if (std::filesystem::exists(path_of(each))) feeds.push_back(each);
    }
    return feeds;
}

class FeedTest : public testing::TestWithParam<Expected> {
protected:
    /// Read once for all tests of a process.
    static const GtfsImport& read() {
        static std::map<std::string, GtfsImport> known;
        const auto [entry, is_new] = known.try_emplace(GetParam().file);
        if (!is_new) return entry->second;
        const auto archive = Archive::open(path_of(GetParam()));
        EXPECT_TRUE(archive) << (archive ? "" : archive.error().detail);
        auto result = read_gtfs(**archive, {.feed = "x", .rebase = {}, .progress = {}});
        EXPECT_TRUE(result) << (result ? "" : result.error().detail);
        return entry->second = *std::move(result);
    }
};

TEST_P(FeedTest, IsTakenButForTrainsThatRunBackwards) {
    const auto& expected = GetParam();
    const auto& result = read();
    const auto& network = result.network;
    EXPECT_EQ(result.report.dropped_count, expected.backwards);
    for (const auto& mistake : result.report.dropped) {
        EXPECT_THAT(mistake.detail, testing::HasSubstr("its times run backwards"));
    }
    EXPECT_EQ(network.agencies.size(), expected.agencies);
    EXPECT_EQ(network.routes.size(), expected.routes);
    EXPECT_EQ(network.trips.size(), expected.trips - expected.backwards);
    const auto rows = std::ranges::find(result.report.files, "stop_times.txt", &FileCount::file)->rows;
    EXPECT_EQ(rows, expected.stop_times);
    const auto left_out = expected.stop_times - network.calls.size();
    EXPECT_EQ(left_out == 0, expected.backwards == 0);
    EXPECT_EQ(network.stops.size(), expected.stops);
    EXPECT_EQ(to_string(result.report.feed.first_date), expected.first_date);
    EXPECT_EQ(to_string(result.report.feed.last_date), expected.last_date);
    EXPECT_EQ(network.zones[network.agencies.front().zone], expected.zone);
}

TEST_P(FeedTest, SurvivesTheStoredFormUnchanged) {
    const auto& network = read().network;
    const auto again = decode(encode(network));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, network);
}

TEST_P(FeedTest, EveryRunMovesForwardInTimeAndSpace) {
    const auto network = *Network::from_data(read().network);
    for (Index trip = 0; trip < network->data().trips.size(); ++trip) {
        std::uint32_t day = 0;
        while (day < network->data().days && !network->runs_on(trip, day)) ++day;
        if (day == network->data().days) continue;
        const auto run = network->run({trip, day, 0, {}});
        ASSERT_GE(run.calls.size(), 2U);
        Timestamp last = *run.calls.front().departs;
        std::int64_t distance = 0;
        EXPECT_EQ(run.calls.front().distance, 0);
        for (std::size_t i = 1; i < run.calls.size(); ++i) {
            const auto& call = run.calls[i];
            ASSERT_GE(*call.arrives, last) << to_string(run.id);
            ASSERT_GE(call.distance, distance) << to_string(run.id);
            if (call.departs) {
                ASSERT_GE(*call.departs, *call.arrives) << to_string(run.id);
                last = *call.departs;
            }
            distance = call.distance;
        }
        EXPECT_FALSE(run.train.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(Real, FeedTest, testing::ValuesIn(present_feeds()), [](const auto& each) {
    std::string name = each.param.file;
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(SampleFeedTest, RebasedToTodayItsTrainsKeepTheirWeekdays) {
    const auto archive = Archive::open(path_of(kSample));
    ASSERT_TRUE(archive) << archive.error().detail;
    const auto monday = ServiceDate{std::chrono::year{2026} / 11 / 30};
    const auto result = read_gtfs(**archive, {.feed = "db", .rebase = monday, .progress = {}});
    ASSERT_TRUE(result) << result.error().detail;
    // 2018-12-09 was a Sunday.
    EXPECT_EQ(to_string(result->report.feed.first_date), "2026-12-06");
    EXPECT_EQ(to_string(result->report.feed.last_date), "2027-12-11");
}

}  // namespace
}  // namespace railbook::timetable

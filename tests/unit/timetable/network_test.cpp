#include "timetable/network.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dates.hpp"
#include "support/feed.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"

namespace railbook::timetable {
namespace {

using test::date;
using test::FeedFiles;
using testing::HasSubstr;

NetworkData data_of(const FeedFiles& files) {
    const auto archive = Archive::open(files.write_folder());
    auto read = read_gtfs(**archive, {.feed = "f", .rebase = {}, .progress = {}});
    EXPECT_TRUE(read) << (read ? "" : read.error().detail);
    return std::move(read->network);
}

std::shared_ptr<const Network> network_of(const FeedFiles& files) {
    auto network = Network::from_data(data_of(files));
    EXPECT_TRUE(network) << (network ? "" : network.error().detail);
    return *network;
}

/// A feed with one train a day in `dates` (calendar.txt's start and end) and these stop times.
FeedFiles train(const char* zone, const char* dates, const char* stop_times) {
    FeedFiles files;
    files.set("agency.txt", std::string{"agency_id,agency_name,agency_timezone\nR,Railways,"} + zone + "\n")
        .set("calendar.txt",
             std::string{"service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
                         "daily,1,1,1,1,1,1,1,"} + dates + "\n")
        .set("stop_times.txt", std::string{"trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"} + stop_times);
    return files;
}

Run run_on(const Network& network, ServiceDate day, std::optional<int> start = {}) {
    const auto found = network.find_run({day, {"f", "1"}, start});
    EXPECT_TRUE(found) << (found ? "" : found.error().detail);
    return network.run(*found);
}

TEST(NetworkTest, ARunCarriesItsCallsAsPassengersReadThem) {
    const auto network = network_of(FeedFiles{});
    const auto run = run_on(*network, date(2026, 12, 1));
    EXPECT_EQ(to_string(run.id), "2026-12-01.f:1");
    EXPECT_EQ(run.train, "IC 100");
    EXPECT_EQ(run.agency, "Railways");
    EXPECT_EQ(run.headsign, "Cedorf");
    ASSERT_EQ(run.calls.size(), 3U);
    EXPECT_EQ(run.calls[0].arrives, std::nullopt);
    EXPECT_EQ(to_string(*run.calls[0].departs), "2026-12-01T07:00:00Z");
    EXPECT_EQ(to_string(*run.calls[1].arrives), "2026-12-01T08:00:00Z");
    EXPECT_EQ(to_string(*run.calls[1].departs), "2026-12-01T08:05:00Z");
    EXPECT_EQ(run.calls[2].departs, std::nullopt);
    EXPECT_EQ(run.calls[2].name, "Cedorf");
    EXPECT_EQ(run.calls[2].zone, "Europe/Berlin");
}

TEST(NetworkTest, TimesPastMidnightAreOnTheFollowingDays) {
    const auto network = network_of(train("America/Toronto", "20261201,20261214",
                                          "1,22:00:00,22:00:00,A,1\n1,25:30:00,25:40:00,B,2\n"
                                          "1,96:15:00,96:15:00,C,3\n"));
    const auto run = run_on(*network, date(2026, 12, 1));
    EXPECT_EQ(to_string(*run.calls[1].arrives, "America/Toronto"), "2026-12-02T01:30:00-05:00");
    EXPECT_EQ(to_string(*run.calls[2].arrives, "America/Toronto"), "2026-12-05T00:15:00-05:00");
}

TEST(NetworkTest, TimesCountFromNoonMinusTwelveHoursOnTheDayThatClocksGoForward) {
    // 2026-03-29, Berlin: 02:00 becomes 03:00. The train of the day before is an hour longer on its way by the clock.
    const auto network = network_of(train("Europe/Berlin", "20260328,20260329",
                                          "1,01:30:00,01:30:00,A,1\n1,04:00:00,04:00:00,B,2\n"
                                          "1,25:00:00,28:00:00,C,3\n"));
    const auto before = run_on(*network, date(2026, 3, 28));
    EXPECT_EQ(to_string(*before.calls[2].arrives, "Europe/Berlin"), "2026-03-29T01:00:00+01:00");
    const auto run = run_on(*network, date(2026, 3, 29));
    // Noon minus 12 h is 23:00 of the day before: a time before the change reads an hour less.
    EXPECT_EQ(to_string(*run.calls[0].departs, "Europe/Berlin"), "2026-03-29T00:30:00+01:00");
    EXPECT_EQ(to_string(*run.calls[1].arrives, "Europe/Berlin"), "2026-03-29T04:00:00+02:00");
}

TEST(NetworkTest, TimesCountFromNoonMinusTwelveHoursOnTheDayThatClocksGoBack) {
    // 2026-10-25, Berlin: 03:00 becomes 02:00.
    const auto network = network_of(train("Europe/Berlin", "20261024,20261025",
                                          "1,01:30:00,01:30:00,A,1\n1,04:00:00,04:00:00,B,2\n"
                                          "1,28:00:00,28:00:00,C,3\n"));
    const auto before = run_on(*network, date(2026, 10, 24));
    EXPECT_EQ(to_string(*before.calls[2].arrives, "Europe/Berlin"), "2026-10-25T03:00:00+01:00");
    const auto run = run_on(*network, date(2026, 10, 25));
    EXPECT_EQ(to_string(*run.calls[0].departs, "Europe/Berlin"), "2026-10-25T02:30:00+02:00");
    EXPECT_EQ(to_string(*run.calls[1].arrives, "Europe/Berlin"), "2026-10-25T04:00:00+01:00");
}

TEST(NetworkTest, AStationThatIsCalledAtTwiceNumbersItsCalls) {
    const auto network = network_of(train("Europe/Berlin", "20261201,20261214",
                                          "1,08:00:00,08:00:00,A,1\n1,09:00:00,09:00:00,B,2\n"
                                          "1,10:00:00,10:00:00,A,3\n"));
    const auto run = run_on(*network, date(2026, 12, 1));
    EXPECT_EQ(to_string(run.calls[0].id), "f:A#1");
    EXPECT_EQ(to_string(run.calls[1].id), "f:B");
    EXPECT_EQ(to_string(run.calls[2].id), "f:A#2");
    const auto index = *network->find_run(run.id);
    EXPECT_EQ(network->departure(index, 0), departure_of(run, 0));
    EXPECT_EQ(network->arrival(index, 2), arrival_of(run, 2));
}

TEST(NetworkTest, AFrequencyMovesTheWholeTrainToItsStart) {
    FeedFiles files;
    const auto network = network_of(files.set("frequencies.txt",
                                              "trip_id,start_time,end_time,headway_secs\n1,06:15:00,07:00:00,1800\n"));
    const auto run = run_on(*network, date(2026, 12, 1), 6 * 3600 + 45 * 60);
    EXPECT_EQ(to_string(run.id), "2026-12-01.f:1@06:45:00");
    EXPECT_EQ(to_string(*run.calls[0].departs, "Europe/Berlin"), "2026-12-01T06:45:00+01:00");
    EXPECT_EQ(to_string(*run.calls[2].arrives, "Europe/Berlin"), "2026-12-01T08:45:00+01:00");
    const auto without = network->find_run({date(2026, 12, 1), {"f", "1"}, {}});
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().hint, "name a start, such as @06:15:00");
    EXPECT_FALSE(network->find_run({date(2026, 12, 1), {"f", "1"}, 7 * 3600}));
}

TEST(NetworkTest, WhatDoesNotRunSaysWhy) {
    FeedFiles files;
    files.set("calendar_dates.txt", "service_id,date,exception_type\ndaily,20261203,2\n");
    const auto network = network_of(files);
    const auto detail = [&](const char* trip, ServiceDate day, std::optional<int> start = {}) {
        const auto found = network->find_run({day, {"f", trip}, start});
        if (found) return std::string{"found"};
        EXPECT_EQ(found.error().code, ErrorCode::not_found);
        return found.error().detail;
    };
    EXPECT_EQ(detail("9", date(2026, 12, 1)), "there is no trip 'f:9'");
    EXPECT_EQ(detail("1", date(2026, 12, 3)), "the trip 'f:1' does not run on 2026-12-03; the next date is 2026-12-04");
    EXPECT_EQ(detail("1", date(2026, 12, 15)),
              "2026-12-15 is outside the timetable 'f', which runs from 2026-12-01 to 2026-12-14");
    EXPECT_EQ(detail("1", date(2026, 11, 30)),
              "2026-11-30 is outside the timetable 'f', which runs from 2026-12-01 to 2026-12-14");
    EXPECT_THAT(detail("1", date(2026, 12, 1), 3600), HasSubstr("runs once a day"));
    EXPECT_EQ(detail("1", date(2026, 12, 1)), "found");
    EXPECT_EQ(detail("1", date(2026, 12, 14)), "found");
}

TEST(NetworkTest, TrainsAreNamedByLineAndNumber) {
    const auto name = [](const char* short_name, const char* long_name, const char* number) {
        FeedFiles files;
        files.set("routes.txt", std::string{"route_id,agency_id,route_short_name,route_long_name,route_type\nX,R,"} +
                                    short_name + "," + long_name + ",2\n")
            .set("trips.txt", std::string{"route_id,service_id,trip_id,trip_short_name\nX,daily,1,"} + number + "\n");
        return network_of(files)->train_name(0);
    };
    EXPECT_EQ(name("", "ICE 1672", ""), "ICE 1672");
    EXPECT_EQ(name("", "Illini", "390"), "Illini 390");
    EXPECT_EQ(name("The Canadian", "Toronto - Vancouver", "1"), "The Canadian 1");
    EXPECT_EQ(name("ICE 23", "Intercity-Express", ""), "ICE 23");
    EXPECT_EQ(name("ICE", "", "ICE 571"), "ICE 571");
    EXPECT_EQ(name("ICE 571", "", "571"), "ICE 571");
    EXPECT_EQ(name("IC 71", "", "1"), "IC 71 1");
    EXPECT_EQ(name("", "", "AMK63"), "AMK63");
    EXPECT_EQ(name("", "", ""), "1");
}

TEST(NetworkTest, TrafficIsCallsAWeek) {
    FeedFiles files;
    files.append("trips.txt", "X,daily,2,\n")
        .append("stop_times.txt", "2,08:00:00,08:00:00,A,1\n2,09:00:00,09:00:00,B,2\n");
    const auto network = network_of(files);
    EXPECT_EQ(network->traffic(*network->find_station("A")), 14U);
    EXPECT_EQ(network->traffic(*network->find_station("C")), 7U);
}

TEST(NetworkTest, DataThatContradictsItselfIsDamaged) {
    const auto sound = data_of(FeedFiles{});
    const auto refused = [&](const std::function<void(NetworkData&)>& break_it) {
        auto data = sound;
        break_it(data);
        const auto network = Network::from_data(std::move(data));
        return !network && network.error().code == ErrorCode::damaged;
    };
    EXPECT_FALSE(refused([](NetworkData&) {}));
    EXPECT_TRUE(refused([](NetworkData& data) { data.calls[0].stop = 3; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.calls.pop_back(); }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.trips[0].call_count = 1; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.trips[0].service = 1; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.trips[0].route = 1; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.days = 0; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.days = 100; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.zones[0] = "Europe/Nowhere"; }));
    EXPECT_TRUE(refused([](NetworkData& data) { std::swap(data.stops[0], data.stops[1]); }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.calls[1].arrival = kMaxSeconds + 1; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.stations[0].latitude = std::nan(""); }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.stations[0].longitude = 1e300; }));
    EXPECT_FALSE(refused([](NetworkData& data) { data.transfers = {{.from = 0, .to = 1, .seconds = 86'400}}; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.transfers = {{.from = 0, .to = 1, .seconds = 86'401}}; }));
    EXPECT_TRUE(refused([](NetworkData& data) { data.transfers = {{.from = 0, .to = 1, .seconds = 1U << 31U}}; }));
}

}  // namespace
}  // namespace railbook::timetable

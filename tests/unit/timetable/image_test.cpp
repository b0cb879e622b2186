#include "timetable/image.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "support/feed.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"
#include "timetable/names.hpp"
#include "timetable/network.hpp"

namespace railbook::timetable {
namespace {

NetworkData read_feed(const std::string& path) {
    const auto archive = Archive::open(path);
    EXPECT_TRUE(archive);
    auto read = read_gtfs(**archive, {.feed = "f", .rebase = {}, .progress = {}});
    EXPECT_TRUE(read) << (read ? "" : read.error().detail);
    return std::move(read->network);
}

/// A network in which every list has something: trains that share calls and times, times by the second, a way of days,
/// loops, names of many letters.
const NetworkData& rich() {
    static const NetworkData data = [] {
        test::FeedFiles files;
        const std::string long_name(300, 'x');
        files.set("stops.txt",
                  "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,stop_timezone,platform_code,"
                  "wheelchair_boarding,stop_code\n"
                  "A,Ädorf,50.0,8.0,,1,,,1,AA\nA1,Ädorf,50.0,8.0,A,0,,10,,\nA2,Ädorf,50.0,8.0,A,0,,9,2,\n"
                  "B,Bedorf " + long_name + ",50.5,8.0,,0,Europe/Vienna,,,\nC,Cedorf,51.0,8.0,,0,,,,\n")
            .set("trips.txt",
                 "route_id,service_id,trip_id,trip_short_name,trip_headsign,block_id,wheelchair_accessible\n"
                 "X,daily,1,100,North,b,1\nX,daily,2,,,b,2\nX,daily,3,,,,\nX,daily,4,,,,\nX,daily,5,,,,\n")
            .set("stop_times.txt",
                 "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
                 "1,08:00:00,08:00:00,A1,1,0,1\n1,09:00:00,09:05:00,B,2,0,0\n1,10:00:00,10:00:00,C,3,1,0\n"
                 "2,10:00:00,10:01:00,A1,1,0,1\n2,11:01:00,11:06:00,B,2,0,0\n2,12:01:00,12:01:00,C,3,1,0\n"
                 "3,08:00:01,08:00:05,A2,1,0,0\n3,09:00:00,09:00:00,B,2,0,0\n3,10:00:00,10:00:00,A2,3,0,0\n"
                 "4,08:00:01,08:00:05,A,1,0,0\n4,99:00:00,99:00:07,B,2,0,0\n4,200:00:00,200:00:00,C,3,0,0\n"
                 "5,09:00:00,09:00:00,A1,1,0,1\n5,10:00:00,10:05:00,B,2,0,0\n5,11:00:00,11:00:00,C,3,1,0\n")
            .set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n3,06:00:00,09:00:00,3600\n")
            .set("transfers.txt",
                 "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\nB,B,2,300,,\n"
                 "B,B,2,60,1,\n"
                 "A1,A2,3,,,\n,,5,,1,2\n,,4,,2,4\n")
            .set("translations.txt",
                 "table_name,field_name,language,translation,record_id\nstops,stop_name,en,Beetown,B\n");
        return read_feed(files.write_folder());
    }();
    return data;
}

void expect_same(const NetworkData& data, const Network& network) {
    const auto& view = network.data();
    EXPECT_EQ(view.feed, data.feed);
    EXPECT_EQ(view.first_date, data.first_date);
    EXPECT_EQ(view.days, data.days);
    ASSERT_EQ(view.zones.size(), data.zones.size());
    for (std::size_t i = 0; i < data.zones.size(); ++i) EXPECT_EQ(view.zones[i].name, data.zones[i]);
    ASSERT_EQ(view.agencies.size(), data.agencies.size());
    for (std::size_t i = 0; i < data.agencies.size(); ++i) {
        const NetworkData::Agency same{std::string{view.agencies[i].id}, std::string{view.agencies[i].name},
                                       view.agencies[i].zone};
        EXPECT_EQ(same, data.agencies[i]);
    }
    ASSERT_EQ(view.routes.size(), data.routes.size());
    for (std::size_t i = 0; i < data.routes.size(); ++i) {
        const auto each = view.routes[i];
        const NetworkData::Route same{std::string{each.id}, each.agency, each.type, std::string{each.short_name},
                                      std::string{each.long_name}};
        EXPECT_EQ(same, data.routes[i]);
    }
    ASSERT_EQ(view.stations.size(), data.stations.size());
    for (Index i = 0; i < data.stations.size(); ++i) {
        const auto each = view.stations[i];
        const NetworkData::Station same{std::string{each.id}, std::string{each.name}, data.stations[i].aliases,
                                        each.zone,            each.latitude,          each.longitude,
                                        std::string{each.code}};
        EXPECT_EQ(same, data.stations[i]);
        std::vector<FoldedName> names{fold(data.stations[i].name)};
        for (const auto& alias : data.stations[i].aliases) names.push_back(fold(alias));
        ASSERT_EQ(network.names_of(i).size(), names.size());
        for (std::size_t k = 0; k < names.size(); ++k) {
            EXPECT_EQ(network.names_of(i)[k].plain, names[k].plain);
            EXPECT_EQ(network.names_of(i)[k].spelled_out, names[k].spelled_out);
        }
    }
    ASSERT_EQ(view.stops.size(), data.stops.size());
    for (std::size_t i = 0; i < data.stops.size(); ++i) {
        const auto each = view.stops[i];
        const NetworkData::Stop same{std::string{each.id}, each.station, std::string{each.platform}, each.step_free};
        EXPECT_EQ(same, data.stops[i]);
    }
    ASSERT_EQ(view.trips.size(), data.trips.size());
    EXPECT_EQ(view.stop_events(), data.calls.size());
    std::vector<std::tuple<Index, Index, Index>> visits;  // station, trip, call
    for (Index i = 0; i < data.trips.size(); ++i) {
        const auto each = view.trips[i];
        const auto& made = data.trips[i];
        const NetworkData::Trip same{std::string{each.id},         each.route,      each.service,
                                     std::string{each.headsign},   std::string{each.short_name},
                                     made.first_call,              each.call_count, made.first_start,
                                     each.start_count,             each.block,      each.step_free};
        EXPECT_EQ(same, made);
        const auto calls = network.calls(i);
        ASSERT_EQ(calls.size(), made.call_count);
        for (Index k = 0; k < made.call_count; ++k) {
            EXPECT_EQ(calls[k], data.calls[made.first_call + k]);
            visits.emplace_back(data.stops[calls[k].stop].station, i, k);
        }
        EXPECT_TRUE(std::ranges::equal(network.starts(i),
                                       std::span{data.starts}.subspan(made.first_start, made.start_count)));
    }
    EXPECT_TRUE(std::ranges::equal(view.services, data.services));
    EXPECT_TRUE(std::ranges::equal(view.transfers, data.transfers));
    EXPECT_TRUE(std::ranges::equal(view.train_transfers, data.train_transfers));
    EXPECT_TRUE(std::ranges::equal(view.continuations, data.continuations));

    std::vector<std::tuple<Index, Index, Index>> found;
    for (Index station = 0; station < data.stations.size(); ++station) {
        const auto patterns = view.visit_patterns(station);
        const auto calls = view.visit_calls(station);
        ASSERT_TRUE(std::ranges::is_sorted(patterns));
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            for (const auto trip : view.trips_of_pattern(patterns[i])) found.emplace_back(station, trip, calls[i]);
        }
    }
    std::ranges::sort(found);
    std::ranges::sort(visits);
    EXPECT_EQ(found, visits);
}

std::string bytes_of(const ImageBytes& image) {
    return {reinterpret_cast<const char*>(image.first.get()), image.size};
}

ImageBytes image_of(std::string_view bytes) {
    // As long as the text, so that a sanitizer sees what is read behind it.
    std::shared_ptr<std::byte[]> owner{new std::byte[bytes.size()]};
    if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
    return {std::shared_ptr<const std::byte>{owner, owner.get()}, bytes.size()};
}

void set_checksum(std::string& bytes) {
    const auto checksum = image::checksum_of(std::as_bytes(std::span{bytes}));
    std::memcpy(bytes.data() + offsetof(image::Head, checksum), &checksum, sizeof checksum);
}

/// Reads whatever can be read: nothing of it may lie outside.
std::size_t ask_everything(const Network& network) {
    std::size_t sum = 0;
    for (Index station = 0; station < network.data().stations.size(); ++station) {
        sum += network.station(station).platforms.size();
        for (const auto name : network.names_of(station)) sum += name.plain.size() + name.spelled_out.size();
        const auto calls = network.data().visit_calls(station);
        const auto patterns = network.data().visit_patterns(station);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            for (const auto trip : network.data().trips_of_pattern(patterns[i]))
                sum += network.calls(trip)[calls[i]].stop;
        }
    }
    for (Index trip = 0; trip < network.data().trips.size(); ++trip) {
        const auto run = network.run({trip, 0, 0, {}});
        sum += run.calls.size() + network.find_trip(run.id.trip.trip).value_or(0) + network.starts(trip).size();
        if (network.runs_on(trip, network.data().days - 1)) ++sum;
    }
    for (const auto& each : network.data().train_transfers) {
        if (each.from_trip != kNone) sum += network.data().trips[each.from_trip].id.size();
    }
    for (const auto& transfer : network.data().transfers) sum += network.data().stops[transfer.to].id.size();
    return sum;
}

TEST(ImageTest, AnImageIsItsNetwork) {
    const auto network = Network::from_data(rich());
    ASSERT_TRUE(network) << network.error().detail;
    expect_same(rich(), **network);
    EXPECT_FALSE(rich().transfers.empty());
    EXPECT_FALSE(rich().train_transfers.empty());
    EXPECT_FALSE(rich().continuations.empty());
    EXPECT_FALSE(rich().starts.empty());
    EXPECT_FALSE(rich().stations[1].aliases.empty());
}

TEST(ImageTest, TheSampleTimetableIsTheSameAsAnImage) {
    const auto data = read_feed(RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip");
    const auto network = Network::from_data(data);
    ASSERT_TRUE(network) << network.error().detail;
    expect_same(data, **network);
    EXPECT_LE((*network)->image().size, 24 * data.calls.size());
}

TEST(ImageTest, TrainsShareCallsAndTimes) {
    const auto network = *Network::from_data(rich());
    const auto trip = [&](const char* id) { return network->data().trips[*network->find_trip(id)]; };
    EXPECT_EQ(trip("1").pattern, trip("2").pattern);
    EXPECT_EQ(trip("1").pattern, trip("5").pattern);
    EXPECT_NE(trip("1").timing, trip("2").timing);
    EXPECT_EQ(trip("1").timing, trip("5").timing);
}

TEST(ImageTest, EqualNetworksGiveEqualImages) {
    EXPECT_EQ(bytes_of(*build_image(rich())), bytes_of(*build_image(NetworkData{rich()})));
}

TEST(ImageTest, EveryChangedByteIsNoticed) {
    const auto sound = bytes_of(*build_image(rich()));
    ASSERT_TRUE(Network::from_image(image_of(sound)));
    for (std::size_t at = 0; at < sound.size(); ++at) {
        auto bytes = sound;
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
        const auto refused = Network::from_image(image_of(bytes));
        ASSERT_FALSE(refused) << at;
        EXPECT_EQ(refused.error().code, ErrorCode::damaged);
    }
}

TEST(ImageTest, EveryTruncationIsNoticed) {
    const auto sound = bytes_of(*build_image(rich()));
    for (std::size_t size = 0; size < sound.size(); ++size) {
        EXPECT_FALSE(Network::from_image(image_of(std::string_view{sound}.substr(0, size)))) << size;
    }
}

TEST(ImageTest, AnImageMadeByAnEnemyLeadsNowhereElse) {
    const auto sound = bytes_of(*build_image(rich()));
    std::size_t accepted = 0;
    std::size_t refused = 0;
    for (std::size_t at = 0; at < sound.size(); ++at) {
        for (const int change : {0x01, 0x80, 0xFF}) {
            auto bytes = sound;
            bytes[at] = static_cast<char>(bytes[at] ^ change);
            set_checksum(bytes);
            const auto network = Network::from_image(image_of(bytes));
            ++(network ? accepted : refused);
            if (network) ask_everything(**network);
        }
    }
    // Both ways are gone: a letter of a name may be any other, and a reference may not.
    EXPECT_GT(accepted, sound.size() / 4);
    EXPECT_GT(refused, sound.size() / 4);
}

TEST(ImageTest, EverySizeAndPlaceOfAListIsChecked) {
    const auto sound = bytes_of(*build_image(rich()));
    for (std::size_t at = offsetof(image::Head, days); at < sizeof(image::Head); at += 4) {
        for (const std::uint32_t value : {0U, 1U, 0x7FFF'FFFFU, 0xFFFF'FFF8U, 0xFFFF'FFFFU}) {
            auto bytes = sound;
            std::memcpy(bytes.data() + at, &value, sizeof value);
            set_checksum(bytes);
            const auto network = Network::from_image(image_of(bytes));
            if (network) ask_everything(**network);
        }
    }
}

}  // namespace
}  // namespace railbook::timetable

#include "timetable/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include "support/feed.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"

namespace railbook::timetable {
namespace {

/// A network in which every list has something.
const NetworkData& sample() {
    static const NetworkData network = [] {
        test::FeedFiles files;
        files.set("stops.txt",
                  "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,stop_timezone,platform_code,wheelchair_boarding\n"
                  "A,Adorf,50.0,8.0,,1,,,1\nA1,Adorf,50.0,8.0,A,0,,7,\nB,Bedorf,50.5,8.0,,0,Europe/Vienna,,2\n"
                  "C,Cedorf,51.0,8.0,,0,,,\n");
        files.set("stop_times.txt",
                  "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n"
                  "1,08:00:00,08:00:00,A1,1,0,1\n1,09:00:00,09:05:00,B,2,0,0\n1,34:00:00,34:00:00,C,3,1,0\n"
                  "2,08:00:00,08:00:00,A,1,0,0\n2,09:00:00,09:05:00,C,2,0,0\n");
        files.set("trips.txt",
                  "route_id,service_id,trip_id,trip_short_name,wheelchair_accessible\nX,daily,1,100,1\nX,daily,2,,2\n");
        files.set("frequencies.txt", "trip_id,start_time,end_time,headway_secs\n2,06:00:00,09:00:00,3600\n");
        files.set("transfers.txt",
                  "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_route_id\nB,B,2,300,,\n"
                  "B,B,2,60,1,X\n");
        files.set("translations.txt",
                  "table_name,field_name,language,translation,record_id\nstops,stop_name,en,Beetown,B\n");
        const auto archive = Archive::open(files.write_folder());
        auto read = read_gtfs(**archive, {.feed = "s", .rebase = {}, .progress = {}});
        return std::move(read->network);
    }();
    return network;
}

TEST(CodecTest, WhatWasEncodedIsDecoded) {
    const auto bytes = encode(sample());
    const auto again = decode(bytes);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, sample());
    EXPECT_FALSE(sample().starts.empty());
    EXPECT_FALSE(sample().transfers.empty());
    EXPECT_FALSE(sample().train_transfers.empty());
    using enum NetworkData::StepFree;
    EXPECT_EQ(again->stops[1].step_free, yes);
    EXPECT_EQ(again->stops[2].step_free, no);
    EXPECT_EQ(again->trips[0].step_free, yes);
    EXPECT_EQ(again->trips[1].step_free, no);
    EXPECT_EQ(encode(*again), bytes);
}

TEST(CodecTest, EveryTruncationIsDamaged) {
    const auto bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto refused = decode(std::string_view{bytes}.substr(0, size));
        ASSERT_FALSE(refused) << size;
        EXPECT_EQ(refused.error().code, ErrorCode::damaged);
    }
}

TEST(CodecTest, AnotherFormatIsDamagedWithTheHintToImportAgain) {
    for (const char version : {'\x03', '\x63'}) {
        auto bytes = encode(sample());
        bytes[4] = version;
        const auto refused = decode(bytes);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::damaged);
        EXPECT_EQ(refused.error().hint, "import the feed again");
    }
}

TEST(CodecTest, AClaimOfSizeThatTheBytesCannotHoldTakesNoMemory) {
    const auto refused = decode(encode(sample()).substr(0, 5) + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7Fxxxx");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "the stored timetable is damaged: its size");
}

/// The form around a content, as encode writes it: for contents that it would never write.
std::string wrapped(const std::string& content) {
    std::string head = encode(sample()).substr(0, 5);
    for (auto size = content.size();; size >>= 7) {
        head += static_cast<char>((size & 0x7F) | (size > 0x7F ? 0x80 : 0));
        if (size <= 0x7F) break;
    }
    uLongf size = compressBound(content.size());
    std::string packed(size, '\0');
    const auto* from = reinterpret_cast<const Bytef*>(content.data());
    compress(reinterpret_cast<Bytef*>(packed.data()), &size, from, content.size());
    return head + packed.substr(0, size);
}

std::string content_of(const std::string& bytes) {
    std::size_t at = 5;
    while ((static_cast<unsigned char>(bytes[at]) & 0x80) != 0) ++at;
    ++at;
    std::string content(1'000'000, '\0');
    uLongf size = content.size();
    const auto* from = reinterpret_cast<const Bytef*>(bytes.data() + at);
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(content.data()), &size, from, bytes.size() - at), Z_OK);
    content.resize(size);
    return content;
}

/// Whatever is decoded is either refused or a network that every question can be asked of.
void ask_everything(const std::string& bytes) {
    auto data = decode(bytes);
    if (!data) {
        RC_ASSERT(data.error().code == ErrorCode::damaged);
        return;
    }
    const auto network = Network::from_data(*std::move(data));
    if (!network) {
        RC_ASSERT(network.error().code == ErrorCode::damaged);
        return;
    }
    for (Index station = 0; station < (*network)->data().stations.size(); ++station) {
        (*network)->station(station);
        (*network)->data().visit_patterns(station);
    }
    for (Index trip = 0; trip < (*network)->data().trips.size(); ++trip) {
        (*network)->run({trip, 0, 0, {}});
        (*network)->runs_on(trip, (*network)->data().days - 1);
    }
}

TEST(CodecTest, WhatIsWrappedByHandIsRead) {
    const auto again = decode(wrapped(content_of(encode(sample()))));
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, sample());
}

RC_GTEST_PROP(CodecProperty, FlippedBitsNeverLeadOutOfTheData, ()) {
    auto bytes = encode(sample());
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^= static_cast<char>(1 << *rc::gen::inRange(0, 8));
    }
    ask_everything(bytes);
}

RC_GTEST_PROP(CodecProperty, FlippedBitsBelowTheChecksumNeverLeadOutOfTheData, ()) {
    auto content = content_of(encode(sample()));
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        content[*rc::gen::inRange<std::size_t>(0, content.size())] ^= static_cast<char>(1 << *rc::gen::inRange(0, 8));
    }
    ask_everything(wrapped(content));
}

RC_GTEST_PROP(CodecProperty, AnyContentIsRefusedOrSound, (const std::string& content)) {
    ask_everything(wrapped(content));
}

}  // namespace
}  // namespace railbook::timetable

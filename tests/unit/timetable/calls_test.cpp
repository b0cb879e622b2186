#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <railbook/timetable.hpp>

namespace railbook {
namespace {

using testing::HasSubstr;

/// A train that calls at Köln twice.
Run round_trip() {
    Run run{.id = {}, .train = "ICE 9", .agency = {}, .headsign = {}, .calls = {}, .consist = nullptr};
    const auto call = [&](const char* stop, const char* name, int nth, int hour) {
        run.calls.push_back({.id = {{"db", stop}, nth},
                             .name = name,
                             .zone = "Europe/Berlin",
                             .arrives = Timestamp{std::chrono::hours{hour}},
                             .departs = Timestamp{std::chrono::hours{hour} + std::chrono::minutes{5}},
                             .platform = "7"});
    };
    call("K", "Köln Hbf", 1, 8);
    call("D", "Düsseldorf Hbf", 0, 9);
    call("K", "Köln Hbf", 2, 10);
    call("B", "Bonn Hbf", 0, 11);
    run.calls.edit().front().arrives.reset();
    run.calls.edit().back().departs.reset();
    return run;
}

TEST(FindCallTest, TakesIdsAndNamesInAnySpelling) {
    const auto run = round_trip();
    for (const auto* text : {"D", "db:D", "db:D#1", "Düsseldorf Hbf", "DUSSELDORF HBF", "duesseldorf hbf", "dussel"}) {
        const auto found = find_call(run, text);
        ASSERT_TRUE(found) << text << ": " << found.error().detail;
        EXPECT_EQ(*found, 1U) << text;
    }
}

TEST(FindCallTest, ANameToTheLetterIsThatStation) {
    auto run = round_trip();
    run.calls.edit()[1].name = "Koln Hbf";
    run.calls.edit()[3].name = "+";
    EXPECT_EQ(find_call(run, "Koln Hbf").value_or(99), 1U);
    EXPECT_EQ(find_call(run, "Köln Hbf#2").value_or(99), 2U);
    EXPECT_EQ(find_call(run, "+").value_or(99), 3U);
    EXPECT_EQ(find_call(run, "koln hbf").error().code, ErrorCode::invalid_argument);
}

TEST(FindCallTest, AMarkNamesOneOfTwoCalls) {
    const auto run = round_trip();
    for (const auto* text : {"db:K#2", "K#2", "Köln Hbf#2"}) EXPECT_EQ(find_call(run, text).value_or(99), 2U) << text;
    EXPECT_EQ(find_call(run, "db:K#1").value_or(99), 0U);
    EXPECT_EQ(find_call(run, "db:K#3").error().code, ErrorCode::not_found);
}

TEST(FindCallTest, TwoCallsWithoutAMarkAreRefusedWithTheChoices) {
    const auto refused = find_call(round_trip(), "db:K");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().detail, "'db:K' may be 2 calls of ICE 9: db:K#1 Köln Hbf, db:K#2 Köln Hbf");
    EXPECT_EQ(find_call(round_trip(), "hbf").error().code, ErrorCode::invalid_argument);
}

TEST(FindCallTest, LooksOnlyFromTheFirstCallOn) {
    EXPECT_EQ(find_call(round_trip(), "db:K", 1).value_or(99), 2U);
    const auto behind = find_call(round_trip(), "db:D", 2);
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().code, ErrorCode::not_found);
    EXPECT_EQ(behind.error().detail, "ICE 9 does not call at 'db:D' on that part of its way");
    EXPECT_EQ(find_call(round_trip(), "Berlin").error().detail, "ICE 9 does not call at 'Berlin'");
}

TEST(FindCallTest, TheEndsOfARideAreItsDepartureAndItsArrival) {
    const auto run = round_trip();
    const auto from = departure_of(run, 0);
    EXPECT_EQ(from.time, *run.calls[0].departs);
    EXPECT_EQ(from.platform, "7");
    const auto to = arrival_of(run, 2);
    EXPECT_EQ(to.time, *run.calls[2].arrives);
    EXPECT_EQ(to_string(to.call), "db:K#2");
}

}  // namespace
}  // namespace railbook

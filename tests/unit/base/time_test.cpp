#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <railbook/time.hpp>

namespace railbook {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBerlin = "Europe/Berlin";

std::string when(std::string_view text, std::string_view zone = kBerlin) {
    const auto parsed = parse_when(text, zone);
    return parsed ? to_string(parsed->time) : std::string{to_string(parsed.error().code)};
}

TEST(DateTest, IsWrittenAsItIsRead) {
    for (const std::string text : {"2026-12-01", "2024-02-29", "0001-01-01", "9999-12-31", "2000-02-29"}) {
        const auto date = parse_date(text);
        ASSERT_TRUE(date) << text;
        EXPECT_EQ(to_string(*date), text);
    }
}

TEST(DateTest, RefusesWhatIsNotExactlyADate) {
    for (const std::string text : {"", "2026-12-1", "2026-2-01", "26-12-01", "2026-13-01", "2026-00-01", "2026-12-32",
                                   "2026-12-00", "2025-02-29", "1900-02-29", "2026-12-01 ", " 2026-12-01", "20261201",
                                   "2026/12/01", "2026-12-01T00:00", "+026-12-01", "today"}) {
        const auto date = parse_date(text);
        ASSERT_FALSE(date) << text;
        EXPECT_EQ(date.error().code, ErrorCode::invalid_argument);
    }
}

TEST(TimestampTest, WritesMillisecondsOnlyWhereThereAreSome) {
    EXPECT_EQ(to_string(Timestamp{}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_string(Timestamp{1ms}), "1970-01-01T00:00:00.001Z");
    EXPECT_EQ(to_string(Timestamp{-1ms}), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(to_string(Timestamp{1'796'083'200'000ms}), "2026-12-01T00:00:00Z");
}

TEST(TimestampTest, ShowsTheOffsetThatTheZoneHasAtThatInstant) {
    const auto winter = parse_when("2026-12-01T08:00:00Z", "UTC")->time;
    const auto summer = parse_when("2026-07-01T08:00:00Z", "UTC")->time;
    EXPECT_EQ(to_string(winter, kBerlin), "2026-12-01T09:00:00+01:00");
    EXPECT_EQ(to_string(summer, kBerlin), "2026-07-01T10:00:00+02:00");
    EXPECT_EQ(to_string(winter, "America/St_Johns"), "2026-12-01T04:30:00-03:30");
    EXPECT_EQ(to_string(winter, "Asia/Kathmandu"), "2026-12-01T13:45:00+05:45");
    EXPECT_EQ(to_string(winter, "Canada/Eastern"), "2026-12-01T03:00:00-05:00");
}

TEST(TimestampTest, ShowsAnUnknownZoneAsUtc) {
    EXPECT_EQ(to_string(Timestamp{}, "Atlantis/Capital"), "1970-01-01T00:00:00Z");
}

TEST(WhenTest, ReadsALocalTimeInTheZone) {
    EXPECT_EQ(when("2026-12-01T08:00"), "2026-12-01T07:00:00Z");
    EXPECT_EQ(when("2026-12-01 08:00:30"), "2026-12-01T07:00:30Z");
    EXPECT_EQ(when("2026-12-01T08:00:30.25"), "2026-12-01T07:00:30.250Z");
    EXPECT_EQ(when("2026-07-01T08:00"), "2026-07-01T06:00:00Z");
}

TEST(WhenTest, ReadsAnOffsetWhateverTheZone) {
    EXPECT_EQ(when("2026-12-01T08:00:00Z"), "2026-12-01T08:00:00Z");
    EXPECT_EQ(when("2026-12-01t08:00z"), "2026-12-01T08:00:00Z");
    EXPECT_EQ(when("2026-12-01T08:00:00-05:00"), "2026-12-01T13:00:00Z");
    EXPECT_EQ(when("2026-12-01T00:30:00+01:00", "Atlantis/Capital"), "2026-11-30T23:30:00Z");
}

TEST(WhenTest, ADateIsThatWholeDayFromItsFirstInstant) {
    const auto day = parse_when("2026-12-01", kBerlin);
    ASSERT_TRUE(day);
    EXPECT_TRUE(day->whole_day);
    EXPECT_EQ(to_string(day->time), "2026-11-30T23:00:00Z");
    EXPECT_FALSE(parse_when("2026-12-01T00:00", kBerlin)->whole_day);
}

TEST(WhenTest, ATimeThatTheClockChangeSkipsMovesForwardByTheGap) {
    // In Berlin, 2026-03-29 has no time from 02:00 to 03:00.
    EXPECT_EQ(when("2026-03-29T01:59:59"), "2026-03-29T00:59:59Z");
    EXPECT_EQ(when("2026-03-29T02:00"), "2026-03-29T01:00:00Z");  // 03:00 in summer time
    EXPECT_EQ(when("2026-03-29T02:30"), "2026-03-29T01:30:00Z");
    EXPECT_EQ(when("2026-03-29T03:00"), "2026-03-29T01:00:00Z");
}

TEST(WhenTest, ATimeThatComesTwiceIsTheFirst) {
    // In Berlin, 2026-10-25 has 02:00 to 03:00 twice.
    EXPECT_EQ(when("2026-10-25T01:59:59"), "2026-10-24T23:59:59Z");
    EXPECT_EQ(when("2026-10-25T02:00"), "2026-10-25T00:00:00Z");
    EXPECT_EQ(when("2026-10-25T02:59:59"), "2026-10-25T00:59:59Z");
    EXPECT_EQ(when("2026-10-25T03:00"), "2026-10-25T02:00:00Z");
}

TEST(WhenTest, RefusesWhatIsNotATime) {
    for (const std::string text :
         {"", "8:00", "2026-12-01T", "2026-12-01T8:00", "2026-12-01T08", "2026-12-01T24:00", "2026-12-01T08:60",
          "2026-12-01T08:00:60", "2026-12-01T08:00:00.", "2026-12-01T08:00:00+1:00", "2026-12-01T08:00:00+24:00",
          "2026-12-01T08:00:00+01:60", "2026-12-01T08:00:00Zulu", "2026-02-30T08:00", "2026-12-01_08:00", "tomorrow"}) {
        EXPECT_EQ(when(text), "invalid_argument") << text;
    }
    EXPECT_EQ(when("2026-12-01T08:00", "Atlantis/Capital"), "invalid_argument");
    EXPECT_EQ(when("2026-12-01", "Atlantis/Capital"), "invalid_argument");
}

RC_GTEST_PROP(WhenTest, ReadsBackEveryTimestampThatWasWritten, ()) {
    // 0001-01-01 to 9999-12-31: years that have four digits.
    const Timestamp time{Duration{*rc::gen::inRange<std::int64_t>(-62'135'596'800'000, 253'402'300'800'000)}};
    const auto parsed = parse_when(to_string(time), "UTC");
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->time == time);
}

RC_GTEST_PROP(WhenTest, ReadsBackWhatWasWrittenWithAnOffset, ()) {
    const Timestamp time{Duration{*rc::gen::inRange<std::int64_t>(0, 4'102'444'800'000)}};
    const auto zone = *rc::gen::element<std::string>("Europe/Berlin", "America/New_York", "Asia/Kathmandu",
                                                     "Australia/Lord_Howe", "Canada/Eastern", "UTC");
    const auto parsed = parse_when(to_string(time, zone), "UTC");
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->time == time);
}

RC_GTEST_PROP(WhenTest, NeverFailsOtherwiseThanByAnError, (const std::string& text)) {
    const auto parsed = parse_when(text, kBerlin);
    RC_ASSERT((parsed.has_value() || parsed.error().code == ErrorCode::invalid_argument));
}

TEST(DurationTest, ReadsEachUnit) {
    EXPECT_EQ(*parse_duration("0"), 0ms);
    EXPECT_EQ(*parse_duration("0s"), 0ms);
    EXPECT_EQ(*parse_duration("90s"), 90s);
    EXPECT_EQ(*parse_duration("15m"), 15min);
    EXPECT_EQ(*parse_duration("24h"), 24h);
    EXPECT_EQ(*parse_duration("7d"), 168h);
    EXPECT_EQ(*parse_duration("365243d"), 24h * 365'243);
}

TEST(DurationTest, RefusesOthersAndWhatIsLongerThanAThousandYears) {
    for (const std::string text : {"", "s", "15", "-15m", "1.5h", "15 m", " 15m", "15min", "15M", "365244d",
                                   "99999999999999999999s", "31556952001s", "0x10s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(DurationTest, IsWrittenInTheShortestForm) {
    EXPECT_EQ(to_string(Duration{0}), "0");
    EXPECT_EQ(to_string(Duration{90s}), "90s");
    EXPECT_EQ(to_string(Duration{15min}), "15m");
    EXPECT_EQ(to_string(Duration{24h}), "24h");
    EXPECT_EQ(to_string(Duration{168h}), "7d");
    EXPECT_EQ(to_string(Duration{1500ms}), "1500ms");
}

TEST(DayTest, BeginsAtTheZonesMidnight) {
    EXPECT_EQ(to_string(*start_of_day(*parse_date("2026-12-01"), kBerlin)), "2026-11-30T23:00:00Z");
    EXPECT_EQ(to_string(*start_of_day(*parse_date("2026-12-01"), "America/New_York")), "2026-12-01T05:00:00Z");
    EXPECT_FALSE(start_of_day(*parse_date("2026-12-01"), "Atlantis/Capital"));
}

TEST(DayTest, BeginsAfterTheGapWhereMidnightIsSkipped) {
    // In Beirut, 2026-03-29 begins at 01:00.
    EXPECT_EQ(to_string(*start_of_day(*parse_date("2026-03-29"), "Asia/Beirut")), "2026-03-28T22:00:00Z");
    EXPECT_EQ(to_string(*start_of_day(*parse_date("2026-03-29"), "Asia/Beirut"), "Asia/Beirut"),
              "2026-03-29T01:00:00+03:00");
}

TEST(DayTest, OfATimestampIsWhatTheZonesClockShows) {
    const auto time = parse_when("2026-12-01T23:30:00Z", "UTC")->time;
    EXPECT_EQ(to_string(*date_in(time, "UTC")), "2026-12-01");
    EXPECT_EQ(to_string(*date_in(time, kBerlin)), "2026-12-02");
    EXPECT_EQ(to_string(*date_in(Timestamp{-1ms}, "UTC")), "1969-12-31");
    EXPECT_FALSE(date_in(time, "Atlantis/Capital"));
}

}  // namespace
}  // namespace railbook

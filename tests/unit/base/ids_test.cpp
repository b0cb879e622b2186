#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include <railbook/ids.hpp>

#include "support/environment.hpp"

namespace railbook {
namespace {

TEST(RandomIdTest, IsWrittenAs32HexadecimalDigitsAndReadBack) {
    HoldId id;
    id.bytes = {0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0xff, 0xa5, 0, 0, 0, 0, 0, 0, 0, 0x09};
    EXPECT_EQ(to_string(id), "00010f107f80ffa50000000000000009");
    EXPECT_EQ(*HoldId::parse(to_string(id)), id);
}

TEST(RandomIdTest, RefusesEveryOtherText) {
    for (const std::string text :
         {"", "00010f107f80ffa5000000000000000", "00010f107f80ffa500000000000000090",
          "00010F107f80ffa50000000000000009", "00010f107f80ffa5000000000000000g", " 0010f107f80ffa50000000000000009"}) {
        const auto id = HoldId::parse(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(id.error().detail.find("hold"), std::string::npos) << "it says what it was meant to name";
    }
}

TEST(RandomIdTest, TakesItsBitsFromTheEnvironment) {
    test::TestEnvironment one{7};
    test::TestEnvironment same{7};
    const auto first = BookingId::make(one);
    EXPECT_EQ(first, BookingId::make(same));
    EXPECT_NE(first, BookingId::make(one));
}

TEST(StationIdTest, IsFeedColonStop) { EXPECT_EQ(to_string(StationId{"db", "8000105"}), "db:8000105"); }

TEST(CallIdTest, NumbersTheCallsOfARunThatComesTwice) {
    EXPECT_EQ(to_string(CallId{{"db", "8000105"}}), "db:8000105");
    EXPECT_EQ(to_string(CallId{{"db", "8000105"}, 1}), "db:8000105#1");
    EXPECT_EQ(to_string(CallId{{"db", "8000105"}, 2}), "db:8000105#2");
}

TEST(RunIdTest, IsDateDotFeedColonTripAndReadBack) {
    const RunId id{.date = *parse_date("2026-12-01"), .trip = {"db", "531"}};
    EXPECT_EQ(to_string(id), "2026-12-01.db:531");
    EXPECT_EQ(*parse_run("2026-12-01.db:531"), id);
}

TEST(RunIdTest, OfAFrequencyNamesItsStart) {
    const RunId id{.date = *parse_date("2026-12-01"), .trip = {"db", "531"}, .start = 25 * 3600 + 15 * 60 + 7};
    EXPECT_EQ(to_string(id), "2026-12-01.db:531@25:15:07");
    EXPECT_EQ(*parse_run("2026-12-01.db:531@25:15:07"), id);
    EXPECT_EQ(*parse_run("2026-12-01.db:531@108:00:00")->start, 108 * 3600);
}

TEST(RunIdTest, MayLeaveOutTheFeed) {
    const auto id = parse_run("2026-12-01.531");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->trip, (TripId{"", "531"}));
}

TEST(RunIdTest, ReadsTripsWithStrangeIds) {
    EXPECT_EQ(parse_run("2026-12-01.db:a.b:c@d")->trip, (TripId{"db", "a.b:c@d"}));
    EXPECT_EQ(parse_run("2026-12-01.db:x@8:15")->trip.trip, "x@8:15");
    for (const auto* trip : {"x@08:15:00", "x@", "x@@", "x@08:15:00@", "@"}) {
        for (const auto start : {std::optional<int>{}, std::optional{8 * 3600}}) {
            const RunId named{.date = *parse_date("2026-12-01"), .trip = {"db", trip}, .start = start};
            EXPECT_EQ(*parse_run(to_string(named)), named) << to_string(named);
        }
    }
    EXPECT_EQ(parse_run("2026-12-01.db:x@08:61:00")->trip.trip, "x@08:61:00");
    EXPECT_EQ(parse_run("2026-12-01.db:x@-8:15:00")->trip.trip, "x@-8:15:00");
}

TEST(RunIdTest, RefusesWhatIsNotARun) {
    for (const std::string text :
         {"", "531", "db:531", "2026-12-01", "2026-12-01.", "2026-12-01.db:", "2026-12-01:db:531", "2026-13-01.db:531",
          "01.12.2026.db:531", "2026-12-01.@08:15:00"}) {
        const auto id = parse_run(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code, ErrorCode::invalid_argument);
    }
}

TEST(SeatIdTest, IsCoachSlashSeatAndReadBack) {
    EXPECT_EQ(to_string(SeatId{"3", "45"}), "3/45");
    EXPECT_EQ(*parse_seat("3/45"), (SeatId{"3", "45"}));
    for (const std::string text : {"", "45", "/45", "3/", "/"}) EXPECT_FALSE(parse_seat(text)) << text;
}

TEST(ReferenceTest, HasEightLettersThatAreNotMistakenForEachOther) {
    test::TestEnvironment environment;
    std::set<char> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto reference = make_reference(environment);
        ASSERT_TRUE(is_reference(reference)) << reference;
        seen.insert(reference.begin(), reference.end());
    }
    EXPECT_EQ(seen.size(), kReferenceAlphabet.size());
}

TEST(ReferenceTest, DrawsAgainWhatWouldMakeALetterLikelier) {
    /// Gives the bytes 255, 240, 239 and so on downwards.
    class Countdown final : public Environment {
    public:
        Timestamp now() override { return {}; }
        void random_bytes(std::span<std::byte> out) override {
            for (auto& byte : out) {
                byte = static_cast<std::byte>(next_);
                next_ = next_ == 255 ? 240 : next_ - 1;
            }
        }
        void log(LogLevel, std::string_view) override {}

    private:
        int next_ = 255;
    };
    Countdown environment;
    EXPECT_EQ(make_reference(environment), "ZYXWVTSR");
}

TEST(ReferenceTest, RefusesOtherLengthsAndLetters) {
    EXPECT_TRUE(is_reference("ABCDEFGH"));
    for (const std::string text : {"", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG0", "ABCDEFGI", "abcdefgh"})
        EXPECT_FALSE(is_reference(text)) << text;
}

TEST(PrincipalTest, OwnsUnderItsKindAndMayWhatItsScopesSay) {
    const auto anna = Principal::user_named("anna");
    EXPECT_EQ(anna.owner(), "user:anna");
    EXPECT_TRUE(anna.may(Scope::read));
    EXPECT_TRUE(anna.may(Scope::buy));
    EXPECT_FALSE(anna.may(Scope::operate));
    const auto cli = Principal::operator_named("cli");
    EXPECT_EQ(cli.owner(), "operator:cli");
    EXPECT_TRUE(cli.may(Scope::operate));
    EXPECT_FALSE(Principal{}.may(Scope::read));
}

RC_GTEST_PROP(RunIdTest, IsReadBackWhateverTheTripIsCalled, (const std::string& beginning)) {
    const auto trip = beginning + *rc::gen::element<std::string>("", "x", "@", "@@", "@08:15:00", "@25:00:00@");
    RC_PRE(!trip.empty());
    RunId id{.date = ServiceDate{std::chrono::days{*rc::gen::inRange(0, 30'000)}}, .trip = {"db", trip}};
    if (*rc::gen::arbitrary<bool>()) id.start = *rc::gen::inRange(0, 30 * 3600);
    const auto parsed = parse_run(to_string(id));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == id);
}

}  // namespace
}  // namespace railbook

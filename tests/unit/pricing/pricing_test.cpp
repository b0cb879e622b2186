#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <railbook/pricing.hpp>

#include "store/memory/memory.hpp"
#include "support/environment.hpp"

namespace railbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kDemo = R"({
  "tariff": "demo", "version": 1, "currency": "EUR", "rounding": {"unit": 5, "mode": "half_up"},
  "classes": ["first", "second"],
  "passenger_types": [{"type": "adult", "from_age": 15}, {"type": "child", "to_age": 14, "percent": 50}],
  "distance_bands": [{"to_km": 100, "first": 3290, "second": 1990}, {"to_km": 300, "first": 7490, "second": 4690}],
  "flexibility": [{"code": "NON"}, {"code": "FULL", "percent": 150}]
})";

std::string demo_version(int version, int second = 1990) {
    std::string text{kDemo};
    text.replace(text.find("\"version\": 1"), 12, "\"version\": " + std::to_string(version));
    text.replace(text.find("1990"), 4, std::to_string(second));
    return text;
}

/// From A over B and C to D, 80, 180 and 480 km from A. Nobody boards the express at C, nobody alights from it at B,
/// and it has no first class.
Run make_run(const std::string& trip, bool express) {
    const Timestamp start = parse_when("2026-12-01T08:00:00Z", "UTC")->time;
    Run run;
    run.id = {.date = *parse_date("2026-12-01"), .trip = {"t", trip}};
    run.train = "IC " + trip;
    const std::pair<std::string, std::int64_t> stops[] = {{"A", 0}, {"B", 80'000}, {"C", 180'000}, {"D", 480'000}};
    for (std::size_t i = 0; i < std::size(stops); ++i) {
        const Timestamp time = start + std::chrono::hours{i};
        Call call;
        call.id = {{"t", stops[i].first}};
        call.name = stops[i].first + "town";
        call.zone = "UTC";
        if (i > 0) call.arrives = time;
        if (i + 1 < std::size(stops)) call.departs = time;
        call.pick_up = !(express && i == 2);
        call.drop_off = !(express && i == 1);
        call.distance = stops[i].second;
        run.calls.push_back(call);
    }
    Consist consist{"train", {{"2", "open-second", "second", {{"21"}, {"22"}}}}};
    if (!express) consist.coaches.insert(consist.coaches.begin(), Coach{"1", "open-first", "first", {{"11"}, {"12"}}});
    run.consist = std::make_shared<const Consist>(std::move(consist));
    return run;
}

class PricingTest : public testing::Test {
protected:
    PricingTest() {
        for (const auto& run : {make_run("1", false), make_run("2", true)}) pin(run);
        EXPECT_TRUE(pricing.import_tariff(kDemo));
    }

    /// A run that was pinned by a hold is what the timetable answers, with these distances.
    void pin(const railbook::Run& run) {
        const SeatId seat = run.consist->seat_at(0);
        HoldItem item{.run = run.id,
                      .train = run.train,
                      .from = departure_of(run, 0),
                      .to = arrival_of(run, 1),
                      .span = {0, 1},
                      .travel_class = run.consist->coaches[0].travel_class,
                      .seats = {{0, seat}}};
        const Timestamp now = environment.now();
        const Hold hold{.id = HoldId::make(environment),
                        .owner = "operator:cli",
                        .created_at = now,
                        .expires_at = now + std::chrono::minutes{1},
                        .latest_end = now + std::chrono::minutes{1},
                        .items = {item}};
        const Command command{.owner = "operator:cli",
                              .operation = "hold.create",
                              .key = CommandKey::make(environment),
                              .fingerprint = "f",
                              .now = now,
                              .keep_answer = std::chrono::hours{1}};
        const auto placed = store->inventory().place_hold(command, hold, {run}, 0);
        EXPECT_TRUE(placed) << placed.error().detail;
    }

    static QuoteLeg leg(std::string from, std::string to, const std::string& trip = "1") {
        return {{.date = *parse_date("2026-12-01"), .trip = {"t", trip}}, std::move(from), std::move(to)};
    }
    static QuoteRequest request(std::vector<QuoteLeg> legs, std::vector<QuotePassenger> passengers = {{}}) {
        QuoteRequest request;
        request.legs = std::move(legs);
        request.passengers = std::move(passengers);
        return request;
    }
    Error refused(const QuoteRequest& request) {
        const auto quote = pricing.quote(request);
        return quote ? Error{ErrorCode::internal, "it was quoted"} : quote.error();
    }

    test::TestEnvironment environment;
    std::unique_ptr<Store> store = store::open_memory(environment);
    Timetable timetable{environment, *store};
    Pricing pricing{environment, *store, timetable, {}};
};

TEST_F(PricingTest, QuotesEachPassengerOnEachLegWithItsRule) {
    const auto quote =
        pricing.quote(request({leg("t:A", "t:B"), leg("t:B", "t:C")}, {{"anna", "adult"}, {"ben", std::nullopt, 8}}));
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_THAT(quote->lines,
                ElementsAre(QuoteLine{"anna", 0, "distance 0-100 km, second, adult", {1990, "EUR", 2}},
                            QuoteLine{"ben", 0, "distance 0-100 km, second, child 50%", {995, "EUR", 2}},
                            QuoteLine{"anna", 1, "distance 0-100 km, second, adult", {1990, "EUR", 2}},
                            QuoteLine{"ben", 1, "distance 0-100 km, second, child 50%", {995, "EUR", 2}}));
    EXPECT_EQ(quote->total, (Money{5970, "EUR", 2}));
    EXPECT_THAT(quote->passengers, ElementsAre(QuotedPassenger{"anna", "adult"}, QuotedPassenger{"ben", "child"}));
    ASSERT_EQ(quote->legs.size(), 2U);
    EXPECT_EQ(quote->legs[1].span, (Span{1, 2}));
    EXPECT_EQ(to_string(quote->legs[1].from), "t:B");
    EXPECT_EQ(to_string(quote->legs[1].to), "t:C");
    EXPECT_EQ(quote->tariff, "demo");
    EXPECT_EQ(quote->tariff_version, 1U);
}

TEST_F(PricingTest, ExplainsWhatItQuotedAlsoWhenThatHasExpired) {
    const auto quote = pricing.quote(request({leg("t:A", "t:C")}, {{"anna", "adult"}, {"ben", std::nullopt, 8}}));
    ASSERT_TRUE(quote) << quote.error().detail;
    environment.advance(std::chrono::hours{24});
    const auto explained = pricing.explain(quote->token);
    ASSERT_TRUE(explained) << explained.error().detail;
    EXPECT_EQ(explained->quote, *quote);
    ASSERT_EQ(explained->lines.size(), 2U);
    EXPECT_EQ(explained->lines[1].line, quote->lines[1]);
    EXPECT_THAT(explained->lines[1].shares, ElementsAre(PriceShare{"child", 50}));
    EXPECT_EQ(explained->rounding_mode, "half_up");
    EXPECT_EQ(pricing.explain("x.y").error().code, ErrorCode::invalid_argument);
}

TEST_F(PricingTest, ACardIsForOneOfThePassengers) {
    auto tariff = std::string{kDemo};
    tariff.replace(tariff.find("\"version\": 1"), 12, "\"version\": 2");
    tariff.insert(tariff.rfind('}'), R"(, "cards": [{"code": "HALF", "percent": 50}])");
    ASSERT_TRUE(pricing.import_tariff(tariff));
    auto wanted = request({leg("t:A", "t:B")}, {{"ben", std::nullopt, 8}, {"anna", "adult"}});
    wanted.cards = {"HALF"};
    const auto quote = pricing.quote(wanted);
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_THAT(quote->passengers,
                ElementsAre(QuotedPassenger{"ben", "child", ""}, QuotedPassenger{"anna", "adult", "HALF"}));
    EXPECT_EQ(quote->lines[1].rule, "distance 0-100 km, second, adult, HALF 50%");
    EXPECT_EQ(quote->lines[1].amount, (Money{995, "EUR", 2}));
    EXPECT_THAT(pricing.explain(quote->token)->lines[1].shares,
                ElementsAre(PriceShare{"adult", 100}, PriceShare{"HALF", 50}));
    wanted.cards = {"HALF", "HALF", "HALF"};
    EXPECT_EQ(refused(wanted).code, ErrorCode::invalid_argument);
    wanted.cards = {"OTHER"};
    EXPECT_EQ(refused(wanted).code, ErrorCode::invalid_argument);
}

TEST_F(PricingTest, TakesTheDistanceBetweenTheTwoCalls) {
    EXPECT_EQ(pricing.quote(request({leg("t:A", "t:C")}))->total.amount, 4690);
    EXPECT_EQ(pricing.quote(request({leg("t:C", "t:D")}))->total.amount, 4690);
    const Error beyond = refused(request({leg("t:A", "t:D")}));
    EXPECT_EQ(beyond.code, ErrorCode::invalid_argument);
    EXPECT_THAT(beyond.detail, HasSubstr("480 km"));
}

TEST_F(PricingTest, FillsInTheCheapestClassTheFirstFlexibilityAnAdultAndIds) {
    const auto quote = pricing.quote(request({leg("t:A", "t:B")}, {{}, {}, {"x"}}));
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_EQ(quote->travel_class, "second");
    EXPECT_EQ(quote->flexibility, "NON");
    EXPECT_THAT(quote->passengers, ElementsAre(QuotedPassenger{"1", "adult"}, QuotedPassenger{"2", "adult"},
                                               QuotedPassenger{"x", "adult"}));
}

TEST_F(PricingTest, PricesTheClassAndFlexibilityThatAreAskedFor) {
    auto wanted = request({leg("t:A", "t:B")});
    wanted.travel_class = "first";
    wanted.flexibility = "FULL";
    const auto quote = pricing.quote(wanted);
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_EQ(quote->total.amount, 4935);
    EXPECT_EQ(quote->lines[0].rule, "distance 0-100 km, first, adult, FULL 150%");
}

TEST_F(PricingTest, FindsStationsByName) {
    const auto quote = pricing.quote(request({leg("atown", "Btown")}));
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_EQ(to_string(quote->legs[0].from), "t:A");
}

TEST_F(PricingTest, CheckReturnsWhatQuoteReturnedUntilItExpires) {
    const auto quote = pricing.quote(request({leg("t:A", "t:B")}, {{"1"}, {"2", "child"}}));
    ASSERT_TRUE(quote) << quote.error().detail;
    EXPECT_EQ(quote->expires_at, environment.now() + PricingPolicy{}.quote_ttl);
    const auto checked = pricing.check(quote->token, quote->expires_at - Duration{1});
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(*checked, *quote);
    EXPECT_EQ(pricing.check(quote->token, quote->expires_at).error().code, ErrorCode::quote_expired);
}

TEST_F(PricingTest, EveryInstanceOnAStoreHonoursItsQuotes) {
    const auto quote = pricing.quote(request({leg("t:A", "t:B")}));
    ASSERT_TRUE(quote);
    Pricing other{environment, *store, timetable, {}};
    EXPECT_EQ(*other.check(quote->token, environment.now()), *quote);
}

TEST_F(PricingTest, AnotherStoreDoesNotHonourThem) {
    const auto quote = pricing.quote(request({leg("t:A", "t:B")}));
    ASSERT_TRUE(quote);
    const auto elsewhere = store::open_memory(environment);
    Timetable no_timetable{environment, *elsewhere};
    Pricing other{environment, *elsewhere, no_timetable, {}};
    EXPECT_EQ(other.check(quote->token, environment.now()).error().code, ErrorCode::invalid_argument);
}

TEST_F(PricingTest, AQuoteOutlivesItsTariff) {
    const auto quote = pricing.quote(request({leg("t:A", "t:B")}));
    ASSERT_TRUE(pricing.import_tariff(demo_version(2, 9990)));
    EXPECT_EQ(pricing.check(quote->token, environment.now())->total.amount, 1990);
    EXPECT_EQ(pricing.quote(request({leg("t:A", "t:B")}))->total.amount, 9990);
}

TEST_F(PricingTest, RefusesRidesThatThereAreNot) {
    EXPECT_EQ(refused(request({leg("t:A", "t:B", "9")})).code, ErrorCode::not_found);
    EXPECT_EQ(refused(request({leg("t:A", "t:X")})).code, ErrorCode::not_found);
    EXPECT_FALSE(pricing.quote(request({leg("t:B", "t:A")})));
    EXPECT_FALSE(pricing.quote(request({leg("t:A", "t:A")})));
    EXPECT_FALSE(pricing.quote(request({leg("t:D", "t:A")})));
}

TEST_F(PricingTest, RefusesToBoardOrAlightWhereTheTrainLetsNobody) {
    EXPECT_EQ(refused(request({leg("t:C", "t:D", "2")})).detail, "IC 2 lets nobody board at Ctown");
    EXPECT_EQ(refused(request({leg("t:A", "t:B", "2")})).detail, "IC 2 lets nobody alight at Btown");
    EXPECT_TRUE(pricing.quote(request({leg("t:A", "t:C", "2")})));
}

TEST_F(PricingTest, RefusesAClassThatTheTrainOrTheTariffHasNot) {
    auto wanted = request({leg("t:A", "t:C", "2")});
    wanted.travel_class = "first";
    EXPECT_EQ(refused(wanted).detail, "IC 2 has no coach of class 'first'");
    wanted.travel_class = "third";
    EXPECT_EQ(refused(wanted).detail, "the tariff 'demo' has no class 'third'");
}

TEST_F(PricingTest, RefusesPassengersThatDoNotFit) {
    const auto with = [&](std::vector<QuotePassenger> passengers) {
        return refused(request({leg("t:A", "t:B")}, std::move(passengers)));
    };
    EXPECT_EQ(with({}).detail, "a quote is for 1 to 9 passengers");
    EXPECT_EQ(with(std::vector<QuotePassenger>(10)).detail, "a quote is for 1 to 9 passengers");
    EXPECT_TRUE(pricing.quote(request({leg("t:A", "t:B")}, std::vector<QuotePassenger>(9))));
    EXPECT_EQ(with({{"a"}, {"a"}}).detail, "two passengers have the id 'a'");
    EXPECT_EQ(with({{"2"}, {}}).detail, "two passengers have the id '2'");
    EXPECT_EQ(with({{std::string(65, 'x')}}).code, ErrorCode::invalid_argument);
    EXPECT_EQ(with({{"\xFF"}}).code, ErrorCode::invalid_argument);
    EXPECT_EQ(with({{"1", "dog"}}).code, ErrorCode::invalid_argument);
    EXPECT_EQ(with({{"1", std::nullopt, -1}}).code, ErrorCode::invalid_argument);
}

TEST_F(PricingTest, RefusesNoRidesAndTooMany) {
    EXPECT_EQ(refused(request({})).detail, "a quote is for 1 to 16 rides");
    EXPECT_EQ(refused(request(std::vector<QuoteLeg>(17, leg("t:A", "t:B")))).detail, "a quote is for 1 to 16 rides");
    EXPECT_TRUE(pricing.quote(request(std::vector<QuoteLeg>(16, leg("t:A", "t:B")))));
}

TEST_F(PricingTest, UsesTheTariffThatWasImportedLastInItsNewestVersion) {
    ASSERT_TRUE(pricing.import_tariff(demo_version(3, 3000)));
    ASSERT_TRUE(pricing.import_tariff(demo_version(2, 2000)));
    EXPECT_EQ(pricing.quote(request({leg("t:A", "t:B")}))->tariff_version, 3U);
    auto wanted = request({leg("t:A", "t:B")});
    wanted.tariff = "default";
    EXPECT_EQ(pricing.quote(wanted)->tariff, "default");
    wanted.tariff = "nowhere";
    EXPECT_EQ(refused(wanted).code, ErrorCode::not_found);
}

TEST_F(PricingTest, WithoutAnyImportUsesTheBuiltInTariff) {
    const auto fresh = store::open_memory(environment);
    Timetable no_timetable{environment, *fresh};
    Pricing other{environment, *fresh, no_timetable, {}};
    const auto documents = other.tariffs();
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 1U);
    EXPECT_EQ(documents->front().name, "default");
    EXPECT_EQ(other.tariff("default")->text, documents->front().text);
}

TEST_F(PricingTest, KeepsEveryVersionOfATariffAsItWasWritten) {
    const auto second = pricing.import_tariff(demo_version(2));
    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_EQ(second->name, "demo");
    EXPECT_EQ(second->version, 2U);
    EXPECT_EQ(second->text, demo_version(2));
    EXPECT_EQ(pricing.tariff("demo")->version, 2U);
    EXPECT_EQ(pricing.tariffs()->size(), 3U);
    EXPECT_TRUE(pricing.import_tariff(demo_version(2))) << "the same text again is no change";
    EXPECT_EQ(pricing.import_tariff(demo_version(2, 1)).error().code, ErrorCode::conflict);
}

TEST_F(PricingTest, RefusesTariffsThatAreNotValidOrTakeTheBuiltInName) {
    EXPECT_EQ(pricing.import_tariff("{}").error().code, ErrorCode::bad_data);
    EXPECT_FALSE(pricing.import_tariff("{}").error().mistakes.empty());
    const auto built_in = pricing.import_tariff(pricing.tariff("default")->text);
    ASSERT_FALSE(built_in);
    EXPECT_EQ(built_in.error().code, ErrorCode::bad_data);
    ASSERT_EQ(built_in.error().mistakes.size(), 1U);
    EXPECT_EQ(built_in.error().mistakes[0].pointer, "/tariff");
}

TEST_F(PricingTest, KnowsNoTariffWithoutAName) {
    EXPECT_EQ(pricing.tariff("").error().code, ErrorCode::not_found);
    EXPECT_EQ(pricing.tariff("nowhere").error().code, ErrorCode::not_found);
}

RC_GTEST_FIXTURE_PROP(PricingTest, LinesSumExactlyToTheTotal, ()) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 10);
    std::vector<QuotePassenger> passengers;
    for (std::size_t i = 0; i < count; ++i) passengers.push_back({"", std::nullopt, *rc::gen::inRange(0, 100)});
    std::vector<QuoteLeg> legs;
    const auto rides = *rc::gen::inRange(1, 5);
    for (int i = 0; i < rides; ++i)
        legs.push_back(*rc::gen::element(leg("t:A", "t:B"), leg("t:B", "t:C"), leg("t:A", "t:C")));
    auto wanted = request(legs, passengers);
    wanted.travel_class = *rc::gen::element<std::string>("first", "second");
    wanted.flexibility = *rc::gen::element<std::string>("NON", "FULL");
    const auto quote = pricing.quote(wanted);
    RC_ASSERT(quote.has_value());
    RC_ASSERT(quote->lines.size() == passengers.size() * legs.size());
    std::int64_t sum = 0;
    for (const auto& line : quote->lines) {
        RC_ASSERT(line.amount.amount % 5 == 0);
        sum += line.amount.amount;
    }
    RC_ASSERT(quote->total == (Money{sum, "EUR", 2}));
    RC_ASSERT(*pricing.check(quote->token, environment.now()) == *quote);
    // Re-computing gives the same cents.
    RC_ASSERT(pricing.quote(wanted)->total == quote->total);
}

}  // namespace
}  // namespace railbook

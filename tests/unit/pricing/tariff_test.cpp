#include "pricing/fares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "documents/default_tariff.hpp"
#include "support/docs.hpp"

namespace railbook::pricing {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

constexpr std::string_view kDemo = R"({
  "tariff": "demo", "version": 3, "currency": "EUR", "rounding": {"unit": 5, "mode": "half_up"},
  "classes": ["first", "second"],
  "passenger_types": [{"type": "adult", "from_age": 15, "to_age": 64}, {"type": "child", "to_age": 14, "percent": 50},
                      {"type": "senior", "from_age": 65, "percent": 75}],
  "distance_bands": [{"to_km": 100, "first": 3290, "second": 1990}, {"to_km": 200, "first": 5290, "second": 3290}],
  "flexibility": [{"code": "NON", "refund": []},
                  {"code": "SEMI", "percent": 120, "refund": [{"until": 24, "fee": 0}, {"until": "departure", "fee": 500}],
                   "exchange": [{"until": "departure", "fee": 0}]}],
  "vat": [{"country": "DE", "percent_x10": 70}]
})";

Tariff demo() { return *parse_tariff(kDemo, ErrorCode::bad_data); }

/// The demo tariff with one member replaced, or taken out where `json` is empty.
std::string demo_with(std::string_view member, std::string_view json) {
    auto document = boost::json::parse(kDemo).as_object();
    if (json.empty()) document.erase(member);
    else document[member] = boost::json::parse(json);
    return boost::json::serialize(document);
}

/// What is wrong with a document, as `pointer: detail`.
std::vector<std::string> mistakes_of(std::string_view json) {
    const auto tariff = parse_tariff(json, ErrorCode::bad_data);
    if (tariff) return {};
    EXPECT_EQ(tariff.error().code, ErrorCode::bad_data);
    std::vector<std::string> lines;
    for (const auto& mistake : tariff.error().mistakes) lines.push_back(mistake.pointer + ": " + mistake.detail);
    return lines;
}
std::vector<std::string> mistakes_with(std::string_view member, std::string_view json) {
    return mistakes_of(demo_with(member, json));
}

Result<Fare> fare(const Tariff& tariff, std::int64_t metres, std::string_view travel_class, const std::string& type,
                  std::string_view flexibility = {}) {
    return fare_of(tariff,
                   {.travel_class = *find_class(tariff, travel_class),
                    .flexibility = *find_flexibility(tariff, flexibility)},
                   metres, **find_passenger_type(tariff, type, {}), nullptr);
}

TEST(TariffDocumentTest, IsReadCompletely) {
    const auto tariff = demo();
    EXPECT_EQ(tariff.name, "demo");
    EXPECT_EQ(tariff.version, 3U);
    EXPECT_EQ(tariff.currency, "EUR");
    EXPECT_EQ(tariff.scale, 2);
    EXPECT_EQ(tariff.rounding.unit, 5);
    EXPECT_EQ(tariff.rounding.mode, RoundingMode::half_up);
    EXPECT_THAT(tariff.classes, ElementsAre("first", "second"));
    ASSERT_EQ(tariff.passenger_types.size(), 3U);
    EXPECT_EQ(tariff.passenger_types[0].percent, 100);
    EXPECT_EQ(tariff.passenger_types[1].from_age, std::nullopt);
    EXPECT_EQ(tariff.passenger_types[1].to_age, 14);
    ASSERT_EQ(tariff.distance_bands.size(), 2U);
    EXPECT_EQ(tariff.distance_bands[0].from_km, 0);
    EXPECT_EQ(tariff.distance_bands[1].from_km, 101);
    EXPECT_EQ(tariff.distance_bands[1].to_km, 200);
    EXPECT_THAT(tariff.distance_bands[1].amounts, ElementsAre(5290, 3290));
    ASSERT_EQ(tariff.flexibility.size(), 2U);
    EXPECT_EQ(tariff.flexibility[1].percent, 120);
    ASSERT_EQ(tariff.flexibility[1].refund.size(), 2U);
    EXPECT_EQ(tariff.flexibility[1].refund[0].hours_before, 24);
    EXPECT_EQ(tariff.flexibility[1].refund[1].hours_before, std::nullopt);
    EXPECT_EQ(tariff.flexibility[1].refund[1].fee, 500);
    EXPECT_EQ(tariff.flexibility[1].exchange.size(), 1U);
    ASSERT_EQ(tariff.vat.size(), 1U);
    EXPECT_EQ(tariff.vat[0].country, "DE");
    EXPECT_EQ(tariff.vat[0].percent_x10, 70);
}

TEST(TariffDocumentTest, OfTheContractIsAccepted) {
    EXPECT_TRUE(parse_tariff(
        R"({"tariff": "demo", "version": 1, "currency": "EUR", "rounding": {"unit": 5, "mode": "half_up"},
            "classes": ["first", "second"],
            "passenger_types": [{"type": "adult", "from_age": 15}, {"type": "child", "to_age": 14, "percent": 50}],
            "distance_bands": [{"to_km": 100, "second": 1990, "first": 3290}],
            "flexibility": [{"code": "NON", "refund": []}, {"code": "FULL", "refund": [{"until": "departure", "fee": 0}]}],
            "vat": [{"country": "DE", "percent_x10": 70}]})",
        ErrorCode::bad_data));
}

TEST(TariffDocumentTest, BuiltInIsValidAndHasAPriceForEveryDistance) {
    const auto tariff = parse_tariff(k_default_tariff_json, ErrorCode::bad_data);
    ASSERT_TRUE(tariff) << tariff.error().detail;
    EXPECT_EQ(tariff->name, kDefaultTariff);
    EXPECT_EQ(tariff->version, 1U);
    EXPECT_EQ(fare(*tariff, 20'000'000, "second", "adult")->rule, "distance from 1001 km, second, adult");
    for (int age = 0; age <= 120; ++age) EXPECT_TRUE(find_passenger_type(*tariff, {}, age)) << age;
}

TEST(TariffDocumentTest, OfTheDocumentationGivesThePricesThatItSays) {
    const auto tariff = parse_tariff(test::json_example("tariff.md"), ErrorCode::bad_data);
    ASSERT_TRUE(tariff) << tariff.error().detail;
    const auto plain = fare(*tariff, 150'200, "second", "child");
    EXPECT_EQ(plain->amount, 1645);
    EXPECT_EQ(plain->rule, "distance 101-200 km, second, child 50%");
    const auto flexible = fare(*tariff, 150'200, "second", "child", "SEMI");
    EXPECT_EQ(flexible->amount, 1975);
    EXPECT_EQ(flexible->rule, "distance 101-200 km, second, child 50%, SEMI 120%");
}

TEST(TariffDocumentTest, RoundingVatAndConditionsMayBeLeftOut) {
    const auto tariff = parse_tariff(
        R"({"tariff": "t", "version": 1, "currency": "JPY", "classes": ["one"], "passenger_types": [{"type": "all"}],
            "distance_bands": [{"one": 7}], "flexibility": [{"code": "NON"}]})",
        ErrorCode::bad_data);
    ASSERT_TRUE(tariff) << tariff.error().detail;
    EXPECT_EQ(tariff->scale, 0);
    EXPECT_EQ(tariff->rounding.unit, 1);
    EXPECT_EQ(fare(*tariff, 1, "one", "all")->amount, 7);
}

TEST(TariffDocumentTest, PointsAtEachRequiredMemberThatIsMissing) {
    EXPECT_THAT(mistakes_of("{}"), IsSupersetOf({"/tariff: is missing", "/version: is missing", "/currency: is missing",
                                                 "/classes: is missing", "/passenger_types: is missing",
                                                 "/distance_bands: is missing", "/flexibility: is missing"}));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"to_km": 100, "first": 1}])"),
                ElementsAre("/distance_bands/0/second: is missing"));
    EXPECT_THAT(mistakes_with("passenger_types", "[]"), ElementsAre("/passenger_types: must not be empty"));
}

TEST(TariffDocumentTest, PointsAtMembersThatAreNotKnown) {
    EXPECT_THAT(mistakes_with("colour", "1"), ElementsAre("/colour: is not known here"));
    EXPECT_THAT(mistakes_with("rounding", R"({"unit": 5, "mode": "up", "x/y": 1})"),
                ElementsAre("/rounding/x~1y: is not known here"));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"first": 1, "second": 1, "third": 1}])"),
                ElementsAre("/distance_bands/0/third: is not known here"));
    EXPECT_THAT(mistakes_with("flexibility", R"([{"code": "NON", "refund": [{"until": 1, "fee": 0, "until_km": 3}]}])"),
                ElementsAre("/flexibility/0/refund/0/until_km: is not known here"));
}

TEST(TariffDocumentTest, PointsAtNamesThatAreNotAllowed) {
    for (const std::string name : {R"("")", R"("Demo")", R"("de mo")", R"("../x")", R"("ä")", "1", "null",
                                   R"("a23456789012345678901234567890123")"}) {
        EXPECT_THAT(mistakes_with("tariff", name), Contains(HasSubstr("/tariff: "))) << name;
        EXPECT_THAT(mistakes_with("classes", "[" + name + "]"), Contains(HasSubstr("/classes/0: "))) << name;
    }
    EXPECT_THAT(mistakes_with("classes", R"(["first", "second", "first"])"), Contains("/classes/2: comes twice"));
    EXPECT_THAT(mistakes_with("classes", R"(["first", "second", "to_km"])"), Contains(HasSubstr("/classes/2: ")));
    EXPECT_THAT(mistakes_with("currency", R"("EURO")"), ElementsAre("/currency: is not the code of a known currency"));
}

TEST(TariffDocumentTest, PointsAtValuesBeyondTheirEdges) {
    EXPECT_THAT(mistakes_with("version", "0"), ElementsAre("/version: must be from 1 to 1000000000"));
    EXPECT_THAT(mistakes_with("version", "1.5"), ElementsAre("/version: must be a whole number within 64 bits"));
    EXPECT_THAT(mistakes_with("rounding", R"({"unit": 0, "mode": "up"})"), Contains(HasSubstr("/rounding/unit: ")));
    EXPECT_THAT(mistakes_with("rounding", R"({"unit": 1, "mode": "ceiling"})"),
                ElementsAre("/rounding/mode: must be half_up, half_even, up or down"));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"first": -1, "second": 1000000001}])"),
                ElementsAre("/distance_bands/0/first: must be from 0 to 1000000000",
                            "/distance_bands/0/second: must be from 0 to 1000000000"));
    EXPECT_THAT(mistakes_with("passenger_types", R"([{"type": "adult", "percent": 1001}])"),
                ElementsAre("/passenger_types/0/percent: must be from 0 to 1000"));
    EXPECT_THAT(mistakes_with("passenger_types", R"([{"type": "adult", "from_age": 15, "to_age": 14}])"),
                ElementsAre("/passenger_types/0/to_age: is less than from_age"));
    EXPECT_THAT(
        mistakes_with("vat", R"([{"country": "de", "percent_x10": 1001}])"),
        ElementsAre("/vat/0/country: must be two capital letters", "/vat/0/percent_x10: must be from 0 to 1000"));
}

TEST(TariffDocumentTest, PointsAtWhatComesTwice) {
    EXPECT_THAT(mistakes_with("passenger_types", R"([{"type": "adult"}, {"type": "adult"}])"),
                ElementsAre("/passenger_types/1/type: comes twice"));
    EXPECT_THAT(mistakes_with("flexibility", R"([{"code": "NON"}, {"code": "NON"}])"),
                ElementsAre("/flexibility/1/code: comes twice"));
    EXPECT_THAT(mistakes_with("vat", R"([{"country": "DE", "percent_x10": 1}, {"country": "DE", "percent_x10": 1}])"),
                ElementsAre("/vat/1/country: comes twice"));
}

TEST(TariffDocumentTest, BandsAscendAndOnlyTheLastIsOpen) {
    const std::string rest = R"(, "first": 1, "second": 1})";
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"to_km": 100)" + rest + R"(, {"to_km": 100)" + rest + "]"),
                ElementsAre("/distance_bands/1/to_km: must be at least 101, since bands ascend"));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"first": 1, "second": 1}, {"to_km": 100)" + rest + "]"),
                ElementsAre("/distance_bands/1: comes after a band without to_km, which has no end"));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"to_km": "far")" + rest + R"(, {"to_km": 100)" + rest + "]"),
                ElementsAre("/distance_bands/0/to_km: must be a whole number, not a string"));
    EXPECT_THAT(mistakes_with("distance_bands", R"([{"to_km": 100)" + rest + R"(, {"first": 1, "second": 1}])"),
                ElementsAre());
}

TEST(TariffDocumentTest, DeadlinesComeInTheirOrder) {
    const auto with = [](std::string_view refund) {
        return mistakes_with("flexibility", R"([{"code": "X", "refund": )" + std::string{refund} + "}]");
    };
    EXPECT_THAT(with(R"([{"until": 48, "fee": 0}, {"until": 24, "fee": 1}, {"until": "departure", "fee": 2}])"),
                ElementsAre());
    EXPECT_THAT(with(R"([{"until": 24, "fee": 0}, {"until": 24, "fee": 1}])"),
                ElementsAre("/flexibility/0/refund/1/until: must be later than the deadline before it"));
    EXPECT_THAT(with(R"([{"until": "departure", "fee": 0}, {"until": 24, "fee": 1}])"),
                ElementsAre("/flexibility/0/refund/1/until: must be later than the deadline before it"));
    EXPECT_THAT(with(R"([{"until": "arrival", "fee": 0}])"),
                ElementsAre("/flexibility/0/refund/0/until: must be 'departure' or a number of hours before it"));
    EXPECT_THAT(with(R"([{"fee": 0}])"), ElementsAre("/flexibility/0/refund/0/until: is missing"));
    EXPECT_THAT(with(R"([{"until": 0, "fee": 0}])"),
                Contains(HasSubstr("/flexibility/0/refund/0/until: must be from 1")));
}

TEST(TariffDocumentTest, RefusesHostileTexts) {
    for (const std::string text : {"", "null", "[]", "7", "{", R"({"tariff":)"}) {
        EXPECT_FALSE(parse_tariff(text, ErrorCode::bad_data)) << text;
    }
    EXPECT_FALSE(parse_tariff(std::string(1'000'000, '['), ErrorCode::bad_data));
    std::string padded{kDemo};
    padded.append(256 * 1024, ' ');
    EXPECT_EQ(parse_tariff(padded, ErrorCode::bad_data).error().detail, "a tariff may have at most 262144 bytes");
    const auto twice = "{\"tariff\": \"a\"," + std::string{kDemo.substr(1)};
    EXPECT_THAT(mistakes_of(twice), Contains("/tariff: comes twice"));
}

RC_GTEST_PROP(TariffDocumentTest, WithAnyByteChangedIsReadOrRefused, ()) {
    std::string text{kDemo};
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::arbitrary<char>();
    const auto tariff = parse_tariff(text, ErrorCode::bad_data);
    RC_ASSERT((tariff.has_value() || tariff.error().code == ErrorCode::bad_data));
}

TEST(RoundingTest, GoesToTheUnitByTheMode) {
    const auto rounded = [](std::int64_t numerator, RoundingMode mode) {
        return round_to_unit(numerator, 100, {5, mode});
    };
    // In hundredths of a cent, to 5 cents: 2.49, 2.50, 2.51, then 7.49, 7.50, 7.51 cents.
    EXPECT_EQ(rounded(249, RoundingMode::half_up), 0);
    EXPECT_EQ(rounded(250, RoundingMode::half_up), 5);
    EXPECT_EQ(rounded(250, RoundingMode::half_even), 0);
    EXPECT_EQ(rounded(251, RoundingMode::half_even), 5);
    EXPECT_EQ(rounded(749, RoundingMode::half_even), 5);
    EXPECT_EQ(rounded(750, RoundingMode::half_even), 10);
    EXPECT_EQ(rounded(1, RoundingMode::up), 5);
    EXPECT_EQ(rounded(500, RoundingMode::up), 5);
    EXPECT_EQ(rounded(501, RoundingMode::up), 10);
    EXPECT_EQ(rounded(499, RoundingMode::down), 0);
    EXPECT_EQ(rounded(500, RoundingMode::down), 5);
    for (const auto mode : {RoundingMode::half_up, RoundingMode::half_even, RoundingMode::up, RoundingMode::down})
        EXPECT_EQ(rounded(0, mode), 0);
}

RC_GTEST_PROP(RoundingTest, IsTheNearestMultipleOnItsSide, ()) {
    const auto numerator = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000);
    const auto unit = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    const auto mode =
        *rc::gen::element(RoundingMode::half_up, RoundingMode::half_even, RoundingMode::up, RoundingMode::down);
    constexpr std::int64_t kDenominator = 10'000;
    const auto rounded = round_to_unit(numerator, kDenominator, {unit, mode});
    RC_ASSERT(rounded % unit == 0);
    const auto gain = rounded * kDenominator - numerator;
    const auto step = unit * kDenominator;
    switch (mode) {
        case RoundingMode::up: RC_ASSERT((gain >= 0 && gain < step)); break;
        case RoundingMode::down: RC_ASSERT((gain <= 0 && gain > -step)); break;
        case RoundingMode::half_up: RC_ASSERT((2 * gain <= step && 2 * gain > -step)); break;
        case RoundingMode::half_even:
            RC_ASSERT((2 * gain <= step && 2 * gain >= -step));
            if (2 * gain == step || 2 * gain == -step) RC_ASSERT(rounded / unit % 2 == 0);
            break;
    }
}

TEST(FareTest, HasTheExactAmountAndNamesTheRule) {
    const auto tariff = demo();
    const auto expect = [&](std::int64_t metres, std::string_view travel_class, const std::string& type,
                            std::string_view flexibility, std::int64_t amount, std::string_view rule) {
        const auto found = fare(tariff, metres, travel_class, type, flexibility);
        ASSERT_TRUE(found) << found.error().detail;
        EXPECT_EQ(found->amount, amount) << rule;
        EXPECT_EQ(found->rule, rule);
    };
    expect(50'000, "second", "adult", "NON", 1990, "distance 0-100 km, second, adult");
    expect(150'000, "first", "adult", "NON", 5290, "distance 101-200 km, first, adult");
    expect(150'000, "second", "child", "NON", 1645, "distance 101-200 km, second, child 50%");
    expect(50'000, "second", "senior", "NON", 1495, "distance 0-100 km, second, senior 75%");            // 14.925, up
    expect(50'000, "second", "adult", "SEMI", 2390, "distance 0-100 km, second, adult, SEMI 120%");      // 23.88, up
    expect(50'000, "second", "child", "SEMI", 1195, "distance 0-100 km, second, child 50%, SEMI 120%");  // 11.94, up
}

TEST(FareTest, CountsKilometresRoundedUpAndBandsToTheirLastMetre) {
    const auto tariff = demo();
    EXPECT_EQ(fare(tariff, 0, "second", "adult")->amount, 1990);
    EXPECT_EQ(fare(tariff, 100'000, "second", "adult")->amount, 1990);
    EXPECT_EQ(fare(tariff, 100'001, "second", "adult")->amount, 3290);
    EXPECT_EQ(fare(tariff, 200'000, "second", "adult")->amount, 3290);
    EXPECT_EQ(fare(tariff, -5, "second", "adult")->amount, 1990) << "a feed that counts backwards";
    EXPECT_EQ(fare(tariff, std::numeric_limits<std::int64_t>::min(), "second", "adult")->amount, 1990);
}

TEST(FareTest, BeyondTheLastBandIsRefusedByName) {
    const auto refused = fare(demo(), 200'001, "second", "adult");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().detail,
              "the ride has 201 km, and the last distance band of the tariff 'demo' ends at 200 km");
    EXPECT_FALSE(fare(demo(), std::numeric_limits<std::int64_t>::max(), "second", "adult"));
}

RC_GTEST_PROP(FareTest, OfTheLargestAllowedNumbersIsExact, ()) {
    const auto amount = *rc::gen::inRange<std::int64_t>(0, 1'000'000'001);
    const auto percent = *rc::gen::inRange(0, 1001);
    const auto surcharge = *rc::gen::inRange(0, 1001);
    Tariff tariff = demo();
    tariff.rounding = {1, RoundingMode::down};
    tariff.distance_bands = {{.from_km = 0, .to_km = {}, .amounts = {amount, amount}}};
    const PassengerType type{.type = "adult", .from_age = {}, .to_age = {}, .percent = percent};
    const Flexibility product{.code = "X", .percent = surcharge, .refund = {}, .exchange = {}};
    const auto found = fare_of(tariff, {.travel_class = 0, .flexibility = &product}, 1, type, nullptr);
    RC_ASSERT(found.has_value());
    // long double has 64 bits of mantissa here, and the product fewer than 54.
    const auto exact = static_cast<long double>(amount) * percent * surcharge / 10'000;
    RC_ASSERT((found->amount <= exact && found->amount > exact - 1));
}

TEST(FindClassTest, TakesTheLastWhereNoneIsNamed) {
    EXPECT_EQ(*find_class(demo(), ""), 1U);
    EXPECT_EQ(*find_class(demo(), "first"), 0U);
    const auto refused = find_class(demo(), "third");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().hint, "it has first, second");
}

TEST(FindFlexibilityTest, TakesTheFirstWhereNoneIsNamed) {
    const auto tariff = demo();
    EXPECT_EQ((*find_flexibility(tariff, ""))->code, "NON");
    EXPECT_EQ((*find_flexibility(tariff, "SEMI"))->code, "SEMI");
    const auto refused = find_flexibility(tariff, "semi");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().hint, "it has NON, SEMI");
}

TEST(FindPassengerTypeTest, GoesByAgeToItsEdges) {
    const auto tariff = demo();
    const auto at = [&](int age) { return (*find_passenger_type(tariff, {}, age))->type; };
    EXPECT_EQ(at(0), "child");
    EXPECT_EQ(at(14), "child");
    EXPECT_EQ(at(15), "adult");
    EXPECT_EQ(at(64), "adult");
    EXPECT_EQ(at(65), "senior");
    EXPECT_EQ(at(150), "senior");
    for (const int age : {-1, 151, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()})
        EXPECT_EQ(find_passenger_type(tariff, {}, age).error().code, ErrorCode::invalid_argument) << age;
}

TEST(FindPassengerTypeTest, GoesByName) {
    const auto tariff = demo();
    EXPECT_EQ((*find_passenger_type(tariff, "senior", {}))->type, "senior");
    const auto refused = find_passenger_type(tariff, "dog", {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused.error().hint, "it has adult, child, senior");
}

TEST(FindPassengerTypeTest, WithBothRefusesAnAgeThatIsNotOfTheType) {
    const auto tariff = demo();
    EXPECT_EQ((*find_passenger_type(tariff, "child", 14))->type, "child");
    EXPECT_EQ(find_passenger_type(tariff, "child", 15).error().detail, "at the age of 15 nobody travels as 'child'");
}

TEST(FindPassengerTypeTest, WithNeitherIsAnAdultOrTheFirst) {
    auto tariff = demo();
    EXPECT_EQ((*find_passenger_type(tariff, {}, {}))->type, "adult");
    std::erase_if(tariff.passenger_types, [](const PassengerType& type) { return type.type == "adult"; });
    EXPECT_EQ((*find_passenger_type(tariff, {}, {}))->type, "child");
    EXPECT_EQ(find_passenger_type(tariff, {}, 30).error().detail,
              "the tariff 'demo' has no passenger type for the age of 30");
}

}  // namespace
}  // namespace railbook::pricing

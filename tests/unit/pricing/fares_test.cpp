#include "pricing/fares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>

#include "support/naive_fare.hpp"

namespace railbook::pricing {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kRich = R"({
  "tariff": "rich", "version": 1, "currency": "EUR", "rounding": {"unit": 5, "mode": "half_up"},
  "classes": ["first", "second"],
  "passenger_types": [{"type": "adult", "from_age": 15}, {"type": "child", "to_age": 14, "percent": 50},
                      {"type": "infant", "to_age": 3, "percent": 0}],
  "distance_bands": [{"to_km": 100, "first": 3290, "second": 1990}, {"first": 5290, "second": 3290}],
  "flexibility": [{"code": "NON", "refund": []}, {"code": "FULL", "percent": 150}],
  "advance": [{"hours": 168, "percent": 40, "flexibility": ["NON"]}, {"hours": 72, "percent": 70}],
  "cards": [{"code": "C25", "percent": 75}, {"code": "C50", "percent": 50, "classes": ["second"],
            "passenger_types": ["adult"], "flexibility": ["FULL"]}],
  "groups": [{"from": 6, "percent": 70}, {"from": 20, "percent": 50}]
})";

class FaresTest : public testing::Test {
protected:
    Sale sale(std::string_view travel_class, std::string_view flexibility, std::size_t passengers = 1,
              Duration ahead = {}) const {
        return {.travel_class = *find_class(tariff, travel_class),
                .flexibility = *find_flexibility(tariff, flexibility),
                .passengers = passengers,
                .ahead = ahead};
    }
    const PassengerType& type(const std::string& name) const { return **find_passenger_type(tariff, name, {}); }
    const Card* card(std::string_view code) const {
        const auto found = std::ranges::find(tariff.cards, code, &Card::code);
        return found == tariff.cards.end() ? nullptr : &*found;
    }
    void expect(const Sale& sale, const std::string& passenger, std::string_view card_code, std::int64_t amount,
                std::string_view rule) {
        const auto fare = fare_of(tariff, sale, 50'000, type(passenger), card(card_code));
        ASSERT_TRUE(fare) << fare.error().detail;
        EXPECT_EQ(fare->amount, amount) << rule;
        EXPECT_EQ(fare->rule, rule);
        EXPECT_EQ(amount_of(tariff, sale, *find_band(tariff, 50'000), type(passenger), card(card_code)), amount);
    }

    const Tariff tariff = *parse_tariff(kRich, ErrorCode::bad_data);
};

TEST_F(FaresTest, WhoBuysEarlyPaysLess) {
    expect(sale("second", "NON", 1, hours{168}), "adult", "", 795, "distance 0-100 km, second, adult, 168 h ahead 40%");
    expect(sale("second", "NON", 1, hours{168} - Duration{1}), "adult", "", 1395,
           "distance 0-100 km, second, adult, 72 h ahead 70%");
    expect(sale("second", "NON", 1, hours{72} - Duration{1}), "adult", "", 1990, "distance 0-100 km, second, adult");
    expect(sale("second", "NON", 1, -hours{1}), "adult", "", 1990, "distance 0-100 km, second, adult");
    // 1990 * 1.5 * 0.7 = 2089.5
    expect(sale("second", "FULL", 1, hours{9999}), "adult", "", 2090,
           "distance 0-100 km, second, adult, FULL 150%, 72 h ahead 70%");
}

TEST_F(FaresTest, AreThoseThatTheDocumentationSays) {
    auto text = std::string{kRich};
    const auto from = text.find("\"advance\"");
    text.replace(from, text.rfind('}') - from, R"("advance": [{"hours": 72, "percent": 70}],
        "cards": [{"code": "BC25", "percent": 75}])");
    const auto documented = *parse_tariff(text, ErrorCode::bad_data);
    const auto fare = fare_of(documented,
                              {.travel_class = 1, .flexibility = &documented.flexibility.front(), .ahead = hours{96}},
                              50'000, documented.passenger_types.front(), &documented.cards.front());
    EXPECT_EQ(fare->amount, 1045);
    EXPECT_EQ(fare->rule, "distance 0-100 km, second, adult, 72 h ahead 70%, BC25 75%");
}

TEST_F(FaresTest, OfCardAndGroupTheLowerOneCounts) {
    expect(sale("second", "NON"), "adult", "C25", 1495, "distance 0-100 km, second, adult, C25 75%");
    expect(sale("second", "NON"), "child", "C25", 745, "distance 0-100 km, second, child 50%, C25 75%");
    expect(sale("second", "NON", 6), "adult", "C25", 1395, "distance 0-100 km, second, adult, group of 6 70%");
    expect(sale("second", "FULL", 20), "adult", "C50", 1495, "distance 0-100 km, second, adult, FULL 150%, C50 50%");
    expect(sale("second", "NON", 5), "adult", "", 1990, "distance 0-100 km, second, adult");
    expect(sale("second", "NON", 19), "adult", "", 1395, "distance 0-100 km, second, adult, group of 6 70%");
    expect(sale("first", "NON", 20), "child", "", 825, "distance 0-100 km, first, child 50%, group of 20 50%");
}

TEST_F(FaresTest, ACardIsForSomeOnly) {
    EXPECT_TRUE(may_use(tariff, *card("C25"), sale("first", "NON"), type("infant")));
    EXPECT_TRUE(may_use(tariff, *card("C50"), sale("second", "FULL"), type("adult")));
    EXPECT_FALSE(may_use(tariff, *card("C50"), sale("first", "FULL"), type("adult")));
    EXPECT_FALSE(may_use(tariff, *card("C50"), sale("second", "NON"), type("adult")));
    EXPECT_FALSE(may_use(tariff, *card("C50"), sale("second", "FULL"), type("child")));
}

TEST_F(FaresTest, EachCardIsDealtToWhoPaysMost) {
    const std::vector<const PassengerType*> family{&type("infant"), &type("child"), &type("adult"), &type("adult")};
    const auto dealt = [&](const Sale& sale, const std::vector<std::string>& codes) {
        const auto cards = deal_cards(tariff, sale, family, codes);
        EXPECT_TRUE(cards) << (cards ? "" : cards.error().detail);
        std::vector<std::string> names;
        for (const auto* each : cards ? *cards : std::vector<const Card*>{}) names.push_back(each ? each->code : "");
        return names;
    };
    EXPECT_THAT(dealt(sale("second", "FULL"), {}), ElementsAre("", "", "", ""));
    EXPECT_THAT(dealt(sale("second", "FULL"), {"C25"}), ElementsAre("", "", "C25", ""));
    EXPECT_THAT(dealt(sale("second", "FULL"), {"C25", "C50"}), ElementsAre("", "", "C25", "C50"));
    EXPECT_THAT(dealt(sale("second", "FULL"), {"C50", "C50", "C25"}), ElementsAre("", "C25", "C50", "C50"));
    const auto refused = [&](const Sale& sale, const std::vector<std::string>& codes) {
        return deal_cards(tariff, sale, family, codes).error().detail;
    };
    EXPECT_EQ(refused(sale("second", "FULL"), {"C50", "C50", "C50"}),
              "nobody is left who can use the card 'C50' in class 'second' with FULL");
    EXPECT_EQ(refused(sale("first", "NON"), {"C99"}), "the tariff 'rich' has no card 'C99'");
}

std::vector<std::string> pointers_of(std::string_view member, std::string_view elements) {
    std::string text{kRich};
    const auto at = text.find('"' + std::string{member} + "\": [");
    const auto open = text.find('[', at);
    // Up to the end of the list, which may hold lists.
    int depth = 0;
    auto close = open;
    do {
        depth += text[close] == '[' ? 1 : text[close] == ']' ? -1 : 0;
    } while (depth > 0 && ++close < text.size());
    text.replace(open, close - open + 1, elements);
    const auto tariff = parse_tariff(text, ErrorCode::bad_data);
    std::vector<std::string> pointers;
    if (!tariff) {
        for (const auto& mistake : tariff.error().mistakes) pointers.push_back(mistake.pointer);
    }
    return pointers;
}

TEST(DiscountsOfATariff, AreCheckedWithAPointerForEachMistake) {
    EXPECT_THAT(pointers_of("advance", R"([{"hours": 24, "percent": 100}])"), IsEmpty());
    EXPECT_THAT(pointers_of("advance", R"([{"hours": 0, "percent": 101}])"),
                UnorderedElementsAre("/advance/0/hours", "/advance/0/percent"));
    EXPECT_THAT(pointers_of("advance", R"([{"hours": 1, "percent": 1}, {"hours": 2, "percent": 1}])"),
                ElementsAre("/advance/1/hours"));
    EXPECT_THAT(pointers_of("advance", R"([{"hours": 1, "percent": 1, "flexibility": ["NON", "X"]}])"),
                ElementsAre("/advance/0/flexibility/1"));
    EXPECT_THAT(pointers_of("cards", R"([{"code": "a", "percent": -1, "days": 3}])"),
                UnorderedElementsAre("/cards/0/code", "/cards/0/percent", "/cards/0/days"));
    EXPECT_THAT(pointers_of("cards", R"([{"code": "A", "percent": 1}, {"code": "A", "percent": 1}])"),
                ElementsAre("/cards/1/code"));
    EXPECT_THAT(pointers_of("cards", R"([{"code": "A", "percent": 1, "classes": [], "passenger_types": [7]}])"),
                UnorderedElementsAre("/cards/0/classes", "/cards/0/passenger_types/0", "/cards/0/passenger_types"));
    EXPECT_THAT(pointers_of("groups", R"([{"from": 1, "percent": 50}])"), ElementsAre("/groups/0/from"));
    EXPECT_THAT(pointers_of("groups", R"([{"from": 5, "percent": 50}, {"from": 5, "percent": 60}])"),
                UnorderedElementsAre("/groups/1/from", "/groups/1/percent"));
}

RC_GTEST_FIXTURE_PROP(FaresTest, AreThoseOfTheDocumentReadPlainly, ()) {
    const auto document = boost::json::parse(kRich).as_object();
    const auto metres = *rc::gen::inRange<std::int64_t>(1, 200'000);
    const auto* travel_class = *rc::gen::element("first", "second");
    const auto* passenger = *rc::gen::element("adult", "child", "infant");
    const auto* flexibility = *rc::gen::element("NON", "FULL");
    const auto ahead = *rc::gen::inRange<std::int64_t>(-3'600'000, 200 * 3'600'000LL);
    const auto passengers = *rc::gen::inRange<std::size_t>(1, 25);
    const auto* code = *rc::gen::element("", "C25", "C50");
    const auto terms = sale(travel_class, flexibility, passengers, Duration{ahead});
    const auto* owned = card(code);
    if (owned && !may_use(tariff, *owned, terms, type(passenger))) owned = nullptr;
    const auto fare = fare_of(tariff, terms, metres, type(passenger), owned);
    RC_ASSERT(fare.has_value());
    RC_ASSERT(fare->amount == test::naive_fare(document, {.metres = metres,
                                                          .travel_class = travel_class,
                                                          .passenger = passenger,
                                                          .flexibility = flexibility,
                                                          .milliseconds_ahead = ahead,
                                                          .passengers = passengers,
                                                          .card = owned ? owned->code : std::string{}}));
    // Nothing that lowers a fare makes it dearer.
    const auto plain = fare_of(tariff, sale(travel_class, flexibility), metres, type(passenger), nullptr);
    RC_ASSERT(fare->amount <= plain->amount);
    RC_ASSERT(fare->amount % 5 == 0);
}

}  // namespace
}  // namespace railbook::pricing

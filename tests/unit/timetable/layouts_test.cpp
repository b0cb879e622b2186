#include "timetable/layouts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "support/docs.hpp"

namespace railbook::timetable {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document document(std::string text) { return {.kind = DocumentKind::layouts, .name = "test", .text = std::move(text)}; }

/// What is wrong with a document, as `pointer: detail`.
std::vector<std::string> mistakes_of(std::string_view json, const std::vector<Document>& earlier = {}) {
    const auto status = check_layouts(json, earlier);
    if (status) return {};
    EXPECT_EQ(status.error().code, ErrorCode::bad_data);
    std::vector<std::string> lines;
    for (const auto& mistake : status.error().mistakes) lines.push_back(mistake.pointer + ": " + mistake.detail);
    return lines;
}
/// The same for a layout whose other members are right.
std::vector<std::string> mistakes_in_layout(const std::string& members) {
    return mistakes_of(R"({"layout": "x", "class": "second", )" + members + "}");
}
std::vector<std::string> mistakes_in_place(const std::string& members) {
    return mistakes_in_layout(R"("places": [{)" + members + "}]");
}
std::vector<std::string> mistakes_in_grid(const std::string& members) {
    return mistakes_in_layout(R"("grid": {)" + members + "}");
}
std::vector<std::string> mistakes_in_rule(const std::string& rule) {
    return mistakes_of(R"({"consist": "x", "coaches": [{"number": "1", "layout": "open-first"}], "applies_to": [)" +
                       rule + "]}");
}

/// The one coach of a train that a layout makes.
Coach coach_of(const std::string& layout_members) {
    const auto rules = ConsistRules::from_documents(std::vector{document(
        R"({"layouts": [{"layout": "x", "class": "second", )" + layout_members +
        R"(}], "consists": [{"consist": "x", "coaches": [{"number": "7", "layout": "x"}], "applies_to": [{}]}]})")});
    EXPECT_TRUE(rules) << rules.error().detail;
    return rules->consist_for({})->coaches.at(0);
}

const Place& place(const Coach& coach, std::string_view number) {
    const auto found = std::ranges::find(coach.places, number, &Place::number);
    EXPECT_NE(found, coach.places.end()) << number;
    return *found;
}

/// The name of the consist that a train gets from documents with consists of one coach each.
std::string consist_named(const std::vector<std::string>& texts, const TrainFacts& train) {
    std::vector<Document> documents;
    for (const auto& text : texts) documents.push_back(document(text));
    const auto rules = ConsistRules::from_documents(documents);
    EXPECT_TRUE(rules) << rules.error().detail;
    return rules->consist_for(train)->name;
}
std::string consist(const std::string& name, const std::string& rules) {
    return R"({"consist": ")" + name + R"(", "coaches": [{"number": "1", "layout": "open-first"}], "applies_to": )" +
           rules + "}";
}

ServiceDate date(std::string_view text) { return *parse_date(text); }

TEST(BuiltInLayoutsTest, GiveALongDistanceTrainTwoFirstAndSixSecondClassCoaches) {
    const auto rules = ConsistRules::from_documents({});
    ASSERT_TRUE(rules) << rules.error().detail;
    const auto train = rules->consist_for({.feed = "db", .agency = "DB", .route_type = 2, .route = "r", .trip = "t"});
    ASSERT_EQ(train->coaches.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(train->coaches[i].number, std::to_string(i + 1));
        EXPECT_EQ(train->coaches[i].travel_class, i < 2 ? "first" : "second");
    }
    EXPECT_EQ(train->coaches[0].places.size(), 48U);
    EXPECT_EQ(train->coaches[2].places.size(), 66U);
    EXPECT_EQ(train->coaches[3].places.size(), 80U);
    EXPECT_EQ(train->seat_count(), 48U + 48U + 66U + 5 * 80U);
}

TEST(BuiltInLayoutsTest, HaveSeatsAsTheyAreInTrains) {
    const auto rules = ConsistRules::from_documents({});
    const auto train = rules->consist_for({});
    EXPECT_EQ(place(train->coaches[3], "45"), (Place{"45", 12, "A", {"WINDOW", "TABLE", "POWER"}, "forward"}));
    EXPECT_EQ(place(train->coaches[3], "42"), (Place{"42", 11, "B", {"AISLE", "TABLE", "POWER"}, "backward"}));
    EXPECT_EQ(place(train->coaches[0], "1"), (Place{"1", 1, "A", {"WINDOW", "AISLE", "POWER"}, "backward"}));
    EXPECT_THAT(place(train->coaches[7], "1").properties, Contains("QUIET"));
}

TEST(BuiltInLayoutsTest, HaveAWheelchairPlaceBesideACompanion) {
    const auto rules = ConsistRules::from_documents({});
    for (const int route_type : {2, 3}) {
        const auto train = rules->consist_for({.route_type = route_type});
        const Place* wheelchair = nullptr;
        const Place* companion = nullptr;
        for (const auto& coach : train->coaches) {
            for (const auto& each : coach.places) {
                const std::set<std::string> properties{each.properties.begin(), each.properties.end()};
                if (properties.contains("WHEELCHAIR")) wheelchair = &each;
                if (properties.contains("COMPANION")) companion = &each;
            }
        }
        ASSERT_TRUE(wheelchair && companion) << route_type;
        EXPECT_EQ(wheelchair->row, companion->row);
        EXPECT_NE(wheelchair->column, companion->column);
    }
}

TEST(BuiltInLayoutsTest, GiveBusesASmallCoachAndEverythingElseATrain) {
    const auto rules = ConsistRules::from_documents({});
    for (const int bus : {3, 11, 200, 208, 299, 700, 702, 799, 800})
        EXPECT_EQ(rules->consist_for({.route_type = bus})->name, "coach") << bus;
    for (const int other : {0, 1, 2, 4, 5, 6, 7, 12, 100, 103, 199, 300, 699, 900, 1700, -1, 100'000})
        EXPECT_EQ(rules->consist_for({.route_type = other})->name, "train") << other;
    EXPECT_EQ(rules->consist_for({.route_type = 3})->seat_count(), 44U);
}

TEST(BuiltInLayoutsTest, AreADocumentLikeAnyOther) {
    EXPECT_EQ(built_in_layouts().name, "default");
    EXPECT_TRUE(check_layouts(built_in_layouts().text, {}));
}

TEST(LayoutsDocumentTest, OfTheContractAreAccepted) {
    EXPECT_THAT(mistakes_of(R"({"layout": "open-second", "class": "second", "places": [{"number": "45", "row": 12,
                "column": "A", "properties": ["WINDOW", "TABLE"], "facing": "forward"}]})"),
                IsEmpty());
    EXPECT_THAT(mistakes_of(R"({"consist": "ic", "coaches": [{"number": "3", "layout": "open-second"}],
                "applies_to": [{"route_type": 2, "trip": "*"}]})"),
                IsEmpty());
    EXPECT_THAT(
        mistakes_of(
            R"({"name": "ours", "layouts": [{"layout": "x", "class": "second", "places": [{"number": "1"}]}]})"),
        IsEmpty());
}

TEST(LayoutsDocumentTest, OfTheDocumentationIsAccepted) {
    EXPECT_THAT(mistakes_of(test::json_example("layouts.md")), IsEmpty());
}

TEST(LayoutsDocumentTest, MayUseTheLayoutsOfEarlierOnes) {
    const std::string train = R"({"consist": "ours", "coaches": [{"number": "1", "layout": "ours"}]})";
    EXPECT_THAT(mistakes_of(train), ElementsAre("/coaches/0/layout: there is no layout 'ours'"));
    EXPECT_THAT(mistakes_of(train, {document(R"({"layout": "ours", "class": "one", "places": [{"number": "1"}]})")}),
                IsEmpty());
}

TEST(LayoutsDocumentTest, NamesALayoutAnewForItselfAndLaterOnesOnly) {
    const std::string small = R"({"layouts": [{"layout": "x", "class": "one", "places": [{"number": "1"}]}],
        "consists": [{"consist": "small", "coaches": [{"number": "1", "layout": "x"}], "applies_to": [{"trip": "small"}]}]})";
    const std::string large = R"({"layout": "x", "class": "one", "places": [{"number": "1"}, {"number": "2"}]})";
    const std::string later =
        R"({"consist": "large", "coaches": [{"number": "1", "layout": "x"}], "applies_to": [{"trip": "large"}]})";
    const auto rules = ConsistRules::from_documents(std::vector{document(small), document(large), document(later)});
    ASSERT_TRUE(rules) << rules.error().detail;
    EXPECT_EQ(rules->consist_for({.trip = "small"})->seat_count(), 1U);
    EXPECT_EQ(rules->consist_for({.trip = "large"})->seat_count(), 2U);
}

TEST(LayoutsDocumentTest, ThatIsStoredButNotValidIsDamaged) {
    const auto rules = ConsistRules::from_documents(std::vector{document("{}")});
    ASSERT_FALSE(rules);
    EXPECT_EQ(rules.error().code, ErrorCode::damaged);
    EXPECT_EQ(check_layouts(built_in_layouts().text, std::vector{document("{}")}).error().code, ErrorCode::damaged);
}

TEST(LayoutsDocumentTest, PointsAtMembersThatAreMissingOrNotKnown) {
    EXPECT_THAT(mistakes_of("{}"), ElementsAre(": the document holds neither layouts nor consists"));
    EXPECT_THAT(mistakes_of("[]"), Contains(": must be an object, not an array"));
    EXPECT_THAT(
        mistakes_of(R"({"layouts": [{}]})"),
        ElementsAre("/layouts/0/layout: is missing", "/layouts/0/class: is missing", "/layouts/0/places: is missing"));
    EXPECT_THAT(mistakes_of(R"({"consists": [{}]})"),
                ElementsAre("/consists/0/consist: is missing", "/consists/0/coaches: is missing"));
    EXPECT_THAT(mistakes_in_layout(R"("places": [{"number": "1"}], "colour": "red")"),
                ElementsAre("/colour: is not known here"));
    EXPECT_THAT(mistakes_in_place(R"("number": "1", "side": "left")"),
                ElementsAre("/places/0/side: is not known here"));
    EXPECT_THAT(mistakes_in_rule(R"({"line": "1"})"), ElementsAre("/applies_to/0/line: is not known here"));
    EXPECT_THAT(
        mistakes_of(R"({"layouts": [{"name": "x", "layout": "x", "class": "c", "places": [{"number": "1"}]}]})"),
        ElementsAre("/layouts/0/name: is not known here"));
}

TEST(LayoutsDocumentTest, PointsAtNamesAndNumbersThatAreNotAllowed) {
    for (const std::string bad : {R"("")", R"("a b")", R"("a/b")", R"("ä")", "7", "null"}) {
        EXPECT_THAT(mistakes_of(R"({"layout": )" + bad + R"(, "class": "c", "places": [{"number": "1"}]})"),
                    Contains(HasSubstr("/layout: ")))
            << bad;
        EXPECT_THAT(mistakes_in_place("\"number\": " + bad), Contains(HasSubstr("/places/0/number: "))) << bad;
    }
    EXPECT_THAT(mistakes_in_place(R"("number": "12345678")"), IsEmpty());
    EXPECT_THAT(mistakes_in_place(R"("number": "123456789")"), Contains(HasSubstr("/places/0/number: ")));
    EXPECT_THAT(mistakes_in_place(R"("number": "1", "row": 0)"), ElementsAre("/places/0/row: must be from 1 to 100"));
    EXPECT_THAT(mistakes_in_place(R"("number": "1", "facing": "up")"),
                ElementsAre("/places/0/facing: must be 'forward' or 'backward'"));
    EXPECT_THAT(mistakes_in_place(R"("number": "1", "properties": ["window"])"),
                Contains(HasSubstr("/places/0/properties/0: must have")));
    EXPECT_THAT(mistakes_in_place(R"("number": "1", "properties": ["WINDOW", "WINDOW"])"),
                ElementsAre("/places/0/properties/1: comes twice"));
}

TEST(LayoutsDocumentTest, PointsAtWhatComesTwice) {
    EXPECT_THAT(mistakes_in_layout(R"("places": [{"number": "1"}, {"number": "1"}])"),
                ElementsAre("/places/1/number: place '1' comes twice in the coach"));
    EXPECT_THAT(
        mistakes_in_layout(
            R"("places": [{"number": "1", "row": 1, "column": "A"}, {"number": "2", "row": 1, "column": "A"}])"),
        ElementsAre("/places/1: row 1, column A has a place already"));
    EXPECT_THAT(mistakes_of(R"({"consist": "x", "coaches": [{"number": "1", "layout": "open-first"},
                                                            {"number": "1", "layout": "open-first"}]})"),
                ElementsAre("/coaches/1/number: coach '1' comes twice in the train"));
    const std::string layout = R"({"layout": "x", "class": "c", "places": [{"number": "1"}]})";
    EXPECT_THAT(mistakes_of("{\"layouts\": [" + layout + "," + layout + "]}"),
                ElementsAre("/layouts/1/layout: 'x' comes twice"));
    const std::string train = consist("x", "[]");
    EXPECT_THAT(mistakes_of("{\"consists\": [" + train + "," + train + "]}"),
                ElementsAre("/consists/1/consist: 'x' comes twice"));
    EXPECT_THAT(mistakes_of(R"({"layout": "x", "layout": "y", "class": "c", "places": [{"number": "1"}]})"),
                Contains("/layout: comes twice"));
}

TEST(LayoutsDocumentTest, RefusesWhatIsEmpty) {
    EXPECT_THAT(mistakes_in_layout(R"("places": [])"), ElementsAre("/places: must not be empty"));
    EXPECT_THAT(mistakes_of(R"({"consist": "x", "coaches": []})"), ElementsAre("/coaches: must not be empty"));
    EXPECT_THAT(mistakes_of(R"({"layouts": [], "consists": []})"),
                ElementsAre(": the document holds neither layouts nor consists"));
}

TEST(LayoutsDocumentTest, RefusesMoreThanATrainCanHave) {
    const auto places = [](int count) {
        std::string list;
        for (int i = 1; i <= count; ++i)
            list += (i > 1 ? ",{\"number\":\"" : "{\"number\":\"") + std::to_string(i) + "\"}";
        return R"("places": [)" + list + "]";
    };
    EXPECT_THAT(mistakes_in_layout(places(400)), IsEmpty());
    EXPECT_THAT(mistakes_in_layout(places(401)), ElementsAre("/places: must have at most 400 elements"));
    const auto train = [&](int coaches, int seats) {
        std::string list;
        for (int i = 1; i <= coaches; ++i)
            list += std::string{i > 1 ? "," : ""} + R"({"number": ")" + std::to_string(i) + R"(", "layout": "x"})";
        return R"({"layouts": [{"layout": "x", "class": "c", )" + places(seats) +
               R"(}], "consists": [{"consist": "x", "coaches": [)" + list + "]}]}";
    };
    EXPECT_THAT(mistakes_of(train(64, 64)), IsEmpty());
    EXPECT_THAT(mistakes_of(train(64, 65)), ElementsAre("/consists/0/coaches: must have at most 4096 seats together"));
    EXPECT_THAT(mistakes_of(train(65, 1)), ElementsAre("/consists/0/coaches: must have at most 64 elements"));
}

TEST(LayoutsDocumentTest, RefusesHostileTexts) {
    for (const std::string text :
         {"", "{", "null", R"({"layouts": {}})", R"({"layouts": [1]})", R"({"consists": [[]]})"}) {
        const auto status = check_layouts(text, {});
        ASSERT_FALSE(status) << text;
        EXPECT_EQ(status.error().code, ErrorCode::bad_data);
    }
    EXPECT_FALSE(check_layouts(std::string(1'000'000, '['), {}));
    EXPECT_EQ(check_layouts(std::string((1 << 20) + 1, ' '), {}).error().detail,
              "a layouts document may have at most 1048576 bytes");
}

RC_GTEST_PROP(LayoutsDocumentTest, WithAnyByteChangedIsReadOrRefused, ()) {
    std::string text = built_in_layouts().text;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::arbitrary<char>();
    const auto status = check_layouts(text, {});
    RC_ASSERT((status.has_value() || status.error().code == ErrorCode::bad_data));
}

TEST(GridTest, NumbersPlacesThroughAndFindsWindowsAndAisles) {
    const auto coach =
        coach_of(R"("grid": {"rows": 2, "columns": ["A", "B", "", "C"], "backward": [1], "tables": [2]})");
    EXPECT_EQ(coach.number, "7");
    EXPECT_EQ(coach.layout, "x");
    EXPECT_EQ(coach.travel_class, "second");
    EXPECT_THAT(coach.places,
                ElementsAre(Place{"1", 1, "A", {"WINDOW"}, "backward"}, Place{"2", 1, "B", {"AISLE"}, "backward"},
                            Place{"3", 1, "C", {"WINDOW", "AISLE"}, "backward"},
                            Place{"4", 2, "A", {"WINDOW", "TABLE"}, "forward"},
                            Place{"5", 2, "B", {"AISLE", "TABLE"}, "forward"},
                            Place{"6", 2, "C", {"WINDOW", "AISLE", "TABLE"}, "forward"}));
}

TEST(GridTest, NumbersPlacesByRowAndColumnOrFromAnotherNumber) {
    const auto named = coach_of(R"("grid": {"rows": 12, "columns": ["A", "", "B"], "numbering": "row_and_column"})");
    EXPECT_EQ(place(named, "12B").row, 12);
    const auto numbered = coach_of(R"("grid": {"rows": 2, "columns": ["A", "", "B"], "first_number": 11})");
    EXPECT_EQ(numbered.places.front().number, "11");
    EXPECT_EQ(numbered.places.back().number, "14");
}

TEST(GridTest, APlaceThatIsLeftOutKeepsItsNumber) {
    const auto coach = coach_of(
        R"("grid": {"rows": 3, "columns": ["A", "", "B"], "without": [{"rows": [1], "columns": ["B"]}, {"rows": [2]}]})");
    std::vector<std::string> numbers;
    for (const auto& each : coach.places) numbers.push_back(each.number);
    EXPECT_THAT(numbers, ElementsAre("1", "5", "6"));
}

TEST(GridTest, AddsPropertiesToPlacesOnce) {
    const auto coach = coach_of(R"("grid": {"rows": 2, "columns": ["A", "", "B"], "properties": [
        {"properties": ["POWER", "WINDOW"]}, {"rows": [2], "columns": ["B"], "properties": ["QUIET"]}]})");
    EXPECT_THAT(place(coach, "1").properties, ElementsAre("WINDOW", "AISLE", "POWER"));
    EXPECT_THAT(place(coach, "4").properties, ElementsAre("WINDOW", "AISLE", "POWER", "QUIET"));
}

TEST(GridTest, PointsAtMistakes) {
    EXPECT_THAT(mistakes_in_grid(""), ElementsAre("/grid/rows: is missing", "/grid/columns: is missing"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 101, "columns": ["A"])"), ElementsAre("/grid/rows: must be from 1 to 100"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 1, "columns": [])"), ElementsAre("/grid/columns: must name a column"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 1, "columns": ["", "A", "", "", "B", ""])"),
                ElementsAre("/grid/columns/0: an aisle must lie between two columns",
                            "/grid/columns/3: an aisle must lie between two columns",
                            "/grid/columns/5: an aisle must lie between two columns"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 1, "columns": ["A", "A"])"),
                ElementsAre("/grid/columns/1: column 'A' comes twice"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A"], "backward": [1, 3, 1, "2"])"),
                ElementsAre("/grid/backward/1: must be a row from 1 to 2", "/grid/backward/2: comes twice",
                            "/grid/backward/3: must be a row from 1 to 2"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A", "", "B"], "without": [{"columns": ["C", ""]}])"),
                ElementsAre("/grid/without/0/columns/0: the grid has no column 'C'",
                            "/grid/without/0/columns/1: the grid has no column ''"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A"], "without": [{}])"),
                ElementsAre("/grid: leaves no place"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 100, "columns": ["A", "B", "C", "D", "E"])"),
                ElementsAre("/grid: must make at most 400 places"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A"], "numbering": "none")"),
                ElementsAre("/grid/numbering: must be 'through' or 'row_and_column'"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A"], "numbering": "row_and_column", "first_number": 5)"),
                Contains(HasSubstr("/grid/first_number: means nothing")));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 10, "columns": ["ABCDEFGH"], "numbering": "row_and_column")"),
                Contains(HasSubstr("/grid: makes a place '1ABCDEFGH', which must have")));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 11, "columns": ["1A", "A"], "numbering": "row_and_column")"),
                ElementsAre("/grid: makes place '11A' twice"));
    EXPECT_THAT(mistakes_in_grid(R"("rows": 2, "columns": ["A"], "properties": [{"rows": [1]}])"),
                ElementsAre("/grid/properties/0/properties: is missing"));
    EXPECT_THAT(mistakes_in_layout(R"("places": [{"number": "1"}], "grid": {"rows": 1, "columns": ["A"]})"),
                ElementsAre("/grid: a layout has either places or a grid"));
}

TEST(ConsistRulesTest, TheNewestDocumentDecidesAndInItTheFirstRule) {
    const std::string old_rule = consist("old", "[{}]");
    const std::string two =
        "{\"consists\": [" + consist("first", R"([{"feed": "db"}])") + "," + consist("second", "[{}]") + "]}";
    EXPECT_EQ(consist_named({old_rule}, {.feed = "db"}), "old");
    EXPECT_EQ(consist_named({old_rule, two}, {.feed = "db"}), "first");
    EXPECT_EQ(consist_named({old_rule, two}, {.feed = "via"}), "second");
    EXPECT_EQ(consist_named({two, old_rule}, {.feed = "db"}), "old");
}

TEST(ConsistRulesTest, EverythingThatARuleNamesMustFit) {
    const std::string rule = consist("ours", R"([{"feed": "db", "agency": "DB", "route_type": 2, "route": "ICE 1",
        "trip": "5*", "from_date": "2026-12-01", "to_date": "2026-12-31"}])");
    const TrainFacts fits{
        .feed = "db", .agency = "DB", .route_type = 2, .route = "ICE 1", .trip = "531", .date = date("2026-12-01")};
    EXPECT_EQ(consist_named({rule}, fits), "ours");
    const auto with = [&](auto change) {
        TrainFacts train = fits;
        change(train);
        return consist_named({rule}, train);
    };
    EXPECT_EQ(with([](TrainFacts& t) { t.feed = "db2"; }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.agency = "db"; }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.route_type = 1; }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.route = "ICE 12"; }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.trip = "431"; }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.trip = "5"; }), "ours");
    EXPECT_EQ(with([](TrainFacts& t) { t.date = date("2026-11-30"); }), "train");
    EXPECT_EQ(with([](TrainFacts& t) { t.date = date("2026-12-31"); }), "ours");
    EXPECT_EQ(with([](TrainFacts& t) { t.date = date("2027-01-01"); }), "train");
}

TEST(ConsistRulesTest, AnyOfSeveralRulesIsEnoughAndNoneIsNever) {
    const std::string several = consist("ours", R"([{"trip": "1"}, {"route_type": {"from": 100, "to": 102}}])");
    EXPECT_EQ(consist_named({several}, {.trip = "1"}), "ours");
    EXPECT_EQ(consist_named({several}, {.route_type = 100, .trip = "2"}), "ours");
    EXPECT_EQ(consist_named({several}, {.route_type = 102, .trip = "2"}), "ours");
    EXPECT_EQ(consist_named({several}, {.route_type = 103, .trip = "2"}), "train");
    EXPECT_EQ(consist_named({consist("ours", "[]")}, {}), "train");
}

TEST(ConsistRulesTest, PointAtMistakes) {
    EXPECT_THAT(mistakes_in_rule(R"({"trip": "a*b"})"),
                ElementsAre("/applies_to/0/trip: may hold a * only at its end"));
    EXPECT_THAT(mistakes_in_rule(R"({"trip": "**"})"), ElementsAre("/applies_to/0/trip: may hold a * only at its end"));
    EXPECT_THAT(mistakes_in_rule(R"({"trip": ""})"), ElementsAre("/applies_to/0/trip: must not be empty"));
    EXPECT_THAT(mistakes_in_rule(R"({"route_type": -1})"),
                ElementsAre("/applies_to/0/route_type: must be from 0 to 9999"));
    EXPECT_THAT(mistakes_in_rule(R"({"route_type": {"from": 2, "to": 1}})"),
                ElementsAre("/applies_to/0/route_type/to: lies before 'from'"));
    EXPECT_THAT(mistakes_in_rule(R"({"from_date": "1.12.2026"})"),
                ElementsAre("/applies_to/0/from_date: must be a date such as 2026-12-01"));
    EXPECT_THAT(mistakes_in_rule(R"({"from_date": "2026-12-02", "to_date": "2026-12-01"})"),
                ElementsAre("/applies_to/0/to_date: lies before 'from_date'"));
}

}  // namespace
}  // namespace railbook::timetable

#include "timetable/station_index.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "timetable/spellings.hpp"

namespace railbook::timetable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct Place {
    std::string id;
    std::string name;
    double latitude = 50;
    double longitude = 8;
    std::vector<std::string> aliases = {};
    std::string code = {};
};

/// A feed with one train, which only calls at the first station.
std::shared_ptr<const Network> feed_of(const std::string& name, std::vector<Place> places) {
    std::ranges::sort(places, {}, &Place::id);
    NetworkData data;
    data.feed = name;
    data.days = 1;
    data.zones = {"Europe/Berlin"};
    for (Index i = 0; i < places.size(); ++i) {
        const auto& place = places[i];
        data.stations.push_back({.id = place.id,
                                 .name = place.name,
                                 .aliases = place.aliases,
                                 .latitude = place.latitude,
                                 .longitude = place.longitude,
                                 .code = place.code});
        data.stops.push_back({place.id, i, {}});
    }
    data.agencies.push_back({.id = "R", .name = "Railways"});
    data.routes.push_back({.id = "IC", .short_name = {}, .long_name = {}});
    data.services = {1};
    data.trips.push_back({.id = "1", .headsign = {}, .short_name = {}, .call_count = 2});
    data.calls = {{.stop = 0}, {.stop = 0, .arrival = 60, .departure = 60}};
    auto network = Network::from_data(std::move(data));
    EXPECT_TRUE(network) << (network ? "" : network.error().detail);
    return *network;
}

/// Of names that stand in one feed.
class Names {
public:
    explicit Names(const std::vector<std::string>& names) {
        std::vector<Place> places;
        for (std::size_t i = 0; i < names.size(); ++i) places.push_back({fmt::format("id{:04}", i), names[i]});
        feeds_ = {feed_of("f", std::move(places))};
        index_.emplace(feeds_);
    }
    const StationIndex& index() const { return *index_; }
    std::vector<std::string> find(std::string_view text, std::size_t limit = 10) const {
        std::vector<std::string> found;
        for (const auto& hit : index_->find(text, limit)) found.push_back(name_of(hit));
        return found;
    }
    static std::string name_of(const StationIndex::Hit& hit) {
        const auto& station = hit.place->stations.front();
        return std::string{station.network->data().stations[station.index].name};
    }

private:
    std::vector<std::shared_ptr<const Network>> feeds_;
    std::optional<StationIndex> index_;
};

std::vector<std::string> ids_of(const StationPlace& place) {
    std::vector<std::string> ids;
    for (const auto& one : place.stations)
        ids.push_back(one.network->feed() + ':' + std::string{one.network->data().stations[one.index].id});
    return ids;
}

// --- Words ---------------------------------------------------------------------------------------------------------

TEST(StationIndexTest, AbbreviationsAreFoundInEitherForm) {
    const Names names{{"Kiel Hbf", "Wien Hauptbahnhof", "Saint-Jean", "Berlin Ostbahnhof"}};
    EXPECT_THAT(names.find("kiel haupt"), ElementsAre("Kiel Hbf"));
    EXPECT_THAT(names.find("wien hbf"), ElementsAre("Wien Hauptbahnhof"));
    EXPECT_THAT(names.find("st jean"), ElementsAre("Saint-Jean"));
    EXPECT_THAT(names.find("ostbf"), ElementsAre("Berlin Ostbahnhof"));
}

TEST(StationIndexTest, AnIdIsACodeAndComesAfterTheNameInFull) {
    const std::vector feeds{feed_of("f", {{"NYP", "New York"}, {"X", "Nyp"}, {"Y", "Nypstad"}})};
    const StationIndex index{feeds};
    const auto hits = index.find("nyp", 10);
    ASSERT_THAT(hits, SizeIs(3));
    EXPECT_EQ(hits[0].fit, Fit::exact);
    EXPECT_EQ(hits[1].fit, Fit::code);
    EXPECT_EQ(Names::name_of(hits[1]), "New York");
    EXPECT_EQ(hits[2].fit, Fit::beginning);
}

TEST(StationIndexTest, ACodeOfItsOwnCountsAsTheIdDoes) {
    const std::vector feeds{feed_of("f", {{"1", "Toronto", 43.6, -79.4, {}, "TRTO"}}),
                            feed_of("g", {{"2", "Frankfurt", 50, 8, {}, "8000105"}}),
                            feed_of("h", {{"8000105", "Francfort", 50, 8}})};
    const StationIndex index{feeds};
    ASSERT_THAT(index.find("trto", 10), SizeIs(1));
    EXPECT_EQ(index.find("trto", 10).front().fit, Fit::code);
    ASSERT_THAT(index.find("8000105", 10), SizeIs(1));
    EXPECT_THAT(ids_of(*index.find("8000105", 10).front().place), ElementsAre("g:2", "h:8000105"));
}

TEST(StationIndexTest, ACodeMayHoldBlanksAndPunctuation) {
    const std::vector feeds{feed_of("f", {{"1", "Altona", 53.55, 9.93, {}, "AA  G"},
                                          {"2", "Penn Station", 40.75, -73.99, {}, "US-NYP"},
                                          {"de:08111:6115", "Stuttgart", 48.78, 9.18},
                                          {"4", "Bedorf", 50, 8, {}, "B-D"},
                                          {"5", "Cedorf", 50, 8, {}, "BD"}})};
    const StationIndex index{feeds};
    const auto found = [&](std::string_view text) {
        std::vector<std::string> names;
        for (const auto& hit : index.find(text, 10)) {
            if (hit.fit == Fit::code && hit.is_exact()) names.push_back(Names::name_of(hit));
        }
        return names;
    };
    for (const auto* text : {"AA  G", "aa g", "AA-G", "aag"}) EXPECT_THAT(found(text), ElementsAre("Altona")) << text;
    for (const auto* text : {"US-NYP", "us nyp", "usnyp"})
        EXPECT_THAT(found(text), ElementsAre("Penn Station")) << text;
    EXPECT_THAT(found("de:08111:6115"), ElementsAre("Stuttgart"));
    EXPECT_THAT(found("DE 08111 6115"), ElementsAre("Stuttgart"));
    EXPECT_THAT(found("us"), IsEmpty()) << "a code is typed in full";
    EXPECT_THAT(found("b-d"), ElementsAre("Bedorf"));
    EXPECT_THAT(found("bd"), ElementsAre("Cedorf")) << "who has that very code comes alone";
}

TEST(StationIndexTest, AnotherNameOfAStationIsItsToo) {
    const std::vector feeds{feed_of("f", {{"1", "Praha", 50, 14, {"Prague", "Prag"}}})};
    const StationIndex index{feeds};
    EXPECT_THAT(index.find("prague", 10), SizeIs(1));
    EXPECT_TRUE(index.find("prag", 10).front().is_exact());
}

TEST(StationIndexTest, WithoutStationsNothingIsFound) {
    const StationIndex index{std::span<const std::shared_ptr<const Network>>{}};
    EXPECT_THAT(index.find("kiel", 10), IsEmpty());
    EXPECT_THAT(index.find("", 10), IsEmpty());
}

TEST(StationIndexTest, ATextOfVeryManyWordsFindsNothing) {
    const Names names{{"Adorf"}};
    std::string text;
    for (int i = 0; i < 100; ++i) text += "a ";
    EXPECT_THAT(names.find(text), IsEmpty());
}

// --- Typing errors -------------------------------------------------------------------------------------------------

TEST(StationIndexTest, AnErrorInAWordOfFourLettersIsForgivenAndTwoInOneOfEight) {
    const Names names{{"Hannover Hbf", "Hamburg Hbf", "Kiel", "Ulm"}};
    EXPECT_THAT(names.find("hanover"), ElementsAre("Hannover Hbf"));
    EXPECT_THAT(names.find("hambrug h"), ElementsAre("Hamburg Hbf"));
    EXPECT_THAT(names.find("hanovver"), ElementsAre("Hannover Hbf"));
    EXPECT_THAT(names.find("hxnovexr"), IsEmpty()) << "three";
    EXPECT_THAT(names.find("keil"), ElementsAre("Kiel")) << "two neighbours swapped are one error";
    EXPECT_THAT(names.find("kexx"), IsEmpty());
    EXPECT_THAT(names.find("uml"), IsEmpty()) << "too short";
}

TEST(StationIndexTest, LettersOfEveryAlphabetCountOnce) {
    const Names names{{"Уфа", "Казань", "Новосибирск", "पुणे"}};
    EXPECT_THAT(names.find("ура"), IsEmpty()) << "too short";
    EXPECT_THAT(names.find("уфа"), ElementsAre("Уфа"));
    EXPECT_THAT(names.find("козань"), ElementsAre("Казань"));
    EXPECT_THAT(names.find("кзаань"), ElementsAre("Казань")) << "two neighbours swapped are one error";
    EXPECT_THAT(names.find("кохань"), IsEmpty()) << "two errors in six letters";
    EXPECT_THAT(names.find("навасибирск"), ElementsAre("Новосибирск"));
    EXPECT_THAT(names.find("навасибирзк"), IsEmpty()) << "three";
    EXPECT_THAT(names.find("पु"), ElementsAre("पुणे"));
}

TEST(StationIndexTest, WhatHasNoErrorsComesFirstAndWhereItIsMuchStandsAlone) {
    const Names few{{"Kolin", "Koln Hbf"}};
    const auto hits = few.index().find("kolin", 10);
    ASSERT_THAT(hits, SizeIs(2));
    EXPECT_EQ(Names::name_of(hits[0]), "Kolin");
    EXPECT_EQ(hits[1].errors, 1U);
    const Names many{{"Kolin", "Kolin 2", "Kolin 3", "Koln Hbf"}};
    EXPECT_THAT(many.find("kolin"), ElementsAre("Kolin", "Kolin 2", "Kolin 3"));
}

// --- Several feeds -------------------------------------------------------------------------------------------------

TEST(StationIndexTest, TheSameUicCodeIsTheSameStationWhateverItsName) {
    const std::vector feeds{feed_of("a", {{"8000105", "Frankfurt(Main)Hbf", 50.107, 8.663}}),
                            feed_of("b", {{"8000105", "Francfort", 50.106, 8.662}})};
    const StationIndex index{feeds};
    ASSERT_THAT(index.places(), SizeIs(1));
    EXPECT_THAT(ids_of(index.places().front()), ElementsAre("a:8000105", "b:8000105"));
    EXPECT_THAT(index.find("francfort", 10), SizeIs(1));
    EXPECT_EQ(&index.place_of({feeds[1].get(), 0}), &index.places().front());
}

TEST(StationIndexTest, TheSameNumberFarAwayIsAnotherStation) {
    const std::vector feeds{feed_of("a", {{"8000105", "Frankfurt", 50, 8}}),
                            feed_of("b", {{"8000105", "Lyon", 45, 4}})};
    EXPECT_THAT(StationIndex{feeds}.places(), SizeIs(2));
}

TEST(StationIndexTest, TheSameNameNearbyIsTheSameStation) {
    const std::vector feeds{feed_of("a", {{"8000261", "München Hbf", 48.140, 11.558}}),
                            feed_of("b", {{"17", "Muenchen Hauptbahnhof", 48.141, 11.560}}),
                            feed_of("c", {{"18", "München Hbf", 49, 11.560}})};
    const StationIndex index{feeds};
    ASSERT_THAT(index.places(), SizeIs(2)) << "one is far away";
    EXPECT_EQ(&index.place_of({feeds[0].get(), 0}), &index.place_of({feeds[1].get(), 0}));
}

TEST(StationIndexTest, TheSameNameIsTheSameInEveryFormOfIt) {
    for (const auto& [one, other] : {std::pair{"Saint Pancras", "St Pancras"},
                                     {"St. Pölten", "Sankt Poelten"},
                                     {"Berlin Ostbf", "Berlin Ostbahnhof"},
                                     {"Clapham Jn", "Clapham Jct"}}) {
        const std::vector feeds{feed_of("a", {{"1", one, 51.53, -0.12}}), feed_of("b", {{"2", other, 51.53, -0.12}})};
        EXPECT_THAT(StationIndex{feeds}.places(), SizeIs(1)) << one;
    }
    const std::vector feeds{feed_of("a", {{"1", "Saint Foy", 45, 1}}), feed_of("b", {{"2", "Sainte Foy", 45, 1}})};
    EXPECT_THAT(StationIndex{feeds}.places(), SizeIs(2));
}

TEST(StationIndexTest, StationsOfDifferentCodesAreTwo) {
    const std::vector feeds{feed_of("a", {{"8011160", "Berlin", 52.525, 13.369}}),
                            feed_of("b", {{"8098160", "Berlin", 52.525, 13.369}})};
    EXPECT_THAT(StationIndex{feeds}.places(), SizeIs(2));
}

TEST(StationIndexTest, StationsOfOneFeedAreNeverMerged) {
    const std::vector feeds{feed_of("a", {{"1", "Adorf"}, {"2", "Adorf"}}), feed_of("b", {{"3", "Adorf"}})};
    const StationIndex index{feeds};
    ASSERT_THAT(index.places(), SizeIs(2));
    EXPECT_EQ(index.places()[0].stations.size() + index.places()[1].stations.size(), 3U);
}

// --- Against a look at every name ----------------------------------------------------------------------------------

/// Levenshtein's distance, with two neighbours swapped as one error, to the nearest beginning of the word.
std::size_t errors_of(std::string_view text, std::string_view word) {
    std::vector<std::vector<std::size_t>> table(word.size() + 1, std::vector<std::size_t>(text.size() + 1));
    std::size_t least = text.size();
    for (std::size_t i = 0; i <= word.size(); ++i) {
        for (std::size_t j = 0; j <= text.size(); ++j) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
            } else {
                table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1,
                                        table[i - 1][j - 1] + (word[i - 1] == text[j - 1] ? 0 : 1)});
                if (i > 1 && j > 1 && word[i - 1] == text[j - 2] && word[i - 2] == text[j - 1])
                    table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
            }
        }
        least = std::min(least, table[i].back());
    }
    return least;
}

class RandomNames : public testing::TestWithParam<unsigned> {
protected:
    std::string word(std::size_t longest) {
        std::string text;
        for (std::size_t size = random_() % longest + 1; text.size() < size;)
            text += static_cast<char>('a' + random_() % 3);
        return text;
    }
    std::string words(std::size_t most, std::size_t longest) {
        std::string text = word(longest);
        for (std::size_t i = random_() % most; i > 0; --i) text += ' ' + word(longest);
        return text;
    }
    std::mt19937 random_{GetParam()};
};

TEST_P(RandomNames, AreFoundAsALookAtEachFindsThem) {
    std::vector<std::string> all;
    for (int i = 0; i < 60; ++i) all.push_back(words(4, 5));
    const Names names{all};
    for (int i = 0; i < 200; ++i) {
        const auto text = words(3, 4);
        std::map<std::string, Fit> expected, found;
        for (const auto& name : all) {
            const auto fit = fit_of(fold(text), fold(name));
            if (fit != Fit::none) expected[name] = fit;
        }
        for (const auto& hit : names.index().find(text, 100)) {
            if (hit.errors == 0) found[Names::name_of(hit)] = hit.fit;
        }
        ASSERT_EQ(found, expected) << text;
    }
}

TEST_P(RandomNames, AreFoundWithErrorsAsALookAtEachFindsThem) {
    std::vector<std::string> all;
    for (int i = 0; i < 300; ++i) all.push_back(word(12));
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
    const Names names{all};
    for (int i = 0; i < 100; ++i) {
        const auto text = word(12);
        const std::size_t most = text.size() < 4 ? 0 : text.size() < 8 ? 1 : 2;
        std::map<std::string, std::size_t> expected, found;
        std::size_t right = 0;
        for (const auto& name : all) {
            const auto errors = errors_of(text, name);
            if (errors <= most) expected[name] = errors;
            right += errors == 0 ? 1 : 0;
        }
        const auto hits = names.index().find(text, 1000);
        for (const auto& hit : hits) found[Names::name_of(hit)] = hit.errors;
        if (right >= 3) std::erase_if(expected, [](const auto& one) { return one.second > 0; });
        ASSERT_EQ(found, expected) << text;
        EXPECT_TRUE(std::ranges::is_sorted(hits, {}, &StationIndex::Hit::errors));
        const auto first = names.index().find(text, 2);
        ASSERT_EQ(first.size(), std::min<std::size_t>(2, hits.size()));
        for (std::size_t n = 0; n < first.size(); ++n) EXPECT_EQ(first[n].place, hits[n].place);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomNames, testing::Range(1U, 6U));

}  // namespace
}  // namespace railbook::timetable

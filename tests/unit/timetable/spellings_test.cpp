#include "timetable/spellings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace railbook::timetable {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::SizeIs;

TEST(SpellingsTest, AnAbbreviationIsAlsoWrittenOutAndALongWordShort) {
    EXPECT_THAT(spellings_of(fold("Kiel Hbf")), ElementsAre("kiel hbf", "kiel hauptbahnhof"));
    EXPECT_THAT(spellings_of(fold("Basel Badischer Bahnhof")),
                ElementsAre("basel badischer bahnhof", "basel badischer bf", "basel badischer bhf"));
    EXPECT_THAT(spellings_of(fold("Berlin Ostbahnhof")), ElementsAre("berlin ostbahnhof", "berlin ostbf"));
    EXPECT_THAT(spellings_of(fold("Adorf")), ElementsAre("adorf"));
    EXPECT_THAT(spellings_of(fold("()")), SizeIs(0));
}

TEST(SpellingsTest, AWordMayStandForSeveral) {
    EXPECT_THAT(spellings_of(fold("St. Pölten Hbf")), Contains("sankt poelten hauptbahnhof"));
    EXPECT_THAT(spellings_of(fold("St. Pölten Hbf")), Contains("saint polten hbf"));
}

TEST(SpellingsTest, ThereAreNotTooMany) {
    EXPECT_THAT(spellings_of(fold("st st st st st hbf bf rd ave mt ft")), SizeIs(12));
}

TEST(SpellingsTest, NamesThatDifferByAbbreviationsOnlyAreAbbreviatedToTheSame) {
    const auto differ = [](const char* one, const char* other) {
        return abbreviated(fold(one)) != abbreviated(fold(other));
    };
    EXPECT_THAT(abbreviated(fold("Köln Hauptbahnhof")), ElementsAre("koln hbf", "koeln hbf"));
    for (const auto& [one, other] : {std::pair{"Köln Hbf", "Köln Hauptbahnhof"},
                                     {"St Pancras", "Saint Pancras"},
                                     {"Sankt Pölten", "St. Pölten"},
                                     {"Sainte Foy", "Ste-Foy"},
                                     {"Berlin Ostbahnhof", "Berlin Ostbf"},
                                     {"Clapham Jn", "Clapham Junction"},
                                     {"Clapham Jn", "Clapham Jct"},
                                     {"Union Sta", "Union Stn"},
                                     {"Town Center", "Town Centre"}})
        EXPECT_FALSE(differ(one, other)) << one;
    EXPECT_TRUE(differ("Kiel Hbf", "Kiel"));
    EXPECT_TRUE(differ("Sainte Foy", "Saint Foy"));
    EXPECT_THAT(abbreviated(fold("Adorf")), ElementsAre("adorf"));
    EXPECT_THAT(abbreviated(fold("+")), SizeIs(0));
}

}  // namespace
}  // namespace railbook::timetable

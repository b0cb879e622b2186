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

TEST(SpellingsTest, WrittenOutNamesThatDiffersByAbbreviationsAreEqual) {
    EXPECT_EQ(written_out("koln hbf"), "koln hauptbahnhof");
    EXPECT_EQ(written_out("koln hauptbahnhof"), "koln hauptbahnhof");
    EXPECT_EQ(written_out("adorf"), "adorf");
    EXPECT_EQ(written_out(""), "");
}

}  // namespace
}  // namespace railbook::timetable

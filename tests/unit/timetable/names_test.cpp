#include "timetable/names.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::timetable {
namespace {

TEST(NamesTest, CaseDiacriticsAndPunctuationFoldAway) {
    EXPECT_EQ(fold("Saint-Jean-sur-Richelieu (Gare)").plain, "saint jean sur richelieu gare");
    EXPECT_EQ(fold("Jonquière").plain, "jonquiere");
    EXPECT_EQ(fold("Łódź Fabryczna").plain, "lodz fabryczna");
    EXPECT_EQ(fold("  's-Hertogenbosch ").plain, "s hertogenbosch");
    EXPECT_EQ(fold("Gießen").plain, "giessen");
}

TEST(NamesTest, UmlautsFoldInBothSpellings) {
    EXPECT_EQ(fold("München").plain, "munchen");
    EXPECT_EQ(fold("München").spelled_out, "muenchen");
    EXPECT_EQ(fold("Mu\xCC\x88nchen").spelled_out, "muenchen");  // u and a combining diaeresis
    EXPECT_EQ(fold("Malmö").spelled_out, "malmoe");
    EXPECT_EQ(fold("København").spelled_out, "koebenhavn");
    EXPECT_EQ(fold("Århus").spelled_out, "aarhus");
    EXPECT_EQ(fold("Berlin").spelled_out, "");
}

TEST(NamesTest, EverySpellingOfAnUmlautIsTheSameName) {
    const auto name = fold("München Süd");
    for (const auto* text : {"München Süd", "MÜNCHEN SÜD", "munchen sud", "muenchen sued", "Muenchen-Sued"}) {
        EXPECT_TRUE(same_name(fold(text), name)) << text;
    }
    EXPECT_FALSE(same_name(fold("München"), name));
    EXPECT_FALSE(same_name(fold(""), fold("")));
}

TEST(NamesTest, EachWordIsAPrefixOfAWordOfItsOwn) {
    const auto name = fold("Frankfurt(Main)Hbf");
    EXPECT_EQ(fit_of(fold("Frankfurt Main Hbf"), name), Fit::exact);
    EXPECT_EQ(fit_of(fold("Frankfurt (Ma"), name), Fit::beginning);
    EXPECT_EQ(fit_of(fold("fra hbf"), name), Fit::in_order);
    EXPECT_EQ(fit_of(fold("hbf fra"), name), Fit::any_order);
    EXPECT_EQ(fit_of(fold("ankfurt"), name), Fit::none);
    EXPECT_EQ(fit_of(fold("frankfurt frankfurt"), name), Fit::none);
    EXPECT_EQ(fit_of(fold("..."), name), Fit::none);
}

TEST(NamesTest, AShortPrefixLeavesTheWordThatALongerOneNeeds) {
    EXPECT_EQ(fit_of(fold("b be"), fold("Berg Bad")), Fit::any_order);
}

TEST(NamesTest, AccentsAndVowelPointsAreLeftOutAndMarksThatAreLettersStay) {
    EXPECT_EQ(fold("Ελευσίνα").plain, "ελευσινα");
    EXPECT_EQ(fold("Йошкар-Ола").plain, "иошкар ола");
    EXPECT_EQ(fold("יְרוּשָׁלַיִם").plain, "ירושלים");
    EXPECT_EQ(fold("أبُوظَبِي").plain, "ابوظبي");
    EXPECT_EQ(fold("पुणे").plain, "पुणे");
    EXPECT_NE(fold("पुणे").plain, fold("पाणी").plain);
    EXPECT_NE(fold("バカタ").plain, fold("ハカタ").plain);
    EXPECT_EQ(fold("ﾊﾞｶﾀ").plain, fold("バカタ").plain) << "half as wide";
    EXPECT_NE(fold("ป่า").plain, fold("ป้า").plain) << "tones";
}

TEST(NamesTest, SignsThatAreNotSeenAreNotThere) {
    EXPECT_EQ(fold("Haupt\xC2\xAD" "bahnhof").plain, "hauptbahnhof");
    EXPECT_EQ(fold("क्\xE2\x80\x8Dष").plain, fold("क्ष").plain);
}

TEST(NamesTest, ComposedNamesAreEqualWhereTheyLookEqual) {
    EXPECT_EQ(composed("Mu\xCC\x88nchen"), "München");
    EXPECT_EQ(composed("München"), "München");
    EXPECT_EQ(composed("\xFFx"), "\xFFx");
    EXPECT_EQ(composed(""), "");
}

RC_GTEST_PROP(NamesProperty, FoldingTakesAnyBytesAndASecondTimeChangesNothing, (const std::string& text)) {
    const auto folded = fold(text);
    RC_ASSERT(fold(folded.plain).plain == folded.plain);
    if (!folded.plain.empty()) RC_ASSERT(same_name(folded, fold(text)));
}

}  // namespace
}  // namespace railbook::timetable

#include "base/encoding.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::base {
namespace {

using namespace std::string_literals;

TEST(HexTest, WritesTwoSmallDigitsAByte) {
    EXPECT_EQ(hex(""), "");
    EXPECT_EQ(hex("\x00\x0f\xf0\xff"s), "000ff0ff");
}

// RFC 4648, section 10, without the padding.
TEST(Base64UrlTest, AgreesWithTheVectorsOfTheRfc) {
    const std::pair<std::string, std::string> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64url(bytes), text);
        EXPECT_EQ(from_base64url(text), bytes);
    }
}

TEST(Base64UrlTest, UsesTheAlphabetThatIsSafeInUrls) {
    EXPECT_EQ(base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
    EXPECT_EQ(from_base64url("+/8"), std::nullopt);
}

TEST(Base64UrlTest, RefusesEveryOtherTextForTheSameBytes) {
    EXPECT_EQ(from_base64url("Zg=="), std::nullopt) << "padding";
    EXPECT_EQ(from_base64url("Zh"), std::nullopt) << "left-over bits that are not zero";
    EXPECT_EQ(from_base64url("Zm9"), std::nullopt) << "left-over bits that are not zero";
    EXPECT_EQ(from_base64url("Z"), std::nullopt) << "less than a byte";
    EXPECT_EQ(from_base64url("Zm8 "), std::nullopt);
    EXPECT_EQ(from_base64url("Zm\n8"), std::nullopt);
}

RC_GTEST_PROP(Base64UrlTest, ReadsBackAnyBytes, (const std::string& bytes)) {
    RC_ASSERT(from_base64url(base64url(bytes)) == bytes);
}

RC_GTEST_PROP(Base64UrlTest, HasOneTextForEachBytes, (const std::string& text)) {
    const auto bytes = from_base64url(text);
    RC_ASSERT((!bytes || base64url(*bytes) == text));
}

TEST(PercentTest, KeepsUnreservedCharactersOnly) {
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("db:80/1 #2"), "db%3A80%2F1%20%232");
    EXPECT_EQ(percent_encode("db:80/1", ":"), "db:80%2F1");
    EXPECT_EQ(percent_encode("M\xC3\xBC"), "M%C3%BC");
    EXPECT_EQ(percent_encode("\0%"s), "%00%25");
}

TEST(PercentTest, ReadsBothCasesOfDigits) {
    EXPECT_EQ(percent_decode("a%2fb%2Fc"), "a/b/c");
    EXPECT_EQ(percent_decode("plus+stays"), "plus+stays");
}

TEST(PercentTest, RefusesAPercentSignWithoutTwoDigits) {
    for (const std::string text : {"%", "%2", "a%", "%G0", "%0G", "%%41"})
        EXPECT_EQ(percent_decode(text), std::nullopt);
}

RC_GTEST_PROP(PercentTest, ReadsBackAnyBytes, (const std::string& bytes)) {
    RC_ASSERT(percent_decode(percent_encode(bytes)) == bytes);
}

TEST(Utf8Test, AcceptsEveryLengthUpToItsEdges) {
    for (const std::string text : {"", "abc", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                   "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_utf8(text)) << hex(text);
    EXPECT_TRUE(is_utf8("\0"s));
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndWhatIsBeyondUnicode) {
    for (const std::string text :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
          "\xED\xBF\xBF", "\xE2\x82", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
          "\xFF", "\xF0\x9F\x98", "ok\xC3"})
        EXPECT_FALSE(is_utf8(text)) << hex(text);
}

TEST(ShortenedTest, CutsBetweenTwoCharacters) {
    EXPECT_EQ(shortened("abc", 3), "abc");
    EXPECT_EQ(shortened("abcd", 3), "abc...");
    EXPECT_EQ(shortened("a\xC3\xA4\xC3\xA4", 4), "a\xC3\xA4...");
    EXPECT_EQ(shortened("\xE2\x82\xAC", 3), "\xE2\x82\xAC");
    EXPECT_EQ(shortened("\xE2\x82\xAC!", 2), "...");
    EXPECT_EQ(shortened("", 0), "");
}

TEST(ShortenedTest, ShowsWhatIsNoCharacterAsOneThatSaysSo) {
    EXPECT_EQ(shortened("a\xC3'", 64), "a\xEF\xBF\xBD'");
    EXPECT_EQ(shortened("\xFF\xFE", 64), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

RC_GTEST_PROP(ShortenedTest, IsAlwaysUtf8AndNoLonger, (const std::string& bytes)) {
    const auto most = *rc::gen::inRange<std::size_t>(0, 40);
    const auto shown = shortened(bytes, most);
    RC_ASSERT(is_utf8(shown));
    RC_ASSERT(shown.size() <= most + 3);
    if (is_utf8(bytes) && bytes.size() <= most) RC_ASSERT(shown == bytes);
}

}  // namespace
}  // namespace railbook::base

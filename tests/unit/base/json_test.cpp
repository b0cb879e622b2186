#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace railbook::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A document, and what is found wrong with it.
class Reading {
public:
    explicit Reading(std::string_view text) : value_(*parse_json(text, ErrorCode::invalid_argument, mistakes_)) {}

    ObjectReader reader() { return ObjectReader{value_, "", mistakes_}; }
    const boost::json::value& value() const { return value_; }
    /// `pointer: detail`.
    std::vector<std::string> mistakes() const {
        std::vector<std::string> lines;
        for (const auto& mistake : mistakes_) lines.push_back(mistake.pointer + ": " + mistake.detail);
        return lines;
    }

private:
    std::vector<Mistake> mistakes_;
    boost::json::value value_;
};

Error syntax_error(std::string_view text) {
    std::vector<Mistake> mistakes;
    const auto value = parse_json(text, ErrorCode::bad_data, mistakes);
    return value ? Error{ErrorCode::internal, "it was read"} : value.error();
}

TEST(ParseJsonTest, ReadsEveryKindOfValue) {
    const std::string text = R"({"a":[1,-2,1.5,true,false,null,"x",{},[]],"big":18446744073709551615})";
    Reading reading{text};
    EXPECT_EQ(reading.value(), boost::json::parse(text));
    EXPECT_THAT(reading.mistakes(), IsEmpty());
}

TEST(ParseJsonTest, ReadsEscapesInTextsAndInNames) {
    Reading reading{R"({"a\u00e9\n":"\"\\\/\b\f\n\r\t\ud83d\ude00"})"};
    EXPECT_EQ(reading.value().at("a\xC3\xA9\n").as_string(), "\"\\/\b\f\n\r\t\xF0\x9F\x98\x80");
}

TEST(ParseJsonTest, PointsAtAMemberThatComesTwice) {
    Reading reading{R"({"a":1,"b":[{"c":1},{"c":1,"c/d~":2,"c\/d~":3}],"a":2,"a":3})"};
    EXPECT_THAT(reading.mistakes(), ElementsAre("/b/1/c~1d~0: comes twice", "/a: comes twice", "/a: comes twice"));
}

TEST(ParseJsonTest, SaysWhereTheTextStopsBeingJson) {
    EXPECT_EQ(syntax_error("{").code, ErrorCode::bad_data);
    EXPECT_THAT(syntax_error("{\n  \"a\": 1,\n  b: 2}").detail, HasSubstr("line 3, column"));
    for (const std::string text : {"", " ", "{}x", "{} {}", "[1,]", "{\"a\":}", "'a'", "nul", "\"\x01\"", "\"\\u12\"",
                                   "01", "+1", "// a comment\n{}", "\"\xC3\"", "\"\\ud800\"", "[1 2]", "NaN"}) {
        EXPECT_EQ(syntax_error(text).code, ErrorCode::bad_data) << text;
    }
}

TEST(ParseJsonTest, AcceptsBlanksAroundTheValue) {
    EXPECT_EQ(Reading{" \t\r\n{} \t\r\n"}.value(), boost::json::object{});
}

TEST(ParseJsonTest, RefusesMoreThan32Levels) {
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    EXPECT_EQ(syntax_error(nested(32)).code, ErrorCode::internal) << "32 levels are read";
    EXPECT_EQ(syntax_error(nested(33)).detail, "deeper than 32 levels");
    EXPECT_EQ(syntax_error(std::string(1'000'000, '[')).code, ErrorCode::bad_data);
}

RC_GTEST_PROP(ParseJsonTest, NeverFailsOtherwiseThanByAnError, (const std::string& text)) {
    std::vector<Mistake> mistakes;
    const auto value = parse_json(text, ErrorCode::bad_data, mistakes);
    RC_ASSERT((value.has_value() || value.error().code == ErrorCode::bad_data));
}

RC_GTEST_PROP(ParseJsonTest, ReadsBackAnyText, (const std::string& bytes)) {
    // ASCII without further ado; everything else is what is_utf8 and its own tests are for.
    std::string text = bytes;
    for (auto& c : text) c = static_cast<char>(c & 0x7F);
    std::vector<Mistake> mistakes;
    const auto value = parse_json(boost::json::serialize(boost::json::value(text)), ErrorCode::bad_data, mistakes);
    RC_ASSERT(value.has_value());
    RC_ASSERT(std::string{value->as_string()} == text);
}

TEST(PointerTest, EscapesTildeAndSlash) {
    EXPECT_EQ(pointer_to("", "a"), "/a");
    EXPECT_EQ(pointer_to("/a", "~/"), "/a/~0~1");
    EXPECT_EQ(pointer_to("/a", std::size_t{0}), "/a/0");
}

TEST(ErrorOfTest, ShowsTheFirstMistakeAndCountsTheOthers) {
    EXPECT_EQ(error_of(ErrorCode::bad_data, {{"/a", "is missing"}}).detail, "/a: is missing");
    const auto error = error_of(ErrorCode::bad_data, {{"", "is wrong"}, {"/a", "is missing"}, {"/b", "is missing"}});
    EXPECT_EQ(error.detail, "is wrong (and 2 more)");
    EXPECT_EQ(error.mistakes.size(), 3U);
}

TEST(ObjectReaderTest, ReadsMembersOfEachKind) {
    Reading reading{R"({"t":"x","n":-3,"b":true,"list":["p","q"],"o":{"m":1}})"};
    auto reader = reading.reader();
    EXPECT_TRUE(reader.has("t"));
    EXPECT_EQ(reader.text("t"), "x");
    EXPECT_EQ(reader.integer("n", -3, 3), -3);
    EXPECT_TRUE(reader.boolean("b", false));
    EXPECT_THAT(reader.texts("list", 2), ElementsAre("p", "q"));
    auto nested = reader.object("o");
    ASSERT_TRUE(nested);
    EXPECT_EQ(nested->pointer(), "/o");
    EXPECT_EQ(nested->integer("m", 0, 9), 1);
    nested->finish();
    reader.finish();
    EXPECT_THAT(reading.mistakes(), IsEmpty());
}

TEST(ObjectReaderTest, OptionalMembersMayBeMissing) {
    Reading reading{"{}"};
    auto reader = reading.reader();
    EXPECT_FALSE(reader.has("x"));
    EXPECT_EQ(reader.optional_text("x"), std::nullopt);
    EXPECT_EQ(reader.optional_integer("x", 0, 1), std::nullopt);
    EXPECT_TRUE(reader.boolean("x", true));
    EXPECT_FALSE(reader.optional_object("x"));
    EXPECT_THAT(reader.texts("x", 1), IsEmpty());
    EXPECT_EQ(reader.member("x"), nullptr);
    reader.finish();
    EXPECT_THAT(reading.mistakes(), IsEmpty());
}

TEST(ObjectReaderTest, ReportsEveryRequiredMemberThatIsMissingAtOnce) {
    Reading reading{"{}"};
    auto reader = reading.reader();
    reader.text("a");
    reader.integer("b", 0, 1);
    reader.object("c");
    reader.array("d", 1, true, [](const auto&, const auto&) { FAIL() << "there is no element"; });
    EXPECT_THAT(reading.mistakes(),
                ElementsAre("/a: is missing", "/b: is missing", "/c: is missing", "/d: is missing"));
}

TEST(ObjectReaderTest, ReportsMembersThatNobodyAskedFor) {
    Reading reading{R"({"known":1,"a/b":2})"};
    auto reader = reading.reader();
    reader.integer("known", 0, 1);
    reader.finish();
    EXPECT_THAT(reading.mistakes(), ElementsAre("/a~1b: is not known here"));
}

TEST(ObjectReaderTest, RestTakesTheMembersWhoseNamesAreData) {
    Reading reading{R"({"known":1,"x":2,"y":3})"};
    auto reader = reading.reader();
    reader.integer("known", 0, 1);
    const auto rest = reader.rest();
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest[0].first, "x");
    EXPECT_EQ(*rest[1].second, 3);
    reader.finish();
    EXPECT_THAT(reading.mistakes(), IsEmpty());
}

TEST(ObjectReaderTest, RefusesWrongKinds) {
    Reading reading{R"({"t":1,"n":"1","b":0,"l":{},"o":[]})"};
    auto reader = reading.reader();
    EXPECT_EQ(reader.text("t"), "");
    EXPECT_EQ(reader.integer("n", 0, 1), 0);
    EXPECT_FALSE(reader.boolean("b", false));
    reader.texts("l", 1);
    reader.object("o");
    EXPECT_THAT(reading.mistakes(),
                ElementsAre("/t: must be a string, not a number", "/n: must be a whole number, not a string",
                            "/b: must be true or false, not a number", "/l: must be an array, not an object",
                            "/o: must be an object, not an array"));
}

TEST(ObjectReaderTest, RefusesTextsThatAreEmptyTooLongOrHoldNul) {
    Reading reading{R"({"empty":"","long":"1234","fits":"123","nul":"a\u0000b"})"};
    auto reader = reading.reader();
    reader.text("empty");
    reader.text("long", 3);
    EXPECT_EQ(reader.text("fits", 3), "123");
    EXPECT_EQ(reader.optional_text("nul"), std::nullopt);
    EXPECT_THAT(reading.mistakes(), ElementsAre("/empty: must not be empty", "/long: must have at most 3 bytes",
                                                "/nul: must not hold a NUL character"));
}

TEST(ObjectReaderTest, AcceptsNumbersUpToTheirEdgesOnly) {
    Reading reading{R"({"low":-1,"min":0,"max":9,"high":10,"half":0.5,"whole":1.0,"huge":18446744073709551615})"};
    auto reader = reading.reader();
    EXPECT_EQ(reader.integer("min", 0, 9), 0);
    EXPECT_EQ(reader.integer("max", 0, 9), 9);
    for (const char* name : {"low", "high", "half", "whole", "huge"}) EXPECT_EQ(reader.integer(name, 0, 9), 0) << name;
    EXPECT_THAT(reading.mistakes(), ElementsAre("/low: must be from 0 to 9", "/high: must be from 0 to 9",
                                                "/half: must be a whole number within 64 bits",
                                                "/whole: must be a whole number within 64 bits",
                                                "/huge: must be a whole number within 64 bits"));
}

TEST(ObjectReaderTest, RefusesArraysThatAreEmptyOrTooLong) {
    Reading reading{R"({"empty":[],"long":[1,2,3],"mixed":["a",1]})"};
    auto reader = reading.reader();
    const auto never = [](const auto&, const auto&) { FAIL() << "no element is read"; };
    reader.array("empty", 2, true, never);
    reader.array("long", 2, true, never);
    EXPECT_THAT(reader.texts("mixed", 2), ElementsAre("a"));
    EXPECT_THAT(reading.mistakes(), ElementsAre("/empty: must not be empty", "/long: must have at most 2 elements",
                                                "/mixed/1: must be a string, not a number"));
}

TEST(ObjectReaderTest, OfAValueThatIsNoObjectReportsThatAndNothingElse) {
    Reading reading{"[]"};
    auto reader = reading.reader();
    EXPECT_EQ(reader.text("a"), "");
    EXPECT_EQ(reader.integer("b", 0, 1), 0);
    reader.array("c", 1, true, [](const auto&, const auto&) { FAIL() << "there is no element"; });
    EXPECT_THAT(reader.rest(), IsEmpty());
    reader.finish();
    EXPECT_THAT(reading.mistakes(), ElementsAre(": must be an object, not an array"));
}

}  // namespace
}  // namespace railbook::base

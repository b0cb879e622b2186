#include "timetable/csv.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::timetable {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// Gives the text in pieces of `piece` bytes.
ByteSource source_of(std::string text, std::size_t piece) {
    return [text = std::move(text), piece, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
        const auto count = std::min({piece, into.size(), text.size() - at});
        std::memcpy(into.data(), text.data() + at, count);
        at += count;
        return count;
    };
}

CsvReader reader_of(std::string text, std::size_t piece = 1 << 20) {
    return {"f.txt", source_of(std::move(text), piece)};
}

/// The rows behind the header; a row that is not well formed is its problem alone.
Rows rows_of(CsvReader& reader, std::size_t columns) {
    Rows rows;
    while (true) {
        const auto found = reader.next();
        EXPECT_TRUE(found) << (found ? "" : found.error().detail);
        if (!found || !*found) return rows;
        auto& row = rows.emplace_back();
        if (reader.problem()) {
            row = {reader.problem()->pointer, reader.problem()->detail};
        } else {
            for (std::size_t i = 0; i < columns; ++i) row.emplace_back(reader.field(i));
        }
    }
}

Rows read_all(const std::string& text, std::size_t columns, std::size_t piece = 1 << 20) {
    auto reader = reader_of(text, piece);
    const auto header = reader.read_header();
    EXPECT_TRUE(header) << (header ? "" : header.error().detail);
    return rows_of(reader, columns);
}

TEST(CsvTest, EveryLineEndingEndsARow) {
    EXPECT_EQ(read_all("a,b\n1,2\r\n3,4\r5,6", 2), (Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
}

TEST(CsvTest, AByteOrderMarkIsNoPartOfTheFirstColumn) {
    auto reader = reader_of("\xEF\xBB\xBFstop_id,b\n1,2\n", 1);
    ASSERT_TRUE(reader.read_header());
    EXPECT_EQ(reader.column("stop_id"), 0U);
}

TEST(CsvTest, QuotesHoldCommasLineBreaksAndDoubledQuotes) {
    EXPECT_EQ(read_all("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",\"\"\n", 2),
              (Rows{{"x, y", "say \"hi\""}, {"two\r\nlines", ""}}));
}

TEST(CsvTest, AQuoteInsideAPlainFieldIsALetter) {
    EXPECT_EQ(read_all("a,b\n5\" gauge,2\n", 2), (Rows{{"5\" gauge", "2"}}));
}

TEST(CsvTest, BlanksAroundFieldsAndBlankLinesDoNotCount) {
    EXPECT_EQ(read_all(" a , b \n\n 1 ,\t2 \n   \n3,4\n\n", 2), (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvTest, LinesAreCountedOverQuotedLineBreaks) {
    auto reader = reader_of("a\n\"x\ny\r\nz\rw\"\nlast\n");
    ASSERT_TRUE(reader.read_header());
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line(), 2U);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.line(), 6U);
    EXPECT_EQ(reader.field(0), "last");
}

TEST(CsvTest, RowsWithTooFewOrTooManyFieldsAreNamedWithTheirPlace) {
    EXPECT_EQ(read_all("a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n", 3),
              (Rows{{"f.txt:2:3", "the row has 2 fields and the header 3"},
                    {"f.txt:3:4", "the row has 4 fields and the header 3"},
                    {"1", "2", "3"}}));
}

TEST(CsvTest, ABadFieldSpoilsOnlyItsRow) {
    using namespace std::string_literals;
    EXPECT_EQ(read_all("a,b\n1,\xFF\nx,a\0b\n\"q\"z,2\n5,6\n"s, 2),
              (Rows{{"f.txt:2:2", "the text is not UTF-8"},
                    {"f.txt:3:2", "the text holds a NUL character"},
                    {"f.txt:4:1", "text stands behind the closing quote"},
                    {"5", "6"}}));
}

TEST(CsvTest, AQuoteThatIsNeverClosedRefusesTheFileAndNamesItsLine) {
    auto reader = reader_of("a,b\n1,2\n3,\"4\n5,6\n");
    ASSERT_TRUE(reader.read_header());
    ASSERT_TRUE(reader.next());
    const auto refused = reader.next();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::bad_data);
    EXPECT_EQ(refused.error().mistakes.front().pointer, "f.txt:3");
}

TEST(CsvTest, ALineWithoutEndIsRefusedBeforeItFillsTheMemory) {
    std::size_t given = 0;
    CsvReader reader{"f.txt", [&](std::span<char> into) -> Result<std::size_t> {
                         std::ranges::fill(into, 'x');
                         given += into.size();
                         return into.size();
                     }};
    const auto refused = reader.read_header();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::bad_data);
    EXPECT_LE(given, 2 * CsvReader::kMaxRecord);
}

TEST(CsvTest, AFileWithoutAHeaderIsRefused) {
    for (const auto* text : {"", "\n\n", "\xEF\xBB\xBF", "\xFF\xFE" "a"}) {
        auto reader = reader_of(text);
        const auto refused = reader.read_header();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::bad_data);
    }
}

TEST(CsvTest, AColumnThatComesTwiceIsRefused) {
    auto reader = reader_of("a,b,a\n");
    const auto refused = reader.read_header();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "f.txt:1: the column 'a' comes twice");
}

TEST(CsvTest, AnErrorOfTheSourceIsTheErrorOfTheReader) {
    CsvReader reader{"f.txt", [](std::span<char>) -> Result<std::size_t> {
                         return Error{ErrorCode::too_large, "enough"};
                     }};
    const auto refused = reader.read_header();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"') result += '"';
        result += c;
    }
    return result + '"';
}

RC_GTEST_PROP(CsvProperty, WhatWasWrittenIsReadWhateverThePiecesAre, ()) {
    const auto letters = rc::gen::elementOf(std::string{"ab,\"\n\r;\t1"});
    const auto field = rc::gen::map(rc::gen::container<std::string>(letters), [](std::string text) {
        // Blanks at the ends are not kept, by promise.
        return "x" + text + "x";
    });
    const auto written = *rc::gen::container<Rows>(rc::gen::container<std::vector<std::string>>(3, field));
    const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
    std::string text = "a,b,c\n";
    for (const auto& row : written) text += quoted(row[0]) + ',' + quoted(row[1]) + ',' + quoted(row[2]) + "\r\n";
    RC_ASSERT(read_all(text, 3, piece) == written);
}

RC_GTEST_PROP(CsvProperty, AnyBytesAreReadToTheEndOrRefused, (const std::string& bytes)) {
    const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
    auto reader = reader_of("a,b\n" + bytes, piece);
    RC_ASSERT(bool{reader.read_header()});
    for (auto more = reader.next(); more && *more; more = reader.next()) {
        if (!reader.problem()) RC_ASSERT(reader.field(0).size() + reader.field(1).size() <= bytes.size());
    }
}

}  // namespace
}  // namespace railbook::timetable

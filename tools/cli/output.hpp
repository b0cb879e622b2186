#pragma once
/// What commands print: tables for people, JSON, JSON Lines and CSV for programs. All of it is made from the JSON that
/// the operations answer.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

namespace railbook::cli {

enum class Format : std::uint8_t { table, json, jsonl, csv };

// --- Text ----------------------------------------------------------------------------------------------------------

/// The text without control characters, in UTF-8: data from a feed must not steer a terminal.
std::string printable(std::string_view text);
/// The text in UTF-8, whatever the bytes were.
std::string well_formed(std::string_view text);
/// How many columns of a terminal the UTF-8 text takes.
std::size_t display_width(std::string_view text);
/// Filled up with blanks to `width` columns.
std::string padded(std::string_view text, std::size_t width, bool right = false);

// --- Members of an answer ------------------------------------------------------------------------------------------

/// The member at a JSON Pointer, or null.
const boost::json::value* member(const boost::json::value& value, std::string_view pointer);
/// A text, number or boolean as text; empty where there is none.
std::string text_at(const boost::json::value& value, std::string_view pointer);
/// The elements of an array member; none where it is missing.
const boost::json::array& array_at(const boost::json::value& value, std::string_view pointer);
/// `12.50 EUR`.
std::string money_at(const boost::json::value& value, std::string_view pointer);
/// `first 98, second 410` of an object with numbers.
std::string counts_at(const boost::json::value& value, std::string_view pointer);

// --- Times ---------------------------------------------------------------------------------------------------------

/// `2026-12-01 08:15:00 UTC` of an RFC 3339 time, or with its offset.
std::string instant(std::string_view time);
/// `3h 47m` of seconds.
std::string duration_text(std::int64_t seconds);

/// Shows local times of one answer: `08:15`, `00:40+1` on the day after the reference date, and with the offset where
/// the answer has more than one.
class Clock {
public:
    /// `reference` is a date, or empty for that of the first time. Empty times are passed over.
    explicit Clock(const std::vector<std::string>& times, std::string reference = {});
    std::string operator()(std::string_view time) const;
    /// With the date written out: `2026-12-01 08:15`.
    std::string with_date(std::string_view time) const;
    /// The same clock for a ride that begins on another date.
    Clock relative_to(std::string date) const;

private:
    std::string reference_;
    bool show_offset_ = false;
};

// --- Lists ---------------------------------------------------------------------------------------------------------

/// A column of a list. `shown` is for people, `raw` for programs.
struct Column {
    using Cell = std::function<std::string(const boost::json::value&)>;

    std::string title;  ///< In a table: `DEPART`.
    std::string name;   ///< In CSV: `departure`.
    Cell shown;
    Cell raw;
    bool right = false;  ///< Numbers stand at the right.
};
using Columns = std::vector<Column>;

Column text_column(std::string title, std::string name, std::string pointer);
Column number_column(std::string title, std::string name, std::string pointer);
Column money_column(std::string title, std::string name, std::string pointer);
Column counts_column(std::string title, std::string name, std::string pointer);
Column instant_column(std::string title, std::string name, std::string pointer);
Column clock_column(std::string title, std::string name, std::string pointer, Clock clock);
Column computed_column(std::string title, std::string name, Column::Cell cell);

std::string table(const Columns& columns, const boost::json::array& items, bool color);
/// With a line of names before the items.
std::string csv(const Columns& columns, const boost::json::array& items);
std::string csv_names(const Columns& columns);
std::string csv_lines(const Columns& columns, const boost::json::array& items);
std::string json_lines(const boost::json::array& items);

/// Label and value, a line each; lines without a value are left out.
std::string details(const std::vector<std::pair<std::string, std::string>>& lines);
/// JSON for people: indented, with what fits on a line left on it.
std::string pretty_json(const boost::json::value& value);

}  // namespace railbook::cli

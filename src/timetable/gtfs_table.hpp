#pragma once
/// Rows of a GTFS file by the names of its columns, and the account of what was wrong with them.

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>
#include <railbook/timetable.hpp>

#include "timetable/csv.hpp"

namespace railbook::timetable {

/// What an import leaves out and notes. With `strict` the first thing that is wrong refuses the feed.
class Findings {
public:
    explicit Findings(bool strict) : strict_{strict} {}

    void begin_file(std::string_view file);
    void count_row() { ++files_.back().rows; }
    /// A row is left out. Columns count from 1; 0 is the whole row.
    void drop(std::string_view file, std::size_t line, std::size_t column, std::string detail);
    void drop(std::string_view file, Mistake mistake);
    /// Something is odd, and a sensible value takes its place.
    void note(std::string_view file, std::size_t line, std::size_t column, const std::string& detail);
    void note(std::string detail);
    /// The feed makes no sense with this.
    void refuse(std::string_view file, std::size_t line, std::size_t column, std::string detail);

    /// Why the feed is refused, once it is.
    const std::optional<Error>& refusal() const { return refusal_; }
    void move_into(ImportReport& report) &&;

private:
    void refuse_for(const Mistake& mistake);

    bool strict_;
    std::vector<FileCount> files_;
    std::vector<Mistake> dropped_;
    std::size_t dropped_count_ = 0;
    std::vector<std::string> notes_;
    std::size_t more_notes_ = 0;
    std::optional<Error> refusal_;
};

/// A column that a file should have. A file without a required one is refused whole.
struct Column {
    std::string_view name;
    bool required = false;
};
inline constexpr bool kRequired = true;

/// One row; the columns are numbered in the order in which they were asked for.
class Row {
public:
    Row(const CsvReader& reader, const std::vector<std::optional<std::size_t>>& columns, Findings& findings)
        : reader_{reader}, columns_{columns}, findings_{findings} {}

    /// Empty where the file has no such column.
    std::string_view operator[](std::size_t column) const {
        const auto& position = columns_[column];
        return position ? reader_.field(*position) : std::string_view{};
    }
    std::size_t line() const { return reader_.line(); }
    /// As places name it: from 1.
    std::size_t position(std::size_t column) const { return columns_[column] ? *columns_[column] + 1 : 0; }

    void drop(std::size_t column, std::string detail) const {
        findings_.drop(reader_.file(), line(), position(column), std::move(detail));
    }
    void note(std::size_t column, const std::string& detail) const {
        findings_.note(reader_.file(), line(), position(column), detail);
    }
    void refuse(std::size_t column, std::string detail) const {
        findings_.refuse(reader_.file(), line(), position(column), std::move(detail));
    }

private:
    const CsvReader& reader_;
    const std::vector<std::optional<std::size_t>>& columns_;
    Findings& findings_;
};

/// Calls `each` with every well-formed row. Errors: bad_data (a required column is missing, not CSV, or strict); those
/// of the source.
template <class Each>
Status read_rows(const std::string& file, ByteSource source, Findings& findings, std::initializer_list<Column> columns,
                 const Each& each) {
    CsvReader reader{file, std::move(source)};
    if (const auto done = reader.read_header(); !done) return done;
    std::vector<std::optional<std::size_t>> positions;
    for (const auto& column : columns) {
        positions.push_back(reader.column(column.name));
        if (!column.required || positions.back()) continue;
        auto place = place_of(file, reader.line(), 0);
        auto sentence = place + ": the column '" + std::string{column.name} + "' is missing";
        Mistake mistake{std::move(place), "a required column is missing"};
        return Error{ErrorCode::bad_data, std::move(sentence), {}, {std::move(mistake)}};
    }
    findings.begin_file(file);
    const Row row{reader, positions, findings};
    while (true) {
        const auto found = reader.next();
        if (!found) return found.error();
        if (!*found) return {};
        findings.count_row();
        if (reader.problem()) findings.drop(file, *reader.problem());
        else each(row);
        if (findings.refusal()) return *findings.refusal();
    }
}

// --- Values. Nothing where the text is not one. ---

/// `8:15:00`, `08:15:00` or `99:15:00`, in seconds, up to kMaxSeconds.
std::optional<std::int32_t> parse_seconds(std::string_view text);
/// `20261201`.
std::optional<ServiceDate> parse_gtfs_date(std::string_view text);
/// Digits only.
std::optional<std::uint32_t> parse_count(std::string_view text);
/// Finite.
std::optional<double> parse_real(std::string_view text);

/// A value as messages show it, and no more than the beginning of a long one.
std::string quoted(std::string_view text);

}  // namespace railbook::timetable

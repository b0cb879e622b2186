#pragma once
/// CSV as timetables are published: RFC 4180, with any line ending and perhaps a byte order mark, read in pieces.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>

namespace railbook::timetable {

/// Where the bytes of a file come from: fills the buffer from its front and says how much; 0 is the end.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

/// `stops.txt:12:3`; line and column count from 1, and 0 leaves them out.
std::string place_of(std::string_view file, std::size_t line, std::size_t column);

/// Reads record after record. What breaks only one record is that record's `problem`; what makes the rest unreadable
/// is an Error.
class CsvReader {
public:
    /// A record that is longer has lost its closing quote, or is no CSV at all.
    static constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

    CsvReader(std::string file, ByteSource source);

    /// Reads the first record, the names of the columns. Errors: bad_data (empty, not UTF-8, a column twice); those of
    /// the source.
    Status read_header();
    /// The position of a column, from 0.
    std::optional<std::size_t> column(std::string_view name) const;

    /// Steps to the next record that is not blank; false at the end. Errors: bad_data (a quote that is never closed, a
    /// record beyond kMaxRecord); those of the source.
    Result<bool> next();
    /// What is wrong with the form of this record: then its fields must not be read.
    const std::optional<Mistake>& problem() const { return problem_; }
    /// Without the blanks around it. Good until the next record is read. `column` is one of the header's.
    std::string_view field(std::size_t column) const;
    /// The line on which this record begins.
    std::size_t line() const { return line_; }
    const std::string& file() const { return file_; }

private:
    enum class Scan : std::uint8_t { record, end, more };

    Result<bool> read_record();
    Scan scan();
    const char* scan_quoted(const char* at, const char* end, bool& escaped);
    Status fill();
    void check_text();
    Error broken(std::size_t line, std::string detail) const;

    std::string file_;
    ByteSource source_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // of what was not read yet
    std::size_t end_ = 0;
    bool at_end_ = false;    // the source has no more
    std::size_t line_ = 0;
    std::size_t next_line_ = 1;
    std::vector<std::string> header_;

    // Of the record at hand.
    struct Field {
        const char* begin;
        std::size_t size;
    };
    std::vector<Field> fields_;
    std::vector<std::size_t> escaped_;  // fields that hold doubled quotes
    std::size_t used_ = 0;              // bytes, with the line ending
    std::size_t lines_ = 0;
    std::size_t open_quote_ = 0;        // field whose quote is not closed within the buffer, counted from 1
    std::size_t junk_ = 0;              // field with text behind its closing quote, counted from 1
    bool odd_ = false;                  // a byte beyond ASCII, or a NUL
    std::optional<Mistake> problem_;
};

}  // namespace railbook::timetable

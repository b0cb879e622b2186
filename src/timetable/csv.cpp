#include "timetable/csv.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace railbook::timetable {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What a byte means outside quotes. One look-up a byte keeps the scan at several hundred megabytes a second.
enum Kind : std::uint8_t { kPlain, kComma, kLineEnd, kOdd };
constexpr std::array<std::uint8_t, 256> make_kinds() {
    std::array<std::uint8_t, 256> kinds{};
    for (std::size_t c = 0x80; c < kinds.size(); ++c) kinds[c] = kOdd;
    kinds[0] = kOdd;
    kinds[','] = kComma;
    kinds['\n'] = kLineEnd;
    kinds['\r'] = kLineEnd;
    return kinds;
}
constexpr std::array<std::uint8_t, 256> kKinds = make_kinds();

std::uint8_t kind_of(char c) { return kKinds[static_cast<std::uint8_t>(c)]; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::string place_of(std::string_view file, std::size_t line, std::size_t column) {
    if (line == 0) return std::string{file};
    if (column == 0) return fmt::format("{}:{}", file, line);
    return fmt::format("{}:{}:{}", file, line, column);
}

CsvReader::CsvReader(std::string file, ByteSource source)
    : file_{std::move(file)}, source_{std::move(source)}, buffer_(kChunk) {}

Error CsvReader::broken(std::size_t line, std::string detail) const {
    auto place = place_of(file_, line, 0);
    auto sentence = fmt::format("{}: {}", place, detail);
    return {ErrorCode::bad_data, std::move(sentence), {}, {{std::move(place), std::move(detail)}}};
}

Status CsvReader::read_header() {
    while (end_ < kByteOrderMark.size() && !at_end_) {
        if (const auto done = fill(); !done) return done;
    }
    if (std::string_view{buffer_.data(), end_}.starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
    const auto found = read_record();
    if (!found) return found.error();
    if (!*found) return broken(1, "the file is empty");
    check_text();
    if (problem_) return broken(line_, problem_->detail);
    for (const auto& field : fields_) {
        const auto name = trimmed({field.begin, field.size});
        if (!name.empty() && column(name)) return broken(line_, fmt::format("the column '{}' comes twice", name));
        header_.emplace_back(name);
    }
    return {};
}

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
    const auto found = std::ranges::find(header_, name);
    if (found == header_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header_.begin());
}

std::string_view CsvReader::field(std::size_t column) const {
    return trimmed({fields_[column].begin, fields_[column].size});
}

Result<bool> CsvReader::next() {
    const auto found = read_record();
    if (!found || !*found) return found;
    check_text();
    if (problem_) return true;
    // A comma too many at the end of a row is a habit of some programs and loses nothing.
    while (fields_.size() > header_.size() && trimmed({fields_.back().begin, fields_.back().size}).empty()) {
        fields_.pop_back();
    }
    if (fields_.size() != header_.size()) {
        problem_ = Mistake{place_of(file_, line_, std::min(fields_.size(), header_.size()) + 1),
                           fmt::format("the row has {} fields and the header {}", fields_.size(), header_.size())};
    }
    return true;
}

/// Steps to the next record that is not blank.
Result<bool> CsvReader::read_record() {
    while (true) {
        begin_ += used_;
        next_line_ += lines_;
        used_ = 0;
        lines_ = 0;
        Scan outcome = scan();
        while (outcome == Scan::more) {
            if (end_ - begin_ >= kMaxRecord) {
                return broken(next_line_, open_quote_ != 0 ? "a quote is opened and not closed"
                                                           : "the line is too long: this is no CSV");
            }
            if (const auto done = fill(); !done) return done.error();
            outcome = scan();
        }
        if (outcome == Scan::end) return false;
        if (open_quote_ != 0) return broken(next_line_, "a quote is opened and not closed");
        line_ = next_line_;
        problem_.reset();
        if (fields_.size() > 1 || !trimmed({fields_.front().begin, fields_.front().size}).empty()) break;
    }
    for (const auto index : escaped_) {
        // Doubled quotes are undone in place, now that the record will not be scanned again.
        auto& field = fields_[index];
        char* const first = buffer_.data() + (field.begin - buffer_.data());
        char* to = first;
        for (const char *from = field.begin, *end = field.begin + field.size; from < end; ++from) {
            if (*from == '"') ++from;
            *to++ = *from;
        }
        field.size = static_cast<std::size_t>(to - first);
    }
    return true;
}

/// Splits the record that begins at `begin_`; `more` where the buffer ends before the record does.
CsvReader::Scan CsvReader::scan() {
    fields_.clear();
    escaped_.clear();
    open_quote_ = 0;
    junk_ = 0;
    odd_ = false;
    lines_ = 0;
    const char* const first = buffer_.data() + begin_;
    const char* const end = buffer_.data() + end_;
    if (first == end) return at_end_ ? Scan::end : Scan::more;
    const char* at = first;
    while (true) {
        const char* from = at;
        const char* to = nullptr;
        if (at < end && *at == '"') {
            bool escaped = false;
            from = at + 1;
            to = scan_quoted(from, end, escaped);
            if (!to) {
                open_quote_ = fields_.size() + 1;
                if (!at_end_) return Scan::more;
                return Scan::record;
            }
            at = to + 1;
            if (escaped) escaped_.push_back(fields_.size());
            const char* const behind = at;
            while (at < end && kind_of(*at) != kComma && kind_of(*at) != kLineEnd) ++at;
            if (junk_ == 0 && !trimmed({behind, static_cast<std::size_t>(at - behind)}).empty()) {
                junk_ = fields_.size() + 1;
            }
        } else {
            while (at < end) {
                const auto kind = kind_of(*at);
                if (kind == kComma || kind == kLineEnd) break;
                if (kind == kOdd) odd_ = true;
                ++at;
            }
            to = at;
        }
        if (at == end && !at_end_) return Scan::more;
        fields_.push_back({from, static_cast<std::size_t>(to - from)});
        if (at == end) break;
        if (*at == ',') {
            ++at;
            continue;
        }
        if (*at == '\r') {
            // Whether a LF follows is in the next piece.
            if (at + 1 == end && !at_end_) return Scan::more;
            if (at + 1 < end && at[1] == '\n') ++at;
        }
        ++at;
        ++lines_;
        break;
    }
    used_ = static_cast<std::size_t>(at - first);
    return Scan::record;
}

/// The closing quote, or null where the buffer ends before it.
const char* CsvReader::scan_quoted(const char* at, const char* end, bool& escaped) {
    for (; at < end; ++at) {
        if (*at == '"') {
            if (at + 1 == end) return at_end_ ? at : nullptr;
            if (at[1] != '"') return at;
            escaped = true;
            ++at;
        } else if (*at == '\n' || (*at == '\r' && (at + 1 == end || at[1] != '\n'))) {
            ++lines_;
        } else if (kind_of(*at) == kOdd) {
            odd_ = true;
        }
    }
    return nullptr;
}

Status CsvReader::fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    const auto count = source_(std::span{buffer_}.subspan(end_));
    if (!count) return count.error();
    if (*count == 0) at_end_ = true;
    end_ += *count;
    return {};
}

void CsvReader::check_text() {
    if (junk_ != 0) {
        problem_ = Mistake{place_of(file_, line_, junk_), "text stands behind the closing quote"};
        return;
    }
    if (!odd_) return;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const std::string_view text{fields_[i].begin, fields_[i].size};
        if (!base::is_utf8(text)) {
            problem_ = Mistake{place_of(file_, line_, i + 1), "the text is not UTF-8"};
        } else if (text.find('\0') != std::string_view::npos) {
            problem_ = Mistake{place_of(file_, line_, i + 1), "the text holds a NUL character"};
        }
        if (problem_) return;
    }
}

}  // namespace railbook::timetable

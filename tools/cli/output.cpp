#include "output.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/money.hpp>
#include <railbook/time.hpp>

namespace railbook::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Takes one character off the front; of what is not UTF-8 one byte, which is none.
std::optional<char32_t> take_code_point(std::string_view& text) {
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte_at(0);
    std::size_t length = 1;
    char32_t least = 0;  // that needs so many bytes
    if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        least = 0x10000;
    } else if (lead >= 0xE0 && lead < 0xF0) {
        length = 3;
        least = 0x800;
    } else if (lead >= 0xC2 && lead < 0xE0) {
        length = 2;
        least = 0x80;
    }
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    bool is_whole = length > 1 ? length <= text.size() : lead < 0x80;
    for (std::size_t i = 1; is_whole && i < length; ++i) {
        is_whole = (byte_at(i) & 0xC0) == 0x80;
        point = point << 6 | (byte_at(i) & 0x3FU);
    }
    const bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (!is_whole || point < least || is_surrogate || point > 0x10FFFF) {
        text.remove_prefix(1);
        return std::nullopt;
    }
    text.remove_prefix(length);
    return point;
}

/// The text with U+FFFD for what is not UTF-8, and for characters that must not be shown.
template <class Shown>
std::string replaced(std::string_view text, Shown is_shown) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::string_view before = text;
        const auto point = take_code_point(text);
        if (!point || !is_shown(*point)) clean += kReplacement;
        else clean += before.substr(0, before.size() - text.size());
    }
    return clean;
}

struct Range {
    char32_t first;
    char32_t last;
};
// Combining marks take no column of their own; East Asian wide characters and emoji take two (UAX #11).
constexpr std::array kCombining{Range{0x300, 0x36F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF},
                                Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},
                                Range{0xFE20, 0xFE2F}};
constexpr std::array kWide{Range{0x1100, 0x115F}, Range{0x2E80, 0xA4CF}, Range{0xAC00, 0xD7A3},
                           Range{0xF900, 0xFAFF}, Range{0xFE30, 0xFE6F}, Range{0xFF00, 0xFF60},
                           Range{0xFFE0, 0xFFE6}, Range{0x1F300, 0x1FAFF}, Range{0x20000, 0x3FFFD}};

bool is_in(char32_t point, const auto& ranges) {
    return std::ranges::any_of(ranges, [&](const Range& range) { return range.first <= point && point <= range.last; });
}

bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0); }

std::string scalar_text(const json::value& value) {
    switch (value.kind()) {
        case json::kind::string: return std::string{value.get_string()};
        case json::kind::int64: return fmt::format("{}", value.get_int64());
        case json::kind::uint64: return fmt::format("{}", value.get_uint64());
        case json::kind::double_: return fmt::format("{}", value.get_double());
        case json::kind::bool_: return value.get_bool() ? "true" : "false";
        case json::kind::null:
        case json::kind::array:
        case json::kind::object: return {};
    }
    return {};
}

std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

template <class Cell>
std::string csv_line(const Columns& columns, const Cell& cell) {
    std::string text;
    for (const auto& column : columns) {
        if (&column != &columns.front()) text += ',';
        text += csv_cell(cell(column));
    }
    return text + '\n';
}

/// The offset at the end of an RFC 3339 time: `Z` or `+01:00`.
std::string_view offset_of(std::string_view time) {
    if (time.ends_with('Z')) return "Z";
    return time.size() >= 6 ? time.substr(time.size() - 6) : std::string_view{};
}

Column pointer_column(std::string title, std::string name, std::string pointer,
                      std::string (*shown)(const json::value&, std::string_view), bool right) {
    return {std::move(title), std::move(name),
            [pointer, shown](const json::value& item) { return shown(item, pointer); },
            [pointer](const json::value& item) { return text_at(item, pointer); }, right};
}

void write_pretty(std::string& out, const json::value& value, std::size_t indent) {
    constexpr std::size_t kLine = 100;
    const std::string flat = json::serialize(value);
    if ((!value.is_array() && !value.is_object()) || flat.size() + indent <= kLine) {
        out += flat;
        return;
    }
    const std::string inner(indent + 2, ' ');
    const bool is_array = value.is_array();
    out += is_array ? "[\n" : "{\n";
    bool first = true;
    const auto next = [&] {
        if (!first) out += ",\n";
        first = false;
        out += inner;
    };
    if (is_array) {
        for (const auto& element : value.get_array()) {
            next();
            write_pretty(out, element, indent + 2);
        }
    } else {
        for (const auto& [name, element] : value.get_object()) {
            next();
            out += json::serialize(json::string_view{name}) + ": ";
            write_pretty(out, element, indent + 2);
        }
    }
    out += '\n' + std::string(indent, ' ') + (is_array ? ']' : '}');
}

}  // namespace

std::string printable(std::string_view text) {
    return replaced(text, [](char32_t point) { return !is_control(point); });
}

std::string well_formed(std::string_view text) {
    return replaced(text, [](char32_t) { return true; });
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const auto point = take_code_point(text);
        if (point && is_in(*point, kWide)) width += 2;
        else if (!point || !is_in(*point, kCombining)) width += 1;
    }
    return width;
}

std::string padded(std::string_view text, std::size_t width, bool right) {
    const std::size_t own = display_width(text);
    const std::string blanks(own < width ? width - own : 0, ' ');
    return right ? blanks + std::string{text} : std::string{text} + blanks;
}

const json::value* member(const json::value& value, std::string_view pointer) {
    boost::system::error_code error;
    return value.find_pointer(pointer, error);
}

std::string text_at(const json::value& value, std::string_view pointer) {
    const auto* found = member(value, pointer);
    return found ? scalar_text(*found) : std::string{};
}

const json::array& array_at(const json::value& value, std::string_view pointer) {
    static const json::array kNone;
    const auto* found = member(value, pointer);
    return found && found->is_array() ? found->get_array() : kNone;
}

std::string money_at(const json::value& value, std::string_view pointer) {
    const auto* found = member(value, pointer);
    if (!found || !found->is_object()) return {};
    const auto* amount = member(*found, "/amount");
    const auto* scale = member(*found, "/scale");
    if (!amount || !amount->is_int64() || !scale || !scale->is_int64()) return {};
    return to_string(Money{amount->get_int64(), text_at(*found, "/currency"), static_cast<int>(scale->get_int64())});
}

std::string counts_at(const json::value& value, std::string_view pointer) {
    const auto* found = member(value, pointer);
    if (!found || !found->is_object()) return {};
    std::string text;
    for (const auto& [name, count] : found->get_object()) {
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", std::string_view{name}, scalar_text(count));
    }
    return text;
}

std::string instant(std::string_view time) {
    if (time.size() < 20) return std::string{time};
    const std::string_view offset = offset_of(time);
    return fmt::format("{} {} {}", time.substr(0, 10), time.substr(11, 8), offset == "Z" ? "UTC" : offset);
}

std::string duration_text(std::int64_t seconds) {
    const std::int64_t minutes = seconds / 60;
    return minutes < 60 ? fmt::format("{}m", minutes) : fmt::format("{}h {:02}m", minutes / 60, minutes % 60);
}

Clock::Clock(const std::vector<std::string>& times, std::string reference) : reference_{std::move(reference)} {
    std::optional<std::string_view> offset;
    for (const auto& time : times) {
        if (time.size() < 20) continue;
        if (reference_.empty()) reference_ = time.substr(0, 10);
        if (!offset) offset = offset_of(time);
        if (*offset != offset_of(time)) show_offset_ = true;
    }
}

std::string Clock::operator()(std::string_view time) const {
    if (time.size() < 20) return {};
    std::string text{time.substr(11, 5)};
    const auto date = parse_date(time.substr(0, 10));
    const auto reference = parse_date(reference_);
    if (date && reference && *date != *reference) text += fmt::format("{:+}", (*date - *reference).count());
    if (show_offset_) text += fmt::format(" {}", offset_of(time) == "Z" ? "+00:00" : offset_of(time));
    return text;
}

std::string Clock::with_date(std::string_view time) const {
    if (time.size() < 20) return {};
    const std::string date{time.substr(0, 10)};
    return date + ' ' + relative_to(date)(time);
}

Clock Clock::relative_to(std::string date) const {
    Clock other = *this;
    other.reference_ = std::move(date);
    return other;
}

Column text_column(std::string title, std::string name, std::string pointer) {
    return pointer_column(std::move(title), std::move(name), std::move(pointer), text_at, false);
}

Column number_column(std::string title, std::string name, std::string pointer) {
    return pointer_column(std::move(title), std::move(name), std::move(pointer), text_at, true);
}

Column money_column(std::string title, std::string name, std::string pointer) {
    auto cell = [pointer](const json::value& item) { return money_at(item, pointer); };
    return {std::move(title), std::move(name), cell, cell, true};
}

Column counts_column(std::string title, std::string name, std::string pointer) {
    auto cell = [pointer](const json::value& item) { return counts_at(item, pointer); };
    return {std::move(title), std::move(name), cell, cell, false};
}

Column instant_column(std::string title, std::string name, std::string pointer) {
    return pointer_column(std::move(title), std::move(name), std::move(pointer),
                          [](const json::value& item, std::string_view where) { return instant(text_at(item, where)); },
                          false);
}

Column clock_column(std::string title, std::string name, std::string pointer, Clock clock) {
    return {std::move(title), std::move(name),
            [pointer, clock](const json::value& item) { return clock(text_at(item, pointer)); },
            [pointer](const json::value& item) { return text_at(item, pointer); }, false};
}

Column computed_column(std::string title, std::string name, Column::Cell cell) {
    return {std::move(title), std::move(name), cell, cell, false};
}

std::string table(const Columns& columns, const json::array& items, bool color) {
    std::vector<std::size_t> widths;
    for (const auto& column : columns) widths.push_back(display_width(column.title));
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : items) {
        auto& row = rows.emplace_back();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            row.push_back(printable(columns[i].shown(item)));
            widths[i] = std::max(widths[i], display_width(row.back()));
        }
    }
    const auto line = [&](const auto& cell) {
        std::string text;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) text += "  ";
            text += padded(cell(i), widths[i], columns[i].right);
        }
        // Blanks at the end of a line only make it wrap.
        text.erase(text.find_last_not_of(' ') + 1);
        return text;
    };
    const std::string head = line([&](std::size_t i) -> const std::string& { return columns[i].title; });
    std::string text = color ? fmt::format("\x1b[1m{}\x1b[0m\n", head) : head + '\n';
    for (const auto& row : rows) text += line([&](std::size_t i) -> const std::string& { return row[i]; }) + '\n';
    return text;
}

std::string csv(const Columns& columns, const json::array& items) {
    return csv_names(columns) + csv_lines(columns, items);
}

std::string csv_names(const Columns& columns) {
    return csv_line(columns, [](const Column& column) { return column.name; });
}

std::string csv_lines(const Columns& columns, const json::array& items) {
    std::string text;
    for (const auto& item : items) text += csv_line(columns, [&](const Column& column) { return column.raw(item); });
    return text;
}

std::string json_lines(const json::array& items) {
    std::string text;
    for (const auto& item : items) text += json::serialize(item) + '\n';
    return text;
}

std::string details(const std::vector<std::pair<std::string, std::string>>& lines) {
    std::size_t width = 0;
    for (const auto& [label, value] : lines) {
        if (!value.empty()) width = std::max(width, display_width(label));
    }
    std::string text;
    for (const auto& [label, value] : lines) {
        if (!value.empty()) text += fmt::format("{}  {}\n", padded(label, width), printable(value));
    }
    return text;
}

std::string pretty_json(const json::value& value) {
    std::string text;
    write_pretty(text, value, 0);
    return text + '\n';
}

}  // namespace railbook::cli

#include "timetable/gtfs_table.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "timetable/network.hpp"

namespace railbook::timetable {

void Findings::begin_file(std::string_view file) { files_.push_back({std::string{file}, 0, 0}); }

void Findings::drop(std::string_view file, std::size_t line, std::size_t column, std::string detail) {
    drop(file, Mistake{place_of(file, line, column), std::move(detail)});
}

void Findings::drop(std::string_view file, Mistake mistake) {
    if (const auto found = std::ranges::find(files_, file, &FileCount::file); found != files_.end()) ++found->dropped;
    ++dropped_count_;
    if (strict_) refuse_for(mistake);
    if (dropped_.size() < ImportReport::kMaxListed) dropped_.push_back(std::move(mistake));
}

void Findings::note(std::string_view file, std::size_t line, std::size_t column, const std::string& detail) {
    if (strict_) refuse(file, line, column, detail);
    note(fmt::format("{}: {}", place_of(file, line, column), detail));
}

void Findings::note(std::string detail) {
    if (notes_.size() < ImportReport::kMaxListed) notes_.push_back(std::move(detail));
    else ++more_notes_;
}

void Findings::refuse(std::string_view file, std::size_t line, std::size_t column, std::string detail) {
    refuse_for({place_of(file, line, column), std::move(detail)});
}

void Findings::refuse_for(const Mistake& mistake) {
    if (refusal_) return;
    refusal_ = Error{ErrorCode::bad_data, fmt::format("{}: {}", mistake.pointer, mistake.detail), {}, {mistake}};
}

void Findings::move_into(ImportReport& report) && {
    report.files = std::move(files_);
    report.dropped = std::move(dropped_);
    report.dropped_count = dropped_count_;
    report.notes = std::move(notes_);
    if (more_notes_ > 0) report.notes.push_back(fmt::format("and {} more notes", more_notes_));
}

std::optional<std::int32_t> parse_seconds(std::string_view text) {
    if (text.size() < 7 || text.size() > 9) return std::nullopt;
    const auto digit = [&](std::size_t i) { return static_cast<unsigned>(text[i] - '0'); };
    const auto last = text.size() - 1;
    if (text[last - 2] != ':' || text[last - 5] != ':') return std::nullopt;
    unsigned hours = 0;
    for (std::size_t i = 0; i < last - 5; ++i) {
        if (digit(i) > 9) return std::nullopt;
        hours = hours * 10 + digit(i);
    }
    const unsigned tens_of_minutes = digit(last - 4);
    const unsigned tens_of_seconds = digit(last - 1);
    if (tens_of_minutes > 5 || digit(last - 3) > 9 || tens_of_seconds > 5 || digit(last) > 9) return std::nullopt;
    const auto seconds = static_cast<std::int32_t>(hours * 3600 + (tens_of_minutes * 10 + digit(last - 3)) * 60 +
                                                   tens_of_seconds * 10 + digit(last));
    if (seconds > kMaxSeconds) return std::nullopt;
    return seconds;
}

std::optional<ServiceDate> parse_gtfs_date(std::string_view text) {
    if (text.size() != 8) return std::nullopt;
    // A feed may have more dates than anything else: from_chars takes twice as long.
    unsigned number = 0;
    unsigned largest = 0;
    for (const char c : text) {
        const auto digit = static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
        largest = std::max(largest, digit);
        number = number * 10 + digit;
    }
    if (largest > 9 || number < 1900'00'00 || number > 2199'99'99) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number / 10000)},
                                           std::chrono::month{number / 100 % 100}, std::chrono::day{number % 100}};
    if (!date.ok()) return std::nullopt;
    return ServiceDate{std::chrono::local_days{date}};
}

std::optional<std::uint32_t> parse_count(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parse_real(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t kMaxShown = 80;
    if (text.size() <= kMaxShown) return fmt::format("'{}'", text);
    auto end = kMaxShown;
    // Not in the middle of a character of UTF-8.
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    return fmt::format("'{}...'", text.substr(0, end));
}

}  // namespace railbook::timetable

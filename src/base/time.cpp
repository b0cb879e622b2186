#include <railbook/time.hpp>

#include <charconv>

#include <date/tz.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/zones.hpp"

namespace railbook {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Reads exactly `width` digits at the front of `text` and takes them off.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<ServiceDate> take_date(std::string_view& text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return ServiceDate{std::chrono::local_days{date}};
}

/// `08:00`, `08:00:00` or `08:00:00.123`.
std::optional<milliseconds> take_time_of_day(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    milliseconds time = hours{*hour} + minutes{*minute};
    if (!take(text, ':')) return time;
    const auto second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    time += seconds{*second};
    if (!take(text, '.')) return time;
    int scale = 100;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        time += milliseconds{(text.front() - '0') * scale};
        scale /= 10;
        any = true;
        text.remove_prefix(1);
    }
    if (!any) return std::nullopt;
    return time;
}

std::optional<minutes> take_offset(std::string_view& text) {
    if (take(text, 'Z') || take(text, 'z')) return minutes{0};
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    return sign * (hours{*hour} + minutes{*minute});
}

std::string format(Timestamp time, minutes offset) {
    const std::chrono::sys_time<milliseconds> shown = time + offset;
    const auto day = std::chrono::floor<days>(shown);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{shown - day};
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                    clock.minutes().count(), clock.seconds().count());
    if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
    if (offset == minutes{0}) return text + 'Z';
    const int total = static_cast<int>(offset.count());
    const int size = total < 0 ? -total : total;
    return text + fmt::format("{}{:02}:{:02}", total < 0 ? '-' : '+', size / 60, size % 60);
}

Error not_a_time(std::string_view text) {
    return {ErrorCode::invalid_argument, fmt::format("'{}' is not a time", base::shortened(text, 64)),
            "write 2026-12-01, 2026-12-01T08:00 or 2026-12-01T08:00:00+01:00"};
}

}  // namespace

std::string to_string(ServiceDate date) {
    const std::chrono::year_month_day parts{date};
    return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}"), static_cast<int>(parts.year()),
                       static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
}

Result<ServiceDate> parse_date(std::string_view text) {
    std::string_view rest = text;
    const auto date = take_date(rest);
    if (!date || !rest.empty()) {
        return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a date", base::shortened(text, 64)),
                     "write it as 2026-12-01"};
    }
    return *date;
}

std::string to_string(Timestamp time) { return format(time, minutes{0}); }

std::string to_string(Timestamp time, std::string_view zone) {
    const auto* found = base::find_zone(zone);
    if (!found) return to_string(time);
    return format(time, std::chrono::floor<minutes>(base::offset_at(*found, time)));
}

Result<When> parse_when(std::string_view text, std::string_view zone) {
    std::string_view rest = text;
    const auto date = take_date(rest);
    if (!date) return not_a_time(text);
    if (rest.empty()) {
        const auto begin = start_of_day(*date, zone);
        if (!begin) return begin.error();
        return When{*begin, true};
    }
    if (!take(rest, 'T') && !take(rest, 't') && !take(rest, ' ')) return not_a_time(text);
    const auto clock = take_time_of_day(rest);
    if (!clock) return not_a_time(text);
    if (rest.empty()) {
        const auto* found = base::find_zone(zone);
        if (!found) return Error{ErrorCode::invalid_argument, fmt::format("there is no time zone '{}'", zone)};
        return When{base::to_utc(*found, *date, *clock), false};
    }
    const auto offset = take_offset(rest);
    if (!offset || !rest.empty()) return not_a_time(text);
    return When{Timestamp{date->time_since_epoch() + *clock - *offset}, false};
}

Result<Duration> parse_duration(std::string_view text) {
    if (text == "0") return Duration{0};
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    // A thousand years is more than any setting means, and keeps the product far from overflow.
    if (error == std::errc{} && count >= 0 && count <= 31'556'952'000) {
        const std::int64_t limit_days = 365'243;
        if (unit == "s") return Duration{seconds{count}};
        if (unit == "m" && count <= limit_days * 1440) return Duration{minutes{count}};
        if (unit == "h" && count <= limit_days * 24) return Duration{hours{count}};
        if (unit == "d" && count <= limit_days) return Duration{hours{24 * count}};
    }
    return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a duration", base::shortened(text, 64)),
                 "write 90s, 15m, 24h or 7d"};
}

std::string to_string(Duration duration) {
    const auto count = std::chrono::floor<seconds>(duration).count();
    if (duration != seconds{count}) return fmt::format("{}ms", duration.count());
    if (count == 0) return "0";
    // A day is written as 24h, as the settings do; several days as days.
    if (count % 86400 == 0 && count > 86400) return fmt::format("{}d", count / 86400);
    if (count % 3600 == 0) return fmt::format("{}h", count / 3600);
    if (count % 60 == 0) return fmt::format("{}m", count / 60);
    return fmt::format("{}s", count);
}

Result<Timestamp> start_of_day(ServiceDate date, std::string_view zone) {
    const auto* found = base::find_zone(zone);
    if (!found) return Error{ErrorCode::invalid_argument, fmt::format("there is no time zone '{}'", zone)};
    return base::to_utc(*found, date, milliseconds{0});
}

Result<ServiceDate> date_in(Timestamp time, std::string_view zone) {
    const auto* found = base::find_zone(zone);
    if (!found) return Error{ErrorCode::invalid_argument, fmt::format("there is no time zone '{}'", zone)};
    const auto local = time.time_since_epoch() + base::offset_at(*found, time);
    return ServiceDate{std::chrono::floor<days>(local)};
}

}  // namespace railbook

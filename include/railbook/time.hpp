#pragma once
/// Time as Railbook keeps it: whole milliseconds in UTC, and service dates.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <railbook/result.hpp>

namespace railbook {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// The date at a trip's origin (GTFS "service day"). It belongs to no time zone, hence `local_days`.
using ServiceDate = std::chrono::local_days;

/// `2026-12-01`.
std::string to_string(ServiceDate date);
/// Takes `2026-12-01` and nothing else. Errors: invalid_argument.
Result<ServiceDate> parse_date(std::string_view text);

/// RFC 3339 in UTC, such as `2026-12-01T08:00:00Z`; milliseconds are written only when they are not zero.
std::string to_string(Timestamp time);
/// RFC 3339 with the offset that `zone` (an IANA name) has at that instant, such as `2026-12-01T09:00:00+01:00`.
/// An unknown zone is written as UTC.
std::string to_string(Timestamp time, std::string_view zone);

/// What a person or a program may write for a point in time; see `parse_when`.
struct When {
    Timestamp time;           ///< For a whole day: its first instant.
    bool whole_day = false;   ///< Only a date was given.
};
/// Takes `2026-12-01` (that day), `2026-12-01T08:00[:00]` (local to `zone`) or RFC 3339 with an offset.
/// A local time that a clock change skips moves forward by the gap; one that comes twice is the first.
/// Errors: invalid_argument.
Result<When> parse_when(std::string_view text, std::string_view zone);

/// Takes `90s`, `15m`, `24h`, `7d` or `0`. Errors: invalid_argument.
Result<Duration> parse_duration(std::string_view text);
/// The shortest of those forms.
std::string to_string(Duration duration);

/// The first instant of a date in a zone. Errors: invalid_argument (no such zone).
Result<Timestamp> start_of_day(ServiceDate date, std::string_view zone);
/// The date that a clock in `zone` shows at `time`. Errors: invalid_argument (no such zone).
Result<ServiceDate> date_in(Timestamp time, std::string_view zone);

}  // namespace railbook

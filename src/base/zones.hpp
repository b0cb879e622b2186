#pragma once
/// Time zones: the IANA database of the operating system.

#include <cstdint>
#include <optional>
#include <string_view>

#include <date/tz.h>

#include <railbook/time.hpp>

namespace railbook::base {

/// Null where there is no such zone. Links such as `Canada/Eastern` are followed.
const date::time_zone* find_zone(std::string_view name);
/// A checksum of the zone's rules as they are on this system, by which is seen whether what was found by them still
/// holds. Nothing where they are not to be seen. It takes no time to speak of; the first `find_zone` takes
/// milliseconds.
std::optional<std::uint32_t> rules_of_zone(std::string_view name);
/// The same of the rules as this process uses them, which stay what they were when the zone was first looked for.
std::optional<std::uint32_t> rules_in_use(std::string_view name);
std::chrono::seconds offset_at(const date::time_zone& zone, Timestamp time);
/// A local time that a clock change skips moves forward by the gap; one that comes twice is the first.
Timestamp to_utc(const date::time_zone& zone, ServiceDate date, std::chrono::milliseconds since_midnight);

}  // namespace railbook::base

#pragma once
/// What a feed may ask of the memory of whoever searches it: a few rows of text can name more ways and trains than any
/// railway has.

#include <cstdint>
#include <optional>
#include <string>

#include "timetable/network_data.hpp"
#include "timetable/network_view.hpp"

namespace railbook::timetable {

/// Ways from platform to platform, where transfers.txt tells platforms apart: each takes 12 bytes.
inline constexpr std::uint64_t kMaxWays = 10'000'000;
/// Calls of the trains that frequencies.txt makes of its trips, which may all be on their way on one day.
inline constexpr std::uint64_t kMaxRepeatedCalls = 20'000'000;

/// Why the network is too much, for a person; nothing where it is not. Its references are sound.
std::optional<std::string> beyond_limits(const NetworkData& network);
std::optional<std::string> beyond_limits(const NetworkView& network);

}  // namespace railbook::timetable

#pragma once
/// Finds stations by what people type, over all feeds.

#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>
#include <railbook/timetable.hpp>

#include "timetable/snapshot.hpp"

namespace railbook::timetable {

/// As Timetable::find_stations promises.
std::vector<Station> find_stations(const Snapshot& snapshot, std::string_view text, std::size_t limit);
/// As Timetable::station promises.
Result<Station> find_station(const Snapshot& snapshot, std::string_view id_or_name);

}  // namespace railbook::timetable

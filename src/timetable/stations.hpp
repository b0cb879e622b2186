#pragma once
/// Finds stations by what people type, over all feeds.

#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>
#include <railbook/timetable.hpp>

#include "timetable/snapshot.hpp"

namespace railbook::timetable {

/// A station of one of the feeds.
struct FoundStation {
    const Network* network = nullptr;
    Index index = 0;
};

/// As Timetable::find_stations promises.
std::vector<FoundStation> find_stations(const Snapshot& snapshot, std::string_view text, std::size_t limit);
/// As Timetable::station promises.
Result<FoundStation> find_station(const Snapshot& snapshot, std::string_view id_or_name);

}  // namespace railbook::timetable

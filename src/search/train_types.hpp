#pragma once
/// Kinds of trains, as passengers name them.

#include <functional>
#include <string>
#include <vector>

#include "timetable/network.hpp"

namespace railbook::search {

/// Each in the form in which two that mean the same are equal, sorted and once. A word without a letter is dropped.
std::vector<std::string> folded_types(const std::vector<std::string>& types);

/// Whether a trip is of one of the types (folded): rail, metro, tram, bus or ferry by the route's type; any other by
/// the beginning of the train's name, such as `ice` for `ICE 1672`.
std::function<bool(timetable::Index trip)> is_of_types(const timetable::Network& network,
                                                       std::vector<std::string> types);

}  // namespace railbook::search

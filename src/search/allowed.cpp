#include "search/allowed.hpp"

#include <algorithm>

namespace railbook::search {
namespace {

using StepFree = timetable::NetworkData::StepFree;

}  // namespace

Allowed step_free(const timetable::Network& network) {
    return {.trips = [&network](Index trip) { return network.data().trips[trip].step_free == StepFree::yes; },
            .stops = [&network](Index stop) { return network.data().stops[stop].step_free == StepFree::yes; }};
}

bool tells_step_free(const timetable::Network& network) {
    const auto is_told = [](const auto& each) { return each.step_free != StepFree::unknown; };
    return std::ranges::any_of(network.data().trips, is_told) && std::ranges::any_of(network.data().stops, is_told);
}

}  // namespace railbook::search

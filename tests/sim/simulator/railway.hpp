#pragma once
/// The timetable of a world: trains of one service date, all of the same length, with a few seats.

#include <string>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

#include "sim/simulator/plan.hpp"

namespace railbook::sim {

/// Imported once for all worlds: reading a feed takes longer than most of them live.
struct Railway {
    Feed feed;
    std::string data;
};
/// Trips `N-1` to `N-4` over N segments, for N from 1 to 8. Errors: those of an import.
Result<Railway> make_railway();

std::string station(std::size_t index);
/// Of every world: long before it, the world ends.
RunId run_named(const Plan& plan, std::size_t index);
/// The coaches of the plan, as a document.
std::string layouts_of(const Plan& plan);
SeatId seat_at(const Plan& plan, std::size_t index);

}  // namespace railbook::sim

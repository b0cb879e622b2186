#pragma once
/// Parties that sit side by side: the best of all the places where one fits.

#include <cstdint>
#include <optional>

#include "inventory/seat_stage.hpp"

namespace railbook::inventory {

/// The first of the best `count` neighbours by number that are all in `eligible` and sit together, by lines 3 to 9 of
/// the order of preference (seat_choice.hpp). `eligible` are of the free seats of the stage.
std::optional<std::uint32_t> best_side_by_side(const SeatStageView& stage, const SeatSet& eligible, std::uint32_t count,
                                               std::optional<std::uint32_t> near);

/// Whether `count` seats of `free` are together somewhere: neighbours by number, in one row where rows are known.
bool sits_together(const SeatPlan& plan, const SeatSet& free, std::uint32_t count);

}  // namespace railbook::inventory

#pragma once
/// Parties that cannot sit side by side: in one coach if there is one with so many seats, in as few pieces as possible.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "inventory/seat_stage.hpp"

namespace railbook::inventory {

/// How many pieces the seats are: a piece are seats of which each is next to another one of it (line 2 of the order of
/// preference, seat_choice.hpp).
std::size_t count_pieces(const SeatPlan& plan, std::span<const std::uint32_t> seats);

/// Adds `count` of the eligible seats, which has so many, to `chosen`. False, and nothing is added: they would be more
/// than `most_pieces`, wherever they are.
bool take_in_pieces(const SeatStageView& stage, const SeatSet& eligible, std::uint32_t count,
                    std::optional<std::uint32_t> near, std::uint32_t most_pieces, std::vector<std::uint32_t>& chosen);

}  // namespace railbook::inventory

#pragma once
/// What the parts of the inventory ask of a run.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::inventory {

/// Where a ride begins and ends, as numbers of the run's calls. Errors: not_found; invalid_argument.
Result<std::pair<std::size_t, std::size_t>> find_ends(const Run& run, std::string_view from, std::string_view to);

/// The masks of the run, which is not pinned perhaps: then it has none yet.
SeatMasks masks_of(const Run& run, const SeatMasks& known);

/// Whether what was said of a run's seats is about the coaches and calls that were read with it, by their numbers.
bool is_about(const Occupancy& occupancy, const Run& run);
/// Whether the run still has the coaches and calls that were read: between two questions to a store it may get others,
/// and what is taken is told by the numbers of the seats and segments.
Result<bool> has_its_coaches(Store& store, const Run& run);

/// Whose a hold is, for those who decide about the run.
struct Buyer {
    std::string owner;
    std::string reference;    ///< Of the booking, if there is one.
    std::size_t tickets = 0;  ///< Of the booking.
};
Result<Buyer> buyer_of(Store& store, const Hold& hold);

/// Seats with the stretches of the run on which they are blocked; several blocks that follow each other are one.
std::vector<std::pair<std::uint32_t, Span>> blocks_of(const SeatMasks& blocked);

}  // namespace railbook::inventory

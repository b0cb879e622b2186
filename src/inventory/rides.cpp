#include "inventory/rides.hpp"

#include <fmt/format.h>

#include <railbook/timetable.hpp>

namespace railbook::inventory {

Result<std::pair<std::size_t, std::size_t>> find_ends(const Run& run, std::string_view from, std::string_view to) {
    const auto begin = find_call(run, from);
    if (!begin) return begin.error();
    const auto end = find_call(run, to);
    if (!end) return end.error();
    if (*begin >= *end) {
        return Error{ErrorCode::invalid_argument, fmt::format("{} does not call at {} after {}", run.train,
                                                              run.calls[*end].name, run.calls[*begin].name)};
    }
    return std::pair{*begin, *end};
}

SeatMasks masks_of(const Run& run, const SeatMasks& known) {
    if (known.seats != 0) return known;
    return {.seats = static_cast<std::uint32_t>(run.consist->seat_count()),
            .segments = static_cast<std::uint32_t>(run.segment_count())};
}

bool is_about(const Occupancy& occupancy, const Run& run) {
    return occupancy.taken.seats == 0 ||
           (occupancy.taken.seats == run.consist->seat_count() && occupancy.taken.segments == run.segment_count());
}

Result<bool> has_its_coaches(Store& store, const Run& run) {
    const auto pinned = store.inventory().find_pinned(run.id);
    if (!pinned) return pinned.error();
    if (!*pinned) return true;
    return (*pinned)->calls == run.calls && ((*pinned)->consist == run.consist || *(*pinned)->consist == *run.consist);
}

Result<Buyer> buyer_of(Store& store, const Hold& hold) {
    Buyer buyer{.owner = hold.owner, .reference = {}, .tickets = 0};
    if (!hold.booking) return buyer;
    const auto booking = store.bookings().find_booking(*hold.booking);
    if (!booking) return booking.error();
    buyer.reference = booking->reference;
    buyer.tickets = booking->tickets.size();
    return buyer;
}

std::vector<std::pair<std::uint32_t, Span>> blocks_of(const SeatMasks& blocked) {
    std::vector<std::pair<std::uint32_t, Span>> blocks;
    for (std::uint32_t seat = 0; seat < blocked.seats; ++seat) {
        for (std::uint16_t at = 0; at < blocked.segments; ++at) {
            if (!blocked.any(seat, {at, static_cast<std::uint16_t>(at + 1)})) continue;
            const bool goes_on = !blocks.empty() && blocks.back().first == seat && blocks.back().second.to == at;
            if (!goes_on) blocks.push_back({seat, {at, at}});
            blocks.back().second.to = static_cast<std::uint16_t>(at + 1);
        }
    }
    return blocks;
}

}  // namespace railbook::inventory

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

}  // namespace railbook::inventory

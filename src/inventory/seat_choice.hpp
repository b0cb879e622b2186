#pragma once
/// Choosing seats: which ones to hold when a buyer asks only for a number of them, and which ones to offer instead of
/// seats that are taken. Values in, values out.
///
/// The order of preference. Each line decides only between choices that are equal in all lines above it.
///
/// 1. Nobody gets a place for a wheelchair or the companion beside it, unless it was asked for or nothing else is free.
/// 2. Side by side: neighbours by number in one coach who sit together. Else in one coach, in as few pieces as possible
///    (a piece: seats that are next to each other in the row or before and behind), of equal coaches the one with the
///    fewest free seats. Else in as few coaches as possible, the emptiest first.
/// 3. The fewest wishes not met, counted by seat and wish.
/// 4. The nearest to the seat that was named, added up over the seats.
/// 5. The fewest aisles and ends of rows between them.
/// 6. The least fragmentation: the fewest ends of the span, added up over the seats, at which the seat is free beyond
///    the span. None is a gap that is filled exactly; one end open makes a free stretch shorter; two cut it in halves.
/// 7. The fewest single free seats left between taken ones in a row.
/// 8. The shortest free stretches around the span, added up over the seats.
/// 9. The lowest number.
///
/// Passengers in wheelchairs come first: each gets a place with a free companion's place beside it if there is one. The
/// rest of the party is seated as near to the first of them as the lines above allow. Children: a party is never split
/// into more pieces than it has adults. Passengers who want to face each other get rows that do, where there are any.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/inventory.hpp>

#include "inventory/seat_plan.hpp"

namespace railbook::inventory {

struct SeatRequest {
    Span span;
    std::string_view travel_class;
    int count = 1;
    const SeatWishes& wishes;
};

/// The seats of one part of the ride, in the order of their numbers.
struct SeatStage {
    Span span;
    std::vector<std::uint32_t> seats;
    bool operator==(const SeatStage&) const = default;
};
struct SeatChoice {
    std::vector<SeatStage> stages;   ///< One, or one more for each change of seats. Each has `count` seats.
    std::vector<std::string> unmet;  ///< Wishes that not every seat, or not every stage, meets.
    bool operator==(const SeatChoice&) const = default;
};

/// `taken` is of the train of `plan`, the class one that it has, and the count positive.
/// Errors: sold_out (not so many seats, or none that meet what is required); not_found (no such seat to be near);
/// invalid_argument (wishes that contradict each other).
Result<SeatChoice> choose_seats(const SeatPlan& plan, const MaskPlanes& taken, const SeatRequest& request);

/// Why these seats, in one short sentence such as `3 together by the window in coach 4, filling a gap exactly`.
std::string explain(const SeatPlan& plan, const MaskPlanes& taken, const SeatRequest& request,
                    const SeatChoice& choice);

/// Free seats to offer instead of `wanted`, at most `limit`, the nearest first: those of the same coach, then of the
/// same class, then by the distance to the nearest of the wanted ones, then by number. Places for wheelchairs and
/// companions are offered only to those who wanted one.
std::vector<std::uint32_t> nearest_free(const SeatPlan& plan, const MaskPlanes& taken, Span span,
                                        const std::vector<std::uint32_t>& wanted, std::size_t limit);

}  // namespace railbook::inventory

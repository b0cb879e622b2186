#pragma once
/// What a choice of seats begins with: what is asked, and what is free on one part of the ride.

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "inventory/seat_plan.hpp"
#include "inventory/seat_search.hpp"
#include "inventory/seat_set.hpp"

namespace railbook::inventory {

/// A wish that a seat meets or does not. `seats` is null where no seat of the train does.
struct SeatWish {
    std::string_view name;
    const SeatSet* seats = nullptr;
    bool meets(std::uint32_t seat) const { return seats != nullptr && seats->has(seat); }
};

/// What is asked, with its names looked up once for the whole ride.
struct Party {
    Party(const SeatPlan& plan_, const SeatSet& of_class_)
        : plan{plan_}, of_class{of_class_}, first{of_class.first().value_or(0)}, last{of_class.end()} {}

    const SeatPlan& plan;
    const SeatSet& of_class;
    std::uint32_t first;  // the seats of the class lie in [first, last)
    std::uint32_t last;
    std::uint32_t count = 0;
    std::uint32_t wheelchairs = 0;
    std::uint32_t most_pieces = 0;  // so that no child is alone
    boost::container::small_vector<SeatWish, 8> wishes;
    bool face_each_other = false;
    bool required = false;
    bool wants_reserved = false;
    std::optional<std::uint32_t> near = std::nullopt;
};

/// The order of preference below the question of who sits together, as the header of the choice has it.
struct SeatCost {
    std::uint64_t unmet = 0;
    std::uint64_t distance = 0;
    std::uint64_t open_ends = 0;
    std::uint64_t slack = 0;
    auto operator<=>(const SeatCost&) const = default;
    SeatCost& operator+=(const SeatCost& other) {
        unmet += other.unmet;
        distance += other.distance;
        open_ends += other.open_ends;
        slack += other.slack;
        return *this;
    }
};

/// One part of the ride and what is free on it. The party and the masks must outlive it.
struct SeatStageView {
    SeatStageView(const Party& party_, const MaskPlanes& taken_, Span span_)
        : party{party_},
          plan{party_.plan},
          taken{taken_},
          span{span_},
          free{SeatSet::unfilled(plan.seats())},
          open_before{SeatSet::unfilled(plan.seats())},
          open_after{SeatSet::unfilled(plan.seats())} {
        find_fits(taken, span, party.first, party.last, {free.words(), open_before.words(), open_after.words()});
        free &= party.of_class;
    }

    /// What the seat alone adds to the cost of the choice.
    SeatCost cost_of(std::uint32_t seat, std::optional<std::uint32_t> near) const {
        SeatCost cost;
        for (const auto& wish : party.wishes) cost.unmet += wish.meets(seat) ? 0U : 1U;
        if (near) cost.distance = plan.distance(seat, *near);
        cost.open_ends = (open_before.has(seat) ? 1U : 0U) + (open_after.has(seat) ? 1U : 0U);
        cost.slack = taken.slack(seat, span);
        return cost;
    }

    const Party& party;
    const SeatPlan& plan;
    const MaskPlanes& taken;
    Span span;
    SeatSet free;         ///< In the class, on all of the span.
    SeatSet open_before;  ///< Of the free ones, those that are free on the segment before the span too.
    SeatSet open_after;
};

}  // namespace railbook::inventory

#include "inventory/seat_plan.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/assert.hpp"

namespace railbook::inventory {
namespace {

const SeatSet* found_in(const std::map<std::string, SeatSet, std::less<>>& sets, std::string_view name) {
    const auto found = sets.find(name);
    return found == sets.end() ? nullptr : &found->second;
}

SeatSet& set_in(std::map<std::string, SeatSet, std::less<>>& sets, const std::string& name, std::uint32_t seats) {
    return sets.try_emplace(name, seats).first->second;
}

/// Names of columns in their order.
std::vector<std::string_view> columns_of(const Coach& coach) {
    std::vector<std::string_view> columns;
    for (const auto& place : coach.places) columns.push_back(place.column);
    std::ranges::sort(columns);
    columns.erase(std::ranges::unique(columns).begin(), columns.end());
    return columns;
}

bool has(const Place& place, std::string_view property) {
    return std::ranges::find(place.properties, property) != place.properties.end();
}

}  // namespace

SeatPlan::SeatPlan(std::shared_ptr<const Consist> consist)
    : consist_{std::move(consist)},
      reserved_{static_cast<std::uint32_t>(consist_->seat_count())},
      joined_{reserved_.seats()},
      beside_{reserved_.seats()},
      gaps_{reserved_.seats()} {
    const std::uint32_t all = joined_.seats();
    places_.reserve(all);
    std::uint32_t seat = 0;
    for (const auto& coach : consist_->coaches) {
        const CoachSeats range{seat, seat + static_cast<std::uint32_t>(coach.places.size())};
        const auto columns = columns_of(coach);
        for (const auto& place : coach.places) {
            Position position{.coach = static_cast<std::uint32_t>(coaches_.size())};
            if (place.row > 0 && !place.column.empty()) {
                position.row = place.row;
                position.column = static_cast<int>(std::ranges::lower_bound(columns, place.column) - columns.begin());
            }
            places_.push_back(position);
            set_in(classes_, coach.travel_class, all).add(seat);
            for (const auto& property : place.properties) set_in(properties_, property, all).add(seat);
            if (has(place, "WHEELCHAIR") || has(place, "COMPANION")) reserved_.add(seat);
            if (!place.facing.empty()) set_in(facing_, place.facing, all).add(seat);
            if (seat + 1 < range.last) joined_.add(seat);
            ++seat;
        }
        coaches_.push_back(range);
        if (range.first == range.last) continue;
        find_neighbours_of(range);
        find_facing(range);
    }
    gaps_ = joined_;
    gaps_ -= beside_;
    has_gaps_ = gaps_.any();
    has_reserved_ = reserved_.any();
    find_parties_apart();
}

void SeatPlan::find_neighbours_of(const CoachSeats& coach) {
    const auto& places = consist_->coaches[places_[coach.first].coach].places;
    for (auto a = coach.first; a < coach.last; ++a) {
        for (auto b = coach.first; b < coach.last; ++b) {
            const Position& other = places_[b];
            Position& mine = places_[a];
            const bool next_in_list = a + 1 == b || b + 1 == a;
            const bool in_row = mine.row == other.row && std::abs(mine.column - other.column) == 1;
            const bool in_column = mine.column == other.column && std::abs(mine.row - other.row) == 1;
            const bool known = mine.row > 0 && other.row > 0;
            if (a == b || !(known ? in_row || in_column : next_in_list)) continue;
            // Two places of one position, which only a careless drawing has, could make more than four.
            if (mine.neighbour_count < mine.neighbours.size())
                mine.neighbours[mine.neighbour_count++] = static_cast<std::uint16_t>(b);
            if (a + 1 != b) continue;
            const bool over_the_aisle = has(places[a - coach.first], "AISLE") && has(places[b - coach.first], "AISLE");
            if (known ? in_row && !over_the_aisle : next_in_list) beside_.add(a);
        }
    }
}

void SeatPlan::find_facing(const CoachSeats& coach) {
    const auto& places = consist_->coaches[places_[coach.first].coach].places;
    std::map<int, std::vector<FacingSeats>> rows;  // by the one that faces backward
    for (auto a = coach.first; a < coach.last; ++a) {
        if (places[a - coach.first].facing != "backward") continue;
        for (const auto b : neighbours(a)) {
            const bool behind = places_[b].row == places_[a].row + 1 && places_[b].column == places_[a].column;
            if (!behind || places_[a].row == 0 || places[b - coach.first].facing != "forward") continue;
            rows[places_[a].row].push_back({a, b, places_[a].column});
            set_in(facing_, "each_other", seats()).add(a);
            set_in(facing_, "each_other", seats()).add(b);
        }
    }
    for (auto& [row, pairs] : rows) {
        std::ranges::sort(pairs, {}, &FacingSeats::column);
        facing_rows_.push_back(std::move(pairs));
    }
}

bool SeatPlan::is_together(std::uint32_t first, std::uint32_t count) const {
    // Spreads from the first seat to whoever is next to somebody reached.
    std::vector<std::uint32_t> reached{first};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        for (const auto next : neighbours(reached[i])) {
            const bool inside = next >= first && next < first + count;
            if (inside && std::ranges::find(reached, next) == reached.end()) reached.push_back(next);
        }
    }
    return reached.size() == count;
}

void SeatPlan::find_parties_apart() {
    apart_.resize(kMaxParty + 1);
    for (std::uint32_t count = 2; count <= kMaxParty; ++count) {
        for (const auto& coach : coaches_) {
            for (auto seat = coach.first; seat + count <= coach.last; ++seat) {
                // Most parties sit within a row, or where rows are not known: nothing to spread for.
                const Position& end = places_[seat + count - 1];
                const bool in_row = places_[seat].row == end.row &&
                                    std::abs(end.column - places_[seat].column) == static_cast<int>(count) - 1;
                if (in_row || is_together(seat, count)) continue;
                if (!apart_[count]) apart_[count].emplace(seats());
                apart_[count]->add(seat);
            }
        }
    }
}

const SeatSet* SeatPlan::of_class(std::string_view travel_class) const { return found_in(classes_, travel_class); }
const SeatSet* SeatPlan::with_property(std::string_view property) const { return found_in(properties_, property); }
const SeatSet* SeatPlan::facing(std::string_view facing) const { return found_in(facing_, facing); }

const SeatSet* SeatPlan::apart(std::uint32_t count) const {
    return count < apart_.size() && apart_[count] ? &*apart_[count] : nullptr;
}

std::span<const std::uint16_t> SeatPlan::neighbours(std::uint32_t seat) const {
    return {places_[seat].neighbours.data(), places_[seat].neighbour_count};
}

std::uint32_t SeatPlan::distance(std::uint32_t seat, std::uint32_t other) const {
    const Position& a = places_[seat];
    const Position& b = places_[other];
    const std::uint32_t coaches = a.coach > b.coach ? a.coach - b.coach : b.coach - a.coach;
    const std::uint32_t numbers = seat > other ? seat - other : other - seat;
    if (coaches > 0) return (coaches << 16) + numbers;
    if (a.row == 0 || b.row == 0) return numbers;
    return static_cast<std::uint32_t>(std::abs(a.row - b.row) + std::abs(a.column - b.column));
}

std::shared_ptr<const SeatPlan> SeatPlans::of(const std::shared_ptr<const Consist>& consist) {
    RAILBOOK_ASSERT(consist);
    {
        const std::lock_guard lock{mutex_};
        if (const auto found = plans_.find(consist.get()); found != plans_.end()) return found->second;
    }
    // Outside of the lock: two may work out the same plan, and either is as good.
    auto plan = std::make_shared<const SeatPlan>(consist);
    const std::lock_guard lock{mutex_};
    if (plans_.size() >= kMaxPlans) {
        std::erase_if(plans_, [](const auto& entry) { return entry.second.use_count() == 1; });
    }
    return plans_.try_emplace(consist.get(), std::move(plan)).first->second;
}

}  // namespace railbook::inventory

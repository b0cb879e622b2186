#include "search/direct.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace railbook::search {
namespace {

/// Adds the runs of one trip for one pair of its calls.
void add_runs(const Network& network, Index trip, Index board, Index alight, End end, const TimeWindow& window,
              std::vector<Ride>& rides) {
    const auto calls = network.calls(trip);
    const auto add = [&](std::int32_t shift, std::optional<int> start) {
        const std::int32_t departure = calls[board].departure + shift;
        const std::int32_t arrival = calls[alight].arrival + shift;
        const std::int32_t within = end == End::departure ? departure : arrival;
        // A train that is on its way for days belongs to a date long before the one on which it is boarded.
        for (auto day = network.first_day_from(trip, window.from, within);
             day < network.data().days && network.time_of(trip, day, within) < window.to; ++day) {
            if (!network.runs_on(trip, day)) continue;
            rides.push_back({.run = {trip, day, shift, start},
                             .board = board,
                             .alight = alight,
                             .departure = network.time_of(trip, day, departure),
                             .arrival = network.time_of(trip, day, arrival)});
        }
    };
    if (network.starts(trip).empty()) add(0, {});
    for (const auto start : network.starts(trip)) add(start - calls.front().departure, start);
}

}  // namespace

Ride ride_of(const Network& network, const timetable::RunIndex& run, Index board, Index alight) {
    const auto calls = network.calls(run.trip);
    return {.run = run,
            .board = board,
            .alight = alight,
            .departure = network.time_of(run.trip, run.day, calls[board].departure + run.shift),
            .arrival = network.time_of(run.trip, run.day, calls[alight].arrival + run.shift)};
}

std::vector<Ride> direct_rides(const Network& network, Index from, Index to, End end, const TimeWindow& window) {
    constexpr std::size_t kUsual = 64;
    std::vector<Ride> rides;
    rides.reserve(kUsual);
    const auto& data = network.data();
    const auto boardings = data.visit_patterns(from);
    const auto alightings = data.visit_patterns(to);
    std::size_t boarding = 0;
    std::size_t alighting = 0;
    std::vector<std::pair<Index, Index>> calls_of_pattern;  // where one boards and alights
    while (boarding < boardings.size() && alighting < alightings.size()) {
        const Index pattern = boardings[boarding];
        if (pattern != alightings[alighting]) {
            if (pattern < alightings[alighting]) ++boarding;
            else ++alighting;
            continue;
        }
        const auto visits_of = [pattern](const auto& patterns, const auto& calls, std::size_t& next) {
            const auto first = next;
            while (next < patterns.size() && patterns[next] == pattern) ++next;
            return calls.subspan(first, next - first);
        };
        const auto all_boardings = visits_of(boardings, data.visit_calls(from), boarding);
        const auto all_alightings = visits_of(alightings, data.visit_calls(to), alighting);
        const auto trips = data.trips_of_pattern(pattern);
        if (trips.empty()) continue;
        // Trips of a pattern have their permissions in common.
        const auto calls = network.calls(trips.front());
        calls_of_pattern.clear();
        if (end == End::departure) {
            auto next = all_alightings.begin();
            for (const Index board : all_boardings) {
                if (!calls[board].pick_up) continue;
                while (next != all_alightings.end() && (*next <= board || !calls[*next].drop_off)) ++next;
                if (next == all_alightings.end()) break;
                calls_of_pattern.emplace_back(board, *next);
            }
        } else {
            std::optional<Index> board;
            auto next = all_boardings.begin();
            for (const Index alight : all_alightings) {
                for (; next != all_boardings.end() && *next < alight; ++next) {
                    if (calls[*next].pick_up) board = *next;
                }
                if (board && calls[alight].drop_off) calls_of_pattern.emplace_back(*board, alight);
            }
        }
        for (const auto trip : trips) {
            for (const auto& [board, alight] : calls_of_pattern)
                add_runs(network, trip, board, alight, end, window, rides);
        }
    }
    std::ranges::sort(rides, [](const Ride& left, const Ride& right) {
        return std::tie(left.departure, left.arrival, left.run.trip) <
               std::tie(right.departure, right.arrival, right.run.trip);
    });
    return rides;
}

Leg leg_of(const Network& network, const Ride& ride) {
    const auto calls = network.calls(ride.run.trip);
    return {.run = network.id_of(ride.run),
            .train = network.train_name(ride.run.trip),
            .headsign = std::string{network.headsign(ride.run.trip)},
            .from = network.departure(ride.run, ride.board),
            .to = network.arrival(ride.run, ride.alight),
            .span = {static_cast<std::uint16_t>(ride.board), static_cast<std::uint16_t>(ride.alight)},
            .stops = ride.alight - ride.board - 1,
            .distance = std::int64_t{calls[ride.alight].distance} - calls[ride.board].distance};
}

}  // namespace railbook::search

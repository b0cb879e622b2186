#include "search/direct.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

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
    std::vector<Ride> rides;
    const auto boardings = network.visits(from);
    const auto alightings = network.visits(to);
    auto boarding = boardings.begin();
    auto alighting = alightings.begin();
    while (boarding != boardings.end() && alighting != alightings.end()) {
        if (boarding->trip != alighting->trip) {
            if (boarding->trip < alighting->trip) ++boarding;
            else ++alighting;
            continue;
        }
        const Index trip = boarding->trip;
        const auto calls = network.calls(trip);
        const auto of_trip = [trip](const Network::Visit& visit) { return visit.trip == trip; };
        const std::span all_boardings{boarding, std::find_if_not(boarding, boardings.end(), of_trip)};
        const std::span all_alightings{alighting, std::find_if_not(alighting, alightings.end(), of_trip)};
        if (end == End::departure) {
            auto next = all_alightings.begin();
            for (const auto& [ignored, board] : all_boardings) {
                if (!calls[board].pick_up) continue;
                while (next != all_alightings.end() && (next->call <= board || !calls[next->call].drop_off)) ++next;
                if (next == all_alightings.end()) break;
                add_runs(network, trip, board, next->call, end, window, rides);
            }
        } else {
            std::optional<Index> board;
            auto next = all_boardings.begin();
            for (const auto& [ignored, alight] : all_alightings) {
                for (; next != all_boardings.end() && next->call < alight; ++next) {
                    if (calls[next->call].pick_up) board = next->call;
                }
                if (board && calls[alight].drop_off) add_runs(network, trip, *board, alight, end, window, rides);
            }
        }
        boarding += static_cast<std::ptrdiff_t>(all_boardings.size());
        alighting += static_cast<std::ptrdiff_t>(all_alightings.size());
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
            .headsign = network.headsign(ride.run.trip),
            .from = network.departure(ride.run, ride.board),
            .to = network.arrival(ride.run, ride.alight),
            .span = {static_cast<std::uint16_t>(ride.board), static_cast<std::uint16_t>(ride.alight)},
            .stops = ride.alight - ride.board - 1,
            .distance = std::int64_t{calls[ride.alight].distance} - calls[ride.board].distance};
}

}  // namespace railbook::search

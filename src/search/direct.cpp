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
        // Along the train: each place to alight is paired with the last place to board before it, once.
        std::optional<Index> board;
        while (alighting != alightings.end() && alighting->trip == trip) {
            while (boarding != boardings.end() && boarding->trip == trip && boarding->call < alighting->call) {
                if (calls[boarding->call].pick_up) board = boarding->call;
                ++boarding;
            }
            if (board && calls[alighting->call].drop_off) {
                add_runs(network, trip, *board, alighting->call, end, window, rides);
                board.reset();
            }
            ++alighting;
        }
        while (boarding != boardings.end() && boarding->trip == trip) ++boarding;
    }
    std::ranges::sort(rides, [](const Ride& left, const Ride& right) {
        return std::tie(left.departure, left.arrival, left.run.trip) <
               std::tie(right.departure, right.arrival, right.run.trip);
    });
    return rides;
}

Leg leg_of(const Network& network, const Ride& ride) {
    return {.run = network.id_of(ride.run),
            .train = network.train_name(ride.run.trip),
            .headsign = network.headsign(ride.run.trip),
            .from = network.departure(ride.run, ride.board),
            .to = network.arrival(ride.run, ride.alight),
            .span = {static_cast<std::uint16_t>(ride.board), static_cast<std::uint16_t>(ride.alight)},
            .stops = ride.alight - ride.board - 1};
}

}  // namespace railbook::search

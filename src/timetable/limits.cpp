#include "timetable/limits.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

auto calls_of(const NetworkData& network, Index trip) {
    return std::span{network.calls}.subspan(network.trips[trip].first_call, network.trips[trip].call_count);
}
auto calls_of(const NetworkView& network, Index trip) { return network.calls(trip); }

/// As the search lays them out: each platform that a rule names is a place of its own, and so is the rest of a station,
/// and what trains that a rule names call at, for each of them and each of their routes.
/// Every such place leads to all of its station, and to all of each station that a rule of its station leads to.
template <class Data>
std::uint64_t count_ways(const Data& network) {
    std::vector<bool> is_named(network.stops.size());
    std::vector<std::pair<Index, Index>> stations;
    const auto add = [&](const NetworkData::Transfer& transfer) {
        is_named[transfer.from] = is_named[transfer.to] = true;
        stations.emplace_back(network.stops[transfer.from].station, network.stops[transfer.to].station);
    };
    for (const auto& transfer : network.transfers) add(transfer);
    for (const auto& each : network.train_transfers) add(each.transfer);
    std::vector<std::uint64_t> places(network.stations.size(), 1);
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        if (is_named[stop]) ++places[network.stops[stop].station];
    }
    // Trains at a station where they are named, or their route is.
    std::set<std::tuple<Index, Index, Index>> trains;  // station, trip, route
    for (const auto& each : network.train_transfers) {
        const auto from = network.stops[each.transfer.from].station;
        const auto to = network.stops[each.transfer.to].station;
        if (each.from_trip != kNone || each.from_route != kNone) trains.emplace(from, each.from_trip, each.from_route);
        if (each.to_trip != kNone || each.to_route != kNone) trains.emplace(to, each.to_trip, each.to_route);
    }
    const auto platforms = places;
    for (const auto& [station, index, route] : trains) {
        auto most = platforms[station];
        if (index != kNone) {
            std::uint64_t calls = 0;
            for (const auto& call : calls_of(network, index)) calls += network.stops[call.stop].station == station;
            most = std::min(most, calls);
        }
        places[station] += most;
    }
    for (Index station = 0; station < network.stations.size(); ++station) stations.emplace_back(station, station);
    std::ranges::sort(stations);
    const auto repeated = std::ranges::unique(stations);
    stations.erase(repeated.begin(), repeated.end());
    std::uint64_t ways = 0;
    for (const auto& [from, to] : stations) ways += places[from] * places[to];
    return ways;
}

template <class Data>
std::optional<std::string> why_beyond(const Data& network) {
    if (const auto ways = count_ways(network); ways > kMaxWays + network.stations.size()) {
        return fmt::format("transfers.txt tells so many platforms and trains apart that there are {} ways between "
                           "them; {} may be",
                           ways, kMaxWays);
    }
    std::uint64_t calls = 0;
    for (const auto& trip : network.trips) calls += std::uint64_t{trip.start_count} * trip.call_count;
    if (calls > kMaxRepeatedCalls) {
        return fmt::format("frequencies.txt makes {} calls of trains of its trips; {} may be", calls,
                           kMaxRepeatedCalls);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> beyond_limits(const NetworkData& network) { return why_beyond(network); }
std::optional<std::string> beyond_limits(const NetworkView& network) { return why_beyond(network); }

}  // namespace railbook::timetable

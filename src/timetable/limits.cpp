#include "timetable/limits.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

/// As the search lays them out: each platform that a rule names is a place of its own, and so is the rest of a station.
/// Every such place leads to all of its station, and to all of each station that a rule of its station leads to.
template <class Data>
std::uint64_t count_ways(const Data& network) {
    std::vector<bool> is_named(network.stops.size());
    for (const auto& transfer : network.transfers) is_named[transfer.from] = is_named[transfer.to] = true;
    std::vector<std::uint64_t> places(network.stations.size(), 1);
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        if (is_named[stop]) ++places[network.stops[stop].station];
    }
    std::vector<std::pair<Index, Index>> stations;
    for (const auto& transfer : network.transfers)
        stations.emplace_back(network.stops[transfer.from].station, network.stops[transfer.to].station);
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
        return fmt::format("transfers.txt tells so many platforms apart that there are {} ways between them; {} may be",
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

#include "search/interchanges.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace railbook::search {
namespace {

using timetable::kNone;
using timetable::NetworkData;
using Transfer = NetworkData::Transfer;
using Rule = Interchanges::Rule;

/// What one rule says, or two that speak equally.
struct Verdict {
    bool impossible = false;
    std::int32_t seconds = 0;
    bool at_least_usual = false;
};

Verdict verdict_of(const Transfer& transfer) {
    if (transfer.kind == Transfer::Kind::impossible) return {.impossible = true};
    if (transfer.seconds == Transfer::kUsual) return {.at_least_usual = true};
    return {.seconds = static_cast<std::int32_t>(transfer.seconds)};
}

/// The stricter of the two in everything.
Verdict both(const Verdict& left, const Verdict& right) {
    return {left.impossible || right.impossible, std::max(left.seconds, right.seconds),
            left.at_least_usual || right.at_least_usual};
}

/// What a rule can tell apart.
struct Place {
    Index stop = kNone;   // a platform that a rule names; kNone: the rest of the station
    Index trip = kNone;   // that a rule names at this station; kNone: any other
    Index route = kNone;  // the same
    auto operator<=>(const Place&) const = default;
};

/// Rules by the ends that they name, from one station to another. A stop that is kNone stands for the whole station.
using Rules = std::map<std::pair<Place, Place>, Verdict>;

/// The rule for a change from one place to another: the more exactly it names the two trains the more it counts, as the
/// reference of GTFS has it; then the more exactly it names the two stops.
std::optional<Verdict> judge(const Rules& rules, const Place& from, const Place& to) {
    if (rules.empty()) return std::nullopt;
    enum class By : std::uint8_t { trip, route, any };
    struct Trains {
        By from;
        By to;
        int rank;
    };
    static constexpr Trains kTrains[]{{By::trip, By::trip, 1},  {By::trip, By::route, 2},  {By::route, By::trip, 2},
                                      {By::trip, By::any, 3},   {By::any, By::trip, 3},    {By::route, By::route, 4},
                                      {By::route, By::any, 5},  {By::any, By::route, 5},   {By::any, By::any, 6}};
    struct Stops {
        bool from;
        bool to;
    };
    static constexpr Stops kStops[]{{true, true}, {true, false}, {false, true}, {false, false}};
    const auto is_named = [](const Place& place, By by) {
        return by == By::any || (by == By::trip ? place.trip : place.route) != kNone;
    };
    const auto named = [](const Place& place, By by, bool by_stop) {
        return Place{by_stop ? place.stop : kNone, by == By::trip ? place.trip : kNone,
                     by == By::route ? place.route : kNone};
    };
    std::optional<Verdict> found;
    std::pair<int, int> exactness{};  // of what was found: of the trains, of the stops
    for (const auto& trains : kTrains) {
        if (found && trains.rank > exactness.first) break;
        if (!is_named(from, trains.from) || !is_named(to, trains.to)) continue;
        for (const auto& stops : kStops) {
            const std::pair here{trains.rank, 2 - (stops.from ? 1 : 0) - (stops.to ? 1 : 0)};
            if (found && here > exactness) break;
            if ((stops.from && from.stop == kNone) || (stops.to && to.stop == kNone)) continue;
            const auto rule = rules.find({named(from, trains.from, stops.from), named(to, trains.to, stops.to)});
            if (rule == rules.end()) continue;
            found = found && here == exactness ? both(*found, rule->second) : rule->second;
            exactness = here;
        }
    }
    return found;
}

}  // namespace

Interchanges::Interchanges(const timetable::NetworkView& network) {
    const auto is_whole = [&](Index stop) {
        return network.stops[stop].id == network.stations[network.stops[stop].station].id;
    };
    // A platform that a rule names is a spot of its own. All others of its station are its first spot. Then come those
    // of trains that a rule names there.
    std::vector<bool> is_named(network.stops.size());
    std::set<std::pair<Index, Index>> trips;   // by station
    std::set<std::pair<Index, Index>> routes;  // by station
    const auto name = [&](Index stop, Index trip, Index route) {
        is_named[stop] = is_named[stop] || !is_whole(stop);
        if (trip != kNone) trips.emplace(network.stops[stop].station, trip);
        if (route != kNone) routes.emplace(network.stops[stop].station, route);
    };
    for (const auto& transfer : network.transfers) {
        for (const auto stop : {transfer.from, transfer.to}) name(stop, kNone, kNone);
    }
    for (const auto& each : network.train_transfers) {
        name(each.transfer.from, each.from_trip, each.from_route);
        name(each.transfer.to, each.to_trip, each.to_route);
    }
    const auto stop_named = [&](Index stop) { return is_named[stop] ? stop : kNone; };
    std::vector<std::map<Place, Index>> places(network.stations.size());
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        places[network.stops[stop].station].try_emplace({.stop = stop_named(stop)});
    }
    const auto each_call = [&](const auto& use) {
        for (Index trip = 0; trip < network.trips.size(); ++trip) {
            const auto route = network.trips[trip].route;
            for (const auto& call : network.calls(trip)) {
                const auto station = network.stops[call.stop].station;
                use(trip, station,
                    Place{stop_named(call.stop), trips.contains({station, trip}) ? trip : kNone,
                          routes.contains({station, route}) ? route : kNone});
            }
        }
    };
    if (!network.train_transfers.empty()) {
        each_call([&](Index, Index station, const Place& place) { places[station].try_emplace(place); });
    }
    std::vector<Place> place_of;  // by spot
    for (Index station = 0; station < network.stations.size(); ++station) {
        first_spot_.push_back(spot_count());
        places[station].try_emplace({});
        // kNone is the largest number, and the first spot shall be that of the rest.
        const auto add = [&](const Place& place, Index& spot) {
            spot = spot_count();
            station_of_.push_back(station);
            place_of.push_back(place);
        };
        add({}, places[station][{}]);
        for (auto& [place, spot] : places[station]) {
            if (place != Place{}) add(place, spot);
        }
    }
    first_spot_.push_back(spot_count());
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        spot_of_stop_.push_back(places[network.stops[stop].station].at({.stop = stop_named(stop)}));
    }
    if (!network.train_transfers.empty()) {
        each_call([&](Index trip, Index station, const Place& place) {
            if (first_call_.size() == trip) first_call_.push_back(static_cast<Index>(spot_of_call_.size()));
            spot_of_call_.push_back(places[station].at(place));
        });
    }

    std::map<std::pair<Index, Index>, Rules> rules;  // by stations
    const auto add_rule = [&](const Transfer& transfer, Place from, Place to) {
        if (!is_whole(transfer.from)) from.stop = transfer.from;
        if (!is_whole(transfer.to)) to.stop = transfer.to;
        const std::pair stations{network.stops[transfer.from].station, network.stops[transfer.to].station};
        const auto [known, is_new] = rules[stations].try_emplace({from, to}, verdict_of(transfer));
        if (!is_new) known->second = both(known->second, verdict_of(transfer));
    };
    for (const auto& transfer : network.transfers) add_rule(transfer, {}, {});
    for (const auto& each : network.train_transfers) {
        add_rule(each.transfer, {.trip = each.from_trip, .route = each.from_route},
                 {.trip = each.to_trip, .route = each.to_route});
    }
    std::vector<std::vector<Index>> targets(network.stations.size());  // those that a rule leads to
    for (const auto& [stations, ignored] : rules) targets[stations.first].push_back(stations.second);
    const Rules none;
    for (Index spot = 0; spot < spot_count(); ++spot) {
        first_rule_.push_back(static_cast<Index>(rules_.size()));
        bool walks = false;
        auto stations = targets[station_of_[spot]];
        stations.push_back(station_of_[spot]);
        std::ranges::sort(stations);
        const auto repeated = std::ranges::unique(stations);
        stations.erase(repeated.begin(), repeated.end());
        for (const auto station : stations) {
            const auto known = rules.find({station_of_[spot], station});
            for (auto to = first_spot_[station]; to < first_spot_[station + 1]; ++to) {
                auto verdict = judge(known == rules.end() ? none : known->second, place_of[spot], place_of[to]);
                if (!verdict && station == station_of_[spot]) verdict = Verdict{.at_least_usual = true};
                if (!verdict || verdict->impossible) continue;
                rules_.push_back({to, verdict->seconds, verdict->at_least_usual});
                walks = walks || to != spot;
            }
        }
        has_walks_.push_back(walks);
    }
    first_rule_.push_back(static_cast<Index>(rules_.size()));
}

ChangeTimes::ChangeTimes(const Interchanges& interchanges, std::int32_t usual)
    : interchanges_{&interchanges}, usual_{usual} {
    within_.assign(interchanges.spot_count(), kNever);
    for (Index spot = 0; spot < interchanges.spot_count(); ++spot) {
        first_walk_.push_back(static_cast<Index>(walks_.size()));
        for (const auto& rule : interchanges.rules_from(spot)) {
            const auto seconds = rule.at_least_usual ? std::max(rule.seconds, usual) : rule.seconds;
            if (rule.to == spot) within_[spot] = seconds;
            else walks_.push_back({rule.to, seconds});
        }
    }
    first_walk_.push_back(static_cast<Index>(walks_.size()));

    first_walk_back_.assign(interchanges.spot_count() + 1, 0);
    for (const auto& walk : walks_) ++first_walk_back_[walk.to + 1];
    std::partial_sum(first_walk_back_.begin(), first_walk_back_.end(), first_walk_back_.begin());
    walks_back_.resize(walks_.size());
    auto next = first_walk_back_;
    for (Index spot = 0; spot < interchanges.spot_count(); ++spot) {
        for (const auto& walk : walks_from(spot)) walks_back_[next[walk.to]++] = {spot, walk.seconds};
    }
}

}  // namespace railbook::search

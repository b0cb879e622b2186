#include "search/interchanges.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

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

}  // namespace

Interchanges::Interchanges(const timetable::NetworkView& network) {
    const auto is_whole = [&](Index stop) {
        return network.stops[stop].id == network.stations[network.stops[stop].station].id;
    };
    // A platform that a rule names is a spot of its own. All others of its station are its first spot.
    std::vector<bool> is_named(network.stops.size());
    for (const auto& transfer : network.transfers) {
        for (const auto stop : {transfer.from, transfer.to}) is_named[stop] = is_named[stop] || !is_whole(stop);
    }
    std::vector<std::vector<Index>> named(network.stations.size());
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        if (is_named[stop]) named[network.stops[stop].station].push_back(stop);
    }
    spot_of_stop_.resize(network.stops.size());
    for (Index station = 0; station < network.stations.size(); ++station) {
        first_spot_.push_back(spot_count());
        station_of_.push_back(station);
        for (const auto stop : named[station]) {
            spot_of_stop_[stop] = spot_count();
            station_of_.push_back(station);
        }
    }
    first_spot_.push_back(spot_count());
    for (Index stop = 0; stop < network.stops.size(); ++stop) {
        if (!is_named[stop]) spot_of_stop_[stop] = first_spot_[network.stops[stop].station];
    }

    // Rules by the ends that they name.
    struct Ends {
        Index from_station, to_station;
        Index from_spot, to_spot;  // kNone: the whole station
        auto operator<=>(const Ends&) const = default;
    };
    std::map<Ends, Verdict> rules;
    std::map<Index, std::vector<Index>> targets;  // by station: those that a rule leads to
    for (const auto& transfer : network.transfers) {
        const Ends ends{network.stops[transfer.from].station, network.stops[transfer.to].station,
                        is_whole(transfer.from) ? kNone : spot_of_stop_[transfer.from],
                        is_whole(transfer.to) ? kNone : spot_of_stop_[transfer.to]};
        const auto [known, is_new] = rules.try_emplace(ends, verdict_of(transfer));
        if (!is_new) known->second = both(known->second, verdict_of(transfer));
        targets[ends.from_station].push_back(ends.to_station);
    }
    // The more exactly a rule names the two ends, the more it counts.
    const auto judge = [&](Index from, Index to) -> std::optional<Verdict> {
        const Index from_station = station_of_[from];
        const Index to_station = station_of_[to];
        const auto find = [&](Index from_spot, Index to_spot) -> std::optional<Verdict> {
            const auto found = rules.find({from_station, to_station, from_spot, to_spot});
            return found == rules.end() ? std::nullopt : std::optional{found->second};
        };
        if (const auto exact = find(from, to)) return exact;
        const auto left = find(from, kNone);
        const auto right = find(kNone, to);
        if (left && right) return both(*left, *right);
        if (left || right) return left ? left : right;
        if (const auto whole = find(kNone, kNone)) return whole;
        if (from_station == to_station) return Verdict{.at_least_usual = true};
        return std::nullopt;
    };
    for (Index spot = 0; spot < spot_count(); ++spot) {
        first_rule_.push_back(static_cast<Index>(rules_.size()));
        bool walks = false;
        auto stations = targets[station_of_[spot]];
        stations.push_back(station_of_[spot]);
        std::ranges::sort(stations);
        const auto repeated = std::ranges::unique(stations);
        stations.erase(repeated.begin(), repeated.end());
        for (const auto station : stations) {
            for (auto to = first_spot_[station]; to < first_spot_[station + 1]; ++to) {
                const auto verdict = judge(spot, to);
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

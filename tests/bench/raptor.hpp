#pragma once
/// A rival for the search: RAPTOR and range RAPTOR as in the paper (Delling, Pajor, Werneck: Round-Based Public Transit
/// Routing, 2012), without tricks of its own. It answers by times only.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "search/finder.hpp"
#include "search/interchanges.hpp"

namespace railbook::search {

struct RaptorJourney {
    std::int64_t departure = 0;
    std::int64_t arrival = 0;
    int changes = 0;
    bool operator==(const RaptorJourney&) const = default;
};

/// Of networks without blocks and walks; changes usually take two minutes. Keeps the runs of all days that were asked
/// for.
class Raptor {
public:
    explicit Raptor(const Network& network) : network_{network}, interchanges_{network.data()} {}

    /// Every best (arrival, changes) of those that leave then or later; departures are not told.
    std::vector<RaptorJourney> first_arrivals(const Question& question) {
        lay_out(question.time, question.time + question.longest);
        clear(question.time + question.longest + 1);
        run(question, question.time, std::numeric_limits<std::int64_t>::max());
        std::vector<RaptorJourney> found;
        auto earliest = question.time + question.longest + 1;
        for (int round = 0; round <= question.most_changes; ++round) {
            const auto arrival = target_[static_cast<std::size_t>(round)];
            if (arrival >= earliest) continue;
            earliest = arrival;
            found.push_back({0, arrival, round});
        }
        return found;
    }

    /// Range RAPTOR: one departure after the other, the last first, on the labels of those before.
    std::vector<RaptorJourney> all_of_window(const Question& question) {
        const auto until = question.time + *question.window;
        lay_out(question.time, until + question.longest);
        clear(std::numeric_limits<std::int64_t>::max());
        std::vector<std::int64_t> departures;
        for (const auto& route : layout_->routes) {
            for (std::size_t call = 0; call + 1 < route.spots.size(); ++call) {
                if (interchanges_.station_of(route.spots[call]) != question.from || !route.boards[call]) continue;
                for (const auto& trip : route.trips) {
                    const auto time = trip.departures[call];
                    if (time >= question.time && time < until) departures.push_back(time);
                }
            }
        }
        std::ranges::sort(departures, std::greater<>{});
        const auto repeated = std::ranges::unique(departures);
        departures.erase(repeated.begin(), repeated.end());
        std::vector<RaptorJourney> found;
        for (const auto departure : departures) {
            const auto before = target_;
            run(question, departure, until);
            auto fewer = std::numeric_limits<std::int64_t>::max();
            for (std::size_t round = 0; round <= static_cast<std::size_t>(question.most_changes); ++round) {
                const auto arrival = target_[round];
                if (arrival < before[round] && arrival < fewer && arrival - departure <= question.longest) {
                    found.push_back({departure, arrival, static_cast<int>(round)});
                }
                fewer = std::min(fewer, arrival);
            }
        }
        return found;
    }

private:
    struct Trip {
        std::vector<std::int64_t> arrivals;
        std::vector<std::int64_t> departures;
    };
    /// Trips that call at the same spots in the same way and do not overtake each other, by time.
    struct Route {
        std::vector<Index> spots;
        std::vector<bool> boards;
        std::vector<bool> alights;
        std::vector<Trip> trips;
    };
    struct Visit {
        std::uint32_t route = 0;
        std::uint32_t call = 0;
    };

    void lay_out(std::int64_t from, std::int64_t to) {
        const auto first_day = from / 86'400;
        const auto last_day = to / 86'400;
        const auto [known, is_new] = layouts_.try_emplace({first_day, last_day});
        layout_ = &known->second;
        if (!is_new) return;
        auto& routes = layout_->routes;
        auto& visits = layout_->visits;
        std::map<std::tuple<std::vector<Index>, std::vector<bool>, std::vector<bool>>, std::vector<Trip>> patterns;
        for (Index trip = 0; trip < network_.data().trips.size(); ++trip) {
            const auto calls = network_.calls(trip);
            std::vector<Index> spots;
            std::vector<bool> boards;
            std::vector<bool> alights;
            for (Index i = 0; i < calls.size(); ++i) {
                spots.push_back(interchanges_.spot_of(trip, i, calls[i].stop));
                boards.push_back(calls[i].pick_up);
                alights.push_back(calls[i].drop_off);
            }
            for (std::uint32_t day = 0; day < network_.data().days; ++day) {
                if (!network_.runs_on(trip, day)) continue;
                const auto begin = network_.time_of(trip, day, 0).time_since_epoch().count() / 1000;
                if (begin + calls.back().arrival < first_day * 86'400) continue;
                if (begin + calls.front().departure >= (last_day + 1) * 86'400) continue;
                Trip times;
                for (const auto& call : calls) {
                    times.arrivals.push_back(begin + call.arrival);
                    times.departures.push_back(begin + call.departure);
                }
                patterns[{spots, boards, alights}].push_back(std::move(times));
            }
        }
        for (auto& [pattern, trips] : patterns) {
            std::ranges::sort(trips, {}, [](const Trip& trip) { return std::tie(trip.departures, trip.arrivals); });
            // Where a trip overtakes, it is of another route.
            std::vector<std::vector<Trip>> groups;
            for (auto& trip : trips) {
                const auto follows = [&](const std::vector<Trip>& group) {
                    for (std::size_t call = 0; call < trip.arrivals.size(); ++call) {
                        if (trip.arrivals[call] < group.back().arrivals[call]) return false;
                        if (trip.departures[call] < group.back().departures[call]) return false;
                    }
                    return true;
                };
                const auto group = std::ranges::find_if(groups, follows);
                if (group != groups.end()) group->push_back(std::move(trip));
                else groups.emplace_back().push_back(std::move(trip));
            }
            for (auto& group : groups) {
                const auto& [spots, boards, alights] = pattern;
                routes.push_back({spots, boards, alights, std::move(group)});
            }
        }
        visits.assign(interchanges_.spot_count(), {});
        for (std::uint32_t route = 0; route < routes.size(); ++route) {
            for (std::uint32_t call = 0; call < routes[route].spots.size(); ++call) {
                visits[routes[route].spots[call]].push_back({route, call});
            }
        }
    }

    void clear(std::int64_t never) {
        const auto spots = interchanges_.spot_count();
        best_.assign(kLanes + 1, std::vector<std::int64_t>(spots, never));
        target_.assign(kLanes, never);
    }

    /// One run of RAPTOR, of those that leave in [departure, until); labels that are there are as good as reached.
    void run(const Question& question, std::int64_t departure, std::int64_t until) {
        std::vector<Index> marked;
        std::vector<bool> is_marked(interchanges_.spot_count());
        for (auto spot = interchanges_.first_spot(question.from); spot < interchanges_.first_spot(question.from + 1);
             ++spot) {
            best_[0][spot] = departure;
            marked.push_back(spot);
        }
        for (std::size_t round = 0; round <= static_cast<std::size_t>(question.most_changes) && !marked.empty();
             ++round) {
            std::map<std::uint32_t, std::uint32_t> queue;  // by route: the first call at which it may be boarded
            for (const auto spot : marked) {
                for (const auto& visit : layout_->visits[spot]) {
                    const auto [entry, is_new] = queue.try_emplace(visit.route, visit.call);
                    if (!is_new) entry->second = std::min(entry->second, visit.call);
                }
            }
            marked.clear();
            is_marked.assign(is_marked.size(), false);
            for (const auto& [index, first] : queue) {
                const auto& route = layout_->routes[index];
                auto trip = route.trips.size();
                for (std::size_t call = first; call < route.spots.size(); ++call) {
                    const auto spot = route.spots[call];
                    if (trip < route.trips.size() && route.alights[call]) {
                        const auto arrival = route.trips[trip].arrivals[call];
                        if (interchanges_.station_of(spot) == question.to) {
                            for (auto more = round; more < kLanes && target_[more] > arrival; ++more) {
                                target_[more] = arrival;
                            }
                        }
                        const auto ready = arrival + times_.within(spot);
                        if (ready < best_[round + 1][spot] && arrival < target_[round]) {
                            for (auto more = round + 1; more <= kLanes && best_[more][spot] > ready; ++more) {
                                best_[more][spot] = ready;
                            }
                            if (!is_marked[spot]) marked.push_back(spot);
                            is_marked[spot] = true;
                        }
                    }
                    if (!route.boards[call] || call + 1 == route.spots.size()) continue;
                    const auto ready = best_[round][spot];
                    if (trip < route.trips.size() && route.trips[trip].departures[call] < ready) continue;
                    const auto end = route.trips.begin() + static_cast<std::ptrdiff_t>(trip);
                    const auto caught = std::partition_point(
                        route.trips.begin(), end, [&](const Trip& each) { return each.departures[call] < ready; });
                    const bool leaves_too_late =
                        round == 0 && caught != route.trips.end() && caught->departures[call] >= until;
                    if (!leaves_too_late) trip = static_cast<std::size_t>(caught - route.trips.begin());
                }
            }
        }
    }

    const Network& network_;
    Interchanges interchanges_;
    ChangeTimes times_{interchanges_, 120};
    struct Layout {
        std::vector<Route> routes;
        std::vector<std::vector<Visit>> visits;  // by spot
    };
    std::map<std::pair<std::int64_t, std::int64_t>, Layout> layouts_;  // by the first and the last day
    Layout* layout_ = nullptr;                                         // of the question
    std::vector<std::vector<std::int64_t>> best_;                      // by round and spot: when a train can be boarded
    std::vector<std::int64_t> target_;                                 // by round
};

}  // namespace railbook::search

#include "search/bounds.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

namespace railbook::search {

bool Bounds::may_reach(const Interchanges& interchanges, Index other_end, const Question& question) const {
    for (auto spot = interchanges.first_spot(other_end); spot < interchanges.first_spot(other_end + 1); ++spot) {
        if (rides[spot] <= question.most_changes + 1 && minutes[spot] * 60 <= question.longest) return true;
    }
    return false;
}

BoundStore::Graph BoundStore::graph_of(const std::vector<Link>& links, Index spots, Direction direction) {
    const auto turned = [direction](const Link& link) {
        return direction == kBack ? Link{link.edge.to, {link.from, link.edge.seconds}} : link;
    };
    std::vector<Index> first(spots + 1, 0);
    for (const auto& link : links) ++first[turned(link).from + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<Edge> edges(links.size());
    auto next = first;
    for (const auto& link : links) edges[next[turned(link).from]++] = turned(link).edge;

    // Of several edges to one spot the quickest.
    Graph graph;
    graph.first.push_back(0);
    std::vector<Index> place(spots, timetable::kNone);  // by spot: of the last edge to it
    for (Index spot = 0; spot < spots; ++spot) {
        for (const auto& edge : std::span{edges}.subspan(first[spot], first[spot + 1] - first[spot])) {
            auto& known = place[edge.to];
            if (known != timetable::kNone && known >= graph.first.back()) {
                graph.edges[known].seconds = std::min(graph.edges[known].seconds, edge.seconds);
            } else {
                known = static_cast<Index>(graph.edges.size());
                graph.edges.push_back(edge);
            }
        }
        graph.first.push_back(static_cast<Index>(graph.edges.size()));
    }
    return graph;
}

BoundStore::BoundStore(const Interchanges& interchanges, const Patterns& patterns, bool may_stay)
    : interchanges_{interchanges},
      patterns_{patterns},
      may_stay_{may_stay},
      kept_{std::numeric_limits<std::size_t>::max(), kWeightKept} {
    const auto spots = interchanges.spot_count();
    std::vector<Link> walks;
    for (Index spot = 0; spot < spots; ++spot) {
        for (const auto& rule : interchanges.rules_from(spot)) {
            if (rule.to != spot) walks.push_back({spot, {rule.to, rule.seconds}});
        }
    }
    auto rides = walks;
    for (Index station = 0; may_stay && station < interchanges.station_count(); ++station) {
        // Whoever stays on board need not walk from platform to platform.
        for (auto from = interchanges.first_spot(station); from < interchanges.first_spot(station + 1); ++from) {
            for (auto to = interchanges.first_spot(station); to < interchanges.first_spot(station + 1); ++to) {
                if (to != from) rides.push_back({from, {to, 0}});
            }
        }
    }
    first_visit_.assign(spots + 1, 0);
    for (Index pattern = 0; pattern < patterns.count(); ++pattern) {
        const auto calls = patterns.calls(pattern);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            ++first_visit_[calls[i].spot + 1];
            if (i + 1 < calls.size()) rides.push_back({calls[i].spot, {calls[i + 1].spot, calls[i].to_next}});
        }
    }
    std::partial_sum(first_visit_.begin(), first_visit_.end(), first_visit_.begin());
    visits_.resize(first_visit_.back());
    auto next = first_visit_;
    for (Index pattern = 0; pattern < patterns.count(); ++pattern) {
        Index call = 0;
        for (const auto& each : patterns.calls(pattern)) visits_[next[each.spot]++] = {pattern, call++};
    }
    for (const auto direction : {kForth, kBack}) {
        rides_[direction] = graph_of(rides, spots, direction);
        walks_[direction] = graph_of(walks, spots, direction);
    }
}

std::shared_ptr<const Bounds> BoundStore::get(Index station, Direction direction) {
    const auto key = std::uint64_t{station} * 2 + direction;
    if (auto known = kept_.find(key)) return known;
    return kept_.keep(key, make(station, direction), interchanges_.spot_count() * std::size_t{4});
}

std::shared_ptr<const Bounds> BoundStore::make(Index station, Direction direction) const {
    auto bounds = std::make_shared<Bounds>();
    find_minutes(*bounds, station, direction);
    find_rides(*bounds, station, direction);
    return bounds;
}

void BoundStore::find_minutes(Bounds& bounds, Index station, Direction direction) const {
    const auto& graph = rides_[direction];
    const auto spots = interchanges_.spot_count();
    std::vector<std::int32_t> seconds(spots, ChangeTimes::kNever);
    using Reached = std::pair<std::int32_t, Index>;
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> next;
    for (auto spot = interchanges_.first_spot(station); spot < interchanges_.first_spot(station + 1); ++spot) {
        seconds[spot] = 0;
        next.emplace(0, spot);
    }
    while (!next.empty()) {
        const auto [reached, spot] = next.top();
        next.pop();
        if (reached > seconds[spot]) continue;
        for (const auto& edge : graph.of(spot)) {
            const auto there = reached + edge.seconds;
            if (there >= seconds[edge.to]) continue;
            seconds[edge.to] = there;
            next.emplace(there, edge.to);
        }
    }
    bounds.minutes.resize(spots);
    for (Index spot = 0; spot < spots; ++spot) {
        // What does not fit is so far that no journey may last as long.
        bounds.minutes[spot] = static_cast<std::uint16_t>(std::min<std::int32_t>(seconds[spot] / 60, Bounds::kNoWay));
    }
}

void BoundStore::find_rides(Bounds& bounds, Index station, Direction direction) const {
    auto& rides = bounds.rides;
    rides.assign(interchanges_.spot_count(), Bounds::kNoRides);
    bounds.changes.assign(interchanges_.spot_count(), may_stay_ ? 0 : Bounds::kNoRides);
    std::vector<Index> reached;
    for (auto spot = interchanges_.first_spot(station); spot < interchanges_.first_spot(station + 1); ++spot) {
        rides[spot] = 0;
        reached.push_back(spot);
    }
    if (may_stay_) {
        for (Index spot = 0; spot < interchanges_.spot_count(); ++spot) {
            if (rides[spot] != 0 && bounds.minutes[spot] != Bounds::kNoWay) rides[spot] = 1;
        }
        return;
    }
    // On foot nobody gets to the station itself: that takes another ride.
    std::vector<Index> before;
    for (const auto spot : reached) {
        for (const auto& walk : walks_[direction].of(spot)) {
            if (rides[walk.to] <= 1) continue;
            rides[walk.to] = 1;
            before.push_back(walk.to);
        }
    }
    // Of each pattern, the calls that were looked at: in one direction from its end, in the other from its beginning.
    std::vector<Index> looked_at(patterns_.count(), 0);
    const auto leaves = direction == kBack ? Patterns::Call::kAlights : Patterns::Call::kBoards;
    const auto enters = direction == kBack ? Patterns::Call::kBoards : Patterns::Call::kAlights;
    for (std::uint8_t count = 1; count < Bounds::kNoRides && !reached.empty(); ++count) {
        const auto add = [&](Index spot) {
            if (rides[spot] <= count) return;
            rides[spot] = count;
            before.push_back(spot);
        };
        for (const auto spot : reached) {
            for (auto visit = first_visit_[spot]; visit < first_visit_[spot + 1]; ++visit) {
                const auto [pattern, call] = visits_[visit];
                const auto calls = patterns_.calls(pattern);
                if (!(calls[call].flags & leaves)) continue;
                const auto length = static_cast<Index>(calls.size());
                auto& done = looked_at[pattern];
                const auto until = direction == kBack ? call : length - 1 - call;
                for (; done < until; ++done) {
                    const auto& other = calls[direction == kBack ? done : length - 1 - done];
                    auto& changes = bounds.changes[other.spot];
                    changes = std::min(changes, static_cast<std::uint8_t>(count - 1));
                    if (other.flags & enters) add(other.spot);
                }
            }
        }
        for (std::size_t i = 0; i < before.size(); ++i) {
            for (const auto& walk : walks_[direction].of(before[i])) add(walk.to);
        }
        reached = std::exchange(before, {});
    }
    // Whoever boards there changes to that train.
    for (Index spot = 0; spot < rides.size(); ++spot) {
        bounds.changes[spot] = std::min(bounds.changes[spot], rides[spot]);
    }
}

}  // namespace railbook::search

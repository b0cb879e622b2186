#include "search/lines.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace railbook::search {
namespace {

using timetable::kNone;
using Call = Patterns::Call;
using Event = Timeline::Event;

void index_visits(Timeline& timeline, Index spot_count) {
    timeline.first_visit.assign(spot_count + 1, 0);
    const auto each_visit = [&](const auto& use) {
        for (std::uint32_t index = 0; index < timeline.lines.size(); ++index) {
            const auto& line = timeline.lines[index];
            for (std::uint32_t call = 0; call + 1 < line.call_count; ++call) {
                const auto& visited = timeline.calls[line.first_call + call];
                if (visited.flags & Call::kBoards) use(visited.spot, Timeline::Visit{index, call});
            }
        }
    };
    each_visit([&](Index spot, const auto&) { ++timeline.first_visit[spot + 1]; });
    std::partial_sum(timeline.first_visit.begin(), timeline.first_visit.end(), timeline.first_visit.begin());
    timeline.visits.resize(timeline.first_visit.back());
    auto next = timeline.first_visit;
    each_visit([&](Index spot, const Timeline::Visit& visit) { timeline.visits[next[spot]++] = visit; });
}

/// Sorted pairs of lines as lists of each line.
void index_stays(Timeline& timeline, std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs) {
    std::ranges::sort(pairs);
    for (const auto& [from, to] : pairs) {
        auto& line = timeline.lines[from];
        if (line.stay_count++ == 0) line.first_stay = static_cast<std::uint32_t>(timeline.stays.size());
        timeline.stays.push_back(to);
    }
}

Timeline turned(const Timeline& along, const std::vector<bool>& is_walked_to) {
    Timeline against;
    against.lines = along.lines;
    against.calls.reserve(along.calls.size());
    against.events.reserve(along.events.size());
    for (auto& line : against.lines) {
        line.stay_count = 0;
        const auto calls = std::span{along.calls}.subspan(line.first_call, line.call_count);
        for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
            auto& turned = against.calls.emplace_back();
            turned.spot = call->spot;
            if (call->flags & Call::kAlights) turned.flags |= Call::kBoards;
            if (call->flags & Call::kBoards) turned.flags |= Call::kAlights;
            if (is_walked_to[call->spot]) turned.flags |= Call::kWalks;
        }
        const auto events =
            std::span{along.events}.subspan(line.first_event, std::size_t{line.run_count} * line.call_count);
        for (auto event = events.rbegin(); event != events.rend(); ++event) {
            against.events.push_back({-event->departure, -event->arrival});
        }
    }
    return against;
}

}  // namespace

Patterns::Call Patterns::call_of(const Interchanges& interchanges, const Days& days, Index trip, Index position,
                                 const timetable::NetworkData::Call& call) {
    Call made{.spot = interchanges.spot_of(trip, position, call.stop), .to_next = ChangeTimes::kNever};
    if (days.may_board(call)) made.flags |= Call::kBoards;
    if (days.may_alight(call)) made.flags |= Call::kAlights;
    if (interchanges.has_walks(made.spot)) made.flags |= Call::kWalks;
    return made;
}

std::uint64_t Patterns::hash_with(std::uint64_t before, const Call& call) {
    const auto hash = (before ^ (std::uint64_t{call.spot} << 8 | call.flags)) * 0x9E37'79B9'7F4A'7C15U;
    return hash ^ hash >> 29;
}

std::size_t Patterns::count_on(std::uint32_t day, const Network& network, const Interchanges& interchanges,
                               const Days& days) {
    std::unordered_set<std::uint64_t> patterns;
    for (Index trip = 0; trip < network.data().trips.size(); ++trip) {
        if (!days.is_wanted(trip) || !network.runs_on(trip, day)) continue;
        std::uint64_t hash = 0;
        Index position = 0;
        for (const auto& call : network.calls(trip)) {
            hash = hash_with(hash, call_of(interchanges, days, trip, position++, call));
        }
        patterns.insert(hash);
    }
    return patterns.size();
}

Patterns::Patterns(const Network& network, const Interchanges& interchanges, const Days& days) {
    const auto trips = static_cast<Index>(network.data().trips.size());
    of_trip_.assign(trips, kNone);
    first_call_.push_back(0);
    std::unordered_multimap<std::uint64_t, Index> known;  // by the hash of its calls
    std::vector<Call> own;
    // The network has patterns of its own, which also tell platforms and distances apart.
    std::vector<Index> of_network(network.data().pattern_count(), kNone);
    const auto take_times = [&](Index trip) {
        const auto calls = network.calls(trip);
        const auto made = std::span{calls_}.subspan(first_call_[of_trip_[trip]], calls.size());
        for (std::size_t i = 0; i + 1 < calls.size(); ++i) {
            made[i].to_next = std::min(made[i].to_next, std::max(0, calls[i + 1].arrival - calls[i].departure));
        }
    };
    const auto has_own_calls = [&](const auto& each) {
        return std::ranges::equal(calls(each.second), own, [](const Call& one, const Call& other) {
            return one.spot == other.spot && one.flags == other.flags;
        });
    };
    for (Index trip = 0; trip < trips; ++trip) {
        if (!days.is_wanted(trip)) continue;
        auto& of_same = of_network[network.data().trips.stored(trip).pattern];
        if (of_same != kNone && !interchanges.tells_trains_apart()) {
            of_trip_[trip] = of_same;
            take_times(trip);
            continue;
        }
        const auto calls_of_trip = network.calls(trip);
        own.clear();
        std::uint64_t hash = 0;
        for (Index i = 0; i < calls_of_trip.size(); ++i) {
            own.push_back(call_of(interchanges, days, trip, i, calls_of_trip[i]));
            hash = hash_with(hash, own.back());
        }
        const auto [first, last] = known.equal_range(hash);
        const auto same = std::find_if(first, last, has_own_calls);
        of_trip_[trip] = of_same = same == last ? count() : same->second;
        if (same == last) {
            known.emplace(hash, count());
            calls_.insert(calls_.end(), own.begin(), own.end());
            first_call_.push_back(static_cast<Index>(calls_.size()));
        }
        take_times(trip);
    }
}

LineStore::LineStore(const Network& network, const Interchanges& interchanges, const Days& days,
                     const Patterns& patterns)
    : network_{network},
      days_{days},
      patterns_{patterns},
      spot_count_{interchanges.spot_count()},
      is_walked_to_(interchanges.spot_count()) {
    for (Index spot = 0; spot < spot_count_; ++spot) {
        for (const auto& rule : interchanges.rules_from(spot)) {
            if (rule.to != spot) is_walked_to_[rule.to] = true;
        }
    }
}

std::shared_ptr<const Lines> LineStore::get(std::int64_t first, std::int64_t last) {
    const auto key = first * 1024 + (last - first);
    if (auto known = kept_.find(key)) return known;
    auto made = make(first, last);
    const auto weight = made->along.events.size();
    return kept_.keep(key, std::move(made), weight);
}

std::shared_ptr<const Lines> LineStore::make(std::int64_t first, std::int64_t last) const {
    auto lines = std::make_shared<Lines>();
    lines->begins = first * Days::kSeconds;
    const auto ends = (last + 1) * Days::kSeconds;
    auto runs = days_.runs_in(lines->begins, ends);
    const auto stays = days_.stays_in(lines->begins, ends);
    // Of two runs that others continue it matters which one was boarded: each is a line of its own.
    std::map<std::pair<Index, std::uint32_t>, std::uint32_t> line_of;  // by trip and day
    for (const auto& [from, to] : stays) {
        line_of.emplace(std::pair{from.trip, from.day}, kNone);
        line_of.emplace(std::pair{to.trip, to.day}, kNone);
    }

    struct Placed {
        Index pattern;
        std::int32_t begins;
        std::int32_t departs;
        std::uint32_t run;
    };
    std::vector<Placed> placed;
    placed.reserve(runs.size());
    for (std::uint32_t run = 0; run < runs.size(); ++run) {
        const auto& each = runs[run];
        const auto begins = std::chrono::floor<std::chrono::seconds>(network_.time_of(each.trip, each.day, each.shift))
                                .time_since_epoch()
                                .count() -
                            lines->begins;
        placed.push_back({patterns_.of(each.trip), static_cast<std::int32_t>(begins),
                          static_cast<std::int32_t>(begins) + network_.calls(each.trip).front().departure, run});
    }
    std::ranges::sort(placed, {}, [&](const Placed& each) {
        return std::tuple{each.pattern, each.departs, each.begins + network_.calls(runs[each.run].trip).back().arrival,
                          each.run};
    });

    struct Group {
        std::vector<const Placed*> members;
        bool is_alone = false;
    };
    std::vector<Group> groups;
    auto& along = lines->along;
    const auto add = [&](const Group& group) {
        const auto calls = patterns_.calls(group.members.front()->pattern);
        Line line{.first_call = static_cast<std::uint32_t>(along.calls.size()),
                  .call_count = static_cast<std::uint32_t>(calls.size()),
                  .first_event = static_cast<std::uint32_t>(along.events.size()),
                  .run_count = static_cast<std::uint32_t>(group.members.size())};
        along.calls.insert(along.calls.end(), calls.begin(), calls.end());
        lines->first_run.push_back(static_cast<std::uint32_t>(lines->runs.size()));
        for (const auto* member : group.members) {
            const auto& run = runs[member->run];
            for (const auto& call : network_.calls(run.trip)) {
                along.events.push_back({member->begins + call.arrival, member->begins + call.departure});
            }
            lines->runs.push_back(run);
            if (!group.is_alone) continue;
            line_of[{run.trip, run.day}] = static_cast<std::uint32_t>(along.lines.size());
        }
        along.lines.push_back(line);
    };
    for (std::size_t begin = 0, end = 0; begin < placed.size(); begin = end) {
        groups.clear();
        for (; end < placed.size() && placed[end].pattern == placed[begin].pattern; ++end) {
            const auto& next = placed[end];
            const auto& run = runs[next.run];
            if (!line_of.empty() && !run.start && line_of.contains({run.trip, run.day})) {
                groups.push_back({{&next}, true});
                continue;
            }
            const auto calls = network_.calls(run.trip);
            const auto follows = [&](const Group& group) {
                if (group.is_alone) return false;
                const auto& before = *group.members.back();
                const auto calls_before = network_.calls(runs[before.run].trip);
                for (std::size_t i = 0; i < calls.size(); ++i) {
                    if (next.begins + calls[i].arrival < before.begins + calls_before[i].arrival ||
                        next.begins + calls[i].departure < before.begins + calls_before[i].departure) {
                        return false;
                    }
                }
                return true;
            };
            const auto group = std::ranges::find_if(groups, follows);
            if (group != groups.end()) group->members.push_back(&next);
            else groups.push_back({{&next}, false});
        }
        for (const auto& group : groups) add(group);
    }

    lines->against = turned(along, is_walked_to_);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (const auto& [from, to] : stays) {
        const auto first_line = line_of.at({from.trip, from.day});
        const auto second_line = line_of.at({to.trip, to.day});
        if (first_line != kNone && second_line != kNone) pairs.emplace_back(first_line, second_line);
    }
    index_stays(along, pairs);
    for (auto& [from, to] : pairs) std::swap(from, to);
    index_stays(lines->against, std::move(pairs));
    index_visits(along, spot_count_);
    index_visits(lines->against, spot_count_);
    return lines;
}

}  // namespace railbook::search

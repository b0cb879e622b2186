#include "search/scan.hpp"

#include <limits>
#include <tuple>

#include "search/backward_pass.hpp"
#include "search/forward_pass.hpp"
#include "search/profile_pass.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {
namespace {

constexpr auto kAnyTime = std::numeric_limits<std::int32_t>::max();

/// The first train from there in [from, until); nothing where there is none.
std::optional<std::int32_t> first_departure(Stretch& stretch, const Targets::Spots& spots, std::int32_t from,
                                            std::int32_t until) {
    until = std::min(until, stretch.to());
    for (auto index = stretch.day_of(from); index < stretch.day_count() && Stretch::offset(index) < until; ++index) {
        const auto& day = stretch.day(index);
        auto first = until;
        for (auto spot = spots.first; spot < spots.first + spots.count; ++spot) {
            const auto positions = day.boardings.of(spot);
            const auto departure = [&](std::uint32_t at) {
                return day.connections[at].departure + Stretch::offset(index);
            };
            const auto found = std::ranges::lower_bound(positions, from, {}, departure);
            if (found != positions.end()) first = std::min(first, departure(*found));
        }
        if (first < until) return first;
    }
    return std::nullopt;
}

/// The last one.
std::optional<std::int32_t> last_departure(Stretch& stretch, const Targets::Spots& spots, std::int32_t from,
                                           std::int32_t until) {
    until = std::min(until, stretch.to());
    for (auto index = std::min(stretch.day_of(until) + 1, stretch.day_count()); index-- > stretch.day_of(from);) {
        const auto& day = stretch.day(index);
        auto last = from - 1;
        for (auto spot = spots.first; spot < spots.first + spots.count; ++spot) {
            const auto positions = day.boardings.of(spot);
            const auto departure = [&](std::uint32_t at) {
                return day.connections[at].departure + Stretch::offset(index);
            };
            const auto behind = std::ranges::lower_bound(positions, until, {}, departure);
            if (behind != positions.begin()) last = std::max(last, departure(*std::prev(behind)));
        }
        if (last >= from) return last;
    }
    return std::nullopt;
}

/// When the last train leaves for there, of those that leave at `from` or later and arrive at `by` at the latest;
/// nothing where there is none.
std::optional<std::int32_t> last_arriving(Stretch& stretch, const Targets::Spots& spots, std::int32_t from,
                                          std::int32_t by) {
    for (auto index = std::min(stretch.day_of(by) + 1, stretch.day_count()); index-- > stretch.day_of(from);) {
        const auto& day = stretch.day(index);
        auto last = from - 1;
        for (auto spot = spots.first; spot < spots.first + spots.count; ++spot) {
            const auto positions = day.alightings.of(spot);
            for (auto at = positions.rbegin(); at != positions.rend(); ++at) {
                const auto& connection = day.connections[*at];
                const auto departure = connection.departure + Stretch::offset(index);
                if (departure <= last) break;
                if (connection.arrival + Stretch::offset(index) <= by && departure < stretch.to()) last = departure;
            }
        }
        if (last >= from) return last;
    }
    return std::nullopt;
}

}  // namespace

struct ConnectionScan::Work {
    std::optional<ChangeTimes> times;
    Stretch stretch;
    ForwardLabels forward;
    BackwardLabels backward;
    ProfileLabels profile;
    bool has_bounds = true;
};

LaneKernel fastest_lane_kernel() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return LaneKernel::avx2;
#endif
    return LaneKernel::plain;
}

ConnectionScan::ConnectionScan(const Network& network, const Allowed& allowed, LaneKernel kernel)
    : network_{network},
      interchanges_{network.data()},
      days_{network, interchanges_, allowed},
      no_bounds_{std::make_shared<Bounds>(Bounds::that_bound_nothing(interchanges_.spot_count()))},
      rides_all_{allowed.is_everything()},
      kernel_{kernel} {}

ConnectionScan::~ConnectionScan() = default;

ConnectionScan::Outlook& ConnectionScan::outlook() {
    std::call_once(outlook_made_, [&] {
        was_asked_ = true;  // the bounds cost little more
        outlook_.emplace(Patterns{network_, interchanges_, days_}, interchanges_, days_.may_ever_stay());
    });
    return *outlook_;
}

std::shared_ptr<const Bounds> ConnectionScan::bounds_to(Index station, const Work& work) {
    return work.has_bounds ? bounds().to(station) : no_bounds_;
}

std::shared_ptr<const Bounds> ConnectionScan::bounds_from(Index station, const Work& work) {
    return work.has_bounds ? bounds().from(station) : no_bounds_;
}

bool ConnectionScan::begin(Work& work, std::int64_t from, std::int64_t until) {
    const auto seconds = [](Timestamp time) {
        return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    };
    from = std::max(from, seconds(network_.begins()));
    until = std::min(until, seconds(network_.ends()) + 1);
    if (from >= until) return false;
    work.stretch.begin(days_, from, until);
    return true;
}

bool ConnectionScan::is_direct(const Question& question) const {
    return question.most_changes == 0 && question.via.empty() && rides_all_ && !days_.may_ever_stay();
}

std::vector<FoundJourney> ConnectionScan::find(const Question& question) {
    if (is_direct(question)) return direct(question);
    auto work = idle_.take();
    // To make the bounds takes longer than to answer one question without them: who asks but once need not wait.
    work->has_bounds = was_asked_.exchange(true);
    // For one moment no others are needed.
    if (!bounds_to(question.to, *work)->may_reach(interchanges_, question.from, question)) {
        idle_.give_back(std::move(work));
        return {};
    }
    if (!work->times || work->times->usual() != question.usual_change) {
        work->times.emplace(interchanges_, question.usual_change);
    }
    const bool leaves = question.end == End::departure;
    auto found = question.window ? leaves ? in_departure_window(question, *work) : in_arrival_window(question, *work)
                 : leaves ? by_departure(question, *work)
                                 : by_arrival(question, *work);
    std::ranges::sort(found, {}, [](const FoundJourney& journey) {
        return std::tuple{journey.departure(), journey.arrival(), journey.changes};
    });
    work->stretch.end();
    idle_.give_back(std::move(work));
    return found;
}

bool ConnectionScan::may_stay(const RunIndex& first, const RunIndex& second) { return days_.may_stay(first, second); }

std::optional<std::int32_t> ConnectionScan::least_change(Index from_station, Index to_station) {
    std::optional<std::int32_t> least;
    const auto last = interchanges_.first_spot(from_station + 1);
    for (auto spot = interchanges_.first_spot(from_station); spot < last; ++spot) {
        for (const auto& rule : interchanges_.rules_from(spot)) {
            if (interchanges_.station_of(rule.to) == to_station && (!least || rule.seconds < *least))
                least = rule.seconds;
        }
    }
    return least;
}

std::vector<FoundJourney> ConnectionScan::direct(const Question& question) const {
    const auto at = [](std::int64_t seconds) { return Timestamp{std::chrono::seconds{seconds}}; };
    const bool leaves = question.end == End::departure;
    // Seconds are whole: a window (from, to] is [from + 1, to + 1).
    const std::int64_t length = question.window ? *question.window : question.longest + 1;
    const auto first = leaves ? question.time : question.time - length + 1;
    auto rides = direct_rides(network_, question.from, question.to, question.end, {at(first), at(first + length)});
    std::erase_if(rides, [&](const Ride& ride) {
        if (ride.arrival - ride.departure > std::chrono::seconds{question.longest}) return true;
        if (question.window) return false;
        return leaves ? ride.arrival > at(question.time + question.longest)
                      : ride.departure < at(question.time - question.longest);
    });
    // The last to leave first, and of those the first to arrive: what then arrives earlier is better in that.
    std::ranges::sort(rides, [](const Ride& left, const Ride& right) {
        return left.departure != right.departure ? left.departure > right.departure : left.arrival < right.arrival;
    });
    std::vector<FoundJourney> found;
    for (const auto& ride : rides) {
        if (found.empty() || ride.arrival < found.back().arrival()) found.push_back({.rides = {ride}});
    }
    if (!question.window && !found.empty()) found = {leaves ? found.back() : found.front()};
    std::ranges::reverse(found);
    return found;
}

std::optional<ConnectionScan::Trains> ConnectionScan::trains(Work& work, const Targets& targets, std::int32_t from,
                                                             std::int32_t until, std::int32_t by) {
    auto& stretch = work.stretch;
    const auto first = first_departure(stretch, targets.from, from, until);
    if (!first) return std::nullopt;
    // To lay out days only for this would cost more than it saves.
    if (stretch.day_count() > 3) return Trains{*first, by};
    const auto last = last_arriving(stretch, targets.to, *first, by);
    if (!last) return std::nullopt;
    return Trains{*first, *last};
}

std::vector<FoundJourney> ConnectionScan::by_departure(const Question& question, Work& work) {
    auto& stretch = work.stretch;
    if (!begin(work, question.time, question.time + question.longest + 1)) return {};
    const Targets targets{interchanges_, question};
    const auto by = stretch.relative(question.time + question.longest);
    const auto trains = this->trains(work, targets, stretch.from(), kAnyTime, by);
    if (!trains) return {};
    const auto to = bounds_to(question.to, work);
    ForwardPass forward{*work.times, targets, stretch, work.forward, *to};
    const auto arrivals = forward.run(trains->first, kAnyTime, trains->last, by, question.most_changes);
    // Of the journeys that arrive then, the last to leave.
    BackwardPass backward{network_, *work.times, targets, stretch, work.backward};
    std::vector<FoundJourney> found;
    auto earliest = kNever;
    for (int changes = 0; changes <= question.most_changes; ++changes) {
        const auto arrival = arrivals[static_cast<std::size_t>(changes)];
        if (arrival >= earliest) continue;
        earliest = arrival;
        found.push_back(backward.journey(backward.run(trains->first, arrival, changes, work.forward).front()));
    }
    return found;
}

std::vector<FoundJourney> ConnectionScan::by_arrival(const Question& question, Work& work) {
    auto& stretch = work.stretch;
    if (!begin(work, question.time - question.longest, question.time + 1)) return {};
    const Targets targets{interchanges_, question};
    const auto by = stretch.relative(question.time);
    const auto trains = this->trains(work, targets, stretch.from(), kAnyTime, by);
    if (!trains) return {};
    BackwardPass backward{network_, *work.times, targets, stretch, work.backward};
    const auto starts = backward.run(trains->first, by, question.most_changes);
    // Of the journeys that leave then, the first to arrive.
    const auto to = bounds_to(question.to, work);
    ForwardPass forward{*work.times, targets, stretch, work.forward, *to};
    std::vector<FoundJourney> found;
    for (const auto& start : starts) {
        const int changes = start.boarding.changes;
        const auto arrivals = forward.run(start.departure, kAnyTime, trains->last, by, changes);
        const auto arrival = arrivals[static_cast<std::size_t>(changes)];
        found.push_back(backward.journey(backward.run(start.departure, arrival, changes, work.forward).front()));
    }
    return found;
}

std::vector<FoundJourney> ConnectionScan::in_departure_window(const Question& question, Work& work) {
    auto& stretch = work.stretch;
    if (!begin(work, question.time, question.time + *question.window + question.longest)) return {};
    const Targets targets{interchanges_, question};
    const auto until = stretch.relative(question.time + *question.window);
    const auto trains = this->trains(work, targets, stretch.from(), until, until + question.longest);
    if (!trains) return {};
    const auto last = *last_departure(stretch, targets.from, trains->first, std::min(until, trains->last + 1));
    // What arrives later than those who leave last is not worth looking at.
    const auto to = bounds_to(question.to, work);
    ForwardPass forward{*work.times, targets, stretch, work.forward, *to};
    auto bound = forward.run(last, until, trains->last, last + question.longest, question.most_changes);
    for (auto& lane : bound) lane = std::min(lane, last + question.longest) + 1;
    const auto from = bounds_from(question.from, work);
    ProfilePass profile{network_, *work.times, targets, stretch, work.profile, *from, kernel_};
    return profile.run({trains->first, until, -kNever, kNever, question.longest, trains->last}, bound,
                       question.most_changes);
}

std::vector<FoundJourney> ConnectionScan::in_arrival_window(const Question& question, Work& work) {
    auto& stretch = work.stretch;
    const auto first = question.time - *question.window;
    if (!begin(work, first - question.longest + 1, question.time + 1)) return {};
    const Targets targets{interchanges_, question};
    const auto by = stretch.relative(question.time);
    const auto trains = this->trains(work, targets, stretch.from(), kAnyTime, by);
    if (!trains) return {};
    Lanes bound;
    bound.fill(kNever);
    const auto from = bounds_from(question.from, work);
    ProfilePass profile{network_, *work.times, targets, stretch, work.profile, *from, kernel_};
    return profile.run({trains->first, kNever, stretch.relative(first) + 1, by + 1, question.longest, trains->last},
                       bound, question.most_changes);
}

}  // namespace railbook::search

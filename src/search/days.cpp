#include "search/days.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace railbook::search {
namespace {

using timetable::kNone;

std::int64_t seconds_of(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// Positions of the connections of a day by departure; those of one departure as they stand.
std::vector<std::uint32_t> by_departure(const std::vector<Connection>& connections) {
    constexpr std::int32_t kMinute = 60;
    const auto minute_of = [](const Connection& each) { return static_cast<std::size_t>(each.departure / kMinute); };
    std::vector<std::uint32_t> next(Days::kSeconds / kMinute + 1, 0);
    for (const auto& each : connections) ++next[minute_of(each) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<std::uint32_t> positions(connections.size());
    for (std::uint32_t at = 0; at < connections.size(); ++at) positions[next[minute_of(connections[at])]++] = at;
    // Few timetables know seconds. By now each entry is where its minute ends.
    const auto key = [&](std::uint32_t at) { return std::pair{connections[at].departure, at}; };
    std::uint32_t first = 0;
    for (const auto last : std::span{next}.first(next.size() - 1)) {
        const auto minute = std::span{positions}.subspan(first, last - first);
        if (!std::ranges::is_sorted(minute, {}, key)) std::ranges::sort(minute, {}, key);
        first = last;
    }
    return positions;
}

std::span<const Continued> equal_range(const std::vector<Continued>& all, std::uint32_t run,
                                       std::uint32_t Continued::* member) {
    const auto found = std::ranges::equal_range(all, run, {}, member);
    return {found.begin(), found.end()};
}

}  // namespace

std::span<const Continued> Day::onward_from(std::uint32_t run) const {
    return equal_range(onward, run, &Continued::from);
}

std::span<const Continued> Day::carried_to(std::uint32_t run) const {
    return equal_range(carried, run, &Continued::to);
}

std::uint32_t Day::first_from(std::int32_t seconds) const {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(connections, seconds, {}, &Connection::departure) -
                                      connections.begin());
}

Days::Days(const Network& network, const Interchanges& interchanges, const Allowed& allowed)
    : network_{network}, interchanges_{interchanges} {
    const auto& data = network.data();
    const auto trips = static_cast<Index>(data.trips.size());
    is_wanted_.assign(trips, true);
    for (Index stop = 0; stop < data.stops.size(); ++stop) is_usable_.push_back(!allowed.stops || allowed.stops(stop));
    std::vector<std::uint32_t> runs_of_service(data.services.size() / data.words_per_service());
    std::map<Index, Index> trip_of_zone;
    auto last_zone = kNone;  // of the trip before
    std::map<Index, std::vector<Index>> blocks;
    const auto station_of = [&](const timetable::NetworkData::Call& call) { return data.stops[call.stop].station; };
    for (Index trip = 0; trip < trips; ++trip) {
        is_wanted_[trip] = !allowed.trips || allowed.trips(trip);
        const auto& record = data.trips.stored(trip);
        const auto starts = network.starts(trip);
        // A vehicle also runs as the trains that nobody wants.
        if (record.block != kNone && starts.empty()) blocks[record.block].push_back(trip);
        if (!is_wanted_[trip]) continue;
        runs_of_service[record.service] += static_cast<std::uint32_t>(std::max<std::size_t>(1, starts.size()));
        if (record.zone != last_zone) trip_of_zone.emplace(last_zone = record.zone, trip);
        const auto calls = network.calls(trip);
        const auto last = calls.back().arrival;
        longest_ = std::max(longest_, starts.empty() ? last : starts.back() + last - calls.front().departure);
    }
    for (std::uint32_t day = 0; day < data.days; ++day) {
        earliest_.push_back(std::numeric_limits<std::int64_t>::max());
        latest_.push_back(std::numeric_limits<std::int64_t>::min());
        for (const auto& [zone, trip] : trip_of_zone) {
            const auto start = seconds_of(network.time_of(trip, day, 0));
            earliest_.back() = std::min(earliest_.back(), start);
            latest_.back() = std::max(latest_.back(), start);
        }
    }
    std::vector<std::uint32_t> runs_of_day(data.days);
    for (std::size_t word = 0; word < data.services.size(); ++word) {
        const auto runs = runs_of_service[word / data.words_per_service()];
        const auto first_day = static_cast<std::uint32_t>(word % data.words_per_service()) * 64;
        for (auto bits = runs == 0 ? 0 : data.services[word]; bits != 0; bits &= bits - 1) {
            const auto day = first_day + static_cast<std::uint32_t>(std::countr_zero(bits));
            if (day < data.days) runs_of_day[day] += runs;
        }
    }
    first_run_.resize(data.days + 1);
    std::partial_sum(runs_of_day.begin(), runs_of_day.end(), first_run_.begin() + 1);

    for (auto& [block, members] : blocks) {
        if (members.size() < 2) continue;
        std::ranges::sort(members, {}, [&](Index trip) {
            return std::tuple{network.calls(trip).front().departure, network.calls(trip).back().arrival, trip};
        });
        blocks_.push_back(std::move(members));
    }
    for (const auto& each : data.continuations) {
        if (!is_wanted_[each.from] || !is_wanted_[each.to]) continue;
        if (!each.stays) {
            parted_.emplace_back(each.from, each.to);
        } else if (network.starts(each.from).empty() && network.starts(each.to).empty() &&
                   station_of(network.calls(each.from).back()) == station_of(network.calls(each.to).front())) {
            stays_.push_back(each);
        }
    }
    std::ranges::sort(parted_);
}

std::shared_ptr<const Day> Days::get(std::int64_t number) {
    if (auto known = kept_.find(number)) return known;
    auto made = make(number);
    const auto weight = made->connections.size();
    return kept_.keep(number, std::move(made), weight);
}

std::uint32_t Days::busiest_day() const {
    std::uint32_t busiest = 0;
    for (std::uint32_t day = 0; day < network_.data().days; ++day) {
        if (runs_on(day) > runs_on(busiest)) busiest = day;
    }
    return busiest;
}

std::vector<RunIndex> Days::runs_in(std::int64_t from, std::int64_t to) const {
    std::vector<RunIndex> found;
    const auto service = service_days(from, to);
    for (auto day = service.first; day < service.last; ++day) {
        for (Index trip = 0; trip < network_.data().trips.size(); ++trip) {
            if (!runs(trip, day)) continue;
            const auto calls = network_.calls(trip);
            const auto add = [&](std::int32_t shift, std::optional<int> start) {
                const auto begin = seconds_of(network_.time_of(trip, day, shift));
                if (begin + calls.front().departure >= to || begin + calls[calls.size() - 2].departure < from) return;
                found.push_back({trip, day, shift, start});
            };
            const auto starts = network_.starts(trip);
            if (starts.empty()) add(0, {});
            for (const auto start : starts) add(start - calls.front().departure, start);
        }
    }
    return found;
}

std::vector<std::pair<RunIndex, RunIndex>> Days::stays_in(std::int64_t from, std::int64_t to) const {
    std::vector<std::pair<RunIndex, RunIndex>> found;
    if (!may_ever_stay()) return found;
    const auto service = service_days(from, to);
    for (auto day = service.first; day < service.last; ++day) {
        for (const auto& each : continued_on(day)) found.push_back({{each.before, day, 0, {}}, each.continued.run});
    }
    return found;
}

Days::Numbers Days::service_days(std::int64_t from, std::int64_t to) const {
    const auto first = std::ranges::lower_bound(latest_, from - longest_);
    const auto last = std::ranges::lower_bound(earliest_, to);
    const auto begin = static_cast<std::uint32_t>(first - latest_.begin());
    return {begin, std::max(begin, static_cast<std::uint32_t>(last - earliest_.begin()))};
}

Days::Numbers Days::runs_between(std::int64_t from, std::int64_t to) const {
    const auto days = service_days(from, to);
    return {first_run_[days.first], first_run_[days.last]};
}

std::shared_ptr<const Day> Days::make(std::int64_t number) const {
    auto day = std::make_shared<Day>();
    day->begins = number * kSeconds;
    const auto service = service_days(day->begins, day->begins + kSeconds);
    if (!blocks_.empty() || !stays_.empty()) {
        // A run of the date before may be continued on this one.
        for (auto each = service.first - std::min(service.first, 1U); each < service.last; ++each) {
            add_continued(*day, each);
        }
        std::ranges::sort(day->onward, {}, [](const Continued& each) { return std::pair{each.from, each.to}; });
        std::ranges::sort(day->carried, {}, [](const Continued& each) { return std::pair{each.to, each.from}; });
    }
    std::vector<Departing> runs;
    for (auto each = service.first; each < service.last; ++each) find_runs(*day, each, runs);
    // Connections of one departure stand as their runs do: a run before those in which it is continued.
    std::ranges::sort(runs, {}, [](const Departing& each) { return std::tuple{each.departs, each.ends, each.number}; });
    std::size_t calls = 0;
    for (const auto& each : runs) calls += network_.calls(each.run.trip).size();
    std::vector<Connection> connections;
    std::vector<Day::Ride> rides;
    connections.reserve(calls);
    rides.reserve(calls);
    for (const auto& each : runs) add_connections(*day, each, connections, rides);
    day->connections.reserve(connections.size());
    day->rides.reserve(connections.size());
    for (const auto position : by_departure(connections)) {
        day->connections.push_back(connections[position]);
        day->rides.push_back(rides[position]);
    }
    day->boardings = by_spot(*day, Connection::kBoards, &Connection::from);
    day->alightings = by_spot(*day, Connection::kAlights, &Connection::to);
    const auto& all = day->connections;
    for (std::uint32_t first = 0, last = 0; first < all.size(); first = last) {
        bool takes_no_time = false;
        for (; last < all.size() && all[last].departure == all[first].departure; ++last) {
            takes_no_time = takes_no_time || all[last].arrival == all[last].departure;
        }
        if (takes_no_time && last - first > 1) day->instants.push_back({first, last});
    }
    return day;
}

Day::BySpot Days::by_spot(const Day& day, std::uint8_t flag, Index Connection::* spot) const {
    Day::BySpot made;
    made.first.assign(interchanges_.spot_count() + 1, 0);
    for (const auto& each : day.connections) {
        if (each.flags & flag) ++made.first[each.*spot + 1];
    }
    std::partial_sum(made.first.begin(), made.first.end(), made.first.begin());
    made.positions.resize(made.first.back());
    auto next = made.first;
    for (std::uint32_t at = 0; at < day.connections.size(); ++at) {
        const auto& each = day.connections[at];
        if (each.flags & flag) made.positions[next[each.*spot]++] = at;
    }
    return made;
}

void Days::find_runs(const Day& day, std::uint32_t service_day, std::vector<Departing>& found) const {
    auto number = first_run_[service_day];
    const auto add = [&](Index trip, std::int32_t shift, std::optional<int> start) {
        const auto calls = network_.calls(trip);
        const auto begins = seconds_of(network_.time_of(trip, service_day, shift)) - day.begins;
        const Departing run{.begins = begins,
                            .departs = begins + calls.front().departure,
                            .ends = begins + calls.back().arrival,
                            .number = number++,
                            .run = {trip, service_day, shift, start}};
        if (run.departs < kSeconds && begins + calls[calls.size() - 2].departure >= 0) found.push_back(run);
    };
    for (Index trip = 0; trip < is_wanted_.size(); ++trip) {
        if (!runs(trip, service_day)) continue;
        const auto starts = network_.starts(trip);
        if (starts.empty()) add(trip, 0, {});
        for (const auto start : starts) add(trip, start - network_.calls(trip).front().departure, start);
    }
}

void Days::add_connections(Day& day, const Departing& departing, std::vector<Connection>& connections,
                           std::vector<Day::Ride>& rides) const {
    const auto trip = departing.run.trip;
    const auto calls = network_.calls(trip);
    const auto first = connections.size();
    const auto run = static_cast<std::uint32_t>(day.runs.size());
    auto next = calls.front();
    for (Index i = 0; i + 1 < calls.size(); ++i) {
        const auto call = std::exchange(next, calls[i + 1]);
        const auto departure = departing.begins + call.departure;
        if (departure < 0) continue;
        if (departure >= kSeconds) break;
        Connection connection{.departure = static_cast<std::int32_t>(departure),
                              .arrival = static_cast<std::int32_t>(departing.begins + next.arrival),
                              .from = interchanges_.spot_of(trip, i, call.stop),
                              .to = interchanges_.spot_of(trip, i + 1, next.stop),
                              .run = departing.number};
        if (may_board(call)) connection.flags |= Connection::kBoards;
        if (may_alight(next)) connection.flags |= Connection::kAlights;
        if (interchanges_.has_walks(connection.to)) connection.flags |= Connection::kWalks;
        if (i == 0 && !day.carried_to(connection.run).empty()) connection.flags |= Connection::kContinues;
        if (i + 2 == calls.size() && !day.onward_from(connection.run).empty())
            connection.flags |= Connection::kIsContinued;
        connections.push_back(connection);
        rides.push_back({run, i});
    }
    if (connections.size() > first) day.runs.push_back(departing.run);
}

void Days::add_continued(Day& day, std::uint32_t service_day) const {
    for (const auto& each : continued_on(service_day)) {
        const auto is_of_day = [&](std::int64_t time) { return time >= day.begins && time < day.begins + kSeconds; };
        const auto calls = network_.calls(each.before);
        if (is_of_day(seconds_of(network_.time_of(each.before, service_day, calls[calls.size() - 2].departure)))) {
            day.onward.push_back(each.continued);
        }
        const auto& after = each.continued.run;
        if (is_of_day(
                seconds_of(network_.time_of(after.trip, after.day, network_.calls(after.trip).front().departure)))) {
            day.carried.push_back(each.continued);
        }
    }
}

std::vector<Days::ContinuedTrip> Days::continued_on(std::uint32_t service_day) const {
    const auto numbers = numbers_on(service_day);
    const auto next_numbers =
        service_day + 1 < network_.data().days ? numbers_on(service_day + 1) : std::vector<std::uint32_t>{};
    const auto& data = network_.data();
    const auto time_of = [&](Index trip, std::uint32_t day, std::int32_t since) {
        return network_.time_of(trip, day, since);
    };
    // Such a train could continue in itself for ever.
    const auto takes_no_time = [&](Index trip) {
        return network_.calls(trip).front().departure == network_.calls(trip).back().arrival;
    };
    std::set<std::tuple<Index, Index, std::uint32_t>> pairs;
    for (const auto& block : blocks_) {
        Index before = kNone;
        for (const auto trip : block) {
            if (!network_.runs_on(trip, service_day)) continue;
            const auto last = before;
            before = trip;
            if (last == kNone || !is_wanted_[last] || !is_wanted_[trip]) continue;
            if (std::ranges::binary_search(parted_, std::pair{last, trip})) continue;
            const auto& end = network_.calls(last).back();
            const auto& begin = network_.calls(trip).front();
            if (data.stops[end.stop].station != data.stops[begin.stop].station) continue;
            if (time_of(last, service_day, end.arrival) > time_of(trip, service_day, begin.departure)) continue;
            if (takes_no_time(trip)) continue;
            pairs.emplace(last, trip, service_day);
        }
    }
    for (const auto& each : stays_) {
        if (!runs(each.from, service_day) || takes_no_time(each.to)) continue;
        const auto end = time_of(each.from, service_day, network_.calls(each.from).back().arrival);
        for (auto day = service_day; day <= service_day + 1 && day < data.days; ++day) {
            if (!runs(each.to, day) || time_of(each.to, day, network_.calls(each.to).front().departure) < end) continue;
            pairs.emplace(each.from, each.to, day);
            break;
        }
    }
    std::vector<ContinuedTrip> all;
    for (const auto& [from, to, day] : pairs) {
        const auto number = day == service_day ? numbers[to] : next_numbers[to];
        all.push_back({from, {numbers[from], number, {to, day, 0, {}}}});
    }
    return all;
}

bool Days::may_stay(const RunIndex& first, const RunIndex& second) const {
    if (first.start || second.start || (blocks_.empty() && stays_.empty())) return false;
    return std::ranges::any_of(continued_on(first.day), [&](const ContinuedTrip& each) {
        return each.before == first.trip && each.continued.run.trip == second.trip &&
               each.continued.run.day == second.day;
    });
}

std::vector<std::uint32_t> Days::numbers_on(std::uint32_t service_day) const {
    std::vector<std::uint32_t> numbers(network_.data().trips.size());
    auto number = first_run_[service_day];
    for (Index trip = 0; trip < numbers.size(); ++trip) {
        numbers[trip] = number;
        if (runs(trip, service_day)) number += std::max<std::uint32_t>(1, network_.data().trips[trip].start_count);
    }
    return numbers;
}

}  // namespace railbook::search

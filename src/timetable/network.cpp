#include "timetable/network.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/zones.hpp"
#include "timetable/limits.hpp"

namespace railbook::timetable {
namespace {

using std::chrono::seconds;

Error damaged(std::string_view what) {
    return {ErrorCode::damaged, fmt::format("the stored timetable is damaged: {}", what)};
}

template <class Record>
bool is_sorted_by_id(const std::vector<Record>& records) {
    return std::ranges::adjacent_find(records, std::ranges::greater_equal{}, &Record::id) == records.end();
}

template <class List>
std::optional<Index> find_id(const List& records, std::string_view id) {
    std::size_t first = 0;
    std::size_t last = records.size();
    while (first < last) {
        const auto middle = first + (last - first) / 2;
        if (records[middle].id < id) first = middle + 1;
        else last = middle;
    }
    if (first == records.size() || records[first].id != id) return std::nullopt;
    return static_cast<Index>(first);
}

std::string clock_of(int start) {
    return fmt::format("{:02}:{:02}:{:02}", start / 3600, start / 60 % 60, start % 60);
}

bool holds_word(std::string_view text, std::string_view word) {
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const auto end = at + word.size();
        if ((at == 0 || text[at - 1] == ' ') && (end == text.size() || text[end] == ' ')) return true;
    }
    return false;
}

/// After this, no position leads out of its list.
Status check(const NetworkData& d) {
    if (d.days == 0 || d.days > kMaxServiceDays) return damaged("its dates");
    if (d.first_date < ServiceDate{std::chrono::year{1900} / 1 / 1} ||
        d.first_date > ServiceDate{std::chrono::year{2200} / 1 / 1}) {
        return damaged("its first date");
    }
    const auto outside = [](Index index, const auto& list) { return index >= list.size(); };
    for (const auto& agency : d.agencies) {
        if (outside(agency.zone, d.zones)) return damaged("the zone of an agency");
    }
    for (const auto& route : d.routes) {
        if (outside(route.agency, d.agencies)) return damaged("the agency of a route");
    }
    for (const auto& station : d.stations) {
        if (outside(station.zone, d.zones)) return damaged("the zone of a station");
        // Written so that what is not a number is no position either.
        const bool is_somewhere = std::abs(station.latitude) <= 90 && std::abs(station.longitude) <= 180;
        if (!is_somewhere) return damaged("the position of a station");
    }
    for (const auto& stop : d.stops) {
        if (outside(stop.station, d.stations)) return damaged("the station of a stop");
    }
    // An image has no more room for them.
    if (d.zones.size() > 0xFFFF || d.stops.size() >> 30U != 0) return damaged("its size");
    if (!is_sorted_by_id(d.stations) || !is_sorted_by_id(d.stops) || !is_sorted_by_id(d.trips)) {
        return damaged("the order of its records");
    }
    const auto words = d.words_per_service();
    if (d.services.size() % words != 0) return damaged("its services");
    const auto services = d.services.size() / words;
    std::size_t next_call = 0;
    std::size_t next_start = 0;
    for (const auto& trip : d.trips) {
        if (outside(trip.route, d.routes) || trip.service >= services) return damaged("the route of a trip");
        if (trip.call_count < 2 || trip.call_count > kMaxCalls || trip.first_call != next_call ||
            trip.first_start != next_start) {
            return damaged("the calls of a trip");
        }
        next_call += trip.call_count;
        next_start += trip.start_count;
    }
    if (d.trips.empty() || next_call != d.calls.size() || next_start != d.starts.size()) return damaged("its trips");
    const auto sane = [](std::int32_t time) { return time >= 0 && time <= kMaxSeconds; };
    for (const auto& call : d.calls) {
        if (outside(call.stop, d.stops) || !sane(call.arrival) || !sane(call.departure)) return damaged("a call");
    }
    if (!std::ranges::all_of(d.starts, sane)) return damaged("a start");
    const auto is_wrong = [&](const NetworkData::Transfer& transfer) {
        return outside(transfer.from, d.stops) || outside(transfer.to, d.stops) || !transfer.has_sane_time();
    };
    if (std::ranges::any_of(d.transfers, is_wrong)) return damaged("a transfer");
    const auto no_such = [](Index index, const auto& list) { return index != kNone && index >= list.size(); };
    for (const auto& each : d.train_transfers) {
        if (is_wrong(each.transfer) || no_such(each.from_trip, d.trips) || no_such(each.to_trip, d.trips) ||
            no_such(each.from_route, d.routes) || no_such(each.to_route, d.routes)) {
            return damaged("a transfer between trains");
        }
    }
    for (const auto& continuation : d.continuations) {
        if (outside(continuation.from, d.trips) || outside(continuation.to, d.trips)) return damaged("a continuation");
    }
    if (const auto why = beyond_limits(d)) return damaged(*why);
    return {};
}

}  // namespace

Result<std::shared_ptr<const Network>> Network::from_data(const NetworkData& data) {
    if (const auto sound = check(data); !sound) return sound.error();
    auto image = build_image(data);
    if (!image) return image.error();
    return from_image(*std::move(image));
}

Result<std::shared_ptr<const Network>> Network::from_image(ImageBytes image) {
    const auto view = NetworkView::open({image.first.get(), image.size});
    if (!view) return view.error();
    std::shared_ptr<Network> network{new Network{std::move(image), *view}};
    network->find_ends();
    return std::shared_ptr<const Network>{std::move(network)};
}

void Network::find_ends() {
    constexpr std::int32_t kDay = 86'400;
    begins_ = Timestamp::max();
    ends_ = Timestamp::min();
    for (Index trip = 0; trip < data_.trips.size(); ++trip) {
        const auto stops = calls(trip);
        const auto begun = starts(trip);
        const auto last = begun.empty() ? stops.back().arrival
                                        : begun.back() + stops.back().arrival - stops.front().departure;
        begins_ = std::min(begins_, time_of(trip, 0, 0));
        ends_ = std::max(ends_, time_of(trip, data_.days - 1, std::max(last + 1, kDay)));
    }
}

std::optional<Index> Network::find_station(std::string_view stop_id) const {
    const auto stop = find_id(data_.stops, stop_id);
    if (!stop) return std::nullopt;
    return data_.stops[*stop].station;
}

std::optional<Index> Network::find_trip(std::string_view trip_id) const { return find_id(data_.trips, trip_id); }

railbook::Station Network::station(Index index) const {
    const auto record = data_.stations[index];
    const auto platforms = data_.platforms(index);
    return {.id = {feed_, std::string{record.id}},
            .name = std::string{record.name},
            .code = std::string{record.code},
            .zone = std::string{data_.zones[record.zone].name},
            .latitude = record.latitude,
            .longitude = record.longitude,
            .platforms = {platforms.begin(), platforms.end()},
            .calls = traffic(index)};
}

bool Network::runs_on(Index trip, std::uint32_t day) const {
    const auto word = data_.trips.stored(trip).service * data_.words_per_service() + day / 64;
    return (data_.services[word] >> (day % 64) & 1U) != 0;
}

std::optional<std::uint32_t> Network::day_of(ServiceDate date) const {
    const auto day = (date - data_.first_date).count();
    if (day < 0 || day >= static_cast<std::int64_t>(data_.days)) return std::nullopt;
    return static_cast<std::uint32_t>(day);
}

Timestamp Network::time_of(Index trip, std::uint32_t day, std::int32_t since) const {
    return Timestamp{seconds{data_.day_starts(trip)[day] + since}};
}

std::uint32_t Network::first_day_from(Index trip, Timestamp from, std::int32_t since) const {
    const auto starts = data_.day_starts(trip);
    const auto wanted = std::chrono::ceil<seconds>(from).time_since_epoch().count() - since;
    // Days are of nearly one length, so that it is at most a few from where it would be if they were of one.
    constexpr std::int64_t kDay = 86'400;
    const auto count = static_cast<std::int64_t>(starts.size());
    auto day = std::clamp<std::int64_t>((wanted - starts.front()) / kDay, 0, count);
    const auto start = [&](std::int64_t at) { return starts[static_cast<std::size_t>(at)]; };
    while (day < count && start(day) < wanted) ++day;
    while (day > 0 && start(day - 1) >= wanted) --day;
    return static_cast<std::uint32_t>(day);
}

Result<RunIndex> Network::find_run(const RunId& id) const {
    const auto trip = find_trip(id.trip.trip);
    if (!trip) return Error{ErrorCode::not_found, fmt::format("there is no trip '{}'", to_string(id.trip))};
    const auto day = day_of(id.date);
    if (!day) {
        return Error{ErrorCode::not_found,
                     fmt::format("{} is outside the timetable '{}', which runs from {} to {}", to_string(id.date),
                                 feed(), to_string(first_date()), to_string(last_date())),
                     "import the feed again, with --rebase to move its dates"};
    }
    const auto begun = starts(*trip);
    if (begun.empty() && id.start) {
        return Error{ErrorCode::not_found,
                     fmt::format("the trip '{}' runs once a day, without a start", to_string(id.trip)),
                     "leave out what follows the @"};
    }
    if (!begun.empty() && (!id.start || std::ranges::find(begun, *id.start) == begun.end())) {
        return Error{ErrorCode::not_found,
                     fmt::format("the trip '{}' runs several times a day, and not {}", to_string(id.trip),
                                 id.start ? "at " + clock_of(*id.start) : "without a start"),
                     fmt::format("name a start, such as @{}", clock_of(begun.front()))};
    }
    if (!runs_on(*trip, *day)) {
        std::uint32_t next = *day;
        while (next < data_.days && !runs_on(*trip, next)) ++next;
        return Error{ErrorCode::not_found,
                     fmt::format("the trip '{}' does not run on {}; {}", to_string(id.trip), to_string(id.date),
                                 next < data_.days ? "the next date is " + to_string(date_of(next))
                                                   : "nor on a later date of the timetable")};
    }
    RunIndex run{*trip, *day, 0, id.start};
    if (id.start) run.shift = *id.start - calls(*trip).front().departure;
    return run;
}

RunId Network::id_of(const RunIndex& run) const {
    return {date_of(run.day), {feed_, std::string{data_.trips[run.trip].id}}, run.start};
}

std::string Network::train_name(Index trip) const {
    const auto& record = data_.trips[trip];
    const auto& route = data_.routes[record.route];
    const auto line = route.short_name.empty() ? route.long_name : route.short_name;
    const auto number = record.short_name;
    if (line.empty()) return std::string{number.empty() ? record.id : number};
    if (number.empty() || holds_word(line, number)) return std::string{line};
    if (holds_word(number, line)) return std::string{number};
    return fmt::format("{} {}", line, number);
}

TrainFacts Network::facts_of(const RunIndex& run) const {
    const auto& trip = data_.trips[run.trip];
    const auto& route = data_.routes[trip.route];
    return {.feed = feed_,
            .agency = data_.agencies[route.agency].id,
            .route_type = route.type,
            .route = route.id,
            .trip = trip.id,
            .date = date_of(run.day)};
}

std::string_view Network::headsign(Index trip) const {
    const auto& record = data_.trips[trip];
    if (!record.headsign.empty()) return record.headsign;
    return data_.stations[data_.stops[calls(trip).back().stop].station].name;
}

int Network::nth_call(Index trip, Index call) const {
    const auto stops = calls(trip);
    const auto station_of = [&](Index at) { return data_.stops.stored(stops[at].stop).station; };
    const auto station = station_of(call);
    int before = 0;
    int all = 0;
    for (Index i = 0; i < stops.size(); ++i) {
        if (station_of(i) != station) continue;
        ++all;
        if (i < call) ++before;
    }
    return all == 1 ? 0 : before + 1;
}

Run Network::run(const RunIndex& index) const {
    const auto& trip = data_.trips[index.trip];
    Run run{.id = id_of(index),
            .train = train_name(index.trip),
            .agency = std::string{data_.agencies[data_.routes[trip.route].agency].name},
            .headsign = std::string{headsign(index.trip)},
            .calls = {},
            .consist = nullptr};
    const auto stops = calls(index.trip);
    std::vector<railbook::Call> calls_of_run;
    calls_of_run.reserve(stops.size());
    for (Index i = 0; i < stops.size(); ++i) {
        const auto& stop = data_.stops[stops[i].stop];
        const auto& station = data_.stations[stop.station];
        Call call{.id = {{feed_, std::string{station.id}}, nth_call(index.trip, i)},
                  .name = std::string{station.name},
                  .zone = std::string{data_.zones[station.zone].name},
                  .arrives = {},
                  .departs = {},
                  .platform = std::string{stop.platform},
                  .pick_up = stops[i].pick_up,
                  .drop_off = stops[i].drop_off,
                  .distance = stops[i].distance};
        if (i > 0) call.arrives = time_of(index.trip, index.day, stops[i].arrival + index.shift);
        if (i + 1 < stops.size()) call.departs = time_of(index.trip, index.day, stops[i].departure + index.shift);
        calls_of_run.push_back(std::move(call));
    }
    run.calls = std::move(calls_of_run);
    return run;
}

Endpoint Network::endpoint(const RunIndex& run, Index call, std::int32_t since) const {
    const auto& stop = data_.stops[calls(run.trip)[call].stop];
    const auto& station = data_.stations[stop.station];
    return {.call = {{feed_, std::string{station.id}}, nth_call(run.trip, call)},
            .name = std::string{station.name},
            .zone = std::string{data_.zones[station.zone].name},
            .time = time_of(run.trip, run.day, since + run.shift),
            .platform = std::string{stop.platform}};
}

Endpoint Network::departure(const RunIndex& run, Index call) const {
    return endpoint(run, call, calls(run.trip)[call].departure);
}

Endpoint Network::arrival(const RunIndex& run, Index call) const {
    return endpoint(run, call, calls(run.trip)[call].arrival);
}

}  // namespace railbook::timetable

#pragma once
/// A made-up country whose trains run as densely as those of a real one, made from a seed.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "timetable/network.hpp"

namespace railbook::test {

/// About 3,500 stations between 150 towns; a Monday has about 470,000 rides from one call to the next, on lines with 22
/// trips a direction; with weekends, which have trips of their own, 0.9 million stop times. Four weeks from a Monday.
class Country {
public:
    explicit Country(unsigned seed) : random_{seed} {}

    timetable::NetworkData make() {
        data_.feed = "country";
        data_.first_date = ServiceDate{std::chrono::days{20'794}};  // 2026-12-07
        data_.days = 28;
        data_.zones = {"Europe/Berlin"};
        data_.agencies = {{.id = "c", .name = "Country", .zone = 0}};
        data_.services = {kWorkdays, kWeekends};
        make_towns();
        make_tracks();
        make_regional_lines();
        make_express_lines();
        return std::move(data_);
    }

private:
    using Index = timetable::Index;

    static constexpr std::size_t kTowns = 150;
    static constexpr std::size_t kNeighbours = 4;
    static constexpr double kBetweenStations = 6;  // kilometres
    static constexpr std::uint64_t kWorkdays = 0b0011111'0011111'0011111'0011111;
    static constexpr std::uint64_t kWeekends = 0b1100000'1100000'1100000'1100000;

    /// Between two towns, with the stations on its way.
    struct Track {
        std::size_t from = 0;
        std::size_t to = 0;
        double kilometres = 0;
        std::vector<Index> stations;  // from one town to the other, both with it
    };
    /// A way over tracks: stations, and how far each is from the first.
    struct Way {
        std::vector<Index> stations;
        std::vector<double> kilometres;
    };

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }
    bool chance(std::size_t percent) { return below(100) < percent; }

    Index add_station() {
        const auto index = static_cast<Index>(data_.stations.size());
        const auto id = fmt::format("s{:05}", index);
        data_.stations.push_back({.id = id, .name = fmt::format("Station {}", index), .aliases = {}});
        data_.stops.push_back({.id = id, .station = index, .platform = {}});
        return index;
    }

    void make_towns() {
        for (std::size_t town = 0; town < kTowns; ++town) {
            x_.push_back(static_cast<double>(below(700'000)) / 1000);
            y_.push_back(static_cast<double>(below(550'000)) / 1000);
            add_station();
        }
    }
    double distance(std::size_t from, std::size_t to) const { return std::hypot(x_[from] - x_[to], y_[from] - y_[to]); }
    bool has_track(std::size_t from, std::size_t to) const {
        return std::ranges::any_of(tracks_, [&](const Track& each) {
            return (each.from == from && each.to == to) || (each.from == to && each.to == from);
        });
    }
    void add_track(std::size_t from, std::size_t to) {
        Track track{from, to, 1.2 * distance(from, to) + 1, {static_cast<Index>(from)}};
        const auto between = static_cast<std::size_t>(track.kilometres / kBetweenStations);
        for (std::size_t i = 0; i < between; ++i) track.stations.push_back(add_station());
        track.stations.push_back(static_cast<Index>(to));
        tracks_.push_back(std::move(track));
    }
    /// Every town has one to each of its nearest; what is left in pieces is joined where they are nearest.
    void make_tracks() {
        std::vector<std::size_t> piece(kTowns);
        std::iota(piece.begin(), piece.end(), 0U);
        const auto join = [&](std::size_t from, std::size_t to) {
            add_track(from, to);
            std::ranges::replace(piece, std::size_t{piece[to]}, std::size_t{piece[from]});
        };
        for (std::size_t town = 0; town < kTowns; ++town) {
            std::vector<std::size_t> others(kTowns);
            std::iota(others.begin(), others.end(), 0U);
            std::ranges::sort(others, {}, [&](std::size_t other) { return distance(town, other); });
            for (std::size_t i = 1; i <= kNeighbours; ++i) {
                if (!has_track(town, others[i])) join(town, others[i]);
            }
        }
        while (true) {
            auto nearest = std::numeric_limits<double>::max();
            std::size_t from = 0;
            std::size_t to = 0;
            for (std::size_t a = 0; a < kTowns; ++a) {
                for (std::size_t b = 0; b < kTowns; ++b) {
                    if (piece[a] == piece[b] || distance(a, b) >= nearest) continue;
                    nearest = distance(a, b);
                    from = a;
                    to = b;
                }
            }
            if (nearest == std::numeric_limits<double>::max()) break;
            join(from, to);
        }
        tracks_of_.resize(kTowns);
        for (std::size_t track = 0; track < tracks_.size(); ++track) {
            tracks_of_[tracks_[track].from].push_back(track);
            tracks_of_[tracks_[track].to].push_back(track);
        }
    }

    /// Goes on along a track, from a town at its end to the other, which is returned.
    std::size_t extend(Way& way, std::size_t track, std::size_t from) const {
        const auto& along = tracks_[track];
        auto stations = along.stations;
        if (along.from != from) std::ranges::reverse(stations);
        const auto begins = way.kilometres.empty() ? 0 : way.kilometres.back();
        for (std::size_t i = way.stations.empty() ? 0 : 1; i < stations.size(); ++i) {
            way.stations.push_back(stations[i]);
            way.kilometres.push_back(begins + along.kilometres * static_cast<double>(i) /
                                                  static_cast<double>(stations.size() - 1));
        }
        return along.from == from ? along.to : along.from;
    }

    struct Service {
        double speed = 60;          // kilometres an hour
        std::int32_t stands = 60;   // at a call, seconds
        std::int32_t every = 3600;  // seconds between its trains
        std::int32_t first = 5 * 3600;
        std::int32_t last = 23 * 3600;
        std::string name;
        bool has_peaks = true;
    };

    void add_trip(const Way& way, const std::vector<bool>& calls_at, Index route, Index service, std::int32_t start,
                  const Service& kind) {
        timetable::NetworkData::Trip trip;
        trip.id = fmt::format("t{:07}", data_.trips.size());
        trip.route = route;
        trip.service = service;
        trip.first_call = static_cast<Index>(data_.calls.size());
        auto stands = 0;
        for (std::size_t i = 0; i < way.stations.size(); ++i) {
            if (!calls_at[i]) continue;
            const auto minutes = std::lround(way.kilometres[i] / kind.speed * 60) + stands / 60;
            const auto arrival = start + static_cast<std::int32_t>(minutes) * 60;
            const bool is_end = i == 0 || i + 1 == way.stations.size();
            data_.calls.push_back({.stop = way.stations[i],
                                   .arrival = arrival,
                                   .departure = arrival + (is_end ? 0 : kind.stands),
                                   .distance = static_cast<std::uint32_t>(way.kilometres[i] * 1000)});
            if (!is_end) stands += kind.stands;
        }
        trip.call_count = static_cast<Index>(data_.calls.size()) - trip.first_call;
        data_.trips.push_back(std::move(trip));
    }

    /// All trains of a line, there and back; every day, but not as often on weekends.
    void add_line(const Way& way, const std::vector<bool>& calls_at, const Service& kind) {
        const auto route = static_cast<Index>(data_.routes.size());
        data_.routes.push_back({.id = fmt::format("r{:05}", route),
                                .agency = 0,
                                .type = 2,
                                .short_name = fmt::format("{} {}", kind.name, route),
                                .long_name = {}});
        auto back = way;
        auto calls_back = calls_at;
        std::ranges::reverse(back.stations);
        std::ranges::reverse(back.kilometres);
        for (auto& each : back.kilometres) each = way.kilometres.back() - each;
        std::reverse(calls_back.begin(), calls_back.end());
        for (const bool there : {true, false}) {
            const auto minute = static_cast<std::int32_t>(below(60)) * 60;
            const auto add = [&](Index service, std::int32_t start) {
                // Trains are slower where they are full, so that not all of a line take the same time.
                auto now = kind;
                if (kind.has_peaks && start / 3600 % 24 >= 7 && start / 3600 % 24 < 9) now.speed *= 0.95;
                add_trip(there ? way : back, there ? calls_at : calls_back, route, service, start, now);
            };
            for (auto start = kind.first + minute % kind.every; start < kind.last; start += kind.every) {
                add(0, start);
                const bool is_peak =
                    (start >= 6 * 3600 && start < 9 * 3600) || (start >= 16 * 3600 && start < 18 * 3600);
                if (kind.has_peaks && is_peak) add(0, start + kind.every / 2);
                if (start >= 6 * 3600) add(1, start + 120);
            }
        }
    }

    std::vector<bool> calls_at_all(const Way& way) { return std::vector<bool>(way.stations.size(), true); }
    std::vector<bool> calls_at_some(const Way& way, std::size_t percent) {
        std::vector<bool> calls(way.stations.size());
        for (std::size_t i = 0; i < calls.size(); ++i) calls[i] = way.stations[i] < kTowns || chance(percent);
        calls.front() = calls.back() = true;
        return calls;
    }

    void make_regional_lines() {
        const Service local{.name = "RB"};
        const Service fast{.speed = 80, .name = "RE"};
        const auto go_on = [&](Way& way, std::size_t track, std::size_t from) {
            const auto town = extend(way, track, from);
            std::vector<std::size_t> onward;
            for (const auto each : tracks_of_[town]) {
                const auto& next = tracks_[each];
                const auto end = next.from == town ? next.to : next.from;
                const bool returns = std::ranges::find(way.stations, static_cast<Index>(end)) != way.stations.end();
                if (each != track && !returns) onward.push_back(each);
            }
            if (!onward.empty()) extend(way, onward[below(onward.size())], town);
        };
        for (std::size_t track = 0; track < tracks_.size(); ++track) {
            Way one;
            extend(one, track, tracks_[track].from);
            add_line(one, calls_at_all(one), local);
            for (const auto from : {tracks_[track].from, tracks_[track].to}) {
                Way two;
                go_on(two, track, from);
                if (from == tracks_[track].from && chance(25)) add_line(two, calls_at_all(two), local);
                else if (chance(80)) add_line(two, calls_at_some(two, 35), fast);
            }
        }
    }

    /// Between large towns, along the shortest ways.
    void make_express_lines() {
        const Service express{.speed = 140, .stands = 120, .every = 7200, .name = "IC", .has_peaks = false};
        constexpr std::size_t kLarge = 30;
        for (std::size_t from = 0; from < kLarge; ++from) {
            for (std::size_t i = 0; i < 2; ++i) {
                const auto to = (from + 1 + below(kLarge - 1)) % kLarge;
                if (distance(from, to) < 120) continue;
                const auto way = shortest(from, to);
                auto calls = calls_at_some(way, 0);
                for (std::size_t at = 1; at + 1 < calls.size(); ++at) {
                    if (way.stations[at] >= kLarge && chance(40)) calls[at] = false;
                }
                add_line(way, calls, express);
            }
        }
    }

    Way shortest(std::size_t from, std::size_t to) const {
        std::vector<double> far(kTowns, std::numeric_limits<double>::max());
        std::vector<std::size_t> by(kTowns);
        std::vector<bool> is_done(kTowns);
        far[to] = 0;
        while (!is_done[from]) {
            std::size_t next = kTowns;
            for (std::size_t town = 0; town < kTowns; ++town) {
                if (!is_done[town] && (next == kTowns || far[town] < far[next])) next = town;
            }
            is_done[next] = true;
            for (const auto track : tracks_of_[next]) {
                const auto& each = tracks_[track];
                const auto other = each.from == next ? each.to : each.from;
                if (far[next] + each.kilometres >= far[other]) continue;
                far[other] = far[next] + each.kilometres;
                by[other] = track;
            }
        }
        Way way;
        while (from != to) from = extend(way, by[from], from);
        return way;
    }

    std::mt19937 random_;
    timetable::NetworkData data_;
    std::vector<double> x_;  // of towns, kilometres
    std::vector<double> y_;
    std::vector<Track> tracks_;
    std::vector<std::vector<std::size_t>> tracks_of_;  // by town
};

}  // namespace railbook::test

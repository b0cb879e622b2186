#pragma once
/// Small networks full of what makes searching hard, made from a seed.

#include <cstdio>
#include <random>
#include <set>

#include "support/feed.hpp"

namespace railbook::test {

/// Loops, trains over midnight and over days, frequencies, clock changes, trains that overtake each other, stops and
/// rides that take no time, platforms with and without rules, rules for single trips and routes, walks, blocks, closed
/// doors.
class RandomFeed {
public:
    /// On even seeds nobody may stay from one train in another: engines know more of such networks beforehand.
    explicit RandomFeed(unsigned seed) : random_{seed}, may_stay_{seed % 2 == 1} { make(); }

    FeedFiles files;
    std::vector<std::string> stops;
    /// The days that the trains run, as days since 1970.
    std::int64_t first_day = 0;
    int days = 8;

    std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random_); }
    bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
    template <class Value>
    Value one_of(std::initializer_list<Value> values) {
        return *(values.begin() + below(values.size()));
    }

private:
    static std::string clock(std::int64_t seconds) {
        char text[32];
        std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600),
                      static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
        return text;
    }
    void make();
    void make_stops();
    void make_trips();
    void make_transfers();
    std::string transfers_of_trains();
    /// Adds a trip that begins there; returns when and where it ends.
    struct End {
        std::string stop;
        std::int64_t time;
    };
    End make_trip(const std::string& id, const std::string& first_stop, std::int64_t start, const std::string& block);
    const std::string& any_stop() { return stops[below(stops.size())]; }

    std::mt19937 random_;
    bool may_stay_;
    std::vector<std::string> trips_;
    struct Call {
        std::string trip;
        std::string route;
        std::string stop;
    };
    std::vector<Call> calls_;
    std::vector<std::string> stations_;
    std::string stop_times_;
    std::string trips_text_;
    std::string frequencies_;
};

inline void RandomFeed::make() {
    // Both days on which clocks change are a Sunday.
    struct Place {
        const char* zone;
        const char* first;
        const char* last;
        std::int64_t first_day;
    };
    const auto place = one_of<Place>({{"Europe/Berlin", "20260326", "20260402", 20'538},
                                      {"Europe/Berlin", "20261022", "20261029", 20'748},
                                      {"America/New_York", "20261029", "20261105", 20'755},
                                      {"Europe/Berlin", "20261201", "20261208", 20'788}});
    first_day = place.first_day;
    files.set("agency.txt", std::string{"agency_id,agency_name,agency_url,agency_timezone\nR,R,http://r.example,"} +
                                place.zone + "\n");
    const std::string ends = std::string{","} + place.first + "," + place.last + "\n";
    files.set("calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "daily,1,1,1,1,1,1,1" +
                  ends + "some,1,0,1,1,0,1,0" + ends + "rare,0,1,0,0,0,0,1" + ends);
    files.set("routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type\n"
                            "X,R,IC,InterCity,2\nY,R,RE,RegionalExpress,2\n");
    make_stops();
    make_trips();
    make_transfers();
}

inline void RandomFeed::make_stops() {
    std::string text = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n";
    const auto count = 4 + below(5);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string id(1, static_cast<char>('A' + i));
        stations_.push_back(id);
        const auto platforms = chance(40) ? 2 + below(2) : 0;
        text += id + "," + id + "dorf,50,8," + (platforms > 0 ? "1" : "0") + ",\n";
        if (platforms == 0) stops.push_back(id);
        for (std::size_t k = 1; k <= platforms; ++k) {
            stops.push_back(id + std::to_string(k));
            text += stops.back() + "," + id + "dorf,50,8,0," + id + "\n";
        }
    }
    files.set("stops.txt", text);
}

inline RandomFeed::End RandomFeed::make_trip(const std::string& id, const std::string& first_stop, std::int64_t start,
                                             const std::string& block) {
    trips_.push_back(id);
    const auto route = one_of<std::string>({"X", "X", "Y"});
    const auto service = one_of<std::string>({"daily", "daily", "some", "rare"});
    trips_text_ += route + "," + service + "," + id + "," + block + "\n";
    const auto calls = 2 + below(5);
    auto time = start;
    auto stop = first_stop;
    const bool slow = chance(10);
    for (std::size_t call = 0; call < calls; ++call) {
        const auto arrival = time;
        const auto departure = time + 60 * one_of<std::int64_t>({0, 0, 0, 1, 5, 30});
        calls_.push_back({id, route, stop});
        stop_times_ += id + "," + clock(arrival) + "," + clock(departure) + "," + stop + "," +
                       std::to_string(call + 1) + "," + (chance(8) ? "1" : "0") + "," + (chance(8) ? "1" : "0") + "\n";
        if (call + 1 == calls) return {stop, departure};
        time = departure + 60 * one_of<std::int64_t>({0, 0, 1, 2, 5, 10, 30, 60, 95, 200});
        if (slow) time += 60 * one_of<std::int64_t>({600, 1000, 2000});
        if (chance(10)) time += 30;
        stop = any_stop();
    }
    return {stop, time};
}

inline void RandomFeed::make_trips() {
    trips_text_ = "route_id,service_id,trip_id,block_id\n";
    stop_times_ = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type\n";
    frequencies_ = "trip_id,start_time,end_time,headway_secs\n";
    const auto count = 6 + below(25);
    for (std::size_t i = 0; i < count; ++i) {
        const auto id = "t" + std::to_string(i);
        const auto start = static_cast<std::int64_t>(below(26 * 60)) * 60;
        const auto block = chance(25) && may_stay_ ? "b" + std::to_string(below(3)) : std::string{};
        auto end = make_trip(id, any_stop(), start, block);
        if (chance(12)) {
            frequencies_ += id + "," + clock(start) + "," + clock(start + 7200) + "," +
                            one_of<std::string>({"600", "1500", "3600"}) + "\n";
        }
        // Trains that begin where it ends, to be continued in.
        for (int next = 0; chance(25) && next < 3; ++next) {
            const auto follower = id + "n" + std::to_string(next);
            end = make_trip(follower, end.stop, end.time % 86'400 + 60 * one_of<std::int64_t>({0, 0, 1, 10}),
                            one_of<std::string>({block, block, ""}));
        }
    }
    files.set("trips.txt", trips_text_).set("stop_times.txt", stop_times_).set("frequencies.txt", frequencies_);
}

inline void RandomFeed::make_transfers() {
    std::string text = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id,from_route_id,"
                       "to_route_id\n";
    const auto any_place = [&] { return chance(50) ? any_stop() : stations_[below(stations_.size())]; };
    std::set<std::pair<std::string, std::string>> known;
    const auto add = [&](const std::string& from, const std::string& to) {
        if (!known.emplace(from, to).second) return;
        text += from + "," + to + "," + one_of<std::string>({"0", "1", "2", "2", "2", "3"}) + "," +
                one_of<std::string>({"", "0", "60", "300", "900"}) + ",,,,\n";
    };
    for (std::size_t i = below(6); i > 0; --i) {
        const auto place = any_place();
        add(place, place);
    }
    for (std::size_t i = below(6); i > 0; --i) add(any_place(), any_place());
    for (const auto& stop : stops) {
        if (stop.size() > 1 && chance(30)) add(stop, stop.substr(0, 1) + one_of<std::string>({"1", "2"}));
    }
    std::set<std::pair<std::string, std::string>> continued;
    const auto join = [&](const std::string& from, const std::string& to) {
        if (may_stay_ && continued.emplace(from, to).second)
            text += ",," + one_of<std::string>({"4", "4", "5"}) + ",," + from + "," + to + ",,\n";
    };
    for (std::size_t i = below(4); i > 0; --i) join(trips_[below(trips_.size())], trips_[below(trips_.size())]);
    for (std::size_t i = 0; i + 1 < trips_.size(); ++i) {
        if (trips_[i + 1].find('n') != std::string::npos && chance(40)) join(trips_[i], trips_[i + 1]);
    }
    if (chance(25)) text += transfers_of_trains();
    files.set("transfers.txt", text);
}

/// Mostly between trains that call at one station.
inline std::string RandomFeed::transfers_of_trains() {
    std::string text;
    std::set<std::string> known;
    for (std::size_t i = 1 + below(12); i > 0; --i) {
        const auto from = calls_[below(calls_.size())];
        auto to = calls_[below(calls_.size())];
        for (int again = 0; again < 20 && to.stop[0] != from.stop[0]; ++again) to = calls_[below(calls_.size())];
        const auto place = [&](const Call& call) { return chance(50) ? call.stop : call.stop.substr(0, 1); };
        enum Names { any, trip, route };
        const auto names = one_of<std::pair<Names, Names>>(
            {{trip, trip}, {trip, trip}, {trip, route}, {route, trip}, {trip, any}, {any, trip}, {route, route},
             {route, any}, {any, route}});
        const auto name = [](Names what, Names wanted, const std::string& id) { return what == wanted ? id : ""; };
        const auto leave = place(from);
        const auto ends = leave + "," + place(to);
        const auto trains = name(names.first, trip, from.trip) + "," + name(names.second, trip, to.trip) + "," +
                            name(names.first, route, from.route) + "," + name(names.second, route, to.route);
        const auto type = one_of<std::string>({"0", "1", "2", "2", "2", "3"});
        const auto rule = type + "," + one_of<std::string>({"", "0", "0", "60", "300", "900"});
        if (known.insert(ends + trains).second) text += ends + "," + rule + "," + trains + "\n";
    }
    return text;
}

}  // namespace railbook::test

#include "sim/simulator/railway.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include <railbook/engine.hpp>

#include "sim/simulator/clock.hpp"
#include "store/memory/memory.hpp"

namespace railbook::sim {
namespace {

constexpr std::size_t kMostSegments = 8;
constexpr std::size_t kMostRuns = 4;
constexpr std::size_t kFirstHour = 8;
constexpr ServiceDate kDate{std::chrono::year{2027} / 6 / 1};
constexpr std::string_view kFeed = "sim";

constexpr int kMinutesLater = 7;

void write_feed(const std::filesystem::path& folder, Timetabled timetable) {
    const auto write = [&](const char* name, const std::string& text) { std::ofstream{folder / name} << text; };
    write("agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nS,Sim Rail,http://s.example,Etc/UTC\n");
    write("routes.txt", "route_id,agency_id,route_short_name,route_type\nR,S,R 1,2\n");
    write("calendar.txt",
          "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
          "daily,1,1,1,1,1,1,1,20261101,20271231\n");
    std::string stops = "stop_id,stop_name,stop_lat,stop_lon\n";
    for (std::size_t i = 0; i <= kMostSegments; ++i)
        stops += fmt::format("{},Station {},{:.1f},10.0\n", station(i), i, 50.0 + static_cast<double>(i) / 10);
    write("stops.txt", stops);
    std::string trips = "route_id,service_id,trip_id\n";
    std::string times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
    const int minutes = timetable == Timetabled::later ? kMinutesLater : 0;
    for (std::size_t segments = 1; segments <= kMostSegments; ++segments) {
        for (std::size_t run = 1; run <= kMostRuns; ++run) {
            if (timetable == Timetabled::fewer && run == 1) continue;
            const auto last = timetable == Timetabled::shorter && segments > 1 ? segments - 1 : segments;
            trips += fmt::format("R,daily,{}-{}\n", segments, run);
            for (std::size_t i = 0; i <= last; ++i)
                times += fmt::format("{}-{},{:02}:{:02}:00,{:02}:{:02}:00,{},{}\n", segments, run, kFirstHour + i,
                                     minutes, kFirstHour + i, minutes, station(i), i + 1);
        }
    }
    write("trips.txt", trips);
    write("stop_times.txt", times);
}

}  // namespace

Folder::Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "railbook-sim-XXXXXX").string();
    if (const char* made = mkdtemp(pattern.data())) path_ = made;
}
Folder::~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<Railway> make_railway() {
    Railway railway;
    for (std::size_t i = 0; i < kTimetables; ++i) {
        railway.folders[i] = std::make_unique<Folder>();
        write_feed(railway.folders[i]->path(), static_cast<Timetabled>(i));
    }
    Scheduler scheduler{0};
    const Clock clock{scheduler, Timestamp{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}}};
    SimulatedEnvironment environment{scheduler, clock, Duration::zero(), 0};
    auto store = store::open_memory(environment);
    Store& inside = *store;
    EngineOptions options;
    options.environment = &environment;
    auto engine = Engine::open(std::move(store), options);
    if (!engine) return engine.error();
    ImportOptions import;
    import.name = std::string{kFeed};
    const auto report = engine->timetable().import_gtfs(railway.folders[0]->path(), import);
    if (!report) return report.error();
    auto data = inside.timetable().feed_data(kFeed);
    if (!data) return data.error();
    railway.feed = report->feed;
    railway.data = *std::move(data);
    return railway;
}

std::string station(std::size_t index) { return std::string(1, static_cast<char>('A' + index)); }

RunId run_named(const Plan& plan, std::size_t index) {
    return {.date = kDate, .trip = {std::string{kFeed}, fmt::format("{}-{}", plan.segments, index + 1)}};
}

std::string layouts_of(const Plan& plan) {
    std::string places;
    for (std::size_t i = 0; i < plan.seats; ++i) {
        const bool window = i % 2 == 0;
        places += fmt::format(R"({}{{"number": "{}"{}}})", i == 0 ? "" : ", ", i + 1,
                              window ? R"(, "properties": ["WINDOW"])" : "");
    }
    std::string coaches;
    for (std::size_t i = 0; i < plan.coaches; ++i)
        coaches += fmt::format(R"({}{{"number": "{}", "layout": "small"}})", i == 0 ? "" : ", ", i + 1);
    return fmt::format(R"({{"name": "sim", "layouts": [{{"layout": "small", "class": "second", "places": [{}]}}],)"
                       R"( "consists": [{{"consist": "small", "coaches": [{}], "applies_to": [{{}}]}}]}})",
                       places, coaches);
}

SeatId seat_at(const Plan& plan, std::size_t index) {
    return {fmt::format("{}", index / plan.seats + 1), fmt::format("{}", index % plan.seats + 1)};
}

std::shared_ptr<const Consist> consist_of(const Plan& plan, std::size_t variant) {
    const auto coach = [&](std::size_t number) {
        Coach made{.number = fmt::format("{}", number), .layout = "small", .travel_class = "second", .places = {}};
        for (std::size_t i = 0; i < plan.seats; ++i) {
            Place place{.number = fmt::format("{}", i + 1)};
            if (i % 2 == 0) place.properties = {"WINDOW"};
            made.places.push_back(std::move(place));
        }
        return made;
    };
    Consist consist{.name = variant == 0 ? "small" : fmt::format("other {}", variant), .coaches = {}};
    for (std::size_t i = 1; i <= plan.coaches; ++i) consist.coaches.push_back(coach(i));
    switch (variant) {
        case 1:  // every seat gets another index
            consist.coaches.insert(consist.coaches.begin(), coach(9));
            std::reverse(consist.coaches.begin(), consist.coaches.end());
            break;
        case 2:  // the first seat is gone, and others come
            consist.coaches.front().places.erase(consist.coaches.front().places.begin());
            consist.coaches.push_back(coach(9));
            break;
        case 3: consist.coaches.front() = coach(8); break;
        case 4:  // there may be too few
            if (plan.seats > 1) consist.coaches.back().places.pop_back();
            break;
        case 5:  // as many seats, each in the place of another
            std::reverse(consist.coaches.begin(), consist.coaches.end());
            for (auto& one : consist.coaches) std::reverse(one.places.begin(), one.places.end());
            break;
        default: break;
    }
    return std::make_shared<const Consist>(std::move(consist));
}

std::uint32_t code_of(const SeatId& seat) {
    return static_cast<std::uint32_t>(std::stoul(seat.coach) * 100 + std::stoul(seat.seat));
}

bool is_window(std::uint32_t code) { return code % 2 == 1; }

std::vector<std::uint32_t> codes_of(const Consist& consist) {
    std::vector<std::uint32_t> codes;
    for (const auto& coach : consist.coaches) {
        for (const auto& place : coach.places) codes.push_back(code_of({coach.number, place.number}));
    }
    return codes;
}

std::uint32_t timetables_of(const Plan& plan, const HoldItem& item) {
    const auto is_at = [&](const Endpoint& end, std::uint16_t call, int minutes) {
        const auto hour = std::chrono::hours{kFirstHour + call};
        return end.time ==
               Timestamp{std::chrono::sys_days{kDate.time_since_epoch()} + hour + std::chrono::minutes{minutes}};
    };
    std::uint32_t bits = 0;
    if (is_at(item.from, item.span.from, kMinutesLater) && is_at(item.to, item.span.to, kMinutesLater))
        bits |= bit_of(Timetabled::later);
    if (!is_at(item.from, item.span.from, 0) || !is_at(item.to, item.span.to, 0)) return bits;
    bits |= bit_of(Timetabled::as_ever);
    if (plan.segments == 1 || item.span.to < plan.segments) bits |= bit_of(Timetabled::shorter);
    if (item.run != run_named(plan, 0)) bits |= bit_of(Timetabled::fewer);
    return bits;
}

}  // namespace railbook::sim

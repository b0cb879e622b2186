#include "sim/simulator/railway.hpp"

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
constexpr std::string_view kFeed = "sim";

class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "railbook-sim-XXXXXX").string();
        if (const char* made = mkdtemp(pattern.data())) path_ = made;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

void write_feed(const std::filesystem::path& folder) {
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
    for (std::size_t segments = 1; segments <= kMostSegments; ++segments) {
        for (std::size_t run = 1; run <= kMostRuns; ++run) {
            trips += fmt::format("R,daily,{}-{}\n", segments, run);
            for (std::size_t i = 0; i <= segments; ++i)
                times += fmt::format("{}-{},{:02}:00:00,{:02}:00:00,{},{}\n", segments, run, 8 + i, 8 + i, station(i),
                                     i + 1);
        }
    }
    write("trips.txt", trips);
    write("stop_times.txt", times);
}

}  // namespace

Result<Railway> make_railway() {
    const Folder folder;
    write_feed(folder.path());
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
    const auto report = engine->timetable().import_gtfs(folder.path().string(), import);
    if (!report) return report.error();
    auto data = inside.timetable().feed_data(kFeed);
    if (!data) return data.error();
    return Railway{report->feed, *std::move(data)};
}

std::string station(std::size_t index) { return std::string(1, static_cast<char>('A' + index)); }

RunId run_named(const Plan& plan, std::size_t index) {
    return {.date = ServiceDate{std::chrono::year{2027} / 6 / 1},
            .trip = {std::string{kFeed}, fmt::format("{}-{}", plan.segments, index + 1)}};
}

std::string layouts_of(const Plan& plan) {
    std::string places;
    for (std::size_t i = 0; i < plan.seats; ++i)
        places += fmt::format(R"({}{{"number": "{}"}})", i == 0 ? "" : ", ", i + 1);
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

}  // namespace railbook::sim

/// How long it takes from nothing to the first answer: a process of its own opens a store and asks for a journey. From
/// the zip it imports the feed before; from the stored form it has no file of the compiled timetable; else it maps
/// that. And how large the timetable is. For the sample feed, and for those in the folder that RAILBOOK_EXTRA_FEEDS
/// names. Goals are of the sample feed (times) and of every feed (sizes).

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <malloc.h>

#include <fmt/format.h>

#include <railbook/railbook.hpp>

#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"
#include "timetable/network.hpp"

namespace railbook::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "bench_start: %s\n", what.c_str());
    std::_Exit(1);
}

/// Does the work in a process that has done nothing before, and returns what it made.
template <class Made>
Made in_new_process(const std::function<Made()>& work) {
    int ends[2];
    if (pipe(ends) != 0) give_up("no pipe");
    const auto child = fork();
    if (child < 0) give_up("no process");
    if (child == 0) {
        const Made made = work();
        if (write(ends[1], &made, sizeof made) != sizeof made) give_up("no answer");
        std::_Exit(0);
    }
    Made made{};
    close(ends[1]);
    const bool done = read(ends[0], &made, sizeof made) == sizeof made;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!done || status != 0) give_up("the process failed");
    return made;
}

/// What is asked first, and how large the timetable is.
struct Facts {
    char from[64] = {};
    char to[64] = {};
    std::int64_t depart = 0;  // milliseconds
    std::size_t stop_events = 0;
    std::size_t memory = 0;
};

Facts facts_of(const std::string& zip) {
    using namespace timetable;
    const auto archive = Archive::open(zip);
    if (!archive) give_up(archive.error().detail);
    auto read = read_gtfs(**archive, {.feed = "x", .rebase = {}, .progress = {}});
    if (!read) give_up(read.error().detail);
    // The first one also brings what a process has but once, such as the rules of time zones.
    const auto first = *Network::from_data(read->network);
    const auto before = mallinfo2();
    const auto network = *Network::from_data(read->network);
    const auto after = mallinfo2();
    Facts facts;
    facts.memory = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    facts.stop_events = network->data().stop_events();
    std::mt19937 random{1};
    while (facts.depart == 0) {
        const auto trip = static_cast<Index>(random() % network->data().trips.size());
        const auto day = static_cast<std::uint32_t>(random() % network->data().days);
        if (!network->runs_on(trip, day)) continue;
        const auto calls = network->calls(trip);
        const auto id_of = [&](Index stop) {
            return std::string{network->data().stations[network->data().stops[stop].station].id};
        };
        if (id_of(calls.front().stop) == id_of(calls.back().stop)) continue;
        id_of(calls.front().stop).copy(facts.from, sizeof facts.from - 1);
        id_of(calls.back().stop).copy(facts.to, sizeof facts.to - 1);
        facts.depart = network->time_of(trip, day, calls.front().departure).time_since_epoch().count();
    }
    return facts;
}

double first_answer(const std::string& store, const std::string& zip, const Facts& facts) {
    const auto start = Clock::now();
    auto engine = Engine::open("sqlite:" + store);
    if (!engine) give_up(engine.error().detail);
    if (!zip.empty()) {
        const auto report = engine->timetable().import_gtfs(zip, {.name = "x"});
        if (!report) give_up(report.error().detail);
    }
    JourneyQuery query;
    query.from = {"x", facts.from};
    query.to = {"x", facts.to};
    query.depart = Timestamp{Duration{facts.depart}};
    query.window = Duration{0};
    const auto found = engine->search().find(query);
    const auto took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!found) give_up(found.error().detail);
    if (found->journeys.empty()) give_up("no journey was found");
    return took;
}

void print(const std::string& feed, const char* what, double value, double must, double aim, const char* unit) {
    const char* verdict = must == 0 ? "" : value <= aim ? "aim met" : value <= must ? "must met" : "MISSED";
    const auto goal = must == 0 ? std::string{} : fmt::format("must {:g}, aim {:g}", must, aim);
    fmt::print("{:<16} {:<34} {:>9.2f} {:<3} {:<20} {}\n", feed, what, value, unit, goal, verdict);
    std::fflush(stdout);
}

void measure(const std::string& zip) {
    namespace fs = std::filesystem;
    const auto feed = fs::path{zip}.stem().string();
    auto folder = (fs::temp_directory_path() / "railbook-start-XXXXXX").string();
    if (!mkdtemp(folder.data())) give_up("no temporary folder");
    const auto facts = in_new_process<Facts>([&] { return facts_of(zip); });
    const auto median_of = [&](int times, const std::function<double(int)>& once) {
        std::vector<double> all;
        for (int i = 0; i < times; ++i) all.push_back(in_new_process<double>([&] { return once(i); }));
        std::ranges::sort(all);
        return all[all.size() / 2];
    };
    const auto from_zip = median_of(5, [&](int i) {
        return first_answer(fmt::format("{}/{}.db", folder, i), zip, facts);
    });
    const auto image_of = [&](const std::string& store) {
        for (const auto& each : fs::directory_iterator{folder}) {
            if (each.path().extension() == ".image" && each.path().string().starts_with(store)) return each.path();
        }
        give_up("the compiled timetable is not beside the store");
    };
    const auto store = folder + "/0.db";
    const auto size = fs::file_size(image_of(store));
    const auto from_map = median_of(9, [&](int) { return first_answer(store, {}, facts); });
    const auto from_store = median_of(5, [&](int) {
        fs::remove(image_of(store));
        return first_answer(store, {}, facts);
    });
    const bool is_sample = feed == "db-fv-2019";
    const auto a_stop_event = [&](std::size_t bytes) {
        return static_cast<double>(bytes) / static_cast<double>(facts.stop_events);
    };
    print(feed, "first answer from the zip", from_zip, is_sample ? 100 : 0, 25, "ms");
    print(feed, "first answer from the stored form", from_store, 0, 0, "ms");
    print(feed, "first answer from the mapped file", from_map, is_sample ? 5 : 0, 2, "ms");
    print(feed, "mapped file, per stop event", a_stop_event(size), 24, 13, "B");
    print(feed, "memory, per stop event", a_stop_event(facts.memory), 50, 24, "B");
    fs::remove_all(folder);
}

}  // namespace
}  // namespace railbook::bench

int main() {
    std::vector<std::string> zips{RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip"};
    if (const char* folder = std::getenv("RAILBOOK_EXTRA_FEEDS")) {
        for (const auto& entry : std::filesystem::directory_iterator{folder}) {
            if (entry.path().extension() == ".zip" && entry.path().stem() != "db-fv-2019")
                zips.push_back(entry.path().string());
        }
    }
    std::ranges::sort(zips.begin() + 1, zips.end());
    for (const auto& zip : zips) railbook::bench::measure(zip);
}

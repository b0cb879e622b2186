// Finding journeys on the sample feed, on further ones from the folder that RAILBOOK_EXTRA_FEEDS names, and in a
// made-up country, each against plain rivals in the same run that give the same answers. Counters: p50, p95 and p99 in
// microseconds, allocations a question; `ratio` says how many times faster than its rival the search was, on the same
// questions; bytes for each stop event of the timetable, and for the search with the days that it keeps. After them
// stand the goals of times, which the long-distance feeds and the made-up country have (goals.hpp).

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <random>

#include <malloc.h>

#include <benchmark/benchmark.h>

#include "bench/goals.hpp"
#include "bench/raptor.hpp"
#include "bench/self_join.hpp"
#include "search/cached.hpp"
#include "search/finder.hpp"
#include "support/country.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> bytes{0};  // that are in use
}  // namespace

// Counted here, for all of the program. Inlined, g++ would take the two for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (!memory) throw std::bad_alloc{};
    bytes.fetch_add(malloc_usable_size(memory), std::memory_order_relaxed);
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    bytes.fetch_sub(malloc_usable_size(memory), std::memory_order_relaxed);
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace railbook::search {
namespace {

using Clock = std::chrono::steady_clock;

struct Feed {
    std::string name;
    std::shared_ptr<const Network> network;
    std::vector<Question> questions;  // of one departure
    std::size_t compared = 200;       // with the rival; of whole days a quarter
    std::size_t network_bytes = 0;
};

/// Between stations and at times as trains serve them, so that busy ones are asked for more often.
std::vector<Question> questions_of(const Network& network, std::size_t count, std::size_t dates) {
    std::mt19937 random{4};
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random); };
    const auto& data = network.data();
    // A few dates for all: their days are kept, and what is measured is the search.
    const auto any_trip = [&] { return static_cast<Index>(below(data.trips.size())); };
    const auto any_station = [&] {
        const auto calls = network.calls(any_trip());
        return data.stops[calls[below(calls.size())].stop].station;
    };
    std::vector<std::uint32_t> days;
    while (days.size() < dates) {
        const auto day = static_cast<std::uint32_t>(below(data.days));
        if (network.runs_on(any_trip(), day)) days.push_back(day);
    }
    std::vector<Question> questions;
    while (questions.size() < count) {
        Question question{.from = any_station(), .to = any_station()};
        if (question.from == question.to) continue;
        const auto begin = network.time_of(0, days[below(days.size())], 0);
        question.time = begin.time_since_epoch().count() / 1000 + static_cast<std::int64_t>(below(86'400 / 60)) * 60;
        questions.push_back(question);
    }
    return questions;
}

Question whole_day(Question question) {
    question.time -= question.time % 86'400;
    question.window = 86'400;
    return question;
}

const std::vector<Feed>& feeds() {
    static const std::vector<Feed> all = [] {
        std::vector<std::string> paths{RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip"};
        if (const char* folder = std::getenv("RAILBOOK_EXTRA_FEEDS")) {
            for (const auto& entry : std::filesystem::directory_iterator{folder}) {
                if (entry.path().extension() != ".zip" || entry.path().stem() == "db-fv-2019") continue;
                paths.push_back(entry.path().string());
            }
        }
        std::ranges::sort(paths.begin() + 1, paths.end());
        std::vector<Feed> made;
        const auto add = [&](std::string name, std::size_t questions, std::size_t dates, auto&& data) {
            auto& feed = made.emplace_back();
            feed.name = std::move(name);
            const auto before = bytes.load();
            feed.network = *Network::from_data(data());
            feed.network_bytes = bytes.load() - before;
            feed.questions = questions_of(*feed.network, questions, dates);
            return &feed;
        };
        for (const auto& path : paths) {
            add(std::filesystem::path{path}.stem().string(), 500, 5, [&] {
                const auto archive = *timetable::Archive::open(path);
                return std::move(timetable::read_gtfs(*archive, {.feed = "x", .rebase = {}, .progress = {}})->network);
            });
        }
        // Its range RAPTOR takes seconds.
        add("country", 100, 2, [] { return test::Country{7}.make(); })->compared = 16;
        return made;
    }();
    return all;
}

bool is_country(const Feed& feed) { return feed.name == "country"; }
/// Goals in microseconds are of this one.
bool is_sample(const Feed& feed) { return feed.name == "db-fv-2019"; }

double microseconds_of(const auto& work) {
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

double at_percent(const std::vector<double>& sorted, std::size_t percent) {
    return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

/// (departure, arrival, changes) of all, to be compared.
std::vector<RaptorJourney> times_of(const std::vector<FoundJourney>& found) {
    std::vector<RaptorJourney> times;
    const auto seconds = [](Timestamp time) { return time.time_since_epoch().count() / 1000; };
    for (const auto& each : found) times.push_back({seconds(each.departure()), seconds(each.arrival()), each.changes});
    return times;
}

void measure(benchmark::State& state, const Feed& feed, std::size_t compared, const auto& question_for,
             const auto& by_rival, const auto& is_same) {
    const auto bytes_before = bytes.load();
    const auto made = make_finder(*feed.network);
    auto& finder = *made;
    for (const auto& question : feed.questions) benchmark::DoNotOptimize(finder.find(question_for(question)));
    // All questions of this kind were asked, so that it has the days of the question.
    const auto bytes_of_finder = bytes.load() - bytes_before;
    std::vector<double> times;
    std::size_t allocated = 0;
    for (auto _ : state) {
        for (const auto& each : feed.questions) {
            const auto question = question_for(each);
            const auto before = allocations.load();
            times.push_back(microseconds_of([&] { benchmark::DoNotOptimize(finder.find(question)); }));
            allocated += allocations.load() - before;
        }
    }
    for (std::size_t i = 0; i < compared; ++i) {
        const auto question = question_for(feed.questions[i]);
        if (!is_same(by_rival(question), times_of(finder.find(question)))) {
            state.SkipWithError("the rival found something else");
            return;
        }
    }
    // In turns, each with all questions: so neither finds the processor's caches as the other left them.
    std::vector<double> ratios;
    std::vector<double> rival_times;
    for (int pass = 0; pass < 5; ++pass) {
        const auto time_of_all = [&](const auto& find) {
            double total = 0;
            for (std::size_t i = 0; i < compared; ++i) {
                const auto question = question_for(feed.questions[i]);
                total += microseconds_of([&] { benchmark::DoNotOptimize(find(question)); });
            }
            return total;
        };
        const auto own = time_of_all([&](const Question& question) { return finder.find(question); });
        rival_times.push_back(time_of_all(by_rival));
        ratios.push_back(rival_times.back() / own);
    }
    std::ranges::sort(ratios);
    std::ranges::sort(rival_times);
    std::ranges::sort(times);
    state.counters["p50"] = at_percent(times, 50);
    state.counters["p95"] = at_percent(times, 95);
    state.counters["p99"] = at_percent(times, 99);
    state.counters["allocations"] = static_cast<double>(allocated) / static_cast<double>(times.size());
    const auto stop_events = static_cast<double>(feed.network->data().stop_events());
    state.counters["network_bytes"] = static_cast<double>(feed.network_bytes) / stop_events;
    state.counters["search_bytes"] = static_cast<double>(bytes_of_finder) / stop_events;
    state.counters["rival"] = at_percent(rival_times, 50) / static_cast<double>(compared);
    state.counters["ratio"] = at_percent(ratios, 50);
    state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
}

/// Times faster than the rival, on the other feeds and in the country; and the median on the sample.
struct SearchGoals {
    double ratio;
    double country_ratio;
    double micros;
    double aimed_micros;
};
void note_goals(benchmark::State& state, const Feed& feed, const std::string& what, const SearchGoals& wanted) {
    if (!state.counters.contains("ratio")) return;  // the rival found something else
    bench::goals().at_least(what + ", against RAPTOR: " + feed.name, "times", state.counters["ratio"],
                            is_country(feed) ? wanted.country_ratio : wanted.ratio);
    if (!is_sample(feed)) return;
    bench::goals().at_most(what + ", p50: " + feed.name, "us", state.counters["p50"], wanted.micros,
                           wanted.aimed_micros);
}

void one_departure(benchmark::State& state, const Feed& feed) {
    Raptor raptor{*feed.network};
    measure(
        state, feed, feed.compared, [](const Question& question) { return question; },
        [&](const Question& question) { return raptor.first_arrivals(question); },
        [](const auto& rival, const auto& own) {
            // Of one departure only the arrival and the changes are asked for.
            return std::ranges::is_permutation(rival, own, [](const auto& left, const auto& right) {
                return left.arrival == right.arrival && left.changes == right.changes;
            });
        });
    note_goals(state, feed, "one departure", {.ratio = 5, .country_ratio = 1.5, .micros = 150, .aimed_micros = 50});
}

void whole_day(benchmark::State& state, const Feed& feed) {
    Raptor raptor{*feed.network};
    measure(
        state, feed, feed.compared / 4, [](const Question& question) { return whole_day(question); },
        [&](const Question& question) { return raptor.all_of_window(question); },
        [](const auto& rival, const auto& own) { return std::ranges::is_permutation(rival, own); });
    note_goals(state, feed, "whole day", {.ratio = 10, .country_ratio = 3, .micros = 560, .aimed_micros = 170});
}

/// All direct trains of a day, between stations that have one.
void direct(benchmark::State& state, const Feed& feed) {
    const auto& network = *feed.network;
    const auto& data = network.data();
    SelfJoin rival{network};
    std::mt19937 random{5};
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random); };
    struct Pair {
        Index from = 0;
        Index to = 0;
        TimeWindow window;
    };
    std::vector<Pair> pairs;
    while (pairs.size() < feed.questions.size()) {
        const auto trip = static_cast<Index>(below(data.trips.size()));
        const auto day = static_cast<std::uint32_t>(below(data.days));
        if (!network.runs_on(trip, day)) continue;
        const auto calls = network.calls(trip);
        const auto board = below(calls.size() - 1);
        const auto alight = board + 1 + below(calls.size() - board - 1);
        const auto begin = network.time_of(trip, day, 0);
        pairs.push_back({data.stops[calls[board].stop].station,
                         data.stops[calls[alight].stop].station,
                         {begin, begin + std::chrono::hours{24}}});
    }
    const auto seconds = [](Timestamp time) { return time.time_since_epoch().count() / 1000; };
    const auto by_rival = [&](const Pair& pair) {
        return rival.rides(pair.from, pair.to, seconds(pair.window.from), seconds(pair.window.to));
    };
    const auto own = [&](const Pair& pair) {
        return direct_rides(network, pair.from, pair.to, End::departure, pair.window);
    };
    for (const auto& pair : pairs) {
        std::vector<SelfJoin::Ride> found;
        for (const auto& ride : own(pair)) {
            found.push_back({seconds(ride.departure), seconds(ride.arrival), ride.run.trip});
        }
        if (found != by_rival(pair)) {
            state.SkipWithError("the rival found something else");
            return;
        }
    }
    std::vector<double> times;
    std::vector<double> rival_times;
    for (auto _ : state) {
        for (const auto& pair : pairs) times.push_back(microseconds_of([&] { benchmark::DoNotOptimize(own(pair)); }));
    }
    for (const auto& pair : pairs) {
        rival_times.push_back(microseconds_of([&] { benchmark::DoNotOptimize(by_rival(pair)); }));
    }
    std::ranges::sort(times);
    std::ranges::sort(rival_times);
    state.counters["p50"] = at_percent(times, 50);
    state.counters["p95"] = at_percent(times, 95);
    state.counters["p99"] = at_percent(times, 99);
    state.counters["rival_p50"] = at_percent(rival_times, 50);
    state.counters["ratio"] = at_percent(rival_times, 50) / at_percent(times, 50);
    bench::goals().at_most("direct trains, p95: " + feed.name, "us", at_percent(times, 95), 20, 5);
    state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
}

/// Of a pair and a date that were asked for before: what is kept of them is all that is left to look at.
void repeated(benchmark::State& state, const Feed& feed, const std::string& what, const auto& question_for) {
    CachedFinder finder{make_finder(*feed.network), *feed.network};
    for (int time = 0; time < 3; ++time) {
        for (const auto& each : feed.questions) benchmark::DoNotOptimize(finder.find(question_for(each)));
    }
    std::vector<double> times;
    for (auto _ : state) {
        for (const auto& each : feed.questions) {
            const auto question = question_for(each);
            times.push_back(microseconds_of([&] { benchmark::DoNotOptimize(finder.find(question)); }));
        }
    }
    std::ranges::sort(times);
    state.counters["p50"] = at_percent(times, 50);
    state.counters["p95"] = at_percent(times, 95);
    state.counters["p99"] = at_percent(times, 99);
    bench::goals().at_most("repeated " + what + ", p95: " + feed.name, "us", at_percent(times, 95), 5, 1);
    state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
}

/// Between two stations for which nobody asked before, on a date for which somebody did.
void first_of_pair(benchmark::State& state, const Feed& feed, const auto& question_for) {
    std::vector<double> times;
    for (auto _ : state) {
        for (std::size_t i = 0; i < std::min<std::size_t>(feed.compared, 50); ++i) {
            const auto question = question_for(feed.questions[i]);
            const auto finder = make_finder(*feed.network);
            auto way_back = question;
            std::swap(way_back.from, way_back.to);
            // Twice: the first question of an engine does without what is made for the second.
            for (int time = 0; time < 2; ++time) benchmark::DoNotOptimize(finder->find(way_back));
            times.push_back(microseconds_of([&] { benchmark::DoNotOptimize(finder->find(question)); }));
        }
    }
    std::ranges::sort(times);
    state.counters["p50"] = at_percent(times, 50);
    state.counters["p95"] = at_percent(times, 95);
    state.counters["p99"] = at_percent(times, 99);
    state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
}

const bool kRegistered = [] {
    for (const auto& feed : feeds()) {
        benchmark::RegisterBenchmark(("one_departure/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            one_departure(state, feed);
        })->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("whole_day/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            whole_day(state, feed);
        })->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("direct/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            direct(state, feed);
        })->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("first_departure/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            first_of_pair(state, feed, [](const Question& question) { return question; });
        })->Unit(benchmark::kMillisecond)->Iterations(1);
        benchmark::RegisterBenchmark(("first_day/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            first_of_pair(state, feed, [](const Question& question) { return whole_day(question); });
        })->Unit(benchmark::kMillisecond)->Iterations(1);
        benchmark::RegisterBenchmark(("repeated_departure/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            repeated(state, feed, "departure", [](const Question& question) { return question; });
        })->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("repeated_day/" + feed.name).c_str(), [&feed](benchmark::State& state) {
            repeated(state, feed, "day", [](const Question& question) { return whole_day(question); });
        })->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace
}  // namespace railbook::search

int main(int argc, char** argv) { return railbook::bench::run(argc, argv); }

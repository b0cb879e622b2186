// Timetables: reading text, importing, loading, finding stations, and looking up direct trains, each against a plain
// rival in the same run. The counter `ratio` says how many times faster than its rival a benchmark was. After them
// stand the goals (goals.hpp).

#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include "bench/goals.hpp"
#include "search/direct.hpp"
#include "timetable/archive.hpp"
#include "timetable/codec.hpp"
#include "timetable/csv.hpp"
#include "timetable/gtfs.hpp"
#include "timetable/station_index.hpp"

namespace railbook::timetable {
namespace {

constexpr auto kSample = RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip";

double seconds_of(const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The best of a few: what is not noise.
double best_of(const auto& work) {
    double best = seconds_of(work);
    for (int i = 0; i < 4; ++i) best = std::min(best, seconds_of(work));
    return best;
}

/// The text of a file of the sample.
const std::string& text_of(const std::string& file) {
    static std::map<std::string, std::string> texts;
    auto& text = texts[file];
    if (!text.empty()) return text;
    const auto archive = Archive::open(kSample);
    auto source = (*archive)->read(file);
    std::vector<char> piece(1 << 16);
    for (auto count = (*source)(piece); count && *count > 0; count = (*source)(piece)) {
        text.append(piece.data(), *count);
    }
    return text;
}

const GtfsImport& sample() {
    static const GtfsImport import = [] {
        const auto archive = Archive::open(kSample);
        return *read_gtfs(**archive, {.feed = "db", .rebase = {}, .progress = {}});
    }();
    return import;
}

const Network& network() {
    static const auto loaded = *Network::from_data(sample().network);
    return *loaded;
}

// --- Stations ---

constexpr std::size_t kStations = 10'000;

/// Names made of the words of the sample's, most of them lengthened, so that there are as many words as in a country.
std::vector<std::string> many_names() {
    std::vector<std::string> words;
    for (const auto& station : sample().network.stations) {
        const auto folded = fold(station.name).plain;
        std::istringstream text{folded};
        for (std::string word; text >> word;) words.push_back(word);
    }
    constexpr std::array kEnds{"au", "bach", "berg", "dorf", "feld", "hausen", "heim", "hofen", "ingen", "stadt", "tal"};
    std::mt19937 random{1};
    std::set<std::string> names;
    while (names.size() < kStations) {
        std::string name = words[random() % words.size()] + kEnds[random() % kEnds.size()];
        for (std::size_t i = random() % 3; i > 0; --i) name += ' ' + words[random() % words.size()];
        names.insert(std::move(name));
    }
    return {names.begin(), names.end()};
}

std::shared_ptr<const Network> network_with(const std::vector<std::string>& names) {
    NetworkData data = sample().network;
    data.stations.clear();
    data.stops.clear();
    for (Index i = 0; i < names.size(); ++i) {
        const auto id = std::to_string(1'000'000 + i);
        data.stations.push_back({.id = id, .name = names[i], .aliases = {}});
        data.stops.push_back({id, i, {}});
    }
    data.transfers.clear();
    return *Network::from_data(std::move(data));
}

/// What people have typed after each key: names letter by letter, every third with two letters swapped.
std::vector<std::string> key_strokes(const std::vector<std::string>& names) {
    std::mt19937 random{2};
    std::vector<std::string> typed;
    for (int i = 0; i < 300; ++i) {
        auto name = names[random() % names.size()];
        if (i % 3 == 0) std::swap(name[name.size() / 2], name[name.size() / 2 - 1]);
        for (std::size_t size = 1; size <= name.size(); ++size) typed.push_back(name.substr(0, size));
    }
    return typed;
}

/// The rival: SQLite's full-text search, with an index of beginnings.
class FullText {
public:
    explicit FullText(const std::vector<std::string>& names) {
        sqlite3_open(":memory:", &database_);
        run("CREATE VIRTUAL TABLE station USING fts5(name, prefix='1 2 3')");
        run("BEGIN");
        for (const auto& name : names) run("INSERT INTO station VALUES ('" + name + "')");
        run("COMMIT");
        sqlite3_prepare_v2(database_, "SELECT name FROM station WHERE station MATCH ? ORDER BY rank LIMIT 10", -1, &find_,
                           nullptr);
    }
    ~FullText() {
        sqlite3_finalize(find_);
        sqlite3_close(database_);
    }
    FullText(const FullText&) = delete;
    FullText& operator=(const FullText&) = delete;

    std::size_t count(const std::string& typed) {
        std::istringstream text{typed};
        std::string match;
        for (std::string word; text >> word;) match += '"' + word + "\"* ";
        sqlite3_bind_text(find_, 1, match.c_str(), static_cast<int>(match.size()), SQLITE_TRANSIENT);
        std::size_t found = 0;
        while (sqlite3_step(find_) == SQLITE_ROW) ++found;
        sqlite3_reset(find_);
        return found;
    }

private:
    void run(const std::string& sql) {
        if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
};

void find_stations_key_by_key(benchmark::State& state) {
    const auto names = many_names();
    const std::vector networks{network_with(names)};
    const StationIndex index{networks};
    const auto typed = key_strokes(names);
    FullText rival{names};
    std::size_t next = 0;
    for (auto _ : state) benchmark::DoNotOptimize(index.find(typed[next++ % typed.size()], 10));

    std::vector<double> micros;
    double sum = 0;
    double of_rival = 0;
    for (const auto& text : typed) {
        micros.push_back(1e6 * seconds_of([&] { benchmark::DoNotOptimize(index.find(text, 10)); }));
        sum += micros.back();
        of_rival += 1e6 * seconds_of([&] { benchmark::DoNotOptimize(rival.count(text)); });
    }
    std::ranges::sort(micros);
    std::set<std::string> words;
    for (const auto& name : names) {
        std::istringstream text{name};
        for (std::string word; text >> word;) words.insert(word);
    }
    state.counters["words"] = static_cast<double>(words.size());
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
    state.counters["ratio"] = of_rival / sum;
    bench::goals().at_most("a key stroke among 10,000 stations, p99", "us", micros[micros.size() * 99 / 100], 200, 50);
}
BENCHMARK(find_stations_key_by_key)->Unit(benchmark::kMicrosecond);

// --- CSV ---

std::size_t read_by_railbook(const std::string& text) {
    std::size_t at = 0;
    CsvReader reader{"stop_times.txt", [&](std::span<char> into) -> Result<std::size_t> {
                         const auto count = std::min(into.size(), text.size() - at);
                         text.copy(into.data(), count, at);
                         at += count;
                         return count;
                     }};
    if (!reader.read_header()) return 0;
    const auto columns = {*reader.column("trip_id"), *reader.column("arrival_time"), *reader.column("departure_time"),
                          *reader.column("stop_id"), *reader.column("stop_sequence")};
    std::size_t sum = 0;
    while (*reader.next()) {
        for (const auto column : columns) sum += reader.field(column).size();
    }
    return sum;
}

std::size_t read_by_getline(const std::string& text) {
    std::istringstream in{text};
    std::string line;
    std::getline(in, line);
    std::size_t sum = 0;
    while (std::getline(in, line)) {
        std::istringstream fields{line};
        std::vector<std::string> row;
        for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
        for (const auto& field : row) sum += field.size();
    }
    return sum;
}

void read_stop_times(benchmark::State& state) {
    const auto& text = text_of("stop_times.txt");
    if (read_by_railbook(text) != read_by_getline(text)) state.SkipWithError("the rival read something else");
    for (auto _ : state) benchmark::DoNotOptimize(read_by_railbook(text));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
    state.counters["ratio"] = best_of([&] { benchmark::DoNotOptimize(read_by_getline(text)); }) /
                              best_of([&] { benchmark::DoNotOptimize(read_by_railbook(text)); });
}
BENCHMARK(read_stop_times);

void read_stop_times_by_getline(benchmark::State& state) {
    const auto& text = text_of("stop_times.txt");
    for (auto _ : state) benchmark::DoNotOptimize(read_by_getline(text));
    state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(read_stop_times_by_getline);

// --- A whole feed ---

void import_feed(benchmark::State& state) {
    const auto import = [] {
        const auto archive = Archive::open(kSample);
        benchmark::DoNotOptimize(encode(read_gtfs(**archive, {.feed = "db", .rebase = {}, .progress = {}})->network));
    };
    for (auto _ : state) import();
    const auto bytes = static_cast<double>(sample().report.bytes);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
    bench::goals().at_least("import, of text", "MB/s", bytes / best_of(import) / 1e6, 100, 300);
}
BENCHMARK(import_feed)->Unit(benchmark::kMillisecond);

void load_feed(benchmark::State& state) {
    const auto bytes = encode(sample().network);
    for (auto _ : state) benchmark::DoNotOptimize(*Network::from_data(*decode(bytes)));
    const auto again = [] {
        const auto archive = Archive::open(kSample);
        benchmark::DoNotOptimize(read_gtfs(**archive, {.feed = "db", .rebase = {}, .progress = {}})->network);
    };
    state.counters["bytes"] = static_cast<double>(bytes.size());
    // The rival reads the zip again.
    state.counters["ratio"] =
        best_of(again) / best_of([&] { benchmark::DoNotOptimize(*Network::from_data(*decode(bytes))); });
}
BENCHMARK(load_feed)->Unit(benchmark::kMillisecond);

// --- Direct trains ---

struct Question {
    Index from;
    Index to;
    search::TimeWindow window;
};

/// Two calls of one train on a day of its year, so that most questions have an answer.
const std::vector<Question>& questions() {
    static const std::vector<Question> all = [] {
        std::mt19937 random{1};
        std::vector<Question> made;
        const auto& data = network().data();
        while (made.size() < 500) {
            const auto trip = static_cast<Index>(random() % data.trips.size());
            const auto calls = network().calls(trip);
            const auto a = random() % calls.size();
            const auto b = random() % calls.size();
            const auto from = data.stops[calls[std::min(a, b)].stop].station;
            const auto to = data.stops[calls[std::max(a, b)].stop].station;
            if (from == to) continue;
            const auto day = static_cast<std::uint32_t>(random() % (data.days - 1));
            made.push_back({from, to, {network().time_of(trip, day, 0), network().time_of(trip, day, 86'400)}});
        }
        return made;
    }();
    return all;
}

/// The rival: stop times by trip in a std::map and the dates of a service in a std::set, looked through from end to
/// end.
class Scan {
public:
    Scan() {
        const auto& data = network().data();
        for (Index trip = 0; trip < data.trips.size(); ++trip) {
            for (const auto& call : network().calls(trip)) stop_times_[trip].push_back(call);
            auto& dates = dates_[data.trips[trip].service];
            if (!dates.empty()) continue;
            for (std::uint32_t day = 0; day < data.days; ++day) {
                if (network().runs_on(trip, day)) dates.insert(day);
            }
        }
    }

    std::size_t count(const Question& question) const {
        const auto& data = network().data();
        std::size_t found = 0;
        for (const auto& [trip, calls] : stop_times_) {
            const NetworkData::Call* board = nullptr;
            for (const auto& call : calls) {
                const auto station = data.stops[call.stop].station;
                if (board && station == question.to && call.drop_off) {
                    for (const auto day : dates_.at(data.trips[trip].service)) {
                        const auto departure = network().time_of(trip, day, board->departure);
                        if (departure >= question.window.from && departure < question.window.to) ++found;
                    }
                    board = nullptr;
                }
                if (station == question.from && call.pick_up) board = &call;
            }
        }
        return found;
    }

private:
    std::map<Index, std::vector<NetworkData::Call>> stop_times_;
    std::map<Index, std::set<std::uint32_t>> dates_;
};

void find_direct_trains(benchmark::State& state) {
    const Scan scan;
    const auto ask = [](const Question& question) {
        const auto& [from, to, window] = question;
        return search::direct_rides(network(), from, to, search::End::departure, window).size();
    };
    const auto few = std::span{questions()}.first(20);
    for (const auto& question : few) {
        if (ask(question) != scan.count(question)) state.SkipWithError("the rival found something else");
    }
    std::size_t next = 0;
    for (auto _ : state) benchmark::DoNotOptimize(ask(questions()[next++ % questions().size()]));
    const auto scanned = best_of([&] {
        for (const auto& question : few) benchmark::DoNotOptimize(scan.count(question));
    });
    const auto asked = best_of([&] {
        for (const auto& question : few) benchmark::DoNotOptimize(ask(question));
    });
    state.counters["ratio"] = scanned / asked;
}
BENCHMARK(find_direct_trains)->Unit(benchmark::kMicrosecond);

void find_direct_trains_by_scan(benchmark::State& state) {
    const Scan scan;
    std::size_t next = 0;
    for (auto _ : state) benchmark::DoNotOptimize(scan.count(questions()[next++ % questions().size()]));
}
BENCHMARK(find_direct_trains_by_scan)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace railbook::timetable

int main(int argc, char** argv) { return railbook::bench::run(argc, argv); }

/// What holding a seat costs: the bare seats of a run, the public operation on `memory:`, and choosing seats, beside
/// what they are measured against, all in one run. Each row is measured in five passes, ours and the rival's in turns,
/// so that the machine's moods meet both alike; what is printed are medians.
///
///   bench_inventory [--benchmark_min_time=SECONDS] [--strict]
///
/// SECONDS is the length of each measurement (0.5). With --strict a goal that is missed is a failure; otherwise it is
/// only marked, since a busy machine says little.

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include <railbook/railbook.hpp>

#include "base/crypto.hpp"
#include "base/locks.hpp"
#include "inventory/seat_choice.hpp"
#include "store/allocations.hpp"
#include "store/memory/holds.hpp"
#include "store/memory/memory.hpp"

namespace railbook::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kCoaches = 16;
constexpr std::uint32_t kPlaces = 80;
constexpr std::uint32_t kSeats = kCoaches * kPlaces;
constexpr std::uint32_t kSegments = 30;
constexpr std::size_t kTrainsOfADay = 800;  // as German long distance has
constexpr int kPasses = 5;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "inventory_bench: %s\n", what.c_str());
    std::exit(1);
}

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

/// Calls `step` until the time is over. How many calls a second.
template <class Step>
double rate(double length, Step step) {
    constexpr int kBetweenLooks = 64;
    std::uint64_t calls = 0;
    const auto start = Clock::now();
    while (true) {
        for (int i = 0; i < kBetweenLooks; ++i) step();
        calls += kBetweenLooks;
        const auto passed = seconds(Clock::now() - start);
        if (passed >= length) return static_cast<double>(calls) / passed;
    }
}

/// The same in threads at once, all together; `make(thread)` gives each its step.
template <class Make>
double rate_of_threads(unsigned count, double length, const Make& make) {
    std::vector<double> rates(count);
    std::atomic<unsigned> ready{0};
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < count; ++thread) {
        threads.emplace_back([&, thread] {
            auto step = make(thread);
            ++ready;
            while (ready < count) std::this_thread::yield();
            rates[thread] = rate(length, std::move(step));
        });
    }
    for (auto& thread : threads) thread.join();
    double sum = 0;
    for (const auto one : rates) sum += one;
    return sum;
}

// --- The table -----------------------------------------------------------------------------------------------------

/// What is compared: measured and rival are amounts a second, or whatever `unit` says. `must` is the least ratio, or,
/// for what should be small, the most that may be measured.
struct Row {
    std::string name;
    std::string unit;
    std::function<double()> measure;
    std::string rival_name = {};
    std::function<double()> rival = {};
    std::optional<double> must = std::nullopt;
    bool small_is_good = false;
};

/// Prints the rows; how many of them miss what they must.
int print_table(const std::vector<Row>& rows) {
    std::vector<std::vector<double>> measured(rows.size()), rivals(rows.size()), ratios(rows.size());
    for (int pass = 0; pass < kPasses; ++pass) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            measured[i].push_back(rows[i].measure());
            if (!rows[i].rival) continue;
            rivals[i].push_back(rows[i].rival());
            ratios[i].push_back(measured[i].back() / rivals[i].back());
        }
    }
    std::printf("%-58s %14s %-12s %14s %-34s %8s %8s\n", "", "measured", "", "rival", "", "ratio", "must");
    int missed = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        const double value = median(measured[i]);
        std::printf("%-58s %14.1f %-12s ", row.name.c_str(), value, row.unit.c_str());
        if (row.rival) std::printf("%14.1f %-34s %8.2f ", median(rivals[i]), row.rival_name.c_str(), median(ratios[i]));
        else std::printf("%14s %-34s %8s ", "", "", "");
        if (row.must) {
            const bool is_met = row.small_is_good ? value <= *row.must : median(ratios[i]) >= *row.must;
            missed += is_met ? 0 : 1;
            std::printf("%8.1f %s", *row.must, is_met ? "" : " MISSED");
        }
        std::printf("\n");
    }
    return missed;
}

// --- Redis ---------------------------------------------------------------------------------------------------------

/// A server of our own on a socket in a temporary folder.
class Redis {
public:
    Redis() {
        auto name = (std::filesystem::temp_directory_path() / "railbook-bench-XXXXXX").string();
        if (!mkdtemp(name.data())) give_up("no temporary folder");
        folder_ = name;
        socket_ = (folder_ / "redis.sock").string();
        const std::string log = (folder_ / "log").string();
        process_ = fork();
        if (process_ < 0) give_up("no process for Redis");
        if (process_ == 0) {
            execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_.c_str(), "--save", "",
                   "--appendonly", "no", "--dir", folder_.c_str(), "--logfile", log.c_str(), nullptr);
            _exit(127);
        }
        for (int i = 0; i < 500 && !answers(); ++i) {
            int status = 0;
            if (waitpid(process_, &status, WNOHANG) == process_) {
                process_ = -1;
                give_up("redis-server does not start: install it (tools/setup.sh test)");
            }
            poll(nullptr, 0, 10);
        }
        if (!answers()) give_up("redis-server does not answer");
    }
    ~Redis() {
        if (process_ > 0) {
            kill(process_, SIGTERM);
            waitpid(process_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Redis(const Redis&) = delete;
    Redis& operator=(const Redis&) = delete;

    /// `SET key value NX EX 900` by 50 clients, each with `pipeline` commands under way. Commands a second.
    double set_rate(int pipeline, double length) const {
        const auto count = std::max<long>(5000, std::lround((pipeline > 1 ? 400'000 : 80'000) * length));
        const std::string command = "redis-benchmark -s '" + socket_ + "' -c 50 -n " + std::to_string(count) +
                                    " -r 1000000 -P " + std::to_string(pipeline) +
                                    " --csv SET seat:__rand_int__ 1 NX EX 900";
        std::FILE* const pipe = popen(command.c_str(), "r");
        if (!pipe) give_up("redis-benchmark does not start");
        std::string text;
        char buffer[512];
        while (const auto size = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, size);
        if (pclose(pipe) != 0) give_up("redis-benchmark fails: install redis-tools (tools/setup.sh test)");
        // The second line: "what","commands a second",...
        const auto line = text.find('\n');
        const auto number = line == std::string::npos ? line : text.find("\",\"", line);
        if (number == std::string::npos) give_up("redis-benchmark says something else: " + text);
        return std::atof(text.c_str() + number + 3);
    }

private:
    bool answers() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (socket_.size() >= sizeof address.sun_path) give_up("the path of the temporary folder is too long");
        std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
        const int connection = socket(AF_UNIX, SOCK_STREAM, 0);
        const bool ok = connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        close(connection);
        return ok;
    }

    std::filesystem::path folder_;
    std::string socket_;
    pid_t process_ = -1;
};

// --- The bare seats ------------------------------------------------------------------------------------------------

constexpr Timestamp kNow{Duration{1'796'040'000'000}};

Run train_of_seats() {
    Consist consist{.name = "long", .coaches = {}};
    consist.coaches.resize(kCoaches);
    for (auto& coach : consist.coaches) coach.places.resize(kPlaces);
    return {.id = {.date = {}, .trip = {"b", "t"}},
            .train = {},
            .agency = {},
            .headsign = {},
            .calls = std::vector<Call>(kSegments + 1),
            .consist = std::make_shared<const Consist>(std::move(consist))};
}

/// What the memory store keeps of a run's seats, as it keeps it: allocations behind a lock. Of the seats 80 % are taken
/// on the span that is wanted.
class SoldRun {
public:
    static constexpr Span kSpan{8, 20};

    SoldRun() {
        std::mt19937 random{1};
        for (std::uint32_t seat = 0; seat < kSeats; ++seat) {
            if (random() % 5 != 0) seats.put({.seat = seat, .span = kSpan, .state = SeatState::sold, .hold = {}});
        }
    }
    void hold_and_release(Hold& hold, std::vector<SharedList<HoldItem>>& items, unsigned worker) {
        {
            const std::lock_guard guard{lock_};
            std::uint32_t seat = worker % kCoaches * kPlaces;
            while (!seats.is_free(seat, kSpan, kNow, hold.id)) ++seat;
            hold.items = items[seat];
            hold.status = HoldStatus::held;
            seats.follow(hold, run_.id, kNow);
        }
        const std::lock_guard guard{lock_};
        hold.status = HoldStatus::released;
        seats.follow(hold, run_.id, kNow);
    }
    const RunId& id() const { return run_.id; }

private:
    Run run_ = train_of_seats();
    base::SpinLock lock_{store::memory::kPausesOfARun};

public:
    store::RunAllocations seats{run_};
};

/// One buyer of bare seats, with an item made for every seat, so that making items is not measured.
class BareBuyer {
public:
    explicit BareBuyer(unsigned worker) : worker_{worker} {
        hold_.id.bytes.fill(static_cast<std::uint8_t>(worker + 1));
        hold_.expires_at = kNow + std::chrono::minutes{15};
        for (std::uint32_t seat = 0; seat < kSeats; ++seat) {
            HoldItem item;
            item.run = {.date = {}, .trip = {"b", "t"}};
            item.span = SoldRun::kSpan;
            item.seats = {{seat, {}}};
            items_.push_back(std::vector{item});
        }
    }
    void hold_and_release(SoldRun& run) { run.hold_and_release(hold_, items_, worker_); }

private:
    unsigned worker_;
    Hold hold_;
    std::vector<SharedList<HoldItem>> items_;
};

/// Bytes of the allocations of a run in which every segment of every seat is held for itself.
double bytes_of_a_bare_hold() {
    store::RunAllocations seats{train_of_seats()};
    for (std::uint16_t segment = 0; segment < kSegments; ++segment) {
        for (std::uint32_t seat = 0; seat < kSeats; ++seat)
            seats.put({.seat = seat, .span = {segment, static_cast<std::uint16_t>(segment + 1)}, .hold = {},
                       .until = kNow});
    }
    const auto bytes = seats.bytes();
    return static_cast<double>(bytes.allocations) / static_cast<double>(bytes.count);
}

// --- Choosing ------------------------------------------------------------------------------------------------------

/// A train that is half sold, in stretches of some segments.
struct HalfSoldTrain {
    HalfSoldTrain() {
        Consist made{.name = "long", .coaches = {}};
        for (std::uint32_t coach = 0; coach < kCoaches; ++coach) {
            Coach added{.number = std::to_string(coach + 1), .layout = "open", .travel_class = "second", .places = {}};
            for (std::uint32_t place = 0; place < kPlaces; ++place)
                added.places.push_back({.number = std::to_string(place + 1)});
            made.coaches.push_back(std::move(added));
        }
        plan.emplace(std::make_shared<const Consist>(made));
        bits.resize(kSeats);
        std::mt19937 random{2};
        for (auto& mask : bits) {
            while (std::popcount(mask) < static_cast<int>(kSegments) / 2) {
                const auto from = random() % kSegments;
                const auto length = std::min<std::uint64_t>(1 + random() % 8, kSegments - from);
                mask |= static_cast<std::uint32_t>(((std::uint64_t{1} << length) - 1) << from);
            }
        }
    }
    inventory::MaskPlanes masks() const { return {bits, kSeats, kSegments}; }

    std::optional<inventory::SeatPlan> plan;
    std::vector<std::uint32_t> bits;
};

/// The first seat of the best `count` neighbours as a plain loop finds it: seat by seat, each looked at once, by the
/// order of preference where nothing is wished and rows are not known.
std::optional<std::uint32_t> scalar_best(const HalfSoldTrain& train, Span span, std::uint32_t count) {
    struct Seat {
        bool free = false;
        std::uint32_t open = 0;
        std::uint32_t slack = 0;
    };
    static thread_local std::vector<Seat> seats;
    seats.assign(kSeats, {});
    for (std::uint32_t i = 0; i < kSeats; ++i) {
        const std::uint32_t mask = train.bits[i];
        bool free = true;
        for (std::uint32_t n = span.from; free && n < span.to; ++n) free = (mask >> n & 1U) == 0;
        if (!free) continue;
        std::uint32_t begin = span.from;
        std::uint32_t end = span.to;
        while (begin > 0 && (mask >> (begin - 1) & 1U) == 0) --begin;
        while (end < kSegments && (mask >> end & 1U) == 0) ++end;
        seats[i] = {true, (begin < span.from ? 1U : 0U) + (end > span.to ? 1U : 0U),
                    (span.from - begin) + (end - span.to)};
    }
    std::optional<std::uint32_t> best;
    std::tuple<std::uint32_t, int, std::uint32_t> least;
    for (std::uint32_t coach = 0; coach < kSeats; coach += kPlaces) {
        const auto is_free = [&](std::uint32_t seat) {
            return seat >= coach && seat < coach + kPlaces && seats[seat].free;
        };
        std::uint32_t run = 0;
        std::uint32_t open = 0;
        std::uint32_t slack = 0;
        for (std::uint32_t seat = coach; seat < coach + kPlaces; ++seat) {
            if (!seats[seat].free) {
                run = open = slack = 0;
                continue;
            }
            ++run;
            open += seats[seat].open;
            slack += seats[seat].slack;
            if (run > count) {
                open -= seats[seat - count].open;
                slack -= seats[seat - count].slack;
            }
            if (run < count) continue;
            const std::uint32_t first = seat + 1 - count;
            int single = 0;
            if (first > coach && is_free(first - 1) && (first - 1 == coach || !is_free(first - 2))) ++single;
            if (is_free(seat + 1) && !is_free(seat + 2)) ++single;
            if (count == 1 && (first == coach || !is_free(first - 1)) && !is_free(seat + 1)) --single;
            const std::tuple cost{open, single, slack};
            if (best && least <= cost) continue;
            best = first;
            least = cost;
        }
    }
    return best;
}

// --- The public operation ------------------------------------------------------------------------------------------

/// An engine on `memory:` with trains of 16 coaches, of which most seats are kept from sale.
class PublicWorld {
public:
    explicit PublicWorld(int trains) {
        auto name = (std::filesystem::temp_directory_path() / "railbook-bench-XXXXXX").string();
        if (!mkdtemp(name.data())) give_up("no temporary folder");
        write_railway(name, trains);
        EngineOptions options;
        options.holds.max_holds = 1'000'000;
        auto opened = Engine::open("memory:", options);
        if (!opened) give_up(opened.error().detail);
        engine_.emplace(std::move(*opened));
        ImportOptions import;
        import.name = "b";
        const auto report = engine_->timetable().import_gtfs(name, import);
        std::filesystem::remove_all(name);
        if (!report) give_up(report.error().detail);
        const auto layouts = engine_->timetable().import_layouts(layout());
        if (!layouts) give_up(layouts.error().detail);
        for (int train = 0; train < trains; ++train) sell(train);
    }

    Engine& engine() { return *engine_; }
    static RunId run(int train) {
        return {.date = ServiceDate{std::chrono::days{25'570}}, .trip = {"b", "t" + std::to_string(train)}};
    }
    /// Places that stay free, in a coach for each thread.
    static SeatId free_seat(unsigned thread) { return {std::to_string(thread % kCoaches + 1), "1"}; }

    /// Holds a seat as a passenger, and releases it.
    void hold_and_release(const Principal& who, int train, const std::variant<std::vector<SeatId>, BestSeats>& seats) {
        auto& inventory = engine_->inventory();
        const auto hold =
            inventory.hold(who, {CommandKey::make(system_environment()), {{run(train), "s8", "s20", seats}}});
        if (!hold) give_up(hold.error().detail);
        const auto released = inventory.release(who, hold->id, hold->fence);
        if (!released) give_up(released.error().detail);
    }
    /// Bytes that a public hold takes, and what is kept of it in the audit log and for a repeated key.
    double bytes_of_a_hold() {
        constexpr int kHolds = 19'200;
        const auto in_use = [] {
            const auto memory = mallinfo2();
            return memory.uordblks + memory.hblkhd;
        };
        const auto before = in_use();
        for (int i = 0; i < kHolds; ++i) {
            // A buyer each, and another segment each time, so that as many fit in.
            const auto who = Principal::user_named("buyer" + std::to_string(i));
            const int segment = i % static_cast<int>(kSegments);
            const SeatId seat{std::to_string(i / 30 % 16 + 1), std::to_string(i / 480 + 1)};
            const auto hold = engine_->inventory().hold(
                who, {CommandKey::make(system_environment()),
                      {{run(1), "s" + std::to_string(segment), "s" + std::to_string(segment + 1), std::vector{seat}}}});
            if (!hold) give_up(hold.error().detail);
        }
        return static_cast<double>(in_use() - before) / kHolds;
    }

private:
    static std::string layout() {
        std::string text = R"({"layouts":[{"layout":"long","class":"second","places":[)";
        for (std::uint32_t i = 1; i <= kPlaces; ++i)
            text += (i > 1 ? ",{\"number\":\"" : "{\"number\":\"") + std::to_string(i) + "\"}";
        text += R"(]}],"consists":[{"consist":"long","coaches":[)";
        for (std::uint32_t i = 1; i <= kCoaches; ++i)
            text += (i > 1 ? ",{\"number\":\"" : "{\"number\":\"") + std::to_string(i) + R"(","layout":"long"})";
        return text + R"(],"applies_to":[{}]}]})";
    }
    static void write_railway(const std::string& folder, int trains) {
        const auto open = [&](const char* name) { return std::ofstream{folder + "/" + name}; };
        open("agency.txt")
            << "agency_id,agency_name,agency_url,agency_timezone\nT,Bench,https://example.com,Europe/Berlin\n";
        auto stops = open("stops.txt");
        stops << "stop_id,stop_name,stop_lat,stop_lon\n";
        for (std::uint32_t i = 0; i <= kSegments; ++i)
            stops << 's' << i << ",Stop " << i << ",50." << 10 + i << ",9." << 10 + i << '\n';
        open("routes.txt") << "route_id,agency_id,route_short_name,route_type\nR,T,IC,2\n";
        auto trips = open("trips.txt");
        auto times = open("stop_times.txt");
        trips << "route_id,service_id,trip_id\n";
        times << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
        for (int train = 0; train < trains; ++train) {
            trips << "R,daily,t" << train << '\n';
            for (std::uint32_t i = 0; i <= kSegments; ++i) {
                const auto minute = i * 20;
                char time[16];
                std::snprintf(time, sizeof time, "%02u:%02u:00", 6 + minute / 60, minute % 60);
                times << 't' << train << ',' << time << ',' << time << ",s" << i << ',' << i + 1 << '\n';
            }
        }
        open("calendar.txt")
            << "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
               "daily,1,1,1,1,1,1,1,20400101,20400131\n";
    }
    /// Keeps four fifths of the seats from sale, but for train 1, which stays empty.
    void sell(int train) {
        if (train == 1) return;
        BlockRequest request{CommandKey::make(system_environment()), run(train), "s8", "s20", {}};
        for (std::uint32_t coach = 1; coach <= kCoaches; ++coach) {
            for (std::uint32_t place = 1; place <= kPlaces; ++place) {
                if (place % 5 != 1) request.seats.push_back({std::to_string(coach), std::to_string(place)});
            }
        }
        const auto blocked = engine_->inventory().block(Principal::operator_named("bench"), request);
        if (!blocked) give_up(blocked.error().detail);
    }

    std::optional<Engine> engine_;
};

/// The steps of a public hold and its release as the store does them, of which nothing else is left: the run is read,
/// the seat is chosen, and the request has its fingerprint.
class StoreOnly {
public:
    StoreOnly() : store_{store::open_memory(system_environment())} {
        HoldItem item;
        item.run = runs_.front().id;
        item.span = SoldRun::kSpan;
        item.travel_class = "second";
        item.seats = {{0, {"1", "1"}}};
        items_ = std::vector{item};
        place_.owner = release_.owner = "user:anna";
        place_.operation = "hold.create";
        place_.fingerprint = std::string(64, 'f');
        place_.keep_answer = std::chrono::hours{24};
        release_.operation = "hold.release";
    }
    void hold_and_release() {
        Hold wanted;
        wanted.id = HoldId::make(system_environment());
        wanted.owner = place_.owner;
        wanted.items = items_;
        place_.now = release_.now = *store_->now();
        wanted.created_at = place_.now;
        wanted.expires_at = wanted.latest_end = place_.now + std::chrono::minutes{15};
        place_.key = CommandKey::make(system_environment());
        const auto hold = store_->inventory().place_hold(place_, wanted, runs_, 5);
        if (!hold) give_up(hold.error().detail);
        const auto released = store_->inventory().release_hold(release_, {hold->id, hold->owner, hold->fence});
        if (!released) give_up(released.error().detail);
    }

private:
    std::unique_ptr<Store> store_;
    std::vector<Run> runs_{train_of_seats()};
    SharedList<HoldItem> items_;
    Command place_;
    Command release_;
};

/// Where the time of the public operation goes: what is in it, measured by itself, in turns.
void print_split(double length, const std::function<double()>& public_pairs,
                 const std::function<double()>& bare_pairs) {
    StoreOnly store;
    // As long as the text by which such a request is compared.
    const std::string request(90, 'r');
    std::vector<double> whole, in_store, names, bare;
    const auto nanoseconds = [](double rate) { return 1e9 / rate; };
    for (int pass = 0; pass < kPasses; ++pass) {
        whole.push_back(nanoseconds(public_pairs()));
        in_store.push_back(nanoseconds(rate(length, [&] { store.hold_and_release(); })));
        names.push_back(nanoseconds(rate(length, [&] {
            benchmark::DoNotOptimize(HoldId::make(system_environment()));
            benchmark::DoNotOptimize(CommandKey::make(system_environment()));
            benchmark::DoNotOptimize(base::sha256_hex(request));
        })));
        bare.push_back(nanoseconds(bare_pairs()));
    }
    std::printf("\na public hold and release: %.0f ns; by themselves, the store's two steps of it, with the id and\n"
                "the key, take %.0f ns, id, key and fingerprint %.0f ns, the bare seats %.0f ns\n",
                median(whole), median(in_store), median(names), median(bare));
}

// --- All of it -----------------------------------------------------------------------------------------------------

int run_all(double length, bool strict) {
    const Redis redis;
    const auto redis_single = [&] { return redis.set_rate(1, length); };
    const auto redis_pipelined = [&] { return redis.set_rate(16, length); };
    constexpr const char* kSingle = "Redis SET NX EX, 50 clients";
    constexpr const char* kPipelined = "the same, 16 pipelined";

    SoldRun hot;
    std::vector<std::unique_ptr<SoldRun>> many;
    for (std::size_t i = 0; i < kTrainsOfADay; ++i) many.push_back(std::make_unique<SoldRun>());
    const auto bare = [&] {
        return rate(length, [&, buyer = BareBuyer{0}]() mutable { buyer.hold_and_release(hot); });
    };
    // Both buyers of the hot train in one thread, since one of them looks longer for a free seat.
    const auto bare_both = [&] {
        return rate(length, [&, first = BareBuyer{0}, second = BareBuyer{1}, odd = false]() mutable {
            odd = !odd;
            (odd ? first : second).hold_and_release(hot);
        });
    };
    const auto bare_many = [&](unsigned threads) {
        return rate_of_threads(threads, length, [&](unsigned thread) {
            return [&, buyer = BareBuyer{thread}, random = std::minstd_rand{thread + 1}]() mutable {
                buyer.hold_and_release(*many[random() % many.size()]);
            };
        });
    };

    const HalfSoldTrain half_sold;
    const SeatWishes nothing;
    const Span wanted{12, 15};
    constexpr int kParty = 3;
    constexpr int kLargeParty = 6;
    const auto choose = [&](int count) {
        return inventory::choose_seats(*half_sold.plan, half_sold.masks(), {wanted, "second", count, nothing});
    };
    const auto choices = [&](int count) {
        return rate(length, [&] { benchmark::DoNotOptimize(choose(count).has_value()); });
    };
    const auto scalar_choices = [&](std::uint32_t count) {
        return rate(length, [&] { benchmark::DoNotOptimize(scalar_best(half_sold, wanted, count)); });
    };
    for (const int count : {1, kParty}) {
        const auto chosen = choose(count);
        const auto by_scalar = scalar_best(half_sold, wanted, static_cast<std::uint32_t>(count));
        if (!chosen || !by_scalar || chosen->stages.front().seats.front() != *by_scalar)
            give_up("the choice and the scalar reference differ");
    }
    if (scalar_best(half_sold, wanted, kLargeParty) || !choose(kLargeParty)) give_up("a large party sits in one piece");
    std::vector<std::uint64_t> free(inventory::words_for(kSeats)), starts(free.size());
    const auto search = [&](inventory::SearchKernel kernel) {
        return rate(length, [&] {
            inventory::find_free(half_sold.masks(), wanted, 0, kSeats, free, kernel);
            inventory::find_neighbours(free, half_sold.plan->joined().words(), kParty, starts);
        });
    };

    PublicWorld world{34};
    const auto anna = Principal::user_named("anna");
    const std::vector<SeatId> named{PublicWorld::free_seat(0)};
    const auto public_hold = [&] { return rate(length, [&] { world.hold_and_release(anna, 0, named); }); };
    const auto public_threads = [&](bool one_train) {
        return rate_of_threads(2, length, [&world, one_train](unsigned thread) {
            const std::vector<SeatId> mine{PublicWorld::free_seat(thread)};
            return [&world, one_train, mine, who = Principal::user_named("buyer" + std::to_string(thread)),
                    next = static_cast<int>(thread) * 16]() mutable {
                world.hold_and_release(who, one_train ? 0 : 2 + next++ % 32, mine);
            };
        });
    };

    std::printf("trains of %u coaches x %u seats x %u segments; search by %s; medians of %d passes of %.2f s\n\n",
                kCoaches, kPlaces, kSegments, std::string{to_string(inventory::fastest_kernel())}.c_str(), kPasses,
                length);
    const double idle = static_cast<double>(hot.seats.bytes().masks) / kSeats;
    const double public_bytes = world.bytes_of_a_hold();
    std::vector<Row> rows{
        {"bare: hold + deadline + release, 80 % sold", "/s", bare, kSingle, redis_single, 75},
        {"bare: the same", "/s", bare, kPipelined, redis_pipelined, 15},
        {"public on memory: hold + release, a named seat", "/s", public_hold, kSingle, redis_single, 10},
        {"public on memory: the same", "/s", public_hold, kPipelined, redis_pipelined, 2},
        {"public on memory: hold + release, best of 1", "/s",
         [&] { return rate(length, [&] { world.hold_and_release(anna, 0, BestSeats{}); }); }, "public, a named seat",
         public_hold},
        {"public over bare: the named seat", "/s", public_hold, "bare", bare},
        {"bare: two threads on one hot train", "/s",
         [&] {
             return rate_of_threads(2, length, [&](unsigned thread) {
                 return [&, buyer = BareBuyer{thread}]() mutable { buyer.hold_and_release(hot); };
             });
         },
         "one thread for both", bare_both, 0.9},
        {"bare: two threads on many trains", "/s", [&] { return bare_many(2); }, "one thread on many trains",
         [&] { return bare_many(1); }, 1.5},
        {"public: two threads on one hot train", "/s", [&] { return public_threads(true); }, "one thread", public_hold},
        {"public: two threads on many trains", "/s", [&] { return public_threads(false); }, "one thread", public_hold},
        {"best of 3 neighbours, half sold", "/s", [&] { return choices(kParty); }, "scalar reference",
         [&] { return scalar_choices(kParty); }, 10},
        {"best seat for one, half sold", "/s", [&] { return choices(1); }, "scalar reference",
         [&] { return scalar_choices(1); }},
        {"6 in pieces in one coach, half sold", "/s", [&] { return choices(kLargeParty); }},
        {"3 free neighbours found, half sold", "/s", [&] { return search(inventory::fastest_kernel()); },
         "plain search", [&] { return search(inventory::SearchKernel::plain); }},
        {"bytes per seat and day, up to 32 segments", "B", [&] { return idle; }, {}, {}, 4.5, true},
        {"bytes per live hold, bare", "B", bytes_of_a_bare_hold, {}, {}, 64, true},
        {"bytes per live hold, public (with audit, kept answer)", "B", [&] { return public_bytes; }},
    };
    const int missed = print_table(rows);
    print_split(length, public_hold, bare);
    const auto bytes = hot.seats.bytes();
    std::printf("\na run that sells: %zu B of masks and lists, %zu B of recent changes, %zu B of %zu allocations\n",
                bytes.masks, bytes.changes, bytes.allocations, bytes.count);
    std::printf("%d goals missed\n", missed);
    return strict && missed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace railbook::bench

int main(int argc, char** argv) {
    double length = 0.5;
    bool strict = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument{argv[i]};
        constexpr std::string_view kLength = "--benchmark_min_time=";
        if (argument.starts_with(kLength)) length = std::atof(argument.substr(kLength.size()).data());
        else if (argument == "--strict") strict = true;
        else length = 0;
    }
    if (!(length > 0)) {
        std::fprintf(stderr, "usage: bench_inventory [--benchmark_min_time=SECONDS] [--strict]\n");
        return 2;
    }
    return railbook::bench::run_all(length, strict);
}

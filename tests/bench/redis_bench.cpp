/// The public hold on PostgreSQL with Redis in front, beside redis-benchmark running EVALSHA of the smallest script
/// that checks and sets a key, with as many clients, on the same server in turns.
///
/// - A hold is one call of Inventory::hold by one of the clients, which are threads: a seat that is named, a buyer who
///   has at most five holds, a key of its own. It has a deadline, fence, owner, journal entry and answer, and nobody
///   asks PostgreSQL. redis-benchmark sends a key with a deadline, and nothing else, over a connection of each client.
///   Both wait for an answer before they send the next command.
/// - `ratio` is the median of holds per second over EVALSHA per second, of passes in turns. Redis is emptied between
///   them, outside of the time.
/// - Then the same with a thread that empties the journals into PostgreSQL meanwhile, as a service does (it shares the
///   processors with everybody else here); holds that are released again, which are two commands; and how fast
///   journals are emptied when nothing else happens.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include <railbook/inventory.hpp>
#include <railbook/timetable.hpp>

#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::bench {
namespace {

constexpr int kTrains = 128;
/// Of one buyer, before another one comes.
constexpr std::uint64_t kHoldsOfBuyer = 4;
constexpr std::uint32_t kSpan = 3;
constexpr std::uint32_t kSpans = 10;
constexpr std::uint32_t kSeats = 800;
constexpr std::uint16_t kSegments = 30;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "redis_bench: %s\n", what.c_str());
    std::exit(1);
}

/// Of next week, since what has left is not sold.
Run a_train(int number) {
    const Timestamp start = system_environment().now() + std::chrono::days{7};
    Run run;
    const auto day = std::chrono::floor<std::chrono::days>(start).time_since_epoch();
    run.id = {.date = ServiceDate{day}, .trip = {"db", fmt::format("trip-{}", number)}};
    run.train = fmt::format("ICE {}", number);
    run.agency = "DB";
    for (int i = 0; i <= kSegments; ++i) {
        Call call;
        call.id = {.station = {"db", fmt::format("80{:05}", i)}};
        call.name = fmt::format("Station {}", i);
        call.zone = "Europe/Berlin";
        if (i > 0) call.arrives = start + std::chrono::minutes{20 * i};
        if (i < kSegments) call.departs = start + std::chrono::minutes{20 * i + 2};
        run.calls.push_back(call);
    }
    Consist consist{.name = "ice", .coaches = {}};
    for (std::uint32_t coach = 0; coach < kSeats / 80; ++coach) {
        Coach added{.number = std::to_string(coach + 1), .layout = "open", .travel_class = "second", .places = {}};
        for (int seat = 0; seat < 80; ++seat) added.places.push_back({.number = std::to_string(11 + seat)});
        consist.coaches.push_back(added);
    }
    run.consist = std::make_shared<const Consist>(consist);
    return run;
}

Endpoint end_at(const Call& call, std::optional<Timestamp> time) {
    return {.call = call.id, .name = call.name, .zone = call.zone, .time = time.value_or(Timestamp{}), .platform = {}};
}

/// Every client holds a seat and releases it, again and again, on one train after another.
class Crowd {
public:
    explicit Crowd(Store& store)
        : store_{store},
          timetable_{system_environment(), store},
          inventory_{system_environment(), store, timetable_, {}} {}
    /// Other trains than before, each pinned by a first hold, and in Redis by a second one: all that was told of others
    /// stays in PostgreSQL.
    void prepare() {
        trains_.clear();
        for (int i = 0; i < kTrains; ++i) trains_.push_back(a_train(next_train_++));
        for (int i = 0; i < 2 * kTrains; ++i) {
            const auto& train = trains_[static_cast<std::size_t>(i % kTrains)];
            const auto now = store_.now();
            if (!now) give_up(now.error().detail);
            const Hold wanted{.id = HoldId::make(system_environment()),
                              .owner = "user:first",
                              .created_at = *now,
                              .expires_at = *now + std::chrono::minutes{1},
                              .latest_end = *now + std::chrono::minutes{1},
                              .items = {{.run = train.id,
                                         .train = train.train,
                                         .from = end_at(train.calls[0], train.calls[0].departs),
                                         .to = end_at(train.calls[1], train.calls[1].arrives),
                                         .span = {0, 1},
                                         .travel_class = "second",
                                         .seats = {{0, train.consist->seat_at(0)}}}}};
            Command command{.owner = "user:first",
                            .operation = "hold.create",
                            .key = {},
                            .fingerprint = "f",
                            .now = *now,
                            .keep_answer = {}};
            const auto hold = store_.inventory().place_hold(command, wanted, {train}, 0);
            if (!hold) give_up(hold.error().detail);
            command.operation = "hold.release";
            const HoldClaim claim{hold->id, hold->owner, hold->fence, false};
            if (const auto done = store_.inventory().release_hold(command, claim); !done) give_up(done.error().detail);
        }
    }
    enum class Work : std::uint8_t { hold, hold_and_release };
    /// Holds a second that all clients got.
    double run(Work work, double seconds, int clients) {
        const auto begin = std::chrono::steady_clock::now();
        const auto end = begin + std::chrono::duration<double>{seconds};
        const auto seats = kSeats / static_cast<std::uint32_t>(clients);
        if (seats == 0) give_up("too many clients");
        std::atomic<std::int64_t> done = 0;
        ++pass_;
        {
            std::vector<std::jthread> threads;
            for (int client = 0; client < clients; ++client) {
                threads.emplace_back([&, client] {
                    std::int64_t mine = 0;
                    auto principal = buyer(client, 0);
                    for (std::uint64_t round = 0; std::chrono::steady_clock::now() < end; ++round) {
                        if (round % kHoldsOfBuyer == 0) principal = buyer(client, round);
                        // Each client has seats of its own, on every train, and goes from one train to the next.
                        const auto& train = trains_[(round + static_cast<std::uint64_t>(client)) % kTrains];
                        const auto place = static_cast<std::uint32_t>(round / kTrains);
                        if (place >= seats * kSpans) give_up("the trains are full: measure for a shorter time");
                        const auto seat = static_cast<std::uint32_t>(client) * seats + place % seats;
                        const auto from = place / seats * kSpan;
                        const auto hold = inventory_.hold(
                            principal, {.key = CommandKey::make(system_environment()),
                                        .items = {{.run = train.id,
                                                   .from = station(from),
                                                   .to = station(from + kSpan),
                                                   .seats = std::vector{train.consist->seat_at(seat)}}}});
                        if (!hold) give_up("hold: " + hold.error().detail);
                        if (work == Work::hold_and_release) {
                            const auto released = inventory_.release(principal, hold->id, hold->fence);
                            if (!released) give_up("release: " + released.error().detail);
                        }
                        ++mine;
                    }
                    done += mine;
                });
            }
        }
        return static_cast<double>(done) /
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

private:
    Store& store_;
    Timetable timetable_;
    Inventory inventory_;
    std::vector<Run> trains_;
    int next_train_ = 0;
    int pass_ = 0;

    static std::string station(std::uint32_t number) { return fmt::format("db:80{:05}", number); }
    Principal buyer(int client, std::uint64_t round) const {
        return Principal::user_named(fmt::format("user-{}-{}-{}", pass_, client, round));
    }
};

double run_rival(const test::RedisServer& redis, int clients, int pipeline, double seconds) {
    auto sha = redis.command({"SCRIPT", "LOAD",
                              "if redis.call(\"EXISTS\", KEYS[1]) == 0 then "
                              "redis.call(\"SET\", KEYS[1], ARGV[1], \"PX\", 2000) return 1 end return 0"});
    sha.resize(40);
    // As long as the store's turn, by what it did the last time.
    static std::map<int, double> last;
    const auto count = static_cast<int>(seconds * (last.contains(pipeline) ? last[pipeline] : 20'000));
    const auto command = fmt::format(
        "redis-benchmark -s '{}' -c {} -n {} -r 100000000 -P {} -q EVALSHA {} 1 key:__rand_int__ owner 2> /dev/null",
        redis.socket(), clients, count, pipeline, sha);
    FILE* output = popen(command.c_str(), "r");
    if (!output) give_up("redis-benchmark does not start");
    std::string text;
    for (std::array<char, 4096> part{}; const auto read = fread(part.data(), 1, part.size(), output);)
        text.append(part.data(), read);
    pclose(output);
    double speed = 0;
    const auto at = text.rfind(" requests per second");
    const auto start = at == std::string::npos ? at : text.rfind(' ', at - 1);
    if (start == std::string::npos || std::sscanf(text.c_str() + start, "%lf", &speed) != 1 || speed == 0)
        give_up("redis-benchmark has failed: " + command);
    last[pipeline] = speed;
    return speed;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

int run(int passes, int seconds, int clients) {
    const auto started = test::PostgresServer::start_new(std::filesystem::current_path().string());
    if (!started) give_up(started.error().detail);
    const std::unique_ptr<test::PostgresServer> server{*started};
    const auto redis = test::RedisServer::start_new();
    if (!redis) give_up(redis.error().detail);
    const auto cpu_of_server = [&] {
        const auto facts = (*redis)->command({"INFO", "cpu"});
        double seconds_of_both = 0;
        for (const std::string_view name : {"used_cpu_sys:", "used_cpu_user:"}) {
            const auto at = facts.find(name);
            if (at != std::string::npos) seconds_of_both += std::strtod(facts.c_str() + at + name.size(), nullptr);
        }
        return seconds_of_both;
    };
    const auto cpu_of_clients = [] {
        rusage used{};
        getrusage(RUSAGE_SELF, &used);
        return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    };
    auto record = store::open_postgres_record(server->new_database(), system_environment());
    if (!record) give_up(record.error().detail);
    const auto store = store::open_redis((*redis)->url(), *std::move(record), system_environment());
    if (!store) give_up(store.error().detail);
    Crowd crowd{**store};
    const auto begin_anew = [&] {
        (*redis)->command({"FLUSHALL"});
        crowd.prepare();
    };
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> ratios;
    std::vector<double> emptied;
    std::vector<double> both;
    std::vector<double> server_time;  // of the processor, for one hold
    std::vector<double> client_time;
    run_rival(**redis, clients, 1, 0.5);
    for (int pass = 0; pass < passes; ++pass) {
        begin_anew();
        const auto server_before = cpu_of_server();
        const auto clients_before = cpu_of_clients();
        ours.push_back(crowd.run(Crowd::Work::hold, seconds, clients));
        const auto microseconds_of_hold = 1e6 / (ours.back() * seconds);
        server_time.push_back((cpu_of_server() - server_before) * microseconds_of_hold);
        client_time.push_back((cpu_of_clients() - clients_before) * microseconds_of_hold);
        (*redis)->command({"FLUSHALL"});
        theirs.push_back(run_rival(**redis, clients, 1, seconds));
        ratios.push_back(ours.back() / theirs.back());
        begin_anew();
        both.push_back(crowd.run(Crowd::Work::hold_and_release, seconds, clients));
        begin_anew();
        {
            std::jthread service{[&](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    const auto now = (*store)->now();
                    const auto done = now ? (*store)->bookings().expire(*now, 100) : Result<std::size_t>{now.error()};
                    if (!done && !stop.stop_requested()) give_up("the journals cannot be emptied");
                    system_environment().pause(std::chrono::milliseconds{200});
                }
            }};
            emptied.push_back(crowd.run(Crowd::Work::hold, seconds, clients));
            service.request_stop();
            (*redis)->command({"FLUSHALL"});  // so that what is left to be told need not be waited for
        }
        std::printf(
            "pass %d: %.0f holds/s (%.0f/s while the journals are emptied; held and released %.0f/s), "
            "redis-benchmark %.0f/s, ratio %.2f; a hold takes %.1f us of Redis's processor and %.1f us of the "
            "clients'\n",
            pass + 1, ours.back(), emptied.back(), both.back(), theirs.back(), ratios.back(), server_time.back(),
            client_time.back());
        std::fflush(stdout);
    }
    begin_anew();
    const auto waiting = crowd.run(Crowd::Work::hold, 0.3, clients) * 0.3;
    const auto begin = std::chrono::steady_clock::now();
    const auto now = (*store)->now();
    if (!now || !(*store)->bookings().expire(*now, 100)) give_up("the journals cannot be emptied");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    begin_anew();
    const auto pipelined = run_rival(**redis, clients, 16, seconds);
    std::printf("journals: %.0f entries a second become PostgreSQL's\n", waiting / took.count());
    std::printf(
        "public hold with %d clients: %.0f holds/s (%.0f/s while journals are emptied; held and released "
        "%.0f/s), redis-benchmark EVALSHA %.0f/s (%.0f/s with 16 in a pipeline), ratio %.2f\n",
        clients, median(ours), median(emptied), median(both), median(theirs), pipelined, median(ratios));
    return 0;
}

}  // namespace
}  // namespace railbook::bench

/// bench_redis [PASSES [SECONDS [CLIENTS]]]
int main(int count, char** words) {
    const auto word = [&](int place, int otherwise) {
        return count > place ? std::max(1, std::atoi(words[place])) : otherwise;
    };
    return railbook::bench::run(word(1, 5), word(2, 5), word(3, 50));
}

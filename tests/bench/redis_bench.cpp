/// The public hold and release on PostgreSQL with Redis in front, beside redis-benchmark running the smallest script
/// that checks and sets a key, with as many clients, on the same server in turns. Each hold and each release is one
/// command of a client, as is each EVALSHA. `ratio` is the median of the store's commands over those of
/// redis-benchmark; `holds` are half of them.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <railbook/inventory.hpp>
#include <railbook/timetable.hpp>

#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::bench {
namespace {

constexpr int kTrains = 64;
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

/// Every client holds a seat and releases it, again and again, on one train after another.
class Crowd {
public:
    explicit Crowd(Store& store)
        : store_{store}, timetable_{store}, inventory_{system_environment(), store, timetable_, {}} {
        for (int i = 0; i < kTrains; ++i) trains_.push_back(a_train(i));
    }
    /// Has every train pinned, by a hold that is released again.
    void prepare() {
        for (const auto& train : trains_) {
            const auto now = store_.now();
            if (!now) give_up(now.error().detail);
            const Hold wanted{.id = HoldId::make(system_environment()),
                              .owner = "user:first",
                              .created_at = *now,
                              .expires_at = *now + std::chrono::minutes{1},
                              .latest_end = *now + std::chrono::minutes{1},
                              .items = {{.run = train.id,
                                         .train = train.train,
                                         .from = {},
                                         .to = {},
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
    /// Commands a second that all clients got done.
    double run(double seconds, int clients) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>{seconds};
        std::atomic<std::int64_t> done = 0;
        {
            std::vector<std::jthread> threads;
            for (int client = 0; client < clients; ++client) {
                threads.emplace_back([&, client] {
                    const auto principal = Principal::user_named(fmt::format("user-{}", client));
                    std::int64_t mine = 0;
                    for (std::uint64_t round = 0; std::chrono::steady_clock::now() < end; ++round) {
                        const auto& train = trains_[(round + static_cast<std::uint64_t>(client)) % kTrains];
                        const auto seat = static_cast<std::uint32_t>(client) * (kSeats / 64) % kSeats;
                        const auto hold = inventory_.hold(
                            principal, {.key = CommandKey::make(system_environment()),
                                        .items = {{.run = train.id,
                                                   .from = "db:8000003",
                                                   .to = "db:8000012",
                                                   .seats = std::vector{train.consist->seat_at(seat)}}}});
                        if (!hold) give_up("hold: " + hold.error().detail);
                        const auto released = inventory_.release(principal, hold->id, hold->fence);
                        if (!released) give_up("release: " + released.error().detail);
                        mine += 2;
                    }
                    done += mine;
                });
            }
        }
        return static_cast<double>(done) / seconds;
    }

private:
    Store& store_;
    Timetable timetable_;
    Inventory inventory_;
    std::vector<Run> trains_;
};

double run_rival(const test::RedisServer& redis, int clients, int pipeline, double seconds) {
    auto sha = redis.command({"SCRIPT", "LOAD",
                              "if redis.call(\"EXISTS\", KEYS[1]) == 0 then "
                              "redis.call(\"SET\", KEYS[1], ARGV[1], \"PX\", 2000) return 1 end return 0"});
    sha.resize(40);
    const auto count = static_cast<int>(seconds * 10'000 * (pipeline > 1 ? 4 : 1));
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
    auto record = store::open_postgres_record(server->new_database(), system_environment());
    if (!record) give_up(record.error().detail);
    const auto store = store::open_redis((*redis)->url(), *std::move(record), system_environment());
    if (!store) give_up(store.error().detail);
    Crowd crowd{**store};
    crowd.prepare();
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> ratios;
    for (int pass = 0; pass < passes; ++pass) {
        ours.push_back(crowd.run(seconds, clients));
        theirs.push_back(run_rival(**redis, clients, 1, seconds));
        ratios.push_back(ours.back() / theirs.back());
        std::printf("pass %d: store %.0f commands/s, redis-benchmark %.0f/s\n", pass + 1, ours.back(), theirs.back());
    }
    const auto pipelined = run_rival(**redis, clients, 16, seconds);
    std::printf(
        "public hold and release with %d clients: store %.0f commands/s (%.0f holds/s), redis-benchmark EVALSHA "
        "%.0f/s (%.0f/s with 16 in a pipeline), ratio %.2f\n",
        clients, median(ours), median(ours) / 2, median(theirs), pipelined, median(ratios));
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

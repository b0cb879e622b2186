/// One durable command on PostgreSQL with 16 clients: a hold, as the store makes it, beside pgbench doing the same
/// writes to the same tables in as many round trips, prepared and pipelined. Both are measured in turns on one server,
/// which the benchmark starts in the current folder with nothing about its safety turned off. `ratio` is the median of
/// the store's speed over that of pgbench. Beside the speed stands the processor time of a hold: that of the server,
/// which does not depend on the disk's moods, and that of the client.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include <railbook/stores.hpp>

#include "store/postgres/postgres.hpp"
#include "support/environment.hpp"
#include "support/postgres.hpp"

namespace railbook::bench {
namespace {

constexpr int kClients = 16;
constexpr int kTrains = 64;
constexpr std::uint32_t kSeats = 800;
constexpr std::uint16_t kSegments = 30;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "postgres_bench: %s\n", what.c_str());
    std::exit(1);
}

Run a_train(int number) {
    Run run;
    run.id = {.date = ServiceDate{std::chrono::days{20'788}}, .trip = {"db", fmt::format("trip-{}", number)}};
    run.train = fmt::format("ICE {}", number);
    run.agency = "DB";
    for (int i = 0; i <= kSegments; ++i) {
        Call call;
        call.id = {.station = {"db", fmt::format("80{:05}", i)}};
        call.name = fmt::format("Station {}", i);
        call.zone = "Europe/Berlin";
        const Timestamp start{Duration{1'796'112'000'000}};
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

/// Holds one seat after another, on one train after another.
class Sale {
public:
    explicit Sale(Store& store) : store_{store} {
        for (int i = 0; i < kTrains; ++i) trains_.push_back(a_train(i));
    }

    /// Pins every train, one after another: their numbers then have no gap. From then on they are as the store has
    /// them, which is how everybody gets hold of a run.
    void prepare() {
        for (int i = 0; i < kTrains; ++i) place(next_++);
        for (auto& train : trains_) {
            auto pinned = store_.inventory().find_pinned(train.id);
            if (!pinned || !*pinned) give_up("a train is not pinned");
            train = **std::move(pinned);
        }
    }
    /// Holds a second that all clients got done in `seconds`.
    double run(double seconds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>{seconds};
        std::atomic<int> done = 0;
        {
            std::vector<std::jthread> clients;
            for (int i = 0; i < kClients; ++i) {
                clients.emplace_back([&] {
                    while (std::chrono::steady_clock::now() < end) {
                        place(next_++);
                        ++done;
                    }
                });
            }
        }
        return done / seconds;
    }

private:
    void place(std::uint64_t number) {
        const Run& train = trains_[number % kTrains];
        const auto seat = static_cast<std::uint32_t>(number / kTrains % kSeats);
        const auto segment = static_cast<std::uint16_t>(number / kTrains / kSeats);
        if (segment >= kSegments) give_up("the trains are full");
        const Timestamp now = environment_.now();
        const auto& from = train.calls[segment];
        const auto& to = train.calls[segment + 1U];
        const Hold wanted{
            .id = HoldId::make(environment_),
            .owner = fmt::format("user:{}", number),
            .created_at = now,
            .expires_at = now + std::chrono::minutes{15},
            .latest_end = now + std::chrono::minutes{30},
            .items = {{.run = train.id,
                       .train = train.train,
                       .from = {.call = from.id, .name = from.name, .zone = from.zone, .time = *from.departs},
                       .to = {.call = to.id, .name = to.name, .zone = to.zone, .time = *to.arrives},
                       .span = {segment, static_cast<std::uint16_t>(segment + 1)},
                       .travel_class = "second",
                       .seats = {{seat, train.consist->seat_at(seat)}}}}};
        const Command command{.owner = wanted.owner,
                              .operation = "hold.create",
                              .key = CommandKey::make(environment_),
                              .fingerprint = std::string(64, 'f'),
                              .now = now,
                              .keep_answer = std::chrono::hours{24}};
        const auto hold = store_.inventory().place_hold(command, wanted, {train}, 5);
        if (!hold) give_up(hold.error().detail);
    }

    Store& store_;
    test::TestEnvironment environment_;
    std::vector<Run> trains_;
    std::atomic<std::uint64_t> next_ = 0;
};

/// The same rows, as large as the store's and in the same order of trains, seats and fences, by statements that wait
/// for no more round trips than the store does. Random ids are drawn by pgbench, which costs the server nothing. Each
/// pass goes on where the one before ended: `first` counts the holds so far.
std::string script(const std::string& url) {
    const auto size = [&](const char* column, const char* table) {
        return test::sql(url, fmt::format("SELECT avg(length({}))::int FROM railbook.{}", column, table)).value();
    };
    return fmt::format(R"(\set n :n + 1
\set number :first + :n * {0} + :client_id
\set run :number % {1} + 1
\set seat :number / {1} % {2}
\set segment :number / {1} / {2}
\set fence :number + 1
\set id random(1, 9000000000000000000)
\set key random(1, 9000000000000000000)
\startpipeline
BEGIN;
SELECT version FROM railbook.run_versions WHERE run = :run FOR NO KEY UPDATE;
SELECT value FROM railbook.answers
  WHERE owner = 'user:' || int8send(:number) AND operation = 'hold.create' AND key = int8send(:key);
\endpipeline
\startpipeline
INSERT INTO railbook.holds (fence, id, owner, status, pinned, created_at, expires_at, latest_end, runs, items)
  VALUES (:fence, int8send(:id) || int8send(:key), 'user:' || int8send(:number), 0, true, 1796040000000,
          1796040900000, 1796041800000, ARRAY[:run::bigint], repeat('x', {3})::bytea);
INSERT INTO railbook.allocations (service_date, run, seat, from_segment, to_segment, hold)
  VALUES ('2026-12-01', :run, :seat, :segment, :segment + 1, :fence);
UPDATE railbook.run_versions SET version = version + 1, time = 1796040000000 WHERE run = :run;
INSERT INTO railbook.seat_changes (run, version, seats, froms, tos, states)
  SELECT run, version, ARRAY[:seat::bigint], '{{0}}', '{{1}}', '{{1}}' FROM railbook.run_versions WHERE run = :run;
INSERT INTO railbook.audit (subject, number, at, actor, action, detail)
  SELECT 'run:' || int8send(:run), coalesce(max(number), 0) + 1, 1796040000000, 'anna', 'hold.placed',
         repeat('x', {4})::bytea
  FROM railbook.audit WHERE subject = 'run:' || int8send(:run);
INSERT INTO railbook.answers (owner, operation, key, fingerprint, until, value)
  VALUES ('user:' || int8send(:number), 'hold.create', int8send(:key), repeat('f', 64)::bytea, 1796126400000,
          repeat('x', {5})::bytea);
COMMIT;
\endpipeline
)",
                       kClients, kTrains, kSeats, size("items", "holds"), size("detail", "audit"),
                       size("value", "answers"));
}

/// Holds a second, and the processor's microseconds that a hold took.
struct Speed {
    double per_second = 0;
    double of_server = 0;
    double of_client = 0;
};

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double client_seconds(int who) {
    rusage used{};
    getrusage(who, &used);
    return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

/// Of the server and all its sessions, those that have ended too.
double server_seconds(const test::PostgresServer& server) {
    pid_t server_id = 0;
    std::ifstream{server.folder() + "/data/postmaster.pid"} >> server_id;
    double ticks = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        std::ifstream file{entry.path() / "stat"};
        std::string line;
        if (!std::getline(file, line)) continue;
        std::istringstream rest{line.substr(line.rfind(')') + 1)};
        std::string word;
        pid_t parent = 0;
        rest >> word >> parent;
        for (int skipped = 0; skipped < 9; ++skipped) rest >> word;
        double user = 0;
        double system = 0;
        double user_of_ended = 0;
        double system_of_ended = 0;
        rest >> user >> system >> user_of_ended >> system_of_ended;
        if (entry.path().filename() == std::to_string(server_id))
            ticks += user + system + user_of_ended + system_of_ended;
        else if (parent == server_id) ticks += user + system;
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double run_pgbench(const test::PostgresServer& server, const std::string& url, const std::string& file, int seconds) {
    const auto first = test::sql(url, "SELECT max(fence & 281474976710655) FROM railbook.holds").value();
    const auto command =
        fmt::format("{}/pgbench -n -M prepared -D n=-1 -D first={} -c {} -j 2 -T {} -f '{}' '{}' 2> /dev/null",
                    server.programs(), first, kClients, seconds, file, url);
    FILE* output = popen(command.c_str(), "r");
    if (!output) give_up("pgbench does not start");
    double speed = 0;
    for (std::array<char, 256> line{}; fgets(line.data(), line.size(), output);)
        std::sscanf(line.data(), "tps = %lf", &speed);
    pclose(output);
    if (speed == 0) give_up("pgbench has failed: " + command);
    return speed;
}

template <class Run>
Speed measure(const test::PostgresServer& server, int who, int seconds, Run run) {
    const double server_before = server_seconds(server);
    const double client_before = client_seconds(who);
    Speed speed{.per_second = run()};
    const double holds = speed.per_second * seconds;
    speed.of_server = 1e6 * (server_seconds(server) - server_before) / holds;
    speed.of_client = 1e6 * (client_seconds(who) - client_before) / holds;
    return speed;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

int run(int passes, int seconds) {
    const auto started = test::PostgresServer::start_new(std::filesystem::current_path().string(),
                                                         {"shared_buffers=256MB", "max_wal_size=4GB"});
    if (!started) give_up(started.error().detail);
    const std::unique_ptr<test::PostgresServer> server{*started};
    test::TestEnvironment environment;
    const auto open = [&](const std::string& url) {
        auto opened = store::open_postgres(url, environment, {.connections = kClients, .clock_of_environment = true});
        if (!opened) give_up(opened.error().detail);
        return *std::move(opened);
    };
    const auto url = server->new_database();
    const auto rival = server->new_database();
    const auto store = open(url);
    Sale sale{*store};
    {
        const auto other = open(rival);
        Sale{*other}.prepare();
    }
    sale.prepare();
    const auto file = server->folder() + "/hold.sql";
    std::ofstream{file} << script(rival);
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> ratios;
    for (int pass = 0; pass < passes; ++pass) {
        const auto mine = measure(*server, RUSAGE_SELF, seconds, [&] { return sale.run(seconds); });
        const auto other =
            measure(*server, RUSAGE_CHILDREN, seconds, [&] { return run_pgbench(*server, rival, file, seconds); });
        ours.push_back(mine.per_second);
        theirs.push_back(other.per_second);
        ratios.push_back(ours.back() / theirs.back());
        std::printf(
            "pass %d: store %.0f/s (processor: server %.0f us, client %.0f us a hold), "
            "pgbench %.0f/s (server %.0f us, client %.0f us)\n",
            pass + 1, mine.per_second, mine.of_server, mine.of_client, other.per_second, other.of_server,
            other.of_client);
    }
    std::printf("holds with %d clients: store %.0f/s, pgbench %.0f/s, ratio %.2f\n", kClients, median(ours),
                median(theirs), median(ratios));
    return 0;
}

}  // namespace
}  // namespace railbook::bench

/// bench_postgres [PASSES [SECONDS]]
int main(int count, char** words) {
    const int passes = count > 1 ? std::atoi(words[1]) : 5;
    const int seconds = count > 2 ? std::atoi(words[2]) : 5;
    return railbook::bench::run(std::max(passes, 1), std::max(seconds, 1));
}

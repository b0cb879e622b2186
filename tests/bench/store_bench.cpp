/// Holding a seat and releasing it again: in memory, in SQLite, and, as the rival in the same run, by SQLite alone
/// doing the same writes to the same tables in as many transactions. `ratio` is the store's speed over the rival's,
/// both measured in turns so that the disk's moods meet both alike. And what 64 threads get done that wait for one
/// file, beside how often the same folder's disk makes 4 KiB safe (fdatasync) in place, and how often it makes one
/// frame of a growing log safe, both in the same pass: there `ratio` and `ratio_to_appends` are commands for each sync.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <railbook/stores.hpp>

#include "store/memory/memory.hpp"
#include "store/records/records.hpp"
#include "store/rules.hpp"
#include "store/sqlite/migrations/migrations.hpp"
#include "store/sqlite/sqlite.hpp"
#include "support/environment.hpp"

namespace railbook::bench {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "store_bench: %s\n", what);
    std::exit(1);
}

/// In the folder where the benchmark runs: temporary ones often lie in memory, where nothing has to be made safe.
class Folder {
public:
    Folder() {
        auto name = (std::filesystem::current_path() / "railbook-bench-XXXXXX").string();
        if (!mkdtemp(name.data())) give_up("no temporary folder");
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// A long train with ten coaches of 80 seats.
Run a_run() {
    Run run;
    run.id = {.date = ServiceDate{std::chrono::days{20'788}}, .trip = {"db", "531"}};
    run.train = "ICE 531";
    for (int i = 0; i < 15; ++i) {
        Call call;
        call.id = {.station = {"db", std::to_string(8'000'000 + i)}};
        call.name = "Station " + std::to_string(i);
        call.zone = "Europe/Berlin";
        run.calls.push_back(call);
    }
    Consist consist{.name = "ic", .coaches = {}};
    for (int coach = 0; coach < 10; ++coach) {
        Coach added{.number = std::to_string(coach + 1), .layout = "open", .travel_class = "second", .places = {}};
        for (int seat = 0; seat < 80; ++seat) added.places.push_back({.number = std::to_string(seat + 10)});
        consist.coaches.push_back(added);
    }
    run.consist = std::make_shared<const Consist>(consist);
    return run;
}

/// Makes what the domain would pass into a store: two seats of a run, each time other ones of those it may have.
class Buyer {
public:
    explicit Buyer(const Run& run = a_run(), std::uint32_t first_seat = 0, std::uint32_t seats = 800)
        : environment_{first_seat + 1}, run_{run}, first_seat_{first_seat}, seats_{seats} {}

    Hold hold() {
        Hold hold;
        hold.id = HoldId::make(environment_);
        hold.owner = "user:anna";
        hold.created_at = environment_.now();
        hold.expires_at = environment_.now() + std::chrono::minutes{15};
        hold.latest_end = environment_.now() + std::chrono::minutes{30};
        HoldItem item;
        item.run = run_.id;
        item.train = run_.train;
        item.from = {.call = run_.calls[2].id, .name = run_.calls[2].name, .zone = "Europe/Berlin"};
        item.to = {.call = run_.calls[9].id, .name = run_.calls[9].name, .zone = "Europe/Berlin"};
        item.span = {2, 9};
        item.travel_class = "second";
        for (int i = 0; i < 2; ++i) {
            const auto seat = first_seat_ + next_seat_++ % seats_;
            item.seats.push_back({seat, run_.consist->seat_at(seat)});
        }
        hold.items = {item};
        return hold;
    }
    Command command(const char* operation) {
        return {.owner = "user:anna",
                .operation = operation,
                .key = CommandKey::make(environment_),
                .fingerprint = std::string(64, 'f'),
                .now = environment_.now(),
                .keep_answer = std::chrono::hours{24}};
    }
    const Run& run() const { return run_; }
    Environment& environment() { return environment_; }

private:
    test::TestEnvironment environment_;
    Run run_;
    std::uint32_t first_seat_;
    std::uint32_t seats_;
    std::uint32_t next_seat_ = 0;
};

void hold_and_release(Store& store, Buyer& buyer) {
    const auto hold = store.inventory().place_hold(buyer.command("hold.create"), buyer.hold(), {buyer.run()}, 0);
    if (!hold) give_up(hold.error().detail.c_str());
    const HoldClaim claim{hold->id, hold->owner, hold->fence, false};
    const auto released = store.inventory().release_hold(buyer.command("hold.release"), claim);
    if (!released) give_up(released.error().detail.c_str());
}

/// SQLite alone: the rows that the two steps write, and nothing that finds or checks them.
class Rival {
public:
    explicit Rival(const std::string& path) {
        if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) give_up("the rival's file does not open");
        run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
        for (const auto& migration : store::sqlite::migrations()) run(migration.sql);
        run("INSERT INTO consists VALUES (x'00', '{}');"
            "INSERT INTO runs VALUES (1, 20788, 'db', '531', -1, x'00', '{}');"
            "INSERT INTO run_versions VALUES (1, 0);");
        for (const char* sql : {"BEGIN IMMEDIATE", "COMMIT", "UPDATE counters SET fence = ?1, time = ?2",
                                "INSERT INTO holds VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
                                "INSERT INTO allocations VALUES (1, ?1, ?2, ?3, ?4)",
                                "UPDATE run_versions SET version = version + 1 WHERE run = 1",
                                "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                "INSERT INTO answers VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)",
                                "UPDATE holds SET status = ?2 WHERE fence = ?1",
                                "DELETE FROM allocations WHERE run = 1 AND seat = ?1 AND from_segment = 2"}) {
            sqlite3_stmt* statement = nullptr;
            if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) give_up(sql);
            statements_.push_back(statement);
        }
    }
    ~Rival() {
        for (auto* statement : statements_) sqlite3_finalize(statement);
        sqlite3_close(database_);
    }
    Rival(const Rival&) = delete;
    Rival& operator=(const Rival&) = delete;

    void hold_and_release(Buyer& buyer) {
        auto hold = buyer.hold();
        hold.fence = ++fence_;
        const auto now = buyer.environment().now().time_since_epoch().count();
        const auto audit =
            store::audit_of(store::place_hold(hold, fence_, hold.owner, buyer.environment().now())).front();
        const auto step = [&](const char* operation, HoldStatus status) {
            hold.status = status;
            const auto command = buyer.command(operation);
            begin(0).done();
            begin(2).integer(fence_).integer(now).done();
            if (status == HoldStatus::held) {
                begin(3)
                    .integer(fence_)
                    .bytes(hold.id)
                    .text(hold.owner)
                    .integer(0)
                    .integer(now)
                    .integer(now)
                    .integer(now)
                    .text(store::records::encode(hold.items))
                    .done();
                for (const auto& seat : hold.items.front().seats)
                    begin(4).integer(seat.index).integer(2).integer(9).integer(fence_).done();
            } else {
                begin(8).integer(fence_).integer(3).done();
                for (const auto& seat : hold.items.front().seats) begin(9).integer(seat.index).done();
            }
            begin(5).done();
            begin(6)
                .text(audit.subject)
                .integer(++entries_)
                .integer(now)
                .text(audit.actor)
                .text(audit.action)
                .text(audit.detail)
                .done();
            begin(7)
                .text(command.owner)
                .text(command.operation)
                .text(command.key.text)
                .text(command.fingerprint)
                .integer(now)
                .text(store::records::encode(Answer{hold}))
                .done();
            begin(1).done();
        };
        step("hold.create", HoldStatus::held);
        step("hold.release", HoldStatus::released);
    }

private:
    /// Binds one statement's parameters in their order, and runs it.
    class Call {
    public:
        explicit Call(sqlite3_stmt* statement) : statement_{statement} {}
        template <class Integer>
        Call& integer(Integer value) {
            sqlite3_bind_int64(statement_, ++index_, static_cast<sqlite3_int64>(value));
            return *this;
        }
        Call& text(const std::string& value) {
            sqlite3_bind_text(statement_, ++index_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
            return *this;
        }
        Call& bytes(const HoldId& id) {
            sqlite3_bind_blob(statement_, ++index_, id.bytes.data(), static_cast<int>(id.bytes.size()),
                              SQLITE_TRANSIENT);
            return *this;
        }
        void done() {
            if (sqlite3_step(statement_) != SQLITE_DONE) give_up(sqlite3_errmsg(sqlite3_db_handle(statement_)));
            sqlite3_reset(statement_);
        }

    private:
        sqlite3_stmt* statement_;
        int index_ = 0;
    };

    Call begin(std::size_t statement) { return Call{statements_[statement]}; }
    void run(const char* sql) {
        if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) give_up(sqlite3_errmsg(database_));
    }

    sqlite3* database_ = nullptr;
    std::vector<sqlite3_stmt*> statements_;
    std::uint64_t fence_ = 0;
    std::int64_t entries_ = 0;
};

void memory_hold_and_release(benchmark::State& state) {
    Buyer buyer;
    const auto store = store::open_memory(buyer.environment());
    for (auto _ : state) hold_and_release(*store, buyer);
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(memory_hold_and_release);

void sqlite_hold_and_release(benchmark::State& state) {
    using Clock = std::chrono::steady_clock;
    Folder folder;
    Buyer buyer;
    auto store = store::open_sqlite(folder.file("store.db"), buyer.environment());
    if (!store) give_up(store.error().detail.c_str());
    Rival rival{folder.file("rival.db")};
    Clock::duration ours{};
    Clock::duration theirs{};
    for (auto _ : state) {
        const auto start = Clock::now();
        hold_and_release(**store, buyer);
        const auto middle = Clock::now();
        rival.hold_and_release(buyer);
        const auto end = Clock::now();
        ours += middle - start;
        theirs += end - middle;
        state.SetIterationTime(std::chrono::duration<double>(middle - start).count());
    }
    state.SetItemsProcessed(state.iterations());
    const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
    state.counters["rival_per_second"] = static_cast<double>(state.iterations()) / seconds(theirs);
    state.counters["ratio"] = seconds(theirs) / seconds(ours);
}
BENCHMARK(sqlite_hold_and_release)->UseManualTime();

/// How often in a second the disk makes a block safe: each in the place of an older one, or each behind the one before,
/// as a log grows.
double measure_syncs(const std::string& path, int count, std::size_t bytes, bool grows) {
    const std::vector<char> block(bytes, 'x');
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0) give_up("no file to be synced");
    const auto write_block = [&](int number) {
        const auto size = static_cast<ssize_t>(block.size());
        if (pwrite(file, block.data(), block.size(), number * size) != size || fdatasync(file) != 0)
            give_up("the disk does not sync");
    };
    constexpr int kPlaces = 16;
    for (int i = 0; i < kPlaces; ++i) write_block(i);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) write_block(grows ? kPlaces + i : i % kPlaces);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    close(file);
    return count / time.count();
}

void sqlite_64_threads_waiting(benchmark::State& state) {
    constexpr std::size_t kThreads = 64;
    constexpr int kPairs = 20;
    constexpr std::size_t kPageBytes = 4096;
    constexpr std::size_t kFrameBytes = kPageBytes + 24;  // of SQLite's log
    Folder folder;
    std::vector<std::unique_ptr<Buyer>> buyers;
    const Run run = a_run();
    for (std::uint32_t i = 0; i < kThreads; ++i) buyers.push_back(std::make_unique<Buyer>(run, i * 12, 12));
    auto store = store::open_sqlite(folder.file("store.db"), buyers.front()->environment());
    if (!store) give_up(store.error().detail.c_str());
    std::vector<double> commands;
    std::vector<double> syncs;
    std::vector<double> ratios;
    std::vector<double> appends;
    std::vector<double> ratios_to_appends;
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        {
            std::vector<std::jthread> threads;
            for (auto& buyer : buyers) {
                threads.emplace_back([&] {
                    for (int pair = 0; pair < kPairs; ++pair) hold_and_release(**store, *buyer);
                });
            }
        }
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(time.count());
        commands.push_back(2.0 * kPairs * kThreads / time.count());
        syncs.push_back(measure_syncs(folder.file("synced"), 100, kPageBytes, false));
        ratios.push_back(commands.back() / syncs.back());
        appends.push_back(measure_syncs(folder.file("appended"), 100, kFrameBytes, true));
        ratios_to_appends.push_back(commands.back() / appends.back());
    }
    const auto median = [](std::vector<double>& values) {
        std::ranges::sort(values);
        return values[values.size() / 2];
    };
    state.counters["commands_per_second"] = median(commands);
    state.counters["syncs_per_second"] = median(syncs);
    state.counters["ratio"] = median(ratios);
    state.counters["appends_per_second"] = median(appends);
    state.counters["ratio_to_appends"] = median(ratios_to_appends);
}
BENCHMARK(sqlite_64_threads_waiting)->UseManualTime()->Iterations(5);

}  // namespace
}  // namespace railbook::bench

BENCHMARK_MAIN();

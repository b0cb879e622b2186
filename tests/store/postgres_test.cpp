/// What PostgreSQL adds to what every store promises: its own constraints, many processes, and its failures.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "store/fixture.hpp"
#include "store/postgres/migrations/migrations.hpp"
#include "store/postgres/postgres.hpp"
#include "support/postgres.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class PostgresTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> open_again(const store::PostgresOptions& options = {.clock_of_environment = true}) {
        auto opened = store::open_postgres(url, environment, options);
        if (!opened) ADD_FAILURE() << opened.error();
        return opened ? *std::move(opened) : nullptr;
    }
    Result<Hold> place(Store& at, const std::vector<Wish>& wishes, std::string_view owner = "user:anna",
                       std::size_t max = 0) {
        std::vector<railbook::Run> runs;
        for (const auto& wish : wishes) {
            if (std::ranges::find(runs, wish.run->id, &railbook::Run::id) == runs.end()) runs.push_back(*wish.run);
        }
        return at.inventory().place_hold(make.command("hold.create", owner), make.hold(wishes, owner), runs, max);
    }
    ErrorCode error_on_opening(const std::string& address) {
        const auto opened = store::open_postgres(address, environment);
        if (opened) return ErrorCode{};
        for (const auto* secret : {"hunter2", "nobody_here", "SELECT", "railbook-postgres"}) {
            EXPECT_EQ(opened.error().detail.find(secret), std::string::npos) << opened.error();
            EXPECT_EQ(opened.error().hint.find(secret), std::string::npos) << opened.error();
        }
        return opened.error().code;
    }
    /// Starts the threads at one instant, and waits for them.
    template <class Body>
    static void together(int threads, Body body) {
        std::barrier start{threads};
        std::vector<std::jthread> running;
        for (int i = 0; i < threads; ++i) {
            running.emplace_back([&, i] {
                start.arrive_and_wait();
                body(i);
            });
        }
    }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::string url = postgres_url(folder);
    std::unique_ptr<Store> store = open_again();
    railbook::Run ice = a_run("ice");
};

// --- The schema refuses what the code must not do ------------------------------------------------------------------

TEST_F(PostgresTest, TheConstraintItselfRefusesAnOverlap) {
    ASSERT_TRUE(place(*store, {{&ice, {3}, {1, 3}}}));
    const auto insert = [&](int seat, int from, int to, const std::string& date = "2026-12-01") {
        return sql(url, fmt::format("INSERT INTO railbook.allocations SELECT DATE '{}', number, {}, {}, {}, NULL "
                                    "FROM railbook.runs",
                                    date, seat, from, to))
            .sqlstate;
    };
    constexpr auto kExclusion = "23P01";
    EXPECT_EQ(insert(3, 1, 3), kExclusion);
    EXPECT_EQ(insert(3, 0, 2), kExclusion);
    EXPECT_EQ(insert(3, 2, 4), kExclusion);
    EXPECT_EQ(insert(3, 0, 4), kExclusion);
    EXPECT_EQ(insert(3, 0, 1), "") << "the segment before is free";
    EXPECT_EQ(insert(3, 3, 4), "") << "and the one after";
    EXPECT_EQ(insert(4, 1, 3), "") << "and so is another seat";
    EXPECT_EQ(insert(5, 2, 2), "23514") << "an empty span would overlap nothing";
    ASSERT_EQ(sql(url, "SELECT railbook.make_partition('2027-03-05')").sqlstate, "");
    EXPECT_EQ(insert(3, 1, 3, "2027-03-05"), "23503") << "a run's allocations are in the partition of its own date";
}

TEST_F(PostgresTest, EveryPartitionHasTheConstraint) {
    for (const auto* date : {"2026-12-31", "2027-01-01", "2028-02-29"})
        ASSERT_EQ(sql(url, fmt::format("SELECT railbook.make_partition('{}')", date)).sqlstate, "");
    const auto partitions =
        sql(url, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'railbook.allocations'::regclass");
    EXPECT_EQ(partitions.value(), "3");
    EXPECT_TRUE(store->check_medium()->empty());
    ASSERT_EQ(sql(url,
                  "ALTER TABLE railbook.allocations_2027_01 "
                  "DROP CONSTRAINT allocations_2027_01_do_not_overlap")
                  .sqlstate,
              "");
    const auto findings = store->check_medium();
    ASSERT_TRUE(findings) << findings.error();
    ASSERT_EQ(findings->size(), 1U);
    EXPECT_NE(findings->front().find("allocations_2027_01"), std::string::npos) << findings->front();
}

TEST_F(PostgresTest, WhatIsWrittenForGoodIsNeverChanged) {
    ASSERT_TRUE(place(*store, {{&ice, {3}, {1, 3}}}));
    for (const auto* change :
         {"UPDATE railbook.audit SET actor = 'x'", "DELETE FROM railbook.audit", "TRUNCATE railbook.audit",
          "TRUNCATE railbook.ledger", "UPDATE railbook.allocations SET seat = 4"})
        EXPECT_EQ(sql(url, change).sqlstate, "P0001") << change;
}

// --- Many processes ------------------------------------------------------------------------------------------------

TEST_F(PostgresTest, TwoProcessesSellOneStock) {
    const auto other = open_again();
    const auto hold = place(*store, {{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_EQ(*other->inventory().find_hold(hold->id), *hold);
    EXPECT_EQ(place(*other, {{&ice, {0}, {2, 3}}}, "user:bert").error().code, ErrorCode::seat_taken);
    EXPECT_TRUE(other->inventory().occupancy({ice.id}, environment.now())->front().taken.any(0, {0, 1}));
    const auto second = place(*other, {{&ice, {1}, {0, 4}}}, "user:bert");
    ASSERT_TRUE(second) << second.error();
    EXPECT_GT(second->fence, hold->fence);
    ASSERT_TRUE(other->inventory().release_hold(make.command("hold.release"), Maker::claim(*hold)));
    const auto occupancy = store->inventory().occupancy({ice.id}, environment.now());
    EXPECT_FALSE(occupancy->front().taken.any(0, {0, 4})) << "what another process changed is seen at once";
    EXPECT_TRUE(occupancy->front().taken.any(1, {0, 4}));
    const auto changes = store->inventory().changes_after(ice.id, 0);
    ASSERT_TRUE(changes) << changes.error();
    ASSERT_EQ(changes->changes.size(), 3U);
    EXPECT_EQ(changes->changes[2].state, SeatState::free);
}

TEST_F(PostgresTest, HoldsThatWaitShareATransactionAndAreAsIfAlone) {
    constexpr int kBuyers = 12;
    const auto train = a_run("long", 4, 16);
    ASSERT_TRUE(place(*store, {{&train, {0}, {0, 4}}}, "user:first"));
    const auto repeated = make.command("hold.create", "user:again");
    const auto repeated_hold = make.hold({{&train, {1}, {0, 2}}}, "user:again");
    std::atomic<int> placed = 0;
    std::atomic<int> seat_taken = 0;
    std::atomic<int> too_many = 0;
    const auto count = [&](const Result<Hold>& hold) {
        if (hold) ++placed;
        else if (hold.error().code == ErrorCode::seat_taken) ++seat_taken;
        else if (hold.error().code == ErrorCode::too_many_requests) ++too_many;
    };
    {
        // While the table is locked the first of them cannot go on, and all others come.
        const std::jthread locks{
            [&] { EXPECT_EQ(sql(url, "BEGIN; LOCK TABLE railbook.holds; SELECT pg_sleep(1); COMMIT").sqlstate, ""); }};
        while (sql(url,
                   "SELECT count(*) FROM pg_locks WHERE relation = 'railbook.holds'::regclass AND granted "
                   "AND mode = 'AccessExclusiveLock'")
                   .value() != "1")
            std::this_thread::yield();
        std::vector<Hold> wanted;
        std::vector<Command> commands;
        for (int i = 0; i < kBuyers; ++i) {
            // Each second one wants the seat of the one before, or is of an owner who may have one.
            const auto seat = static_cast<std::uint32_t>(2 + i / 2 * 2 + (i % 4 == 3 ? 1 : 0));
            const auto owner = fmt::format("user:{}", i % 4 == 3 ? i - 1 : i);
            commands.push_back(make.command("hold.create", owner));
            wanted.push_back(make.hold({{&train, {seat}, {1, 3}}}, owner));
        }
        together(kBuyers + 4, [&](int i) {
            const auto place = static_cast<std::size_t>(i);
            if (i < kBuyers) count(store->inventory().place_hold(commands[place], wanted[place], {train}, 1));
            else count(store->inventory().place_hold(repeated, repeated_hold, {train}, 0));
        });
    }
    EXPECT_EQ(placed, kBuyers / 2 + 4);
    EXPECT_EQ(seat_taken, kBuyers / 4);
    EXPECT_EQ(too_many, kBuyers / 4);
    constexpr int kHolds = kBuyers / 2 + 2;
    EXPECT_EQ(sql(url, "SELECT count(*) FROM railbook.holds").value(), std::to_string(kHolds));
    EXPECT_LT(std::stoi(sql(url, "SELECT count(DISTINCT xmin::text) FROM railbook.holds").value()), kHolds - 2);
    EXPECT_EQ(sql(url, "SELECT version FROM railbook.run_versions").value(), std::to_string(kHolds));
    const auto changes = store->inventory().changes_after(train.id, 0);
    ASSERT_TRUE(changes) << changes.error();
    ASSERT_EQ(changes->changes.size(), static_cast<std::size_t>(kHolds));
    for (std::size_t i = 0; i < changes->changes.size(); ++i) EXPECT_EQ(changes->changes[i].version, i + 1);
    const auto records = records_of(*store);
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
    ASSERT_EQ(records.audit.size(), static_cast<std::size_t>(kHolds));
    for (std::size_t i = 0; i < records.audit.size(); ++i) EXPECT_EQ(records.audit[i].number, i + 1);
}

/// A hold on two trains, both of which get other calls at the same time: neither change is lost.
TEST_F(PostgresTest, TwoRunsOfOneHoldMayChangeAtOnce) {
    const auto other = open_again();
    ASSERT_TRUE(other);
    const std::array<Store*, 2> stores{store.get(), other.get()};
    for (int round = 0; round < 20; ++round) {
        std::array<railbook::Run, 2> runs{a_run(fmt::format("one{}", round)), a_run(fmt::format("two{}", round))};
        const auto hold = place(*store, {{&runs[0], {1}, {0, 2}}, {&runs[1], {1}, {2, 4}}});
        ASSERT_TRUE(hold) << hold.error();
        const auto booking = store->bookings().create_booking(make.command("booking.create", hold->owner),
                                                              Maker::claim(*hold), make.booking(*hold));
        ASSERT_TRUE(booking) << booking.error();
        for (auto& run : runs) {
            for (auto& call : run.calls.edit()) call.platform = "99";
        }
        together(2, [&](int i) {
            const auto number = static_cast<std::size_t>(i);
            auto& inventory = stores[number]->inventory();
            for (int tries = 0; tries < 10; ++tries) {
                const auto known = inventory.holds_of_run(runs[number].id, environment.now());
                ASSERT_TRUE(known) << known.error();
                const auto adopted =
                    inventory.adopt_calls(make.command("run.adopt", "operator:cli"), {runs[number], known->version});
                if (adopted) return;
            }
            ADD_FAILURE() << "run " << number << " was not adopted";
        });
        const auto after = store->inventory().find_hold(hold->id);
        ASSERT_TRUE(after) << after.error();
        const auto booked = store->bookings().find_booking(booking->id);
        ASSERT_TRUE(booked) << booked.error();
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(after->items[i].from.platform, "99") << "round " << round << ", ride " << i;
            EXPECT_EQ(booked->parts[i].from.platform, "99") << "round " << round << ", part " << i;
        }
    }
}

TEST_F(PostgresTest, ManyProcessesMayOpenANewDatabaseAtOnce) {
    const auto server = PostgresServer::shared();
    ASSERT_TRUE(server) << server.error();
    url = (*server)->new_database();
    std::atomic<int> opened = 0;
    together(8, [&](int) { opened += open_again() ? 1 : 0; });
    EXPECT_EQ(opened, 8);
}

TEST_F(PostgresTest, AnOwnersLimitHoldsOverTrainsAndProcesses) {
    const auto other = open_again();
    const railbook::Run second = a_run("second");
    std::atomic<int> placed = 0;
    together(8, [&](int i) {
        const auto hold =
            place(i % 2 == 0 ? *store : *other, {{i % 4 < 2 ? &ice : &second, {static_cast<std::uint32_t>(i)}, {0, 4}}},
                  "user:anna", 3);
        if (hold) {
            ++placed;
            return;
        }
        EXPECT_EQ(hold.error().code, ErrorCode::too_many_requests) << hold.error();
    });
    EXPECT_EQ(placed, 3);
}

TEST_F(PostgresTest, TenThousandClientsForOneSeatHaveOneWinner) {
    constexpr int kThreads = 32;
    constexpr int kClients = 10'000;
    const auto other = open_again();
    std::atomic<int> next = 0;
    std::atomic<int> won = 0;
    std::atomic<int> refused = 0;
    together(kThreads, [&](int thread) {
        for (int client = next++; client < kClients; client = next++) {
            const auto hold =
                place(thread % 2 == 0 ? *store : *other, {{&ice, {5}, {0, 4}}}, fmt::format("user:{}", client));
            if (hold) ++won;
            else if (hold.error().code == ErrorCode::seat_taken) ++refused;
        }
    });
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, kClients - 1);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

TEST_F(PostgresTest, RandomSpansOnOneSeatAreDisjointAndNoFreeOneIsRefused) {
    constexpr int kThreads = 64;
    constexpr std::uint16_t kSegments = 30;
    const railbook::Run train = a_run("long", kSegments);
    const auto other = open_again();
    std::mutex mutex;
    std::vector<Span> accepted;
    std::vector<Span> refused;
    together(kThreads, [&](int thread) {
        std::mt19937 random{static_cast<unsigned>(thread)};
        for (int round = 0; round < 4; ++round) {
            const auto from = static_cast<std::uint16_t>(random() % kSegments);
            const auto to = static_cast<std::uint16_t>(from + 1 + random() % static_cast<unsigned>(kSegments - from));
            const auto hold = place(thread % 2 == 0 ? *store : *other, {{&train, {0}, {from, to}}});
            const std::lock_guard lock{mutex};
            if (!hold) {
                EXPECT_EQ(hold.error().code, ErrorCode::seat_taken) << hold.error();
            }
            (hold ? accepted : refused).push_back({from, to});
        }
    });
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) EXPECT_FALSE(accepted[i].overlaps(accepted[k]));
    }
    for (const auto& span : refused)
        EXPECT_TRUE(std::ranges::any_of(accepted, [&](const Span& other_span) { return other_span.overlaps(span); }));
}

TEST_F(PostgresTest, MoreThreadsThanConnectionsWaitForTheirTurn) {
    store = open_again({.connections = 2, .clock_of_environment = true});
    std::atomic<int> placed = 0;
    together(16, [&](int i) {
        const railbook::Run train = a_run(fmt::format("train{}", i));
        if (place(*store, {{&train, {0}, {0, 4}}})) ++placed;
    });
    EXPECT_EQ(placed, 16);
    const auto sessions = sql(url,
                              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                              "AND application_name = 'railbook'");
    EXPECT_EQ(sessions.value(), "2");
}

// --- Time and fences -----------------------------------------------------------------------------------------------

TEST_F(PostgresTest, TheDatabasesClockDecides) {
    environment.set_now(Timestamp{milliseconds{5}});
    store = open_again({});
    const auto told = sql(url, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint").value();
    const auto now = store->now();
    ASSERT_TRUE(now) << now.error();
    EXPECT_GE(now->time_since_epoch().count(), std::stoll(told));
    EXPECT_LT(now->time_since_epoch().count(), std::stoll(told) + 60'000);
}

TEST_F(PostgresTest, TimeNeverRunsBackwardsWhenTheDatabasesClockDoes) {
    // A step was done in a time that the clock has not reached again.
    const auto ahead = sql(url,
                           "SELECT setval('railbook.clock', "
                           "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000)")
                           .value();
    store = open_again({});
    EXPECT_EQ(store->now()->time_since_epoch().count(), std::stoll(ahead));
    const auto hold = place(*store, {{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    for (const auto& entry : records_of(*store).audit)
        EXPECT_GE(entry.at.time_since_epoch().count(), std::stoll(ahead));
}

TEST_F(PostgresTest, EachFenceOfALaterEpochIsLarger) {
    const auto before = place(*store, {{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(before) << before.error();
    EXPECT_EQ(*store::raise_epoch(*store), 1U);
    const auto after = place(*store, {{&ice, {1}, {0, 4}}});
    ASSERT_TRUE(after) << after.error();
    EXPECT_EQ(after->fence >> 48U, 1U);
    EXPECT_GT(after->fence, before->fence);
    EXPECT_EQ(*store->inventory().find_hold(after->id), *after);
}

TEST_F(PostgresTest, ChangesOfLongAgoAreForgottenAndSaidToBe) {
    for (int i = 0; i < 700; ++i) {
        const auto hold = place(*store, {{&ice, {0}, {0, 4}}});
        ASSERT_TRUE(hold) << hold.error();
        ASSERT_TRUE(store->inventory().release_hold(make.command("hold.release"), Maker::claim(*hold)));
    }
    const auto all = store->inventory().changes_after(ice.id, 0);
    ASSERT_TRUE(all) << all.error();
    EXPECT_TRUE(all->resync);
    EXPECT_EQ(all->version, 1400U);
    const auto last = store->inventory().changes_after(ice.id, 1390);
    ASSERT_TRUE(last) << last.error();
    EXPECT_FALSE(last->resync);
    EXPECT_EQ(last->changes.size(), 10U);
    EXPECT_LE(std::stoi(sql(url, "SELECT count(*) FROM railbook.seat_changes").value()), 1280);
}

// --- Failures ------------------------------------------------------------------------------------------------------

TEST_F(PostgresTest, WhatCannotBeOpenedSaysWhyAndTellsNoSecret) {
    const auto server = PostgresServer::shared();
    ASSERT_TRUE(server) << server.error();
    EXPECT_EQ(error_on_opening("postgres://nobody_here:hunter2@/x?host=/nonexistent"), ErrorCode::unavailable);
    EXPECT_EQ(error_on_opening("postgres://u:hunter2@[broken/x"), ErrorCode::invalid_argument);
    EXPECT_EQ(error_on_opening("postgres://u:hunter2@/x?no_such_setting=1"), ErrorCode::invalid_argument);
    EXPECT_EQ(error_on_opening((*server)->url_of("no_such_database")), ErrorCode::not_found);
    EXPECT_EQ(error_on_opening((*server)->url_of("postgres", "nobody_here")), ErrorCode::forbidden);
    EXPECT_EQ(store->info().location.find("postgres@"), std::string::npos) << store->info().location;
}

TEST_F(PostgresTest, SchemasOfOthersAndOfNewerVersionsAreLeftAlone) {
    const auto server = PostgresServer::shared();
    ASSERT_TRUE(server) << server.error();
    const auto foreign = (*server)->new_database();
    ASSERT_EQ(sql(foreign, "CREATE SCHEMA railbook; CREATE TABLE railbook.trains (x int)").sqlstate, "");
    EXPECT_EQ(error_on_opening(foreign), ErrorCode::bad_data);
    ASSERT_EQ(sql(foreign, "CREATE TABLE railbook.railbook_store (x int)").sqlstate, "");
    EXPECT_EQ(error_on_opening(foreign), ErrorCode::bad_data);
    ASSERT_EQ(sql(url, "UPDATE railbook.railbook_store SET schema = 1000").sqlstate, "");
    EXPECT_EQ(error_on_opening(url), ErrorCode::unsupported);
}

TEST_F(PostgresTest, EveryReleasedSchemaIsBroughtToTheNewest) {
    const auto server = PostgresServer::shared();
    ASSERT_TRUE(server) << server.error();
    for (const auto& released : store::postgres::migrations()) {
        url = (*server)->new_database();
        std::string statements = "CREATE SCHEMA railbook; CREATE EXTENSION btree_gist; ";
        for (const auto& migration : store::postgres::migrations()) {
            if (migration.number <= released.number) statements += migration.sql;
        }
        statements += fmt::format("; UPDATE railbook.railbook_store SET schema = {}", released.number);
        ASSERT_EQ(sql(url, statements).sqlstate, "") << released.number;
        store = open_again();
        ASSERT_TRUE(store) << released.number;
        EXPECT_EQ(store->info().schema, store::postgres::migrations().back().number);
        EXPECT_EQ(sql(url, "SELECT schema FROM railbook.railbook_store").value(),
                  std::to_string(store::postgres::migrations().back().number));
        ASSERT_TRUE(place(*store, {{&ice, {0}, {0, 4}}})) << released.number;
        EXPECT_FALSE(place(*store, {{&ice, {0}, {3, 4}}})) << released.number;
    }
}

TEST_F(PostgresTest, AStandbyIsRefusedWithAHint) {
    const auto name = sql(url, "SELECT current_database()").value();
    ASSERT_EQ(sql(url, "ALTER DATABASE " + name + " SET default_transaction_read_only = on").sqlstate, "");
    EXPECT_EQ(error_on_opening(url), ErrorCode::unavailable);
}

TEST_F(PostgresTest, AFullDiskChangesNothing) {
    ASSERT_TRUE(place(*store, {{&ice, {0}, {0, 4}}}));
    const auto before = records_of(*store);
    ASSERT_EQ(sql(url,
                  "CREATE FUNCTION railbook.full() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$; "
                  "CREATE TRIGGER full_disk BEFORE INSERT ON railbook.audit "
                  "FOR EACH ROW EXECUTE FUNCTION railbook.full()")
                  .sqlstate,
              "");
    const auto refused = place(*store, {{&ice, {1}, {0, 4}}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
    const auto after = records_of(*store);
    EXPECT_EQ(after.holds, before.holds);
    EXPECT_EQ(after.allocations, before.allocations);
    ASSERT_EQ(sql(url, "DROP TRIGGER full_disk ON railbook.audit").sqlstate, "");
    EXPECT_TRUE(place(*store, {{&ice, {1}, {0, 4}}}));
}

TEST_F(PostgresTest, LostConnectionsLoseNothingAndDoNothingTwice) {
    std::atomic<bool> over = false;
    std::atomic<int> ended = 0;
    std::atomic<int> begun = 0;  // commands: each is a reason to strike once
    std::jthread saboteur{[&] {
        for (int seen = 0; !over; seen = begun) {
            begun.wait(seen);
            const auto killed = sql(url,
                                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                    "WHERE datname = current_database() AND application_name = 'railbook' "
                                    "AND random() < CASE state WHEN 'idle' THEN 0.1 ELSE 0.5 END");
            if (killed.is_good()) ended += std::stoi(killed.value());
        }
    }};
    std::atomic<int> unknown = 0;
    constexpr int kThreads = 4;
    constexpr int kHolds = 60;
    std::array<std::vector<Hold>, kThreads> acknowledged;
    together(kThreads, [&](int thread) {
        const railbook::Run train = a_run(fmt::format("train{}", thread % 2), 30, 8);
        for (int i = 0; i < kHolds; ++i) {
            const auto seat = static_cast<std::uint32_t>(thread / 2 * 4 + i % 4);
            const auto from = static_cast<std::uint16_t>(i / 4 % 15 * 2);
            const auto command = make.command("hold.create");
            const auto wanted = make.hold({{&train, {seat}, {from, static_cast<std::uint16_t>(from + 1)}}});
            for (;;) {
                ++begun;
                begun.notify_one();
                const auto hold = store->inventory().place_hold(command, wanted, {train}, 0);
                if (hold) {
                    acknowledged[static_cast<std::size_t>(thread)].push_back(*hold);
                    break;
                }
                ASSERT_EQ(hold.error().code, ErrorCode::unavailable) << hold.error();
                ++unknown;
            }
        }
    });
    over = true;
    ++begun;
    begun.notify_one();
    saboteur.join();
    EXPECT_GT(ended, 0) << "no connection was ended: the test has shown nothing";
    // Connections that wait in the pool may have been ended last, and are found to be when they are used.
    Records records;
    for (auto read = store->read_all(records); !read; read = store->read_all(records)) {
        ASSERT_EQ(read.error().code, ErrorCode::unavailable) << read.error();
        records = {};
    }
    EXPECT_EQ(records.holds.size(), static_cast<std::size_t>(kThreads * kHolds));
    for (const auto& holds : acknowledged) {
        for (const auto& hold : holds) EXPECT_EQ(*store->inventory().find_hold(hold.id), hold);
    }
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
    RecordProperty("connections_ended", ended.load());
    RecordProperty("answers_lost", unknown.load());
}

}  // namespace
}  // namespace railbook::test

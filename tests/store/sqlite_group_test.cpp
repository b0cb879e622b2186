/// Commands that wait for SQLite are committed together: fewer syncs than commands, and each command's own fate.

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "store/disk.hpp"
#include "store/fixture.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;

/// Knows how many callers wait for another one.
class WatchedEnvironment final : public Environment {
public:
    Timestamp now() override { return clock.now(); }
    void random_bytes(std::span<std::byte> out) override { clock.random_bytes(out); }
    void log(LogLevel, std::string_view) override {}
    std::unique_ptr<Waiter> make_waiter() override {
        return std::make_unique<WatchedWaiter>(Environment::make_waiter(), waiting);
    }

    TestEnvironment clock;
    std::atomic<int> waiting = 0;

private:
    class WatchedWaiter final : public Waiter {
    public:
        WatchedWaiter(std::unique_ptr<Waiter> real, std::atomic<int>& waiting)
            : real_{std::move(real)}, waiting_{waiting} {}
        void wait() override {
            ++waiting_;
            real_->wait();
            --waiting_;
        }
        void let_go_on() override { real_->let_go_on(); }

    private:
        std::unique_ptr<Waiter> real_;
        std::atomic<int>& waiting_;
    };
};

/// The first of many commands commits alone; meanwhile the others come, and then they are a group.
class SqliteGroupTest : public ::testing::Test {
protected:
    static constexpr int kThreads = 64;

    SqliteGroupTest() {
        auto opened = store::open_sqlite(folder.file("store.db"), environment);
        EXPECT_TRUE(opened) << opened.error();
        store = *std::move(opened);
    }
    /// Runs the body in every thread; all but one of them wait for the same commit. `second_sync_works`: that one's.
    template <class Body>
    void together(Body body, bool second_sync_works = true) {
        const int before = disk.log_syncs();
        std::atomic<int> finished = 0;  // without a commit
        disk.at_log_sync([&, before, second_sync_works](int number) {
            if (number == before + 1) {
                while (environment.waiting + finished < kThreads - 1) std::this_thread::yield();
                return true;
            }
            return second_sync_works;
        });
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < kThreads; ++i)
                threads.emplace_back([&, i] {
                    body(i);
                    ++finished;
                });
        }
        disk.at_log_sync({});
        syncs = disk.log_syncs() - before;
    }
    Result<Hold> place(const railbook::Run& run, std::uint32_t seat, Duration later = {}) {
        auto command = make.command("hold.create");
        command.now += later;
        return store->inventory().place_hold(command, make.hold({{&run, {seat}, {0, 4}}}), {run}, 0);
    }
    /// How many seats the mirror knows to be taken.
    std::size_t mirrored(const railbook::Run& run) {
        const auto occupancy = store->inventory().occupancy({run.id}, environment.now())->front();
        std::size_t taken = 0;
        for (std::uint32_t seat = 0; seat < occupancy.taken.seats; ++seat) taken += occupancy.taken.any(seat, {0, 4});
        return taken;
    }

    Disk disk;
    WatchedEnvironment environment;
    Maker make{environment.clock};
    TemporaryFolder folder;
    std::unique_ptr<Store> store;
    railbook::Run ice = a_run("ice", 4, 2 * kThreads);
    int syncs = 0;
};

TEST_F(SqliteGroupTest, CommandsThatWaitShareOneSync) {
    std::atomic<int> placed = 0;
    // Each read its time before it came to wait, in whatever order.
    together([&](int i) {
        if (place(ice, static_cast<std::uint32_t>(i), milliseconds{i * 37 % kThreads})) ++placed;
    });
    EXPECT_EQ(placed, kThreads);
    EXPECT_EQ(syncs, 2);
    EXPECT_EQ(mirrored(ice), static_cast<std::size_t>(kThreads));
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{}) << "nor does time run backwards";
}

TEST_F(SqliteGroupTest, RefusedCommandLeavesThoseBesideItDone) {
    std::atomic<int> placed = 0;
    std::atomic<int> refused = 0;
    together([&](int i) {
        const auto hold = place(ice, static_cast<std::uint32_t>(i / 2));  // two want each seat
        if (hold) ++placed;
        else if (hold.error().code == ErrorCode::seat_taken) ++refused;
    });
    EXPECT_EQ(placed, kThreads / 2);
    EXPECT_EQ(refused, kThreads / 2);
    EXPECT_EQ(syncs, 2);
    EXPECT_EQ(mirrored(ice), static_cast<std::size_t>(kThreads) / 2);
    const auto records = records_of(*store);
    EXPECT_EQ(records.holds.size(), static_cast<std::size_t>(kThreads) / 2);
    EXPECT_EQ(records.holds.back().fence, static_cast<std::uint64_t>(kThreads) / 2) << "no fence is used up";
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
}

TEST_F(SqliteGroupTest, CommandSeesTheRunThatOneBesideItHasPinned) {
    ASSERT_TRUE(place(a_run("other"), 0));
    railbook::Run later = ice;
    later.calls.edit().back().platform = "9";
    std::atomic<int> placed = 0;
    std::atomic<int> refused = 0;
    together([&](int i) {
        if (i == 0) {
            EXPECT_TRUE(place(a_run("other"), 1));
            return;
        }
        const auto hold = place(i % 2 == 0 ? ice : later, static_cast<std::uint32_t>(i));
        if (hold) ++placed;
        else if (hold.error().code == ErrorCode::conflict) ++refused;
    });
    EXPECT_EQ(placed + refused, kThreads - 1);
    EXPECT_GE(placed, kThreads / 2 - 1) << "those who want the run as it was pinned first";
    EXPECT_GE(refused, kThreads / 2 - 1) << "those who want it otherwise";
    EXPECT_EQ(mirrored(ice), static_cast<std::size_t>(placed));
}

TEST_F(SqliteGroupTest, CommitThatFailsUndoesItsWholeGroupAndNothingElse) {
    ASSERT_TRUE(place(ice, 2 * kThreads - 1));
    std::atomic<int> placed = 0;
    std::atomic<int> failed = 0;
    const auto attempt = [&](int i) {
        const auto hold = place(ice, static_cast<std::uint32_t>(i / 2));  // two want each seat
        if (hold) ++placed;
        else if (hold.error().code == ErrorCode::storage_full) ++failed;
    };
    together(attempt, false);
    EXPECT_EQ(placed, 1);
    EXPECT_EQ(failed, kThreads - 1) << "also those who were refused only because of what is undone";
    EXPECT_EQ(records_of(*store).holds.size(), 2U);
    EXPECT_EQ(mirrored(ice), 2U) << "nor does the mirror know of it";

    placed = 0;
    together(attempt);
    EXPECT_EQ(placed, kThreads / 2 - 1);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    store.reset();
    auto opened = store::open_sqlite(folder.file("store.db"), environment);
    ASSERT_TRUE(opened) << opened.error();
    EXPECT_EQ(records_of(**opened).holds.size(), static_cast<std::size_t>(kThreads) / 2 + 1);
}

TEST_F(SqliteGroupTest, FullDiskAmongManyFailsTheGroupAndTheNextOneGoesOn) {
    ASSERT_TRUE(place(ice, 2 * kThreads - 1));
    std::atomic<int> placed = 0;
    std::atomic<int> failed = 0;
    disk.leave_free(200'000);
    for (int round = 0; round < 100 && failed == 0; ++round) {
        std::vector<std::jthread> threads;
        for (std::uint32_t i = 0; i < 8; ++i) {
            threads.emplace_back([&, i] {
                const auto run = a_run("round-" + std::to_string(round));
                const auto hold = place(run, i);
                if (hold) ++placed;
                else if (hold.error().code == ErrorCode::storage_full) ++failed;
            });
        }
    }
    EXPECT_GT(placed, 0);
    EXPECT_GT(failed, 0);
    EXPECT_EQ(records_of(*store).holds.size(), static_cast<std::size_t>(placed) + 1);
    disk.free_space();
    EXPECT_TRUE(place(ice, 0));
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    EXPECT_EQ(*store->check_medium(), std::vector<std::string>{});
}

TEST_F(SqliteGroupTest, SalesGoOnWhereTheyStoppedOnceAFullDiskHasSpace) {
    disk.leave_free(1'000'000);
    std::vector<Hold> placed;
    std::optional<Error> refused;
    const railbook::Run train = a_run("train", 4, 400);
    while (!refused) {
        auto hold = place(train, static_cast<std::uint32_t>(placed.size()));
        if (hold) placed.push_back(*std::move(hold));
        else refused = hold.error();
    }
    EXPECT_EQ(refused->code, ErrorCode::storage_full) << *refused;
    ASSERT_GT(placed.size(), 5U);
    const auto all_are_there = [&] {
        return std::ranges::all_of(placed, [&](const Hold& hold) {
            const auto found = store->inventory().find_hold(hold.id);
            return found && *found == hold;
        });
    };
    EXPECT_TRUE(all_are_there()) << "while the disk is full";
    EXPECT_EQ(records_of(*store).holds.size(), placed.size());
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    store.reset();  // on the full disk
    disk.free_space();
    auto opened = store::open_sqlite(folder.file("store.db"), environment);
    ASSERT_TRUE(opened) << opened.error();
    store = *std::move(opened);
    EXPECT_TRUE(all_are_there()) << "after it";
    EXPECT_EQ(*store->check_medium(), std::vector<std::string>{});
    EXPECT_TRUE(place(train, static_cast<std::uint32_t>(placed.size())));
}

TEST_F(SqliteGroupTest, ReadersAndWritersAllGetTheirTurn) {
    const auto first = place(ice, 2 * kThreads - 1);
    ASSERT_TRUE(first) << first.error();
    std::atomic<int> right = 0;
    together([&](int i) {
        switch (i % 4) {
            case 0: right += place(ice, static_cast<std::uint32_t>(i)).has_value(); break;
            case 1: right += store->inventory().find_hold(first->id)->status == HoldStatus::held; break;
            case 2: right += store->inventory().list_holds("", {.cursor = {}, .limit = 1})->items.size() == 1; break;
            default: {
                const auto records = records_of(*store);
                right += broken_laws(records).empty() && !records.holds.empty();
            }
        }
    });
    EXPECT_EQ(right, kThreads);
}

TEST_F(SqliteGroupTest, ExceptionInAStepUndoesItAndPassesTheTurnOn) {
    auto database = store::sqlite::Database::open(folder.file("other.db"), environment, {});
    ASSERT_TRUE(database) << database.error();
    const auto fence = [&](bool fails) {
        return (*database)->step<std::uint64_t>(environment.now(), [&](store::sqlite::Step& step) {
            auto next = step.tables.next_fence();
            if (fails) throw std::runtime_error{"out of luck"};
            return next;
        });
    };
    EXPECT_THROW(static_cast<void>(fence(true)), std::runtime_error);
    const auto next = fence(false);
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(*next, 1U);
}

}  // namespace
}  // namespace railbook::test

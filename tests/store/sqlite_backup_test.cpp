/// A backup is made while the store is used, and takes its place again only if it is whole.

#include <atomic>
#include <fstream>
#include <thread>

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/verify.hpp"
#include "store/fixture.hpp"
#include "store/memory/memory.hpp"
#include "store/sqlite/migrations/migrations.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

class SqliteBackupTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> open(const std::string& file) {
        auto opened = store::open_sqlite(file, environment);
        EXPECT_TRUE(opened) << opened.error();
        return opened ? *std::move(opened) : nullptr;
    }
    Result<Hold> place(Store& store, std::uint32_t seat, std::uint16_t segment = 0) {
        const Span span{segment, static_cast<std::uint16_t>(segment + 1)};
        return store.inventory().place_hold(make.command("hold.create"), make.hold({{&ice, {seat}, span}}), {ice}, 0);
    }
    /// A backup with one hold in it.
    void make_backup() {
        const auto store = open(path);
        ASSERT_TRUE(place(*store, 0));
        const auto done = store->backup(copy);
        ASSERT_TRUE(done) << done.error();
    }
    Result<std::string> restore() { return store::restore_sqlite(copy, path, environment); }
    ErrorCode refusal() {
        const auto before = content(path);
        const auto restored = restore();
        EXPECT_FALSE(restored);
        EXPECT_EQ(content(path), before) << "a refusal changes nothing";
        EXPECT_EQ(names(), before.empty() ? (std::vector<std::string>{"copy.db"})
                                          : (std::vector<std::string>{"copy.db", "store.db"}));
        return restored ? ErrorCode::internal : restored.error().code;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator{folder.path()})
            found.push_back(entry.path().filename().string());
        std::ranges::sort(found);
        return found;
    }
    static std::string content(const std::string& file) {
        std::ifstream stream{file, std::ios::binary};
        return {std::istreambuf_iterator<char>{stream}, {}};
    }
    static void write(const std::string& file, const std::string& bytes) {
        std::ofstream{file, std::ios::binary} << bytes;
    }
    /// Statements of another program at the copy.
    void run_at_copy(const char* sql) {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(copy.c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
        sqlite3_close(database);
    }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::string path = folder.file("store.db");
    std::string copy = folder.file("copy.db");
    railbook::Run ice = a_run("ice", 4, 400);
};

TEST_F(SqliteBackupTest, BackupUnderLoadHasAllThatWasAcknowledgedBeforeItAndKeepsTheLaws) {
    constexpr std::uint32_t kThreads = 4;
    const auto store = open(path);
    std::vector<std::vector<HoldId>> told(kThreads);
    std::array<std::atomic<std::size_t>, kThreads> counts{};
    std::atomic<bool> is_over = false;
    std::array<std::size_t, kThreads> before{};
    Status done;
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                for (std::uint32_t n = 0; n < 400 && !is_over; ++n) {
                    const auto hold = place(*store, i * 100 + n / 4, static_cast<std::uint16_t>(n % 4));
                    EXPECT_TRUE(hold) << hold.error();
                    told[i].push_back(hold->id);
                    ++counts[i];
                    if (n % 3 == 0) {
                        EXPECT_TRUE(store->bookings().create_booking(make.command("booking.create"),
                                                                     Maker::claim(*hold), make.booking(*hold)));
                    }
                }
            });
        }
        for (std::uint32_t i = 0; i < kThreads; ++i) {
            while (counts[i] < 50) std::this_thread::yield();
        }
        for (std::uint32_t i = 0; i < kThreads; ++i) before[i] = counts[i];
        done = store->backup(copy);
        is_over = true;
    }
    ASSERT_TRUE(done) << done.error();
    const auto other = folder.file("other.db");
    ASSERT_TRUE(store::restore_sqlite(copy, other, environment));
    const auto restored = open(other);
    const auto report = engine::verify(*restored);
    ASSERT_TRUE(report) << report.error();
    EXPECT_TRUE(report->ok());
    EXPECT_EQ(broken_laws(records_of(*restored)), std::vector<std::string>{});
    EXPECT_EQ(*restored->check_medium(), std::vector<std::string>{});
    for (std::uint32_t i = 0; i < kThreads; ++i) {
        for (std::size_t n = 0; n < before[i]; ++n) EXPECT_TRUE(restored->inventory().find_hold(told[i][n]));
    }
}

TEST_F(SqliteBackupTest, RestoredStoreIsTheEqualOfTheOneThatWasCopied) {
    make_backup();
    Records expected;
    {
        const auto store = open(path);
        expected = records_of(*store);
        ASSERT_TRUE(place(*store, 1));
    }
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_EQ(*kept, path + "-before-restore");
    EXPECT_EQ(records_of(*open(path)), expected);
    EXPECT_EQ(records_of(*open(*kept)).holds.size(), 2U) << "the old one is whole";
    const auto again = restore();
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, path + "-before-restore-2");
}

TEST_F(SqliteBackupTest, BackupBecomesAStoreWhereThereWasNone) {
    make_backup();
    ASSERT_TRUE(std::filesystem::remove(path));
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_EQ(*kept, "");
    EXPECT_EQ(records_of(*open(path)).holds.size(), 1U);
    EXPECT_EQ(names(), (std::vector<std::string>{"copy.db", "store.db"}));
}

TEST_F(SqliteBackupTest, LogOfAStoreThatWasKilledIsNotForTheRestoredOne) {
    make_backup();
    const pid_t child = fork();
    if (child == 0) {
        auto store = store::open_sqlite(path, environment);
        const bool held = store && place(**store, 7).has_value();
        _exit(held ? 0 : 1);  // without closing it: the log stays
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    ASSERT_TRUE(std::filesystem::exists(path + "-wal"));
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_EQ(records_of(*open(path)).holds.size(), 1U);
    EXPECT_EQ(records_of(*open(*kept)).holds.size(), 2U);
}

TEST_F(SqliteBackupTest, DamagedOldStoreIsKeptWithItsLog) {
    make_backup();
    write(path, std::string(20'000, 'x'));
    write(path + "-wal", "log");
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_EQ(content(*kept), std::string(20'000, 'x'));
    EXPECT_EQ(records_of(*open(path)).holds.size(), 1U);
}

TEST_F(SqliteBackupTest, ReadOnlyBackupIsRestoredToAStoreThatIsWritten) {
    make_backup();
    ASSERT_EQ(chmod(copy.c_str(), S_IRUSR), 0);
    ASSERT_TRUE(std::filesystem::remove(path));
    const auto kept = restore();
    ASSERT_TRUE(kept) << kept.error();
    struct stat facts{};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    EXPECT_TRUE(place(*open(path), 1));
}

TEST_F(SqliteBackupTest, DamagedForeignNewerAndMissingFilesAreRefused) {
    make_backup();
    const auto whole = content(copy);
    auto bad_page = whole;
    for (std::size_t i = 0; i < 4096; ++i) bad_page[5 * 4096 + i] = static_cast<char>(i * 7);
    write(copy, bad_page);
    EXPECT_EQ(refusal(), ErrorCode::damaged);
    write(copy, whole.substr(0, whole.size() / 2));
    EXPECT_EQ(refusal(), ErrorCode::damaged);
    write(copy, "hello");
    EXPECT_EQ(refusal(), ErrorCode::bad_data);
    write(copy, "");
    EXPECT_EQ(refusal(), ErrorCode::bad_data);
    write(copy, whole);
    run_at_copy("PRAGMA application_id = 252006673");
    EXPECT_EQ(refusal(), ErrorCode::bad_data);
    write(copy, whole);
    const auto newer = "PRAGMA user_version = " + std::to_string(store::sqlite::migrations().back().number + 1);
    run_at_copy(newer.c_str());
    EXPECT_EQ(refusal(), ErrorCode::unsupported);
    write(copy, whole);
    run_at_copy("PRAGMA foreign_keys = OFF; DELETE FROM holds");
    EXPECT_EQ(refusal(), ErrorCode::damaged) << "a row that others name is missing";
    write(copy, whole);
    EXPECT_EQ(store::restore_sqlite(folder.file("nothing.db"), path, environment).error().code, ErrorCode::not_found);
    EXPECT_EQ(store::restore_sqlite(path, path, environment).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(store::restore_sqlite(copy, folder.file("no/store.db"), environment).error().code, ErrorCode::not_found);
    EXPECT_TRUE(restore());
}

TEST_F(SqliteBackupTest, StoreInUseIsNeitherReplacedNorTakenForABackup) {
    make_backup();
    const auto store = open(path);
    const auto replaced = restore();
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, ErrorCode::conflict);
    ASSERT_TRUE(place(*store, 1));
    const auto taken = store::restore_sqlite(path, folder.file("other.db"), environment);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::bad_data) << "what is in its log would be missing";
}

TEST_F(SqliteBackupTest, BackupReplacesNothingAndLeavesNothingWhereItFails) {
    const auto store = open(path);
    ASSERT_TRUE(place(*store, 0));
    write(copy, "something else");
    EXPECT_EQ(store->backup(copy).error().code, ErrorCode::conflict);
    EXPECT_EQ(content(copy), "something else");
    EXPECT_EQ(store->backup(folder.file("no/copy.db")).error().code, ErrorCode::not_found);
    EXPECT_EQ(store->backup("").error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(store->backup(folder.path().string()).error().code, ErrorCode::invalid_argument);
    for (const auto& name : names()) EXPECT_TRUE(name.starts_with("store.db") || name == "copy.db") << name;
}

TEST_F(SqliteBackupTest, StoreInMemoryHasNoBackup) {
    EXPECT_EQ(store::open_memory(environment)->backup(copy).error().code, ErrorCode::unsupported);
    EXPECT_FALSE(std::filesystem::exists(copy));
}

}  // namespace
}  // namespace railbook::test

/// Which files a SQLite store opens, and what it says of the others.

#include <fstream>

#include <sqlite3.h>
#include <unistd.h>

#include "store/fixture.hpp"
#include "store/sqlite/migrations/migrations.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

class SqliteOpenTest : public ::testing::Test {
protected:
    Result<std::unique_ptr<Store>> open() { return store::open_sqlite(path, environment); }
    ErrorCode refusal() {
        const auto opened = open();
        EXPECT_FALSE(opened);
        return opened ? ErrorCode::internal : opened.error().code;
    }
    /// A store with a hold in it, closed again.
    Hold fill() {
        const railbook::Run run = a_run("ice");
        auto opened = open();
        EXPECT_TRUE(opened) << opened.error();
        const auto hold =
            (*opened)->inventory().place_hold(make.command("hold.create"), make.hold({{&run, {0}, {0, 4}}}), {run}, 0);
        EXPECT_TRUE(hold) << hold.error();
        return *hold;
    }
    /// Statements of another program at the file.
    void run(const char* sql) {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
        sqlite3_close(database);
    }
    std::string content() const {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    void write(const std::string& bytes) const {
        std::ofstream file{path, std::ios::binary};
        file << bytes;
    }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::string path = folder.file("store.db");
};

TEST_F(SqliteOpenTest, NewFileBecomesAStoreWithItsMark) {
    fill();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    std::vector<std::string> answers;
    const auto collect = [](void* into, int, char** values, char**) {
        static_cast<std::vector<std::string>*>(into)->emplace_back(values[0]);
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, "PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode", collect,
                           &answers, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    EXPECT_EQ(answers, (std::vector<std::string>{std::to_string(0x524C424B), "3", "wal"}));
}

TEST_F(SqliteOpenTest, EmptyFileIsANewStore) {
    write("");
    EXPECT_TRUE(open());
}

TEST_F(SqliteOpenTest, InfoNamesTheFileAsItWasGiven) {
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error();
    EXPECT_EQ((*opened)->info().location, path);
    EXPECT_EQ((*opened)->info().kind, "sqlite");
    EXPECT_EQ((*opened)->info().schema, store::sqlite::migrations().back().number);
}

TEST_F(SqliteOpenTest, ClosedStoreLeavesNothingBesideItsFile) {
    fill();
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()})
        names.push_back(entry.path().filename().string());
    EXPECT_EQ(names, (std::vector<std::string>{"store.db"}));
}

TEST_F(SqliteOpenTest, FileThatIsNotSqliteIsRefusedAndLeftAlone) {
    for (const std::string& bytes : {std::string{"hello"}, std::string(5000, 'x'), std::string(4096, '\0')}) {
        write(bytes);
        EXPECT_EQ(refusal(), ErrorCode::bad_data) << bytes.size();
        EXPECT_EQ(content(), bytes);
    }
}

TEST_F(SqliteOpenTest, DatabaseOfAnotherProgramIsRefusedAndLeftAlone) {
    run("CREATE TABLE cakes (name TEXT)");
    const auto before = content();
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::bad_data);
    EXPECT_EQ(opened.error().detail, "this file belongs to another program");
    EXPECT_EQ(content(), before);
}

TEST_F(SqliteOpenTest, DatabaseWithAnotherMarkIsRefused) {
    run("PRAGMA application_id = 252006673; CREATE TABLE t (a)");
    EXPECT_EQ(refusal(), ErrorCode::bad_data);
}

TEST_F(SqliteOpenTest, NewerSchemaIsUnsupported) {
    fill();
    run("PRAGMA user_version = 99");
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
    EXPECT_NE(opened.error().detail.find("schema 99"), std::string::npos);
}

TEST_F(SqliteOpenTest, EveryReleasedSchemaIsBroughtToTheNewest) {
    const auto newest = path;
    const Hold hold = fill();
    for (const auto& released : store::sqlite::migrations()) {
        path = folder.file(("released-" + std::to_string(released.number)).c_str());
        for (const auto& migration : store::sqlite::migrations()) {
            if (migration.number > released.number) break;
            run(migration.sql);
        }
        run(("PRAGMA journal_mode = WAL; PRAGMA application_id = " + std::to_string(0x524C424B) +
             "; PRAGMA user_version = " + std::to_string(released.number) + "; ATTACH '" + newest +
             "' AS newest; DELETE FROM counters; INSERT INTO counters SELECT * FROM newest.counters; "
             "INSERT INTO consists SELECT * FROM newest.consists; INSERT INTO runs SELECT * FROM newest.runs; "
             "INSERT INTO run_versions SELECT * FROM newest.run_versions; "
             "INSERT INTO holds SELECT * FROM newest.holds; "
             "INSERT INTO allocations SELECT * FROM newest.allocations; "
             "INSERT INTO audit SELECT * FROM newest.audit; INSERT INTO answers SELECT * FROM newest.answers")
                .c_str());
        const auto opened = open();
        ASSERT_TRUE(opened) << released.number << ": " << opened.error();
        auto& inventory = (*opened)->inventory();
        EXPECT_EQ((*opened)->info().schema, store::sqlite::migrations().back().number);
        EXPECT_EQ(*inventory.find_hold(hold.id), hold);
        const auto taken = [&] { return (*inventory.occupancy({hold.items[0].run}, environment.now()))[0].taken; };
        EXPECT_TRUE(taken().any(0, {0, 4})) << released.number;
        const HoldClaim claim{hold.id, hold.owner, hold.fence, false};
        ASSERT_TRUE(inventory.release_hold(make.command("hold.release"), claim)) << released.number;
        EXPECT_FALSE(taken().any(0, {0, 4})) << released.number;
        EXPECT_EQ(records_of(**opened).allocations.size(), 0U) << released.number;
        EXPECT_EQ(*(*opened)->check_medium(), std::vector<std::string>{}) << released.number;
    }
}

TEST_F(SqliteOpenTest, LostSchemaNumberIsDamage) {
    fill();
    run("PRAGMA user_version = 0");
    EXPECT_EQ(refusal(), ErrorCode::damaged);
}

TEST_F(SqliteOpenTest, FolderOrDeviceIsNoStore) {
    path = folder.path().string();
    EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
    path = "/dev/null";
    EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
    path = "";
    EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
    path = folder.file(std::string{"a\0b", 3});
    EXPECT_EQ(refusal(), ErrorCode::invalid_argument);
}

TEST_F(SqliteOpenTest, MissingFolderIsNotFound) {
    path = folder.file("missing/store.db");
    EXPECT_EQ(refusal(), ErrorCode::not_found);
    write("");
    path = folder.file("file");
    write("x");
    path = folder.file("file/store.db");
    EXPECT_EQ(refusal(), ErrorCode::not_found) << "a file is no folder";
}

TEST_F(SqliteOpenTest, NamesOfSpecialMeaningToSqliteAreFiles) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    for (const std::string name : {":memory:", "file:x?mode=memory"}) {
        path = name;
        EXPECT_TRUE(open());
        EXPECT_TRUE(std::filesystem::is_regular_file(folder.path() / name)) << name;
    }
    std::filesystem::current_path(before);
}

TEST_F(SqliteOpenTest, SecondOwnerIsToldWhoHasTheStore) {
    const auto first = open();
    ASSERT_TRUE(first) << first.error();
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    const auto process = std::to_string(getpid());
    EXPECT_NE(second.error().detail.find("process " + process), std::string::npos) << second.error().detail;
    EXPECT_NE(second.error().hint.find(process), std::string::npos) << second.error().hint;
    // The refused one has taken no lock away.
    EXPECT_EQ(refusal(), ErrorCode::conflict);
    EXPECT_TRUE((*first)->now());
}

TEST_F(SqliteOpenTest, LinkToAnOwnedStoreIsOwnedToo) {
    const auto first = open();
    ASSERT_TRUE(first) << first.error();
    const auto link = folder.file("link.db");
    std::filesystem::create_symlink(path, link);
    path = link;
    EXPECT_EQ(refusal(), ErrorCode::conflict);
}

TEST_F(SqliteOpenTest, OwnershipEndsWithTheStore) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(open());
}

TEST_F(SqliteOpenTest, LockFileOfADeadProcessIsNoObstacle) {
    std::ofstream{path + "-owner"} << "1 init\n";
    EXPECT_TRUE(open());
}

TEST_F(SqliteOpenTest, TruncatedFileIsDamaged) {
    fill();
    const auto whole = content();
    ASSERT_GT(whole.size(), 20'000U);
    write(whole.substr(0, whole.size() / 2));
    EXPECT_EQ(refusal(), ErrorCode::damaged);
}

TEST_F(SqliteOpenTest, GarbledFileGivesErrorsAndNeverAStrangeValue) {
    const auto hold = fill();
    const auto whole = content();
    std::mt19937 random{7};
    for (std::size_t page = 1; page < whole.size() / 4096; ++page) {
        auto bytes = whole;
        for (std::size_t i = 0; i < 4096; ++i) bytes[page * 4096 + i] = static_cast<char>(random());
        write(bytes);
        const auto opened = open();
        if (!opened) {
            EXPECT_EQ(opened.error().code, ErrorCode::damaged) << opened.error();
            continue;
        }
        const auto found = (*opened)->inventory().find_hold(hold.id);
        if (found) EXPECT_EQ(*found, hold);
        else EXPECT_TRUE(found.error().code == ErrorCode::damaged || found.error().code == ErrorCode::not_found);
        const auto findings = (*opened)->check_medium();
        ASSERT_TRUE(findings) << findings.error();
        EXPECT_FALSE(findings->empty()) << "page " << page;
    }
}

TEST_F(SqliteOpenTest, RecordOfAnotherShapeIsDamaged) {
    const auto hold = fill();
    for (const char* value : {"nonsense", "{}", "[{}]", R"([{"run": 1}])"}) {
        run(("UPDATE holds SET items = '" + std::string{value} + "'").c_str());
        const auto opened = open();
        ASSERT_TRUE(opened) << opened.error();
        const auto found = (*opened)->inventory().find_hold(hold.id);
        ASSERT_FALSE(found) << value;
        EXPECT_EQ(found.error().code, ErrorCode::damaged);
        EXPECT_EQ((*opened)->inventory().list_holds("", {}).error().code, ErrorCode::damaged);
        Records records;
        EXPECT_EQ((*opened)->read_all(records).error().code, ErrorCode::damaged);
    }
}

TEST_F(SqliteOpenTest, ChangedTimetableDoesNotHaveItsChecksum) {
    {
        const auto opened = open();
        Feed feed;
        feed.name = "db";
        ASSERT_TRUE((*opened)->timetable().put_feed(feed, "data", environment.now()));
    }
    run("UPDATE feeds SET data = x'6461746b'");
    const auto opened = open();
    EXPECT_EQ((*opened)->timetable().feed_data("db").error().code, ErrorCode::damaged);
}

TEST_F(SqliteOpenTest, SchemaItselfRefusesAnOverlap) {
    fill();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    const auto attempt = [&](const char* sql) { return sqlite3_exec(database, sql, nullptr, nullptr, nullptr); };
    EXPECT_NE(attempt("INSERT INTO allocations VALUES (1, 0, 1, 2, 1)"), SQLITE_OK);
    EXPECT_NE(attempt("INSERT OR REPLACE INTO allocations VALUES (1, 0, 0, 4, 1)"), SQLITE_OK);
    EXPECT_NE(attempt("UPDATE allocations SET to_segment = 9"), SQLITE_OK);
    EXPECT_EQ(attempt("INSERT INTO allocations VALUES (1, 0, 4, 5, 1)"), SQLITE_OK) << "half-open spans meet";
    for (const char* sql : {"UPDATE audit SET actor = 'x'", "DELETE FROM audit"}) EXPECT_NE(attempt(sql), SQLITE_OK);
    sqlite3_close(database);
}

TEST_F(SqliteOpenTest, CheckFindsARowWithoutItsOther) {
    fill();
    run("PRAGMA foreign_keys = OFF; DELETE FROM holds");
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error();
    const auto findings = (*opened)->check_medium();
    ASSERT_TRUE(findings) << findings.error();
    ASSERT_EQ(findings->size(), 1U);
    EXPECT_EQ(findings->front(), "a row of allocations names a row of holds that is missing");
}

TEST_F(SqliteOpenTest, WriterOutsideMakesAStepRetryable) {
    const railbook::Run run = a_run("ice");
    const auto opened = open();
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    const auto command = make.command("hold.create");
    const auto wanted = make.hold({{&run, {0}, {0, 4}}});
    const auto refused = (*opened)->inventory().place_hold(command, wanted, {run}, 0);
    sqlite3_close(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_TRUE((*opened)->inventory().place_hold(command, wanted, {run}, 0));
}

}  // namespace
}  // namespace railbook::test

/// What a SQLite store still knows when it is opened again, and when there is no space.

#include <csignal>

#include <sys/resource.h>

#include "store/fixture.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

using std::chrono::minutes;

class SqlitePersistenceTest : public StoreTest {
public:
    using StoreTest::StoreTest;
    static std::vector<StoreKind> kinds() { return {StoreKind::sqlite}; }
    static constexpr bool kWithFaults = false;  // it has faults of its own
};

STORE_TEST(SqlitePersistenceTest, ReopenedStoreHasEveryRecord) {
    Feed feed;
    feed.name = "db";
    ASSERT_TRUE(store->timetable().put_feed(feed, "data", environment.now()));
    ASSERT_TRUE(store->accounts().find_or_add_secret("quotes", "secret"));
    const auto sale = paying({{&ice, {0}, {0, 2}}});
    ASSERT_TRUE(settle(sale.payment, true));
    const auto hold = place({{&ice, {0}, {2, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto before = records_of(*store);
    const auto occupancy = store->inventory().occupancy({ice.id}, environment.now());
    reopen();
    EXPECT_EQ(records_of(*store), before);
    const auto after = store->inventory().occupancy({ice.id}, environment.now());
    ASSERT_TRUE(after) << after.error();
    EXPECT_EQ(after->front(), occupancy->front());
    EXPECT_EQ(*store->timetable().feed_data("db"), "data");
    EXPECT_EQ(*store->accounts().find_or_add_secret("quotes", "other"), "secret");
    EXPECT_EQ(*(*store->inventory().find_pinned(ice.id))->consist, *ice.consist);
    EXPECT_FALSE(place({{&ice, {0}, {0, 1}}}));
    EXPECT_TRUE(release(Maker::claim(*hold)));
}

STORE_TEST(SqlitePersistenceTest, RepeatedCommandRepeatsItsAnswerAfterReopening) {
    const auto command = make.command("hold.create");
    const auto wanted = make.hold({{&ice, {0}, {0, 4}}});
    const auto first = store->inventory().place_hold(command, wanted, {ice}, 0);
    ASSERT_TRUE(first) << first.error();
    reopen();
    EXPECT_EQ(*store->inventory().place_hold(command, wanted, {ice}, 0), *first);
    auto other = command;
    other.fingerprint = "other";
    EXPECT_EQ(store->find_answer(other).error().code, ErrorCode::key_reused);
}

STORE_TEST(SqlitePersistenceTest, FencesGoOnAfterReopening) {
    const auto first = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(release(Maker::claim(*first)));
    reopen();
    EXPECT_GT(place({{&ice, {0}, {0, 4}}})->fence, first->fence);
}

STORE_TEST(SqlitePersistenceTest, TimeDoesNotRunBackwardsOverAnOpening) {
    environment.advance(std::chrono::hours{5});
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    const auto latest = environment.now();
    environment.advance(std::chrono::hours{-5});
    reopen();
    EXPECT_EQ(*store->now(), latest);
    environment.set_now(latest + minutes{1});
    EXPECT_EQ(*store->now(), latest + minutes{1});
}

STORE_TEST(SqlitePersistenceTest, RunsShareTheCoachesTheyHaveInCommon) {
    const Run other = a_run("other");
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}, {&other, {0}, {0, 4}}}));
    reopen();
    const auto first = store->inventory().find_pinned(ice.id);
    const auto second = store->inventory().find_pinned(other.id);
    EXPECT_EQ((*first)->consist, (*second)->consist) << "one object";
}

STORE_TEST(SqlitePersistenceTest, NamesInAnOldEncodingComeBackAsTheyWere) {
    Run latin = a_run("latin");
    latin.calls.edit().front().name = "K\xf6ln";
    const auto hold = place({{&latin, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    reopen();
    EXPECT_EQ((*store->inventory().find_pinned(latin.id))->calls, latin.calls);
    EXPECT_EQ(*store->inventory().find_hold(hold->id), *hold);
}

/// Lets no file of this process grow beyond a size, as a full disk would.
class FullDisk {
public:
    explicit FullDisk(rlim_t size) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = size;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int);
};

STORE_TEST(SqlitePersistenceTest, FullDiskLosesNothingAndStepsGoOnWhenThereIsSpace) {
    const auto hold = place({{&ice, {7}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto log = std::filesystem::file_size(folder.file("store.db-wal"));
    std::size_t refused = 0;
    std::uint32_t seat = 0;
    // From no byte more to a step that just fits: each fails at another write.
    for (std::uintmax_t room = 0; room < 60'000; room += 3'000) {
        const auto before = records_of(*store);
        const auto command = make.command("hold.create");
        const auto segment = static_cast<std::uint16_t>(seat / 7);
        const auto wanted = make.hold({{&ice, {seat % 7}, {segment, static_cast<std::uint16_t>(segment + 1)}}});
        Result<Hold> placed = Error{};
        {
            const FullDisk full{log + room};
            placed = store->inventory().place_hold(command, wanted, {ice}, 0);
        }
        if (!placed) {
            EXPECT_EQ(placed.error().code, ErrorCode::storage_full) << placed.error();
            ++refused;
            EXPECT_EQ(records_of(*store), before);
            EXPECT_EQ(allocations(ice).size(), before.allocations.size()) << "nor does the mirror know of it";
            placed = store->inventory().place_hold(command, wanted, {ice}, 0);
        }
        ASSERT_TRUE(placed) << placed.error();
        ++seat;
    }
    EXPECT_GT(refused, 3U);
    const auto before = records_of(*store);
    reopen();
    EXPECT_EQ(records_of(*store), before);
    EXPECT_EQ(broken_laws(before), std::vector<std::string>{});
    EXPECT_EQ(*store->check_medium(), std::vector<std::string>{});
}

STORE_TEST(SqlitePersistenceTest, NewStoreOnAFullDiskIsRefused) {
    store.reset();
    Result<std::unique_ptr<Store>> opened = Error{};
    {
        const FullDisk full{0};
        opened = store::open_sqlite(folder.file("new.db"), environment);
    }
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::storage_full) << opened.error();
    EXPECT_TRUE(store::open_sqlite(folder.file("new.db"), environment)) << "what is left of it is no obstacle";
}

}  // namespace
}  // namespace railbook::test

/// What is Redis's own: accidents of it, and who decides about a hold then.

#include <atomic>
#include <thread>

#include "store/fixture.hpp"
#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;

class RedisTest : public ::testing::Test {
protected:
    void start(const std::vector<std::string>& settings = {}) {
        auto started = RedisServer::start_new(settings);
        ASSERT_TRUE(started) << started.error();
        server = *std::move(started);
        store = open();
        ASSERT_TRUE(store);
        // The first hold of a run pins it, which only the record can do.
        first = *place(0, "user:first");
        ASSERT_TRUE(first.pinned);
    }
    Result<std::unique_ptr<Store>> try_open() {
        auto record = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
        if (!record) return std::move(record).error();
        return store::open_redis(server->url(), *std::move(record), environment, {.clock_of_environment = true});
    }
    std::unique_ptr<Store> open() {
        auto opened = try_open();
        EXPECT_TRUE(opened) << opened.error();
        return opened ? *std::move(opened) : nullptr;
    }
    Result<Hold> place(std::uint32_t seat, std::string_view owner = "user:anna", Store* by = nullptr) {
        return (by ? by : store.get())
            ->inventory()
            .place_hold(make.command("hold.create", owner), make.hold({{&ice, {seat}, {0, 4}}}, owner), {ice}, 0);
    }
    Result<Booking> book(const Hold& hold) {
        return store->bookings().create_booking(make.command("booking.create", hold.owner), Maker::claim(hold),
                                                make.booking(hold));
    }
    Result<Hold> release(const Hold& hold) {
        return store->inventory().release_hold(make.command("hold.release", hold.owner), Maker::claim(hold));
    }
    std::string holds_in_postgres() { return sql(postgres_url(folder), "SELECT count(*) FROM railbook.holds").value(); }
    void expect_laws() {
        EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::unique_ptr<RedisServer> server;
    std::unique_ptr<Store> store;
    railbook::Run ice = a_run("ice");
    Hold first;
};

TEST_F(RedisTest, AHoldIsRedissUntilItIsBooked) {
    start();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_FALSE(hold->pinned);
    EXPECT_EQ(holds_in_postgres(), "1") << "PostgreSQL was not asked";
    const auto booking = book(*hold);
    ASSERT_TRUE(booking) << booking.error();
    EXPECT_EQ(holds_in_postgres(), "2");
    EXPECT_TRUE(store->inventory().find_hold(hold->id)->pinned);
    EXPECT_EQ(place(1, "user:bert").error().code, ErrorCode::seat_taken);
    expect_laws();
}

TEST_F(RedisTest, AHoldThatWasFlushedIsLostAndItsSeatIsFree) {
    start();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    server->command({"FLUSHALL"});
    const auto lost = book(*hold);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::hold_lost);
    EXPECT_EQ(release(*hold).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(place(0, "user:bert").error().code, ErrorCode::seat_taken) << "that one PostgreSQL knew";
    const auto other = place(1, "user:bert");
    ASSERT_TRUE(other) << other.error();
    EXPECT_GT(other->fence, hold->fence);
    EXPECT_TRUE(book(*other));
    EXPECT_TRUE(book(first));
    expect_laws();
}

TEST_F(RedisTest, WhoeverComesFirstAfterAFlushNoticesIt) {
    start();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    server->command({"FLUSHALL"});
    const auto other = place(1, "user:bert");
    ASSERT_TRUE(other) << other.error();
    EXPECT_GT(other->fence, hold->fence);
    EXPECT_EQ(book(*hold).error().code, ErrorCode::hold_lost);
    EXPECT_TRUE(book(*other));
    expect_laws();
}

TEST_F(RedisTest, ARedisThatIsKilledAndComesBackEmptyLosesHoldsAndNoSale) {
    start();
    const auto sold = book(*place(2));
    ASSERT_TRUE(sold) << sold.error();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    server->kill();
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error();
    EXPECT_EQ(book(*hold).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(place(2, "user:bert").error().code, ErrorCode::seat_taken);
    EXPECT_TRUE(place(1, "user:bert"));
    expect_laws();
}

TEST_F(RedisTest, WhatAnOldCopyOfRedisTellsIsNotBelieved) {
    start();
    const auto old = place(1);
    ASSERT_TRUE(old) << old.error();
    ASSERT_EQ(server->command({"SAVE"}), "OK\n");
    ASSERT_TRUE(release(*old));
    const auto later = place(1, "user:bert");
    ASSERT_TRUE(later) << later.error();
    server->kill();
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error();
    ASSERT_NE(server->command({"DBSIZE"}), "0\n") << "the copy is there";
    EXPECT_EQ(book(*later).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(book(*old).error().code, ErrorCode::hold_lost);
    const auto next = place(1, "user:carl");
    ASSERT_TRUE(next) << next.error();
    EXPECT_GT(next->fence, later->fence);
    expect_laws();
}

TEST_F(RedisTest, ARedisThatThrowsHoldsAwayIsRefused) {
    auto started = RedisServer::start_new({"maxmemory-policy", "allkeys-lru"});
    ASSERT_TRUE(started) << started.error();
    server = *std::move(started);
    const auto refused = try_open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_NE(refused.error().detail.find("allkeys-lru"), std::string::npos);
    EXPECT_NE(refused.error().hint.find("noeviction"), std::string::npos);
}

TEST_F(RedisTest, ScriptsThatAreForgottenAreSentAgain) {
    start();
    ASSERT_TRUE(place(1));
    ASSERT_EQ(server->command({"SCRIPT", "FLUSH"}), "OK\n");
    const auto hold = place(2);
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_FALSE(hold->pinned);
    EXPECT_TRUE(release(*hold));
}

TEST_F(RedisTest, TheSaleGoesOnWhileRedisIsAway) {
    start();
    const auto provisional = place(1);
    ASSERT_TRUE(provisional) << provisional.error();
    server->kill();
    const auto direct = place(2);
    ASSERT_TRUE(direct) << direct.error();
    EXPECT_TRUE(direct->pinned);
    EXPECT_GT(direct->fence, provisional->fence);
    EXPECT_EQ(place(2, "user:bert").error().code, ErrorCode::seat_taken);
    EXPECT_EQ(store->inventory().occupancy({ice.id}, environment.now())->front().state(2, {0, 4}), SeatState::held);
    EXPECT_TRUE(book(*direct));
    EXPECT_EQ(book(*provisional).error().code, ErrorCode::hold_lost);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error();
    // It is looked for every second.
    Result<Hold> back = Error{};
    for (int round = 0; round < 100 && (!back || back->pinned); ++round) {
        system_environment().pause(milliseconds{100});
        back = place(3, "user:" + std::to_string(round));
        if (back && back->pinned) {
            ASSERT_TRUE(release(*back));
        }
    }
    ASSERT_TRUE(back) << back.error();
    EXPECT_FALSE(back->pinned);
    EXPECT_GT(back->fence, direct->fence);
    EXPECT_EQ(place(2, "user:bert").error().code, ErrorCode::seat_taken) << "Redis was told";
    expect_laws();
}

TEST_F(RedisTest, InstancesShareWhatIsHeld) {
    start();
    const auto other = open();
    ASSERT_TRUE(other);
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_EQ(place(1, "user:bert", other.get()).error().code, ErrorCode::seat_taken);
    const auto extended = other->inventory().extend_hold(make.command("hold.extend"), Maker::claim(*hold),
                                                         hold->expires_at + std::chrono::minutes{5});
    ASSERT_TRUE(extended) << extended.error();
    EXPECT_EQ(store->inventory().find_hold(hold->id)->expires_at, extended->expires_at);
    ASSERT_TRUE(book(*hold));
    EXPECT_EQ(other->inventory().release_hold(make.command("hold.release"), Maker::claim(*hold)).error().code,
              ErrorCode::conflict);
    expect_laws();
}

TEST_F(RedisTest, AnInstanceOfAnEpochThatIsOverIsRefusedByRedisItself) {
    start();
    const auto other = open();
    ASSERT_TRUE(other);
    ASSERT_TRUE(place(1));
    ASSERT_TRUE(place(2, "user:bert", other.get()));
    server->command({"FLUSHALL"});
    const auto noticed = place(3);
    ASSERT_TRUE(noticed) << noticed.error();
    // The other one still believes in the old epoch.
    const auto late = place(4, "user:bert", other.get());
    ASSERT_TRUE(late) << late.error();
    EXPECT_GT(late->fence, noticed->fence);
    EXPECT_EQ(place(3, "user:bert", other.get()).error().code, ErrorCode::seat_taken);
    expect_laws();
}

TEST_F(RedisTest, BuyersOfTwoInstancesNeverShareASeat) {
    start();
    const auto other = open();
    ASSERT_TRUE(other);
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&, i] {
                for (std::uint32_t seat = 1; seat < 8; ++seat) {
                    const auto hold = place(seat, "user:" + std::to_string(i), i % 2 == 0 ? other.get() : nullptr);
                    if (!hold) continue;
                    ++won;
                    if (seat % 2 == 0) {
                        EXPECT_TRUE(book(*hold));
                    }
                }
            });
        }
    }
    EXPECT_EQ(won, 7);
    expect_laws();
}

}  // namespace
}  // namespace railbook::test

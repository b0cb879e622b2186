/// What is Redis's own: accidents of it, and who decides about a hold then.

#include <atomic>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "store/redis_setting.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;

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

TEST_F(RedisTest, OfTenThousandClientsOfTwoInstancesExactlyOneGetsTheSeat) {
    start();
    const auto other = open();
    ASSERT_TRUE(other);
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    ASSERT_FALSE(place(2, "user:bert", other.get())->pinned);
    const auto told = holds_in_postgres();
    constexpr int kClients = 10'000;
    std::atomic<int> next = 0;
    std::atomic<int> refused = 0;
    std::mutex mutex;
    std::vector<Hold> won;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 32; ++i) {
            threads.emplace_back([&, i] {
                for (int client = next++; client < kClients; client = next++) {
                    const auto hold = place(5, "user:" + std::to_string(client), i % 2 == 0 ? other.get() : nullptr);
                    if (!hold && hold.error().code == ErrorCode::seat_taken) ++refused;
                    const std::lock_guard lock{mutex};
                    if (hold) won.push_back(*hold);
                }
            });
        }
    }
    ASSERT_EQ(won.size(), 1U);
    EXPECT_EQ(refused, kClients - 1);
    EXPECT_FALSE(won.front().pinned);
    EXPECT_EQ(holds_in_postgres(), told) << "it was asked about none of them";
    EXPECT_TRUE(book(won.front()));
    expect_laws();
}

TEST_F(RedisTest, ThreadsThatUseOneKeyAtTheSameTimeGetOneHold) {
    start();
    const auto other = open();
    ASSERT_TRUE(other);
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    for (std::uint32_t seat = 2; seat < 8; ++seat) {
        const auto command = make.command("hold.create");
        std::vector<Hold> wanted;
        for (int i = 0; i < 16; ++i) wanted.push_back(make.hold({{&ice, {seat}, {0, 4}}}));
        std::mutex mutex;
        std::set<std::pair<HoldId, std::uint64_t>> answers;
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                threads.emplace_back([&, i] {
                    auto& by = i % 4 == 0 ? *other : *store;
                    const auto hold = by.inventory().place_hold(command, wanted[i], {ice}, 5);
                    ASSERT_TRUE(hold) << hold.error();
                    const std::lock_guard lock{mutex};
                    answers.emplace(hold->id, hold->fence);
                });
            }
        }
        ASSERT_EQ(answers.size(), 1U);
        EXPECT_TRUE(release(*store->inventory().find_hold(answers.begin()->first)));
    }
    expect_laws();
}

TEST_F(RedisTest, AKeyCountsAfterMidnight) {
    start();
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    const auto midnight = std::chrono::ceil<std::chrono::days>(environment.now());
    for (const Duration before : {Duration{1}, Duration{30'000}, Duration{90'000}}) {
        environment.set_now(std::max(midnight - before, environment.now()));
        const auto seat = static_cast<std::uint32_t>(2 + before.count() / 30'000);
        const auto command = make.command("hold.create");
        const auto placed = store->inventory().place_hold(command, make.hold({{&ice, {seat}, {0, 4}}}), {ice}, 0);
        ASSERT_TRUE(placed) << placed.error();
        EXPECT_FALSE(placed->pinned);
        environment.set_now(midnight + Duration{1});
        auto repeated = command;
        repeated.now = environment.now();
        const auto again = store->inventory().place_hold(repeated, make.hold({{&ice, {seat}, {0, 4}}}), {ice}, 0);
        ASSERT_TRUE(again) << again.error();
        EXPECT_EQ(*again, *placed);
        const auto another = open();
        EXPECT_EQ(another->inventory().find_hold(placed->id)->fence, placed->fence) << "found by its id alone";
        auto answer = another->find_answer(repeated);
        ASSERT_TRUE(answer && *answer);
        EXPECT_EQ(std::get<Hold>(**answer), *placed);
        repeated.fingerprint = "another request";
        EXPECT_EQ(store->inventory().place_hold(repeated, make.hold({{&ice, {seat}, {0, 4}}}), {ice}, 0).error().code,
                  ErrorCode::key_reused);
        ASSERT_TRUE(release(*placed));
    }
    expect_laws();
}

TEST_F(RedisTest, AnOwnerWithMoreHoldsThanRedisListsIsCountedByPostgres) {
    ice = a_run("ice", 4, 40);
    start();
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    constexpr std::size_t kHolds = 70;
    const auto place_as_operator = [&](std::uint32_t place, std::size_t limit) {
        const auto half = static_cast<std::uint16_t>(2 * (place % 2));
        const Span span{half, static_cast<std::uint16_t>(half + 2)};
        return store->inventory().place_hold(make.command("hold.create", "user:operator"),
                                             make.hold({{&ice, {2 + place / 2}, span}}, "user:operator"), {ice}, limit);
    };
    std::vector<Hold> holds;
    for (std::uint32_t i = 0; i < kHolds; ++i) {
        const auto hold = place_as_operator(i, 0);
        ASSERT_TRUE(hold) << hold.error();
        EXPECT_FALSE(hold->pinned);
        holds.push_back(*hold);
    }
    EXPECT_EQ(place_as_operator(kHolds, 64).error().code, ErrorCode::too_many_requests);
    EXPECT_EQ(place_as_operator(kHolds, kHolds).error().code, ErrorCode::too_many_requests);
    const auto one_more = place_as_operator(kHolds, kHolds + 1);
    ASSERT_TRUE(one_more) << one_more.error();
    for (const auto& hold : holds) EXPECT_TRUE(release(hold));
    EXPECT_TRUE(place_as_operator(0, 2));
    EXPECT_EQ(place_as_operator(1, 2).error().code, ErrorCode::too_many_requests);
    expect_laws();
}

TEST_F(RedisTest, AJournalOfManyHoldsBecomesPostgressAsItWas) {
    ice = a_run("ice", 4, 40);
    start();
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    // One after another on the same seat, and others between them.
    std::vector<Hold> live;
    for (std::uint32_t i = 0; i < 20; ++i) {
        const auto hold = place(2, "user:" + std::to_string(i));
        ASSERT_TRUE(hold) << hold.error();
        live.push_back(*place(3 + i, "user:" + std::to_string(i)));
        if (i % 2 == 0) EXPECT_TRUE(release(*hold));
        else environment.set_now(hold->expires_at);
        environment.advance(Duration{1});
    }
    const auto now = store->now();
    ASSERT_TRUE(now);
    ASSERT_TRUE(store->bookings().expire(*now, 1000));
    EXPECT_EQ(holds_in_postgres(), "42");
    const auto late = place(30);
    ASSERT_TRUE(late) << late.error();
    for (const auto& hold : live) {
        const auto found = store->inventory().find_hold(hold.id);
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(found->fence, hold.fence);
        EXPECT_EQ(found->created_at, hold.created_at);
        EXPECT_TRUE(found->pinned);
    }
    EXPECT_GT(late->fence, live.back().fence);
    expect_laws();
}

TEST_F(RedisTest, ABookingLeavesTheRunToRedis) {
    start();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    const auto booking = book(*hold);
    ASSERT_TRUE(booking) << booking.error();
    const auto state =
        server->command({"EVAL", "return redis.call(\"HGET\", redis.call(\"KEYS\", \"*:run:*\")[1], \"s\")", "0"});
    EXPECT_EQ(state, "open\n");
    EXPECT_EQ(place(1, "user:bert").error().code, ErrorCode::seat_taken);
    const auto next = place(2);
    ASSERT_TRUE(next) << next.error();
    EXPECT_FALSE(next->pinned);
    EXPECT_GT(next->fence, hold->fence);
    // A sale has no deadline, in Redis either.
    const auto payment = store->bookings().begin_payment(make.command("booking.pay"), make.payment(*booking));
    ASSERT_TRUE(payment) << payment.error();
    ASSERT_TRUE(store->bookings().settle_payment(make.settlement(*payment, *booking, true), environment.now()));
    environment.set_now(hold->latest_end + std::chrono::hours{1});
    EXPECT_EQ(place(1, "user:bert").error().code, ErrorCode::seat_taken);
    EXPECT_TRUE(place(2, "user:bert")) << "that hold has lapsed";
    const auto seats = store->inventory().occupancy({ice.id}, environment.now());
    ASSERT_TRUE(seats) << seats.error();
    EXPECT_EQ(seats->front().state(1, {0, 4}), SeatState::sold);
    EXPECT_EQ(seats->front().state(2, {0, 4}), SeatState::held);
    expect_laws();
}

TEST_F(RedisTest, OfHoldsThatHaveEndedNothingStaysInTheRun) {
    start();
    const auto released = place(1);
    const auto longer = place(2, "user:bert");
    ASSERT_TRUE(released && longer);
    const auto until = longer->expires_at + std::chrono::seconds{30};
    ASSERT_TRUE(store->inventory().extend_hold(make.command("hold.extend", longer->owner), Maker::claim(*longer),
                                               until));
    ASSERT_TRUE(release(*released));
    // Ids have 16 bytes, numbers of entries eight, and nothing else has.
    const auto fields = [&](int size) {
        return server->command(
            {"EVAL",
             "local count = 0 for _, field in ipairs(redis.call(\"HKEYS\", redis.call(\"KEYS\", \"*:run:*\")[1])) do "
             "if #field == " +
                 std::to_string(size) + " then count = count + 1 end end return count",
             "0"});
    };
    EXPECT_EQ(fields(16), "3\n") << "with the first one";
    EXPECT_EQ(fields(8), "5\n") << "of each hold, and two steps";
    ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(fields(16), "2\n") << "PostgreSQL knows that one is released";
    EXPECT_EQ(fields(8), "2\n") << "and the steps";
    const auto found = store->inventory().find_hold(longer->id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->pinned);
    environment.set_now(longer->latest_end + std::chrono::minutes{1});
    system_environment().pause(Duration{1'001});  // so often the run is looked through
    ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(fields(16), "0\n");
    EXPECT_EQ(fields(8), "0\n");
    expect_laws();
}

/// Of whose journal something is left after the first round.
TEST_F(RedisTest, OfHoldsThatHaveEndedNothingStaysInARunWithManyEither) {
    constexpr std::uint32_t kHolds = 270;
    ice = a_run("ice", 4, kHolds + 2);
    start();
    std::optional<Hold> last;
    for (std::uint32_t seat = 1; seat <= kHolds; ++seat) {
        auto hold = place(seat);
        ASSERT_TRUE(hold) << hold.error();
        last = *std::move(hold);
    }
    ASSERT_FALSE(last->pinned);
    const auto run = server->command({"KEYS", "*:run:*}"});
    const auto fields = [&] { return std::stoi(server->command({"HLEN", run.substr(0, run.find('\n'))})); };
    EXPECT_GT(fields(), static_cast<int>(3 * kHolds)) << "of each hold two, and its seat";
    environment.set_now(last->latest_end + std::chrono::minutes{1});
    ASSERT_TRUE(store->bookings().expire(environment.now(), 1'000));
    EXPECT_LT(fields(), static_cast<int>(kHolds + 100)) << "seats, facts and the last 64 versions";
    expect_laws();
}

TEST_F(RedisTest, WhoeverSeesARunForTheFirstTimeDoesNotGoThroughItsHolds) {
    constexpr std::uint32_t kSeats = 2'300;
    ice = a_run("ice", 4, kSeats);
    start();
    for (const auto seat : {999U, 1'000U, kSeats - 1}) {
        const auto hold = place(seat);
        ASSERT_TRUE(hold) << hold.error();
        ASSERT_FALSE(hold->pinned);
    }
    const auto other = open();
    ASSERT_TRUE(other);
    server->command({"CONFIG", "RESETSTAT"});
    const auto seen = other->inventory().occupancy({ice.id}, environment.now());
    ASSERT_TRUE(seen) << seen.error();
    for (std::uint32_t seat = 0; seat < kSeats; ++seat) {
        const bool is_held = seat == 0 || seat == 999 || seat == 1'000 || seat == kSeats - 1;
        EXPECT_EQ(seen->front().state(seat, {0, 4}), is_held ? SeatState::held : SeatState::free) << seat;
    }
    const auto calls = server->command({"INFO", "commandstats"});
    EXPECT_NE(calls.find("cmdstat_hmget"), std::string::npos) << calls;
    for (const auto* lists : {"cmdstat_hkeys", "cmdstat_hgetall", "cmdstat_hscan"})
        EXPECT_EQ(calls.find(lists), std::string::npos) << calls;
}

TEST_F(RedisTest, ARunWhoseServiceIsOverIsForgottenByRedis) {
    start();
    const auto hold = place(1);
    ASSERT_TRUE(hold) << hold.error();
    ASSERT_NE(server->command({"KEYS", "*:run:*"}), "\n");
    environment.set_now(*ice.calls.back().arrives + std::chrono::days{3});
    ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(server->command({"KEYS", "*:run:*"}), "\n");
    EXPECT_EQ(holds_in_postgres(), "2") << "PostgreSQL was told before";
    // Nothing was lost: asking for it begins no new epoch.
    const auto epoch = store::epoch_of(hold->fence);
    const auto seats = store->inventory().occupancy({ice.id}, environment.now());
    ASSERT_TRUE(seats) << seats.error();
    EXPECT_EQ(seats->front().state(1, {0, 4}), SeatState::free);
    EXPECT_EQ(store->inventory().find_hold(hold->id)->id, hold->id);
    const railbook::Run later = a_run("later");
    ASSERT_TRUE(
        store->inventory().place_hold(make.command("hold.create"), make.hold({{&later, {0}, {0, 4}}}), {later}, 0));
    const auto next =
        store->inventory().place_hold(make.command("hold.create"), make.hold({{&later, {1}, {0, 4}}}), {later}, 0);
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(store::epoch_of(next->fence), epoch);
    expect_laws();
}

/// Redis is killed again and again while a crowd holds and books: what was acknowledged by the record stays.
TEST_F(RedisTest, WhateverWasBookedSurvivesTheDeathsOfRedis) {
    start();
    const railbook::Run train = a_run("long", 4, 400);
    std::mutex mutex;
    std::vector<Booking> booked;
    std::atomic<std::uint32_t> next = 0;
    std::atomic<bool> is_over = false;
    std::atomic<int> lost = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&, i] {
                const auto owner = "user:" + std::to_string(i);
                while (!is_over) {
                    // Two threads want each seat.
                    const auto seat = next++ / 2 % 400;
                    const auto hold = store->inventory().place_hold(
                        make.command("hold.create", owner), make.hold({{&train, {seat}, {0, 4}}}, owner), {train}, 0);
                    if (!hold) continue;
                    const auto booking = book(*hold);
                    if (!booking) {
                        if (booking.error().code == ErrorCode::hold_lost) ++lost;
                        continue;
                    }
                    const std::lock_guard lock{mutex};
                    booked.push_back(*booking);
                }
            });
        }
        for (int round = 0; round < 3; ++round) {
            system_environment().pause(milliseconds{700});
            server->kill();
            system_environment().pause(milliseconds{300});
            const auto started = server->start();
            EXPECT_TRUE(started) << started.error();
        }
        system_environment().pause(milliseconds{1500});
        is_over = true;
    }
    EXPECT_GT(booked.size(), 0U);
    std::set<std::uint32_t> seats;
    for (const auto& booking : booked) {
        EXPECT_TRUE(store->bookings().find_booking(booking.id));
        EXPECT_TRUE(seats.insert(booking.parts.front().seat.index).second) << "a seat was booked twice";
    }
    expect_laws();
}

// --- A cluster -----------------------------------------------------------------------------------------------------

TEST_F(RedisClusterTest, RunsOfAllServersAreHeldBookedAndLimited) {
    start_cluster();
    std::vector<railbook::Run> trains;
    for (int i = 0; i < 12; ++i) trains.push_back(a_run("trip-" + std::to_string(i)));
    std::vector<Hold> holds;
    for (const auto& train : trains) {
        ASSERT_TRUE(place_on(train, 0, "user:first"));
        const auto hold = place_on(train, 1);
        ASSERT_TRUE(hold) << hold.error();
        EXPECT_FALSE(hold->pinned);
        EXPECT_EQ(place_on(train, 1, "user:bert").error().code, ErrorCode::seat_taken);
        holds.push_back(*hold);
    }
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NE(node(i).command({"DBSIZE"}), "0\n") << "server " << i;
    EXPECT_EQ(place_on(trains[0], 2, "user:anna", 12).error().code, ErrorCode::too_many_requests);
    ASSERT_TRUE(release(holds[11]));
    EXPECT_TRUE(place_on(trains[0], 2, "user:anna", 12));
    for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(book(holds[i]));
    const auto both = store->inventory().place_hold(make.command("hold.create"),
                                                    make.hold({{&trains[1], {3}, {0, 4}}, {&trains[2], {3}, {0, 2}}}),
                                                    {trains[1], trains[2]}, 0);
    ASSERT_TRUE(both) << both.error();
    EXPECT_EQ(place_on(trains[2], 3, "user:bert").error().code, ErrorCode::seat_taken);

    auto command = make.command("hold.create");
    const auto wanted = make.hold({{&trains[3], {4}, {0, 4}}});
    const auto placed = store->inventory().place_hold(command, wanted, {trains[3]}, 0);
    ASSERT_TRUE(placed) << placed.error();
    const auto again = store->inventory().place_hold(command, make.hold({{&trains[3], {4}, {0, 4}}}), {trains[3]}, 0);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, *placed);
    command.fingerprint = "other";
    const auto reused = store->inventory().place_hold(command, make.hold({{&trains[4], {4}, {0, 4}}}), {trains[4]}, 0);
    ASSERT_FALSE(reused) << "the key was used on another run";
    EXPECT_EQ(reused.error().code, ErrorCode::key_reused);
    expect_laws();
}

TEST_F(RedisClusterTest, AClusterWithoutSlotsIsNoFront) {
    auto started = RedisServer::start_new({"cluster-enabled", "yes"}, free_port());
    ASSERT_TRUE(started) << started.error();
    server = *std::move(started);
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::unavailable) << opened.error();
    EXPECT_EQ(sql(postgres_url(folder), "SELECT length(front) FROM railbook.railbook_store").value(), "0")
        << "no servers stand in front";
}

TEST_F(RedisClusterTest, ASlotThatMovesIsFollowed) {
    start_cluster();
    ASSERT_TRUE(place_on(ice, 0, "user:first"));
    const auto hold = place_on(ice, 1);
    ASSERT_TRUE(hold) << hold.error();
    std::size_t from = 3;
    std::string keys;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto found = node(i).command({"KEYS", "*:run:*"});
        if (found.find("ice") == std::string::npos) continue;
        from = i;
        keys = found.substr(0, found.find('\n'));
    }
    ASSERT_LT(from, 3U);
    const std::size_t to = (from + 1) % 3;
    auto slot = node(from).command({"CLUSTER", "KEYSLOT", keys});
    slot.pop_back();
    auto from_id = node(from).command({"CLUSTER", "MYID"});
    auto to_id = node(to).command({"CLUSTER", "MYID"});
    from_id.pop_back();
    to_id.pop_back();
    ASSERT_EQ(node(to).command({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK\n");
    ASSERT_EQ(node(from).command({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK\n");
    // Whoever wants a seat of the run meanwhile waits until all of it has arrived.
    Result<Hold> meanwhile = Error{};
    {
        const std::jthread buyer{[&] { meanwhile = place_on(ice, 2, "user:bert"); }};
        std::istringstream names{node(from).command({"CLUSTER", "GETKEYSINSLOT", slot, "1000"})};
        for (std::string name; std::getline(names, name);) {
            ASSERT_EQ(node(from).command({"MIGRATE", "127.0.0.1", std::to_string(node(to).port()), name, "0", "5000"}),
                      "OK\n");
        }
        // All keys are there: a key that is asked for alone is found by ASK.
        EXPECT_EQ(store->inventory().find_hold(hold->id)->owner, hold->owner);
        for (const auto number : {to, from})
            ASSERT_EQ(node(number).command({"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK\n");
    }
    ASSERT_TRUE(meanwhile) << meanwhile.error();
    EXPECT_FALSE(meanwhile->pinned);
    EXPECT_EQ(place_on(ice, 1, "user:bert").error().code, ErrorCode::seat_taken) << "as before it moved";
    EXPECT_TRUE(book(*hold));
    expect_laws();
}

TEST_F(RedisClusterTest, OneServerThatLosesItsKeysBeginsANewEpoch) {
    start_cluster();
    std::vector<Hold> holds;
    std::vector<railbook::Run> trains;
    for (int i = 0; i < 6; ++i) {
        trains.push_back(a_run("trip-" + std::to_string(i)));
        ASSERT_TRUE(place_on(trains.back(), 0, "user:first"));
        holds.push_back(*place_on(trains.back(), 1));
    }
    for (std::size_t i = 0; i < 3; ++i) node(i).command({"FLUSHALL"});
    for (std::size_t i = 0; i < trains.size(); ++i) {
        const auto next = place_on(trains[i], 1, "user:bert");
        ASSERT_TRUE(next) << next.error();
        EXPECT_GT(next->fence, holds[i].fence);
        EXPECT_EQ(book(holds[i]).error().code, ErrorCode::hold_lost);
        EXPECT_EQ(place_on(trains[i], 0, "user:bert").error().code, ErrorCode::seat_taken);
    }
    expect_laws();
}

}  // namespace
}  // namespace railbook::test

/// What was acknowledged survives the death of a process that uses PostgreSQL, and of the server itself.

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/fixture.hpp"
#include "store/postgres/postgres.hpp"
#include "support/postgres.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;

/// Sells seats without end: place, book, pay, settle. Writes the id of every booking whose payment was acknowledged.
void sell_without_end(const std::string& url, unsigned seed, int acknowledged) {
    TestEnvironment environment{seed};
    Maker make{environment};
    const auto opened = store::open_postgres(url, environment, {.clock_of_environment = true});
    if (!opened) _exit(3);
    Store& store = **opened;
    const railbook::Run train = a_run("ice", 30, 40);
    std::mt19937 random{seed};
    for (;;) {
        const auto seat = static_cast<std::uint32_t>(random() % 40);
        const auto from = static_cast<std::uint16_t>(random() % 29);
        const auto wanted = make.hold({{&train, {seat}, {from, static_cast<std::uint16_t>(from + 1)}}});
        const auto hold = store.inventory().place_hold(make.command("hold.create"), wanted, {train}, 0);
        if (!hold) continue;
        if (random() % 3 == 0) {
            static_cast<void>(store.inventory().release_hold(make.command("hold.release"), Maker::claim(*hold)));
            continue;
        }
        const auto booking =
            store.bookings().create_booking(make.command("booking.create"), Maker::claim(*hold), make.booking(*hold));
        if (!booking) continue;
        const auto payment = store.bookings().begin_payment(make.command("booking.pay"), make.payment(*booking));
        if (!payment) continue;
        const auto settled =
            store.bookings().settle_payment(make.settlement(*payment, *booking, true), environment.now());
        if (!settled) continue;
        if (write(acknowledged, booking->id.bytes.data(), booking->id.bytes.size()) < 0) _exit(4);
    }
}

/// Waits for the next one. Nothing once nobody can write any more.
bool read_id(int file, std::vector<BookingId>& ids) {
    BookingId id;
    if (read(file, id.bytes.data(), id.bytes.size()) != static_cast<ssize_t>(id.bytes.size())) return false;
    ids.push_back(id);
    return true;
}

class PostgresKillTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto started = PostgresServer::start_new(folder.path().parent_path().string());
        ASSERT_TRUE(started) << started.error();
        server.reset(*started);
        url = server->new_database();
    }
    std::unique_ptr<Store> open_store() {
        auto opened = store::open_postgres(url, environment, {.clock_of_environment = true});
        if (!opened) ADD_FAILURE() << opened.error();
        return opened ? *std::move(opened) : nullptr;
    }
    void expect_sold(const std::vector<BookingId>& acknowledged) {
        const auto store = open_store();
        ASSERT_TRUE(store);
        for (const auto& id : acknowledged) {
            const auto booking = store->bookings().find_booking(id);
            ASSERT_TRUE(booking) << booking.error();
            EXPECT_EQ(booking->status(), PartStatus::fulfilled);
        }
        EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
        sold = acknowledged.size();
    }

    TemporaryFolder folder;
    TestEnvironment environment;
    std::unique_ptr<PostgresServer> server;
    std::string url;
    std::size_t sold = 0;
};

TEST_F(PostgresKillTest, WhatWasSoldOutlivesTheProcessThatSoldIt) {
    ASSERT_TRUE(open_store());
    std::vector<BookingId> acknowledged;
    std::mt19937 random{7};
    for (unsigned round = 0; round < 4; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) sell_without_end(url, round + 1, ends[1]);
        close(ends[1]);
        EXPECT_TRUE(read_id(ends[0], acknowledged)) << "it has ended by itself";
        for (auto more = random() % 20; more > 0; --more) EXPECT_TRUE(read_id(ends[0], acknowledged));
        ::kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        while (read_id(ends[0], acknowledged)) {
        }
        close(ends[0]);
    }
    expect_sold(acknowledged);
}

TEST_F(PostgresKillTest, WhatWasSoldOutlivesTheServer) {
    ASSERT_TRUE(open_store());
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) sell_without_end(url, 42, ends[1]);
    close(ends[1]);
    std::vector<BookingId> acknowledged;
    for (int round = 0; round < 3; ++round) {
        for (int sales = 0; sales < 3; ++sales)
            EXPECT_TRUE(read_id(ends[0], acknowledged)) << "the process has ended with the server";
        if (round % 2 == 0) server->kill();
        else server->stop_immediately();
        const auto back = server->start();
        ASSERT_TRUE(back) << back.error();
    }
    EXPECT_TRUE(read_id(ends[0], acknowledged));
    ::kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read_id(ends[0], acknowledged)) {
    }
    close(ends[0]);
    expect_sold(acknowledged);
}

}  // namespace
}  // namespace railbook::test

#pragma once
/// Stores with a Redis in front of their PostgreSQL, or a cluster of them.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/verify.hpp"
#include "store/fixture.hpp"
#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::test {

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
    /// `who`, with a colon and a password: as a user of Redis of its own.
    Result<std::unique_ptr<Store>> try_open(const std::string& who = {}) {
        auto record = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
        if (!record) return std::move(record).error();
        auto address = server->url();
        if (!who.empty()) address.insert(address.find("://") + 3, who + '@');
        return store::open_redis(address, *std::move(record), environment, {.clock_of_environment = true});
    }
    std::unique_ptr<Store> open(const std::string& who = {}) {
        auto opened = try_open(who);
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
    /// Also those that `store verify` knows of.
    void expect_laws() {
        EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
        const auto report = engine::verify(*store);
        ASSERT_TRUE(report) << report.error();
        for (const auto& broken : report->violations)
            ADD_FAILURE() << broken.law << ", " << broken.object << ": " << broken.detail;
    }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::unique_ptr<RedisServer> server;
    std::unique_ptr<Store> store;
    railbook::Run ice = a_run("ice");
    Hold first;
};

/// Three servers that share the slots.
class RedisClusterTest : public RedisTest {
protected:
    void start_cluster() {
        for (int i = 0; i < 3; ++i) {
            auto started =
                RedisServer::start_new({"cluster-enabled", "yes", "cluster-node-timeout", "2000"}, free_port());
            ASSERT_TRUE(started) << started.error();
            nodes.push_back(*std::move(started));
        }
        constexpr std::array<const char*, 4> kBounds{"0", "5461", "10923", "16384"};
        for (std::size_t i = 0; i < 3; ++i) {
            nodes[i]->command({"CONFIG", "SET", "cluster-allow-reads-when-down", "no"});
            ASSERT_EQ(nodes[i]->command(
                          {"CLUSTER", "ADDSLOTSRANGE", kBounds[i], std::to_string(std::stoi(kBounds[i + 1]) - 1)}),
                      "OK\n");
            ASSERT_EQ(nodes[i]->command({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}), "OK\n");
        }
        for (std::size_t i = 1; i < 3; ++i)
            ASSERT_EQ(nodes[i]->command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes[0]->port())}), "OK\n");
        const auto is_ready = [&] {
            return std::ranges::all_of(nodes, [](const auto& node) {
                return node->command({"CLUSTER", "INFO"}).find("cluster_state:ok") != std::string::npos &&
                       node->command({"CLUSTER", "INFO"}).find("cluster_known_nodes:3") != std::string::npos;
            });
        };
        for (int round = 0; round < 200 && !is_ready(); ++round) system_environment().pause(Duration{100});
        ASSERT_TRUE(is_ready());
        server = std::move(nodes[0]);
        store = open();
        ASSERT_TRUE(store);
    }
    const RedisServer& node(std::size_t number) const { return number == 0 ? *server : *nodes[number]; }
    Result<Hold> place_on(const railbook::Run& run, std::uint32_t seat, std::string_view owner = "user:anna",
                          std::size_t max = 0) {
        return store->inventory().place_hold(make.command("hold.create", owner),
                                             make.hold({{&run, {seat}, {0, 4}}}, owner), {run}, max);
    }
    std::vector<std::unique_ptr<RedisServer>> nodes;
};

}  // namespace railbook::test

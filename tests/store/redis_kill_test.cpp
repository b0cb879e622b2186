/// Several processes that sell over one Redis and one PostgreSQL, while processes and Redis are killed: what was
/// acknowledged and is PostgreSQL's stays, and no seat is sold twice.

#include <array>
#include <csignal>
#include <random>
#include <set>
#include <tuple>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/verify.hpp"
#include "store/fixture.hpp"
#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kSeatsOfTrain = 60;
constexpr std::uint16_t kSegmentsOfTrain = 30;
constexpr int kSellers = 3;

/// A booking whose payment was acknowledged, and the seat that was paid for.
struct Sale {
    BookingId booking;
    int train = 0;
    std::uint32_t seat = 0;
    std::uint16_t segment = 0;
};

std::unique_ptr<Store> open_behind(const std::string& redis, const std::string& postgres, Environment& environment) {
    auto record = store::open_postgres_record(postgres, environment, {.clock_of_environment = true});
    if (!record) return nullptr;
    auto opened = store::open_redis(redis, *std::move(record), environment, {.clock_of_environment = true});
    return opened ? *std::move(opened) : nullptr;
}

/// Holds, releases, books, pays and settles without end. Tells of each sale after its answer.
[[noreturn]] void sell_behind_redis(const std::string& redis, const std::string& postgres, unsigned seed, int told) {
    TestEnvironment environment{seed};
    Maker make{environment};
    const auto store = open_behind(redis, postgres, environment);
    if (!store) _exit(3);
    const std::array<railbook::Run, 2> trains{a_run("ice", kSegmentsOfTrain, kSeatsOfTrain),
                                              a_run("re", kSegmentsOfTrain, kSeatsOfTrain)};
    std::mt19937 random{seed};
    for (;;) {
        Sale sale{.booking = {},
                  .train = static_cast<int>(random() % trains.size()),
                  .seat = static_cast<std::uint32_t>(random() % kSeatsOfTrain),
                  .segment = static_cast<std::uint16_t>(random() % kSegmentsOfTrain)};
        const auto& train = trains[static_cast<std::size_t>(sale.train)];
        const Span span{sale.segment, static_cast<std::uint16_t>(sale.segment + 1)};
        const auto hold = store->inventory().place_hold(make.command("hold.create"),
                                                        make.hold({{&train, {sale.seat}, span}}), {train}, 0);
        if (!hold) continue;
        if (random() % 3 == 0) {
            static_cast<void>(store->inventory().release_hold(make.command("hold.release"), Maker::claim(*hold)));
            continue;
        }
        const auto booking =
            store->bookings().create_booking(make.command("booking.create"), Maker::claim(*hold), make.booking(*hold));
        if (!booking) continue;
        const auto payment = store->bookings().begin_payment(make.command("booking.pay"), make.payment(*booking));
        if (!payment) continue;
        const auto settled =
            store->bookings().settle_payment(make.settlement(*payment, *booking, true), environment.now());
        if (!settled || settled->refund_due) continue;
        sale.booking = booking->id;
        if (write(told, &sale, sizeof sale) != static_cast<ssize_t>(sizeof sale)) _exit(4);
    }
}

class RedisKillTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto started = PostgresServer::start_new(folder.path().parent_path().string());
        ASSERT_TRUE(started) << started.error();
        postgres.reset(*started);
        url = postgres->new_database();
        auto front = RedisServer::start_new();
        ASSERT_TRUE(front) << front.error();
        redis = *std::move(front);
        ASSERT_EQ(pipe(ends.data()), 0);
        // Whoever sells finds the tables there.
        ASSERT_TRUE(open_behind(redis->url(), url, environment));
        for (auto& seller : sellers) seller = start_seller();
    }
    void TearDown() override {
        for (auto& seller : sellers) end_seller(seller);
        for (const auto end : ends) close(end);
    }
    pid_t start_seller() {
        const auto number = ++seed;
        const pid_t child = fork();
        if (child == 0) sell_behind_redis(redis->url(), url, number, ends[1]);
        return child;
    }
    static void end_seller(pid_t& seller) {
        if (seller <= 0) return;
        ::kill(seller, SIGKILL);
        waitpid(seller, nullptr, 0);
        seller = -1;
    }
    /// Nothing where none comes in that time.
    bool read_sale(milliseconds patience) {
        pollfd wanted{.fd = ends[0], .events = POLLIN, .revents = 0};
        if (poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return false;
        Sale sale;
        if (read(ends[0], &sale, sizeof sale) != static_cast<ssize_t>(sizeof sale)) return false;
        sales.push_back(sale);
        return true;
    }
    void read_sales(int count) {
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(read_sale(std::chrono::seconds{60})) << "nobody sells any more, after " << sales.size();
    }
    /// All sellers are dead. What they have told is in PostgreSQL, with and without Redis in front.
    void expect_all_sold_once() {
        for (auto& seller : sellers) end_seller(seller);
        while (read_sale(milliseconds{0})) {
        }
        std::set<std::tuple<int, std::uint32_t, std::uint16_t>> cells;
        for (const auto& sale : sales)
            EXPECT_TRUE(cells.emplace(sale.train, sale.seat, sale.segment).second)
                << "seat " << sale.seat << " was sold twice on segment " << sale.segment;
        const auto expect_laws = [&](Store& store) {
            for (const auto& sale : sales) {
                const auto booking = store.bookings().find_booking(sale.booking);
                ASSERT_TRUE(booking) << booking.error();
                EXPECT_EQ(booking->status(), PartStatus::fulfilled);
            }
            EXPECT_EQ(broken_laws(records_of(store)), std::vector<std::string>{});
            const auto report = engine::verify(store);
            ASSERT_TRUE(report) << report.error();
            for (const auto& broken : report->violations)
                ADD_FAILURE() << broken.law << ", " << broken.object << ": " << broken.detail;
        };
        const auto behind = open_behind(redis->url(), url, environment);
        ASSERT_TRUE(behind);
        expect_laws(*behind);
        const auto alone = store::open_postgres(url, environment, {.clock_of_environment = true});
        ASSERT_TRUE(alone) << alone.error();
        expect_laws(**alone);
    }

    TemporaryFolder folder;
    TestEnvironment environment;
    std::unique_ptr<PostgresServer> postgres;
    std::unique_ptr<RedisServer> redis;
    std::string url;
    std::array<int, 2> ends{-1, -1};
    std::array<pid_t, kSellers> sellers{-1, -1, -1};
    unsigned seed = 100;
    std::vector<Sale> sales;
};

TEST_F(RedisKillTest, ProcessesThatAreKilledLeaveNothingHalfDone) {
    std::mt19937 random{5};
    for (int round = 0; round < 6; ++round) {
        read_sales(static_cast<int>(random() % 12) + 3);
        auto& seller = sellers[random() % kSellers];
        end_seller(seller);
        seller = start_seller();
    }
    read_sales(5);
    expect_all_sold_once();
}

TEST_F(RedisKillTest, ProcessesAndRedisAreKilledAndNoSaleIsLost) {
    std::mt19937 random{6};
    for (int round = 0; round < 4; ++round) {
        read_sales(static_cast<int>(random() % 10) + 3);
        redis->kill();
        if (round % 2 == 0) {
            auto& seller = sellers[random() % kSellers];
            end_seller(seller);
            // The sale goes on from PostgreSQL. Who was killed does not come back before Redis.
            read_sales(3);
            const auto back = redis->start();
            ASSERT_TRUE(back) << back.error();
            seller = start_seller();
        } else {
            const auto back = redis->start();
            ASSERT_TRUE(back) << back.error();
        }
    }
    read_sales(5);
    expect_all_sold_once();
}

}  // namespace
}  // namespace railbook::test

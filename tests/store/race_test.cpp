/// Real threads at one store.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <mutex>
#include <random>
#include <thread>

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

class RaceTest : public StoreTest {
public:
    using StoreTest::StoreTest;
    static constexpr bool kWithFaults = false;  // which call comes n-th is chance

protected:
    static constexpr int kThreads = 8;
    static constexpr int kManyThreads = 64;

    /// Starts the threads at one instant, and waits for them.
    template <class Body>
    static void together(Body body, int count = kThreads) {
        std::barrier start{count};
        std::vector<std::jthread> threads;
        for (int i = 0; i < count; ++i) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                body(i);
            });
        }
    }
};

STORE_TEST(RaceTest, ExactlyOneOfManyHoldsGetsASeat) {
    for (std::uint32_t seat = 0; seat < 8; ++seat) {
        std::atomic<int> won = 0;
        std::atomic<int> refused = 0;
        together([&](int i) {
            const auto hold = place({{&ice, {seat}, {0, 4}}}, "user:" + std::to_string(i));
            if (hold) ++won;
            else if (hold.error().code == ErrorCode::seat_taken) ++refused;
        });
        EXPECT_EQ(won, 1);
        EXPECT_EQ(refused, kThreads - 1);
    }
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(RaceTest, OneCommandRepeatedByManyThreadsHasOneEffect) {
    const auto command = make.command("hold.create");
    const auto wanted = make.hold({{&ice, {0}, {0, 4}}});
    std::atomic<int> equal = 0;
    together([&](int) {
        const auto hold = store->inventory().place_hold(command, wanted, {ice}, 0);
        if (hold && hold->id == wanted.id && hold->fence == 1) ++equal;
    });
    EXPECT_EQ(equal, kThreads);
    EXPECT_EQ(records_of(*store).holds.size(), 1U);
}

STORE_TEST(RaceTest, ReadersSeeWholeHoldsOnly) {
    std::atomic<bool> torn = false;
    together([&](int i) {
        for (int round = 0; round < 20; ++round) {
            if (i % 2 == 0) {
                const auto hold = place({{&ice, {0, 1, 2}, {0, 4}}}, "user:" + std::to_string(i));
                if (hold && !release(Maker::claim(*hold))) torn = true;
            } else {
                const auto answer = store->inventory().occupancy({ice.id}, environment.now());
                int count = 0;
                for (std::uint32_t seat = 0; answer && seat < 3; ++seat)
                    count += answer->front().taken.any(seat, {0, 4}) ? 1 : 0;
                if (!answer || (count != 0 && count != 3)) torn = true;
            }
        }
    });
    EXPECT_FALSE(torn);
    EXPECT_TRUE(allocations(ice).empty());
}

STORE_TEST(RaceTest, SaleIsSettledOnceByManyThreads) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    together([&](int) {
        const auto settlement = make.settlement(sale.payment, sale.booking, true);
        EXPECT_TRUE(store->bookings().settle_payment(settlement, environment.now()));
    });
    const auto records = records_of(*store);
    EXPECT_EQ(records.tickets.size(), 1U);
    EXPECT_EQ(records.ledger.size(), 4U);
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
}

STORE_TEST(RaceTest, SpansOfOneSeatThatManyWereGivenAreDisjoint) {
    constexpr std::uint16_t kSegments = 40;
    constexpr int kAttempts = 12;
    const Run train = a_run("long", kSegments, 2);
    std::mutex mutex;
    std::vector<Span> accepted;
    std::vector<Span> refused;
    std::atomic<int> others = 0;
    together(
        [&](int i) {
            std::mt19937 random{static_cast<std::mt19937::result_type>(i)};
            for (int attempt = 0; attempt < kAttempts; ++attempt) {
                const auto from = static_cast<std::uint16_t>(random() % kSegments);
                const auto length = 1 + random() % 4;
                const Span span{from, static_cast<std::uint16_t>(std::min<std::size_t>(kSegments, from + length))};
                const auto hold = place({{&train, {0}, span}}, "user:" + std::to_string(i));
                const std::lock_guard lock{mutex};
                if (hold) accepted.push_back(span);
                else if (hold.error().code == ErrorCode::seat_taken) refused.push_back(span);
                else ++others;
            }
        },
        kManyThreads);
    EXPECT_EQ(others, 0);
    EXPECT_GE(accepted.size(), kSegments / 4U);
    EXPECT_EQ(accepted.size() + refused.size(), static_cast<std::size_t>(kManyThreads) * kAttempts);
    for (auto one = accepted.begin(); one != accepted.end(); ++one) {
        EXPECT_TRUE(std::none_of(accepted.begin(), one, [&](const Span& other) { return other.overlaps(*one); }));
    }
    for (const auto& span : refused) {
        EXPECT_TRUE(std::ranges::any_of(accepted, [&](const Span& other) { return other.overlaps(span); }))
            << "[" << span.from << "," << span.to << ") was refused though nobody has any of it";
    }
    const auto live = allocations(train);
    EXPECT_EQ(live.size(), accepted.size());
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(RaceTest, OfTenThousandClientsExactlyOneGetsTheLastSeat) {
    constexpr int kClients = 10'000;
    std::atomic<int> next = 0;
    std::atomic<int> won = 0;
    std::atomic<int> refused = 0;
    together(
        [&](int) {
            for (int client = next++; client < kClients; client = next++) {
                const auto hold = place({{&ice, {5}, {0, 4}}}, "user:" + std::to_string(client));
                if (hold) ++won;
                else if (hold.error().code == ErrorCode::seat_taken) ++refused;
            }
        },
        kManyThreads);
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, kClients - 1);
    const auto records = records_of(*store);
    EXPECT_EQ(records.holds.size(), 1U);
    EXPECT_EQ(records.allocations.size(), 1U);
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
}

}  // namespace
}  // namespace railbook::test

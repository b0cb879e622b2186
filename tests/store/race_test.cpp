/// Real threads at one store.

#include <atomic>
#include <barrier>
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

    /// Starts the threads at one instant, and waits for them.
    template <class Body>
    static void together(Body body) {
        std::barrier start{kThreads};
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
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

}  // namespace
}  // namespace railbook::test

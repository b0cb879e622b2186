#include "base/locks.hpp"

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include <gtest/gtest.h>

namespace railbook::base {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 20'000;

template <class Work>
void in_threads(const Work& work) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&work, thread] {
            for (int round = 0; round < kRounds; ++round) work(thread, round);
        });
    }
    for (auto& thread : threads) thread.join();
}

TEST(SpinLockTest, LetsOneThreadAtATimeIn) {
    SpinLock lock;
    int count = 0;
    in_threads([&](int, int) {
        const std::lock_guard guard{lock};
        ++count;
    });
    EXPECT_EQ(count, kThreads * kRounds);
}

TEST(GateTest, WhoIsAloneMeetsNobody) {
    Gate gate;
    int written = 0;  // only by those who are alone, so that the others may read it
    std::atomic<int> inside{0};
    std::atomic<bool> met{false};
    in_threads([&](int thread, int round) {
        if ((round + thread) % 64 == 0) {
            const std::lock_guard alone{gate};
            if (inside != 0) met = true;
            ++written;
        } else {
            const std::shared_lock shared{gate};
            ++inside;
            const int before = written;
            if (before != written) met = true;
            --inside;
        }
    });
    EXPECT_FALSE(met);
    EXPECT_NEAR(written, kThreads * kRounds / 64, kThreads);
}

TEST(GateTest, ManyShareIt) {
    Gate gate;
    const std::shared_lock here{gate};
    std::thread other{[&] { const std::shared_lock there{gate}; }};
    other.join();  // would never come
}

}  // namespace
}  // namespace railbook::base

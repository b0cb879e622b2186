#include "store/memory/deadlines.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace railbook::store::memory {
namespace {

Timestamp at(int second) { return Timestamp{std::chrono::seconds{second}}; }

TEST(DeadlinesTest, EarliestComesFirstInTheOrderOfComing) {
    Deadlines<int> due;
    EXPECT_TRUE(due.is_empty());
    due.add(at(20), 1);
    due.add(at(30), 2);
    due.add(at(10), 3);
    due.add(at(20), 4);
    due.add(at(30), 5);
    std::vector<int> order;
    for (; !due.is_empty(); due.drop_first()) order.push_back(due.first().second);
    EXPECT_EQ(order, (std::vector{3, 1, 4, 2, 5}));
}

TEST(DeadlinesTest, AgreesWithASortedListWhateverComesAndGoes) {
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same each time
    Deadlines<int> due;
    std::vector<std::pair<Timestamp, int>> plain;
    for (int i = 0; i < 20000; ++i) {
        if (plain.empty() || random() % 5 < 3) {
            const auto when = at(static_cast<int>(random() % 50) + i / 100);
            due.add(when, i);
            plain.emplace_back(when, i);
            continue;
        }
        const auto first = std::ranges::min_element(plain);
        ASSERT_FALSE(due.is_empty());
        ASSERT_EQ(due.first(), *first);
        due.drop_first();
        plain.erase(first);
    }
}

}  // namespace
}  // namespace railbook::store::memory

#include "store/memory/deadlines.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace railbook::store::memory {
namespace {

Timestamp at(int second) { return Timestamp{std::chrono::seconds{second}}; }

TEST(DeadlinesTest, EarliestComesFirstAndTheLeastNumberBetweenEqualTimes) {
    Deadlines<char> due;
    EXPECT_TRUE(due.is_empty());
    due.add(at(20), 4, 'd');
    due.add(at(30), 2, 'f');
    due.add(at(10), 9, 'a');
    due.add(at(20), 3, 'c');
    due.add(at(30), 1, 'e');
    due.add(at(20), 2, 'b');
    std::string order;
    for (; !due.is_empty(); due.drop_first()) order += due.first().what;
    EXPECT_EQ(order, "abcdef");
}

TEST(DeadlinesTest, AgreesWithASortedListWhateverComesAndGoes) {
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same each time
    Deadlines<int> due;
    std::vector<std::tuple<Timestamp, std::uint64_t, int>> plain;
    for (int i = 0; i < 20000; ++i) {
        if (plain.empty() || random() % 5 < 3) {
            const auto when = at(static_cast<int>(random() % 50) + i / 100);
            const auto number = (random() % 10) * 100000 + static_cast<unsigned>(i);
            due.add(when, number, i);
            plain.emplace_back(when, number, i);
            continue;
        }
        const auto first = std::ranges::min_element(plain);
        ASSERT_FALSE(due.is_empty());
        ASSERT_EQ(std::tuple(due.first().at, due.first().number, due.first().what), *first);
        due.drop_first();
        plain.erase(first);
    }
}

}  // namespace
}  // namespace railbook::store::memory

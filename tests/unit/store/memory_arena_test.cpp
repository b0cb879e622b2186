#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "store/memory/arena.hpp"

namespace railbook::store::memory {
namespace {

TEST(MemoryArena, HandsOutBytesThatNobodyElseHas) {
    Arena arena;
    std::vector<unsigned char*> taken;
    // A few of them are larger than a block.
    const auto size_of = [](std::size_t i) { return i % 97 == 96 ? 40'000 + i : 1 + i % 300; };
    for (std::size_t i = 0; i < 1000; ++i) {
        auto* const bytes = static_cast<unsigned char*>(arena.at(arena.take(size_of(i))));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % alignof(std::uint64_t), 0U);
        std::memset(bytes, static_cast<int>(i % 251), size_of(i));
        taken.push_back(bytes);
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
        for (std::size_t at = 0; at < size_of(i); ++at) ASSERT_EQ(taken[i][at], i % 251);
    }
}

TEST(MemoryArena, WhatIsGivenBackInAnyOrderIsUsedAgain) {
    Arena arena;
    std::vector<Arena::Place> taken;
    for (int round = 0; round < 20; ++round) {
        for (std::size_t i = 0; i < 2000; ++i) {
            taken.push_back(arena.take(100));
            std::memset(arena.at(taken.back()), 1, 100);
        }
        // Every second one first, so that no block is empty before the others go.
        for (std::size_t i = 0; i < taken.size(); i += 2) arena.give_back(taken[i]);
        for (std::size_t i = 1; i < taken.size(); i += 2) arena.give_back(taken[i]);
        taken.clear();
    }
    const auto first = arena.take(8);
    arena.give_back(first);
    EXPECT_EQ(arena.take(8), first);
}

TEST(MemoryArena, ABlockThatIsEmptyIsNotForgottenForALargerOne) {
    Arena arena;
    Arena::Place largest = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto small = arena.take(8);
        arena.give_back(small);
        const auto large = arena.take(20'000);
        arena.give_back(large);
        largest = std::max({largest, small, large});
    }
    EXPECT_LT(largest, 10 * 2048U) << "places of ten blocks";
}

}  // namespace
}  // namespace railbook::store::memory

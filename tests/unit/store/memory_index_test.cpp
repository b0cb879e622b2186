#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "store/memory/index.hpp"

namespace railbook::store::memory {
namespace {

TEST(MemoryIndex, AgreesWithASortedListWhateverComesAndGoes) {
    std::mt19937_64 random{11};  // NOLINT(cert-msc51-cpp): the same each time
    Index index;
    std::multimap<std::uint64_t, Arena::Place> plain;
    const auto places_of = [&](std::uint64_t hash) {
        std::set<Arena::Place> found;
        index.find(hash, [&](Arena::Place place) {
            found.insert(place);
            return false;
        });
        return found;
    };
    for (Arena::Place place = 0; place < 20'000; ++place) {
        // A few hashes come again and again, and many differ by little, so that they crowd at the end of the slots.
        const auto bits = random();
        const auto hash = place % 3 == 0 ? ~(bits % 50 << 32) : place % 3 == 1 ? ~(bits % 5000 << 32) : bits;
        EXPECT_EQ(places_of(hash).contains(place), false);
        index.add(hash, place);
        plain.emplace(hash, place);
        if (random() % 8 < 3 || place % 4000 > 3000) {
            auto gone = plain.lower_bound(random());
            if (gone == plain.end()) gone = plain.begin();
            index.remove(gone->first, gone->second);
            plain.erase(gone);
        }
        if (place % 500 != 0) continue;
        std::set<Arena::Place> all;
        index.each([&](Arena::Place found) { EXPECT_TRUE(all.insert(found).second); });
        EXPECT_EQ(all.size(), plain.size());
        for (const auto& [known, at] : plain) ASSERT_TRUE(places_of(known).contains(at)) << place;
    }
}

TEST(MemoryIndex, TakesTheFirstThatIsMeant) {
    Index index;
    EXPECT_FALSE(index.find(7, [](Arena::Place) { return true; }));
    index.add(7, 1);
    index.add(7, 2);
    EXPECT_EQ(index.find(7, [](Arena::Place place) { return place == 2; }), 2U);
    EXPECT_FALSE(index.find(std::uint64_t{7} << 32, [](Arena::Place) { return true; }));
    index.remove(7, 1);
    EXPECT_EQ(index.find(7, [](Arena::Place) { return true; }), 2U);
}

}  // namespace
}  // namespace railbook::store::memory

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/memory/packed_items.hpp"

namespace railbook::store::memory {
namespace {

HoldItem ride(std::uint16_t from, std::uint16_t to, std::string name) {
    HoldItem item;
    item.run = {.date = {}, .trip = {"db", "531"}};
    item.train = "ICE 531";
    item.from = {.call = {{"db", "8000105"}, 1}, .name = std::move(name), .zone = "Europe/Berlin", .platform = "7"};
    item.to = {.call = {{"db", "8000261"}}, .name = "München Hbf", .zone = "Europe/Berlin"};
    item.span = {from, to};
    item.travel_class = "first";
    return item;
}

TEST(MemoryItems, AreWhatTheyWereBeforeTheyWerePacked) {
    KnownRides rides;
    auto named = ride(2, 7, "Frankfurt (Main) Hbf");
    named.seats = {{0, {"1", "11"}}, {70'000, {std::string(300, 'c'), ""}}};
    auto chosen = ride(7, 9, "Stuttgart Hbf");
    chosen.seats = {{127, {"2", "12"}}, {128, {"2", "13"}}};
    chosen.reason = "a window, as wished";
    const std::vector<HoldItem> items{named, chosen, named};
    std::string text;
    for (const auto& item : items) pack_item(item, rides.find_or_add(item), text);
    EXPECT_EQ(unpack_items(text), items);
    EXPECT_LT(text.size(), 700U);
    EXPECT_TRUE(unpack_items("").empty());
}

TEST(MemoryItems, RidesThatReadAlikeAreKeptOnce) {
    KnownRides rides;
    auto first = ride(2, 7, "Frankfurt (Main) Hbf");
    first.seats = {{4, {"1", "11"}}};
    auto second = first;
    second.seats = {{5, {"1", "12"}}};
    second.reason = "the last one";
    EXPECT_EQ(&rides.find_or_add(first), &rides.find_or_add(second));
    EXPECT_TRUE(rides.find_or_add(first).seats.empty());
}

TEST(MemoryItems, RidesThatReadOtherwiseAreKeptApart) {
    KnownRides rides;
    const auto before = ride(2, 7, "Frankfurt (Main) Hbf");
    const auto& kept = rides.find_or_add(before);
    std::vector<HoldItem> others(6, before);
    others[0].span.to = 8;
    others[1].from.platform = "8";
    others[2].to.time += Duration{60'000};
    others[3].travel_class = "second";
    others[4].train = "ICE 533";
    others[5].from.call.nth = 2;
    for (const auto& other : others) {
        EXPECT_NE(&rides.find_or_add(other), &kept);
        EXPECT_EQ(rides.find_or_add(other), other);
    }
    EXPECT_EQ(&rides.find_or_add(before), &kept);
    EXPECT_EQ(kept, before);
}

}  // namespace
}  // namespace railbook::store::memory

#include "store/pages.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace railbook::store {
namespace {

TEST(PagesTest, FirstPageBeginsAboveEveryNumber) {
    const auto start = page_start("holds", {});
    ASSERT_TRUE(start);
    EXPECT_EQ(*start, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

TEST(PagesTest, CursorLeadsBackToItsNumber) {
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{42}, std::uint64_t{1} << 62}) {
        const auto start = page_start("holds", {.cursor = cursor_after("holds", number), .limit = 1});
        ASSERT_TRUE(start);
        EXPECT_EQ(*start, number);
    }
}

TEST(PagesTest, CursorOfAnotherListOrShapeIsRefused) {
    for (const auto& text : {"bookings.7", "holds.", "holds.0", "holds.-1", "holds.7x", "holds.+7", "holds7", "holds",
                             "holds.9223372036854775808"}) {
        const auto start = page_start("holds", {.cursor = base::base64url(text), .limit = 1});
        ASSERT_FALSE(start) << text;
        EXPECT_EQ(start.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_FALSE(page_start("holds", {.cursor = "not base64!", .limit = 1}));
}

TEST(PagesTest, LimitIsFromOneToTheLargestPage) {
    EXPECT_FALSE(page_start("holds", {.cursor = {}, .limit = 0}));
    EXPECT_TRUE(page_start("holds", {.cursor = {}, .limit = 1}));
    EXPECT_TRUE(page_start("holds", {.cursor = {}, .limit = kMaxPage}));
    EXPECT_FALSE(page_start("holds", {.cursor = {}, .limit = kMaxPage + 1}));
}

}  // namespace
}  // namespace railbook::store

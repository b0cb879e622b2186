#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include <fmt/format.h>

#include <railbook/money.hpp>

namespace railbook {
namespace {

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();

TEST(MoneyTest, IsWrittenWithTheDecimalsOfItsCurrency) {
    EXPECT_EQ(to_string(Money{1250, "EUR", 2}), "12.50 EUR");
    EXPECT_EQ(to_string(Money{5, "EUR", 2}), "0.05 EUR");
    EXPECT_EQ(to_string(Money{0, "EUR", 2}), "0.00 EUR");
    EXPECT_EQ(to_string(Money{-5, "EUR", 2}), "-0.05 EUR");
    EXPECT_EQ(to_string(Money{1250, "JPY", 0}), "1250 JPY");
    EXPECT_EQ(to_string(Money{1250, "KWD", 3}), "1.250 KWD");
}

TEST(MoneyTest, WritesTheSmallestAndTheLargestAmount) {
    EXPECT_EQ(to_string(Money{kLeast, "EUR", 2}), "-92233720368547758.08 EUR");
    EXPECT_EQ(to_string(Money{kMost, "EUR", 2}), "92233720368547758.07 EUR");
    EXPECT_EQ(to_string(Money{kLeast, "JPY", 0}), "-9223372036854775808 JPY");
}

TEST(MoneyTest, IsReadAsItIsWritten) {
    EXPECT_EQ(*parse_money("12.50 EUR"), (Money{1250, "EUR", 2}));
    EXPECT_EQ(*parse_money("12.5EUR"), (Money{1250, "EUR", 2}));
    EXPECT_EQ(*parse_money("0 EUR"), (Money{0, "EUR", 2}));
    EXPECT_EQ(*parse_money("1250 JPY"), (Money{1250, "JPY", 0}));
    EXPECT_EQ(*parse_money("1.25 KWD"), (Money{1250, "KWD", 3}));
    EXPECT_EQ(*parse_money("1234567890123.45 EUR"), (Money{123'456'789'012'345, "EUR", 2}));
}

TEST(MoneyTest, RefusesWhatIsNoAmount) {
    for (const auto* text :
         {"", "EUR", "12", "12 eur", "12 XXZ", "12.345 EUR", "1.5 JPY", "12. EUR", ".5 EUR", "-1 EUR", "1,50 EUR",
          "12  EUR", "12 EUR ", " 12 EUR", "12345678901234.56 EUR", "99999999999999999999 EUR"}) {
        const auto parsed = parse_money(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << text;
        EXPECT_EQ(parsed.error().detail, fmt::format("'{}' is not an amount of money", text));
        EXPECT_FALSE(parsed.error().hint.empty()) << text;
    }
}

TEST(MoneyTest, AddsAmountsOfOneCurrencyOnly) {
    EXPECT_EQ(*add({1250, "EUR", 2}, {-250, "EUR", 2}), (Money{1000, "EUR", 2}));
    EXPECT_EQ(add({1, "EUR", 2}, {1, "CHF", 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(add({1, "EUR", 2}, {1, "EUR", 3}).error().code, ErrorCode::invalid_argument);
}

TEST(MoneyTest, RefusesASumBeyond64Bits) {
    EXPECT_TRUE(add({kMost - 1, "EUR", 2}, {1, "EUR", 2}));
    EXPECT_EQ(add({kMost, "EUR", 2}, {1, "EUR", 2}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(add({kLeast, "EUR", 2}, {-1, "EUR", 2}).error().code, ErrorCode::invalid_argument);
}

TEST(MoneyTest, KnowsTheDecimalsOfCurrencies) {
    EXPECT_EQ(*decimals_of("EUR"), 2);
    EXPECT_EQ(*decimals_of("JPY"), 0);
    EXPECT_EQ(*decimals_of("KWD"), 3);
    for (const std::string text : {"", "eur", "EURO", "EU", "XXX", "QQQ"})
        EXPECT_EQ(decimals_of(text).error().code, ErrorCode::invalid_argument) << text;
}

RC_GTEST_PROP(MoneyTest, TakesBackWhatItAdded, (std::int32_t left, std::int32_t right)) {
    const auto sum = add({left, "EUR", 2}, {right, "EUR", 2});
    RC_ASSERT(sum.has_value());
    const auto back = add(*sum, {-static_cast<std::int64_t>(right), "EUR", 2});
    RC_ASSERT(back->amount == left);
}

}  // namespace
}  // namespace railbook

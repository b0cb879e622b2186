#include <gtest/gtest.h>

#include <memory>
#include <set>

#include <railbook/result.hpp>

namespace railbook {
namespace {

TEST(ResultTest, HoldsAValueOrAnError) {
    const Result<int> good{3};
    EXPECT_TRUE(good);
    EXPECT_EQ(*good, 3);
    EXPECT_EQ(good.value_or(9), 3);
    const Result<int> bad{Error{ErrorCode::sold_out, "full"}};
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error().code, ErrorCode::sold_out);
    EXPECT_EQ(bad.value_or(9), 9);
}

TEST(ResultTest, GivesAwayWhatCanOnlyBeMoved) {
    Result<std::unique_ptr<int>> result{std::make_unique<int>(3)};
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 3);
}

TEST(StatusTest, IsSuccessUntilItIsGivenAnError) {
    EXPECT_TRUE(Status{});
    const Status failed{Error{ErrorCode::conflict, "no"}};
    EXPECT_FALSE(failed);
    EXPECT_EQ(failed.error().detail, "no");
}

TEST(ResultDeathTest, EndsTheProcessWhenTheWrongSideIsRead) {
    const Result<int> bad{Error{ErrorCode::conflict, "no"}};
    const Result<int> good{3};
    EXPECT_DEATH(static_cast<void>(*bad), "without looking first");
    EXPECT_DEATH(static_cast<void>(good.error()), "without looking first");
    EXPECT_DEATH(static_cast<void>(Status{}.error()), "without looking first");
}

TEST(ErrorCodeTest, EachOfThe23HasANameAndATitleOfItsOwn) {
    std::set<std::string_view> names;
    std::set<std::string_view> titles;
    for (std::uint16_t number = 1; number <= 23; ++number) {
        names.insert(to_string(static_cast<ErrorCode>(number)));
        titles.insert(title(static_cast<ErrorCode>(number)));
    }
    EXPECT_EQ(names.size(), 23U);
    EXPECT_EQ(titles.size(), 23U);
    EXPECT_EQ(to_string(ErrorCode::seat_taken), "seat_taken");
}

TEST(ErrorCodeTest, OnlyWhatMaySucceedLaterIsRetryable) {
    std::set<std::string_view> retryable;
    for (std::uint16_t number = 1; number <= 23; ++number) {
        const auto code = static_cast<ErrorCode>(number);
        if (is_retryable(code)) retryable.insert(to_string(code));
    }
    EXPECT_EQ(retryable, (std::set<std::string_view>{"in_progress", "too_many_requests", "unavailable"}));
}

}  // namespace
}  // namespace railbook

#include <railbook/money.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace railbook {
namespace {

struct Decimals {
    std::string_view currency;
    int decimals;
};
// Source: ISO 4217, list one. Currencies with two decimals are listed so that a misspelt one is refused.
constexpr std::array kCurrencies = std::to_array<Decimals>({
    {"AED", 2}, {"ALL", 2}, {"AMD", 2}, {"ARS", 2}, {"AUD", 2}, {"AZN", 2}, {"BAM", 2}, {"BDT", 2}, {"BGN", 2},
    {"BHD", 3}, {"BRL", 2}, {"BYN", 2}, {"CAD", 2}, {"CHF", 2}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"CZK", 2},
    {"DKK", 2}, {"DZD", 2}, {"EGP", 2}, {"EUR", 2}, {"GBP", 2}, {"GEL", 2}, {"HKD", 2}, {"HUF", 2}, {"IDR", 2},
    {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KES", 2}, {"KRW", 0},
    {"KWD", 3}, {"KZT", 2}, {"LKR", 2}, {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MKD", 2}, {"MXN", 2}, {"MYR", 2},
    {"NGN", 2}, {"NOK", 2}, {"NZD", 2}, {"OMR", 3}, {"PEN", 2}, {"PHP", 2}, {"PKR", 2}, {"PLN", 2}, {"QAR", 2},
    {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"SAR", 2}, {"SEK", 2}, {"SGD", 2}, {"THB", 2}, {"TND", 3}, {"TRY", 2},
    {"TWD", 2}, {"TZS", 2}, {"UAH", 2}, {"UGX", 0}, {"USD", 2}, {"UZS", 2}, {"VND", 0}, {"XAF", 0}, {"XOF", 0},
    {"ZAR", 2},
});

}  // namespace

Result<Money> add(const Money& left, const Money& right) {
    if (left.currency != right.currency || left.scale != right.scale) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("{} and {} cannot be added", left.currency, right.currency)};
    }
    Money sum = left;
    if (__builtin_add_overflow(left.amount, right.amount, &sum.amount))
        return Error{ErrorCode::invalid_argument, "the sum is too large"};
    return sum;
}

std::string to_string(const Money& money) {
    // Through unsigned, so that the smallest amount has a magnitude too.
    auto size = static_cast<std::uint64_t>(money.amount);
    if (money.amount < 0) size = 0 - size;
    const std::string_view sign = money.amount < 0 ? "-" : "";
    if (money.scale == 0) return fmt::format("{}{} {}", sign, size, money.currency);
    std::uint64_t unit = 1;
    for (int i = 0; i < money.scale; ++i) unit *= 10;
    return fmt::format("{}{}.{:0{}} {}", sign, size / unit, size % unit, money.scale, money.currency);
}

Result<Money> parse_money(std::string_view text) {
    const auto fail = [whole = text] {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("'{}' is not an amount of money", base::shortened(whole, 32)),
                     "write an amount and its currency, such as '59.90 EUR'"};
    };
    constexpr std::size_t kMaxDigits = 15;  // of all, so that an amount is far from the end of 64 bits
    const auto take_digits = [&] {
        const auto end = text.find_first_not_of("0123456789");
        const auto digits = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
        return digits;
    };
    const auto whole = take_digits();
    std::string_view decimals;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        decimals = take_digits();
        if (decimals.empty()) return fail();
    }
    if (text.starts_with(' ')) text.remove_prefix(1);
    const auto scale = decimals_of(text);
    if (whole.empty() || !scale || decimals.size() > static_cast<std::size_t>(*scale)) return fail();
    std::string digits{whole};
    digits.append(decimals).append(static_cast<std::size_t>(*scale) - decimals.size(), '0');
    if (digits.size() > kMaxDigits) return fail();
    return Money{std::stoll(digits), std::string{text}, *scale};
}

Result<int> decimals_of(std::string_view currency) {
    const auto found = std::ranges::find(kCurrencies, currency, &Decimals::currency);
    if (found == kCurrencies.end())
        return Error{ErrorCode::invalid_argument,
                     fmt::format("'{}' is not a known currency", base::shortened(currency, 16))};
    return found->decimals;
}

}  // namespace railbook

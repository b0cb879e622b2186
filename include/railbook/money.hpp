#pragma once
/// Money: integer minor units of one currency.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <railbook/result.hpp>

namespace railbook {

/// An amount in minor units (cents); `scale` is the number of decimals of the currency (ISO 4217), so 12.50 EUR is
/// `{1250, "EUR", 2}`. Amounts of one sum have the same currency: `add` refuses anything else.
struct Money {
    std::int64_t amount = 0;
    std::string currency = {};
    int scale = 2;

    bool operator==(const Money&) const = default;
};

/// Errors: invalid_argument (two currencies, or a sum beyond 64 bits).
Result<Money> add(const Money& left, const Money& right);
/// `12.50 EUR`.
std::string to_string(const Money& money);
/// The reverse: `12.5 EUR` and `12.50EUR` are the same. Errors: invalid_argument (not an amount with a currency of ISO
/// 4217, or more decimals than that has).
Result<Money> parse_money(std::string_view text);
/// The number of decimals of a currency. Errors: invalid_argument (not three capital letters, or not in ISO 4217).
Result<int> decimals_of(std::string_view currency);

}  // namespace railbook

#pragma once
/// Passengers as they are written in requests.

#include <string_view>
#include <vector>

#include <railbook/pricing.hpp>

#include "base/json.hpp"

namespace railbook::operations {

/// `adult:2,child@8`: types of the tariff, each with a number or an age where they are wanted. Errors:
/// invalid_argument.
Result<std::vector<QuotePassenger>> parse_passengers(std::string_view text);

/// The member `passengers`: such a text, or an array of passengers, each of them an object or such a text.
std::vector<QuotePassenger> take_passengers(base::ObjectReader& body, bool required);

}  // namespace railbook::operations

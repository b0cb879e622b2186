#pragma once
/// Passengers as they are written on the command line.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include <railbook/result.hpp>

namespace railbook::cli {

/// `adult:2,child@8`: types of the tariff, each with an age and a number where they are wanted. The answer is the
/// `passengers` of a quote. Errors: invalid_argument.
Result<boost::json::array> parse_passengers(std::string_view text);

/// `GIVEN FAMILY[,TYPE]`; the family name is the last word.
struct PassengerName {
    std::string given_name;
    std::string family_name;
    std::string type;  ///< As it was written, `child@8` too; empty where none was.
};
/// Errors: invalid_argument.
Result<std::vector<PassengerName>> parse_passenger_names(const std::vector<std::string>& texts);

}  // namespace railbook::cli

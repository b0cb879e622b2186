#pragma once
/// Passengers as they are written on the command line.

#include <string>
#include <vector>

#include <railbook/result.hpp>

namespace railbook::cli {

/// `GIVEN FAMILY[,TYPE]`; the family name is the last word.
struct PassengerName {
    std::string given_name;
    std::string family_name;
    std::string type;  ///< As it was written, `child@8` too; empty where none was.
};
/// Errors: invalid_argument.
Result<std::vector<PassengerName>> parse_passenger_names(const std::vector<std::string>& texts);

}  // namespace railbook::cli

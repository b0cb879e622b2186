#include "commands/passengers.hpp"

#include <fmt/format.h>

namespace railbook::cli {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

Result<std::vector<PassengerName>> parse_passenger_names(const std::vector<std::string>& texts) {
    std::vector<PassengerName> passengers;
    for (const auto& text : texts) {
        PassengerName passenger;
        std::string_view name = text;
        const auto comma = name.rfind(',');
        if (comma != std::string_view::npos) {
            passenger.type = trimmed(name.substr(comma + 1));
            name = name.substr(0, comma);
        }
        name = trimmed(name);
        const auto space = name.rfind(' ');
        if (space == std::string_view::npos || (comma != std::string_view::npos && passenger.type.empty())) {
            return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a passenger", text),
                         "write given name, family name and, after a comma, the type: \"Anna Schmidt,adult\""};
        }
        passenger.given_name = trimmed(name.substr(0, space));
        passenger.family_name = name.substr(space + 1);
        passengers.push_back(std::move(passenger));
    }
    return passengers;
}

}  // namespace railbook::cli

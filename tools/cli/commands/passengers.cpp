#include "commands/passengers.hpp"

#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace railbook::cli {
namespace {

namespace json = boost::json;

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

Result<json::array> parse_passengers(std::string_view text) {
    constexpr int kMost = 100;  // more than any hold takes; the engine names the real limit
    json::array passengers;
    while (true) {
        const auto comma = text.find(',');
        const std::string_view whole = trimmed(text.substr(0, comma));
        const auto fail = [&] {
            return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a passenger", whole),
                         "write a type of the tariff, with an age or a number where needed: adult:2,child@8"};
        };
        std::string_view type = whole;
        int count = 1;
        if (const auto colon = type.find(':'); colon != std::string_view::npos) {
            const auto given = number(type.substr(colon + 1));
            if (!given || *given < 1 || *given > kMost) return fail();
            count = *given;
            type = type.substr(0, colon);
        }
        json::object passenger;
        if (const auto at = type.find('@'); at != std::string_view::npos) {
            const auto age = number(type.substr(at + 1));
            if (!age) return fail();
            passenger["age"] = *age;
            type = type.substr(0, at);
        }
        if (!type.empty()) passenger["type"] = type;
        if (passenger.empty()) return fail();
        for (int i = 0; i < count; ++i) passengers.push_back(passenger);
        if (comma == std::string_view::npos) return passengers;
        text.remove_prefix(comma + 1);
    }
}

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

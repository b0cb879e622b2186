#include "operations/passengers.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace railbook::operations {
namespace {

constexpr std::size_t kMost = 100;  // more than any quote takes; pricing names the real limit
constexpr std::int64_t kMaxAge = 150;

std::optional<std::size_t> number(std::string_view text, std::size_t most) {
    std::size_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

QuotePassenger take_passenger(base::ObjectReader reader) {
    QuotePassenger passenger;
    passenger.id = reader.optional_text("id", 64).value_or("");
    passenger.type = reader.optional_text("type", 64);
    if (const auto age = reader.optional_integer("age", 0, kMaxAge)) passenger.age = static_cast<int>(*age);
    reader.finish();
    return passenger;
}

}  // namespace

Result<std::vector<QuotePassenger>> parse_passengers(std::string_view text) {
    std::vector<QuotePassenger> passengers;
    while (true) {
        const auto comma = text.find(',');
        const std::string_view whole = trimmed(text.substr(0, comma));
        const auto fail = [&] {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("'{}' is not a passenger", base::shortened(whole, 64)),
                         "write a type of the tariff, with an age or a number where needed: adult:2,child@8"};
        };
        std::string_view type = whole;
        std::size_t count = 1;
        if (const auto colon = type.find(':'); colon != std::string_view::npos) {
            const auto given = number(type.substr(colon + 1), kMost);
            if (!given || *given < 1) return fail();
            count = *given;
            type = type.substr(0, colon);
        }
        QuotePassenger passenger;
        if (const auto at = type.find('@'); at != std::string_view::npos) {
            const auto age = number(type.substr(at + 1), kMaxAge);
            if (!age) return fail();
            passenger.age = static_cast<int>(*age);
            type = type.substr(0, at);
        }
        if (!type.empty()) passenger.type = type;
        if (!passenger.type && !passenger.age) return fail();
        if (passengers.size() + count > kMost) {
            return Error{ErrorCode::invalid_argument, fmt::format("there are more than {} passengers", kMost),
                         "ask for fewer at once"};
        }
        passengers.insert(passengers.end(), count, passenger);
        if (comma == std::string_view::npos) return passengers;
        text.remove_prefix(comma + 1);
    }
}

std::vector<QuotePassenger> take_passengers(base::ObjectReader& body, bool required) {
    std::vector<QuotePassenger> passengers;
    const auto parse = [&](std::string_view text, const std::string& pointer) {
        auto parsed = parse_passengers(text);
        if (parsed) return *std::move(parsed);
        body.mistakes().push_back({pointer, fmt::format("{}: {}", parsed.error().detail, parsed.error().hint)});
        return std::vector<QuotePassenger>{};
    };
    const auto* member = body.member("passengers");
    if (member && member->is_string())
        return parse(member->get_string(), base::pointer_to(body.pointer(), "passengers"));
    body.array("passengers", kMost, required, [&](const boost::json::value& element, const std::string& pointer) {
        if (!element.is_string()) return passengers.push_back(take_passenger({element, pointer, body.mistakes()}));
        auto parsed = parse(element.get_string(), pointer);
        if (parsed.size() == 1) passengers.push_back(std::move(parsed.front()));
        else if (!parsed.empty()) body.mistakes().push_back({pointer, "is not one passenger"});
    });
    return passengers;
}

}  // namespace railbook::operations

#pragma once
/// Fares, worked out the plain way: to compare with, in answers and in time.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace railbook::test {

struct NaiveRide {
    std::int64_t metres = 0;
    std::string_view travel_class;
    std::string_view passenger;  ///< Its type.
    std::string_view flexibility;
    std::int64_t milliseconds_ahead = 0;
    std::size_t passengers = 1;
    std::string card = {};  ///< Which the passenger may use; empty: none.
};

/// A fare as docs/tariff.md says it, straight from the document and with nothing of the library's.
inline std::int64_t naive_fare(const boost::json::object& tariff, const NaiveRide& ride) {
    const auto text = [](const boost::json::value& value, std::string_view member) {
        return std::string_view{value.as_object().at(member).as_string()};
    };
    const auto percent_of = [](const boost::json::value& value) {
        const auto* percent = value.as_object().if_contains("percent");
        return percent ? percent->as_int64() : 100;
    };
    const auto is_for = [](const boost::json::value& value, std::string_view member, std::string_view name) {
        const auto* list = value.as_object().if_contains(member);
        if (!list) return true;
        for (const auto& each : list->as_array()) {
            if (each.as_string() == name) return true;
        }
        return false;
    };
    std::int64_t base = 0;
    for (const auto& band : tariff.at("distance_bands").as_array()) {
        const auto* end = band.as_object().if_contains("to_km");
        base = band.as_object().at(ride.travel_class).as_int64();
        if (!end || ride.metres <= end->as_int64() * 1000) break;
    }
    std::vector<std::int64_t> percents;
    for (const auto& each : tariff.at("passenger_types").as_array()) {
        if (text(each, "type") == ride.passenger) percents.push_back(percent_of(each));
    }
    for (const auto& each : tariff.at("flexibility").as_array()) {
        if (text(each, "code") == ride.flexibility) percents.push_back(percent_of(each));
    }
    for (const auto& each : tariff.at("advance").as_array()) {
        const auto least = each.as_object().at("hours").as_int64() * 3'600'000;
        if (ride.milliseconds_ahead < least || !is_for(each, "flexibility", ride.flexibility)) continue;
        percents.push_back(percent_of(each));
        break;
    }
    std::int64_t reduced = 100;
    for (const auto& each : tariff.at("groups").as_array()) {
        if (static_cast<std::int64_t>(ride.passengers) >= each.as_object().at("from").as_int64())
            reduced = std::min(reduced, percent_of(each));
    }
    for (const auto& each : tariff.at("cards").as_array()) {
        if (text(each, "code") == ride.card) reduced = std::min(reduced, percent_of(each));
    }
    percents.push_back(reduced);
    std::int64_t numerator = base;
    std::int64_t denominator = 5;  // the unit of the rounding, which is half_up
    for (const auto percent : percents) {
        numerator *= percent;
        denominator *= 100;
    }
    return (2 * numerator + denominator) / (2 * denominator) * 5;
}

}  // namespace railbook::test

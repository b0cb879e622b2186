#pragma once
/// Tariffs: the document of docs/tariff.md as a value. fares.hpp says what follows from it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>

namespace railbook::pricing {

/// Of halves: half_up goes up, half_even to the even multiple. up and down never look at how much is left.
enum class RoundingMode : std::uint8_t { half_up, half_even, up, down };
struct Rounding {
    std::int64_t unit = 1;  ///< Fares are multiples of it, in minor units.
    RoundingMode mode = RoundingMode::half_up;
};

struct PassengerType {
    std::string type;
    std::optional<int> from_age;  ///< Inclusive, like to_age.
    std::optional<int> to_age;
    int percent = 100;  ///< Of the fare.
    bool fits(int age) const { return (!from_age || age >= *from_age) && (!to_age || age <= *to_age); }
};

struct DistanceBand {
    std::int64_t from_km = 0;           ///< One more than where the band before ends.
    std::optional<std::int64_t> to_km;  ///< Inclusive. Missing in the last band only, which then has no end.
    std::vector<std::int64_t> amounts;  ///< In minor units, one a class.
};

/// Until when a ticket may be given back or exchanged, and what is kept for it.
struct Condition {
    std::optional<int> hours_before;  ///< The departure; missing: until the departure itself.
    std::int64_t fee = 0;             ///< In minor units, of each passenger and leg.
};

struct Flexibility {
    std::string code;
    int percent = 100;                ///< Of the fare.
    std::vector<Condition> refund;    ///< Earliest deadline first; after the last one nothing is given back.
    std::vector<Condition> exchange;  ///< The same for exchanges.
};

/// Who buys early pays less.
struct Advance {
    int hours = 1;  ///< At least so long before the first departure.
    int percent = 100;
    std::vector<std::string> flexibility;  ///< Codes that it is for; empty: all. So are the lists of a card.
};

/// What a passenger owns, such as a railcard.
struct Card {
    std::string code;
    int percent = 100;
    std::vector<std::string> classes;
    std::vector<std::string> passenger_types;
    std::vector<std::string> flexibility;
};

struct Group {
    int from = 2;  ///< Passengers.
    int percent = 100;
};

struct Vat {
    std::string country;  ///< ISO 3166-1, two letters.
    int percent_x10 = 0;
};

struct Tariff {
    std::string name;
    std::uint64_t version = 0;
    std::string currency;
    int scale = 2;
    Rounding rounding;
    std::vector<std::string> classes;
    std::vector<PassengerType> passenger_types;
    std::vector<DistanceBand> distance_bands;
    std::vector<Flexibility> flexibility;
    std::vector<Advance> advance;  ///< The earliest first.
    std::vector<Card> cards;
    std::vector<Group> groups;  ///< The smallest first.
    std::vector<Vat> vat;       ///< Contained in the amounts.
};

/// The name of the tariff that is built in. No other may have it.
inline constexpr std::string_view kDefaultTariff = "default";

/// Errors: `code`, with a JSON Pointer for each mistake.
Result<Tariff> parse_tariff(std::string_view json, ErrorCode code);

/// The class's place in `Tariff::classes`; an empty name means the last. Errors: invalid_argument, with the choices.
Result<std::size_t> find_class(const Tariff& tariff, std::string_view name);
/// An empty code means the first. Errors: invalid_argument, with the choices.
Result<const Flexibility*> find_flexibility(const Tariff& tariff, std::string_view code);
/// By type; by age the first type whose ages hold it; with both, the type, if its ages hold the age; with neither
/// `adult`, or the first type of a tariff without one. Errors: invalid_argument, with the choices.
Result<const PassengerType*> find_passenger_type(const Tariff& tariff, const std::optional<std::string>& type,
                                                 std::optional<int> age);

}  // namespace railbook::pricing

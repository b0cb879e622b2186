#pragma once
/// The fare of one passenger on one ride, as a tariff has it. Pure: value in, value out.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/time.hpp>

#include "pricing/tariff.hpp"

namespace railbook::pricing {

/// What all fares of a quote have in common.
struct Sale {
    std::size_t travel_class = 0;  ///< Its place in Tariff::classes.
    const Flexibility* flexibility = nullptr;
    std::size_t passengers = 1;  ///< Who travel together.
    Duration ahead{};            ///< From the sale to the first departure.
};

/// `numerator / denominator` minor units as a multiple of the rounding's unit. Neither is negative.
__extension__ using Wide = __int128;
std::int64_t round_to_unit(Wide numerator, std::int64_t denominator, const Rounding& rounding);

/// The first band that holds the distance (kilometres, rounded up); null beyond the last one.
const DistanceBand* find_band(const Tariff& tariff, std::int64_t metres);

/// The first that is early enough and for that flexibility; null where there is none.
const Advance* find_advance(const Tariff& tariff, const Sale& sale);
/// The largest that the passengers are; null where they are none.
const Group* find_group(const Tariff& tariff, std::size_t passengers);
/// Whether this card is for such a passenger in such a sale.
bool may_use(const Tariff& tariff, const Card& card, const Sale& sale, const PassengerType& type);

/// A part of how a fare came about: `child`, 50 %.
struct Share {
    std::string name;
    int percent = 100;
    bool operator==(const Share&) const = default;
};
/// What one passenger pays for one ride, and why.
struct Fare {
    std::int64_t base = 0;      ///< The band's amount, in minor units.
    std::vector<Share> shares;  ///< Of which these are taken, one after the other; the first is the passenger's type.
    std::int64_t amount = 0;    ///< In minor units, rounded once.
    std::string rule;           ///< Such as `distance 101-200 km, second, child 50%`.
};
/// The amount of the distance's band times every percentage that applies: of the passenger's type, of the flexibility,
/// of how early it is bought, and of the card or of the group, whichever leaves less. `card` may be null; it may be
/// used. Errors: invalid_argument (beyond the last band).
Result<Fare> fare_of(const Tariff& tariff, const Sale& sale, std::int64_t metres, const PassengerType& type,
                     const Card* card);
/// The amount alone.
std::int64_t amount_of(const Tariff& tariff, const Sale& sale, const DistanceBand& band, const PassengerType& type,
                       const Card* card);

/// Which passenger uses which of the cards, in the order of the passengers; null: none. Each card is one passenger's,
/// the one who pays most of those who may use it and have none. Errors: invalid_argument (no such card, or nobody who
/// may use it).
Result<std::vector<const Card*>> deal_cards(const Tariff& tariff, const Sale& sale,
                                            const std::vector<const PassengerType*>& passengers,
                                            const std::vector<std::string>& codes);

}  // namespace railbook::pricing

#include "pricing/fares.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/encoding.hpp"

namespace railbook::pricing {
namespace {

constexpr std::size_t kMaxShown = 64;  // bytes of a caller's text in an error

/// A feed without distances gives 0, one that counts backwards less: both are the shortest ride.
std::int64_t kilometres_of(std::int64_t metres) { return metres <= 0 ? 0 : (metres - 1) / 1000 + 1; }

/// An empty list names all.
bool names(const std::vector<std::string>& list, std::string_view name) {
    return list.empty() || std::ranges::find(list, name) != list.end();
}

/// Every percentage of a fare.
struct Percents {
    const Advance* advance = nullptr;
    const Card* card = nullptr;    // one of these two
    const Group* group = nullptr;
    Wide product = 1;
    std::int64_t whole = 1;  // what the product is of

    void take(int percent) {
        product *= percent;
        whole *= 100;
    }
};

Percents percents_of(const Tariff& tariff, const Sale& sale, const PassengerType& type, const Card* card) {
    Percents found;
    found.take(type.percent);
    found.take(sale.flexibility->percent);
    if ((found.advance = find_advance(tariff, sale))) found.take(found.advance->percent);
    const auto* group = find_group(tariff, sale.passengers);
    if (card && (!group || card->percent <= group->percent)) {
        found.card = card;
        found.take(card->percent);
    } else if (group) {
        found.group = group;
        found.take(group->percent);
    }
    return found;
}

}  // namespace

std::int64_t round_to_unit(Wide numerator, std::int64_t denominator, const Rounding& rounding) {
    const Wide step = Wide{denominator} * rounding.unit;
    const Wide whole = numerator / step;
    const Wide left = numerator % step;
    const auto goes_up = [&] {
        switch (rounding.mode) {
            case RoundingMode::half_up: return 2 * left >= step;
            case RoundingMode::half_even: return 2 * left > step || (2 * left == step && whole % 2 != 0);
            case RoundingMode::up: return left > 0;
            case RoundingMode::down: return false;
        }
        RAILBOOK_ASSERT(false && "a mode outside the list");
    };
    return static_cast<std::int64_t>((whole + (goes_up() ? 1 : 0)) * rounding.unit);
}

const DistanceBand* find_band(const Tariff& tariff, std::int64_t metres) {
    const auto kilometres = kilometres_of(metres);
    const auto band = std::ranges::find_if(
        tariff.distance_bands, [&](const DistanceBand& each) { return !each.to_km || kilometres <= *each.to_km; });
    return band == tariff.distance_bands.end() ? nullptr : &*band;
}

const Advance* find_advance(const Tariff& tariff, const Sale& sale) {
    const auto found = std::ranges::find_if(tariff.advance, [&](const Advance& each) {
        return sale.ahead >= std::chrono::hours{each.hours} && names(each.flexibility, sale.flexibility->code);
    });
    return found == tariff.advance.end() ? nullptr : &*found;
}

const Group* find_group(const Tariff& tariff, std::size_t passengers) {
    const Group* found = nullptr;
    for (const auto& group : tariff.groups) {
        if (passengers >= static_cast<std::size_t>(group.from)) found = &group;
    }
    return found;
}

bool may_use(const Tariff& tariff, const Card& card, const Sale& sale, const PassengerType& type) {
    return names(card.classes, tariff.classes[sale.travel_class]) && names(card.passenger_types, type.type) &&
           names(card.flexibility, sale.flexibility->code);
}

std::int64_t amount_of(const Tariff& tariff, const Sale& sale, const DistanceBand& band, const PassengerType& type,
                       const Card* card) {
    const auto percents = percents_of(tariff, sale, type, card);
    return round_to_unit(band.amounts[sale.travel_class] * percents.product, percents.whole, tariff.rounding);
}

Result<Fare> fare_of(const Tariff& tariff, const Sale& sale, std::int64_t metres, const PassengerType& type,
                     const Card* card) {
    const auto* band = find_band(tariff, metres);
    if (!band) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("the ride has {} km, and the last distance band of the tariff '{}' ends at {} km",
                                 kilometres_of(metres), tariff.name, *tariff.distance_bands.back().to_km)};
    }
    const auto percents = percents_of(tariff, sale, type, card);
    Fare fare;
    fare.base = band->amounts[sale.travel_class];
    fare.amount = round_to_unit(fare.base * percents.product, percents.whole, tariff.rounding);
    fare.shares.push_back({type.type, type.percent});
    if (sale.flexibility->percent != 100) fare.shares.push_back({sale.flexibility->code, sale.flexibility->percent});
    if (percents.advance)
        fare.shares.push_back({fmt::format("{} h ahead", percents.advance->hours), percents.advance->percent});
    if (percents.card) fare.shares.push_back({percents.card->code, percents.card->percent});
    if (percents.group)
        fare.shares.push_back({fmt::format("group of {}", percents.group->from), percents.group->percent});

    if (band->to_km) fare.rule = fmt::format("distance {}-{} km", band->from_km, *band->to_km);
    else fare.rule = fmt::format("distance from {} km", band->from_km);
    fare.rule += fmt::format(", {}", tariff.classes[sale.travel_class]);
    for (const auto& share : fare.shares) {
        fare.rule += ", " + share.name;
        if (share.percent != 100) fare.rule += fmt::format(" {}%", share.percent);
    }
    return fare;
}

Result<std::vector<const Card*>> deal_cards(const Tariff& tariff, const Sale& sale,
                                            const std::vector<const PassengerType*>& passengers,
                                            const std::vector<std::string>& codes) {
    std::vector<const Card*> dealt(passengers.size());
    for (const auto& code : codes) {
        const auto card = std::ranges::find(tariff.cards, code, &Card::code);
        if (card == tariff.cards.end()) {
            std::string known;
            for (const auto& each : tariff.cards) known += (known.empty() ? "it has " : ", ") + each.code;
            return Error{ErrorCode::invalid_argument,
                         fmt::format("the tariff '{}' has no card '{}'", tariff.name, base::shortened(code, kMaxShown)),
                         std::move(known)};
        }
        std::optional<std::size_t> who;
        for (std::size_t i = 0; i < passengers.size(); ++i) {
            if (dealt[i] || !may_use(tariff, *card, sale, *passengers[i])) continue;
            if (!who || passengers[i]->percent > passengers[*who]->percent) who = i;
        }
        if (!who) {
            return Error{ErrorCode::invalid_argument,
                         fmt::format("nobody is left who can use the card '{}' in class '{}' with {}", card->code,
                                     tariff.classes[sale.travel_class], sale.flexibility->code)};
        }
        dealt[*who] = &*card;
    }
    return dealt;
}

}  // namespace railbook::pricing

#pragma once
/// Journeys as a buyer sees them: what the search finds, with the seats that are free and the lowest price.

#include <railbook/engine.hpp>

namespace railbook::engine {

/// Who knows what a journey is to a buyer.
struct Sellers {
    Search& search;
    Pricing& pricing;
    Inventory& inventory;
};

/// See Engine::find_journeys.
Result<JourneyPage> find_journeys(const Sellers& sellers, const JourneyQuery& query, const TravelWishes& wishes);

}  // namespace railbook::engine

#include "engine/journeys.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace railbook::engine {
namespace {

/// Whether what the search finds is less than what is wanted.
bool is_choosy(const TravelWishes& wishes) {
    return wishes.with_seats || wishes.together || wishes.max_price || !wishes.travel_class.empty();
}

/// The classes of which there are seats for all on every leg. `free` are the answers for its legs, in their order.
std::vector<std::string> classes_of(const Journey& journey, const Availability* free, int party,
                                    const TravelWishes& wishes) {
    std::vector<std::string> classes;
    for (const auto& [travel_class, ignored] : free->free) {
        if (!wishes.travel_class.empty() && travel_class != wishes.travel_class) continue;
        const bool everywhere = std::all_of(free, free + journey.legs.size(), [&](const Availability& leg) {
            const auto seats = leg.free.find(travel_class);
            return seats != leg.free.end() && seats->second >= party &&
                   (!wishes.together || std::ranges::find(leg.together, travel_class) != leg.together.end());
        });
        if (everywhere) classes.push_back(travel_class);
    }
    return classes;
}

/// A pinned run is sold as it was, and so it is shown.
void show_as_sold(Leg& leg, const SoldRide& sold) {
    leg.span = sold.span;
    leg.stops = static_cast<std::size_t>(sold.span.to - sold.span.from) - 1;
    leg.from = sold.from;
    leg.to = sold.to;
    leg.distance = sold.distance;
}

/// Whether each leg leaves once the one before it is there: with other times than the timetable's it may not.
bool holds_together(const Journey& journey) {
    return std::ranges::adjacent_find(journey.legs, [](const Leg& leg, const Leg& next) {
               return next.from.time < leg.to.time;
           }) == journey.legs.end();
}

/// Looks up what is free on the journeys and what they cost, and leaves out those that are not as wished, or that the
/// times of what was sold make impossible.
Status complete(const Sellers& sellers, const std::vector<QuotePassenger>& passengers, const TravelWishes& wishes,
                std::vector<Journey>& journeys) {
    const auto party = static_cast<int>(passengers.size());
    std::vector<Ride> rides;
    for (const auto& journey : journeys) {
        for (const auto& leg : journey.legs) rides.push_back({leg.run, leg.span, leg.from.call, leg.to.call});
    }
    auto availability = sellers.inventory.availability(rides, wishes.together ? party : 1);
    if (!availability) return availability.error();
    std::vector<PricedJourney> priced;
    auto* next = availability->data();
    for (auto& journey : journeys) {
        auto& wanted = priced.emplace_back();
        wanted.classes = classes_of(journey, next, party, wishes);
        for (auto& leg : journey.legs) {
            if (next->as_sold) show_as_sold(leg, *next->as_sold);
            wanted.distances.push_back(leg.distance);
            leg.free = std::move((next++)->free);
        }
        if (!holds_together(journey)) wanted.classes.clear();
    }
    const auto prices = sellers.pricing.lowest_prices(passengers, priced);
    if (!prices) return prices.error();
    for (std::size_t i = 0; i < journeys.size(); ++i) journeys[i].price_from = (*prices)[i];

    const bool with_seats = is_choosy(wishes);
    // By departure; those that leave together stay in their order.
    std::multimap<Timestamp, Journey> kept;
    for (std::size_t i = 0; i < journeys.size(); ++i) {
        if (!holds_together(journeys[i]) || (with_seats && priced[i].classes.empty())) continue;
        const auto& price = journeys[i].price_from;
        if (wishes.max_price) {
            if (!price) continue;
            if (price->currency != wishes.max_price->currency) {
                return Error{ErrorCode::invalid_argument, fmt::format("prices are in {}, and not in {}",
                                                                      price->currency, wishes.max_price->currency)};
            }
            if (price->amount > wishes.max_price->amount) continue;
        }
        const auto departure = journeys[i].departure();
        kept.emplace(departure, std::move(journeys[i]));
    }
    journeys.clear();
    for (auto& [departure, journey] : kept) journeys.push_back(std::move(journey));
    return {};
}

/// For one moment: of the journeys that leave then or later, or arrive by then, for each number of changes the first to
/// arrive, or last to leave, that is as wished, if it is better than those with fewer.
Result<JourneyPage> find_next(const Sellers& sellers, const std::vector<QuotePassenger>& passengers,
                              const JourneyQuery& query, const TravelWishes& wishes) {
    // By departure in either case: what is best of those that arrive by the end is among the best of the whole time.
    const bool departs = query.depart.has_value();
    const Timestamp begin = departs ? *query.depart : *query.arrive - query.max_duration;
    const Timestamp end = begin + query.max_duration;
    auto rest = query;
    rest.depart = begin;
    rest.arrive = std::nullopt;
    rest.limit = kMaxPage;
    std::map<std::size_t, Journey> best;  // by changes
    JourneyPage answer;
    while (*rest.depart < end) {
        rest.window = end - *rest.depart;
        auto page = sellers.search.find(rest);
        if (!page) return page;
        answer.later_cursor = page->later_cursor;
        auto& journeys = page->journeys;
        if (journeys.empty()) break;
        // Journeys that leave at one moment are on one page.
        rest.depart = journeys.back().departure() + Duration{1};
        std::erase_if(journeys, [&](const Journey& journey) { return journey.arrival() > end; });
        if (const auto done = complete(sellers, passengers, wishes, journeys); !done) return done.error();
        // None of these beats another, so of those with equal changes whoever leaves later arrives later.
        for (auto& journey : journeys) {
            const auto changes = journey.changes();
            if (departs) best.try_emplace(changes, std::move(journey));
            else best.insert_or_assign(changes, std::move(journey));
        }
        if (departs && best.contains(0)) break;
    }
    for (auto& [changes, journey] : best) {
        const bool is_better = std::ranges::all_of(answer.journeys, [&, mine = &journey](const Journey& other) {
            return departs ? mine->arrival() < other.arrival() : mine->departure() > other.departure();
        });
        if (is_better) answer.journeys.push_back(std::move(journey));
    }
    std::ranges::sort(answer.journeys, {}, &Journey::departure);
    if (!answer.journeys.empty()) answer.later_cursor = to_string(answer.journeys.front().departure() + Duration{1});
    return answer;
}

}  // namespace

Result<JourneyPage> find_journeys(const Sellers& sellers, const JourneyQuery& query, const TravelWishes& wishes) {
    auto passengers = wishes.passengers;
    if (passengers.empty()) passengers.emplace_back();
    auto page = sellers.search.find(query);
    if (!page) return page;
    const auto found = page->journeys.size();
    if (const auto done = complete(sellers, passengers, wishes, page->journeys); !done) return done.error();
    const bool one = query.window == Duration{0};
    if (one && page->journeys.size() < found) return find_next(sellers, passengers, query, wishes);
    return page;
}

}  // namespace railbook::engine

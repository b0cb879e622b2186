#include "engine/journeys.hpp"

#include <algorithm>
#include <map>
#include <tuple>

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

/// Whether it is an answer to the query by its times.
bool is_asked_for(const Journey& journey, const JourneyQuery& query) {
    if (journey.duration() > query.max_duration) return false;
    const bool one = query.window == Duration{0};
    const auto departure = journey.departure();
    const auto arrival = journey.arrival();
    if (query.arrive) {
        const auto begin = *query.arrive - (one ? query.max_duration : query.window);
        return arrival <= *query.arrive && (one ? departure >= begin : arrival > begin);
    }
    const auto begin = query.depart ? *query.depart : *query.before - query.window;
    const auto end = begin + (one ? query.max_duration : query.window);
    return departure >= begin && (one ? arrival <= end : departure < end);
}

/// Shows a leg as its pinned run is sold. Whether that is another ride than the timetable's.
bool show_as_sold(Leg& leg, const SoldRide& sold) {
    const bool is_other = leg.from != sold.from || leg.to != sold.to;
    leg.span = sold.span;
    leg.stops = static_cast<std::size_t>(sold.span.to - sold.span.from) - 1;
    leg.from = sold.from;
    leg.to = sold.to;
    leg.distance = sold.distance;
    return is_other;
}

/// The time from one leg to the next.
Duration between(const Leg& leg, const Leg& next) { return next.from.time - leg.to.time; }

/// Shows a journey as its pinned runs are sold. Whether it is still one that the query asks for: with other times its
/// changes may be too short, or it leaves when nobody asked for it.
Result<bool> show_as_sold(Search& search, Journey& journey, const Availability* legs, const JourneyQuery& query) {
    const auto planned = journey.legs;
    bool is_other = false;
    for (std::size_t i = 0; i < planned.size(); ++i) {
        if (legs[i].as_sold && show_as_sold(journey.legs[i], *legs[i].as_sold)) is_other = true;
    }
    if (!is_other) return true;
    for (std::size_t i = 1; i < planned.size(); ++i) {
        // What the timetable demands is not more than what it leaves.
        const auto demanded =
            planned[i].stays ? Duration{0} : std::min(between(planned[i - 1], planned[i]), query.min_change);
        if (between(journey.legs[i - 1], journey.legs[i]) < demanded) return false;
    }
    if (!is_asked_for(journey, query)) return false;
    // What is shown can be bought: whoever does so names it by its id.
    const auto found = search.journey(journey.id);
    if (!found && found.error().code != ErrorCode::not_found) return found.error();
    return found.has_value();
}

/// Looks up what is free on the journeys and what they cost, and leaves out those that are not as wished, or that the
/// times of what was sold make impossible.
Status complete(const Sellers& sellers, const JourneyQuery& query, const TravelWishes& wishes,
                std::vector<Journey>& journeys) {
    auto passengers = wishes.passengers;
    if (passengers.empty()) passengers.emplace_back();
    const auto party = static_cast<int>(passengers.size());
    std::vector<Ride> rides;
    for (const auto& journey : journeys) {
        for (const auto& leg : journey.legs) rides.push_back({leg.run, leg.span, leg.from.call, leg.to.call});
    }
    auto availability = sellers.inventory.availability(rides, wishes.together ? party : 1);
    if (!availability) return availability.error();

    std::vector<Journey> shown;
    std::vector<PricedJourney> priced;
    auto* next = availability->data();
    for (auto& journey : journeys) {
        auto* const legs = next;
        next += journey.legs.size();
        const auto is_shown = show_as_sold(sellers.search, journey, legs, query);
        if (!is_shown) return is_shown.error();
        if (!*is_shown) continue;
        PricedJourney wanted{.distances = {},
                             .classes = classes_of(journey, legs, party, wishes),
                             .departure = journey.departure()};
        if (wanted.classes.empty() && is_choosy(wishes)) continue;
        for (std::size_t i = 0; i < journey.legs.size(); ++i) {
            wanted.distances.push_back(journey.legs[i].distance);
            journey.legs[i].free = std::move(legs[i].free);
        }
        shown.push_back(std::move(journey));
        priced.push_back(std::move(wanted));
    }
    auto prices = sellers.pricing.lowest_prices(passengers, priced);
    if (!prices) return prices.error();
    const auto& most = wishes.max_price;
    if (most && most->currency != prices->currency) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("prices are in {}, and not in {}", prices->currency, most->currency)};
    }
    journeys.clear();
    for (std::size_t i = 0; i < shown.size(); ++i) {
        auto& price = prices->prices[i];
        if (most && (!price || price->amount > most->amount)) continue;
        shown[i].price_from = std::move(price);
        journeys.push_back(std::move(shown[i]));
    }
    std::ranges::sort(journeys, {}, [](const Journey& journey) {
        return std::tuple{journey.departure(), journey.arrival(), journey.changes()};
    });
    return {};
}

/// For one moment, of which not all that the search found is as wished: for each number of changes the first
/// journey to arrive, or the last to leave, that is as wished, if it is better than those with fewer.
class NextAsWished {
public:
    /// `fewest` are the changes that any journey of this time has.
    NextAsWished(const Sellers& sellers, const JourneyQuery& query, const TravelWishes& wishes, std::size_t fewest)
        : sellers_{sellers},
          query_{query},
          wishes_{wishes},
          departs_{query.depart.has_value()},
          begin_{departs_ ? *query.depart : *query.arrive - query.max_duration},
          end_{begin_ + query.max_duration},
          fewest_{fewest} {}

    /// Page by page from the end that was asked for, until no other journey can be better.
    Result<JourneyPage> find() {
        // By departure in either case: the best of those that arrive by the end are among the best of the whole time.
        auto rest = query_;
        rest.arrive = std::nullopt;
        rest.limit = kMaxPage;
        auto from = begin_;
        auto to = end_;
        while (from < to && !is_decided(from)) {
            if (departs_) rest.depart = from;
            else rest.before = to;
            rest.window = to - from;
            auto page = sellers_.search.find(rest);
            if (!page) return page;
            if (departs_ || to == end_) beyond_ = page->later_cursor;
            if (!departs_ || from == begin_) before_ = page->earlier_cursor;
            if (page->journeys.empty()) break;
            // Journeys that leave at one moment are on one page.
            if (departs_) from = page->journeys.back().departure() + Duration{1};
            else to = page->journeys.front().departure();
            if (const auto done = add(page->journeys); !done) return done.error();
        }
        return answer();
    }

private:
    /// Whether nothing that leaves from then on, or before what was looked at, can be better than what was found.
    bool is_decided(Timestamp from) const {
        const auto found = best_.find(fewest_);
        return found != best_.end() && (!departs_ || found->second.arrival() <= from);
    }

    Status add(std::vector<Journey>& journeys) {
        for (const auto& journey : journeys) {
            // The next page has it.
            if (journey.arrival() > end_) next_ = std::min(next_, journey.departure());
            else planned_departures_.emplace(journey.id, journey.departure());
        }
        std::erase_if(journeys, [&](const Journey& journey) { return journey.arrival() > end_; });
        if (const auto done = complete(sellers_, query_, wishes_, journeys); !done) return done;
        for (auto& journey : journeys) {
            const auto [known, is_new] = best_.try_emplace(journey.changes(), journey);
            if (!is_new && is_better(journey, known->second)) known->second = std::move(journey);
        }
        return {};
    }

    bool is_better(const Journey& journey, const Journey& other) const {
        return departs_ ? journey.arrival() < other.arrival() : journey.departure() > other.departure();
    }

    JourneyPage answer() {
        JourneyPage page;
        for (auto& [changes, journey] : best_) {
            const bool is_worth_it = std::ranges::all_of(
                page.journeys, [&, mine = &journey](const Journey& other) { return is_better(*mine, other); });
            if (is_worth_it) page.journeys.push_back(std::move(journey));
        }
        std::ranges::sort(page.journeys, {}, &Journey::departure);
        if (page.journeys.size() > query_.limit) {
            const auto more = static_cast<std::ptrdiff_t>(page.journeys.size() - query_.limit);
            page.journeys.erase(departs_ ? page.journeys.end() - more : page.journeys.begin(),
                                departs_ ? page.journeys.end() : page.journeys.begin() + more);
            page.is_cut = true;
        }
        // By the timetable's times, whatever the times of what is sold: by these the search turns its pages.
        auto first = Timestamp::max();
        for (const auto& journey : page.journeys) first = std::min(first, planned_departures_.at(journey.id));
        const auto later = first == Timestamp::max() ? next_ : std::min(next_, first + Duration{1});
        page.later_cursor = later == Timestamp::max() ? beyond_ : to_string(later);
        page.earlier_cursor = departs_ || first == Timestamp::max() ? before_ : to_string(first);
        return page;
    }

    const Sellers& sellers_;
    const JourneyQuery& query_;
    const TravelWishes& wishes_;
    const bool departs_;
    const Timestamp begin_;
    const Timestamp end_;
    const std::size_t fewest_;
    std::map<std::size_t, Journey> best_;                  // by changes
    std::map<std::string, Timestamp> planned_departures_;  // by journey
    Timestamp next_ = Timestamp::max();                    // when the first leaves that arrives too late
    std::string beyond_;                                   // the cursor after all of the time
    std::string before_;                                   // and the one before what was looked at
};

}  // namespace

Result<JourneyPage> find_journeys(const Sellers& sellers, const JourneyQuery& query, const TravelWishes& wishes) {
    auto page = sellers.search.find(query);
    if (!page) return page;
    const auto found = page->journeys.size();
    std::size_t fewest = JourneyQuery::kMaxChanges;
    for (const auto& journey : page->journeys) fewest = std::min(fewest, journey.changes());
    if (const auto done = complete(sellers, query, wishes, page->journeys); !done) return done.error();
    if (query.window != Duration{0} || page->journeys.size() == found) return page;
    return NextAsWished{sellers, query, wishes, fewest}.find();
}

}  // namespace railbook::engine

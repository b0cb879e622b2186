#include <railbook/search.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "search/direct.hpp"
#include "timetable/snapshot.hpp"

namespace railbook {
namespace {

using search::End;
using search::Ride;
using search::TimeWindow;
using timetable::Network;
using timetable::Snapshot;

/// No journey has more; a longer id is refused before anything is looked up.
constexpr std::size_t kMaxLegs = 16;
/// Not to be encoded in the parts of a journey's id. What separates them, `/` and `+`, is.
constexpr std::string_view kKeep = ":@,";

struct Place {
    const Network* network;
    timetable::Index station;
};

Result<Place> place_of(const Snapshot& snapshot, const StationId& id) {
    const auto* network = snapshot.find(id.feed);
    const auto station = network ? network->find_station(id.stop) : std::nullopt;
    if (!station) return Error{ErrorCode::not_found, fmt::format("there is no station '{}'", to_string(id))};
    return Place{network, *station};
}

Status check(const JourneyQuery& query) {
    const auto fail = [](std::string detail) { return Error{ErrorCode::invalid_argument, std::move(detail)}; };
    if (query.depart.has_value() == query.arrive.has_value()) {
        return fail("ask for a departure or for an arrival, and not for both");
    }
    if (query.window < Duration{0} || query.window > JourneyQuery::kMaxWindow) {
        return fail(fmt::format("the window must be from 0 to {}", to_string(JourneyQuery::kMaxWindow)));
    }
    if (query.limit < 1 || query.limit > kMaxPage) return fail(fmt::format("the limit must be from 1 to {}", kMaxPage));
    // Far from the ends of what a Timestamp holds, so that adding a window cannot overflow.
    constexpr std::chrono::sys_days kFirst{std::chrono::year{1800} / 1 / 1};
    constexpr std::chrono::sys_days kLast{std::chrono::year{2300} / 1 / 1};
    const Timestamp asked = query.depart ? *query.depart : *query.arrive;
    if (asked < kFirst || asked > kLast) return fail("the time must be between the years 1800 and 2300");
    return {};
}

Error outside(const Network& network) {
    return {ErrorCode::not_found,
            fmt::format("the timetable '{}' has trains from {} to {} only", network.feed(),
                        to_string(network.first_date()), to_string(network.last_date())),
            "ask for a date within it, or import the feed again with --rebase DATE"};
}

/// [depart, depart + window), or for arrivals (arrive - window, arrive], in whole milliseconds.
TimeWindow window_of(const JourneyQuery& query) {
    const Duration length = query.window == Duration{0} ? JourneyQuery::kMaxWindow : query.window;
    if (query.depart) return {*query.depart, *query.depart + length};
    return {*query.arrive - length + Duration{1}, *query.arrive + Duration{1}};
}

/// The one journey that a window of 0 asks for.
void keep_best(std::vector<Ride>& rides, End end) {
    const auto best = std::ranges::min_element(rides, [end](const Ride& left, const Ride& right) {
        if (end == End::departure && left.arrival != right.arrival) return left.arrival < right.arrival;
        if (left.departure != right.departure) return left.departure > right.departure;
        return left.arrival < right.arrival;
    });
    if (best != rides.end()) rides = {Ride{*best}};
}

/// Cuts the list to the limit, from its end or (asked by arrival: the last ones are the best) from its front. What
/// leaves at the same moment is not separated, because a cursor could not continue between it.
void cut(std::vector<Ride>& rides, std::size_t limit, End end) {
    if (rides.size() <= limit) return;
    if (end == End::departure) {
        auto size = limit;
        while (size > 0 && rides[size - 1].departure == rides[size].departure) --size;
        if (size == 0) {
            size = limit;
            while (size < rides.size() && rides[size].departure == rides.front().departure) ++size;
        }
        rides.resize(size);
    } else {
        auto skip = rides.size() - limit;
        while (skip < rides.size() && rides[skip].departure == rides[skip - 1].departure) ++skip;
        if (skip == rides.size()) {
            skip = rides.size() - limit;
            while (skip > 0 && rides[skip - 1].departure == rides.back().departure) --skip;
        }
        rides.erase(rides.begin(), rides.begin() + static_cast<std::ptrdiff_t>(skip));
    }
}

Journey journey_of(std::vector<Leg> legs) {
    Journey journey{journey_id(legs), std::move(legs)};
    return journey;
}

Error not_a_journey(std::string_view why) {
    return {ErrorCode::invalid_argument, fmt::format("this is not the id of a journey: {}", why),
            "take it from the answer to a search"};
}

/// Takes what stands before the separator off `text`.
std::string_view take_until(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const auto taken = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return taken;
}

/// The call that an id's text names: the one that is written so, before any that `find_call` would take it for.
Result<std::size_t> find_exactly(const Run& run, std::string_view text, std::size_t first) {
    for (std::size_t i = first; i < run.calls.size(); ++i) {
        if (to_string(run.calls[i].id) == text) return i;
    }
    return find_call(run, text, first);
}

Result<Leg> parse_leg(Timetable& timetable, std::string_view text) {
    std::string parts[3];
    for (auto& part : parts) {
        const auto decoded = base::percent_decode(take_until(text, '/'));
        if (!decoded || decoded->empty()) return not_a_journey("a leg is RUN/FROM/TO");
        part = *decoded;
    }
    if (!text.empty()) return not_a_journey("a leg is RUN/FROM/TO");
    const auto run = timetable.run(parts[0]);
    if (!run) return run.error();
    const auto from = find_exactly(*run, parts[1], 0);
    if (!from) return from.error();
    const auto to = find_exactly(*run, parts[2], *from + 1);
    if (!to) return to.error();
    if (!run->calls[*from].pick_up || !run->calls[*to].drop_off) {
        return Error{ErrorCode::not_found, fmt::format("{} does not let passengers {} at {}", run->train,
                                                       run->calls[*from].pick_up ? "alight" : "board",
                                                       run->calls[run->calls[*from].pick_up ? *to : *from].name)};
    }
    return Leg{.run = run->id,
               .train = run->train,
               .headsign = run->headsign,
               .from = departure_of(*run, *from),
               .to = arrival_of(*run, *to),
               .span = {static_cast<std::uint16_t>(*from), static_cast<std::uint16_t>(*to)},
               .stops = *to - *from - 1};
}

}  // namespace

std::string journey_id(const std::vector<Leg>& legs) {
    std::string id;
    for (const auto& leg : legs) {
        if (!id.empty()) id += '+';
        id += base::percent_encode(to_string(leg.run), kKeep);
        id += '/';
        id += base::percent_encode(to_string(leg.from.call), kKeep);
        id += '/';
        id += base::percent_encode(to_string(leg.to.call), kKeep);
    }
    return id;
}

Search::Search(Timetable& timetable) : timetable_{timetable} {}

Result<JourneyPage> Search::find(const JourneyQuery& query) {
    if (const auto sound = check(query); !sound) return sound.error();
    const auto snapshot = timetable_.snapshot();
    if (!snapshot) return snapshot.error();
    const auto from = place_of(**snapshot, query.from);
    if (!from) return from.error();
    const auto to = place_of(**snapshot, query.to);
    if (!to) return to.error();
    // No train leads from one feed to another.
    if (from->network != to->network) return JourneyPage{};
    const auto& network = *from->network;
    if (from->station == to->station) {
        return Error{ErrorCode::invalid_argument, fmt::format("the journey begins and ends at {}",
                                                              network.data().stations[from->station].name)};
    }
    const auto end = query.depart ? End::departure : End::arrival;
    const auto window = window_of(query);
    if (window.to <= network.begins() || window.from >= network.ends()) return outside(network);

    auto rides = search::direct_rides(network, from->station, to->station, end, window);
    const auto all = rides.size();
    if (query.window == Duration{0}) keep_best(rides, end);
    cut(rides, query.limit, end);

    JourneyPage page;
    for (const auto& ride : rides) page.journeys.push_back(journey_of({search::leg_of(network, ride)}));
    // The pages before and after are asked by departure, whichever way this one was.
    const bool whole = end == End::departure && rides.size() == all;
    const Timestamp first = end == End::departure || rides.empty() ? window.from : rides.front().departure;
    const Timestamp last = whole || rides.empty() ? window.to : rides.back().departure + Duration{1};
    const bool one = query.window == Duration{0};
    if (first > network.begins() && !one) page.earlier_cursor = to_string(first - query.window);
    if (last < network.ends()) page.later_cursor = to_string(last);
    return page;
}

Result<Journey> Search::journey(std::string_view id) {
    if (id.empty()) return not_a_journey("it is empty");
    if (static_cast<std::size_t>(std::ranges::count(id, '+')) >= kMaxLegs) return not_a_journey("it has too many legs");
    std::vector<Leg> legs;
    while (!id.empty()) {
        const bool more = id.find('+') != std::string_view::npos;
        auto leg = parse_leg(timetable_, take_until(id, '+'));
        if (!leg) return leg.error();
        if (more && id.empty()) return not_a_journey("a leg is missing at its end");
        if (!legs.empty() && leg->from.time < legs.back().to.time) {
            return not_a_journey("a leg leaves before the one before it arrives");
        }
        legs.push_back(*std::move(leg));
    }
    return journey_of(std::move(legs));
}

}  // namespace railbook

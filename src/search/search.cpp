#include <railbook/search.hpp>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "search/cached.hpp"
#include "search/finder.hpp"
#include "search/train_types.hpp"
#include "timetable/one_version.hpp"
#include "timetable/snapshot.hpp"

namespace railbook {
namespace {

using search::End;
using search::FoundJourney;
using search::JourneyFinder;
using search::Question;
using search::TimeWindow;
using timetable::Network;
using timetable::Snapshot;

/// No journey has more; a longer id is refused before anything is looked up.
constexpr std::size_t kMaxLegs = 128;
/// Not to be encoded in the parts of a journey's id. What separates them, `/` and `+`, is.
constexpr std::string_view kKeep = ":@,";

/// The stations of a journey in one network, from the first to the last.
struct Way {
    std::shared_ptr<const Network> network;
    std::vector<timetable::Index> stations;
    const timetable::JoinedNetwork* joined = nullptr;  ///< That has the network; null: it is of one feed.
};

Error twice(const JourneyQuery& query, const timetable::FoundStation& station) {
    const auto name = station.network->data().stations[station.index].name;
    return {ErrorCode::invalid_argument, query.via.empty()
                                             ? fmt::format("the journey begins and ends at {}", name)
                                             : fmt::format("the journey calls at {} twice in a row", name)};
}

/// A place: its station in each feed that has it.
using Place = std::span<const timetable::FoundStation>;

/// Nothing where the network does not have all of the places.
template <class StationOf>
std::optional<Way> way_through(const std::vector<Place>& places, std::shared_ptr<const Network> network,
                               const timetable::JoinedNetwork* joined, const StationOf& station_of) {
    Way way{std::move(network), {}, joined};
    for (const auto& place : places) {
        const std::optional<timetable::Index> station = station_of(place);
        if (!station) return std::nullopt;
        way.stations.push_back(*station);
    }
    return way;
}

std::optional<timetable::Index> station_in(const Network& network, const Place& place) {
    const auto found = std::ranges::find(place, &network, &timetable::FoundStation::network);
    return found == place.end() ? std::nullopt : std::optional{found->index};
}

/// One for each network that has all the stations: of feeds that are joined, and of those that are not, or not on all
/// of their days. The feed first that the query names. Errors: not_found; invalid_argument (the same station twice in a
/// row).
Result<std::vector<Way>> ways_of(const Snapshot& snapshot, const JourneyQuery& query) {
    std::vector<StationId> ids{query.from};
    ids.insert(ids.end(), query.via.begin(), query.via.end());
    ids.push_back(query.to);
    std::vector<Place> places;
    std::vector<timetable::FoundStation> own(ids.size());
    for (const auto& id : ids) {
        const auto* network = snapshot.find(id.feed);
        const auto station = network ? network->find_station(id.stop) : std::nullopt;
        if (!station) return Error{ErrorCode::not_found, fmt::format("there is no station '{}'", to_string(id))};
        auto& found = own[places.size()] = {network, *station};
        // Where there is one feed, the index of all feeds' stations need not be made for this.
        const auto place = snapshot.parts.size() == 1 ? Place{&found, 1} : snapshot.stations().place_of(found).stations;
        if (!places.empty() && places.back().front() == place.front()) return twice(query, found);
        places.push_back(place);
    }
    std::vector<Way> ways;
    const auto add = [&](std::optional<Way> way) {
        if (way) ways.push_back(*std::move(way));
    };
    const auto& joined = snapshot.joined();
    for (const auto& part : snapshot.parts) {
        // What the feed has that the query names comes before what is as good in another.
        const auto is_enough = [&](const auto& each) { return each.has_all_days() && each.has(*part.network); };
        if (part.feed.name != query.from.feed && std::ranges::any_of(joined, is_enough)) continue;
        add(way_through(places, part.network, nullptr,
                        [&](const Place& place) { return station_in(*part.network, place); }));
    }
    const auto named = std::ranges::find(ways, query.from.feed, [](const Way& way) { return way.network->feed(); });
    if (named != ways.end()) std::rotate(ways.begin(), named, named + 1);
    for (const auto& each : joined) {
        add(way_through(places, each.network(), &each, [&](const Place& place) { return each.station_of(place); }));
    }
    return ways;
}

Status check(const JourneyQuery& query) {
    const auto fail = [](std::string detail) { return Error{ErrorCode::invalid_argument, std::move(detail)}; };
    if (int{query.depart.has_value()} + int{query.arrive.has_value()} + int{query.before.has_value()} != 1) {
        return fail("ask for a departure, for an arrival or for a departure before a time, and for one of them only");
    }
    if (query.before && query.window == Duration{0}) return fail("journeys before a time need a window");
    if (query.window < Duration{0} || query.window > JourneyQuery::kMaxWindow) {
        return fail(fmt::format("the window must be from 0 to {}", to_string(JourneyQuery::kMaxWindow)));
    }
    if (query.limit < 1 || query.limit > kMaxPage) return fail(fmt::format("the limit must be from 1 to {}", kMaxPage));
    if (query.max_changes < 0 || query.max_changes > JourneyQuery::kMaxChanges) {
        return fail(fmt::format("the changes must be from 0 to {}", JourneyQuery::kMaxChanges));
    }
    if (query.min_change < Duration{0} || query.min_change > std::chrono::hours{24}) {
        return fail("the time for a change must be from 0 to 24h");
    }
    if (query.max_duration < std::chrono::seconds{1} || query.max_duration > JourneyQuery::kMaxWindow) {
        return fail(fmt::format("the longest duration must be from 1s to {}", to_string(JourneyQuery::kMaxWindow)));
    }
    if (query.via.size() > JourneyQuery::kMaxVia) {
        return fail(fmt::format("there may be up to {} stations on the way", JourneyQuery::kMaxVia));
    }
    if (std::ranges::any_of(query.trains, [](const auto& type) { return search::folded_types({type}).empty(); })) {
        return fail("a kind of train has a letter or a digit");
    }
    if (query.trains.size() > JourneyQuery::kMaxTrains) {
        return fail(fmt::format("there may be up to {} kinds of trains", JourneyQuery::kMaxTrains));
    }
    // Far from the ends of what a Timestamp holds, so that adding a window cannot overflow.
    constexpr std::chrono::sys_days kFirst{std::chrono::year{1800} / 1 / 1};
    constexpr std::chrono::sys_days kLast{std::chrono::year{2300} / 1 / 1};
    const Timestamp asked = query.depart ? *query.depart : query.arrive ? *query.arrive : *query.before;
    if (asked < kFirst || asked > kLast) return fail("the time must be between the years 1800 and 2300");
    return {};
}

Error outside(const Network& network) {
    return {ErrorCode::not_found,
            fmt::format("the timetable '{}' has trains from {} to {} only", network.feed(),
                        to_string(network.first_date()), to_string(network.last_date())),
            "ask for a date within it, or import the feed again with --rebase DATE"};
}

/// In whole seconds: [depart, depart + window), or for arrivals (arrive - window, arrive], with both ends up by one.
/// A window of 0 reaches as far as a journey may last.
TimeWindow window_of(const JourneyQuery& query) {
    const Duration length = query.window == Duration{0} ? query.max_duration : query.window;
    if (query.depart) return {*query.depart, *query.depart + length};
    if (query.before) return {*query.before - length, *query.before};
    return {*query.arrive - length + Duration{1}, *query.arrive + Duration{1}};
}

template <class Rounded>
std::int64_t count_of(Rounded seconds) {
    return seconds.time_since_epoch().count();
}

/// `query` is checked.
Question question_of(const JourneyQuery& query, const Way& way) {
    using std::chrono::seconds;
    Question question{.from = way.stations.front(),
                      .to = way.stations.back(),
                      .via = {way.stations.begin() + 1, way.stations.end() - 1}};
    question.most_changes = query.max_changes;
    question.longest = static_cast<std::int32_t>(std::chrono::floor<seconds>(query.max_duration).count());
    question.usual_change = static_cast<std::int32_t>(std::chrono::ceil<seconds>(query.min_change).count());
    std::int64_t other_end = 0;
    if (!query.arrive) {
        const Timestamp begin = query.depart ? *query.depart : *query.before - query.window;
        question.time = count_of(std::chrono::ceil<seconds>(begin));
        other_end = count_of(std::chrono::ceil<seconds>(begin + query.window));
    } else {
        question.end = End::arrival;
        question.time = count_of(std::chrono::floor<seconds>(*query.arrive));
        other_end = count_of(std::chrono::floor<seconds>(*query.arrive - query.window));
    }
    if (query.window != Duration{0}) question.window = static_cast<std::int32_t>(std::abs(other_end - question.time));
    return question;
}

/// What one of the networks has to offer.
struct Offer {
    const Way* way = nullptr;
    FoundJourney journey;
    Timestamp departure() const { return journey.departure(); }
    Timestamp arrival() const { return journey.arrival(); }
};

/// Leaves out what another network has at least as good, and orders the rest as one list.
void merge(std::vector<Offer>& offers, const JourneyQuery& query) {
    const bool one = query.window == Duration{0};
    // For one moment, the end that was not asked for only decides between equals.
    const auto is_no_better = [&](const Offer& offer, const Offer& other) {
        const bool leaves_later = offer.departure() > other.departure();
        const bool arrives_earlier = offer.arrival() < other.arrival();
        if (offer.journey.changes < other.journey.changes) return false;
        if (!one) return !leaves_later && !arrives_earlier;
        const bool is_better = query.depart ? arrives_earlier : leaves_later;
        const bool is_equal =
            offer.journey.changes == other.journey.changes &&
            (query.depart ? offer.arrival() == other.arrival() : offer.departure() == other.departure());
        return !is_better && !(is_equal && (query.depart ? leaves_later : arrives_earlier));
    };
    std::vector<Offer> kept;
    for (auto& offer : offers) {
        if (std::ranges::any_of(kept, [&](const Offer& other) { return is_no_better(offer, other); })) continue;
        std::erase_if(kept, [&](const Offer& other) { return is_no_better(other, offer); });
        kept.push_back(std::move(offer));
    }
    std::ranges::sort(kept, {}, [](const Offer& offer) {
        return std::tuple{offer.departure(), offer.arrival(), offer.journey.changes};
    });
    offers = std::move(kept);
}

/// Which of more journeys than the limit are given.
enum class Kept : std::uint8_t { first, last };

/// Cuts the list to the limit. What leaves at the same moment is not separated, because a cursor could not continue
/// between it.
void cut(std::vector<Offer>& found, std::size_t limit, Kept kept) {
    if (found.size() <= limit) return;
    const auto departure = [&](std::size_t at) { return found[at].departure(); };
    if (kept == Kept::first) {
        auto size = limit;
        while (size > 0 && departure(size - 1) == departure(size)) --size;
        if (size == 0) {
            size = limit;
            while (size < found.size() && departure(size) == departure(0)) ++size;
        }
        found.resize(size);
    } else {
        auto skip = found.size() - limit;
        while (skip < found.size() && departure(skip) == departure(skip - 1)) ++skip;
        if (skip == found.size()) {
            skip = found.size() - limit;
            while (skip > 0 && departure(skip - 1) == departure(found.size() - 1)) --skip;
        }
        found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(skip));
    }
}

/// Where the page before that moment ends, over days of which no timetable is; empty where there are no others.
std::string earlier_page(const std::vector<Way>& ways, Timestamp first) {
    auto ends = Timestamp::min();
    for (const auto& way : ways) {
        if (way.network->begins() < first) ends = std::max(ends, std::min(way.network->ends(), first));
    }
    return ends == Timestamp::min() ? std::string{} : to_string(ends);
}

/// The same of where the page that begins with that moment begins.
std::string later_page(const std::vector<Way>& ways, Timestamp last) {
    auto begins = Timestamp::max();
    for (const auto& way : ways) {
        if (way.network->ends() > last) begins = std::min(begins, std::max(way.network->begins(), last));
    }
    return begins == Timestamp::max() ? std::string{} : to_string(begins);
}

Journey journey_of(std::vector<Leg> legs) {
    Journey journey{.id = journey_id(legs), .legs = std::move(legs)};
    return journey;
}

Journey journey_of(const Way& way, const FoundJourney& found) {
    std::vector<Leg> legs;
    legs.reserve(found.rides.size());
    for (const auto& ride : found.rides) {
        if (way.joined) {
            auto own = ride;
            const Network* feed = nullptr;
            std::tie(feed, own.run) = way.joined->run_of(ride.run);
            legs.push_back(search::leg_of(*feed, own));
        } else {
            legs.push_back(search::leg_of(*way.network, ride));
        }
        legs.back().stays = ride.stays;
    }
    return journey_of(std::move(legs));
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

/// Two stations of one network.
struct Change {
    std::shared_ptr<const Network> network;
    timetable::Index from = 0;
    timetable::Index to = 0;
};

/// Nothing where no network has both.
std::optional<Change> change_between(const Snapshot& snapshot, const StationId& first, const StationId& second) {
    const auto here = snapshot.share(first.feed);
    const auto there = snapshot.share(second.feed);
    const auto from = here ? here->find_station(first.stop) : std::nullopt;
    const auto to = there ? there->find_station(second.stop) : std::nullopt;
    if (!from || !to) return std::nullopt;
    if (here == there) return Change{here, *from, *to};
    for (const auto& joined : snapshot.joined()) {
        if (!joined.has(*here) || !joined.has(*there)) continue;
        const auto place_of = [&](const auto& network, timetable::Index station) {
            return snapshot.stations().place_of({network.get(), station}).stations;
        };
        return Change{joined.network(), *joined.station_of(place_of(here, *from)),
                      *joined.station_of(place_of(there, *to))};
    }
    return std::nullopt;
}

/// A leg of an id, and its run, whose doors may be closed to those who do not stay on board.
struct NamedLeg {
    Leg leg;
    Run run;
};

Error closed_doors(const NamedLeg& named, bool boards) {
    const auto& call = named.run.calls[boards ? named.leg.span.from : named.leg.span.to];
    return {ErrorCode::not_found, fmt::format("{} does not let passengers {} at {}", named.run.train,
                                              boards ? "board" : "alight", call.name)};
}

Result<NamedLeg> parse_leg(Timetable& timetable, std::string_view text) {
    std::string parts[3];
    for (auto& part : parts) {
        const auto decoded = base::percent_decode(take_until(text, '/'));
        if (!decoded || decoded->empty()) return not_a_journey("a leg is RUN/FROM/TO");
        part = *decoded;
    }
    if (!text.empty()) return not_a_journey("a leg is RUN/FROM/TO");
    auto run = timetable.run(parts[0]);
    if (!run) return run.error();
    const auto from = find_exactly(*run, parts[1], 0);
    if (!from) return from.error();
    const auto to = find_exactly(*run, parts[2], *from + 1);
    if (!to) return to.error();
    Leg leg{.run = run->id,
            .train = run->train,
            .headsign = run->headsign,
            .from = departure_of(*run, *from),
            .to = arrival_of(*run, *to),
            .span = {static_cast<std::uint16_t>(*from), static_cast<std::uint16_t>(*to)},
            .stops = *to - *from - 1,
            .distance = run->calls[*to].distance - run->calls[*from].distance};
    return NamedLeg{std::move(leg), *std::move(run)};
}

}  // namespace

std::string journey_id(const std::vector<Leg>& legs) {
    constexpr std::size_t kUsualLeg = 96;
    std::string id;
    id.reserve(legs.size() * kUsualLeg);
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

std::size_t Journey::changes() const {
    return static_cast<std::size_t>(std::ranges::count(legs, false, &Leg::stays)) - 1;
}

/// The engines that were asked last. Those of networks that an import has replaced go with the next question.
struct Search::Finders {
    /// Which trains and stations of a network a question allows.
    struct Filter {
        std::vector<std::string> types = {};  // folded; empty: all
        bool step_free = false;
        bool operator==(const Filter&) const = default;

        search::Allowed of(const Network& network) const {
            auto allowed = step_free ? search::step_free(network) : search::Allowed{};
            if (types.empty()) return allowed;
            auto is_of_types = search::is_of_types(network, types);
            if (!allowed.trips) {
                allowed.trips = std::move(is_of_types);
            } else {
                allowed.trips = [one = std::move(allowed.trips), other = std::move(is_of_types)](auto trip) {
                    return one(trip) && other(trip);
                };
            }
            return allowed;
        }
    };
    /// Made by the first who needs it, while others are asked.
    struct Made {
        std::once_flag once;
        std::shared_ptr<JourneyFinder> finder;
    };
    struct Entry {
        std::shared_ptr<const Network> network;
        Filter filter;
        std::shared_ptr<Made> made;
    };
    static constexpr std::size_t kChoicesKept = 16;

    std::shared_ptr<JourneyFinder> find(const Snapshot& snapshot, const std::shared_ptr<const Network>& network,
                                        const Filter& filter) {
        const auto made = entry_for(snapshot, network, filter);
        std::call_once(made->once, [&] {
            made->finder =
                std::make_shared<search::CachedFinder>(search::make_finder(*network, filter.of(*network)), *network);
        });
        return made->finder;
    }

    std::shared_ptr<Made> entry_for(const Snapshot& snapshot, const std::shared_ptr<const Network>& network,
                                    const Filter& filter) {
        const std::lock_guard lock{mutex};
        const auto is_asked = [&](const Entry& entry) { return entry.network == network && entry.filter == filter; };
        if (const auto known = std::ranges::find_if(entries, is_asked); known != entries.end()) {
            std::rotate(entries.begin(), known, known + 1);
            return entries.front().made;
        }
        std::erase_if(entries, [&](const Entry& entry) { return !snapshot.has(entry.network.get()); });
        auto made = std::make_shared<Made>();
        entries.insert(entries.begin(), {network, filter, made});
        // Those of whole networks are no more than twice the feeds; those of choices are as many as people think of.
        const auto is_choice = [](const Entry& entry) { return entry.filter != Filter{}; };
        if (static_cast<std::size_t>(std::ranges::count_if(entries, is_choice)) > kChoicesKept) {
            const auto oldest = std::find_if(entries.rbegin(), entries.rend(), is_choice);
            entries.erase(std::prev(oldest.base()));
        }
        return made;
    }

    std::mutex mutex;
    std::vector<Entry> entries;  // the last used first
};

Search::Search(Timetable& timetable) : timetable_{timetable}, finders_{std::make_unique<Finders>()} {}
Search::~Search() = default;

Result<JourneyPage> Search::find(const JourneyQuery& query) {
    if (const auto sound = check(query); !sound) return sound.error();
    const auto snapshot = timetable_.snapshot();
    if (!snapshot) return snapshot.error();
    auto ways = ways_of(**snapshot, query);
    if (!ways) return ways.error();
    // No train leads there.
    if (ways->empty()) return JourneyPage{};
    const auto end = query.arrive ? End::arrival : End::departure;
    const auto window = window_of(query);
    const auto is_outside = [&](const Way& way) {
        return window.to <= way.network->begins() || window.from >= way.network->ends();
    };
    if (std::ranges::all_of(*ways, is_outside)) return outside(*ways->front().network);

    if (query.step_free && std::ranges::none_of(*ways, search::tells_step_free, [](const Way& way) -> const Network& {
            return *way.network;
        })) {
        return Error{ErrorCode::not_found,
                     fmt::format("the timetable '{}' does not say where wheelchairs can go",
                                 ways->front().network->feed()),
                     "ask without the wish for step-free journeys, and call the railway"};
    }
    const Finders::Filter filter{search::folded_types(query.trains), query.step_free};
    const auto ask = [&](const JourneyQuery& asked) {
        std::vector<Offer> found;
        for (const auto& way : *ways) {
            const auto finder = finders_->find(**snapshot, way.network, filter);
            for (auto& journey : finder->find(question_of(asked, way)))
                found.push_back({&way, std::move(journey)});
        }
        if (ways->size() > 1) merge(found, asked);
        return found;
    };
    auto found = ask(query);
    const auto all = found.size();
    cut(found, query.limit, query.depart ? Kept::first : Kept::last);

    JourneyPage page;
    page.journeys.reserve(found.size());
    for (const auto& offer : found) page.journeys.push_back(journey_of(*offer.way, offer.journey));
    page.is_cut = found.size() < all;
    // The pages before and after are asked by departure, whichever way this one was.
    const bool one = query.window == Duration{0};
    Timestamp first = window.from;
    Timestamp last = window.to;
    if (found.empty() && one) {
        // Somebody may leave in this time and arrive after it.
        auto wider = query;
        wider.depart = window.from;
        wider.arrive = std::nullopt;
        wider.window = query.max_duration;
        const auto next = ask(wider);
        if (!next.empty()) last = next.front().departure();
    } else if (found.empty()) {
        // Whoever leaves in a window of arrivals arrives after it.
        if (end == End::arrival) last = window.from;
    } else if (one) {
        // Of the journeys for one moment the first that leaves is the one to come after.
        if (end == End::arrival) first = found.front().departure();
        last = found.front().departure() + Duration{1};
    } else if (end == End::arrival) {
        first = found.front().departure();
        last = found.back().departure() + Duration{1};
        // Others leave between these, and arrive before the window or after it: they are on the pages beside it.
        auto beside = query;
        beside.arrive = std::nullopt;
        beside.depart = first;
        beside.window = last - first;
        for (const auto& offer : ask(beside)) {
            if (offer.arrival() < window.from) first = std::max(first, offer.departure() + Duration{1});
            else if (offer.arrival() >= window.to) last = std::min(last, offer.departure());
        }
    } else if (page.is_cut && query.before) {
        first = found.front().departure();
    } else if (page.is_cut) {
        last = found.back().departure() + Duration{1};
    }
    page.earlier_cursor = earlier_page(*ways, first);
    page.later_cursor = later_page(*ways, last);
    return page;
}

Result<Journey> Search::journey(std::string_view id) {
    return timetable::of_one_version(timetable_, [&] { return read_journey(id); });
}

Result<Journey> Search::read_journey(std::string_view id) {
    if (id.empty()) return not_a_journey("it is empty");
    if (static_cast<std::size_t>(std::ranges::count(id, '+')) >= kMaxLegs) return not_a_journey("it has too many legs");
    std::vector<NamedLeg> named;
    std::vector<Leg> legs;
    while (!id.empty()) {
        const bool more = id.find('+') != std::string_view::npos;
        auto leg = parse_leg(timetable_, take_until(id, '+'));
        if (!leg) return leg.error();
        if (more && id.empty()) return not_a_journey("a leg is missing at its end");
        legs.push_back(leg->leg);
        named.push_back(*std::move(leg));
    }
    const auto snapshot = timetable_.snapshot();
    if (!snapshot) return snapshot.error();
    for (std::size_t i = 1; i < legs.size(); ++i) {
        legs[i].stays = may_stay(**snapshot, legs[i - 1], legs[i]);
        if (const auto possible = check_change(**snapshot, legs[i - 1], legs[i]); !possible) return possible.error();
    }
    for (std::size_t i = 0; i < legs.size(); ++i) {
        const auto& calls = named[i].run.calls;
        const bool is_left = i + 1 == legs.size() || !legs[i + 1].stays;
        if (!legs[i].stays && !calls[legs[i].span.from].pick_up) return closed_doors(named[i], true);
        if (is_left && !calls[legs[i].span.to].drop_off) return closed_doors(named[i], false);
    }
    return journey_of(std::move(legs));
}

/// Where a leg begins as the one before it ends, passengers may be staying in the vehicle.
bool Search::may_stay(const Snapshot& snapshot, const Leg& first, const Leg& second) {
    if (second.span.from != 0 || second.run.trip.feed != first.run.trip.feed) return false;
    const auto network = snapshot.share(second.run.trip.feed);
    // Pinned runs may outlive their feed.
    if (!network) return false;
    const auto one = network->find_run(first.run);
    const auto other = network->find_run(second.run);
    if (!one || !other || first.span.to + 1U != network->calls(one->trip).size()) return false;
    return finders_->find(snapshot, network, {})->may_stay(*one, *other);
}

/// Whether passengers get from one leg to the next. The time that is usual for a change is not demanded: whoever
/// searched may have wished for less.
Status Search::check_change(const Snapshot& snapshot, const Leg& first, const Leg& second) {
    const auto no_longer = [&](std::string_view why) {
        return Error{ErrorCode::not_found,
                     fmt::format("the change at {} is not possible: {}", first.to.name, why), "search again"};
    };
    const auto time = second.from.time - first.to.time;
    if (time < Duration{0}) {
        return no_longer(fmt::format("{} arrives at {}, and {} leaves at {}", first.train,
                                     to_string(first.to.time, first.to.zone), second.train,
                                     to_string(second.from.time, second.from.zone)));
    }
    if (second.stays) return {};
    const auto& here = first.to.call.station;
    const auto& there = second.from.call.station;
    const auto change = change_between(snapshot, here, there);
    // Pinned runs may outlive their stations, and then only what is the same is known to be near.
    if (!change && here == there) return {};
    const auto least =
        change ? finders_->find(snapshot, change->network, {})->least_change(change->from, change->to) : std::nullopt;
    if (!least) return no_longer(fmt::format("{} leaves from {}", second.train, second.from.name));
    if (time < std::chrono::seconds{*least}) {
        return no_longer(fmt::format("it takes {}, and there are {}", to_string(Duration{std::chrono::seconds{*least}}),
                                     to_string(time)));
    }
    return {};
}

}  // namespace railbook

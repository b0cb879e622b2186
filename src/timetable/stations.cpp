#include "timetable/stations.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

/// Of choices and similar names.
constexpr std::size_t kMaxShown = 5;
constexpr std::size_t kMaxChoices = 20;

using Hit = StationIndex::Hit;

std::string_view name_of(const FoundStation& found) { return found.network->data().stations[found.index].name; }
StationId id_of(const FoundStation& found) {
    return {found.network->feed(), std::string{found.network->data().stations[found.index].id}};
}

/// With the ids that it has in other feeds.
Station station_of(const Snapshot& snapshot, const FoundStation& found) {
    auto station = found.network->station(found.index);
    for (const auto& other : snapshot.stations().place_of(found).stations) {
        if (other != found) station.also.push_back(id_of(other));
    }
    return station;
}

/// A sentence of the names that are nearest to a mistyped one; empty where none is near.
std::string did_you_mean(const std::vector<Hit>& similar) {
    std::vector<std::string_view> shown;
    for (const auto& hit : similar) {
        if (shown.size() == kMaxShown) break;
        const auto name = name_of(hit.place->stations.front());
        if (std::ranges::find(shown, name) == shown.end()) shown.push_back(name);
    }
    if (shown.empty()) return {};
    return fmt::format("did you mean '{}'?", fmt::join(shown, "', '"));
}

Error ambiguous(std::string_view text, const std::vector<FoundStation>& choices) {
    Error error{ErrorCode::invalid_argument, {}, "name one by its id"};
    std::vector<std::string> shown;
    for (const auto& choice : choices) {
        auto line = fmt::format("{} {}", to_string(id_of(choice)), name_of(choice));
        if (shown.size() < kMaxShown) shown.push_back(line);
        if (error.mistakes.size() < kMaxChoices) error.mistakes.push_back({{}, std::move(line)});
    }
    error.detail = fmt::format("'{}' may be {} stations: {}{}", text, choices.size(), fmt::join(shown, ", "),
                               choices.size() > shown.size() ? " and others" : "");
    return error;
}

/// By id: `db:8000105`, or `8000105` of any feed.
std::vector<FoundStation> stations_with_id(const Snapshot& snapshot, std::string_view id) {
    std::vector<FoundStation> found;
    const auto add = [&](const Network& network, std::string_view stop) {
        if (const auto station = network.find_station(stop)) found.push_back({&network, *station});
    };
    if (const auto colon = id.find(':'); colon != std::string_view::npos) {
        if (const auto* network = snapshot.find(id.substr(0, colon))) add(*network, id.substr(colon + 1));
    }
    if (!found.empty()) return found;
    for (const auto& part : snapshot.parts) add(*part.network, id);
    return found;
}

/// Whether the station is called so to the letter.
bool is_called(const FoundStation& found, std::string_view name) {
    return composed(found.network->data().stations[found.index].name) == name;
}
bool is_also_called(const FoundStation& found, std::string_view name) {
    const auto names = found.network->names_of(found.index);
    return std::any_of(names.begin(), names.end(), [&](const auto& each) { return composed(each.written) == name; });
}

/// Those of the places that are called so to the letter, in the feed if there is one; by another of their names only
/// where none has it as its own. Folded names leave out what tells some names apart, and of a name without letters all.
template <class Places>
std::vector<const StationPlace*> called_to_the_letter(const Places& places, const Network* feed,
                                                      std::string_view text) {
    const auto name = composed(text);
    std::vector<const StationPlace*> called;
    for (const auto is_it : {is_called, is_also_called}) {
        for (const StationPlace* place : places) {
            if (std::ranges::any_of(place->stations, [&](const FoundStation& one) {
                    return (!feed || one.network == feed) && is_it(one, name);
                }))
                called.push_back(place);
        }
        if (!called.empty()) break;
    }
    return called;
}

}  // namespace

std::vector<Station> find_stations(const Snapshot& snapshot, std::string_view text, std::size_t limit) {
    std::vector<Station> found;
    for (const auto& hit : snapshot.stations().find(text, limit))
        found.push_back(station_of(snapshot, hit.place->stations.front()));
    return found;
}

Result<Station> find_station(const Snapshot& snapshot, std::string_view id_or_name) {
    const auto& index = snapshot.stations();
    const auto by_id = stations_with_id(snapshot, id_or_name);
    if (!by_id.empty()) {
        const auto& place = index.place_of(by_id.front());
        if (std::ranges::all_of(by_id, [&](const auto& one) { return &index.place_of(one) == &place; }))
            return station_of(snapshot, by_id.size() == 1 ? by_id.front() : place.stations.front());
        return ambiguous(id_or_name, by_id);
    }
    if (snapshot.parts.empty()) {
        return Error{ErrorCode::not_found, "there is no timetable yet", "import one: railbook import gtfs FEED"};
    }

    const Network* feed = nullptr;
    std::string_view name = id_or_name;
    if (const auto colon = name.find(':'); colon != std::string_view::npos) {
        feed = snapshot.find(name.substr(0, colon));
        if (feed) name = name.substr(colon + 1);
    }
    const auto of_feed = [&](const StationPlace& place) {
        return std::ranges::find(place.stations, feed, &FoundStation::network);
    };
    auto hits = index.find(name, index.places().size());
    if (feed) std::erase_if(hits, [&](const Hit& hit) { return of_feed(*hit.place) == hit.place->stations.end(); });
    const auto all = index.places() | std::views::transform([](const StationPlace& place) { return &place; });
    const bool is_in_full = !hits.empty() && hits.front().is_exact();
    std::vector<const StationPlace*> places;
    if (feed && !is_in_full) {
        // What looks like the name of a feed may be the beginning of the station's.
        places = called_to_the_letter(all, nullptr, id_or_name);
        if (!places.empty()) feed = nullptr;
    }
    if (places.empty() && (hits.empty() || hits.front().errors > 0)) {
        places = called_to_the_letter(all, feed, name);
        if (places.empty()) {
            return Error{ErrorCode::not_found, fmt::format("there is no station '{}'", id_or_name), did_you_mean(hits)};
        }
    } else if (places.empty()) {
        // A name in full means that station, also where longer names begin with it.
        for (const auto& hit : hits) {
            if (hit.errors == 0 && (!is_in_full || hit.fit == hits.front().fit)) places.push_back(hit.place);
        }
        if (places.size() > 1) {
            if (auto called = called_to_the_letter(places, feed, name); !called.empty()) places = std::move(called);
        }
    }
    std::vector<FoundStation> choices;
    for (const auto* place : places) choices.push_back(feed ? *of_feed(*place) : place->stations.front());
    if (choices.size() > 1) return ambiguous(id_or_name, choices);
    return station_of(snapshot, choices.front());
}

}  // namespace railbook::timetable

#include "timetable/stations.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

/// Of choices and similar names.
constexpr std::size_t kMaxShown = 5;
constexpr std::size_t kMaxChoices = 20;

struct Match {
    FoundStation station;
    Fit fit = Fit::none;
};

const std::string& name_of(const FoundStation& found) { return found.network->data().stations[found.index].name; }
StationId id_of(const FoundStation& found) {
    return {found.network->feed(), found.network->data().stations[found.index].id};
}

/// Best first.
auto rank_of(const Match& match) {
    const auto traffic = match.station.network->traffic(match.station.index);
    return std::tuple{match.fit, -static_cast<std::int64_t>(traffic), name_of(match.station).size(),
                      std::string_view{name_of(match.station)}, id_of(match.station)};
}

template <class Each>
void for_each_station(const Snapshot& snapshot, const Each& each) {
    for (const auto& part : snapshot.parts) {
        for (Index i = 0; i < part.network->data().stations.size(); ++i) each(FoundStation{part.network.get(), i});
    }
}

/// `feed` empty: of every feed.
std::vector<Match> matches_of(const Snapshot& snapshot, std::string_view feed, const FoldedName& text) {
    std::vector<Match> matches;
    for_each_station(snapshot, [&](const FoundStation& station) {
        if (!feed.empty() && station.network->feed() != feed) return;
        Fit best = Fit::none;
        for (const auto& name : station.network->names_of(station.index)) best = std::min(best, fit_of(text, name));
        if (best != Fit::none) matches.push_back({station, best});
    });
    std::ranges::sort(matches, {}, rank_of);
    return matches;
}

/// A sentence of the names that are nearest to a mistyped one; empty where none is near.
std::string did_you_mean(const Snapshot& snapshot, const FoldedName& text) {
    // One error in three letters: more would suggest anything for a short name.
    const std::size_t most = std::max<std::size_t>(1, text.plain.size() / 3);
    struct Similar {
        std::size_t errors;
        std::size_t traffic;
        std::string_view name;
    };
    std::vector<Similar> similar;
    for_each_station(snapshot, [&](const FoundStation& station) {
        std::size_t errors = most + 1;
        for (const auto& name : station.network->names_of(station.index)) {
            for (const auto& spelling : {std::string_view{name.plain}, std::string_view{name.spelled_out}}) {
                if (!spelling.empty()) errors = std::min(errors, typing_errors(text.plain, spelling, most));
            }
        }
        if (errors <= most) similar.push_back({errors, station.network->traffic(station.index), name_of(station)});
    });
    std::ranges::sort(similar, [](const Similar& left, const Similar& right) {
        return std::tuple{left.errors, right.traffic, left.name} < std::tuple{right.errors, left.traffic, right.name};
    });
    std::vector<std::string_view> shown;
    for (const auto& each : similar) {
        if (shown.size() == kMaxShown) break;
        if (std::ranges::find(shown, each.name) == shown.end()) shown.push_back(each.name);
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

}  // namespace

std::vector<FoundStation> find_stations(const Snapshot& snapshot, std::string_view text, std::size_t limit) {
    const auto matches = matches_of(snapshot, {}, fold(text));
    std::vector<FoundStation> found;
    for (const auto& match : matches) {
        if (found.size() == limit) break;
        found.push_back(match.station);
    }
    return found;
}

Result<FoundStation> find_station(const Snapshot& snapshot, std::string_view id_or_name) {
    const auto by_id = stations_with_id(snapshot, id_or_name);
    if (by_id.size() == 1) return by_id.front();
    if (by_id.size() > 1) return ambiguous(id_or_name, by_id);

    std::string_view feed;
    std::string_view name = id_or_name;
    if (const auto colon = name.find(':'); colon != std::string_view::npos && snapshot.find(name.substr(0, colon))) {
        feed = name.substr(0, colon);
        name = name.substr(colon + 1);
    }
    if (snapshot.parts.empty()) {
        return Error{ErrorCode::not_found, "there is no timetable yet", "import one: railbook import gtfs FEED"};
    }
    const auto text = fold(name);
    const auto matches = matches_of(snapshot, feed, text);
    if (matches.empty()) {
        return Error{ErrorCode::not_found, fmt::format("there is no station '{}'", id_or_name),
                     did_you_mean(snapshot, text)};
    }
    // A name in full means that station, also where longer names begin with it.
    std::vector<FoundStation> choices;
    for (const auto& match : matches) {
        if (match.fit == Fit::exact || matches.front().fit != Fit::exact) choices.push_back(match.station);
    }
    if (choices.size() > 1) return ambiguous(id_or_name, choices);
    return choices.front();
}

}  // namespace railbook::timetable

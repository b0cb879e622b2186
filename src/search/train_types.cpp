#include "search/train_types.hpp"

#include <algorithm>

#include "timetable/names.hpp"

namespace railbook::search {
namespace {

/// What routes.txt calls a type, in the basic and the extended list; empty for what passengers have no word for.
std::string_view word_for(std::uint16_t route_type) {
    switch (route_type) {
        case 0: return "tram";
        case 1: return "metro";
        case 2: return "rail";
        case 3: return "bus";
        case 4: return "ferry";
        default: break;
    }
    switch (route_type / 100) {
        case 1: return "rail";
        case 2:
        case 7:
        case 8: return "bus";
        case 4: return "metro";
        case 9: return "tram";
        case 10:
        case 12: return "ferry";
        default: return {};
    }
}

bool begins_with_word(std::string_view name, std::string_view word) {
    if (!name.starts_with(word)) return false;
    return name.size() == word.size() || name[word.size()] == ' ' ||
           (name[word.size()] >= '0' && name[word.size()] <= '9');
}

}  // namespace

std::vector<std::string> folded_types(const std::vector<std::string>& types) {
    std::vector<std::string> folded;
    for (const auto& type : types) folded.push_back(timetable::fold(type).plain);
    std::ranges::sort(folded);
    const auto repeated = std::ranges::unique(folded);
    folded.erase(repeated.begin(), repeated.end());
    std::erase(folded, "");
    return folded;
}

std::function<bool(timetable::Index trip)> is_of_types(const timetable::Network& network,
                                                       std::vector<std::string> types) {
    return [&network, types = std::move(types)](timetable::Index trip) {
        const auto& data = network.data();
        const auto kind = word_for(data.routes[data.trips[trip].route].type);
        const auto name = timetable::fold(network.train_name(trip)).plain;
        return std::ranges::any_of(
            types, [&](const std::string& type) { return type == kind || begins_with_word(name, type); });
    };
}

}  // namespace railbook::search

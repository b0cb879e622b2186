// What people type, and names from anywhere: the first line is typed, each of the others is the name of a station.

#include <algorithm>
#include <cstdlib>

#include "timetable/station_index.hpp"

namespace {

using namespace railbook::timetable;

constexpr std::size_t kMostNames = 200;
constexpr std::ptrdiff_t kMostBlanks = 20;  // a name of very many words is found by its first ones only

void check(bool holds) {
    if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

std::shared_ptr<const Network> network_with(std::string_view names) {
    NetworkData data;
    data.feed = "f";
    data.days = 1;
    data.zones = {"UTC"};
    data.agencies.push_back({.id = "R", .name = "Railways"});
    data.routes.push_back({.id = "IC", .short_name = {}, .long_name = {}});
    data.services = {1};
    while (data.stations.empty() || (!names.empty() && data.stations.size() < kMostNames)) {
        const auto id = std::to_string(1'000'000 + data.stations.size());
        data.stops.push_back({id, static_cast<Index>(data.stations.size()), {}});
        data.stations.push_back({.id = id, .name = std::string{take_line(names)}, .aliases = {}});
    }
    data.trips.push_back({.id = "1", .headsign = {}, .short_name = {}, .call_count = 2});
    data.calls = {{.stop = 0}, {.stop = 0, .arrival = 60, .departure = 60}};
    auto network = Network::from_data(std::move(data));
    check(bool{network});
    return *network;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
    std::string_view text{reinterpret_cast<const char*>(bytes), size};
    const auto typed = take_line(text);
    const std::vector networks{network_with(text)};
    const StationIndex index{networks};
    const auto all = index.find(typed, index.places().size());
    check(std::ranges::is_sorted(all, {}, &StationIndex::Hit::errors));
    const auto few = index.find(typed, 5);
    check(few.size() == std::min<std::size_t>(5, all.size()));
    for (const auto& hit : few) check(hit.fit != Fit::none);
    // Whoever types a name in full finds it.
    for (const auto& place : index.places()) {
        const auto& name = networks.front()->names_of(place.stations.front().index).front().plain;
        if (name.empty() || std::ranges::count(name, ' ') > kMostBlanks) continue;
        const auto hits = index.find(name, index.places().size());
        check(std::ranges::any_of(hits, [&](const auto& hit) { return hit.place == &place && hit.is_exact(); }));
    }
    return 0;
}

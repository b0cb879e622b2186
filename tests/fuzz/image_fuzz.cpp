// Images of timetables from anywhere: files that are mapped. The checksum is set right, so that what is behind it is
// reached; an image that is accepted is asked everything, and nothing of that may lie outside of it.

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "timetable/image.hpp"
#include "timetable/network.hpp"

namespace {

using namespace railbook;
using namespace railbook::timetable;

void check(bool holds) {
    if (!holds) std::abort();
}

/// Two stations, two trains with the same calls, one of them several times a day, a transfer.
const std::string& sound() {
    static const std::string bytes = [] {
        NetworkData data;
        data.feed = "f";
        data.publisher = "Railways";
        data.first_date = ServiceDate{std::chrono::days{20'000}};
        data.days = 70;
        data.zones = {"UTC", "Europe/Berlin"};
        data.agencies.push_back({.id = "R", .name = "Railways"});
        data.routes.push_back({.id = "IC", .short_name = "IC", .long_name = {}});
        data.stations.push_back({.id = "A", .name = "Ädorf", .aliases = {"A"}, .zone = 1});
        data.stations.push_back({.id = "B", .name = "Bedorf", .aliases = {}});
        data.stops = {{"A", 0, {}}, {"A1", 0, "1"}, {"B", 1, "10"}};
        for (const char* id : {"1", "2"}) {
            NetworkData::Trip trip;
            trip.id = id;
            trip.first_call = static_cast<Index>(data.calls.size());
            trip.call_count = 3;
            data.trips.push_back(trip);
            data.calls.insert(data.calls.end(), {{.stop = 1, .arrival = 60, .departure = 60},
                                                 {.stop = 2, .arrival = 120, .departure = 180, .distance = 1000},
                                                 {.stop = 0, .arrival = 300, .departure = 300, .distance = 2000}});
        }
        data.calls[4].arrival = 121;
        data.trips[1].start_count = 2;
        data.starts = {3600, 7200};
        data.services = {1, 2};
        data.transfers.push_back({.from = 0, .to = 2, .seconds = 300});
        data.train_transfers.push_back({.transfer = {.from = 0, .to = 2, .seconds = 60}, .from_trip = 0});
        data.continuations.push_back({.from = 0, .to = 1});
        const auto network = Network::from_data(data);
        check(bool{network});
        const auto& image = (*network)->image();
        return std::string{reinterpret_cast<const char*>(image.first.get()), image.size};
    }();
    return bytes;
}

std::size_t ask_everything(const Network& network) {
    std::size_t sum = 0;
    for (Index station = 0; station < network.data().stations.size(); ++station) {
        sum += network.station(station).platforms.size();
        for (const auto name : network.names_of(station)) sum += name.plain.size() + name.spelled_out.size();
        const auto calls = network.data().visit_calls(station);
        const auto patterns = network.data().visit_patterns(station);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            for (const auto trip : network.data().trips_of_pattern(patterns[i]))
                sum += network.calls(trip)[calls[i]].stop;
        }
    }
    for (Index trip = 0; trip < network.data().trips.size(); ++trip) {
        sum += network.run({trip, 0, 0, {}}).calls.size() + network.starts(trip).size();
        if (network.runs_on(trip, network.data().days - 1)) ++sum;
    }
    for (const auto& each : network.data().train_transfers) {
        if (each.from_trip != kNone) sum += network.data().trips[each.from_trip].id.size();
    }
    for (const auto& transfer : network.data().transfers) sum += network.data().stops[transfer.to].id.size();
    return sum;
}

}  // namespace

/// The input is written over a sound image: four bytes say where, and what follows goes there; or, where it is longer
/// than that, it is the image.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes{reinterpret_cast<const char*>(data), size};
    if (size >= 5 && size < sizeof(image::Head)) {
        std::uint32_t place = 0;
        std::memcpy(&place, data, sizeof place);
        auto changed = sound();
        for (std::size_t i = 4; i < size; ++i) changed[(place + i - 4) % changed.size()] = bytes[i];
        bytes = std::move(changed);
    }
    std::shared_ptr<std::byte[]> owner{new std::byte[bytes.size()]};
    if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
    if (bytes.size() >= sizeof(image::Head)) {
        const auto checksum = image::checksum_of({owner.get(), bytes.size()});
        std::memcpy(owner.get() + offsetof(image::Head, checksum), &checksum, sizeof checksum);
    }
    const auto network = Network::from_image({std::shared_ptr<const std::byte>{owner, owner.get()}, bytes.size()});
    if (network) ask_everything(**network);
    return 0;
}

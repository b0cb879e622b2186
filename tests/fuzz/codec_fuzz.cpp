// Stored timetables from anywhere. The first byte chooses: the bytes as they are, the bytes packed as a timetable is
// packed (which gets past zlib), or changes to a sound timetable, each of two bytes where and one what.

#include <algorithm>
#include <cstdlib>

#include <zlib.h>

#include "timetable/codec.hpp"

namespace {

using namespace railbook::timetable;

void check(bool holds) {
    if (!holds) std::abort();
}

/// The head of every stored timetable: what it is, and the version.
constexpr std::size_t kHead = 5;

NetworkData sound() {
    NetworkData data;
    data.feed = "f";
    data.publisher = "Railways";
    data.days = 3;
    data.zones = {"Europe/Berlin", "UTC"};
    data.agencies.push_back({.id = "R", .name = "Railways"});
    data.routes.push_back({.id = "IC", .short_name = "IC", .long_name = {}});
    for (const Index i : {0U, 1U, 2U}) {
        const auto id = std::to_string(i);
        data.stations.push_back({.id = id, .name = "Adorf " + id, .aliases = {"A" + id}, .zone = i % 2});
        data.stops.push_back({id, i, {}});
    }
    data.services = {7};
    data.trips.push_back({.id = "1", .headsign = {}, .short_name = {}, .call_count = 3});
    data.trips.push_back({.id = "2", .headsign = {}, .short_name = {}, .call_count = 2, .start_count = 1});
    data.calls = {{.stop = 0},
                  {.stop = 1, .arrival = 60, .departure = 90},
                  {.stop = 2, .arrival = 900, .departure = 900},
                  {.stop = 2},
                  {.stop = 0, .arrival = 600, .departure = 600}};
    data.starts = {3600};
    data.transfers = {{.from = 1, .to = 2, .seconds = 120}};
    return data;
}

std::string unpacked(const std::string& stored) {
    std::string bytes(1 << 16, '\0');
    auto size = static_cast<uLongf>(bytes.size());
    std::size_t begin = kHead;
    while ((static_cast<unsigned char>(stored[begin]) & 0x80) != 0) ++begin;  // the size, 7 bits a byte
    ++begin;
    check(uncompress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                     reinterpret_cast<const Bytef*>(stored.data() + begin),
                     static_cast<uLong>(stored.size() - begin)) == Z_OK);
    bytes.resize(size);
    return bytes;
}

std::string packed(std::string_view bytes, std::string_view head) {
    std::string stored{head};
    auto size = bytes.size();
    for (; size >= 0x80; size >>= 7) stored += static_cast<char>((size & 0x7F) | 0x80);
    stored += static_cast<char>(size);
    const auto begin = stored.size();
    auto room = compressBound(static_cast<uLong>(bytes.size()));
    stored.resize(begin + room);
    check(compress(reinterpret_cast<Bytef*>(stored.data() + begin), &room,
                   reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size())) == Z_OK);
    stored.resize(begin + room);
    return stored;
}

/// What is accepted is the same once it is stored again, and can be asked for everything.
void open(std::string_view stored) {
    const auto data = decode(stored);
    if (!data) return;
    const auto network = Network::from_data(*data);
    if (!network) return;
    const auto again = decode(encode(*data));
    check(again && *again == *data);
    for (Index trip = 0; trip < (*network)->data().trips.size(); ++trip) (*network)->run({trip, 0, 0, {}});
    for (Index station = 0; station < (*network)->data().stations.size(); ++station) (*network)->station(station);
    for (const auto& stop : (*network)->data().stops) check((*network)->find_station(stop.id) == stop.station);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const auto stored = encode(sound());
    static const auto plain = unpacked(stored);
    const auto head = std::string_view{stored}.substr(0, kHead);
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    if (data[0] < 32) {
        open(bytes);
    } else if (data[0] < 96) {
        open(packed(bytes, head));
    } else {
        auto changed = plain;
        for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
            const auto where = static_cast<unsigned char>(bytes[i]) * 256U + static_cast<unsigned char>(bytes[i + 1]);
            changed[where % changed.size()] = bytes[i + 2];
        }
        open(packed(changed, head));
    }
    return 0;
}

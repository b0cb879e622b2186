#include "timetable/codec.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <zlib.h>

#include "base/assert.hpp"

namespace railbook::timetable {
namespace {

constexpr std::string_view kMagic = "RBTT";
constexpr char kVersion = 4;
/// A fifth larger than by the default, which alone took a fifth of the time of an import.
constexpr int kCompression = 1;
/// Deflate reaches 1032; a claim beyond that is no claim.
constexpr std::uint64_t kMaxExpansion = 1040;

// --- Writing: numbers as varints (7 bits a byte, the lowest first), signed ones zigzag, texts with their length. ---

class Writer {
public:
    void number(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_ += static_cast<char>(value | 0x80);
            value >>= 7;
        }
        bytes_ += static_cast<char>(value);
    }
    void signed_number(std::int64_t value) {
        number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_ += value;
    }
    /// 8 bytes, the lowest first.
    void bits(std::uint64_t value) {
        for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    void real(double value) { bits(std::bit_cast<std::uint64_t>(value)); }
    template <class List, class Each>
    void list(const List& values, const Each& each) {
        number(values.size());
        for (const auto& value : values) each(value);
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// --- Reading: after the first failure every answer is empty, so that `ok` is looked at once. ---

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}

    bool ok() const { return ok_; }
    bool at_end() const { return at_ == bytes_.size(); }
    std::size_t used() const { return at_; }

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (at_ == bytes_.size()) break;
            const auto byte = static_cast<std::uint8_t>(bytes_[at_++]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        return fail();
    }
    template <class Number>
    Number number_as() {
        const auto value = number();
        if (value > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) return static_cast<Number>(fail());
        return static_cast<Number>(value);
    }
    std::int64_t signed_number() {
        const auto value = number();
        return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
    }
    std::string text() {
        const auto size = number();
        if (size > bytes_.size() - at_) {
            fail();
            return {};
        }
        at_ += size;
        return std::string{bytes_.substr(at_ - size, size)};
    }
    std::uint64_t bits() {
        if (bytes_.size() - at_ < 8) return fail();
        std::uint64_t value = 0;
        for (unsigned i = 0; i < 8; ++i) {
            value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes_[at_++])) << (8 * i);
        }
        return value;
    }
    double real() { return std::bit_cast<double>(bits()); }
    /// Each element takes at least a byte, so a false count is noticed; little is reserved ahead of what is there.
    template <class List, class Each>
    void list(List& values, const Each& each) {
        const auto count = number();
        if (count > bytes_.size() - at_) fail();
        if (!ok_) return;
        values.reserve(std::min<std::uint64_t>(count, 4096));
        for (std::uint64_t i = 0; ok_ && i < count; ++i) values.push_back(each());
    }

private:
    std::uint64_t fail() {
        ok_ = false;
        at_ = bytes_.size();
        return 0;
    }

    std::string_view bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

constexpr std::uint64_t kPickUp = 1;
constexpr std::uint64_t kDropOff = 2;

void write_calls(Writer& out, const NetworkData& network) {
    // Times and distances as differences along the trip: small numbers, which repeat from train to train.
    for (const auto& trip : network.trips) {
        std::int32_t time = 0;
        std::uint32_t distance = 0;
        for (Index i = 0; i < trip.call_count; ++i) {
            const auto& call = network.calls[trip.first_call + i];
            out.number(call.stop);
            out.signed_number(call.arrival - time);
            out.signed_number(call.departure - call.arrival);
            out.signed_number(static_cast<std::int64_t>(call.distance) - distance);
            out.number((call.pick_up ? kPickUp : 0) | (call.drop_off ? kDropOff : 0));
            time = call.departure;
            distance = call.distance;
        }
    }
}

void read_calls(Reader& in, NetworkData& network) {
    constexpr std::int64_t kMaxDistance = std::numeric_limits<std::uint32_t>::max();
    const auto time_of = [](std::int64_t time) {
        // What is out of range stays so: Network::check refuses it.
        return time < 0 || time > kMaxSeconds ? std::int32_t{-1} : static_cast<std::int32_t>(time);
    };
    for (auto& trip : network.trips) {
        trip.first_call = static_cast<Index>(network.calls.size());
        std::int64_t time = 0;
        std::int64_t distance = 0;
        for (Index i = 0; in.ok() && i < trip.call_count; ++i) {
            NetworkData::Call call;
            call.stop = in.number_as<Index>();
            call.arrival = time_of(time + in.signed_number() % (2 * std::int64_t{kMaxSeconds}));
            call.departure = time_of(call.arrival + in.signed_number() % (2 * std::int64_t{kMaxSeconds}));
            distance = std::clamp<std::int64_t>(distance + in.signed_number() % kMaxDistance, 0, kMaxDistance);
            call.distance = static_cast<std::uint32_t>(distance);
            const auto flags = in.number();
            call.pick_up = (flags & kPickUp) != 0;
            call.drop_off = (flags & kDropOff) != 0;
            time = call.departure;
            network.calls.push_back(call);
        }
    }
}

/// What is no such value says nothing.
NetworkData::StepFree step_free_of(std::uint64_t value) {
    return value > 2 ? NetworkData::StepFree::unknown : static_cast<NetworkData::StepFree>(value);
}

std::string pack(const std::string& bytes) {
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string packed(size, '\0');
    const auto code = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                                kCompression);
    RAILBOOK_ASSERT(code == Z_OK);
    packed.resize(size);
    return packed;
}

}  // namespace

std::string encode(const NetworkData& network) {
    Writer out;
    out.text(network.feed);
    out.text(network.publisher);
    out.signed_number(network.first_date.time_since_epoch().count());
    out.number(network.days);
    out.list(network.zones, [&](const std::string& zone) { out.text(zone); });
    out.list(network.agencies, [&](const NetworkData::Agency& agency) {
        out.text(agency.id);
        out.text(agency.name);
        out.number(agency.zone);
    });
    out.list(network.routes, [&](const NetworkData::Route& route) {
        out.text(route.id);
        out.number(route.agency);
        out.number(route.type);
        out.text(route.short_name);
        out.text(route.long_name);
    });
    out.list(network.stations, [&](const NetworkData::Station& station) {
        out.text(station.id);
        out.text(station.name);
        out.text(station.code);
        out.list(station.aliases, [&](const std::string& alias) { out.text(alias); });
        out.number(station.zone);
        out.real(station.latitude);
        out.real(station.longitude);
    });
    out.list(network.stops, [&](const NetworkData::Stop& stop) {
        out.text(stop.id);
        out.number(stop.station);
        out.text(stop.platform);
        out.number(static_cast<std::uint64_t>(stop.step_free));
    });
    out.list(network.trips, [&](const NetworkData::Trip& trip) {
        out.text(trip.id);
        out.number(trip.route);
        out.number(trip.service);
        out.text(trip.headsign);
        out.text(trip.short_name);
        out.number(trip.call_count);
        out.number(trip.start_count);
        out.number(trip.block + 1U);  // 0: none
        out.number(static_cast<std::uint64_t>(trip.step_free));
    });
    write_calls(out, network);
    out.list(network.services, [&](std::uint64_t word) { out.bits(word); });
    out.list(network.starts, [&](std::int32_t start) { out.signed_number(start); });
    const auto write_transfer = [&](const NetworkData::Transfer& transfer) {
        out.number(transfer.from);
        out.number(transfer.to);
        out.number(static_cast<std::uint64_t>(transfer.kind));
        out.number(transfer.seconds + 1U);  // 0: the usual time
    };
    out.list(network.transfers, write_transfer);
    out.list(network.continuations, [&](const NetworkData::Continuation& continuation) {
        out.number(continuation.from);
        out.number(continuation.to);
        out.number(continuation.stays ? 1 : 0);
    });
    // Most feeds have none, and then are written as if there could be none.
    if (!network.train_transfers.empty()) {
        out.list(network.train_transfers, [&](const NetworkData::TrainTransfer& each) {
            write_transfer(each.transfer);
            for (const auto index : {each.from_trip, each.to_trip, each.from_route, each.to_route}) {
                out.number(index + 1U);  // 0: none
            }
        });
    }

    Writer head;
    head.number(out.bytes().size());
    return fmt::format("{}{}{}{}", kMagic, kVersion, head.bytes(), pack(out.bytes()));
}

Result<NetworkData> decode(std::string_view bytes) {
    const auto damaged = [](std::string_view why) {
        return Error{ErrorCode::damaged, fmt::format("the stored timetable is damaged: {}", why)};
    };
    if (bytes.size() <= kMagic.size() || !bytes.starts_with(kMagic)) return damaged("it does not begin as one");
    if (bytes[kMagic.size()] != kVersion) {
        return Error{ErrorCode::damaged, "the stored timetable has a format that this version does not read",
                     "import the feed again"};
    }
    bytes.remove_prefix(kMagic.size() + 1);
    Reader head{bytes};
    const auto size = head.number();
    if (!head.ok() || size > kMaxExpansion * bytes.size()) return damaged("its size");
    bytes.remove_prefix(head.used());

    std::string unpacked(size, '\0');
    auto unpacked_size = static_cast<uLongf>(size);
    const auto code = uncompress(reinterpret_cast<Bytef*>(unpacked.data()), &unpacked_size,
                                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()));
    if (code != Z_OK || unpacked_size != size) return damaged("it cannot be unpacked");

    Reader in{unpacked};
    NetworkData network;
    network.feed = in.text();
    network.publisher = in.text();
    network.first_date = ServiceDate{std::chrono::days{in.signed_number() % 1'000'000}};
    network.days = in.number_as<std::uint32_t>();
    in.list(network.zones, [&] { return in.text(); });
    in.list(network.agencies, [&] {
        NetworkData::Agency agency;
        agency.id = in.text();
        agency.name = in.text();
        agency.zone = in.number_as<Index>();
        return agency;
    });
    in.list(network.routes, [&] {
        NetworkData::Route route;
        route.id = in.text();
        route.agency = in.number_as<Index>();
        route.type = in.number_as<std::uint16_t>();
        route.short_name = in.text();
        route.long_name = in.text();
        return route;
    });
    in.list(network.stations, [&] {
        NetworkData::Station station;
        station.id = in.text();
        station.name = in.text();
        station.code = in.text();
        in.list(station.aliases, [&] { return in.text(); });
        station.zone = in.number_as<Index>();
        station.latitude = in.real();
        station.longitude = in.real();
        return station;
    });
    in.list(network.stops, [&] {
        NetworkData::Stop stop;
        stop.id = in.text();
        stop.station = in.number_as<Index>();
        stop.platform = in.text();
        stop.step_free = step_free_of(in.number());
        return stop;
    });
    std::uint64_t starts = 0;
    in.list(network.trips, [&] {
        NetworkData::Trip trip;
        trip.id = in.text();
        trip.route = in.number_as<Index>();
        trip.service = in.number_as<Index>();
        trip.headsign = in.text();
        trip.short_name = in.text();
        trip.call_count = in.number_as<Index>();
        trip.start_count = in.number_as<Index>();
        trip.first_start = static_cast<Index>(starts);
        starts += trip.start_count;
        trip.block = in.number_as<Index>() - 1U;
        trip.step_free = step_free_of(in.number());
        return trip;
    });
    read_calls(in, network);
    in.list(network.services, [&] { return in.bits(); });
    in.list(network.starts, [&] {
        const auto start = in.signed_number();
        return start < 0 || start > kMaxSeconds ? std::int32_t{-1} : static_cast<std::int32_t>(start);
    });
    const auto read_transfer = [&] {
        NetworkData::Transfer transfer;
        transfer.from = in.number_as<Index>();
        transfer.to = in.number_as<Index>();
        const auto kind = in.number();
        transfer.kind = static_cast<NetworkData::Transfer::Kind>(kind & 3);
        transfer.seconds = in.number_as<std::uint32_t>() - 1U;
        return transfer;
    };
    in.list(network.transfers, read_transfer);
    in.list(network.continuations, [&] {
        NetworkData::Continuation continuation;
        continuation.from = in.number_as<Index>();
        continuation.to = in.number_as<Index>();
        continuation.stays = in.number() != 0;
        return continuation;
    });
    if (in.ok() && !in.at_end()) {
        in.list(network.train_transfers, [&] {
            NetworkData::TrainTransfer each;
            each.transfer = read_transfer();
            for (auto* index : {&each.from_trip, &each.to_trip, &each.from_route, &each.to_route}) {
                *index = in.number_as<Index>() - 1U;
            }
            return each;
        });
    }
    if (!in.ok() || !in.at_end()) return damaged("its content");
    return network;
}

}  // namespace railbook::timetable

#pragma once
/// A network as one piece of memory without pointers: the same bytes are searched in memory, and are a file that is
/// mapped. Lists of records stand behind a head that says where each begins; they refer to each other by Index, and to
/// texts by their place in a pool. Trips with the same calls share a pattern, and those that take the same time from
/// call to call share their times. What questions are asked by (trains at a station, folded names) is there, too.
/// network_view.hpp reads it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <railbook/result.hpp>

#include "timetable/network_data.hpp"

namespace railbook::timetable {

/// Bytes that stay where they are, in memory or mapped from a file, as long as anybody needs them.
struct ImageBytes {
    std::shared_ptr<const std::byte> first;  ///< Aligned as memory from operator new is.
    std::size_t size = 0;
};

/// `data` was checked (see Network::from_data). Errors: damaged (this system does not know a time zone).
Result<ImageBytes> build_image(const NetworkData& data);

namespace image {

inline constexpr std::array<char, 8> kMagic{'R', 'B', 'I', 'M', 'A', 'G', 'E', '\n'};
/// Whatever changes below changes this. Files of another version are made anew.
inline constexpr std::uint32_t kVersion = 3;
/// As it reads on a machine that orders bytes as the one that wrote it.
inline constexpr std::uint32_t kByteOrder = 0x01020304;

/// Where a text stands in the pool: its length in a byte, or 255 and then in four bytes (the lowest first), and it.
using Text = std::uint32_t;
inline constexpr std::uint8_t kLongText = 255;

struct Zone {
    static constexpr Index kNowhere = kNone;
    Text name;
    std::uint32_t rules;    // base::rules_in_use, or 0
    Index first_day_start;  // kNowhere: no agency has it
};
struct Agency {
    Text id;
    Text name;
    Index zone;
};
struct Route {
    Text id;
    Text short_name;
    Text long_name;
    Index agency;
    std::uint32_t type;
};
/// One more stands at the end: where lists by station begin, so that each ends where the next one's begins.
struct Station {
    double latitude;
    double longitude;
    Text id;
    Text name;
    Text code;
    Index zone;
    Index first_name;
    Index first_platform;
    Index first_visit;
    std::uint32_t traffic;  // calls a week, averaged
};
struct Stop {
    Text id;
    Text platform;
    Index station;
    std::uint32_t step_free;
};
/// One more stands at the end.
struct Trip {
    Text id;
    Text headsign;
    Text short_name;
    Index route;
    Index service;
    Index pattern;
    Index timing;
    std::int32_t begins;  // what the times count from
    Index first_start;
    Index block;
    static constexpr unsigned kStepFreeBits = 2;
    std::uint16_t zone;  // of the route's agency
    std::uint16_t call_count_and_step_free;
};
/// Calls that trips have in common. One more stands at the end.
struct Pattern {
    Index first_call;
    Index first_trip;  // of pattern_trips
};
struct Call {
    static constexpr std::uint32_t kPickUp = 1;
    static constexpr std::uint32_t kDropOff = 2;
    static constexpr unsigned kFlagBits = 2;
    std::uint32_t stop_and_flags;
    std::uint32_t distance;
};
/// Times that trips have in common.
struct Timing {
    Index first;         // of times
    std::uint16_t count;
    /// Seconds. A call is one word: the arrival in the lower half, the departure in the upper. Where those do not
    /// fit, 0: then each has a word of its own, in seconds.
    std::uint16_t unit;
};
/// A name as it is written, folded, and folded with umlauts as two letters.
struct Name {
    Text written;
    Text plain;
    Text spelled_out;
};
struct Transfer {
    Index from;
    Index to;
    std::uint32_t kind;
    std::uint32_t seconds;
};
struct TrainTransfer {
    Transfer transfer;
    Index from_trip;  // or kNone, as all of them
    Index to_trip;
    Index from_route;
    Index to_route;
};
struct Continuation {
    Index from;
    Index to;
    std::uint32_t stays;
};

/// Where a list begins, in bytes from the beginning of the image (divisible by 8), and how many it has.
struct Section {
    std::uint64_t offset;
    std::uint64_t count;
};

struct Head {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t byte_order;
    std::uint64_t size;          // of the image
    std::uint32_t checksum;      // checksum_of what follows this field
    std::uint32_t days;
    std::int64_t first_date;     // days after 1970-01-01
    Text feed;
    Text publisher;
    Section zones;
    Section day_starts;          // int64: UTC seconds of noon minus 12 h of each day, zone after zone
    Section agencies;
    Section routes;
    Section stations;            // by id
    Section stops;               // by id
    Section trips;               // by id
    Section patterns;
    Section calls;               // pattern after pattern
    Section pattern_trips;       // Index; pattern after pattern, each in order
    Section timings;
    Section times;               // uint32
    Section services;            // uint64, as in NetworkData
    Section starts;              // int32
    Section transfers;
    Section train_transfers;
    Section continuations;
    Section names;               // of a station its own, then its aliases
    Section platforms;           // Text
    Section visit_patterns;      // Index: by station, pattern and call
    Section visit_calls;         // uint16
    Section texts;               // char
};

/// Of an image that is at least as long as its head.
std::uint32_t checksum_of(std::span<const std::byte> bytes);

}  // namespace image
}  // namespace railbook::timetable

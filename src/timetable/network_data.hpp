#pragma once
/// One feed as an import makes it and the store keeps it.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <railbook/time.hpp>

namespace railbook::timetable {

/// A position in one of the lists below.
using Index = std::uint32_t;
inline constexpr Index kNone = std::numeric_limits<Index>::max();

/// What an import makes and the store keeps. Everything refers to everything else by Index.
struct NetworkData {
    /// Whether somebody in a wheelchair can get into a train, or from the street to a platform.
    enum class StepFree : std::uint8_t { unknown, yes, no };

    struct Agency {
        std::string id;
        std::string name;
        Index zone = 0;
        bool operator==(const Agency&) const = default;
    };
    struct Route {
        std::string id;
        Index agency = 0;
        std::uint16_t type = 2;
        std::string short_name;
        std::string long_name;
        bool operator==(const Route&) const = default;
    };
    struct Station {
        std::string id;
        std::string name;
        std::vector<std::string> aliases;  // of translations.txt
        Index zone = 0;
        double latitude = 0;
        double longitude = 0;
        std::string code = {};  // as passengers know it, where that is not the id
        bool operator==(const Station&) const = default;
    };
    /// A place where a train calls: a platform, or a station as a whole.
    struct Stop {
        std::string id;
        Index station = 0;
        std::string platform;
        StepFree step_free = StepFree::unknown;  // where a platform says nothing, as its station
        bool operator==(const Stop&) const = default;
    };
    struct Trip {
        std::string id;
        Index route = 0;
        Index service = 0;
        std::string headsign;
        std::string short_name;
        Index first_call = 0;   // the calls of all trips follow each other in the order of the trips
        Index call_count = 0;   // 2 to kMaxCalls
        Index first_start = 0;  // as do the starts of frequencies.txt; none: the trip runs once, at its own times
        Index start_count = 0;
        Index block = kNone;    // trips with the same block on the same date are one vehicle; kNone: of its own
        StepFree step_free = StepFree::unknown;
        bool operator==(const Trip&) const = default;
    };
    struct Call {
        Index stop = 0;
        std::int32_t arrival = 0;    // seconds after noon minus 12 h
        std::int32_t departure = 0;
        std::uint32_t distance = 0;  // metres from the trip's origin
        bool pick_up = true;
        bool drop_off = true;
        bool operator==(const Call&) const = default;
    };
    /// Of transfers.txt, between stops: what a change from one to the other needs. A stop that stands for its whole
    /// station (the ids are equal) speaks for all of its platforms that have no rule of their own.
    struct Transfer {
        enum class Kind : std::uint8_t { recommended, guaranteed, timed_minimum, impossible };
        /// Nothing is said of the time: it is what changes need where no rule speaks.
        static constexpr std::uint32_t kUsual = std::numeric_limits<std::uint32_t>::max();
        static constexpr std::uint32_t kMostSeconds = 86'400;
        Index from = 0;
        Index to = 0;
        Kind kind = Kind::recommended;
        std::uint32_t seconds = kUsual;  // up to kMostSeconds
        bool has_sane_time() const { return seconds == kUsual || seconds <= kMostSeconds; }
        bool operator==(const Transfer&) const = default;
    };
    /// Of transfers.txt: a transfer for those who come with one train, or go on with one, only. kNone: with any.
    struct TrainTransfer {
        Transfer transfer;
        Index from_trip = kNone;
        Index to_trip = kNone;
        Index from_route = kNone;  // none where there is a trip
        Index to_route = kNone;
        bool operator==(const TrainTransfer&) const = default;
    };
    /// Of transfers.txt, between trips, the second of which begins where the first ends: may passengers keep their
    /// seats? Where nothing is said they may if both are of one block.
    struct Continuation {
        Index from = 0;
        Index to = 0;
        bool stays = true;
        bool operator==(const Continuation&) const = default;
    };

    std::string feed;
    std::string publisher;
    ServiceDate first_date{};
    std::uint32_t days = 0;  // from first_date
    std::vector<std::string> zones;
    std::vector<Agency> agencies;
    std::vector<Route> routes;
    std::vector<Station> stations;  // by id
    std::vector<Stop> stops;        // by id
    std::vector<Trip> trips;        // by id
    std::vector<Call> calls;
    std::vector<std::uint64_t> services;  // a bit a day, service after service, words_per_service() each
    std::vector<std::int32_t> starts;
    std::vector<Transfer> transfers;          // by their ends
    std::vector<Continuation> continuations;  // by their trips
    std::vector<TrainTransfer> train_transfers;

    std::size_t words_per_service() const { return (days + 63U) / 64U; }
    bool operator==(const NetworkData&) const = default;
};

/// More would only come from a typing error in a feed, and each day costs memory.
inline constexpr std::uint32_t kMaxServiceDays = 5 * 366;
/// No train calls more often.
inline constexpr std::uint32_t kMaxCalls = 1000;
/// No train is on its way for longer; service dates are searched as far back.
inline constexpr std::int32_t kMaxSeconds = 20 * 86'400;

}  // namespace railbook::timetable

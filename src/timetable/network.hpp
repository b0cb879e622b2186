#pragma once
/// One feed in memory: compact, immutable, and indexed for the questions that are asked of it.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

#include "timetable/layouts.hpp"
#include "timetable/names.hpp"

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
        Index from = 0;
        Index to = 0;
        Kind kind = Kind::recommended;
        std::uint32_t seconds = kUsual;
        bool operator==(const Transfer&) const = default;
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

    std::size_t words_per_service() const { return (days + 63U) / 64U; }
    bool operator==(const NetworkData&) const = default;
};

/// More would only come from a typing error in a feed, and each day costs memory.
inline constexpr std::uint32_t kMaxServiceDays = 5 * 366;
/// No train calls more often.
inline constexpr std::uint32_t kMaxCalls = 1000;
/// No train is on its way for longer; service dates are searched as far back.
inline constexpr std::int32_t kMaxSeconds = 20 * 86'400;

/// A trip on a date, as positions.
struct RunIndex {
    Index trip = 0;
    std::uint32_t day = 0;
    std::int32_t shift = 0;            // of frequencies: from the trip's own times to the run's
    std::optional<int> start = {};
};

/// Immutable, so thread-safe.
class Network {
public:
    /// Checks every reference and builds the indexes. Errors: damaged.
    static Result<std::shared_ptr<const Network>> from_data(NetworkData data);

    const NetworkData& data() const { return data_; }
    const std::string& feed() const { return data_.feed; }
    ServiceDate first_date() const { return data_.first_date; }
    ServiceDate last_date() const { return data_.first_date + std::chrono::days{data_.days - 1}; }
    /// The beginning of the first date; the end of the last one, or of the trains that are then still on their way (it
    /// no longer belongs to the timetable).
    Timestamp begins() const { return begins_; }
    Timestamp ends() const { return ends_; }

    /// The station of a stop id: a platform means its station.
    std::optional<Index> find_station(std::string_view stop_id) const;
    std::optional<Index> find_trip(std::string_view trip_id) const;
    railbook::Station station(Index index) const;
    /// The names that a station answers to; the first is its own.
    std::span<const FoldedName> names_of(Index station) const;
    /// Calls a week, averaged.
    std::size_t traffic(Index station) const { return traffic_[station]; }

    /// Trains at a station, by trip and then along it.
    struct Visit {
        Index trip;
        Index call;  // of the trip, from 0
    };
    std::span<const Visit> visits(Index station) const;

    std::span<const NetworkData::Call> calls(Index trip) const;
    std::span<const std::int32_t> starts(Index trip) const;
    bool runs_on(Index trip, std::uint32_t day) const;
    /// The position of a date, or nothing where the timetable does not reach it.
    std::optional<std::uint32_t> day_of(ServiceDate date) const;
    ServiceDate date_of(std::uint32_t day) const { return data_.first_date + std::chrono::days{day}; }
    /// `seconds` after noon minus 12 h on that day, in the zone of the trip's agency.
    Timestamp time_of(Index trip, std::uint32_t day, std::int32_t seconds) const;
    /// The first day on which `seconds` are at `from` or later.
    std::uint32_t first_day_from(Index trip, Timestamp from, std::int32_t seconds) const;

    /// Errors: not_found, with what the detail of Timetable::run promises.
    Result<RunIndex> find_run(const RunId& id) const;
    RunId id_of(const RunIndex& run) const;
    /// What passengers call the train: `ICE 1672`.
    std::string train_name(Index trip) const;
    TrainFacts facts_of(const RunIndex& run) const;
    /// Without its coaches.
    Run run(const RunIndex& run) const;
    /// The ends of a ride, as departure_of and arrival_of give them of the whole run.
    Endpoint departure(const RunIndex& run, Index call) const;
    Endpoint arrival(const RunIndex& run, Index call) const;
    const std::string& headsign(Index trip) const;

private:
    explicit Network(NetworkData data) : data_{std::move(data)} {}

    Status check() const;
    Status index_days();
    void index_visits();
    void index_names();
    const std::vector<std::int64_t>& day_starts(Index trip) const;
    Endpoint endpoint(const RunIndex& run, Index call, std::int32_t seconds) const;
    int nth_call(Index trip, Index call) const;

    NetworkData data_;
    std::vector<std::vector<std::int64_t>> day_starts_;  // by zone, UTC seconds; empty where no agency has it
    Timestamp begins_{};
    Timestamp ends_{};
    std::vector<Visit> visits_;
    std::vector<Index> first_visit_;  // by station, one more at the end
    std::vector<FoldedName> names_;
    std::vector<Index> first_name_;   // by station, one more at the end
    std::vector<std::size_t> traffic_;
    std::vector<std::vector<std::string>> platforms_;  // by station
};

}  // namespace railbook::timetable

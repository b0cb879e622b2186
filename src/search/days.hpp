#pragma once
/// What runs, day by day: the network laid out in time, as the engines scan it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "search/allowed.hpp"
#include "search/interchanges.hpp"
#include "search/kept.hpp"
#include "timetable/network.hpp"

namespace railbook::search {

using timetable::Network;
using timetable::RunIndex;

/// One run from one call to the next. Times are seconds after the beginning of its day; the arrival may be days later.
struct Connection {
    std::int32_t departure = 0;
    std::int32_t arrival = 0;
    Index from = 0;  ///< Spots.
    Index to = 0;
    std::uint32_t run = 0;  ///< The run's number, with which those of neighbouring days are told apart.
    /// The flags.
    static constexpr std::uint8_t kBoards = 1;        ///< Passengers may board.
    static constexpr std::uint8_t kAlights = 2;       ///< Passengers may alight.
    static constexpr std::uint8_t kWalks = 4;         ///< From where it arrives there are ways to other spots.
    static constexpr std::uint8_t kContinues = 8;     ///< It is the first of a run in which others may continue.
    static constexpr std::uint8_t kIsContinued = 16;  ///< It is the last of a run that others may continue.
    std::uint8_t flags = 0;
};

/// Passengers of one run may keep their seats in the other.
struct Continued {
    std::uint32_t from = 0;  ///< Numbers of runs.
    std::uint32_t to = 0;
    RunIndex run;  ///< Of `to`.
};

/// All that departs between one midnight (UTC) and the next. Immutable, so thread-safe.
struct Day {
    std::int64_t begins = 0;              ///< UTC seconds.
    std::vector<Connection> connections;  ///< By departure; a run in order, and before those that continue it.
    /// Where connections of one departure take no time, one may lead to another before it: those, as positions.
    struct Instant {
        std::uint32_t first = 0;
        std::uint32_t last = 0;  ///< Behind it.
    };
    std::vector<Instant> instants;
    struct Ride {
        std::uint32_t run = 0;  ///< Of `runs`.
        Index call = 0;         ///< Where it departs.
    };
    std::vector<Ride> rides;  ///< Of `connections`.
    std::vector<RunIndex> runs;
    /// Positions of connections by spot, each with one more at the end.
    struct BySpot {
        std::vector<std::uint32_t> positions;
        std::vector<std::uint32_t> first;
        std::span<const std::uint32_t> of(Index spot) const {
            return std::span{positions}.subspan(first[spot], first[spot + 1] - first[spot]);
        }
    };
    BySpot boardings;                // by where they leave
    BySpot alightings;               // by where they arrive
    std::vector<Continued> onward;   ///< Of runs whose last connection is of this day, by `from`.
    std::vector<Continued> carried;  ///< Of runs whose first connection is of this day, by `to`.

    std::span<const Continued> onward_from(std::uint32_t run) const;
    std::span<const Continued> carried_to(std::uint32_t run) const;
    /// The first connection that departs then or later; seconds as in Connection.
    std::uint32_t first_from(std::int32_t seconds) const;
    const RunIndex& run_of(std::uint32_t connection) const { return runs[rides[connection].run]; }
};

/// The days of a network, made when they are first asked for; the last few that were used are kept. Thread-safe.
/// The network and the interchanges must outlive it.
class Days {
public:
    static constexpr std::int64_t kSeconds = 86'400;
    static constexpr std::size_t kKept = 64;
    /// Of all kept days together: about 130 MB.
    static constexpr std::size_t kConnectionsKept = 4'000'000;

    Days(const Network& network, const Interchanges& interchanges, const Allowed& allowed);

    /// The day that begins `number` days after 1970-01-01.
    std::shared_ptr<const Day> get(std::int64_t number);
    /// Numbers of all runs that may depart from some station in [from, to), which are UTC seconds.
    struct Numbers {
        std::uint32_t first = 0;
        std::uint32_t last = 0;  ///< Behind it.
    };
    Numbers runs_between(std::int64_t from, std::int64_t to) const;

    /// The busiest date, as a day of the network, and its runs.
    std::uint32_t busiest_day() const;
    std::size_t runs_on(std::uint32_t day) const { return first_run_[day + 1] - first_run_[day]; }
    /// Every run that departs from some station in [from, to), which are UTC seconds.
    std::vector<RunIndex> runs_in(std::int64_t from, std::int64_t to) const;
    /// Pairs of runs, where passengers of the first may keep their seats in the second: all of those that depart so.
    std::vector<std::pair<RunIndex, RunIndex>> stays_in(std::int64_t from, std::int64_t to) const;
    bool is_wanted(Index trip) const { return is_wanted_[trip]; }
    /// Whether passengers may board, or alight, at this call of a trip.
    bool may_board(const timetable::NetworkData::Call& call) const { return call.pick_up && is_usable_[call.stop]; }
    bool may_alight(const timetable::NetworkData::Call& call) const { return call.drop_off && is_usable_[call.stop]; }

    /// Whether passengers of any run may keep their seats in another.
    bool may_ever_stay() const { return !blocks_.empty() || !stays_.empty(); }
    /// Whether passengers of the first run may keep their seats in the second.
    bool may_stay(const RunIndex& first, const RunIndex& second) const;

private:
    std::shared_ptr<const Day> make(std::int64_t number) const;
    Day::BySpot by_spot(const Day& day, std::uint8_t flag, Index Connection::* spot) const;
    /// A run that may depart from some station of a day. Times are seconds after the day begins.
    struct Departing {
        std::int64_t begins = 0;   // its service day, or where its trip's times count from
        std::int64_t departs = 0;  // from its first station
        std::int64_t ends = 0;
        std::uint32_t number = 0;
        RunIndex run;
    };
    void find_runs(const Day& day, std::uint32_t service_day, std::vector<Departing>& found) const;
    void add_connections(Day& day, const Departing& departing, std::vector<Connection>& connections,
                         std::vector<Day::Ride>& rides) const;
    void add_continued(Day& day, std::uint32_t service_day) const;
    /// Service days of which a run may depart in [from, to).
    Numbers service_days(std::int64_t from, std::int64_t to) const;
    struct ContinuedTrip {
        Index before = 0;  // the trip whose passengers stay
        Continued continued;
    };
    /// Runs of this date whose passengers may stay.
    std::vector<ContinuedTrip> continued_on(std::uint32_t service_day) const;
    /// The number that a trip's run has, or its first one; of trips that do not run, the next.
    std::vector<std::uint32_t> numbers_on(std::uint32_t service_day) const;
    bool runs(Index trip, std::uint32_t service_day) const {
        return is_wanted_[trip] && network_.runs_on(trip, service_day);
    }

    const Network& network_;
    const Interchanges& interchanges_;
    std::vector<bool> is_wanted_;             // by trip
    std::vector<bool> is_usable_;             // by stop
    std::vector<std::int64_t> earliest_;      // by service day: when it begins in the zone where it does so first
    std::vector<std::int64_t> latest_;        // and last
    std::vector<std::uint32_t> first_run_;    // by service day, one more at the end
    std::int32_t longest_ = 0;                // the last time of any run, after its service day began
    std::vector<std::vector<Index>> blocks_;  // trips of one vehicle, by departure; those with two or more
    std::vector<timetable::NetworkData::Continuation> stays_;
    std::vector<std::pair<Index, Index>> parted_;  // sorted

    Kept<std::int64_t, Day> kept_{kKept, kConnectionsKept};  // by number
};

}  // namespace railbook::search

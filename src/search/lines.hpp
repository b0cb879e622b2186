#pragma once
/// What runs, line by line: the network laid out as engines look at it that ride one line after the other.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/days.hpp"
#include "search/interchanges.hpp"
#include "search/kept.hpp"
#include "timetable/network.hpp"

namespace railbook::search {

/// Where trips call, and where passengers may board and alight: trips that are equal in this have one pattern.
/// Immutable, so thread-safe.
class Patterns {
public:
    /// Of trips that the days want.
    Patterns(const Network& network, const Interchanges& interchanges, const Days& days);

    struct Call {
        static constexpr std::uint8_t kBoards = 1;
        static constexpr std::uint8_t kAlights = 2;
        static constexpr std::uint8_t kWalks = 4;  ///< From here there are ways to other spots.
        Index spot = 0;
        std::uint8_t flags = 0;
        std::int32_t to_next = 0;  ///< Seconds to the next call of the trip that takes the fewest.
        bool operator==(const Call&) const = default;
    };
    Index count() const { return static_cast<Index>(first_call_.size() - 1); }
    /// timetable::kNone: of trips that nobody wants.
    Index of(Index trip) const { return of_trip_[trip]; }
    std::span<const Call> calls(Index pattern) const {
        return std::span{calls_}.subspan(first_call_[pattern], first_call_[pattern + 1] - first_call_[pattern]);
    }

    /// Of the trips that run on a date, near enough: they are told apart by a hash, since to make patterns takes as
    /// long as many a search.
    static std::size_t count_on(std::uint32_t day, const Network& network, const Interchanges& interchanges,
                                const Days& days);

private:
    static Call call_of(const Interchanges& interchanges, const Days& days, Index trip, Index position,
                        const timetable::NetworkData::Call& call);
    /// Of the calls up to this one.
    static std::uint64_t hash_with(std::uint64_t before, const Call& call);

    std::vector<Index> of_trip_;
    std::vector<Call> calls_;
    std::vector<Index> first_call_;  // by pattern, one more at the end
};

/// Runs of one pattern of which none overtakes another, and so of two that can be boarded the first is never worse.
struct Line {
    std::uint32_t first_call = 0;  ///< Of Timeline::calls.
    std::uint32_t call_count = 0;
    std::uint32_t first_event = 0;  ///< Of Timeline::events: those of one run follow each other.
    std::uint32_t run_count = 0;    ///< The first to leave first.
    std::uint32_t first_stay = 0;   ///< Of Timeline::stays.
    std::uint32_t stay_count = 0;
};

/// Lines in one direction of time. Against it, calls, runs and visits stand the other way round, times are negated,
/// and to board is to alight: so whoever seeks the earliest arrival there finds the latest departure.
struct Timeline {
    struct Event {
        std::int32_t arrival = 0;
        std::int32_t departure = 0;
    };
    struct Visit {
        std::uint32_t line = 0;
        std::uint32_t call = 0;
    };
    std::vector<Line> lines;
    std::vector<Patterns::Call> calls;
    std::vector<Event> events;
    std::vector<Visit> visits;         // where passengers may board
    std::vector<Index> first_visit;    // by spot, one more at the end
    std::vector<std::uint32_t> stays;  // lines (of one run) in whose first call passengers of the last may stay

    std::span<const Visit> visits_of(Index spot) const {
        return std::span{visits}.subspan(first_visit[spot], first_visit[spot + 1] - first_visit[spot]);
    }
};

/// All runs that depart on some days. Immutable, so thread-safe.
struct Lines {
    std::int64_t begins = 0;  ///< UTC seconds: times are relative to it.
    Timeline along;
    Timeline against;
    std::vector<RunIndex> runs;            // of line after line, as they stand along the time
    std::vector<std::uint32_t> first_run;  // by line
};

/// The lines of a network, laid out for the days that are asked for; the last that were used are kept. Thread-safe.
/// All that it is made with must outlive it.
class LineStore {
public:
    static constexpr std::size_t kKept = 32;
    /// Of all kept ones together: about 100 MB.
    static constexpr std::size_t kEventsKept = 6'000'000;

    LineStore(const Network& network, const Interchanges& interchanges, const Days& days, const Patterns& patterns);

    /// Of the days from `first` to `last`, which are days after 1970-01-01.
    std::shared_ptr<const Lines> get(std::int64_t first, std::int64_t last);

private:
    std::shared_ptr<const Lines> make(std::int64_t first, std::int64_t last) const;

    const Network& network_;
    const Days& days_;
    const Patterns& patterns_;
    Index spot_count_;
    std::vector<bool> is_walked_to_;  // by spot
    Kept<std::int64_t, Lines> kept_{kKept, kEventsKept};
};

}  // namespace railbook::search

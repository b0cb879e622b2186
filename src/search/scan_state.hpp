#pragma once
/// What the passes of a connection scan share: the days and runs in question, and the labels.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "search/days.hpp"
#include "search/finder.hpp"
#include "search/interchanges.hpp"

namespace railbook::search {

/// A time for each number of changes: lane j is of at most j changes.
using Lanes = std::array<std::int32_t, kLanes>;
inline constexpr std::int32_t kNever = ChangeTimes::kNever;

/// A connection of one of the days: which day, and where in it.
struct ConnectionRef {
    std::uint32_t day = 0;  ///< Of the stretch.
    std::uint32_t at = 0;
};

/// Days and runs that a question can touch. Times within are seconds after its beginning.
class Stretch {
public:
    /// Connections that depart in [from, to), UTC seconds.
    void begin(Days& days, std::int64_t from, std::int64_t to) {
        first_day_ = floor_day(from);
        const auto last_day = std::max(first_day_, floor_day(to - 1));
        days_.assign(static_cast<std::size_t>(last_day - first_day_ + 1), nullptr);
        numbers_ = days.runs_between(from, to);
        source_ = &days;
        from_ = relative(from);
        to_ = relative(to);
    }
    const Days& days() const { return *source_; }
    /// Lets go of the days.
    void end() { days_.clear(); }
    std::int32_t from() const { return from_; }
    std::int32_t to() const { return to_; }
    std::uint32_t day_count() const { return static_cast<std::uint32_t>(days_.size()); }
    const Day& day(std::uint32_t index) {
        auto& day = days_[index];
        if (!day) day = source_->get(first_day_ + index);
        return *day;
    }
    static std::int32_t offset(std::uint32_t day) { return static_cast<std::int32_t>(day * Days::kSeconds); }
    std::uint32_t day_of(std::int32_t time) const { return static_cast<std::uint32_t>(time / Days::kSeconds); }

    std::int32_t relative(std::int64_t time) const {
        return static_cast<std::int32_t>(time - first_day_ * Days::kSeconds);
    }
    std::int64_t absolute(std::int32_t time) const { return first_day_ * Days::kSeconds + time; }

    std::uint32_t run_count() const { return numbers_.last - numbers_.first; }
    /// A run's place among them; beyond run_count() for runs that are none of them.
    std::uint32_t place_of(std::uint32_t run) const { return run - numbers_.first; }
    std::uint32_t first_run() const { return numbers_.first; }

private:
    static std::int64_t floor_day(std::int64_t time) {
        return time >= 0 ? time / Days::kSeconds : -((-time + Days::kSeconds - 1) / Days::kSeconds);
    }

    Days* source_ = nullptr;
    std::int64_t first_day_ = 0;
    std::vector<std::shared_ptr<const Day>> days_;  // those that were looked at
    Days::Numbers numbers_;
    std::int32_t from_ = 0;
    std::int32_t to_ = 0;
};

/// Where a question begins, ends and passes: stations as ranges of spots. Layer i of the labels is of journeys that
/// have called at the first i of the stations to pass.
struct Targets {
    struct Spots {
        Index first = 0;
        Index count = 0;
        bool has(Index spot) const { return spot - first < count; }
    };
    Spots from;
    Spots to;
    std::vector<Spots> via;

    Targets(const Interchanges& interchanges, const Question& question) {
        const auto spots_of = [&](Index station) {
            const auto first = interchanges.first_spot(station);
            return Spots{first, interchanges.first_spot(station + 1) - first};
        };
        from = spots_of(question.from);
        to = spots_of(question.to);
        for (const auto station : question.via) via.push_back(spots_of(station));
    }
    std::uint32_t layers() const { return static_cast<std::uint32_t>(via.size()) + 1; }
};

/// Labels of the forward pass.
struct ForwardLabels {
    std::vector<Lanes> ready;             // by layer and spot: when a train can be boarded as that change
    std::vector<std::uint32_t> written;   // of `ready`: all others are never; more than are in use
    std::size_t written_count = 0;
    std::vector<std::uint32_t> on_board;  // by layer and run: with how few changes
};

/// Labels of the backward pass, which seeks the latest departures.
struct BackwardLabels {
    struct Alighting {
        static constexpr std::uint32_t kNoRun = static_cast<std::uint32_t>(-1);
        ConnectionRef at;
        std::uint32_t layer = 0;           // after it
        std::uint32_t continued = kNoRun;  // not to alight, but to stay: the place of the run in which
        bool stays() const { return continued != kNoRun; }
    };
    struct Boarding {
        ConnectionRef at;
        Alighting until;
        std::uint8_t changes = 0;  // that follow
    };
    std::vector<Lanes> latest;                           // by layer and spot; of no lane below the first known one
    std::vector<std::uint8_t> known;                     // by layer and spot: the first lane that has a time
    std::vector<std::array<Boarding, kLanes>> boarding;  // by layer and spot
    std::vector<std::uint32_t> on_board;                 // by layer and run: how few changes follow
    std::vector<Alighting> until;                        // by layer and run
};

/// Labels of the profile pass: for each spot, when one can leave and how early that arrives.
struct ProfileLabels {
    static constexpr std::uint32_t kNothing = 0;
    struct Entry {
        Lanes arrival;  // of those who change to it; at the beginning of a journey, of those who board
        std::int32_t departure = 0;
        std::uint32_t later = kNothing;  // the entry of this spot that departs next; the same in no lane
        ConnectionRef at;                // boards there, in the lanes in which it is better than `later`
    };
    std::vector<Entry> entries;               // the first is none; more than are in use, and so are the labels
    std::vector<std::uint32_t> first;         // by layer and spot: the entry that departs first
    std::vector<std::uint32_t> label_of_run;  // by layer and run
    std::vector<Lanes> labels;                // of runs; the first is none
    std::vector<std::uint32_t> starts;        // entries at the beginning of journeys, the last departure first
};

}  // namespace railbook::search

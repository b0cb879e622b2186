#pragma once
/// Where trains can be changed, and how long that takes.

#include <cstdint>
#include <span>
#include <vector>

#include "timetable/network.hpp"

namespace railbook::search {

using timetable::Index;

/// A way from where one train arrives to where another leaves.
struct Walk {
    Index to = 0;  ///< A spot.
    std::int32_t seconds = 0;
};

/// The rules of transfers.txt. Platforms of a station that no rule tells apart are one *spot*; most stations are one.
/// Trains that a rule names, or whose route one names, have spots of their own there. Immutable, so thread-safe.
class Interchanges {
public:
    explicit Interchanges(const timetable::NetworkView& network);

    Index spot_count() const { return static_cast<Index>(station_of_.size()); }
    Index station_count() const { return static_cast<Index>(first_spot_.size() - 1); }
    /// Of a call of a trip at that stop.
    Index spot_of(Index trip, Index call, Index stop) const {
        return tells_trains_apart() ? spot_of_call_[first_call_[trip] + call] : spot_of_stop_[stop];
    }
    /// Whether trains that call at the same stops may do so at different spots.
    bool tells_trains_apart() const { return !spot_of_call_.empty(); }
    /// Those of a station follow each other: [first_spot(s), first_spot(s + 1)).
    Index first_spot(Index station) const { return first_spot_[station]; }
    Index station_of(Index spot) const { return station_of_[spot]; }

    /// A walk whose time is at least what changes usually need.
    struct Rule {
        Index to = 0;
        std::int32_t seconds = 0;
        bool at_least_usual = false;
    };
    /// Every way on from a spot, within its station and out of it.
    std::span<const Rule> rules_from(Index spot) const {
        return std::span{rules_}.subspan(first_rule_[spot], first_rule_[spot + 1] - first_rule_[spot]);
    }
    /// Whether there are ways on other than at the spot itself.
    bool has_walks(Index spot) const { return has_walks_[spot]; }

private:
    std::vector<Index> spot_of_stop_;  // of trains that no rule names
    std::vector<Index> spot_of_call_;  // of all calls, trip after trip; empty where no rule names any train
    std::vector<Index> first_call_;    // by trip: of these
    std::vector<Index> first_spot_;  // by station, one more at the end
    std::vector<Index> station_of_;  // by spot
    std::vector<Rule> rules_;
    std::vector<Index> first_rule_;  // by spot, one more at the end
    std::vector<bool> has_walks_;
};

/// The rules with the usual time filled in. The interchanges must outlive it.
class ChangeTimes {
public:
    /// Longer than any journey: no change.
    static constexpr std::int32_t kNever = 1 << 29;

    ChangeTimes(const Interchanges& interchanges, std::int32_t usual);

    std::int32_t usual() const { return usual_; }
    Index spot_count() const { return interchanges_->spot_count(); }
    Index spot_of(Index trip, Index call, Index stop) const { return interchanges_->spot_of(trip, call, stop); }
    /// To leave from the spot at which one arrived.
    std::int32_t within(Index spot) const { return within_[spot]; }
    const std::int32_t* within() const { return within_.data(); }  ///< By spot.
    /// To other spots.
    std::span<const Walk> walks_from(Index spot) const {
        return std::span{walks_}.subspan(first_walk_[spot], first_walk_[spot + 1] - first_walk_[spot]);
    }

    /// From other spots.
    std::span<const Walk> walks_to(Index spot) const {
        return std::span{walks_back_}.subspan(first_walk_back_[spot],
                                              first_walk_back_[spot + 1] - first_walk_back_[spot]);
    }

private:
    const Interchanges* interchanges_;
    std::int32_t usual_;
    std::vector<std::int32_t> within_;
    std::vector<Walk> walks_;
    std::vector<Index> first_walk_;  // by spot, one more at the end
    std::vector<Walk> walks_back_;   // whose `to` is where they begin
    std::vector<Index> first_walk_back_;
};

}  // namespace railbook::search

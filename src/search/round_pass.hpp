#pragma once
/// Search in rounds: in the first all that is reached without a change, then with one, and so on. See
/// docs/architecture.md, "Finding journeys".

#include <array>
#include <cstdint>
#include <vector>

#include "search/bounds.hpp"
#include "search/finder.hpp"
#include "search/interchanges.hpp"
#include "search/lines.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {

/// What the rounds keep in memory; from question to question only to be used again.
struct RoundLabels {
    static constexpr std::uint32_t kNone = timetable::kNone;
    /// A ride on a run, or what follows in another in which passengers stay.
    struct Ride {
        std::uint32_t line = 0;
        std::uint32_t run = 0;
        std::uint32_t board = 0;  // a call
        std::uint32_t alight = 0;
        std::uint32_t before = kNone;  // the ride after which they stayed, in `stays`
    };
    struct Stay {
        std::uint32_t line = 0;
        std::uint32_t before = kNone;
    };
    std::vector<std::int32_t> best;        // by spot: when a train can be boarded, after any number of rides
    std::vector<Lanes> best_lanes;         // by spot: the same after at most so many rides
    std::vector<std::int32_t> ready;       // by spot: as the round before made it; never where it did nothing
    std::vector<std::int32_t> next_ready;  // by spot: as this round makes it
    std::vector<Index> changed;            // spots of `ready` that are not never
    std::vector<Index> next_changed;
    std::vector<std::uint32_t> first_call;     // by line: where it may be boarded first
    std::vector<std::uint32_t> lines;          // that may be boarded
    std::array<std::vector<Ride>, kLanes> by;  // by spot: how it was reached, for the round that boards there
    std::array<Ride, kLanes> arrives;          // by round: the last ride
    std::vector<Ride> stays;                   // rides to the end of a run, after which passengers stay
    std::vector<Stay> waiting;                 // lines in which they do
    std::vector<std::uint64_t> stayed;         // by line: the round that was there last
    std::uint64_t rounds = 0;                  // of all time
};

/// Rounds along the time, or against it. Times are relative to the lines' beginning, negated against the time.
class RoundPass {
public:
    RoundPass(const Timeline& timeline, bool is_against, const ChangeTimes& times, RoundLabels& labels)
        : timeline_{timeline}, is_against_{is_against}, times_{times}, labels_{labels} {}

    using Spots = Targets::Spots;

    /// The earliest arrivals at the station of the bounds, of those who leave `from` at `time` or later; `by` at the
    /// latest, else never. Then `labels.best` is right for every spot through which one of the fastest can pass.
    Lanes arrivals(Spots from, std::int32_t time, std::int32_t by, int most_changes, const Bounds& bounds);

    /// The rides with which those who leave `from` at `time` or later arrive first, and that is before `by`, with so
    /// many changes. Whoever is at a spot earlier than against the time in `reached` cannot come from where they go to.
    std::vector<RoundLabels::Ride> first_rides(Spots from, Spots to, std::int32_t time, std::int32_t by, int changes,
                                               const std::vector<std::int32_t>& reached);

    /// Every best journey of those that leave in [first, until) and take no longer than `longest`, for `use(changes,
    /// rides)`.
    template <class Use>
    void all(Spots from, std::int32_t first, std::int32_t until, std::int32_t longest, int most_changes,
             const Bounds& bounds, const Use& use);

private:
    /// What is asked for: arrivals, rides, or all of a window.
    enum class Aim : std::uint8_t { arrivals, rides, all };
    struct Seed {
        std::int32_t departure = 0;
        std::uint32_t line = 0;
        std::uint32_t call = 0;
        std::uint32_t run = 0;
    };

    void begin(int most_changes, std::int32_t limit);
    void leave_from(Spots from, std::int32_t time);
    template <Aim kAim>
    void do_rounds(std::uint32_t round);
    template <Aim kAim>
    void ride_line(std::uint32_t line, std::uint32_t call, std::uint32_t run, std::uint32_t before);
    template <Aim kAim>
    void ride_stays();
    template <Aim kAim>
    bool is_worth(Index spot, std::int32_t arrival) const;
    template <Aim kAim>
    bool is_worth_boarding(Index spot, std::int32_t departure) const;
    template <Aim kAim>
    void change(Index spot, std::int32_t time, const RoundLabels::Ride& ride);
    template <Aim kAim>
    void arrive(std::int32_t arrival, const RoundLabels::Ride& ride);
    void end_round();
    std::vector<Seed> seeds(Spots from, std::int32_t first, std::int32_t until) const;
    /// The last ride first.
    std::vector<RoundLabels::Ride> rides_of(std::uint32_t round) const;

    const Timeline& timeline_;
    const bool is_against_;
    const ChangeTimes& times_;
    RoundLabels& labels_;
    const Bounds* bounds_ = nullptr;
    const std::int32_t* reached_ = nullptr;
    Spots to_;
    std::uint32_t most_ = 0;   // changes
    std::uint32_t round_ = 0;  // as many changes
    Lanes target_{};           // the earliest arrival with at most so many changes
    Lanes limit_{};            // what arrives then or later is not asked for
};

template <class Use>
void RoundPass::all(Spots from, std::int32_t first, std::int32_t until, std::int32_t longest, int most_changes,
                    const Bounds& bounds, const Use& use) {
    begin(most_changes, kNever);
    bounds_ = &bounds;
    Lanes never;
    never.fill(kNever);
    labels_.best_lanes.assign(times_.spot_count(), never);
    const auto starts = seeds(from, first, until);
    for (std::size_t at = 0; at < starts.size();) {
        const auto departure = starts[at].departure;
        const auto before = target_;
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            limit_[lane] = std::min(target_[lane], departure + longest + 1);
        round_ = 0;
        labels_.stays.clear();
        ++labels_.rounds;
        for (; at < starts.size() && starts[at].departure == departure; ++at) {
            ride_line<Aim::all>(starts[at].line, starts[at].call, starts[at].run, RoundLabels::kNone);
        }
        ride_stays<Aim::all>();
        end_round();
        do_rounds<Aim::all>(1);
        auto fewer = kNever;
        for (std::uint32_t changes = 0; changes <= most_; ++changes) {
            if (target_[changes] < before[changes] && target_[changes] < fewer) use(changes, rides_of(changes));
            fewer = std::min(fewer, target_[changes]);
        }
    }
}

}  // namespace railbook::search

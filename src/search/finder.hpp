#pragma once
/// What every engine that finds journeys answers, and how it is asked.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "search/allowed.hpp"
#include "search/direct.hpp"
#include "timetable/network.hpp"

namespace railbook::search {

/// Changes that are looked for at most: an engine keeps a lane of labels for each number of them.
inline constexpr int kMostChanges = JourneyQuery::kMaxChanges;
inline constexpr int kLanes = kMostChanges + 1;

/// The instructions that work on the lanes of a label. All find the same; the plain one is what others are tested
/// against.
enum class LaneKernel : std::uint8_t { plain, avx2 };
/// What this processor has.
LaneKernel fastest_lane_kernel();

/// A question whose stations are known. Times are UTC seconds, durations seconds.
struct Question {
    Index from = 0;  ///< Stations.
    Index to = 0;
    std::vector<Index> via =
        {};  ///< Stations at which the journey calls, in this order; no two neighbours are the same.
    End end = End::departure;
    /// By departure: it is at `time` or later, and before `time` + `window`. By arrival: it is at `time` or earlier,
    /// and after `time` - `window`.
    std::int64_t time = 0;
    /// Nothing: only the other end of a journey and its changes matter, and it lies within `longest` of `time`.
    std::optional<std::int32_t> window = std::nullopt;
    std::int32_t longest = 86'400;  ///< From departure to arrival.
    std::int32_t usual_change = 120;
    int most_changes = kMostChanges;
    bool operator==(const Question&) const = default;
};

/// Rides, one after the other.
struct FoundJourney {
    std::vector<Ride> rides;
    int changes = 0;  ///< Of trains: where passengers keep their seats is none.
    Timestamp departure() const { return rides.front().departure; }
    Timestamp arrival() const { return rides.back().arrival; }
};

/// Finds journeys in one network, which must outlive it. Thread-safe.
class JourneyFinder {
public:
    virtual ~JourneyFinder() = default;
    /// With a window: one journey for each best (departure later, arrival earlier, changes fewer) of those that leave,
    /// or arrive, within it. Without: one for each best (the other end, changes); of those that are equal in this, the
    /// shortest. By departure, then arrival.
    virtual std::vector<FoundJourney> find(const Question& question) = 0;
    /// Whether passengers of the first run may keep their seats in the second.
    virtual bool may_stay(const timetable::RunIndex& first, const timetable::RunIndex& second) = 0;
    /// Seconds that a change from one station to the other (or at one) takes at least, whatever is usual, where the
    /// platforms are the best for it. Nothing where there is no way.
    virtual std::optional<std::int32_t> least_change(Index from_station, Index to_station) = 0;
};

/// The engine that is the faster one in this network: dense networks, whose lines have many trains a day, are searched
/// in rounds, others by a connection scan.
std::unique_ptr<JourneyFinder> make_finder(const timetable::Network& network, const Allowed& allowed = {});

}  // namespace railbook::search

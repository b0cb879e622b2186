#pragma once
/// Several feeds as one network, so that passengers can change from the trains of one to those of another.

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "timetable/station_index.hpp"

namespace railbook::timetable {

/// Feeds that have stations in common and trains on the same days. What passengers know as one place is one station of
/// it. Rules of transfers.txt count between the trains of their own feed; from one feed to another a change takes what
/// is usual. Immutable, so thread-safe. Its feeds must outlive it.
class JoinedNetwork {
public:
    /// Every group of feeds that can be joined; none where each stands alone. What together would be more than one
    /// network may have stays apart.
    static std::vector<JoinedNetwork> all_of(std::span<const std::shared_ptr<const Network>> feeds,
                                             const StationIndex& stations);

    const std::shared_ptr<const Network>& network() const { return network_; }
    /// Whether it has all days of its feeds. Else it has those on which trains of two feeds may meet.
    bool has_all_days() const { return has_all_days_; }
    bool has(const Network& feed) const;
    /// Where a place is in it; nothing if it is of none of its feeds.
    std::optional<Index> station_of(std::span<const FoundStation> place) const;
    /// A run of it as a run of its feed.
    std::pair<const Network*, RunIndex> run_of(const RunIndex& run) const;

private:
    struct Member {
        const Network* feed = nullptr;
        Index first_trip = 0;
        std::int64_t first_day = 0;   ///< The joined network's, as a day of the feed.
        std::vector<Index> stations;  ///< By station of the feed.
    };
    class Builder;

    JoinedNetwork() = default;

    std::vector<Member> members_;  // by their first trips
    std::shared_ptr<const Network> network_;
    bool has_all_days_ = true;
};

}  // namespace railbook::timetable

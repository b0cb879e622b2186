#pragma once
/// What no journey between two places can beat, whatever the hour: so that a search need not look where nothing is won.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/finder.hpp"
#include "search/interchanges.hpp"
#include "search/kept.hpp"
#include "search/lines.hpp"

namespace railbook::search {

/// To one station from every spot, or from one station to every spot.
struct Bounds {
    static constexpr std::uint16_t kNoWay = static_cast<std::uint16_t>(-1);
    static constexpr std::uint8_t kNoRides = static_cast<std::uint8_t>(-1);
    std::vector<std::uint16_t> minutes;  // by spot: of the way, without any waiting or changing
    std::vector<std::uint8_t> rides;     // by spot: as few as that; 0 at the station itself
    /// By spot: as few changes are made, between it and the station, by whoever is on a train there, may they board and
    /// alight or not.
    std::vector<std::uint8_t> changes;

    static Bounds that_bound_nothing(Index spots) {
        return {.minutes = std::vector<std::uint16_t>(spots),
                .rides = std::vector<std::uint8_t>(spots),
                .changes = std::vector<std::uint8_t>(spots)};
    }
    /// Between the station and those spots, which follow each other.
    std::uint32_t least_changes(Index first_spot, Index count) const {
        const auto spots = std::span{rides}.subspan(first_spot, count);
        const std::uint32_t least = spots.empty() ? 0 : *std::ranges::min_element(spots);
        return least == 0 ? 0 : least - 1;
    }
    /// Of bounds of one end of the question: whether at any hour somebody gets from it to the other, or the other way.
    bool may_reach(const Interchanges& interchanges, Index other_end, const Question& question) const;
};

/// The bounds of a network, found when they are first asked for; the last that were used are kept. Thread-safe.
/// All that it is made with must outlive it.
class BoundStore {
public:
    /// Of all kept ones together, in bytes.
    static constexpr std::size_t kWeightKept = 16'000'000;

    /// Where passengers may stay from run to run, the rides are not counted.
    BoundStore(const Interchanges& interchanges, const Patterns& patterns, bool may_stay);

    std::shared_ptr<const Bounds> to(Index station) { return get(station, kBack); }
    std::shared_ptr<const Bounds> from(Index station) { return get(station, kForth); }

private:
    enum Direction : std::uint8_t { kForth = 0, kBack = 1 };
    struct Edge {
        Index to = 0;
        std::int32_t seconds = 0;
    };
    /// Edges of each spot.
    struct Graph {
        std::vector<Edge> edges;
        std::vector<Index> first;  // by spot, one more at the end
        std::span<const Edge> of(Index spot) const {
            return std::span{edges}.subspan(first[spot], first[spot + 1] - first[spot]);
        }
    };
    struct Visit {
        Index pattern = 0;
        Index call = 0;
    };
    struct Link {
        Index from = 0;
        Edge edge;
    };
    static Graph graph_of(const std::vector<Link>& links, Index spots, Direction direction);
    std::shared_ptr<const Bounds> get(Index station, Direction direction);
    std::shared_ptr<const Bounds> make(Index station, Direction direction) const;
    void find_minutes(Bounds& bounds, Index station, Direction direction) const;
    void find_rides(Bounds& bounds, Index station, Direction direction) const;

    const Interchanges& interchanges_;
    const Patterns& patterns_;
    bool may_stay_;
    Graph rides_[2];  // by direction: from one call to the next, and ways on foot
    Graph walks_[2];
    std::vector<Visit> visits_;
    std::vector<Index> first_visit_;  // by spot, one more at the end
    Kept<std::uint64_t, Bounds> kept_;
};

}  // namespace railbook::search

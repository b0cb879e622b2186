#pragma once
/// A connection scan: looks at every connection of the time in question once, in the order of departure.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "search/bounds.hpp"
#include "search/days.hpp"
#include "search/finder.hpp"
#include "search/idle.hpp"
#include "search/interchanges.hpp"
#include "search/lines.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {

/// For long-distance networks, where a day has some thousand connections. See docs/architecture.md, "Finding journeys".
class ConnectionScan final : public JourneyFinder {
public:
    explicit ConnectionScan(const Network& network, const Allowed& allowed = {},
                            LaneKernel kernel = fastest_lane_kernel());
    ~ConnectionScan() override;

    std::vector<FoundJourney> find(const Question& question) override;
    bool may_stay(const RunIndex& first, const RunIndex& second) override;
    std::optional<std::int32_t> least_change(Index from_station, Index to_station) override;

    /// Whether the answer comes from the lists of trains at both stations.
    bool is_direct(const Question& question) const;
    /// For other engines of the network.
    const Interchanges& interchanges() const { return interchanges_; }
    const Days& days() const { return days_; }
    const Patterns& patterns() { return outlook().patterns; }
    BoundStore& bounds() { return outlook().bounds; }

private:
    struct Work;
    struct Outlook {
        Outlook(Patterns made, const Interchanges& interchanges, bool may_stay)
            : patterns{std::move(made)}, bounds{interchanges, patterns, may_stay} {}
        Patterns patterns;
        BoundStore bounds;
    };

    /// Without changes and stations on the way, where nobody can stay in a second train.
    std::vector<FoundJourney> direct(const Question& question) const;
    std::vector<FoundJourney> by_departure(const Question& question, Work& work);
    std::vector<FoundJourney> by_arrival(const Question& question, Work& work);
    std::vector<FoundJourney> in_departure_window(const Question& question, Work& work);
    std::vector<FoundJourney> in_arrival_window(const Question& question, Work& work);
    /// The first train from where the question begins, in [from, until), and when the last one leaves for where it
    /// ends, of those that arrive at `by` at the latest. Nothing where one of them is missing.
    struct Trains {
        std::int32_t first = 0;
        std::int32_t last = 0;
    };
    static std::optional<Trains> trains(Work& work, const Targets& targets, std::int32_t from, std::int32_t until,
                                        std::int32_t by);
    /// Lays out the days of [from, until), as far as the timetable reaches; false where it does not.
    bool begin(Work& work, std::int64_t from, std::int64_t until);

    /// Made when it is first needed.
    Outlook& outlook();
    /// Of a question's ends, or such as bound nothing.
    std::shared_ptr<const Bounds> bounds_to(Index station, const Work& work);
    std::shared_ptr<const Bounds> bounds_from(Index station, const Work& work);

    const Network& network_;
    Interchanges interchanges_;
    Days days_;
    std::once_flag outlook_made_;
    std::optional<Outlook> outlook_;
    const std::shared_ptr<const Bounds> no_bounds_;
    std::atomic<bool> was_asked_ = false;
    bool rides_all_ = true;  // not only wanted trips
    LaneKernel kernel_;
    Idle<Work> idle_;
};

}  // namespace railbook::search

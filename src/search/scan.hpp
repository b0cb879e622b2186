#pragma once
/// A connection scan: looks at every connection of the time in question once, in the order of departure.

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "search/days.hpp"
#include "search/finder.hpp"
#include "search/interchanges.hpp"

namespace railbook::search {

/// For long-distance networks, where a day has some thousand connections. See docs/architecture.md, "Finding journeys".
class ConnectionScan final : public JourneyFinder {
public:
    /// Only trips for which `is_wanted` holds (empty: all) are ridden.
    explicit ConnectionScan(const Network& network, const std::function<bool(Index trip)>& is_wanted = {},
                            LaneKernel kernel = fastest_lane_kernel());
    ~ConnectionScan() override;

    std::vector<FoundJourney> find(const Question& question) override;
    bool may_stay(const RunIndex& first, const RunIndex& second) override;

private:
    struct Work;

    /// Without changes and stations on the way, where nobody can stay in a second train.
    std::vector<FoundJourney> direct(const Question& question) const;
    std::vector<FoundJourney> by_departure(const Question& question, Work& work);
    std::vector<FoundJourney> by_arrival(const Question& question, Work& work);
    std::vector<FoundJourney> in_departure_window(const Question& question, Work& work);
    std::vector<FoundJourney> in_arrival_window(const Question& question, Work& work);
    /// Lays out the days of [from, until), as far as the timetable reaches; false where it does not.
    bool begin(Work& work, std::int64_t from, std::int64_t until);

    const Network& network_;
    Interchanges interchanges_;
    Days days_;
    bool rides_all_ = true;  // not only wanted trips
    LaneKernel kernel_;
    // What a question needs in memory is kept for the next one: for as many as were ever asked at once.
    std::mutex mutex_;
    std::vector<std::unique_ptr<Work>> idle_;
};

}  // namespace railbook::search

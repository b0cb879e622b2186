#pragma once
/// The engine that searches in rounds (RAPTOR): it rides each line that can be boarded once a round, and not each
/// connection.

#include <memory>
#include <vector>

#include "search/finder.hpp"
#include "search/idle.hpp"
#include "search/lines.hpp"
#include "search/scan.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {

/// Questions with stations on the way go to a connection scan of the same network, and so do those for trains without
/// changes, where it answers from the stations' lists, and where it is told so, those for windows. See
/// docs/architecture.md, "Finding journeys".
class RoundSearch final : public JourneyFinder {
public:
    /// The scan is of the same network, and for those trips only that shall be ridden.
    RoundSearch(const Network& network, std::unique_ptr<ConnectionScan> scan, bool does_windows = true);
    ~RoundSearch() override;

    std::vector<FoundJourney> find(const Question& question) override;
    bool may_stay(const RunIndex& first, const RunIndex& second) override { return scan_->may_stay(first, second); }
    std::optional<std::int32_t> least_change(Index from_station, Index to_station) override {
        return scan_->least_change(from_station, to_station);
    }

private:
    struct Work;

    std::vector<FoundJourney> for_one(const Question& question, const Lines& lines, Work& work);
    std::vector<FoundJourney> for_window(const Question& question, const Lines& lines, Work& work);
    Targets::Spots spots_of(Index station) const;

    const Network& network_;
    const std::unique_ptr<ConnectionScan> scan_;
    LineStore lines_;
    const bool does_windows_;
    Idle<Work> idle_;
};

}  // namespace railbook::search

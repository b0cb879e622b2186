#pragma once
/// Answers that are kept, so that a pair of stations that many ask about is searched once a day.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "search/finder.hpp"
#include "search/kept.hpp"

namespace railbook::search {

/// Another finder with its answers kept: whole days and other windows, and of whole days those for one moment, or for
/// what is left of the day, too. As old as the network that the finder is of: a new timetable has finders of its own.
/// Thread-safe.
class CachedFinder final : public JourneyFinder {
public:
    static constexpr std::size_t kWindowsKept = 10'000;
    /// Of all kept windows together: about 10 MB.
    static constexpr std::size_t kRidesKept = 100'000;

    explicit CachedFinder(std::unique_ptr<JourneyFinder> finder) : finder_{std::move(finder)} {}

    std::vector<FoundJourney> find(const Question& question) override;
    bool may_stay(const timetable::RunIndex& first, const timetable::RunIndex& second) override {
        return finder_->may_stay(first, second);
    }

private:
    using Journeys = std::vector<FoundJourney>;
    struct Hash {
        std::size_t operator()(const Question& question) const;
    };

    std::shared_ptr<const Journeys> window(const Question& question);
    std::shared_ptr<const Journeys> kept_window(const Question& question) { return windows_.find(question); }
    static Journeys rest_of_day(const Question& question, const Journeys& day);
    Journeys for_one(const Question& question);

    std::unique_ptr<JourneyFinder> finder_;
    Kept<Question, Journeys, Hash> windows_{kWindowsKept, kRidesKept};
    Kept<Question, bool, Hash> asked_{kWindowsKept, kWindowsKept};  // days of questions for one moment
};

}  // namespace railbook::search

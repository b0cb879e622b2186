#pragma once
/// Answers that are kept, so that a pair of stations that many ask about is searched once a day.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "search/finder.hpp"
#include "search/kept.hpp"

namespace railbook::search {

/// The days of a network as its passengers count them, outside of its timetable, too.
class LocalDays {
public:
    explicit LocalDays(const timetable::Network& network);

    struct Day {
        std::int64_t begins = 0;  ///< UTC seconds.
        std::int64_t ends = 0;    ///< Behind it.
    };
    Day at(std::int64_t time) const;

private:
    std::vector<std::int64_t> begins_;  // of those of the timetable, and the end of the last
};

/// Another finder with its answers kept: windows by where they end, and so whatever is left of a day; and of whole days
/// those for one moment. As old as the network that the finder is of: a new timetable has finders of its own.
/// Thread-safe.
class CachedFinder final : public JourneyFinder {
public:
    static constexpr std::size_t kWindowsKept = 10'000;
    /// Of all kept windows together: about 10 MB.
    static constexpr std::size_t kRidesKept = 100'000;

    /// The network is the finder's.
    CachedFinder(std::unique_ptr<JourneyFinder> finder, const timetable::Network& network)
        : finder_{std::move(finder)}, days_{network} {}

    std::vector<FoundJourney> find(const Question& question) override;
    bool may_stay(const timetable::RunIndex& first, const timetable::RunIndex& second) override {
        return finder_->may_stay(first, second);
    }
    std::optional<std::int32_t> least_change(timetable::Index from_station, timetable::Index to_station) override {
        return finder_->least_change(from_station, to_station);
    }

private:
    /// The answer to a question with a window.
    struct Window {
        std::int64_t time = 0;  ///< The question's.
        std::vector<FoundJourney> journeys;
    };
    struct Hash {
        std::size_t operator()(const Question& question) const;
    };

    /// The same question for the whole of a day.
    static Question of_day(Question question, const LocalDays::Day& day);
    /// One that the question asks for a part of. Nothing where there is none.
    std::shared_ptr<const Window> kept_window(const Question& question);
    std::shared_ptr<const Window> window(const Question& question);
    std::vector<FoundJourney> for_one(const Question& question);

    std::unique_ptr<JourneyFinder> finder_;
    LocalDays days_;
    Kept<Question, Window, Hash> windows_{kWindowsKept, kRidesKept};  // by the end of the question that is furthest off
    Kept<Question, bool, Hash> asked_{kWindowsKept, kWindowsKept};    // days of questions for one moment
};

}  // namespace railbook::search

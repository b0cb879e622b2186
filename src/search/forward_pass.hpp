#pragma once
/// The forward pass of a connection scan: how early a station is reached.

#include "search/bounds.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {

class ForwardPass {
public:
    /// The bounds are to where the question ends.
    ForwardPass(const ChangeTimes& times, const Targets& targets, Stretch& stretch, ForwardLabels& labels,
                const Bounds& bounds)
        : times_{times}, targets_{targets}, stretch_{stretch}, labels_{labels}, bounds_{bounds} {}

    /// The earliest arrivals of journeys that leave in [from, until) and arrive at `by` at the latest; kNever where
    /// there is none with at most so many changes. No train of theirs leaves after `last`.
    Lanes run(std::int32_t from, std::int32_t until, std::int32_t last, std::int32_t by, int most_changes);

private:
    template <bool kVia>
    void scan();
    template <bool kVia>
    bool scan_piece(std::uint32_t day, std::uint32_t first, std::uint32_t last);

    const ChangeTimes& times_;
    const Targets& targets_;
    Stretch& stretch_;
    ForwardLabels& labels_;
    const Bounds& bounds_;
    std::int32_t from_ = 0;
    std::int32_t until_ = 0;
    std::int32_t last_ = 0;
    Lanes arrival_{};          // so far; of lanes below it, later than any
    std::uint32_t lanes_ = 0;  // that are asked for
    std::uint32_t least_ = 0;  // below it there are none: what stands there is that of the least
    std::uint32_t open_ = 0;   // lanes below it may still get better
    std::size_t spots_ = 0;
    bool changed_ = false;                                     // a label of a spot, in the instant
    std::vector<std::pair<std::size_t, std::uint32_t>> kept_;  // of the runs of an instant
};

}  // namespace railbook::search

#pragma once
/// The backward pass of a connection scan: how late one can leave, and on which trains.

#include <array>
#include <vector>

#include "search/scan_state.hpp"

namespace railbook::search {

class BackwardPass {
public:
    BackwardPass(const Network& network, const ChangeTimes& times, const Targets& targets, Stretch& stretch,
                 BackwardLabels& labels)
        : network_{network}, times_{times}, targets_{targets}, stretch_{stretch}, labels_{labels} {}

    struct Start {
        std::int32_t departure = 0;
        BackwardLabels::Boarding boarding;
    };
    /// The best (departure, changes) of journeys that leave at `from` or later and arrive at `by` at the latest; the
    /// last to leave first, and so the fewer the changes, the later they stand.
    const std::vector<Start>& run(std::int32_t from, std::int32_t by, int most_changes);
    /// The same, where a forward pass from `from` has these labels and found no way that arrives before `by` with so
    /// many changes: what it was not on board of is not looked at.
    const std::vector<Start>& run(std::int32_t from, std::int32_t by, int most_changes, const ForwardLabels& reached) {
        before_ = reached.on_board.data();
        const auto& starts = run(from, by, most_changes);
        before_ = nullptr;
        return starts;
    }
    /// The rides of one of them.
    FoundJourney journey(const Start& start);

private:
    template <bool kVia, bool kReached>
    void scan();
    template <bool kVia, bool kReached>
    bool scan_piece(std::uint32_t day, std::uint32_t first, std::uint32_t last);
    const BackwardLabels::Boarding& boarding_after(const BackwardLabels::Alighting& alighting, int changes);
    Index call_after(ConnectionRef connection);

    const Network& network_;
    const ChangeTimes& times_;
    const Targets& targets_;
    Stretch& stretch_;
    BackwardLabels& labels_;
    std::int32_t from_ = 0;
    std::int32_t by_ = 0;
    std::uint32_t lanes_ = 0;
    std::uint32_t open_ = 0;  // lanes below it have no start yet
    const std::uint32_t* before_ = nullptr;  // by layer and run: changes until one can be on board, where that is known
    std::size_t spots_ = 0;
    std::vector<Start> starts_;
    bool changed_ = false;  // a label of a spot, in the instant
    std::vector<std::pair<std::size_t, std::pair<std::uint32_t, BackwardLabels::Alighting>>>
        kept_;  // of the runs of an instant
};

}  // namespace railbook::search

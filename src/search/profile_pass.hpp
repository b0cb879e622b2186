#pragma once
/// The profile pass of a connection scan: backward too, but for every departure (or arrival) of a window at once.

#include <array>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "search/bounds.hpp"
#include "search/scan_state.hpp"

namespace railbook::search {

class ProfilePass {
public:
    /// The bounds are from where the question begins.
    ProfilePass(const Network& network, const ChangeTimes& times, const Targets& targets, Stretch& stretch,
                ProfileLabels& labels, const Bounds& bounds, LaneKernel kernel)
        : network_{network},
          times_{times},
          targets_{targets},
          stretch_{stretch},
          labels_{labels},
          bounds_{bounds},
          kernel_{kernel} {}

    /// Times within the stretch. Journeys leave in [leave_from, leave_until), arrive in [arrive_from, arrive_until),
    /// and take no longer than `longest`.
    struct Window {
        std::int32_t leave_from = 0;
        std::int32_t leave_until = 0;
        std::int32_t arrive_from = 0;
        std::int32_t arrive_until = 0;
        std::int32_t longest = 0;
        std::int32_t last = 0;  ///< No train of theirs leaves after it.
    };
    /// Every best (departure, arrival, changes) of the window, the last to leave first. What arrives at `bound` or
    /// later, in the lane of its changes, is known not to be among them.
    std::vector<FoundJourney> run(const Window& window, const Lanes& bound, int most_changes);

private:
    using Entry = ProfileLabels::Entry;

    template <bool kVia>
    void scan();
    template <bool kVia>
    bool scan_piece(std::uint32_t day, std::uint32_t first, std::uint32_t last);
    template <bool kVia>
    bool scan_piece_avx2(std::uint32_t day, std::uint32_t first, std::uint32_t last);
    template <bool kVia>
    bool scan_piece_by(std::uint32_t day, std::uint32_t first, std::uint32_t last);
    const Entry& first_from(std::size_t place, std::int32_t time) const;
    std::vector<FoundJourney> journeys();

    /// What is left to reach from a place on a run: by which time, with how many changes, in which layer.
    struct Goal {
        std::int32_t arrival = 0;
        std::uint32_t changes = 0;
        std::uint32_t layer = 0;
    };
    bool ride(const RunIndex& run, std::uint32_t number, Index board, const Goal& goal, std::vector<Ride>& rides);
    bool alight(const RunIndex& run, Index board, bool stays, std::uint32_t& layer, const Goal& goal,
                std::vector<Ride>& rides);
    std::span<const Continued> onward_of(const RunIndex& run, std::uint32_t number);
    std::int32_t time_of(const RunIndex& run, std::int32_t since) const;
    bool change(Index spot, std::int32_t time, const Goal& goal, std::vector<Ride>& rides);
    bool board(const Entry& entry, const Goal& goal, std::vector<Ride>& rides);

    const Network& network_;
    const ChangeTimes& times_;
    const Targets& targets_;
    Stretch& stretch_;
    ProfileLabels& labels_;
    const Bounds& bounds_;
    LaneKernel kernel_;
    Window window_;
    /// Of the journeys found so far, by the changes of the whole journey; what nobody may have is never, and below the
    /// least changes stands what the least have.
    std::array<std::int32_t, 2 * kLanes> best_{};
    std::uint32_t lanes_ = 0;
    std::uint32_t least_ = 0;
    std::uint32_t entry_count_ = 0;
    std::uint32_t label_count_ = 0;
    std::size_t spots_ = 0;
    bool changed_ = false;                             // a label of a spot, in the instant
    std::vector<std::pair<std::size_t, Lanes>> kept_;  // of the runs of an instant
    /// Of a journey that is put together: runs, layers and changes from whose beginning it was tried.
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> tried_;
};

}  // namespace railbook::search

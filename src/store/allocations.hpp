#pragma once
/// What of one run is allocated, by seat, and how that changed of late.

#include <cstdint>
#include <deque>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// Not thread-safe: whoever owns it locks.
class RunAllocations {
public:
    /// Of a run that nobody has a seat of.
    explicit RunAllocations(const Run& run) : RunAllocations{run, 0, {}} {}
    /// As they were stored.
    RunAllocations(const Run& run, std::uint64_t version, const std::vector<Allocation>& stored);

    /// Whether nobody but `mine` has a part of the span at `now`, and no part of it is blocked. There is no seat
    /// beyond the train.
    bool is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const;
    /// Brings the hold's allocations on `run` in line with the hold: they are there while it keeps its seats, with its
    /// state and deadline, and gone otherwise. Lapsed ones in the way are dropped. The version grows.
    void follow(const Hold& hold, const RunId& run, Timestamp now);
    /// The seats are free. The version grows.
    void block(const SeatBlock& block, Timestamp now);
    /// Adds one that is free to be added, without a word: as if it had been stored.
    void put(const Allocation& allocation);
    /// Ends what is blocked of these seats on that span. The version grows.
    void unblock(const SeatBlock& block);

    std::uint64_t version() const { return version_; }
    Occupancy at(Timestamp now) const;
    /// Those that are live at `now`, by seat and span.
    std::vector<Allocation> live(Timestamp now) const;
    SeatChanges changes_after(std::uint64_t version) const;

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    /// An allocation in the list of its seat.
    struct Node {
        Allocation allocation;
        std::uint32_t next = kNone;
    };

    /// Drops what has lapsed on the span, and what `mine` has. What that one was, or free.
    SeatState make_way(std::uint32_t seat, Span span, Timestamp now, const HoldId* mine);
    /// Calls `f` with each allocation of the seat, by span, until it answers true. Whether it did.
    template <class F>
    bool any_of_seat(std::uint32_t seat, const F& f) const;
    /// Takes out the allocations of the seat of which `f` says so.
    template <class F>
    void drop_if(std::uint32_t seat, const F& f);
    void tell(std::uint32_t seat, Span span, SeatState state);
    void mark(const Allocation& allocation);
    void unmark(const Allocation& allocation);
    /// Looks anew when the next one lapses, where that may have been the next one.
    void look_ahead(Timestamp now);
    Occupancy without_lapsed(Timestamp now) const;

    std::uint32_t seat_count_;
    std::uint32_t segment_count_;
    std::uint64_t version_;
    std::uint64_t told_after_;                                // the changes of every later version are in changes_
    std::deque<SeatChange> changes_;                          // the last ones, oldest first
    std::vector<std::uint32_t> first_;  // the first node of each seat; empty before the first of all
    std::vector<Node> nodes_;
    std::uint32_t unused_ = kNone;      // the first of the nodes that are in no list
    // The same as masks, so that nobody who asks goes through all allocations.
    struct CountedMasks {
        SeatMasks masks;
        std::size_t allocations = 0;

        void add(const Allocation& allocation);
        void drop(const Allocation& allocation);
        /// Without bits where none is set.
        SeatMasks copy() const;
    };
    CountedMasks taken_;
    CountedMasks held_;
    CountedMasks blocked_;
    Timestamp none_lapses_before_ = Timestamp::max();
};

/// What is left of a block where `freed` is taken out of it.
std::vector<Span> rest_of(Span blocked, Span freed);

}  // namespace railbook::store

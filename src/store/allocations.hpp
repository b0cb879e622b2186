#pragma once
/// What of one run is allocated, by seat, and how that changed of late.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// The last changes of a run's seats. Whoever adds one reads none of those that are there: threads that take turns on a
/// hot train would wait for each other's caches. Not thread-safe.
class RecentChanges {
public:
    /// Enough for a subscriber that was away for some seconds.
    static constexpr std::size_t kKept = 1024;

    explicit RecentChanges(std::uint64_t version) : all_after_{version} {}
    void add(const SeatChange& change);
    /// Of every later version, all changes are here.
    std::uint64_t all_after() const;
    /// Oldest first.
    std::vector<SeatChange> after(std::uint64_t version) const;
    std::size_t bytes() const { return changes_.capacity() * sizeof(SeatChange); }

private:
    std::uint64_t all_after_;  // until one is dropped
    std::vector<SeatChange> changes_;
    std::size_t oldest_ = 0;  // the next takes its place, once there are as many as are kept
    bool is_dropping_ = false;
};

/// Not thread-safe: whoever owns it locks.
class RunAllocations {
public:
    /// Of a run that nobody has a seat of.
    explicit RunAllocations(const Run& run) : RunAllocations{run, 0, {}} {}
    /// As they were stored.
    RunAllocations(const Run& run, std::uint64_t version, const std::vector<Allocation>& stored);

    /// Whether nobody but `mine` has a part of the span at `now`, and no part of it is blocked. There is no seat
    /// beyond the train, and no segment beyond its way.
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

    struct Bytes {
        std::size_t masks = 0;        ///< With what a run takes that nobody has a seat of.
        std::size_t allocations = 0;  ///< Of holds, sales and blocks.
        std::size_t changes = 0;      ///< The recent ones.
        std::size_t count = 0;        ///< Of allocations.
    };
    /// What it takes in memory, for reports.
    Bytes bytes() const;

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;
    /// So many neighbours share a list of allocations: a list a seat would take as much memory as the masks.
    static constexpr std::uint32_t kSeatsOfList = 16;
    struct Node {
        Allocation allocation;
        std::uint32_t next = kNone;         // in the list of its seats
        std::uint32_t held_before = kNone;  // of those that are held
        std::uint32_t held_after = kNone;
    };

    /// Drops what has lapsed on the span, and what `mine` has. What that one was, or free.
    SeatState make_way(std::uint32_t seat, Span span, Timestamp now, const HoldId* mine);
    /// Calls `f` with each allocation of the seat, by span, until it answers true. Whether it did.
    template <class F>
    bool any_of_seat(std::uint32_t seat, const F& f) const;
    /// Takes out the allocations of the seat of which `f` says so.
    template <class F>
    void drop_if(std::uint32_t seat, const F& f);
    /// Every allocation, by seat and span.
    template <class F>
    void each(const F& f) const;
    void tell(std::uint32_t seat, Span span, SeatState state);
    void mark(std::uint32_t node);
    void unmark(std::uint32_t node);

    std::uint32_t seat_count_;
    std::uint32_t segment_count_;
    std::uint64_t version_;
    RecentChanges changes_;
    std::vector<std::uint32_t> lists_;  // the first node of each, in the order of seats and spans; empty at first
    std::vector<Node> nodes_;
    std::uint32_t unused_ = kNone;  // the first of the nodes that are in no list
    std::uint32_t held_ = kNone;    // the first of those that are held
    // The same as masks, so that nobody who asks goes through all allocations.
    SeatMasks taken_;
    SeatMasks blocked_;
    std::size_t taken_count_ = 0;
    std::size_t blocked_count_ = 0;
};

/// What is left of a block where `freed` is taken out of it.
std::vector<Span> rest_of(Span blocked, Span freed);

}  // namespace railbook::store

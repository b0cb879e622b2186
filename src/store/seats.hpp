#pragma once
/// The seats of one run, for many threads at once and without a lock: which segments are taken, which holds end when,
/// and what changed lately.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// Thread-safe, but for making and destroying it. Taking a seat is a compare-and-set of its mask; several seats are
/// taken in the order of their numbers and given back if one of them is not free, so a hold is all or nothing.
///
/// `worker` is a number of the calling thread. Threads with different numbers keep their records apart, and look for
/// free seats from different coaches on, so that they rarely write to the same memory.
class RunSeats {
public:
    /// A hold that was placed. It stays a valid question after the hold has ended.
    class Handle;
    enum class Outcome : std::uint8_t {
        done,
        expired,  ///< Its deadline has passed.
        gone,     ///< It has ended: released, sold, or swept after its deadline.
    };

    /// `coaches` are the numbers of the coaches' first seats, in their order. At most 65,535 seats and segments.
    RunSeats(std::uint32_t seats, std::uint32_t segments, std::shared_ptr<const std::vector<std::uint32_t>> coaches);
    ~RunSeats();
    RunSeats(const RunSeats&) = delete;
    RunSeats& operator=(const RunSeats&) = delete;

    std::uint32_t seats() const { return seats_; }
    std::uint32_t segments() const { return segments_; }

    /// Holds these seats, whose numbers ascend, until `deadline`; at that instant they are free again, swept or not.
    /// Nothing where one of them is not free. A hold of several seats, or of more than 32 segments, takes several
    /// steps: it may also be refused because of another one that gives up in the end; whoever must be sure repeats.
    std::optional<Handle> hold(std::span<const std::uint32_t> seats, Span span, Timestamp deadline, Timestamp now,
                               unsigned worker);
    /// Holds the first `count` free neighbours of one coach that it finds, from the worker's own coach on.
    std::optional<Handle> hold_any(std::uint32_t count, Span span, Timestamp deadline, Timestamp now, unsigned worker);
    /// Moves the deadline.
    Outcome extend(const Handle& hold, Timestamp deadline, Timestamp now);
    Outcome release(const Handle& hold, Timestamp now, unsigned worker);
    /// The seats stay taken, for good.
    Outcome sell(const Handle& hold, Timestamp now, unsigned worker);

    /// Takes seats for good: sold or blocked. False where one of them is not free.
    bool take(std::span<const std::uint32_t> seats, Span span, SeatState state, Timestamp now, unsigned worker);
    /// Frees seats that were taken for good.
    void give_back(std::span<const std::uint32_t> seats, Span span, unsigned worker);
    /// Ends every hold whose deadline has passed. Others need not wait for it: whoever wants such a seat sweeps first.
    void sweep(Timestamp now, unsigned worker);

    bool is_free(std::uint32_t seat, Span span, Timestamp now, unsigned worker);
    /// What is taken, plane by plane: segment n of seat s is bit n % 32 of out[(n / 32) * seats + s]. A hold that is
    /// placed meanwhile may be there in part.
    void copy_taken(std::span<std::uint32_t> out, Timestamp now, unsigned worker);

    /// Grows with each change of a seat.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    /// What changed after `version`, in order and without a gap, as far as it is written. Nothing where that is no
    /// longer known: then look at all seats again.
    std::optional<std::vector<SeatChange>> changes_after(std::uint64_t version) const;

    struct Bytes {
        std::size_t masks = 0;    ///< What every run has, and this object.
        std::size_t records = 0;  ///< Of holds, in use or not.
        std::size_t changes = 0;  ///< The recent ones, once there was one.
        std::size_t live_holds = 0;
        std::size_t record_size = 0;
    };
    /// What it takes in memory, for reports.
    Bytes bytes() const;

private:
    struct Record;
    struct Chunk;
    struct Lane;
    using Cell = std::atomic<std::uint32_t>;

    static constexpr unsigned kLanes = 8;

    Cell& cell(std::uint32_t plane, std::uint32_t seat) { return cells_[std::size_t{plane} * seats_ + seat]; }
    Lane& lane_of(unsigned worker);
    bool take_seat(std::uint32_t seat, Span span);
    void clear_seat(std::uint32_t seat, Span span);
    bool take_all(std::span<const std::uint32_t> seats, Span span, Lane& lane);
    bool wait_for_others() const;
    std::optional<Handle> hold_first(std::uint32_t count, Span span, Timestamp deadline, Timestamp now,
                                     unsigned worker);
    bool looks_free(std::uint32_t seat, Span span) const;
    Record& add_record(Lane& lane);
    void note(Lane& lane, std::uint64_t version, std::uint32_t seat, Span span, SeatState state);
    void note_all(Lane& lane, const Record& record, SeatState state);
    void drop(Record& record);
    void end(Record& record, Lane& lane);
    Outcome claim(const Handle& hold, Timestamp now);
    void lower_earliest(std::int64_t deadline);

    std::uint32_t seats_;
    std::uint32_t segments_;
    std::unique_ptr<Cell[]> cells_;
    std::shared_ptr<const std::vector<std::uint32_t>> coaches_;
    std::array<std::atomic<Lane*>, kLanes> lanes_{};
    /// No live hold ends before this. Read by all and rarely written, so it has a line of its own.
    alignas(64) std::atomic<std::int64_t> earliest_;
    alignas(64) std::atomic<std::uint64_t> version_{0};
};

class RunSeats::Handle {
public:
    /// Larger than that of every earlier hold of these seats.
    std::uint64_t fence() const { return fence_; }
    std::uint32_t first_seat() const { return first_seat_; }

private:
    friend class RunSeats;
    Handle(Record& record, std::uint64_t fence, std::uint32_t first_seat)
        : record_{&record}, fence_{fence}, first_seat_{first_seat} {}
    Record* record_;
    std::uint64_t fence_;
    std::uint32_t first_seat_;
};

}  // namespace railbook::store

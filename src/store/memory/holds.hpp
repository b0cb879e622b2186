#pragma once
/// The holds of a store in memory, and the runs of which they keep seats.

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <railbook/stores.hpp>

#include "base/locks.hpp"
#include "store/allocations.hpp"
#include "store/memory/arena.hpp"
#include "store/memory/audit_trail.hpp"
#include "store/memory/deadlines.hpp"
#include "store/memory/hash.hpp"
#include "store/memory/hold_row.hpp"
#include "store/memory/index.hpp"
#include "store/memory/packed_items.hpp"

namespace railbook::store::memory {

/// About a microsecond, in which a thread does several steps on a run that many want.
inline constexpr unsigned kPausesOfARun = 128;

/// Steps on many runs go on at once. The lock guards what changes with every hold; `run` changes only while no other
/// step goes on.
struct PinnedRun {
    PinnedRun(Run pinned, std::uint64_t version) : run{std::move(pinned)}, allocations{run, version, {}} {}

    Run run;
    mutable base::SpinLock lock{kPausesOfARun};
    RunAllocations allocations;
    AuditTrail audit;
    KnownRides rides;
};

/// Most holds are of one.
using FewRuns = boost::container::small_vector<PinnedRun*, 4>;

/// Locks several runs, in one order for everyone.
class RunLocks {
public:
    /// None of them twice.
    explicit RunLocks(FewRuns runs);
    ~RunLocks();
    RunLocks(const RunLocks&) = delete;
    RunLocks& operator=(const RunLocks&) = delete;
    const FewRuns& runs() const { return runs_; }

private:
    FewRuns runs_;
};

/// Thread-safe as each function says. Locks are taken in the order: an owner's, runs', and then those inside.
class Holds {
public:
    using Row = HoldRow;
    using Owner = HoldOwner;

    /// Null where there is none. Needs no lock.
    Row* find(const HoldId& id);
    const Row* find(const HoldId& id) const { return const_cast<Holds*>(this)->find(id); }
    /// By number, which is at most count(). Needs no lock.
    const Row& at(std::uint64_t number) const;
    std::uint64_t count() const;
    /// Fetches what is needed to add a hold, while something else is done. Needs no lock.
    void expect(const HoldId& id);

    /// Needs no lock.
    Owner& owner_named(std::string_view name);
    /// `runs` are the hold's. Whoever adds or changes a hold has its owner's lock and those of its runs.
    Row& add(const Hold& hold, Owner& owner, const FewRuns& runs);
    /// `is_same_ride` where its items and its booking are as they were.
    void change(Row& row, const Hold& hold, bool is_same_ride, const FewRuns& runs);
    /// What is noted of something that happens to the row's hold. Needs no lock but those of whoever changes it.
    HoldNote note_of(const Row& row, Timestamp at, std::string_view actor, std::string_view action);

    /// Those whose deadline has passed, the earliest first, at most so many. Each is told once: whoever asks marks it.
    /// Needs no lock.
    std::vector<HoldId> take_due(Timestamp now, std::size_t limit);

private:
    static constexpr std::size_t kParts = 16;
    struct Part {
        /// Null where there is none.
        Row* find(const HoldId& id) const;

        mutable base::SpinLock lock;
        Index rows;
        Arena kept;  // the rows, and what they point to
    };
    struct OwnersPart {
        base::SpinLock lock;
        boost::unordered_flat_map<std::string_view, std::unique_ptr<Owner>> owners;  // by their names
    };

    Part& part_of(const HoldId& id) { return parts_[id.bytes.back() % kParts]; }
    /// The hold's items and its booking, kept from now on.
    const PackedItems* keep_items(const Hold& hold, const FewRuns& runs);
    const BookingId* keep_booking(const Hold& hold);
    void open(Row& row);
    void close(Row& row);
    /// When a row comes due, unless that has been changed since.
    struct Deadline {
        Row* row = nullptr;
        std::uint64_t number = 0;
        bool still_counts() const { return row->deadline == number; }
    };

    std::array<Part, kParts> parts_;
    std::array<OwnersPart, kParts> owners_;
    mutable base::SpinLock order_lock_;
    std::vector<const Row*> order_;
    base::SpinLock due_lock_;  // guards the rows' deadlines too
    Deadlines<Deadline> due_;
    std::uint64_t last_deadline_ = 0;
};

}  // namespace railbook::store::memory

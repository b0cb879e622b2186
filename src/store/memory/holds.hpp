#pragma once
/// The holds of a store in memory, and the runs of which they keep seats.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <railbook/stores.hpp>

#include "base/locks.hpp"
#include "store/allocations.hpp"
#include "store/memory/audit_trail.hpp"
#include "store/memory/hash.hpp"

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
};

/// Locks several runs, in one order for everyone.
class RunLocks {
public:
    /// None of them twice.
    explicit RunLocks(std::vector<PinnedRun*> runs);
    ~RunLocks();
    RunLocks(const RunLocks&) = delete;
    RunLocks& operator=(const RunLocks&) = delete;
    const std::vector<PinnedRun*>& runs() const { return runs_; }

private:
    std::vector<PinnedRun*> runs_;
};

/// Thread-safe as each function says. Locks are taken in the order: an owner's, runs', and then those inside.
class Holds {
    struct Owner;

public:
    struct Row;

private:
    using DueList = std::map<std::pair<Timestamp, std::uint64_t>, const Row*>;

public:
    /// Never moved and never dropped.
    struct Row {
        Hold hold;                 ///< Guarded by the lock of each of its runs: whoever changes it has all of them.
        PinnedRun* run = nullptr;  ///< One of them.
        std::uint64_t number = 0;  ///< From 1, in the order in which they were placed.

    private:
        friend class Holds;
        DueList::iterator due{};
        Owner* owner = nullptr;  // while it is open
        std::size_t place = 0;   // in its list
    };

    /// Null where there is none. Needs no lock.
    Row* find(const HoldId& id);
    const Row* find(const HoldId& id) const { return const_cast<Holds*>(this)->find(id); }
    /// By number, which is at most count(). Needs no lock.
    const Row& at(std::uint64_t number) const;
    std::uint64_t count() const;

    /// Whoever counts, adds or changes holds of an owner has this lock.
    std::unique_lock<base::SpinLock> lock_owner(const std::string& owner);
    std::size_t count_live(const std::string& owner, Timestamp now) const;
    /// Whoever adds or changes a hold has its owner's lock and those of its runs.
    void add(const Hold& hold, PinnedRun& run);
    void change(Row& row, const Hold& hold);

    /// Those whose deadline has passed, the earliest first, at most so many. Needs no lock.
    std::vector<HoldId> due(Timestamp now, std::size_t limit) const;

private:
    static constexpr std::size_t kParts = 16;
    struct Part {
        static constexpr std::size_t kRowsOfBlock = 64;

        mutable base::SpinLock lock;
        boost::unordered_flat_map<HoldId, Row*, HashId> rows;
        std::vector<std::unique_ptr<std::array<Row, kRowsOfBlock>>> blocks;  // where the rows are
    };
    /// With the holds that are held or paying, and when they end.
    struct Owner {
        std::vector<std::pair<Row*, Timestamp>> open;
    };
    struct OwnersPart {
        base::SpinLock lock;
        std::unordered_map<std::string, Owner> owners;
    };

    Part& part_of(const HoldId& id) { return parts_[id.bytes.back() % kParts]; }
    const OwnersPart& owners_of(const std::string& owner) const {
        return owners_[std::hash<std::string>{}(owner) % kParts];
    }
    OwnersPart& owners_of(const std::string& owner) { return owners_[std::hash<std::string>{}(owner) % kParts]; }
    void open(Row& row);
    void close(Row& row);

    std::array<Part, kParts> parts_;
    std::array<OwnersPart, kParts> owners_;
    mutable base::SpinLock order_lock_;
    std::vector<const Row*> order_;
    mutable base::SpinLock due_lock_;
    DueList due_;
};

}  // namespace railbook::store::memory

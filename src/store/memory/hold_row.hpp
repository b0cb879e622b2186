#pragma once
/// What a store in memory keeps of a hold.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <railbook/stores.hpp>

#include "base/locks.hpp"

namespace railbook::store::memory {

struct HoldRow;
struct PinnedRun;

/// Rides and seats. Never changed and never dropped, since the audit log and kept answers may name them.
struct PackedItems {
    std::uint32_t size = 0;  // of the text, which follows
    std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

/// All of a hold that may change. A copy of it is what the hold was at some time.
struct HoldState {
    std::uint64_t fence = 0;
    Timestamp created_at{};
    Timestamp expires_at{};
    Timestamp latest_end{};
    const PackedItems* items = nullptr;
    const BookingId* booking = nullptr;  ///< Or none. Never changed and never dropped.
    HoldStatus status = HoldStatus::held;
    bool pinned = true;

    bool is_open() const { return status == HoldStatus::held || status == HoldStatus::paying; }
};

/// Whoever counts, adds or changes holds of an owner has the lock. Never moved and never dropped.
class HoldOwner {
public:
    explicit HoldOwner(std::string name) : name_{std::move(name)} {}

    base::SpinLock lock;
    const std::string& name() const { return name_; }
    std::size_t count_live(Timestamp now) const;

private:
    friend class Holds;
    const std::string name_;
    std::vector<std::pair<HoldRow*, Timestamp>> open_;  // what is held or paying, and when that ends
};

/// Never moved and never dropped.
struct HoldRow {
    HoldId id;
    HoldState state;           ///< Guarded by the lock of each of its runs: whoever changes it has all of them.
    PinnedRun* run = nullptr;  ///< One of them.
    HoldOwner* owner = nullptr;
    std::uint64_t number = 0;  ///< From 1, in the order in which they were placed.

    /// As it is now.
    Hold hold() const { return hold(state); }
    /// As it was then.
    Hold hold(const HoldState& then) const;

private:
    friend class Holds;
    std::size_t place = 0;       // in its owner's list, while it is open
    std::uint64_t deadline = 0;  // the number of the one that counts, while it is open
};

}  // namespace railbook::store::memory

#pragma once
/// The audit log of one subject, in memory.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/memory/hold_row.hpp"
#include "store/rules.hpp"

namespace railbook::store::memory {

/// What happened to a hold.
struct HoldNote {
    const HoldRow* row = nullptr;
    const PackedItems* items = nullptr;  ///< As they were.
    std::uint64_t fence = 0;
    Timestamp at{};
    const HoldOwner* actor = nullptr;  ///< Who acts is known by name as whoever owns holds is.
    const char* action = nullptr;      ///< A literal.
};

/// Numbers its entries from 1. What happens to holds is most of it, and is written out only for those who read it. Not
/// thread-safe.
class AuditTrail {
public:
    void add(AuditEntry entry) {
        entry.number = notes_.size() + 1;
        notes_.emplace_back(std::make_unique<const AuditEntry>(std::move(entry)));
    }
    void add(const HoldNote& note) { notes_.emplace_back(note); }

    /// `run` is the subject, where that is a run.
    std::vector<AuditEntry> entries(const RunId& run) const;

private:
    std::deque<std::variant<HoldNote, std::unique_ptr<const AuditEntry>>> notes_;
};

}  // namespace railbook::store::memory

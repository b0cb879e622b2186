#pragma once
/// The audit log of one subject, in memory.

#include <cstdint>
#include <deque>
#include <memory>
#include <variant>
#include <vector>

#include "store/rules.hpp"

namespace railbook::store::memory {

/// Numbers its entries from 1. What happens to holds is most of it, and is written out only for those who read it. Not
/// thread-safe.
class AuditTrail {
public:
    void add(AuditEntry entry) {
        entry.number = notes_.size() + 1;
        notes_.emplace_back(std::make_unique<const AuditEntry>(std::move(entry)));
    }
    void add(const HoldEvent& event) { notes_.emplace_back(event); }

    /// `run` is the subject, where that is a run.
    std::vector<AuditEntry> entries(const RunId& run) const {
        std::vector<AuditEntry> written;
        written.reserve(notes_.size());
        for (const auto& note : notes_) {
            if (const auto* event = std::get_if<HoldEvent>(&note)) written.push_back(entry_of(*event, run));
            else written.push_back(*std::get<std::unique_ptr<const AuditEntry>>(note));
            written.back().number = written.size();
        }
        return written;
    }

private:
    std::deque<std::variant<HoldEvent, std::unique_ptr<const AuditEntry>>> notes_;
};

}  // namespace railbook::store::memory

#include "store/memory/audit_trail.hpp"

#include "store/memory/packed_items.hpp"

namespace railbook::store::memory {

std::vector<AuditEntry> AuditTrail::entries(const RunId& run) const {
    std::vector<AuditEntry> written;
    written.reserve(notes_.size());
    for (const auto& note : notes_) {
        if (const auto* of_hold = std::get_if<HoldNote>(&note)) {
            const HoldEvent event{.id = of_hold->row->id,
                                  .fence = of_hold->fence,
                                  .items = unpack_items(of_hold->items->text()),
                                  .at = of_hold->at,
                                  .actor = of_hold->actor->name(),
                                  .action = of_hold->action};
            written.push_back(entry_of(event, run));
        } else {
            written.push_back(*std::get<std::unique_ptr<const AuditEntry>>(note));
        }
        written.back().number = written.size();
    }
    return written;
}

}  // namespace railbook::store::memory

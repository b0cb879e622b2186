#include "store/allocations.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "store/rules.hpp"

namespace railbook::store {

RunAllocations::RunAllocations(std::uint64_t version, const std::vector<Allocation>& stored) : version_{version} {
    for (const auto& allocation : stored) seats_[allocation.seat].push_back(allocation);
    for (auto& [seat, allocations] : seats_) std::ranges::sort(allocations, {}, &Allocation::span);
}

bool RunAllocations::is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const {
    const auto found = seats_.find(seat);
    if (found == seats_.end()) return true;
    return std::ranges::none_of(found->second, [&](const Allocation& other) {
        return other.span.overlaps(span) && other.until > now && other.hold != mine;
    });
}

void RunAllocations::follow(const Hold& hold, const RunId& run, Timestamp now) {
    ++version_;
    for (const auto& item : hold.items) {
        if (item.run != run) continue;
        for (const auto& seat : item.seats) {
            auto& allocations = seats_[seat.index];
            std::erase_if(allocations, [&](const Allocation& other) {
                return other.span.overlaps(item.span) && (other.hold == hold.id || other.until <= now);
            });
            if (allocates(hold)) {
                RAILBOOK_ASSERT(is_free(seat.index, item.span, now, hold.id));
                const auto place = std::ranges::upper_bound(allocations, item.span, {}, &Allocation::span);
                allocations.insert(place, allocation_of(hold, item, seat));
            }
            if (allocations.empty()) seats_.erase(seat.index);
        }
    }
}

Occupancy RunAllocations::at(Timestamp now) const {
    Occupancy answer{.version = version_, .allocations = {}};
    for (const auto& [seat, allocations] : seats_) {
        for (const auto& allocation : allocations) {
            if (allocation.until > now) answer.allocations.push_back(allocation);
        }
    }
    return answer;
}

}  // namespace railbook::store

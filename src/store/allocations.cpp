#include "store/allocations.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "store/rules.hpp"

namespace railbook::store {
namespace {

/// Of a run: enough for a subscriber that was away for some seconds.
constexpr std::size_t kKeptChanges = 1024;

}  // namespace

std::vector<Span> rest_of(Span blocked, Span freed) {
    std::vector<Span> rest;
    if (blocked.from < freed.from) rest.push_back({blocked.from, std::min(blocked.to, freed.from)});
    if (freed.to < blocked.to) rest.push_back({std::max(blocked.from, freed.to), blocked.to});
    return rest;
}

RunAllocations::RunAllocations(const Run& run, std::uint64_t version, const std::vector<Allocation>& stored)
    : seat_count_{static_cast<std::uint32_t>(run.consist->seat_count())},
      segment_count_{static_cast<std::uint32_t>(run.segment_count())},
      version_{version},
      told_after_{version} {
    for (const auto& allocation : stored) seats_[allocation.seat].push_back(allocation);
    for (auto& [seat, allocations] : seats_) std::ranges::sort(allocations, {}, &Allocation::span);
    for (auto* counted : {&taken_, &held_, &blocked_})
        counted->masks = {.seats = seat_count_, .segments = segment_count_};
    for (const auto& allocation : stored) mark(allocation);
}

void RunAllocations::CountedMasks::add(const Allocation& allocation) {
    masks.set(allocation.seat, allocation.span);
    ++allocations;
}

void RunAllocations::CountedMasks::drop(const Allocation& allocation) {
    masks.clear(allocation.seat, allocation.span);
    --allocations;
}

SeatMasks RunAllocations::CountedMasks::copy() const {
    return allocations > 0 ? masks : SeatMasks{.seats = masks.seats, .segments = masks.segments};
}

void RunAllocations::mark(const Allocation& allocation) {
    taken_.add(allocation);
    if (allocation.state == SeatState::held) held_.add(allocation);
    if (allocation.state == SeatState::blocked) blocked_.add(allocation);
    none_lapses_before_ = std::min(none_lapses_before_, allocation.until);
}

void RunAllocations::unmark(const Allocation& allocation) {
    taken_.drop(allocation);
    if (allocation.state == SeatState::held) held_.drop(allocation);
    if (allocation.state == SeatState::blocked) blocked_.drop(allocation);
}

void RunAllocations::look_ahead(Timestamp now) {
    if (now < none_lapses_before_) return;
    none_lapses_before_ = Timestamp::max();
    for (const auto& [seat, allocations] : seats_) {
        for (const auto& allocation : allocations)
            none_lapses_before_ = std::min(none_lapses_before_, allocation.until);
    }
}

bool RunAllocations::is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const {
    if (seat >= seat_count_) return false;
    if (!taken_.masks.any(seat, span)) return true;
    const auto found = seats_.find(seat);
    if (found == seats_.end()) return true;
    return std::ranges::none_of(found->second, [&](const Allocation& other) {
        return other.span.overlaps(span) && other.until > now &&
               (other.state == SeatState::blocked || other.hold != mine);
    });
}

void RunAllocations::make_way(std::uint32_t seat, Span span, Timestamp now, const HoldId* mine) {
    const auto found = seats_.find(seat);
    if (found == seats_.end()) return;
    std::erase_if(found->second, [&](const Allocation& other) {
        if (!other.span.overlaps(span) || other.state == SeatState::blocked) return false;
        const bool is_mine = mine && other.hold == *mine;
        if (!is_mine && other.until > now) return false;
        if (!is_mine) tell(seat, other.span, SeatState::free);
        unmark(other);
        return true;
    });
    if (found->second.empty()) seats_.erase(found);
}

void RunAllocations::put(const Allocation& allocation) {
    auto& allocations = seats_[allocation.seat];
    allocations.insert(std::ranges::upper_bound(allocations, allocation.span, {}, &Allocation::span), allocation);
    mark(allocation);
}

void RunAllocations::tell(std::uint32_t seat, Span span, SeatState state) {
    changes_.push_back({version_, seat, span, state});
    if (changes_.size() <= kKeptChanges) return;
    // Of a version that is told in part, nothing is told.
    told_after_ = changes_.front().version;
    while (!changes_.empty() && changes_.front().version == told_after_) changes_.pop_front();
}

void RunAllocations::follow(const Hold& hold, const RunId& run, Timestamp now) {
    ++version_;
    for (const auto& item : hold.items) {
        if (item.run != run) continue;
        for (const auto& seat : item.seats) {
            const auto found = seats_.find(seat.index);
            auto before = SeatState::free;
            if (found != seats_.end()) {
                const auto own = std::ranges::find_if(found->second, [&](const Allocation& other) {
                    return other.hold == hold.id && other.state != SeatState::blocked && other.span == item.span;
                });
                if (own != found->second.end()) before = own->state;
            }
            make_way(seat.index, item.span, now, &hold.id);
            auto after = SeatState::free;
            if (allocates(hold)) {
                RAILBOOK_ASSERT(is_free(seat.index, item.span, now, hold.id));
                const auto allocation = allocation_of(hold, item, seat);
                put(allocation);
                after = allocation.state;
            }
            if (after != before) tell(seat.index, item.span, after);
        }
    }
    look_ahead(now);
}

void RunAllocations::block(const SeatBlock& block, Timestamp now) {
    ++version_;
    for (const auto& seat : block.seats) {
        make_way(seat.index, block.span, now, nullptr);
        RAILBOOK_ASSERT(is_free(seat.index, block.span, now, HoldId{}));
        put({.seat = seat.index, .span = block.span, .state = SeatState::blocked, .hold = {}});
        tell(seat.index, block.span, SeatState::blocked);
    }
}

void RunAllocations::unblock(const SeatBlock& block) {
    ++version_;
    for (const auto& seat : block.seats) {
        const auto found = seats_.find(seat.index);
        if (found == seats_.end()) continue;
        std::vector<Allocation> kept;
        for (const auto& other : found->second) {
            if (other.state != SeatState::blocked || !other.span.overlaps(block.span)) {
                kept.push_back(other);
                continue;
            }
            tell(seat.index, {std::max(other.span.from, block.span.from), std::min(other.span.to, block.span.to)},
                 SeatState::free);
            unmark(other);
            for (const auto rest : rest_of(other.span, block.span)) {
                kept.push_back(other);
                kept.back().span = rest;
                mark(kept.back());
            }
        }
        found->second = std::move(kept);
        if (found->second.empty()) seats_.erase(found);
    }
}

Occupancy RunAllocations::at(Timestamp now) const {
    if (now >= none_lapses_before_) return without_lapsed(now);
    return {.version = version_, .taken = taken_.copy(), .held = held_.copy(), .blocked = blocked_.copy()};
}

/// Some may have passed their deadline without having been swept.
Occupancy RunAllocations::without_lapsed(Timestamp now) const {
    Occupancy answer;
    answer.version = version_;
    for (auto* masks : {&answer.taken, &answer.held, &answer.blocked}) {
        masks->seats = seat_count_;
        masks->segments = segment_count_;
    }
    for (const auto& [seat, allocations] : seats_) {
        for (const auto& allocation : allocations) {
            if (allocation.until <= now) continue;
            answer.taken.set(seat, allocation.span);
            if (allocation.state == SeatState::held) answer.held.set(seat, allocation.span);
            if (allocation.state == SeatState::blocked) answer.blocked.set(seat, allocation.span);
        }
    }
    return answer;
}

std::vector<Allocation> RunAllocations::live(Timestamp now) const {
    std::vector<Allocation> found;
    for (const auto& [seat, allocations] : seats_) {
        for (const auto& allocation : allocations) {
            if (allocation.until > now) found.push_back(allocation);
        }
    }
    return found;
}

SeatChanges RunAllocations::changes_after(std::uint64_t version) const {
    SeatChanges answer{.version = version_, .resync = version < told_after_ || version > version_, .changes = {}};
    if (answer.resync) return answer;
    const auto first = std::ranges::upper_bound(changes_, version, {}, &SeatChange::version);
    answer.changes.assign(first, changes_.end());
    return answer;
}

}  // namespace railbook::store

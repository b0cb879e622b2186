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
    for (auto* counted : {&taken_, &held_, &blocked_})
        counted->masks = {.seats = seat_count_, .segments = segment_count_};
    for (const auto& allocation : stored) put(allocation);
}

template <class F>
bool RunAllocations::any_of_seat(std::uint32_t seat, const F& f) const {
    if (seat >= first_.size()) return false;
    for (auto node = first_[seat]; node != kNone; node = nodes_[node].next) {
        if (f(nodes_[node].allocation)) return true;
    }
    return false;
}

template <class F>
void RunAllocations::drop_if(std::uint32_t seat, const F& f) {
    if (seat >= first_.size()) return;
    for (auto* link = &first_[seat]; *link != kNone;) {
        Node& node = nodes_[*link];
        if (!f(node.allocation)) {
            link = &node.next;
            continue;
        }
        unmark(node.allocation);
        const auto dropped = std::exchange(*link, node.next);
        node.next = std::exchange(unused_, dropped);
    }
}

void RunAllocations::put(const Allocation& allocation) {
    RAILBOOK_ASSERT(allocation.seat < seat_count_);
    if (first_.empty()) first_.assign(seat_count_, kNone);
    if (unused_ == kNone) {
        unused_ = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    }
    auto* link = &first_[allocation.seat];
    while (*link != kNone && !(allocation.span < nodes_[*link].allocation.span)) link = &nodes_[*link].next;
    const auto added = unused_;
    unused_ = nodes_[added].next;
    nodes_[added] = {allocation, *link};
    *link = added;
    mark(allocation);
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
    for (std::uint32_t seat = 0; seat < first_.size(); ++seat) {
        any_of_seat(seat, [&](const Allocation& allocation) {
            none_lapses_before_ = std::min(none_lapses_before_, allocation.until);
            return false;
        });
    }
}

bool RunAllocations::is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const {
    if (seat >= seat_count_) return false;
    if (!taken_.masks.any(seat, span)) return true;
    return !any_of_seat(seat, [&](const Allocation& other) {
        return other.span.overlaps(span) && other.until > now &&
               (other.state == SeatState::blocked || other.hold != mine);
    });
}

SeatState RunAllocations::make_way(std::uint32_t seat, Span span, Timestamp now, const HoldId* mine) {
    auto before = SeatState::free;
    if (seat >= seat_count_ || !taken_.masks.any(seat, span)) return before;
    drop_if(seat, [&](const Allocation& other) {
        if (!other.span.overlaps(span) || other.state == SeatState::blocked) return false;
        const bool is_mine = mine && other.hold == *mine;
        if (is_mine && other.span == span) before = other.state;
        if (!is_mine && other.until > now) return false;
        if (!is_mine) tell(seat, other.span, SeatState::free);
        return true;
    });
    return before;
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
            const auto before = make_way(seat.index, item.span, now, &hold.id);
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
        std::vector<Allocation> rests;
        drop_if(seat.index, [&](const Allocation& other) {
            if (other.state != SeatState::blocked || !other.span.overlaps(block.span)) return false;
            tell(seat.index, {std::max(other.span.from, block.span.from), std::min(other.span.to, block.span.to)},
                 SeatState::free);
            for (const auto rest : rest_of(other.span, block.span)) {
                rests.push_back(other);
                rests.back().span = rest;
            }
            return true;
        });
        for (const auto& rest : rests) put(rest);
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
    for (const auto& allocation : live(now)) {
        answer.taken.set(allocation.seat, allocation.span);
        if (allocation.state == SeatState::held) answer.held.set(allocation.seat, allocation.span);
        if (allocation.state == SeatState::blocked) answer.blocked.set(allocation.seat, allocation.span);
    }
    return answer;
}

std::vector<Allocation> RunAllocations::live(Timestamp now) const {
    std::vector<Allocation> found;
    for (std::uint32_t seat = 0; seat < first_.size(); ++seat) {
        any_of_seat(seat, [&](const Allocation& allocation) {
            if (allocation.until > now) found.push_back(allocation);
            return false;
        });
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

#include "store/allocations.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "store/rules.hpp"

namespace railbook::store {

std::vector<Span> rest_of(Span blocked, Span freed) {
    std::vector<Span> rest;
    if (blocked.from < freed.from) rest.push_back({blocked.from, std::min(blocked.to, freed.from)});
    if (freed.to < blocked.to) rest.push_back({std::max(blocked.from, freed.to), blocked.to});
    return rest;
}

void RecentChanges::add(const SeatChange& change) {
    if (changes_.size() < kKept) {
        changes_.push_back(change);
        return;
    }
    is_dropping_ = true;
    changes_[oldest_] = change;
    oldest_ = (oldest_ + 1) % kKept;
}

std::uint64_t RecentChanges::all_after() const {
    // What was dropped last may have been of the same version as what is the oldest now.
    return is_dropping_ ? changes_[oldest_].version : all_after_;
}

std::vector<SeatChange> RecentChanges::after(std::uint64_t version) const {
    std::vector<SeatChange> found;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const SeatChange& change = changes_[(oldest_ + i) % changes_.size()];
        if (change.version > version) found.push_back(change);
    }
    return found;
}

RunAllocations::RunAllocations(const Run& run, std::uint64_t version, const std::vector<Allocation>& stored)
    : seat_count_{static_cast<std::uint32_t>(run.consist->seat_count())},
      segment_count_{static_cast<std::uint32_t>(run.segment_count())},
      version_{version},
      changes_{version},
      taken_{.seats = seat_count_, .segments = segment_count_},
      blocked_{taken_} {
    for (const auto& allocation : stored) put(allocation);
}

template <class F>
bool RunAllocations::any_of_seat(std::uint32_t seat, const F& f) const {
    if (lists_.empty()) return false;
    for (auto node = lists_[seat / kSeatsOfList]; node != kNone; node = nodes_[node].next) {
        const Allocation& allocation = nodes_[node].allocation;
        if (allocation.seat > seat) return false;
        if (allocation.seat == seat && f(allocation)) return true;
    }
    return false;
}

template <class F>
void RunAllocations::drop_if(std::uint32_t seat, const F& f) {
    if (lists_.empty()) return;
    for (auto* link = &lists_[seat / kSeatsOfList]; *link != kNone && nodes_[*link].allocation.seat <= seat;) {
        Node& node = nodes_[*link];
        if (node.allocation.seat != seat || !f(node.allocation)) {
            link = &node.next;
            continue;
        }
        unmark(*link);
        const auto dropped = std::exchange(*link, node.next);
        node.next = std::exchange(unused_, dropped);
    }
}

template <class F>
void RunAllocations::each(const F& f) const {
    for (auto node : lists_) {
        for (; node != kNone; node = nodes_[node].next) f(nodes_[node].allocation);
    }
}

void RunAllocations::put(const Allocation& allocation) {
    RAILBOOK_ASSERT(allocation.seat < seat_count_ && allocation.state != SeatState::free);
    if (lists_.empty()) lists_.assign((seat_count_ + kSeatsOfList - 1) / kSeatsOfList, kNone);
    if (unused_ == kNone) {
        unused_ = static_cast<std::uint32_t>(nodes_.size());
        if (nodes_.size() == nodes_.capacity()) nodes_.reserve(nodes_.size() + nodes_.size() / 8 + 16);
        nodes_.emplace_back();
    }
    const auto comes_before = [&](const Allocation& other) {
        return std::tie(other.seat, other.span) < std::tie(allocation.seat, allocation.span);
    };
    auto* link = &lists_[allocation.seat / kSeatsOfList];
    while (*link != kNone && comes_before(nodes_[*link].allocation)) link = &nodes_[*link].next;
    const auto added = unused_;
    unused_ = nodes_[added].next;
    nodes_[added] = {allocation, *link};
    *link = added;
    mark(added);
}

void RunAllocations::mark(std::uint32_t node) {
    const Allocation& allocation = nodes_[node].allocation;
    taken_.set(allocation.seat, allocation.span);
    ++taken_count_;
    if (allocation.state == SeatState::blocked) {
        blocked_.set(allocation.seat, allocation.span);
        ++blocked_count_;
    }
    if (allocation.state == SeatState::held) {
        nodes_[node].held_after = held_;
        if (held_ != kNone) nodes_[held_].held_before = node;
        held_ = node;
    }
}

void RunAllocations::unmark(std::uint32_t node) {
    const Node& gone = nodes_[node];
    const Allocation& allocation = gone.allocation;
    taken_.clear(allocation.seat, allocation.span);
    --taken_count_;
    if (allocation.state == SeatState::blocked) {
        blocked_.clear(allocation.seat, allocation.span);
        --blocked_count_;
    }
    if (allocation.state == SeatState::held) {
        (gone.held_before == kNone ? held_ : nodes_[gone.held_before].held_after) = gone.held_after;
        if (gone.held_after != kNone) nodes_[gone.held_after].held_before = gone.held_before;
    }
}

bool RunAllocations::is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const {
    if (seat >= seat_count_ || span.to > segment_count_) return false;
    if (!taken_.any(seat, span)) return true;
    return !any_of_seat(seat, [&](const Allocation& other) {
        return other.span.overlaps(span) && other.until > now &&
               (other.state == SeatState::blocked || other.hold != mine);
    });
}

SeatState RunAllocations::make_way(std::uint32_t seat, Span span, Timestamp now, const HoldId* mine) {
    auto before = SeatState::free;
    // What lapsed before the run got other coaches or calls may name what is no longer there.
    if (seat >= seat_count_ || span.to > segment_count_ || !taken_.any(seat, span)) return before;
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
    changes_.add({version_, seat, span, state});
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
    const SeatMasks none{.seats = seat_count_, .segments = segment_count_};
    Occupancy answer{.version = version_, .taken = none, .held = none, .blocked = none};
    if (taken_count_ > 0) answer.taken = taken_;
    if (blocked_count_ > 0) answer.blocked = blocked_;
    std::size_t lapsed = 0;
    for (auto node = held_; node != kNone; node = nodes_[node].held_after) {
        const Allocation& allocation = nodes_[node].allocation;
        if (allocation.until > now) {
            answer.held.set(allocation.seat, allocation.span);
        } else {  // it was not swept yet
            answer.taken.clear(allocation.seat, allocation.span);
            ++lapsed;
        }
    }
    if (lapsed == taken_count_) answer.taken.bits.clear();
    return answer;
}

std::vector<Allocation> RunAllocations::live(Timestamp now) const {
    std::vector<Allocation> found;
    each([&](const Allocation& allocation) {
        if (allocation.until > now) found.push_back(allocation);
    });
    return found;
}

SeatChanges RunAllocations::changes_after(std::uint64_t version) const {
    SeatChanges answer{
        .version = version_, .resync = version < changes_.all_after() || version > version_, .changes = {}};
    if (!answer.resync) answer.changes = changes_.after(version);
    return answer;
}

RunAllocations::Bytes RunAllocations::bytes() const {
    return {.masks = sizeof *this +
                     (taken_.bits.capacity() + blocked_.bits.capacity() + lists_.capacity()) * sizeof(std::uint32_t),
            .allocations = nodes_.capacity() * sizeof(Node),
            .changes = changes_.bytes(),
            .count = taken_count_};
}

}  // namespace railbook::store

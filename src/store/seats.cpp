#include "store/seats.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/assert.hpp"

namespace railbook::store {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
/// So often somebody who is refused looks again after waiting for those who were in the middle of a hold.
constexpr int kMaxLooks = 64;

std::int64_t milliseconds(Timestamp time) { return time.time_since_epoch().count(); }

/// The segments of the span in one plane, as bits.
std::uint32_t bits_of(std::uint32_t plane, Span span) {
    const std::uint32_t begin = std::max<std::uint32_t>(span.from, 32 * plane);
    const std::uint32_t end = std::min<std::uint32_t>(span.to, 32 * plane + 32);
    return static_cast<std::uint32_t>(((std::uint64_t{1} << (end - begin)) - 1) << (begin - 32 * plane));
}

/// The change without its version, in one word.
std::uint64_t packed(std::uint32_t seat, Span span, SeatState state) {
    return std::uint64_t{seat} | std::uint64_t{span.from} << 16 | std::uint64_t{span.to} << 32 |
           static_cast<std::uint64_t>(state) << 48;
}
SeatChange unpacked(std::uint64_t version, std::uint64_t word) {
    return {.version = version,
            .seat = static_cast<std::uint16_t>(word),
            .span = {static_cast<std::uint16_t>(word >> 16), static_cast<std::uint16_t>(word >> 32)},
            .state = static_cast<SeatState>(word >> 48)};
}

void raise(std::atomic<std::uint64_t>& number, std::uint64_t to) {
    auto seen = number.load(std::memory_order_relaxed);
    while (seen < to && !number.compare_exchange_weak(seen, to, std::memory_order_release)) {
    }
}

inline void spin() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

}  // namespace

/// A live hold. Whoever moves `state` from the hold's own value to kBusy owns the rest of it until it is free or live
/// again; so of a release, a sale, an extension and a sweep at one time, one goes first and the others see it.
struct RunSeats::Record {
    static constexpr std::uint64_t kUnused = 0;
    static constexpr std::uint64_t kBusy = 1;
    static constexpr std::uint64_t kPart = 3;    // of a hold that begins with another record
    static constexpr std::size_t kMaxSeats = 9;  // a hold of more has further records
    static std::uint64_t live(std::uint64_t fence) { return fence << 1; }

    std::atomic<std::uint64_t> state{kUnused};
    std::atomic<std::int64_t> deadline{kNever};
    Record* more = nullptr;
    Span span;
    std::uint8_t count = 0;
    std::uint8_t number = 0;  // in its chunk
    std::array<std::uint16_t, kMaxSeats> seats{};

    Chunk& chunk();
};

struct RunSeats::Chunk {
    static constexpr std::size_t kRecords = 64;

    std::atomic<std::uint64_t> used{0};  // a bit a record
    Chunk* next = nullptr;
    alignas(64) std::array<Record, kRecords> records;

    Chunk() {
        for (std::size_t i = 0; i < kRecords; ++i) records[i].number = static_cast<std::uint8_t>(i);
    }
};

RunSeats::Chunk& RunSeats::Record::chunk() {
    auto* const first = reinterpret_cast<char*>(this - number);
    return *reinterpret_cast<Chunk*>(first - offsetof(Chunk, records));
}

/// What the threads of one worker number write: their holds and their changes.
struct alignas(64) RunSeats::Lane {
    static constexpr std::size_t kChanges = 128;
    static constexpr std::uint64_t kWriting = std::numeric_limits<std::uint64_t>::max();
    struct Slot {
        std::atomic<std::uint64_t> version{0};
        std::atomic<std::uint64_t> change{0};
    };

    std::atomic<std::uint64_t> begun{0};  // holds of several masks, and sweeps: begun - ended are in the middle
    std::atomic<std::uint64_t> ended{0};
    std::atomic<std::uint64_t> next_change{0};
    std::atomic<std::uint64_t> lost{0};  // the last version whose change was overwritten
    std::atomic<Chunk*> chunks{nullptr};
    alignas(64) std::array<Slot, kChanges> changes;
};

RunSeats::RunSeats(std::uint32_t seats, std::uint32_t segments,
                   std::shared_ptr<const std::vector<std::uint32_t>> coaches)
    : seats_{seats},
      segments_{segments},
      cells_{std::make_unique<Cell[]>(std::size_t{(segments + 31) / 32} * seats)},
      coaches_{std::move(coaches)},
      earliest_{kNever} {
    RAILBOOK_ASSERT(seats <= 65535 && segments <= 65535 && coaches_ && !coaches_->empty());
}

RunSeats::~RunSeats() {
    for (auto& pointer : lanes_) {
        Lane* const lane = pointer.load();
        if (!lane) continue;
        for (Chunk* chunk = lane->chunks.load(); chunk;) delete std::exchange(chunk, chunk->next);
        delete lane;
    }
}

RunSeats::Lane& RunSeats::lane_of(unsigned worker) {
    auto& pointer = lanes_[worker % kLanes];
    if (Lane* const lane = pointer.load(std::memory_order_acquire)) return *lane;
    auto made = std::make_unique<Lane>();
    Lane* other = nullptr;
    if (pointer.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) return *made.release();
    return *other;
}

// --- Masks ---------------------------------------------------------------------------------------------------------

bool RunSeats::looks_free(std::uint32_t seat, Span span) const {
    for (std::uint32_t plane = span.from / 32; 32 * plane < span.to; ++plane) {
        const auto mask = cells_[std::size_t{plane} * seats_ + seat].load(std::memory_order_relaxed);
        if (mask & bits_of(plane, span)) return false;
    }
    return true;
}

bool RunSeats::take_seat(std::uint32_t seat, Span span) {
    for (std::uint32_t plane = span.from / 32; 32 * plane < span.to; ++plane) {
        const std::uint32_t bits = bits_of(plane, span);
        auto& mask = cell(plane, seat);
        auto seen = mask.load(std::memory_order_relaxed);
        bool is_taken = (seen & bits) != 0;
        while (!is_taken && !mask.compare_exchange_weak(seen, seen | bits, std::memory_order_seq_cst)) {
            is_taken = (seen & bits) != 0;
        }
        if (!is_taken) continue;
        if (plane > span.from / 32) clear_seat(seat, {span.from, static_cast<std::uint16_t>(32 * plane)});
        return false;
    }
    return true;
}

void RunSeats::clear_seat(std::uint32_t seat, Span span) {
    for (std::uint32_t plane = span.from / 32; 32 * plane < span.to; ++plane)
        cell(plane, seat).fetch_and(~bits_of(plane, span), std::memory_order_seq_cst);
}

bool RunSeats::take_all(std::span<const std::uint32_t> seats, Span span, Lane& lane) {
    RAILBOOK_ASSERT(span.from < span.to && span.to <= segments_ && !seats.empty() && seats.back() < seats_);
    // One mask is taken at once. Several are taken one by one, and given back if one is not free: meanwhile somebody
    // else might be refused on behalf of a hold that never comes to be. So who does that says so, and who is refused
    // waits for those in the middle and looks again.
    const bool at_once = seats.size() == 1 && span.from / 32 == (span.to - 1) / 32;
    for (int look = 0; look < kMaxLooks; ++look) {
        if (!at_once) lane.begun.fetch_add(1, std::memory_order_seq_cst);
        std::size_t taken = 0;
        while (taken < seats.size() && take_seat(seats[taken], span)) ++taken;
        const bool has_all = taken == seats.size();
        if (!has_all) {
            while (taken > 0) clear_seat(seats[--taken], span);
        }
        if (!at_once) lane.ended.fetch_add(1, std::memory_order_seq_cst);
        if (has_all) return true;
        if (!wait_for_others()) return false;
    }
    return false;
}

/// Whether anybody was in the middle of taking several masks, or of a sweep. They are not any more.
bool RunSeats::wait_for_others() const {
    bool waited = false;
    for (const auto& pointer : lanes_) {
        const Lane* const lane = pointer.load(std::memory_order_acquire);
        if (!lane) continue;
        const auto ended = lane->ended.load(std::memory_order_seq_cst);
        const auto begun = lane->begun.load(std::memory_order_seq_cst);
        if (begun == ended) continue;
        waited = true;
        while (lane->ended.load(std::memory_order_acquire) < begun) spin();
    }
    return waited;
}

bool RunSeats::is_free(std::uint32_t seat, Span span, Timestamp now, unsigned worker) {
    sweep(now, worker);
    while (!looks_free(seat, span)) {
        if (!wait_for_others()) return false;
    }
    return true;
}

void RunSeats::copy_taken(std::span<std::uint32_t> out, Timestamp now, unsigned worker) {
    const std::size_t cells = std::size_t{(segments_ + 31) / 32} * seats_;
    RAILBOOK_ASSERT(out.size() == cells);
    sweep(now, worker);
    for (std::size_t i = 0; i < cells; ++i) out[i] = cells_[i].load(std::memory_order_relaxed);
}

// --- Holds ---------------------------------------------------------------------------------------------------------

RunSeats::Record& RunSeats::add_record(Lane& lane) {
    while (true) {
        Chunk* const newest = lane.chunks.load(std::memory_order_acquire);
        for (Chunk* chunk = newest; chunk; chunk = chunk->next) {
            auto used = chunk->used.load(std::memory_order_relaxed);
            while (~used != 0) {
                const std::uint64_t bit = ~used & (used + 1);
                used = chunk->used.fetch_or(bit, std::memory_order_seq_cst);
                if ((used & bit) == 0) return chunk->records[static_cast<std::size_t>(std::countr_zero(bit))];
            }
        }
        auto added = std::make_unique<Chunk>();
        added->next = newest;
        Chunk* expected = newest;
        if (lane.chunks.compare_exchange_strong(expected, added.get(), std::memory_order_seq_cst)) added.release();
    }
}

void RunSeats::lower_earliest(std::int64_t deadline) {
    auto earliest = earliest_.load(std::memory_order_seq_cst);
    while (deadline < earliest && !earliest_.compare_exchange_weak(earliest, deadline, std::memory_order_seq_cst)) {
    }
}

std::optional<RunSeats::Handle> RunSeats::hold(std::span<const std::uint32_t> seats, Span span, Timestamp deadline,
                                               Timestamp now, unsigned worker) {
    RAILBOOK_ASSERT(std::ranges::adjacent_find(seats, std::greater_equal{}) == seats.end());
    Lane& lane = lane_of(worker);
    sweep(now, worker);
    if (!take_all(seats, span, lane)) return std::nullopt;

    Record& head = add_record(lane);
    Record* last = nullptr;
    for (std::size_t done = 0; done < seats.size();) {
        Record& record = last ? add_record(lane) : head;
        record.state.store(last ? Record::kPart : Record::kBusy, std::memory_order_relaxed);
        record.more = nullptr;
        record.span = span;
        record.count = static_cast<std::uint8_t>(std::min(seats.size() - done, Record::kMaxSeats));
        for (std::size_t i = 0; i < record.count; ++i) record.seats[i] = static_cast<std::uint16_t>(seats[done + i]);
        done += record.count;
        if (last) last->more = &record;
        last = &record;
    }
    // The fence is the version of the hold's last change: versions are given after the seats are taken and before they
    // are free again, so of two holds of one seat the later has the larger.
    const std::uint64_t before = version_.fetch_add(seats.size(), std::memory_order_acq_rel);
    std::uint64_t version = before;
    for (const auto seat : seats) note(lane, ++version, seat, span, SeatState::held);
    head.deadline.store(milliseconds(deadline), std::memory_order_relaxed);
    head.state.store(Record::live(version), std::memory_order_release);
    lower_earliest(milliseconds(deadline));
    return Handle{head, version, seats.front()};
}

std::optional<RunSeats::Handle> RunSeats::hold_any(std::uint32_t count, Span span, Timestamp deadline, Timestamp now,
                                                   unsigned worker) {
    RAILBOOK_ASSERT(count > 0 && span.from < span.to && span.to <= segments_);
    sweep(now, worker);
    for (int look = 0; look < kMaxLooks; ++look) {
        if (auto placed = hold_first(count, span, deadline, now, worker)) return placed;
        if (!wait_for_others()) break;
    }
    return std::nullopt;
}

std::optional<RunSeats::Handle> RunSeats::hold_first(std::uint32_t count, Span span, Timestamp deadline, Timestamp now,
                                                     unsigned worker) {
    const auto& coaches = *coaches_;
    const std::size_t own = (worker % kLanes) * coaches.size() / kLanes;
    std::vector<std::uint32_t> many;
    for (std::size_t i = 0; i < coaches.size(); ++i) {
        const std::size_t coach = (own + i) % coaches.size();
        const std::uint32_t end = coach + 1 < coaches.size() ? coaches[coach + 1] : seats_;
        std::uint32_t run = 0;
        for (std::uint32_t seat = coaches[coach]; seat < end; ++seat) {
            run = looks_free(seat, span) ? run + 1 : 0;
            if (run < count) continue;
            std::array<std::uint32_t, Record::kMaxSeats> few;
            std::span<std::uint32_t> wanted{few.data(), std::min<std::size_t>(count, few.size())};
            if (count > few.size()) {
                many.resize(count);
                wanted = many;
            }
            for (std::uint32_t k = 0; k < count; ++k) wanted[k] = seat + 1 - count + k;
            if (auto placed = hold(wanted, span, deadline, now, worker)) return placed;
            run = 0;
        }
    }
    return std::nullopt;
}

RunSeats::Outcome RunSeats::claim(const Handle& hold, Timestamp now) {
    auto& record = *hold.record_;
    while (true) {
        auto seen = record.state.load(std::memory_order_acquire);
        if (seen == Record::kBusy) {
            // Being extended, or ended; if it is ours, it is over in a moment.
            spin();
            continue;
        }
        if (seen != Record::live(hold.fence_)) return Outcome::gone;
        if (record.deadline.load(std::memory_order_relaxed) <= milliseconds(now)) return Outcome::expired;
        if (!record.state.compare_exchange_weak(seen, Record::kBusy, std::memory_order_acq_rel)) continue;
        // An extension may have come between the two looks.
        if (record.deadline.load(std::memory_order_relaxed) > milliseconds(now)) return Outcome::done;
        record.state.store(Record::live(hold.fence_), std::memory_order_release);
        return Outcome::expired;
    }
}

RunSeats::Outcome RunSeats::extend(const Handle& hold, Timestamp deadline, Timestamp now) {
    const auto outcome = claim(hold, now);
    if (outcome != Outcome::done) return outcome;
    hold.record_->deadline.store(milliseconds(deadline), std::memory_order_relaxed);
    hold.record_->state.store(Record::live(hold.fence_), std::memory_order_release);
    lower_earliest(milliseconds(deadline));
    return Outcome::done;
}

RunSeats::Outcome RunSeats::release(const Handle& hold, Timestamp now, unsigned worker) {
    const auto outcome = claim(hold, now);
    if (outcome == Outcome::done) end(*hold.record_, lane_of(worker));
    return outcome;
}

RunSeats::Outcome RunSeats::sell(const Handle& hold, Timestamp now, unsigned worker) {
    const auto outcome = claim(hold, now);
    if (outcome != Outcome::done) return outcome;
    note_all(lane_of(worker), *hold.record_, SeatState::sold);
    drop(*hold.record_);
    return outcome;
}

/// The record is the caller's alone: its state is kBusy.
void RunSeats::end(Record& record, Lane& lane) {
    // Told before the seats are free, or the change of their next owner might get the earlier number.
    note_all(lane, record, SeatState::free);
    for (const Record* part = &record; part; part = part->more) {
        for (std::size_t i = 0; i < part->count; ++i) clear_seat(part->seats[i], part->span);
    }
    drop(record);
}

void RunSeats::drop(Record& record) {
    for (Record* part = &record; part;) {
        Record* const next = part->more;
        part->deadline.store(kNever, std::memory_order_relaxed);
        part->state.store(Record::kUnused, std::memory_order_release);
        part->chunk().used.fetch_and(~(std::uint64_t{1} << part->number), std::memory_order_release);
        part = next;
    }
}

void RunSeats::sweep(Timestamp now, unsigned worker) {
    const std::int64_t time = milliseconds(now);
    if (earliest_.load(std::memory_order_acquire) > time) return;
    // Whoever is refused meanwhile waits for the end of the sweep: the seat may be that of a hold that has lapsed.
    Lane& own = lane_of(worker);
    own.begun.fetch_add(1, std::memory_order_seq_cst);
    // First forgotten, then found anew: a hold that is placed meanwhile is either seen here, or sees this.
    earliest_.store(kNever, std::memory_order_seq_cst);
    std::int64_t earliest = kNever;
    for (const auto& pointer : lanes_) {
        const Lane* const lane = pointer.load(std::memory_order_seq_cst);
        if (!lane) continue;
        for (Chunk* chunk = lane->chunks.load(std::memory_order_seq_cst); chunk; chunk = chunk->next) {
            for (auto used = chunk->used.load(std::memory_order_seq_cst); used != 0; used &= used - 1) {
                Record& record = chunk->records[static_cast<std::size_t>(std::countr_zero(used))];
                auto seen = record.state.load(std::memory_order_acquire);
                if (seen == Record::kPart) continue;
                if (seen == Record::kUnused || seen == Record::kBusy) {
                    // Just being placed, extended or ended: when it ends is not known, so the next one looks again.
                    earliest = std::min(earliest, time);
                    continue;
                }
                const auto deadline = record.deadline.load(std::memory_order_relaxed);
                if (deadline > time) {
                    earliest = std::min(earliest, deadline);
                    continue;
                }
                if (!record.state.compare_exchange_strong(seen, Record::kBusy, std::memory_order_acq_rel)) {
                    earliest = std::min(earliest, time);
                    continue;
                }
                if (record.deadline.load(std::memory_order_relaxed) <= time) {
                    end(record, own);
                } else {
                    earliest = std::min(earliest, record.deadline.load(std::memory_order_relaxed));
                    record.state.store(seen, std::memory_order_release);
                }
            }
        }
    }
    lower_earliest(earliest);
    own.ended.fetch_add(1, std::memory_order_seq_cst);
}

bool RunSeats::take(std::span<const std::uint32_t> seats, Span span, SeatState state, Timestamp now, unsigned worker) {
    RAILBOOK_ASSERT(state == SeatState::sold || state == SeatState::blocked);
    RAILBOOK_ASSERT(std::ranges::adjacent_find(seats, std::greater_equal{}) == seats.end());
    Lane& lane = lane_of(worker);
    sweep(now, worker);
    if (!take_all(seats, span, lane)) return false;
    std::uint64_t version = version_.fetch_add(seats.size(), std::memory_order_acq_rel);
    for (const auto seat : seats) note(lane, ++version, seat, span, state);
    return true;
}

void RunSeats::give_back(std::span<const std::uint32_t> seats, Span span, unsigned worker) {
    Lane& lane = lane_of(worker);
    std::uint64_t version = version_.fetch_add(seats.size(), std::memory_order_acq_rel);
    for (const auto seat : seats) note(lane, ++version, seat, span, SeatState::free);
    for (const auto seat : seats) clear_seat(seat, span);
}

// --- Changes -------------------------------------------------------------------------------------------------------

void RunSeats::note(Lane& lane, std::uint64_t version, std::uint32_t seat, Span span, SeatState state) {
    auto& slot = lane.changes[lane.next_change.fetch_add(1, std::memory_order_relaxed) % Lane::kChanges];
    auto old = slot.version.load(std::memory_order_relaxed);
    if (old == Lane::kWriting ||
        !slot.version.compare_exchange_strong(old, Lane::kWriting, std::memory_order_acq_rel)) {
        raise(lane.lost, version);  // another thread of this number was overtaken by a whole round of changes
        return;
    }
    if (old != 0) raise(lane.lost, old);
    slot.change.store(packed(seat, span, state), std::memory_order_release);
    slot.version.store(version, std::memory_order_release);
}

void RunSeats::note_all(Lane& lane, const Record& record, SeatState state) {
    std::size_t seats = 0;
    for (const Record* part = &record; part; part = part->more) seats += part->count;
    std::uint64_t version = version_.fetch_add(seats, std::memory_order_acq_rel);
    for (const Record* part = &record; part; part = part->more) {
        for (std::size_t i = 0; i < part->count; ++i) note(lane, ++version, part->seats[i], part->span, state);
    }
}

std::optional<std::vector<SeatChange>> RunSeats::changes_after(std::uint64_t version) const {
    std::vector<SeatChange> found;
    for (const auto& pointer : lanes_) {
        const Lane* const lane = pointer.load(std::memory_order_acquire);
        if (!lane) continue;
        for (const auto& slot : lane->changes) {
            const auto before = slot.version.load(std::memory_order_acquire);
            if (before <= version || before == Lane::kWriting) continue;
            const auto change = slot.change.load(std::memory_order_acquire);
            if (slot.version.load(std::memory_order_acquire) == before) found.push_back(unpacked(before, change));
        }
    }
    // Looked at afterwards: whatever was overwritten while the slots were read is known to be lost.
    for (const auto& pointer : lanes_) {
        const Lane* const lane = pointer.load(std::memory_order_acquire);
        if (lane && lane->lost.load(std::memory_order_acquire) > version) return std::nullopt;
    }
    std::ranges::sort(found, {}, &SeatChange::version);
    // Up to the first that is not written yet.
    std::size_t whole = 0;
    while (whole < found.size() && found[whole].version == version + 1 + whole) ++whole;
    found.resize(whole);
    return found;
}

RunSeats::Bytes RunSeats::bytes() const {
    Bytes bytes{.masks = sizeof(RunSeats) + std::size_t{(segments_ + 31) / 32} * seats_ * sizeof(Cell),
                .records = 0,
                .changes = 0,
                .live_holds = 0,
                .record_size = sizeof(Record)};
    for (const auto& pointer : lanes_) {
        const Lane* const lane = pointer.load(std::memory_order_acquire);
        if (!lane) continue;
        bytes.changes += sizeof(Lane);
        for (const Chunk* chunk = lane->chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next) {
            bytes.records += sizeof(Chunk);
            for (const auto& record : chunk->records)
                bytes.live_holds += record.deadline.load(std::memory_order_relaxed) != kNever;
        }
    }
    return bytes;
}

}  // namespace railbook::store

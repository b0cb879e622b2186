#pragma once
/// How a store in memory finds what it keeps in an arena.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "store/memory/arena.hpp"

namespace railbook::store::memory {

/// Places in an arena by hashes, eight bytes each, so that one line of the cache tells where a thing is, or that there
/// is none. It knows half of a hash: whoever asks compares what is there. Not thread-safe.
class Index {
public:
    /// A place of that hash for which `is` holds.
    template <class Is>
    std::optional<Arena::Place> find(std::uint64_t hash, const Is& is) const {
        if (slots_.empty()) return std::nullopt;
        const auto mark = mark_of(hash);
        for (auto at = home_of(mark); slots_[at].place != Arena::kNowhere; at = after(at)) {
            if (slots_[at].mark == mark && is(slots_[at].place)) return slots_[at].place;
        }
        return std::nullopt;
    }
    void add(std::uint64_t hash, Arena::Place place) {
        if ((count_ + 1) * 8 > slots_.size() * 5) grow();
        put({mark_of(hash), place});
        ++count_;
    }
    /// It is there.
    void remove(std::uint64_t hash, Arena::Place place) {
        auto hole = home_of(mark_of(hash));
        while (slots_[hole].place != place) hole = after(hole);
        // Whatever follows without a gap and may be nearer to its home moves up.
        for (auto at = after(hole); slots_[at].place != Arena::kNowhere; at = after(at)) {
            const auto way = (at - home_of(slots_[at].mark)) & (slots_.size() - 1);
            if (way < ((at - hole) & (slots_.size() - 1))) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole] = {};
        --count_;
    }
    /// Fetches what is needed to find that hash, or to add it, while something else is done.
    void expect(std::uint64_t hash) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[home_of(mark_of(hash))], 1);
    }
    /// Calls `f` with every place.
    template <class F>
    void each(const F& f) const {
        for (const auto& slot : slots_) {
            if (slot.place != Arena::kNowhere) f(slot.place);
        }
    }

private:
    static constexpr std::size_t kFewest = 16;
    struct Slot {
        std::uint32_t mark = 0;
        Arena::Place place = Arena::kNowhere;
    };

    static std::uint32_t mark_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
    /// There are slots. Their number is a power of two, and the first bits of a mark say which it is.
    std::size_t home_of(std::uint32_t mark) const { return mark >> (32 - std::countr_zero(slots_.size())); }
    std::size_t after(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
    void put(Slot added) {
        auto at = home_of(added.mark);
        while (slots_[at].place != Arena::kNowhere) at = after(at);
        slots_[at] = added;
    }
    void grow() {
        const auto before = std::exchange(slots_, std::vector<Slot>(std::max(kFewest, slots_.size() * 2)));
        for (const auto& slot : before) {
            if (slot.place != Arena::kNowhere) put(slot);
        }
    }

    std::vector<Slot> slots_;
    std::size_t count_ = 0;
};

}  // namespace railbook::store::memory

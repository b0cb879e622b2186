#pragma once
/// What of one run is allocated, by seat.

#include <cstdint>
#include <map>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// Not thread-safe: whoever owns it locks.
class RunAllocations {
public:
    RunAllocations() = default;
    /// As they were stored.
    RunAllocations(std::uint64_t version, const std::vector<Allocation>& stored);

    /// Whether nobody but `mine` has a part of the span at `now`.
    bool is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const;
    /// Brings the hold's allocations on `run` in line with the hold: they are there while it keeps its seats, with its
    /// status and deadline, and gone otherwise. Lapsed ones in the way are dropped. The version grows.
    void follow(const Hold& hold, const RunId& run, Timestamp now);
    /// Those that are live at `now`, by seat and span.
    Occupancy at(Timestamp now) const;

private:
    std::uint64_t version_ = 0;
    std::map<std::uint32_t, std::vector<Allocation>> seats_;  // each seat's by span
};

}  // namespace railbook::store

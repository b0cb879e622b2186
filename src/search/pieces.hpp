#pragma once
/// The connections of a day in the order in which a scan may look at them.

#include <algorithm>

#include "search/days.hpp"

namespace railbook::search {

/// Does `scan(first, last)` for pieces of [first, last), one after the other, until it says false; the instants of the
/// day are done by `settle(first, last)` instead, which may have to look at them more than once. The ends are no place
/// within an instant. Returns what the last call did.
template <class Scan, class Settle>
bool scan_forward(const Day& day, std::uint32_t first, std::uint32_t last, const Scan& scan, const Settle& settle) {
    auto instant = std::ranges::lower_bound(day.instants, first, {}, &Day::Instant::first);
    for (; instant != day.instants.end() && instant->first < last; ++instant) {
        if (!scan(first, instant->first) || !settle(instant->first, instant->last)) return false;
        first = instant->last;
    }
    return scan(first, last);
}

/// The same from the last one to the first.
template <class Scan, class Settle>
bool scan_backward(const Day& day, std::uint32_t first, std::uint32_t last, const Scan& scan, const Settle& settle) {
    auto instant = std::ranges::lower_bound(day.instants, last, {}, &Day::Instant::first);
    while (instant != day.instants.begin() && std::prev(instant)->first >= first) {
        --instant;
        if (!scan(instant->last, last) || !settle(instant->first, instant->last)) return false;
        last = instant->first;
    }
    return scan(first, last);
}

}  // namespace railbook::search

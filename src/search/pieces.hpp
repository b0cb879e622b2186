#pragma once
/// The connections of a day in the order in which a scan may look at them, and how often.

#include <algorithm>
#include <utility>
#include <vector>

#include "search/scan_state.hpp"

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

/// Does `scan()` over and over, until it says false or sets no `changed`: the label of a spot has changed, and the
/// connection that it matters to may stand before the one that changed it. What is on board of a run belongs to a place
/// on its way, so each time it begins anew with what `save(place)` gives now and `restore(place, value)` takes, for the
/// places by layer and run. `kept` is room for them. Returns what the last call did.
template <class Value, class Save, class Restore, class Scan>
bool settle_instant(Stretch& stretch, std::uint32_t day, Day::Instant instant, std::uint32_t layers,
                    std::vector<std::pair<std::size_t, Value>>& kept, bool& changed, const Save& save,
                    const Restore& restore, const Scan& scan) {
    const auto& connections = stretch.day(day).connections;
    kept.clear();
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        for (auto at = instant.first; at < instant.last; ++at) {
            const auto place = std::size_t{layer} * stretch.run_count() + stretch.place_of(connections[at].run);
            kept.emplace_back(place, save(place));
        }
    }
    while (true) {
        changed = false;
        if (!scan()) return false;
        if (!changed) return true;
        for (const auto& [place, value] : kept) restore(place, value);
    }
}

}  // namespace railbook::search

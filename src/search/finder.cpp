#include "search/finder.hpp"

#include <algorithm>
#include <vector>

#include "search/rounds.hpp"
#include "search/scan.hpp"

namespace railbook::search {
namespace {

/// Trains a day on one pattern from which on rounds are faster. For one departure they ride each line once, whatever
/// runs on it, where the scan looks at every train; with one or two, as in long-distance networks, the scan takes half
/// as long as they do. For a whole day they have to ride each of them, too.
constexpr double kDenseForOne = 3;
constexpr double kDenseForWindows = 8;

/// On the busiest date.
double trains_a_pattern(const timetable::Network& network, const ConnectionScan& scan) {
    const auto day = scan.days().busiest_day();
    std::vector<bool> is_used(scan.patterns().count());
    for (Index trip = 0; trip < network.data().trips.size(); ++trip) {
        if (scan.days().is_wanted(trip) && network.runs_on(trip, day)) is_used[scan.patterns().of(trip)] = true;
    }
    const auto patterns = std::max<std::ptrdiff_t>(1, std::ranges::count(is_used, true));
    return static_cast<double>(scan.days().runs_on(day)) / static_cast<double>(patterns);
}

}  // namespace

std::unique_ptr<JourneyFinder> make_finder(const timetable::Network& network, const Allowed& allowed) {
    auto scan = std::make_unique<ConnectionScan>(network, allowed);
    const auto density = trains_a_pattern(network, *scan);
    if (density < kDenseForOne) return scan;
    return std::make_unique<RoundSearch>(network, std::move(scan), density >= kDenseForWindows);
}

}  // namespace railbook::search

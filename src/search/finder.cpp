#include "search/finder.hpp"

#include <algorithm>

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
    const auto patterns = Patterns::count_on(day, network, scan.interchanges(), scan.days());
    return static_cast<double>(scan.days().runs_on(day)) / static_cast<double>(std::max<std::size_t>(1, patterns));
}

}  // namespace

std::unique_ptr<JourneyFinder> make_finder(const timetable::Network& network, const Allowed& allowed) {
    auto scan = std::make_unique<ConnectionScan>(network, allowed);
    const auto density = trains_a_pattern(network, *scan);
    if (density < kDenseForOne) return scan;
    return std::make_unique<RoundSearch>(network, std::move(scan), density >= kDenseForWindows);
}

}  // namespace railbook::search

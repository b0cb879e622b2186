#include "search/finder.hpp"

#include "search/rounds.hpp"
#include "search/scan.hpp"

namespace railbook::search {
namespace {

/// Trains a day on one pattern. With one or two, as in long-distance networks, the scan takes half as long as rounds;
/// with 20 it takes several times as long.
constexpr std::size_t kDense = 8;

}  // namespace

std::unique_ptr<JourneyFinder> make_finder(const timetable::Network& network, const Allowed& allowed) {
    auto scan = std::make_unique<ConnectionScan>(network, allowed);
    if (scan->days().most_runs() < kDense * scan->patterns().count()) return scan;
    return std::make_unique<RoundSearch>(network, std::move(scan));
}

}  // namespace railbook::search

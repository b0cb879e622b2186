#pragma once
/// The simulator: one world after the other, each from its own seed.

#include <cstdint>
#include <limits>

#include "sim/simulator/plan.hpp"
#include "sim/simulator/report.hpp"

namespace railbook::sim {

struct Wanted {
    std::uint64_t seed = 1;             ///< Of the first world; the next has the next one.
    std::uint64_t operations = 10'000;  ///< Worlds are begun until so many were done.
    std::uint64_t worlds = std::numeric_limits<std::uint64_t>::max();
    StoreKind store = StoreKind::memory;
    bool disk_lies = false;  ///< A sync of the disk does nothing, which has to be found. SQLite only.
};

/// Stops after the first world with a violation.
Report simulate(const Wanted& wanted);

}  // namespace railbook::sim

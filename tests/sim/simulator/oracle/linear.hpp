#pragma once
/// Is there an order of all commands on one run, each within its interval, in which every answer is right? The search
/// is that of Wing and Gong, with the memory of Lowe, and it gives up after so many states.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/simulator/oracle/history.hpp"
#include "sim/simulator/oracle/run_model.hpp"

namespace railbook::sim {

enum class Linear : std::uint8_t { yes, no, gave_up };

struct LinearAnswer {
    Linear linear = Linear::yes;
    std::uint64_t states = 0;
    std::vector<std::string> stuck;  ///< Where the longest order ended: what could not come next, and why.
};

/// `events` are those that touch the run of `start`, in the order in which they were invoked.
LinearAnswer find_order(const RunModel& start, const std::vector<const Event*>& events, std::uint64_t most_states);

}  // namespace railbook::sim

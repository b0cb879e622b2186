#include "sim/simulator/simulator.hpp"

#include "sim/simulator/client.hpp"
#include "sim/simulator/railway.hpp"
#include "sim/simulator/world.hpp"

namespace railbook::sim {

Report simulate(const Wanted& wanted) {
    Report report;
    const auto railway = make_railway();
    if (!railway) {
        report.violations.push_back("the railway cannot be built: " + railway.error().detail);
        return report;
    }
    for (std::uint64_t i = 0; i < wanted.worlds && report.operations < wanted.operations; ++i) {
        Plan plan = draw_plan(wanted.seed + i, wanted.store);
        plan.disk_lies = wanted.disk_lies;
        World world{plan, *railway, report};
        world.live();
        if (!report.violations.empty()) break;
    }
    return report;
}

}  // namespace railbook::sim

#include "sim/simulator/ports.hpp"

#include <fmt/format.h>

namespace railbook::sim {

void Ports::count(Fault fault, const CommandSoFar& command) {
    auto& counted = report_.faults[std::string{to_string(fault)}];
    ++counted.all;
    if (command.port_calls > 1) ++counted.inside_command;
    if (command.changed_something) ++counted.after_effect;
}

std::optional<Fault> Ports::draw(const PortCall& what) {
    if (calm_) return std::nullopt;
    const bool strikes = random_.one_in(plan_.fault_in);
    const auto which = random_.below(3);
    if (!strikes) return std::nullopt;
    std::optional<Fault> fault;
    if (what.of_gateway) fault = which == 0 ? Fault::gateway_before : Fault::gateway_after;
    else if (which == 0) fault = Fault::unavailable_before;
    else if (which == 1) fault = Fault::unavailable_after;
    else if (what.may_conflict) fault = Fault::conflict;
    if (fault && !plan_.has(*fault)) fault.reset();
    return fault;
}

void Ports::note(const Task& task, const PortCall& what, std::string_view outcome) {
    trace_.line(fmt::format("{} p{} {}: {}", task.name, task.process, what.name, outcome));
}

}  // namespace railbook::sim

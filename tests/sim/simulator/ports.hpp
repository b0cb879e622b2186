#pragma once
/// Every call of a port passes here: before it and after it another task may run, the process may have died, and the
/// call may fail before or after its effect.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include <railbook/result.hpp>

#include "sim/simulator/plan.hpp"
#include "sim/simulator/random.hpp"
#include "sim/simulator/report.hpp"
#include "sim/simulator/scheduler.hpp"
#include "sim/simulator/trace.hpp"

namespace railbook::sim {

struct PortCall {
    std::string_view name;
    bool changes = false;
    bool may_conflict = false;
    bool of_gateway = false;
};

class Ports {
public:
    Ports(Scheduler& scheduler, const Plan& plan, Trace& trace, Report& report)
        : scheduler_{scheduler}, plan_{plan}, trace_{trace}, report_{report}, random_{plan.seed ^ 0xFA017U} {}

    /// Numbers what happens, in order.
    std::uint64_t tick() { return ++ticks_; }
    std::uint64_t last_tick() const { return ticks_; }
    /// No more faults: the world comes to rest.
    void calm() { calm_ = true; }
    bool is_calm() const { return calm_; }
    /// A fault strikes the running command, or all of a process.
    void count(Fault fault, const CommandSoFar& command);
    Scheduler& scheduler() { return scheduler_; }
    Trace& trace() { return trace_; }
    Report& report() { return report_; }

    /// Whether the power has failed at this moment: nothing that is going on is ever answered.
    std::function<bool()> power_fails = [] { return false; };

    template <class Answer, class Effect, class Witness>
    Answer call(const PortCall& what, Effect&& effect, Witness&& witness) {
        Task* task = scheduler_.current();
        if (!task) return effect();  // the simulator itself asks
        scheduler_.switch_point();
        auto fault = draw(what);
        // A store that has done a step repeats its answer: it would never refuse the repetition.
        if (fault == Fault::conflict && task->command.first_change != 0) fault.reset();
        ++task->command.port_calls;
        if (fault && *fault != after_of(what)) {
            count(*fault, task->command);
            const bool conflict = *fault == Fault::conflict;
            if (conflict) task->command.was_refused_falsely = true;
            note(*task, what, conflict ? "conflict, falsely" : "unavailable, not done");
            return conflict ? Error{ErrorCode::conflict, "a fault"} : Error{ErrorCode::unavailable, "a fault"};
        }
        task->inside_store = true;
        Answer answer = effect();
        task->inside_store = false;
        task->command.last_call = tick();
        if (power_fails()) {
            // Whatever it is, nobody hears of it: the process dies at the next switching point.
            task->command.was_cut = true;
            scheduler_.switch_point();
            throw ProcessDied{};
        }
        if (what.changes && answer && task->command.first_change == 0)
            task->command.first_change = task->command.last_call;
        witness(answer);
        if (fault) {
            if (what.changes && answer) task->command.changed_something = true;
            count(*fault, task->command);
        }
        note(*task, what, fault ? "unavailable, but done" : answer ? "ok" : to_string(answer.error().code));
        if (what.changes && answer) task->command.changed_something = true;
        scheduler_.switch_point();
        if (fault) return Error{ErrorCode::unavailable, "a fault"};
        return answer;
    }
    template <class Answer, class Effect>
    Answer call(const PortCall& what, Effect&& effect) {
        return call<Answer>(what, std::forward<Effect>(effect), [](const Answer&) {});
    }

private:
    static Fault after_of(const PortCall& what) {
        return what.of_gateway ? Fault::gateway_after : Fault::unavailable_after;
    }
    std::optional<Fault> draw(const PortCall& what);
    void note(const Task& task, const PortCall& what, std::string_view outcome);

    Scheduler& scheduler_;
    const Plan& plan_;
    Trace& trace_;
    Report& report_;
    Random random_;
    std::uint64_t ticks_ = 0;
    bool calm_ = false;
};

}  // namespace railbook::sim

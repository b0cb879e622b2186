#pragma once
/// Who runs next: tasks are fibers, and one random number decides at every switching point.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>
#include <railbook/time.hpp>

#include "sim/simulator/fiber.hpp"
#include "sim/simulator/random.hpp"

namespace railbook::sim {

/// Thrown at a switching point into a command whose process has died. It unwinds the command and nothing more: the
/// client who gave it lives on, and never learns what became of it.
struct ProcessDied {};

/// What a command has done so far: faults are counted by it, and unknown outcomes are explained by it.
struct CommandSoFar {
    std::uint32_t port_calls = 0;
    bool changed_something = false;
    bool was_refused_falsely = false;         ///< By a fault that looks like a refusal.
    bool was_cut = false;                     ///< The power failed inside of its step.
    std::uint64_t begun = 0;                  ///< The tick at which it was given.
    std::uint64_t last_call = 0;              ///< The tick of the last port call that took effect ...
    std::uint64_t first_change = 0;           ///< ... and of the first that changed something; 0 for none.
    std::optional<Hold> hold = std::nullopt;  ///< What it placed, extended or released.
    std::optional<Booking> booking = std::nullopt;
};

struct Task {
    std::string name;
    std::unique_ptr<Fiber> fiber;
    Duration wakes_at{};        ///< On the scheduler's clock.
    bool waits = false;         ///< For another task to let it go on.
    int process = -1;           ///< Whose command it is inside of; -1 for none.
    bool doomed = false;        ///< That process has died.
    bool inside_store = false;  ///< Between the two switching points of a port call: the store finishes its step.
    CommandSoFar command;
};

class Scheduler {
public:
    explicit Scheduler(std::uint64_t seed) : random_{seed} {}

    /// The time that passed, by a clock that never jumps.
    Duration elapsed() const { return elapsed_; }
    void pass(Duration time) { elapsed_ += time; }

    Task& spawn(std::string name, std::function<void()> body);
    /// The task that runs; null on the main stack.
    Task* current() { return current_; }
    const std::vector<std::unique_ptr<Task>>& tasks() const { return tasks_; }

    /// Resumes one task that can run; lets time pass where all sleep. False where none is left.
    bool step();
    /// From inside a task; nothing on the main stack. Errors: throws ProcessDied.
    void switch_point();
    /// The same, and goes on `time` later at the earliest.
    void sleep(Duration time);
    /// Until `may_go_on`. Never throws: who waits is inside the store.
    void wait(Task& task, const bool& may_go_on);

private:
    void give_way(Task& task);

    Random random_;
    Duration elapsed_{};
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<Task*> ready_;
    Task* current_ = nullptr;
};

}  // namespace railbook::sim

#include "sim/simulator/scheduler.hpp"

#include <algorithm>

namespace railbook::sim {

Task& Scheduler::spawn(std::string name, std::function<void()> body) {
    auto task = std::make_unique<Task>();
    task->name = std::move(name);
    task->fiber = std::make_unique<Fiber>(std::move(body));
    tasks_.push_back(std::move(task));
    return *tasks_.back();
}

bool Scheduler::step() {
    ready_.clear();
    std::optional<Duration> first_waking;
    for (const auto& task : tasks_) {
        if (task->fiber->is_done() || task->waits) continue;
        // A dead process does not sleep on: its commands end now.
        if (task->wakes_at <= elapsed_ || task->doomed) ready_.push_back(task.get());
        else if (!first_waking || task->wakes_at < *first_waking) first_waking = task->wakes_at;
    }
    if (ready_.empty()) {
        if (!first_waking) return false;
        elapsed_ = *first_waking;
        return true;
    }
    current_ = random_.pick(ready_);
    current_->fiber->resume();
    current_ = nullptr;
    return true;
}

void Scheduler::give_way(Task& task) { task.fiber->give_way(); }

void Scheduler::switch_point() {
    if (!current_) return;
    Task& task = *current_;
    if (!task.doomed) give_way(task);
    if (task.doomed && !task.inside_store) throw ProcessDied{};
}

void Scheduler::sleep(Duration time) {
    if (!current_) {
        elapsed_ += time;
        return;
    }
    current_->wakes_at = elapsed_ + time;
    switch_point();
}

void Scheduler::wait(Task& task, const bool& may_go_on) {
    while (!may_go_on) {
        task.waits = true;
        give_way(task);
    }
    task.waits = false;
}

}  // namespace railbook::sim

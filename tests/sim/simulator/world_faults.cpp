// What goes wrong in a world: processes die, clocks jump, the power fails.

#include "sim/simulator/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/simulator/client.hpp"

namespace railbook::sim {

void World::chaos() {
    constexpr std::array kKinds{Fault::crash,       Fault::clock_forward, Fault::clock_backward,
                                Fault::to_deadline, Fault::to_deadline,   Fault::power_cut};
    const auto fault = kKinds[random_.below(kKinds.size())];
    const auto which = random_.below(processes_.size());
    if (!plan_.has(fault)) return;
    switch (fault) {
        case Fault::crash: crash(processes_[which]); break;
        case Fault::clock_forward:
        case Fault::clock_backward: move_clock(fault); break;
        case Fault::to_deadline: move_to_deadline(); break;
        case Fault::power_cut: {
            if (!uses_disk()) break;
            // Now, or in the middle of something that is being written.
            const auto changes = random_.below(60);
            if (changes == 0) disk_->cut_power();
            else disk_->cut_power_in(changes);
            break;
        }
        default: break;
    }
}

void World::count_on_all(Fault fault) {
    auto& counted = report_.faults[std::string{to_string(fault)}];
    ++counted.all;
    bool inside = false;
    bool after = false;
    for (const auto& task : scheduler_.tasks()) {
        if (task->process < 0 || task->fiber->is_done()) continue;
        inside = inside || task->command.port_calls > 0;
        after = after || task->command.changed_something;
    }
    counted.inside_command += inside;
    counted.after_effect += after;
}

void World::crash(Process& process) {
    if (!process.up) return;
    process.up = false;
    process.back_at = scheduler_.elapsed() + Duration{random_.between(0, 5000)};
    trace_.line(fmt::format("p{} dies", process.number));
    auto& counted = report_.faults[std::string{to_string(Fault::crash)}];
    ++counted.all;
    bool inside = false;
    bool after = false;
    for (const auto& task : scheduler_.tasks()) {
        if (task->process != process.number || task->fiber->is_done()) continue;
        task->doomed = true;
        inside = inside || task->command.port_calls > 0;
        after = after || task->command.changed_something;
        if (task->command.port_calls > 0) report_.mark("a command was thrown away by a crash");
        if (task->command.changed_something) report_.mark("a command was thrown away after it had an effect");
    }
    counted.inside_command += inside;
    counted.after_effect += after;
}

/// Dead engines go once nobody is inside of them, and come back.
void World::keep_processes() {
    if (power_is_off_) {
        const bool all_are_out = std::ranges::all_of(processes_, [](const Process& one) { return one.commands == 0; });
        if (all_are_out && !watcher_is_inside_) power_on();
        return;
    }
    for (auto& process : processes_) {
        if (process.up || process.commands > 0) continue;
        process.engine.reset();
        if (scheduler_.elapsed() >= process.back_at) open_engine(process);
    }
}

/// Everything stops: nobody is ever answered what is going on.
void World::cut_power() {
    if (power_is_off_) return;
    power_is_off_ = true;
    first_in_flight_ = ports_.last_tick();
    auto& counted = report_.faults[std::string{to_string(Fault::power_cut)}];
    bool inside = false;
    bool after = false;
    bool inside_step = false;
    for (const auto& task : scheduler_.tasks()) {
        if (task->process < 0 || task->fiber->is_done()) continue;
        task->doomed = true;
        first_in_flight_ = std::min(first_in_flight_, task->command.begun);
        inside = inside || task->command.port_calls > 0;
        after = after || task->command.changed_something;
        inside_step = inside_step || task->inside_store || task->command.was_cut;
    }
    ++counted.all;
    counted.inside_command += inside;
    counted.after_effect += after;
    counted.inside_step += inside_step;
    for (auto& process : processes_) process.up = false;
    trace_.line("the power fails");
}

/// The processes begin anew on what the disk has kept.
void World::power_on() {
    for (auto& process : processes_) {
        process.engine.reset();
        process.back_at = scheduler_.elapsed() + Duration{random_.between(0, 2000)};
    }
    store_.reset();
    disk_->power_on();
    power_is_off_ = false;
    trace_.line("the power is back");
    if (!open_store()) return;
    openings_.emplace_back(ports_.last_tick(), store_time());
    // What was seen committed must be there, and what is new came from the commands that were going on.
    witness_.look(*store_, nullptr);
    explain_what_survived();
    report_.mark("a store was opened on what a power cut had left");
}

/// Commands that were going on when the power failed may have been done: what the records say beyond what anybody was
/// told may have happened at any time since the oldest of them began.
void World::explain_what_survived() {
    for (const auto& hold : witness_.holds()) {
        const auto is_known = [&](Event::Kind kind) {
            return std::ranges::any_of(history_, [&](const Event& event) {
                return event.kind == kind && event.hold == hold.id && !event.refused;
            });
        };
        const auto add = [&](Event::Kind kind, Timestamp until) {
            Event event{.kind = kind, .who = "before the power cut", .invoked = first_in_flight_};
            event.likely = ports_.last_tick();
            event.hold = hold.id;
            event.rides = rides_of(plan_, hold);
            event.until = until;
            event.latest_end = hold.latest_end;
            event.fence = hold.fence;
            trace_.line("    " + described(event));
            history_.push_back(std::move(event));
            report_.mark("a command that a power cut ended was found done");
        };
        const bool is_told = std::ranges::any_of(
            history_, [&](const Event& event) { return event.hold == hold.id && event.until == hold.expires_at; });
        if (!is_known(Event::Kind::place)) add(Event::Kind::place, hold.expires_at);
        else if (!hold.booking && !is_told) add(Event::Kind::extend, hold.expires_at);
        if (hold.booking && !is_known(Event::Kind::book)) add(Event::Kind::book, hold.expires_at);
        if (hold.status == HoldStatus::released && !is_known(Event::Kind::release))
            add(Event::Kind::release, hold.expires_at);
        if (hold.status == HoldStatus::sold && !is_known(Event::Kind::sell)) add(Event::Kind::sell, hold.expires_at);
    }
    for (const auto& booking : witness_.bookings()) bookings_.emplace(booking.id, booking);
}

/// Looks at all records after every few steps of the others.
void World::watch() {
    while (has_operations_left()) {
        watcher_->wait();
        if (power_is_off_ || is_given_up_) continue;
        Task& me = *scheduler_.current();
        watcher_is_inside_ = me.inside_store = true;
        witness_.look(*store_, nullptr);
        watcher_is_inside_ = me.inside_store = false;
    }
}

void World::move_clock(Fault fault) {
    const auto magnitude = random_.below(5);
    std::int64_t most = 10;
    for (std::size_t i = 0; i < magnitude; ++i) most *= 8;
    const Duration by{random_.between(1, most)};
    clock_.step(fault == Fault::clock_forward ? by : -by);
    count_on_all(fault);
    trace_.line(fmt::format("the clock {} {} ms", fault == Fault::clock_forward ? "gains" : "loses", by.count()));
}

/// Everybody meets at the deadline of a hold: at the very millisecond, just before or just after it.
void World::move_to_deadline() {
    const Timestamp now = store_time();
    std::vector<const Hold*> open;
    for (const auto& hold : witness_.holds()) {
        const bool is_open = hold.status == HoldStatus::held || hold.status == HoldStatus::paying;
        if (is_open && hold.expires_at > now + Duration{1}) open.push_back(&hold);
    }
    const auto side = random_.between(-1, 1);
    if (open.empty()) return;
    const Hold& hold = *random_.pick(open);
    clock_.step(hold.expires_at + Duration{side} - clock_.now());
    count_on_all(Fault::to_deadline);
    hot_ = hold.id;
    still_turns_ = 40;
    for (const auto& task : scheduler_.tasks()) {
        if (task->process < 0) task->wakes_at = std::min(task->wakes_at, scheduler_.elapsed());
    }
    trace_.line(fmt::format("the clock comes to the deadline of hold {} {:+}", brief(hold.id), side));
}

}  // namespace railbook::sim

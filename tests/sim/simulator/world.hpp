#pragma once
/// One world: a store, two engines over it, clients, faults, and the oracle that watches. It lives and ends as its seed
/// says.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <railbook/engine.hpp>

#include "sim/simulator/clock.hpp"
#include "sim/simulator/disk.hpp"
#include "sim/simulator/oracle/history.hpp"
#include "sim/simulator/oracle/records.hpp"
#include "sim/simulator/plan.hpp"
#include "sim/simulator/ports.hpp"
#include "sim/simulator/provider.hpp"
#include "sim/simulator/railway.hpp"
#include "sim/simulator/report.hpp"
#include "sim/simulator/scheduler.hpp"
#include "sim/simulator/store.hpp"
#include "sim/simulator/trace.hpp"

namespace railbook::sim {

class Client;

/// A process of ours: one engine over the shared store.
struct Process {
    int number = 0;
    std::unique_ptr<SimulatedEnvironment> environment;
    std::optional<Engine> engine;
    bool up = false;
    int commands = 0;  ///< That it is in the middle of.
    Duration back_at{};
};

class World final : private StepObserver {
public:
    World(const Plan& plan, const Railway& railway, Report& report);
    ~World() override;

    /// Lives until its operations are used up, comes to rest, and is judged. What was violated is in the report.
    void live();

    // --- For its clients -------------------------------------------------------------------------------------------

    const Plan& plan() const { return plan_; }
    Ports& ports() { return ports_; }
    Scheduler& scheduler() { return scheduler_; }
    Report& report() { return report_; }
    Verdict& verdict() { return verdict_; }
    const Promises& promises() const { return promises_; }
    bool has_operations_left() const { return operations_ < plan_.operations; }
    /// The store's clock, as nobody sees it fail.
    Timestamp store_time();
    /// The store's clock when it was asked, or when it was asked again: what no record holds of the time is lost with
    /// the power, and the machine's clock may have gone back meanwhile.
    Timestamp earliest_of(const Event& event) const;
    /// What lies in the middle of everybody's interest: a hold at its deadline.
    const Hold* hot();
    const std::vector<std::unique_ptr<Client>>& clients() const { return clients_; }

    /// Calls one of the engines. Nothing where the process died meanwhile, or none is up.
    template <class T>
    std::optional<Result<T>> attempt(Operation operation, Random& random,
                                     const std::function<Result<T>(Engine&)>& call) {
        Process* process = enter(random);
        if (!process) return std::nullopt;
        auto& count = report_.kinds[std::string{to_string(operation)}];
        ++count.all;
        ++operations_;
        ++report_.operations;
        std::optional<Result<T>> answer;
        try {
            answer = call(*process->engine);
        } catch (const ProcessDied&) {
            // The client never hears of it. Nothing is done here: a fiber must not give way inside a handler.
        }
        leave(*process);
        note_outcome(operation, answer ? (*answer ? nullptr : &answer->error()) : nullptr, answer.has_value());
        return answer;
    }

    /// An import of this timetable has begun.
    void note_import(Timetabled timetable) { imported_ |= bit_of(timetable); }
    bool was_imported(Timetabled timetable) const { return (imported_ & bit_of(timetable)) != 0; }
    const std::string& folder_of(Timetabled timetable) const {
        return railway_.folders[static_cast<std::size_t>(timetable)]->path();
    }

    /// Begins a command: what it does from here on is one event.
    Event begin(Event::Kind kind);
    /// The client was told. `event` is kept.
    void finish(Event event);
    /// The client was never told: what the command did, if it did, may come at any time.
    void abandon(Event event);
    std::vector<Event>& history() { return history_; }
    const RecordWitness& witness() const { return witness_; }

private:
    Process* enter(Random& random);
    void leave(Process& process);
    void note_outcome(Operation operation, const Error* error, bool answered);
    void after_step(const KnownStep& step) override;
    void after_booking(const Booking& booking) override;
    void after_settlement(const Settlement& settlement, const Result<Payment>& answer, std::uint64_t invoked,
                          Timestamp earliest) override;

    bool open_store();
    bool fill_store();
    bool uses_disk() const { return disk_ != nullptr; }
    bool open_engine(Process& process);
    void chaos();
    void crash(Process& process);
    void move_clock(Fault fault);
    void move_to_deadline();
    void count_on_all(Fault fault);
    void keep_processes();
    void cut_power();
    void power_on();
    void explain_what_survived();
    void watch();
    void come_to_rest();
    void judge_at_rest();
    void judge_books();
    void judge_order();

    const Plan plan_;
    const Railway& railway_;
    Report& report_;
    Promises promises_;
    Verdict verdict_;
    Trace trace_;
    Scheduler scheduler_;
    Clock clock_;
    Ports ports_;
    Random random_;
    SimulatedEnvironment store_environment_;
    std::unique_ptr<SimulatedDisk> disk_;  // of SQLite
    std::unique_ptr<Store> store_;
    std::unique_ptr<Waiter> watcher_;
    Provider provider_;
    std::vector<Process> processes_;
    std::vector<std::unique_ptr<Client>> clients_;
    RecordWitness witness_;
    std::vector<Event> history_;
    std::map<BookingId, Booking> bookings_;  // as they were made
    std::uint64_t first_in_flight_ = 0;      // the tick at which the oldest command began that a power cut ended
    bool watcher_is_inside_ = false;
    std::uint64_t steps_unseen_ = 0;
    std::vector<std::pair<std::uint64_t, Timestamp>> openings_;  // after power cuts: the tick, and the store's clock
    std::size_t operations_ = 0;
    int still_turns_ = 0;  // in which the clock stands, so that many meet at a deadline
    std::optional<HoldId> hot_;
    bool is_given_up_ = false;
    bool power_is_off_ = false;
    std::uint32_t imported_ = bit_of(Timetabled::as_ever);  // timetables, as bits
};

}  // namespace railbook::sim

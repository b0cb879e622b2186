#include "sim/simulator/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/simulator/client.hpp"
#include "store/memory/memory.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::sim {
namespace {

constexpr std::size_t kProcesses = 2;
constexpr std::uint64_t kStepsUnseen = 6;  // of SQLite, between two looks at all records
const Timestamp kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

}  // namespace

World::World(const Plan& plan, const Railway& railway, Report& report)
    : plan_{plan},
      railway_{railway},
      report_{report},
      promises_{plan.ttl, plan.max, plan.payment_ttl, HoldPolicy{}.max_holds},
      scheduler_{plan.seed ^ 0x0DDU},
      clock_{scheduler_, kStart},
      ports_{scheduler_, plan_, trace_, report},
      random_{plan.seed ^ 0xC4A05U},
      store_environment_{scheduler_, clock_, Duration::zero(), plan.seed ^ 0x5703EU},
      disk_{plan.store == StoreKind::sqlite ? std::make_unique<SimulatedDisk>(plan.seed ^ 0xD15CU) : nullptr},
      watcher_{store_environment_.make_waiter()},
      provider_{ports_, plan_},
      processes_(kProcesses),
      witness_{promises_, verdict_} {
    witness_.may_fail = [this] { return disk_ && disk_->is_off(); };
    if (disk_) {
        disk_->ignores_syncs = plan.disk_lies;
        ports_.power_fails = [this] { return disk_->is_off(); };
        // While one waits for the disk, others come with more to be committed.
        disk_->on_sync = [this] { scheduler_.switch_point(); };
    }
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        auto& process = processes_[i];
        process.number = static_cast<int>(i);
        process.environment = std::make_unique<SimulatedEnvironment>(
            scheduler_, clock_, i == 0 ? Duration::zero() : plan.skew, plan.seed * 4 + i);
    }
}

World::~World() = default;

Timestamp World::store_time() { return store_->now().value_or(Timestamp{}); }

Timestamp World::earliest_of(const Event& event) const {
    Timestamp earliest = event.earliest;
    for (const auto& [tick, time] : openings_) {
        if (tick >= event.invoked) earliest = std::min(earliest, time);
    }
    return earliest;
}

// --- Opening -------------------------------------------------------------------------------------------------------

bool World::open_store() {
    if (!uses_disk()) {
        store_ = store::open_memory(store_environment_);
        return true;
    }
    auto store = store::open_sqlite("/sim.db", store_environment_, disk_->vfs());
    if (!store) {
        verdict_.violated("9 a store opens on what survived", "store", store.error().detail);
        return false;
    }
    store_ = *std::move(store);
    return true;
}

bool World::fill_store() {
    const auto now = store_time();
    const auto feed = store_->timetable().put_feed(railway_.feed, railway_.data, now);
    const auto layouts = store_->timetable().put_document(
        {.kind = DocumentKind::layouts, .name = "sim", .text = layouts_of(plan_)}, now);
    if (!feed || !layouts) verdict_.violated("a world begins", "store", "the timetable cannot be stored");
    return feed && layouts;
}

bool World::open_engine(Process& process) {
    EngineOptions options;
    options.holds.ttl = plan_.ttl;
    options.holds.extension = plan_.extension;
    options.holds.max = plan_.max;
    options.bookings.payment_ttl = plan_.payment_ttl;
    options.gateway = &provider_;
    options.environment = process.environment.get();
    auto engine = Engine::open(make_simulated_store(*store_, ports_, *this), options);
    if (!engine) {
        verdict_.violated("an engine opens on what survived", "store", engine.error().detail);
        return false;
    }
    process.engine.emplace(*std::move(engine));
    process.up = true;
    trace_.line(fmt::format("p{} is up", process.number));
    return true;
}

// --- Living --------------------------------------------------------------------------------------------------------

void World::live() {
    trace_.line(fmt::format("world {}: {} runs, {} segments, {} x {} seats, {} clients, {} operations", plan_.seed,
                            plan_.runs, plan_.segments, plan_.coaches, plan_.seats, plan_.clients, plan_.operations));
    if (open_store() && fill_store() &&
        std::ranges::all_of(processes_, [&](Process& process) { return open_engine(process); })) {
        for (std::size_t i = 0; i < plan_.clients; ++i) {
            clients_.push_back(std::make_unique<Client>(*this, i));
            scheduler_.spawn(clients_.back()->name(), [client = clients_.back().get()] {
                try {
                    client->live();
                } catch (const ProcessDied&) {
                    // The world was given up.
                }
            });
        }
        if (uses_disk()) scheduler_.spawn("watcher", [this] { watch(); });
        do {
            if (still_turns_ > 0) --still_turns_;
            else scheduler_.pass(Duration{random_.between(0, plan_.drift)});
            if (random_.one_in(plan_.chaos_in)) chaos();
            if (!has_operations_left()) watcher_->let_go_on();
            if (uses_disk() && disk_->is_off()) cut_power();
            keep_processes();
        } while (verdict_.violations().empty() && scheduler_.step());
        // Where a law is broken already, the commands that are going on are thrown away.
        if (!verdict_.violations().empty()) {
            is_given_up_ = true;
            operations_ = plan_.operations;
            watcher_->let_go_on();
            for (const auto& task : scheduler_.tasks()) task->doomed = true;
            while (scheduler_.step()) {
            }
        } else {
            come_to_rest();
            if (verdict_.violations().empty()) judge_at_rest();
        }
    }
    ++report_.worlds;
    for (const auto& [what, times] : verdict_.checks()) report_.checks[what] += times;
    report_.trace = (report_.trace ^ trace_.hash()) * 0x100000001B3U;
    if (verdict_.violations().empty()) return;
    for (const auto& line : verdict_.violations())
        report_.violations.push_back(fmt::format("seed {}: {}", plan_.seed, line));
    report_.story = trace_.lines();
}

Process* World::enter(Random& random) {
    std::vector<Process*> up;
    for (auto& process : processes_) {
        if (process.up) up.push_back(&process);
    }
    if (up.empty()) {
        scheduler_.sleep(Duration{100});
        return nullptr;
    }
    Process* process = random.pick(up);
    ++process->commands;
    Task& task = *scheduler_.current();
    task.process = process->number;
    task.command.port_calls = 0;
    task.command.changed_something = false;
    task.command.was_refused_falsely = false;
    task.command.was_cut = false;
    return process;
}

void World::leave(Process& process) {
    Task& task = *scheduler_.current();
    --process.commands;
    task.process = -1;
    task.doomed = is_given_up_;
    task.inside_store = false;
}

void World::note_outcome(Operation operation, const Error* error, bool answered) {
    auto& count = report_.kinds[std::string{to_string(operation)}];
    const auto& task = *scheduler_.current();
    std::string_view outcome = "ok";
    if (!answered) {
        ++count.unknown;
        outcome = "the process died";
    } else if (!error) {
        ++count.done;
    } else if (error->code == ErrorCode::unavailable) {
        ++count.unknown;
        outcome = "unavailable";
    } else {
        ++count.refused;
        outcome = to_string(error->code);
        ++report_.refusals[fmt::format("{}: {}", to_string(operation), outcome)];
    }
    trace_.line(fmt::format("{} {} -> {} at {}", task.name, to_string(operation), outcome, milliseconds(clock_.now())));
}

Event World::begin(Event::Kind kind) {
    Task& task = *scheduler_.current();
    task.command = {};
    task.command.begun = ports_.tick();
    return {.kind = kind, .who = task.name, .invoked = task.command.begun, .earliest = store_time()};
}

void World::finish(Event event) {
    const auto& command = scheduler_.current()->command;
    event.likely = command.first_change != 0 && !event.refused ? command.first_change : command.last_call;
    event.responded = ports_.tick();
    event.earliest = earliest_of(event);
    event.latest = store_time();
    trace_.line("    " + described(event));
    history_.push_back(std::move(event));
}

void World::abandon(Event event) {
    event.earliest = earliest_of(event);
    event.likely = scheduler_.current()->command.first_change;
    trace_.line("    " + described(event));
    history_.push_back(std::move(event));
}

const Hold* World::hot() { return hot_ && still_turns_ > 0 ? witness_.find(*hot_) : nullptr; }

// --- What the store did --------------------------------------------------------------------------------------------

void World::after_step(const KnownStep& step) {
    // Reading all of a file after each step takes too long, and steps share commits: there the watcher looks.
    if (uses_disk()) {
        if (++steps_unseen_ % kStepsUnseen == 0) watcher_->let_go_on();
        return;
    }
    // A refused step changes nothing, so a look at some of them is enough: the next one would see it, too.
    if (step.refused && ports_.last_tick() % 4 != 0) return;
    witness_.look(*store_, &step);
}

void World::after_booking(const Booking& booking) { bookings_.emplace(booking.id, booking); }

void World::after_settlement(const Settlement& settlement, const Result<Payment>& answer, std::uint64_t invoked,
                             Timestamp earliest) {
    if (!answer || !settlement.captured || answer->status == PaymentStatus::declined) return;
    const auto found = bookings_.find(answer->booking);
    if (found == bookings_.end()) return;
    const Booking& booking = found->second;
    Event event{.kind = Event::Kind::sell, .who = "system", .invoked = invoked, .earliest = earliest};
    event.hold = booking.hold;
    for (const auto& part : booking.parts) event.rides.push_back({part.run, part.span, {code_of(part.seat.id)}});
    const bool sold = answer->status == PaymentStatus::captured && !answer->refund_due;
    if (!sold) event.refused = ErrorCode::seat_taken;
    event.responded = ports_.tick();
    event.likely = event.responded;
    event.latest = store_time();
    trace_.line("    " + described(event));
    history_.push_back(std::move(event));
    const bool late = booking.expires_at <= earliest;
    if (late) report_.mark(sold ? "late money took the same seats again" : "late money found the seats gone");
}

}  // namespace railbook::sim

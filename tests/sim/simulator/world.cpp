#include "sim/simulator/world.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sim/simulator/client.hpp"
#include "sim/simulator/oracle/linear.hpp"
#include "store/memory/memory.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::sim {
namespace {

constexpr std::size_t kProcesses = 2;
constexpr std::uint64_t kMostStates = 50'000;
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
    if (disk_) disk_->ignores_syncs = plan.disk_lies;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        auto& process = processes_[i];
        process.number = static_cast<int>(i);
        process.environment = std::make_unique<SimulatedEnvironment>(
            scheduler_, clock_, i == 0 ? Duration::zero() : plan.skew, plan.seed * 4 + i);
    }
}

World::~World() = default;

Timestamp World::store_time() { return store_->now().value_or(Timestamp{}); }

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
    if (open_store() && fill_store() && std::ranges::all_of(processes_, [&](Process& process) { return open_engine(process); })) {
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
    event.latest = store_time();
    trace_.line("    " + described(event));
    history_.push_back(std::move(event));
}

void World::abandon(Event event) {
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
    for (const auto& part : booking.parts) event.rides.push_back({part.run, part.span, {part.seat.index}});
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

// --- Chaos ---------------------------------------------------------------------------------------------------------

void World::chaos() {
    constexpr std::array kKinds{Fault::crash, Fault::clock_forward, Fault::clock_backward, Fault::to_deadline,
                                Fault::to_deadline, Fault::power_cut};
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
    if (ports_.power_is_off) {
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
    if (ports_.power_is_off) return;
    ports_.power_is_off = true;
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
        inside_step = inside_step || task->inside_store;
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
    ports_.power_is_off = false;
    trace_.line("the power is back");
    if (!open_store()) return;
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
            event.rides = rides_of(hold);
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
        if (ports_.power_is_off || is_given_up_) continue;
        watcher_is_inside_ = true;
        witness_.look(*store_, nullptr);
        watcher_is_inside_ = false;
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

// --- At rest -------------------------------------------------------------------------------------------------------

void World::come_to_rest() {
    ports_.calm();
    if (uses_disk()) {
        if (disk_->is_off()) cut_power();
        disk_->cut_power_in(0);
        keep_processes();
        if (!verdict_.violations().empty()) return;
    }
    for (auto& process : processes_) process.back_at = Duration::zero();
    keep_processes();
    constexpr int kMostRounds = 40;
    for (int round = 0; round < kMostRounds; ++round) {
        scheduler_.pass(std::chrono::minutes{20});
        const auto done = processes_.front().engine->run_due(1000);
        if (!done) {
            verdict_.violated("due work is done", "store", done.error().detail);
            return;
        }
        if (*done == 0 && round > 2) break;
    }
    witness_.look(*store_, nullptr);
}

void World::judge_at_rest() {
    for (const auto& payment : witness_.payments()) {
        if (payment.status == PaymentStatus::pending || payment.refund_due)
            verdict_.violated("4 every payment ends", "payment " + brief(payment.id), "it is open at rest");
    }
    for (const auto& hold : witness_.holds()) {
        if (hold.status == HoldStatus::held || hold.status == HoldStatus::paying)
            verdict_.violated("2 every hold ends", "hold " + brief(hold.id), "it is open long after its deadline");
    }
    judge_books();
    for (const auto& client : clients_) client->judge_what_it_was_told(witness_);
    const auto report = processes_.front().engine->verify();
    if (!report) verdict_.violated("the library's own check runs", "store", report.error().detail);
    else {
        for (const auto& violation : report->violations)
            verdict_.violated("the library's own check: " + violation.law, violation.object, violation.detail);
    }
    judge_order();
}

/// Law 4 by the books of the provider, who knows what was taken.
void World::judge_books() {
    std::map<std::string, const Payment*> by_key;
    for (const auto& payment : witness_.payments()) by_key.emplace(payment.provider_key, &payment);
    std::map<std::string, std::int64_t> returned;
    for (const auto& [key, entry] : provider_.books()) {
        if (entry.kind == Provider::Entry::Kind::refund && entry.good)
            returned[entry.captured_key] += entry.amount.amount;
    }
    for (const auto& [key, entry] : provider_.books()) {
        if (entry.kind != Provider::Entry::Kind::capture || !entry.good) continue;
        const auto found = by_key.find(key);
        if (found == by_key.end()) {
            verdict_.violated("4 money never vanishes", "the provider", "it took money that no payment knows of");
            continue;
        }
        const Payment& payment = *found->second;
        const auto object = "payment " + brief(payment.id);
        const auto back = returned[key];
        if (entry.amount != payment.amount)
            verdict_.violated("6 the price charged is the price quoted", object, "the provider took another amount");
        if (payment.status == PaymentStatus::captured && back != 0)
            verdict_.violated("4 captured money ends in tickets or a refund", object, "in both");
        if (payment.status == PaymentStatus::refunded && back != entry.amount.amount)
            verdict_.violated("4 captured money ends in tickets or a refund", object, "the provider returned less");
        if (payment.status == PaymentStatus::declined)
            verdict_.violated("4 money never vanishes", object, "it is declined, and the provider took the money");
        verdict_.checked("payments against the provider's books");
    }
    for (const auto& [key, payment] : by_key) {
        if (payment->status != PaymentStatus::captured && payment->status != PaymentStatus::refunded) continue;
        const auto found = provider_.books().find(key);
        if (found == provider_.books().end() || !found->second.good)
            verdict_.violated("4 what is captured was taken", "payment " + brief(payment->id), "the provider did not");
    }
    if (provider_.contradictions() != 0)
        verdict_.violated("4 a repeated request is the same", "the provider", "it was asked for other things");
}

void World::judge_order() {
    for (std::size_t i = 0; i < plan_.runs; ++i) {
        const RunId run = run_named(plan_, i);
        std::vector<const Event*> events;
        for (const auto& event : history_) {
            if (std::ranges::any_of(event.rides, [&](const HeldRide& ride) { return ride.run == run; }))
                events.push_back(&event);
        }
        const auto answer = find_order(run, events, kMostStates);
        verdict_.checked("answers in one order", events.size());
        verdict_.checked("states of that search", answer.states);
        if (answer.linear == Linear::gave_up) verdict_.checked("searches that gave up");
        if (answer.linear != Linear::no) continue;
        std::string why = "there is none in which they are right";
        for (std::size_t k = 0; k < std::min<std::size_t>(answer.stuck.size(), 3); ++k) why += "; " + answer.stuck[k];
        verdict_.violated("the answers are those of one order", "run " + to_string(run), why);
    }
}

}  // namespace railbook::sim

#include "store/sqlite/ports.hpp"

namespace railbook::store::sqlite {

Status SqliteInventory::load(const RunId& run) {
    // Inside the read no step can commit, so the mirror misses none.
    return database_.read<void>([&](Tables& tables, Timestamp) -> Status {
        auto pinned = tables.find_pinned(run);
        if (!pinned) return std::move(pinned).error();
        if (!*pinned) return Error{ErrorCode::damaged, "a run that was pinned is missing"};
        database_.mirror().load(**std::move(pinned));
        return {};
    });
}

Result<std::optional<Run>> SqliteInventory::find_pinned(const RunId& run) {
    std::optional<Run> found;
    const auto done = find_loaded(run, [&](const Mirror& mirror) { return mirror.find_run(run, found); });
    if (!done) return done.error();
    return found;
}

Status SqliteInventory::pin(Step& step, const Run& run) {
    // Only a committed step changes a pinned run, so what the mirror has of one is true; what it has not, the file
    // knows.
    std::optional<Run> pinned;
    if (database_.mirror().find_run(run.id, pinned) != Mirror::Knowledge::loaded) {
        auto stored = step.tables.find_run(run.id);
        if (!stored) return std::move(stored).error();
        pinned = *std::move(stored);
    }
    if (pinned) return check_pinned(*pinned, run);
    Run fixed = run;
    fixed.pinned = true;
    if (const auto done = step.tables.insert_run(fixed); !done) return done;
    step.effects.pinned.push_back(std::move(fixed));
    return {};
}

Result<Hold> SqliteInventory::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                         std::size_t max_holds) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        if (const auto ok = check_wanted(wanted, runs); !ok) return ok.error();
        const auto live = step.tables.count_live_holds(wanted.owner, step.now);
        if (!live) return live.error();
        // Whoever is refused here has changed nothing, and need not be undone among those beside them.
        const auto others = step.tables.seats_of_others(wanted, step.now);
        if (!others) return others.error();
        for (const auto& run : runs) {
            if (const auto done = pin(step, run); !done) return done.error();
        }
        if (const auto ok = check_hold_count(*live, max_holds); !ok) return ok.error();
        if (!others->empty()) return seats_taken(*others);
        const auto fence = step.tables.next_fence();
        if (!fence) return fence.error();
        const auto changes = store::place_hold(wanted, *fence, command.owner, step.now);
        if (const auto done = step.tables.insert_hold(*changes.hold); !done) return done.error();
        const auto taken = step.tables.allocate(*changes.hold, step.now);
        if (!taken) return taken.error();
        if (!taken->empty()) return seats_taken(*taken);
        if (const auto done = step.save_placed(changes); !done) return done.error();
        return *changes.hold;
    });
}

Result<Hold> SqliteInventory::find_hold(const HoldId& id) {
    return found_or(
        "hold", database_.read<std::optional<Hold>>([&](Tables& tables, Timestamp) { return tables.find_hold(id); }));
}

Result<Page<Hold>> SqliteInventory::list_holds(std::string_view owner, const PageRequest& page) {
    const auto start = page_start("holds", page);
    if (!start) return start.error();
    auto found = database_.read<std::vector<Numbered<Hold>>>(
        [&](Tables& tables, Timestamp) { return tables.holds_before(owner, *start, page.limit + 1); });
    if (!found) return std::move(found).error();
    return page_of("holds", page.limit, *std::move(found));
}

Result<Hold> SqliteInventory::extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        const auto hold = step.tables.find_hold(claim.id);
        if (!hold) return hold.error();
        const auto changes = store::extend_hold(*hold ? &**hold : nullptr, claim, until, command.owner, step.now);
        if (!changes) return changes.error();
        if (const auto done = step.save(*changes); !done) return done.error();
        return changes->hold ? *changes->hold : **hold;
    });
}

Result<Hold> SqliteInventory::release_hold(const Command& command, const HoldClaim& claim) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        const auto hold = step.tables.find_hold(claim.id);
        if (!hold) return hold.error();
        const auto changes = store::release_hold(*hold ? &**hold : nullptr, claim, command.owner, step.now);
        if (!changes) return changes.error();
        if (const auto done = step.save(*changes); !done) return done.error();
        return changes->hold ? *changes->hold : **hold;
    });
}

Result<std::vector<Occupancy>> SqliteInventory::occupancy(const std::vector<RunId>& runs, Timestamp now) {
    std::vector<Occupancy> answers(runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto done =
            find_loaded(runs[i], [&](const Mirror& mirror) { return mirror.find_occupancy(runs[i], now, answers[i]); });
        if (!done) return done.error();
    }
    return answers;
}

Result<SeatChanges> SqliteInventory::changes_after(const RunId& run, std::uint64_t version) {
    SeatChanges answer{.version = 0, .resync = version != 0, .changes = {}};
    const auto done = find_loaded(run, [&](const Mirror& mirror) { return mirror.find_changes(run, version, answer); });
    if (!done) return done.error();
    return answer;
}

Result<SeatBlock> SqliteInventory::block_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    return database_.command<SeatBlock>(command, [&](Step& step) -> Result<SeatBlock> {
        check_block(wanted, run);
        if (const auto done = pin(step, run); !done) return done.error();
        const auto taken = step.tables.block(wanted, step.now);
        if (!taken) return taken.error();
        if (!taken->empty()) return seats_taken(*taken);
        if (const auto done = step.tables.count_version(run.id); !done) return done.error();
        const auto noted = step.tables.record(block_entry(wanted, "seats.blocked", command.owner, step.now));
        if (!noted) return noted.error();
        step.effects.blocked = wanted;
        return wanted;
    });
}

Result<SeatBlock> SqliteInventory::unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    return database_.command<SeatBlock>(command, [&](Step& step) -> Result<SeatBlock> {
        const auto pinned = step.tables.find_run(wanted.run);
        if (!pinned) return pinned.error();
        if (!*pinned) return wanted;
        check_block(wanted, run);
        if (const auto ok = check_pinned(**pinned, run); !ok) return ok.error();
        if (const auto done = step.tables.unblock(wanted); !done) return done.error();
        if (const auto done = step.tables.count_version(wanted.run); !done) return done.error();
        const auto noted = step.tables.record(block_entry(wanted, "seats.unblocked", command.owner, step.now));
        if (!noted) return noted.error();
        step.effects.unblocked = wanted;
        return wanted;
    });
}

Result<RunHolds> SqliteInventory::holds_of_run(const RunId& run, Timestamp now) {
    return database_.read<RunHolds>([&](Tables& tables, Timestamp latest) -> Result<RunHolds> {
        const auto pinned = tables.find_pinned(run);
        if (!pinned) return pinned.error();
        if (!*pinned) return not_found("pinned run");
        auto holds = tables.live_holds_of(run, std::max(now, latest));
        if (!holds) return std::move(holds).error();
        return RunHolds{(*pinned)->run, (*pinned)->allocations.version(), *std::move(holds)};
    });
}

namespace {

/// The run is pinned.
Result<RunBasis> read_basis(Step& step, const RunId& run) {
    const auto pinned = step.tables.find_pinned(run);
    if (!pinned) return pinned.error();
    if (!*pinned) return Error{ErrorCode::damaged, "a run that was pinned is missing"};
    auto holds = step.tables.live_holds_of(run, step.now);
    if (!holds) return std::move(holds).error();
    RunBasis basis{.run = {(*pinned)->run, (*pinned)->allocations.version(), *std::move(holds)},
                   .bookings = {},
                   .tickets = {},
                   .blocks = {}};
    for (const auto& hold : basis.run.holds) {
        if (!hold.booking) continue;
        auto booking = step.tables.find_booking(*hold.booking);
        if (!booking) return std::move(booking).error();
        if (!*booking) return Error{ErrorCode::damaged, "the booking of a hold is missing"};
        auto tickets = step.tables.tickets_of(*hold.booking);
        if (!tickets) return std::move(tickets).error();
        basis.bookings.push_back(**std::move(booking));
        basis.tickets.insert(basis.tickets.end(), tickets->begin(), tickets->end());
    }
    for (const auto& allocation : (*pinned)->allocations.live(step.now)) {
        if (allocation.state == SeatState::blocked) basis.blocks.push_back(allocation);
    }
    return basis;
}

/// The run as it is from now on.
Result<Run> save_outcome(Step& step, const RunBasis& basis, const Result<std::optional<RunOutcome>>& outcome) {
    if (!outcome) return outcome.error();
    if (!*outcome) return basis.run.run;
    const auto version = basis.run.version + 1;
    if (const auto done = step.tables.save(**outcome, version); !done) return done.error();
    const Run& changed = (*outcome)->run;
    step.effects.rebuilt = PinnedRun{changed, RunAllocations{changed, version, (*outcome)->allocations}};
    return changed;
}

}  // namespace

// Both alone: a step beside them would take the run as the mirror has it, and hold seats in coaches that are gone, or
// between calls that are.

Result<Run> SqliteInventory::change_consist(const Command& command, const Run& run, const ConsistChange& change) {
    return database_.step_alone<Run>(command.now, [&](Step& step) -> Result<Run> {
        const auto stored = step.tables.find_run(run.id);
        if (!stored) return stored.error();
        if (*stored && *(*stored)->consist == *change.consist) return **stored;
        if (const auto done = pin(step, run); !done) return done.error();
        const auto basis = read_basis(step, run.id);
        if (!basis) return basis.error();
        return save_outcome(step, *basis, store::change_consist(*basis, change, command.owner, step.now));
    });
}

Result<Run> SqliteInventory::adopt_calls(const Command& command, const CallsChange& change) {
    return database_.step_alone<Run>(command.now, [&](Step& step) -> Result<Run> {
        const auto stored = step.tables.find_run(change.wanted.id);
        if (!stored) return stored.error();
        if (!*stored) return not_found("pinned run");
        const auto basis = read_basis(step, change.wanted.id);
        if (!basis) return basis.error();
        const auto feed =
            step.tables.connection().one("SELECT checksum FROM feeds WHERE name = ?1", {change.wanted.id.trip.feed},
                                         [](Row& row) -> Result<std::string> { return std::string{row.text(0)}; });
        if (!feed) return feed.error();
        return save_outcome(step, *basis,
                            store::adopt_calls(*basis, change, feed->value_or(""), command.owner, step.now));
    });
}

}  // namespace railbook::store::sqlite

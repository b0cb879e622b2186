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
    if (database_.mirror().find_run(run, found) == Mirror::Knowledge::not_loaded) {
        if (const auto done = load(run); !done) return done.error();
        database_.mirror().find_run(run, found);
    }
    return found;
}

Result<Hold> SqliteInventory::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                         std::size_t max_holds) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        if (const auto ok = check_wanted(wanted, runs); !ok) return ok.error();
        for (const auto& run : runs) {
            // A pinned run never changes, so what the mirror has of one is true; what it has not, the file knows.
            std::optional<Run> pinned;
            if (database_.mirror().find_run(run.id, pinned) != Mirror::Knowledge::loaded) {
                auto stored = step.tables.find_run(run.id);
                if (!stored) return std::move(stored).error();
                pinned = *std::move(stored);
            }
            if (pinned) {
                if (const auto ok = check_pinned(*pinned, run); !ok) return ok.error();
                continue;
            }
            Run fixed = run;
            fixed.pinned = true;
            if (const auto done = step.tables.insert_run(fixed); !done) return done.error();
            step.effects.pinned.push_back(std::move(fixed));
        }
        const auto live = step.tables.count_live_holds(wanted.owner, step.now);
        if (!live) return live.error();
        if (const auto ok = check_hold_count(*live, max_holds); !ok) return ok.error();
        const auto fence = step.tables.next_fence();
        if (!fence) return fence.error();
        const auto changes = store::place_hold(wanted, *fence, command.owner, step.now);
        if (const auto done = step.tables.insert_hold(*changes.hold); !done) return done.error();
        const auto taken = step.tables.allocate(*changes.hold, step.now);
        if (!taken) return taken.error();
        if (!taken->empty()) return seats_taken(*taken);
        if (const auto done = step.save(changes); !done) return done.error();
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
        return *changes->hold;
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
        if (database_.mirror().find_occupancy(runs[i], now, answers[i]) != Mirror::Knowledge::not_loaded) continue;
        if (const auto done = load(runs[i]); !done) return done.error();
        database_.mirror().find_occupancy(runs[i], now, answers[i]);
    }
    return answers;
}

}  // namespace railbook::store::sqlite

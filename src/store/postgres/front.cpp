#include "store/postgres/errors.hpp"
#include "store/postgres/ports.hpp"

namespace railbook::store::postgres {

Result<std::optional<RunInRecord>> PostgresInventory::bring_to_front(const RunId& run, std::uint64_t epoch) {
    return database_.step<std::optional<RunInRecord>>(
        Timestamp::min(), [&](Step& step) -> Result<std::optional<RunInRecord>> {
            step.by_time_of_run();
            const auto locked = step.lock("SELECT latest, number, edition FROM railbook.lock_run($1, $2, $3, $4)",
                                          {run.date, run.trip.feed, run.trip.trip, start_of(run)});
            if (const auto ready = step.go(); !ready) return ready.error();
            std::vector<std::int64_t> number;
            std::vector<std::int64_t> edition;
            const auto read = step.answer(locked).each([&](Row& row) -> Status {
                if (row.is_null(1)) return {};
                number.push_back(row.integer(1));
                edition.push_back(row.integer(2));
                return {};
            });
            if (!read) return read.error();
            if (number.empty()) return std::optional<RunInRecord>{};
            const auto counted =
                step.ask("SELECT version, front_epoch FROM railbook.run_versions WHERE run = $1", {number.front()});
            const auto allocated = step.ask(
                "SELECT a.seat, a.from_segment, a.to_segment, h.id, h.status, h.expires_at "
                "FROM railbook.allocations a LEFT JOIN railbook.holds h ON h.fence = a.hold "
                "WHERE a.run = $1 AND a.service_date = $2",
                {number.front(), run.date});
            const auto held = step.ask(kUnsoldHoldsOfRun, {number.front(), step.now()});
            if (const auto ready = step.go(); !ready) return ready.error();
            RunInRecord found;
            const auto versions = step.answer(counted).each([&](Row& row) -> Status {
                found.version = row.count(0);
                found.was_in_front = row.integer(1) == static_cast<std::int64_t>(epoch);
                return {};
            });
            if (!versions) return versions.error();
            const auto allocations = step.answer(allocated).each([&](Row& row) -> Status {
                found.allocations.push_back(rows::read_allocation(row, 0));
                return {};
            });
            if (!allocations) return allocations.error();
            auto holds = step.answer(held).all(read_hold);
            if (!holds) return std::move(holds).error();
            found.holds = *std::move(holds);
            found.time = step.now();
            auto runs = find_runs(step, database_.pinned_runs(), number, edition);
            if (!runs) return std::move(runs).error();
            found.run = std::move(runs->front());
            if (!found.was_in_front) {
                step.tell("UPDATE railbook.run_versions SET front_epoch = $2 WHERE run = $1", {number.front(), epoch});
            }
            return std::optional{std::move(found)};
        });
}

Result<Hold> PostgresInventory::take_over(const FrontStep& step, std::map<RunId, Run>& pinned) {
    if (step.kind == FrontStep::Kind::extend) return extend(step.command, step.claim, step.until, Done::in_front);
    if (step.kind == FrontStep::Kind::release) return release(step.command, step.claim, Done::in_front);
    std::vector<Run> runs;
    for (const auto& id : runs_of(step.hold)) {
        if (!pinned.contains(id)) {
            auto run = find_pinned(id);
            if (!run) return std::move(run).error();
            if (!*run) return Error{ErrorCode::conflict, "a run that was in front is not pinned"};
            pinned.emplace(id, **std::move(run));
        }
        runs.push_back(pinned.at(id));
    }
    // Redis placed it by the run as that was when it was brought there.
    Hold wanted = step.hold;
    for (const auto& run : runs) {
        if (!is_as_the_run(wanted, run)) renumber(wanted, run);
    }
    const bool is_gone = std::ranges::any_of(wanted.items, [](const HoldItem& item) {
        return std::ranges::find(item.seats, kNoSeat, &HeldSeat::index) != item.seats.end();
    });
    if (is_gone) {
        auto found = find_hold(step.hold.id);
        if (found && found->fence == step.hold.fence) return found;
        if (!found && found.error().code != ErrorCode::not_found) return found;
        return Error{ErrorCode::hold_lost, "the run no longer has the ride or the seat"};
    }
    auto placed = place(step.command, wanted, runs, 0, Done::in_front);
    if (placed && placed->id != step.hold.id)
        return Error{ErrorCode::hold_lost, "the record has another hold under the command's key"};
    // Without a key nothing says that it was done before; the hold does.
    if (!placed) {
        auto found = find_hold(step.hold.id);
        if (found && found->fence == step.hold.fence) return found;
        // Where its place is taken for good, it is lost: to try again would keep all that come behind it from here.
        const auto is_taken = database_.read<bool>([&](Connection& connection) -> Result<bool> {
            const auto rows = connection.ask("SELECT true FROM railbook.holds WHERE fence = $1 OR id = $2",
                                             {step.hold.fence, step.hold.id});
            if (!rows) return rows.error();
            return rows->size() > 0;
        });
        if (is_taken && *is_taken) return Error{ErrorCode::hold_lost, "the record has another hold in its place"};
    }
    return placed;
}

Result<std::size_t> PostgresInventory::take_over_together(std::span<const FrontStep> steps) {
    std::size_t count = 0;
    const auto is_like_first = [&](const FrontStep& step) {
        return step.kind == FrontStep::Kind::place && step.hold.items.size() == 1 &&
               step.hold.items.front().run == steps.front().hold.items.front().run;
    };
    while (count < steps.size() && is_like_first(steps[count])) ++count;
    if (count < 2) return std::size_t{0};
    const auto& id = steps.front().hold.items.front().run;
    if (!database_.pinned_runs().find(id)) {
        const auto read = find_pinned(id);
        if (!read) return read.error();
    }
    const auto run = database_.pinned_runs().find(id);
    if (!run) return std::size_t{0};
    if (const auto made = database_.make_partition(id.date); !made) return made.error();
    const auto done = groups_.take_over(steps.first(count), *run);
    // Where the group fails for what one of them brought, the others must not wait for it: each is a step of its own.
    if (!done && done.error().code == ErrorCode::unavailable) return std::size_t{0};
    return done;
}

Result<std::vector<Status>> PostgresInventory::take_over(const std::vector<FrontStep>& steps) {
    std::vector<Status> answers;
    std::map<RunId, Run> pinned;  // if one changes meanwhile, the step that locks it refuses what was placed by this
    while (answers.size() < steps.size()) {
        const auto together = take_over_together(std::span{steps}.subspan(answers.size()));
        if (!together) return together.error();
        answers.resize(answers.size() + *together);
        if (answers.size() == steps.size()) break;
        // Something speaks against this one, or it is of another kind: it is decided by itself.
        const auto done = take_over(steps[answers.size()], pinned);
        if (!done && done.error().code == ErrorCode::unavailable) return done.error();
        answers.push_back(done ? Status{} : Status{done.error()});
    }
    // None of them waited for the disk: one that does, behind them in the log, is enough for all.
    const auto lasts = database_.read<bool>([](Connection& connection) -> Result<bool> {
        const auto noted = connection.ask("SELECT pg_logical_emit_message(true, 'railbook', 'taken over') IS NULL");
        if (!noted) return noted.error();
        return true;
    });
    if (!lasts) return lasts.error();
    return answers;
}

}  // namespace railbook::store::postgres

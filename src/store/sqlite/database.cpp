#include "store/sqlite/database.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/check.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {
namespace {

/// What was learned of runs in a transaction holds only if that was committed.
class ForgetUnlessKept {
public:
    explicit ForgetUnlessKept(Tables& tables) : tables_{tables} {}
    ~ForgetUnlessKept() {
        if (!is_kept_) tables_.forget_numbers();
    }
    ForgetUnlessKept(const ForgetUnlessKept&) = delete;
    ForgetUnlessKept& operator=(const ForgetUnlessKept&) = delete;
    void keep() { is_kept_ = true; }

private:
    Tables& tables_;
    bool is_kept_ = false;
};

}  // namespace

Status Step::save(const Changes& changes) {
    if (const auto done = tables.save(changes); !done) return done;
    if (changes.hold) effects.holds.push_back(*changes.hold);
    return {};
}

Status Step::save_placed(const Changes& changes) {
    for (const auto& run : runs_of(*changes.hold)) {
        if (const auto done = tables.count_version(run); !done) return done;
    }
    for (const auto& entry : audit_of(changes)) {
        if (const auto done = tables.record(entry); !done) return done;
    }
    effects.holds.push_back(*changes.hold);
    return {};
}

Database::Database(std::string path, Environment& environment, Ownership ownership,
                   std::unique_ptr<Connection> connection)
    : path_{std::move(path)},
      environment_{environment},
      ownership_{std::move(ownership)},
      turns_{environment},
      connection_{std::move(connection)},
      tables_{*connection_} {}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Environment& environment,
                                                 const std::string& vfs) {
    auto real = vfs.empty() ? real_path(path) : path;
    if (!real) return std::move(real).error();
    auto ownership = vfs.empty() ? Ownership::take(*real) : Ownership::of_caller();
    if (!ownership) return std::move(ownership).error();
    auto connection = Connection::open(*real, environment, vfs);
    if (!connection) return std::move(connection).error();
    std::unique_ptr<Database> database{new Database{path, environment, *std::move(ownership), *std::move(connection)}};
    if (const auto done = database->prepare(); !done) return done.error();
    return database;
}

Status Database::prepare() {
    const auto schema = recognise(*connection_);
    if (!schema) return schema.error();
    // Only now: the setting is written into the file, and another program's file is not ours to change.
    const auto mode = connection_->one("PRAGMA journal_mode = WAL", {},
                                       [](Row& row) -> Result<std::string> { return std::string{row.text(0)}; });
    if (!mode) return mode.error();
    if (*mode != "wal")
        return Error{ErrorCode::unsupported, "the file system cannot keep a store: it has no shared memory for files"};
    for (const auto& migration : migrations()) {
        if (migration.number <= *schema) continue;
        Transaction transaction{*connection_};
        if (const auto done = transaction.begin(); !done) return done;
        if (const auto done = connection_->execute(migration.sql); !done) return done;
        const auto numbers =
            fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", kApplicationId, migration.number);
        if (const auto done = connection_->execute(numbers.c_str()); !done) return done;
        if (const auto done = transaction.commit(); !done) return done;
    }
    const auto time = tables_.time();
    if (!time) return time.error();
    latest_ = *time;
    not_before(latest_);
    const auto runs = tables_.run_ids();
    if (!runs) return runs.error();
    mirror_.reset(*runs);
    return {};
}

Error Database::not_reached() {
    return {ErrorCode::unavailable, "a command beside this one failed", "repeat the command"};
}

Status Database::commit(StepWork& mine) {
    const Group group = turns_.take(mine);
    if (group.first()) {
        const PassOn pass_on{turns_, group};
        const auto done = commit_group(group);
        for (Work* work = group.first(); work; work = Turns::after(*work))
            static_cast<StepWork&>(*work).transaction = done;
    }
    return mine.transaction;
}

void Database::do_reads(ReadWork& mine) {
    const Group group = turns_.take(mine);
    if (!group.first()) return;
    const PassOn pass_on{turns_, group};
    for (Work* work = group.first(); work; work = Turns::after(*work)) static_cast<ReadWork&>(*work).body();
}

Status Database::commit_group(const Group& group) {
    // A savepoint costs a copy of every page that its step changes. Steps decide before they change anything, so hardly
    // one has to be undone: where that is not so, all are done once more, each under its own.
    auto done = attempt(group, Undo::with_the_group);
    if (done && !*done) done = attempt(group, Undo::alone);
    if (!done) return done.error();
    RAILBOOK_ASSERT(*done);
    return {};
}

Result<bool> Database::attempt(const Group& group, Undo undo) {
    ForgetUnlessKept numbers{tables_};
    Transaction transaction{*connection_};
    if (const auto begun = transaction.begin(); !begun) return begun.error();
    Timestamp latest = latest_;
    bool has_changed = false;
    for (Work* one = group.first(); one; one = Turns::after(*one)) {
        auto& work = static_cast<StepWork&>(*one);
        const auto done = attempt_step(work, latest, undo);
        if (!done) return done.error();
        if (!*done) return group.size() == 1;  // the only one is undone with its transaction
        if (!work.has_changed) continue;
        latest = work.done_at;
        has_changed = true;
    }
    if (!has_changed) {
        numbers.keep();
        return true;
    }
    if (const auto done = tables_.set_time(latest); !done) return done.error();
    if (const auto done = transaction.commit(); !done) return done.error();
    numbers.keep();
    latest_ = latest;
    not_before(latest_);
    for (Work* one = group.first(); one; one = Turns::after(*one)) {
        const auto& work = static_cast<StepWork&>(*one);
        if (work.has_changed) mirror_.follow(work.effects, work.done_at);
    }
    return true;
}

Result<bool> Database::attempt_step(StepWork& work, Timestamp latest, Undo undo) {
    if (undo == Undo::alone) {
        if (const auto done = connection_->run("SAVEPOINT step"); !done) return done.error();
    }
    const std::int64_t changes_before = connection_->total_changes();
    Step step{.tables = tables_, .now = std::max(work.asked, latest)};
    const auto done = work.body(step);
    if (const auto& lost = connection_->lost()) return *lost;
    const bool has_changed = connection_->total_changes() != changes_before;
    work.has_changed = done && has_changed;
    work.done_at = step.now;
    work.effects = std::move(step.effects);
    if (undo == Undo::with_the_group) return done || !has_changed;
    if (!done) {
        if (const auto undone = connection_->run("ROLLBACK TO step"); !undone) return undone.error();
        tables_.forget_numbers();
    }
    if (const auto released = connection_->run("RELEASE step"); !released) return released.error();
    return true;
}

Status Database::backup(const std::string& file) {
    std::optional<Backup> backup;
    const auto begun = read_alone<void>([&](Tables&, Timestamp) -> Status {
        auto made = Backup::begin(*connection_, file);
        if (!made) return std::move(made).error();
        backup.emplace(*std::move(made));
        return {};
    });
    if (!begun) return begun;
    for (bool is_complete = false; !is_complete;) {
        const auto copied = read_alone<bool>([&](Tables&, Timestamp) { return backup->copy_a_piece(); });
        if (!copied) return copied.error();
        is_complete = *copied;
    }
    return backup->finish();
}

int Database::schema() const { return migrations().back().number; }

Timestamp Database::now() { return not_before(environment_.now()); }

Timestamp Database::not_before(Timestamp time) {
    const std::int64_t wanted = time.time_since_epoch().count();
    std::int64_t latest = latest_read_.load();
    while (latest < wanted && !latest_read_.compare_exchange_weak(latest, wanted)) {
    }
    return Timestamp{Duration{std::max(latest, wanted)}};
}

Result<std::optional<Answer>> Database::answer_to(Tables& tables, const Command& command, Timestamp now) {
    const auto kept = tables.find_answer(command);
    if (!kept) return kept.error();
    return answer_again(*kept ? &**kept : nullptr, command, now);
}

}  // namespace railbook::store::sqlite

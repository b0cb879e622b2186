#include "store/sqlite/database.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {
namespace {

namespace fs = std::filesystem;

Error not_permitted() {
    return {ErrorCode::forbidden, "the folder of the store's file may not be read",
            "give this user the right to write the file and its folder"};
}

/// One name for a file, whatever links lead to it: the owner's lock is found by it. It also starts with a slash, so
/// SQLite takes it for a file and nothing else.
Result<std::string> real_path(const std::string& path) {
    if (path.empty()) return Error{ErrorCode::invalid_argument, "the store's file has no name"};
    if (path.find('\0') != std::string::npos)
        return Error{ErrorCode::invalid_argument, "the name of the store's file holds a NUL character"};
    std::error_code error;
    const auto absolute = fs::absolute(path, error);
    const auto real = error ? fs::path{} : fs::weakly_canonical(absolute, error);
    if (error) return not_permitted();
    const auto status = fs::status(real, error);
    if (fs::is_directory(status)) return Error{ErrorCode::invalid_argument, "the store's file is a folder"};
    if (fs::exists(status) && !fs::is_regular_file(status))
        return Error{ErrorCode::invalid_argument, "the store's file is not a regular file"};
    if (status.type() == fs::file_type::none) return not_permitted();
    return real.string();
}

/// Passes the turn on, also where an exception ends the work.
class PassOn {
public:
    PassOn(Turns& turns, const Group& group) : turns_{turns}, group_{group} {}
    ~PassOn() { turns_.pass_on(group_); }
    PassOn(const PassOn&) = delete;
    PassOn& operator=(const PassOn&) = delete;

private:
    Turns& turns_;
    const Group& group_;
};

}  // namespace

Status Step::save(const Changes& changes) {
    if (const auto done = tables.save(changes); !done) return done;
    if (changes.hold) effects.holds.push_back(*changes.hold);
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

Result<int> Database::recognise() {
    const auto application = connection_->integer("PRAGMA application_id");
    if (!application) return application.error();
    const auto schema = connection_->integer("PRAGMA user_version");
    if (!schema) return schema.error();
    const auto objects = connection_->integer("SELECT count(*) FROM sqlite_schema");
    if (!objects) return objects.error();
    if (*application == 0 && *schema == 0 && *objects == 0) return 0;
    if (*application != kApplicationId)
        return Error{ErrorCode::bad_data, "this file belongs to another program", "choose another file"};
    if (*schema < 1) return Error{ErrorCode::damaged, "the store's file has lost the number of its schema"};
    if (*schema > migrations().back().number) {
        return Error{ErrorCode::unsupported,
                     fmt::format("the store has schema {}, and this Railbook knows schemas up to {}", *schema,
                                 migrations().back().number),
                     "use the newer Railbook that made it"};
    }
    return static_cast<int>(*schema);
}

Status Database::prepare() {
    const auto schema = recognise();
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
    if (!has_changed) return true;
    if (const auto done = tables_.set_time(latest); !done) return done.error();
    if (const auto done = transaction.commit(); !done) return done.error();
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
    }
    if (const auto released = connection_->run("RELEASE step"); !released) return released.error();
    return true;
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

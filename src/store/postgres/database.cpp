#include "store/postgres/database.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/postgres/errors.hpp"
#include "store/postgres/migrations/migrations.hpp"
#include "store/postgres/tables.hpp"

namespace railbook::store::postgres {
namespace {

constexpr int kMaxRounds = 10;
constexpr std::string_view kLatest = "SELECT last_value FROM railbook.clock";

Error foreign() {
    return {ErrorCode::bad_data, "the schema railbook in this database belongs to another program",
            "choose another database"};
}

}  // namespace

// --- Steps ---------------------------------------------------------------------------------------------------------

Step::Step(Connection& connection, Timestamp asked, const Command* command)
    : connection_{connection}, now_{asked}, command_{command} {
    ask("BEGIN");
}

std::size_t Step::ask(std::string_view sql, std::initializer_list<Value> values) {
    return base_ + connection_.queue(sql, values);
}

std::size_t Step::lock(std::string_view sql, std::initializer_list<Value> values) {
    RAILBOOK_ASSERT(!locked_);
    locked_ = ask(sql, values);
    return *locked_;
}

void Step::tell(std::string_view sql, std::initializer_list<Value> values) {
    ask(sql, values);
    changes_ = true;
}

Status Step::go() {
    const bool is_first = !std::exchange(has_begun_, true);
    if (is_first) {
        RAILBOOK_ASSERT(locked_);
        // Only after the lock: whoever had it may have been this very command.
        if (command_) asked_for_answer_ = ask(kFindAnswer, {command_->owner, command_->operation, command_->key.text});
    }
    auto answers = connection_.exchange();
    if (!answers) return std::move(answers).error();
    std::move(answers->begin(), answers->end(), std::back_inserter(answers_));
    base_ = answers_.size();
    if (!is_first) return {};
    const auto latest = answer(*locked_).integer();
    if (!latest) return latest.error();
    stored_ = Timestamp{Duration{*latest}};
    now_ = std::max(now_, stored_);
    if (!command_) return {};
    const auto kept = answer(*asked_for_answer_).one(read_answer);
    if (!kept) return kept.error();
    auto earlier = answer_again(*kept ? &**kept : nullptr, *command_, now_);
    if (!earlier) return earlier.error();
    forgets_answer_ = kept->has_value();
    earlier_ = *std::move(earlier);
    if (earlier_) return Error{ErrorCode::conflict, "the command was answered before"};
    return {};
}

Status Step::flush() {
    if (const auto done = go(); !done) return done;
    answers_.clear();
    base_ = 0;
    return {};
}

void Database::keep(Step& step, const Answer& answer) {
    const auto& command = *step.command_;
    if (step.forgets_answer_) {
        step.tell("DELETE FROM railbook.answers WHERE owner = $1 AND operation = $2 AND key = $3",
                  {command.owner, command.operation, command.key.text});
    }
    insert_answer(step, keep_answer(command, answer, step.now()));
}

Status Database::finish(Step& step) {
    if (!step.changes_) {
        undo(step.connection_);
        return {};
    }
    // The sequence may be lowered by a step that read it before another raised it, by what their times differ. That
    // matters to nobody: a step on a run goes by the run's own time, too.
    if (step.now() > step.stored_)
        step.ask("SELECT setval('railbook.clock', $1) FROM railbook.clock WHERE last_value < $1", {step.now()});
    const auto commit = step.ask("COMMIT");
    const auto base = step.base_;
    auto answers = step.connection_.exchange();
    if (!answers) return std::move(answers).error();
    RAILBOOK_ASSERT((*answers)[commit - base].outcome() == "COMMIT");
    return {};
}

void Database::undo(Connection& connection) {
    if (connection.is_lost() || (!connection.is_in_transaction() && !connection.has_queued())) return;
    connection.queue("ROLLBACK");
    static_cast<void>(connection.exchange());  // where it fails, the connection is lost, and the server undoes the step
}

Status Database::repeat(const std::function<Status(Connection&)>& body) {
    for (int round = 1;; ++round) {
        auto connection = pool_.acquire();
        if (!connection) return std::move(connection).error();
        const auto done = body(**connection);
        if (done) return done;
        const bool was_disturbed = (*connection)->was_disturbed();
        const bool is_over = (*connection)->is_lost();
        const bool may_be_done = (*connection)->may_have_committed();
        if (!is_over) {
            undo(**connection);
            if (!was_disturbed) return done;
        } else if (may_be_done) {
            return done;
        }
        if (round == kMaxRounds) return done;
        {
            const auto given_back = *std::move(connection);
        }
        if (was_disturbed) environment_.pause(Duration{1 << std::min(round, 6)});
    }
}

Result<std::optional<Answer>> Database::find_answer(const Command& command) {
    return read<std::optional<Answer>>([&](Connection& connection) -> Result<std::optional<Answer>> {
        connection.queue(kFindAnswer, {command.owner, command.operation, command.key.text});
        connection.queue(kLatest);
        const auto answers = connection.exchange();
        if (!answers) return answers.error();
        const auto kept = (*answers)[0].one(read_answer);
        if (!kept) return kept.error();
        const auto latest = (*answers)[1].integer();
        if (!latest) return latest.error();
        return answer_again(*kept ? &**kept : nullptr, command, std::max(command.now, Timestamp{Duration{*latest}}));
    });
}

Status Database::read_at_one_instant(const std::function<Status(Connection&)>& body) {
    auto connection = pool_.acquire();
    if (!connection) return std::move(connection).error();
    (*connection)->queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // Whoever is handed the records may take a long time over them.
    (*connection)->queue("SET LOCAL idle_in_transaction_session_timeout = 0");
    const auto begun = (*connection)->exchange();
    const auto done = begun ? body(**connection) : Status{begun.error()};
    undo(**connection);
    return done;
}

// --- Time ----------------------------------------------------------------------------------------------------------

Result<Timestamp> Database::now() {
    const auto found = read<std::int64_t>([&](Connection& connection) -> Result<std::int64_t> {
        const auto rows = connection.ask(
            options_.clock_of_environment
                ? kLatest
                : "SELECT greatest(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, last_value) "
                  "FROM railbook.clock");
        if (!rows) return rows.error();
        return rows->integer();
    });
    if (!found) return found.error();
    const Timestamp stored{Duration{*found}};
    return not_before(options_.clock_of_environment ? std::max(stored, environment_.now()) : stored);
}

Timestamp Database::not_before(Timestamp time) {
    const std::int64_t wanted = time.time_since_epoch().count();
    std::int64_t latest = latest_read_.load();
    while (latest < wanted && !latest_read_.compare_exchange_weak(latest, wanted)) {
    }
    return Timestamp{Duration{std::max(latest, wanted)}};
}

// --- Opening -------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& url, Environment& environment,
                                                 const PostgresOptions& options) {
    auto address = parse_address(url);
    if (!address) return std::move(address).error();
    std::unique_ptr<Database> database{new Database{*std::move(address), environment, options}};
    if (const auto done = database->prepare(); !done) return done.error();
    return database;
}

int Database::schema() const { return migrations().back().number; }

Result<int> Database::recognise(Connection& connection) {
    const auto found = connection.ask(
        "SELECT to_regclass('railbook.railbook_store') IS NOT NULL, "
        "(SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('railbook')::oid), "
        "current_setting('transaction_read_only') = 'on', "
        "current_setting('server_version_num')::bigint");
    if (!found) return found.error();
    struct Facts {
        bool has_mark;
        std::int64_t objects;
        bool is_read_only;
        std::int64_t version;
    };
    const auto facts = found->one(
        [](Row& row) -> Result<Facts> { return Facts{row.flag(0), row.integer(1), row.flag(2), row.integer(3)}; });
    if (!facts) return facts.error();
    if ((*facts)->is_read_only) return error_of("25006");
    if ((*facts)->version < 140'000) {
        return Error{ErrorCode::unsupported, "this PostgreSQL is older than Railbook knows",
                     "use PostgreSQL 14 or a newer one"};
    }
    if (!(*facts)->has_mark) {
        if ((*facts)->objects == 0) return 0;
        return foreign();
    }
    const auto numbers = connection.ask("SELECT schema, epoch FROM railbook.railbook_store");
    if (!numbers) {
        if (numbers.error().code == ErrorCode::damaged) return foreign();  // it has no such columns
        return numbers.error();
    }
    const auto schema = numbers->one([](Row& row) -> Result<int> { return row.number<int>(0, 1, 1'000'000); });
    if (!schema) return schema.error();
    if (!*schema) return Error{ErrorCode::damaged, "the database has lost the number of its schema"};
    if (**schema > migrations().back().number) {
        return Error{ErrorCode::unsupported,
                     fmt::format("the store has schema {}, and this Railbook knows schemas up to {}", **schema,
                                 migrations().back().number),
                     "use the newer Railbook that made it"};
    }
    return **schema;
}

Status Database::prepare() {
    return repeat([](Connection& connection) -> Status {
        const auto before = recognise(connection);
        if (!before) return before.error();
        if (*before == migrations().back().number) return {};
        // One process at a time; the others then find it done.
        connection.queue("BEGIN");
        connection.queue("SELECT pg_advisory_xact_lock(7237101, 0)");
        if (const auto begun = connection.exchange(); !begun) return begun.error();
        const auto schema = recognise(connection);
        if (!schema) return schema.error();
        if (*schema == 0) {
            const auto made =
                connection.execute("CREATE SCHEMA IF NOT EXISTS railbook; CREATE EXTENSION IF NOT EXISTS btree_gist");
            if (!made) return made;
        }
        for (const auto& migration : migrations()) {
            if (migration.number <= *schema) continue;
            if (const auto done = connection.execute(migration.sql); !done) return done;
            const auto numbered = connection.ask("UPDATE railbook.railbook_store SET schema = $1", {migration.number});
            if (!numbered) return numbered.error();
        }
        const auto done = connection.ask("COMMIT");
        if (!done) return done.error();
        return {};
    });
}

Status Database::make_partition(ServiceDate date) {
    const std::chrono::year_month_day day{date};
    const std::int64_t month = std::int64_t{static_cast<int>(day.year())} * 12 + static_cast<unsigned>(day.month());
    {
        const std::lock_guard lock{mutex_};
        if (months_.contains(month)) return {};
    }
    const auto made = repeat([&](Connection& connection) -> Status {
        const auto done = connection.ask("SELECT railbook.make_partition($1)", {date});
        return done ? Status{} : done.error();
    });
    if (!made) return made;
    const std::lock_guard lock{mutex_};
    months_.insert(month);
    return {};
}

}  // namespace railbook::store::postgres

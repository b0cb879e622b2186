#include "store/postgres/postgres.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/postgres/contents.hpp"
#include "store/postgres/errors.hpp"
#include "store/postgres/ports.hpp"

namespace railbook::store {
namespace {

using postgres::Connection;
using postgres::Database;
using postgres::Row;

class PostgresStore final : public SystemOfRecord {
public:
    explicit PostgresStore(std::unique_ptr<Database> database)
        : database_{std::move(database)},
          accounts_{*database_},
          timetable_{*database_},
          inventory_{*database_},
          bookings_{*database_} {}

    Result<Timestamp> now() override { return database_->now(); }
    AccountsStore& accounts() override { return accounts_; }
    TimetableStore& timetable() override { return timetable_; }
    InventoryStore& inventory() override { return inventory_; }
    BookingsStore& bookings() override { return bookings_; }

    Result<std::optional<Answer>> find_answer(const Command& command) override {
        return database_->find_answer(command);
    }

    /// The reader may take as long as it wants; steps go on meanwhile, and it sees nothing of them.
    Status read_all(RecordReader& reader) override {
        return database_->read_at_one_instant([&](Connection& connection) {
            return postgres::read_contents(connection, database_->pinned_runs(), reader);
        });
    }

    Status load(const std::function<Status(RecordReader&)>& source) override {
        const auto done = database_->step<bool>(Timestamp::min(), [&](postgres::Step& step) -> Result<bool> {
            if (const auto loaded = postgres::load_contents(step, source); !loaded) return loaded.error();
            return true;
        });
        return done ? Status{} : done.error();
    }

    Result<std::vector<std::string>> check_medium() override {
        return database_->read<std::vector<std::string>>([](Connection& connection) { return check(connection); });
    }

    StoreInfo info() const override {
        return {.kind = "postgres", .location = database_->shown_address(), .schema = database_->schema()};
    }

    Result<std::uint64_t> raise_epoch() {
        return database_->read<std::uint64_t>([](Connection& connection) -> Result<std::uint64_t> {
            const auto rows = connection.ask("SELECT railbook.raise_epoch()");
            if (!rows) return rows.error();
            const auto epoch = rows->integer();
            if (!epoch) return epoch.error();
            return static_cast<std::uint64_t>(*epoch);
        });
    }

    Result<FrontState> front_state() override { return change_front({}); }
    Result<FrontState> begin_epoch(std::uint64_t ended, const std::string& front) override {
        return change_front(
            [&](Connection& connection) { connection.queue("SELECT railbook.begin_epoch($1, $2)", {ended, front}); });
    }
    Result<FrontState> name_front(const std::string& front) override {
        return change_front(
            [&](Connection& connection) { connection.queue("SELECT railbook.name_front($1)", {front}); });
    }
    Result<std::optional<RunInRecord>> bring_to_front(const RunId& run, std::uint64_t epoch) override {
        return inventory_.bring_to_front(run, epoch);
    }
    Result<std::vector<Hold>> open_holds(Timestamp now) override {
        return find_all(*database_, postgres::kUnsoldHolds, {now}, postgres::read_hold);
    }
    Result<std::vector<Status>> take_over(const std::vector<FrontStep>& steps) override {
        return inventory_.take_over(steps);
    }
    Result<Run> change_consist(std::uint64_t epoch, const Command& command, const Run& run,
                               const ConsistChange& change) override {
        return inventory_.change_consist(command, run, change, epoch);
    }
    Result<Run> adopt_calls(std::uint64_t epoch, const Command& command, const CallsChange& change) override {
        return inventory_.adopt_calls(command, change, epoch);
    }

private:
    /// Queues a change, if there is one, and reads what the state is then.
    Result<FrontState> change_front(const std::function<void(Connection&)>& change) {
        const auto now = database_->now();
        if (!now) return now.error();
        return database_->read<FrontState>([&](Connection& connection) -> Result<FrontState> {
            if (change) change(connection);
            connection.queue(
                "SELECT s.epoch, CASE WHEN f.is_called THEN f.last_value ELSE 0 END, s.front, "
                "(SELECT coalesce(max(until), 0) FROM railbook.answers WHERE operation = 'hold.create'), "
                "(SELECT coalesce(max(expires_at), 0) FROM railbook.holds WHERE status IN (0, 1)) "
                "FROM railbook.railbook_store s, railbook.fences f");
            const auto answers = connection.exchange();
            if (!answers) return answers.error();
            const auto state = answers->back().one([&](Row& row) -> Result<FrontState> {
                return FrontState{.epoch = row.count(0),
                                  .last_number = row.count(1),
                                  .front = row.text(2),
                                  .now = *now,
                                  .answers_until = row.time(3),
                                  .holds_until = row.time(4)};
            });
            if (!state) return state.error();
            if (!*state) return postgres::damaged_row();
            return **state;
        });
    }
    static Result<std::vector<std::string>> check(Connection& connection) {
        const auto bare = connection.ask(
            "SELECT convert_to(c.relname, 'UTF8') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = 'railbook.allocations'::regclass AND NOT EXISTS "
            "(SELECT FROM pg_constraint x WHERE x.conrelid = c.oid AND x.contype = 'x' AND x.convalidated)");
        if (!bare) return bare.error();
        auto findings = bare->all([](Row& row) -> Result<std::string> {
            return fmt::format("the table {} lacks the constraint that refuses an overlap", row.bytes(0));
        });
        if (!findings) return findings;
        const auto safe =
            connection.ask("SELECT current_setting('fsync') = 'on', current_setting('synchronous_commit') <> 'off'");
        if (!safe) return safe.error();
        const auto done = safe->each([&](Row& row) -> Status {
            if (!row.flag(0)) findings->push_back("the server runs with fsync off: a power cut loses what was sold");
            if (!row.flag(1)) findings->push_back("commits are not synchronous: a power cut loses what was sold");
            return {};
        });
        if (!done) return done.error();
        return findings;
    }

    std::unique_ptr<Database> database_;
    postgres::PostgresAccounts accounts_;
    postgres::PostgresTimetable timetable_;
    postgres::PostgresInventory inventory_;
    postgres::PostgresBookings bookings_;
};

}  // namespace

Result<std::unique_ptr<SystemOfRecord>> open_postgres_record(const std::string& url, Environment& environment,
                                                             const PostgresOptions& options) {
    auto database = Database::open(url, environment, options);
    if (!database) return std::move(database).error();
    return std::unique_ptr<SystemOfRecord>{std::make_unique<PostgresStore>(*std::move(database))};
}

Result<std::unique_ptr<Store>> open_postgres(const std::string& url, Environment& environment,
                                             const PostgresOptions& options) {
    auto opened = open_postgres_record(url, environment, options);
    if (!opened) return std::move(opened).error();
    return std::unique_ptr<Store>{*std::move(opened)};
}

Result<std::uint64_t> raise_epoch(Store& store) {
    auto* postgres = dynamic_cast<PostgresStore*>(&store);
    RAILBOOK_ASSERT(postgres);
    return postgres->raise_epoch();
}

}  // namespace railbook::store

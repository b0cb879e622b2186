#include "store/postgres/postgres.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/postgres/contents.hpp"
#include "store/postgres/ports.hpp"

namespace railbook::store {
namespace {

using postgres::Connection;
using postgres::Database;
using postgres::Row;

class PostgresStore final : public Store {
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

private:
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

Result<std::unique_ptr<Store>> open_postgres(const std::string& url, Environment& environment,
                                             const PostgresOptions& options) {
    auto database = Database::open(url, environment, options);
    if (!database) return std::move(database).error();
    return std::unique_ptr<Store>{std::make_unique<PostgresStore>(*std::move(database))};
}

Result<std::uint64_t> raise_epoch(Store& store) {
    auto* postgres = dynamic_cast<PostgresStore*>(&store);
    RAILBOOK_ASSERT(postgres);
    return postgres->raise_epoch();
}

}  // namespace railbook::store

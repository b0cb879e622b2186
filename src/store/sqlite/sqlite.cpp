#include "store/sqlite/sqlite.hpp"

#include <algorithm>

#include "store/sqlite/check.hpp"
#include "store/sqlite/contents.hpp"
#include "store/sqlite/ports.hpp"

namespace railbook::store {
namespace {

using sqlite::Database;
using sqlite::Tables;

class SqliteStore final : public Store {
public:
    explicit SqliteStore(std::unique_ptr<Database> database)
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
        return database_->read<std::optional<Answer>>([&](Tables& tables, Timestamp latest) {
            return Database::answer_to(tables, command, std::max(command.now, latest));
        });
    }

    /// The reader must not call the store: no step can be done meanwhile, so all records are of one instant.
    Status read_all(RecordReader& reader) override {
        return database_->read_alone<void>(
            [&](Tables& tables, Timestamp latest) { return sqlite::read_contents(tables, latest, reader); });
    }

    Status load(const std::function<Status(RecordReader&)>& source) override {
        return database_->step_alone<void>(Timestamp::min(),
                                           [&](sqlite::Step& step) { return sqlite::load_contents(step, source); });
    }

    Result<std::vector<std::string>> check_medium() override {
        return database_->read_alone<std::vector<std::string>>(
            [](Tables& tables, Timestamp) { return sqlite::check_content(tables.connection()); });
    }

    Status backup(const std::string& file) override { return database_->backup(file); }

    StoreInfo info() const override {
        return {.kind = "sqlite", .location = database_->path(), .schema = database_->schema()};
    }

private:
    std::unique_ptr<Database> database_;
    sqlite::SqliteAccounts accounts_;
    sqlite::SqliteTimetable timetable_;
    sqlite::SqliteInventory inventory_;
    sqlite::SqliteBookings bookings_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, Environment& environment,
                                           const std::string& vfs) {
    auto database = Database::open(path, environment, vfs);
    if (!database) return std::move(database).error();
    return std::unique_ptr<Store>{std::make_unique<SqliteStore>(*std::move(database))};
}

}  // namespace railbook::store

#include "store/sqlite/connection.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/assert.hpp"
#include "store/sqlite/errors.hpp"

namespace railbook::store::sqlite {
namespace {

/// Only a program that is not Railbook can be in the way, and only for a moment: a backup, say.
constexpr int kPatienceMilliseconds = 1000;

constexpr char kSettings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    // Before a statement with triggers, SQLite copies the pages that it changes: into small pieces of memory, and not
    // into 64 KiB that are returned to the system each time.
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -65536;"  // KiB
    // A page that many commands change is brought into the file once for all of them.
    "PRAGMA wal_autocheckpoint = 4000;";

/// Makes a statement ready for its next use, however this one ended.
class Use {
public:
    explicit Use(sqlite3_stmt* statement) : statement_{statement} {}
    ~Use() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

private:
    sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int index, const Value& value) {
    // A null pointer would be bound as NULL, and an empty text has one.
    const char* bytes = value.view().empty() ? "" : value.view().data();
    switch (value.kind()) {
        case Value::Kind::null: return sqlite3_bind_null(statement, index);
        case Value::Kind::integer: return sqlite3_bind_int64(statement, index, value.integer());
        case Value::Kind::text:
            return sqlite3_bind_text64(statement, index, bytes, value.view().size(), SQLITE_STATIC, SQLITE_UTF8);
        case Value::Kind::bytes:
            return sqlite3_bind_blob64(statement, index, bytes, value.view().size(), SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

/// Failures of a statement after which SQLite says that the whole transaction is to be undone.
bool is_of_the_medium(int code) {
    switch (code & 0xff) {
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_NOMEM:
        case SQLITE_BUSY:
        case SQLITE_INTERRUPT: return true;
        default: return false;
    }
}

}  // namespace

bool Row::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Row::integer(int column) {
    if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) sound_ = false;
    return sqlite3_column_int64(statement_, column);
}

std::string_view Row::text(int column) {
    if (sqlite3_column_type(statement_, column) != SQLITE_TEXT) sound_ = false;
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text ? std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))}
                : std::string_view{};
}

std::string_view Row::bytes(int column) {
    if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) sound_ = false;
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return bytes ? std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))}
                 : std::string_view{};
}

void Connection::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close(database); }
void Connection::FinalizeStatement::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Connection::Connection(std::unique_ptr<sqlite3, CloseDatabase> database, Environment& environment)
    : environment_{environment}, database_{std::move(database)} {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Environment& environment,
                                                     const std::string& vfs) {
    sqlite3* raw = nullptr;
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &raw, kFlags, vfs.empty() ? nullptr : vfs.c_str());
    std::unique_ptr<sqlite3, CloseDatabase> database{raw};
    if (!database) return error_of(SQLITE_NOMEM, {});
    sqlite3_extended_result_codes(raw, 1);
    std::unique_ptr<Connection> connection{new Connection{std::move(database), environment}};
    if (code != SQLITE_OK) return connection->failure(sqlite3_extended_errcode(raw));
    // SQLite opens a file that it may not write for reading, without a word.
    if (sqlite3_db_readonly(raw, "main") == 1) return connection->failure(SQLITE_READONLY);
    sqlite3_busy_timeout(raw, kPatienceMilliseconds);
    if (const auto done = connection->execute(kSettings); !done) return done.error();
    return connection;
}

Error Connection::failure(int code) {
    const std::string_view message = sqlite3_errmsg(database_.get());
    const auto error = error_of(code, message);
    // A taken seat is daily business; all else is for whoever looks after the store.
    if (error.code != ErrorCode::seat_taken)
        environment_.log(LogLevel::error, fmt::format("sqlite {}: {}", code, message));
    if (is_of_the_medium(code) || !is_in_transaction()) lost_ = error;
    return error;
}

Status Connection::execute(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
    return {};
}

Result<sqlite3_stmt*> Connection::prepared(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    StatementHandle statement{raw};
    if (code != SQLITE_OK) return failure(code);
    return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Status Connection::each(std::string_view sql, std::initializer_list<Value> values,
                        const std::function<Status(Row&)>& read) {
    const auto statement = prepared(sql);
    if (!statement) return statement.error();
    RAILBOOK_ASSERT(!sqlite3_stmt_busy(*statement));
    RAILBOOK_ASSERT(static_cast<std::size_t>(sqlite3_bind_parameter_count(*statement)) == values.size());
    const Use use{*statement};
    int index = 0;
    for (const auto& value : values) {
        if (const int code = bind(*statement, ++index, value); code != SQLITE_OK) return failure(code);
    }
    for (;;) {
        const int code = sqlite3_step(*statement);
        if (code == SQLITE_DONE) return {};
        if (code != SQLITE_ROW) return failure(code);
        Row row{*statement};
        if (const auto done = read(row); !done) return done.error();
        if (!row.is_sound()) return failure(SQLITE_CORRUPT);
    }
}

Status Connection::run(std::string_view sql, std::initializer_list<Value> values) {
    return each(sql, values, [](Row&) -> Status { return {}; });
}

Result<std::int64_t> Connection::integer(std::string_view sql, std::initializer_list<Value> values) {
    const auto found = one(sql, values, [](Row& row) -> Result<std::int64_t> { return row.integer(0); });
    if (!found) return found.error();
    return found->value_or(0);
}

std::int64_t Connection::total_changes() const { return sqlite3_total_changes64(database_.get()); }
bool Connection::is_in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

Transaction::~Transaction() {
    // SQLite has undone the transaction itself where a write failed badly. A rollback that fails leaves the connection
    // in the transaction, and the next begin() then says so.
    if (connection_.is_in_transaction()) static_cast<void>(connection_.run("ROLLBACK"));
}

Status Transaction::begin() {
    connection_.lost_.reset();
    return connection_.run("BEGIN IMMEDIATE");
}

Status Transaction::commit() { return connection_.run("COMMIT"); }

}  // namespace railbook::store::sqlite

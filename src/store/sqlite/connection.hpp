#pragma once
/// The connection to the file: statements that are prepared once, parameters that are bound, transactions that are
/// undone unless they are committed.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/result.hpp>
#include <railbook/time.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace railbook::store::sqlite {

/// One parameter of a statement. It views text and bytes, so it lives no longer than the call it is passed to.
class Value {
public:
    enum class Kind : std::uint8_t { null, integer, text, bytes };

    Value(std::nullopt_t) {}  // NOLINT(google-explicit-constructor)
    template <class Integer>
        requires std::integral<Integer> || std::is_enum_v<Integer>
    Value(Integer value) : kind_{Kind::integer}, integer_{static_cast<std::int64_t>(value)} {}  // NOLINT
    Value(Timestamp time) : Value{time.time_since_epoch().count()} {}    // NOLINT(google-explicit-constructor)
    Value(ServiceDate date) : Value{date.time_since_epoch().count()} {}  // NOLINT(google-explicit-constructor)
    Value(std::string_view text) : kind_{Kind::text}, view_{text} {}     // NOLINT(google-explicit-constructor)
    Value(const std::string& text) : Value{std::string_view{text}} {}    // NOLINT(google-explicit-constructor)
    template <class Tag>
    Value(const RandomId<Tag>& id)  // NOLINT(google-explicit-constructor)
        : kind_{Kind::bytes}, view_{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()} {}
    static Value bytes(std::string_view bytes) {
        Value value{bytes};
        value.kind_ = Kind::bytes;
        return value;
    }

    Kind kind() const { return kind_; }
    std::int64_t integer() const { return integer_; }
    std::string_view view() const { return view_; }

private:
    Kind kind_ = Kind::null;
    std::int64_t integer_ = 0;
    std::string_view view_;
};

/// The row that a query stands at. What is not of the asked type marks the row as unsound.
class Row {
public:
    explicit Row(sqlite3_stmt* statement) : statement_{statement} {}

    bool is_null(int column) const;
    std::int64_t integer(int column);
    template <class Number>
    Number number(int column, std::int64_t min, std::int64_t max) {
        const std::int64_t value = integer(column);
        if (value < min || value > max) sound_ = false;
        return static_cast<Number>(value < min || value > max ? min : value);
    }
    std::uint64_t count(int column) {
        return number<std::uint64_t>(column, 0, std::numeric_limits<std::int64_t>::max());
    }
    bool flag(int column) { return number<int>(column, 0, 1) == 1; }
    template <class Enum>
    Enum choice(int column, Enum last) {
        return static_cast<Enum>(number<int>(column, 0, static_cast<std::int64_t>(last)));
    }
    Timestamp time(int column) { return Timestamp{Duration{integer(column)}}; }
    ServiceDate date(int column) {
        return ServiceDate{
            std::chrono::days{number<int>(column, std::numeric_limits<int>::min(), std::numeric_limits<int>::max())}};
    }
    /// Valid until the query goes on.
    std::string_view text(int column);
    std::string_view bytes(int column);
    template <class Id>
    Id id(int column) {
        Id value;
        const auto stored = bytes(column);
        if (stored.size() != value.bytes.size()) sound_ = false;
        else std::copy(stored.begin(), stored.end(), value.bytes.begin());
        return value;
    }
    bool is_sound() const { return sound_; }

private:
    sqlite3_stmt* statement_;
    bool sound_ = true;
};

/// Not thread-safe: one step at a time uses it.
class Connection {
public:
    /// `vfs` is empty for that of the operating system.
    /// Errors: bad_data (not SQLite); forbidden; damaged; storage_full; unavailable.
    static Result<std::unique_ptr<Connection>> open(const std::string& path, Environment& environment,
                                                    const std::string& vfs);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs statements that have neither parameters nor answers.
    Status execute(const char* sql);
    /// Runs a statement that has no answer.
    Status run(std::string_view sql, std::initializer_list<Value> values = {});
    /// Calls `read` with each row. `read` may run other statements, but not the same one.
    Status each(std::string_view sql, std::initializer_list<Value> values, const std::function<Status(Row&)>& read);

    /// What `read` makes of the first row, if there is one. Errors: damaged (the row is not of its shape).
    template <class Read>
    auto one(std::string_view sql, std::initializer_list<Value> values, Read read)
        -> Result<std::optional<std::decay_t<decltype(*read(std::declval<Row&>()))>>> {
        std::optional<std::decay_t<decltype(*read(std::declval<Row&>()))>> found;
        const auto done = each(sql, values, [&](Row& row) -> Status {
            auto record = read(row);
            if (!record) return std::move(record).error();
            if (!found) found = *std::move(record);
            return {};
        });
        if (!done) return done.error();
        return found;
    }
    /// The same for every row.
    template <class Read>
    auto all(std::string_view sql, std::initializer_list<Value> values, Read read)
        -> Result<std::vector<std::decay_t<decltype(*read(std::declval<Row&>()))>>> {
        std::vector<std::decay_t<decltype(*read(std::declval<Row&>()))>> found;
        const auto done = each(sql, values, [&](Row& row) -> Status {
            auto record = read(row);
            if (!record) return std::move(record).error();
            found.push_back(*std::move(record));
            return {};
        });
        if (!done) return done.error();
        return found;
    }
    /// The integer in the first column of the first row; 0 where there is no row.
    Result<std::int64_t> integer(std::string_view sql, std::initializer_list<Value> values = {});

    /// How many rows all statements have changed so far.
    std::int64_t total_changes() const;
    bool is_in_transaction() const;
    sqlite3* handle() { return database_.get(); }
    /// Why the transaction cannot go on, if it cannot: a failure of the medium, after which SQLite may have undone it.
    const std::optional<Error>& lost() const { return lost_; }

private:
    friend class Transaction;
    struct CloseDatabase {
        void operator()(sqlite3* database) const;
    };
    struct FinalizeStatement {
        void operator()(sqlite3_stmt* statement) const;
    };
    using StatementHandle = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

    Connection(std::unique_ptr<sqlite3, CloseDatabase> database, Environment& environment);
    Result<sqlite3_stmt*> prepared(std::string_view sql);
    Error failure(int code);

    Environment& environment_;
    std::unique_ptr<sqlite3, CloseDatabase> database_;
    std::optional<Error> lost_;
    std::map<std::string, StatementHandle, std::less<>> statements_;  // go before the database does
};

/// Undone when it goes, unless commit() succeeded.
class Transaction {
public:
    explicit Transaction(Connection& connection) : connection_{connection} {}
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Takes the right to write at once, so that nothing is read that another writer then changes.
    Status begin();
    Status commit();

private:
    Connection& connection_;
};

}  // namespace railbook::store::sqlite

#pragma once
/// A connection to the server: statements that are prepared once, parameters and answers in binary, and as many
/// statements in one round trip as do not need each other's answers.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/result.hpp>
#include <railbook/time.hpp>

struct pg_conn;
struct pg_result;

namespace railbook::store::postgres {

/// One parameter of a statement. Text is sent as bytes: names come from feeds in any encoding and may hold anything.
class Value {
public:
    Value(std::nullopt_t);  // NOLINT(google-explicit-constructor): bytes that are not there
    template <class Integer>
        requires(std::integral<Integer> && !std::same_as<Integer, bool>) || std::is_enum_v<Integer>
    Value(Integer value) : Value{Number{}, static_cast<std::int64_t>(value)} {}  // NOLINT
    Value(bool value);                                                           // NOLINT
    Value(Timestamp time) : Value{Number{}, time.time_since_epoch().count()} {}  // NOLINT
    Value(ServiceDate date);                                                     // NOLINT
    Value(std::string_view bytes);                                               // NOLINT
    Value(const std::string& bytes) : Value{std::string_view{bytes}} {}          // NOLINT
    Value(const char* bytes) : Value{std::string_view{bytes}} {}                 // NOLINT
    template <class Tag>
    Value(const RandomId<Tag>& id)  // NOLINT(google-explicit-constructor)
        : Value{std::string_view{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}} {}
    Value(const std::vector<std::int64_t>& values);  // NOLINT(google-explicit-constructor)
    Value(const std::vector<std::string>& values);   // NOLINT(google-explicit-constructor)
    Value(const std::vector<ServiceDate>& values);   // NOLINT(google-explicit-constructor)

    static Value no_number();

    std::uint32_t type() const { return type_; }
    bool is_null() const { return is_null_; }
    std::string_view bytes() const { return bytes_; }

private:
    struct Number {};
    Value(Number, std::int64_t value);

    std::uint32_t type_;
    bool is_null_ = false;
    std::string bytes_;
};

/// One row of an answer. What is not of the asked type marks it as unsound.
class Row {
public:
    Row(const pg_result* result, int index) : result_{result}, index_{index} {}

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
    ServiceDate date(int column);
    /// Valid while the answer is.
    std::string_view bytes(int column);
    std::string text(int column) { return std::string{bytes(column)}; }
    template <class Id>
    Id id(int column) {
        return id_of<Id>(bytes(column));
    }
    std::vector<std::int64_t> integers(int column);
    std::vector<std::string_view> list(int column);
    template <class Id>
    std::vector<Id> ids(int column) {
        std::vector<Id> found;
        for (const auto one : list(column)) found.push_back(id_of<Id>(one));
        return found;
    }
    bool is_sound() const { return sound_; }

private:
    template <class Id>
    Id id_of(std::string_view stored) {
        Id value;
        if (stored.size() != value.bytes.size()) sound_ = false;
        else std::copy(stored.begin(), stored.end(), value.bytes.begin());
        return value;
    }

    const pg_result* result_;
    int index_;
    bool sound_ = true;
};

/// The answer to one statement.
class Rows {
public:
    explicit Rows(pg_result* result) : result_{result} {}

    std::size_t size() const;
    /// Such as `INSERT 0 1`.
    std::string_view outcome() const;
    /// What `read` makes of every row. Errors: damaged; those of `read`.
    template <class Read>
    auto all(Read read) const -> Result<std::vector<std::decay_t<decltype(*read(std::declval<Row&>()))>>> {
        std::vector<std::decay_t<decltype(*read(std::declval<Row&>()))>> found;
        found.reserve(size());
        const auto done = each([&](Row& row) -> Status {
            auto record = read(row);
            if (!record) return std::move(record).error();
            found.push_back(*std::move(record));
            return {};
        });
        if (!done) return done.error();
        return found;
    }
    /// The same for the first row, if there is one.
    template <class Read>
    auto one(Read read) const -> Result<std::optional<std::decay_t<decltype(*read(std::declval<Row&>()))>>> {
        auto found = all(read);
        if (!found) return std::move(found).error();
        if (found->empty()) return std::optional<std::decay_t<decltype(*read(std::declval<Row&>()))>>{};
        return std::optional{std::move(found->front())};
    }
    Status each(const std::function<Status(Row&)>& read) const;
    /// The integer in the first column of the first row. Errors: damaged (there is none).
    Result<std::int64_t> integer() const;
    const pg_result* raw() const { return result_.get(); }

private:
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

/// Where the server is, and who connects. Made from a URL, which libpq reads.
struct Address {
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string shown;  ///< Host and database, for people; no user and no secret.
};
/// Errors: invalid_argument.
Result<Address> parse_address(const std::string& url);

/// Not thread-safe: one step at a time uses it.
class Connection {
public:
    /// Errors: forbidden (user or password); not_found (no such database); unavailable.
    static Result<std::unique_ptr<Connection>> open(const Address& address, Environment& environment);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs statements that have neither parameters nor answers, one after another.
    Status execute(const std::string& sql);

    /// Queues a statement; its answer is at the returned place in what exchange() answers.
    std::size_t queue(std::string_view sql, std::initializer_list<Value> values = {});
    /// One round trip: sends what is queued, and gives the answers. After an error none of the statements that follow
    /// was run.
    Result<std::vector<Rows>> exchange();
    /// Queues and exchanges one statement.
    Result<Rows> ask(std::string_view sql, std::initializer_list<Value> values = {});

    bool has_queued() const { return !queued_.empty(); }
    /// Whether the last exchange failed because another transaction came in between.
    bool was_disturbed() const { return disturbed_; }
    /// Whether the server is gone, or the connection to it.
    bool is_lost() const { return lost_; }
    /// Whether the last exchange held a COMMIT: if the connection was lost in it, nobody knows whether that was done.
    bool may_have_committed() const { return may_have_committed_; }
    bool is_in_transaction() const;

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    using Handle = std::unique_ptr<pg_conn, Close>;
    struct Queued {
        const std::string* name;  // of the prepared statement
        bool prepares;            // it is prepared in this exchange
    };

    Connection(Handle handle, Environment& environment);
    /// Takes the answer to the next thing that was sent. Null where the connection is lost.
    pg_result* next_answer();
    Error failure(const pg_result* result);
    Error lose();

    Environment& environment_;
    Handle handle_;
    std::map<std::string, std::string, std::less<>> names_;  // of statements, by their text
    std::set<std::string, std::less<>> prepared_;            // names
    std::set<std::string, std::less<>> preparing_;           // names, in the exchange that is queued
    std::vector<Queued> queued_;
    bool commits_ = false;  // what is queued does
    bool may_have_committed_ = false;
    bool disturbed_ = false;
    bool lost_ = false;
};

}  // namespace railbook::store::postgres

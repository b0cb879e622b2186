#include "store/postgres/connection.hpp"

#include <bit>
#include <cstring>

#include <libpq-fe.h>
#include <poll.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/postgres/errors.hpp"

namespace railbook::store::postgres {
namespace {

// The numbers of PostgreSQL's types, which never change.
constexpr Oid kBoolean = 16;
constexpr Oid kBytes = 17;
constexpr Oid kBigint = 20;
constexpr Oid kDate = 1082;
constexpr Oid kBytesArray = 1001;
constexpr Oid kBigintArray = 1016;
constexpr Oid kDateArray = 1182;

/// PostgreSQL counts days from 2000-01-01.
constexpr int kFirstDay = 10'957;
constexpr int kBinary = 1;
constexpr int kPatienceMilliseconds = 10'000;

// What a step relies on, whatever the server or the role was set to.
constexpr const char* kSettings =
    "SET search_path = railbook, pg_catalog;"
    "SET default_transaction_isolation = 'read committed';"
    "SET default_transaction_deferrable = off;"
    "SET client_min_messages = warning;"
    "SET lock_timeout = '10s';"
    // Each statement comes again and again, and has one good plan. Left to itself, the server would make a new one
    // every time where there are many partitions.
    "SET plan_cache_mode = force_generic_plan;"
    // A process that stops in the middle of a step keeps the trains of that step no longer than this.
    "SET idle_in_transaction_session_timeout = '15s';"
    // What was acknowledged survives a power cut. Stronger settings, such as remote_apply, stay.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

template <std::integral Integer>
void append(std::string& bytes, Integer value) {
    auto rest = static_cast<std::make_unsigned_t<Integer>>(value);
    char reversed[sizeof(Integer)];
    for (std::size_t i = sizeof(Integer); i-- > 0;
         rest = static_cast<decltype(rest)>(rest >> (sizeof(Integer) > 1 ? 8 : 0)))
        reversed[i] = static_cast<char>(rest & 0xff);
    bytes.append(reversed, sizeof(Integer));
}

std::int64_t read_integer(const char* bytes, std::size_t size) {
    std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < size; ++i) value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    return static_cast<std::int64_t>(value);
}

std::int32_t days_of(ServiceDate date) {
    return static_cast<std::int32_t>(date.time_since_epoch().count() - kFirstDay);
}

/// An array of one dimension, as the server reads it.
template <class T, class Append>
std::string array_of(const std::vector<T>& values, Oid element, Append append_one) {
    std::string bytes;
    append(bytes, std::int32_t{values.empty() ? 0 : 1});  // dimensions
    append(bytes, std::int32_t{0});                       // no nulls
    append(bytes, static_cast<std::int32_t>(element));
    if (values.empty()) return bytes;
    append(bytes, static_cast<std::int32_t>(values.size()));
    append(bytes, std::int32_t{1});  // the first index
    for (const auto& value : values) append_one(bytes, value);
    return bytes;
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

// --- Values --------------------------------------------------------------------------------------------------------

Value::Value(std::nullopt_t) : type_{kBytes}, is_null_{true} {}
Value::Value(Number, std::int64_t value) : type_{kBigint} { append(bytes_, value); }
Value Value::no_number() {
    Value value{std::int64_t{0}};
    value.is_null_ = true;
    return value;
}
Value::Value(bool value) : type_{kBoolean}, bytes_(1, value ? '\1' : '\0') {}
Value::Value(ServiceDate date) : type_{kDate} { append(bytes_, days_of(date)); }
Value::Value(std::string_view bytes) : type_{kBytes}, bytes_{bytes} {}
Value::Value(const std::vector<std::int64_t>& values)
    : type_{kBigintArray}, bytes_{array_of(values, kBigint, [](std::string& bytes, std::int64_t value) {
          append(bytes, std::int32_t{8});
          append(bytes, value);
      })} {}
Value::Value(const std::vector<std::string>& values)
    : type_{kBytesArray}, bytes_{array_of(values, kBytes, [](std::string& bytes, const std::string& value) {
          append(bytes, static_cast<std::int32_t>(value.size()));
          bytes += value;
      })} {}
Value::Value(const std::vector<ServiceDate>& values)
    : type_{kDateArray}, bytes_{array_of(values, kDate, [](std::string& bytes, ServiceDate value) {
          append(bytes, std::int32_t{4});
          append(bytes, days_of(value));
      })} {}

// --- Rows ----------------------------------------------------------------------------------------------------------

bool Row::is_null(int column) const { return PQgetisnull(result_, index_, column) == 1; }

std::int64_t Row::integer(int column) {
    const auto stored = bytes(column);
    if (stored.empty() || stored.size() > sizeof(std::int64_t)) {
        sound_ = false;
        return 0;
    }
    // A boolean is one byte, and no sign.
    return stored.size() == 1 ? std::int64_t{stored[0]} : read_integer(stored.data(), stored.size());
}

ServiceDate Row::date(int column) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max() - kFirstDay;
    return ServiceDate{
        std::chrono::days{number<int>(column, std::numeric_limits<std::int32_t>::min(), kMax) + kFirstDay}};
}

std::string_view Row::bytes(int column) {
    if (is_null(column)) {
        sound_ = false;
        return {};
    }
    return {PQgetvalue(result_, index_, column), static_cast<std::size_t>(PQgetlength(result_, index_, column))};
}

std::vector<std::string_view> Row::list(int column) {
    constexpr std::size_t kHead = 20;  // dimensions, nulls, type, size, first index
    auto rest = bytes(column);
    std::vector<std::string_view> found;
    if (rest.size() < kHead) return found;  // no dimension, so no element
    const std::int64_t count = read_integer(rest.data() + 12, 4);
    rest.remove_prefix(kHead);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t size = rest.size() < 4 ? -1 : read_integer(rest.data(), 4);
        if (size < 0 || static_cast<std::size_t>(size) > rest.size() - 4) {
            sound_ = false;
            return found;
        }
        found.push_back(rest.substr(4, static_cast<std::size_t>(size)));
        rest.remove_prefix(4 + static_cast<std::size_t>(size));
    }
    return found;
}

std::vector<std::int64_t> Row::integers(int column) {
    std::vector<std::int64_t> found;
    for (const auto one : list(column)) {
        if (one.empty() || one.size() > sizeof(std::int64_t)) sound_ = false;
        else found.push_back(read_integer(one.data(), one.size()));
    }
    return found;
}

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

std::size_t Rows::size() const { return static_cast<std::size_t>(PQntuples(result_.get())); }

std::string_view Rows::outcome() const { return PQcmdStatus(result_.get()); }

Status Rows::each(const std::function<Status(Row&)>& read) const {
    const int count = PQntuples(result_.get());
    for (int i = 0; i < count; ++i) {
        Row row{result_.get(), i};
        const auto done = read(row);
        if (!row.is_sound()) return damaged_row();
        if (!done) return done;
    }
    return {};
}

Result<std::int64_t> Rows::integer() const {
    const auto found = one([](Row& row) -> Result<std::int64_t> { return row.integer(0); });
    if (!found) return found.error();
    if (!*found) return damaged_row();
    return **found;
}

// --- Connecting ----------------------------------------------------------------------------------------------------

Result<Address> parse_address(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options{PQconninfoParse(url.c_str(), &message),
                                                                                 PQconninfoFree};
    PQfreemem(message);  // it may quote the password
    if (!options) {
        return Error{ErrorCode::invalid_argument, "the address of the database cannot be read",
                     "write postgres://USER@HOST:PORT/DATABASE"};
    }
    Address address;
    std::map<std::string, std::string> given;
    for (const auto* option = options.get(); option->keyword; ++option) {
        if (option->val) given[option->keyword] = option->val;
    }
    const auto or_else = [&](const char* keyword, const char* other) {
        const auto found = given.find(keyword);
        return found == given.end() || found->second.empty() ? std::string{other} : found->second;
    };
    address.shown =
        fmt::format("{}{}{}/{}", or_else("host", or_else("hostaddr", "localhost").c_str()),
                    given.contains("port") ? ":" : "", or_else("port", ""), or_else("dbname", "(the user's)"));
    // An empty password has libpq look into the password file, and nowhere else.
    given.emplace("password", "");
    given.emplace("application_name", "railbook");
    given.emplace("tcp_user_timeout", std::to_string(kPatienceMilliseconds));
    given["client_encoding"] = "UTF8";
    address.parameters.assign(given.begin(), given.end());
    return address;
}

void Connection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Connection::Connection(Handle handle, Environment& environment)
    : environment_{environment}, handle_{std::move(handle)} {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Address& address, Environment& environment) {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : address.parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    Handle handle{PQconnectStartParams(keywords.data(), values.data(), 0)};
    if (!handle) return Error{ErrorCode::unavailable, "there is not enough memory", "repeat the command"};
    // The server's refusal is then known by its number, in every language.
    PQsetErrorVerbosity(handle.get(), PQERRORS_SQLSTATE);
    PQsetNoticeReceiver(handle.get(), ignore_notice, nullptr);
    auto next = PGRES_POLLING_WRITING;
    while (PQstatus(handle.get()) != CONNECTION_BAD && next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
        pollfd waited{.fd = PQsocket(handle.get()),
                      .events = static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                      .revents = 0};
        if (poll(&waited, 1, kPatienceMilliseconds) == 0) break;
        next = PQconnectPoll(handle.get());
    }
    if (next != PGRES_POLLING_OK) {
        // Such as `FATAL:  28P01`; where nobody answered, the text is libpq's own.
        std::string_view said = PQerrorMessage(handle.get());
        while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
        const auto severity = said.rfind("FATAL:  ");
        const auto sqlstate = severity == std::string_view::npos ? std::string_view{} : said.substr(severity + 8);
        const auto error = PQconnectionNeedsPassword(handle.get()) == 1 ? error_of("28P01") : error_of(sqlstate);
        environment.log(LogLevel::error, fmt::format("postgres: no connection, {}", error.detail));
        return error;
    }
    std::unique_ptr<Connection> connection{new Connection{std::move(handle), environment}};
    if (const auto done = connection->execute(kSettings); !done) return done.error();
    if (PQenterPipelineMode(connection->handle_.get()) != 1) return connection->lose();
    return connection;
}

// --- Statements ----------------------------------------------------------------------------------------------------

Error Connection::lose() {
    lost_ = true;
    return unreachable();
}

Error Connection::failure(const pg_result* result) {
    const char* found = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const std::string_view sqlstate = found ? found : "";
    disturbed_ = is_worth_repeating(sqlstate);
    if (sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("57P")) lost_ = true;
    // A standby that took over is another server; its connections are worth nothing.
    if (sqlstate == "25006") lost_ = true;
    const auto error = error_of(sqlstate);
    if (!disturbed_) {
        // The first line is about what failed; the rest may quote values.
        const char* message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
        std::string line = fmt::format("postgres {}: {}", sqlstate, message ? message : "the connection is lost");
        std::ranges::replace(line, '\n', ' ');
        environment_.log(LogLevel::error, line);
    }
    return error;
}

Status Connection::execute(const std::string& sql) {
    const bool pipelined = PQpipelineStatus(handle_.get()) != PQ_PIPELINE_OFF;
    RAILBOOK_ASSERT(queued_.empty());
    if (pipelined && PQexitPipelineMode(handle_.get()) != 1) return lose();
    const Rows rows{PQexec(handle_.get(), sql.c_str())};
    disturbed_ = false;
    const auto* result = rows.raw();
    const auto status = PQresultStatus(result);
    Status done;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) done = failure(result);
    if (pipelined && PQenterPipelineMode(handle_.get()) != 1) return lose();
    return done;
}

std::size_t Connection::queue(std::string_view sql, std::initializer_list<Value> values) {
    RAILBOOK_ASSERT(values.size() <= 32);
    auto known = names_.find(sql);
    if (known == names_.end()) known = names_.emplace(sql, fmt::format("s{}", names_.size())).first;
    const std::string& name = known->second;
    std::array<Oid, 32> types{};
    std::array<const char*, 32> bytes{};
    std::array<int, 32> sizes{};
    std::array<int, 32> formats{};
    std::size_t count = 0;
    for (const auto& value : values) {
        types[count] = value.type();
        bytes[count] = value.is_null() ? nullptr : value.bytes().data();
        sizes[count] = static_cast<int>(value.bytes().size());
        formats[count] = kBinary;
        ++count;
    }
    const bool prepares = !prepared_.contains(name) && preparing_.insert(name).second;
    if (prepares &&
        PQsendPrepare(handle_.get(), name.c_str(), known->first.c_str(), static_cast<int>(count), types.data()) != 1)
        lost_ = true;
    if (!lost_ && PQsendQueryPrepared(handle_.get(), name.c_str(), static_cast<int>(count), bytes.data(), sizes.data(),
                                      formats.data(), kBinary) != 1)
        lost_ = true;
    queued_.push_back({.name = &name, .prepares = prepares});
    if (sql == "COMMIT") commits_ = true;
    return queued_.size() - 1;
}

pg_result* Connection::next_answer() {
    // Each thing that was sent has its answer, and then a null.
    PGresult* result = PQgetResult(handle_.get());
    if (!result || PQresultStatus(result) == PGRES_PIPELINE_SYNC) return result;
    while (PGresult* more = PQgetResult(handle_.get())) {
        PQclear(more);
        if (PQstatus(handle_.get()) == CONNECTION_BAD) break;
    }
    return result;
}

Result<std::vector<Rows>> Connection::exchange() {
    const auto queued = std::exchange(queued_, {});
    preparing_.clear();
    disturbed_ = false;
    may_have_committed_ = std::exchange(commits_, false);
    if (lost_ || PQpipelineSync(handle_.get()) != 1) return lose();
    std::vector<Rows> answers;
    std::optional<Error> first;
    const auto take = [&](ExecStatusType& status) {
        Rows rows{next_answer()};
        status = rows.raw() ? PQresultStatus(rows.raw()) : PGRES_FATAL_ERROR;
        const bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
        if (!is_good && status != PGRES_PIPELINE_ABORTED && !first) first = failure(rows.raw());
        if (PQstatus(handle_.get()) == CONNECTION_BAD) lost_ = true;
        return rows;
    };
    ExecStatusType status = PGRES_COMMAND_OK;
    for (const auto& one : queued) {
        if (one.prepares) {
            take(status);
            if (lost_) return first ? *first : lose();
            if (status == PGRES_COMMAND_OK) prepared_.insert(*one.name);
        }
        answers.push_back(take(status));
        if (lost_) return first ? *first : lose();
    }
    take(status);
    if (lost_ || status != PGRES_PIPELINE_SYNC) return first ? *first : lose();
    if (first) return *first;
    return answers;
}

Result<Rows> Connection::ask(std::string_view sql, std::initializer_list<Value> values) {
    queue(sql, values);
    auto answers = exchange();
    if (!answers) return std::move(answers).error();
    return std::move(answers->front());
}

bool Connection::is_in_transaction() const {
    const auto status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

}  // namespace railbook::store::postgres

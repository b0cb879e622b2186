#include "store/postgres/errors.hpp"

namespace railbook::store::postgres {
namespace {

constexpr std::string_view kReadOnlyTransaction = "25006";
constexpr std::string_view kQueryCanceled = "57014";
constexpr std::string_view kProgramLimit = "54000";
constexpr std::string_view kLockNotAvailable = "55P03";
constexpr std::string_view kUniqueViolation = "23505";
constexpr std::string_view kExclusionViolation = "23P01";
constexpr std::string_view kSerializationFailure = "40001";
constexpr std::string_view kDeadlock = "40P01";
constexpr std::string_view kDiskFull = "53100";
constexpr std::string_view kOutOfMemory = "53200";
constexpr std::string_view kInsufficientPrivilege = "42501";
constexpr std::string_view kNoSuchDatabase = "3D000";
constexpr std::string_view kUndefinedTable = "42P01";
constexpr std::string_view kUndefinedColumn = "42703";
constexpr std::string_view kUndefinedFunction = "42883";
constexpr std::string_view kNoSuchSchema = "3F000";

Error busy(std::string_view what) { return {ErrorCode::unavailable, std::string{what}, "repeat the command"}; }

}  // namespace

Error unreachable() {
    return {ErrorCode::unavailable, "the database does not answer",
            "the command may have been done: repeat it with its key when the database is back"};
}

Error damaged_row() { return {ErrorCode::damaged, "a record in the database is not of its shape"}; }

bool is_worth_repeating(std::string_view sqlstate) {
    return sqlstate == kSerializationFailure || sqlstate == kDeadlock || sqlstate == kUniqueViolation ||
           sqlstate == kExclusionViolation;
}

Error error_of(std::string_view sqlstate) {
    if (sqlstate.size() != 5) return unreachable();
    if (sqlstate == kReadOnlyTransaction) {
        return {ErrorCode::unavailable, "the database takes no changes at present",
                "connect to the primary server, or wait until this one is"};
    }
    if (sqlstate == kSerializationFailure || sqlstate == kDeadlock || sqlstate == kUniqueViolation)
        return busy("too many commands change the same records at once");
    if (sqlstate == kLockNotAvailable || sqlstate == kQueryCanceled) return busy("the database is busy");
    if (sqlstate == kExclusionViolation) return {ErrorCode::seat_taken, "a seat is taken", "choose other seats"};
    if (sqlstate == kDiskFull) {
        return {ErrorCode::storage_full, "the database could not be written; nothing was changed",
                "free space on the database's disk, then repeat the command"};
    }
    if (sqlstate == kOutOfMemory) return busy("the database has not enough memory");
    if (sqlstate == kProgramLimit) return {ErrorCode::too_large, "a record is too large to be stored"};
    if (sqlstate == kInsufficientPrivilege) {
        return {ErrorCode::forbidden, "the database refuses this user a right that Railbook needs",
                "make this user the owner of the database, or of its schema railbook"};
    }
    if (sqlstate == kNoSuchDatabase)
        return {ErrorCode::not_found, "the server has no such database", "create it first: createdb"};
    if (sqlstate == kUndefinedTable || sqlstate == kUndefinedColumn || sqlstate == kUndefinedFunction ||
        sqlstate == kNoSuchSchema) {
        return {ErrorCode::damaged, "a part of the store's schema is missing in the database", "restore a backup"};
    }
    const std::string_view kind = sqlstate.substr(0, 2);
    if (kind == "08" || kind == "57") return unreachable();  // connections; shutting down and starting up
    if (kind == "53") return busy("the database has too much to do");
    if (kind == "58") {
        return {ErrorCode::unavailable, "the database cannot read or write its files",
                "look at the database server's log"};
    }
    if (kind == "28") {
        return {ErrorCode::forbidden, "the database refuses this user or its password",
                "put the right password into the file that PGPASSFILE names"};
    }
    if (kind == "XX") return {ErrorCode::damaged, "the database is damaged", "restore a backup"};
    if (kind == "23") return {ErrorCode::internal, "a rule of the store's schema was broken"};
    return {ErrorCode::internal, "the database failed in an unforeseen way"};
}

}  // namespace railbook::store::postgres

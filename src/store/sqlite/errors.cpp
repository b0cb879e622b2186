#include "store/sqlite/errors.hpp"

#include <sqlite3.h>

namespace railbook::store::sqlite {
namespace {

Error damaged() {
    return {ErrorCode::damaged, "the store's file is damaged", "restore a backup; `railbook store verify` says more"};
}

Error storage_full() {
    return {ErrorCode::storage_full, "the store's file could not be written; nothing was changed",
            "free space on the disk, then repeat the command"};
}

Error of_input_output(int code) {
    switch (code) {
        case SQLITE_IOERR_READ:
        case SQLITE_IOERR_SHORT_READ:
        case SQLITE_IOERR_CORRUPTFS:
        case SQLITE_IOERR_DATA: return damaged();
        case SQLITE_IOERR_NOMEM: return {ErrorCode::unavailable, "there is not enough memory", "repeat the command"};
        default: return storage_full();  // a write, sync, truncate or growth of a file that failed
    }
}

}  // namespace

Error error_of(int code, std::string_view message) {
    switch (code & 0xff) {
        case SQLITE_FULL: return storage_full();
        case SQLITE_IOERR: return of_input_output(code);
        case SQLITE_CORRUPT: return damaged();
        case SQLITE_NOTADB: return {ErrorCode::bad_data, "the file is not a Railbook store", "choose another file"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return {ErrorCode::unavailable, "another program is using the store's file", "repeat the command"};
        case SQLITE_NOMEM: return {ErrorCode::unavailable, "there is not enough memory", "repeat the command"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
        case SQLITE_AUTH:
            return {ErrorCode::forbidden, "the store's file may not be opened for writing",
                    "give this user the right to write the file and its folder"};
        case SQLITE_TOOBIG: return {ErrorCode::too_large, "a record is too large to be stored"};
        case SQLITE_CONSTRAINT:
            if (message == kOverlap) return {ErrorCode::seat_taken, "a seat is taken", "choose other seats"};
            return {ErrorCode::internal, "a rule of the store's schema was broken"};
        default: return {ErrorCode::internal, "the store failed in an unforeseen way"};
    }
}

}  // namespace railbook::store::sqlite

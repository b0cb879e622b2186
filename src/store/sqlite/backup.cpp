#include "store/sqlite/backup.hpp"

#include <cerrno>
#include <utility>

#include <sqlite3.h>
#include <unistd.h>

#include "store/sqlite/errors.hpp"
#include "store/sqlite/files.hpp"

namespace railbook::store::sqlite {
namespace {

constexpr std::string_view kWhat = "the backup";
constexpr int kPagesOfAPiece = 256;  // a megabyte: short enough for those who wait meanwhile

}  // namespace

void Backup::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close(database); }
void Backup::EndCopying::operator()(sqlite3_backup* copying) const { sqlite3_backup_finish(copying); }

Result<Backup> Backup::begin(Connection& connection, const std::string& file) {
    const auto real = real_path(file);
    if (!real) return real.error();
    if (access(real->c_str(), F_OK) == 0) return file_error(EEXIST, kWhat);
    auto unfinished = make_file_beside(*real, kWhat);
    if (!unfinished) return std::move(unfinished).error();
    Backup backup{*real, *std::move(unfinished)};
    sqlite3* raw = nullptr;
    const int code =
        sqlite3_open_v2(backup.unfinished_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    backup.copy_.reset(raw);
    if (code != SQLITE_OK) return error_of(code, {});
    // It is not needed before it is finished, and then it is synced as a whole.
    if (sqlite3_exec(raw, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", nullptr, nullptr, nullptr) !=
        SQLITE_OK)
        return error_of(sqlite3_extended_errcode(raw), {});
    backup.copying_.reset(sqlite3_backup_init(raw, "main", connection.handle(), "main"));
    if (!backup.copying_) return error_of(sqlite3_extended_errcode(raw), {});
    return backup;
}

Backup::Backup(Backup&& other) noexcept
    : file_{std::move(other.file_)},
      unfinished_{std::exchange(other.unfinished_, {})},
      copy_{std::move(other.copy_)},
      copying_{std::move(other.copying_)} {}

Backup::~Backup() {
    copying_.reset();
    copy_.reset();
    if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

Result<bool> Backup::copy_a_piece() {
    const int code = sqlite3_backup_step(copying_.get(), kPagesOfAPiece);
    if (code == SQLITE_OK) return false;
    copying_.reset();
    if (code != SQLITE_DONE) return error_of(code, {});
    return true;
}

Status Backup::finish() {
    copy_.reset();
    if (const auto done = sync_file(unfinished_, kWhat); !done) return done;
    if (const auto done = rename_to_new(unfinished_, file_, kWhat); !done) return done;
    unfinished_.clear();
    return sync_folder_of(file_, kWhat);
}

}  // namespace railbook::store::sqlite

#include <cerrno>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "store/sqlite/check.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/owner.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::store {
namespace {

using namespace sqlite;

constexpr std::string_view kWhat = "the restored store";
constexpr const char* kLog = "-wal";
constexpr const char* kIndexOfLog = "-shm";

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

/// A file that is removed unless it is kept.
class Unfinished {
public:
    explicit Unfinished(std::string path) : path_{std::move(path)} {}
    ~Unfinished() {
        if (path_.empty()) return;
        for (const char* suffix : {"", kLog, kIndexOfLog}) unlink((path_ + suffix).c_str());
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    const std::string& path() const { return path_; }
    void keep() { path_.clear(); }

private:
    std::string path_;
};

Status copy_content(const std::string& from, const std::string& to, const std::string& store) {
    std::error_code error;
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing, error);
    if (error) return file_error(error.value(), kWhat);
    // A backup may be there to be read only; the store is written. Where there is one, its rights stay.
    struct stat old{};
    const bool has_old = stat(store.c_str(), &old) == 0;
    if (chmod(to.c_str(), has_old ? old.st_mode & 07777 : S_IRUSR | S_IWUSR) != 0) return file_error(errno, kWhat);
    return {};
}

/// Whether the file is a whole store that this Railbook knows. It is opened for that: it may become a little larger.
Status check_store(const std::string& path, Environment& environment) {
    auto connection = Connection::open(path, environment, {});
    if (!connection) return std::move(connection).error();
    const auto schema = recognise(**connection);
    if (!schema) return schema.error();
    if (*schema == 0) return Error{ErrorCode::bad_data, "the backup is empty", "choose another file"};
    const auto findings = check_content(**connection);
    if (!findings) return findings.error();
    if (!findings->empty())
        return Error{ErrorCode::damaged, fmt::format("the backup is damaged: {}", findings->front()),
                     "choose another backup"};
    return {};
}

/// Brings what is in the log of the store into its file, as closing it does. A store that cannot be opened, which may
/// be why another one takes its place, keeps its log.
void put_away_log(const std::string& path, Environment& environment) {
    if (!is_there(path + kLog)) return;
    const auto connection = Connection::open(path, environment, {});
    if (connection) static_cast<void>((*connection)->integer("PRAGMA schema_version"));  // reads, and so recovers
}

std::string name_for_old(const std::string& path) {
    const std::string name = path + "-before-restore";
    if (!is_there(name)) return name;
    for (int number = 2;; ++number) {
        if (auto numbered = fmt::format("{}-{}", name, number); !is_there(numbered)) return numbered;
    }
}

/// Gives the old file a second name, and its log, if there still is one, a name beside that.
Status keep_old(const std::string& path, const std::string& aside) {
    if (link(path.c_str(), aside.c_str()) != 0) return file_error(errno, "the old store");
    if (is_there(path + kLog)) {
        if (const auto done = rename_to_new(path + kLog, aside + kLog, "the old store"); !done) return done;
    }
    unlink((path + kIndexOfLog).c_str());
    return sync_folder_of(path, "the old store");
}

}  // namespace

Result<std::string> restore_sqlite(const std::string& backup, const std::string& path, Environment& environment) {
    const auto from = real_path(backup);
    if (!from) return from.error();
    const auto to = real_path(path);
    if (!to) return to.error();
    if (*from == *to) return Error{ErrorCode::invalid_argument, "the backup is the store itself"};
    if (!is_there(*from)) return Error{ErrorCode::not_found, "there is no such backup"};
    if (access(from->c_str(), R_OK) != 0)
        return Error{ErrorCode::forbidden, "the backup may not be read", "give this user the right to read the file"};
    if (is_there(*from + kLog))
        return Error{ErrorCode::bad_data, "the file has a log beside it: it is a store, and not a backup of one",
                     "make a backup of it: railbook store backup"};
    const auto ownership = Ownership::take(*to);
    if (!ownership) return ownership.error();

    auto name = make_file_beside(*to, kWhat);
    if (!name) return std::move(name).error();
    Unfinished fresh{*std::move(name)};
    if (const auto done = copy_content(*from, fresh.path(), *to); !done) return done.error();
    // What is checked is what takes the store's place, not what lies elsewhere.
    if (const auto sound = check_store(fresh.path(), environment); !sound) return sound.error();
    if (const auto done = sync_file(fresh.path(), kWhat); !done) return done.error();

    std::string aside;
    if (is_there(*to)) {
        put_away_log(*to, environment);
        aside = name_for_old(*to);
        if (const auto done = keep_old(*to, aside); !done) return done.error();
    }
    if (rename(fresh.path().c_str(), to->c_str()) != 0) return file_error(errno, kWhat);
    fresh.keep();
    if (const auto done = sync_folder_of(*to, kWhat); !done) return done.error();
    return aside;
}

}  // namespace railbook::store

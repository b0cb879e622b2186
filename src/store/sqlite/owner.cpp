#include "store/sqlite/owner.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace railbook::store::sqlite {
namespace {

Error cannot_open(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return {ErrorCode::not_found, "the folder of the store's file does not exist", "make the folder first"};
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return {ErrorCode::storage_full, "there is no space for the store's file", "free space on the disk"};
        default:
            return {ErrorCode::forbidden, "the folder of the store's file may not be written",
                    "give this user the right to write the file and its folder"};
    }
}

/// `PID PROGRAM`, as the owner wrote it; both empty while it has not.
std::pair<std::string, std::string> read_owner(int file) {
    char buffer[256];
    const ssize_t size = pread(file, buffer, sizeof buffer, 0);
    const std::string text{buffer, size > 0 ? static_cast<std::size_t>(size) : 0};
    const auto space = text.find(' ');
    if (space == std::string::npos) return {};
    return {text.substr(0, space), text.substr(space + 1, text.find('\n') - space - 1)};
}

Error owned_by_another(int file) {
    const auto [process, program] = read_owner(file);
    if (process.empty())
        return {ErrorCode::conflict, "another process owns this store",
                "one process owns a store; end the other first"};
    return {ErrorCode::conflict, fmt::format("process {} ({}) owns this store", process, program),
            fmt::format("one process owns a store; end process {} first", process)};
}

/// Whether the name still leads to the file: its last owner may have removed it between our opening and our lock.
bool is_still_there(const std::string& path, int file) {
    struct stat named{};
    struct stat opened{};
    return stat(path.c_str(), &named) == 0 && fstat(file, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

}  // namespace

Result<Ownership> Ownership::take(const std::string& path) {
    const std::string name = path + "-owner";
    for (;;) {
        const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0) return cannot_open(errno);
        Ownership ownership{name, file};
        if (flock(file, LOCK_EX | LOCK_NB) != 0) {
            auto error = errno == EWOULDBLOCK ? owned_by_another(file) : cannot_open(errno);
            close(std::exchange(ownership.file_, -1));  // without removing what is another's
            return error;
        }
        if (!is_still_there(name, file)) {
            close(std::exchange(ownership.file_, -1));
            continue;
        }
        const auto text = fmt::format("{} {}\n", getpid(), program_invocation_short_name);
        if (ftruncate(file, 0) != 0 || pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
            return cannot_open(errno);
        return ownership;
    }
}

Ownership::Ownership(Ownership&& other) noexcept
    : path_{std::move(other.path_)}, file_{std::exchange(other.file_, -1)} {}

Ownership::~Ownership() {
    if (file_ < 0) return;
    unlink(path_.c_str());  // while the lock is still ours
    close(file_);
}

}  // namespace railbook::store::sqlite

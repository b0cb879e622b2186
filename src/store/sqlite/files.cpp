#include "store/sqlite/files.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace railbook::store::sqlite {
namespace {

namespace fs = std::filesystem;

Error not_permitted() {
    return {ErrorCode::forbidden, "the folder of the store's file may not be read",
            "give this user the right to write the file and its folder"};
}

Status sync(const std::string& path, int flags, std::string_view what) {
    const int file = open(path.c_str(), flags | O_CLOEXEC);
    if (file < 0) return file_error(errno, what);
    const int code = fsync(file) == 0 ? 0 : errno;
    close(file);
    if (code != 0) return file_error(code, what);
    return {};
}

}  // namespace

Result<std::string> real_path(const std::string& path) {
    if (path.empty()) return Error{ErrorCode::invalid_argument, "the store's file has no name"};
    if (path.find('\0') != std::string::npos)
        return Error{ErrorCode::invalid_argument, "the name of the store's file holds a NUL character"};
    std::error_code error;
    const auto absolute = fs::absolute(path, error);
    const auto real = error ? fs::path{} : fs::weakly_canonical(absolute, error);
    if (error) return not_permitted();
    const auto status = fs::status(real, error);
    if (fs::is_directory(status)) return Error{ErrorCode::invalid_argument, "the store's file is a folder"};
    if (fs::exists(status) && !fs::is_regular_file(status))
        return Error{ErrorCode::invalid_argument, "the store's file is not a regular file"};
    if (status.type() == fs::file_type::none) return not_permitted();
    return real.string();
}

Error file_error(int code, std::string_view what) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return {ErrorCode::not_found, fmt::format("the file or the folder of {} does not exist", what),
                    "make the folder first"};
        case EEXIST:
            return {ErrorCode::conflict, fmt::format("there is a file with the name of {} already", what),
                    "choose another name"};
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case EIO:
            return {ErrorCode::storage_full, fmt::format("{} could not be written", what), "free space on the disk"};
        default:
            return {ErrorCode::forbidden, fmt::format("{} may not be written", what),
                    "give this user the right to write the file and its folder"};
    }
}

Result<std::string> make_file_beside(const std::string& path, std::string_view what) {
    std::string name = path + ".XXXXXX";
    const int file = mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) return file_error(errno, what);
    close(file);
    return name;
}

Status sync_file(const std::string& path, std::string_view what) { return sync(path, O_RDONLY, what); }

Status sync_folder_of(const std::string& path, std::string_view what) {
    return sync(fs::path{path}.parent_path().string(), O_RDONLY | O_DIRECTORY, what);
}

Status rename_to_new(const std::string& from, const std::string& to, std::string_view what) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    // A file system that cannot promise it: then a file that comes in this very moment is replaced.
    if (errno != EINVAL) return file_error(errno, what);
    if (access(to.c_str(), F_OK) == 0) return file_error(EEXIST, what);
    if (rename(from.c_str(), to.c_str()) != 0) return file_error(errno, what);
    return {};
}

}  // namespace railbook::store::sqlite

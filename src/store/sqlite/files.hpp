#pragma once
/// Files beside the store's, and the promises of the file system about their names.

#include <string>

#include <railbook/result.hpp>

namespace railbook::store::sqlite {

/// One name for a file, whatever links lead to it. It starts with a slash, so SQLite takes it for a file and nothing
/// else. Errors: invalid_argument (a folder, or not a file); forbidden.
Result<std::string> real_path(const std::string& path);
/// What a call of the system on `what`, such as `the backup`, failed with.
Error file_error(int code, std::string_view what);
/// An empty file with a name of its own beside `path`.
Result<std::string> make_file_beside(const std::string& path, std::string_view what);
/// Makes the file's content safe from a power cut.
Status sync_file(const std::string& path, std::string_view what);
/// Makes the names in the file's folder safe from a power cut.
Status sync_folder_of(const std::string& path, std::string_view what);
/// Gives the file a name that no other file has. Errors also: conflict.
Status rename_to_new(const std::string& from, const std::string& to, std::string_view what);

}  // namespace railbook::store::sqlite

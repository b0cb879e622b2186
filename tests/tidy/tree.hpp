#pragma once
/// The source tree as the tidy tests read it.

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace railbook::tidy {

/// One text file. `path` is relative to the root of the repository and has forward slashes.
struct SourceFile {
    std::string path;
    std::vector<std::string> lines;

    bool is_in(std::string_view folder) const;
    std::string_view extension() const;
};

/// A line such as `#include "base/json.hpp"`.
struct Include {
    std::string path;
    bool quoted = false;
    std::size_t line = 0;  ///< From 1.
};

/// Where in the tree something is wrong, and what: `src/search/search.cpp:12: ...`.
std::string place(const SourceFile& file, std::size_t line, std::string_view what);

/// Files below these folders with one of these extensions (`.cpp`), by path.
std::vector<SourceFile> files_in(const std::vector<std::string>& folders, const std::set<std::string>& extensions);
/// The C++ files below these folders.
std::vector<SourceFile> code_in(const std::vector<std::string>& folders);
/// One file. A missing one is a failure of the test, and empty.
SourceFile file_at(const std::string& path);
bool exists(const std::string& path);

std::vector<Include> includes_of(const SourceFile& file);
/// The same lines with comments, strings and characters blanked: what the compiler takes as names.
std::vector<std::string> code_of(const SourceFile& file);

}  // namespace railbook::tidy

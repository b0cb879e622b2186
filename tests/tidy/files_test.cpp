// What holds for every file.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tidy/tree.hpp"

namespace railbook::tidy {
namespace {

const std::vector<std::string> kOurs{"include", "src", "tools", "tests", "examples", "docs", ".ci"};

std::vector<SourceFile> every_text() {
    auto files = files_in(kOurs, {".cpp", ".hpp", ".h", ".md", ".txt", ".json", ".sh", ".in", ".cmake", ".sql", ""});
    for (const char* name : {"CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"}) {
        files.push_back(file_at(name));
    }
    return files;
}

/// Characters, not bytes.
std::size_t width(std::string_view line) {
    const auto begins_character = [](char byte) { return (byte & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), begins_character));
}

TEST(EveryText, HasNoTabAndNoSpaceAtTheEndOfALine) {
    for (const auto& file : every_text()) {
        if (file.is_in("tests/cli/golden/")) continue;  // they are what the command printed
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            EXPECT_EQ(file.lines[i].find('\t'), std::string::npos) << place(file, i + 1, "a tab");
            EXPECT_FALSE(file.lines[i].ends_with(' ')) << place(file, i + 1, "a space at the end");
            EXPECT_FALSE(file.lines[i].ends_with('\r')) << place(file, i + 1, "a carriage return");
        }
    }
}

TEST(EveryText, IsFinished) {
    // Written in two halves, or this file would find itself.
    const std::regex unfinished{
        "\\b(TO"
        "DO|FIX"
        "ME|HA"
        "CK)\\b"};
    for (const auto& file : every_text()) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            EXPECT_FALSE(std::regex_search(file.lines[i], unfinished)) << place(file, i + 1, file.lines[i]);
        }
    }
}

TEST(EveryCodeFile, HasAtMost800Lines) {
    for (const auto& file : code_in({"include", "src", "tools", "tests", "examples"})) {
        EXPECT_LE(file.lines.size(), 800U) << file.path;
    }
}

TEST(EveryCodeFile, HasLinesOfAtMost120Characters) {
    // A literal may be longer: what it says to the byte cannot be broken.
    for (const auto& file : code_in({"include", "src", "tools", "tests", "examples"})) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            if (file.lines[i].find('"') != std::string::npos) continue;
            EXPECT_LE(width(file.lines[i]), 120U) << place(file, i + 1, "too long");
        }
    }
}

TEST(EveryHeader, BeginsWithItsPurpose) {
    for (const auto& file : files_in({"include", "src", "tools", "tests"}, {".hpp"})) {
        ASSERT_GE(file.lines.size(), 2U) << file.path;
        EXPECT_EQ(file.lines[0], "#pragma once") << file.path;
        EXPECT_TRUE(file.lines[1].starts_with("/// ")) << file.path << " does not say what it is for";
    }
}

TEST(EveryName, IsFromTheListOfWords) {
    const std::regex avoided{R"(reservation|\bpnr\b|seat[-_ ]?leg\b)", std::regex::icase};
    for (const auto& file : files_in({"include", "src", "tools", "examples", "docs"}, {".cpp", ".hpp", ".md"})) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            EXPECT_FALSE(std::regex_search(file.lines[i], avoided)) << place(file, i + 1, file.lines[i]);
        }
    }
}

TEST(EveryManual, NamesOnlyFilesThatExist) {
    const std::regex link{R"(\]\(([^)#:]+)(#[^)]*)?\))"};  // a colon begins an address, not a file
    const std::regex path{R"(`((?:include|src|tools|tests|examples|docs)/[\w./-]+)`)"};
    auto files = files_in({"docs"}, {".md"});
    for (const char* name : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"}) files.push_back(file_at(name));
    for (const auto& file : files) {
        const std::string folder = file.path.substr(0, file.path.rfind('/') + 1);
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string& line = file.lines[i];
            for (std::sregex_iterator each{line.begin(), line.end(), link}, end; each != end; ++each) {
                EXPECT_TRUE(exists(folder + (*each)[1].str())) << place(file, i + 1, (*each)[1].str());
            }
            for (std::sregex_iterator each{line.begin(), line.end(), path}, end; each != end; ++each) {
                EXPECT_TRUE(exists((*each)[1])) << place(file, i + 1, (*each)[1].str());
            }
        }
    }
}

TEST(EveryTest, RunsAlwaysAndNeverSleeps) {
    const std::regex evasion{R"(\bGTEST_SKIP\b|\bDISABLED_\w|\b(sleep_for|sleep_until|usleep|nanosleep)\b)"};
    for (const auto& file : code_in({"tests"})) {
        const auto lines = code_of(file);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            EXPECT_FALSE(std::regex_search(lines[i], evasion)) << place(file, i + 1, file.lines[i]);
        }
    }
}

TEST(EverySource, IsBuiltByATarget) {
    std::ifstream in{RAILBOOK_BINARY_DIR "/compile_commands.json"};
    ASSERT_TRUE(in) << "the build writes no compile_commands.json";
    std::stringstream commands;
    commands << in.rdbuf();
    // Where a target gathers its sources in a few units, those name them.
    for (std::filesystem::recursive_directory_iterator entry{RAILBOOK_BINARY_DIR}, end; entry != end; ++entry) {
        const auto& path = entry->path();
        // Other tests make and remove builds of their own in this one, maybe at this moment.
        if (path == RAILBOOK_BINARY_DIR "/tests/use") entry.disable_recursion_pending();
        if (path.parent_path().filename() == "Unity" && path.extension() == ".cxx") {
            commands << std::ifstream{path}.rdbuf();
        }
    }
    const std::string text = commands.str();

    // Folders that this build leaves out, such as the fuzzers with g++; another build of `tools/test.sh` has them.
    std::istringstream list{RAILBOOK_FOLDERS_NOT_BUILT};
    std::set<std::string> not_built;
    for (std::string folder; list >> folder;) not_built.insert(folder);

    for (const auto& file : files_in({"src", "tools", "tests", "examples"}, {".cpp"})) {
        const auto has_it = [&](const std::string& folder) { return file.is_in(folder); };
        if (std::any_of(not_built.begin(), not_built.end(), has_it)) continue;
        // `"file": "..."` of a command, or `#include "..."` of a unit.
        const std::string entry = " \"" RAILBOOK_SOURCE_DIR "/" + file.path + "\"";
        EXPECT_TRUE(text.find(entry) != std::string::npos) << file.path << " is built by no target";
    }
}

}  // namespace
}  // namespace railbook::tidy

// Who may include whom: the arrows of the house. The compiler sees one include path for all of `src`, so it cannot.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tidy/tree.hpp"

namespace railbook::tidy {
namespace {

const std::set<std::string> kVocabulary{"result", "ids", "money", "time", "environment"};
const std::set<std::string> kPorts{"stores", "payment"};
/// Each sees itself and those before it.
const std::vector<std::string> kStory{"timetable", "search", "pricing", "inventory", "booking", "ticketing"};
/// They see everything.
const std::set<std::string> kTop{"engine", "operations", "railbook", "version"};
const std::set<std::string> kTopFolders{"engine", "operations"};

std::string first_step(std::string_view path) { return std::string{path.substr(0, path.find('/'))}; }

/// `timetable` of `railbook/timetable.hpp`; nothing where it is no public header.
std::optional<std::string> public_header(std::string_view include) {
    constexpr std::string_view folder = "railbook/";
    if (!include.starts_with(folder)) return std::nullopt;
    const auto name = include.substr(folder.size());
    return std::string{name.substr(0, name.find('.'))};
}

/// The chapters of the story up to and with this one.
std::set<std::string> story_to(const std::string& chapter) {
    const auto last = std::find(kStory.begin(), kStory.end(), chapter);
    return {kStory.begin(), last == kStory.end() ? last : last + 1};
}

std::set<std::string> united(std::initializer_list<std::set<std::string>> sets) {
    std::set<std::string> all;
    for (const auto& set : sets) all.insert(set.begin(), set.end());
    return all;
}

bool is_chapter(const std::string& name) { return std::find(kStory.begin(), kStory.end(), name) != kStory.end(); }

bool is_standard(const Include& include) {
    return !include.quoted && include.path.find_first_of("./") == std::string::npos;
}

TEST(PublicHeaders, IncludeTheStandardLibraryAndEachOtherOnly) {
    for (const auto& file : code_in({"include"})) {
        for (const auto& include : includes_of(file)) {
            const bool neighbour = !include.quoted && public_header(include.path) && exists("include/" + include.path);
            EXPECT_TRUE(is_standard(include) || neighbour) << place(file, include.line, include.path);
        }
    }
}

TEST(PublicHeaders, SeeOnlyWhatLiesLeftOfThemInTheStory) {
    for (const auto& file : code_in({"include"})) {
        const std::string name = public_header(file.path.substr(std::string_view{"include/"}.size())).value();
        std::set<std::string> seen;
        if (kVocabulary.contains(name)) {
            seen = kVocabulary;
        } else if (kPorts.contains(name)) {
            seen = united({kVocabulary, kPorts});
        } else if (is_chapter(name)) {
            seen = united({kVocabulary, kPorts, story_to(name)});
        } else {
            EXPECT_TRUE(kTop.contains(name)) << file.path << " has no place in the house: add it to this test";
            continue;
        }
        for (const auto& include : includes_of(file)) {
            const auto header = public_header(include.path);
            EXPECT_TRUE(!header || seen.contains(*header)) << place(file, include.line, include.path);
        }
    }
}

TEST(LibrarySources, SeeOnlyTheFoldersBelowThem) {
    for (const auto& file : code_in({"src"})) {
        const std::string folder = first_step(std::string_view{file.path}.substr(4));
        std::set<std::string> folders;
        if (folder == "base") {
            folders = {"base"};
        } else if (folder == "store") {
            folders = {"base", "store"};
        } else if (is_chapter(folder)) {
            folders = united({{"base"}, story_to(folder)});
        } else {
            EXPECT_TRUE(kTopFolders.contains(folder)) << file.path << " has no place in the house: add it to this test";
            continue;
        }
        for (const auto& include : includes_of(file)) {
            if (!include.quoted || include.path.starts_with("documents/")) continue;
            EXPECT_TRUE(folders.contains(first_step(include.path))) << place(file, include.line, include.path);
        }
    }
}

TEST(LibrarySources, SeeOnlyThePublicHeadersBelowThem) {
    for (const auto& file : code_in({"src"})) {
        const std::string folder = first_step(std::string_view{file.path}.substr(4));
        if (kTopFolders.contains(folder)) continue;
        std::set<std::string> seen = united({kVocabulary, kPorts, {"version"}});
        if (is_chapter(folder)) seen = united({seen, story_to(folder)});
        for (const auto& include : includes_of(file)) {
            const auto header = public_header(include.path);
            EXPECT_TRUE(!header || seen.contains(*header)) << place(file, include.line, include.path);
        }
    }
}

TEST(LibrarySources, NamePrivateHeadersByTheirFolder) {
    for (const auto& file : code_in({"src"})) {
        for (const auto& include : includes_of(file)) {
            if (!include.quoted || include.path.starts_with("documents/")) continue;
            EXPECT_TRUE(exists("src/" + include.path)) << place(file, include.line, include.path);
        }
    }
}

TEST(Users, OfTheLibrarySeeItsPublicHeadersOnly) {
    for (const auto& file : code_in({"tools", "examples"})) {
        const bool is_command = file.is_in("tools/cli/");
        for (const auto& include : includes_of(file)) {
            if (include.quoted) {
                const bool is_own = is_command && exists("tools/cli/" + include.path);
                EXPECT_TRUE(is_own) << place(file, include.line, include.path);
            } else if (public_header(include.path)) {
                EXPECT_TRUE(exists("include/" + include.path)) << place(file, include.line, include.path);
            }
        }
    }
}

TEST(DriverHeaders, StayInTheirFolder) {
    const std::map<std::string, std::string> homes{
        {"sqlite3.h", "src/store/sqlite/"}, {"libpq-fe.h", "src/store/postgres/"},
        {"hiredis/", "src/store/redis/"},
        {"zip.h", "src/timetable/"},        {"utf8proc.h", "src/timetable/"},
        {"openssl/", "src/base/"},          {"CLI/", "tools/cli/"},
        {"toml++/", "tools/cli/"},
    };
    for (const auto& file : code_in({"include", "src", "tools", "examples"})) {
        for (const auto& include : includes_of(file)) {
            for (const auto& [driver, home] : homes) {
                if (!include.path.starts_with(driver)) continue;
                EXPECT_TRUE(file.is_in(home)) << place(file, include.line, include.path);
            }
        }
    }
}

}  // namespace
}  // namespace railbook::tidy

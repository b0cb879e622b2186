// One list of errors: the enum, its names, the manual and the command's exit codes say the same.

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <railbook/result.hpp>

#include "tidy/tree.hpp"

namespace railbook::tidy {
namespace {

/// Number by name, from the enum's text: the compiler cannot list an enum.
std::map<std::string, int> codes_of_the_header() {
    static const std::regex line_of_a_code{R"(^    (\w+) = (\d+),.*)"};
    std::map<std::string, int> codes;
    bool inside = false;
    for (const auto& line : file_at("include/railbook/result.hpp").lines) {
        if (line.starts_with("enum class ErrorCode")) inside = true;
        if (line.starts_with("};")) inside = false;
        std::smatch match;
        if (inside && std::regex_match(line, match, line_of_a_code)) codes[match[1]] = std::stoi(match[2]);
    }
    return codes;
}

/// A line of the table in docs/errors.md.
struct ManualEntry {
    int number = 0;
    std::string title;
    std::set<std::string> statuses;  ///< Of HTTP; which one may depend on the request.
    std::string exit_code;
    bool retryable = false;
};
std::map<std::string, ManualEntry> codes_of_the_manual() {
    static const std::regex row{R"(^\| (\d+) \| `(\w+)` \| ([^|]+) \| ([\d, ]+) \| (\d) \| (yes|no) \|.*)"};
    static const std::regex status{R"(\d+)"};
    std::map<std::string, ManualEntry> codes;
    for (const auto& line : file_at("docs/errors.md").lines) {
        std::smatch match;
        if (!std::regex_match(line, match, row)) continue;
        auto& entry = codes[match[2]];
        entry = {std::stoi(match[1]), match[3], {}, match[5], match[6] == "yes"};
        const std::string statuses = match[4];
        for (std::sregex_iterator each{statuses.begin(), statuses.end(), status}, end; each != end; ++each) {
            entry.statuses.insert(each->str());
        }
    }
    return codes;
}

/// What a switch of the command over every ErrorCode returns, by the code's name. A named constant is looked up.
std::map<std::string, std::string> answers_of_the_command(const std::string& function) {
    static const std::regex constant{R"(^inline constexpr int (k\w+) = (\d+);.*)"};
    std::map<std::string, std::string> constants;
    for (const auto& line : file_at("tools/cli/errors.hpp").lines) {
        std::smatch match;
        if (std::regex_match(line, match, constant)) constants[match[1]] = match[2];
    }

    static const std::regex case_or_return{R"(case ErrorCode::(\w+):|return (\w+);)"};
    std::map<std::string, std::string> answers;
    std::set<std::string> waiting;  // cases that share the next return
    bool inside = false;
    for (const auto& line : file_at("tools/cli/errors.cpp").lines) {
        if (line.starts_with("int " + function + "(")) inside = true;
        if (line == "}") inside = false;
        if (!inside) continue;
        for (std::sregex_iterator each{line.begin(), line.end(), case_or_return}, end; each != end; ++each) {
            if ((*each)[1].matched) {
                waiting.insert((*each)[1]);
                continue;
            }
            const auto named = constants.find((*each)[2]);
            for (const auto& name : waiting)
                answers[name] = named == constants.end() ? (*each)[2].str() : named->second;
            waiting.clear();
        }
    }
    return answers;
}

TEST(ErrorList, IsTheSameInTheHeaderAndInTheManual) {
    const auto header = codes_of_the_header();
    const auto manual = codes_of_the_manual();
    ASSERT_FALSE(header.empty());
    EXPECT_EQ(header.size(), manual.size());
    for (const auto& [name, number] : header) {
        const auto entry = manual.find(name);
        ASSERT_NE(entry, manual.end()) << name << " is not in docs/errors.md";
        EXPECT_EQ(entry->second.number, number) << name;
    }
}

TEST(ErrorList, IsToldByTheLibraryAsTheManualSays) {
    for (const auto& [name, entry] : codes_of_the_manual()) {
        const auto code = static_cast<ErrorCode>(entry.number);
        EXPECT_EQ(to_string(code), name);
        EXPECT_EQ(title(code), entry.title);
        EXPECT_EQ(is_retryable(code), entry.retryable) << name;
    }
}

TEST(ErrorList, GivesTheExitCodesOfTheManual) {
    const auto exit_codes = answers_of_the_command("exit_code");
    for (const auto& [name, entry] : codes_of_the_manual()) {
        ASSERT_TRUE(exit_codes.contains(name)) << name;
        EXPECT_EQ(exit_codes.at(name), entry.exit_code) << name;
    }
}

TEST(ErrorList, GivesTheHttpStatusesOfTheManual) {
    const auto statuses = answers_of_the_command("http_status");
    for (const auto& [name, entry] : codes_of_the_manual()) {
        ASSERT_TRUE(statuses.contains(name)) << name;
        EXPECT_TRUE(entry.statuses.contains(statuses.at(name))) << name << " is " << statuses.at(name);
    }
}

TEST(ErrorTexts, AreCutBetweenCharacters) {
    for (const auto& file : code_in({"src"})) {
        std::string code;
        for (const auto& line : code_of(file)) code += line + '\n';
        // Statement by statement, which may be several lines.
        for (std::size_t begin = 0; begin < code.size();) {
            const auto end = std::min(code.find(';', begin), code.size());
            const auto statement = code.substr(begin, end - begin);
            const bool is_cut =
                statement.find("ErrorCode::") != std::string::npos && statement.find(".substr(0,") != std::string::npos;
            const auto line =
                static_cast<std::size_t>(std::count(code.begin(), code.begin() + static_cast<long>(end), '\n'));
            EXPECT_FALSE(is_cut) << place(file, line + 1, "base::shortened cuts between two characters");
            begin = end + 1;
        }
    }
}

}  // namespace
}  // namespace railbook::tidy

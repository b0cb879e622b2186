#pragma once
/// Runs the program `railbook` as a user does, in a temporary folder and with a clock that stands still.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace railbook::test {

struct Outcome {
    int exit_code = -1;  ///< 128 + n where signal n ended it.
    std::string out;
    std::string err;
};

/// Where the standard output of a run goes.
enum class Output { captured, closed_pipe, full_device, closed };

class ProgramTest : public testing::Test {
protected:
    ProgramTest();
    ~ProgramTest() override;

    /// With the test's store and the clock at `now`.
    Outcome run(std::vector<std::string> arguments);
    /// With nothing but these arguments.
    Outcome run_plain(const std::vector<std::string>& arguments, Output output = Output::captured);
    /// At a terminal, where `typed` is typed once the program has asked; Ctrl-C is the byte 3.
    Outcome run_at_terminal(std::vector<std::string> arguments, std::string_view typed);

    /// Compares the run with tests/cli/golden/NAME.txt. What differs from run to run (ids, references, tokens) is
    /// written as what it is. RAILBOOK_UPDATE_GOLDEN=1 writes the file instead.
    void expect_golden(const std::string& name, const std::vector<std::string>& arguments);

    /// A file in the test's folder; returns its path.
    std::string write(const std::string& name, std::string_view text);
    /// Imports a small timetable named `tiny`, see program.cpp, and a train of two seats for it.
    void import_tiny();

    /// The text between `before` and the next `after` in a run's output.
    static std::string cut(const std::string& text, std::string_view before, std::string_view after);
    /// A member of a JSON output that is a text or a number.
    static std::string json_member(const std::string& text, std::string_view pointer);

    std::filesystem::path folder;
    std::string store;
    std::string now = "2026-11-30T12:00:00Z";
    std::map<std::string, std::string> environment;

private:
    std::vector<std::string> with_store(std::vector<std::string> arguments) const;
};

}  // namespace railbook::test

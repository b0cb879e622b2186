#pragma once
/// What a run of the simulator did and found.

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace railbook::sim {

/// How often a kind of fault struck, and how often in the middle of something.
struct FaultCount {
    std::uint64_t all = 0;
    std::uint64_t inside_command = 0;  ///< Between two port calls of one command.
    std::uint64_t after_effect = 0;    ///< When the command in question had already changed something.
    std::uint64_t inside_step = 0;     ///< Inside one transaction of the store.
};

struct OperationCount {
    std::uint64_t all = 0;
    std::uint64_t done = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown = 0;  ///< The client never learned what became of it.
};

/// Counts are by name, so that they print in one order everywhere.
struct Report {
    std::uint64_t worlds = 0;
    std::uint64_t operations = 0;
    std::map<std::string, OperationCount> kinds;
    std::map<std::string, std::uint64_t> refusals;  ///< By operation and code.
    std::map<std::string, FaultCount> faults;
    std::map<std::string, std::uint64_t> marks;  ///< What is to happen sometimes.
    std::map<std::string, std::uint64_t> checks;
    std::vector<std::string> violations;
    std::vector<std::string> story;  ///< All that happened in the world of the violation.
    std::uint64_t trace = 0;

    void mark(const std::string& what) { ++marks[what]; }
};

/// All of it, for people; of the story the last lines.
void print(const Report& report, std::size_t story_lines, std::FILE* to);

}  // namespace railbook::sim

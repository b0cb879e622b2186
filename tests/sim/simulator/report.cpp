#include "sim/simulator/report.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {

void print(const Report& report, std::size_t story_lines, std::FILE* to) {
    fmt::print(to, "{:<22}{:>10}{:>10}{:>10}{:>10}\n", "operation", "calls", "done", "refused", "unknown");
    for (const auto& [name, count] : report.kinds) {
        fmt::print(to, "  {:<20}{:>10}{:>10}{:>10}{:>10}\n", name, count.all, count.done, count.refused, count.unknown);
    }
    fmt::print(to, "\n{:<34}{:>10}\n", "refusal", "times");
    for (const auto& [name, count] : report.refusals) fmt::print(to, "  {:<32}{:>10}\n", name, count);
    fmt::print(to, "\n{:<34}{:>10}{:>16}{:>16}{:>14}\n", "fault", "times", "inside command", "after an effect",
               "inside step");
    for (const auto& [name, count] : report.faults) {
        fmt::print(to, "  {:<32}{:>10}{:>16}{:>16}{:>14}\n", name, count.all, count.inside_command, count.after_effect,
                   count.inside_step);
    }
    fmt::print(to, "\n{:<54}{:>10}\n", "sometimes", "times");
    for (const auto& [name, count] : report.marks) fmt::print(to, "  {:<52}{:>10}\n", name, count);
    fmt::print(to, "\n{:<54}{:>10}\n", "checked", "times");
    for (const auto& [name, count] : report.checks) fmt::print(to, "  {:<52}{:>10}\n", name, count);
    fmt::print(to, "\n{} worlds\n", report.worlds);
    if (report.violations.empty()) return;
    fmt::print(to, "\nwhat led to it:\n");
    const auto first = report.story.size() - std::min(story_lines, report.story.size());
    for (auto i = first; i < report.story.size(); ++i) fmt::print(to, "  {}\n", report.story[i]);
    fmt::print(to, "\nviolations:\n");
    for (const auto& line : report.violations) fmt::print(to, "  {}\n", line);
}

}  // namespace railbook::sim

// railbook_sim [--seed S] [--operations N] [--worlds W] [--store memory|sqlite] [--story LINES]: the simulator as a
// command.

#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "sim/simulator/simulator.hpp"

namespace {

using railbook::sim::StoreKind;
using railbook::sim::Wanted;

int usage() {
    std::fputs("usage: railbook_sim [--seed S] [--operations N] [--worlds W] [--store memory|sqlite] [--story LINES]\n",
               stderr);
    return 2;
}

bool read_number(std::string_view text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

int main(int count, char** arguments) {
    Wanted wanted;
    std::uint64_t story_lines = 120;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        const std::string_view value = arguments[i + 1];
        bool understood = true;
        if (name == "--seed") understood = read_number(value, wanted.seed);
        else if (name == "--operations") understood = read_number(value, wanted.operations);
        else if (name == "--worlds") understood = read_number(value, wanted.worlds);
        else if (name == "--story") understood = read_number(value, story_lines);
        else if (name == "--store" && value == "memory") wanted.store = StoreKind::memory;
        else if (name == "--store" && value == "sqlite") wanted.store = StoreKind::sqlite;
        else understood = false;
        if (!understood) return usage();
    }
    if (count % 2 == 0) return usage();
    const auto report = railbook::sim::simulate(wanted);
    railbook::sim::print(report, story_lines, stdout);
    fmt::print("seed={} operations={} violations={} trace={:016x}\n", wanted.seed, report.operations,
               report.violations.size(), report.trace);
    return report.violations.empty() ? 0 : 1;
}

#pragma once
/// Goals of what a benchmark measures: a table after its rows, as `must` and `aim` of each and whether they are met.
/// With --strict a goal that is missed is a failure; otherwise it is only marked, since a busy machine says little.

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace railbook::bench {

/// Of one thread.
class Goals {
public:
    /// What should be small. A row that is measured again, as it is until it took long enough, counts as it was last.
    void at_most(std::string what, const char* unit, double measured, double must, std::optional<double> aim = {}) {
        add({std::move(what), unit, measured, must, aim, true});
    }
    void at_least(std::string what, const char* unit, double measured, double must, std::optional<double> aim = {}) {
        add({std::move(what), unit, measured, must, aim, false});
    }

    /// How many are missed.
    int print() const {
        std::printf("\n%-58s %10s %-6s %8s %8s\n", "goal", "measured", "", "must", "aim");
        int missed = 0;
        for (const auto& row : rows_) {
            const auto meets = [&](double goal) { return row.is_small ? row.measured <= goal : row.measured >= goal; };
            std::printf("%-58s %10.1f %-6s %8.1f ", row.what.c_str(), row.measured, row.unit, row.must);
            if (row.aim) std::printf("%8.1f ", *row.aim);
            else std::printf("%8s ", "");
            const bool is_met = meets(row.must);
            missed += is_met ? 0 : 1;
            std::printf("%s\n", !is_met ? "MISSED" : row.aim && meets(*row.aim) ? "met, as aimed" : "met");
        }
        std::printf("%d goals missed\n", missed);
        return missed;
    }

private:
    struct Row {
        std::string what;
        const char* unit;
        double measured;
        double must;
        std::optional<double> aim;
        bool is_small;
    };
    void add(Row row) {
        const auto known = std::ranges::find(rows_, row.what, &Row::what);
        if (known == rows_.end()) rows_.push_back(std::move(row));
        else *known = std::move(row);
    }
    std::vector<Row> rows_;
};

inline Goals& goals() {
    static Goals all;
    return all;
}

/// The whole program: runs the benchmarks and prints the goals. Returns its exit code.
inline int run(int argc, char** argv) {
    std::vector<char*> arguments{argv, argv + argc};
    const auto is_strict = [](const char* one) { return one == std::string_view{"--strict"}; };
    const bool strict = std::erase_if(arguments, is_strict) > 0;
    auto count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return goals().print() > 0 && strict ? 1 : 0;
}

}  // namespace railbook::bench

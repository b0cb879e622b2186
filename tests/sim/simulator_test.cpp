// The simulator as a test: seeds that must be clean, a seed that must be the same everywhere, and faults of the
// simulator's own that must be found.

#include <algorithm>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sim/simulator/disk.hpp"
#include "sim/simulator/fiber.hpp"
#include "sim/simulator/simulator.hpp"

namespace railbook::sim {
namespace {

std::uint64_t test_scale() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return static_cast<std::uint64_t>(text ? std::max(1, std::atoi(text)) : 1);
}

std::string told(const Report& report) {
    std::string text;
    const auto first = report.story.size() - std::min<std::size_t>(report.story.size(), 60);
    for (auto i = first; i < report.story.size(); ++i) text += report.story[i] + "\n";
    for (const auto& violation : report.violations) text += violation + "\n";
    return text;
}

TEST(Simulator, FindsNoViolationInMemory) {
    const auto report = simulate({.seed = 1, .operations = 20'000 * test_scale()});
    EXPECT_TRUE(report.violations.empty()) << told(report);
    EXPECT_EQ(report.checks.count("searches that gave up"), 0U);
}

TEST(Simulator, FindsNoViolationOnADiskThatLosesItsPower) {
    const auto report = simulate({.seed = 1, .operations = 4'000 * test_scale(), .store = StoreKind::sqlite});
    EXPECT_TRUE(report.violations.empty()) << told(report);
    EXPECT_GT(report.marks.at("a store was opened on what a power cut had left"), 0U);
    // A disk that fails between transactions only would find nothing.
    ASSERT_TRUE(report.faults.contains("power: cut"));
    EXPECT_GT(report.faults.at("power: cut").inside_command, 0U);
    EXPECT_GT(report.faults.at("power: cut").inside_step, 0U);
}

/// What a simulator is for: everything in it happens, and faults hit commands in their middle.
TEST(Simulator, FaultsHitTheMiddleOfCommands) {
    const auto report = simulate({.seed = 1, .operations = 40'000});
    for (const char* mark : {"a stale fence was refused",
                             "a commit of unknown outcome was resolved as done",
                             "a key used again was refused",
                             "a repeated command repeated its answer",
                             "late money took the same seats again",
                             "late money found the seats gone",
                             "a command was thrown away after it had an effect",
                             "another's hold or booking was not found",
                             "a run got other coaches",
                             "a consist change re-seated a held seat",
                             "a consist change re-seated a sold seat",
                             "a consist change that would strand somebody was refused",
                             "a run had changed since its offer",
                             "an import met a pinned run",
                             "a seat was not in the coaches",
                             "a run or a stop was not in the timetable",
                             "a buyer changes seats on the way",
                             "a key was used by this buyer as if by nobody else",
                             "a subscriber went on where it was",
                             "a subscriber was told to look at all seats again",
                             "a subscriber looked at all seats again",
                             "a booking was cancelled",
                             "a booking that is being paid for was kept"}) {
        EXPECT_TRUE(report.marks.contains(mark)) << mark;
    }
    for (const char* fault :
         {"store: unavailable before", "store: unavailable after", "process: crash", "clock: forward",
          "clock: backward", "clock: to a deadline", "gateway: unavailable before", "gateway: unavailable after"}) {
        ASSERT_TRUE(report.faults.contains(fault)) << fault;
        EXPECT_GT(report.faults.at(fault).inside_command, 0U) << fault;
        EXPECT_GT(report.faults.at(fault).after_effect, 0U) << fault;
    }
    ASSERT_TRUE(report.faults.contains("store: conflict"));
    EXPECT_GT(report.faults.at("store: conflict").inside_command, 0U);
}

TEST(Simulator, ReplaysASeedExactly) {
    for (const auto store : {StoreKind::memory, StoreKind::sqlite}) {
        const auto first = simulate({.seed = 17, .operations = 1'000, .store = store});
        const auto second = simulate({.seed = 17, .operations = 1'000, .store = store});
        EXPECT_EQ(first.trace, second.trace);
        EXPECT_NE(first.trace, simulate({.seed = 18, .operations = 1'000, .store = store}).trace);
    }
}

/// The same with every compiler and in every build. Where the engine behaves differently on purpose (it calls its ports
/// in another order, say), this number changes: `railbook_sim --seed 42 --operations 2000` prints the new one.
TEST(Simulator, TracesOfASeedAreTheSameEverywhere) {
    const auto report = simulate({.seed = 42, .operations = 2'000});
    EXPECT_EQ(fmt::format("{:016x}", report.trace), "387eff9903a0a20e");
}

/// So is that of a disk, with one version of SQLite: others may write to it in another order.
TEST(Simulator, TracesOfADiskAreTheSameEverywhere) {
    const auto trace = [] {
        const auto report = simulate({.seed = 42, .operations = 500, .store = StoreKind::sqlite});
        return fmt::format("{:016x}", report.trace);
    };
    const bool is_known = std::string_view{sqlite3_libversion()} == "3.40.1";
    EXPECT_EQ(trace(), is_known ? "c0e16a6218ea38d0" : trace());
}

/// The disk is worth its name: a store that does not wait for its syncs is found out.
TEST(Simulator, FindsADiskThatIgnoresSyncs) {
    const auto report = simulate({.seed = 1, .operations = 200'000, .store = StoreKind::sqlite, .disk_lies = true});
    EXPECT_FALSE(report.violations.empty());
}

TEST(SimulatedDisk, KeepsWhatWasSyncedAndMayLoseTheRest) {
    bool lost = false;
    bool kept = false;
    bool torn = false;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        SimulatedDisk disk{seed};
        const std::vector<unsigned char> old(2048, 1);
        const std::vector<unsigned char> fresh(2048, 2);
        {
            const auto file = disk.open("/a");
            ASSERT_TRUE(disk.write(*file, 0, old.data(), old.size()));
            ASSERT_TRUE(disk.sync(*file));
            ASSERT_TRUE(disk.write(*file, 0, fresh.data(), fresh.size()));
        }
        disk.cut_power();
        EXPECT_FALSE(disk.write(*disk.open("/a"), 0, old.data(), old.size()));
        disk.power_on();
        const auto& now = disk.open("/a")->now;
        ASSERT_EQ(now.size(), old.size());
        const auto count = std::ranges::count(now, 2);
        EXPECT_EQ(count % 512, 0) << "a sector is never torn";
        lost = lost || count == 0;
        kept = kept || count == 2048;
        torn = torn || (count != 0 && count != 2048);
    }
    EXPECT_TRUE(lost && kept && torn);
}

TEST(Fiber, GivesWayAndEnds) {
    std::string said;
    Fiber fiber{[&] {
        said += "a";
        fiber.give_way();
        said += "c";
    }};
    fiber.resume();
    said += "b";
    EXPECT_FALSE(fiber.is_done());
    fiber.resume();
    EXPECT_TRUE(fiber.is_done());
    EXPECT_EQ(said, "abc");
}

}  // namespace
}  // namespace railbook::sim

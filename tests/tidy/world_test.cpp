// The library takes time, chance and order from outside, so that a test can own them.

#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tidy/tree.hpp"

namespace railbook::tidy {
namespace {

/// The one place where the real clock and the real randomness are asked.
constexpr std::string_view kRealWorld = "src/base/environment.cpp";

void expect_nowhere(const std::regex& pattern, std::string_view why) {
    for (const auto& file : code_in({"include", "src"})) {
        if (file.path == kRealWorld) continue;
        const auto lines = code_of(file);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            EXPECT_FALSE(std::regex_search(lines[i], pattern)) << place(file, i + 1, why) << '\n' << file.lines[i];
        }
    }
}

TEST(Library, AsksNoClock) {
    expect_nowhere(std::regex{R"(\b(system_clock|steady_clock|high_resolution_clock|utc_clock)\s*::\s*now\b)"
                              R"(|\b(clock_gettime|gettimeofday|localtime|gmtime|mktime|strftime)\b)"
                              R"(|\btime\s*\(\s*(nullptr|NULL|0|&\w+)\s*\))"},
                   "time comes from the Environment");
}

TEST(Library, DrawsNoRandomness) {
    expect_nowhere(std::regex{R"(\b(random_device|mt19937|mt19937_64|default_random_engine|minstd_rand|s?rand|rand_r)"
                              R"(|[dl]rand48|arc4random\w*|getrandom|getentropy|RAND_bytes|RAND_priv_bytes)\b)"},
                   "randomness comes from the Environment");
}

TEST(Library, ReadsNoEnvironmentVariable) {
    expect_nowhere(std::regex{R"(\b(secure_)?getenv\b|\benviron\b)"}, "settings are arguments");
}

TEST(Library, StartsNoThreadAndNeverSleeps) {
    expect_nowhere(std::regex{R"(\bstd::(thread|jthread|async)\b|\bpthread_create\b)"
                              R"(|\b(sleep_for|sleep_until|u?sleep|nanosleep)\b)"},
                   "the caller owns threads and waiting");
}

TEST(Library, WritesToNoStreamOfTheProcess) {
    expect_nowhere(std::regex{R"(\bstd::(cout|cerr|clog|cin)\b|\b(printf|puts|putchar)\s*\()"},
                   "what is worth saying is a result, or a line for the Environment's log");
}

}  // namespace
}  // namespace railbook::tidy

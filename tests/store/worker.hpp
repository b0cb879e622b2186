#pragma once
/// A process that sells seats on a SQLite store and tells through a pipe what it was told, until something ends it.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <railbook/stores.hpp>

#include "store/fixture.hpp"

namespace railbook::test {

/// An acknowledged answer, as it goes through the pipe: which thread has it, for which hold, and the record.
struct Line {
    int thread = 0;
    HoldId hold;
    Answer answer;
};

/// Those in the text that came through the pipe; a last line without its end is none.
std::vector<Line> read_lines(const std::string& text);

/// Every thread holds, extends, books, pays, settles and releases, and reports each answer after it has it.
class Worker {
public:
    Worker(const std::string& file, int pipe, std::uint64_t seed);

    /// Ends the process: with 1 where the store does not open, with 2 after an answer that should not be.
    [[noreturn]] void run();

private:
    void report(int thread, const HoldId& hold, const Answer& answer);
    void work(int thread);

    TestEnvironment environment_;
    std::unique_ptr<Store> store_;
    int pipe_;
    std::uint64_t seed_;
    std::mutex mutex_;
    Run run_;  // a new train a round: it never fills up
};

}  // namespace railbook::test

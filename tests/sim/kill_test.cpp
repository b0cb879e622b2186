// Buyers in many threads at one SQLite store, a `kill -9` in the middle of their writes, and then the question whether
// everything that any of them was told is still true.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <random>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

constexpr int kThreads = 4;

int scale() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return text ? std::max(1, std::atoi(text)) : 1;
}

/// One line to the parent, in one write: a pipe keeps writes of up to PIPE_BUF bytes whole.
void acknowledge(int pipe, const std::string& line) {
    const std::string text = line + "\n";
    if (write(pipe, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(3);
}

/// A buyer who does random things until killed, and reports each answer after it was given.
void buy(Engine& engine, std::uint64_t seed, int pipe) {
    std::mt19937_64 random{seed};
    const Principal who = Principal::user_named(fmt::format("buyer-{}", seed));
    const std::array stations{"A", "H", "G", "F"};
    Environment& environment = system_environment();
    std::vector<Hold> holds;
    const ServiceDate tomorrow = *date_in(environment.now(), "Europe/Berlin") + std::chrono::days{1};
    for (;;) {
        const auto day = std::chrono::days{static_cast<int>(random() % 25)};
        const auto from = random() % 3;
        const auto to = from + 1 + random() % (3 - from);
        const RunId run{.date = tomorrow + day, .trip = {"t", random() % 2 ? "early" : "late"}};
        HoldRequest request{CommandKey::make(environment),
                            {{run, stations[from], stations[to], BestSeats{static_cast<int>(1 + random() % 2), ""}}}};
        const auto hold = engine.inventory().hold(who, request);
        acknowledge(pipe, "op");
        if (!hold) {
            // Limits and sold out trains are answers too; anything else is a failure of the test.
            const auto code = hold.error().code;
            if (code != ErrorCode::sold_out && code != ErrorCode::too_many_requests) {
                acknowledge(pipe, "failure " + hold.error().detail);
                _exit(4);
            }
            if (!holds.empty()) {
                const auto released = engine.inventory().release(who, holds.back().id, holds.back().fence);
                if (released) acknowledge(pipe, fmt::format("released {}", to_string(holds.back().id)));
                holds.pop_back();
            }
            continue;
        }
        acknowledge(pipe, fmt::format("held {} {}", to_string(hold->id), hold->fence));
        if (random() % 3 == 0) {
            holds.push_back(*hold);
            continue;
        }
        QuoteRequest wanted;
        wanted.legs = {{run, stations[from], stations[to]}};
        for (std::size_t i = 0; i < hold->items.front().seats.size(); ++i)
            wanted.passengers.push_back({std::to_string(i), "adult"});
        wanted.travel_class = hold->items.front().travel_class;
        const auto quote = engine.pricing().quote(wanted);
        if (!quote) {
            acknowledge(pipe, "failure " + quote.error().detail);
            _exit(4);
        }
        BookingRequest booking{CommandKey::make(environment), hold->id, hold->fence, quote->token, {}};
        for (std::size_t i = 0; i < wanted.passengers.size(); ++i)
            booking.passengers.push_back({"", "Given", "Family"});
        const auto booked = engine.bookings().create(who, booking);
        acknowledge(pipe, "op");
        if (!booked) continue;
        acknowledge(pipe, fmt::format("booked {} {}", to_string(booked->id), booked->reference));
        const auto paid = engine.bookings().pay(
            who, {CommandKey::make(environment), booked->id, random() % 8 ? "sandbox:success" : "sandbox:declined"});
        acknowledge(pipe, "op");
        if (paid)
            acknowledge(pipe, fmt::format("paid {} {} {}", to_string(booked->id), to_string(paid->id),
                                          to_string(paid->status)));
        if (random() % 4 == 0 && !engine.run_due(10)) _exit(5);
    }
}

[[noreturn]] void run_buyers(const std::string& url, std::uint64_t seed, int pipe) {
    auto engine = Engine::open(url);
    if (!engine) {
        acknowledge(pipe, "failure " + engine.error().detail);
        _exit(2);
    }
    std::vector<std::thread> buyers;
    for (std::uint64_t i = 0; i < kThreads; ++i)
        buyers.emplace_back([&, i] { buy(*engine, seed * kThreads + i, pipe); });
    for (auto& buyer : buyers) buyer.join();
    _exit(0);
}

/// Every line that came whole.
struct Told {
    std::vector<std::vector<std::string>> lines;
    std::size_t operations = 0;
};

/// Lets the buyers run until `wanted` lines were read, kills them, and returns all that they had been told.
Told run_and_kill(const std::string& url, std::uint64_t seed, std::size_t wanted) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_buyers(url, seed, ends[1]);
    }
    close(ends[1]);
    std::string text;
    std::size_t lines = 0;
    std::array<char, 4096> buffer{};
    bool killed = false;
    for (;;) {
        const auto count = read(ends[0], buffer.data(), buffer.size());
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
        lines += static_cast<std::size_t>(std::count(buffer.begin(), buffer.begin() + count, '\n'));
        if (!killed && lines >= wanted) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the buyers ended by themselves: " << text.substr(text.size() > 300 ? text.size() - 300 : 0);
    Told told;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line) && !stream.eof();) {
        std::istringstream words{line};
        std::vector<std::string> parts{std::istream_iterator<std::string>{words}, {}};
        if (parts.front() == "op") ++told.operations;
        else told.lines.push_back(std::move(parts));
    }
    return told;
}

void expect_true(Engine& engine, const Told& told) {
    const Principal staff = Principal::operator_named("test");
    std::set<std::string> released;
    for (const auto& line : told.lines) {
        if (line[0] == "released") released.insert(line[1]);
    }
    for (const auto& line : told.lines) {
        ASSERT_NE(line[0], "failure") << testing::PrintToString(line);
        if (line[0] == "held") {
            const auto hold = engine.inventory().find(staff, *HoldId::parse(line[1]));
            ASSERT_TRUE(hold) << "hold " << line[1] << " was acknowledged and is gone";
            EXPECT_EQ(std::to_string(hold->fence), line[2]);
            if (released.contains(line[1])) {
                EXPECT_EQ(hold->status, HoldStatus::released);
            }
        }
        if (line[0] == "booked") {
            const auto booking = engine.bookings().find(staff, std::string_view{line[2]});
            ASSERT_TRUE(booking) << "booking " << line[2] << " was acknowledged and is gone";
            EXPECT_EQ(to_string(booking->id), line[1]);
        }
        if (line[0] == "paid") {
            const auto payment = engine.bookings().payment(staff, *PaymentId::parse(line[2]));
            ASSERT_TRUE(payment) << "payment " << line[2] << " was acknowledged and is gone";
            if (line[3] == "pending") continue;
            EXPECT_EQ(to_string(payment->status), line[3]);
            if (line[3] == "captured") {
                EXPECT_EQ(engine.bookings().find(staff, *BookingId::parse(line[1]))->status(), PartStatus::fulfilled);
            }
        }
    }
}

TEST(KillTest, NothingAcknowledgedIsLostAndNoLawBreaks) {
    test::TemporaryFolder folder;
    const std::string url = "sqlite:" + folder.file("r.db");
    // The railway is imported by the child's predecessor, at today's clock: the buyers use the real one.
    {
        auto engine = Engine::open(url);
        ASSERT_TRUE(engine) << engine.error().detail;
        test::write_small_railway(folder.path());
        const auto today = date_in(*engine->now(), "Europe/Berlin");
        ASSERT_TRUE(today);
        ImportOptions options;
        options.name = "t";
        // By whole weeks: it begins up to six days later.
        options.rebase = *today - std::chrono::days{7};
        const auto report = engine->timetable().import_gtfs(folder.path().string(), options);
        ASSERT_TRUE(report) << report.error().detail;
    }
    const std::size_t wanted = 10'000 * static_cast<std::size_t>(scale());
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random{seed};
    std::size_t operations = 0;
    int rounds = 0;
    while (operations < wanted || rounds < 5) {
        const Told told = run_and_kill(url, random(), 200 + random() % 4000);
        operations += told.operations;
        ++rounds;
        // The sandbox holds what the provider took; the engine must come to terms with it after each crash.
        auto engine = Engine::open(url);
        ASSERT_TRUE(engine) << engine.error().detail;
        const auto report = engine->verify();
        ASSERT_TRUE(report) << report.error().detail;
        for (const auto& violation : report->violations)
            ADD_FAILURE() << violation.law << " / " << violation.object << " / " << violation.detail;
        expect_true(*engine, told);
        if (HasFailure()) return;
    }
    RecordProperty("operations", static_cast<int>(operations));
    RecordProperty("kills", rounds);
    std::printf("%zu operations, %d kills\n", operations, rounds);
}

}  // namespace
}  // namespace railbook

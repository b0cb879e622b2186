/// A process that is killed while it writes loses nothing that it has acknowledged.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/fixture.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/worker.hpp"

namespace railbook::test {
namespace {

int rounds() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return 12 * (text ? std::max(1, std::atoi(text)) : 1);
}

/// Reads what the child reports, kills it after `lines` of them, and reads the rest.
std::vector<Line> run_and_kill(const TemporaryFolder& folder, std::uint64_t seed, std::size_t lines) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        Worker{folder.file("store.db"), ends[1], seed}.run();
    }
    close(ends[1]);
    std::string text;
    std::size_t seen = 0;
    bool is_killed = false;
    char buffer[4096];
    for (;;) {
        const auto size = read(ends[0], buffer, sizeof buffer);
        if (size <= 0) break;
        text.append(buffer, static_cast<std::size_t>(size));
        seen += static_cast<std::size_t>(std::count(buffer, buffer + size, '\n'));
        if (seen >= lines && !is_killed) {
            kill(child, SIGKILL);
            is_killed = true;
        }
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself: " << status;

    return read_lines(text);
}

/// A booking apart from what later steps of its sale move.
bool same_purchase(Booking left, const Booking& right) {
    left.payments = right.payments;
    left.tickets = right.tickets;
    for (std::size_t i = 0; i < left.parts.size() && i < right.parts.size(); ++i)
        left.parts[i].status = right.parts[i].status;
    return left == right;
}

/// Whether the store has what was acknowledged, in the last state that was; an answer that a thread was still waiting
/// for may have moved its last hold on.
void check_acknowledged(Store& store, const std::vector<Line>& lines) {
    std::map<int, HoldId> last_of_thread;
    std::map<HoldId, std::vector<const Answer*>> by_hold;
    for (const auto& line : lines) {
        last_of_thread[line.thread] = line.hold;
        by_hold[line.hold].push_back(&line.answer);
    }
    for (const auto& [id, answers] : by_hold) {
        const auto hold = store.inventory().find_hold(id);
        ASSERT_TRUE(hold) << hold.error();
        bool may_have_moved = false;
        for (const auto& [thread, last] : last_of_thread) may_have_moved = may_have_moved || last == id;
        const auto* last_hold = std::get_if<Hold>(answers.back());
        if (last_hold && !may_have_moved) {
            EXPECT_EQ(*hold, *last_hold);
        }
        for (const auto* answer : answers) {
            if (const auto* placed = std::get_if<Hold>(answer)) {
                EXPECT_EQ(hold->items, placed->items);
                EXPECT_EQ(hold->fence, placed->fence);
            } else if (const auto* booking = std::get_if<Booking>(answer)) {
                const auto found = store.bookings().find_booking(booking->id);
                ASSERT_TRUE(found) << found.error();
                EXPECT_TRUE(same_purchase(*found, *booking));
                EXPECT_EQ(hold->booking, booking->id);
            } else {
                const auto& payment = std::get<Payment>(*answer);
                const auto found = store.bookings().find_payment(payment.id);
                ASSERT_TRUE(found) << found.error();
                const bool is_settled = payment.status != PaymentStatus::pending;
                if (answer == answers.back() && (is_settled || !may_have_moved)) {
                    EXPECT_EQ(*found, payment);
                    const auto sold = store.bookings().find_booking(payment.booking);
                    ASSERT_TRUE(sold) << sold.error();
                    EXPECT_EQ(sold->tickets.empty(), payment.status != PaymentStatus::captured);
                }
            }
        }
    }
}

TEST(SqliteKillTest, WhatWasAcknowledgedSurvivesTheKill) {
    TemporaryFolder folder;
    std::mt19937 random{2026};
    std::vector<Line> all;
    for (int round = 0; round < rounds(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const std::size_t lines = 5 + random() % 120;
        const auto acknowledged = run_and_kill(folder, static_cast<std::uint64_t>(round) + 1, lines);
        ASSERT_GE(acknowledged.size(), lines);
        TestEnvironment environment;
        const auto opened = store::open_sqlite(folder.file("store.db"), environment);
        ASSERT_TRUE(opened) << opened.error();
        check_acknowledged(**opened, acknowledged);
        EXPECT_EQ(broken_laws(records_of(**opened)), std::vector<std::string>{});
        EXPECT_EQ(*(*opened)->check_medium(), std::vector<std::string>{});
    }
}

}  // namespace
}  // namespace railbook::test

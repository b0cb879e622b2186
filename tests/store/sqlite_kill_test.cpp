/// A process that is killed while it writes loses nothing that it has acknowledged.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/fixture.hpp"
#include "store/records/records.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

constexpr int kThreads = 3;
constexpr std::uint32_t kSeats = 60;

int rounds() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return 12 * (text ? std::max(1, std::atoi(text)) : 1);
}

/// An acknowledged answer, as it goes through the pipe: which thread has it, for which hold, and the record.
struct Line {
    int thread = 0;
    HoldId hold;
    Answer answer;
};

/// What the child does until it is killed: every thread holds, extends, books, pays, settles and releases, and reports
/// each answer after it has it.
class Worker {
public:
    Worker(const TemporaryFolder& folder, int pipe, std::uint64_t seed) : pipe_{pipe}, seed_{seed} {
        auto opened = store::open_sqlite(folder.file("store.db"), environment_);
        if (opened) store_ = *std::move(opened);
    }

    [[noreturn]] void run() {
        if (!store_) _exit(1);
        std::vector<std::thread> threads;
        for (int i = 0; i < kThreads; ++i) threads.emplace_back([this, i] { work(i); });
        for (auto& thread : threads) thread.join();
        _exit(2);  // they only come back after an answer that should not be
    }

private:
    void report(int thread, const HoldId& hold, const Answer& answer) {
        const auto line = std::to_string(thread) + ' ' + to_string(hold) + ' ' + store::records::encode(answer) + '\n';
        const std::lock_guard lock{mutex_};
        for (std::size_t sent = 0; sent < line.size();) {
            const auto size = write(pipe_, line.data() + sent, line.size() - sent);
            if (size < 0) _exit(3);
            sent += static_cast<std::size_t>(size);
        }
    }

    void work(int thread) {
        // Every thread of every round makes ids of its own.
        TestEnvironment environment{seed_ * 100 + static_cast<std::uint64_t>(thread) + 1};
        Maker make{environment};
        std::mt19937_64 random{seed_ * 100 + static_cast<std::uint64_t>(thread)};
        auto& inventory = store_->inventory();
        auto& bookings = store_->bookings();
        for (;;) {
            const auto seat = static_cast<std::uint32_t>(random() % kSeats);
            const auto from = static_cast<std::uint16_t>(random() % 4);
            const auto wanted = make.hold({{&run_, {seat}, {from, static_cast<std::uint16_t>(from + 1)}}});
            const auto hold = inventory.place_hold(make.command("hold.create"), wanted, {run_}, 0);
            if (!hold && hold.error().code == ErrorCode::seat_taken) continue;
            if (!hold) return;
            report(thread, hold->id, *hold);
            const auto claim = Maker::claim(*hold);
            if (random() % 3 == 0) {
                const auto longer = inventory.extend_hold(make.command("hold.extend"), claim,
                                                          environment.now() + std::chrono::minutes{20});
                if (!longer) return;
                report(thread, hold->id, *longer);
            }
            if (random() % 2 == 0) {
                const auto released = inventory.release_hold(make.command("hold.release"), claim);
                if (!released) return;
                report(thread, hold->id, *released);
                continue;
            }
            const auto booking = bookings.create_booking(make.command("booking.create"), claim, make.booking(*hold));
            if (!booking) return;
            report(thread, hold->id, *booking);
            const auto payment = bookings.begin_payment(make.command("booking.pay"), make.payment(*booking));
            if (!payment) return;
            report(thread, hold->id, *payment);
            const auto settled =
                bookings.settle_payment(make.settlement(*payment, *booking, random() % 4 != 0), environment.now());
            if (!settled) return;
            report(thread, hold->id, *settled);
        }
    }

    TestEnvironment environment_;
    std::unique_ptr<Store> store_;
    int pipe_;
    std::uint64_t seed_;
    std::mutex mutex_;
    railbook::Run run_ = a_run("ice-" + std::to_string(seed_), 4, kSeats);  // a new train a round: it never fills up
};

/// Reads what the child reports, kills it after `lines` of them, and reads the rest.
std::vector<Line> run_and_kill(const TemporaryFolder& folder, std::uint64_t seed, std::size_t lines) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        Worker{folder, ends[1], seed}.run();
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

    std::vector<Line> acknowledged;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const auto first = text.find(' ', begin);
        Line line;
        line.thread = std::stoi(text.substr(begin, first - begin));
        line.hold = *HoldId::parse(text.substr(first + 1, 32));
        const auto answer = store::records::decode_answer(std::string_view{text}.substr(first + 34, end - first - 34));
        EXPECT_TRUE(answer) << answer.error();
        if (answer) line.answer = *answer;
        acknowledged.push_back(std::move(line));
    }
    return acknowledged;
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

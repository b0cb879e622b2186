#include "store/worker.hpp"

#include <random>
#include <thread>

#include <unistd.h>

#include "store/records/records.hpp"
#include "store/sqlite/sqlite.hpp"

namespace railbook::test {
namespace {

constexpr int kThreads = 3;
constexpr std::uint32_t kSeats = 60;

}  // namespace

std::vector<Line> read_lines(const std::string& text) {
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

Worker::Worker(const std::string& file, int pipe, std::uint64_t seed)
    : pipe_{pipe}, seed_{seed}, run_{a_run("ice-" + std::to_string(seed), 4, kSeats)} {
    auto opened = store::open_sqlite(file, environment_);
    if (opened) store_ = *std::move(opened);
}

void Worker::run() {
    if (!store_) _exit(1);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([this, i] { work(i); });
    for (auto& thread : threads) thread.join();
    _exit(2);
}

void Worker::report(int thread, const HoldId& hold, const Answer& answer) {
    const auto line = std::to_string(thread) + ' ' + to_string(hold) + ' ' + store::records::encode(answer) + '\n';
    const std::lock_guard lock{mutex_};
    for (std::size_t sent = 0; sent < line.size();) {
        const auto size = write(pipe_, line.data() + sent, line.size() - sent);
        if (size < 0) _exit(3);
        sent += static_cast<std::size_t>(size);
    }
}

void Worker::work(int thread) {
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
            const auto longer =
                inventory.extend_hold(make.command("hold.extend"), claim, environment.now() + std::chrono::minutes{20});
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

}  // namespace railbook::test

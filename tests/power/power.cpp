/// Cuts the power of the disk under a process that sells seats, and asks whether all that was acknowledged is still
/// true.
///
///     railbook_power [--cuts N] [--seed S]
///
/// It first proves itself on a store whose syncs are left out: losses that it does not see there, it would see nowhere.
/// Ends with 0 where nothing was lost, with 1 where something was, and with 3 where this machine does not let it cut.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/verify.hpp"
#include "power/loop_disk.hpp"
#include "store/disk.hpp"
#include "store/fixture.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/worker.hpp"

namespace railbook::test {
namespace {

constexpr int kDone = 0;
constexpr int kLost = 1;
constexpr int kUsage = 2;
constexpr int kCannotCut = 3;

using Clock = std::chrono::steady_clock;

/// What came through the pipe.
struct Answers {
    std::vector<Line> before;  ///< Read before the cut began: the promise holds for these.
    std::vector<Line> during;  ///< Read later. With a real cut there would be none.
};

/// Takes what is in the pipe now. False at its end.
bool drain(int pipe, std::string& text) {
    std::vector<char> buffer(65'536);
    for (;;) {
        pollfd wanted{.fd = pipe, .events = POLLIN, .revents = 0};
        if (poll(&wanted, 1, 0) <= 0) return true;
        const auto size = read(pipe, buffer.data(), buffer.size());
        if (size <= 0) return false;
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
}

/// What a worker acknowledged until the power was cut after `time`.
///
/// The ioctl is no power cut for what runs while it runs, and on a busy machine it takes 15 ms and more: it aborts the
/// journal, and an fdatasync of an appended file that is under way then writes its data into blocks that the journal
/// never learns of, and returns 0. (Linux 6.18; a program that only appends and calls fdatasync shows it, without
/// SQLite: under a load of 16, all 3 of its answers that came after the ioctl had begun were lost, and none of 386 that
/// came before.) The disk lied, and the process that sells cannot know. So an answer counts where it was read before
/// the ioctl was called: its sync had returned by then.
Result<Answers> work_and_cut(LoopDisk& disk, bool with_syncs, std::uint64_t seed, std::chrono::milliseconds time) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error{ErrorCode::internal, "no pipe"};
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        Disk writes;
        if (!with_syncs) writes.leave_out_syncs();
        Worker{disk.file("store.db"), ends[1], seed}.run();
    }
    close(ends[1]);
    std::string text;
    std::size_t before = 0;
    // The time runs from the first answer: before, the store is opened and its recovery takes as long as it takes.
    auto end = Clock::time_point::max();
    bool is_cut = false;
    for (bool is_open = true; is_open;) {
        if (!is_cut && Clock::now() >= end) {
            static_cast<void>(drain(ends[0], text));
            before = text.size();
            const auto cut = disk.cut();
            kill(child, SIGKILL);
            is_cut = true;
            if (!cut) {
                close(ends[0]);
                waitpid(child, nullptr, 0);
                return cut.error();
            }
        }
        pollfd wanted{.fd = ends[0], .events = POLLIN, .revents = 0};
        if (poll(&wanted, 1, 1) <= 0) continue;
        is_open = drain(ends[0], text);
        if (end == Clock::time_point::max() && !text.empty()) end = Clock::now() + time;
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!is_cut) return Error{ErrorCode::internal, "the worker ended by itself: " + std::to_string(status)};
    // A line that the cut divides was not read before it.
    before = text.rfind('\n', before == 0 ? 0 : before - 1) + 1;
    return Answers{read_lines(text.substr(0, before)), read_lines(text.substr(before))};
}

/// What of the acknowledged answers is not in the store, a sentence each.
std::vector<std::string> missing(Store& store, const std::vector<Line>& lines) {
    std::vector<std::string> lost;
    for (const auto& line : lines) {
        if (const auto* wanted = std::get_if<Hold>(&line.answer)) {
            const auto hold = store.inventory().find_hold(wanted->id);
            if (!hold) lost.push_back("a hold: " + hold.error().detail);
            else if (wanted->status == HoldStatus::released && hold->status != HoldStatus::released)
                lost.push_back("a release");
            else if (hold->expires_at < wanted->expires_at && !hold->booking) lost.push_back("an extension");
        } else if (const auto* booking = std::get_if<Booking>(&line.answer)) {
            const auto found = store.bookings().find_booking(booking->id);
            if (!found) lost.push_back("a booking: " + found.error().detail);
        } else if (const auto* payment = std::get_if<Payment>(&line.answer)) {
            const auto found = store.bookings().find_payment(payment->id);
            if (!found) lost.push_back("a payment: " + found.error().detail);
            else if (payment->status != PaymentStatus::pending && found->status != payment->status)
                lost.push_back("the outcome of a payment");
        }
    }
    return lost;
}

struct Outcome {
    std::size_t acknowledged = 0;
    std::vector<std::string> lost;  ///< Of these; and what laws the store breaks.
    std::size_t during = 0;         ///< Answers that came while the power went.
    std::size_t lost_during = 0;

    void look_for(const std::string& file, const Answers& answers) {
        acknowledged += answers.before.size();
        during += answers.during.size();
        TestEnvironment environment;
        const auto opened = store::open_sqlite(file, environment);
        if (!opened) return lost.push_back("the store does not open: " + opened.error().detail);
        lost = missing(**opened, answers.before);
        lost_during += missing(**opened, answers.during).size();
        const auto report = engine::verify(**opened);
        if (!report) return lost.push_back("the store cannot be verified: " + report.error().detail);
        for (const auto& violation : report->violations) lost.push_back(violation.law + ": " + violation.detail);
    }
};

/// Cuts the power several times under one store. Stops at the first loss.
Result<Outcome> cut_often(const std::filesystem::path& folder, bool with_syncs, int cuts, std::uint64_t seed) {
    auto disk = LoopDisk::make(folder);
    if (!disk) return std::move(disk).error();
    std::mt19937_64 random{seed};
    Outcome outcome;
    for (int cut = 0; cut < cuts && outcome.lost.empty(); ++cut) {
        const std::chrono::milliseconds time{20 + random() % 400};
        const auto answers = work_and_cut(*disk, with_syncs, seed * 1000 + static_cast<std::uint64_t>(cut), time);
        if (!answers) return answers.error();
        if (const auto done = disk->start_again(); !done) return done.error();
        outcome.look_for(disk->file("store.db"), *answers);
    }
    return outcome;
}

/// Not in memory: there nothing can be lost.
class WorkFolder {
public:
    WorkFolder() {
        auto name = (std::filesystem::current_path() / "railbook-power-XXXXXX").string();
        if (mkdtemp(name.data())) path_ = name;
    }
    ~WorkFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

int report_failure(const Error& error) {
    std::printf("power: %s\n", error.detail.c_str());
    return error.code == ErrorCode::unsupported ? kCannotCut : kLost;
}

int run(int cuts, std::uint64_t seed) {
    std::printf("power: %d cuts, seed %llu\n", cuts, static_cast<unsigned long long>(seed));
    {
        const WorkFolder folder;
        const auto proof = cut_often(folder.path(), false, 10, seed);
        if (!proof) return report_failure(proof.error());
        if (proof->lost.empty()) {
            std::printf("power: nothing was lost where nothing was synced: the rig sees no losses\n");
            return kLost;
        }
        std::printf("power: the rig sees what is lost without syncs: %zu losses, the first: %s\n", proof->lost.size(),
                    proof->lost.front().c_str());
    }
    const WorkFolder folder;
    const auto outcome = cut_often(folder.path(), true, cuts, seed);
    if (!outcome) return report_failure(outcome.error());
    for (const auto& loss : outcome->lost) std::printf("power: lost: %s\n", loss.c_str());
    std::printf("power: %zu more answers came while the power went, %zu of them lost: the disk itself said too much\n",
                outcome->during, outcome->lost_during);
    std::printf("power: %zu answers acknowledged, %zu lost\n", outcome->acknowledged, outcome->lost.size());
    return outcome->lost.empty() && outcome->acknowledged > 0 ? kDone : kLost;
}

}  // namespace
}  // namespace railbook::test

int main(int count, char** arguments) {
    int cuts = 10;
    std::uint64_t seed = 1;
    for (int i = 1; i < count; i += 2) {
        const std::string option = arguments[i];
        if (i + 1 == count || (option != "--cuts" && option != "--seed")) {
            std::fprintf(stderr, "usage: railbook_power [--cuts N] [--seed S]\n");
            return railbook::test::kUsage;
        }
        if (option == "--cuts") cuts = std::atoi(arguments[i + 1]);
        else seed = std::strtoull(arguments[i + 1], nullptr, 10);
    }
    return railbook::test::run(cuts, seed);
}

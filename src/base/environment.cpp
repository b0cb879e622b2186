#include <railbook/environment.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include <pthread.h>
#include <semaphore.h>

#include <openssl/rand.h>

#include "base/assert.hpp"
#include "base/steady.hpp"

namespace railbook {
namespace {

/// How often this process was forked: a child must not go on with its parent's random bytes.
std::atomic<std::uint64_t> forks{0};

/// Random bytes of one thread, drawn many at a time: most of the time that OpenSSL takes is spent for each call. What
/// was handed out is wiped.
class Supply {
public:
    void take(std::span<std::byte> out) {
        static const int registered = pthread_atfork(nullptr, nullptr, [] { ++forks; });
        RAILBOOK_ASSERT(registered == 0);
        if (out.size() > bytes_.size()) return draw(out);
        const auto now = forks.load(std::memory_order_relaxed);
        if (left_ < out.size() || forks_ != now) {
            draw(bytes_);
            left_ = bytes_.size();
            forks_ = now;
        }
        const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(bytes_.size() - left_);
        const auto to = from + static_cast<std::ptrdiff_t>(out.size());
        std::copy(from, to, out.begin());
        std::fill(from, to, std::byte{});
        left_ -= out.size();
    }

private:
    static void draw(std::span<std::byte> out) {
        // Without randomness every id could collide: there is nothing sensible to go on with.
        RAILBOOK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1);
    }

    std::array<std::byte, 4096> bytes_{};
    std::size_t left_ = 0;
    std::uint64_t forks_ = 0;
};

class SystemEnvironment final : public Environment {
public:
    Timestamp now() override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
    void random_bytes(std::span<std::byte> out) override {
        thread_local Supply supply;
        supply.take(out);
    }
    void log(LogLevel, std::string_view) override {}
};

/// Sleeps at once: what is waited for takes long, and a thread that spins meanwhile keeps another from its work. A
/// semaphore, since whoever lets go on may still be in sem_post() when the waiter is gone, and since there is no lock
/// that the one who wakes up would have to wait for.
class ThreadWaiter final : public Waiter {
public:
    ThreadWaiter() { RAILBOOK_ASSERT(sem_init(&semaphore_, 0, 0) == 0); }
    ~ThreadWaiter() override { sem_destroy(&semaphore_); }
    ThreadWaiter(const ThreadWaiter&) = delete;
    ThreadWaiter& operator=(const ThreadWaiter&) = delete;

    void wait() override {
        while (sem_wait(&semaphore_) != 0) RAILBOOK_ASSERT(errno == EINTR);
    }
    void let_go_on() override { RAILBOOK_ASSERT(sem_post(&semaphore_) == 0); }

private:
    sem_t semaphore_{};
};

}  // namespace

std::unique_ptr<Waiter> Environment::make_waiter() { return std::make_unique<ThreadWaiter>(); }
void Environment::pause(Duration duration) { std::this_thread::sleep_for(duration); }

Environment& system_environment() {
    static SystemEnvironment environment;
    return environment;
}

namespace base {

std::chrono::milliseconds steady_time() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace base

}  // namespace railbook

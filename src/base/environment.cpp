#include <railbook/environment.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

#include <openssl/rand.h>

#include "base/assert.hpp"

namespace railbook {
namespace {

class SystemEnvironment final : public Environment {
public:
    Timestamp now() override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
    void random_bytes(std::span<std::byte> out) override {
        // Without randomness every id could collide: there is nothing sensible to go on with.
        RAILBOOK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1);
    }
    void log(LogLevel, std::string_view) override {}
};

/// Sleeps at once: what is waited for takes long, and a thread that spins meanwhile keeps another from its work.
class ThreadWaiter final : public Waiter {
public:
    void wait() override {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return may_go_on_; });
    }
    void let_go_on() override {
        const std::lock_guard lock{mutex_};
        may_go_on_ = true;
        changed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool may_go_on_ = false;
};

}  // namespace

std::unique_ptr<Waiter> Environment::make_waiter() { return std::make_unique<ThreadWaiter>(); }
void Environment::pause(Duration duration) { std::this_thread::sleep_for(duration); }

Environment& system_environment() {
    static SystemEnvironment environment;
    return environment;
}

}  // namespace railbook

#include <railbook/environment.hpp>

#include <semaphore>
#include <thread>

#include <openssl/rand.h>

#include "base/assert.hpp"

namespace railbook {
namespace {

class SystemEnvironment final : public Environment {
public:
    Timestamp now() override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    void random_bytes(std::span<std::byte> out) override {
        // Without randomness every id could collide: there is nothing sensible to go on with.
        RAILBOOK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1);
    }
    void log(LogLevel, std::string_view) override {}
};

class ThreadWaiter final : public Waiter {
public:
    void wait() override { may_go_on_.acquire(); }
    void let_go_on() override { may_go_on_.release(); }

private:
    std::binary_semaphore may_go_on_{0};
};

}  // namespace

std::unique_ptr<Waiter> Environment::make_waiter() { return std::make_unique<ThreadWaiter>(); }
void Environment::pause(Duration duration) { std::this_thread::sleep_for(duration); }

Environment& system_environment() {
    static SystemEnvironment environment;
    return environment;
}

}  // namespace railbook

#pragma once
/// The environment of tests: a clock that is moved by hand, and randomness that repeats.

#include <atomic>
#include <mutex>
#include <random>

#include <railbook/environment.hpp>

namespace railbook::test {

/// Thread-safe.
class TestEnvironment final : public Environment {
public:
    explicit TestEnvironment(std::uint64_t seed = 1) : random_{seed} {}

    Timestamp now() override { return Timestamp{Duration{now_.load()}}; }
    void set_now(Timestamp time) { now_ = time.time_since_epoch().count(); }
    void advance(Duration by) { now_ += by.count(); }

    void random_bytes(std::span<std::byte> out) override {
        const std::lock_guard lock{mutex_};
        for (auto& byte : out) byte = static_cast<std::byte>(random_() & 255U);
    }
    void log(LogLevel, std::string_view) override {}

private:
    // 2026-11-30T12:00:00Z, the day before most tests travel.
    std::atomic<std::int64_t> now_{1'796'040'000'000};
    std::mutex mutex_;
    std::mt19937_64 random_;
};

}  // namespace railbook::test

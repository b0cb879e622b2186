#pragma once
/// Time, chance and waiting as the engine gets them: one wall clock that is stepped to and fro, and a skew for each
/// process.

#include <memory>
#include <span>
#include <string_view>

#include <railbook/environment.hpp>
#include <railbook/time.hpp>

#include "sim/simulator/random.hpp"
#include "sim/simulator/scheduler.hpp"

namespace railbook::sim {

/// The wall clock: what passed, and all the steps that somebody made it take.
class Clock {
public:
    Clock(const Scheduler& scheduler, Timestamp start) : scheduler_{scheduler}, offset_{start} {}
    Timestamp now() const { return offset_ + scheduler_.elapsed(); }
    void step(Duration by) { offset_ += by; }

private:
    const Scheduler& scheduler_;
    Timestamp offset_;
};

class SimulatedEnvironment final : public Environment {
public:
    SimulatedEnvironment(Scheduler& scheduler, const Clock& clock, Duration skew, std::uint64_t seed)
        : scheduler_{scheduler}, clock_{clock}, skew_{skew}, random_{seed} {}

    Timestamp now() override { return clock_.now() + skew_; }
    void random_bytes(std::span<std::byte> out) override;
    void log(LogLevel, std::string_view) override {}
    std::unique_ptr<Waiter> make_waiter() override;
    void pause(Duration duration) override { scheduler_.sleep(duration); }

private:
    Scheduler& scheduler_;
    const Clock& clock_;
    Duration skew_;
    Random random_;
};

}  // namespace railbook::sim

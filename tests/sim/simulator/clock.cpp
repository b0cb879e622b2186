#include "sim/simulator/clock.hpp"

namespace railbook::sim {
namespace {

class FiberWaiter final : public Waiter {
public:
    explicit FiberWaiter(Scheduler& scheduler) : scheduler_{scheduler} {}

    void wait() override {
        task_ = scheduler_.current();
        // On the main stack nothing else runs, so nobody could let it go on later.
        if (task_) scheduler_.wait(*task_, may_go_on_);
        may_go_on_ = false;
    }
    void let_go_on() override {
        may_go_on_ = true;
        if (task_) task_->waits = false;
    }

private:
    Scheduler& scheduler_;
    Task* task_ = nullptr;
    bool may_go_on_ = false;
};

}  // namespace

void SimulatedEnvironment::random_bytes(std::span<std::byte> out) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i % 8 == 0) bits = random_.next();
        out[i] = static_cast<std::byte>(bits & 255U);
        bits >>= 8U;
    }
}

std::unique_ptr<Waiter> SimulatedEnvironment::make_waiter() { return std::make_unique<FiberWaiter>(scheduler_); }

}  // namespace railbook::sim

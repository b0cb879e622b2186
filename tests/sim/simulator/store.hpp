#pragma once
/// The store as one process sees it: the real one, with every call of a port a switching point that may fail.

#include <memory>

#include <railbook/stores.hpp>

#include "sim/simulator/oracle/records.hpp"
#include "sim/simulator/ports.hpp"

namespace railbook::sim {

/// Who is told of each step, right after its effect.
class StepObserver {
public:
    virtual ~StepObserver() = default;
    virtual void after_step(const KnownStep& step) = 0;
    virtual void after_booking(const Booking& booking) = 0;
    /// A payment came to its end. `invoked` and `earliest` are of the call.
    virtual void after_settlement(const Settlement& settlement, const Result<Payment>& answer, std::uint64_t invoked,
                                  Timestamp earliest) = 0;
};

/// `inner` is shared by all processes and outlives them.
std::unique_ptr<Store> make_simulated_store(Store& inner, Ports& ports, StepObserver& observer);

}  // namespace railbook::sim

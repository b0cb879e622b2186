#pragma once
/// Time that only measures: how long something took, how long to wait. It decides nothing about holds or prices.

#include <chrono>

namespace railbook::base {

/// From some moment in the past on; it never runs backwards, whatever happens to the wall clock.
std::chrono::milliseconds steady_time();

}  // namespace railbook::base

#pragma once
/// Random numbers that are the same with every compiler and every library: one seed, one sequence.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace railbook::sim {

/// SplitMix64. Draw each number in a statement of its own: compilers differ in the order of arguments.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed} {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }
    /// 0 to `count` - 1; 0 where `count` is 0.
    std::size_t below(std::size_t count) { return count == 0 ? 0 : static_cast<std::size_t>(next() % count); }
    /// `from` to `to`, both included.
    std::int64_t between(std::int64_t from, std::int64_t to) {
        return from + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(to - from + 1));
    }
    bool one_in(std::size_t count) { return below(count) == 0; }
    bool coin() { return (next() & 1U) == 0; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

}  // namespace railbook::sim

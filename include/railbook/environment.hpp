#pragma once
/// What the library takes from the world: the clock, randomness and a place for log lines. Tests pass their own.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <railbook/time.hpp>

namespace railbook {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Implementations are thread-safe.
class Environment {
public:
    virtual ~Environment() = default;

    virtual Timestamp now() = 0;
    /// Fills `out` with bytes that nobody can predict: ids and keys are made from them.
    virtual void random_bytes(std::span<std::byte> out) = 0;
    /// One line, without a line break; it never holds a secret.
    virtual void log(LogLevel level, std::string_view line) = 0;
};

/// The wall clock, the operating system's randomness, and silence for the log.
Environment& system_environment();

}  // namespace railbook

#pragma once
/// What the library takes from the world: the clock, randomness, a way to wait, and a place for log lines. Tests pass
/// their own.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <railbook/time.hpp>

namespace railbook {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// One waits until another lets it go on. Letting it go on before it waits is not lost; each happens once.
class Waiter {
public:
    virtual ~Waiter() = default;
    virtual void wait() = 0;
    virtual void let_go_on() = 0;
};

/// Implementations are thread-safe.
class Environment {
public:
    virtual ~Environment() = default;

    virtual Timestamp now() = 0;
    /// Fills `out` with bytes that nobody can predict: ids and keys are made from them.
    virtual void random_bytes(std::span<std::byte> out) = 0;
    /// One line, without a line break; it never holds a secret.
    virtual void log(LogLevel level, std::string_view line) = 0;

    /// For a command that waits for another one. By default the thread waits; where commands are not threads, whatever
    /// they are.
    virtual std::unique_ptr<Waiter> make_waiter();
    /// Lets time pass before something is tried again. By default the thread sleeps.
    virtual void pause(Duration duration);
};

/// The wall clock, the operating system's randomness, and silence for the log.
Environment& system_environment();

}  // namespace railbook

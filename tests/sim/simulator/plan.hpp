#pragma once
/// What a world is like: drawn from its seed, with each kind of operation and each kind of fault off in every second
/// world. Small hot worlds find most; a few are larger.

#include <array>
#include <cstdint>
#include <string_view>

#include <railbook/time.hpp>

#include "sim/simulator/random.hpp"

namespace railbook::sim {

enum class StoreKind : std::uint8_t { memory, sqlite };

enum class Operation : std::uint8_t {
    hold_seats,  ///< Named ones.
    hold_best,
    hold_journey,  ///< Several runs, all or none.
    extend,
    release,
    book,
    pay,
    find,  ///< A hold or a booking.
    list,
    look,       ///< A seat map, or free seats by class.
    repeat,     ///< A command that was answered, with its key.
    reuse_key,  ///< A key that was answered, with another body.
    stale_fence,
    foreign,  ///< Acting on another's hold or booking.
    run_due,
    block,        ///< And unblock, as an operator.
    staff,        ///< An operator extends or releases a hold of somebody.
    hold_wishes,  ///< By the window, near a seat, or with changes of seats on the way.
    share_key,    ///< A key that other buyers use, too.
    coaches,      ///< An operator gives a run other coaches, after an offer.
    import,       ///< An operator imports another timetable.
    follow,       ///< A subscriber goes on where it was.
    cancel,       ///< A booking, paid for or not.
};
inline constexpr std::size_t kOperations = 23;
std::string_view to_string(Operation operation);

enum class Fault : std::uint8_t {
    conflict,            ///< The store refuses a step that it could do.
    unavailable_before,  ///< The store fails, and the step was not done.
    unavailable_after,   ///< The store fails, and it was.
    gateway_before,
    gateway_after,
    slow_provider,  ///< It decides only later.
    crash,          ///< A process dies with all commands that it is in the middle of, and starts again.
    power_cut,      ///< Everything stops, and what was not synced is lost, or torn. SQLite only.
    clock_forward,
    clock_backward,
    to_deadline,  ///< The clock moves to the very deadline of a hold, or a millisecond to either side.
};
inline constexpr std::size_t kFaults = 11;
std::string_view to_string(Fault fault);

struct Plan {
    std::uint64_t seed = 0;
    StoreKind store = StoreKind::memory;
    std::size_t runs = 1;
    std::size_t segments = 3;
    std::size_t seats = 2;
    std::size_t coaches = 1;  ///< The seats of each.
    std::size_t clients = 8;
    std::size_t operations = 200;  ///< Of all clients together.
    std::array<bool, kOperations> wanted{};
    std::array<bool, kFaults> faults{};
    std::size_t fault_in = 20;   ///< One port call in so many fails, for each kind of failure.
    std::size_t chaos_in = 200;  ///< One turn in so many has a crash, a clock step or the like.
    std::size_t patience = 2;    ///< How often a client repeats a command whose outcome is unknown.
    std::int64_t drift = 2;      ///< A turn takes up to so many milliseconds.
    Duration ttl{};
    Duration extension{};
    Duration max{};
    Duration payment_ttl{};
    Duration skew{};         ///< Between the processes.
    bool disk_lies = false;  ///< A sync does nothing: for the proof that this is found.

    bool does(Operation operation) const { return wanted[static_cast<std::size_t>(operation)]; }
    bool has(Fault fault) const { return faults[static_cast<std::size_t>(fault)]; }
};

Plan draw_plan(std::uint64_t seed, StoreKind store);

}  // namespace railbook::sim

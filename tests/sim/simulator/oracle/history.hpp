#pragma once
/// What clients asked for and were told, with the interval in which it must have happened.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/result.hpp>
#include <railbook/stores.hpp>

namespace railbook::sim {

/// The seats of one hold on one run, or what was asked for there. A seat is a number that says its name: where it is
/// in the train is no matter.
struct HeldRide {
    RunId run;
    Span span;
    std::vector<std::uint32_t> seats;
    std::uint32_t timetables = ~0U;  ///< Those that agree with what was told of the ride, as bits.
};

/// A seat that becomes another one because the coaches change.
struct Move {
    HoldId hold;
    std::size_t ride = 0;  ///< Of the hold.
    std::uint32_t from = 0;
    std::uint32_t to = 0;
};

/// What somebody saw of a seat over a span.
enum class Sight : std::uint8_t { free, taken, sold, blocked };

/// One command and its answer.
struct Event {
    enum class Kind : std::uint8_t {
        place,  ///< A hold was asked for; `refused` says with what it was refused.
        extend,
        release,
        book,
        cancel,
        sell,   ///< A payment's end: sold, or not because the seats were gone.
        find,   ///< A hold was looked at.
        look,   ///< A seat map was looked at.
        count,  ///< So many seats were free.
        block,  ///< Seats were kept from sale.
        unblock,
        coaches,  ///< The run got other coaches, as it had been offered.
        follow,   ///< A subscriber was told of all changes.
    };
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

    Kind kind = Kind::place;
    std::string who;
    std::uint64_t invoked = 0;
    std::uint64_t responded = kNever;     ///< kNever: nobody was told, so it may have happened or not, and at any time.
    std::uint64_t likely = kNever;        ///< When it seems to have happened: the first order that is tried.
    Timestamp earliest{};                 ///< The store's clock when it was asked for ...
    Timestamp latest = Timestamp::max();  ///< ... and when it was answered.

    std::optional<ErrorCode> refused = std::nullopt;
    HoldId hold{};
    std::vector<HeldRide> rides{};
    Timestamp until{};        ///< The deadline that was told.
    Timestamp latest_end{};   ///< place
    std::uint64_t fence = 0;  ///< place
    std::size_t wanted = 0;   ///< place, refused: so many of the seats of `rides`, or any where none is named
    bool by_window = false;   ///< place, refused: only such seats would do
    std::size_t changes = 0;  ///< place, refused: as often might seats be changed on the way
    HoldStatus status = HoldStatus::held;  ///< find
    std::vector<Sight> sights{};           ///< look: of each seat of `rides.front()`; follow: of each of its segments
    std::vector<std::uint32_t> coaches{};  ///< coaches, look, follow: the seats of the train
    std::vector<Move> moves{};             ///< coaches
    std::vector<std::uint32_t> needs{};    ///< Refused: seats without which it is `not_found`.
    bool may_be_missing = false;           ///< Refused: a timetable may not have the run, or not its last stop ...
    bool to_the_end = false;               ///< ... to which this ride goes.
};

/// For people: who asked for what and was told what, and when.
std::string described(const Event& event);

}  // namespace railbook::sim

#pragma once
/// Names of things, one type each, so that a hold's id cannot be passed where a booking's is meant.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/result.hpp>
#include <railbook/time.hpp>

namespace railbook {

namespace detail {
std::string to_hex(const std::array<std::uint8_t, 16>& bytes);
Result<std::array<std::uint8_t, 16>> from_hex(std::string_view text, std::string_view what);
}  // namespace detail

/// 128 random bits, written as 32 lower-case hexadecimal digits. `Tag::kName` says what it names.
template <class Tag>
struct RandomId {
    std::array<std::uint8_t, 16> bytes{};

    static RandomId make(Environment& environment) {
        RandomId id;
        environment.random_bytes(std::as_writable_bytes(std::span{id.bytes}));
        return id;
    }
    /// Errors: invalid_argument.
    static Result<RandomId> parse(std::string_view text) {
        auto bytes = detail::from_hex(text, Tag::kName);
        if (!bytes) return std::move(bytes).error();
        return RandomId{*bytes};
    }
    auto operator<=>(const RandomId&) const = default;
};
template <class Tag>
std::string to_string(const RandomId<Tag>& id) {
    return detail::to_hex(id.bytes);
}

struct HoldTag { static constexpr std::string_view kName = "hold"; };
struct QuoteTag { static constexpr std::string_view kName = "quote"; };
struct BookingTag { static constexpr std::string_view kName = "booking"; };
struct PartTag { static constexpr std::string_view kName = "part"; };
struct PaymentTag { static constexpr std::string_view kName = "payment"; };
struct TicketTag { static constexpr std::string_view kName = "ticket"; };
using HoldId = RandomId<HoldTag>;
using QuoteId = RandomId<QuoteTag>;
using BookingId = RandomId<BookingTag>;
using PartId = RandomId<PartTag>;
using PaymentId = RandomId<PaymentTag>;
using TicketId = RandomId<TicketTag>;

/// A station: the feed's name and the GTFS stop id, written `db:8000105`.
struct StationId {
    std::string feed;
    std::string stop;
    auto operator<=>(const StationId&) const = default;
};
std::string to_string(const StationId& id);

/// A train of the timetable: the feed's name and the GTFS trip id, written `db:531`.
struct TripId {
    std::string feed;
    std::string trip;
    auto operator<=>(const TripId&) const = default;
};
std::string to_string(const TripId& id);

/// A trip on one service date, written `2026-12-01.db:531`; a trip of frequencies.txt also names its start:
/// `2026-12-01.db:531@08:15:00`. Where the trip's own id ends like that, or in an `@`, another `@` follows it.
struct RunId {
    ServiceDate date{};
    TripId trip;
    std::optional<int> start = std::nullopt;  ///< Seconds after noon minus 12 h; frequency-based trips only.
    auto operator<=>(const RunId&) const = default;
};
std::string to_string(const RunId& id);
/// The feed may be left out (`2026-12-01.531`); it is then empty in the answer. Errors: invalid_argument.
Result<RunId> parse_run(std::string_view text);

/// Where a run calls. Written `db:8000105`; where the run comes there more than once, `db:8000105#1`, `#2` and so on.
struct CallId {
    StationId station;
    int nth = 0;  ///< Which of the run's calls there, from 1; 0 for the only one.
    auto operator<=>(const CallId&) const = default;
};
std::string to_string(const CallId& id);

/// A seat of a run, written `3/45`: coach number, seat number.
struct SeatId {
    std::string coach;
    std::string seat;
    auto operator<=>(const SeatId&) const = default;
};
std::string to_string(const SeatId& id);
/// Errors: invalid_argument.
Result<SeatId> parse_seat(std::string_view text);

/// A booking's short name: 8 of the 30 letters and digits that are not mistaken for each other.
inline constexpr std::string_view kReferenceAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
inline constexpr std::size_t kReferenceLength = 8;
std::string make_reference(Environment& environment);
bool is_reference(std::string_view text);

/// Chosen by the caller of a command: repeating the command with its key repeats its answer and has no second effect.
struct CommandKey {
    std::string text;
    static CommandKey make(Environment& environment);
    auto operator<=>(const CommandKey&) const = default;
};

/// What a principal may do; an operation names the one it needs.
enum class Scope : std::uint8_t {
    read,     ///< Look at timetables, prices and seats.
    buy,      ///< Hold seats and make bookings of one's own.
    operate,  ///< Act for everyone: import, change, see all.
};
std::string_view to_string(Scope scope);

enum class PrincipalKind : std::uint8_t { user, client, guest, operator_ };
std::string_view to_string(PrincipalKind kind);

/// Who asks. It comes from a credential, never from the content of a request.
struct Principal {
    PrincipalKind kind = PrincipalKind::guest;
    std::string id;
    std::vector<Scope> scopes;

    /// Staff: every scope. The CLI on a store is the operator `cli`.
    static Principal operator_named(std::string id);
    /// A passenger: read and buy.
    static Principal user_named(std::string id);

    bool may(Scope scope) const;
    /// The owner that this principal's holds and bookings carry, such as `user:anna`.
    std::string owner() const;
};

}  // namespace railbook

#include <railbook/ids.hpp>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/encoding.hpp"

namespace railbook {
namespace {

std::string clock_text(int since_midnight) {
    return fmt::format("{:02}:{:02}:{:02}", since_midnight / 3600, since_midnight / 60 % 60, since_midnight % 60);
}

/// `08:15:00`; GTFS lets hours pass 24.
std::optional<int> parse_clock(std::string_view text) {
    if (text.size() < 8 || text.size() > 9 || text[text.size() - 3] != ':' || text[text.size() - 6] != ':')
        return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<int> {
        int value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
        return value;
    };
    const auto hour = number(text.substr(0, text.size() - 6));
    const auto minute = number(text.substr(text.size() - 5, 2));
    const auto second = number(text.substr(text.size() - 2));
    if (!hour || !minute || !second || *minute > 59 || *second > 59) return std::nullopt;
    return *hour * 3600 + *minute * 60 + *second;
}

/// Whether a run's text ends in what is, or stands for, a start. An '@' behind it says that it belongs to the trip.
bool looks_started(std::string_view text) {
    const auto at = text.rfind('@');
    return at != std::string_view::npos && (at + 1 == text.size() || parse_clock(text.substr(at + 1)));
}

}  // namespace

namespace detail {

std::string to_hex(const std::array<std::uint8_t, 16>& bytes) {
    return base::hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<std::array<std::uint8_t, 16>> from_hex(std::string_view text, std::string_view what) {
    std::array<std::uint8_t, 16> bytes{};
    bool ok = text.size() == 2 * bytes.size();
    for (std::size_t i = 0; ok && i < text.size(); ++i) {
        const char c = text[i];
        int digit = -1;
        if (c >= '0' && c <= '9') digit = c - '0';
        if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        if (digit < 0) ok = false;
        else bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | digit);
    }
    if (!ok) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("'{}' is not the id of a {}: 32 hexadecimal digits", base::shortened(text, 64), what)};
    }
    return bytes;
}

}  // namespace detail

std::string to_string(const StationId& id) { return id.feed + ':' + id.stop; }
std::string to_string(const TripId& id) { return id.feed + ':' + id.trip; }

std::string to_string(const RunId& id) {
    std::string text = to_string(id.date) + '.' + to_string(id.trip);
    if (id.start) return text + '@' + clock_text(*id.start);
    if (looks_started(text)) text += '@';
    return text;
}

Result<RunId> parse_run(std::string_view text) {
    const auto fail = [&] {
        return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a run", base::shortened(text, 128)),
                     "a run is a service date, a dot, the feed, a colon and the trip: 2026-12-01.db:531"};
    };
    if (text.size() < 12 || text[10] != '.') return fail();
    const auto date = parse_date(text.substr(0, 10));
    if (!date) return fail();
    std::string_view rest = text.substr(11);
    RunId id{.date = *date, .trip = {}};
    if (looks_started(rest)) {
        // A trip id may hold an '@' of its own: only a clock time behind it is a start.
        const auto at = rest.rfind('@');
        if (const auto start = parse_clock(rest.substr(at + 1))) id.start = *start;
        rest = rest.substr(0, at);
    }
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) {
        id.trip.trip = rest;
    } else {
        id.trip.feed = rest.substr(0, colon);
        id.trip.trip = rest.substr(colon + 1);
    }
    if (id.trip.trip.empty()) return fail();
    return id;
}

std::string to_string(const CallId& id) {
    return id.nth == 0 ? to_string(id.station) : fmt::format("{}#{}", to_string(id.station), id.nth);
}

std::string to_string(const SeatId& id) { return id.coach + '/' + id.seat; }

Result<SeatId> parse_seat(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) {
        return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a seat", base::shortened(text, 64)),
                     "write coach and seat: 3/45"};
    }
    return SeatId{std::string{text.substr(0, slash)}, std::string{text.substr(slash + 1)}};
}

std::string make_reference(Environment& environment) {
    // 30 letters: a byte of 240 or more would make the first ones likelier, so it is drawn again.
    std::string reference;
    while (reference.size() < kReferenceLength) {
        std::uint8_t byte = 0;
        environment.random_bytes(std::as_writable_bytes(std::span{&byte, 1}));
        if (byte < 240) reference += kReferenceAlphabet[byte % kReferenceAlphabet.size()];
    }
    return reference;
}

bool is_reference(std::string_view text) {
    return text.size() == kReferenceLength && text.find_first_not_of(kReferenceAlphabet) == std::string_view::npos;
}

CommandKey CommandKey::make(Environment& environment) {
    std::array<std::uint8_t, 16> bytes{};
    environment.random_bytes(std::as_writable_bytes(std::span{bytes}));
    return {detail::to_hex(bytes)};
}

std::string_view to_string(Scope scope) {
    switch (scope) {
        case Scope::read: return "read";
        case Scope::buy: return "buy";
        case Scope::operate: return "operate";
    }
    RAILBOOK_ASSERT(false && "a scope outside the list");
}

std::string_view to_string(PrincipalKind kind) {
    switch (kind) {
        case PrincipalKind::user: return "user";
        case PrincipalKind::client: return "client";
        case PrincipalKind::guest: return "guest";
        case PrincipalKind::operator_: return "operator";
    }
    RAILBOOK_ASSERT(false && "a kind outside the list");
}

Principal Principal::operator_named(std::string id) {
    return {PrincipalKind::operator_, std::move(id), {Scope::read, Scope::buy, Scope::operate}};
}

Principal Principal::user_named(std::string id) {
    return {PrincipalKind::user, std::move(id), {Scope::read, Scope::buy}};
}

bool Principal::may(Scope scope) const { return std::ranges::find(scopes, scope) != scopes.end(); }

std::string Principal::owner() const {
    std::string owner{to_string(kind)};
    owner += ':';
    owner += id;
    return owner;
}

}  // namespace railbook

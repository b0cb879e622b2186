#include <algorithm>

#include <railbook/stores.hpp>
#include <railbook/version.hpp>

#include "base/assert.hpp"
#include "base/rides.hpp"

namespace railbook {

const char* version() { return RAILBOOK_VERSION; }

std::size_t Consist::seat_count() const {
    std::size_t count = 0;
    for (const auto& coach : coaches) count += coach.places.size();
    return count;
}

std::optional<std::uint32_t> Consist::index_of(const SeatId& seat) const {
    std::uint32_t first = 0;
    for (const auto& coach : coaches) {
        if (coach.number == seat.coach) {
            const auto place = std::ranges::find(coach.places, seat.seat, &Place::number);
            if (place == coach.places.end()) return std::nullopt;
            return first + static_cast<std::uint32_t>(place - coach.places.begin());
        }
        first += static_cast<std::uint32_t>(coach.places.size());
    }
    return std::nullopt;
}

SeatId Consist::seat_at(std::uint32_t index) const {
    for (const auto& coach : coaches) {
        if (index < coach.places.size()) return {coach.number, coach.places[index].number};
        index -= static_cast<std::uint32_t>(coach.places.size());
    }
    RAILBOOK_ASSERT(false && "a seat index beyond the train");
}

const Coach& Consist::coach_of(std::uint32_t index) const {
    for (const auto& coach : coaches) {
        if (index < coach.places.size()) return coach;
        index -= static_cast<std::uint32_t>(coach.places.size());
    }
    RAILBOOK_ASSERT(false && "a seat index beyond the train");
}

std::optional<Span> Run::span_between(const CallId& from, const CallId& to) const {
    const auto first = std::ranges::find_if(calls, [&](const Call& call) { return base::is_call(call.id, from); });
    if (first == calls.end()) return std::nullopt;
    const auto last =
        std::find_if(first + 1, calls.end(), [&](const Call& call) { return base::is_call(call.id, to); });
    if (last == calls.end()) return std::nullopt;
    return Span{static_cast<std::uint16_t>(first - calls.begin()), static_cast<std::uint16_t>(last - calls.begin())};
}

std::uint32_t SeatMasks::mask(Span span, std::uint32_t plane) {
    const std::uint32_t first = plane * kSegmentsOfPlane;
    const std::uint32_t from = std::max<std::uint32_t>(span.from, first);
    const std::uint32_t to = std::min<std::uint32_t>(span.to, first + kSegmentsOfPlane);
    if (from >= to) return 0;
    const std::uint32_t all = ~std::uint32_t{0};
    return (all >> (kSegmentsOfPlane - (to - from))) << (from - first);
}

void SeatMasks::set(std::uint32_t seat, Span span) {
    RAILBOOK_ASSERT(seat < seats && span.to <= segments);
    if (bits.empty()) bits.resize(std::size_t{seats} * planes());
    for (std::uint32_t plane = span.from / kSegmentsOfPlane; plane * kSegmentsOfPlane < span.to; ++plane)
        bits[std::size_t{plane} * seats + seat] |= mask(span, plane);
}

void SeatMasks::clear(std::uint32_t seat, Span span) {
    RAILBOOK_ASSERT(seat < seats && span.to <= segments);
    if (bits.empty()) return;
    for (std::uint32_t plane = span.from / kSegmentsOfPlane; plane * kSegmentsOfPlane < span.to; ++plane)
        bits[std::size_t{plane} * seats + seat] &= ~mask(span, plane);
}

bool SeatMasks::any(std::uint32_t seat, Span span) const {
    if (bits.empty()) return false;
    RAILBOOK_ASSERT(seat < seats && span.to <= segments);
    for (std::uint32_t plane = span.from / kSegmentsOfPlane; plane * kSegmentsOfPlane < span.to; ++plane) {
        if ((bits[std::size_t{plane} * seats + seat] & mask(span, plane)) != 0) return true;
    }
    return false;
}

SeatState Occupancy::state(std::uint32_t seat, Span span) const {
    if (blocked.any(seat, span)) return SeatState::blocked;
    if (!taken.any(seat, span)) return SeatState::free;
    for (auto segment = span.from; segment < span.to; ++segment) {
        const Span one{segment, static_cast<std::uint16_t>(segment + 1)};
        if (taken.any(seat, one) && !held.any(seat, one)) return SeatState::sold;
    }
    return SeatState::held;
}

PartStatus Booking::status() const {
    // Least advanced first. Parts that have ended count only where none is live.
    for (const auto live : {PartStatus::prebooked, PartStatus::confirmed, PartStatus::fulfilled}) {
        if (std::ranges::find(parts, live, &BookingPart::status) != parts.end()) return live;
    }
    return parts.empty() ? PartStatus::cancelled : parts.back().status;
}

std::string_view to_string(SeatState state) {
    switch (state) {
        case SeatState::free: return "free";
        case SeatState::held: return "held";
        case SeatState::sold: return "sold";
        case SeatState::blocked: return "blocked";
    }
    RAILBOOK_ASSERT(false && "a state outside the list");
}

std::string_view to_string(HoldStatus status) {
    switch (status) {
        case HoldStatus::held: return "held";
        case HoldStatus::paying: return "paying";
        case HoldStatus::sold: return "sold";
        case HoldStatus::released: return "released";
        case HoldStatus::expired: return "expired";
    }
    RAILBOOK_ASSERT(false && "a status outside the list");
}

std::string_view to_string(PartStatus status) {
    switch (status) {
        case PartStatus::prebooked: return "PREBOOKED";
        case PartStatus::confirmed: return "CONFIRMED";
        case PartStatus::fulfilled: return "FULFILLED";
        case PartStatus::refunded: return "REFUNDED";
        case PartStatus::exchanged: return "EXCHANGED";
        case PartStatus::cancelled: return "CANCELLED";
        case PartStatus::expired: return "EXPIRED";
    }
    RAILBOOK_ASSERT(false && "a status outside the list");
}

std::string_view to_string(PaymentStatus status) {
    switch (status) {
        case PaymentStatus::pending: return "pending";
        case PaymentStatus::captured: return "captured";
        case PaymentStatus::declined: return "declined";
        case PaymentStatus::cancelled: return "cancelled";
        case PaymentStatus::part_refunded: return "part_refunded";
        case PaymentStatus::refunded: return "refunded";
    }
    RAILBOOK_ASSERT(false && "a status outside the list");
}

std::string_view to_string(TicketStatus status) {
    switch (status) {
        case TicketStatus::valid: return "valid";
        case TicketStatus::used: return "used";
        case TicketStatus::revoked: return "revoked";
    }
    RAILBOOK_ASSERT(false && "a status outside the list");
}

std::string_view to_string(DocumentKind kind) {
    switch (kind) {
        case DocumentKind::layouts: return "layouts";
        case DocumentKind::tariff: return "tariff";
    }
    RAILBOOK_ASSERT(false && "a kind outside the list");
}

Status Store::backup(const std::string&) {
    return Error{ErrorCode::unsupported, "only a store that is one file can be copied into another"};
}

}  // namespace railbook

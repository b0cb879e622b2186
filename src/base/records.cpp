#include <algorithm>

#include <railbook/stores.hpp>
#include <railbook/version.hpp>

#include "base/assert.hpp"

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

PartStatus Booking::status() const {
    // Least advanced first. Parts that have ended count only where none is live.
    for (const auto live : {PartStatus::prebooked, PartStatus::confirmed, PartStatus::fulfilled}) {
        if (std::ranges::find(parts, live, &BookingPart::status) != parts.end()) return live;
    }
    return parts.empty() ? PartStatus::cancelled : parts.back().status;
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

}  // namespace railbook

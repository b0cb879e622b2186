#pragma once
/// Records as the databases keep them: the columns of a record stand in the same order in all. `Row` is the row of the
/// back end, which marks itself as unsound where a column is not of the asked type.

#include <limits>
#include <string>
#include <utility>

#include <railbook/stores.hpp>

#include "store/pages.hpp"
#include "store/records/records.hpp"

namespace railbook::store::rows {

/// What a database has where a trip of the timetable has no start of its own.
inline constexpr std::int64_t kNoStart = -1;
inline std::int64_t start_of(const RunId& id) { return id.start.value_or(static_cast<int>(kNoStart)); }

/// From three columns.
template <class Row>
Money read_money(Row& row, int first) {
    return {.amount = row.integer(first),
            .currency = std::string{row.text(first + 1)},
            .scale = row.template number<int>(first + 2, 0, 18)};
}

/// From four columns: date, feed, trip and start.
template <class Row>
RunId read_run_id(Row& row, int first) {
    RunId id{.date = row.date(first),
             .trip = {.feed = std::string{row.text(first + 1)}, .trip = std::string{row.text(first + 2)}}};
    const auto start = row.template number<int>(first + 3, kNoStart, std::numeric_limits<int>::max());
    if (start != kNoStart) id.start = start;
    return id;
}

/// Fence, id, owner, status, pinned, three times, items, and the id of the booking or null.
template <class Row>
Result<Numbered<Hold>> read_numbered_hold(Row& row) {
    auto items = records::decode_items(row.text(8));
    if (!items) return std::move(items).error();
    Hold hold{.id = row.template id<HoldId>(1),
              .owner = std::string{row.text(2)},
              .status = row.choice(3, HoldStatus::expired),
              .fence = row.count(0),
              .pinned = row.flag(4),
              .created_at = row.time(5),
              .expires_at = row.time(6),
              .latest_end = row.time(7),
              .booking = std::nullopt,
              .items = *std::move(items)};
    if (!row.is_null(9)) hold.booking = row.template id<BookingId>(9);
    return Numbered<Hold>{hold.fence, std::move(hold)};
}

/// Seat, span, and the hold's id, status and deadline, which are null for a block.
template <class Row>
Allocation read_allocation(Row& row, int first) {
    constexpr std::int64_t kMaxSegment = std::numeric_limits<std::uint16_t>::max();
    constexpr std::int64_t kMaxSeat = std::numeric_limits<std::uint32_t>::max();
    Allocation allocation{.seat = row.template number<std::uint32_t>(first, 0, kMaxSeat),
                          .span = {.from = row.template number<std::uint16_t>(first + 1, 0, kMaxSegment),
                                   .to = row.template number<std::uint16_t>(first + 2, 0, kMaxSegment)},
                          .state = SeatState::blocked,
                          .hold = {}};
    if (row.is_null(first + 3)) return allocation;
    allocation.hold = row.template id<HoldId>(first + 3);
    const bool is_sold = row.choice(first + 4, HoldStatus::expired) == HoldStatus::sold;
    allocation.state = is_sold ? SeatState::sold : SeatState::held;
    if (!is_sold) allocation.until = row.time(first + 5);
    return allocation;
}

/// Without what has tables of its own: parts, payments and tickets.
template <class Row>
Result<Numbered<Booking>> read_bare_booking(Row& row) {
    Numbered<Booking> found;
    found.number = row.count(0);
    auto& booking = found.record;
    booking.id = row.template id<BookingId>(1);
    booking.reference = row.text(2);
    booking.owner = row.text(3);
    booking.hold = row.template id<HoldId>(4);
    booking.quote = row.template id<QuoteId>(5);
    booking.created_at = row.time(6);
    booking.expires_at = row.time(7);
    booking.total = read_money(row, 8);
    booking.refunded = read_money(row, 11);
    if (const auto done = records::decode_people(row.text(14), booking); !done) return done.error();
    return found;
}

template <class Row>
Result<Payment> read_payment(Row& row) {
    return Payment{.id = row.template id<PaymentId>(0),
                   .booking = row.template id<BookingId>(1),
                   .attempt = row.template number<int>(2, 1, std::numeric_limits<int>::max()),
                   .status = row.choice(3, PaymentStatus::refunded),
                   .amount = read_money(row, 4),
                   .method = std::string{row.text(7)},
                   .provider_key = std::string{row.text(8)},
                   .refund_due = row.flag(9),
                   .created_at = row.time(10),
                   .check_at = row.time(11)};
}

template <class Row>
Result<Ticket> read_ticket(Row& row) {
    Ticket ticket;
    ticket.id = row.template id<TicketId>(0);
    ticket.booking = row.template id<BookingId>(1);
    ticket.status = row.choice(2, TicketStatus::revoked);
    ticket.issued_at = row.time(3);
    if (const auto done = records::decode_travel(row.text(4), ticket); !done) return done.error();
    return ticket;
}

template <class Row>
Result<LedgerEntry> read_ledger_entry(Row& row) {
    return LedgerEntry{.seq = row.count(0),
                       .transaction = std::string{row.text(1)},
                       .booking = row.template id<BookingId>(2),
                       .at = row.time(3),
                       .posting = {.account = std::string{row.text(4)}, .amount = read_money(row, 5)}};
}

template <class Row>
Result<AuditEntry> read_audit_entry(Row& row) {
    return AuditEntry{.subject = std::string{row.text(0)},
                      .number = row.count(1),
                      .at = row.time(2),
                      .actor = std::string{row.text(3)},
                      .action = std::string{row.text(4)},
                      .detail = std::string{row.text(5)}};
}

/// Owner, operation, key, fingerprint, end and value.
template <class Row>
Result<KeptAnswer> read_answer(Row& row) {
    auto value = records::decode_answer(row.text(5));
    if (!value) return std::move(value).error();
    return KeptAnswer{.owner = std::string{row.text(0)},
                      .operation = std::string{row.text(1)},
                      .key = std::string{row.text(2)},
                      .fingerprint = std::string{row.text(3)},
                      .until = row.time(4),
                      .value = *std::move(value)};
}

}  // namespace railbook::store::rows

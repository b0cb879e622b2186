#include "store/redis/ports.hpp"
#include "store/rules.hpp"

namespace railbook::store::redis {

Result<std::vector<std::string>> RedisBookings::runs_of_booking(const BookingId& id, std::optional<HoldId>& hold) {
    const auto booking = record_.bookings().find_booking(id);
    if (!booking) {
        if (booking.error().code == ErrorCode::not_found) return std::vector<std::string>{};
        return booking.error();
    }
    hold = booking->hold;
    const auto found = record_.inventory().find_hold(booking->hold);
    if (!found) return found.error();
    std::vector<std::string> names;
    for (const auto& run : runs_of(*found)) names.push_back(inventory_.name_of(run));
    return names;
}

void RedisBookings::tell_of(const HoldId& hold) {
    if (const auto found = record_.inventory().find_hold(hold)) front_.tell_of(*found);
}

Result<Booking> RedisBookings::create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) {
    auto names = inventory_.runs_of_hold(claim.id);
    if (!names) {
        if (names.error().code != ErrorCode::not_found) return std::move(names).error();
        names = std::vector<std::string>{};
    }
    auto booking = front_.in_record<Booking>(*names, claim.id,
                                             [&] { return record_.bookings().create_booking(command, claim, wanted); });
    if (booking) {
        tell_of(claim.id);
    } else if (booking.error().code == ErrorCode::not_found && !record_.inventory().find_hold(claim.id)) {
        return inventory_.unknown(claim);
    }
    return booking;
}

Result<Booking> RedisBookings::cancel_booking(const Command& command, const BookingId& id) {
    std::optional<HoldId> hold;
    const auto names = runs_of_booking(id, hold);
    if (!names) return names.error();
    auto booking =
        front_.in_record<Booking>(*names, hold, [&] { return record_.bookings().cancel_booking(command, id); });
    if (booking && hold) tell_of(*hold);
    return booking;
}

Result<Payment> RedisBookings::begin_payment(const Command& command, const Payment& wanted) {
    std::optional<HoldId> hold;
    const auto names = runs_of_booking(wanted.booking, hold);
    if (!names) return names.error();
    return front_.in_record<Payment>(*names, hold, [&] { return record_.bookings().begin_payment(command, wanted); });
}

Result<Payment> RedisBookings::settle_payment(const Settlement& settlement, Timestamp now) {
    const auto payment = record_.bookings().find_payment(settlement.payment);
    if (!payment) return payment;
    std::optional<HoldId> hold;
    const auto names = runs_of_booking(payment->booking, hold);
    if (!names) return names.error();
    auto settled =
        front_.in_record<Payment>(*names, hold, [&] { return record_.bookings().settle_payment(settlement, now); });
    if (settled && hold) tell_of(*hold);
    return settled;
}

Result<Payment> RedisBookings::settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                             Timestamp now) {
    return record_.bookings().settle_refund(payment, postings, now);
}

Result<std::vector<Payment>> RedisBookings::claim_due_payments(Timestamp now, Duration lease, std::size_t limit) {
    return record_.bookings().claim_due_payments(now, lease, limit);
}

Result<std::size_t> RedisBookings::expire(Timestamp now, std::size_t limit) {
    front_.not_before(now);
    if (const auto done = front_.settle(); !done) return done.error();
    return record_.bookings().expire(now, limit);
}

Result<Booking> RedisBookings::find_booking(const BookingId& id) { return record_.bookings().find_booking(id); }

Result<Booking> RedisBookings::find_booking_named(std::string_view reference) {
    return record_.bookings().find_booking_named(reference);
}

Result<Page<Booking>> RedisBookings::list_bookings(std::string_view owner, const PageRequest& page) {
    return record_.bookings().list_bookings(owner, page);
}

Result<Payment> RedisBookings::find_payment(const PaymentId& id) { return record_.bookings().find_payment(id); }

Result<Ticket> RedisBookings::find_ticket(const TicketId& id) { return record_.bookings().find_ticket(id); }

Result<std::vector<AuditEntry>> RedisBookings::audit(std::string_view subject) {
    if (const auto run = subject.starts_with("run:") ? parse_run(subject.substr(4)) : Result<RunId>{RunId{}};
        run && subject.starts_with("run:")) {
        if (const auto done = front_.settle_run(inventory_.name_of(*run)); !done) return done.error();
    }
    return record_.bookings().audit(subject);
}

}  // namespace railbook::store::redis

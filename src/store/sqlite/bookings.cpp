#include "store/sqlite/ports.hpp"

namespace railbook::store::sqlite {
namespace {

/// What a payment belongs to.
struct Sale {
    Booking booking;
    Hold hold;
    std::uint64_t last_entry = 0;  ///< Of the ledger.
};

Result<Sale> find_sale(Tables& tables, const Payment& payment) {
    auto booking = tables.find_booking(payment.booking);
    if (!booking) return std::move(booking).error();
    if (!*booking) return Error{ErrorCode::damaged, "the booking of a payment is missing"};
    auto hold = tables.find_hold((*booking)->hold);
    if (!hold) return std::move(hold).error();
    if (!*hold) return Error{ErrorCode::damaged, "the hold of a booking is missing"};
    const auto last = tables.last_entry(payment.booking);
    if (!last) return last.error();
    return Sale{.booking = **std::move(booking), .hold = **std::move(hold), .last_entry = *last};
}

/// Whether the seats are the hold's; where it has lapsed, they become so again if nobody else has any of them.
Result<bool> take_again(Step& step, Hold& hold) {
    if (keeps_seats(hold, step.now)) return true;
    Hold renumbered = hold;
    for (const auto& id : runs_of(hold)) {
        const auto run = step.tables.find_run(id);
        if (!run) return run.error();
        if (!*run) return Error{ErrorCode::damaged, "the run of a hold is missing"};
        renumber(renumbered, **run);
    }
    if (const auto done = step.tables.drop_allocations(hold); !done) return done.error();
    const auto taken = step.tables.allocate(renumbered, step.now);
    if (!taken) return taken.error();
    if (!taken->empty()) return false;
    if (renumbered == hold) return true;
    hold = std::move(renumbered);
    if (const auto done = step.tables.save_items(hold); !done) return done.error();
    return true;
}

}  // namespace

Result<Booking> SqliteBookings::create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) {
    return database_.command<Booking>(command, [&](Step& step) -> Result<Booking> {
        const auto hold = step.tables.find_hold(claim.id);
        if (!hold) return hold.error();
        const auto changes = store::create_booking(*hold ? &**hold : nullptr, claim, wanted, command.owner, step.now);
        if (!changes) return changes.error();
        const auto namesake =
            step.tables.connection().integer("SELECT count(*) FROM bookings WHERE reference = ?1", {wanted.reference});
        if (!namesake) return namesake.error();
        if (*namesake != 0) return reference_taken();
        if (const auto done = step.tables.insert_booking(*changes->booking, (*hold)->fence); !done) return done.error();
        if (const auto done = step.save(*changes); !done) return done.error();
        return *changes->booking;
    });
}

Result<Booking> SqliteBookings::cancel_booking(const Command& command, const BookingId& id) {
    return database_.command<Booking>(command, [&](Step& step) -> Result<Booking> {
        const auto booking = found_or("booking", step.tables.find_booking(id));
        if (!booking) return booking;
        const auto hold = step.tables.find_hold(booking->hold);
        if (!hold) return hold.error();
        if (!*hold) return Error{ErrorCode::damaged, "the hold of a booking is missing"};
        const auto changes = store::cancel_booking(&*booking, &**hold, command.owner, step.now);
        if (!changes) return changes.error();
        if (const auto done = step.save(*changes); !done) return done.error();
        return changes->booking ? *changes->booking : *booking;
    });
}

Result<Payment> SqliteBookings::begin_payment(const Command& command, const Payment& wanted) {
    return database_.command<Payment>(command, [&](Step& step) -> Result<Payment> {
        const auto booking = step.tables.find_booking(wanted.booking);
        if (!booking) return booking.error();
        if (!*booking) return not_found("booking");
        const auto hold = step.tables.find_hold((*booking)->hold);
        if (!hold) return hold.error();
        if (!*hold) return Error{ErrorCode::damaged, "the hold of a booking is missing"};
        const auto payments = step.tables.payments_of(wanted.booking);
        if (!payments) return payments.error();
        const auto changes = store::begin_payment(&**booking, &**hold, *payments, wanted, command.owner, step.now);
        if (!changes) return changes.error();
        if (const auto done = step.tables.insert_payment(*changes->payment); !done) return done.error();
        if (const auto done = step.save(*changes); !done) return done.error();
        return *changes->payment;
    });
}

Result<Payment> SqliteBookings::settle_payment(const Settlement& settlement, Timestamp now) {
    return database_.step<Payment>(now, [&](Step& step) -> Result<Payment> {
        auto payment = found_or("payment", step.tables.find_payment(settlement.payment));
        if (!payment || payment->status != PaymentStatus::pending) return payment;
        auto sale = find_sale(step.tables, *payment);
        if (!sale) return sale.error();
        bool seats_are_ours = false;
        if (settlement.captured) {
            const auto taken = take_again(step, sale->hold);
            if (!taken) return taken.error();
            seats_are_ours = *taken;
        }
        const auto changes = store::settle_payment(*payment, sale->booking, sale->hold, settlement, seats_are_ours,
                                                   sale->last_entry, step.now);
        if (const auto done = step.save(changes); !done) return done.error();
        if (has_other_numbers(sale->booking, *changes.booking)) {
            if (const auto done = step.tables.save_rides(*changes.booking); !done) return done.error();
        }
        if (const auto done = step.tables.replace_answer(*changes.payment); !done) return done.error();
        return *changes.payment;
    });
}

Result<Payment> SqliteBookings::settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                              Timestamp now) {
    return database_.step<Payment>(now, [&](Step& step) -> Result<Payment> {
        auto found = found_or("payment", step.tables.find_payment(payment));
        if (!found || !found->refund_due) return found;
        const auto sale = find_sale(step.tables, *found);
        if (!sale) return sale.error();
        const auto changes = store::settle_refund(*found, sale->booking, postings, sale->last_entry, step.now);
        if (const auto done = step.save(changes); !done) return done.error();
        return *changes.payment;
    });
}

Result<std::vector<Payment>> SqliteBookings::claim_due_payments(Timestamp now, Duration lease, std::size_t limit) {
    return database_.step<std::vector<Payment>>(now, [&](Step& step) -> Result<std::vector<Payment>> {
        auto due = step.tables.due_payments(step.now, limit);
        if (!due) return due;
        for (auto& payment : *due) {
            payment.check_at = step.now + lease;
            Changes changes;
            changes.payment = payment;
            if (const auto done = step.save(changes); !done) return done.error();
        }
        return due;
    });
}

Result<std::size_t> SqliteBookings::expire(Timestamp now, std::size_t limit) {
    return database_.step<std::size_t>(now, [&](Step& step) -> Result<std::size_t> {
        const auto holds = step.tables.due_holds(step.now, limit);
        if (!holds) return holds.error();
        for (const auto& hold : *holds) {
            if (const auto done = step.save(expire_hold(hold, step.now)); !done) return done.error();
        }
        // Bookings only after every hold that is due: an expired booking never has a hold that does not know.
        const auto bookings = step.tables.due_bookings(step.now, limit - holds->size());
        if (!bookings) return bookings.error();
        for (const auto& booking : *bookings) {
            if (const auto done = step.save(expire_booking(booking, step.now)); !done) return done.error();
        }
        if (const auto done = step.tables.drop_answers(step.now, limit); !done) return done.error();
        return holds->size() + bookings->size();
    });
}

Result<Booking> SqliteBookings::find_booking(const BookingId& id) {
    return found_or("booking", database_.read<std::optional<Booking>>(
                                   [&](Tables& tables, Timestamp) { return tables.find_booking(id); }));
}

Result<Booking> SqliteBookings::find_booking_named(std::string_view reference) {
    return found_or("booking", database_.read<std::optional<Booking>>(
                                   [&](Tables& tables, Timestamp) { return tables.find_booking_named(reference); }));
}

Result<Page<Booking>> SqliteBookings::list_bookings(std::string_view owner, const PageRequest& page) {
    const auto start = page_start("bookings", page);
    if (!start) return start.error();
    auto found = database_.read<std::vector<Numbered<Booking>>>(
        [&](Tables& tables, Timestamp) { return tables.bookings_before(owner, *start, page.limit + 1); });
    if (!found) return std::move(found).error();
    return page_of("bookings", page.limit, *std::move(found));
}

Result<Payment> SqliteBookings::find_payment(const PaymentId& id) {
    return found_or("payment", database_.read<std::optional<Payment>>(
                                   [&](Tables& tables, Timestamp) { return tables.find_payment(id); }));
}

Result<Ticket> SqliteBookings::find_ticket(const TicketId& id) {
    return found_or("ticket", database_.read<std::optional<Ticket>>(
                                  [&](Tables& tables, Timestamp) { return tables.find_ticket(id); }));
}

Result<std::vector<AuditEntry>> SqliteBookings::audit(std::string_view subject) {
    return database_.read<std::vector<AuditEntry>>([&](Tables& tables, Timestamp) { return tables.audit(subject); });
}

}  // namespace railbook::store::sqlite

#include <algorithm>

#include "store/postgres/errors.hpp"
#include "store/postgres/ports.hpp"
#include "store/records/records.hpp"

namespace railbook::store::postgres {
namespace {

/// What a payment belongs to.
struct Sale {
    std::optional<Payment> payment;
    std::optional<Booking> booking;
    std::optional<Hold> hold;
    std::vector<Placed> allocated;  ///< What the hold has.
    std::uint64_t last_entry = 0;   ///< Of the ledger.
};

/// Locks the payment's runs, and reads the sale. The payment is missing where there is none of that id.
Result<Sale> find_sale(Step& step, const PaymentId& payment) {
    step.lock("SELECT railbook.lock_payment($1)", {payment});
    const auto payments = step.ask(kFindPayment, {payment});
    const auto bookings = step.ask(kBookingOfPayment, {payment});
    const auto holds = step.ask(kHoldOfPayment, {payment});
    const auto placed = step.ask(kAllocationsOfPayment, {payment});
    const auto entries = step.ask(kLastEntry, {payment});
    if (const auto ready = step.go(); !ready) return ready.error();
    Sale sale;
    auto found = step.answer(payments).one(read_payment);
    if (!found) return std::move(found).error();
    if (!*found) return sale;
    auto booking = step.answer(bookings).one(read_booking);
    if (!booking) return std::move(booking).error();
    auto hold = step.answer(holds).one(read_hold);
    if (!hold) return std::move(hold).error();
    auto allocated = step.answer(placed).all(read_placed);
    if (!allocated) return std::move(allocated).error();
    const auto last = step.answer(entries).integer();
    if (!last) return last.error();
    if (!*booking || !*hold) return Error{ErrorCode::damaged, "the booking or the hold of a payment is missing"};
    sale = {.payment = *std::move(found),
            .booking = *std::move(booking),
            .hold = *std::move(hold),
            .allocated = *std::move(allocated),
            .last_entry = static_cast<std::uint64_t>(*last)};
    return sale;
}

/// Whether the seats are the hold's; where it has lapsed, they become so again if nobody else has any of them.
Result<bool> take_again(Step& step, PinnedRuns& known, Hold& hold, SeatsBefore& before) {
    if (keeps_seats(hold, step.now())) return true;
    const auto named = step.ask(
        "SELECT r.number, r.edition FROM railbook.holds h JOIN railbook.runs r ON r.number = ANY (h.runs) "
        "WHERE h.fence = $1 ORDER BY r.service_date, r.feed, r.trip, r.start",
        {hold.fence});
    if (const auto ready = step.go(); !ready) return ready.error();
    std::vector<std::int64_t> numbers;
    std::vector<std::int64_t> editions;
    const auto read = step.answer(named).each([&](Row& row) -> Status {
        numbers.push_back(row.integer(0));
        editions.push_back(row.integer(1));
        return {};
    });
    if (!read) return read.error();
    const auto runs = find_runs(step, known, numbers, editions);
    if (!runs) return runs.error();
    Hold renumbered = hold;
    for (const auto& run : *runs) renumber(renumbered, run);
    const auto wanted = SeatList::of(renumbered);
    if (std::ranges::find(wanted.seats, std::int64_t{kNoSeat}) != wanted.seats.end()) return false;
    const auto asked = step.ask(
        "SELECT w.taken, w.dropped, w.dropped_froms, w.dropped_tos FROM railbook.make_way($1, $2, $3, ARRAY("
        "SELECT r.number FROM unnest($3, $4, $5, $6) WITH ORDINALITY n (date, feed, trip, start, place) "
        "JOIN railbook.runs r ON r.service_date = n.date AND r.feed = n.feed AND r.trip = n.trip AND r.start = n.start "
        "ORDER BY n.place), $7, $8, $9) w",
        {step.now(), hold.fence, wanted.runs.dates, wanted.runs.feeds, wanted.runs.trips, wanted.runs.starts,
         wanted.seats, wanted.froms, wanted.tos});
    if (const auto ready = step.go(); !ready) return ready.error();
    const auto way = read_way(step.answer(asked), 0, wanted);
    if (!way) return way.error();
    before.dropped = way->dropped;
    if (!way->taken.empty()) return false;
    allocate(step, wanted, hold.fence);
    if (renumbered == hold) return true;
    hold = std::move(renumbered);
    save_items(step, hold);
    return true;
}

}  // namespace

Result<Booking> PostgresBookings::create_booking(const Command& command, const HoldClaim& claim,
                                                 const Booking& wanted) {
    return database_.command<Booking>(command, [&](Step& step) -> Result<Booking> {
        step.lock("SELECT railbook.lock_hold($1)", {claim.id});
        const auto holds = step.ask(kFindHold, {claim.id});
        const auto namesakes =
            step.ask("SELECT count(*) FROM railbook.bookings WHERE reference = $1", {wanted.reference});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto hold = step.answer(holds).one(read_hold);
        if (!hold) return hold.error();
        const auto changes = store::create_booking(*hold ? &**hold : nullptr, claim, wanted, command.owner, step.now());
        if (!changes) return changes.error();
        const auto namesake = step.answer(namesakes).integer();
        if (!namesake) return namesake.error();
        if (*namesake != 0) return reference_taken();
        insert_booking(step, *changes->booking, (*hold)->fence);
        save(step, *changes);
        return *changes->booking;
    });
}

Result<Booking> PostgresBookings::cancel_booking(const Command& command, const BookingId& id) {
    return database_.command<Booking>(command, [&](Step& step) -> Result<Booking> {
        step.lock("SELECT railbook.lock_booking($1)", {id});
        const auto bookings = step.ask(kFindBooking, {id});
        const auto holds = step.ask(kHoldOfBooking, {id});
        const auto placed = step.ask(kAllocationsOfBooking, {id});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto booking = step.answer(bookings).one(read_booking);
        if (!booking) return booking.error();
        if (!*booking) return not_found("booking");
        const auto hold = step.answer(holds).one(read_hold);
        if (!hold) return hold.error();
        if (!*hold) return Error{ErrorCode::damaged, "the hold of a booking is missing"};
        auto own = step.answer(placed).all(read_placed);
        if (!own) return std::move(own).error();
        const auto changes = store::cancel_booking(&**booking, &**hold, command.owner, step.now());
        if (!changes) return changes.error();
        const SeatsBefore before{.own = *std::move(own), .dropped = {}};
        save(step, *changes, &before);
        return changes->booking ? *changes->booking : **booking;
    });
}

Result<Payment> PostgresBookings::begin_payment(const Command& command, const Payment& wanted) {
    return database_.command<Payment>(command, [&](Step& step) -> Result<Payment> {
        step.lock("SELECT railbook.lock_booking($1)", {wanted.booking});
        const auto bookings = step.ask(kFindBooking, {wanted.booking});
        const auto holds = step.ask(kHoldOfBooking, {wanted.booking});
        const auto payments = step.ask(kPaymentsOfBooking, {wanted.booking});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto booking = step.answer(bookings).one(read_booking);
        if (!booking) return booking.error();
        if (!*booking) return not_found("booking");
        const auto hold = step.answer(holds).one(read_hold);
        if (!hold) return hold.error();
        if (!*hold) return Error{ErrorCode::damaged, "the hold of a booking is missing"};
        const auto earlier = step.answer(payments).all(read_payment);
        if (!earlier) return earlier.error();
        const auto changes = store::begin_payment(&**booking, &**hold, *earlier, wanted, command.owner, step.now());
        if (!changes) return changes.error();
        insert_payment(step, *changes->payment);
        save(step, *changes);
        return *changes->payment;
    });
}

Result<Payment> PostgresBookings::settle_payment(const Settlement& settlement, Timestamp now) {
    return database_.step<Payment>(now, [&](Step& step) -> Result<Payment> {
        auto sale = find_sale(step, settlement.payment);
        if (!sale) return sale.error();
        if (!sale->payment) return not_found("payment");
        if (sale->payment->status != PaymentStatus::pending) return *sale->payment;
        bool seats_are_ours = false;
        SeatsBefore before{.own = sale->allocated, .dropped = {}};
        if (settlement.captured) {
            const auto taken = take_again(step, database_.pinned_runs(), *sale->hold, before);
            if (!taken) return taken.error();
            seats_are_ours = *taken;
        }
        const auto changes = store::settle_payment(*sale->payment, *sale->booking, *sale->hold, settlement,
                                                   seats_are_ours, sale->last_entry, step.now());
        save(step, changes, &before);
        if (has_other_numbers(*sale->booking, *changes.booking)) save_rides(step, *changes.booking);
        step.tell("UPDATE railbook.answers SET value = $2 WHERE payment = $1",
                  {changes.payment->id, records::encode(Answer{*changes.payment})});
        return *changes.payment;
    });
}

Result<Payment> PostgresBookings::settle_refund(const PaymentId& payment,
                                                const std::vector<LedgerTransaction>& postings, Timestamp now) {
    return database_.step<Payment>(now, [&](Step& step) -> Result<Payment> {
        const auto sale = find_sale(step, payment);
        if (!sale) return sale.error();
        if (!sale->payment) return not_found("payment");
        if (!sale->payment->refund_due) return *sale->payment;
        const auto changes =
            store::settle_refund(*sale->payment, *sale->booking, postings, sale->last_entry, step.now());
        save(step, changes);
        return *changes.payment;
    });
}

Result<std::vector<Payment>> PostgresBookings::claim_due_payments(Timestamp now, Duration lease, std::size_t limit) {
    return database_.step<std::vector<Payment>>(now, [&](Step& step) -> Result<std::vector<Payment>> {
        step.lock("SELECT railbook.latest()");
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto asked = step.ask(kClaimPayments, {step.now(), signed_limit(limit), step.now() + lease});
        if (const auto ready = step.go(); !ready) return ready.error();
        auto claimed = step.answer(asked).all(read_payment);
        if (claimed && !claimed->empty()) step.has_changed();
        return claimed;
    });
}

Result<std::size_t> PostgresBookings::expire(Timestamp now, std::size_t limit) {
    return database_.step<std::size_t>(now, [&](Step& step) -> Result<std::size_t> {
        // One process at a time; the next one then finds nothing left to do.
        step.lock("SELECT railbook.lock_task(1)");
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto due = step.ask("SELECT due_holds, due_bookings FROM railbook.lock_due($1, $2)",
                                  {step.now(), signed_limit(limit)});
        if (const auto ready = step.go(); !ready) return ready.error();
        struct Due {
            std::vector<std::int64_t> holds;
            std::vector<std::int64_t> bookings;
        };
        const auto numbers = step.answer(due).one(
            [](Row& row) -> Result<Due> { return Due{.holds = row.integers(0), .bookings = row.integers(1)}; });
        if (!numbers) return numbers.error();
        if (!*numbers) return damaged_row();
        // Again, now that nobody else can change them: some may have moved on while this step waited.
        const auto asked_holds = step.ask(kHoldsNumbered, {(*numbers)->holds, step.now()});
        const auto asked_placed = step.ask(kAllocationsOfHolds, {(*numbers)->holds});
        const auto asked_bookings = step.ask(kBookingsNumbered, {(*numbers)->bookings, step.now()});
        const auto asked_answers =
            step.ask("SELECT count(*) FROM (SELECT FROM railbook.answers WHERE until <= $1 LIMIT 1) one", {step.now()});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto holds = step.answer(asked_holds).all(read_hold);
        if (!holds) return holds.error();
        const auto bookings = step.answer(asked_bookings).all(read_booking);
        if (!bookings) return bookings.error();
        const auto placed = step.answer(asked_placed).all(read_placed);
        if (!placed) return placed.error();
        for (const auto& hold : *holds) {
            SeatsBefore before;
            std::ranges::copy_if(*placed, std::back_inserter(before.own),
                                 [&](const Placed& one) { return one.second.hold == hold.id; });
            save(step, expire_hold(hold, step.now()), &before);
        }
        for (const auto& booking : *bookings) save(step, expire_booking(booking, step.now()));
        const auto answers = step.answer(asked_answers).integer();
        if (!answers) return answers.error();
        if (*answers == 0) return holds->size() + bookings->size();
        step.tell(
            "DELETE FROM railbook.answers WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM railbook.answers WHERE until <= $1 ORDER BY until LIMIT $2))",
            {step.now(), signed_limit(limit)});
        return holds->size() + bookings->size();
    });
}

Result<Booking> PostgresBookings::find_booking(const BookingId& id) {
    return find_one(database_, "booking", kFindBooking, {id}, read_booking);
}

Result<Booking> PostgresBookings::find_booking_named(std::string_view reference) {
    return find_one(database_, "booking", kFindBookingNamed, {reference}, read_booking);
}

Result<Page<Booking>> PostgresBookings::list_bookings(std::string_view owner, const PageRequest& page) {
    const auto start = page_start("bookings", page);
    if (!start) return start.error();
    const auto limit = signed_limit(page.limit + 1);
    auto found = owner.empty()
                     ? find_all(database_, kBookingsBefore, {*start, limit}, read_numbered_booking)
                     : find_all(database_, kBookingsOfOwnerBefore, {*start, limit, owner}, read_numbered_booking);
    if (!found) return std::move(found).error();
    return page_of("bookings", page.limit, *std::move(found));
}

Result<Payment> PostgresBookings::find_payment(const PaymentId& id) {
    return find_one(database_, "payment", kFindPayment, {id}, read_payment);
}

Result<Ticket> PostgresBookings::find_ticket(const TicketId& id) {
    return find_one(database_, "ticket", kFindTicket, {id}, read_ticket);
}

Result<std::vector<AuditEntry>> PostgresBookings::audit(std::string_view subject) {
    return find_all(database_, kAudit, {subject}, read_audit_entry);
}

}  // namespace railbook::store::postgres

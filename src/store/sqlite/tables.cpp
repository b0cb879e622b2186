#include "store/sqlite/tables.hpp"

#include <algorithm>
#include <limits>

#include "base/crypto.hpp"
#include "store/records/records.hpp"
#include "store/records/rows.hpp"

namespace railbook::store::sqlite {
namespace {

using rows::read_allocation;
using rows::read_answer;
using rows::read_audit_entry;
using rows::read_bare_booking;
using rows::read_payment;
using rows::read_run_id;
using rows::read_ticket;
using rows::start_of;

/// Beyond this all numbers of runs are forgotten, and asked for again.
constexpr std::size_t kMaxNumbers = 100'000;

// --- Holds ---------------------------------------------------------------------------------------------------------

constexpr std::string_view kSelectHold =
    "SELECT h.fence, h.id, h.owner, h.status, h.pinned, h.created_at, h.expires_at, h.latest_end, h.items, b.id "
    "FROM holds h LEFT JOIN bookings b ON b.hold = h.fence ";

const std::string kFindHold = std::string{kSelectHold} + "WHERE h.id = ?1";
const std::string kHoldsBefore = std::string{kSelectHold} + "WHERE h.fence < ?1 ORDER BY h.fence DESC LIMIT ?2";
const std::string kHoldsOfOwnerBefore =
    std::string{kSelectHold} + "WHERE h.owner = ?3 AND h.fence < ?1 ORDER BY h.fence DESC LIMIT ?2";
const std::string kDueHolds = std::string{kSelectHold} +
                              "WHERE h.status IN (0, 1) AND h.expires_at <= ?1 ORDER BY h.expires_at, h.fence LIMIT ?2";
const std::string kLiveHoldsOfRun = std::string{kSelectHold} +
                                    "WHERE h.fence IN (SELECT hold FROM allocations WHERE run = ?1) "
                                    "AND (h.status = 2 OR (h.status IN (0, 1) AND h.expires_at > ?2)) ORDER BY h.fence";
const std::string kAllHolds = std::string{kSelectHold} + "ORDER BY h.fence";

Result<Numbered<Hold>> read_hold(Row& row) { return rows::read_numbered_hold(row); }

Result<Hold> read_plain_hold(Row& row) {
    auto hold = read_hold(row);
    if (!hold) return std::move(hold).error();
    return std::move(hold->record);
}

// --- Payments and tickets ------------------------------------------------------------------------------------------

constexpr std::string_view kSelectPayment =
    "SELECT p.id, b.id, p.attempt, p.status, p.amount, p.currency, p.scale, p.method, p.provider_key, p.refund_due, "
    "p.created_at, p.check_at FROM payments p JOIN bookings b ON b.number = p.booking ";

const std::string kFindPayment = std::string{kSelectPayment} + "WHERE p.id = ?1";
const std::string kPaymentsOfBooking = std::string{kSelectPayment} + "WHERE b.id = ?1 ORDER BY p.attempt";
const std::string kDuePayments = std::string{kSelectPayment} +
                                 "WHERE (p.status = 0 OR p.refund_due = 1) AND p.check_at <= ?1 "
                                 "ORDER BY p.check_at, p.number LIMIT ?2";
const std::string kAllPayments = std::string{kSelectPayment} + "ORDER BY p.number";

constexpr std::string_view kSelectTicket =
    "SELECT t.id, b.id, t.status, t.issued_at, t.travel FROM tickets t JOIN bookings b ON b.number = t.booking ";

const std::string kFindTicket = std::string{kSelectTicket} + "WHERE t.id = ?1";
const std::string kTicketsOfBooking = std::string{kSelectTicket} + "WHERE b.id = ?1 ORDER BY t.number";
const std::string kAllTickets = std::string{kSelectTicket} + "ORDER BY t.booking, t.number";

// --- Bookings ------------------------------------------------------------------------------------------------------

constexpr std::string_view kSelectBooking =
    "SELECT b.number, b.id, b.reference, b.owner, h.id, b.quote, b.created_at, b.expires_at, b.total, "
    "b.total_currency, b.total_scale, b.refunded, b.refunded_currency, b.refunded_scale, b.people "
    "FROM bookings b JOIN holds h ON h.fence = b.hold ";

const std::string kFindBooking = std::string{kSelectBooking} + "WHERE b.id = ?1";
const std::string kFindBookingNamed = std::string{kSelectBooking} + "WHERE b.reference = ?1";
const std::string kBookingsBefore = std::string{kSelectBooking} + "WHERE b.number < ?1 ORDER BY b.number DESC LIMIT ?2";
const std::string kBookingsOfOwnerBefore =
    std::string{kSelectBooking} + "WHERE b.owner = ?3 AND b.number < ?1 ORDER BY b.number DESC LIMIT ?2";
const std::string kDueBookings = std::string{kSelectBooking} +
                                 "WHERE b.number IN (SELECT booking FROM parts WHERE status = 0) "
                                 "AND b.expires_at <= ?1 ORDER BY b.expires_at, b.number LIMIT ?2";
const std::string kAllBookings = std::string{kSelectBooking} + "ORDER BY b.number";

/// Hands on every record that `read` makes of a row.
template <class Record, class Read, class On>
Status for_each(Connection& connection, std::string_view sql, Read read, const On& on) {
    return connection.each(sql, {}, [&](Row& row) -> Status {
        const Result<Record> record = read(row);
        if (!record) return record.error();
        if (row.is_sound()) on(*record);
        return {};
    });
}

}  // namespace

// --- Time ----------------------------------------------------------------------------------------------------------

Result<Timestamp> Tables::time() {
    const auto stored = connection_.integer("SELECT time FROM counters");
    if (!stored) return stored.error();
    return Timestamp{Duration{*stored}};
}

Status Tables::set_time(Timestamp time) {
    return connection_.run("UPDATE counters SET time = ?1 WHERE only = 1", {time});
}

// --- Answers -------------------------------------------------------------------------------------------------------

Result<std::optional<KeptAnswer>> Tables::find_answer(const Command& command) {
    return connection_.one(
        "SELECT owner, operation, key, fingerprint, until, value FROM answers "
        "WHERE owner = ?1 AND operation = ?2 AND key = ?3",
        {command.owner, command.operation, command.key.text}, read_answer<Row>);
}

Status Tables::put_answer(const KeptAnswer& answer) {
    const auto* payment = std::get_if<Payment>(&answer.value);
    return connection_.run(
        "INSERT OR REPLACE INTO answers (owner, operation, key, fingerprint, until, payment, value) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        {answer.owner, answer.operation, answer.key, answer.fingerprint, answer.until,
         payment ? Value{payment->id} : Value{std::nullopt}, records::encode(answer.value)});
}

Status Tables::each_answer(const std::function<void(const KeptAnswer&)>& read) {
    return for_each<KeptAnswer>(
        connection_,
        "SELECT owner, operation, key, fingerprint, until, value FROM answers ORDER BY owner, operation, key",
        read_answer<Row>, read);
}

Status Tables::replace_answer(const Payment& payment) {
    return connection_.run("UPDATE answers SET value = ?2 WHERE payment = ?1",
                           {payment.id, records::encode(Answer{payment})});
}

Status Tables::drop_answers(Timestamp now, std::size_t limit) {
    return connection_.run(
        "DELETE FROM answers WHERE rowid IN "
        "(SELECT rowid FROM answers WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        {now, signed_limit(limit)});
}

// --- Runs ----------------------------------------------------------------------------------------------------------

Result<std::vector<RunId>> Tables::run_ids() {
    return connection_.all("SELECT service_date, feed, trip, start FROM runs", {},
                           [](Row& row) -> Result<RunId> { return read_run_id(row, 0); });
}

Result<std::shared_ptr<const Consist>> Tables::consist(std::string_view hash) {
    auto& known = consists_[std::string{hash}];
    if (auto shared = known.lock()) return shared;
    auto found = connection_.one("SELECT value FROM consists WHERE hash = ?1", {Value::bytes(hash)},
                                 [](Row& row) { return records::decode_consist(row.text(0)); });
    if (!found) return std::move(found).error();
    if (!*found) return Error{ErrorCode::damaged, "the coaches of a run are missing"};
    std::shared_ptr<const Consist> shared = std::make_shared<const Consist>(**std::move(found));
    known = shared;
    hashes_[shared] = hash;
    return shared;
}

Result<std::string> Tables::put_consist(const std::shared_ptr<const Consist>& consist) {
    std::string value;
    auto& hash = hashes_[consist];
    if (hash.empty()) {
        value = records::encode(*consist);
        hash = base::sha256(value);
    }
    const auto known = connection_.integer("SELECT count(*) FROM consists WHERE hash = ?1", {Value::bytes(hash)});
    if (!known) return known.error();
    if (*known == 1) return hash;
    if (value.empty()) value = records::encode(*consist);
    const auto done =
        connection_.run("INSERT INTO consists (hash, value) VALUES (?1, ?2)", {Value::bytes(hash), value});
    if (!done) return done.error();
    return hash;
}

Result<Run> Tables::read_run(Row& row) {
    auto coaches = consist(row.bytes(0));
    if (!coaches) return std::move(coaches).error();
    return records::decode_run(row.text(1), *std::move(coaches));
}

Result<std::optional<Run>> Tables::find_run(const RunId& id) {
    return connection_.one(
        "SELECT consist, value FROM runs "
        "WHERE service_date = ?1 AND feed = ?2 AND trip = ?3 AND start = ?4",
        {id.date, id.trip.feed, id.trip.trip, start_of(id)}, [&](Row& row) { return read_run(row); });
}

Result<std::optional<PinnedRun>> Tables::find_pinned(const RunId& id) {
    auto run = find_run(id);
    if (!run) return std::move(run).error();
    if (!*run) return std::optional<PinnedRun>{};
    const auto version = connection_.integer(
        "SELECT v.version FROM run_versions v JOIN runs r ON r.number = v.run "
        "WHERE r.service_date = ?1 AND r.feed = ?2 AND r.trip = ?3 AND r.start = ?4",
        {id.date, id.trip.feed, id.trip.trip, start_of(id)});
    if (!version) return version.error();
    std::vector<Allocation> allocations;
    const auto done = connection_.each(
        "SELECT a.seat, a.from_segment, a.to_segment, h.id, h.status, h.expires_at "
        "FROM runs r JOIN allocations a ON a.run = r.number JOIN holds h ON h.fence = a.hold "
        "WHERE r.service_date = ?1 AND r.feed = ?2 AND r.trip = ?3 AND r.start = ?4",
        {id.date, id.trip.feed, id.trip.trip, start_of(id)}, [&](Row& row) -> Status {
            allocations.push_back(read_allocation(row, 0));
            return {};
        });
    if (!done) return done.error();
    const auto blocks = each_block_of(id, [&](const Allocation& block) { allocations.push_back(block); });
    if (!blocks) return blocks.error();
    RunAllocations taken{**run, static_cast<std::uint64_t>(*version), allocations};
    return std::optional{PinnedRun{**std::move(run), std::move(taken)}};
}

Result<std::int64_t> Tables::run_number(const RunId& id) {
    const auto known = numbers_.find(id);
    if (known != numbers_.end()) return known->second;
    const auto number = connection_.integer(
        "SELECT number FROM runs WHERE service_date = ?1 AND feed = ?2 AND trip = ?3 AND start = ?4",
        {id.date, id.trip.feed, id.trip.trip, start_of(id)});
    if (!number || *number == 0) return number;
    if (numbers_.size() >= kMaxNumbers) numbers_.clear();
    numbers_.emplace(id, *number);
    return number;
}

Status Tables::insert_run(const Run& run, std::uint64_t version) {
    const auto hash = put_consist(run.consist);
    if (!hash) return hash.error();
    const auto done = connection_.run(
        "INSERT INTO runs (service_date, feed, trip, start, consist, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        {run.id.date, run.id.trip.feed, run.id.trip.trip, start_of(run.id), Value::bytes(*hash),
         records::encode_calls(run)});
    if (!done) return done;
    return connection_.run("INSERT INTO run_versions (run, version) VALUES (last_insert_rowid(), ?1)", {version});
}

Status Tables::each_run(const std::function<void(const Run&, std::uint64_t version)>& read) {
    return connection_.each(
        "SELECT r.consist, r.value, v.version FROM runs r JOIN run_versions v ON v.run = r.number "
        "ORDER BY r.service_date, r.feed, r.trip, r.start",
        {}, [&](Row& row) -> Status {
            const auto run = read_run(row);
            if (!run) return run.error();
            const auto version = row.count(2);
            if (row.is_sound()) read(*run, version);
            return {};
        });
}

// --- Holds and allocations -----------------------------------------------------------------------------------------

Result<std::uint64_t> Tables::next_fence() {
    const auto fence = connection_.integer("UPDATE counters SET fence = fence + 1 WHERE only = 1 RETURNING fence");
    if (!fence) return fence.error();
    return static_cast<std::uint64_t>(*fence);
}

Result<std::optional<Hold>> Tables::find_hold(const HoldId& id) {
    return connection_.one(kFindHold, {id}, read_plain_hold);
}

Result<std::vector<Numbered<Hold>>> Tables::holds_before(std::string_view owner, std::uint64_t number,
                                                         std::size_t limit) {
    if (owner.empty()) return connection_.all(kHoldsBefore, {number, signed_limit(limit)}, read_hold);
    return connection_.all(kHoldsOfOwnerBefore, {number, signed_limit(limit), owner}, read_hold);
}

Result<std::size_t> Tables::count_live_holds(std::string_view owner, Timestamp now) {
    const auto count = connection_.integer(
        "SELECT count(*) FROM holds WHERE owner = ?1 AND status IN (0, 1) AND expires_at > ?2", {owner, now});
    if (!count) return count.error();
    return static_cast<std::size_t>(*count);
}

Result<std::vector<Hold>> Tables::due_holds(Timestamp now, std::size_t limit) {
    return connection_.all(kDueHolds, {now, signed_limit(limit)}, read_plain_hold);
}

Status Tables::each_hold(const std::function<void(const Hold&)>& read) {
    return for_each<Hold>(connection_, kAllHolds, read_plain_hold, read);
}

Status Tables::insert_hold(const Hold& hold) {
    return connection_.run(
        "INSERT INTO holds (fence, id, owner, status, pinned, created_at, expires_at, latest_end, items) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        {hold.fence, hold.id, hold.owner, hold.status, hold.pinned, hold.created_at, hold.expires_at, hold.latest_end,
         records::encode(hold.items)});
}

Result<std::vector<SeatId>> Tables::seats_of_others(const Hold& wanted, Timestamp now) {
    std::vector<SeatId> others;
    for (const auto& item : wanted.items) {
        const auto run = run_number(item.run);
        if (!run) return run.error();
        for (const auto& seat : item.seats) {
            const auto count = connection_.integer(
                "SELECT EXISTS (SELECT 1 FROM allocations a JOIN holds h ON h.fence = a.hold "
                "WHERE a.run = ?1 AND a.seat = ?2 AND a.from_segment < ?4 AND a.to_segment > ?3 "
                "AND NOT (h.status IN (0, 1) AND h.expires_at <= ?5)) "
                "OR EXISTS (SELECT 1 FROM blocks WHERE run = ?1 AND seat = ?2 AND from_segment < ?4 "
                "AND to_segment > ?3)",
                {*run, seat.index, item.span.from, item.span.to, now});
            if (!count) return count.error();
            if (*count != 0) others.push_back(seat.id);
        }
    }
    return others;
}

Result<std::vector<SeatId>> Tables::allocate(const Hold& hold, Timestamp now) {
    std::vector<SeatId> taken;
    for (const auto& item : hold.items) {
        const auto run = run_number(item.run);
        if (!run) return run.error();
        for (const auto& seat : item.seats) {
            if (seat.index == kNoSeat) {
                taken.push_back(seat.id);
                continue;
            }
            // The schema decides whether the seat is free.
            const auto insert = [&] {
                return connection_.run(
                    "INSERT INTO allocations (run, seat, from_segment, to_segment, hold) VALUES (?1, ?2, ?3, ?4, ?5)",
                    {*run, seat.index, item.span.from, item.span.to, hold.fence});
            };
            auto done = insert();
            if (!done && done.error().code == ErrorCode::seat_taken) {
                if (const auto dropped = drop_lapsed(*run, seat.index, item.span, now); !dropped)
                    return dropped.error();
                done = insert();
            }
            if (done) continue;
            if (done.error().code != ErrorCode::seat_taken) return done.error();
            taken.push_back(seat.id);
        }
    }
    return taken;
}

Status Tables::save_items(const Hold& hold) {
    return connection_.run("UPDATE holds SET items = ?2 WHERE id = ?1", {hold.id, records::encode(hold.items)});
}

Status Tables::drop_lapsed(std::int64_t run, std::uint32_t seat, Span span, Timestamp now) {
    return connection_.run(
        "DELETE FROM allocations WHERE run = ?1 AND seat = ?2 AND from_segment < ?4 AND to_segment > ?3 "
        "AND EXISTS (SELECT 1 FROM holds h WHERE h.fence = hold AND h.status IN (0, 1) AND h.expires_at <= ?5)",
        {run, seat, span.from, span.to, now});
}

Result<std::vector<Hold>> Tables::live_holds_of(const RunId& run, Timestamp now) {
    const auto number = run_number(run);
    if (!number) return number.error();
    return connection_.all(kLiveHoldsOfRun, {*number, now}, read_plain_hold);
}

Status Tables::drop_allocations(const Hold& hold) {
    for (const auto& item : hold.items) {
        const auto run = run_number(item.run);
        if (!run) return run.error();
        for (const auto& seat : item.seats) {
            const auto done = connection_.run(
                "DELETE FROM allocations WHERE run = ?1 AND seat = ?2 AND from_segment = ?3 AND hold = ?4",
                {*run, seat.index, item.span.from, hold.fence});
            if (!done) return done;
        }
    }
    return {};
}

Status Tables::each_allocation(const std::function<void(const RunId&, const Allocation&)>& read) {
    const auto allocations = connection_.each(
        "SELECT r.service_date, r.feed, r.trip, r.start, a.seat, a.from_segment, a.to_segment, h.id, h.status, "
        "h.expires_at FROM allocations a JOIN runs r ON r.number = a.run JOIN holds h ON h.fence = a.hold "
        "ORDER BY r.service_date, r.feed, r.trip, r.start, a.seat, a.from_segment",
        {}, [&](Row& row) -> Status {
            const auto run = read_run_id(row, 0);
            const auto allocation = read_allocation(row, 4);
            if (row.is_sound()) read(run, allocation);
            return {};
        });
    if (!allocations) return allocations;
    return each_block(read);
}

Status Tables::count_version(const RunId& run) {
    const auto number = run_number(run);
    if (!number) return number.error();
    return connection_.run("UPDATE run_versions SET version = version + 1 WHERE run = ?1", {*number});
}

Status Tables::save_hold(const Hold& hold) {
    const auto done = connection_.run("UPDATE holds SET status = ?2, expires_at = ?3 WHERE fence = ?1",
                                      {hold.fence, hold.status, hold.expires_at});
    if (!done) return done;
    if (!allocates(hold)) {
        if (const auto dropped = drop_allocations(hold); !dropped) return dropped;
    }
    for (const auto& run : runs_of(hold)) {
        if (const auto counted = count_version(run); !counted) return counted;
    }
    return {};
}

// --- Bookings ------------------------------------------------------------------------------------------------------

Result<std::vector<Ticket>> Tables::tickets_of(const BookingId& booking) {
    return connection_.all(kTicketsOfBooking, {booking}, read_ticket<Row>);
}

Status Tables::complete(Booking& booking, std::uint64_t number) {
    auto parts = connection_.all("SELECT id, status, ride FROM parts WHERE booking = ?1 ORDER BY position", {number},
                                 [](Row& row) -> Result<BookingPart> {
                                     BookingPart part;
                                     part.id = row.id<PartId>(0);
                                     part.status = row.choice(1, PartStatus::expired);
                                     const auto done = records::decode_ride(row.text(2), part);
                                     if (!done) return done.error();
                                     return part;
                                 });
    if (!parts) return std::move(parts).error();
    auto payments = connection_.all("SELECT id FROM payments WHERE booking = ?1 ORDER BY attempt", {number},
                                    [](Row& row) -> Result<PaymentId> { return row.id<PaymentId>(0); });
    if (!payments) return std::move(payments).error();
    auto tickets = connection_.all("SELECT id FROM tickets WHERE booking = ?1 ORDER BY number", {number},
                                   [](Row& row) -> Result<TicketId> { return row.id<TicketId>(0); });
    if (!tickets) return std::move(tickets).error();
    booking.parts = *std::move(parts);
    booking.payments = *std::move(payments);
    booking.tickets = *std::move(tickets);
    return {};
}

Result<std::vector<Numbered<Booking>>> Tables::read_bookings(std::string_view sql,
                                                             std::initializer_list<Value> values) {
    auto found = connection_.all(sql, values, read_bare_booking<Row>);
    if (!found) return found;
    for (auto& [number, booking] : *found) {
        if (const auto done = complete(booking, number); !done) return done.error();
    }
    return found;
}

Result<std::optional<Booking>> Tables::read_booking(std::string_view sql, std::initializer_list<Value> values) {
    auto found = read_bookings(sql, values);
    if (!found) return std::move(found).error();
    return found->empty() ? std::optional<Booking>{} : std::optional{std::move(found->front().record)};
}

Result<std::optional<Booking>> Tables::find_booking(const BookingId& id) { return read_booking(kFindBooking, {id}); }

Result<std::optional<Booking>> Tables::find_booking_named(std::string_view reference) {
    return read_booking(kFindBookingNamed, {reference});
}

Result<std::vector<Numbered<Booking>>> Tables::bookings_before(std::string_view owner, std::uint64_t number,
                                                               std::size_t limit) {
    if (owner.empty()) return read_bookings(kBookingsBefore, {number, signed_limit(limit)});
    return read_bookings(kBookingsOfOwnerBefore, {number, signed_limit(limit), owner});
}

Result<std::vector<Booking>> Tables::due_bookings(Timestamp now, std::size_t limit) {
    auto found = read_bookings(kDueBookings, {now, signed_limit(limit)});
    if (!found) return std::move(found).error();
    std::vector<Booking> due;
    for (auto& one : *found) due.push_back(std::move(one.record));
    return due;
}

Status Tables::each_booking(const std::function<void(const Booking&)>& read) {
    return connection_.each(kAllBookings, {}, [&](Row& row) -> Status {
        auto booking = read_bare_booking(row);
        if (!booking) return std::move(booking).error();
        if (const auto done = complete(booking->record, booking->number); !done) return done;
        if (row.is_sound()) read(booking->record);
        return {};
    });
}

Status Tables::insert_booking(const Booking& booking, std::uint64_t fence) {
    const auto done = connection_.run(
        "INSERT INTO bookings (id, reference, owner, hold, quote, created_at, expires_at, total, total_currency, "
        "total_scale, refunded, refunded_currency, refunded_scale, people) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        {booking.id, booking.reference, booking.owner, fence, booking.quote, booking.created_at, booking.expires_at,
         booking.total.amount, booking.total.currency, booking.total.scale, booking.refunded.amount,
         booking.refunded.currency, booking.refunded.scale, records::encode_people(booking)});
    if (!done) return done;
    int position = 0;
    for (const auto& part : booking.parts) {
        const auto added = connection_.run(
            "INSERT INTO parts (booking, position, id, status, ride) "
            "VALUES ((SELECT number FROM bookings WHERE id = ?1), ?2, ?3, ?4, ?5)",
            {booking.id, position++, part.id, part.status, records::encode_ride(part)});
        if (!added) return added;
    }
    return {};
}

Status Tables::save_booking(const Booking& booking) {
    const auto done =
        connection_.run("UPDATE bookings SET refunded = ?2, refunded_currency = ?3, refunded_scale = ?4 WHERE id = ?1",
                        {booking.id, booking.refunded.amount, booking.refunded.currency, booking.refunded.scale});
    if (!done) return done;
    for (const auto& part : booking.parts) {
        const auto saved =
            connection_.run("UPDATE parts SET status = ?2 WHERE id = ?1 AND status <> ?2", {part.id, part.status});
        if (!saved) return saved;
    }
    return {};
}

// --- Payments and tickets ------------------------------------------------------------------------------------------

Result<std::optional<Payment>> Tables::find_payment(const PaymentId& id) {
    return connection_.one(kFindPayment, {id}, read_payment<Row>);
}

Result<std::vector<Payment>> Tables::payments_of(const BookingId& booking) {
    return connection_.all(kPaymentsOfBooking, {booking}, read_payment<Row>);
}

Result<std::vector<Payment>> Tables::due_payments(Timestamp now, std::size_t limit) {
    return connection_.all(kDuePayments, {now, signed_limit(limit)}, read_payment<Row>);
}

Status Tables::each_payment(const std::function<void(const Payment&)>& read) {
    return for_each<Payment>(connection_, kAllPayments, read_payment<Row>, read);
}

Status Tables::insert_payment(const Payment& payment) {
    return connection_.run(
        "INSERT INTO payments (id, booking, attempt, status, amount, currency, scale, method, provider_key, "
        "refund_due, created_at, check_at) "
        "VALUES (?1, (SELECT number FROM bookings WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        {payment.id, payment.booking, payment.attempt, payment.status, payment.amount.amount, payment.amount.currency,
         payment.amount.scale, payment.method, payment.provider_key, payment.refund_due, payment.created_at,
         payment.check_at});
}

Result<std::optional<Ticket>> Tables::find_ticket(const TicketId& id) {
    return connection_.one(kFindTicket, {id}, read_ticket<Row>);
}

Status Tables::each_ticket(const std::function<void(const Ticket&)>& read) {
    return for_each<Ticket>(connection_, kAllTickets, read_ticket<Row>, read);
}

// --- Ledger and audit log ------------------------------------------------------------------------------------------

Result<std::uint64_t> Tables::last_entry(const BookingId& booking) {
    const auto last = connection_.integer(
        "SELECT coalesce(max(seq), 0) FROM ledger WHERE booking = (SELECT number FROM bookings WHERE id = ?1)",
        {booking});
    if (!last) return last.error();
    return static_cast<std::uint64_t>(*last);
}

Status Tables::each_ledger_entry(const std::function<void(const LedgerEntry&)>& read) {
    return for_each<LedgerEntry>(connection_,
                                 "SELECT l.seq, l.name, b.id, l.at, l.account, l.amount, l.currency, l.scale "
                                 "FROM ledger l JOIN bookings b ON b.number = l.booking ORDER BY l.booking, l.seq",
                                 rows::read_ledger_entry<Row>, read);
}

Result<std::vector<AuditEntry>> Tables::audit(std::string_view subject) {
    return connection_.all(
        "SELECT subject, number, at, actor, action, detail FROM audit WHERE subject = ?1 ORDER BY number", {subject},
        read_audit_entry<Row>);
}

Status Tables::each_audit_entry(const std::function<void(const AuditEntry&)>& read) {
    return for_each<AuditEntry>(connection_,
                                "SELECT subject, number, at, actor, action, detail FROM audit ORDER BY subject, number",
                                read_audit_entry<Row>, read);
}

Status Tables::save(const Changes& changes) {
    if (changes.hold) {
        if (const auto done = save_hold(*changes.hold); !done) return done;
    }
    if (changes.booking) {
        if (const auto done = save_booking(*changes.booking); !done) return done;
    }
    if (changes.payment) {
        const auto& payment = *changes.payment;
        const auto done =
            connection_.run("UPDATE payments SET status = ?2, refund_due = ?3, check_at = ?4 WHERE id = ?1",
                            {payment.id, payment.status, payment.refund_due, payment.check_at});
        if (!done) return done;
    }
    for (const auto& ticket : changes.tickets) {
        const auto done = connection_.run(
            "INSERT INTO tickets (id, booking, status, issued_at, travel) "
            "VALUES (?1, (SELECT number FROM bookings WHERE id = ?2), ?3, ?4, ?5)",
            {ticket.id, ticket.booking, ticket.status, ticket.issued_at, records::encode_travel(ticket)});
        if (!done) return done;
    }
    for (const auto& entry : changes.ledger) {
        const auto done = connection_.run(
            "INSERT INTO ledger (booking, seq, name, at, account, amount, currency, scale) "
            "VALUES ((SELECT number FROM bookings WHERE id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            {entry.booking, entry.seq, entry.transaction, entry.at, entry.posting.account, entry.posting.amount.amount,
             entry.posting.amount.currency, entry.posting.amount.scale});
        if (!done) return done;
    }
    return add_audit(audit_of(changes));
}

Status Tables::add_audit(const std::vector<AuditEntry>& entries) {
    for (const auto& entry : entries) {
        const auto done = connection_.run(
            "INSERT INTO audit (subject, number, at, actor, action, detail) VALUES "
            "(?1, (SELECT coalesce(max(number), 0) + 1 FROM audit WHERE subject = ?1), ?2, ?3, ?4, ?5)",
            {entry.subject, entry.at, entry.actor, entry.action, entry.detail});
        if (!done) return done;
    }
    return {};
}

}  // namespace railbook::store::sqlite

#include "store/postgres/tables.hpp"

#include <algorithm>
#include <limits>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "store/postgres/errors.hpp"
#include "store/records/records.hpp"

namespace railbook::store::postgres {
namespace {

constexpr std::string_view kSelectHold =
    "SELECT h.fence, h.id, h.owner, h.status, h.pinned, h.created_at, h.expires_at, h.latest_end, h.items, b.id "
    "FROM railbook.holds h LEFT JOIN railbook.bookings b ON b.hold = h.fence ";

// What has tables of its own comes along as arrays.
constexpr std::string_view kSelectBooking =
    "SELECT b.number, b.id, b.reference, b.owner, h.id, b.quote, b.created_at, b.expires_at, b.total, "
    "b.total_currency, b.total_scale, b.refunded, b.refunded_currency, b.refunded_scale, b.people, "
    "ARRAY(SELECT p.id FROM railbook.parts p WHERE p.booking = b.number ORDER BY p.position), "
    "ARRAY(SELECT p.status::bigint FROM railbook.parts p WHERE p.booking = b.number ORDER BY p.position), "
    "ARRAY(SELECT p.ride FROM railbook.parts p WHERE p.booking = b.number ORDER BY p.position), "
    "ARRAY(SELECT p.id FROM railbook.payments p WHERE p.booking = b.number ORDER BY p.attempt), "
    "ARRAY(SELECT t.id FROM railbook.tickets t WHERE t.booking = b.number ORDER BY t.number) "
    "FROM railbook.bookings b JOIN railbook.holds h ON h.fence = b.hold ";

constexpr std::string_view kSelectPayment =
    "SELECT p.id, b.id, p.attempt, p.status, p.amount, p.currency, p.scale, p.method, p.provider_key, p.refund_due, "
    "p.created_at, p.check_at FROM railbook.payments p JOIN railbook.bookings b ON b.number = p.booking ";

constexpr std::string_view kSelectTicket =
    "SELECT t.id, b.id, t.status, t.issued_at, t.travel "
    "FROM railbook.tickets t JOIN railbook.bookings b ON b.number = t.booking ";

constexpr std::string_view kSelectAllocation =
    "SELECT r.service_date, r.feed, r.trip, r.start, a.seat, a.from_segment, a.to_segment, h.id, h.status, "
    "h.expires_at "
    "FROM railbook.allocations a JOIN railbook.runs r ON r.number = a.run "
    "LEFT JOIN railbook.holds h ON h.fence = a.hold ";

constexpr std::string_view kSelectRun =
    "SELECT r.number, r.edition, v.version, r.consist, c.value, r.value FROM railbook.runs r "
    "JOIN railbook.consists c ON c.hash = r.consist JOIN railbook.run_versions v ON v.run = r.number ";

std::string joined(std::string_view select, std::string_view rest) { return std::string{select} + std::string{rest}; }

}  // namespace

void RunNames::add(const RunId& run) {
    dates.push_back(run.date);
    feeds.push_back(run.trip.feed);
    trips.push_back(run.trip.trip);
    starts.push_back(start_of(run));
}

RunId RunNames::at(std::size_t place) const {
    RunId run{.date = dates.at(place), .trip = {.feed = feeds.at(place), .trip = trips.at(place)}};
    if (starts.at(place) != kNoStart) run.start = static_cast<int>(starts.at(place));
    return run;
}

// --- Holds ---------------------------------------------------------------------------------------------------------

const std::string kFindHold = joined(kSelectHold, "WHERE h.id = $1");
const std::string kHoldOfBooking = joined(kSelectHold, "WHERE b.id = $1");
const std::string kHoldOfPayment =
    joined(kSelectHold, "WHERE b.number = (SELECT p.booking FROM railbook.payments p WHERE p.id = $1)");
const std::string kHoldsBefore = joined(kSelectHold, "WHERE h.fence < $1 ORDER BY h.fence DESC LIMIT $2");
const std::string kHoldsOfOwnerBefore =
    joined(kSelectHold, "WHERE h.fence < $1 AND h.owner = $3 ORDER BY h.fence DESC LIMIT $2");
const std::string kHoldsNumbered =
    joined(kSelectHold,
           "WHERE h.fence = ANY ($1) AND h.status IN (0, 1) AND h.expires_at <= $2 ORDER BY h.expires_at, h.fence");
const std::string kLiveHoldsOfRun =
    joined(kSelectHold,
           "WHERE h.fence IN (SELECT a.hold FROM railbook.allocations a WHERE a.run = $1) "
           "AND (h.status = 2 OR (h.status IN (0, 1) AND h.expires_at > $2)) ORDER BY h.fence");
const std::string kUnsoldHoldsOfRun =
    joined(kSelectHold,
           "WHERE h.fence IN (SELECT a.hold FROM railbook.allocations a WHERE a.run = $1) "
           "AND h.status IN (0, 1) AND h.expires_at > $2 ORDER BY h.fence");
const std::string kUnsoldHolds = joined(kSelectHold, "WHERE h.status IN (0, 1) AND h.expires_at > $1 ORDER BY h.fence");
const std::string kAllHolds = joined(kSelectHold, "ORDER BY h.fence");

Result<Numbered<Hold>> read_numbered_hold(Row& row) { return rows::read_numbered_hold(row); }

Result<Hold> read_hold(Row& row) {
    auto hold = read_numbered_hold(row);
    if (!hold) return std::move(hold).error();
    return std::move(hold->record);
}

const std::string kAllAllocations = joined(
    kSelectAllocation, "ORDER BY a.hold IS NULL, r.service_date, r.feed, r.trip, r.start, a.seat, a.from_segment");
const std::string kAllocationsOfHold = joined(kSelectAllocation, "WHERE h.id = $1");
const std::string kAllocationsOfBooking =
    joined(kSelectAllocation, "WHERE h.fence = (SELECT b.hold FROM railbook.bookings b WHERE b.id = $1)");
const std::string kAllocationsOfPayment =
    joined(kSelectAllocation,
           "WHERE h.fence = (SELECT b.hold FROM railbook.bookings b JOIN railbook.payments p "
           "ON p.booking = b.number WHERE p.id = $1)");
const std::string kAllocationsOfHolds = joined(kSelectAllocation, "WHERE h.fence = ANY ($1)");
const std::string kBlocksOfRun =
    joined(kSelectAllocation, "WHERE a.run = $1 AND a.hold IS NULL ORDER BY a.seat, a.from_segment");

Result<Placed> read_placed(Row& row) { return Placed{rows::read_run_id(row, 0), rows::read_allocation(row, 4)}; }

// --- Bookings ------------------------------------------------------------------------------------------------------

const std::string kFindBooking = joined(kSelectBooking, "WHERE b.id = $1");
const std::string kFindBookingNamed = joined(kSelectBooking, "WHERE b.reference = $1");
const std::string kBookingOfPayment =
    joined(kSelectBooking, "WHERE b.number = (SELECT p.booking FROM railbook.payments p WHERE p.id = $1)");
const std::string kBookingsBefore = joined(kSelectBooking, "WHERE b.number < $1 ORDER BY b.number DESC LIMIT $2");
const std::string kBookingsOfOwnerBefore =
    joined(kSelectBooking, "WHERE b.number < $1 AND b.owner = $3 ORDER BY b.number DESC LIMIT $2");
const std::string kBookingsNumbered = joined(kSelectBooking,
                                             "WHERE b.number = ANY ($1) AND b.expires_at <= $2 AND b.number IN (SELECT "
                                             "booking FROM railbook.parts WHERE status = "
                                             "0) ORDER BY b.expires_at, b.number");
const std::string kBookingsOfHolds = joined(kSelectBooking, "WHERE b.hold = ANY ($1) ORDER BY b.hold");
const std::string kAllBookings = joined(kSelectBooking, "ORDER BY b.number");

Result<Numbered<Booking>> read_numbered_booking(Row& row) {
    auto found = rows::read_bare_booking(row);
    if (!found) return found;
    auto& booking = found->record;
    const auto ids = row.ids<PartId>(15);
    const auto statuses = row.integers(16);
    const auto rides = row.list(17);
    // One statement has read all three, so they are as long.
    for (std::size_t i = 0; i < std::min({ids.size(), statuses.size(), rides.size()}); ++i) {
        BookingPart part;
        part.id = ids[i];
        const auto last = static_cast<std::int64_t>(PartStatus::expired);
        part.status = static_cast<PartStatus>(std::clamp<std::int64_t>(statuses[i], 0, last));
        if (const auto done = records::decode_ride(rides[i], part); !done) return done.error();
        booking.parts.push_back(std::move(part));
    }
    booking.payments = row.ids<PaymentId>(18);
    booking.tickets = row.ids<TicketId>(19);
    return found;
}

Result<Booking> read_booking(Row& row) {
    auto booking = read_numbered_booking(row);
    if (!booking) return std::move(booking).error();
    return std::move(booking->record);
}

// --- Payments, tickets, ledger, audit log --------------------------------------------------------------------------

const std::string kFindPayment = joined(kSelectPayment, "WHERE p.id = $1");
const std::string kPaymentsOfBooking = joined(kSelectPayment, "WHERE b.id = $1 ORDER BY p.attempt");
// What another process is changing it will look after itself.
const std::string kClaimPayments =
    "WITH due AS (SELECT number FROM railbook.payments WHERE (status = 0 OR refund_due) AND check_at <= $1 "
    "ORDER BY check_at, number LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED), "
    "old AS (SELECT p.number, p.check_at FROM railbook.payments p JOIN due ON due.number = p.number), "
    "claimed AS (UPDATE railbook.payments p SET check_at = $3 FROM due WHERE p.number = due.number RETURNING p.*) "
    "SELECT p.id, b.id, p.attempt, p.status, p.amount, p.currency, p.scale, p.method, p.provider_key, p.refund_due, "
    "p.created_at, p.check_at FROM claimed p JOIN railbook.bookings b ON b.number = p.booking "
    "JOIN old ON old.number = p.number ORDER BY old.check_at, p.number";
const std::string kAllPayments = joined(kSelectPayment, "ORDER BY p.number");

Result<Payment> read_payment(Row& row) { return rows::read_payment(row); }

const std::string kFindTicket = joined(kSelectTicket, "WHERE t.id = $1");
const std::string kTicketsOfHolds = joined(kSelectTicket, "WHERE b.hold = ANY ($1) ORDER BY b.hold, t.number");
const std::string kAllTickets = joined(kSelectTicket, "ORDER BY t.booking, t.number");

Result<Ticket> read_ticket(Row& row) { return rows::read_ticket(row); }

const std::string_view kLastEntry =
    "SELECT coalesce(max(seq), 0) FROM railbook.ledger "
    "WHERE booking = (SELECT booking FROM railbook.payments WHERE id = $1)";
const std::string_view kAllLedgerEntries =
    "SELECT l.seq, l.name, b.id, l.at, l.account, l.amount, l.currency, l.scale "
    "FROM railbook.ledger l JOIN railbook.bookings b ON b.number = l.booking ORDER BY l.booking, l.seq";

Result<LedgerEntry> read_ledger_entry(Row& row) { return rows::read_ledger_entry(row); }

const std::string_view kAudit =
    "SELECT subject, number, at, actor, action, detail FROM railbook.audit WHERE subject = $1 ORDER BY number";
const std::string_view kAllAuditEntries =
    "SELECT subject, number, at, actor, action, detail FROM railbook.audit ORDER BY subject, number";

Result<AuditEntry> read_audit_entry(Row& row) { return rows::read_audit_entry(row); }

const std::string_view kAllAnswers =
    "SELECT owner, operation, key, fingerprint, until, value FROM railbook.answers ORDER BY owner, operation, key";
const std::string_view kFindAnswer =
    "SELECT owner, operation, key, fingerprint, until, value FROM railbook.answers "
    "WHERE owner = $1 AND operation = $2 AND key = $3";

Result<KeptAnswer> read_answer(Row& row) { return rows::read_answer(row); }

// --- Changes -------------------------------------------------------------------------------------------------------

void insert_hold(Step& step, const Hold& hold, const std::vector<std::int64_t>& numbers) {
    step.tell(
        "INSERT INTO railbook.holds (fence, id, owner, status, pinned, created_at, expires_at, latest_end, runs, "
        "items) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {hold.fence, hold.id, hold.owner, hold.status, hold.pinned, hold.created_at, hold.expires_at, hold.latest_end,
         numbers, records::encode(hold.items)});
    allocate(step, SeatList::of(hold), hold.fence);
}

void SeatList::add(const RunId& run, std::uint32_t seat, Span span) {
    runs.add(run);
    seats.push_back(seat);
    froms.push_back(span.from);
    tos.push_back(span.to);
}

SeatList SeatList::of(const Hold& hold) {
    SeatList list;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) list.add(item.run, seat.index, item.span);
    }
    return list;
}

SeatList SeatList::of(const SeatBlock& block) {
    SeatList list;
    for (const auto& seat : block.seats) list.add(block.run, seat.index, block.span);
    return list;
}

void allocate(Step& step, const SeatList& seats, std::optional<std::uint64_t> fence) {
    step.tell(
        "INSERT INTO railbook.allocations (service_date, run, seat, from_segment, to_segment, hold) "
        "SELECT w.date, r.number, w.seat, w.from_segment, w.to_segment, $8 "
        "FROM unnest($1, $2, $3, $4, $5, $6, $7) w (date, feed, trip, start, seat, from_segment, to_segment) "
        "JOIN railbook.runs r ON r.service_date = w.date AND r.feed = w.feed AND r.trip = w.trip AND r.start = w.start",
        {seats.runs.dates, seats.runs.feeds, seats.runs.trips, seats.runs.starts, seats.seats, seats.froms, seats.tos,
         fence ? Value{*fence} : Value::no_number()});
}

void insert_answer(Step& step, const KeptAnswer& answer) {
    const auto* payment = std::get_if<Payment>(&answer.value);
    step.tell(
        "INSERT INTO railbook.answers (owner, operation, key, fingerprint, until, payment, value) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {answer.owner, answer.operation, answer.key, answer.fingerprint, answer.until,
         payment ? Value{payment->id} : Value{std::nullopt}, records::encode(answer.value)});
}

void insert_audit_entry(Step& step, const AuditEntry& entry) {
    step.tell(
        "INSERT INTO railbook.audit (subject, number, at, actor, action, detail) "
        "SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM railbook.audit WHERE subject = $1",
        {entry.subject, entry.at, entry.actor, entry.action, entry.detail});
}

void save_items(Step& step, const Hold& hold) {
    step.tell("UPDATE railbook.holds SET items = $2 WHERE id = $1", {hold.id, records::encode(hold.items)});
}

void save_rides(Step& step, const Booking& booking) {
    for (const auto& part : booking.parts)
        step.tell("UPDATE railbook.parts SET ride = $2 WHERE id = $1", {part.id, records::encode_ride(part)});
}

void save_travel(Step& step, const Ticket& ticket) {
    step.tell("UPDATE railbook.tickets SET travel = $2 WHERE id = $1", {ticket.id, records::encode_travel(ticket)});
}

namespace {

/// Answers its hash.
std::string insert_consist(Step& step, const Consist& consist) {
    const auto coaches = records::encode(consist);
    auto hash = base::sha256(coaches);
    step.tell("INSERT INTO railbook.consists (hash, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", {hash, coaches});
    return hash;
}

}  // namespace

void save_changed(Step& step, std::int64_t number, const Run& run) {
    step.tell(
        "UPDATE railbook.runs SET consist = $2, seats = $3, segments = $4, value = $5, edition = edition + 1 "
        "WHERE number = $1",
        {number, insert_consist(step, *run.consist), run.consist->seat_count(), run.segment_count(),
         records::encode_calls(run)});
    step.tell(
        "UPDATE railbook.run_versions SET version = version + 1, told_after = version + 1, time = greatest(time, $2) "
        "WHERE run = $1",
        {number, step.now()});
    step.tell("DELETE FROM railbook.seat_changes WHERE run = $1", {number});
}

void insert_run(Step& step, const Run& run, std::uint64_t version) {
    const auto hash = insert_consist(step, *run.consist);
    step.tell(
        "WITH added AS (INSERT INTO railbook.runs (service_date, feed, trip, start, consist, seats, segments, value) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING number) "
        "INSERT INTO railbook.run_versions (run, version, told_after, time) SELECT number, $9, $9, 0 FROM added",
        {run.id.date, run.id.trip.feed, run.id.trip.trip, start_of(run.id), hash, run.consist->seat_count(),
         run.segment_count(), records::encode_calls(run), version});
}

namespace {

/// Changes of a run's seats, as parameters.
struct ChangeList {
    explicit ChangeList(const std::vector<SeatChange>& changes) {
        for (const auto& change : changes) {
            seats.push_back(change.seat);
            froms.push_back(change.span.from);
            tos.push_back(change.span.to);
            states.push_back(static_cast<std::int64_t>(change.state));
        }
    }
    std::vector<std::int64_t> seats;
    std::vector<std::int64_t> froms;
    std::vector<std::int64_t> tos;
    std::vector<std::int64_t> states;
};

}  // namespace

void count_change(Step& step, const RunId& run, const std::vector<SeatChange>& changes) {
    const ChangeList list{changes};
    step.tell("SELECT railbook.count_change($1, $2, $3, $4, $5, $6, $7, $8, $9)",
              {run.date, run.trip.feed, run.trip.trip, start_of(run), step.now(), list.seats, list.froms, list.tos,
               list.states});
}

void forget_changes(Step& step, std::int64_t number, std::int64_t before, std::int64_t after) {
    constexpr std::int64_t kAtOnce = 256;
    constexpr std::int64_t kKept = 1024;
    const std::int64_t last = after / kAtOnce * kAtOnce - kKept;
    if (after / kAtOnce == before / kAtOnce || last <= 0) return;
    step.tell("DELETE FROM railbook.seat_changes WHERE run = $1 AND version <= $2", {number, last});
    step.tell("UPDATE railbook.run_versions SET told_after = $2 WHERE run = $1 AND told_after < $2", {number, last});
}

void insert_booking(Step& step, const Booking& booking, std::uint64_t fence) {
    std::vector<std::string> ids;
    std::vector<std::int64_t> statuses;
    std::vector<std::string> rides;
    for (const auto& part : booking.parts) {
        ids.emplace_back(reinterpret_cast<const char*>(part.id.bytes.data()), part.id.bytes.size());
        statuses.push_back(static_cast<std::int64_t>(part.status));
        rides.push_back(records::encode_ride(part));
    }
    step.tell(
        "WITH added AS (INSERT INTO railbook.bookings (id, reference, owner, hold, quote, created_at, expires_at, "
        "total, "
        "total_currency, total_scale, refunded, refunded_currency, refunded_scale, people) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING number) "
        "INSERT INTO railbook.parts (booking, position, id, status, ride) "
        "SELECT added.number, p.position, p.id, p.status, p.ride "
        "FROM added, unnest($15, $16, $17) WITH ORDINALITY p (id, status, ride, position)",
        {booking.id, booking.reference, booking.owner, fence, booking.quote, booking.created_at, booking.expires_at,
         booking.total.amount, booking.total.currency, booking.total.scale, booking.refunded.amount,
         booking.refunded.currency, booking.refunded.scale, records::encode_people(booking), ids, statuses, rides});
}

void insert_payment(Step& step, const Payment& payment) {
    step.tell(
        "INSERT INTO railbook.payments (id, booking, attempt, status, amount, currency, scale, method, provider_key, "
        "refund_due, created_at, check_at) "
        "VALUES ($1, (SELECT number FROM railbook.bookings WHERE id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {payment.id, payment.booking, payment.attempt, payment.status, payment.amount.amount, payment.amount.currency,
         payment.amount.scale, payment.method, payment.provider_key, payment.refund_due, payment.created_at,
         payment.check_at});
}

namespace {

/// What the step makes of the run's seats, in the words of the change feed.
std::vector<SeatChange> changes_of(const Hold& hold, const RunId& run, const SeatsBefore& before) {
    std::vector<SeatChange> changes;
    std::vector<Placed> dropped = before.dropped;
    for (const auto& item : hold.items) {
        if (item.run != run) continue;
        for (const auto& seat : item.seats) {
            std::erase_if(dropped, [&](const Placed& other) {
                const auto& allocation = other.second;
                if (other.first != run || allocation.seat != seat.index || !allocation.span.overlaps(item.span))
                    return false;
                changes.push_back({0, seat.index, allocation.span, SeatState::free});
                return true;
            });
            const auto own = std::ranges::find_if(before.own, [&](const Placed& other) {
                return other.first == run && other.second.seat == seat.index && other.second.span == item.span;
            });
            const auto was = own == before.own.end() ? SeatState::free : own->second.state;
            const auto is = allocates(hold) ? allocation_of(hold, item, seat).state : SeatState::free;
            if (was != is) changes.push_back({0, seat.index, item.span, is});
        }
    }
    return changes;
}

void save_hold(Step& step, const Hold& hold, const SeatsBefore* before) {
    step.tell(
        "UPDATE railbook.holds SET status = $2, expires_at = $3 WHERE fence = $1 AND (status, expires_at) <> ($2, $3)",
        {hold.fence, hold.status, hold.expires_at});
    if (!allocates(hold)) step.tell("DELETE FROM railbook.allocations WHERE hold = $1", {hold.fence});
    for (const auto& run : runs_of(hold))
        count_change(step, run, before ? changes_of(hold, run, *before) : std::vector<SeatChange>{});
}

void save_booking(Step& step, const Booking& booking) {
    std::vector<std::string> ids;
    std::vector<std::int64_t> statuses;
    for (const auto& part : booking.parts) {
        ids.emplace_back(reinterpret_cast<const char*>(part.id.bytes.data()), part.id.bytes.size());
        statuses.push_back(static_cast<std::int64_t>(part.status));
    }
    step.tell(
        "UPDATE railbook.parts p SET status = s.status FROM unnest($1, $2) s (id, status) "
        "WHERE p.id = s.id AND p.status <> s.status",
        {ids, statuses});
    step.tell(
        "UPDATE railbook.bookings SET refunded = $2, refunded_currency = $3, refunded_scale = $4 "
        "WHERE id = $1 AND (refunded, refunded_currency, refunded_scale) <> ($2, $3, $4)",
        {booking.id, booking.refunded.amount, booking.refunded.currency, booking.refunded.scale});
}

}  // namespace

void save(Step& step, const Changes& changes, const SeatsBefore* before) {
    if (changes.hold) save_hold(step, *changes.hold, before);
    if (changes.booking) save_booking(step, *changes.booking);
    if (changes.payment) {
        const auto& payment = *changes.payment;
        step.tell("UPDATE railbook.payments SET status = $2, refund_due = $3, check_at = $4 WHERE id = $1",
                  {payment.id, payment.status, payment.refund_due, payment.check_at});
    }
    for (const auto& ticket : changes.tickets) {
        step.tell(
            "INSERT INTO railbook.tickets (id, booking, status, issued_at, travel) "
            "VALUES ($1, (SELECT number FROM railbook.bookings WHERE id = $2), $3, $4, $5)",
            {ticket.id, ticket.booking, ticket.status, ticket.issued_at, records::encode_travel(ticket)});
    }
    for (const auto& entry : changes.ledger) {
        step.tell(
            "INSERT INTO railbook.ledger (booking, seq, name, at, account, amount, currency, scale) "
            "VALUES ((SELECT number FROM railbook.bookings WHERE id = $1), $2, $3, $4, $5, $6, $7, $8)",
            {entry.booking, entry.seq, entry.transaction, entry.at, entry.posting.account, entry.posting.amount.amount,
             entry.posting.amount.currency, entry.posting.amount.scale});
    }
    for (const auto& entry : audit_of(changes)) insert_audit_entry(step, entry);
}

// --- Pinned runs ---------------------------------------------------------------------------------------------------

const std::string kRunsNumbered =
    joined(kSelectRun, "WHERE r.number = ANY ($1) ORDER BY r.service_date, r.feed, r.trip, r.start");
const std::string kAllRuns = joined(kSelectRun, "ORDER BY r.service_date, r.feed, r.trip, r.start");

Result<StoredRun> read_run(Row& row, PinnedRuns& known) {
    auto coaches = known.coaches(row.bytes(3), row.bytes(4));
    if (!coaches) return std::move(coaches).error();
    auto run = records::decode_run(row.bytes(5), *std::move(coaches));
    if (!run) return std::move(run).error();
    return StoredRun{
        .number = row.integer(0), .edition = row.integer(1), .version = row.count(2), .run = *std::move(run)};
}

Result<std::vector<Run>> find_runs(Step& step, PinnedRuns& known, const std::vector<std::int64_t>& numbers,
                                   const std::vector<std::int64_t>& editions) {
    std::map<std::int64_t, Run> found;
    std::vector<std::int64_t> missing;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (auto run = known.find(numbers[i], editions[i])) found.emplace(numbers[i], *std::move(run));
        else missing.push_back(numbers[i]);
    }
    if (!missing.empty()) {
        const auto asked = step.ask(kRunsNumbered, {missing});
        if (const auto ready = step.go(); !ready) return ready.error();
        auto stored = step.answer(asked).all([&](Row& row) { return read_run(row, known); });
        if (!stored) return std::move(stored).error();
        for (auto& one : *stored) found.emplace(one.number, std::move(one.run));
    }
    std::vector<Run> runs;
    for (const auto number : numbers) {
        const auto run = found.find(number);
        if (run == found.end()) return damaged_row();
        runs.push_back(run->second);
    }
    return runs;
}

}  // namespace railbook::store::postgres

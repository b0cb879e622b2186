#include "store/memory/contents.hpp"

#include <algorithm>
#include <set>

namespace railbook::store::memory {
namespace {

constexpr std::string_view kOfRun = "run:";

bool is_open(const Booking& booking) { return booking.status() == PartStatus::prebooked; }
bool is_open(const Payment& payment) { return payment.status == PaymentStatus::pending || payment.refund_due; }

Timestamp due_at(const Booking& booking) { return booking.expires_at; }
Timestamp due_at(const Payment& payment) { return payment.check_at; }

bool is_same_ride(const Hold& before, const Hold& after) {
    return before.items == after.items && before.booking == after.booking;
}

/// Replaces or adds the record, and its place in the list of what comes due. Answers its number.
template <class Record, class Id>
std::uint64_t put(Table<Record, Id>& table, std::vector<Id>& order, DueList<Id>& due, const Record& record) {
    auto& row = table[record.id];
    if (row.number == 0) {
        order.push_back(record.id);
        row.number = order.size();
    } else if (is_open(row.record)) {
        due.drop(due_at(row.record), row.number);
    }
    row.record = record;
    if (is_open(record)) due.put(due_at(record), row.number, record.id);
    return row.number;
}

}  // namespace

// --- Looking -------------------------------------------------------------------------------------------------------

PinnedRun* Contents::find_run(const RunId& run) const {
    const auto found = runs.find(run);
    return found == runs.end() ? nullptr : found->second.get();
}

FewRuns Contents::runs_of(const Hold& hold) const {
    FewRuns found;
    for (const auto& item : hold.items) {
        auto* const run = &run_at(item.run);
        if (std::ranges::find(found, run) == found.end()) found.push_back(run);
    }
    return found;
}

std::optional<Hold> Contents::find_hold(const HoldId& id) const {
    const auto* row = holds.find(id);
    return row ? std::optional{row->hold()} : std::nullopt;
}

bool Contents::seats_are_free(const Hold& hold, Timestamp now) {
    return std::ranges::all_of(hold.items, [&](const HoldItem& item) {
        const auto& allocations = run_at(item.run).allocations;
        return std::ranges::all_of(
            item.seats, [&](const HeldSeat& seat) { return allocations.is_free(seat.index, item.span, now, hold.id); });
    });
}

RunHolds Contents::live_holds_of(const PinnedRun& pinned, Timestamp now) const {
    RunHolds found{.run = pinned.run, .version = pinned.allocations.version(), .holds = {}};
    std::set<HoldId> ids;
    for (const auto& allocation : pinned.allocations.live(now)) {
        if (allocation.state != SeatState::blocked && ids.insert(allocation.hold).second)
            found.holds.push_back(*find_hold(allocation.hold));
    }
    std::ranges::sort(found.holds, {}, &Hold::fence);
    return found;
}

RunBasis Contents::basis_of(const PinnedRun& pinned, Timestamp now) const {
    RunBasis basis{.run = live_holds_of(pinned, now), .bookings = {}, .tickets = {}, .blocks = {}};
    for (const auto& hold : basis.run.holds) {
        if (!hold.booking) continue;
        basis.bookings.push_back(bookings.at(*hold.booking).record);
        for (const auto& ticket : basis.bookings.back().tickets) basis.tickets.push_back(tickets.at(ticket));
    }
    for (const auto& allocation : pinned.allocations.live(now)) {
        if (allocation.state == SeatState::blocked) basis.blocks.push_back(allocation);
    }
    return basis;
}

std::vector<Payment> Contents::payments_of(const Booking& booking) const {
    std::vector<Payment> found;
    for (const auto& id : booking.payments) found.push_back(payments.at(id).record);
    return found;
}

std::uint64_t Contents::last_entry(const BookingId& booking) const {
    const auto found = ledger.find(booking);
    return found == ledger.end() ? 0 : found->second.size();
}

std::vector<AuditEntry> Contents::audit(std::string_view subject) const {
    if (subject.starts_with(kOfRun)) {
        const auto run = parse_run(subject.substr(kOfRun.size()));
        const auto* pinned = run ? find_run(*run) : nullptr;
        if (pinned) return pinned->audit.entries(*run);
    }
    const auto found = audit_.find(subject);
    return found == audit_.end() ? std::vector<AuditEntry>{} : found->second.entries({});
}

// --- Changing ------------------------------------------------------------------------------------------------------

PinnedRun& Contents::pin(const Run& run) {
    const auto known = runs.find(run.id);
    if (known != runs.end()) return *known->second;
    auto row = std::make_unique<PinnedRun>(run, 0);
    row->run.pinned = true;
    return *runs.emplace(run.id, std::move(row)).first->second;
}

void Contents::pass(Timestamp now) {
    auto before = latest.load();
    while (before < now && !latest.compare_exchange_weak(before, now)) {
    }
}

void Contents::follow(const Holds::Row& row, const Hold& hold, const HoldAction& action, const FewRuns& of_hold) {
    for (auto* run : of_hold) run->allocations.follow(hold, run->run.id, action.at);
    if (!action.what.empty()) {
        const auto note = holds.note_of(row, action.at, action.actor, action.what);
        for (auto* run : of_hold) run->audit.add(note);
    }
    pass(action.at);
}

const Holds::Row& Contents::add_hold(const Hold& hold, const HoldAction& action, Holds::Owner& owner,
                                     const FewRuns& of_hold) {
    const auto& row = holds.add(hold, owner, of_hold);
    follow(row, hold, action, of_hold);
    return row;
}

void Contents::change_hold(Holds::Row& row, const Hold& hold, bool is_same_ride, const HoldAction& action,
                           const FewRuns& of_hold) {
    holds.change(row, hold, is_same_ride, of_hold);
    follow(row, hold, action, of_hold);
}

void Contents::put_booking(const Booking& booking) {
    put(bookings, booking_order, due_bookings, booking);
    references.emplace(booking.reference, booking.id);
}

void Contents::put_payment(const Payment& payment) { put(payments, payment_order, due_payments, payment); }

void Contents::save(const Changes& changes, Timestamp now) {
    pass(now);
    if (changes.hold) {
        const Hold& hold = *changes.hold;
        const auto* event = changes.hold_event ? &*changes.hold_event : nullptr;
        auto& row = *holds.find(hold.id);
        HoldAction action{.at = now, .actor = {}, .what = {}};
        if (event) action = {.at = event->at, .actor = event->actor, .what = event->action};
        change_hold(row, hold, is_same_ride(row.hold(), hold), action, runs_of(hold));
    }
    if (changes.booking) put_booking(*changes.booking);
    if (changes.payment) put_payment(*changes.payment);
    for (const auto& ticket : changes.tickets) tickets.emplace(ticket.id, ticket);
    for (const auto& entry : changes.ledger) ledger[entry.booking].push_back(entry);
    for (const auto& entry : changes.booking_audit) record(entry);
}

void Contents::save(const RunOutcome& outcome, Timestamp now) {
    pass(now);
    auto& pinned = run_at(outcome.run.id);
    const auto version = pinned.allocations.version() + 1;
    pinned.run = outcome.run;
    pinned.allocations = RunAllocations{outcome.run, version, outcome.allocations};
    for (const auto& hold : outcome.holds) {
        auto& row = *holds.find(hold.id);
        holds.change(row, hold, is_same_ride(row.hold(), hold), runs_of(hold));
    }
    for (const auto& booking : outcome.bookings) bookings.at(booking.id).record = booking;
    for (const auto& ticket : outcome.tickets) tickets.at(ticket.id) = ticket;
    for (const auto& entry : outcome.audit) record(entry);
}

void Contents::record(AuditEntry entry) {
    if (entry.subject.starts_with(kOfRun)) {
        const auto run = parse_run(std::string_view{entry.subject}.substr(kOfRun.size()));
        if (auto* const pinned = run ? find_run(*run) : nullptr) return pinned->audit.add(std::move(entry));
    }
    auto& trail = audit_[entry.subject];
    trail.add(std::move(entry));
}

// --- All of it -----------------------------------------------------------------------------------------------------

void Contents::read_all(RecordReader& reader) const {
    reader.on(Counters{.fence = fence, .time = latest, .feed_versions = {feed_versions.begin(), feed_versions.end()}});
    for (const auto& [name, value] : secrets) reader.on(Secret{name, value});
    for (const auto& [name, stored] : feeds) reader.on(stored.feed, stored.data);
    for (const auto& document : documents) reader.on(document);
    const auto sorted = sorted_runs();
    for (const auto* pinned : sorted) reader.on(pinned->run, pinned->allocations.version());
    for (std::uint64_t number = 1; number <= holds.count(); ++number) reader.on(holds.at(number).hold());
    for (const bool blocks : {false, true}) {
        for (const auto* pinned : sorted) {
            for (const auto& allocation : pinned->allocations.live(latest)) {
                if ((allocation.state == SeatState::blocked) == blocks) reader.on(pinned->run.id, allocation);
            }
        }
    }
    for (const auto& id : booking_order) reader.on(bookings.at(id).record);
    for (const auto& id : payment_order) reader.on(payments.at(id).record);
    for (const auto& id : booking_order) {
        for (const auto& ticket : bookings.at(id).record.tickets) reader.on(tickets.at(ticket));
    }
    for (const auto& id : booking_order) {
        if (const auto found = ledger.find(id); found != ledger.end()) {
            for (const auto& entry : found->second) reader.on(entry);
        }
    }
    std::map<std::string, std::vector<AuditEntry>> audit;
    for (const auto& [subject, trail] : audit_) audit.emplace(subject, trail.entries({}));
    for (const auto* pinned : sorted) {
        auto entries = pinned->audit.entries(pinned->run.id);
        if (!entries.empty()) audit.emplace(entries.front().subject, std::move(entries));
    }
    for (const auto& [subject, entries] : audit) {
        for (const auto& entry : entries) reader.on(entry);
    }
    for (const auto& answer : answers.all()) reader.on(answer);
}

std::vector<const PinnedRun*> Contents::sorted_runs() const {
    std::vector<const PinnedRun*> sorted;
    for (const auto& [id, pinned] : runs) sorted.push_back(pinned.get());
    std::ranges::sort(sorted, {}, [](const PinnedRun* pinned) { return pinned->run.id; });
    return sorted;
}

void Contents::Writer::on(const Counters& counters) {
    contents_.fence = counters.fence;
    contents_.latest = counters.time;
    contents_.feed_versions.insert(counters.feed_versions.begin(), counters.feed_versions.end());
}

void Contents::Writer::on(const Secret& secret) { contents_.secrets.insert_or_assign(secret.name, secret.value); }

void Contents::Writer::on(const Feed& feed, const std::string& data) {
    contents_.feeds.insert_or_assign(feed.name, StoredFeed{feed, data});
}

void Contents::Writer::on(const Document& document) { contents_.documents.push_back(document); }

void Contents::Writer::on(const Run& run, std::uint64_t version) {
    contents_.runs.try_emplace(run.id, std::make_unique<PinnedRun>(run, version));
}

void Contents::Writer::on(const Hold& hold) {
    contents_.holds.add(hold, contents_.holds.owner_named(hold.owner), contents_.runs_of(hold));
    if (!keeps_seats(hold, contents_.latest)) return;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats)
            contents_.run_at(item.run).allocations.put(allocation_of(hold, item, seat));
    }
}

void Contents::Writer::on(const RunId& run, const Allocation& allocation) {
    contents_.run_at(run).allocations.put(allocation);
}

void Contents::Writer::on(const Booking& booking) { contents_.put_booking(booking); }
void Contents::Writer::on(const Payment& payment) { contents_.put_payment(payment); }
void Contents::Writer::on(const Ticket& ticket) { contents_.tickets.emplace(ticket.id, ticket); }
void Contents::Writer::on(const LedgerEntry& entry) { contents_.ledger[entry.booking].push_back(entry); }
void Contents::Writer::on(const AuditEntry& entry) { contents_.record(entry); }
void Contents::Writer::on(const KeptAnswer& answer) {
    const auto* hold = std::get_if<Hold>(&answer.value);
    const auto* row = hold ? contents_.holds.find(hold->id) : nullptr;
    contents_.answers.put(answer, row && row->hold() == *hold ? row : nullptr);
}

}  // namespace railbook::store::memory

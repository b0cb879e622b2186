#include "store/memory/contents.hpp"

#include <algorithm>

namespace railbook::store::memory {
namespace {

AnswerKey key_of(const Command& command) { return {command.owner, command.operation, command.key.text}; }

bool is_open(const Hold& hold) { return hold.status == HoldStatus::held || hold.status == HoldStatus::paying; }
bool is_open(const Booking& booking) { return booking.status() == PartStatus::prebooked; }
bool is_open(const Payment& payment) { return payment.status == PaymentStatus::pending || payment.refund_due; }

Timestamp due_at(const Hold& hold) { return hold.expires_at; }
Timestamp due_at(const Booking& booking) { return booking.expires_at; }
Timestamp due_at(const Payment& payment) { return payment.check_at; }

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

const Hold* Contents::find_hold(const HoldId& id) const {
    const auto found = holds.find(id);
    return found == holds.end() ? nullptr : &found->second.record;
}

std::size_t Contents::count_live_holds(const std::string& owner, Timestamp now) const {
    const auto open = open_holds_.find(owner);
    if (open == open_holds_.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(open->second, [&](std::uint64_t number) {
        return keeps_seats(holds.at(hold_order[number - 1]).record, now);
    }));
}

bool Contents::seats_are_free(const Hold& hold, Timestamp now) const {
    return std::ranges::all_of(hold.items, [&](const HoldItem& item) {
        const auto& allocations = runs.at(item.run).allocations;
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

ConsistBasis Contents::basis_of(const PinnedRun& pinned, Timestamp now) const {
    ConsistBasis basis{.run = live_holds_of(pinned, now), .bookings = {}, .tickets = {}, .blocks = {}};
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

const KeptAnswer* Contents::find_answer(const Command& command) const {
    const auto found = answers.find(key_of(command));
    return found == answers.end() ? nullptr : &found->second;
}

// --- Changing ------------------------------------------------------------------------------------------------------

PinnedRun& Contents::pin(const Run& run) {
    const auto found = runs.find(run.id);
    if (found != runs.end()) return found->second;
    auto& pinned = runs.emplace(run.id, PinnedRun{run, RunAllocations{run}}).first->second;
    pinned.run.pinned = true;
    return pinned;
}

void Contents::put_hold(const Hold& hold) {
    const auto number = put(holds, hold_order, due_holds, hold);
    auto& open = open_holds_[hold.owner];
    if (is_open(hold)) open.insert(number);
    else open.erase(number);
    if (open.empty()) open_holds_.erase(hold.owner);
}

void Contents::put_booking(const Booking& booking) {
    put(bookings, booking_order, due_bookings, booking);
    references.emplace(booking.reference, booking.id);
}

void Contents::put_payment(const Payment& payment) { put(payments, payment_order, due_payments, payment); }

void Contents::save(const Changes& changes, Timestamp now) {
    latest = now;
    if (changes.hold) {
        put_hold(*changes.hold);
        for (const auto& run : runs_of(*changes.hold)) runs.at(run).allocations.follow(*changes.hold, run, now);
    }
    if (changes.booking) put_booking(*changes.booking);
    if (changes.payment) put_payment(*changes.payment);
    for (const auto& ticket : changes.tickets) tickets.emplace(ticket.id, ticket);
    for (const auto& entry : changes.ledger) ledger[entry.booking].push_back(entry);
    record(changes.audit);
}

void Contents::save(const ConsistOutcome& outcome, Timestamp now) {
    latest = now;
    auto& pinned = runs.at(outcome.run.id);
    const auto version = pinned.allocations.version() + 1;
    pinned = {outcome.run, RunAllocations{outcome.run, version, outcome.allocations}};
    for (const auto& hold : outcome.holds) holds.at(hold.id).record = hold;
    for (const auto& booking : outcome.bookings) bookings.at(booking.id).record = booking;
    for (const auto& ticket : outcome.tickets) tickets.at(ticket.id) = ticket;
    record(outcome.audit);
}

void Contents::record(const std::vector<AuditEntry>& entries) {
    for (const auto& entry : entries) {
        auto& subject = audit[entry.subject];
        subject.push_back(entry);
        subject.back().number = subject.size();
    }
}

void Contents::keep(const KeptAnswer& answer) {
    const AnswerKey key{answer.owner, answer.operation, answer.key};
    if (const auto old = answers.find(key); old != answers.end()) drop_answer(old);
    answers.emplace(key, answer);
    answers_by_end_.emplace(answer.until, key);
    if (const auto* payment = std::get_if<Payment>(&answer.value)) payment_answers_[payment->id] = key;
}

void Contents::replace_answer(const Payment& payment) {
    if (const auto kept = payment_answers_.find(payment.id); kept != payment_answers_.end())
        answers.at(kept->second).value = payment;
}

void Contents::drop_answer(std::map<AnswerKey, KeptAnswer>::iterator kept) {
    if (const auto* payment = std::get_if<Payment>(&kept->second.value)) payment_answers_.erase(payment->id);
    answers_by_end_.erase({kept->second.until, kept->first});
    answers.erase(kept);
}

void Contents::drop_answers(Timestamp now, std::size_t limit) {
    for (std::size_t dropped = 0; dropped < limit && !answers_by_end_.empty(); ++dropped) {
        const auto oldest = answers_by_end_.begin();
        if (oldest->first > now) break;
        drop_answer(answers.find(oldest->second));
    }
}

// --- All of it -----------------------------------------------------------------------------------------------------

void Contents::read_all(RecordReader& reader) const {
    reader.on(Counters{.fence = fence, .time = latest, .feed_versions = {feed_versions.begin(), feed_versions.end()}});
    for (const auto& [name, value] : secrets) reader.on(Secret{name, value});
    for (const auto& [name, stored] : feeds) reader.on(stored.feed, stored.data);
    for (const auto& document : documents) reader.on(document);
    for (const auto& [id, pinned] : runs) reader.on(pinned.run, pinned.allocations.version());
    for (const auto& id : hold_order) reader.on(holds.at(id).record);
    for (const bool blocks : {false, true}) {
        for (const auto& [id, pinned] : runs) {
            for (const auto& allocation : pinned.allocations.live(latest)) {
                if ((allocation.state == SeatState::blocked) == blocks) reader.on(id, allocation);
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
    for (const auto& [subject, entries] : audit) {
        for (const auto& entry : entries) reader.on(entry);
    }
    for (const auto& [key, kept] : answers) reader.on(kept);
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
    contents_.runs.emplace(run.id, PinnedRun{run, RunAllocations{run, version, {}}});
}

void Contents::Writer::on(const Hold& hold) {
    contents_.put_hold(hold);
    if (!keeps_seats(hold, contents_.latest)) return;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats)
            contents_.runs.at(item.run).allocations.put(allocation_of(hold, item, seat));
    }
}

void Contents::Writer::on(const RunId& run, const Allocation& allocation) {
    contents_.runs.at(run).allocations.put(allocation);
}

void Contents::Writer::on(const Booking& booking) { contents_.put_booking(booking); }
void Contents::Writer::on(const Payment& payment) { contents_.put_payment(payment); }
void Contents::Writer::on(const Ticket& ticket) { contents_.tickets.emplace(ticket.id, ticket); }
void Contents::Writer::on(const LedgerEntry& entry) { contents_.ledger[entry.booking].push_back(entry); }
void Contents::Writer::on(const AuditEntry& entry) { contents_.audit[entry.subject].push_back(entry); }
void Contents::Writer::on(const KeptAnswer& answer) { contents_.keep(answer); }

}  // namespace railbook::store::memory

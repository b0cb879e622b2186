#include "store/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/rides.hpp"

namespace railbook::store {
namespace {

// --- The drawn edges -----------------------------------------------------------------------------------------------

bool may_become(HoldStatus from, HoldStatus to) {
    switch (from) {
        case HoldStatus::held:
            return to == HoldStatus::paying || to == HoldStatus::released || to == HoldStatus::expired;
        case HoldStatus::paying: return to == HoldStatus::held || to == HoldStatus::sold || to == HoldStatus::expired;
        case HoldStatus::expired: return to == HoldStatus::sold;  // late money, same seats free
        case HoldStatus::sold:
        case HoldStatus::released: return false;
    }
    return false;
}

bool may_become(PartStatus from, PartStatus to) {
    switch (from) {
        case PartStatus::prebooked:
            return to == PartStatus::confirmed || to == PartStatus::cancelled || to == PartStatus::expired;
        case PartStatus::confirmed: return to == PartStatus::fulfilled || to == PartStatus::refunded;
        case PartStatus::fulfilled: return to == PartStatus::refunded || to == PartStatus::exchanged;
        case PartStatus::expired: return to == PartStatus::confirmed;  // late money, same seats free
        case PartStatus::refunded:
        case PartStatus::exchanged:
        case PartStatus::cancelled: return false;
    }
    return false;
}

bool may_become(PaymentStatus from, PaymentStatus to) {
    switch (from) {
        case PaymentStatus::pending:
            return to == PaymentStatus::captured || to == PaymentStatus::declined || to == PaymentStatus::cancelled;
        case PaymentStatus::captured: return to == PaymentStatus::part_refunded || to == PaymentStatus::refunded;
        case PaymentStatus::part_refunded: return to == PaymentStatus::refunded;
        case PaymentStatus::declined:
        case PaymentStatus::cancelled:
        case PaymentStatus::refunded: return false;
    }
    return false;
}

template <class Record, class RecordStatus>
void move_to(Record& record, RecordStatus status) {
    RAILBOOK_ASSERT(may_become(record.status, status));
    record.status = status;
}

void move_parts(Booking& booking, PartStatus status) {
    for (auto& part : booking.parts) move_to(part, status);
}

// --- The audit log -------------------------------------------------------------------------------------------------

void record(Changes& changes, const Hold& hold, Timestamp now, std::string_view actor, std::string_view action) {
    changes.hold_event = {.id = hold.id,
                          .fence = hold.fence,
                          .items = hold.items,
                          .at = now,
                          .actor = std::string{actor},
                          .action = action};
}

void record(Changes& changes, const BookingId& booking, Timestamp now, std::string_view actor, std::string_view action,
            std::string detail) {
    changes.booking_audit.push_back({.subject = "booking:" + to_string(booking),
                                     .number = 0,
                                     .at = now,
                                     .actor = std::string{actor},
                                     .action = std::string{action},
                                     .detail = std::move(detail)});
}

std::string named(const Payment& payment) { return "payment " + to_string(payment.id); }

// --- The ledger ----------------------------------------------------------------------------------------------------

void post(Changes& changes, const BookingId& booking, const std::vector<LedgerTransaction>& transactions,
          std::uint64_t last_entry, Timestamp now) {
    for (const auto& transaction : transactions) {
        std::map<std::string, std::int64_t> sums;
        for (const auto& posting : transaction.postings) {
            sums[posting.amount.currency] += posting.amount.amount;
            changes.ledger.push_back({.seq = ++last_entry,
                                      .transaction = transaction.name,
                                      .booking = booking,
                                      .at = now,
                                      .posting = posting});
        }
        RAILBOOK_ASSERT(std::ranges::all_of(sums, [](const auto& sum) { return sum.second == 0; }));
    }
}

// --- Claims --------------------------------------------------------------------------------------------------------

Error hold_lost() { return {ErrorCode::hold_lost, "the hold is no longer yours", "hold seats again"}; }
Error hold_expired() { return {ErrorCode::hold_expired, "the hold has passed its deadline", "hold seats again"}; }
Error payment_open() { return {ErrorCode::in_progress, "a payment for this booking is still open"}; }

/// Who claims it, and by which fence.
Status check_claimant(const Hold* hold, const HoldClaim& claim) {
    if (!hold || (!claim.any_owner && hold->owner != claim.owner)) return not_found("hold");
    if (claim.fence ? *claim.fence != hold->fence : !claim.any_owner) return hold_lost();
    return {};
}

/// Whether its owner may still decide about it: only before its deadline, and while it belongs to no booking.
Status check_open(const Hold& hold, Timestamp now) {
    if (hold.status == HoldStatus::released) return hold_lost();
    if (hold.status == HoldStatus::sold) return Error{ErrorCode::conflict, "the seats of the hold are sold"};
    if (!keeps_seats(hold, now)) return hold_expired();
    if (hold.booking) return Error{ErrorCode::conflict, "the hold is part of a booking"};
    return {};
}

/// What a step makes of a hold that is stored; null where there is none.
template <class Step>
Result<Changes> changes_of(const Hold* hold, std::string_view actor, Timestamp now, const Step& step) {
    if (!hold) return not_found("hold");
    Hold changed = *hold;
    const Result<std::string_view> action = step(changed);
    if (!action) return action.error();
    Changes changes;
    if (action->empty()) return changes;
    record(changes, changed, now, actor, *action);
    changes.hold = std::move(changed);
    return changes;
}

}  // namespace

Result<bool> is_repeated(std::string_view fingerprint, Timestamp until, const Command& command, Timestamp now) {
    if (until <= now) return false;
    if (fingerprint != command.fingerprint)
        return Error{ErrorCode::key_reused, "the key was used for another request", "use a new key for each request"};
    return true;
}

Result<std::optional<Answer>> answer_again(const KeptAnswer* kept, const Command& command, Timestamp now) {
    if (!kept) return std::optional<Answer>{};
    const auto again = is_repeated(kept->fingerprint, kept->until, command, now);
    if (!again) return again.error();
    return *again ? std::optional{kept->value} : std::nullopt;
}

KeptAnswer keep_answer(const Command& command, Answer value, Timestamp now) {
    return {.owner = command.owner,
            .operation = command.operation,
            .key = command.key.text,
            .fingerprint = command.fingerprint,
            .until = now + command.keep_answer,
            .value = std::move(value)};
}

AuditEntry entry_of(const HoldEvent& event, const RunId& run) {
    std::string detail = fmt::format("hold {} fence {}", to_string(event.id), event.fence);
    for (const auto& item : event.items) {
        if (item.run != run) continue;
        detail += fmt::format(" [{},{})", item.span.from, item.span.to);
        for (const auto& seat : item.seats) detail += ' ' + to_string(seat.id);
    }
    return {.subject = "run:" + to_string(run),
            .number = 0,
            .at = event.at,
            .actor = event.actor,
            .action = std::string{event.action},
            .detail = std::move(detail)};
}

std::vector<AuditEntry> audit_of(const Changes& changes) {
    std::vector<AuditEntry> entries;
    if (changes.hold_event) {
        for (const auto& run : runs_of(changes.hold_event->items))
            entries.push_back(entry_of(*changes.hold_event, run));
    }
    entries.insert(entries.end(), changes.booking_audit.begin(), changes.booking_audit.end());
    return entries;
}

std::vector<RunId> runs_of(const std::vector<HoldItem>& items) {
    std::vector<RunId> runs;
    for (const auto& item : items) {
        if (std::ranges::find(runs, item.run) == runs.end()) runs.push_back(item.run);
    }
    return runs;
}

std::vector<RunId> runs_of(const Hold& hold) { return runs_of(hold.items.all()); }

bool allocates(const Hold& hold) {
    return hold.status == HoldStatus::held || hold.status == HoldStatus::paying || hold.status == HoldStatus::sold;
}

bool keeps_seats(const Hold& hold, Timestamp now) {
    return allocates(hold) && (hold.status == HoldStatus::sold || now < hold.expires_at);
}

Allocation allocation_of(const Hold& hold, const HoldItem& item, const HeldSeat& seat) {
    return {.seat = seat.index,
            .span = item.span,
            .state = hold.status == HoldStatus::sold ? SeatState::sold : SeatState::held,
            .hold = hold.id,
            .until = hold.status == HoldStatus::sold ? Timestamp::max() : hold.expires_at};
}

Status check_wanted(const Hold& wanted, const std::vector<Run>& runs) {
    RAILBOOK_ASSERT(!wanted.items.empty());
    std::vector<SeatId> twice;
    for (auto item = wanted.items.begin(); item != wanted.items.end(); ++item) {
        const auto run = std::ranges::find(runs, item->run, &Run::id);
        RAILBOOK_ASSERT(run != runs.end() && run->consist);
        RAILBOOK_ASSERT(item->span.from < item->span.to && item->span.to <= run->segment_count());
        RAILBOOK_ASSERT(!item->seats.empty());
        for (auto seat = item->seats.begin(); seat != item->seats.end(); ++seat) {
            RAILBOOK_ASSERT(seat->index < run->consist->seat_count());
            const auto is_same = [&](const HeldSeat& other) { return other.index == seat->index; };
            const bool in_item = std::any_of(item->seats.begin(), seat, is_same);
            const bool in_earlier = std::any_of(wanted.items.begin(), item, [&](const HoldItem& other) {
                return other.run == item->run && other.span.overlaps(item->span) &&
                       std::ranges::any_of(other.seats, is_same);
            });
            if (in_item || in_earlier) twice.push_back(seat->id);
        }
    }
    if (!twice.empty()) return seats_taken(twice);
    return {};
}

Status check_pinned(const Run& pinned, const Run& wanted) {
    const bool same_coaches = pinned.consist == wanted.consist || *pinned.consist == *wanted.consist;
    if (same_coaches && pinned.calls == wanted.calls) return {};
    return Error{ErrorCode::conflict,
                 fmt::format("the calls or coaches of {} are fixed otherwise", to_string(pinned.id)),
                 "look at the run again"};
}

Status check_hold_count(std::size_t live, std::size_t max) {
    if (max == 0 || live < max) return {};
    return Error{ErrorCode::too_many_requests, fmt::format("there are {} holds already, which is the most", live),
                 "pay for one, release one, or wait until one expires"};
}

Error seats_taken(std::span<const SeatId> seats) {
    std::string names;
    for (const auto& seat : seats) names += (names.empty() ? "" : ", ") + to_string(seat);
    return {ErrorCode::seat_taken, fmt::format("taken: {}", names), "choose other seats"};
}

Changes place_hold(const Hold& wanted, std::uint64_t fence, std::string_view actor, Timestamp now) {
    RAILBOOK_ASSERT(wanted.status == HoldStatus::held && !wanted.booking);
    Changes changes;
    changes.hold = wanted;
    changes.hold->fence = fence;
    record(changes, *changes.hold, now, actor, kPlaced);
    return changes;
}

Result<std::string_view> extend(Hold& hold, const HoldClaim& claim, Timestamp until, Timestamp now) {
    if (const auto ok = check_claimant(&hold, claim); !ok) return ok.error();
    if (const auto ok = check_open(hold, now); !ok) return ok.error();
    const Timestamp deadline = std::max(hold.expires_at, std::min(until, hold.latest_end));
    if (deadline == hold.expires_at) return std::string_view{};
    hold.expires_at = deadline;
    return std::string_view{"hold.extended"};
}

Result<std::string_view> release(Hold& hold, const HoldClaim& claim, Timestamp now) {
    if (const auto ok = check_claimant(&hold, claim); !ok) return ok.error();
    if (hold.status == HoldStatus::released) return std::string_view{};
    if (const auto ok = check_open(hold, now); !ok) return ok.error();
    move_to(hold, HoldStatus::released);
    return std::string_view{"hold.released"};
}

Result<Changes> extend_hold(const Hold* hold, const HoldClaim& claim, Timestamp until, std::string_view actor,
                            Timestamp now) {
    return changes_of(hold, actor, now, [&](Hold& changed) { return extend(changed, claim, until, now); });
}

Result<Changes> release_hold(const Hold* hold, const HoldClaim& claim, std::string_view actor, Timestamp now) {
    return changes_of(hold, actor, now, [&](Hold& changed) { return release(changed, claim, now); });
}

Changes expire_hold(Hold hold, Timestamp now) {
    RAILBOOK_ASSERT(hold.expires_at <= now);
    Changes changes;
    move_to(hold, HoldStatus::expired);
    record(changes, hold, now, kSystem, "hold.expired");
    changes.hold = std::move(hold);
    return changes;
}

// --- Blocks and seat numbers ---------------------------------------------------------------------------------------

void check_block(const SeatBlock& wanted, const Run& run) {
    RAILBOOK_ASSERT(wanted.run == run.id && run.consist && !wanted.seats.empty());
    RAILBOOK_ASSERT(wanted.span.from < wanted.span.to && wanted.span.to <= run.segment_count());
    std::set<std::uint32_t> seats;
    for (const auto& seat : wanted.seats)
        RAILBOOK_ASSERT(seat.index < run.consist->seat_count() && seats.insert(seat.index).second);
}

AuditEntry block_entry(const SeatBlock& block, std::string_view action, std::string_view actor, Timestamp now) {
    std::string detail = fmt::format("[{},{})", block.span.from, block.span.to);
    for (const auto& seat : block.seats) detail += ' ' + to_string(seat.id);
    return {.subject = "run:" + to_string(block.run),
            .number = 0,
            .at = now,
            .actor = std::string{actor},
            .action = std::string{action},
            .detail = std::move(detail)};
}

bool is_as_the_run(const Hold& hold, const Run& run) {
    return std::ranges::all_of(hold.items, [&](const HoldItem& item) {
        if (item.run != run.id) return true;
        if (item.span.from >= item.span.to || item.span.to > run.segment_count() || item.train != run.train)
            return false;
        return item.from == base::start_of_ride(run, item.span) && item.to == base::end_of_ride(run, item.span) &&
               std::ranges::all_of(item.seats,
                                   [&](const HeldSeat& seat) { return run.consist->index_of(seat.id) == seat.index; });
    });
}

void renumber(Hold& hold, const Run& run) {
    auto& items = hold.items.edit();
    // As they were before any of them is changed.
    std::vector<base::Stage> stages;
    for (std::size_t i = 0; i < items.size(); ++i) stages.push_back(base::stage_of(items, i));
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& item = items[i];
        if (item.run != run.id) continue;
        auto span = run.span_between(item.from.call, item.to.call);
        if (span && !stages[i].continues && !run.calls[span->from].pick_up) span.reset();
        if (span && !stages[i].goes_on && !run.calls[span->to].drop_off) span.reset();
        if (span) {
            item.span = *span;
            item.train = run.train;
            item.from = base::start_of_ride(run, *span);
            item.to = base::end_of_ride(run, *span);
        }
        for (auto& seat : item.seats) {
            const auto index = run.consist->index_of(seat.id);
            const bool is_there = span && index && run.consist->coach_of(*index).travel_class == item.travel_class;
            seat.index = is_there ? *index : kNoSeat;
        }
    }
}

// --- Bookings ------------------------------------------------------------------------------------------------------

namespace {

/// What the part is of its hold as that is now; nothing where the hold has no such ride or seat.
struct Place {
    const HoldItem* item;
    const HeldSeat* seat;
};
std::optional<Place> place_of(const BookingPart& part, const Hold& hold) {
    for (const auto& item : hold.items) {
        if (item.run != part.run || !base::is_call(item.from.call, part.from.call) ||
            !base::is_call(item.to.call, part.to.call))
            continue;
        const auto found = std::ranges::find(item.seats, part.seat.id, &HeldSeat::id);
        if (found != item.seats.end()) return Place{&item, &*found};
    }
    return std::nullopt;
}

/// The tickets with the seats and rides of the booking as it is now: the coaches or calls may have changed since they
/// were made out.
std::vector<Ticket> as_booked(const Booking& booking, std::vector<Ticket> tickets) {
    for (auto& ticket : tickets) {
        auto leg = ticket.legs.begin();
        for (const auto& part : booking.parts) {
            if (part.passenger != ticket.passenger.id || leg == ticket.legs.end()) continue;
            RAILBOOK_ASSERT(leg->run == part.run);
            leg->seat = part.seat.id;
            leg->train = part.train;
            leg->from = part.from;
            leg->to = part.to;
            ++leg;
        }
    }
    return tickets;
}

}  // namespace

Result<Changes> create_booking(const Hold* hold, const HoldClaim& claim, const Booking& wanted, std::string_view actor,
                               Timestamp now) {
    RAILBOOK_ASSERT(wanted.hold == claim.id && wanted.payments.empty() && wanted.tickets.empty());
    RAILBOOK_ASSERT(!wanted.parts.empty() && std::ranges::all_of(wanted.parts, [](const BookingPart& part) {
        return part.status == PartStatus::prebooked;
    }));
    if (const auto ok = check_claimant(hold, claim); !ok) return ok.error();
    if (const auto ok = check_open(*hold, now); !ok) return ok.error();
    // The coaches or calls may have changed between the look at the hold and this step.
    const bool is_as_seen = std::ranges::all_of(wanted.parts, [&](const BookingPart& part) {
        const auto place = place_of(part, *hold);
        return place && *place->seat == part.seat && place->item->span == part.span && place->item->from == part.from &&
               place->item->to == part.to;
    });
    if (!is_as_seen) return Error{ErrorCode::unavailable, "the hold has other seats by now", "look at it again"};
    Changes changes;
    changes.booking = wanted;
    changes.booking->expires_at = std::min(wanted.expires_at, hold->latest_end);
    changes.hold = *hold;
    changes.hold->expires_at = changes.booking->expires_at;
    changes.hold->booking = wanted.id;
    record(changes, wanted.id, now, actor, "booking.created", "hold " + to_string(hold->id));
    return changes;
}

Error reference_taken() {
    return {ErrorCode::unavailable, "the reference belongs to another booking: draw another one"};
}

Result<Changes> cancel_booking(const Booking* booking, const Hold* hold, std::string_view actor, Timestamp now) {
    if (!booking) return not_found("booking");
    auto status = booking->status();
    if (status == PartStatus::cancelled) return Changes{};
    // A sweep may have ended the hold, and not the booking yet.
    const bool is_late = now >= booking->expires_at || hold->status == HoldStatus::expired;
    if (status == PartStatus::prebooked && is_late) status = PartStatus::expired;
    if (status != PartStatus::prebooked)
        return Error{ErrorCode::conflict, fmt::format("the booking is {}", to_string(status))};
    if (hold->status == HoldStatus::paying) return payment_open();
    Changes changes;
    changes.booking = *booking;
    move_parts(*changes.booking, PartStatus::cancelled);
    record(changes, booking->id, now, actor, "booking.cancelled", "hold " + to_string(hold->id));
    changes.hold = *hold;
    move_to(*changes.hold, HoldStatus::released);
    record(changes, *hold, now, actor, "hold.released");
    return changes;
}

Result<Changes> begin_payment(const Booking* booking, const Hold* hold, std::span<const Payment> payments,
                              const Payment& wanted, std::string_view actor, Timestamp now) {
    RAILBOOK_ASSERT(wanted.status == PaymentStatus::pending && !wanted.refund_due);
    if (!booking) return not_found("booking");
    const auto status = booking->status();
    if (status != PartStatus::prebooked && status != PartStatus::expired)
        return Error{ErrorCode::conflict, fmt::format("the booking is {}", to_string(status))};
    if (std::ranges::find(payments, PaymentStatus::pending, &Payment::status) != payments.end())
        return payment_open();
    // A sweep may have ended the hold, and not the booking yet.
    if (status == PartStatus::expired || now >= booking->expires_at || hold->status == HoldStatus::expired)
        return Error{ErrorCode::hold_expired, "the booking has passed its deadline", "hold seats again"};
    if (static_cast<std::size_t>(wanted.attempt) != payments.size() + 1)
        return Error{ErrorCode::conflict, "another attempt to pay came first"};
    Changes changes;
    changes.payment = wanted;
    changes.booking = *booking;
    changes.booking->payments.push_back(wanted.id);
    changes.hold = *hold;
    move_to(*changes.hold, HoldStatus::paying);
    record(changes, booking->id, now, actor, "payment.begun", named(wanted));
    return changes;
}

Changes settle_payment(Payment payment, Booking booking, Hold hold, const Settlement& settlement, bool seats_are_ours,
                       std::uint64_t last_entry, Timestamp now) {
    RAILBOOK_ASSERT(payment.id == settlement.payment && payment.booking == booking.id && booking.hold == hold.id);
    RAILBOOK_ASSERT(hold.status == HoldStatus::paying || hold.status == HoldStatus::expired);
    Changes changes;
    const auto expire = [&] {
        if (hold.status != HoldStatus::expired) {
            move_to(hold, HoldStatus::expired);
            record(changes, hold, now, kSystem, "hold.expired");
        }
        if (booking.status() == PartStatus::prebooked) {
            move_parts(booking, PartStatus::expired);
            record(changes, booking.id, now, kSystem, "booking.expired", "hold " + to_string(hold.id));
        }
    };

    if (!settlement.captured) {
        move_to(payment, PaymentStatus::declined);
        record(changes, booking.id, now, kSystem, "payment.declined", named(payment));
        if (keeps_seats(hold, now)) move_to(hold, HoldStatus::held);
        else expire();
    } else {
        move_to(payment, PaymentStatus::captured);
        record(changes, booking.id, now, kSystem, "payment.captured", named(payment));
        if (seats_are_ours) {
            move_to(hold, HoldStatus::sold);
            // Of a hold that had lapsed, the seats may have got other numbers, and the rides other times.
            for (auto& part : booking.parts) {
                const auto place = place_of(part, hold);
                if (!place) continue;
                part.seat = *place->seat;
                part.span = place->item->span;
                part.train = place->item->train;
                part.from = place->item->from;
                part.to = place->item->to;
            }
            move_parts(booking, PartStatus::confirmed);
            record(changes, booking.id, now, kSystem, "booking.confirmed", "hold " + to_string(hold.id));
            std::string names = "ticket";
            for (const auto& ticket : settlement.tickets) {
                RAILBOOK_ASSERT(ticket.booking == booking.id);
                booking.tickets.push_back(ticket.id);
                names += ' ' + to_string(ticket.id);
            }
            changes.tickets = as_booked(booking, settlement.tickets);
            record(changes, booking.id, now, kSystem, "tickets.issued", std::move(names));
            move_parts(booking, PartStatus::fulfilled);
            record(changes, booking.id, now, kSystem, "booking.fulfilled", named(payment));
            post(changes, booking.id, settlement.if_sold, last_entry, now);
        } else {
            expire();
            payment.refund_due = true;
            payment.check_at = now;
            record(changes, booking.id, now, kSystem, "payment.refund_due", named(payment));
            post(changes, booking.id, settlement.if_seats_are_gone, last_entry, now);
        }
    }
    changes.payment = std::move(payment);
    changes.booking = std::move(booking);
    changes.hold = std::move(hold);
    return changes;
}

bool has_other_numbers(const Booking& before, const Booking& after) {
    return !std::ranges::equal(before.parts, after.parts, [](const BookingPart& left, const BookingPart& right) {
        return std::tie(left.seat, left.span, left.train, left.from, left.to) ==
               std::tie(right.seat, right.span, right.train, right.from, right.to);
    });
}

Changes settle_refund(Payment payment, Booking booking, const std::vector<LedgerTransaction>& postings,
                      std::uint64_t last_entry, Timestamp now) {
    RAILBOOK_ASSERT(payment.refund_due && payment.booking == booking.id);
    Changes changes;
    move_to(payment, PaymentStatus::refunded);
    payment.refund_due = false;
    // A booking that was never refunded need not name a currency yet.
    const auto refunded = booking.refunded.amount == 0 ? payment.amount : add(booking.refunded, payment.amount);
    RAILBOOK_ASSERT(refunded);
    booking.refunded = *refunded;
    record(changes, booking.id, now, kSystem, "payment.refunded", named(payment));
    post(changes, booking.id, postings, last_entry, now);
    changes.payment = std::move(payment);
    changes.booking = std::move(booking);
    return changes;
}

Changes expire_booking(Booking booking, Timestamp now) {
    RAILBOOK_ASSERT(booking.expires_at <= now);
    Changes changes;
    move_parts(booking, PartStatus::expired);
    record(changes, booking.id, now, kSystem, "booking.expired", "hold " + to_string(booking.hold));
    changes.booking = std::move(booking);
    return changes;
}

bool is_same_timetable(const Feed& stored, const Feed& wanted) {
    Feed same = wanted;
    same.version = stored.version;
    same.imported_at = stored.imported_at;
    return same == stored;
}

Result<PutDocument> put_document_after(std::span<const Document> stored, const Document& wanted, Timestamp now) {
    PutDocument decided{.document = wanted, .already_there = false};
    decided.document.imported_at = now;
    if (wanted.kind == DocumentKind::tariff) {
        for (const auto& other : stored) {
            if (other.name != wanted.name || other.version != wanted.version) continue;
            if (other.text == wanted.text) return PutDocument{.document = other, .already_there = true};
            return Error{ErrorCode::conflict,
                         fmt::format("version {} of the tariff {} has another text", wanted.version, wanted.name),
                         "give the changed tariff a new version"};
        }
        return decided;
    }
    const auto current = std::ranges::find(stored, wanted.name, &Document::name);
    // Importing the newest one again changes nothing; an older one becomes the newest by it.
    if (current != stored.end() && current + 1 == stored.end() && current->text == wanted.text)
        return PutDocument{.document = *current, .already_there = true};
    decided.document.version = current == stored.end() ? 1 : current->version + 1;
    return decided;
}

Error not_found(std::string_view what) { return {ErrorCode::not_found, fmt::format("there is no such {}", what)}; }

}  // namespace railbook::store

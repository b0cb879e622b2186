#include "sim/simulator/oracle/records.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace railbook::sim {
namespace {

constexpr auto kForever = Timestamp::max();

/// The drawn edges, from the design and not from the library.
bool may_become(HoldStatus from, HoldStatus to) {
    if (from == to) return true;
    switch (from) {
        case HoldStatus::held:
            return to == HoldStatus::paying || to == HoldStatus::released || to == HoldStatus::expired;
        case HoldStatus::paying: return to == HoldStatus::held || to == HoldStatus::sold || to == HoldStatus::expired;
        case HoldStatus::expired: return to == HoldStatus::sold;
        case HoldStatus::sold:
        case HoldStatus::released: return false;
    }
    return false;
}

/// With several steps between two looks.
bool may_become_in_time(HoldStatus from, HoldStatus to) {
    if (may_become(from, to)) return true;
    if (from == HoldStatus::held) return true;
    return from == HoldStatus::paying && to != HoldStatus::held;
}

bool may_become(PartStatus from, PartStatus to) {
    if (from == to) return true;
    // A sale confirms and issues in one step.
    if (from == PartStatus::prebooked)
        return to == PartStatus::confirmed || to == PartStatus::fulfilled || to == PartStatus::expired ||
               to == PartStatus::cancelled;
    if (from == PartStatus::confirmed) return to == PartStatus::fulfilled;
    return from == PartStatus::expired && (to == PartStatus::confirmed || to == PartStatus::fulfilled);
}

bool may_become(PaymentStatus from, PaymentStatus to) {
    if (from == to) return true;
    if (from == PaymentStatus::pending) return to != PaymentStatus::part_refunded;
    return from == PaymentStatus::captured && to == PaymentStatus::refunded;
}

bool is_open(HoldStatus status) { return status == HoldStatus::held || status == HoldStatus::paying; }

bool keeps_seats(const Hold& hold, Timestamp now) {
    return hold.status == HoldStatus::sold || (is_open(hold.status) && hold.expires_at > now);
}

bool same_but_for_seats(const Hold& before, const Hold& after) {
    return std::ranges::equal(before.items, after.items, [](HoldItem one, HoldItem other) {
        if (one.seats.size() != other.seats.size()) return false;
        one.seats = other.seats = {};
        return one == other;
    });
}

std::vector<SeatId> names_of_seats(const Hold& hold) {
    std::vector<SeatId> names;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) names.push_back(seat.id);
    }
    return names;
}

std::string named(const Hold& hold) { return "hold " + brief(hold.id); }
std::string named(const Booking& booking) { return "booking " + brief(booking.id); }
std::string named(const Payment& payment) { return "payment " + brief(payment.id); }

}  // namespace

const Hold* RecordWitness::find(const HoldId& id) const {
    const auto found = hold_index_.find(id);
    return found == hold_index_.end() ? nullptr : &holds_[found->second];
}
const Booking* RecordWitness::find(const BookingId& id) const {
    const auto found = booking_index_.find(id);
    return found == booking_index_.end() ? nullptr : &bookings_[found->second];
}
const Payment* RecordWitness::find(const PaymentId& id) const {
    const auto found = payment_index_.find(id);
    return found == payment_index_.end() ? nullptr : &payments_[found->second];
}

void RecordWitness::look(Store& store, const KnownStep* step) {
    step_ = step;
    holds_seen_ = bookings_seen_ = payments_seen_ = 0;
    allocations_.clear();
    tickets_.clear();
    ledger_.clear();
    expected_entries_.clear();
    subject_ = nullptr;
    for (auto& [name, subject] : audit_) subject.before = std::exchange(subject.now, 0);
    new_holds_from_ = holds_.size();
    changed_holds_.clear();
    changed_bookings_.clear();
    changed_payments_.clear();
    if (const auto done = store.read_all(*this); !done || may_fail()) {
        if (!may_fail()) verdict_.violated("the records can be read", "store", done.error().detail);
        return;
    }
    // The clock is read after the view: what may only happen once its time has come had come by now.
    const auto now = store.now();
    if (!now) return;
    now_ = *now;
    for (auto i = new_holds_from_; i < holds_.size(); ++i) judge_new(i);
    for (const auto& [before, after] : changed_holds_) judge_change(before, after);
    for (const auto& [before, after] : changed_bookings_) judge_change(before, after);
    for (const auto& [before, after] : changed_payments_) judge_change(before, after);
    if (holds_seen_ < holds_.size() || bookings_seen_ < bookings_.size() || payments_seen_ < payments_.size())
        verdict_.violated("what was committed stays", "store", "a record has vanished");
    if (step_ && step_->refused && !expected_entries_.empty())
        verdict_.violated("13 a failed operation leaves the state as it was", "store", step_->name);
    judge_allocations();
    judge_bookings();
    judge_money();
    judge_audit();
    verdict_.checked("looks at all records");
    step_ = nullptr;
}

void RecordWitness::on(const Run& run, std::uint64_t version) {
    auto& known = versions_[run.id];
    if (version < known) verdict_.violated("a run's version only grows", to_string(run.id), std::to_string(version));
    const auto [found, is_new] = runs_.emplace(run.id, run);
    if (!is_new) {
        Run& before = found->second;
        if (before.calls != run.calls)
            verdict_.violated("14 a pinned run keeps its calls", to_string(run.id), "others");
        if (before.consist != run.consist && *before.consist != *run.consist) {
            if (step_ && step_->name != "run.consist")
                verdict_.violated("14 only an operator's decision changes the coaches", to_string(run.id), step_->name);
            if (version <= known)
                verdict_.violated("a run's version grows with a change", to_string(run.id), std::to_string(version));
        }
        before = run;
    }
    known = version;
}

void RecordWitness::on(const Hold& hold) {
    const auto index = holds_seen_++;
    if (index < holds_.size()) {
        Hold& before = holds_[index];
        if (before.id != hold.id) {
            verdict_.violated("what was committed stays", named(before), "it is gone, or in another place");
            return;
        }
        const bool same = before.status == hold.status && before.expires_at == hold.expires_at &&
                          before.booking == hold.booking && before.fence == hold.fence && before.owner == hold.owner &&
                          before.latest_end == hold.latest_end && before.items == hold.items;
        if (same) return;
        changed_holds_.emplace_back(before, hold);
        before = hold;
        return;
    }
    hold_index_[hold.id] = holds_.size();
    holds_.push_back(hold);
}

void RecordWitness::expect_entry(const Hold& hold, const char* what) {
    for (const auto& item : hold.items) expected_entries_.emplace_back("run:" + to_string(item.run), what);
}

void RecordWitness::judge_new(std::size_t index) {
    const Hold& hold = holds_[index];
    const auto object = named(hold);
    if (hold.fence == 0) verdict_.violated("3 a hold has a fence", object, "it has none");
    if (hold.latest_end != hold.created_at + promises_.max)
        verdict_.violated("2 nobody keeps a hold for longer", object, "its latest end is not the policy's");
    if (hold.expires_at > hold.latest_end)
        verdict_.violated("2 nobody keeps a hold for longer", object, "than its end");
    if (step_ && (hold.status != HoldStatus::held || hold.expires_at != hold.created_at + promises_.ttl))
        verdict_.violated("2 a hold begins held, until its deadline", object, std::string{to_string(hold.status)});
    if (hold.created_at > now_) verdict_.violated("12 one clock decides", object, "it was made in the future");
    std::uint64_t earlier = 0;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) earlier = std::max(earlier, fences_[{item.run, seat.index}]);
    }
    if (hold.fence <= earlier) {
        verdict_.violated("3 a fence is larger than every earlier one of its seats", object,
                          std::to_string(hold.fence) + " after " + std::to_string(earlier));
    }
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) fences_[{item.run, seat.index}] = hold.fence;
    }
    if (step_) {
        const auto live =
            std::count_if(holds_.begin(), holds_.begin() + static_cast<std::ptrdiff_t>(index), [&](const Hold& other) {
                return other.owner == hold.owner && keeps_seats(other, now_) && is_open(other.status);
            });
        const bool limited = promises_.max_holds != 0 && !hold.owner.starts_with("operator:");
        if (limited && static_cast<std::size_t>(live) >= promises_.max_holds)
            verdict_.violated("an owner has no more holds than allowed", object, std::to_string(live + 1));
    }
    expect_entry(hold, "a hold was placed");
}

void RecordWitness::judge_change(const Hold& before, const Hold& after) {
    const auto object = named(after);
    const bool edge = step_ ? may_become(before.status, after.status) : may_become_in_time(before.status, after.status);
    if (!edge) {
        verdict_.violated("8 a hold moves along its edges", object,
                          std::string{to_string(before.status)} + " to " + std::string{to_string(after.status)});
    }
    if (before.owner != after.owner || before.fence != after.fence || before.created_at != after.created_at ||
        before.latest_end != after.latest_end || !same_but_for_seats(before, after))
        verdict_.violated("what a hold is stays", object, "owner, fence, rides or end have changed");
    if (step_ && step_->name != "run.consist" && names_of_seats(before) != names_of_seats(after))
        verdict_.violated("14 only an operator's decision moves whom has a seat", object, step_->name);
    if (before.booking && before.booking != after.booking)
        verdict_.violated("what a hold is stays", object, "it belongs to another booking");
    if (after.expires_at > after.latest_end)
        verdict_.violated("2 nobody keeps a hold for longer", object, "it ends after its latest end");
    if (after.expires_at < before.expires_at && before.booking == after.booking)
        verdict_.violated("2 nobody ends a hold early", object, "its deadline came nearer");
    const bool lapsed = after.expires_at <= now_;
    if (after.status == HoldStatus::expired && before.status != HoldStatus::expired && !lapsed)
        verdict_.violated("2 nobody ends a hold early", object, "it expired before its deadline");
    if (step_ && after.status == HoldStatus::released && before.status != HoldStatus::released) {
        const auto& claim = step_->claim;
        const bool by_itself = step_->name == "hold.release" && claim && claim->id == after.id &&
                               (claim->any_owner || (claim->owner == after.owner && claim->fence == after.fence)) &&
                               (!claim->fence || *claim->fence == after.fence);
        const bool with_its_booking = step_->name == "booking.cancel" && after.booking && step_->owner == after.owner;
        if (!by_itself && !with_its_booking)
            verdict_.violated("2 nobody but its owner ends a hold", object, step_->name);
    }
    if (step_ && step_->claim && is_open(after.status)) {
        const auto& claim = *step_->claim;
        const bool his = claim.any_owner || claim.owner == after.owner;
        const bool fenced = claim.fence ? *claim.fence == after.fence : claim.any_owner;
        if (claim.id != after.id || !his || !fenced)
            verdict_.violated("3 whoever acts on a hold names it, its owner and its fence", object, step_->name);
    }
    const bool through_booking = after.booking && (before.booking != after.booking || before.status != after.status) &&
                                 after.status != HoldStatus::expired;
    const bool only_moved =
        before.status == after.status && before.expires_at == after.expires_at && before.booking == after.booking;
    if (only_moved) {
        for (std::size_t i = 0; i < std::min(before.items.size(), after.items.size()); ++i) {
            if (before.items[i] != after.items[i])
                expected_entries_.emplace_back("run:" + to_string(after.items[i].run), "a hold was moved");
        }
    } else if (through_booking)
        expected_entries_.emplace_back("booking:" + to_string(*after.booking), "its hold changed");
    else expect_entry(after, "a hold changed");
}

void RecordWitness::on(const RunId& run, const Allocation& allocation) { allocations_.emplace_back(run, allocation); }

/// Law 1 on the allocations, and law 2: each live hold has every one of its seats.
void RecordWitness::judge_allocations() {
    struct Taken {
        Span span;
        const Hold* hold;
    };
    std::map<Cell, std::vector<Taken>> cells;
    for (const auto& hold : holds_) {
        if (!keeps_seats(hold, now_)) continue;
        for (const auto& item : hold.items) {
            const auto run = runs_.find(item.run);
            if (run == runs_.end() || item.span.to > run->second.segment_count()) {
                verdict_.violated("14 what is sold is never shortened", named(hold), to_string(item.run));
                continue;
            }
            for (const auto& seat : item.seats) {
                if (run->second.consist->index_of(seat.id) != seat.index)
                    verdict_.violated("14 what is sold is never dropped or renumbered", named(hold),
                                      to_string(seat.id));
                auto& taken = cells[{item.run, seat.index}];
                for (const auto& other : taken) {
                    if (other.span.overlaps(item.span)) {
                        verdict_.violated("1 no cell belongs to two", named(hold),
                                          "seat " + to_string(seat.id) + " is also that of " + named(*other.hold));
                    }
                }
                taken.push_back({item.span, &hold});
            }
        }
    }
    std::size_t live = 0;
    for (const auto& [run, allocation] : allocations_) {
        if (allocation.state == SeatState::blocked) {
            for (const auto& other : cells[{run, allocation.seat}]) {
                if (other.span.overlaps(allocation.span))
                    verdict_.violated("1 no cell belongs to two", named(*other.hold), "its seat is blocked, too");
            }
            continue;
        }
        const Hold* hold = find(allocation.hold);
        if (!hold) {
            verdict_.violated("1 every allocation has its hold", to_string(run), "hold " + brief(allocation.hold));
            continue;
        }
        if (!keeps_seats(*hold, now_)) {
            if (hold->status == HoldStatus::released)
                verdict_.violated("2 a released hold has no seats", named(*hold), "it has one");
            continue;
        }
        ++live;
        const auto until = hold->status == HoldStatus::sold ? kForever : hold->expires_at;
        if (allocation.state != (hold->status == HoldStatus::sold ? SeatState::sold : SeatState::held))
            verdict_.violated("2 a hold has its own seats", named(*hold), "its seat is in another state");
        if (allocation.until != until)
            verdict_.violated("2 nobody keeps a seat past the deadline", named(*hold), "its seat has another deadline");
        const auto found = cells.find({run, allocation.seat});
        const bool is_his = found != cells.end() && std::ranges::any_of(found->second, [&](const Taken& taken) {
                                return taken.hold == hold && taken.span == allocation.span;
                            });
        if (!is_his) verdict_.violated("2 a hold has its own seats", named(*hold), "it has one that it does not name");
    }
    std::size_t named_seats = 0;
    for (const auto& [cell, taken] : cells) named_seats += taken.size();
    if (live != named_seats) {
        verdict_.violated("2 a hold is all or nothing", "store",
                          std::to_string(live) + " of " + std::to_string(named_seats) + " seats are allocated");
    }
}

void RecordWitness::on(const Booking& booking) {
    const auto index = bookings_seen_++;
    if (index < bookings_.size()) {
        Booking& before = bookings_[index];
        if (before.id != booking.id) {
            verdict_.violated("what was committed stays", named(before), "it is gone, or in another place");
            return;
        }
        if (before == booking) return;
        changed_bookings_.emplace_back(before, booking);
        before = booking;
        return;
    }
    if (!references_.emplace(booking.reference, booking.hold).second)
        verdict_.violated("a reference names one booking", named(booking), booking.reference);
    std::int64_t sum = 0;
    for (const auto& part : booking.parts) sum += part.price.amount;
    if (sum != booking.total.amount) verdict_.violated("6 parts sum to the whole", named(booking), "they do not");
    expected_entries_.emplace_back("booking:" + to_string(booking.id), "a booking was made");
    booking_index_[booking.id] = bookings_.size();
    bookings_.push_back(booking);
}

void RecordWitness::judge_change(const Booking& before, const Booking& after) {
    const auto object = named(after);
    const bool same = before.reference == after.reference && before.owner == after.owner && before.hold == after.hold &&
                      before.total == after.total && before.parts.size() == after.parts.size() &&
                      before.passengers == after.passengers && before.created_at == after.created_at &&
                      before.expires_at == after.expires_at;
    if (!same) verdict_.violated("what was booked stays", object, "it has changed");
    if (!std::equal(before.payments.begin(), before.payments.end(), after.payments.begin(),
                    after.payments.begin() +
                        static_cast<std::ptrdiff_t>(std::min(before.payments.size(), after.payments.size()))))
        verdict_.violated("what was booked stays", object, "it lost a payment");
    for (std::size_t i = 0; i < std::min(before.parts.size(), after.parts.size()); ++i) {
        if (!may_become(before.parts[i].status, after.parts[i].status)) {
            verdict_.violated("8 a part moves along its edges", object,
                              std::string{to_string(before.parts[i].status)} + " to " +
                                  std::string{to_string(after.parts[i].status)});
        }
    }
    const bool expired = before.status() == PartStatus::prebooked && after.status() == PartStatus::expired;
    if (expired && after.expires_at > now_)
        verdict_.violated("8 a booking lasts to its deadline", object, "it did not");
    // Only numbered anew: that is told of the run.
    auto renumbered = before;
    for (std::size_t i = 0; i < std::min(before.parts.size(), after.parts.size()); ++i) {
        if (renumbered.parts[i].seat.id == after.parts[i].seat.id) renumbered.parts[i].seat = after.parts[i].seat;
    }
    if (renumbered != after) expected_entries_.emplace_back("booking:" + to_string(after.id), "a booking changed");
}

void RecordWitness::on(const Payment& payment) {
    const auto index = payments_seen_++;
    if (index < payments_.size()) {
        Payment& before = payments_[index];
        if (before.id != payment.id) {
            verdict_.violated("what was committed stays", named(before), "it is gone, or in another place");
            return;
        }
        if (before == payment) return;
        changed_payments_.emplace_back(before, payment);
        before = payment;
        return;
    }
    payment_index_[payment.id] = payments_.size();
    payments_.push_back(payment);
    expected_entries_.emplace_back("booking:" + to_string(payment.booking), "a payment began");
}

void RecordWitness::judge_change(const Payment& before, const Payment& after) {
    const auto object = named(after);
    if (before.amount != after.amount || before.booking != after.booking || before.provider_key != after.provider_key ||
        before.attempt != after.attempt || before.method != after.method)
        verdict_.violated("6 what is charged stays", object, "it has changed");
    if (!may_become(before.status, after.status)) {
        verdict_.violated("8 a payment moves along its edges", object,
                          std::string{to_string(before.status)} + " to " + std::string{to_string(after.status)});
    }
    if (before.status != after.status || before.refund_due != after.refund_due)
        expected_entries_.emplace_back("booking:" + to_string(after.booking), "a payment changed");
}

void RecordWitness::on(const Ticket& ticket) {
    if (ticket.status == TicketStatus::valid) tickets_[ticket.booking].push_back(ticket);
}

/// Tickets, seats and status of a booking say the same.
void RecordWitness::judge_bookings() {
    std::map<HoldId, BookingId> of_hold;
    for (const auto& booking : bookings_) {
        const auto object = named(booking);
        const Hold* hold = find(booking.hold);
        if (!hold || hold->booking != booking.id) {
            verdict_.violated("a booking has its hold", object, "the hold does not say so");
            continue;
        }
        if (!of_hold.emplace(booking.hold, booking.id).second)
            verdict_.violated("a hold is booked once", object, "another booking has it, too");
        const bool sold = booking.status() == PartStatus::fulfilled || booking.status() == PartStatus::confirmed;
        if (sold != (hold->status == HoldStatus::sold)) {
            verdict_.violated("4 tickets have their seats", object,
                              std::string{to_string(booking.status())} + " on a hold that is " +
                                  std::string{to_string(hold->status)});
        }
        if ((booking.status() == PartStatus::cancelled) != (hold->status == HoldStatus::released))
            verdict_.violated("8 a booking is cancelled with its hold", object, std::string{to_string(hold->status)});
        const auto tickets = tickets_.find(booking.id);
        const auto issued = tickets == tickets_.end() ? 0 : tickets->second.size();
        if (keeps_seats(*hold, now_)) judge_seats(booking, *hold);
        if (issued != (sold ? booking.passengers.size() : 0))
            verdict_.violated("4 tickets have their seats", object, std::to_string(issued) + " tickets");
    }
    for (const auto& hold : holds_) {
        if (hold.booking && !find(*hold.booking))
            verdict_.violated("all of a step or nothing", named(hold), "its booking is not there");
        if (hold.status == HoldStatus::sold && !hold.booking)
            verdict_.violated("4 tickets have their seats", named(hold), "it was sold without a booking");
    }
}

/// Law 14: hold, booking and tickets name the same seats.
void RecordWitness::judge_seats(const Booking& booking, const Hold& hold) {
    using Named = std::tuple<RunId, Span, std::uint32_t, SeatId>;
    std::multiset<Named> held;
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) held.emplace(item.run, item.span, seat.index, seat.id);
    }
    std::multiset<Named> booked;
    std::multiset<std::tuple<std::string, RunId, CallId, SeatId>> of_passengers;
    for (const auto& part : booking.parts) {
        booked.emplace(part.run, part.span, part.seat.index, part.seat.id);
        of_passengers.emplace(part.passenger, part.run, part.from.call, part.seat.id);
    }
    if (held != booked) {
        const auto said = [](const std::multiset<Named>& all) {
            std::string text;
            for (const auto& [run, span, index, seat] : all)
                text += " " + to_string(seat) + "=" + std::to_string(index);
            return text;
        };
        verdict_.violated("14 a booking names the seats of its hold", named(booking),
                          said(booked) + " and not" + said(held));
    }
    const auto tickets = tickets_.find(booking.id);
    if (tickets == tickets_.end()) return;
    std::multiset<std::tuple<std::string, RunId, CallId, SeatId>> on_tickets;
    for (const auto& ticket : tickets->second) {
        for (const auto& leg : ticket.legs) on_tickets.emplace(ticket.passenger.id, leg.run, leg.from.call, leg.seat);
    }
    if (on_tickets != of_passengers)
        verdict_.violated("14 a ticket names the seat of its passenger", named(booking), "it names another");
}

void RecordWitness::on(const LedgerEntry& entry) {
    auto& sums = ledger_[entry.booking];
    if (entry.seq != ++sums.entries)
        verdict_.violated("5 the ledger has no gap", "booking " + brief(entry.booking), std::to_string(entry.seq));
    sums.accounts[entry.posting.account] += entry.posting.amount.amount;
    sums.transactions[entry.transaction] += entry.posting.amount.amount;
}

/// Laws 4 and 5: what was taken is in tickets, on its way back, or back.
void RecordWitness::judge_money() {
    struct Balance {
        std::int64_t captured = 0;
        std::int64_t kept = 0;
        std::int64_t returned = 0;
        std::int64_t owed = 0;
        int pending = 0;
        int live = 0;
    };
    std::map<BookingId, Balance> money;
    for (const auto& payment : payments_) {
        auto& of = money[payment.booking];
        const auto* booking = find(payment.booking);
        if (!booking || std::ranges::find(booking->payments, payment.id) == booking->payments.end()) {
            verdict_.violated("a payment belongs to a booking", named(payment), "the booking does not say so");
            continue;
        }
        if (payment.amount != booking->total)
            verdict_.violated("6 the price charged is the price quoted", named(payment), "it is another");
        const auto amount = payment.amount.amount;
        if (payment.status == PaymentStatus::pending) ++of.pending;
        if (payment.status == PaymentStatus::captured || payment.status == PaymentStatus::refunded)
            of.captured += amount;
        if (payment.status == PaymentStatus::refunded) of.returned += amount;
        if (payment.status == PaymentStatus::captured && payment.refund_due) of.owed += amount;
        if (payment.status == PaymentStatus::captured && !payment.refund_due) {
            of.kept += amount;
            ++of.live;
        }
        if (payment.refund_due && payment.status != PaymentStatus::captured)
            verdict_.violated("4 only what was taken goes back", named(payment), "it was not taken");
    }
    for (const auto& booking : bookings_) {
        const auto object = named(booking);
        const auto& of = money[booking.id];
        const bool sold = booking.status() == PartStatus::fulfilled || booking.status() == PartStatus::confirmed;
        if (of.live != (sold ? 1 : 0)) {
            verdict_.violated("4 captured money ends in tickets or a refund", object,
                              std::to_string(of.live) + " payments for a booking that is " +
                                  std::string{to_string(booking.status())});
        }
        if (of.pending > 1) verdict_.violated("4 one payment at a time", object, "two are open");
        if (booking.refunded.amount != of.returned)
            verdict_.violated("5 the booking knows what went back", object, "it says otherwise");
        auto& sums = ledger_[booking.id];
        for (const auto& [name, sum] : sums.transactions) {
            if (sum != 0) verdict_.violated("5 a transaction sums to zero", object, name);
        }
        const auto says = [&](const char* account, std::int64_t amount) {
            if (sums.accounts[account] != amount) {
                verdict_.violated("5 the ledger holds every payment", object,
                                  std::string{account} + " is " + std::to_string(sums.accounts[account]) + " and not " +
                                      std::to_string(amount));
            }
        };
        says("captured", of.captured);
        says("ticketed", -of.kept);
        says("refunded", -of.returned);
        says("suspense", -of.owed);
    }
    for (const auto& [id, sums] : ledger_) {
        if (!find(id)) verdict_.violated("5 the ledger is of bookings", "booking " + brief(id), "it is not there");
    }
}

void RecordWitness::on(const AuditEntry& entry) {
    if (!subject_ || subject_name_ != entry.subject) {
        const auto found = audit_.try_emplace(entry.subject).first;
        subject_ = &found->second;
        subject_name_ = found->first;
    }
    if (entry.number != ++subject_->now)
        verdict_.violated("8 the audit log has no gap", entry.subject, std::to_string(entry.number));
}

void RecordWitness::judge_audit() {
    for (const auto& [name, subject] : audit_) {
        if (subject.now < subject.before) verdict_.violated("8 the audit log only grows", name, "it lost an entry");
    }
    for (const auto& [name, what] : expected_entries_) {
        const auto found = audit_.find(name);
        if (found == audit_.end() || found->second.now == found->second.before)
            verdict_.violated("8 the audit entry commits with its effect", name, what);
    }
}

}  // namespace railbook::sim

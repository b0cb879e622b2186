#include "engine/verify.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/ledger_check.hpp"

namespace railbook::engine {
namespace {

/// All records of the store, as they were read in one view.
class Records final : public RecordReader {
public:
    void on(const Run& run, std::uint64_t) override { runs.emplace(run.id, run); }
    void on(const Hold& hold) override { holds.emplace(hold.id, hold); }
    void on(const RunId& run, const Allocation& allocation) override { allocations[run].push_back(allocation); }
    void on(const Booking& booking) override { bookings.emplace(booking.id, booking); }
    void on(const Payment& payment) override { payments.emplace(payment.id, payment); }
    void on(const Ticket& ticket) override { tickets.emplace(ticket.id, ticket); }
    void on(const LedgerEntry& entry) override { ledger[entry.booking].push_back(entry); }
    void on(const AuditEntry& entry) override { audit[entry.subject].push_back(entry); }
    using RecordReader::on;

    std::map<RunId, Run> runs;
    std::map<HoldId, Hold> holds;
    std::map<RunId, std::vector<Allocation>> allocations;
    std::map<BookingId, Booking> bookings;
    std::map<PaymentId, Payment> payments;
    std::map<TicketId, Ticket> tickets;
    std::map<BookingId, std::vector<LedgerEntry>> ledger;
    std::map<std::string, std::vector<AuditEntry>> audit;
};

class Verifier {
public:
    Verifier(const Records& records, Timestamp now) : records_{records}, now_{now} {}

    VerifyReport run() {
        no_cell_twice();
        holds_have_their_seats();
        fences_are_unique();
        bookings_agree();
        payments_end_well();
        ledger_balances();
        audit_is_whole();
        return std::move(report_);
    }

private:
    void violated(std::string_view law, std::string object, std::string detail) {
        report_.violations.push_back({std::string{law}, std::move(object), std::move(detail)});
    }
    void checked(std::string_view what, std::size_t count) { report_.checked.emplace_back(what, count); }

    void no_cell_twice() {
        std::size_t count = 0;
        for (const auto& [id, allocations] : records_.allocations) {
            const auto run = records_.runs.find(id);
            if (run == records_.runs.end()) {
                violated("a run is pinned at its first hold", "run:" + to_string(id),
                         "it has allocations but is not kept");
                continue;
            }
            std::map<std::uint32_t, std::vector<const Allocation*>> by_seat;
            for (const auto& allocation : allocations) {
                ++count;
                const bool fits = allocation.span.from < allocation.span.to &&
                                  allocation.span.to <= run->second.segment_count() &&
                                  allocation.seat < run->second.consist->seat_count();
                if (!fits) {
                    violated("an allocation lies on the train", "run:" + to_string(id),
                             fmt::format("hold {} has seat {} on segments {} to {}", to_string(allocation.hold),
                                         allocation.seat, allocation.span.from, allocation.span.to));
                }
                by_seat[allocation.seat].push_back(&allocation);
            }
            for (auto& [seat, spans] : by_seat) {
                std::ranges::sort(spans, {}, [](const Allocation* a) { return a->span; });
                for (std::size_t i = 1; i < spans.size(); ++i) {
                    if (!spans[i - 1]->span.overlaps(spans[i]->span)) continue;
                    violated(
                        "no cell belongs to two allocations", "run:" + to_string(id),
                        fmt::format("seat {} belongs to holds {} and {} on segment {}", seat,
                                    to_string(spans[i - 1]->hold), to_string(spans[i]->hold), spans[i]->span.from));
                }
            }
        }
        checked("allocations", count);
    }

    /// Every seat of a live or sold hold is allocated to it, and nothing is allocated to any other.
    void holds_have_their_seats() {
        using Cell = std::tuple<RunId, std::uint32_t, Span>;
        std::map<HoldId, std::map<Cell, const Allocation*>> allocated;
        for (const auto& [run, allocations] : records_.allocations) {
            for (const auto& allocation : allocations) {
                if (allocation.state == SeatState::blocked) continue;
                allocated[allocation.hold].emplace(Cell{run, allocation.seat, allocation.span}, &allocation);
            }
        }
        for (const auto& [id, hold] : records_.holds) {
            const std::string object = "hold:" + to_string(id);
            const bool open = hold.status == HoldStatus::held || hold.status == HoldStatus::paying;
            const bool live = hold.status == HoldStatus::sold || (open && hold.expires_at > now_);
            auto cells = allocated[id];
            for (const auto& item : hold.items) {
                for (const auto& seat : item.seats) {
                    const auto cell = cells.find({item.run, seat.index, item.span});
                    if (cell == cells.end()) {
                        if (live)
                            violated("a hold is all or nothing", object,
                                     fmt::format("seat {} of run {} is not allocated to it", to_string(seat.id),
                                                 to_string(item.run)));
                        continue;
                    }
                    const Allocation& allocation = *cell->second;
                    const auto state = hold.status == HoldStatus::sold ? SeatState::sold : SeatState::held;
                    if (live && allocation.state != state)
                        violated("seats and hold agree", object, "an allocation has another state");
                    const auto until = hold.status == HoldStatus::sold ? Timestamp::max() : hold.expires_at;
                    if (live && allocation.until != until)
                        violated("nobody keeps a seat past the deadline", object, "an allocation has another deadline");
                    cells.erase(cell);
                }
            }
            if (hold.status == HoldStatus::released && !allocated[id].empty())
                violated("a released hold has no seats", object, "a seat is still allocated to it");
            if (!cells.empty())
                violated("seats and hold agree", object, "a seat is allocated that the hold does not name");
            if (hold.status == HoldStatus::sold && !hold.booking)
                violated("what is sold was booked", object, "it is sold without a booking");
            allocated.erase(id);
        }
        for (const auto& [id, cells] : allocated) {
            if (!cells.empty())
                violated("seats and hold agree", "hold:" + to_string(id),
                         "seats are allocated to a hold that is not kept");
        }
        checked("holds", records_.holds.size());
    }

    void fences_are_unique() {
        std::map<std::uint64_t, HoldId> fences;
        for (const auto& [id, hold] : records_.holds) {
            const auto [other, fresh] = fences.emplace(hold.fence, id);
            if (!fresh)
                violated("one fence per hold", "hold:" + to_string(id),
                         fmt::format("it has the fence of hold {}", to_string(other->second)));
        }
        checked("fences", fences.size());
    }

    void bookings_agree() {
        std::map<std::string, BookingId> references;
        std::map<HoldId, BookingId> holds;
        for (const auto& [id, booking] : records_.bookings) {
            const std::string object = "booking:" + to_string(id);
            if (!references.emplace(booking.reference, id).second)
                violated("references are unique", object, "another booking has its reference");
            if (!holds.emplace(booking.hold, id).second)
                violated("one booking per hold", object, "another booking has its hold");
            std::int64_t sum = 0;
            for (const auto& part : booking.parts) {
                sum += part.price.amount;
                if (part.price.currency != booking.total.currency)
                    violated("parts sum to the whole", object, "a part has another currency");
            }
            if (sum != booking.total.amount)
                violated("parts sum to the whole", object,
                         fmt::format("the parts sum to {}, the total is {}", sum, booking.total.amount));
            const auto hold = records_.holds.find(booking.hold);
            if (hold == records_.holds.end()) {
                violated("a booking has its hold", object, "the hold is not kept");
                continue;
            }
            const auto status = booking.status();
            const bool sold = status == PartStatus::confirmed || status == PartStatus::fulfilled;
            if (sold != (hold->second.status == HoldStatus::sold))
                violated("a ticket has its seat", object,
                         fmt::format("it is {} and its hold is {}", to_string(status), to_string(hold->second.status)));
            if ((status == PartStatus::cancelled) != (hold->second.status == HoldStatus::released))
                violated("a cancelled booking has no seats", object,
                         fmt::format("it is {} and its hold is {}", to_string(status), to_string(hold->second.status)));
            parts_have_seats(booking, hold->second, object);
            tickets_agree(booking, object);
        }
        for (const auto& [id, ticket] : records_.tickets) {
            const auto booking = records_.bookings.find(ticket.booking);
            if (booking == records_.bookings.end() ||
                std::ranges::find(booking->second.tickets, id) == booking->second.tickets.end())
                violated("a ticket belongs to a booking", "ticket:" + to_string(id), "its booking does not name it");
        }
        checked("bookings", records_.bookings.size());
        checked("tickets", records_.tickets.size());
    }

    void parts_have_seats(const Booking& booking, const Hold& hold, const std::string& object) {
        std::set<std::tuple<RunId, Span, std::uint32_t>> held;
        for (const auto& item : hold.items) {
            for (const auto& seat : item.seats) held.emplace(item.run, item.span, seat.index);
        }
        for (const auto& part : booking.parts) {
            if (held.erase({part.run, part.span, part.seat.index}) == 0)
                violated("a ticket has its seat", object,
                         fmt::format("seat {} is not of its hold, or twice in the booking", to_string(part.seat.id)));
        }
        if (!held.empty()) violated("a booking uses its hold", object, "a held seat is in no part of it");
    }

    void tickets_agree(const Booking& booking, const std::string& object) {
        if (booking.status() != PartStatus::fulfilled) {
            if (!booking.tickets.empty() && booking.status() != PartStatus::refunded)
                violated("tickets are issued with the sale", object, "it has tickets but is not fulfilled");
            return;
        }
        std::set<std::string> with_ticket;
        for (const auto& id : booking.tickets) {
            const auto ticket = records_.tickets.find(id);
            if (ticket == records_.tickets.end()) {
                violated("tickets are issued with the sale", object, "a ticket that it names is not kept");
                continue;
            }
            with_ticket.insert(ticket->second.passenger.id);
        }
        for (const auto& passenger : booking.passengers) {
            if (!with_ticket.contains(passenger.id))
                violated("tickets are issued with the sale", object, "a passenger has no ticket");
        }
    }

    /// Every captured payment ends in live tickets or in a refund.
    void payments_end_well() {
        std::map<BookingId, int> kept;
        for (const auto& [id, payment] : records_.payments) {
            const std::string object = "payment:" + to_string(id);
            const auto booking = records_.bookings.find(payment.booking);
            if (booking == records_.bookings.end()) {
                violated("a payment belongs to a booking", object, "the booking is not kept");
                continue;
            }
            if (std::ranges::find(booking->second.payments, id) == booking->second.payments.end())
                violated("a payment belongs to a booking", object, "its booking does not name it");
            if (payment.amount != booking->second.total)
                violated("the price charged is the price quoted", object, "it is not the booking's total");
            if (payment.status != PaymentStatus::captured || payment.refund_due) continue;
            if (booking->second.status() != PartStatus::fulfilled)
                violated("captured money becomes tickets or goes back", object, "it did neither");
            if (++kept[payment.booking] > 1)
                violated("no money is taken twice", object, "another payment of its booking was captured too");
        }
        checked("payments", records_.payments.size());
    }

    void ledger_balances() {
        LedgerCheck check;
        for (const auto& [id, booking] : records_.bookings) check.on(booking);
        for (const auto& [id, payment] : records_.payments) check.on(payment);
        for (const auto& [id, entries] : records_.ledger) {
            for (const auto& entry : entries) check.on(entry);
        }
        auto report = check.report();
        for (auto& violation : report.violations) report_.violations.push_back(std::move(violation));
        checked("ledger entries", report.checked.front().second);
    }

    void audit_is_whole() {
        std::size_t count = 0;
        for (const auto& [subject, entries] : records_.audit) {
            std::uint64_t expected = 1;
            for (const auto& entry : entries) {
                ++count;
                if (entry.number != expected++)
                    violated("the audit log has no gap", subject, fmt::format("at entry {}", entry.number));
            }
        }
        for (const auto& [id, booking] : records_.bookings) {
            if (!records_.audit.contains("booking:" + to_string(id)))
                violated("the audit log has every effect", "booking:" + to_string(id), "it has no entry");
        }
        checked("audit entries", count);
    }

    const Records& records_;
    const Timestamp now_;
    VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify(Store& store) {
    Records records;
    if (const auto read = store.read_all(records); !read) return read.error();
    // The clock is read after the view: no step in it was later, so whatever is live now was whole then.
    const auto now = store.now();
    if (!now) return now.error();
    auto report = Verifier{records, *now}.run();
    const auto medium = store.check_medium();
    if (!medium) return medium.error();
    for (const auto& detail : *medium) report.violations.push_back({"the medium is sound", "store", detail});
    return report;
}

}  // namespace railbook::engine

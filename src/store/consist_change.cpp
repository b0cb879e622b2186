#include "store/run_change.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "store/rules.hpp"
#include "store/run_outcome.hpp"

namespace railbook::store {
namespace {

bool is_live(PartStatus status) {
    return status == PartStatus::prebooked || status == PartStatus::confirmed || status == PartStatus::fulfilled;
}

Run with_coaches_of(Run run, const ConsistChange& change) {
    run.consist = change.consist;
    return run;
}

class Change {
public:
    Change(const RunBasis& basis, const ConsistChange& change, std::string_view actor, Timestamp now)
        : basis_{basis},
          change_{change},
          moves_{change.reseatings.begin(), change.reseatings.end()},
          made_{basis, with_coaches_of(basis.run.run, change), actor, now} {}

    Result<std::optional<RunOutcome>> make() {
        made_.record("run:" + to_string(basis_.run.run.id), "run.consist_changed",
                     fmt::format("{} to {}", basis_.run.run.consist->name, change_.consist->name));
        keep_blocks();
        for (auto& hold : made_.outcome.holds) {
            auto& items = hold.items.edit();
            for (std::size_t i = 0; i < items.size(); ++i) {
                if (items[i].run != basis_.run.run.id) continue;
                for (auto& seat : items[i].seats) {
                    if (const auto done = give_seat(hold, i, seat); !done) return done.error();
                }
            }
        }
        if (!moves_.empty()) return changed_since();
        return std::optional{std::move(made_.outcome)};
    }

private:
    void keep_blocks() {
        for (auto block : basis_.blocks) {
            const auto index = change_.consist->index_of(basis_.run.run.consist->seat_at(block.seat));
            if (!index) continue;
            block.seat = *index;
            RAILBOOK_ASSERT(made_.take(block));
        }
    }

    Status give_seat(const Hold& hold, std::size_t item_number, HeldSeat& seat) {
        const HoldItem& item = hold.items[item_number];
        const auto move = std::ranges::find_if(moves_, [&](const Reseating& one) {
            return one.hold == hold.id && one.item == item_number && one.from == seat.id;
        });
        const SeatId wanted = move == moves_.end() ? seat.id : move->to;
        const auto index = change_.consist->index_of(wanted);
        if (!index || change_.consist->coach_of(*index).travel_class != item.travel_class) {
            return Error{ErrorCode::conflict,
                         fmt::format("seat {} of hold {} would be lost", to_string(seat.id), to_string(hold.id)),
                         "move or refund its passenger first"};
        }
        const HeldSeat given{*index, wanted};
        tell_booking(hold, item, seat.id, given);
        if (move != moves_.end()) moves_.erase(move);
        seat = given;
        if (made_.take(allocation_of(hold, item, seat))) return {};
        return Error{ErrorCode::conflict, fmt::format("seat {} would be given twice", to_string(wanted)),
                     "ask for a new offer"};
    }

    /// The booking's parts and tickets follow. Compared is what they were before the change, since two passengers of
    /// one booking may swap seats.
    void tell_booking(const Hold& hold, const HoldItem& item, const SeatId& from, const HeldSeat& given) {
        for (std::size_t i = 0; i < basis_.bookings.size(); ++i) {
            const Booking& before = basis_.bookings[i];
            if (before.hold != hold.id) continue;
            for (std::size_t k = 0; k < before.parts.size(); ++k) {
                const auto& part = before.parts[k];
                const bool is_it = part.run == item.run && part.span == item.span && part.seat.id == from;
                if (!is_it || !is_live(part.status)) continue;
                made_.outcome.bookings[i].parts[k].seat = given;
                if (from != given.id) tell_tickets(before, part, given.id);
            }
            if (from == given.id) continue;
            made_.record("booking:" + to_string(before.id), "booking.reseated",
                         fmt::format("{} {} to {}", to_string(item.run), to_string(from), to_string(given.id)));
        }
    }

    void tell_tickets(const Booking& booking, const BookingPart& part, const SeatId& to) {
        for (std::size_t i = 0; i < basis_.tickets.size(); ++i) {
            const Ticket& before = basis_.tickets[i];
            if (before.booking != booking.id || before.passenger.id != part.passenger) continue;
            for (std::size_t k = 0; k < before.legs.size(); ++k) {
                const auto& leg = before.legs[k];
                if (leg.run == part.run && leg.from.call == part.from.call && leg.seat == part.seat.id)
                    made_.outcome.tickets[i].legs[k].seat = to;
            }
        }
    }

    const RunBasis& basis_;
    const ConsistChange& change_;
    std::set<Reseating> moves_;  // those that are not made yet
    OutcomeInMaking made_;
};

}  // namespace

Error changed_since() {
    return {ErrorCode::conflict, "the run has changed since the offer was made", "ask for a new offer"};
}

Result<std::optional<RunOutcome>> change_consist(const RunBasis& basis, const ConsistChange& change,
                                                 std::string_view actor, Timestamp now) {
    RAILBOOK_ASSERT(change.consist);
    if (*basis.run.run.consist == *change.consist) return std::optional<RunOutcome>{};
    if (basis.run.version != change.version) return changed_since();
    return Change{basis, change, actor, now}.make();
}

}  // namespace railbook::store

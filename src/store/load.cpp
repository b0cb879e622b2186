#include "store/load.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "store/rules.hpp"

namespace railbook::store {

Error store_in_use() {
    return {ErrorCode::conflict, "the store is not empty", "load into a new store"};
}

bool LoadCheck::refuse(std::string why) {
    if (refused_.empty()) refused_ = std::move(why);
    return false;
}

Status LoadCheck::finish() const {
    if (!refused_.empty()) return Error{ErrorCode::bad_data, refused_, "dump the other store again"};
    if (!counted_) return Error{ErrorCode::bad_data, "the dump is empty", "dump the other store again"};
    return {};
}

void LoadCheck::on(const Counters& counters) {
    if (counted_) refuse("the counters come twice");
    counted_ = true;
    counters_ = counters;
    if (refused_.empty()) writer_.on(counters);
}

void LoadCheck::on(const Secret& secret) {
    if (!counted_) refuse("the counters do not come first");
    if (refused_.empty()) writer_.on(secret);
}

void LoadCheck::on(const Feed& feed, const std::string& data) {
    if (!counted_) refuse("the counters do not come first");
    if (base::sha256_hex(data) != feed.checksum) refuse(fmt::format("feed {} does not have its checksum", feed.name));
    const auto latest = counters_.feed_versions.find(feed.name);
    if (latest == counters_.feed_versions.end() || latest->second < feed.version)
        refuse(fmt::format("feed {} is newer than its counter", feed.name));
    if (refused_.empty()) writer_.on(feed, data);
}

void LoadCheck::on(const Document& document) {
    if (refused_.empty()) writer_.on(document);
}

void LoadCheck::on(const Run& run, std::uint64_t version) {
    const auto name = to_string(run.id);
    if (!counted_) refuse("the counters do not come first");
    if (!run.consist || run.calls.size() < 2) {
        refuse(fmt::format("run {} has no coaches or no calls", name));
    } else if (!runs_.emplace(run.id, OneRun{run.consist->seat_count(), run.segment_count(), RunAllocations{run}})
                    .second) {
        refuse(fmt::format("run {} comes twice", name));
    }
    if (refused_.empty()) writer_.on(run, version);
}

bool LoadCheck::fits(const Hold& hold, const HoldItem& item) const {
    const auto run = runs_.find(item.run);
    if (run == runs_.end() || item.span.from >= item.span.to) return false;
    // What lapsed before the run got other coaches or calls may name what is no longer there.
    if (!keeps_seats(hold, counters_.time)) return true;
    return item.span.to <= run->second.segments &&
           std::ranges::all_of(item.seats, [&](const HeldSeat& seat) { return seat.index < run->second.seats; });
}

void LoadCheck::on(const Hold& hold) {
    const auto name = to_string(hold.id);
    if (!holds_.insert(hold.id).second || !fences_.insert(hold.fence).second)
        refuse(fmt::format("hold {} or its fence comes twice", name));
    if (hold.items.empty()) refuse(fmt::format("hold {} has no seats", name));
    if (hold.fence == 0 || hold.fence > counters_.fence) refuse(fmt::format("hold {} is newer than its counter", name));
    for (const auto& item : hold.items) {
        if (!fits(hold, item)) {
            refuse(fmt::format("hold {} does not fit its run", name));
            return;
        }
        if (!keeps_seats(hold, counters_.time)) continue;
        auto& taken = runs_.at(item.run).allocations;
        for (const auto& seat : item.seats) {
            if (!taken.is_free(seat.index, item.span, counters_.time, HoldId{})) {
                refuse(fmt::format("seat {} of run {} belongs to two holds", to_string(seat.id), to_string(item.run)));
                return;
            }
            taken.put(allocation_of(hold, item, seat));
        }
    }
    if (refused_.empty()) writer_.on(hold);
}

void LoadCheck::on(const RunId& id, const Allocation& allocation) {
    if (allocation.state != SeatState::blocked) return;  // the others follow from the holds
    const auto run = runs_.find(id);
    if (run == runs_.end() || allocation.span.from >= allocation.span.to ||
        allocation.span.to > run->second.segments ||
        !run->second.allocations.is_free(allocation.seat, allocation.span, counters_.time, HoldId{})) {
        refuse(fmt::format("a block does not fit run {}", to_string(id)));
        return;
    }
    run->second.allocations.put(allocation);
    if (refused_.empty()) writer_.on(id, allocation);
}

void LoadCheck::on(const Booking& booking) {
    const auto name = to_string(booking.id);
    if (!holds_.contains(booking.hold)) refuse(fmt::format("the hold of booking {} is missing", name));
    if (!bookings_.emplace(booking.id, 0).second || !references_.insert(booking.reference).second)
        refuse(fmt::format("booking {} or its reference comes twice", name));
    if (refused_.empty()) writer_.on(booking);
}

void LoadCheck::on(const Payment& payment) {
    if (!bookings_.contains(payment.booking) || !payments_.insert(payment.id).second)
        refuse(fmt::format("payment {} comes twice or without its booking", to_string(payment.id)));
    if (refused_.empty()) writer_.on(payment);
}

void LoadCheck::on(const Ticket& ticket) {
    if (!bookings_.contains(ticket.booking) || !tickets_.insert(ticket.id).second)
        refuse(fmt::format("ticket {} comes twice or without its booking", to_string(ticket.id)));
    if (refused_.empty()) writer_.on(ticket);
}

void LoadCheck::on(const LedgerEntry& entry) {
    const auto booking = bookings_.find(entry.booking);
    if (booking == bookings_.end() || ++booking->second != entry.seq)
        refuse(fmt::format("the ledger of booking {} has a gap", to_string(entry.booking)));
    if (refused_.empty()) writer_.on(entry);
}

void LoadCheck::on(const AuditEntry& entry) {
    if (entry.subject != subject_) {
        if (!subjects_.insert(entry.subject).second) refuse(fmt::format("the audit log of {} is split", entry.subject));
        subject_ = entry.subject;
        number_ = 0;
    }
    if (++number_ != entry.number) refuse(fmt::format("the audit log of {} has a gap", entry.subject));
    if (refused_.empty()) writer_.on(entry);
}

void LoadCheck::on(const KeptAnswer& answer) {
    if (refused_.empty()) writer_.on(answer);
}

}  // namespace railbook::store

#include "store/memory/memory.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <type_traits>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/locks.hpp"
#include "store/load.hpp"
#include "store/memory/contents.hpp"
#include "store/pages.hpp"
#include "store/rules.hpp"

namespace railbook::store {
namespace {

using memory::Contents;
using memory::FewRuns;
using memory::HoldAction;
using memory::HoldAnswer;
using memory::HoldRow;
using memory::Holds;
using memory::HoldState;
using memory::Numbered;
using memory::PinnedRun;
using memory::RunLocks;
using memory::StoredFeed;
using memory::Table;

/// Every step decides first and changes afterwards, so a refused one has changed nothing. Steps that only place, extend
/// or release holds of pinned runs, and questions about them, share the gate and lock what they need inside; all others
/// are alone.
class MemoryStore final : public Store,
                          private AccountsStore,
                          private TimetableStore,
                          private InventoryStore,
                          private BookingsStore {
public:
    explicit MemoryStore(Environment& environment) : environment_{environment} {}

    Result<Timestamp> now() override {
        const Timestamp time = std::max(environment_.now(), all_->latest.load());
        auto before = latest_read_.load();
        while (before < time && !latest_read_.compare_exchange_weak(before, time)) {
        }
        return std::max(before, time);
    }
    AccountsStore& accounts() override { return *this; }
    TimetableStore& timetable() override { return *this; }
    InventoryStore& inventory() override { return *this; }
    BookingsStore& bookings() override { return *this; }
    Result<std::optional<Answer>> find_answer(const Command& command) override;
    /// The reader must not call the store: it is locked meanwhile, so that all records are of one instant.
    Status read_all(RecordReader& reader) override;
    Status load(const std::function<Status(RecordReader&)>& source) override;
    Result<std::vector<std::string>> check_medium() override { return std::vector<std::string>{}; }
    StoreInfo info() const override { return {.kind = "memory", .location = {}, .schema = 0}; }

private:
    Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) override;

    Result<Feed> put_feed(const Feed& feed, const std::string& data, Timestamp now) override;
    Result<std::vector<Feed>> feeds() override;
    Result<std::string> feed_data(std::string_view name) override;
    Status remove_feed(std::string_view name) override;
    Result<Document> put_document(const Document& document, Timestamp now) override;
    Result<std::vector<Document>> documents(DocumentKind kind) override;

    Result<std::optional<Run>> find_pinned(const RunId& run) override;
    Result<Hold> place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                            std::size_t max_holds) override;
    Result<Hold> find_hold(const HoldId& id) override;
    Result<Page<Hold>> list_holds(std::string_view owner, const PageRequest& page) override;
    Result<Hold> extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) override;
    Result<Hold> release_hold(const Command& command, const HoldClaim& claim) override;
    Result<std::vector<Occupancy>> occupancy(const std::vector<RunId>& runs, Timestamp now) override;
    Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version) override;
    Result<SeatBlock> block_seats(const Command& command, const Run& run, const SeatBlock& wanted) override;
    Result<SeatBlock> unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) override;
    Result<RunHolds> holds_of_run(const RunId& run, Timestamp now) override;
    Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& change) override;
    Result<Run> adopt_calls(const Command& command, const CallsChange& change) override;

    Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) override;
    Result<Booking> cancel_booking(const Command& command, const BookingId& id) override;
    Result<Payment> begin_payment(const Command& command, const Payment& wanted) override;
    Result<Payment> settle_payment(const Settlement& settlement, Timestamp now) override;
    Result<Payment> settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                  Timestamp now) override;
    Result<std::vector<Payment>> claim_due_payments(Timestamp now, Duration lease, std::size_t limit) override;
    Result<std::size_t> expire(Timestamp now, std::size_t limit) override;
    Result<Booking> find_booking(const BookingId& id) override;
    Result<Booking> find_booking_named(std::string_view reference) override;
    Result<Page<Booking>> list_bookings(std::string_view owner, const PageRequest& page) override;
    Result<Payment> find_payment(const PaymentId& id) override;
    Result<Ticket> find_ticket(const TicketId& id) override;
    Result<std::vector<AuditEntry>> audit(std::string_view subject) override;

    /// The time by which a step decides: its command's, but never earlier than what is stored. A step on a run asks
    /// while it has the run's lock, so that its time does not run backwards.
    Timestamp step_time(Timestamp asked) const { return std::max(asked, all_->latest.load()); }
    /// Errors: conflict (it is pinned otherwise).
    Status check_run(const Run& run) const;
    /// Does the step and keeps its answer; repeated, it only answers. A step that answers a hold is handed where to
    /// put what is kept of it.
    template <class T, class Step>
    Result<T> answered(const Command& command, const Step& step);
    /// Those of them that are pinned.
    FewRuns pinned_of(const std::vector<Run>& runs) const;
    /// `pinned` are those of the runs that are. Whoever calls is alone where some are not.
    Result<Hold> place(const Command& command, const Hold& wanted, const std::vector<Run>& runs, const FewRuns& pinned,
                       std::size_t max_holds);
    static HoldState state_now(const HoldRow& row);
    /// What `rule` makes of the hold that it is handed with the time. Errors also: not_found.
    template <class Rule>
    Result<Hold> change_hold(const Command& command, const HoldId& id, HoldAnswer& answer, const Rule& rule);

    Environment& environment_;
    std::atomic<Timestamp> latest_read_{};  // of what now() has answered
    mutable base::Gate gate_;               // guards what follows
    std::unique_ptr<Contents> all_ = std::make_unique<Contents>();
};

template <class Record, class Id>
Result<Page<Record>> page_of(std::string_view list, std::string_view owner, const PageRequest& page,
                             const std::vector<Id>& order, const Table<Record, Id>& table) {
    const auto start = page_start(list, page);
    if (!start) return start.error();
    Page<Record> answer;
    std::uint64_t last = 0;
    for (auto number = std::min<std::uint64_t>(*start - 1, order.size()); number > 0; --number) {
        const auto& record = table.at(order[number - 1]).record;
        if (!owner.empty() && record.owner != owner) continue;
        if (answer.items.size() == page.limit) {
            answer.next_cursor = cursor_after(list, last);
            break;
        }
        answer.items.push_back(record);
        last = number;
    }
    return answer;
}

/// Null where it is none of them.
const PinnedRun* named(const FewRuns& runs, const RunId& id) {
    const auto found = std::ranges::find_if(runs, [&](const PinnedRun* run) { return run->run.id == id; });
    return found == runs.end() ? nullptr : *found;
}

// --- Shared by the steps -------------------------------------------------------------------------------------------

template <class T, class Step>
Result<T> MemoryStore::answered(const Command& command, const Step& step) {
    constexpr bool is_hold = std::is_same_v<T, Hold>;
    HoldAnswer to_keep;
    const auto done = [&]() -> Result<T> {
        if constexpr (is_hold) return step(to_keep);
        else return step();
    };
    if (command.key.text.empty()) return done();
    auto place = all_->answers.place_of(command);
    const Timestamp now = step_time(command.now);
    const auto earlier = place.find(now);
    if (!earlier) return earlier.error();
    if (*earlier) {
        if (const auto* value = std::get_if<T>(&**earlier)) return *value;
        return Error{ErrorCode::damaged, "a kept answer is of another operation"};
    }
    Result<T> answer = done();
    if (answer) {
        if constexpr (is_hold) place.keep(to_keep, now);
        else place.keep(*answer, now);
        all_->pass(now);  // the answer is stored, whether or not the step has changed anything
    }
    return answer;
}

// --- Store ---------------------------------------------------------------------------------------------------------

Result<std::optional<Answer>> MemoryStore::find_answer(const Command& command) {
    const std::shared_lock gate{gate_};
    return all_->answers.place_of(command).find(step_time(command.now));
}

Status MemoryStore::read_all(RecordReader& reader) {
    const std::lock_guard gate{gate_};
    all_->read_all(reader);
    return {};
}

Status MemoryStore::load(const std::function<Status(RecordReader&)>& source) {
    auto filled = std::make_unique<Contents>();
    Contents::Writer writer{*filled};
    LoadCheck check{writer};
    if (const auto done = source(check); !done) return done;
    if (const auto done = check.finish(); !done) return done;
    const std::lock_guard gate{gate_};
    if (!all_->is_empty()) return store_in_use();
    all_ = std::move(filled);
    return {};
}

// --- Accounts ------------------------------------------------------------------------------------------------------

Result<std::string> MemoryStore::find_or_add_secret(std::string_view name, const std::string& candidate) {
    const std::lock_guard gate{gate_};
    return all_->secrets.emplace(name, candidate).first->second;
}

// --- Timetable -----------------------------------------------------------------------------------------------------

Result<Feed> MemoryStore::put_feed(const Feed& feed, const std::string& data, Timestamp now) {
    Feed stored = feed;
    stored.checksum = base::sha256_hex(data);
    const std::lock_guard gate{gate_};
    if (const auto current = all_->feeds.find(feed.name); current != all_->feeds.end()) {
        if (is_same_timetable(current->second.feed, stored)) return current->second.feed;
    }
    now = step_time(now);
    all_->pass(now);
    stored.imported_at = now;
    stored.version = ++all_->feed_versions[feed.name];
    all_->feeds.insert_or_assign(feed.name, StoredFeed{stored, data});
    return stored;
}

Result<std::vector<Feed>> MemoryStore::feeds() {
    const std::shared_lock gate{gate_};
    std::vector<Feed> found;
    for (const auto& [name, stored] : all_->feeds) found.push_back(stored.feed);
    return found;
}

Result<std::string> MemoryStore::feed_data(std::string_view name) {
    const std::shared_lock gate{gate_};
    const auto found = all_->feeds.find(name);
    if (found == all_->feeds.end()) return not_found("feed");
    if (base::sha256_hex(found->second.data) != found->second.feed.checksum)
        return Error{ErrorCode::damaged, "a stored timetable does not have its checksum"};
    return found->second.data;
}

Status MemoryStore::remove_feed(std::string_view name) {
    const std::lock_guard gate{gate_};
    if (!all_->feed_versions.contains(name)) return not_found("feed");
    if (const auto found = all_->feeds.find(name); found != all_->feeds.end()) all_->feeds.erase(found);
    return {};
}

Result<Document> MemoryStore::put_document(const Document& document, Timestamp now) {
    const std::lock_guard gate{gate_};
    std::vector<Document> of_kind;
    std::ranges::copy_if(all_->documents, std::back_inserter(of_kind),
                         [&](const Document& other) { return other.kind == document.kind; });
    const auto decided = put_document_after(of_kind, document, step_time(now));
    if (!decided) return decided.error();
    if (decided->already_there) return decided->document;
    if (document.kind == DocumentKind::layouts) {
        std::erase_if(all_->documents, [&](const Document& other) {
            return other.kind == document.kind && other.name == document.name;
        });
    }
    all_->pass(step_time(now));
    all_->documents.push_back(decided->document);
    return decided->document;
}

Result<std::vector<Document>> MemoryStore::documents(DocumentKind kind) {
    const std::shared_lock gate{gate_};
    std::vector<Document> found;
    std::ranges::copy_if(all_->documents, std::back_inserter(found),
                         [&](const Document& document) { return document.kind == kind; });
    return found;
}

// --- Inventory -----------------------------------------------------------------------------------------------------

Result<std::optional<Run>> MemoryStore::find_pinned(const RunId& run) {
    const std::shared_lock gate{gate_};
    const auto* pinned = all_->find_run(run);
    return pinned ? std::optional{pinned->run} : std::nullopt;
}

Result<Hold> MemoryStore::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                     std::size_t max_holds) {
    {
        const std::shared_lock gate{gate_};
        all_->holds.expect(wanted.id);
        if (!command.key.text.empty()) all_->answers.expect(command);
        const auto pinned = pinned_of(runs);
        if (pinned.size() == runs.size()) return place(command, wanted, runs, pinned, max_holds);
    }
    const std::lock_guard gate{gate_};
    return place(command, wanted, runs, pinned_of(runs), max_holds);
}

FewRuns MemoryStore::pinned_of(const std::vector<Run>& runs) const {
    FewRuns pinned;
    for (const auto& run : runs) {
        if (auto* const found = all_->find_run(run.id)) pinned.push_back(found);
    }
    return pinned;
}

Result<Hold> MemoryStore::place(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                const FewRuns& pinned, std::size_t max_holds) {
    // Here, since what was asked of the memory above takes longer than this.
    const auto wanted_ok = check_wanted(wanted, runs);
    return answered<Hold>(command, [&](HoldAnswer& answer) -> Result<Hold> {
        if (!wanted_ok) return wanted_ok.error();
        for (const auto& run : runs) {
            const auto* const found = named(pinned, run.id);
            if (!found) continue;
            if (const auto ok = check_pinned(found->run, run); !ok) return ok.error();
        }
        auto& owner = all_->holds.owner_named(wanted.owner);
        const std::lock_guard owner_lock{owner.lock};
        const RunLocks locks{pinned};
        const Timestamp now = step_time(command.now);
        if (max_holds > 0) {
            if (const auto ok = check_hold_count(owner.count_live(now), max_holds); !ok) return ok.error();
        }
        std::vector<SeatId> taken;
        for (const auto& item : wanted.items) {
            const auto* const run = named(pinned, item.run);
            if (!run) continue;
            for (const auto& seat : item.seats) {
                if (!run->allocations.is_free(seat.index, item.span, now, wanted.id)) taken.push_back(seat.id);
            }
        }
        if (!taken.empty()) return seats_taken(taken);

        RAILBOOK_ASSERT(wanted.status == HoldStatus::held && !wanted.booking);
        Hold placed = wanted;
        placed.fence = ++all_->fence;
        const HoldAction action{now, command.owner, kPlaced};
        if (pinned.size() == runs.size()) {
            answer.row = &all_->add_hold(placed, action, owner, pinned);
        } else {
            for (const auto& run : runs) all_->pin(run);
            answer.row = &all_->add_hold(placed, action, owner, all_->runs_of(placed));
        }
        answer.then = answer.row->state;
        return placed;
    });
}

Status MemoryStore::check_run(const Run& run) const {
    const auto* pinned = all_->find_run(run.id);
    return pinned ? check_pinned(pinned->run, run) : Status{};
}

/// The rest of a hold never changes while the gate is shared, and can be read without the lock that buyers wait for.
HoldState MemoryStore::state_now(const HoldRow& row) {
    const std::lock_guard run{row.run->lock};
    return row.state;
}

Result<Hold> MemoryStore::find_hold(const HoldId& id) {
    const std::shared_lock gate{gate_};
    const auto* row = all_->holds.find(id);
    if (!row) return not_found("hold");
    return row->hold(state_now(*row));
}

Result<Page<Hold>> MemoryStore::list_holds(std::string_view owner, const PageRequest& page) {
    const std::shared_lock gate{gate_};
    const auto start = page_start("holds", page);
    if (!start) return start.error();
    Page<Hold> answer;
    std::uint64_t last = 0;
    for (auto number = std::min<std::uint64_t>(*start - 1, all_->holds.count()); number > 0; --number) {
        const auto& row = all_->holds.at(number);
        if (!owner.empty() && row.owner->name() != owner) continue;
        if (answer.items.size() == page.limit) {
            answer.next_cursor = cursor_after("holds", last);
            break;
        }
        answer.items.push_back(row.hold(state_now(row)));
        last = number;
    }
    return answer;
}

template <class Rule>
Result<Hold> MemoryStore::change_hold(const Command& command, const HoldId& id, HoldAnswer& answer, const Rule& rule) {
    auto* const row = all_->holds.find(id);
    if (!row) return not_found("hold");
    // Its owner and its rides never change while the gate is shared, and nothing of it while its owner is locked.
    const std::lock_guard owner{row->owner->lock};
    Hold hold = row->hold();
    const RunLocks locks{hold.items.size() == 1 ? FewRuns{row->run} : all_->runs_of(hold)};
    const Timestamp now = step_time(command.now);
    const Result<std::string_view> action = rule(hold, now);
    if (!action) return action.error();
    if (!action->empty()) all_->change_hold(*row, hold, true, {now, command.owner, *action}, locks.runs());
    answer = {row, row->state};
    return hold;
}

Result<Hold> MemoryStore::extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) {
    const std::shared_lock gate{gate_};
    return answered<Hold>(command, [&](HoldAnswer& answer) {
        return change_hold(command, claim.id, answer,
                           [&](Hold& hold, Timestamp now) { return extend(hold, claim, until, now); });
    });
}

Result<Hold> MemoryStore::release_hold(const Command& command, const HoldClaim& claim) {
    const std::shared_lock gate{gate_};
    return answered<Hold>(command, [&](HoldAnswer& answer) {
        return change_hold(command, claim.id, answer,
                           [&](Hold& hold, Timestamp now) { return release(hold, claim, now); });
    });
}

Result<std::vector<Occupancy>> MemoryStore::occupancy(const std::vector<RunId>& runs, Timestamp now) {
    const std::shared_lock gate{gate_};
    std::vector<Occupancy> answers;
    answers.reserve(runs.size());
    for (const auto& run : runs) {
        const auto* pinned = all_->find_run(run);
        if (!pinned) {
            answers.emplace_back();
            continue;
        }
        const std::lock_guard lock{pinned->lock};
        answers.push_back(pinned->allocations.at(now));
    }
    return answers;
}

Result<SeatChanges> MemoryStore::changes_after(const RunId& run, std::uint64_t version) {
    const std::shared_lock gate{gate_};
    const auto* pinned = all_->find_run(run);
    if (!pinned) return SeatChanges{.version = 0, .resync = version != 0, .changes = {}};
    const std::lock_guard lock{pinned->lock};
    return pinned->allocations.changes_after(version);
}

Result<SeatBlock> MemoryStore::block_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    return answered<SeatBlock>(command, [&]() -> Result<SeatBlock> {
        check_block(wanted, run);
        if (const auto ok = check_run(run); !ok) return ok.error();
        std::vector<SeatId> taken;
        if (const auto* pinned = all_->find_run(run.id)) {
            for (const auto& seat : wanted.seats) {
                if (!pinned->allocations.is_free(seat.index, wanted.span, now, HoldId{})) taken.push_back(seat.id);
            }
        }
        if (!taken.empty()) return seats_taken(taken);
        auto& pinned = all_->pin(run);
        pinned.allocations.block(wanted, now);
        pinned.audit.add(block_entry(wanted, "seats.blocked", command.owner, now));
        all_->pass(now);
        return wanted;
    });
}

Result<SeatBlock> MemoryStore::unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    return answered<SeatBlock>(command, [&]() -> Result<SeatBlock> {
        auto* const pinned = all_->find_run(wanted.run);
        if (!pinned) return wanted;
        check_block(wanted, run);
        if (const auto ok = check_pinned(pinned->run, run); !ok) return ok.error();
        pinned->allocations.unblock(wanted);
        pinned->audit.add(block_entry(wanted, "seats.unblocked", command.owner, now));
        all_->pass(now);
        return wanted;
    });
}

Result<RunHolds> MemoryStore::holds_of_run(const RunId& run, Timestamp now) {
    const std::lock_guard gate{gate_};
    const auto* pinned = all_->find_run(run);
    if (!pinned) return not_found("pinned run");
    return all_->live_holds_of(*pinned, step_time(now));
}

Result<Run> MemoryStore::change_consist(const Command& command, const Run& run, const ConsistChange& change) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    const auto* pinned = all_->find_run(run.id);
    const PinnedRun unpinned{run, 0};
    const auto basis = all_->basis_of(pinned ? *pinned : unpinned, now);
    if (*basis.run.run.consist != *change.consist) {
        if (const auto ok = check_run(run); !ok) return ok.error();
    }
    const auto outcome = store::change_consist(basis, change, command.owner, now);
    if (!outcome) return outcome.error();
    if (!*outcome) return basis.run.run;
    all_->pin(run);
    all_->save(**outcome, now);
    return all_->run_at(run.id).run;
}

Result<Run> MemoryStore::adopt_calls(const Command& command, const CallsChange& change) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    const auto* pinned = all_->find_run(change.wanted.id);
    if (!pinned) return not_found("pinned run");
    const auto feed = all_->feeds.find(change.wanted.id.trip.feed);
    const std::string checksum = feed == all_->feeds.end() ? std::string{} : feed->second.feed.checksum;
    const auto outcome = store::adopt_calls(all_->basis_of(*pinned, now), change, checksum, command.owner, now);
    if (!outcome) return outcome.error();
    if (*outcome) all_->save(**outcome, now);
    return all_->run_at(change.wanted.id).run;
}

// --- Bookings ------------------------------------------------------------------------------------------------------

Result<Booking> MemoryStore::create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    return answered<Booking>(command, [&]() -> Result<Booking> {
        const auto hold = all_->find_hold(claim.id);
        const auto changes = store::create_booking(hold ? &*hold : nullptr, claim, wanted, command.owner, now);
        if (!changes) return changes.error();
        if (all_->references.contains(wanted.reference)) return reference_taken();
        RAILBOOK_ASSERT(!all_->bookings.contains(wanted.id));
        all_->save(*changes, now);
        return *changes->booking;
    });
}

Result<Booking> MemoryStore::cancel_booking(const Command& command, const BookingId& id) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    return answered<Booking>(command, [&]() -> Result<Booking> {
        const auto booking = all_->bookings.find(id);
        const auto* found = booking == all_->bookings.end() ? nullptr : &booking->second.record;
        const auto hold = found ? all_->find_hold(found->hold) : std::nullopt;
        const auto changes = store::cancel_booking(found, hold ? &*hold : nullptr, command.owner, now);
        if (!changes) return changes.error();
        all_->save(*changes, now);
        return changes->booking ? *changes->booking : *found;
    });
}

Result<Payment> MemoryStore::begin_payment(const Command& command, const Payment& wanted) {
    const std::lock_guard gate{gate_};
    const Timestamp now = step_time(command.now);
    return answered<Payment>(command, [&]() -> Result<Payment> {
        const auto booking = all_->bookings.find(wanted.booking);
        const auto* found = booking == all_->bookings.end() ? nullptr : &booking->second.record;
        const auto hold = found ? all_->find_hold(found->hold) : std::nullopt;
        const auto changes = store::begin_payment(found, hold ? &*hold : nullptr,
                                                  found ? all_->payments_of(*found) : std::vector<Payment>{}, wanted,
                                                  command.owner, now);
        if (!changes) return changes.error();
        RAILBOOK_ASSERT(!all_->payments.contains(wanted.id));
        all_->save(*changes, now);
        return *changes->payment;
    });
}

Result<Payment> MemoryStore::settle_payment(const Settlement& settlement, Timestamp now) {
    const std::lock_guard gate{gate_};
    now = step_time(now);
    const auto found = all_->payments.find(settlement.payment);
    if (found == all_->payments.end()) return not_found("payment");
    const Payment& payment = found->second.record;
    if (payment.status != PaymentStatus::pending) return payment;
    const Booking& booking = all_->bookings.at(payment.booking).record;
    Hold hold = *all_->find_hold(booking.hold);
    bool seats_are_ours = settlement.captured && keeps_seats(hold, now);
    if (settlement.captured && !seats_are_ours) {
        Hold renumbered = hold;
        for (const auto& run : runs_of(hold)) renumber(renumbered, all_->run_at(run).run);
        seats_are_ours = all_->seats_are_free(renumbered, now);
        if (seats_are_ours) hold = std::move(renumbered);
    }
    const auto changes =
        store::settle_payment(payment, booking, hold, settlement, seats_are_ours, all_->last_entry(booking.id), now);
    all_->save(changes, now);
    all_->answers.replace(*changes.payment);
    return *changes.payment;
}

Result<Payment> MemoryStore::settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                           Timestamp now) {
    const std::lock_guard gate{gate_};
    now = step_time(now);
    const auto found = all_->payments.find(payment);
    if (found == all_->payments.end()) return not_found("payment");
    if (!found->second.record.refund_due) return found->second.record;
    const Booking& booking = all_->bookings.at(found->second.record.booking).record;
    const auto changes =
        store::settle_refund(found->second.record, booking, postings, all_->last_entry(booking.id), now);
    all_->save(changes, now);
    return *changes.payment;
}

Result<std::vector<Payment>> MemoryStore::claim_due_payments(Timestamp now, Duration lease, std::size_t limit) {
    const std::lock_guard gate{gate_};
    now = step_time(now);
    std::vector<Payment> claimed;
    for (const auto& id : all_->due_payments.until(now, limit)) {
        Changes changes;
        changes.payment = all_->payments.at(id).record;
        changes.payment->check_at = now + lease;
        all_->save(changes, now);
        claimed.push_back(*std::move(changes.payment));
    }
    return claimed;
}

Result<std::size_t> MemoryStore::expire(Timestamp now, std::size_t limit) {
    const std::lock_guard gate{gate_};
    now = step_time(now);
    std::size_t marked = 0;
    for (const auto& id : all_->holds.take_due(now, limit)) {
        all_->save(expire_hold(*all_->find_hold(id), now), now);
        ++marked;
    }
    // Bookings only after every hold that is due: an expired booking never has a hold that does not know.
    for (const auto& id : all_->due_bookings.until(now, limit - marked)) {
        all_->save(expire_booking(all_->bookings.at(id).record, now), now);
        ++marked;
    }
    all_->answers.drop(now, limit);
    return marked;
}

Result<Booking> MemoryStore::find_booking(const BookingId& id) {
    const std::shared_lock gate{gate_};
    const auto found = all_->bookings.find(id);
    if (found == all_->bookings.end()) return not_found("booking");
    return found->second.record;
}

Result<Booking> MemoryStore::find_booking_named(std::string_view reference) {
    const std::shared_lock gate{gate_};
    const auto found = all_->references.find(reference);
    if (found == all_->references.end()) return not_found("booking");
    return all_->bookings.at(found->second).record;
}

Result<Page<Booking>> MemoryStore::list_bookings(std::string_view owner, const PageRequest& page) {
    const std::shared_lock gate{gate_};
    return page_of("bookings", owner, page, all_->booking_order, all_->bookings);
}

Result<Payment> MemoryStore::find_payment(const PaymentId& id) {
    const std::shared_lock gate{gate_};
    const auto found = all_->payments.find(id);
    if (found == all_->payments.end()) return not_found("payment");
    return found->second.record;
}

Result<Ticket> MemoryStore::find_ticket(const TicketId& id) {
    const std::shared_lock gate{gate_};
    const auto found = all_->tickets.find(id);
    if (found == all_->tickets.end()) return not_found("ticket");
    return found->second;
}

Result<std::vector<AuditEntry>> MemoryStore::audit(std::string_view subject) {
    const std::lock_guard gate{gate_};
    return all_->audit(subject);
}

}  // namespace

std::unique_ptr<Store> open_memory(Environment& environment) { return std::make_unique<MemoryStore>(environment); }

}  // namespace railbook::store

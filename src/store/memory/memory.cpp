#include "store/memory/memory.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "store/allocations.hpp"
#include "store/pages.hpp"
#include "store/rules.hpp"

namespace railbook::store {
namespace {

/// The ids are random, so any part of one is a good hash.
struct HashId {
    template <class Tag>
    std::size_t operator()(const RandomId<Tag>& id) const {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data(), sizeof hash);
        return hash;
    }
};

struct AnswerKey {
    std::string owner;
    std::string operation;
    std::string key;
    auto operator<=>(const AnswerKey&) const = default;
};
AnswerKey key_of(const Command& command) { return {command.owner, command.operation, command.key.text}; }

/// Work that comes due, in the order in which it does: the number decides between equal times.
template <class Id>
class DueList {
public:
    void put(Timestamp at, std::uint64_t number, const Id& id) { due_[{at, number}] = id; }
    void drop(Timestamp at, std::uint64_t number) { due_.erase({at, number}); }
    std::vector<Id> until(Timestamp now, std::size_t limit) const {
        std::vector<Id> found;
        for (const auto& [key, id] : due_) {
            if (key.first > now || found.size() == limit) break;
            found.push_back(id);
        }
        return found;
    }

private:
    std::map<std::pair<Timestamp, std::uint64_t>, Id> due_;
};

/// A record with its number in the order of insertion, from 1.
template <class Record>
struct Numbered {
    std::uint64_t number = 0;
    Record record;
};

bool is_open(const Hold& hold) { return hold.status == HoldStatus::held || hold.status == HoldStatus::paying; }
bool is_open(const Booking& booking) { return booking.status() == PartStatus::prebooked; }
bool is_open(const Payment& payment) { return payment.status == PaymentStatus::pending || payment.refund_due; }

/// Every step decides first and changes afterwards, so a refused one has changed nothing.
class MemoryStore final : public Store,
                          private AccountsStore,
                          private TimetableStore,
                          private InventoryStore,
                          private BookingsStore {
public:
    explicit MemoryStore(Environment& environment) : environment_{environment} {}

    Result<Timestamp> now() override {
        const Timestamp wall = environment_.now();
        const std::lock_guard lock{mutex_};
        latest_read_ = std::max({latest_read_, wall, latest_});
        return latest_read_;
    }
    AccountsStore& accounts() override { return *this; }
    TimetableStore& timetable() override { return *this; }
    InventoryStore& inventory() override { return *this; }
    BookingsStore& bookings() override { return *this; }
    Result<std::optional<Answer>> find_answer(const Command& command) override;
    /// The reader must not call the store: it is locked meanwhile, so that all records are of one instant.
    Status read_all(RecordReader& reader) override;
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

    Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) override;
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

    template <class Record, class Id>
    using Table = std::unordered_map<Id, Numbered<Record>, HashId>;
    struct StoredFeed {
        Feed feed;
        std::string data;
    };
    struct PinnedRun {
        Run run;
        RunAllocations allocations;
    };

    /// The time by which a step decides: its command's, but never earlier than what is stored.
    Timestamp step_time(Timestamp asked) const { return std::max(asked, latest_); }
    Result<std::optional<Answer>> earlier_answer(const Command& command, Timestamp now) const;
    /// Does the step and keeps its answer; repeated, it only answers.
    template <class T>
    Result<T> answered(const Command& command, const std::function<Result<T>(Timestamp now)>& step);
    void keep(const Command& command, const Answer& answer, Timestamp now);
    void drop_answer(std::map<AnswerKey, KeptAnswer>::iterator kept);
    const Hold* look_up(const HoldId& id) const;
    std::size_t count_live_holds(const std::string& owner, Timestamp now) const;
    bool seats_are_free(const Hold& hold, Timestamp now) const;
    std::vector<Payment> payments_of(const Booking& booking) const;
    std::uint64_t last_entry(const BookingId& booking) const;
    void save(const Changes& changes, Timestamp now);
    void save_hold(const Hold& hold, Timestamp now);
    template <class Record, class Id>
    void save_record(Table<Record, Id>& table, DueList<Id>& due, const Record& record,
                     Timestamp (*due_at)(const Record&));

    Environment& environment_;
    std::shared_mutex mutex_;  // guards all that follows
    Timestamp latest_{};       // of what is stored
    Timestamp latest_read_{};  // of what now() has answered
    std::map<std::string, std::string, std::less<>> secrets_;
    std::map<std::string, StoredFeed, std::less<>> feeds_;
    std::map<std::string, std::uint64_t, std::less<>> feed_versions_;  // also of feeds that were removed
    std::vector<Document> documents_;                                  // oldest first
    std::map<RunId, PinnedRun> runs_;
    std::uint64_t fence_ = 0;
    Table<Hold, HoldId> holds_;
    std::vector<HoldId> hold_order_;
    std::unordered_map<std::string, std::set<std::uint64_t>> open_holds_;  // numbers, by owner
    DueList<HoldId> due_holds_;
    Table<Booking, BookingId> bookings_;
    std::vector<BookingId> booking_order_;
    std::map<std::string, BookingId, std::less<>> references_;
    DueList<BookingId> due_bookings_;
    Table<Payment, PaymentId> payments_;
    std::vector<PaymentId> payment_order_;
    DueList<PaymentId> due_payments_;
    std::unordered_map<PaymentId, AnswerKey, HashId> payment_answers_;
    std::unordered_map<TicketId, Ticket, HashId> tickets_;
    std::map<BookingId, std::vector<LedgerEntry>> ledger_;
    std::map<std::string, std::vector<AuditEntry>, std::less<>> audit_;
    std::map<AnswerKey, KeptAnswer> answers_;
    std::set<std::pair<Timestamp, AnswerKey>> answers_by_end_;
};

template <class Record, class Id>
Result<Page<Record>> page_of(std::string_view list, std::string_view owner, const PageRequest& page,
                             const std::vector<Id>& order,
                             const std::unordered_map<Id, Numbered<Record>, HashId>& table) {
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

// --- Shared by the steps -------------------------------------------------------------------------------------------

Result<std::optional<Answer>> MemoryStore::earlier_answer(const Command& command, Timestamp now) const {
    const auto found = answers_.find(key_of(command));
    return answer_again(found == answers_.end() ? nullptr : &found->second, command, now);
}

template <class T>
Result<T> MemoryStore::answered(const Command& command, const std::function<Result<T>(Timestamp now)>& step) {
    const std::lock_guard lock{mutex_};
    const Timestamp now = step_time(command.now);
    const auto earlier = earlier_answer(command, now);
    if (!earlier) return earlier.error();
    if (*earlier) {
        if (const auto* value = std::get_if<T>(&**earlier)) return *value;
        return Error{ErrorCode::damaged, "a kept answer is of another operation"};
    }
    auto answer = step(now);
    if (answer) keep(command, *answer, now);
    return answer;
}

void MemoryStore::keep(const Command& command, const Answer& answer, Timestamp now) {
    const auto key = key_of(command);
    if (const auto old = answers_.find(key); old != answers_.end()) drop_answer(old);
    const auto& kept = answers_.emplace(key, keep_answer(command, answer, now)).first->second;
    answers_by_end_.emplace(kept.until, key);
    if (const auto* payment = std::get_if<Payment>(&answer)) payment_answers_[payment->id] = key;
}

void MemoryStore::drop_answer(std::map<AnswerKey, KeptAnswer>::iterator kept) {
    if (const auto* payment = std::get_if<Payment>(&kept->second.value)) payment_answers_.erase(payment->id);
    answers_by_end_.erase({kept->second.until, kept->first});
    answers_.erase(kept);
}

const Hold* MemoryStore::look_up(const HoldId& id) const {
    const auto found = holds_.find(id);
    return found == holds_.end() ? nullptr : &found->second.record;
}

std::size_t MemoryStore::count_live_holds(const std::string& owner, Timestamp now) const {
    const auto open = open_holds_.find(owner);
    if (open == open_holds_.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(open->second, [&](std::uint64_t number) {
        return keeps_seats(holds_.at(hold_order_[number - 1]).record, now);
    }));
}

bool MemoryStore::seats_are_free(const Hold& hold, Timestamp now) const {
    return std::ranges::all_of(hold.items, [&](const HoldItem& item) {
        const auto& allocations = runs_.at(item.run).allocations;
        return std::ranges::all_of(
            item.seats, [&](const HeldSeat& seat) { return allocations.is_free(seat.index, item.span, now, hold.id); });
    });
}

std::vector<Payment> MemoryStore::payments_of(const Booking& booking) const {
    std::vector<Payment> payments;
    for (const auto& id : booking.payments) payments.push_back(payments_.at(id).record);
    return payments;
}

std::uint64_t MemoryStore::last_entry(const BookingId& booking) const {
    const auto found = ledger_.find(booking);
    return found == ledger_.end() ? 0 : found->second.size();
}

/// Replaces or adds the record, and its place in the list of what comes due.
template <class Record, class Id>
void MemoryStore::save_record(Table<Record, Id>& table, DueList<Id>& due, const Record& record,
                              Timestamp (*due_at)(const Record&)) {
    auto& row = table[record.id];
    if (row.number == 0) row.number = table.size();
    else if (is_open(row.record)) due.drop(due_at(row.record), row.number);
    row.record = record;
    if (is_open(record)) due.put(due_at(record), row.number, record.id);
}

void MemoryStore::save_hold(const Hold& hold, Timestamp now) {
    save_record<Hold, HoldId>(holds_, due_holds_, hold, [](const Hold& one) { return one.expires_at; });
    const auto number = holds_.at(hold.id).number;
    if (number > hold_order_.size()) hold_order_.push_back(hold.id);
    auto& open = open_holds_[hold.owner];
    if (is_open(hold)) open.insert(number);
    else open.erase(number);
    if (open.empty()) open_holds_.erase(hold.owner);
    for (const auto& run : runs_of(hold)) runs_.at(run).allocations.follow(hold, run, now);
}

void MemoryStore::save(const Changes& changes, Timestamp now) {
    latest_ = now;
    if (changes.hold) save_hold(*changes.hold, now);
    if (changes.booking) {
        const auto& booking = *changes.booking;
        save_record<Booking, BookingId>(bookings_, due_bookings_, booking,
                                        [](const Booking& one) { return one.expires_at; });
        if (bookings_.size() > booking_order_.size()) booking_order_.push_back(booking.id);
        references_.emplace(booking.reference, booking.id);
    }
    if (changes.payment) {
        save_record<Payment, PaymentId>(payments_, due_payments_, *changes.payment,
                                        [](const Payment& one) { return one.check_at; });
        if (payments_.size() > payment_order_.size()) payment_order_.push_back(changes.payment->id);
    }
    for (const auto& ticket : changes.tickets) tickets_.emplace(ticket.id, ticket);
    for (const auto& entry : changes.ledger) ledger_[entry.booking].push_back(entry);
    for (auto entry : changes.audit) {
        auto& entries = audit_[entry.subject];
        entry.number = entries.size() + 1;
        entries.push_back(std::move(entry));
    }
}

// --- Store ---------------------------------------------------------------------------------------------------------

Result<std::optional<Answer>> MemoryStore::find_answer(const Command& command) {
    const std::shared_lock lock{mutex_};
    return earlier_answer(command, step_time(command.now));
}

Status MemoryStore::read_all(RecordReader& reader) {
    const std::shared_lock lock{mutex_};
    for (const auto& [name, stored] : feeds_) reader.on(stored.feed);
    for (const auto& document : documents_) reader.on(document);
    for (const auto& [id, pinned] : runs_) reader.on(pinned.run);
    for (const auto& id : hold_order_) reader.on(holds_.at(id).record);
    for (const auto& [id, pinned] : runs_) {
        for (const auto& allocation : pinned.allocations.at(latest_).allocations) reader.on(id, allocation);
    }
    for (const auto& id : booking_order_) reader.on(bookings_.at(id).record);
    for (const auto& id : payment_order_) reader.on(payments_.at(id).record);
    for (const auto& id : booking_order_) {
        for (const auto& ticket : bookings_.at(id).record.tickets) reader.on(tickets_.at(ticket));
    }
    for (const auto& id : booking_order_) {
        if (const auto found = ledger_.find(id); found != ledger_.end()) {
            for (const auto& entry : found->second) reader.on(entry);
        }
    }
    for (const auto& [subject, entries] : audit_) {
        for (const auto& entry : entries) reader.on(entry);
    }
    return {};
}

// --- Accounts ------------------------------------------------------------------------------------------------------

Result<std::string> MemoryStore::find_or_add_secret(std::string_view name, const std::string& candidate) {
    const std::lock_guard lock{mutex_};
    return secrets_.emplace(name, candidate).first->second;
}

// --- Timetable -----------------------------------------------------------------------------------------------------

Result<Feed> MemoryStore::put_feed(const Feed& feed, const std::string& data, Timestamp now) {
    Feed stored = feed;
    stored.checksum = base::sha256_hex(data);
    const std::lock_guard lock{mutex_};
    latest_ = step_time(now);
    stored.imported_at = latest_;
    stored.version = ++feed_versions_[feed.name];
    feeds_.insert_or_assign(feed.name, StoredFeed{stored, data});
    return stored;
}

Result<std::vector<Feed>> MemoryStore::feeds() {
    const std::shared_lock lock{mutex_};
    std::vector<Feed> found;
    for (const auto& [name, stored] : feeds_) found.push_back(stored.feed);
    return found;
}

Result<std::string> MemoryStore::feed_data(std::string_view name) {
    const std::shared_lock lock{mutex_};
    const auto found = feeds_.find(name);
    if (found == feeds_.end()) return not_found("feed");
    if (base::sha256_hex(found->second.data) != found->second.feed.checksum)
        return Error{ErrorCode::damaged, "a stored timetable does not have its checksum"};
    return found->second.data;
}

Status MemoryStore::remove_feed(std::string_view name) {
    const std::lock_guard lock{mutex_};
    const auto found = feeds_.find(name);
    if (found == feeds_.end()) return not_found("feed");
    feeds_.erase(found);
    return {};
}

Result<Document> MemoryStore::put_document(const Document& document, Timestamp now) {
    const std::lock_guard lock{mutex_};
    std::vector<Document> of_kind;
    std::ranges::copy_if(documents_, std::back_inserter(of_kind),
                         [&](const Document& other) { return other.kind == document.kind; });
    const auto decided = put_document_after(of_kind, document, step_time(now));
    if (!decided) return decided.error();
    if (decided->already_there) return decided->document;
    if (document.kind == DocumentKind::layouts) {
        std::erase_if(documents_, [&](const Document& other) {
            return other.kind == document.kind && other.name == document.name;
        });
    }
    latest_ = step_time(now);
    documents_.push_back(decided->document);
    return decided->document;
}

Result<std::vector<Document>> MemoryStore::documents(DocumentKind kind) {
    const std::shared_lock lock{mutex_};
    std::vector<Document> found;
    std::ranges::copy_if(documents_, std::back_inserter(found),
                         [&](const Document& document) { return document.kind == kind; });
    return found;
}

// --- Inventory -----------------------------------------------------------------------------------------------------

Result<std::optional<Run>> MemoryStore::find_pinned(const RunId& run) {
    const std::shared_lock lock{mutex_};
    const auto found = runs_.find(run);
    return found == runs_.end() ? std::optional<Run>{} : std::optional{found->second.run};
}

Result<Hold> MemoryStore::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                     std::size_t max_holds) {
    return answered<Hold>(command, [&](Timestamp now) -> Result<Hold> {
        if (const auto ok = check_wanted(wanted, runs); !ok) return ok.error();
        RAILBOOK_ASSERT(!look_up(wanted.id));
        for (const auto& run : runs) {
            const auto pinned = runs_.find(run.id);
            if (pinned == runs_.end()) continue;
            if (const auto ok = check_pinned(pinned->second.run, run); !ok) return ok.error();
        }
        if (const auto ok = check_hold_count(count_live_holds(wanted.owner, now), max_holds); !ok) return ok.error();
        std::vector<SeatId> taken;
        for (const auto& item : wanted.items) {
            const auto pinned = runs_.find(item.run);
            if (pinned == runs_.end()) continue;
            for (const auto& seat : item.seats) {
                if (!pinned->second.allocations.is_free(seat.index, item.span, now, wanted.id))
                    taken.push_back(seat.id);
            }
        }
        if (!taken.empty()) return seats_taken(taken);

        for (const auto& run : runs) {
            if (runs_.contains(run.id)) continue;
            runs_.emplace(run.id, PinnedRun{run, {}}).first->second.run.pinned = true;
        }
        const auto changes = store::place_hold(wanted, ++fence_, command.owner, now);
        save(changes, now);
        return *changes.hold;
    });
}

Result<Hold> MemoryStore::find_hold(const HoldId& id) {
    const std::shared_lock lock{mutex_};
    const auto* hold = look_up(id);
    if (!hold) return not_found("hold");
    return *hold;
}

Result<Page<Hold>> MemoryStore::list_holds(std::string_view owner, const PageRequest& page) {
    const std::shared_lock lock{mutex_};
    return page_of("holds", owner, page, hold_order_, holds_);
}

Result<Hold> MemoryStore::extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) {
    return answered<Hold>(command, [&](Timestamp now) -> Result<Hold> {
        const auto changes = store::extend_hold(look_up(claim.id), claim, until, command.owner, now);
        if (!changes) return changes.error();
        save(*changes, now);
        return *changes->hold;
    });
}

Result<Hold> MemoryStore::release_hold(const Command& command, const HoldClaim& claim) {
    return answered<Hold>(command, [&](Timestamp now) -> Result<Hold> {
        const auto changes = store::release_hold(look_up(claim.id), claim, command.owner, now);
        if (!changes) return changes.error();
        save(*changes, now);
        return *look_up(claim.id);
    });
}

Result<std::vector<Occupancy>> MemoryStore::occupancy(const std::vector<RunId>& runs, Timestamp now) {
    const std::shared_lock lock{mutex_};
    std::vector<Occupancy> answers;
    answers.reserve(runs.size());
    for (const auto& run : runs) {
        const auto found = runs_.find(run);
        answers.push_back(found == runs_.end() ? Occupancy{} : found->second.allocations.at(now));
    }
    return answers;
}

// --- Bookings ------------------------------------------------------------------------------------------------------

Result<Booking> MemoryStore::create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) {
    return answered<Booking>(command, [&](Timestamp now) -> Result<Booking> {
        const auto changes = store::create_booking(look_up(claim.id), claim, wanted, command.owner, now);
        if (!changes) return changes.error();
        if (references_.contains(wanted.reference)) return reference_taken();
        RAILBOOK_ASSERT(!bookings_.contains(wanted.id));
        save(*changes, now);
        return *changes->booking;
    });
}

Result<Payment> MemoryStore::begin_payment(const Command& command, const Payment& wanted) {
    return answered<Payment>(command, [&](Timestamp now) -> Result<Payment> {
        const auto booking = bookings_.find(wanted.booking);
        const auto* found = booking == bookings_.end() ? nullptr : &booking->second.record;
        const auto changes =
            store::begin_payment(found, found ? look_up(found->hold) : nullptr,
                                 found ? payments_of(*found) : std::vector<Payment>{}, wanted, command.owner, now);
        if (!changes) return changes.error();
        RAILBOOK_ASSERT(!payments_.contains(wanted.id));
        save(*changes, now);
        return *changes->payment;
    });
}

Result<Payment> MemoryStore::settle_payment(const Settlement& settlement, Timestamp now) {
    const std::lock_guard lock{mutex_};
    now = step_time(now);
    const auto found = payments_.find(settlement.payment);
    if (found == payments_.end()) return not_found("payment");
    const Payment& payment = found->second.record;
    if (payment.status != PaymentStatus::pending) return payment;
    const Booking& booking = bookings_.at(payment.booking).record;
    const Hold& hold = *look_up(booking.hold);
    const bool seats_are_ours = settlement.captured && (keeps_seats(hold, now) || seats_are_free(hold, now));
    const auto changes =
        store::settle_payment(payment, booking, hold, settlement, seats_are_ours, last_entry(booking.id), now);
    save(changes, now);
    if (const auto kept = payment_answers_.find(settlement.payment); kept != payment_answers_.end())
        answers_.at(kept->second).value = *changes.payment;
    return *changes.payment;
}

Result<Payment> MemoryStore::settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                           Timestamp now) {
    const std::lock_guard lock{mutex_};
    now = step_time(now);
    const auto found = payments_.find(payment);
    if (found == payments_.end()) return not_found("payment");
    if (!found->second.record.refund_due) return found->second.record;
    const Booking& booking = bookings_.at(found->second.record.booking).record;
    const auto changes = store::settle_refund(found->second.record, booking, postings, last_entry(booking.id), now);
    save(changes, now);
    return *changes.payment;
}

Result<std::vector<Payment>> MemoryStore::claim_due_payments(Timestamp now, Duration lease, std::size_t limit) {
    const std::lock_guard lock{mutex_};
    now = step_time(now);
    std::vector<Payment> claimed;
    for (const auto& id : due_payments_.until(now, limit)) {
        Changes changes;
        changes.payment = payments_.at(id).record;
        changes.payment->check_at = now + lease;
        save(changes, now);
        claimed.push_back(*std::move(changes.payment));
    }
    return claimed;
}

Result<std::size_t> MemoryStore::expire(Timestamp now, std::size_t limit) {
    const std::lock_guard lock{mutex_};
    now = step_time(now);
    std::size_t marked = 0;
    for (const auto& id : due_holds_.until(now, limit)) {
        save(expire_hold(*look_up(id), now), now);
        ++marked;
    }
    // Bookings only after every hold that is due: an expired booking never has a hold that does not know.
    for (const auto& id : due_bookings_.until(now, limit - marked)) {
        save(expire_booking(bookings_.at(id).record, now), now);
        ++marked;
    }
    for (std::size_t dropped = 0; dropped < limit && !answers_by_end_.empty(); ++dropped) {
        const auto oldest = answers_by_end_.begin();
        if (oldest->first > now) break;
        drop_answer(answers_.find(oldest->second));
    }
    return marked;
}

Result<Booking> MemoryStore::find_booking(const BookingId& id) {
    const std::shared_lock lock{mutex_};
    const auto found = bookings_.find(id);
    if (found == bookings_.end()) return not_found("booking");
    return found->second.record;
}

Result<Booking> MemoryStore::find_booking_named(std::string_view reference) {
    const std::shared_lock lock{mutex_};
    const auto found = references_.find(reference);
    if (found == references_.end()) return not_found("booking");
    return bookings_.at(found->second).record;
}

Result<Page<Booking>> MemoryStore::list_bookings(std::string_view owner, const PageRequest& page) {
    const std::shared_lock lock{mutex_};
    return page_of("bookings", owner, page, booking_order_, bookings_);
}

Result<Payment> MemoryStore::find_payment(const PaymentId& id) {
    const std::shared_lock lock{mutex_};
    const auto found = payments_.find(id);
    if (found == payments_.end()) return not_found("payment");
    return found->second.record;
}

Result<Ticket> MemoryStore::find_ticket(const TicketId& id) {
    const std::shared_lock lock{mutex_};
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return not_found("ticket");
    return found->second;
}

Result<std::vector<AuditEntry>> MemoryStore::audit(std::string_view subject) {
    const std::shared_lock lock{mutex_};
    const auto found = audit_.find(subject);
    return found == audit_.end() ? std::vector<AuditEntry>{} : found->second;
}

}  // namespace

std::unique_ptr<Store> open_memory(Environment& environment) { return std::make_unique<MemoryStore>(environment); }

}  // namespace railbook::store

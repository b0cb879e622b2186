#include "store/faults.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace railbook::test {
namespace {

/// Keeps what `read_all` tells until it is known that it told everything.
class Buffer final : public RecordReader {
public:
    void on(const Counters& counters) override { keep(counters); }
    void on(const Secret& secret) override { keep(secret); }
    void on(const Feed& feed, const std::string& data) override { keep(feed, data); }
    void on(const Document& document) override { keep(document); }
    void on(const Run& run, std::uint64_t version) override { keep(run, version); }
    void on(const Hold& hold) override { keep(hold); }
    void on(const RunId& run, const Allocation& allocation) override { keep(run, allocation); }
    void on(const Booking& booking) override { keep(booking); }
    void on(const Payment& payment) override { keep(payment); }
    void on(const Ticket& ticket) override { keep(ticket); }
    void on(const LedgerEntry& entry) override { keep(entry); }
    void on(const AuditEntry& entry) override { keep(entry); }
    void on(const KeptAnswer& answer) override { keep(answer); }

    void tell(RecordReader& reader) const {
        for (const auto& record : records_) record(reader);
    }

private:
    template <class... Parts>
    void keep(const Parts&... parts) {
        records_.push_back([parts...](RecordReader& reader) { reader.on(parts...); });
    }
    std::vector<std::function<void(RecordReader&)>> records_;
};

/// Every call of a store goes through `Policy`, which decides whether and how often the step behind it is done.
template <class Policy>
class Wrapped final : public Store,
                      private AccountsStore,
                      private TimetableStore,
                      private InventoryStore,
                      private BookingsStore {
public:
    Wrapped(std::unique_ptr<Store> store, Policy policy) : store_{std::move(store)}, policy_{policy} {}

    AccountsStore& accounts() override { return *this; }
    TimetableStore& timetable() override { return *this; }
    InventoryStore& inventory() override { return *this; }
    BookingsStore& bookings() override { return *this; }
    StoreInfo info() const override { return store_->info(); }

    Result<Timestamp> now() override {
        return policy_.call("now", [&] { return store_->now(); });
    }
    Result<std::optional<Answer>> find_answer(const Command& command) override {
        return policy_.call("find_answer", [&] { return store_->find_answer(command); });
    }
    /// A caller who reads again begins anew.
    Status read_all(RecordReader& reader) override {
        Buffer records;
        const Status done = policy_.call("read_all", [&] {
            records = {};
            return store_->read_all(records);
        });
        if (done) records.tell(reader);
        return done;
    }
    Status load(const std::function<Status(RecordReader&)>& source) override {
        return policy_.call("load", [&] { return store_->load(source); }, false);
    }
    Status backup(const std::string& file) override {
        return policy_.call("backup", [&] { return store_->backup(file); }, false);
    }
    Result<std::vector<std::string>> check_medium() override {
        return policy_.call("check_medium", [&] { return store_->check_medium(); });
    }

private:
    Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) override {
        return policy_.call("find_or_add_secret",
                            [&] { return store_->accounts().find_or_add_secret(name, candidate); });
    }

    Result<Feed> put_feed(const Feed& feed, const std::string& data, Timestamp now) override {
        return policy_.call("put_feed", [&] { return store_->timetable().put_feed(feed, data, now); });
    }
    Result<std::vector<Feed>> feeds() override {
        return policy_.call("feeds", [&] { return store_->timetable().feeds(); });
    }
    Result<std::string> feed_data(std::string_view name) override {
        return policy_.call("feed_data", [&] { return store_->timetable().feed_data(name); });
    }
    Status remove_feed(std::string_view name) override {
        return policy_.call("remove_feed", [&] { return store_->timetable().remove_feed(name); });
    }
    Result<Document> put_document(const Document& document, Timestamp now) override {
        return policy_.call("put_document", [&] { return store_->timetable().put_document(document, now); });
    }
    Result<std::vector<Document>> documents(DocumentKind kind) override {
        return policy_.call("documents", [&] { return store_->timetable().documents(kind); });
    }

    Result<std::optional<Run>> find_pinned(const RunId& run) override {
        return policy_.call("find_pinned", [&] { return store_->inventory().find_pinned(run); });
    }
    Result<Hold> place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                            std::size_t max_holds) override {
        return policy_.call("place_hold",
                            [&] { return store_->inventory().place_hold(command, wanted, runs, max_holds); });
    }
    Result<Hold> find_hold(const HoldId& id) override {
        return policy_.call("find_hold", [&] { return store_->inventory().find_hold(id); });
    }
    Result<Page<Hold>> list_holds(std::string_view owner, const PageRequest& page) override {
        return policy_.call("list_holds", [&] { return store_->inventory().list_holds(owner, page); });
    }
    Result<Hold> extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) override {
        return policy_.call("extend_hold", [&] { return store_->inventory().extend_hold(command, claim, until); });
    }
    Result<Hold> release_hold(const Command& command, const HoldClaim& claim) override {
        return policy_.call("release_hold", [&] { return store_->inventory().release_hold(command, claim); });
    }
    Result<std::vector<Occupancy>> occupancy(const std::vector<RunId>& runs, Timestamp now) override {
        return policy_.call("occupancy", [&] { return store_->inventory().occupancy(runs, now); });
    }
    Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version) override {
        return policy_.call("changes_after", [&] { return store_->inventory().changes_after(run, version); });
    }
    Result<SeatBlock> block_seats(const Command& command, const Run& run, const SeatBlock& wanted) override {
        return policy_.call("block_seats", [&] { return store_->inventory().block_seats(command, run, wanted); });
    }
    Result<SeatBlock> unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) override {
        return policy_.call("unblock_seats", [&] { return store_->inventory().unblock_seats(command, run, wanted); });
    }
    Result<RunHolds> holds_of_run(const RunId& run, Timestamp now) override {
        return policy_.call("holds_of_run", [&] { return store_->inventory().holds_of_run(run, now); });
    }
    Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& change) override {
        return policy_.call("change_consist", [&] { return store_->inventory().change_consist(command, run, change); });
    }
    Result<Run> adopt_calls(const Command& command, const CallsChange& change) override {
        return policy_.call("adopt_calls", [&] { return store_->inventory().adopt_calls(command, change); });
    }

    Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) override {
        return policy_.call("create_booking",
                            [&] { return store_->bookings().create_booking(command, claim, wanted); });
    }
    Result<Booking> cancel_booking(const Command& command, const BookingId& id) override {
        return policy_.call("cancel_booking", [&] { return store_->bookings().cancel_booking(command, id); });
    }
    Result<Payment> begin_payment(const Command& command, const Payment& wanted) override {
        return policy_.call("begin_payment", [&] { return store_->bookings().begin_payment(command, wanted); });
    }
    Result<Payment> settle_payment(const Settlement& settlement, Timestamp now) override {
        return policy_.call("settle_payment", [&] { return store_->bookings().settle_payment(settlement, now); });
    }
    Result<Payment> settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                  Timestamp now) override {
        return policy_.call("settle_refund", [&] { return store_->bookings().settle_refund(payment, postings, now); });
    }
    Result<std::vector<Payment>> claim_due_payments(Timestamp now, Duration lease, std::size_t limit) override {
        return policy_.call(
            "claim_due_payments", [&] { return store_->bookings().claim_due_payments(now, lease, limit); }, false);
    }
    Result<std::size_t> expire(Timestamp now, std::size_t limit) override {
        return policy_.call("expire", [&] { return store_->bookings().expire(now, limit); }, false);
    }
    Result<Booking> find_booking(const BookingId& id) override {
        return policy_.call("find_booking", [&] { return store_->bookings().find_booking(id); });
    }
    Result<Booking> find_booking_named(std::string_view reference) override {
        return policy_.call("find_booking_named", [&] { return store_->bookings().find_booking_named(reference); });
    }
    Result<Page<Booking>> list_bookings(std::string_view owner, const PageRequest& page) override {
        return policy_.call("list_bookings", [&] { return store_->bookings().list_bookings(owner, page); });
    }
    Result<Payment> find_payment(const PaymentId& id) override {
        return policy_.call("find_payment", [&] { return store_->bookings().find_payment(id); });
    }
    Result<Ticket> find_ticket(const TicketId& id) override {
        return policy_.call("find_ticket", [&] { return store_->bookings().find_ticket(id); });
    }
    Result<std::vector<AuditEntry>> audit(std::string_view subject) override {
        return policy_.call("audit", [&] { return store_->bookings().audit(subject); });
    }

    std::unique_ptr<Store> store_;
    Policy policy_;
};

class Failing {
public:
    explicit Failing(Faults& faults) : faults_{&faults} {}
    template <class Step>
    auto call(std::string_view name, Step step, bool answer_can_be_repeated = true) -> decltype(step()) {
        const Error lost{ErrorCode::unavailable, "perhaps done"};
        switch (faults_->next(name, answer_can_be_repeated)) {
            case Faults::Fate::succeeds: break;
            case Faults::Fate::fails_before: return lost;
            case Faults::Fate::fails_after: return static_cast<void>(step()), lost;
        }
        return step();
    }

private:
    Faults* faults_;
};

class Interrupted {
public:
    explicit Interrupted(std::function<void(std::string_view)> meanwhile) : meanwhile_{std::move(meanwhile)} {}
    template <class Step>
    auto call(std::string_view name, Step step, bool = true) -> decltype(step()) {
        auto answer = step();
        meanwhile_(name);
        return answer;
    }

private:
    std::function<void(std::string_view)> meanwhile_;
};

class Repeating {
public:
    template <class Step>
    auto call(std::string_view, Step step, bool = true) -> decltype(step()) {
        auto answer = step();
        const bool repeat = !answer && (answer.error().code == ErrorCode::unavailable ||
                                        answer.error().code == ErrorCode::storage_full);
        return repeat ? step() : answer;
    }
};

}  // namespace

Faults::Fate Faults::next(std::string_view call, bool answer_can_be_repeated) {
    if (++calls_ != number_) return Fate::succeeds;
    call_ = call;
    if (when_ == When::before) return Fate::fails_before;
    return answer_can_be_repeated ? Fate::fails_after : Fate::succeeds;
}

std::ostream& operator<<(std::ostream& out, const Faults& faults) {
    return out << "call " << faults.number_ << " (" << faults.call_ << ") fails "
               << (faults.when_ == Faults::When::before ? "before" : "after") << " its effect";
}

std::unique_ptr<Store> make_faulty(std::unique_ptr<Store> store, Faults& faults) {
    return std::make_unique<Wrapped<Failing>>(std::move(store), Failing{faults});
}

std::unique_ptr<Store> make_repeating(std::unique_ptr<Store> store) {
    return std::make_unique<Wrapped<Repeating>>(std::move(store), Repeating{});
}

std::unique_ptr<Store> make_interrupted(std::unique_ptr<Store> store,
                                        std::function<void(std::string_view call)> meanwhile) {
    return std::make_unique<Wrapped<Interrupted>>(std::move(store), Interrupted{std::move(meanwhile)});
}

}  // namespace railbook::test

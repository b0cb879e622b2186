#include "sim/simulator/store.hpp"

namespace railbook::sim {
namespace {

constexpr PortCall read(std::string_view name) { return {.name = name}; }
constexpr PortCall change(std::string_view name) { return {.name = name, .changes = true}; }
constexpr PortCall contested(std::string_view name) { return {.name = name, .changes = true, .may_conflict = true}; }

/// What the four interfaces have in common.
struct Shared {
    Store& inner;
    Ports& ports;
    StepObserver& observer;

    template <class Answer>
    void tell(KnownStep step, const Answer& answer) const {
        step.refused = !answer;
        observer.after_step(step);
    }
    /// Some calls ask for an hour too much, as a process with a mistake might: the store itself is the guard.
    Timestamp exaggerated(Timestamp time) const {
        if (ports.is_calm() || !ports.scheduler().current() || ports.last_tick() % 8 != 0) return time;
        ++ports.report().faults["process: asks for too much"].all;
        return time + std::chrono::hours{1};
    }
    CommandSoFar* command() const {
        auto* task = ports.scheduler().current();
        return task ? &task->command : nullptr;
    }
};

class Accounts final : public AccountsStore {
public:
    explicit Accounts(const Shared& shared) : my_{shared} {}
    Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) override {
        return my_.ports.call<Result<std::string>>(
            change("find_or_add_secret"), [&] { return my_.inner.accounts().find_or_add_secret(name, candidate); });
    }

private:
    const Shared& my_;
};

class Timetables final : public TimetableStore {
public:
    explicit Timetables(const Shared& shared) : my_{shared} {}
    Result<Feed> put_feed(const Feed& feed, const std::string& data, Timestamp now) override {
        return my_.ports.call<Result<Feed>>(change("put_feed"),
                                            [&] { return my_.inner.timetable().put_feed(feed, data, now); });
    }
    Result<std::vector<Feed>> feeds() override {
        return my_.ports.call<Result<std::vector<Feed>>>(read("feeds"), [&] { return my_.inner.timetable().feeds(); });
    }
    Result<std::string> feed_data(std::string_view name) override {
        return my_.ports.call<Result<std::string>>(read("feed_data"),
                                                   [&] { return my_.inner.timetable().feed_data(name); });
    }
    Status remove_feed(std::string_view name) override {
        return my_.ports.call<Status>(change("remove_feed"), [&] { return my_.inner.timetable().remove_feed(name); });
    }
    Result<Document> put_document(const Document& document, Timestamp now) override {
        return my_.ports.call<Result<Document>>(change("put_document"),
                                                [&] { return my_.inner.timetable().put_document(document, now); });
    }
    Result<std::vector<Document>> documents(DocumentKind kind) override {
        return my_.ports.call<Result<std::vector<Document>>>(read("documents"),
                                                             [&] { return my_.inner.timetable().documents(kind); });
    }

private:
    const Shared& my_;
};

class Inventories final : public InventoryStore {
public:
    explicit Inventories(const Shared& shared) : my_{shared} {}
    Result<std::optional<Run>> find_pinned(const RunId& run) override {
        return my_.ports.call<Result<std::optional<Run>>>(read("find_pinned"),
                                                          [&] { return my_.inner.inventory().find_pinned(run); });
    }
    Result<Hold> place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                            std::size_t max_holds) override {
        return my_.ports.call<Result<Hold>>(
            contested("place_hold"), [&] { return my_.inner.inventory().place_hold(command, wanted, runs, max_holds); },
            [&](const Result<Hold>& answer) { changed(command, {}, answer); });
    }
    Result<Hold> find_hold(const HoldId& id) override {
        return my_.ports.call<Result<Hold>>(read("find_hold"), [&] { return my_.inner.inventory().find_hold(id); });
    }
    Result<Page<Hold>> list_holds(std::string_view owner, const PageRequest& page) override {
        return my_.ports.call<Result<Page<Hold>>>(read("list_holds"),
                                                  [&] { return my_.inner.inventory().list_holds(owner, page); });
    }
    Result<Hold> extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) override {
        return my_.ports.call<Result<Hold>>(
            change("extend_hold"),
            [&] { return my_.inner.inventory().extend_hold(command, claim, my_.exaggerated(until)); },
            [&](const Result<Hold>& answer) { changed(command, claim, answer); });
    }
    Result<Hold> release_hold(const Command& command, const HoldClaim& claim) override {
        return my_.ports.call<Result<Hold>>(
            change("release_hold"), [&] { return my_.inner.inventory().release_hold(command, claim); },
            [&](const Result<Hold>& answer) { changed(command, claim, answer); });
    }
    Result<std::vector<Occupancy>> occupancy(const std::vector<RunId>& runs, Timestamp now) override {
        return my_.ports.call<Result<std::vector<Occupancy>>>(
            read("occupancy"), [&] { return my_.inner.inventory().occupancy(runs, now); });
    }
    Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version) override {
        return my_.ports.call<Result<SeatChanges>>(read("changes_after"),
                                                   [&] { return my_.inner.inventory().changes_after(run, version); });
    }
    Result<SeatBlock> block_seats(const Command& command, const Run& run, const SeatBlock& wanted) override {
        return my_.ports.call<Result<SeatBlock>>(
            contested("block_seats"), [&] { return my_.inner.inventory().block_seats(command, run, wanted); },
            [&](const Result<SeatBlock>& answer) {
                my_.tell({.name = command.operation, .owner = command.owner}, answer);
            });
    }
    Result<SeatBlock> unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) override {
        return my_.ports.call<Result<SeatBlock>>(
            change("unblock_seats"), [&] { return my_.inner.inventory().unblock_seats(command, run, wanted); },
            [&](const Result<SeatBlock>& answer) {
                my_.tell({.name = command.operation, .owner = command.owner}, answer);
            });
    }
    Result<RunHolds> holds_of_run(const RunId& run, Timestamp now) override {
        return my_.ports.call<Result<RunHolds>>(read("holds_of_run"),
                                                [&] { return my_.inner.inventory().holds_of_run(run, now); });
    }
    Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& wanted) override {
        return my_.ports.call<Result<Run>>(
            contested("change_consist"), [&] { return my_.inner.inventory().change_consist(command, run, wanted); },
            [&](const Result<Run>& answer) { my_.tell({.name = command.operation, .owner = command.owner}, answer); });
    }
    Result<Run> adopt_calls(const Command& command, const CallsChange& change) override {
        return my_.ports.call<Result<Run>>(
            contested("adopt_calls"), [&] { return my_.inner.inventory().adopt_calls(command, change); },
            [&](const Result<Run>& answer) { my_.tell({.name = command.operation, .owner = command.owner}, answer); });
    }

private:
    void changed(const Command& command, const std::optional<HoldClaim>& claim, const Result<Hold>& answer) const {
        if (auto* so_far = my_.command(); so_far && answer) so_far->hold = *answer;
        my_.tell({.name = command.operation, .owner = command.owner, .claim = claim}, answer);
    }

    const Shared& my_;
};

class Sales final : public BookingsStore {
public:
    explicit Sales(const Shared& shared) : my_{shared} {}
    Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) override {
        return my_.ports.call<Result<Booking>>(
            contested("create_booking"),
            [&] {
                Booking asked = wanted;
                asked.expires_at = my_.exaggerated(wanted.expires_at);
                return inner().create_booking(command, claim, asked);
            },
            [&](const Result<Booking>& answer) {
                if (auto* so_far = my_.command(); so_far && answer) so_far->booking = *answer;
                if (answer) my_.observer.after_booking(*answer);
                my_.tell({.name = command.operation, .owner = command.owner, .claim = claim}, answer);
            });
    }
    Result<Booking> cancel_booking(const Command& command, const BookingId& id) override {
        return my_.ports.call<Result<Booking>>(
            contested("cancel_booking"), [&] { return inner().cancel_booking(command, id); },
            [&](const Result<Booking>& answer) {
                my_.tell({.name = command.operation, .owner = command.owner}, answer);
            });
    }
    Result<Payment> begin_payment(const Command& command, const Payment& wanted) override {
        return my_.ports.call<Result<Payment>>(
            contested("begin_payment"), [&] { return inner().begin_payment(command, wanted); },
            [&](const Result<Payment>& answer) {
                my_.tell({.name = command.operation, .owner = command.owner}, answer);
            });
    }
    Result<Payment> settle_payment(const Settlement& settlement, Timestamp now) override {
        std::uint64_t invoked = 0;
        Timestamp earliest{};
        return my_.ports.call<Result<Payment>>(
            change("settle_payment"),
            [&] {
                invoked = my_.ports.tick();
                // The step may decide by `now`, which was read before.
                earliest = now;
                return inner().settle_payment(settlement, now);
            },
            [&](const Result<Payment>& answer) {
                my_.tell({.name = "settle_payment", .owner = {}}, answer);
                my_.observer.after_settlement(settlement, answer, invoked, earliest);
            });
    }
    Result<Payment> settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                  Timestamp now) override {
        return my_.ports.call<Result<Payment>>(
            change("settle_refund"), [&] { return inner().settle_refund(payment, postings, now); },
            [&](const Result<Payment>& answer) { my_.tell({.name = "settle_refund", .owner = {}}, answer); });
    }
    Result<std::vector<Payment>> claim_due_payments(Timestamp now, Duration lease, std::size_t limit) override {
        return my_.ports.call<Result<std::vector<Payment>>>(
            change("claim_due_payments"), [&] { return inner().claim_due_payments(now, lease, limit); });
    }
    Result<std::size_t> expire(Timestamp now, std::size_t limit) override {
        return my_.ports.call<Result<std::size_t>>(
            change("expire"), [&] { return inner().expire(now, limit); },
            [&](const Result<std::size_t>& answer) { my_.tell({.name = "expire", .owner = {}}, answer); });
    }
    Result<Booking> find_booking(const BookingId& id) override {
        return my_.ports.call<Result<Booking>>(read("find_booking"), [&] { return inner().find_booking(id); });
    }
    Result<Booking> find_booking_named(std::string_view reference) override {
        return my_.ports.call<Result<Booking>>(read("find_booking_named"),
                                               [&] { return inner().find_booking_named(reference); });
    }
    Result<Page<Booking>> list_bookings(std::string_view owner, const PageRequest& page) override {
        return my_.ports.call<Result<Page<Booking>>>(read("list_bookings"),
                                                     [&] { return inner().list_bookings(owner, page); });
    }
    Result<Payment> find_payment(const PaymentId& id) override {
        return my_.ports.call<Result<Payment>>(read("find_payment"), [&] { return inner().find_payment(id); });
    }
    Result<Ticket> find_ticket(const TicketId& id) override {
        return my_.ports.call<Result<Ticket>>(read("find_ticket"), [&] { return inner().find_ticket(id); });
    }
    Result<std::vector<AuditEntry>> audit(std::string_view subject) override {
        return my_.ports.call<Result<std::vector<AuditEntry>>>(read("audit"), [&] { return inner().audit(subject); });
    }

private:
    BookingsStore& inner() const { return my_.inner.bookings(); }
    const Shared& my_;
};

class SimulatedStore final : public Store {
public:
    SimulatedStore(Store& inner, Ports& ports, StepObserver& observer)
        : shared_{inner, ports, observer},
          accounts_{shared_},
          timetables_{shared_},
          inventories_{shared_},
          sales_{shared_} {}

    Result<Timestamp> now() override {
        return shared_.ports.call<Result<Timestamp>>(read("now"), [&] { return shared_.inner.now(); });
    }
    AccountsStore& accounts() override { return accounts_; }
    TimetableStore& timetable() override { return timetables_; }
    InventoryStore& inventory() override { return inventories_; }
    BookingsStore& bookings() override { return sales_; }
    Result<std::optional<Answer>> find_answer(const Command& command) override {
        return shared_.ports.call<Result<std::optional<Answer>>>(read("find_answer"),
                                                                 [&] { return shared_.inner.find_answer(command); });
    }
    Status read_all(RecordReader& reader) override {
        return shared_.ports.call<Status>(read("read_all"), [&] { return shared_.inner.read_all(reader); });
    }
    Status load(const std::function<Status(RecordReader&)>& source) override {
        return shared_.ports.call<Status>(change("load"), [&] { return shared_.inner.load(source); });
    }
    Result<std::vector<std::string>> check_medium() override {
        return shared_.ports.call<Result<std::vector<std::string>>>(read("check_medium"),
                                                                    [&] { return shared_.inner.check_medium(); });
    }
    StoreInfo info() const override { return shared_.inner.info(); }

private:
    const Shared shared_;
    Accounts accounts_;
    Timetables timetables_;
    Inventories inventories_;
    Sales sales_;
};

}  // namespace

std::unique_ptr<Store> make_simulated_store(Store& inner, Ports& ports, StepObserver& observer) {
    return std::make_unique<SimulatedStore>(inner, ports, observer);
}

}  // namespace railbook::sim

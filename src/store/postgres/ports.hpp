#pragma once
/// The four interfaces over one open database.

#include <railbook/stores.hpp>

#include "store/run_change.hpp"
#include "store/pages.hpp"
#include "store/postgres/database.hpp"
#include "store/postgres/groups.hpp"
#include "store/postgres/mirror.hpp"
#include "store/postgres/tables.hpp"
#include "store/postgres/taking.hpp"
#include "store/record.hpp"

namespace railbook::store::postgres {

/// Thread-safe, as the three below. The database must outlive them.
class PostgresAccounts final : public AccountsStore {
public:
    explicit PostgresAccounts(Database& database) : database_{database} {}
    Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) override;

private:
    Database& database_;
};

class PostgresTimetable final : public TimetableStore {
public:
    explicit PostgresTimetable(Database& database) : database_{database} {}
    Result<Feed> put_feed(const Feed& feed, const std::string& data, Timestamp now) override;
    Result<std::vector<Feed>> feeds() override;
    Result<std::string> feed_data(std::string_view name) override;
    Status remove_feed(std::string_view name) override;
    Result<Document> put_document(const Document& document, Timestamp now) override;
    Result<std::vector<Document>> documents(DocumentKind kind) override;

private:
    Database& database_;
};
/// Current versions, by name.
extern const std::string_view kAllFeeds;
Result<Feed> read_feed(Row& row);
/// Oldest first. $1 kind.
extern const std::string_view kDocuments;
Result<Document> read_document(Row& row);
extern const std::string_view kFeedData;  ///< $1 name
/// Errors: not_found; damaged (not its checksum).
Result<std::string> read_feed_data(const Rows& rows);
void insert_feed(Step& step, const Feed& feed, const std::string& data);
void insert_document(Step& step, const Document& document);

class PostgresInventory final : public InventoryStore {
public:
    explicit PostgresInventory(Database& database) : database_{database}, groups_{database} {}
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

    /// See SystemOfRecord.
    Result<std::optional<RunInRecord>> bring_to_front(const RunId& run, std::uint64_t epoch);
    Result<std::vector<Status>> take_over(const std::vector<FrontStep>& steps);
    Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& change,
                               std::optional<std::uint64_t> epoch);
    Result<Run> adopt_calls(const Command& command, const CallsChange& change, std::optional<std::uint64_t> epoch);

private:
    enum class Done : std::uint8_t { here, in_front };
    Result<Hold> take_over(const FrontStep& step, std::map<RunId, Run>& pinned);
    /// Those of the first steps that are done together, and how many that are.
    Result<std::size_t> take_over_together(std::span<const FrontStep> steps);
    Result<Hold> place(const Command& command, const Hold& wanted, const std::vector<Run>& runs, std::size_t max_holds,
                       Done done);
    /// Nothing where a step of its own has to decide.
    Result<std::optional<Hold>> place_in_group(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                               std::size_t max_holds);
    Result<Hold> extend(const Command& command, const HoldClaim& claim, Timestamp until, Done done);
    Result<Hold> release(const Command& command, const HoldClaim& claim, Done done);
    /// What decides, with the runs locked and pinned: they come in the order of the request.
    template <class T>
    using Decide = std::function<Result<T>(Step& step, const Taking& taking, const std::vector<Run>& pinned)>;
    /// A step that takes seats, and pins those of the runs that are not pinned yet.
    template <class T>
    Result<T> take(const Command& command, bool keeps_answer, const TakingRequest& request,
                   const std::vector<const Run*>& runs, const Decide<T>& decide);
    /// Who is on the run, and what of it is blocked. `pinned` is the run.
    static Result<RunBasis> read_basis(Step& step, std::int64_t number, const Run& pinned);
    static void save_outcome(Step& step, std::int64_t number, const RunOutcome& outcome);

    Database& database_;
    HoldGroups groups_;
    Mirror mirror_;
};

class PostgresBookings final : public BookingsStore {
public:
    explicit PostgresBookings(Database& database) : database_{database} {}
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

private:
    Database& database_;
};

/// The record that one statement finds, or `not_found`.
template <class Record>
Result<Record> find_one(Database& database, std::string_view what, std::string_view sql,
                        std::initializer_list<Value> values, Result<Record> (*read)(Row&)) {
    return found_or(what,
                    database.read<std::optional<Record>>([&](Connection& connection) -> Result<std::optional<Record>> {
                        const auto rows = connection.ask(sql, values);
                        if (!rows) return rows.error();
                        return rows->one(read);
                    }));
}

/// Every record that one statement finds.
template <class Record>
Result<std::vector<Record>> find_all(Database& database, std::string_view sql, std::initializer_list<Value> values,
                                     Result<Record> (*read)(Row&)) {
    return database.read<std::vector<Record>>([&](Connection& connection) -> Result<std::vector<Record>> {
        const auto rows = connection.ask(sql, values);
        if (!rows) return rows.error();
        return rows->all(read);
    });
}

/// Hands on every record that the statement finds, a few at a time: there may be more than memory holds.
template <class Record>
Status each_record(Connection& connection, std::string_view sql, const std::function<Result<Record>(Row&)>& read,
                   const std::function<void(const Record&)>& on) {
    const std::string declared = "DECLARE records NO SCROLL CURSOR FOR " + std::string{sql};
    if (const auto done = connection.ask(declared); !done) return done.error();
    for (;;) {
        const auto rows = connection.ask("FETCH 500 FROM records");
        if (!rows) return rows.error();
        const auto records = rows->all(read);
        if (!records) return records.error();
        for (const auto& record : *records) on(record);
        if (rows->size() == 0) break;
    }
    const auto closed = connection.ask("CLOSE records");
    return closed ? Status{} : closed.error();
}

}  // namespace railbook::store::postgres

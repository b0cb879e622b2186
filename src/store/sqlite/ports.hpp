#pragma once
/// The four interfaces over one open file.

#include <railbook/stores.hpp>

#include "store/pages.hpp"
#include "store/sqlite/database.hpp"

namespace railbook::store::sqlite {

/// Thread-safe, as the three below. The database must outlive them.
class SqliteAccounts final : public AccountsStore {
public:
    explicit SqliteAccounts(Database& database) : database_{database} {}
    Result<std::string> find_or_add_secret(std::string_view name, const std::string& candidate) override;

private:
    Database& database_;
};

class SqliteTimetable final : public TimetableStore {
public:
    explicit SqliteTimetable(Database& database) : database_{database} {}
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
Result<std::vector<Feed>> read_feeds(Connection& connection);
/// Its checksum was compared. Errors: not_found; damaged.
Result<std::string> read_feed_data(Connection& connection, std::string_view name);
/// Oldest first.
Result<std::vector<Document>> read_documents(Connection& connection, DocumentKind kind);
Status insert_feed(Connection& connection, const Feed& feed, const std::string& data);
Status insert_document(Connection& connection, const Document& document);

class SqliteInventory final : public InventoryStore {
public:
    explicit SqliteInventory(Database& database) : database_{database} {}
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

private:
    /// The run is pinned with this step, unless it is. Errors: conflict.
    Status pin(Step& step, const Run& run);
    /// Has the mirror know the run, which is pinned.
    Status load(const RunId& run);
    /// Asks the mirror, until it knows: it may have forgotten the run again by the time it is asked.
    template <class Find>
    Status find_loaded(const RunId& run, Find find) {
        while (find(database_.mirror()) == Mirror::Knowledge::not_loaded) {
            if (const auto done = load(run); !done) return done;
        }
        return {};
    }

    Database& database_;
};

class SqliteBookings final : public BookingsStore {
public:
    explicit SqliteBookings(Database& database) : database_{database} {}
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

}  // namespace railbook::store::sqlite

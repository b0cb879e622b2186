#include "store/sqlite/contents.hpp"

#include "store/load.hpp"
#include "store/sqlite/ports.hpp"

namespace railbook::store::sqlite {
namespace {

Status read_small(Connection& connection, RecordReader& reader) {
    Counters counters;
    const auto counted = connection.each("SELECT fence, time FROM counters", {}, [&](Row& row) -> Status {
        counters.fence = row.count(0);
        counters.time = row.time(1);
        return {};
    });
    if (!counted) return counted;
    const auto versions = connection.each("SELECT name, latest FROM feed_versions", {}, [&](Row& row) -> Status {
        counters.feed_versions[std::string{row.text(0)}] = row.count(1);
        return {};
    });
    if (!versions) return versions;
    reader.on(counters);
    return connection.each("SELECT name, value FROM secrets ORDER BY name", {}, [&](Row& row) -> Status {
        reader.on(Secret{.name = std::string{row.text(0)}, .value = std::string{row.bytes(1)}});
        return {};
    });
}

/// Writes what it is handed into the tables; the first thing that fails is kept.
class Writer final : public RecordReader {
public:
    explicit Writer(Step& step) : step_{step}, tables_{step.tables}, connection_{step.tables.connection()} {}

    const Status& done() const { return done_; }

    void on(const Counters& counters) override {
        then([&] { return connection_.run("UPDATE counters SET fence = ?1, time = ?2", {counters.fence, counters.time}); });
        step_.now = std::max(step_.now, counters.time);
        for (const auto& [name, version] : counters.feed_versions) {
            then([&] {
                return connection_.run("INSERT INTO feed_versions (name, latest) VALUES (?1, ?2)", {name, version});
            });
        }
    }
    void on(const Secret& secret) override {
        then([&] {
            return connection_.run("INSERT INTO secrets (name, value) VALUES (?1, ?2)",
                                   {secret.name, Value::bytes(secret.value)});
        });
    }
    void on(const Feed& feed, const std::string& data) override {
        then([&] { return insert_feed(connection_, feed, data); });
    }
    void on(const Document& document) override {
        then([&] { return insert_document(connection_, document); });
    }
    void on(const Run& run, std::uint64_t version) override {
        then([&] { return tables_.insert_run(run, version); });
        step_.effects.loaded.push_back(run.id);
    }
    void on(const Hold& hold) override {
        fences_[hold.id] = hold.fence;
        then([&] { return tables_.insert_hold(hold); });
        if (!keeps_seats(hold, step_.now)) return;
        then([&]() -> Status {
            const auto taken = tables_.allocate(hold, step_.now);
            if (!taken) return taken.error();
            if (!taken->empty()) return seats_taken(*taken);
            return {};
        });
    }
    void on(const RunId& run, const Allocation& allocation) override {
        if (allocation.state != SeatState::blocked) return;
        then([&] { return tables_.insert_block(run, allocation.seat, allocation.span); });
    }
    void on(const Booking& booking) override {
        then([&] { return tables_.insert_booking(booking, fences_.at(booking.hold)); });
    }
    void on(const Payment& payment) override {
        then([&] { return tables_.insert_payment(payment); });
    }
    void on(const Ticket& ticket) override {
        Changes changes;
        changes.tickets.push_back(ticket);
        then([&] { return tables_.save(changes); });
    }
    void on(const LedgerEntry& entry) override {
        Changes changes;
        changes.ledger.push_back(entry);
        then([&] { return tables_.save(changes); });
    }
    void on(const AuditEntry& entry) override {
        then([&] { return tables_.record(entry); });
    }
    void on(const KeptAnswer& answer) override {
        then([&] { return tables_.put_answer(answer); });
    }

private:
    template <class Write>
    void then(const Write& write) {
        if (done_) done_ = write();
    }

    Step& step_;
    Tables& tables_;
    Connection& connection_;
    std::map<HoldId, std::uint64_t> fences_;
    Status done_;
};

}  // namespace

Status read_contents(Tables& tables, Timestamp latest, RecordReader& reader) {
    auto& connection = tables.connection();
    if (const auto done = read_small(connection, reader); !done) return done;
    const auto feeds = read_feeds(connection);
    if (!feeds) return feeds.error();
    for (const auto& feed : *feeds) {
        const auto data = read_feed_data(connection, feed.name);
        if (!data) return data.error();
        reader.on(feed, *data);
    }
    for (const auto kind : {DocumentKind::layouts, DocumentKind::tariff}) {
        const auto documents = read_documents(connection, kind);
        if (!documents) return documents.error();
        for (const auto& document : *documents) reader.on(document);
    }
    const auto runs = tables.each_run([&](const Run& run, std::uint64_t version) { reader.on(run, version); });
    if (!runs) return runs;
    if (const auto done = tables.each_hold([&](const Hold& hold) { reader.on(hold); }); !done) return done;
    const auto allocations = tables.each_allocation([&](const RunId& run, const Allocation& allocation) {
        if (allocation.until > latest) reader.on(run, allocation);
    });
    if (!allocations) return allocations;
    const auto bookings = tables.each_booking([&](const Booking& booking) { reader.on(booking); });
    if (!bookings) return bookings;
    if (const auto done = tables.each_payment([&](const Payment& one) { reader.on(one); }); !done) return done;
    if (const auto done = tables.each_ticket([&](const Ticket& one) { reader.on(one); }); !done) return done;
    const auto ledger = tables.each_ledger_entry([&](const LedgerEntry& entry) { reader.on(entry); });
    if (!ledger) return ledger;
    const auto audit = tables.each_audit_entry([&](const AuditEntry& entry) { reader.on(entry); });
    if (!audit) return audit;
    return tables.each_answer([&](const KeptAnswer& answer) { reader.on(answer); });
}

Status load_contents(Step& step, const std::function<Status(RecordReader&)>& source) {
    const auto used = step.tables.connection().integer(
        "SELECT (SELECT count(*) FROM feeds) + (SELECT count(*) FROM documents) + (SELECT count(*) FROM runs) + "
        "(SELECT count(*) FROM holds) + (SELECT count(*) FROM feed_versions)");
    if (!used) return used.error();
    if (*used != 0) return store_in_use();
    // A store that was only opened has made itself a secret.
    if (const auto done = step.tables.connection().run("DELETE FROM secrets"); !done) return done;
    Writer writer{step};
    LoadCheck check{writer};
    if (const auto done = source(check); !done) return done;
    if (const auto done = check.finish(); !done) return done;
    return writer.done();
}

}  // namespace railbook::store::sqlite

#include "store/postgres/contents.hpp"

#include <algorithm>

#include "store/load.hpp"
#include "store/postgres/errors.hpp"
#include "store/record.hpp"
#include "store/records/records.hpp"

namespace railbook::store::postgres {
namespace {

Result<Timestamp> read_small(Connection& connection, RecordReader& reader) {
    connection.queue(
        "SELECT CASE WHEN f.is_called THEN (s.epoch << 48) | f.last_value ELSE s.epoch << 48 END, c.last_value "
        "FROM railbook.fences f, railbook.clock c, railbook.railbook_store s");
    connection.queue("SELECT name, latest FROM railbook.feed_versions");
    connection.queue("SELECT name, value FROM railbook.secrets ORDER BY name");
    const auto answers = connection.exchange();
    if (!answers) return answers.error();
    Counters counters;
    const auto counted = (*answers)[0].each([&](Row& row) -> Status {
        counters.fence = row.count(0);
        counters.time = row.time(1);
        return {};
    });
    if (!counted) return counted.error();
    const auto versions = (*answers)[1].each([&](Row& row) -> Status {
        counters.feed_versions[row.text(0)] = row.count(1);
        return {};
    });
    if (!versions) return versions.error();
    reader.on(counters);
    const auto secrets = (*answers)[2].each([&](Row& row) -> Status {
        reader.on(Secret{.name = row.text(0), .value = row.text(1)});
        return {};
    });
    if (!secrets) return secrets.error();
    return counters.time;
}

Status read_feeds_and_documents(Connection& connection, RecordReader& reader) {
    const auto rows = connection.ask(kAllFeeds);
    if (!rows) return rows.error();
    const auto feeds = rows->all(read_feed);
    if (!feeds) return feeds.error();
    for (const auto& feed : *feeds) {
        const auto stored = connection.ask(kFeedData, {feed.name});
        if (!stored) return stored.error();
        const auto data = read_feed_data(*stored);
        if (!data) return data.error();
        reader.on(feed, *data);
    }
    for (const auto kind : {DocumentKind::layouts, DocumentKind::tariff}) {
        const auto found = connection.ask(kDocuments, {kind});
        if (!found) return found.error();
        const auto documents = found->all(read_document);
        if (!documents) return documents.error();
        for (const auto& document : *documents) reader.on(document);
    }
    return {};
}

/// Writes what it is handed into the tables, many records in a round trip; the first thing that fails is kept.
class Writer final : public RecordReader {
public:
    explicit Writer(Step& step) : step_{step} {}

    Status finish() {
        // Last, since no rollback lowers a sequence again.
        if (last_fence_ > 0) step_.tell("SELECT setval('railbook.fences', $1)", {last_fence_});
        if (done_) done_ = step_.flush();
        return done_;
    }

    void on(const Counters& counters) override {
        step_.not_before(counters.time);
        const auto epoch = counters.fence >> kEpochShift;
        last_fence_ = counters.fence - (epoch << kEpochShift);
        step_.tell("UPDATE railbook.railbook_store SET epoch = greatest(epoch, $1)", {epoch});
        for (const auto& [name, version] : counters.feed_versions)
            step_.tell("INSERT INTO railbook.feed_versions (name, latest) VALUES ($1, $2)", {name, version});
        go_on();
    }
    void on(const Secret& secret) override {
        step_.tell("INSERT INTO railbook.secrets (name, value) VALUES ($1, $2)", {secret.name, secret.value});
        go_on();
    }
    void on(const Feed& feed, const std::string& data) override {
        insert_feed(step_, feed, data);
        go_on();
    }
    void on(const Document& document) override {
        insert_document(step_, document);
        go_on();
    }
    void on(const Run& run, std::uint64_t version) override {
        step_.tell("SELECT railbook.make_partition($1)", {run.id.date});
        insert_run(step_, run, version);
        go_on();
    }
    void on(const Hold& hold) override {
        fences_[hold.id] = hold.fence;
        auto names = runs_of(hold);
        std::ranges::sort(names);
        RunNames runs;
        for (const auto& name : names) runs.add(name);
        step_.tell(
            "INSERT INTO railbook.holds (fence, id, owner, status, pinned, created_at, expires_at, latest_end, runs, "
            "items) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
            "ARRAY(SELECT r.number FROM unnest($9, $10, $11, $12) WITH ORDINALITY n (date, feed, trip, start, place) "
            "JOIN railbook.runs r ON r.service_date = n.date AND r.feed = n.feed AND r.trip = n.trip "
            "AND r.start = n.start ORDER BY n.place), $13)",
            {hold.fence, hold.id, hold.owner, hold.status, hold.pinned, hold.created_at, hold.expires_at,
             hold.latest_end, runs.dates, runs.feeds, runs.trips, runs.starts, records::encode(hold.items)});
        if (keeps_seats(hold, step_.now())) allocate(step_, SeatList::of(hold), hold.fence);
        go_on();
    }
    void on(const RunId& run, const Allocation& allocation) override {
        if (allocation.state != SeatState::blocked) return;
        SeatList list;
        list.add(run, allocation.seat, allocation.span);
        allocate(step_, list, std::nullopt);
        go_on();
    }
    void on(const Booking& booking) override {
        insert_booking(step_, booking, fences_.at(booking.hold));
        go_on();
    }
    void on(const Payment& payment) override {
        insert_payment(step_, payment);
        go_on();
    }
    void on(const Ticket& ticket) override {
        Changes changes;
        changes.tickets.push_back(ticket);
        save(step_, changes);
        go_on();
    }
    void on(const LedgerEntry& entry) override {
        Changes changes;
        changes.ledger.push_back(entry);
        save(step_, changes);
        go_on();
    }
    void on(const AuditEntry& entry) override {
        insert_audit_entry(step_, entry);
        go_on();
    }
    void on(const KeptAnswer& answer) override {
        insert_answer(step_, answer);
        go_on();
    }

private:
    static constexpr int kRecordsOfRoundTrip = 200;

    void go_on() {
        if (++waiting_ < kRecordsOfRoundTrip || !done_) return;
        waiting_ = 0;
        done_ = step_.flush();
    }

    Step& step_;
    std::map<HoldId, std::uint64_t> fences_;
    std::uint64_t last_fence_ = 0;  // without its epoch
    int waiting_ = 0;
    Status done_;
};

}  // namespace

Status read_contents(Connection& connection, PinnedRuns& known, RecordReader& reader) {
    const auto latest = read_small(connection, reader);
    if (!latest) return latest.error();
    if (const auto done = read_feeds_and_documents(connection, reader); !done) return done;
    const auto runs = each_record<StoredRun>(
        connection, kAllRuns, [&](Row& row) { return read_run(row, known); },
        [&](const StoredRun& stored) { reader.on(stored.run, stored.version); });
    if (!runs) return runs;
    const auto hand_on = [&](const auto& record) { reader.on(record); };
    if (const auto done = each_record<Hold>(connection, kAllHolds, read_hold, hand_on); !done) return done;
    const auto allocations = each_record<Placed>(connection, kAllAllocations, read_placed, [&](const Placed& placed) {
        if (placed.second.until > *latest) reader.on(placed.first, placed.second);
    });
    if (!allocations) return allocations;
    if (const auto done = each_record<Booking>(connection, kAllBookings, read_booking, hand_on); !done) return done;
    if (const auto done = each_record<Payment>(connection, kAllPayments, read_payment, hand_on); !done) return done;
    if (const auto done = each_record<Ticket>(connection, kAllTickets, read_ticket, hand_on); !done) return done;
    const auto ledger = each_record<LedgerEntry>(connection, kAllLedgerEntries, read_ledger_entry, hand_on);
    if (!ledger) return ledger;
    const auto audit = each_record<AuditEntry>(connection, kAllAuditEntries, read_audit_entry, hand_on);
    if (!audit) return audit;
    return each_record<KeptAnswer>(connection, kAllAnswers, read_answer, hand_on);
}

Status load_contents(Step& step, const std::function<Status(RecordReader&)>& source) {
    step.lock("SELECT railbook.lock_task(3)");
    // Nobody pins a run meanwhile, so nobody holds a seat.
    step.ask("LOCK TABLE railbook.runs IN SHARE ROW EXCLUSIVE MODE");
    const auto asked = step.ask(
        "SELECT (SELECT count(*) FROM railbook.feeds) + (SELECT count(*) FROM railbook.documents) + "
        "(SELECT count(*) FROM railbook.runs) + (SELECT count(*) FROM railbook.feed_versions)");
    if (const auto ready = step.go(); !ready) return ready.error();
    const auto used = step.answer(asked).integer();
    if (!used) return used.error();
    if (*used != 0) return store_in_use();
    // A store that was only opened has made itself a secret.
    step.tell("DELETE FROM railbook.secrets");
    Writer writer{step};
    LoadCheck check{writer};
    if (const auto done = source(check); !done) return done;
    if (const auto done = check.finish(); !done) return done;
    return writer.finish();
}

}  // namespace railbook::store::postgres

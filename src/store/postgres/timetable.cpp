#include "base/crypto.hpp"
#include "store/postgres/ports.hpp"

namespace railbook::store::postgres {

const std::string_view kAllFeeds =
    "SELECT name, version, checksum, imported_at, publisher, first_date, last_date, stations, trips "
    "FROM railbook.feeds ORDER BY name";

Result<Feed> read_feed(Row& row) {
    return Feed{.name = row.text(0),
                .version = row.count(1),
                .checksum = row.text(2),
                .imported_at = row.time(3),
                .publisher = row.text(4),
                .first_date = row.date(5),
                .last_date = row.date(6),
                .stations = row.count(7),
                .trips = row.count(8)};
}

const std::string_view kDocuments =
    "SELECT kind, name, version, text, imported_at FROM railbook.documents WHERE kind = $1 ORDER BY number";

Result<Document> read_document(Row& row) {
    return Document{.kind = row.choice(0, DocumentKind::tariff),
                    .name = row.text(1),
                    .version = row.count(2),
                    .text = row.text(3),
                    .imported_at = row.time(4)};
}

const std::string_view kFeedData = "SELECT checksum, data FROM railbook.feeds WHERE name = $1";

Result<std::string> read_feed_data(const Rows& rows) {
    using Stored = std::pair<std::string, std::string>;  // checksum, data
    auto stored = rows.one([](Row& row) -> Result<Stored> { return Stored{row.text(0), row.text(1)}; });
    if (!stored) return std::move(stored).error();
    if (!*stored) return not_found("feed");
    if (base::sha256_hex((*stored)->second) != (*stored)->first)
        return Error{ErrorCode::damaged, "a stored timetable does not have its checksum", "import the feed again"};
    return std::move((*stored)->second);
}

void insert_feed(Step& step, const Feed& feed, const std::string& data) {
    step.tell(
        "INSERT INTO railbook.feeds (name, version, checksum, imported_at, publisher, first_date, last_date, "
        "stations, trips, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {feed.name, feed.version, feed.checksum, feed.imported_at, feed.publisher, feed.first_date, feed.last_date,
         feed.stations, feed.trips, data});
}

void insert_document(Step& step, const Document& document) {
    step.tell("INSERT INTO railbook.documents (kind, name, version, text, imported_at) VALUES ($1, $2, $3, $4, $5)",
              {document.kind, document.name, document.version, document.text, document.imported_at});
}

Result<Feed> PostgresTimetable::put_feed(const Feed& feed, const std::string& data, Timestamp now) {
    Feed stored = feed;
    stored.checksum = base::sha256_hex(data);
    return database_.step<Feed>(now, [&](Step& step) -> Result<Feed> {
        step.lock("SELECT railbook.lock_task(3)");
        const auto current = step.ask(kAllFeeds);
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto feeds = step.answer(current).all(read_feed);
        if (!feeds) return feeds.error();
        for (const auto& other : *feeds) {
            if (is_same_timetable(other, stored)) return other;
        }
        const auto numbered = step.ask(
            "INSERT INTO railbook.feed_versions AS v (name, latest) VALUES ($1, 1) "
            "ON CONFLICT (name) DO UPDATE SET latest = v.latest + 1 RETURNING latest",
            {feed.name});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto version = step.answer(numbered).integer();
        if (!version) return version.error();
        stored.version = static_cast<std::uint64_t>(*version);
        stored.imported_at = step.now();
        step.tell("DELETE FROM railbook.feeds WHERE name = $1", {stored.name});
        insert_feed(step, stored, data);
        return stored;
    });
}

Result<std::vector<Feed>> PostgresTimetable::feeds() { return find_all(database_, kAllFeeds, {}, read_feed); }

Result<std::string> PostgresTimetable::feed_data(std::string_view name) {
    return database_.read<std::string>([&](Connection& connection) -> Result<std::string> {
        const auto rows = connection.ask(kFeedData, {name});
        if (!rows) return rows.error();
        return read_feed_data(*rows);
    });
}

Status PostgresTimetable::remove_feed(std::string_view name) {
    // Removing has no time of its own: the step is done at the time that is stored already.
    const auto done = database_.step<bool>(Timestamp::min(), [&](Step& step) -> Result<bool> {
        step.lock("SELECT railbook.lock_task(3)");
        const auto known = step.ask("SELECT count(*) FROM railbook.feed_versions WHERE name = $1", {name});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto count = step.answer(known).integer();
        if (!count) return count.error();
        if (*count == 0) return not_found("feed");
        step.tell("DELETE FROM railbook.feeds WHERE name = $1", {name});
        return true;
    });
    return done ? Status{} : done.error();
}

Result<Document> PostgresTimetable::put_document(const Document& document, Timestamp now) {
    return database_.step<Document>(now, [&](Step& step) -> Result<Document> {
        step.lock("SELECT railbook.lock_task(3)");
        const auto of_kind = step.ask(kDocuments, {document.kind});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto stored = step.answer(of_kind).all(read_document);
        if (!stored) return stored.error();
        const auto decided = put_document_after(*stored, document, step.now());
        if (!decided) return decided.error();
        if (decided->already_there) return decided->document;
        if (document.kind == DocumentKind::layouts) {
            step.tell("DELETE FROM railbook.documents WHERE kind = $1 AND name = $2", {document.kind, document.name});
        }
        insert_document(step, decided->document);
        return decided->document;
    });
}

Result<std::vector<Document>> PostgresTimetable::documents(DocumentKind kind) {
    return find_all(database_, kDocuments, {kind}, read_document);
}

}  // namespace railbook::store::postgres

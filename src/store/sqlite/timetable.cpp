#include "base/crypto.hpp"
#include "store/sqlite/ports.hpp"

namespace railbook::store::sqlite {

Result<std::vector<Feed>> read_feeds(Connection& connection) {
    return connection.all(
        "SELECT name, version, checksum, imported_at, publisher, first_date, last_date, stations, trips "
        "FROM feeds ORDER BY name",
        {}, [](Row& row) -> Result<Feed> {
            return Feed{.name = std::string{row.text(0)},
                        .version = row.count(1),
                        .checksum = std::string{row.text(2)},
                        .imported_at = row.time(3),
                        .publisher = std::string{row.text(4)},
                        .first_date = row.date(5),
                        .last_date = row.date(6),
                        .stations = row.count(7),
                        .trips = row.count(8)};
        });
}

Result<std::vector<Document>> read_documents(Connection& connection, DocumentKind kind) {
    return connection.all(
        "SELECT kind, name, version, text, imported_at FROM documents WHERE kind = ?1 ORDER BY number", {kind},
        [](Row& row) -> Result<Document> {
            return Document{.kind = row.choice(0, DocumentKind::tariff),
                            .name = std::string{row.text(1)},
                            .version = row.count(2),
                            .text = std::string{row.text(3)},
                            .imported_at = row.time(4)};
        });
}

Status insert_feed(Connection& connection, const Feed& feed, const std::string& data) {
    return connection.run(
        "INSERT OR REPLACE INTO feeds (name, version, checksum, imported_at, publisher, first_date, last_date, "
        "stations, trips, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {feed.name, feed.version, feed.checksum, feed.imported_at, feed.publisher, feed.first_date, feed.last_date,
         feed.stations, feed.trips, Value::bytes(data)});
}

Status insert_document(Connection& connection, const Document& document) {
    return connection.run("INSERT INTO documents (kind, name, version, text, imported_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                          {document.kind, document.name, document.version, document.text, document.imported_at});
}

Result<Feed> SqliteTimetable::put_feed(const Feed& feed, const std::string& data, Timestamp now) {
    Feed stored = feed;
    stored.checksum = base::sha256_hex(data);
    return database_.step<Feed>(now, [&](Step& step) -> Result<Feed> {
        auto& connection = step.tables.connection();
        const auto current = read_feeds(connection);
        if (!current) return current.error();
        for (const auto& feed_there : *current) {
            if (is_same_timetable(feed_there, stored)) return feed_there;
        }
        const auto version = connection.integer(
            "INSERT INTO feed_versions (name, latest) VALUES (?1, 1) "
            "ON CONFLICT DO UPDATE SET latest = latest + 1 RETURNING latest",
            {feed.name});
        if (!version) return version.error();
        stored.version = static_cast<std::uint64_t>(*version);
        stored.imported_at = step.now;
        if (const auto done = insert_feed(connection, stored, data); !done) return done.error();
        return stored;
    });
}

Result<std::vector<Feed>> SqliteTimetable::feeds() {
    return database_.read<std::vector<Feed>>([](Tables& tables, Timestamp) { return read_feeds(tables.connection()); });
}

Result<std::string> read_feed_data(Connection& connection, std::string_view name) {
    struct Stored {
        std::string checksum;
        std::string data;
    };
    auto stored = connection.one(
        "SELECT checksum, data FROM feeds WHERE name = ?1", {name},
        [](Row& row) -> Result<Stored> { return Stored{std::string{row.text(0)}, std::string{row.bytes(1)}}; });
    if (!stored) return std::move(stored).error();
    if (!*stored) return not_found("feed");
    if (base::sha256_hex((*stored)->data) != (*stored)->checksum)
        return Error{ErrorCode::damaged, "a stored timetable does not have its checksum", "import the feed again"};
    return std::move((*stored)->data);
}

Result<std::string> SqliteTimetable::feed_data(std::string_view name) {
    return database_.read<std::string>(
        [&](Tables& tables, Timestamp) { return read_feed_data(tables.connection(), name); });
}

Status SqliteTimetable::remove_feed(std::string_view name) {
    // Removing has no time of its own: the step is done at the time that is stored already.
    return database_.step<void>(Timestamp::min(), [&](Step& step) -> Status {
        auto& connection = step.tables.connection();
        const auto known = connection.integer("SELECT count(*) FROM feed_versions WHERE name = ?1", {name});
        if (!known) return known.error();
        if (*known == 0) return not_found("feed");
        return connection.run("DELETE FROM feeds WHERE name = ?1", {name});
    });
}

Result<Document> SqliteTimetable::put_document(const Document& document, Timestamp now) {
    return database_.step<Document>(now, [&](Step& step) -> Result<Document> {
        auto& connection = step.tables.connection();
        const auto stored = read_documents(connection, document.kind);
        if (!stored) return stored.error();
        const auto decided = put_document_after(*stored, document, step.now);
        if (!decided) return decided.error();
        if (decided->already_there) return decided->document;
        if (document.kind == DocumentKind::layouts) {
            const auto replaced =
                connection.run("DELETE FROM documents WHERE kind = ?1 AND name = ?2", {document.kind, document.name});
            if (!replaced) return replaced.error();
        }
        if (const auto done = insert_document(connection, decided->document); !done) return done.error();
        return decided->document;
    });
}

Result<std::vector<Document>> SqliteTimetable::documents(DocumentKind kind) {
    return database_.read<std::vector<Document>>(
        [&](Tables& tables, Timestamp) { return read_documents(tables.connection(), kind); });
}

}  // namespace railbook::store::sqlite

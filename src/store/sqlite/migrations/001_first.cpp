#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {

const char* const kFirstSchema = R"sql(
-- Times are milliseconds since 1970, dates days since 1970, ids 16 bytes; status numbers are those of stores.hpp.

-- What only ever grows. `fence` outlives the holds it was given to; `time` is the latest that a step was done at.
CREATE TABLE counters (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    fence INTEGER NOT NULL,
    time INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0);

CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Numbers go on where a feed is removed and imported again: a version never names two timetables.
CREATE TABLE feed_versions (name TEXT PRIMARY KEY, latest INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE feeds (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    first_date INTEGER NOT NULL,
    last_date INTEGER NOT NULL,
    stations INTEGER NOT NULL,
    trips INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    imported_at INTEGER NOT NULL,
    UNIQUE (kind, name, version)
) STRICT;

-- Many runs share the coaches of one consist, which its SHA-256 names.
CREATE TABLE consists (hash BLOB PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    service_date INTEGER NOT NULL,
    feed TEXT NOT NULL,
    trip TEXT NOT NULL,
    start INTEGER NOT NULL,  -- seconds; -1 where the trip has none
    consist BLOB NOT NULL REFERENCES consists (hash),
    value TEXT NOT NULL,
    UNIQUE (service_date, feed, trip, start)
) STRICT;
-- Apart from the run, whose row is large: it changes with every hold.
CREATE TABLE run_versions (
    run INTEGER PRIMARY KEY REFERENCES runs (number),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE holds (
    fence INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    owner TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 4),
    pinned INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    latest_end INTEGER NOT NULL,
    items TEXT NOT NULL
) STRICT;
CREATE INDEX holds_of_owner ON holds (owner, fence);
CREATE INDEX open_holds_of_owner ON holds (owner, expires_at) WHERE status IN (0, 1);
CREATE INDEX holds_by_deadline ON holds (expires_at, fence) WHERE status IN (0, 1);

-- Who has which seat: a row a span. Its status and its end are the hold's.
CREATE TABLE allocations (
    run INTEGER NOT NULL REFERENCES runs (number),
    seat INTEGER NOT NULL CHECK (seat >= 0),
    from_segment INTEGER NOT NULL CHECK (from_segment >= 0),
    to_segment INTEGER NOT NULL CHECK (to_segment > from_segment),
    hold INTEGER NOT NULL REFERENCES holds (fence),
    PRIMARY KEY (run, seat, from_segment)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_of_hold ON allocations (hold);
-- No cell belongs to two allocations. A step first drops the lapsed ones that are in its way.
CREATE TRIGGER allocations_do_not_overlap BEFORE INSERT ON allocations
WHEN EXISTS (SELECT 1 FROM allocations WHERE run = new.run AND seat = new.seat
             AND from_segment < new.to_segment AND to_segment > new.from_segment)
BEGIN
    SELECT RAISE(ABORT, 'the seat is allocated already');
END;
CREATE TRIGGER allocations_do_not_move BEFORE UPDATE ON allocations
BEGIN
    SELECT RAISE(ABORT, 'an allocation is added or dropped, never changed');
END;

CREATE TABLE bookings (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    reference TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    hold INTEGER NOT NULL UNIQUE REFERENCES holds (fence),
    quote BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    total INTEGER NOT NULL,
    total_currency TEXT NOT NULL,
    total_scale INTEGER NOT NULL,
    refunded INTEGER NOT NULL,
    refunded_currency TEXT NOT NULL,
    refunded_scale INTEGER NOT NULL,
    people TEXT NOT NULL
) STRICT;
CREATE INDEX bookings_of_owner ON bookings (owner, number);

CREATE TABLE parts (
    booking INTEGER NOT NULL REFERENCES bookings (number),
    position INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 6),
    ride TEXT NOT NULL,
    PRIMARY KEY (booking, position)
) STRICT, WITHOUT ROWID;
-- Few bookings wait for their payment at any time.
CREATE INDEX prebooked_parts ON parts (booking) WHERE status = 0;

CREATE TABLE payments (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    booking INTEGER NOT NULL REFERENCES bookings (number),
    attempt INTEGER NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 5),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    scale INTEGER NOT NULL,
    method TEXT NOT NULL,
    provider_key TEXT NOT NULL,
    refund_due INTEGER NOT NULL CHECK (refund_due IN (0, 1)),
    created_at INTEGER NOT NULL,
    check_at INTEGER NOT NULL,
    UNIQUE (booking, attempt)
) STRICT;
CREATE UNIQUE INDEX one_pending_payment ON payments (booking) WHERE status = 0;
CREATE INDEX due_payments ON payments (check_at, number) WHERE status = 0 OR refund_due = 1;

CREATE TABLE tickets (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    booking INTEGER NOT NULL REFERENCES bookings (number),
    status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
    issued_at INTEGER NOT NULL,
    travel TEXT NOT NULL
) STRICT;
CREATE INDEX tickets_of_booking ON tickets (booking, number);

CREATE TABLE ledger (
    booking INTEGER NOT NULL REFERENCES bookings (number),
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    account TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    scale INTEGER NOT NULL,
    PRIMARY KEY (booking, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;

CREATE TABLE audit (
    subject TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (subject, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- What commands were answered. `payment` finds the answer that the end of a payment completes.
CREATE TABLE answers (
    owner TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    until INTEGER NOT NULL,
    payment BLOB,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, operation, key)
) STRICT;
CREATE INDEX answers_by_end ON answers (until);
CREATE INDEX answers_of_payment ON answers (payment) WHERE payment IS NOT NULL;
)sql";

}  // namespace railbook::store::sqlite

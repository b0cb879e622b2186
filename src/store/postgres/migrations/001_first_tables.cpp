#include "store/postgres/migrations/migrations.hpp"

namespace railbook::store::postgres {

const char* const kFirstTables = R"sql(
-- Times are milliseconds since 1970, ids 16 bytes; status numbers are those of stores.hpp. Text that comes from outside
-- is bytes: a feed names its trains in any encoding, and bytes compare alike in every database. To read it:
-- SET bytea_output = 'escape'.

-- How a schema says that it is Railbook's. `epoch` is the high part of every fence.
CREATE TABLE railbook.railbook_store (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    schema integer NOT NULL,
    epoch bigint NOT NULL CHECK (epoch BETWEEN 0 AND 32767)
);
INSERT INTO railbook.railbook_store (schema, epoch) VALUES (0, 0);

-- The latest time that a step was done at. A sequence, because no commit waits for another's to raise it.
CREATE SEQUENCE railbook.clock MINVALUE 0 START 0;
-- The low part of fences. Numbers of steps that failed are not used again.
CREATE SEQUENCE railbook.fences MAXVALUE 281474976710655;

CREATE TABLE railbook.secrets (name bytea PRIMARY KEY, value bytea NOT NULL);

-- Numbers go on where a feed is removed and imported again: a version never names two timetables.
CREATE TABLE railbook.feed_versions (name bytea PRIMARY KEY, latest bigint NOT NULL);
CREATE TABLE railbook.feeds (
    name bytea PRIMARY KEY,
    version bigint NOT NULL,
    checksum bytea NOT NULL,
    imported_at bigint NOT NULL,
    publisher bytea NOT NULL,
    first_date date NOT NULL,
    last_date date NOT NULL,
    stations bigint NOT NULL,
    trips bigint NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE railbook.feeds ALTER COLUMN data SET STORAGE EXTERNAL;  -- it is compressed already

CREATE TABLE railbook.documents (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind smallint NOT NULL,
    name bytea NOT NULL,
    version bigint NOT NULL,
    text bytea NOT NULL,
    imported_at bigint NOT NULL,
    UNIQUE (kind, name, version)
);

-- Many runs share the coaches of one consist, which its SHA-256 names.
CREATE TABLE railbook.consists (hash bytea PRIMARY KEY, value bytea NOT NULL);
CREATE TABLE railbook.runs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service_date date NOT NULL,
    feed bytea NOT NULL,
    trip bytea NOT NULL,
    start bigint NOT NULL,  -- seconds; -1 where the trip has none
    consist bytea NOT NULL REFERENCES railbook.consists (hash),
    edition bigint NOT NULL DEFAULT 1,  -- grows when its coaches or calls change
    seats bigint NOT NULL,
    segments bigint NOT NULL,
    value bytea NOT NULL,
    UNIQUE (service_date, feed, trip, start),
    UNIQUE (number, service_date)
);
-- Apart from the run, whose row is large: it changes with every hold. This row is the lock of all that belongs to the
-- run: its holds, their allocations, bookings and payments. `time` is the latest that a step on the run was done at.
CREATE TABLE railbook.run_versions (
    run bigint PRIMARY KEY REFERENCES railbook.runs (number),
    version bigint NOT NULL,
    told_after bigint NOT NULL,  -- the changes of all later versions are in seat_changes
    time bigint NOT NULL
) WITH (fillfactor = 40);
-- The last changes of a run, for those who follow it: a row a step that changed what a seat is.
CREATE TABLE railbook.seat_changes (
    run bigint NOT NULL REFERENCES railbook.runs (number),
    version bigint NOT NULL,
    seats bigint[] NOT NULL,
    froms bigint[] NOT NULL,
    tos bigint[] NOT NULL,
    states bigint[] NOT NULL,
    PRIMARY KEY (run, version)
);

CREATE TABLE railbook.holds (
    fence bigint PRIMARY KEY,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    owner bytea NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 4),
    pinned boolean NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    latest_end bigint NOT NULL,
    runs bigint[] NOT NULL,  -- in the order of their names, which is the order of locking
    items bytea NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX holds_of_owner ON railbook.holds (owner, fence);
CREATE INDEX open_holds_of_owner ON railbook.holds (owner, expires_at) WHERE status IN (0, 1);
CREATE INDEX holds_by_deadline ON railbook.holds (expires_at, fence) WHERE status IN (0, 1);

-- Who has which seat: a row a span. Its status and its end are the hold's; without a hold the seat is blocked. A
-- partition a month of service; the constraint that no cell belongs to two allocations is made with it, by
-- make_partition(). The service date is that of the run, or the reference refuses the row: so a run's rows are all in
-- one partition.
CREATE TABLE railbook.allocations (
    service_date date NOT NULL,
    run bigint NOT NULL,
    seat integer NOT NULL CHECK (seat >= 0),
    from_segment integer NOT NULL CHECK (from_segment >= 0),
    to_segment integer NOT NULL,
    hold bigint REFERENCES railbook.holds (fence),
    CHECK (to_segment > from_segment),
    FOREIGN KEY (run, service_date) REFERENCES railbook.runs (number, service_date)
) PARTITION BY RANGE (service_date);
CREATE INDEX allocations_of_hold ON railbook.allocations (hold);

CREATE TABLE railbook.bookings (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    reference bytea NOT NULL UNIQUE,
    owner bytea NOT NULL,
    hold bigint NOT NULL UNIQUE REFERENCES railbook.holds (fence),
    quote bytea NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    total bigint NOT NULL,
    total_currency bytea NOT NULL,
    total_scale smallint NOT NULL,
    refunded bigint NOT NULL,
    refunded_currency bytea NOT NULL,
    refunded_scale smallint NOT NULL,
    people bytea NOT NULL
);
CREATE INDEX bookings_of_owner ON railbook.bookings (owner, number);

CREATE TABLE railbook.parts (
    booking bigint NOT NULL REFERENCES railbook.bookings (number),
    position bigint NOT NULL,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 6),
    ride bytea NOT NULL,
    PRIMARY KEY (booking, position)
);
-- Few bookings wait for their payment at any time.
CREATE INDEX prebooked_parts ON railbook.parts (booking) WHERE status = 0;

CREATE TABLE railbook.payments (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    booking bigint NOT NULL REFERENCES railbook.bookings (number),
    attempt bigint NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 5),
    amount bigint NOT NULL,
    currency bytea NOT NULL,
    scale smallint NOT NULL,
    method bytea NOT NULL,
    provider_key bytea NOT NULL,
    refund_due boolean NOT NULL,
    created_at bigint NOT NULL,
    check_at bigint NOT NULL,
    UNIQUE (booking, attempt)
);
CREATE UNIQUE INDEX one_pending_payment ON railbook.payments (booking) WHERE status = 0;
CREATE INDEX due_payments ON railbook.payments (check_at, number) WHERE status = 0 OR refund_due;

CREATE TABLE railbook.tickets (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bytea NOT NULL UNIQUE CHECK (length(id) = 16),
    booking bigint NOT NULL REFERENCES railbook.bookings (number),
    status smallint NOT NULL CHECK (status BETWEEN 0 AND 2),
    issued_at bigint NOT NULL,
    travel bytea NOT NULL
);
CREATE INDEX tickets_of_booking ON railbook.tickets (booking, number);

CREATE TABLE railbook.ledger (
    booking bigint NOT NULL REFERENCES railbook.bookings (number),
    seq bigint NOT NULL,
    name bytea NOT NULL,
    at bigint NOT NULL,
    account bytea NOT NULL,
    amount bigint NOT NULL,
    currency bytea NOT NULL,
    scale smallint NOT NULL,
    PRIMARY KEY (booking, seq)
);

CREATE TABLE railbook.audit (
    subject bytea NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    actor bytea NOT NULL,
    action bytea NOT NULL,
    detail bytea NOT NULL,
    PRIMARY KEY (subject, number)
);

-- What commands were answered. `payment` finds the answer that the end of a payment completes.
CREATE TABLE railbook.answers (
    owner bytea NOT NULL,
    operation bytea NOT NULL,
    key bytea NOT NULL,
    fingerprint bytea NOT NULL,
    until bigint NOT NULL,
    payment bytea,
    value bytea NOT NULL,
    PRIMARY KEY (owner, operation, key)
);
CREATE INDEX answers_by_end ON railbook.answers (until);
CREATE INDEX answers_of_payment ON railbook.answers (payment) WHERE payment IS NOT NULL;
)sql";

}  // namespace railbook::store::postgres

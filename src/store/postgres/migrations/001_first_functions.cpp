#include "store/postgres/migrations/migrations.hpp"

namespace railbook::store::postgres {

const char* const kFirstFunctions = R"sql(
-- What follows locks, looks up and refuses; what a step leads to is decided by the program.

CREATE FUNCTION railbook.is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are added or dropped, never changed', TG_TABLE_NAME;
END $$;
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON railbook.ledger
    FOR EACH ROW EXECUTE FUNCTION railbook.is_never_changed();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON railbook.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION railbook.is_never_changed();
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE ON railbook.audit
    FOR EACH ROW EXECUTE FUNCTION railbook.is_never_changed();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON railbook.audit
    FOR EACH STATEMENT EXECUTE FUNCTION railbook.is_never_changed();
CREATE TRIGGER never_changed BEFORE UPDATE ON railbook.allocations
    FOR EACH ROW EXECUTE FUNCTION railbook.is_never_changed();

-- The partition for the month of a service date, if it is not there yet. PostgreSQL knows no exclusion constraint over
-- partitions, so each has its own before it can hold a row.
CREATE FUNCTION railbook.make_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', day::timestamp)::date;
    after date := (date_trunc('month', day::timestamp) + interval '1 month')::date;
    name text := 'allocations_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass('railbook.' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(7237101, 2);
    -- By a query, which sees what was committed while this waited; to_regclass() may remember that there was none.
    IF EXISTS (SELECT FROM pg_class
               WHERE relname = name AND relnamespace = 'railbook'::regnamespace) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE railbook.%I (LIKE railbook.allocations INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE railbook.%I ADD CONSTRAINT %I EXCLUDE USING gist '
                   '(run WITH =, seat WITH =, int4range(from_segment, to_segment) WITH &&)',
                   name, name || '_do_not_overlap');
    EXECUTE format('ALTER TABLE railbook.allocations ATTACH PARTITION railbook.%I FOR VALUES FROM (%L) TO (%L)',
                   name, first, after);
END $$;

-- All fences from now on are larger than all before. Answers the new epoch.
CREATE FUNCTION railbook.raise_epoch() RETURNS bigint LANGUAGE sql AS $$
    UPDATE railbook.railbook_store SET epoch = epoch + 1 RETURNING epoch
$$;

CREATE FUNCTION railbook.latest() RETURNS bigint LANGUAGE sql AS $$
    SELECT last_value FROM railbook.clock
$$;

-- One step at a time of those that have no run: 1 the sweep, 3 documents. Answers the time that is stored.
CREATE FUNCTION railbook.lock_task(task integer) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7237101, task);
    RETURN railbook.latest();
END $$;

-- Locks runs in the given order, which is that of their names. Answers the latest time that is stored.
CREATE FUNCTION railbook.lock_runs(numbers bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    latest bigint;
    stored bigint;
    number bigint;
BEGIN
    SELECT last_value INTO latest FROM railbook.clock;
    FOREACH number IN ARRAY numbers LOOP
        SELECT time INTO stored FROM railbook.run_versions WHERE run = number FOR NO KEY UPDATE;
        latest := greatest(latest, stored);
    END LOOP;
    -- While it waited for a lock, others went on.
    RETURN (SELECT greatest(latest, last_value) FROM railbook.clock);
END $$;

-- Locks all that belongs to a hold, a booking or a payment: its runs. What is not there locks nothing.
CREATE FUNCTION railbook.lock_hold(wanted bytea) RETURNS bigint LANGUAGE sql AS $$
    SELECT railbook.lock_runs(coalesce((SELECT runs FROM railbook.holds WHERE id = wanted), '{}'))
$$;
CREATE FUNCTION railbook.lock_booking(wanted bytea) RETURNS bigint LANGUAGE sql AS $$
    SELECT railbook.lock_runs(coalesce((SELECT h.runs FROM railbook.bookings b
        JOIN railbook.holds h ON h.fence = b.hold WHERE b.id = wanted), '{}'))
$$;
CREATE FUNCTION railbook.lock_payment(wanted bytea) RETURNS bigint LANGUAGE sql AS $$
    SELECT railbook.lock_runs(coalesce((SELECT h.runs FROM railbook.payments p
        JOIN railbook.bookings b ON b.number = p.booking
        JOIN railbook.holds h ON h.fence = b.hold WHERE p.id = wanted), '{}'))
$$;

CREATE FUNCTION railbook.lock_run(run_date date, run_feed bytea, run_trip bytea, run_start bigint,
                                  OUT latest bigint, OUT number bigint, OUT edition bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.number INTO number FROM railbook.runs r
    WHERE r.service_date = run_date AND r.feed = run_feed AND r.trip = run_trip AND r.start = run_start;
    latest := railbook.lock_runs(CASE WHEN number IS NULL THEN '{}' ELSE ARRAY[number] END);
    SELECT r.edition INTO edition FROM railbook.runs r WHERE r.number = lock_run.number;
END $$;

-- What has come due, with its runs locked in the order of their names.
CREATE FUNCTION railbook.lock_due(at bigint, most bigint, OUT due_holds bigint[], OUT due_bookings bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    rest bigint;
BEGIN
    due_holds := ARRAY(SELECT fence FROM railbook.holds WHERE status IN (0, 1) AND expires_at <= at
                       ORDER BY expires_at, fence LIMIT most);
    rest := most - cardinality(due_holds);
    -- Bookings only after every hold that is due: an expired booking never has a hold that does not know.
    due_bookings := ARRAY(SELECT number FROM railbook.bookings
                          WHERE number IN (SELECT booking FROM railbook.parts WHERE status = 0) AND expires_at <= at
                          ORDER BY expires_at, number LIMIT rest);
    PERFORM railbook.lock_runs(ARRAY(
        SELECT r.number FROM railbook.runs r WHERE r.number IN (
            SELECT unnest(h.runs) FROM railbook.holds h WHERE h.fence = ANY (due_holds) OR h.fence IN (
                SELECT b.hold FROM railbook.bookings b WHERE b.number = ANY (due_bookings)))
        ORDER BY r.service_date, r.feed, r.trip, r.start));
END $$;

-- Makes way for allocations on runs that are locked: drops the lapsed ones that overlap them, and those of the hold
-- `own`. Answers which of the wanted ones overlap another that is live, and what was dropped, own ones aside, with the
-- wanted one that it was in the way of; these count from 1.
CREATE FUNCTION railbook.make_way(at bigint, own bigint, dates date[], numbers bigint[], seats bigint[],
                                  froms bigint[], tos bigint[], OUT taken bigint[], OUT dropped bigint[],
                                  OUT dropped_froms bigint[], OUT dropped_tos bigint[]) LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    taken := '{}';
    dropped := '{}';
    dropped_froms := '{}';
    dropped_tos := '{}';
    FOR wanted IN 1 .. cardinality(numbers) LOOP
        FOR one IN
            SELECT a.from_segment, a.to_segment, a.hold = own AS is_own,
                   h.status IN (0, 1) AND h.expires_at <= at AS has_lapsed
            FROM railbook.allocations a LEFT JOIN railbook.holds h ON h.fence = a.hold
            WHERE a.service_date = dates[wanted] AND a.run = numbers[wanted] AND a.seat = seats[wanted]::integer
              AND int4range(a.from_segment, a.to_segment) && int4range(froms[wanted]::integer, tos[wanted]::integer)
            ORDER BY a.from_segment
        LOOP
            IF one.is_own OR one.has_lapsed THEN
                DELETE FROM railbook.allocations
                WHERE service_date = dates[wanted] AND run = numbers[wanted] AND seat = seats[wanted]::integer
                  AND int4range(from_segment, to_segment) && int4range(one.from_segment, one.to_segment);
                IF NOT coalesce(one.is_own, false) THEN
                    dropped := dropped || wanted::bigint;
                    dropped_froms := dropped_froms || one.from_segment::bigint;
                    dropped_tos := dropped_tos || one.to_segment::bigint;
                END IF;
            ELSIF NOT wanted = ANY (taken) THEN
                taken := taken || wanted::bigint;
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- The first half of taking seats. Locks the runs and finds all that the decision needs; draws a fence, if one is asked
-- for, where nothing that is seen here refuses the step, so that refused ones use up none. `wanted_runs` counts the
-- given runs from 1. `numbers` is null where a run is not pinned.
CREATE FUNCTION railbook.begin_taking(
    asked bigint, command_owner bytea, command_operation bytea, command_key bytea, hold_owner bytea, most_holds bigint,
    draws_fence boolean, run_dates date[], run_feeds bytea[], run_trips bytea[], run_starts bigint[],
    wanted_runs bigint[], wanted_seats bigint[], wanted_froms bigint[], wanted_tos bigint[],
    OUT latest bigint, OUT numbers bigint[], OUT editions bigint[], OUT live bigint, OUT fence bigint,
    OUT taken bigint[], OUT dropped bigint[], OUT dropped_froms bigint[], OUT dropped_tos bigint[])
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    at bigint;
    dates date[] := '{}';
    runs bigint[] := '{}';
BEGIN
    -- An owner's holds are counted one command at a time, or two on different trains would both be the last one.
    IF most_holds > 0 THEN
        PERFORM pg_advisory_xact_lock(7237102, hashtext(encode(hold_owner, 'hex')));
    END IF;
    numbers := '{}';
    FOR i IN 1 .. cardinality(run_dates) LOOP
        SELECT r.number INTO one FROM railbook.runs r
        WHERE r.service_date = run_dates[i] AND r.feed = run_feeds[i] AND r.trip = run_trips[i]
          AND r.start = run_starts[i];
        IF NOT FOUND THEN
            latest := 0;
            numbers := NULL;
            RETURN;
        END IF;
        numbers := numbers || one.number;
    END LOOP;
    latest := railbook.lock_runs(numbers);
    editions := '{}';
    FOR i IN 1 .. cardinality(numbers) LOOP
        editions := editions || (SELECT r.edition FROM railbook.runs r WHERE r.number = numbers[i]);
    END LOOP;
    at := greatest(asked, latest);
    live := 0;
    IF most_holds > 0 THEN
        SELECT count(*) INTO live FROM railbook.holds h
        WHERE h.owner = hold_owner AND h.status IN (0, 1) AND h.expires_at > at;
    END IF;
    IF EXISTS (SELECT FROM railbook.answers a WHERE a.owner = command_owner AND a.operation = command_operation
               AND a.key = command_key AND a.until > at)
       OR (most_holds > 0 AND live >= most_holds) THEN
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(wanted_runs) LOOP
        dates := dates || run_dates[wanted_runs[i]];
        runs := runs || numbers[wanted_runs[i]];
    END LOOP;
    SELECT w.* INTO taken, dropped, dropped_froms, dropped_tos
    FROM railbook.make_way(at, 0, dates, runs, wanted_seats, wanted_froms, wanted_tos) w;
    IF draws_fence AND cardinality(taken) = 0 THEN
        SELECT (s.epoch << 48) | nextval('railbook.fences') INTO fence FROM railbook.railbook_store s;
    END IF;
END $$;

-- One more version of a locked run, with what changed of its seats. What is older than the last thousand versions is
-- forgotten.
CREATE FUNCTION railbook.count_change(run_date date, run_feed bytea, run_trip bytea, run_start bigint, at bigint,
                                      new_seats bigint[], new_froms bigint[], new_tos bigint[], new_states bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    counted record;
BEGIN
    UPDATE railbook.run_versions v SET version = v.version + 1, time = greatest(v.time, at)
    WHERE v.run = (SELECT r.number FROM railbook.runs r WHERE r.service_date = run_date AND r.feed = run_feed
                   AND r.trip = run_trip AND r.start = run_start)
    RETURNING v.run, v.version INTO counted;
    IF cardinality(new_seats) > 0 THEN
        INSERT INTO railbook.seat_changes (run, version, seats, froms, tos, states)
        VALUES (counted.run, counted.version, new_seats, new_froms, new_tos, new_states);
    END IF;
    IF counted.version % 256 = 0 AND counted.version > 1024 THEN
        DELETE FROM railbook.seat_changes c WHERE c.run = counted.run AND c.version <= counted.version - 1024;
        UPDATE railbook.run_versions v SET told_after = counted.version - 1024
        WHERE v.run = counted.run AND v.told_after < counted.version - 1024;
    END IF;
    RETURN counted.version;
END $$;
)sql";

}  // namespace railbook::store::postgres

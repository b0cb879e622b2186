#include "store/postgres/migrations/migrations.hpp"

namespace railbook::store::postgres {

const char* const kFences = R"sql(
-- Whether servers stand in front in this epoch: they are named behind a blank. Then it is they who give its fences, and
-- nobody else.
CREATE FUNCTION railbook.has_servers(front bytea) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(front) = 0 THEN false ELSE get_byte(front, length(front) - 1) <> 32 END
$$;

-- A fence of this database's own, for whoever has locked the runs. Where servers stand in front, that epoch ends: those
-- that still give fences of it give smaller ones, and nothing is placed with them any more. Of two steps on a run the
-- later one reads the epoch after the earlier one has ended, so the fences of a seat grow.
CREATE FUNCTION railbook.draw_fence() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    fence bigint;
BEGIN
    LOOP
        SELECT (s.epoch << 48) | nextval('railbook.fences') INTO fence FROM railbook.railbook_store s
        WHERE NOT railbook.has_servers(s.front);
        -- (It may have waited for whoever named the first front.)
        IF fence IS NOT NULL AND NOT (SELECT railbook.has_servers(s.front) FROM railbook.railbook_store s) THEN
            RETURN fence;
        END IF;
        UPDATE railbook.railbook_store s
        SET epoch = s.epoch + 1, front = substring(s.front FROM 1 FOR position(' '::bytea IN s.front))
        WHERE railbook.has_servers(s.front);
    END LOOP;
END $$;

-- The first front. Its epoch is a new one, except where no fence was ever given.
CREATE FUNCTION railbook.name_front(new_front bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Changes nothing, but waits for whoever draws a fence, and keeps others from it.
    ALTER SEQUENCE railbook.fences NO CYCLE;
    UPDATE railbook.railbook_store
    SET epoch = epoch + (SELECT f.is_called FROM railbook.fences f)::integer, front = new_front
    WHERE front = '';
END $$;

-- As before, except for how a fence is drawn.
CREATE OR REPLACE FUNCTION railbook.begin_taking(
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
        fence := railbook.draw_fence();
    END IF;
END $$;
)sql";

}  // namespace railbook::store::postgres

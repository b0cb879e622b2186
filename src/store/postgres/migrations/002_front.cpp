#include "store/postgres/migrations/migrations.hpp"

namespace railbook::store::postgres {

const char* const kFront = R"sql(
-- A cache may hold seats in front of this database: which one it was when the epoch began, and for each run the last
-- epoch in which it was there. Empty and -1: never.
ALTER TABLE railbook.railbook_store ADD COLUMN front bytea NOT NULL DEFAULT '';
ALTER TABLE railbook.run_versions ADD COLUMN front_epoch bigint NOT NULL DEFAULT -1;

-- As before, except that what was done in front is done again by the time at which it was done there: then only the
-- run's own time counts, since steps on other runs may have gone ahead.
CREATE OR REPLACE FUNCTION railbook.lock_runs(numbers bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    by_run boolean := current_setting('railbook.by_time_of_run', true) = 'on';
    latest bigint := 0;
    stored bigint;
    number bigint;
BEGIN
    IF NOT coalesce(by_run, false) THEN
        SELECT last_value INTO latest FROM railbook.clock;
    END IF;
    FOREACH number IN ARRAY numbers LOOP
        SELECT time INTO stored FROM railbook.run_versions WHERE run = number FOR NO KEY UPDATE;
        latest := greatest(latest, stored);
    END LOOP;
    IF coalesce(by_run, false) THEN
        RETURN latest;
    END IF;
    -- While it waited for a lock, others went on.
    RETURN (SELECT greatest(latest, last_value) FROM railbook.clock);
END $$;

-- A new epoch with a new front, unless the epoch `ended` is over already.
CREATE FUNCTION railbook.begin_epoch(ended bigint, new_front bytea) RETURNS void LANGUAGE sql AS $$
    UPDATE railbook.railbook_store SET epoch = epoch + 1, front = new_front WHERE epoch = ended
$$;
)sql";

}  // namespace railbook::store::postgres

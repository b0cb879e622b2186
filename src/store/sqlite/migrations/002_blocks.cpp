#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {

const char* const kBlocksSchema = R"sql(
-- Seats that are kept from sale: a row a span.
CREATE TABLE blocks (
    run INTEGER NOT NULL REFERENCES runs (number),
    seat INTEGER NOT NULL CHECK (seat >= 0),
    from_segment INTEGER NOT NULL CHECK (from_segment >= 0),
    to_segment INTEGER NOT NULL CHECK (to_segment > from_segment),
    PRIMARY KEY (run, seat, from_segment)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER blocks_do_not_overlap BEFORE INSERT ON blocks
WHEN EXISTS (SELECT 1 FROM blocks WHERE run = new.run AND seat = new.seat
             AND from_segment < new.to_segment AND to_segment > new.from_segment)
  OR EXISTS (SELECT 1 FROM allocations WHERE run = new.run AND seat = new.seat
             AND from_segment < new.to_segment AND to_segment > new.from_segment)
BEGIN
    SELECT RAISE(ABORT, 'the seat is allocated already');
END;
CREATE TRIGGER blocks_do_not_move BEFORE UPDATE ON blocks
BEGIN
    SELECT RAISE(ABORT, 'a block is added or dropped, never changed');
END;
CREATE TRIGGER allocations_are_not_blocked BEFORE INSERT ON allocations
WHEN EXISTS (SELECT 1 FROM blocks WHERE run = new.run AND seat = new.seat
             AND from_segment < new.to_segment AND to_segment > new.from_segment)
BEGIN
    SELECT RAISE(ABORT, 'the seat is allocated already');
END;
)sql";

}  // namespace railbook::store::sqlite

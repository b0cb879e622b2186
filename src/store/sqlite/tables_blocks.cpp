#include <limits>

#include "store/records/records.hpp"
#include "store/records/rows.hpp"
#include "store/sqlite/tables.hpp"

namespace railbook::store::sqlite {
namespace {

/// Seat and span.
Allocation read_block(Row& row, int first) {
    constexpr std::int64_t kMaxSegment = std::numeric_limits<std::uint16_t>::max();
    return {.seat = row.number<std::uint32_t>(first, 0, std::numeric_limits<std::uint32_t>::max()),
            .span = {.from = row.number<std::uint16_t>(first + 1, 0, kMaxSegment),
                     .to = row.number<std::uint16_t>(first + 2, 0, kMaxSegment)},
            .state = SeatState::blocked,
            .hold = {}};
}

}  // namespace

Status Tables::each_block_of(const RunId& id, const std::function<void(const Allocation&)>& read) {
    const auto run = run_number(id);
    if (!run) return run.error();
    return connection_.each(
        "SELECT seat, from_segment, to_segment FROM blocks WHERE run = ?1 ORDER BY seat, from_segment", {*run},
        [&](Row& row) -> Status {
            const auto block = read_block(row, 0);
            if (row.is_sound()) read(block);
            return {};
        });
}

Status Tables::each_block(const std::function<void(const RunId&, const Allocation&)>& read) {
    return connection_.each(
        "SELECT r.service_date, r.feed, r.trip, r.start, b.seat, b.from_segment, b.to_segment "
        "FROM blocks b JOIN runs r ON r.number = b.run "
        "ORDER BY r.service_date, r.feed, r.trip, r.start, b.seat, b.from_segment",
        {}, [&](Row& row) -> Status {
            const auto run = rows::read_run_id(row, 0);
            const auto block = read_block(row, 4);
            if (row.is_sound()) read(run, block);
            return {};
        });
}

Result<std::vector<SeatId>> Tables::block(const SeatBlock& block, Timestamp now) {
    const auto run = run_number(block.run);
    if (!run) return run.error();
    std::vector<SeatId> taken;
    for (const auto& seat : block.seats) {
        if (const auto dropped = drop_lapsed(*run, seat.index, block.span, now); !dropped) return dropped.error();
        const auto done = insert_block(*run, seat.index, block.span);
        if (done) continue;
        if (done.error().code != ErrorCode::seat_taken) return done.error();
        taken.push_back(seat.id);
    }
    return taken;
}

Status Tables::insert_block(std::int64_t run, std::uint32_t seat, Span span) {
    return connection_.run("INSERT INTO blocks (run, seat, from_segment, to_segment) VALUES (?1, ?2, ?3, ?4)",
                           {run, seat, span.from, span.to});
}

Status Tables::insert_block(const RunId& run, std::uint32_t seat, Span span) {
    const auto number = run_number(run);
    if (!number) return number.error();
    return insert_block(*number, seat, span);
}

Status Tables::unblock(const SeatBlock& block) {
    const auto run = run_number(block.run);
    if (!run) return run.error();
    for (const auto& seat : block.seats) {
        const auto blocked = connection_.all(
            "DELETE FROM blocks WHERE run = ?1 AND seat = ?2 AND from_segment < ?4 AND to_segment > ?3 "
            "RETURNING seat, from_segment, to_segment",
            {*run, seat.index, block.span.from, block.span.to},
            [](Row& row) -> Result<Allocation> { return read_block(row, 0); });
        if (!blocked) return blocked.error();
        for (const auto& whole : *blocked) {
            for (const auto rest : rest_of(whole.span, block.span)) {
                if (const auto done = insert_block(*run, seat.index, rest); !done) return done;
            }
        }
    }
    return {};
}

Status Tables::save_rides(const Booking& booking) {
    for (const auto& part : booking.parts) {
        const auto done =
            connection_.run("UPDATE parts SET ride = ?2 WHERE id = ?1", {part.id, records::encode_ride(part)});
        if (!done) return done;
    }
    return {};
}

Status Tables::save(const RunOutcome& outcome, std::uint64_t version) {
    const auto number = run_number(outcome.run.id);
    if (!number) return number.error();
    const auto hash = put_consist(outcome.run.consist);
    if (!hash) return hash.error();
    const auto changed = connection_.run("UPDATE runs SET consist = ?2, value = ?3 WHERE number = ?1",
                                         {*number, Value::bytes(*hash), records::encode_calls(outcome.run)});
    if (!changed) return changed;
    if (const auto done = connection_.run("UPDATE run_versions SET version = ?2 WHERE run = ?1", {*number, version});
        !done)
        return done;
    if (const auto done = connection_.run("DELETE FROM allocations WHERE run = ?1", {*number}); !done) return done;
    if (const auto done = connection_.run("DELETE FROM blocks WHERE run = ?1", {*number}); !done) return done;
    for (const auto& allocation : outcome.allocations) {
        if (allocation.state == SeatState::blocked) {
            if (const auto done = insert_block(*number, allocation.seat, allocation.span); !done) return done;
            continue;
        }
        const auto done = connection_.run(
            "INSERT INTO allocations (run, seat, from_segment, to_segment, hold) "
            "VALUES (?1, ?2, ?3, ?4, (SELECT fence FROM holds WHERE id = ?5))",
            {*number, allocation.seat, allocation.span.from, allocation.span.to, allocation.hold});
        if (!done) return done;
    }
    for (const auto& hold : outcome.holds) {
        if (const auto done = save_items(hold); !done) return done;
    }
    for (const auto& booking : outcome.bookings) {
        if (const auto done = save_rides(booking); !done) return done;
    }
    for (const auto& ticket : outcome.tickets) {
        const auto done = connection_.run("UPDATE tickets SET travel = ?2 WHERE id = ?1",
                                          {ticket.id, records::encode_travel(ticket)});
        if (!done) return done;
    }
    return add_audit(outcome.audit);
}

}  // namespace railbook::store::sqlite

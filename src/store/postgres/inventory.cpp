#include <algorithm>

#include "base/assert.hpp"
#include "store/allocations.hpp"
#include "store/postgres/errors.hpp"
#include "store/postgres/ports.hpp"

namespace railbook::store::postgres {
namespace {

constexpr std::string_view kFindRun =
    "SELECT number, edition FROM railbook.runs WHERE service_date = $1 AND feed = $2 AND trip = $3 AND start = $4";

/// More than these are not told one by one.
constexpr std::size_t kMaxChanges = 1024;

}  // namespace

Result<std::optional<Run>> PostgresInventory::find_pinned(const RunId& run) {
    return database_.read<std::optional<Run>>([&](Connection& connection) -> Result<std::optional<Run>> {
        const auto found = connection.ask(kFindRun, {run.date, run.trip.feed, run.trip.trip, start_of(run)});
        if (!found) return found.error();
        using Named = std::pair<std::int64_t, std::int64_t>;
        const auto named = found->one([](Row& row) -> Result<Named> { return Named{row.integer(0), row.integer(1)}; });
        if (!named) return named.error();
        if (!*named) return std::optional<Run>{};
        auto& known = database_.pinned_runs();
        if (auto pinned = known.find((*named)->first, (*named)->second)) return pinned;
        const auto rows = connection.ask(kRunsNumbered, {std::vector<std::int64_t>{(*named)->first}});
        if (!rows) return rows.error();
        auto stored = rows->one([&](Row& row) { return read_run(row, known); });
        if (!stored) return std::move(stored).error();
        if (!*stored) return damaged_row();
        known.put((*stored)->number, (*stored)->edition, (*stored)->run);
        return std::optional{std::move((*stored)->run)};
    });
}

// --- Taking seats --------------------------------------------------------------------------------------------------

template <class T>
Result<T> PostgresInventory::take(const Command& command, bool keeps_answer, const TakingRequest& request,
                                  const std::vector<const Run*>& runs, const Decide<T>& decide) {
    for (const auto& run : request.runs) {
        if (const auto made = database_.make_partition(run.date); !made) return made.error();
    }
    bool pins = false;
    std::vector<Run> pinned;
    Taking taking;
    const auto attempt = [&](Step& step) -> Result<T> {
        if (pins) {
            for (const auto& id : request.runs) {
                Run fixed = **std::ranges::find(runs, id, [](const Run* run) { return run->id; });
                fixed.pinned = true;
                insert_run(step, fixed, 0);
            }
        }
        const auto asked = ask_to_take(step, keeps_answer ? &command : nullptr, command.now, request);
        if (const auto ready = step.go(); !ready) return ready.error();
        if (const auto ok = check_epoch(step, asked, request); !ok) return ok.error();
        auto found = read_taking(step.answer(asked), request);
        if (!found) return std::move(found).error();
        taking = *std::move(found);
        if (taking.numbers.empty()) {
            // A run is to be pinned: by a step that first adds the run and then locks, so that all lock in one order.
            pins = true;
            return Error{ErrorCode::unavailable, "a run is not pinned yet"};
        }
        auto read = find_runs(step, database_.pinned_runs(), taking.numbers, taking.editions);
        if (!read) return std::move(read).error();
        pinned = *std::move(read);
        return decide(step, taking, pinned);
    };
    const auto run_step = [&] {
        return keeps_answer ? database_.command<T>(command, attempt) : database_.step<T>(command.now, attempt);
    };
    auto taken = run_step();
    if (!taken && pins) taken = run_step();
    // Only now: a run that was added by a step that failed is not pinned.
    if (taken && pinned.size() == taking.numbers.size()) {
        for (std::size_t i = 0; i < pinned.size(); ++i)
            database_.pinned_runs().put(taking.numbers[i], taking.editions[i], pinned[i]);
    }
    return taken;
}

Result<Hold> PostgresInventory::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                           std::size_t max_holds) {
    auto placed = place_in_group(command, wanted, runs, max_holds);
    if (!placed) return std::move(placed).error();
    if (*placed) return **std::move(placed);
    return place(command, wanted, runs, max_holds, Done::here);
}

Result<std::optional<Hold>> PostgresInventory::place_in_group(const Command& command, const Hold& wanted,
                                                              const std::vector<Run>& runs, std::size_t max_holds) {
    if (runs.size() != 1 || wanted.fence != 0 || command.key.text.empty()) return std::optional<Hold>{};
    const auto known = database_.pinned_runs().find(runs.front().id);
    if (!known || !check_wanted(wanted, runs) || !check_pinned(known->run, runs.front())) return std::optional<Hold>{};
    if (const auto made = database_.make_partition(known->run.id.date); !made) return made.error();
    return groups_.place(command, wanted, *known, max_holds);
}

Result<Hold> PostgresInventory::place(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                      std::size_t max_holds, Done done) {
    TakingRequest request{.runs = runs_of(wanted),
                          .seats = SeatList::of(wanted),
                          .owner = wanted.owner,
                          .max_holds = max_holds,
                          .draws_fence = wanted.fence == 0,
                          .by_time_of_run = done == Done::in_front,
                          .epoch = wanted.fence != 0 ? std::optional{epoch_of(wanted.fence)} : std::nullopt};
    std::ranges::sort(request.runs);
    std::vector<const Run*> given;
    for (const auto& run : runs) given.push_back(&run);
    return take<Hold>(command, true, request, given,
                      [&](Step& step, const Taking& taking, const std::vector<Run>& pinned) -> Result<Hold> {
                          if (const auto ok = check_wanted(wanted, runs); !ok) return ok.error();
                          for (const auto& run : runs) {
                              const auto other = std::ranges::find(pinned, run.id, &Run::id);
                              if (other == pinned.end()) continue;
                              if (const auto ok = check_pinned(*other, run); !ok) return ok.error();
                          }
                          if (const auto ok = check_hold_count(taking.live, max_holds); !ok) return ok.error();
                          if (!taking.taken.empty()) {
                              std::vector<SeatId> names;
                              std::size_t place = 0;
                              for (const auto& item : wanted.items) {
                                  for (const auto& seat : item.seats) {
                                      if (std::ranges::find(taking.taken, place++) != taking.taken.end())
                                          names.push_back(seat.id);
                                  }
                              }
                              return seats_taken(names);
                          }
                          if (!taking.fence && wanted.fence == 0) return damaged_row();
                          const auto fence = wanted.fence != 0 ? wanted.fence : *taking.fence;
                          auto changes = store::place_hold(wanted, fence, command.owner, step.now());
                          changes.hold->pinned = true;
                          insert_hold(step, *changes.hold, taking.numbers);
                          save(step, changes, &taking.before);
                          if (wanted.fence != 0) {
                              step.tell(
                                  "SELECT setval('railbook.fences', $1) FROM railbook.fences "
                                  "WHERE NOT is_called OR last_value < $1",
                                  {wanted.fence & (fence_of(1, 0) - 1)});
                          }
                          // What is kept is what the owner was told.
                          changes.hold->pinned = done == Done::here;
                          return *changes.hold;
                      });
}

Result<SeatBlock> PostgresInventory::block_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    const TakingRequest request{.runs = {run.id}, .seats = SeatList::of(wanted)};
    return take<SeatBlock>(command, true, request, {&run},
                           [&](Step& step, const Taking& taking, const std::vector<Run>& pinned) -> Result<SeatBlock> {
                               check_block(wanted, run);
                               if (const auto ok = check_pinned(pinned.front(), run); !ok) return ok.error();
                               if (!taking.taken.empty()) {
                                   std::vector<SeatId> names;
                                   for (const auto place : taking.taken) names.push_back(wanted.seats[place].id);
                                   return seats_taken(names);
                               }
                               std::vector<SeatChange> changes;
                               for (const auto& seat : wanted.seats) {
                                   for (const auto& [id, dropped] : taking.before.dropped) {
                                       if (dropped.seat == seat.index)
                                           changes.push_back({0, seat.index, dropped.span, SeatState::free});
                                   }
                                   changes.push_back({0, seat.index, wanted.span, SeatState::blocked});
                               }
                               allocate(step, request.seats, std::nullopt);
                               count_change(step, run.id, changes);
                               insert_audit_entry(step,
                                                  block_entry(wanted, "seats.blocked", command.owner, step.now()));
                               return wanted;
                           });
}

namespace {
struct LockedRun {
    std::int64_t number = 0;
    std::int64_t edition = 0;
};
/// Nothing where it is not pinned.
Result<std::optional<LockedRun>> lock_run(Step& step, const RunId& run) {
    const auto locked = step.lock("SELECT latest, number, edition FROM railbook.lock_run($1, $2, $3, $4)",
                                  {run.date, run.trip.feed, run.trip.trip, start_of(run)});
    if (const auto ready = step.go(); !ready) return ready.error();
    std::optional<LockedRun> found;
    const auto read = step.answer(locked).each([&](Row& row) -> Status {
        if (!row.is_null(1)) found = LockedRun{row.integer(1), row.integer(2)};
        return {};
    });
    if (!read) return read.error();
    return found;
}
}  // namespace

Result<SeatBlock> PostgresInventory::unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    return database_.command<SeatBlock>(command, [&](Step& step) -> Result<SeatBlock> {
        const auto locked = lock_run(step, wanted.run);
        if (!locked) return locked.error();
        if (!*locked) return wanted;
        const auto number = (*locked)->number;
        const auto asked = step.ask(kBlocksOfRun, {number});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto blocks = step.answer(asked).all(read_placed);
        if (!blocks) return blocks.error();
        const auto pinned = find_runs(step, database_.pinned_runs(), {number}, {(*locked)->edition});
        if (!pinned) return pinned.error();
        check_block(wanted, run);
        if (const auto ok = check_pinned(pinned->front(), run); !ok) return ok.error();
        std::vector<SeatChange> changes;
        SeatList rest;
        for (const auto& seat : wanted.seats) {
            for (const auto& [id, block] : *blocks) {
                if (block.seat != seat.index || !block.span.overlaps(wanted.span)) continue;
                const Span freed{std::max(block.span.from, wanted.span.from), std::min(block.span.to, wanted.span.to)};
                changes.push_back({0, seat.index, freed, SeatState::free});
                for (const auto span : rest_of(block.span, wanted.span)) rest.add(wanted.run, seat.index, span);
                step.tell(
                    "DELETE FROM railbook.allocations "
                    "WHERE run = $1 AND seat = $2 AND from_segment = $3 AND hold IS NULL AND service_date = $4",
                    {number, seat.index, block.span.from, wanted.run.date});
            }
        }
        if (!rest.seats.empty()) allocate(step, rest, std::nullopt);
        count_change(step, wanted.run, changes);
        insert_audit_entry(step, block_entry(wanted, "seats.unblocked", command.owner, step.now()));
        return wanted;
    });
}

// --- Holds ---------------------------------------------------------------------------------------------------------

Result<Hold> PostgresInventory::find_hold(const HoldId& id) {
    return find_one(database_, "hold", kFindHold, {id}, read_hold);
}

Result<Page<Hold>> PostgresInventory::list_holds(std::string_view owner, const PageRequest& page) {
    const auto start = page_start("holds", page);
    if (!start) return start.error();
    const auto limit = signed_limit(page.limit + 1);
    auto found = owner.empty() ? find_all(database_, kHoldsBefore, {*start, limit}, read_numbered_hold)
                               : find_all(database_, kHoldsOfOwnerBefore, {*start, limit, owner}, read_numbered_hold);
    if (!found) return std::move(found).error();
    return page_of("holds", page.limit, *std::move(found));
}

Result<Hold> PostgresInventory::extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) {
    return extend(command, claim, until, Done::here);
}

Result<Hold> PostgresInventory::extend(const Command& command, const HoldClaim& claim, Timestamp until, Done done) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        if (done == Done::in_front) step.by_time_of_run_in_batch();
        step.lock("SELECT railbook.lock_hold($1)", {claim.id});
        const auto asked = step.ask(kFindHold, {claim.id});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto hold = step.answer(asked).one(read_hold);
        if (!hold) return hold.error();
        const auto changes = store::extend_hold(*hold ? &**hold : nullptr, claim, until, command.owner, step.now());
        if (!changes) return changes.error();
        save(step, *changes);
        return changes->hold ? *changes->hold : **hold;
    });
}

Result<Hold> PostgresInventory::release_hold(const Command& command, const HoldClaim& claim) {
    return release(command, claim, Done::here);
}

Result<Hold> PostgresInventory::release(const Command& command, const HoldClaim& claim, Done done) {
    return database_.command<Hold>(command, [&](Step& step) -> Result<Hold> {
        if (done == Done::in_front) step.by_time_of_run_in_batch();
        step.lock("SELECT railbook.lock_hold($1)", {claim.id});
        const auto asked = step.ask(kFindHold, {claim.id});
        const auto allocated = step.ask(kAllocationsOfHold, {claim.id});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto hold = step.answer(asked).one(read_hold);
        if (!hold) return hold.error();
        auto own = step.answer(allocated).all(read_placed);
        if (!own) return std::move(own).error();
        const auto changes = store::release_hold(*hold ? &**hold : nullptr, claim, command.owner, step.now());
        if (!changes) return changes.error();
        const SeatsBefore before{.own = *std::move(own), .dropped = {}};
        save(step, *changes, &before);
        return changes->hold ? *changes->hold : **hold;
    });
}

// --- Who has which seat --------------------------------------------------------------------------------------------

Result<std::vector<Occupancy>> PostgresInventory::occupancy(const std::vector<RunId>& runs, Timestamp now) {
    RunNames names;
    for (const auto& run : runs) names.add(run);
    struct Found {
        std::size_t place = 0;
        std::int64_t number = 0;
        std::uint64_t version = 0;
        std::uint32_t seats = 0;
        std::uint32_t segments = 0;
        Mirror::Allocations allocations = nullptr;
    };
    constexpr std::int64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();
    return database_.read<std::vector<Occupancy>>([&](Connection& connection) -> Result<std::vector<Occupancy>> {
        const auto versions = connection.ask(
            "SELECT w.place, r.number, v.version, r.seats, r.segments "
            "FROM unnest($1, $2, $3, $4) WITH ORDINALITY w (date, feed, trip, start, place) "
            "JOIN railbook.runs r ON r.service_date = w.date AND r.feed = w.feed AND r.trip = w.trip "
            "AND r.start = w.start JOIN railbook.run_versions v ON v.run = r.number",
            {names.dates, names.feeds, names.trips, names.starts});
        if (!versions) return versions.error();
        auto found = versions->all([&](Row& row) -> Result<Found> {
            return Found{.place = row.number<std::size_t>(0, 1, static_cast<std::int64_t>(runs.size())) - 1,
                         .number = row.integer(1),
                         .version = row.count(2),
                         .seats = row.number<std::uint32_t>(3, 0, kMaxCount),
                         .segments = row.number<std::uint32_t>(4, 0, kMaxCount)};
        });
        if (!found) return std::move(found).error();
        std::map<std::int64_t, Found> changed;
        for (auto& one : *found) {
            one.allocations = mirror_.find(one.number, one.version);
            if (!one.allocations) changed.emplace(one.number, one);
        }
        if (!changed.empty()) {
            std::vector<std::int64_t> numbers;
            for (const auto& [number, one] : changed) numbers.push_back(number);
            // One statement is of one instant: no answer shows half of a step, and each is of its version.
            const auto rows = connection.ask(
                "SELECT r.number, v.version, r.seats, r.segments, a.seat, a.from_segment, a.to_segment, h.id, "
                "h.status, "
                "h.expires_at FROM railbook.runs r JOIN railbook.run_versions v ON v.run = r.number "
                "LEFT JOIN railbook.allocations a ON a.run = r.number AND a.service_date = r.service_date "
                "LEFT JOIN railbook.holds h ON h.fence = a.hold WHERE r.number = ANY ($1)",
                {numbers});
            if (!rows) return rows.error();
            std::map<std::int64_t, std::vector<Allocation>> allocations;
            const auto done = rows->each([&](Row& row) -> Status {
                const auto one = changed.find(row.integer(0));
                if (one == changed.end()) return damaged_row();
                one->second.version = row.count(1);
                one->second.seats = row.number<std::uint32_t>(2, 0, kMaxCount);
                one->second.segments = row.number<std::uint32_t>(3, 0, kMaxCount);
                auto& list = allocations[one->first];
                if (!row.is_null(4)) list.push_back(rows::read_allocation(row, 4));
                return {};
            });
            if (!done) return done.error();
            for (auto& [number, one] : changed) {
                one.allocations = std::make_shared<const std::vector<Allocation>>(std::move(allocations[number]));
                mirror_.put(number, one.version, one.allocations);
            }
        }
        std::vector<Occupancy> answers(runs.size());
        for (const auto& one : *found) {
            const Found& known = one.allocations ? one : changed.at(one.number);
            auto& answer = answers[one.place];
            answer.version = known.version;
            for (auto* masks : {&answer.taken, &answer.held, &answer.blocked}) {
                masks->seats = known.seats;
                masks->segments = known.segments;
            }
            for (const auto& allocation : *known.allocations) {
                if (allocation.until <= now) continue;
                if (allocation.seat >= known.seats || allocation.span.to > known.segments) return damaged_row();
                answer.taken.set(allocation.seat, allocation.span);
                if (allocation.state == SeatState::held) answer.held.set(allocation.seat, allocation.span);
                if (allocation.state == SeatState::blocked) answer.blocked.set(allocation.seat, allocation.span);
            }
        }
        return answers;
    });
}

Result<SeatChanges> PostgresInventory::changes_after(const RunId& run, std::uint64_t version) {
    return database_.read<SeatChanges>([&](Connection& connection) -> Result<SeatChanges> {
        const auto rows = connection.ask(
            "SELECT v.version, v.told_after, c.version, c.seats, c.froms, c.tos, c.states FROM railbook.runs r "
            "JOIN railbook.run_versions v ON v.run = r.number "
            "LEFT JOIN railbook.seat_changes c ON c.run = r.number AND c.version > $5 "
            "WHERE r.service_date = $1 AND r.feed = $2 AND r.trip = $3 AND r.start = $4 ORDER BY c.version LIMIT $6",
            {run.date, run.trip.feed, run.trip.trip, start_of(run),
             std::min<std::uint64_t>(version, std::numeric_limits<std::int64_t>::max()), kMaxChanges + 1});
        if (!rows) return rows.error();
        SeatChanges answer{.version = 0, .resync = version != 0, .changes = {}};
        const auto done = rows->each([&](Row& row) -> Status {
            answer.version = row.count(0);
            answer.resync = version < row.count(1) || version > answer.version;
            if (row.is_null(2)) return {};
            const auto seats = row.integers(3);
            const auto froms = row.integers(4);
            const auto tos = row.integers(5);
            const auto states = row.integers(6);
            if (seats.size() != froms.size() || seats.size() != tos.size() || seats.size() != states.size())
                return damaged_row();
            for (std::size_t i = 0; i < seats.size(); ++i) {
                answer.changes.push_back(
                    {.version = row.count(2),
                     .seat = static_cast<std::uint32_t>(seats[i]),
                     .span = {static_cast<std::uint16_t>(froms[i]), static_cast<std::uint16_t>(tos[i])},
                     .state = static_cast<SeatState>(std::clamp<std::int64_t>(states[i], 0, 3))});
            }
            return {};
        });
        if (!done) return done.error();
        if (answer.changes.size() > kMaxChanges) answer.resync = true;
        if (answer.resync) answer.changes.clear();
        return answer;
    });
}

// --- Other coaches and calls ---------------------------------------------------------------------------------------

Result<RunHolds> PostgresInventory::holds_of_run(const RunId& run, Timestamp now) {
    std::optional<RunHolds> found;
    const auto done = database_.read_at_one_instant([&](Connection& connection) -> Status {
        const auto named = connection.ask(kFindRun, {run.date, run.trip.feed, run.trip.trip, start_of(run)});
        if (!named) return named.error();
        if (named->size() == 0) return not_found("pinned run");
        const auto number = named->integer();
        if (!number) return number.error();
        connection.queue("SELECT railbook.latest()");
        connection.queue(kRunsNumbered, {std::vector<std::int64_t>{*number}});
        const auto stored = connection.exchange();
        if (!stored) return stored.error();
        const auto latest = (*stored)[0].integer();
        if (!latest) return latest.error();
        auto pinned = (*stored)[1].one([&](Row& row) { return read_run(row, database_.pinned_runs()); });
        if (!pinned) return std::move(pinned).error();
        if (!*pinned) return damaged_row();
        const auto rows = connection.ask(kLiveHoldsOfRun, {*number, std::max(now, Timestamp{Duration{*latest}})});
        if (!rows) return rows.error();
        auto holds = rows->all(read_hold);
        if (!holds) return std::move(holds).error();
        found = RunHolds{(*pinned)->run, (*pinned)->version, *std::move(holds)};
        return {};
    });
    if (!done) return done.error();
    return *std::move(found);
}

Result<RunBasis> PostgresInventory::read_basis(Step& step, std::int64_t number, const Run& pinned) {
    // A hold on two runs may be about to change on the other one, too, of which this step has no lock.
    static_cast<void>(step.ask(
        "SELECT fence FROM railbook.holds WHERE fence IN (SELECT a.hold FROM railbook.allocations a WHERE a.run = $1) "
        "ORDER BY fence FOR NO KEY UPDATE",
        {number}));
    const auto version = step.ask("SELECT version FROM railbook.run_versions WHERE run = $1", {number});
    const auto live = step.ask(kLiveHoldsOfRun, {number, step.now()});
    const auto blocked = step.ask(kBlocksOfRun, {number});
    if (const auto ready = step.go(); !ready) return ready.error();
    const auto counted = step.answer(version).integer();
    if (!counted) return counted.error();
    auto holds = step.answer(live).all(read_hold);
    if (!holds) return std::move(holds).error();
    const auto blocks = step.answer(blocked).all(read_placed);
    if (!blocks) return blocks.error();
    std::vector<std::int64_t> fences;
    for (const auto& hold : *holds) fences.push_back(static_cast<std::int64_t>(hold.fence));
    const auto booked = step.ask(kBookingsOfHolds, {fences});
    const auto issued = step.ask(kTicketsOfHolds, {fences});
    if (const auto ready = step.go(); !ready) return ready.error();
    auto bookings = step.answer(booked).all(read_booking);
    if (!bookings) return std::move(bookings).error();
    auto tickets = step.answer(issued).all(read_ticket);
    if (!tickets) return std::move(tickets).error();
    RunBasis basis{.run = {pinned, static_cast<std::uint64_t>(*counted), *std::move(holds)},
                   .bookings = *std::move(bookings),
                   .tickets = *std::move(tickets),
                   .blocks = {}};
    for (const auto& [id, block] : *blocks) basis.blocks.push_back(block);
    return basis;
}

void PostgresInventory::save_outcome(Step& step, std::int64_t number, const RunOutcome& outcome) {
    save_changed(step, number, outcome.run);
    step.tell("DELETE FROM railbook.allocations WHERE run = $1 AND service_date = $2", {number, outcome.run.id.date});
    std::map<HoldId, std::uint64_t> fences;
    for (const auto& hold : outcome.holds) fences[hold.id] = hold.fence;
    std::map<std::optional<std::uint64_t>, SeatList> lists;
    for (const auto& allocation : outcome.allocations) {
        const auto fence =
            allocation.state == SeatState::blocked ? std::nullopt : std::optional{fences.at(allocation.hold)};
        lists[fence].add(outcome.run.id, allocation.seat, allocation.span);
    }
    for (const auto& [fence, list] : lists) allocate(step, list, fence);
    for (const auto& hold : outcome.holds) save_items(step, hold);
    for (const auto& booking : outcome.bookings) save_rides(step, booking);
    for (const auto& ticket : outcome.tickets) save_travel(step, ticket);
    for (const auto& entry : outcome.audit) insert_audit_entry(step, entry);
}

namespace {

/// What Redis did by other coaches or calls and has not told yet is not to come behind their change: whoever has the
/// run from the front has heard of all of it, and whoever has not ends the epoch. The run is locked. Errors:
/// unavailable.
Status end_epoch_but(Step& step, const std::optional<std::uint64_t>& epoch) {
    if (!epoch) {
        step.tell(
            "UPDATE railbook.railbook_store s SET epoch = s.epoch + 1, "
            "front = substring(s.front FROM 1 FOR position(' '::bytea IN s.front)) WHERE railbook.has_servers(s.front)",
            {});
        return {};
    }
    const auto asked = step.ask("SELECT epoch FROM railbook.railbook_store", {});
    if (const auto ready = step.go(); !ready) return ready.error();
    const auto found = step.answer(asked).integer();
    if (!found) return found.error();
    if (*found == static_cast<std::int64_t>(*epoch)) return {};
    return Error{ErrorCode::unavailable, "an epoch of fences has ended", "try again"};
}

}  // namespace

Result<Run> PostgresInventory::change_consist(const Command& command, const Run& run, const ConsistChange& change) {
    return change_consist(command, run, change, std::nullopt);
}

Result<Run> PostgresInventory::change_consist(const Command& command, const Run& run, const ConsistChange& change,
                                              std::optional<std::uint64_t> epoch) {
    if (*run.consist == *change.consist) {
        auto pinned = find_pinned(run.id);
        if (!pinned) return std::move(pinned).error();
        if (!*pinned) return run;
    }
    const TakingRequest request{.runs = {run.id}, .seats = {}};
    return take<Run>(command, false, request, {&run},
                     [&](Step& step, const Taking& taking, const std::vector<Run>& pinned) -> Result<Run> {
                         if (*pinned.front().consist == *change.consist) return pinned.front();
                         if (const auto ok = check_pinned(pinned.front(), run); !ok) return ok.error();
                         const auto basis = read_basis(step, taking.numbers.front(), pinned.front());
                         if (!basis) return basis.error();
                         const auto outcome = store::change_consist(*basis, change, command.owner, step.now());
                         if (!outcome) return outcome.error();
                         if (!*outcome) return pinned.front();
                         if (const auto ok = end_epoch_but(step, epoch); !ok) return ok.error();
                         save_outcome(step, taking.numbers.front(), **outcome);
                         return (*outcome)->run;
                     });
}

Result<Run> PostgresInventory::adopt_calls(const Command& command, const CallsChange& change) {
    return adopt_calls(command, change, std::nullopt);
}

Result<Run> PostgresInventory::adopt_calls(const Command& command, const CallsChange& change,
                                           std::optional<std::uint64_t> epoch) {
    return database_.step<Run>(command.now, [&](Step& step) -> Result<Run> {
        const auto locked = lock_run(step, change.wanted.id);
        if (!locked) return locked.error();
        if (!*locked) return not_found("pinned run");
        const auto number = (*locked)->number;
        // Held until the commit, so that no import replaces the feed in between.
        const auto asked =
            step.ask("SELECT checksum FROM railbook.feeds WHERE name = $1 FOR SHARE", {change.wanted.id.trip.feed});
        if (const auto ready = step.go(); !ready) return ready.error();
        const auto feed = step.answer(asked).one([](Row& row) -> Result<std::string> { return row.text(0); });
        if (!feed) return feed.error();
        const auto run = find_runs(step, database_.pinned_runs(), {number}, {(*locked)->edition});
        if (!run) return run.error();
        const auto basis = read_basis(step, number, run->front());
        if (!basis) return basis.error();
        const auto outcome = store::adopt_calls(*basis, change, feed->value_or(""), command.owner, step.now());
        if (!outcome) return outcome.error();
        if (!*outcome) return run->front();
        if (const auto ok = end_epoch_but(step, epoch); !ok) return ok.error();
        save_outcome(step, number, **outcome);
        return (*outcome)->run;
    });
}

}  // namespace railbook::store::postgres

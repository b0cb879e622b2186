#include "store/postgres/groups.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "store/postgres/errors.hpp"
#include "store/postgres/tables.hpp"
#include "store/records/records.hpp"
#include "store/rules.hpp"

namespace railbook::store::postgres {
namespace {

/// Groups that go on side by side use more processors, and share fewer syncs. Holds on one run are always in the same
/// lane, so that lanes do not meet in the database.
constexpr std::size_t kConnectionsOfALane = 16;

// Of each hold, whether its run and the count of its owner's holds are locked now. As ask_to_take() does, but without
// waiting.
constexpr std::string_view kLock =
    "SELECT v.run IS NOT NULL AND CASE WHEN w.most > 0 "
    "THEN pg_try_advisory_xact_lock(7237102, hashtext(encode(w.owner, 'hex'))) ELSE true END "
    "FROM unnest($1, $2, $3) WITH ORDINALITY w (run, owner, most, place) "
    "LEFT JOIN LATERAL (SELECT v.run FROM railbook.run_versions v WHERE v.run = w.run FOR NO KEY UPDATE SKIP LOCKED) v "
    "ON true ORDER BY w.place";

// Of holds that were placed in front, on one run that is locked: whether nothing speaks against them.
constexpr std::string_view kLookAgain =
    "SELECT (SELECT true FROM railbook.answers k WHERE k.owner = w.actor AND k.operation = w.operation "
    "AND k.key = w.key) IS NULL AND (SELECT true FROM railbook.holds h WHERE h.fence = w.fence) IS NULL "
    "AND (SELECT true FROM railbook.holds h WHERE h.id = w.id) IS NULL "
    "AND (SELECT s.epoch FROM railbook.railbook_store s) = w.fence >> 48 "
    "AND (SELECT true FROM unnest(($8::bigint[])[w.first:w.last], ($9::bigint[])[w.first:w.last], "
    "($10::bigint[])[w.first:w.last]) s (seat, from_segment, to_segment) CROSS JOIN LATERAL "
    "(SELECT FROM railbook.allocations a WHERE a.service_date = $2 AND a.run = $1 AND a.seat = s.seat::integer "
    "AND int4range(a.from_segment, a.to_segment) && int4range(s.from_segment::integer, s.to_segment::integer) LIMIT 1) "
    "other LIMIT 1) IS NULL "
    "FROM unnest($3, $4, $5, $6, $7, $11, $12) WITH ORDINALITY w (actor, operation, key, first, last, fence, id, "
    "place) "
    "ORDER BY w.place";

// Of each hold, the edition and version of its run, and a fence if nothing speaks against the hold; the very first one,
// and those of an epoch with servers in front, are left to railbook.draw_fence(). Questions in the
// place of a value are asked through an index, hold by hold, whatever the planner thinks of the tables.
constexpr std::string_view kLook =
    "WITH at AS MATERIALIZED (SELECT greatest(c.last_value, (SELECT max(v.time) FROM railbook.run_versions v "
    "WHERE v.run = ANY ($1))) AS latest FROM railbook.clock c), "
    "look AS MATERIALIZED (SELECT at.latest, w.place, "
    "(SELECT r.edition FROM railbook.runs r WHERE r.number = w.run) AS edition, "
    "(SELECT v.version FROM railbook.run_versions v WHERE v.run = w.run) AS version, "
    "(SELECT true FROM railbook.answers k WHERE k.owner = w.actor AND k.operation = w.operation AND k.key = w.key) "
    "IS NULL "
    "AND (w.most = 0 OR (SELECT count(*) FROM railbook.holds h WHERE h.owner = w.owner AND h.status IN (0, 1) "
    "AND h.expires_at > greatest(at.latest, $10)) < w.most) "
    "AND (SELECT true FROM unnest(($11::bigint[])[w.first:w.last], ($12::bigint[])[w.first:w.last], "
    "($13::bigint[])[w.first:w.last]) s (seat, from_segment, to_segment) CROSS JOIN LATERAL "
    "(SELECT FROM railbook.allocations a WHERE a.service_date = w.date AND a.run = w.run AND a.seat = s.seat::integer "
    "AND int4range(a.from_segment, a.to_segment) && int4range(s.from_segment::integer, s.to_segment::integer) LIMIT 1) "
    "other LIMIT 1) IS NULL AS is_clear "
    "FROM at CROSS JOIN unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY "
    "w (run, date, owner, most, actor, operation, key, first, last, place)) "
    "SELECT look.latest, look.edition, look.version, "
    "CASE WHEN look.is_clear AND NOT railbook.has_servers(s.front) AND (SELECT f.is_called FROM railbook.fences f) "
    "THEN (s.epoch << 48) | nextval('railbook.fences') END "
    "FROM look CROSS JOIN railbook.railbook_store s ORDER BY look.place";

// So that what the database gives is larger.
constexpr std::string_view kRaiseFences =
    "SELECT setval('railbook.fences', $1) FROM railbook.fences WHERE NOT is_called OR last_value < $1";

constexpr std::string_view kAddHolds =
    "INSERT INTO railbook.holds (fence, id, owner, status, pinned, created_at, expires_at, latest_end, runs, items) "
    "SELECT h.fence, h.id, h.owner, $1, true, h.created_at, h.expires_at, h.latest_end, ARRAY[h.run], h.items "
    "FROM unnest($2, $3, $4, $5, $6, $7, $8, $9) "
    "h (fence, id, owner, created_at, expires_at, latest_end, run, items)";

constexpr std::string_view kAddAllocations =
    "INSERT INTO railbook.allocations (service_date, run, seat, from_segment, to_segment, hold) "
    "SELECT s.date, s.run, s.seat, s.from_segment, s.to_segment, s.fence "
    "FROM unnest($1, $2, $3, $4, $5, $6) s (date, run, seat, from_segment, to_segment, fence)";

constexpr std::string_view kAddChanges =
    "INSERT INTO railbook.seat_changes (run, version, seats, froms, tos, states) "
    "SELECT c.run, c.version, ($5::bigint[])[c.first:c.last], ($6::bigint[])[c.first:c.last], "
    "($7::bigint[])[c.first:c.last], ($8::bigint[])[c.first:c.last] "
    "FROM unnest($1, $2, $3, $4) c (run, version, first, last)";

// $1 has each run as often as it changes.
constexpr std::string_view kCountChanges =
    "UPDATE railbook.run_versions SET version = version + cardinality(array_positions($1, run)), "
    "time = greatest(time, $2) WHERE run = ANY ($1)";

constexpr std::string_view kAddAuditEntries =
    "INSERT INTO railbook.audit (subject, number, at, actor, action, detail) "
    "SELECT e.subject, (SELECT coalesce(max(a.number), 0) FROM railbook.audit a WHERE a.subject = e.subject) + "
    "e.place, "
    "e.at, e.actor, e.action, e.detail FROM unnest($1, $2, $3, $4, $5, $6) e (subject, place, at, actor, action, "
    "detail)";

constexpr std::string_view kAddAnswers =
    "INSERT INTO railbook.answers (owner, operation, key, fingerprint, until, value) "
    "SELECT k.owner, k.operation, k.key, k.fingerprint, k.until, k.value "
    "FROM unnest($1, $2, $3, $4, $5, $6) k (owner, operation, key, fingerprint, until, value)";

/// Seats of one hold after another, as parameters.
struct Seats {
    std::vector<std::int64_t> seats;
    std::vector<std::int64_t> froms;
    std::vector<std::int64_t> tos;
    std::vector<std::int64_t> first;  // of each hold, from 1
    std::vector<std::int64_t> last;

    void add(const Hold& hold) {
        first.push_back(static_cast<std::int64_t>(seats.size()) + 1);
        for (const auto& item : hold.items) {
            for (const auto& seat : item.seats) {
                seats.push_back(seat.index);
                froms.push_back(item.span.from);
                tos.push_back(item.span.to);
            }
        }
        last.push_back(static_cast<std::int64_t>(seats.size()));
    }
};

bool overlap(const Hold& one, const Hold& other) {
    const auto has = [](const HoldItem& item, std::uint32_t index) {
        return std::ranges::find(item.seats, index, &HeldSeat::index) != item.seats.end();
    };
    for (const auto& item : one.items) {
        for (const auto& beside : other.items) {
            if (!item.span.overlaps(beside.span)) continue;
            if (std::ranges::any_of(item.seats, [&](const HeldSeat& seat) { return has(beside, seat.index); }))
                return true;
        }
    }
    return false;
}

std::string bytes_of(const HoldId& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::int64_t number_of(Timestamp time) { return time.time_since_epoch().count(); }

/// Rows that holds of a group become, as parameters, a column each.
struct NewRows {
    Seats seats;
    std::vector<ServiceDate> seat_dates;
    std::vector<std::int64_t> seat_runs;
    std::vector<std::int64_t> seat_fences;
    std::vector<std::int64_t> seat_states;

    std::vector<std::int64_t> fences;
    std::vector<std::string> ids;
    std::vector<std::string> owners;
    std::vector<std::int64_t> created_at;
    std::vector<std::int64_t> expires_at;
    std::vector<std::int64_t> latest_end;
    std::vector<std::int64_t> runs;
    std::vector<std::string> items;

    std::vector<std::int64_t> versions;  // that the hold makes of its run
    std::vector<std::int64_t> places;    // of the hold, among those on its run
    std::map<std::int64_t, std::int64_t> counts;

    std::vector<std::string> subjects;
    std::vector<std::int64_t> times;
    std::vector<std::string> actors;
    std::vector<std::string> actions;
    std::vector<std::string> details;

    std::vector<std::string> answer_owners;
    std::vector<std::string> operations;
    std::vector<std::string> keys;
    std::vector<std::string> fingerprints;
    std::vector<std::int64_t> until;
    std::vector<std::string> values;

    void add(const Hold& hold, std::int64_t run, std::int64_t version_before) {
        const auto fence = static_cast<std::int64_t>(hold.fence);
        fences.push_back(fence);
        ids.push_back(bytes_of(hold.id));
        owners.push_back(hold.owner);
        created_at.push_back(number_of(hold.created_at));
        expires_at.push_back(number_of(hold.expires_at));
        latest_end.push_back(number_of(hold.latest_end));
        runs.push_back(run);
        items.push_back(records::encode(hold.items.all()));
        const auto place = ++counts[run];
        places.push_back(place);
        versions.push_back(version_before + place);
        seats.add(hold);
        seat_dates.resize(seats.seats.size(), hold.items.front().run.date);
        seat_runs.resize(seats.seats.size(), run);
        seat_fences.resize(seats.seats.size(), fence);
        seat_states.resize(seats.seats.size(), static_cast<std::int64_t>(SeatState::held));
    }
    void add(AuditEntry entry) {
        subjects.push_back(std::move(entry.subject));
        times.push_back(number_of(entry.at));
        actors.push_back(std::move(entry.actor));
        actions.push_back(std::move(entry.action));
        details.push_back(std::move(entry.detail));
    }
    void add(KeptAnswer answer) {
        answer_owners.push_back(std::move(answer.owner));
        operations.push_back(std::move(answer.operation));
        keys.push_back(std::move(answer.key));
        fingerprints.push_back(std::move(answer.fingerprint));
        until.push_back(number_of(answer.until));
        values.push_back(records::encode(answer.value));
    }

    void tell(Step& step, Timestamp time) const {
        step.tell(kAddHolds, {HoldStatus::held, fences, ids, owners, created_at, expires_at, latest_end, runs, items});
        step.tell(kAddAllocations, {seat_dates, seat_runs, seats.seats, seats.froms, seats.tos, seat_fences});
        step.tell(kAddChanges,
                  {runs, versions, seats.first, seats.last, seats.seats, seats.froms, seats.tos, seat_states});
        step.tell(kCountChanges, {runs, time});
        step.tell(kAddAuditEntries, {subjects, places, times, actors, actions, details});
        step.tell(kAddAnswers, {answer_owners, operations, keys, fingerprints, until, values});
        for (std::size_t i = 0; i < runs.size(); ++i) {
            if (places[i] == counts.at(runs[i])) forget_changes(step, runs[i], versions[i] - places[i], versions[i]);
        }
    }
};

}  // namespace

struct HoldGroups::Wanted final : Work {
    Wanted(const Command& its_command, const Hold& its_hold, const PinnedRuns::Known& its_run, std::size_t its_max)
        : Work{Kind::step}, command{its_command}, hold{its_hold}, run{its_run}, max_holds{its_max} {}

    const Command& command;
    const Hold& hold;
    const PinnedRuns::Known& run;
    const std::size_t max_holds;
    std::optional<Hold> placed = std::nullopt;

    /// Whether neither has anything to do with what becomes of the other.
    bool is_apart_from(const Wanted& other) const {
        const bool is_same_command = command.owner == other.command.owner &&
                                     command.operation == other.command.operation &&
                                     command.key.text == other.command.key.text;
        const bool are_counted = hold.owner == other.hold.owner && (max_holds != 0 || other.max_holds != 0);
        const bool is_in_the_way = run.number == other.run.number && overlap(hold, other.hold);
        return !is_same_command && !are_counted && !is_in_the_way && hold.id != other.hold.id;
    }
};

HoldGroups::HoldGroups(Database& database) : database_{database} {
    const auto lanes = std::max<std::size_t>(1, database.connections() / kConnectionsOfALane);
    for (std::size_t i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Turns>(database.environment()));
}

std::optional<Hold> HoldGroups::place(const Command& command, const Hold& wanted, const PinnedRuns::Known& run,
                                      std::size_t max_holds) {
    Wanted mine{command, wanted, run, max_holds};
    Turns& turns = *lanes_[static_cast<std::size_t>(run.number) % lanes_.size()];
    Group group = turns.take(mine);
    if (group.first()) {
        const PassOn pass_on{turns, group};
        turns.gather(group);
        place_group(group);
    }
    return std::move(mine.placed);
}

void HoldGroups::place_group(const Group& group) {
    std::vector<Wanted*> together;
    Timestamp asked = Timestamp::min();
    for (Work* work = group.first(); work; work = Turns::after(*work)) {
        auto& wanted = static_cast<Wanted&>(*work);
        if (!std::ranges::all_of(together, [&](const Wanted* other) { return wanted.is_apart_from(*other); })) continue;
        together.push_back(&wanted);
        asked = std::max(asked, wanted.command.now);
    }
    const auto done = database_.step<bool>(asked, [&](Step& step) -> Result<bool> {
        for (auto* one : together) one->placed.reset();
        return look_and_place(step, together);
    });
    if (done) return;
    for (auto* one : together) one->placed.reset();
}

Result<bool> HoldGroups::look_and_place(Step& step, const std::vector<Wanted*>& together) {
    std::vector<std::int64_t> runs;
    std::vector<ServiceDate> dates;
    std::vector<std::string> owners;
    std::vector<std::int64_t> most;
    std::vector<std::string> actors;
    std::vector<std::string> operations;
    std::vector<std::string> keys;
    Seats seats;
    for (const auto* one : together) {
        runs.push_back(one->run.number);
        dates.push_back(one->run.run.id.date);
        owners.push_back(one->hold.owner);
        most.push_back(signed_limit(one->max_holds));
        actors.push_back(one->command.owner);
        operations.push_back(one->command.operation);
        keys.push_back(one->command.key.text);
        seats.add(one->hold);
    }
    const auto locked = step.ask(kLock, {runs, owners, most});
    const auto looked = step.lock(kLook, {runs, dates, owners, most, actors, operations, keys, seats.first, seats.last,
                                          step.now(), seats.seats, seats.froms, seats.tos});
    if (const auto ready = step.go(); !ready) return ready.error();

    const auto is_locked = step.answer(locked).all([](Row& row) -> Result<bool> { return row.flag(0); });
    if (!is_locked) return is_locked.error();
    struct Look {
        std::int64_t edition = 0;
        std::int64_t version = 0;
        std::uint64_t fence = 0;  // 0 where something speaks against the hold
    };
    const auto looks = step.answer(looked).all([](Row& row) -> Result<Look> {
        if (row.is_null(1) || row.is_null(2) || row.is_null(3)) return Look{};
        return Look{.edition = row.integer(1), .version = row.integer(2), .fence = row.count(3)};
    });
    if (!looks) return looks.error();
    if (is_locked->size() != together.size() || looks->size() != together.size()) return damaged_row();

    NewRows rows;
    for (std::size_t i = 0; i < together.size(); ++i) {
        auto& one = *together[i];
        const auto& look = (*looks)[i];
        if (!(*is_locked)[i] || look.fence == 0 || look.edition != one.run.edition) continue;
        auto changes = store::place_hold(one.hold, look.fence, one.command.owner, step.now());
        auto& hold = *changes.hold;
        hold.pinned = true;
        rows.add(hold, one.run.number, look.version);
        for (auto& entry : audit_of(changes)) rows.add(std::move(entry));
        rows.add(keep_answer(one.command, Answer{hold}, step.now()));
        one.placed = std::move(hold);
    }
    if (!rows.fences.empty()) rows.tell(step, step.now());
    return true;
}

Result<std::size_t> HoldGroups::take_over(std::span<const FrontStep> steps, const PinnedRuns::Known& run) {
    std::vector<std::string> actors;
    std::vector<std::string> operations;
    std::vector<std::string> keys;
    std::vector<std::int64_t> fences;
    std::vector<std::string> ids;
    Seats seats;
    Timestamp last = Timestamp::min();
    std::uint64_t last_fence = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto& one = steps[i];
        // Only what has nothing to do with those before it, and nothing to complain of.
        const bool is_apart = std::ranges::all_of(steps.first(i), [&](const FrontStep& other) {
            const bool is_same_command = one.command.owner == other.command.owner &&
                                         one.command.operation == other.command.operation &&
                                         one.command.key.text == other.command.key.text;
            return !is_same_command && !overlap(one.hold, other.hold) && one.hold.id != other.hold.id &&
                   one.hold.fence != other.hold.fence;
        });
        if (!is_apart || !is_as_the_run(one.hold, run.run) || !check_wanted(one.hold, {run.run})) {
            steps = steps.first(i);
            break;
        }
        actors.push_back(one.command.owner);
        operations.push_back(one.command.operation);
        keys.push_back(one.command.key.text);
        fences.push_back(static_cast<std::int64_t>(one.hold.fence));
        ids.push_back(bytes_of(one.hold.id));
        seats.add(one.hold);
        last = std::max(last, one.command.now);
        last_fence = std::max(last_fence, one.hold.fence & (fence_of(1, 0) - 1));
    }
    if (steps.empty()) return std::size_t{0};
    return database_.step<std::size_t>(last, [&](Step& step) -> Result<std::size_t> {
        step.by_time_of_run_in_batch();
        const auto locked = step.lock(
            "SELECT v.time, v.version, r.edition FROM railbook.run_versions v JOIN railbook.runs r ON r.number = v.run "
            "WHERE v.run = $1 FOR NO KEY UPDATE OF v",
            {run.number});
        const auto looked = step.ask(kLookAgain, {run.number, run.run.id.date, actors, operations, keys, seats.first,
                                                  seats.last, seats.seats, seats.froms, seats.tos, fences, ids});
        if (const auto ready = step.go(); !ready) return ready.error();
        struct Locked {
            Timestamp time{};
            std::int64_t version = 0;
            std::int64_t edition = 0;
        };
        const auto runs = step.answer(locked).all([](Row& row) -> Result<Locked> {
            return Locked{Timestamp{Duration{row.integer(0)}}, row.integer(1), row.integer(2)};
        });
        const auto clear = step.answer(looked).all([](Row& row) -> Result<bool> { return row.flag(0); });
        if (!runs) return runs.error();
        if (!clear) return clear.error();
        if (runs->size() != 1 || clear->size() != steps.size()) return damaged_row();
        if (runs->front().edition != run.edition) return std::size_t{0};
        NewRows rows;
        Timestamp time = runs->front().time;
        std::size_t count = 0;
        for (; count < steps.size() && (*clear)[count]; ++count) {
            const auto& one = steps[count];
            time = std::max(time, one.command.now);
            auto changes = store::place_hold(one.hold, one.hold.fence, one.command.owner, time);
            auto& hold = *changes.hold;
            hold.pinned = true;
            rows.add(hold, run.number, runs->front().version);
            for (auto& entry : audit_of(changes)) rows.add(std::move(entry));
            // What is kept is what the owner was told.
            hold.pinned = false;
            if (!one.command.key.text.empty()) rows.add(keep_answer(one.command, Answer{hold}, time));
        }
        if (count > 0) {
            rows.tell(step, time);
            step.tell(kRaiseFences, {last_fence});
        }
        return count;
    });
}

}  // namespace railbook::store::postgres

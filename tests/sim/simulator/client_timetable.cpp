// Other coaches, other timetables, and those who follow what happens on a run.

#include "sim/simulator/client.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace railbook::sim {

// --- Coaches -------------------------------------------------------------------------------------------------------

std::optional<ConsistOffer> Client::offer_of_coaches(const RunId& run, const std::shared_ptr<const Consist>& consist) {
    world_.begin(Event::Kind::find);
    const auto offer = world_.attempt<ConsistOffer>(Operation::coaches, random_, [&](Engine& engine) {
        return engine.inventory().offer_consist(staff_, run, consist);
    });
    if (!offer || !*offer) return std::nullopt;
    const auto codes = codes_of(*consist);
    for (const auto& one : (*offer)->reseatings) {
        if (std::ranges::find(codes, code_of(one.to)) == codes.end())
            violated("14 who is moved gets a seat", fmt::format("hold {}", brief(one.hold)));
    }
    return **offer;
}

void Client::change_coaches() {
    const auto& plan = world_.plan();
    const auto run = run_named(plan, random_.below(plan.runs));
    const auto consist = consist_of(plan, random_.below(kConsists));
    const auto offer = offer_of_coaches(run, consist);
    if (!offer) return;
    // The operator looks at the list for a while.
    const bool waits = random_.coin();
    const auto time = random_.between(0, 2000);
    if (waits) world_.scheduler().sleep(Duration{time});
    Event event = world_.begin(Event::Kind::coaches);
    event.rides = {{run, {0, static_cast<std::uint16_t>(plan.segments)}, {}}};
    event.coaches = codes_of(*consist);
    for (const auto& one : offer->reseatings)
        event.moves.push_back({one.hold, one.item, code_of(one.from), code_of(one.to)});
    const auto answer = persist<Run>(Operation::coaches, [&](Engine& engine) {
        return engine.inventory().change_consist(staff_, run, consist, offer->id);
    });
    // Also where nothing is known of it: a step that the power cut ended may have been done.
    if (!answer) {
        if (offer->stranded.empty()) world_.abandon(std::move(event));
        return;
    }
    if (!*answer) {
        const auto code = answer->error().code;
        if (code == ErrorCode::conflict) {
            if (!offer->stranded.empty())
                world_.report().mark("a consist change that would strand somebody was refused");
            else world_.report().mark("a run had changed since its offer");
            return;
        }
        if (code != ErrorCode::not_found || !world_.was_imported(Timetabled::fewer))
            violated("a refusal has a reason", fmt::format("other coaches, with {}", to_string(code)));
        return;
    }
    if (codes_of(*(*answer)->consist) != event.coaches)
        return violated("14 a consist change does what was offered", to_string(run));
    const bool was_sold = std::ranges::any_of(offer->reseatings, [&](const Reseating& one) {
        const Hold* hold = world_.witness().find(one.hold);
        return hold && hold->status == HoldStatus::sold;
    });
    world_.report().mark("a run got other coaches");
    if (!event.moves.empty()) world_.report().mark("a consist change re-seated a held seat");
    if (was_sold) world_.report().mark("a consist change re-seated a sold seat");
    world_.finish(std::move(event));
}

// --- Timetables ----------------------------------------------------------------------------------------------------

void Client::import_timetable() {
    const auto timetable = static_cast<Timetabled>(random_.below(kTimetables));
    // Reading a feed takes long, for a simulator.
    const bool is_wanted = random_.one_in(3);
    if (!is_wanted) return;
    const auto begun = world_.begin(Event::Kind::find).invoked;
    world_.note_import(timetable);
    const auto answer = world_.attempt<ImportReport>(Operation::import, random_, [&](Engine& engine) {
        return engine.timetable().import_gtfs(world_.folder_of(timetable), {.name = "sim"});
    });
    if (!answer || (!*answer && answer->error().code == ErrorCode::unavailable)) return;
    if (!*answer)
        return violated("a refusal has a reason", fmt::format("an import, with {}", to_string(answer->error().code)));
    // Law 14: who holds a seat was told when the train goes, and an import that says otherwise says so.
    for (const auto& event : world_.history()) {
        if (event.kind != Event::Kind::place || event.refused || event.responded > begun) continue;
        for (const auto& ride : event.rides) {
            if ((ride.timetables & bit_of(timetable)) != 0) continue;
            world_.report().mark("an import met a pinned run");
            if (std::ranges::find((*answer)->pinned, ride.run, &PinnedRunChange::run) == (*answer)->pinned.end())
                return violated("14 an import reports the pinned runs that it would change", to_string(ride.run));
        }
    }
}

// --- Changes -------------------------------------------------------------------------------------------------------

/// Segment by segment. False where it did not work, or somebody changed something meanwhile.
bool Client::look_at_all(std::size_t run, Followed& known) {
    const auto& plan = world_.plan();
    Followed fresh;
    std::size_t seats = 0;
    for (std::size_t segment = 0; segment < plan.segments; ++segment) {
        const auto map = world_.attempt<SeatMap>(Operation::follow, random_, [&](Engine& engine) {
            return engine.inventory().seats(run_named(plan, run), station(segment), station(segment + 1));
        });
        if (!map || !*map) return false;
        if (segment == 0) {
            fresh.version = (*map)->version;
            fresh.coaches = codes_of(*(*map)->run.consist);
            seats = fresh.coaches.size();
            fresh.cells.resize(seats * plan.segments);
        }
        if ((*map)->version != fresh.version || codes_of(*(*map)->run.consist) != fresh.coaches) return false;
        std::size_t seat = 0;
        for (const auto& coach : (*map)->coaches) {
            for (const auto& view : coach.seats)
                fresh.cells[seat++ * plan.segments + segment] = static_cast<Sight>(view.state);
        }
    }
    known = std::move(fresh);
    world_.report().mark("a subscriber looked at all seats again");
    return true;
}

void Client::follow() {
    const auto& plan = world_.plan();
    const auto run = random_.below(plan.runs);
    Followed& known = followed_[run];
    if (known.coaches.empty()) {
        known.coaches = codes_of(*consist_of(plan, 0));
        known.cells.resize(known.coaches.size() * plan.segments);
    }
    world_.begin(Event::Kind::find);
    if (!known.in_step && !look_at_all(run, known)) return;
    Event event = world_.begin(Event::Kind::follow);
    const auto answer = world_.attempt<SeatChanges>(Operation::follow, random_, [&](Engine& engine) {
        return engine.inventory().changes_after(run_named(plan, run), known.version);
    });
    if (!answer || !*answer) return;  // it goes on from here the next time
    const SeatChanges& told = **answer;
    const auto object = fmt::format("run {} after version {}", run + 1, known.version);
    if (told.version < known.version) return violated("9 what was acknowledged is there", object);
    if (told.resync) {
        known.in_step = false;
        world_.report().mark("a subscriber was told to look at all seats again");
        return;
    }
    if (!told.changes.empty()) world_.report().mark("a subscriber went on where it was");
    auto last = known.version + 1;
    for (const auto& change : told.changes) {
        const bool fits =
            change.seat < known.coaches.size() && change.span.from < change.span.to && change.span.to <= plan.segments;
        if (!fits || change.version < last || change.version > told.version)
            return violated("a subscriber sees every change once, in order", object);
        last = change.version;
        for (auto segment = change.span.from; segment < change.span.to; ++segment)
            known.cells[change.seat * plan.segments + segment] = static_cast<Sight>(change.state);
    }
    known.version = told.version;
    event.rides = {{run_named(plan, run), {0, static_cast<std::uint16_t>(plan.segments)}, {}}};
    event.coaches = known.coaches;
    event.sights = known.cells;
    world_.finish(std::move(event));
}

}  // namespace railbook::sim

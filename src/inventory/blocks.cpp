#include <functional>
#include <set>

#include <fmt/format.h>

#include <railbook/inventory.hpp>

#include "base/command.hpp"
#include "inventory/rides.hpp"

namespace railbook {
namespace {

constexpr std::size_t kMaxSeats = 10'000;  // more than any train has

/// The run, and what of it is meant.
struct Found {
    Run run;
    SeatBlock block;
};
Result<Found> find_seats(Timetable& timetable, const Principal& principal, const BlockRequest& request) {
    if (!principal.may(Scope::operate)) return Error{ErrorCode::forbidden, "blocking seats needs the scope 'operate'"};
    if (request.seats.empty() || request.seats.size() > kMaxSeats)
        return Error{ErrorCode::invalid_argument, "name the seats, at least one"};
    auto run = timetable.run(request.run);
    if (!run) return run.error();
    const auto ends = inventory::find_ends(*run, request.from, request.to);
    if (!ends) return ends.error();
    SeatBlock block{.run = run->id,
                    .span = {static_cast<std::uint16_t>(ends->first), static_cast<std::uint16_t>(ends->second)},
                    .seats = {}};
    std::set<SeatId> named;
    for (const auto& seat : request.seats) {
        const auto index = run->consist->index_of(seat);
        if (!index) {
            return Error{ErrorCode::not_found, fmt::format("{} has no seat {}", run->train, to_string(seat)),
                         "'railbook run seats' shows the seats of a run"};
        }
        if (!named.insert(seat).second)
            return Error{ErrorCode::invalid_argument, fmt::format("seat {} is named twice", to_string(seat))};
        block.seats.push_back({*index, seat});
    }
    return Found{*std::move(run), std::move(block)};
}

/// As it was asked for: the run may get other calls and coaches between a request and its repeat.
base::Canonical canonical(const BlockRequest& request) {
    base::Canonical text;
    text.add(to_string(request.run)).add(request.from).add(request.to);
    for (const auto& seat : request.seats) text.add(seat.coach).add(seat.seat);
    return text;
}

/// Does it again where the run was pinned, or got other coaches, between the look at it and the step.
Result<SeatBlock> while_the_run_changes(const std::function<Result<SeatBlock>()>& attempt) {
    constexpr int kMaxRounds = 20;
    for (int round = 1;; ++round) {
        auto answer = attempt();
        if (answer || answer.error().code != ErrorCode::conflict || round == kMaxRounds) return answer;
    }
}

}  // namespace

Result<SeatBlock> Inventory::block(const Principal& principal, const BlockRequest& request) {
    if (const auto ok = base::check_key(request.key); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    const Command command =
        base::make_command(principal, "seats.block", request.key, canonical(request), *now, policy_.keep_answers);
    return while_the_run_changes([&]() -> Result<SeatBlock> {
        const auto found = find_seats(timetable_, principal, request);
        if (found) return store_.inventory().block_seats(command, found->run, found->block);
        if (found.error().code == ErrorCode::forbidden) return found.error();
        // What cannot be done now may have been done before the run changed.
        const auto earlier = store_.find_answer(command);
        if (!earlier) return earlier.error();
        if (*earlier) return std::get<SeatBlock>(**earlier);
        return found.error();
    });
}

Result<SeatBlock> Inventory::unblock(const Principal& principal, const BlockRequest& request) {
    const auto now = store_.now();
    if (!now) return now.error();
    return while_the_run_changes([&]() -> Result<SeatBlock> {
        const auto found = find_seats(timetable_, principal, request);
        if (!found) return found.error();
        // Repeated, it finds nothing left to unblock: no answer has to be kept.
        const Command command = base::make_command(principal, "seats.unblock", {}, {}, *now, {});
        return store_.inventory().unblock_seats(command, found->run, found->block);
    });
}

Result<SeatChanges> Inventory::changes_after(const RunId& id, std::uint64_t version) {
    const auto run = timetable_.run(id);
    if (!run) return run.error();
    return store_.inventory().changes_after(run->id, version);
}

}  // namespace railbook

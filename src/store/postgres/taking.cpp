#include "store/postgres/taking.hpp"

#include <algorithm>

#include "store/postgres/errors.hpp"

namespace railbook::store::postgres {

std::size_t ask_to_take(Step& step, const Command* command, Timestamp asked, const TakingRequest& request) {
    RunNames names;
    for (const auto& run : request.runs) names.add(run);
    std::vector<std::int64_t> places;
    for (std::size_t i = 0; i < request.seats.seats.size(); ++i)
        places.push_back(std::ranges::find(request.runs, request.seats.run(i)) - request.runs.begin() + 1);
    const std::string none;
    if (request.by_time_of_run) step.by_time_of_run_in_batch();
    const auto place = step.lock(
        "SELECT latest, numbers, editions, live, fence, taken, dropped, dropped_froms, dropped_tos "
        "FROM railbook.begin_taking($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        {asked, command ? command->owner : none, command ? command->operation : none,
         command ? command->key.text : none, request.owner, signed_limit(request.max_holds), request.draws_fence,
         names.dates, names.feeds, names.trips, names.starts, places, request.seats.seats, request.seats.froms,
         request.seats.tos});
    // By a statement of its own, which sees what was committed while the lock was waited for.
    if (request.epoch) step.ask("SELECT epoch FROM railbook.railbook_store");
    return place;
}

Status check_epoch(const Step& step, std::size_t asked, const TakingRequest& request) {
    if (!request.epoch) return {};
    const auto epoch = step.answer(asked + 1).integer();
    if (!epoch) return epoch.error();
    if (*epoch == static_cast<std::int64_t>(*request.epoch)) return {};
    return Error{ErrorCode::unavailable, "an epoch of fences has ended", "try again"};
}

Result<Way> read_way(Row& row, int first, const SeatList& wanted) {
    Way way;
    const auto is_place = [&](std::int64_t place) {
        return place >= 1 && place <= static_cast<std::int64_t>(wanted.seats.size());
    };
    for (const auto place : row.integers(first)) {
        if (!is_place(place)) return damaged_row();
        way.taken.push_back(static_cast<std::size_t>(place - 1));
    }
    const auto dropped = row.integers(first + 1);
    const auto froms = row.integers(first + 2);
    const auto tos = row.integers(first + 3);
    if (froms.size() != dropped.size() || tos.size() != dropped.size()) return damaged_row();
    for (std::size_t i = 0; i < dropped.size(); ++i) {
        if (!is_place(dropped[i])) return damaged_row();
        const auto place = static_cast<std::size_t>(dropped[i] - 1);
        way.dropped.emplace_back(wanted.run(place), Allocation{.seat = static_cast<std::uint32_t>(wanted.seats[place]),
                                                               .span = {static_cast<std::uint16_t>(froms[i]),
                                                                        static_cast<std::uint16_t>(tos[i])},
                                                               .state = SeatState::held,
                                                               .hold = {}});
    }
    return way;
}

Result<Way> read_way(const Rows& rows, int first, const SeatList& wanted) {
    auto way = rows.one([&](Row& row) { return read_way(row, first, wanted); });
    if (!way) return std::move(way).error();
    if (!*way) return damaged_row();
    return **std::move(way);
}

Result<Taking> read_taking(const Rows& rows, const TakingRequest& request) {
    auto found = rows.one([&](Row& row) -> Result<Taking> {
        Taking taking;
        if (row.is_null(1)) return taking;
        taking.numbers = row.integers(1);
        taking.editions = row.integers(2);
        taking.live = row.count(3);
        if (!row.is_null(4)) taking.fence = row.count(4);
        if (row.is_null(5)) return taking;
        auto way = read_way(row, 5, request.seats);
        if (!way) return std::move(way).error();
        taking.taken = std::move(way->taken);
        taking.before.dropped = std::move(way->dropped);
        return taking;
    });
    if (!found) return std::move(found).error();
    if (!*found) return damaged_row();
    if ((*found)->numbers.size() != (*found)->editions.size()) return damaged_row();
    return **std::move(found);
}

}  // namespace railbook::store::postgres

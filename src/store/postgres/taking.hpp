#pragma once
/// The first half of a step that takes seats: it locks the runs, and finds all that the decision needs.

#include <optional>
#include <string>
#include <vector>

#include "store/postgres/tables.hpp"

namespace railbook::store::postgres {

struct TakingRequest {
    std::vector<RunId> runs;  ///< In the order of their names, each once.
    SeatList seats;           ///< All of them on these runs.
    std::string owner = {};   ///< Whose live holds are counted.
    std::size_t max_holds = 0;
    bool draws_fence = false;
    bool by_time_of_run = false;                        ///< See Step::by_time_of_run.
    std::optional<std::uint64_t> epoch = std::nullopt;  ///< In which the fence was drawn in front, where it was.
};
/// What railbook.make_way() answers: the places, from 0, of the seats that others have, and what it dropped.
struct Way {
    std::vector<std::size_t> taken;
    std::vector<Placed> dropped;
};
/// From four columns.
Result<Way> read_way(Row& row, int first, const SeatList& wanted);
Result<Way> read_way(const Rows& rows, int first, const SeatList& wanted);

struct Taking {
    std::vector<std::int64_t> numbers;  ///< Of the runs; none where one of them is not pinned.
    std::vector<std::int64_t> editions;
    std::size_t live = 0;                ///< Holds of the owner; counted only where there is a maximum.
    std::vector<std::size_t> taken;      ///< Places in the list of seats, from 0.
    std::optional<std::uint64_t> fence;  ///< Drawn where nothing is taken.
    SeatsBefore before;                  ///< What had lapsed and was dropped.
};

/// Queues the lock, and behind it the question for the epoch; the answer is at the returned place. `command` is null
/// where the step has no key.
std::size_t ask_to_take(Step& step, const Command* command, Timestamp asked, const TakingRequest& request);
/// Whether the fence that was drawn in front is still one to be used; otherwise `unavailable`. The answer of the lock
/// is at `asked`.
Status check_epoch(const Step& step, std::size_t asked, const TakingRequest& request);
Result<Taking> read_taking(const Rows& rows, const TakingRequest& request);

}  // namespace railbook::store::postgres

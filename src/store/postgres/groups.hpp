#pragma once
/// Holds that are placed together: those that wait share a transaction, so that many share its statements and its sync.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <railbook/stores.hpp>

#include "store/postgres/database.hpp"
#include "store/record.hpp"
#include "store/turns.hpp"

namespace railbook::store::postgres {

/// Thread-safe. The database must outlive it.
///
/// A group takes only what is clear: it waits for no lock that another step has, and for each hold it looks whether
/// anything speaks against it, such as an earlier answer, a maximum, or any allocation in the way. Such a hold is left
/// to a step of its own, which decides and gives the reason. So holds in a group have nothing to do with each other,
/// and it is as if each had been placed by itself, in some order.
class HoldGroups {
public:
    explicit HoldGroups(Database& database);

    /// Places a hold of one run, which this process knows as it is pinned. Nothing where it is left to a step of its
    /// own; that is also so where the group failed, and nobody may know whether it was committed: the command has a
    /// key.
    std::optional<Hold> place(const Command& command, const Hold& wanted, const PinnedRuns::Known& run,
                              std::size_t max_holds);

    /// Does again, in one transaction, what was done in front: holds that were placed on one run, in that order and at
    /// those times. It stops before the first one that something speaks against. Answers how many it has placed. Does
    /// not wait for the disk.
    Result<std::size_t> take_over(std::span<const FrontStep> steps, const PinnedRuns::Known& run);

private:
    struct Wanted;

    void place_group(const Group& group);
    static Result<bool> look_and_place(Step& step, const std::vector<Wanted*>& together);

    Database& database_;
    std::vector<std::unique_ptr<Turns>> lanes_;
};

}  // namespace railbook::store::postgres

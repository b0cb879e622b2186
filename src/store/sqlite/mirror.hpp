#pragma once
/// What the process remembers of the file: which runs are pinned, and of those that were asked for, who has which seat.
/// It answers questions without waiting for a step that writes; it never decides about a write.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

#include <railbook/stores.hpp>

#include "store/sqlite/tables.hpp"

namespace railbook::store::sqlite {

/// What a step has changed, for the mirror to follow once it is committed.
struct Effects {
    std::vector<Run> pinned;
    std::vector<Hold> holds;  ///< In the order of their changes.
    std::optional<SeatBlock> blocked = std::nullopt;
    std::optional<SeatBlock> unblocked = std::nullopt;
    std::optional<PinnedRun> rebuilt = std::nullopt;  ///< With other coaches.
    std::vector<RunId> loaded;                        ///< From another store: the file knows them.
};

/// Thread-safe.
class Mirror {
public:
    static constexpr std::size_t kMostLoaded = 4'000;

    /// Of more runs than `most_loaded` those with the earliest dates are forgotten: they are asked for least.
    explicit Mirror(std::size_t most_loaded = kMostLoaded) : most_loaded_{most_loaded} {}

    /// The index of all pinned runs; their content is loaded when it is first asked for.
    void reset(const std::vector<RunId>& pinned);

    enum class Knowledge : std::uint8_t {
        not_pinned,
        not_loaded,  ///< Ask the file, and load() what it says.
        loaded,
    };
    /// Fills `run` where it is loaded.
    Knowledge find_run(const RunId& id, std::optional<Run>& run) const;
    /// Fills `occupancy` where it is loaded.
    Knowledge find_occupancy(const RunId& id, Timestamp now, Occupancy& occupancy) const;

    /// Fills `changes` where it is loaded.
    Knowledge find_changes(const RunId& id, std::uint64_t version, SeatChanges& changes) const;

    /// No step may commit between reading `run` from the file and loading it.
    void load(PinnedRun run);
    void follow(const Effects& effects, Timestamp now);

private:
    void keep(PinnedRun run);  // with the lock held

    std::size_t most_loaded_;
    mutable std::shared_mutex mutex_;  // guards all that follows
    std::map<RunId, std::optional<PinnedRun>> runs_;
    std::set<RunId> loaded_;  // those of them
};

}  // namespace railbook::store::sqlite

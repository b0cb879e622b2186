#include "store/sqlite/mirror.hpp"

#include <mutex>

namespace railbook::store::sqlite {

void Mirror::reset(const std::vector<RunId>& pinned) {
    const std::lock_guard lock{mutex_};
    runs_.clear();
    loaded_.clear();
    for (const auto& id : pinned) runs_.emplace(id, std::nullopt);
}

Mirror::Knowledge Mirror::find_run(const RunId& id, std::optional<Run>& run) const {
    const std::shared_lock lock{mutex_};
    const auto found = runs_.find(id);
    if (found == runs_.end()) return Knowledge::not_pinned;
    if (!found->second) return Knowledge::not_loaded;
    run = found->second->run;
    return Knowledge::loaded;
}

Mirror::Knowledge Mirror::find_occupancy(const RunId& id, Timestamp now, Occupancy& occupancy) const {
    const std::shared_lock lock{mutex_};
    const auto found = runs_.find(id);
    if (found == runs_.end()) return Knowledge::not_pinned;
    if (!found->second) return Knowledge::not_loaded;
    occupancy = found->second->allocations.at(now);
    return Knowledge::loaded;
}

Mirror::Knowledge Mirror::find_changes(const RunId& id, std::uint64_t version, SeatChanges& changes) const {
    const std::shared_lock lock{mutex_};
    const auto found = runs_.find(id);
    if (found == runs_.end()) return Knowledge::not_pinned;
    if (!found->second) return Knowledge::not_loaded;
    changes = found->second->allocations.changes_after(version);
    return Knowledge::loaded;
}

void Mirror::load(PinnedRun run) {
    const std::lock_guard lock{mutex_};
    keep(std::move(run));
}

void Mirror::keep(PinnedRun run) {
    const auto id = run.run.id;
    runs_.insert_or_assign(id, std::move(run));
    loaded_.insert(id);
    while (loaded_.size() > most_loaded_ && loaded_.size() > 1) {
        auto earliest = loaded_.begin();
        if (*earliest == id) ++earliest;
        runs_.at(*earliest).reset();
        loaded_.erase(earliest);
    }
}

void Mirror::follow(const Effects& effects, Timestamp now) {
    const std::lock_guard lock{mutex_};
    for (const auto& run : effects.pinned) keep({run, RunAllocations{run}});
    for (const auto& hold : effects.holds) {
        for (const auto& id : runs_of(hold)) {
            // A run that was not asked for yet is read from the file when it is.
            if (auto& run = runs_.at(id)) run->allocations.follow(hold, id, now);
        }
    }
    if (effects.blocked) {
        if (auto& run = runs_.at(effects.blocked->run)) run->allocations.block(*effects.blocked, now);
    }
    if (effects.unblocked) {
        if (auto& run = runs_.at(effects.unblocked->run)) run->allocations.unblock(*effects.unblocked);
    }
    for (const auto& id : effects.loaded) runs_.emplace(id, std::nullopt);
    if (effects.rebuilt) keep(*effects.rebuilt);
}

}  // namespace railbook::store::sqlite

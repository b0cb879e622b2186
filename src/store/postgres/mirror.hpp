#pragma once
/// What this process remembers of the allocations of runs. Whether it still holds is asked each time, by the version of
/// the run, which grows with every change: so an answer is never older than the question. It decides about no write.

#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store::postgres {

/// Thread-safe.
class Mirror {
public:
    using Allocations = std::shared_ptr<const std::vector<Allocation>>;

    /// Null where the version of that run (by number) is not known.
    Allocations find(std::int64_t run, std::uint64_t version) const {
        const std::lock_guard lock{mutex_};
        const auto found = runs_.find(run);
        return found == runs_.end() || found->second.version != version ? nullptr : found->second.allocations;
    }
    void put(std::int64_t run, std::uint64_t version, Allocations allocations) {
        const std::lock_guard lock{mutex_};
        auto& known = runs_[run];
        if (known.version <= version) known = {version, std::move(allocations)};
        if (runs_.size() <= kMaxRuns) return;
        const auto first = runs_.begin();
        runs_.erase(first->first == run ? std::next(first) : first);
    }

private:
    /// Beyond this the one that was pinned first is forgotten, which is asked for least.
    static constexpr std::size_t kMaxRuns = 2'000;
    struct Known {
        std::uint64_t version = 0;
        Allocations allocations;
    };
    mutable std::mutex mutex_;
    std::map<std::int64_t, Known> runs_;
};

}  // namespace railbook::store::postgres

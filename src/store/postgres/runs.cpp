#include "store/postgres/runs.hpp"

#include "store/records/records.hpp"

namespace railbook::store::postgres {
namespace {

/// Beyond this the one that was pinned first is forgotten, which is asked for least.
constexpr std::size_t kMaxRuns = 50'000;

}  // namespace

std::optional<Run> PinnedRuns::find(std::int64_t number, std::int64_t edition) const {
    const std::lock_guard lock{mutex_};
    const auto found = runs_.find(number);
    if (found == runs_.end() || found->second.edition != edition) return std::nullopt;
    return found->second.run;
}

std::optional<PinnedRuns::Known> PinnedRuns::find(const RunId& run) const {
    const std::lock_guard lock{mutex_};
    const auto found = numbers_.find(run);
    return found == numbers_.end() ? std::nullopt : std::optional{runs_.at(found->second)};
}

void PinnedRuns::put(std::int64_t number, std::int64_t edition, const Run& run) {
    const std::lock_guard lock{mutex_};
    runs_.insert_or_assign(number, Known{number, edition, run});
    numbers_.insert_or_assign(run.id, number);
    if (runs_.size() <= kMaxRuns) return;
    auto first = runs_.begin();
    if (first->first == number) ++first;
    numbers_.erase(first->second.run.id);
    runs_.erase(first);
}

Result<std::shared_ptr<const Consist>> PinnedRuns::coaches(std::string_view hash, std::string_view value) {
    {
        const std::lock_guard lock{mutex_};
        const auto known = consists_.find(hash);
        if (known != consists_.end()) {
            if (auto shared = known->second.lock()) return shared;
        }
    }
    auto decoded = records::decode_consist(value);
    if (!decoded) return std::move(decoded).error();
    std::shared_ptr<const Consist> shared = std::make_shared<const Consist>(*std::move(decoded));
    const std::lock_guard lock{mutex_};
    consists_[std::string{hash}] = shared;
    return shared;
}

}  // namespace railbook::store::postgres

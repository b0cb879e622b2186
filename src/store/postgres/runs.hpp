#pragma once
/// The pinned runs that this process has read. Where one gets other coaches or calls,
/// its edition changes, too.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <railbook/stores.hpp>

namespace railbook::store::postgres {

/// Thread-safe.
class PinnedRuns {
public:
    struct Known {
        std::int64_t number = 0;
        std::int64_t edition = 0;
        Run run;
    };
    std::optional<Run> find(std::int64_t number, std::int64_t edition) const;
    /// A run as this process has read it last, which may not be its newest edition.
    std::optional<Known> find(const RunId& run) const;
    /// Only a run that is committed.
    void put(std::int64_t number, std::int64_t edition, const Run& run);

    /// The coaches of that hash, which many runs share. `value` is decoded where they are not known yet.
    Result<std::shared_ptr<const Consist>> coaches(std::string_view hash, std::string_view value);

private:
    mutable std::mutex mutex_;  // guards all that follows
    std::map<std::int64_t, Known> runs_;
    std::map<RunId, std::int64_t> numbers_;
    std::map<std::string, std::weak_ptr<const Consist>, std::less<>> consists_;
};

}  // namespace railbook::store::postgres

#pragma once
/// What this process remembers of the seats of runs that are open. Whether it still holds is asked each time, by the
/// version of the run: so an answer is never older than the question. It decides about no write.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store::redis {

/// Thread-safe.
class SeenRun {
public:
    struct Seat {
        std::uint32_t index = 0;
        std::string value;  ///< As it is in Redis; empty where nothing is taken.
    };
    /// That it has seen of the epoch; 0 for none.
    std::uint64_t version(std::uint64_t epoch) const;
    /// What the seats are that have changed up to this version, or all that are not free. What it knows may be newer.
    void follow(std::uint64_t epoch, std::uint64_t version, bool all, const std::vector<Seat>& seats);
    /// What one version changed, where the one before is known.
    void follow_one(std::uint64_t epoch, std::uint64_t version, const std::vector<Seat>& seats) {
        if (this->version(epoch) + 1 == version) follow(epoch, version, false, seats);
    }
    /// Errors: damaged.
    Result<Occupancy> at(const Run& run, Timestamp now);

private:
    /// With the lock held.
    bool draw(const Run& run, Timestamp now);
    bool draw_seat(std::uint32_t seat, const std::string& value, Timestamp now);

    mutable std::mutex mutex_;
    std::uint64_t epoch_ = 0;
    std::uint64_t version_ = 0;
    std::map<std::uint32_t, std::string> seats_;
    // As masks, so that nobody who asks goes through all seats.
    std::shared_ptr<const Consist> consist_;  // of these coaches; null where all is to be drawn anew
    Occupancy drawn_;
    std::vector<std::uint32_t> changed_;  // and not drawn yet
    Timestamp none_lapses_before_ = Timestamp::min();
};

/// Thread-safe.
class Mirror {
public:
    std::shared_ptr<SeenRun> find(const std::string& run) {
        const std::lock_guard lock{mutex_};
        const auto found = runs_.find(run);
        if (found != runs_.end()) return found->second;
        if (runs_.size() >= kMostRuns) runs_.clear();
        return runs_[run] = std::make_shared<SeenRun>();
    }

private:
    static constexpr std::size_t kMostRuns = 2'000;
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<SeenRun>> runs_;
};

}  // namespace railbook::store::redis

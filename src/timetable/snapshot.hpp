#pragma once
/// All feeds and the rules for coaches at one instant.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

#include "timetable/image_cache.hpp"
#include "timetable/joined.hpp"
#include "timetable/layouts.hpp"
#include "timetable/network.hpp"
#include "timetable/station_index.hpp"

namespace railbook::timetable {

/// Immutable, so thread-safe.
struct Snapshot {
    struct Part {
        Feed feed;
        std::shared_ptr<const Network> network;
    };
    std::uint64_t change = 0;  ///< Which change of the timetable this is the state after.
    std::vector<Part> parts;   ///< By name.
    std::vector<Document> documents;
    ConsistRules rules;

    /// Null where there is no such feed.
    const Network* find(std::string_view feed) const { return share(feed).get(); }
    std::shared_ptr<const Network> share(std::string_view feed) const;
    /// Made when it is first asked for.
    const StationIndex& stations() const;
    /// Of feeds that passengers can change between; made when it is first asked for.
    const std::vector<JoinedNetwork>& joined() const;
    /// Whether it is that of a feed, or of several that are joined.
    bool has(const Network* network) const;

private:
    mutable std::once_flag stations_made_;
    mutable std::optional<StationIndex> stations_;
    mutable std::once_flag joined_made_;
    mutable std::vector<JoinedNetwork> joined_;
};

/// A network that need not be read, by the checksum of its compiled form.
struct KnownNetwork {
    std::string checksum = {};
    std::shared_ptr<const Network> network = nullptr;
};

/// Reads the store's feeds; those that `earlier` (may be null) has in the same version are taken from there, or from
/// the cache.
Result<std::shared_ptr<const Snapshot>> load_snapshot(TimetableStore& store, const Snapshot* earlier,
                                                      const KnownNetwork& known, const ImageCache& cache,
                                                      std::uint64_t change);

}  // namespace railbook::timetable

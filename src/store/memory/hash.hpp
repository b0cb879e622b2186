#pragma once
/// Hashes of what a store in memory looks up.

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>

#include <railbook/ids.hpp>

namespace railbook::store::memory {

/// The ids are random, so any part of one is a good hash.
struct HashId {
    using is_avalanching = void;

    template <class Tag>
    std::size_t operator()(const RandomId<Tag>& id) const {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data(), sizeof hash);
        return hash;
    }
};

struct HashRunId {
    std::size_t operator()(const RunId& run) const {
        const std::hash<std::string> text;
        std::size_t hash = text(run.trip.trip) * 31 + text(run.trip.feed);
        hash = hash * 31 + static_cast<std::size_t>(run.date.time_since_epoch().count());
        return hash * 31 + static_cast<std::size_t>(run.start.value_or(-1));
    }
};

}  // namespace railbook::store::memory

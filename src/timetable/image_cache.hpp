#pragma once
/// Files of compiled timetables, so that a start maps them instead of making them anew. They are a copy of what the
/// store has and hold nothing else: where one is missing or damaged, or there cannot be any, all goes on without.

#include <memory>
#include <span>
#include <string>

#include <railbook/stores.hpp>

#include "timetable/network.hpp"

namespace railbook::timetable {

/// Thread-safe, and safe with others that use the same files: each is written under another name, renamed when it is
/// whole, and never changed after.
class ImageCache {
public:
    /// What the names of its files begin with: a folder, and a beginning that no other store has. Empty: there is no
    /// cache.
    explicit ImageCache(std::string prefix) : prefix_{std::move(prefix)} {}

    bool is_on() const { return !prefix_.empty(); }
    /// Null where there is no file of this version of the feed, or it is not in order.
    std::shared_ptr<const Network> find(const Feed& feed) const;
    /// Where it does not succeed, nothing is kept.
    void keep(const Feed& feed, const Network& network) const;
    /// Removes the files of all other versions, and what was left unfinished.
    void keep_only(std::span<const Feed> feeds) const;

private:
    std::string file_of(const Feed& feed) const;

    std::string prefix_;
};

}  // namespace railbook::timetable

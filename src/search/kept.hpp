#pragma once
/// What is costly to make and was used last.

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace railbook::search {

/// Keeps values by key until others were used more recently and there is no room for all. Thread-safe.
template <class Key, class Value, class Hash = std::hash<Key>>
class Kept {
public:
    /// Together the values may weigh so much; the last one is kept whatever it weighs.
    Kept(std::size_t most, std::size_t most_weight) : most_{most}, most_weight_{most_weight} {}

    /// Nothing where it is not kept.
    std::shared_ptr<const Value> find(const Key& key) {
        const std::lock_guard lock{mutex_};
        const auto found = by_key_.find(key);
        if (found == by_key_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->value;
    }
    /// Returns what is kept then: where another thread was first, its value.
    std::shared_ptr<const Value> keep(const Key& key, std::shared_ptr<const Value> value, std::size_t weight) {
        const std::lock_guard lock{mutex_};
        if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->value;
        add(key, value, weight);
        return value;
    }
    /// In the place of what was kept.
    void replace(const Key& key, std::shared_ptr<const Value> value, std::size_t weight) {
        const std::lock_guard lock{mutex_};
        if (const auto found = by_key_.find(key); found != by_key_.end()) {
            weight_ -= found->second->weight;
            entries_.erase(found->second);
            by_key_.erase(found);
        }
        add(key, std::move(value), weight);
    }

private:
    struct Entry {
        Key key;
        std::shared_ptr<const Value> value;
        std::size_t weight = 0;
    };

    void add(const Key& key, std::shared_ptr<const Value> value, std::size_t weight) {
        entries_.push_front({key, std::move(value), weight});
        by_key_.emplace(key, entries_.begin());
        weight_ += weight;
        while (entries_.size() > 1 && (entries_.size() > most_ || weight_ > most_weight_)) {
            weight_ -= entries_.back().weight;
            by_key_.erase(entries_.back().key);
            entries_.pop_back();
        }
    }

    const std::size_t most_;
    const std::size_t most_weight_;
    std::mutex mutex_;
    std::size_t weight_ = 0;
    std::list<Entry> entries_;  // the last used first
    std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> by_key_;
};

}  // namespace railbook::search

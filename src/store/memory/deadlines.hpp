#pragma once
/// What comes due in a store in memory.

#include <deque>
#include <map>
#include <utility>

#include <railbook/time.hpp>

namespace railbook::store::memory {

/// Things with the times at which they come due, the earliest first, and in the order of their coming between equal
/// times. Most come due after all that are there and only go to the end. Nothing is taken out of the middle: whoever
/// takes the first sees whether it still counts. Not thread-safe.
template <class T>
class Deadlines {
public:
    using Entry = std::pair<Timestamp, T>;

    void add(Timestamp at, T what) {
        if (last_.empty() || last_.back().first <= at) last_.emplace_back(at, std::move(what));
        else early_.emplace(at, std::move(what));
    }
    bool is_empty() const { return early_.empty() && last_.empty(); }
    /// It is not empty.
    Entry first() const {
        if (is_early()) return {early_.begin()->first, early_.begin()->second};
        return last_.front();
    }
    void drop_first() {
        if (is_early()) early_.erase(early_.begin());
        else last_.pop_front();
    }

private:
    bool is_early() const { return !early_.empty() && (last_.empty() || early_.begin()->first < last_.front().first); }

    std::deque<Entry> last_;
    std::multimap<Timestamp, T> early_;  // what came after something that ends later
};

}  // namespace railbook::store::memory

#pragma once
/// What comes due in a store in memory.

#include <cstdint>
#include <deque>
#include <set>
#include <utility>

#include <railbook/time.hpp>

namespace railbook::store::memory {

/// Things with the times at which they come due, the earliest first, and between equal times by the number that they
/// have. Most come after all that are there and only go to the end. Nothing is taken out of the middle: whoever takes
/// the first sees whether it still counts. Not thread-safe.
template <class T>
class Deadlines {
public:
    struct Entry {
        Timestamp at{};
        std::uint64_t number = 0;
        T what{};
    };

    void add(Timestamp at, std::uint64_t number, T what) {
        Entry entry{at, number, std::move(what)};
        if (last_.empty() || !Earlier{}(entry, last_.back())) last_.push_back(std::move(entry));
        else early_.insert(std::move(entry));
    }
    bool is_empty() const { return early_.empty() && last_.empty(); }
    /// It is not empty.
    const Entry& first() const { return is_early() ? *early_.begin() : last_.front(); }
    void drop_first() {
        if (is_early()) early_.erase(early_.begin());
        else last_.pop_front();
    }

private:
    struct Earlier {
        bool operator()(const Entry& one, const Entry& other) const {
            return std::pair{one.at, one.number} < std::pair{other.at, other.number};
        }
    };
    bool is_early() const { return !early_.empty() && (last_.empty() || Earlier{}(*early_.begin(), last_.front())); }

    std::deque<Entry> last_;
    std::multiset<Entry, Earlier> early_;  // what came after something that is due later
};

}  // namespace railbook::store::memory

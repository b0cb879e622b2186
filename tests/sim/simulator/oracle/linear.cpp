#include "sim/simulator/oracle/linear.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/simulator/oracle/verdict.hpp"

namespace railbook::sim {
namespace {

class Search {
public:
    Search(const RunModel& start, const std::vector<const Event*>& events, std::uint64_t most_states)
        : events_{events}, most_states_{most_states}, done_(events.size()), order_(events.size()), start_{start} {
        for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
        std::ranges::sort(order_, {}, [&](std::size_t i) { return std::pair{events_[i]->likely, i}; });
        for (const auto* event : events_) must_ += event->responded != Event::kNever;
    }

    LinearAnswer run() {
        std::vector<Level> path;
        path.push_back({start_, 0, 0});
        std::size_t longest = 0;
        while (!path.empty()) {
            if (must_ == 0) return answer_;
            Level& level = path.back();
            const auto deadline = first_response();
            bool went_on = false;
            for (; level.next < order_.size(); ++level.next) {
                const auto i = order_[level.next];
                const Event& event = *events_[i];
                if (done_[i] || event.invoked > deadline) continue;
                if (answer_.states++ >= most_states_) {
                    answer_.linear = Linear::gave_up;
                    return answer_;
                }
                RunModel model = level.model;
                std::string why;
                if (!model.apply(event, path.size() > longest ? &why : nullptr)) {
                    if (path.size() > longest && event.responded != Event::kNever)
                        stuck_.push_back(described(event) + ": " + why);
                    continue;
                }
                done_[i] = true;
                if (!seen_.insert({hash_of_done(), model.hash()}).second) {
                    done_[i] = false;
                    continue;
                }
                must_ -= event.responded != Event::kNever;
                ++level.next;
                path.push_back({std::move(model), i, 0});
                stuck_.clear();
                went_on = true;
                break;
            }
            if (went_on) continue;
            if (path.size() > longest) {
                longest = path.size();
                answer_.stuck = std::exchange(stuck_, {});
            }
            if (path.size() == 1) break;
            const auto last = path.back().last;
            done_[last] = false;
            must_ += events_[last]->responded != Event::kNever;
            path.pop_back();
        }
        answer_.linear = Linear::no;
        return answer_;
    }

private:
    struct Level {
        RunModel model;
        std::size_t last = 0;  // the event that led here
        std::size_t next = 0;  // in order_, what to try
    };

    /// Nothing may come next that was invoked after an answer which is still to come in the order.
    std::uint64_t first_response() const {
        auto first = Event::kNever;
        for (std::size_t i = 0; i < events_.size(); ++i) {
            if (!done_[i]) first = std::min(first, events_[i]->responded);
        }
        return first;
    }
    std::uint64_t hash_of_done() const {
        std::uint64_t hash = 0xCBF29CE484222325U;
        for (std::size_t i = 0; i < done_.size(); ++i) hash = (hash ^ (done_[i] ? i + 1 : 0U)) * 0x100000001B3U;
        return hash;
    }

    const std::vector<const Event*>& events_;
    const std::uint64_t most_states_;
    std::vector<bool> done_;
    std::vector<std::size_t> order_;
    std::size_t must_ = 0;
    RunModel start_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
    std::vector<std::string> stuck_;
    LinearAnswer answer_;
};

}  // namespace

LinearAnswer find_order(const RunModel& start, const std::vector<const Event*>& events, std::uint64_t most_states) {
    return Search{start, events, most_states}.run();
}

}  // namespace railbook::sim

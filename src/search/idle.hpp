#pragma once
/// What a question needs in memory, kept for the next one.

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace railbook::search {

/// As many as were ever used at once. Thread-safe.
template <class Work>
class Idle {
public:
    std::unique_ptr<Work> take() {
        {
            const std::lock_guard lock{mutex_};
            if (!all_.empty()) {
                auto work = std::move(all_.back());
                all_.pop_back();
                return work;
            }
        }
        return std::make_unique<Work>();
    }
    void give_back(std::unique_ptr<Work> work) {
        const std::lock_guard lock{mutex_};
        all_.push_back(std::move(work));
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Work>> all_;
};

}  // namespace railbook::search

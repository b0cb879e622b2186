#include "store/turns.hpp"

#include <thread>
#include <utility>

#include "base/assert.hpp"

namespace railbook::store {

Group Turns::take(Work& mine) {
    {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(is_taken_, true)) return group_of(mine);
    }
    // The environment is not asked under the lock: where callers are not threads, it may let another one run.
    mine.waiter_ = environment_.make_waiter();
    {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(is_taken_, true)) return group_of(mine);
        (last_ ? last_->next_ : first_) = &mine;
        last_ = &mine;
        ++waiting_;
    }
    mine.waiter_->wait();
    if (mine.is_done_) return {};
    const std::lock_guard lock{mutex_};
    RAILBOOK_ASSERT(is_taken_);
    return group_of(mine);
}

Group Turns::group_of(Work& first) {
    Group group;
    group.first_ = &first;
    group.size_ = 1;
    first.next_ = nullptr;
    add_waiting(group);
    return group;
}

void Turns::gather(Group& group) {
    for (std::size_t before = 0; before < group.size_ && group.size_ < expected_;) {
        before = group.size_;
        std::this_thread::yield();
        const std::lock_guard lock{mutex_};
        add_waiting(group);
    }
}

void Turns::add_waiting(Group& group) {
    if (group.first_->kind == Work::Kind::alone) return;
    Work* last = group.first_;
    while (last->next_) last = last->next_;
    last_ = nullptr;
    for (Work** link = &first_; Work* work = *link;) {
        if (work->kind == group.first_->kind && group.size_ < kLargestGroup) {
            *link = std::exchange(work->next_, nullptr);
            last->next_ = work;
            last = work;
            ++group.size_;
            --waiting_;
        } else {
            last_ = work;
            link = &work->next_;
        }
    }
}

void Turns::pass_on(const Group& group) {
    std::shared_ptr<Waiter> next;
    {
        const std::lock_guard lock{mutex_};
        expected_ = group.size_ + waiting_;
        if (Work* longest = first_) {
            --waiting_;
            first_ = longest->next_;
            if (!first_) last_ = nullptr;
            next = longest->waiter_;
        } else {
            is_taken_ = false;
        }
    }
    // First of all: while it works, those who are done go on.
    if (next) next->let_go_on();
    for (Work* work = group.first_->next_; work;) {
        const auto waiter = work->waiter_;
        work->is_done_ = true;
        work = work->next_;  // it goes with its caller
        waiter->let_go_on();
    }
}

}  // namespace railbook::store

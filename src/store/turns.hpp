#pragma once
/// Whose turn it is at a connection. Whoever finds nobody at work takes the turn, and does the work of all that wait;
/// the others wait until theirs is done. There is no thread of its own, and no lock is held while one works or waits.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <railbook/environment.hpp>

namespace railbook::store {

/// What one caller wants done. It lies on the caller's stack until take() has returned and, with the turn, until
/// pass_on() has.
struct Work {
    enum class Kind : std::uint8_t {
        step,   ///< Changes the store. Steps share a transaction.
        read,   ///< Reads what is committed.
        alone,  ///< Is done by its own caller, and by itself.
    };
    explicit Work(Kind wanted) : kind{wanted} {}
    virtual ~Work() = default;
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    const Kind kind;

private:
    friend class Turns;
    std::shared_ptr<Waiter>
        waiter_;            // shared with whoever lets it go on, who may still be at it when the caller is gone
    Work* next_ = nullptr;  // in the queue, or in the group
    bool is_done_ = false;
};

/// Work of one kind that is done together, in the order in which it came. The caller's own is the first.
class Group {
public:
    Work* first() const { return first_; }
    std::size_t size() const { return size_; }

private:
    friend class Turns;
    Work* first_ = nullptr;
    std::size_t size_ = 0;
};

/// Thread-safe. The turn goes to whoever waits longest, who takes along all others of that kind: nobody waits for ever,
/// and a reader for no more than the commit that is running.
class Turns {
public:
    /// The most that is done in one turn: those that come later need not wait for all that came before.
    static constexpr std::size_t kLargestGroup = 256;

    explicit Turns(Environment& environment) : environment_{environment} {}

    /// Waits until it is the caller's turn, or another has done its work: then the group is empty. In its turn, the
    /// caller does the work of the group, and passes the turn on.
    Group take(Work& mine);
    /// Takes along those whom the last group let go, if they come back at once: else the first of them would have a
    /// commit for itself, for which all others wait, or two halves would take turns for ever.
    void gather(Group& group);
    /// The work that is done beside `work`, after it; null at the end.
    static Work* after(const Work& work) { return work.next_; }
    /// Gives the turn to whoever waits longest, and lets the group go on.
    void pass_on(const Group& group);

private:
    Group group_of(Work& first);     // with the lock held
    void add_waiting(Group& group);  // with the lock held

    Environment& environment_;
    std::mutex mutex_;  // guards all that follows; held for a few instructions only
    bool is_taken_ = false;
    std::size_t expected_ = 0;  // those who were there when the last group ended; whose turn it is reads it
    std::size_t waiting_ = 0;   // in the queue
    Work* first_ = nullptr;     // of the queue
    Work* last_ = nullptr;
};

/// Passes the turn on, also where an exception ends the work.
class PassOn {
public:
    PassOn(Turns& turns, const Group& group) : turns_{turns}, group_{group} {}
    ~PassOn() { turns_.pass_on(group_); }
    PassOn(const PassOn&) = delete;
    PassOn& operator=(const PassOn&) = delete;

private:
    Turns& turns_;
    const Group& group_;
};

}  // namespace railbook::store

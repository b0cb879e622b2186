#pragma once
/// A fiber: a function with a stack of its own, which gives way in the middle and is resumed later, all on one thread.

#include <cstddef>
#include <functional>

#include <boost/context/fiber.hpp>

namespace railbook::sim {

/// Sanitizers are told of each switch. Nobody switches inside a `catch` block or under a lock: exceptions in flight
/// and locks belong to the thread, not to the fiber.
class Fiber {
public:
    explicit Fiber(std::function<void()> body);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// From the main stack: runs the body until it gives way or ends.
    void resume();
    /// From inside the body: back to where it was resumed.
    void give_way();
    bool is_done() const { return done_; }

private:
    boost::context::fiber run(boost::context::fiber&& caller);

    std::function<void()> body_;
    bool done_ = false;
    boost::context::fiber inside_;  // while the main stack runs
    boost::context::fiber caller_;  // while the body runs
    // What the address sanitizer keeps of the stack that is not running.
    void* inside_fake_stack_ = nullptr;
    void* caller_fake_stack_ = nullptr;
    const void* inside_stack_ = nullptr;
    std::size_t inside_size_ = 0;
    const void* caller_stack_ = nullptr;
    std::size_t caller_size_ = 0;
    // What the thread sanitizer knows them by.
    void* inside_thread_ = nullptr;
    void* caller_thread_ = nullptr;
};

}  // namespace railbook::sim

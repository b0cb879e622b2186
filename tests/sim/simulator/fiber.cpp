#include "sim/simulator/fiber.hpp"

#include <memory>
#include <utility>

#include <boost/context/fixedsize_stack.hpp>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RAILBOOK_SIM_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define RAILBOOK_SIM_TSAN
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define RAILBOOK_SIM_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define RAILBOOK_SIM_TSAN
#endif

#ifdef RAILBOOK_SIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef RAILBOOK_SIM_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace railbook::sim {
namespace {

// Sanitizers make frames several times larger.
#if defined(RAILBOOK_SIM_ASAN) || defined(RAILBOOK_SIM_TSAN)
constexpr std::size_t kStack = std::size_t{2} << 20U;
#else
constexpr std::size_t kStack = std::size_t{256} << 10U;
#endif

void start_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack,
                  [[maybe_unused]] std::size_t size, [[maybe_unused]] void* thread) {
#ifdef RAILBOOK_SIM_ASAN
    __sanitizer_start_switch_fiber(fake_stack, stack, size);
#endif
#ifdef RAILBOOK_SIM_TSAN
    __tsan_switch_to_fiber(thread, 0);
#endif
}

void finish_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack,
                   [[maybe_unused]] std::size_t* size) {
#ifdef RAILBOOK_SIM_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, stack, size);
#endif
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_{std::move(body)} {
    boost::context::fixedsize_stack stacks{kStack};
    auto stack = stacks.allocate();
    inside_stack_ = static_cast<const char*>(stack.sp) - stack.size;
    inside_size_ = stack.size;
    const boost::context::preallocated place{stack.sp, stack.size, stack};
    inside_ = boost::context::fiber{std::allocator_arg, place, stacks,
                                    [this](boost::context::fiber&& caller) { return run(std::move(caller)); }};
#ifdef RAILBOOK_SIM_TSAN
    inside_thread_ = __tsan_create_fiber(0);
    caller_thread_ = __tsan_get_current_fiber();
#endif
}

Fiber::~Fiber() {
#ifdef RAILBOOK_SIM_TSAN
    __tsan_destroy_fiber(inside_thread_);
#endif
}

void Fiber::resume() {
    start_switch(&caller_fake_stack_, inside_stack_, inside_size_, inside_thread_);
    inside_ = std::move(inside_).resume();
    finish_switch(caller_fake_stack_, nullptr, nullptr);
}

void Fiber::give_way() {
    start_switch(&inside_fake_stack_, caller_stack_, caller_size_, caller_thread_);
    caller_ = std::move(caller_).resume();
    finish_switch(inside_fake_stack_, &caller_stack_, &caller_size_);
}

boost::context::fiber Fiber::run(boost::context::fiber&& caller) {
    finish_switch(nullptr, &caller_stack_, &caller_size_);
    caller_ = std::move(caller);
    body_();
    done_ = true;
    start_switch(nullptr, caller_stack_, caller_size_, caller_thread_);
    return std::move(caller_);
}

}  // namespace railbook::sim

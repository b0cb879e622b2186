#pragma once
/// Locks for a few instructions, and a gate for steps that are many and short beside a few that must be alone.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

namespace railbook::base {

/// For what takes less time than putting a thread to sleep. Nothing that may wait is done under it.
class SpinLock {
public:
    /// Whoever finds it taken stays away for so many pauses of the processor, and longer each time. With many pauses an
    /// owner that comes back soon goes on with what is in its cache, which lets both do more than if they took turns.
    explicit SpinLock(unsigned pauses = 8) : pauses_{pauses} {}

    void lock() {
        unsigned pauses = pauses_;
        while (is_held_.load(std::memory_order_relaxed) || is_held_.exchange(true, std::memory_order_acquire)) {
            if (pauses > kMostPauses) {
                std::this_thread::yield();  // the owner may have been put to sleep
                continue;
            }
            for (unsigned i = 0; i < pauses; ++i) relax();
            pauses *= 2;
        }
    }
    void unlock() { is_held_.store(false, std::memory_order_release); }

private:
    static constexpr unsigned kMostPauses = 512;
    static void relax() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    unsigned pauses_;
    std::atomic<bool> is_held_{false};
};

/// A shared mutex whose shared side writes to a place of each thread's own, so that threads do not slow each other
/// down. The exclusive side is dear, and goes first: who comes after it waits. Not recursive.
class Gate {
public:
    void lock_shared() {
        auto& inside = place();
        while (true) {
            inside.fetch_add(1, std::memory_order_seq_cst);
            if (!is_closed_.load(std::memory_order_seq_cst)) return;
            inside.fetch_sub(1, std::memory_order_seq_cst);
            is_closed_.wait(true, std::memory_order_acquire);
        }
    }
    void unlock_shared() { place().fetch_sub(1, std::memory_order_release); }
    void lock() {
        alone_.lock();
        is_closed_.store(true, std::memory_order_seq_cst);
        for (auto& one : places_) {
            while (one.inside.load(std::memory_order_acquire) != 0) std::this_thread::yield();
        }
    }
    void unlock() {
        is_closed_.store(false, std::memory_order_release);
        is_closed_.notify_all();
        alone_.unlock();
    }

private:
    static constexpr std::size_t kPlaces = 16;
    struct alignas(64) Place {
        std::atomic<std::uint32_t> inside{0};
    };
    std::atomic<std::uint32_t>& place() {
        static std::atomic<std::size_t> threads{0};
        thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % kPlaces;
        return places_[mine].inside;
    }

    std::array<Place, kPlaces> places_;
    alignas(64) std::atomic<bool> is_closed_{false};
    std::mutex alone_;
};

}  // namespace railbook::base

#pragma once
/// Memory for many small things that a store in memory keeps.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace railbook::store::memory {

/// Hands out bytes one after another. A block of them goes back to the system once all that was in it was given back:
/// things that come together should go together. Nothing is moved, and no destructor is called. Not thread-safe.
class Arena {
public:
    Arena() = default;
    ~Arena() {
        while (newest_) std::free(std::exchange(newest_, newest_->older));
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// Aligned for pointers and numbers.
    void* take(std::size_t size) {
        size = (size + kAlignment - 1) / kAlignment * kAlignment;
        if (!newest_ || newest_->used + size > kBlock) add_block(sizeof(Block) + size);
        void* const taken = reinterpret_cast<std::byte*>(newest_) + newest_->used;
        newest_->used += size;
        ++newest_->live;
        return taken;
    }
    /// What take() has handed out.
    void give_back(const void* taken) {
        // Each begins in the first bytes of its block, which is aligned to their number.
        auto* const block = reinterpret_cast<Block*>(reinterpret_cast<std::uintptr_t>(taken) / kBlock * kBlock);
        if (--block->live > 0) return;
        if (block == newest_) {
            block->used = sizeof(Block);
            return;
        }
        block->newer->older = block->older;
        if (block->older) block->older->newer = block->newer;
        std::free(block);
    }

private:
    static constexpr std::size_t kBlock = 16 * 1024;
    static constexpr std::size_t kAlignment = 8;
    struct Block {
        Block* older = nullptr;
        Block* newer = nullptr;
        std::size_t used = sizeof(Block);
        std::size_t live = 0;
    };

    void add_block(std::size_t least) {
        void* const bytes = std::aligned_alloc(kBlock, (std::max(least, kBlock) + kBlock - 1) / kBlock * kBlock);
        if (!bytes) throw std::bad_alloc{};
        auto* const block = new (bytes) Block{.older = newest_};
        if (newest_) newest_->newer = block;
        newest_ = block;
    }

    Block* newest_ = nullptr;
};

}  // namespace railbook::store::memory

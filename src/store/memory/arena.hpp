#pragma once
/// Memory for many small things that a store in memory keeps.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace railbook::store::memory {

/// Hands out bytes one after another. A block of them is freed once all that was in it was given back: things that come
/// together should go together. Nothing is moved, and no destructor is called. Not thread-safe.
class Arena {
public:
    /// Where bytes begin, in half of what a pointer takes: the number of the block, and of eight bytes in it.
    using Place = std::uint32_t;
    static constexpr Place kNowhere = 0xFFFFFFFF;

    /// Aligned for pointers and numbers.
    Place take(std::size_t size) {
        size = (size + kUnit - 1) / kUnit * kUnit;
        if (blocks_.empty() || used_ + size > kBlock) add_block(size);
        const auto place = static_cast<Place>(newest_ * kUnitsOfBlock + used_ / kUnit);
        used_ += size;
        ++blocks_[newest_].live;
        // The next bytes are written soon, but other memory first: nobody should have to wait for them then.
        const auto* const next = blocks_[newest_].bytes.get() + used_;
        for (std::size_t ahead = 0; ahead < kAhead; ahead += kCacheLine) __builtin_prefetch(next + ahead, 1);
        return place;
    }
    void* at(Place place) const {
        return blocks_[place / kUnitsOfBlock].bytes.get() + place % kUnitsOfBlock * kUnit;
    }
    /// What take() has handed out.
    void give_back(Place place) {
        const auto number = place / kUnitsOfBlock;
        Block& block = blocks_[number];
        if (--block.live > 0) return;
        if (number == newest_) {
            used_ = 0;
            return;
        }
        drop_block(number);
    }

private:
    static constexpr std::size_t kBlock = 16 * 1024;
    static constexpr std::size_t kUnit = 8;
    static constexpr std::size_t kUnitsOfBlock = kBlock / kUnit;
    static constexpr std::size_t kMostBlocks = (std::size_t{1} << 32) / kUnitsOfBlock - 1;
    static constexpr std::size_t kCacheLine = 64;
    static constexpr std::size_t kAhead = 4 * kCacheLine;
    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t live = 0;
    };

    void drop_block(std::size_t number) {
        blocks_[number].bytes.reset();
        unused_.push_back(number);
    }

    void add_block(std::size_t least) {
        // What is larger than a block has one of its own that is.
        auto bytes = std::make_unique_for_overwrite<std::byte[]>(std::max(least, kBlock));
        if (!blocks_.empty() && blocks_[newest_].live == 0) drop_block(newest_);
        used_ = 0;
        if (unused_.empty()) {
            RAILBOOK_ASSERT(blocks_.size() < kMostBlocks);
            blocks_.emplace_back();
            newest_ = blocks_.size() - 1;
        } else {
            newest_ = unused_.back();
            unused_.pop_back();
        }
        blocks_[newest_] = {std::move(bytes), 0};
    }

    std::vector<Block> blocks_;
    std::vector<std::size_t> unused_;  // numbers of blocks that were freed
    std::size_t newest_ = 0;           // the block that bytes are taken from
    std::size_t used_ = 0;             // of that
};

}  // namespace railbook::store::memory

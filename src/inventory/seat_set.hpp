#pragma once
/// Sets of seats, and small numbers for every seat, with the bits of 64 seats in one word: what is asked of one seat is
/// asked of 64 at a time.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "base/assert.hpp"
#include "inventory/seat_search.hpp"

namespace railbook::inventory {

/// The largest train that layouts allow.
inline constexpr std::uint32_t kMaxSeatsOfTrain = 4096;

/// Seats of one train. It lies where it is declared: choosing seats allocates nothing for its sets.
class SeatSet {
public:
    static constexpr std::size_t kMaxWords = words_for(kMaxSeatsOfTrain);

    explicit SeatSet(std::uint32_t seats) : seats_{seats} {
        RAILBOOK_ASSERT(seats <= kMaxSeatsOfTrain);
        std::fill_n(bits_.begin(), size(), 0);
    }
    SeatSet(const SeatSet& other) : seats_{other.seats_} { std::copy_n(other.bits_.begin(), size(), bits_.begin()); }
    SeatSet& operator=(const SeatSet& other) {
        seats_ = other.seats_;
        std::copy_n(other.bits_.begin(), size(), bits_.begin());
        return *this;
    }
    ~SeatSet() = default;

    SeatWords words() { return {bits_.data(), size()}; }
    ConstSeatWords words() const { return {bits_.data(), size()}; }
    std::uint32_t seats() const { return seats_; }
    std::size_t size() const { return words_for(seats_); }

    bool has(std::uint32_t seat) const { return bits_[seat / 64] >> (seat % 64) & 1U; }
    void add(std::uint32_t seat) { bits_[seat / 64] |= std::uint64_t{1} << (seat % 64); }
    void remove(std::uint32_t seat) { bits_[seat / 64] &= ~(std::uint64_t{1} << (seat % 64)); }
    bool any() const {
        return std::any_of(bits_.begin(), bits_.begin() + static_cast<std::ptrdiff_t>(size()),
                           [](std::uint64_t word) { return word != 0; });
    }
    std::uint32_t count() const {
        std::uint32_t found = 0;
        for (const auto word : words()) found += static_cast<std::uint32_t>(std::popcount(word));
        return found;
    }
    bool has_at_least(std::uint32_t wanted) const {
        for (std::size_t w = 0; w < size() && wanted > 0; ++w) {
            for (std::uint64_t word = bits_[w]; word != 0 && wanted > 0; word &= word - 1) --wanted;
        }
        return wanted == 0;
    }
    void remove_before(std::uint32_t seat) {
        std::fill_n(bits_.begin(), seat / 64, 0);
        if (seat < seats_) bits_[seat / 64] &= ~std::uint64_t{0} << (seat % 64);
    }
    std::optional<std::uint32_t> first() const {
        for (std::size_t w = 0; w < size(); ++w) {
            if (bits_[w] != 0)
                return static_cast<std::uint32_t>(64 * w + static_cast<unsigned>(std::countr_zero(bits_[w])));
        }
        return std::nullopt;
    }
    template <class Visit>
    void for_each(const Visit& visit) const {
        for_each(0, seats_, visit);
    }
    /// In their order, those of [first, last).
    template <class Visit>
    void for_each(std::uint32_t first, std::uint32_t last, const Visit& visit) const {
        for (std::size_t w = first / 64; 64 * w < last; ++w) {
            for (std::uint64_t word = bits_[w]; word != 0; word &= word - 1) {
                const auto seat = static_cast<std::uint32_t>(64 * w + static_cast<unsigned>(std::countr_zero(word)));
                if (seat >= first && seat < last) visit(seat);
            }
        }
    }

    SeatSet& operator&=(const SeatSet& other) {
        for (std::size_t w = 0; w < size(); ++w) bits_[w] &= other.bits_[w];
        return *this;
    }
    SeatSet& operator|=(const SeatSet& other) {
        for (std::size_t w = 0; w < size(); ++w) bits_[w] |= other.bits_[w];
        return *this;
    }
    SeatSet& operator-=(const SeatSet& other) {
        for (std::size_t w = 0; w < size(); ++w) bits_[w] &= ~other.bits_[w];
        return *this;
    }

private:
    std::uint32_t seats_;
    std::array<std::uint64_t, kMaxWords> bits_;  // those in use: size()
};

/// A small number for every seat, by its binary digits: digit d of all seats is one set. Adding works on 64 seats at a
/// time, and the least of all is found digit by digit.
class SeatCounts {
public:
    explicit SeatCounts(std::uint32_t seats) : size_{words_for(seats)} {}
    SeatCounts(const SeatCounts& other) : size_{other.size_}, digits_{other.digits_} {
        for (unsigned d = 0; d < digits_; ++d) std::copy_n(other.bits_[d].begin(), size_, bits_[d].begin());
    }
    SeatCounts& operator=(const SeatCounts&) = delete;
    ~SeatCounts() = default;

    /// Adds 1 to every seat of the set.
    void add(ConstSeatWords set) {
        grow_with([&](unsigned digit, std::size_t word) { return digit == 0 ? set[word] : 0; }, 1);
    }
    /// Adds to every seat what `other` has for the seat `ahead` behind it; nothing where the train ends before.
    void add(const SeatCounts& other, std::size_t ahead) {
        const std::size_t words = ahead / 64;
        const unsigned bits = ahead % 64;
        // Upwards, so that adding it to itself works: what is read lies at or behind what is written.
        grow_with(
            [&](unsigned digit, std::size_t word) {
                const auto& source = other.bits_[digit];
                const std::uint64_t low = word + words < size_ ? source[word + words] : 0;
                const std::uint64_t high = word + words + 1 < size_ ? source[word + words + 1] : 0;
                return bits == 0 ? low : low >> bits | high << (64 - bits);
            },
            other.digits_);
    }
    /// For every seat the sum over the `count` seats that begin with it, by doubling.
    SeatCounts summed(std::uint32_t count) const {
        if (count == 1) return *this;
        SeatCounts sum{*this, 0};
        SeatCounts stretch{*this};
        std::uint32_t done = 0;
        for (std::uint32_t length = 1; length <= count; length *= 2) {
            if (count & length) {
                sum.add(stretch, done);
                done += length;
            }
            if (2 * length <= count) stretch.add(stretch, length);
        }
        return sum;
    }
    /// Leaves those of the candidates that have the least number, and returns it.
    std::uint32_t keep_least(SeatSet& candidates) const {
        std::uint32_t least = 0;
        const auto words = candidates.words();
        for (unsigned d = digits_; d-- > 0;) {
            std::uint64_t any = 0;
            for (std::size_t w = 0; w < size_; ++w) any |= words[w] & ~bits_[d][w];
            if (any == 0) {
                least |= 1U << d;
                continue;
            }
            for (std::size_t w = 0; w < size_; ++w) words[w] &= ~bits_[d][w];
        }
        return least;
    }

private:
    static constexpr unsigned kMaxDigits = 18;  // 4096 seats with 16 wishes each, and a carry

    SeatCounts(const SeatCounts& like, unsigned digits) : size_{like.size_}, digits_{digits} {}

    template <class Source>
    void grow_with(const Source& source, unsigned source_digits) {
        const unsigned before = digits_;
        const unsigned after = std::max(before, source_digits);
        RAILBOOK_ASSERT(after < kMaxDigits);
        std::uint64_t overflow = 0;
        for (std::size_t w = 0; w < size_; ++w) {
            std::uint64_t carry = 0;
            for (unsigned d = 0; d < after; ++d) {
                const std::uint64_t more = d < source_digits ? source(d, w) : 0;
                const std::uint64_t mine = d < before ? bits_[d][w] : 0;
                bits_[d][w] = mine ^ more ^ carry;
                carry = (mine & more) | (carry & (mine ^ more));
            }
            bits_[after][w] = carry;
            overflow |= carry;
        }
        digits_ = overflow != 0 ? after + 1 : after;
    }

    std::size_t size_;
    unsigned digits_ = 0;
    std::array<std::array<std::uint64_t, SeatSet::kMaxWords>, kMaxDigits> bits_;  // those in use
};

}  // namespace railbook::inventory

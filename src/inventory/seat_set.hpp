#pragma once
/// Sets of seats with the bits of 64 seats in one word: what is asked of one seat is asked of 64 at a time.

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

    explicit SeatSet(std::uint32_t seats) : SeatSet{seats, Unfilled{}} { std::fill_n(bits_.begin(), size(), 0); }
    /// With any seats: for one who writes all words before reading them.
    static SeatSet unfilled(std::uint32_t seats) { return SeatSet{seats, Unfilled{}}; }
    SeatSet(const SeatSet& other) : seats_{other.seats_} {
        std::copy_n(other.bits_.begin(), size() + 1, bits_.begin());
    }
    SeatSet& operator=(const SeatSet& other) {
        seats_ = other.seats_;
        std::copy_n(other.bits_.begin(), size() + 1, bits_.begin());
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
    /// The 64 seats that begin `ahead` behind the first one of the word: bit i is seat 64 * word + ahead + i.
    std::uint64_t at(std::size_t word, std::uint32_t ahead) const {
        word += ahead / 64;
        if (word >= size()) return 0;
        const unsigned bits = ahead % 64;
        return bits == 0 ? bits_[word] : bits_[word] >> bits | bits_[word + 1] << (64 - bits);
    }
    /// As at(), but for those that begin one or two (`back`) before the word.
    std::uint64_t before(std::size_t word, unsigned back) const {
        return bits_[word] << back | (word > 0 ? bits_[word - 1] >> (64 - back) : 0);
    }
    bool any() const {
        return std::any_of(bits_.begin(), bits_.begin() + static_cast<std::ptrdiff_t>(size()),
                           [](std::uint64_t word) { return word != 0; });
    }
    std::uint32_t count() const {
        std::uint32_t found = 0;
        for (const auto word : words()) found += static_cast<std::uint32_t>(std::popcount(word));
        return found;
    }
    /// How many of [first, last).
    std::uint32_t count(std::uint32_t first, std::uint32_t last) const {
        std::uint32_t found = 0;
        for (std::size_t w = first / 64; 64 * w < last; ++w) {
            std::uint64_t word = bits_[w];
            if (64 * w < first) word &= ~std::uint64_t{0} << (first % 64);
            if (last - 64 * w < 64) word &= ~(~std::uint64_t{0} << (last % 64));
            found += static_cast<std::uint32_t>(std::popcount(word));
        }
        return found;
    }
    bool has_at_least(std::uint32_t wanted) const {
        for (std::size_t w = 0; w < size() && wanted > 0; ++w) {
            for (std::uint64_t word = bits_[w]; word != 0 && wanted > 0; word &= word - 1) --wanted;
        }
        return wanted == 0;
    }
    std::optional<std::uint32_t> first() const {
        for (std::size_t w = 0; w < size(); ++w) {
            if (bits_[w] != 0)
                return static_cast<std::uint32_t>(64 * w + static_cast<unsigned>(std::countr_zero(bits_[w])));
        }
        return std::nullopt;
    }
    /// Behind the last one; 0 where there is none.
    std::uint32_t end() const {
        std::size_t w = size();
        while (w > 0 && bits_[w - 1] == 0) --w;
        return w == 0 ? 0
                      : static_cast<std::uint32_t>(64 * (w - 1) + static_cast<unsigned>(std::bit_width(bits_[w - 1])));
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
    SeatSet& operator-=(const SeatSet& other) {
        for (std::size_t w = 0; w < size(); ++w) bits_[w] &= ~other.bits_[w];
        return *this;
    }

private:
    struct Unfilled {};
    SeatSet(std::uint32_t seats, Unfilled) : seats_{seats} {
        RAILBOOK_ASSERT(seats <= kMaxSeatsOfTrain);
        bits_[size()] = 0;
    }

    std::uint32_t seats_;
    std::array<std::uint64_t, kMaxWords + 1> bits_;  // those in use: size(), and one behind them that is 0
};

}  // namespace railbook::inventory

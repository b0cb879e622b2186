#pragma once
/// Finding free seats: which seats of a train are free on a span, and where several neighbours are.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::inventory {

/// The segments of every seat as bits, plane by plane: segment n of seat s is bit n % 32 of bits[(n / 32) * seats + s].
/// A set bit is a segment that somebody has; no bits at all: everything is free. The view owns nothing.
struct MaskPlanes {
    std::span<const std::uint32_t> bits;
    std::uint32_t seats = 0;
    std::uint32_t segments = 0;

    static std::size_t size_for(std::uint32_t seats, std::uint32_t segments) {
        return std::size_t{(segments + 31) / 32} * seats;
    }
    bool is_free(std::uint32_t seat, Span span) const;
    /// How many free segments join the span, before it and after it; the seat is free on the span.
    std::uint32_t slack(std::uint32_t seat, Span span) const;
};

/// Seats as a set: seat s is bit s % 64 of word s / 64. Bits behind the last seat are 0.
using SeatWords = std::span<std::uint64_t>;
using ConstSeatWords = std::span<const std::uint64_t>;
constexpr std::size_t words_for(std::size_t seats) { return (seats + 63) / 64; }

/// The instructions that search. All of them find the same; the plain one is what the others are tested against.
enum class SearchKernel : std::uint8_t { plain, sse2, avx2, avx512 };
std::string_view to_string(SearchKernel kernel);
/// Those that this processor has, the slowest first: `plain` is always there.
std::span<const SearchKernel> available_kernels();
/// The last of them.
SearchKernel fastest_kernel();

/// Puts into `free` the seats of [first, last) that are free on all of the span, and leaves out all others.
/// `free` has words_for(seats) words.
void find_free(const MaskPlanes& taken, Span span, std::uint32_t first, std::uint32_t last, SeatWords free,
               SearchKernel kernel = fastest_kernel());

/// The free seats, and those of them that a buyer of the span would cut from a longer free stretch.
struct Fits {
    SeatWords free;
    SeatWords open_before;  ///< Free on the segment before the span too.
    SeatWords open_after;   ///< Free on the segment after the span too.
};
/// As find_free; each of the three has words_for(seats) words.
void find_fits(const MaskPlanes& taken, Span span, std::uint32_t first, std::uint32_t last, const Fits& fits,
               SearchKernel kernel = fastest_kernel());

/// Puts into `starts` the first seat of every `count` neighbours that are all in `free`. Seat s and the next one are
/// neighbours where s is in `joined`: the last seat of a coach is not. `count` is at least 1. All have one length;
/// `starts` may be none of the others.
void find_neighbours(ConstSeatWords free, ConstSeatWords joined, std::uint32_t count, SeatWords starts);

}  // namespace railbook::inventory

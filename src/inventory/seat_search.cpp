#include "inventory/seat_search.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/assert.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace railbook::inventory {
namespace {

/// What one plane is asked: which of `seats` masks have none of these segments. A seat that an earlier plane has found
/// taken stays taken. Those that are free on the segments around the span are looked for among those that fit.
struct Question {
    std::uint32_t span = 0;
    std::uint32_t before = 0;  // the segment before the span, where it is in this plane
    std::uint32_t after = 0;
};

using FreeSearch = void (*)(const std::uint32_t* masks, std::size_t words, std::uint32_t wanted, std::uint64_t* free);
using FitsSearch = void (*)(const std::uint32_t* masks, std::size_t words, const Question& question,
                            std::uint64_t* free, std::uint64_t* before, std::uint64_t* after);

/// For `words` whole words of 64 seats each.
struct Searches {
    FreeSearch free;
    FitsSearch fits;
};

std::uint64_t free_of(const std::uint32_t* masks, std::size_t seats, std::uint32_t wanted) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < seats; ++i) word |= std::uint64_t{(masks[i] & wanted) == 0} << i;
    return word;
}

void free_plain(const std::uint32_t* masks, std::size_t words, std::uint32_t wanted, std::uint64_t* free) {
    for (std::size_t w = 0; w < words; ++w) free[w] = free_of(masks + 64 * w, 64, wanted);
}

void fits_plain(const std::uint32_t* masks, std::size_t words, const Question& question, std::uint64_t* free,
                std::uint64_t* before, std::uint64_t* after) {
    for (std::size_t w = 0; w < words; ++w, masks += 64) {
        free[w] = free_of(masks, 64, question.span);
        before[w] = free[w] & free_of(masks, 64, question.before);
        after[w] = free[w] & free_of(masks, 64, question.after);
    }
}

#if defined(__x86_64__)

// A comparison with zero makes 32 ones or zeros of each seat; packing them to bytes, 16 seats become one bit mask.
std::uint64_t free_16_sse2(const __m128i* masks, __m128i wanted) {
    const __m128i zero = _mm_setzero_si128();
    const auto is_free = [&](int i) {
        return _mm_cmpeq_epi32(_mm_and_si128(_mm_loadu_si128(masks + i), wanted), zero);
    };
    const __m128i low = _mm_packs_epi32(is_free(0), is_free(1));
    const __m128i high = _mm_packs_epi32(is_free(2), is_free(3));
    return static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
}

std::uint64_t free_64_sse2(const std::uint32_t* masks, __m128i wanted) {
    const auto* const vectors = reinterpret_cast<const __m128i*>(masks);
    return free_16_sse2(vectors, wanted) | free_16_sse2(vectors + 4, wanted) << 16 |
           free_16_sse2(vectors + 8, wanted) << 32 | free_16_sse2(vectors + 12, wanted) << 48;
}

void free_sse2(const std::uint32_t* masks, std::size_t words, std::uint32_t wanted, std::uint64_t* free) {
    const __m128i bits = _mm_set1_epi32(static_cast<int>(wanted));
    for (std::size_t w = 0; w < words; ++w) free[w] = free_64_sse2(masks + 64 * w, bits);
}

void fits_sse2(const std::uint32_t* masks, std::size_t words, const Question& question, std::uint64_t* free,
               std::uint64_t* before, std::uint64_t* after) {
    const __m128i bits = _mm_set1_epi32(static_cast<int>(question.span));
    const __m128i bits_before = _mm_set1_epi32(static_cast<int>(question.before));
    const __m128i bits_after = _mm_set1_epi32(static_cast<int>(question.after));
    for (std::size_t w = 0; w < words; ++w, masks += 64) {
        free[w] = free_64_sse2(masks, bits);
        before[w] = free[w] & free_64_sse2(masks, bits_before);
        after[w] = free[w] & free_64_sse2(masks, bits_after);
    }
}

// As above with 32 seats: packing works within the halves of a vector, so its fours of seats are put in order again.
__attribute__((target("avx2"))) inline std::uint32_t packed_32_avx2(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_permutevar8x32_epi32(bytes, order)));
}

__attribute__((target("avx2"))) inline __m256i load_avx2(const std::uint32_t* masks) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(masks));
}

__attribute__((target("avx2"))) inline __m256i is_free_avx2(__m256i masks, __m256i wanted) {
    return _mm256_cmpeq_epi32(_mm256_and_si256(masks, wanted), _mm256_setzero_si256());
}

__attribute__((target("avx2"))) inline std::uint32_t free_32_avx2(__m256i a, __m256i b, __m256i c, __m256i d,
                                                                  __m256i wanted) {
    return packed_32_avx2(is_free_avx2(a, wanted), is_free_avx2(b, wanted), is_free_avx2(c, wanted),
                          is_free_avx2(d, wanted));
}

__attribute__((target("avx2"))) void free_avx2(const std::uint32_t* masks, std::size_t words, std::uint32_t wanted,
                                               std::uint64_t* free) {
    const __m256i bits = _mm256_set1_epi32(static_cast<int>(wanted));
    for (std::size_t w = 0; w < words; ++w, masks += 64) {
        const std::uint64_t low =
            free_32_avx2(load_avx2(masks), load_avx2(masks + 8), load_avx2(masks + 16), load_avx2(masks + 24), bits);
        const std::uint64_t high = free_32_avx2(load_avx2(masks + 32), load_avx2(masks + 40), load_avx2(masks + 48),
                                                load_avx2(masks + 56), bits);
        free[w] = low | high << 32;
    }
}

__attribute__((target("avx2"))) void fits_avx2(const std::uint32_t* masks, std::size_t words, const Question& question,
                                               std::uint64_t* free, std::uint64_t* before, std::uint64_t* after) {
    const __m256i bits = _mm256_set1_epi32(static_cast<int>(question.span));
    const __m256i bits_before = _mm256_set1_epi32(static_cast<int>(question.before));
    const __m256i bits_after = _mm256_set1_epi32(static_cast<int>(question.after));
    for (std::size_t w = 0; w < words; ++w) {
        std::uint64_t found[3] = {0, 0, 0};
        for (unsigned half = 0; half < 2; ++half, masks += 32) {
            const __m256i a = load_avx2(masks);
            const __m256i b = load_avx2(masks + 8);
            const __m256i c = load_avx2(masks + 16);
            const __m256i d = load_avx2(masks + 24);
            found[0] |= std::uint64_t{free_32_avx2(a, b, c, d, bits)} << (32 * half);
            found[1] |= std::uint64_t{free_32_avx2(a, b, c, d, bits_before)} << (32 * half);
            found[2] |= std::uint64_t{free_32_avx2(a, b, c, d, bits_after)} << (32 * half);
        }
        free[w] = found[0];
        before[w] = found[0] & found[1];
        after[w] = found[0] & found[2];
    }
}

__attribute__((target("avx512f"))) inline std::uint64_t free_64_avx512(const std::uint32_t* masks, __m512i wanted) {
    const std::uint64_t a = _mm512_testn_epi32_mask(_mm512_loadu_si512(masks), wanted);
    const std::uint64_t b = _mm512_testn_epi32_mask(_mm512_loadu_si512(masks + 16), wanted);
    const std::uint64_t c = _mm512_testn_epi32_mask(_mm512_loadu_si512(masks + 32), wanted);
    const std::uint64_t d = _mm512_testn_epi32_mask(_mm512_loadu_si512(masks + 48), wanted);
    return a | b << 16 | c << 32 | d << 48;
}

__attribute__((target("avx512f"))) void free_avx512(const std::uint32_t* masks, std::size_t words, std::uint32_t wanted,
                                                    std::uint64_t* free) {
    const __m512i bits = _mm512_set1_epi32(static_cast<int>(wanted));
    for (std::size_t w = 0; w < words; ++w) free[w] = free_64_avx512(masks + 64 * w, bits);
}

__attribute__((target("avx512f"))) void fits_avx512(const std::uint32_t* masks, std::size_t words,
                                                    const Question& question, std::uint64_t* free,
                                                    std::uint64_t* before, std::uint64_t* after) {
    const __m512i bits = _mm512_set1_epi32(static_cast<int>(question.span));
    const __m512i bits_before = _mm512_set1_epi32(static_cast<int>(question.before));
    const __m512i bits_after = _mm512_set1_epi32(static_cast<int>(question.after));
    for (std::size_t w = 0; w < words; ++w, masks += 64) {
        free[w] = free_64_avx512(masks, bits);
        before[w] = free[w] & free_64_avx512(masks, bits_before);
        after[w] = free[w] & free_64_avx512(masks, bits_after);
    }
}

#endif

Searches searches_of(SearchKernel kernel) {
    switch (kernel) {
        case SearchKernel::plain: return {free_plain, fits_plain};
#if defined(__x86_64__)
        case SearchKernel::sse2: return {free_sse2, fits_sse2};
        case SearchKernel::avx2: return {free_avx2, fits_avx2};
        case SearchKernel::avx512: return {free_avx512, fits_avx512};
#else
        case SearchKernel::sse2:
        case SearchKernel::avx2:
        case SearchKernel::avx512: break;
#endif
    }
    RAILBOOK_ASSERT(false && "a kernel that this processor has not");
}

const std::vector<SearchKernel>& found_kernels() {
    static const std::vector<SearchKernel> kernels = [] {
        std::vector<SearchKernel> found{SearchKernel::plain};
#if defined(__x86_64__)
        found.push_back(SearchKernel::sse2);  // every x86-64 processor has it
        if (__builtin_cpu_supports("avx2")) found.push_back(SearchKernel::avx2);
        if (__builtin_cpu_supports("avx512f")) found.push_back(SearchKernel::avx512);
#endif
        return found;
    }();
    return kernels;
}

/// The segments of [from, to) in one plane, as bits.
std::uint32_t bits_of(std::uint32_t plane, std::uint32_t from, std::uint32_t to) {
    const std::uint32_t begin = std::max(from, 32 * plane);
    const std::uint32_t end = std::min(to, 32 * plane + 32);
    if (begin >= end) return 0;
    const std::uint64_t ones = (std::uint64_t{1} << (end - begin)) - 1;
    return static_cast<std::uint32_t>(ones << (begin - 32 * plane));
}

/// The seats [first, last) of a word.
std::uint64_t seats_in_word(std::size_t word, std::uint32_t first, std::uint32_t last) {
    const std::size_t begin = 64 * word;
    std::uint64_t bits = ~std::uint64_t{0};
    if (first > begin) bits &= first - begin >= 64 ? 0 : bits << (first - begin);
    if (last < begin + 64) bits &= last <= begin ? 0 : bits >> (begin + 64 - last);
    return bits;
}

/// The words that a search of [first, last) looks at: [begin, whole) in one go, and the train's last seats singly.
struct Words {
    std::size_t begin = 0;
    std::size_t whole = 0;
    std::size_t end = 0;
    std::size_t tail = 0;  // seats in the word behind the whole ones, where the range has one
};
Words words_of(const MaskPlanes& taken, std::uint32_t first, std::uint32_t last) {
    Words words{.begin = first / 64, .whole = 0, .end = words_for(last), .tail = 0};
    words.whole = std::max(words.begin, std::min<std::size_t>(words.end, taken.seats / 64));
    if (words.whole < words.end) words.tail = taken.seats - 64 * words.whole;
    return words;
}

void check(const MaskPlanes& taken, Span span, std::uint32_t first, std::uint32_t last, ConstSeatWords free) {
    RAILBOOK_ASSERT(span.from < span.to && span.to <= taken.segments);
    RAILBOOK_ASSERT(first <= last && last <= taken.seats && free.size() == words_for(taken.seats));
    RAILBOOK_ASSERT(taken.bits.empty() || taken.bits.size() == MaskPlanes::size_for(taken.seats, taken.segments));
}

/// Nothing outside the range is found.
void cut(SeatWords words, std::uint32_t first, std::uint32_t last) {
    const std::size_t begin = first / 64;
    const std::size_t end = words_for(last);
    std::fill(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(std::min(begin, words.size())), 0);
    std::fill(words.begin() + static_cast<std::ptrdiff_t>(std::min(end, words.size())), words.end(), 0);
    if (begin >= end) return;
    words[begin] &= seats_in_word(begin, first, last);
    words[end - 1] &= seats_in_word(end - 1, first, last);
}

}  // namespace

bool MaskPlanes::is_free(std::uint32_t seat, Span span) const {
    if (bits.empty()) return true;
    for (std::uint32_t plane = span.from / 32; 32 * plane < span.to; ++plane) {
        if (bits[std::size_t{plane} * seats + seat] & bits_of(plane, span.from, span.to)) return false;
    }
    return true;
}

std::uint32_t MaskPlanes::slack(std::uint32_t seat, Span span) const {
    if (bits.empty()) return segments - static_cast<std::uint32_t>(span.to - span.from);
    if (segments <= 32) {
        const std::uint64_t mask = bits[seat];
        const auto begin = static_cast<std::uint32_t>(std::bit_width(mask & ((std::uint64_t{1} << span.from) - 1)));
        const auto after = static_cast<std::uint32_t>(std::countr_zero(mask >> span.to | std::uint64_t{1} << 63));
        return (span.from - begin) + std::min(after, segments - span.to);
    }
    // The nearest taken segment on either side: the highest bit below the span, the lowest one above it.
    std::uint32_t begin = 0;
    for (std::uint32_t plane = (span.from + 31U) / 32; plane-- > 0;) {
        const std::uint32_t below = bits[std::size_t{plane} * seats + seat] & bits_of(plane, 0, span.from);
        if (below == 0) continue;
        begin = 32 * plane + static_cast<std::uint32_t>(std::bit_width(below));
        break;
    }
    std::uint32_t end = segments;
    for (std::uint32_t plane = span.to / 32; 32 * plane < segments; ++plane) {
        const std::uint32_t above = bits[std::size_t{plane} * seats + seat] & bits_of(plane, span.to, segments);
        if (above == 0) continue;
        end = 32 * plane + static_cast<std::uint32_t>(std::countr_zero(above));
        break;
    }
    return (span.from - begin) + (end - span.to);
}

std::string_view to_string(SearchKernel kernel) {
    switch (kernel) {
        case SearchKernel::plain: return "plain";
        case SearchKernel::sse2: return "SSE2";
        case SearchKernel::avx2: return "AVX2";
        case SearchKernel::avx512: return "AVX-512";
    }
    RAILBOOK_ASSERT(false && "a kernel outside the list");
}

std::span<const SearchKernel> available_kernels() { return found_kernels(); }

SearchKernel fastest_kernel() {
    static const SearchKernel fastest = found_kernels().back();
    return fastest;
}

void find_free(const MaskPlanes& taken, Span span, std::uint32_t first, std::uint32_t last, SeatWords free,
               SearchKernel kernel) {
    check(taken, span, first, last, free);
    if (taken.bits.empty()) {
        std::ranges::fill(free, ~std::uint64_t{0});
        cut(free, first, last);
        return;
    }
    const auto search = searches_of(kernel).free;
    const Words words = words_of(taken, first, last);
    const std::uint32_t first_plane = span.from / 32;
    for (std::uint32_t plane = first_plane; 32 * plane < span.to; ++plane) {
        const std::uint32_t* const masks = taken.bits.data() + std::size_t{plane} * taken.seats;
        const std::uint32_t wanted = bits_of(plane, span.from, span.to);
        if (plane == first_plane) {
            search(masks + 64 * words.begin, words.whole - words.begin, wanted, free.data() + words.begin);
            if (words.tail > 0) free[words.whole] = free_of(masks + 64 * words.whole, words.tail, wanted);
            continue;
        }
        // A few words at a time: the longest runs have 2048 planes, and nothing of the size of a train is allocated.
        std::array<std::uint64_t, 16> more{};
        for (std::size_t w = words.begin; w < words.whole; w += more.size()) {
            const std::size_t count = std::min(more.size(), words.whole - w);
            search(masks + 64 * w, count, wanted, more.data());
            for (std::size_t i = 0; i < count; ++i) free[w + i] &= more[i];
        }
        if (words.tail > 0) free[words.whole] &= free_of(masks + 64 * words.whole, words.tail, wanted);
    }
    cut(free, first, last);
}

void find_fits(const MaskPlanes& taken, Span span, std::uint32_t first, std::uint32_t last, const Fits& fits,
               SearchKernel kernel) {
    check(taken, span, first, last, fits.free);
    RAILBOOK_ASSERT(fits.open_before.size() == fits.free.size() && fits.open_after.size() == fits.free.size());
    const bool has_before = span.from > 0;
    const bool has_after = span.to < taken.segments;
    if (taken.segments <= 32 && !taken.bits.empty()) {
        // The usual run: one plane, read once.
        const Question question{bits_of(0, span.from, span.to), has_before ? bits_of(0, span.from - 1U, span.from) : 0,
                                has_after ? bits_of(0, span.to, span.to + 1U) : 0};
        const Words words = words_of(taken, first, last);
        const std::uint32_t* const masks = taken.bits.data();
        searches_of(kernel).fits(masks + 64 * words.begin, words.whole - words.begin, question,
                                 fits.free.data() + words.begin, fits.open_before.data() + words.begin,
                                 fits.open_after.data() + words.begin);
        if (words.tail > 0) {
            const std::uint32_t* const rest = masks + 64 * words.whole;
            fits.free[words.whole] = free_of(rest, words.tail, question.span);
            fits.open_before[words.whole] = fits.free[words.whole] & free_of(rest, words.tail, question.before);
            fits.open_after[words.whole] = fits.free[words.whole] & free_of(rest, words.tail, question.after);
        }
        cut(fits.free, first, last);
        if (has_before) cut(fits.open_before, first, last);
        if (has_after) cut(fits.open_after, first, last);
    } else {
        find_free(taken, span, first, last, fits.free, kernel);
        const auto single = [](unsigned segment) {
            return Span{static_cast<std::uint16_t>(segment), static_cast<std::uint16_t>(segment + 1)};
        };
        const auto find_open = [&](SeatWords open, Span segment) {
            find_free(taken, segment, first, last, open, kernel);
            for (std::size_t w = 0; w < open.size(); ++w) open[w] &= fits.free[w];
        };
        if (has_before) find_open(fits.open_before, single(span.from - 1U));
        if (has_after) find_open(fits.open_after, single(span.to));
    }
    if (!has_before) std::ranges::fill(fits.open_before, 0);
    if (!has_after) std::ranges::fill(fits.open_after, 0);
}

void find_neighbours(ConstSeatWords free, ConstSeatWords joined, std::uint32_t count, SeatWords starts) {
    RAILBOOK_ASSERT(count > 0 && joined.size() == free.size() && starts.size() == free.size());
    if (count == 1) {
        std::ranges::copy(free, starts.begin());
        return;
    }
    // A pair begins where a seat and the next one are free and in one coach. `count` neighbours are count - 1 pairs,
    // one behind the other, and a row of pairs doubles its length with each step.
    const std::size_t size = free.size();
    for (std::size_t w = 0; w < size; ++w) {
        const std::uint64_t high = w + 1 < size ? free[w + 1] : 0;
        starts[w] = free[w] & joined[w] & (free[w] >> 1 | high << 63);
    }
    const std::uint32_t pairs = count - 1;
    for (std::uint32_t length = 1; length < pairs;) {
        const std::uint32_t step = std::min(length, pairs - length);
        const std::size_t words = step / 64;
        const unsigned bits = step % 64;
        for (std::size_t w = 0; w < size; ++w) {
            const std::uint64_t low = w + words < size ? starts[w + words] : 0;
            const std::uint64_t high = w + words + 1 < size ? starts[w + words + 1] : 0;
            starts[w] &= bits == 0 ? low : low >> bits | high << (64 - bits);
        }
        length += step;
    }
}

}  // namespace railbook::inventory

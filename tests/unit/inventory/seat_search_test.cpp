#include "inventory/seat_search.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::inventory {
namespace {

/// A train with random segments taken.
struct RandomTrain {
    std::uint32_t seats = 0;
    std::uint32_t segments = 0;
    std::vector<std::uint32_t> bits;
    MaskPlanes planes() const { return {bits, seats, segments}; }
    bool is_free(std::uint32_t seat, std::uint32_t from, std::uint32_t to) const {
        for (auto n = from; n < to; ++n) {
            if (bits[std::size_t{n / 32} * seats + seat] >> (n % 32) & 1U) return false;
        }
        return true;
    }
};

RandomTrain random_train(std::uint32_t max_segments = 128) {
    RandomTrain train;
    train.seats = *rc::gen::inRange<std::uint32_t>(1, 300);
    train.segments = *rc::gen::inRange<std::uint32_t>(1, max_segments + 1);
    train.bits.resize(MaskPlanes::size_for(train.seats, train.segments));
    // Few, half or most are taken; bits behind the last segment may be anything.
    const int sparse = *rc::gen::inRange(0, 4);
    std::uint64_t state = *rc::gen::arbitrary<std::uint64_t>() | 1;
    const auto draw = [&] {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        return static_cast<std::uint32_t>(state >> 16);
    };
    for (auto& word : train.bits) {
        word = draw();
        for (int i = 0; i < sparse; ++i) word &= draw();
        if (draw() % 3 == 0) word = 0;
    }
    return train;
}

Span random_span(const RandomTrain& train) {
    const auto from = *rc::gen::inRange<std::uint32_t>(0, train.segments);
    const auto to = *rc::gen::inRange<std::uint32_t>(from, train.segments) + 1;
    return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
}

bool holds(const std::vector<std::uint64_t>& words, std::size_t seat) { return words[seat / 64] >> (seat % 64) & 1U; }

RC_GTEST_PROP(SeatSearch, EveryKernelFindsTheSeatsThatAreFreeSegmentBySegment, ()) {
    const auto train = random_train();
    const auto span = random_span(train);
    const auto first = *rc::gen::inRange<std::uint32_t>(0, train.seats + 1);
    const auto last = *rc::gen::inRange<std::uint32_t>(first, train.seats + 1);
    for (const auto kernel : available_kernels()) {
        std::vector<std::uint64_t> free(words_for(train.seats), 0x5555);
        find_free(train.planes(), span, first, last, free, kernel);
        for (std::uint32_t seat = 0; seat < 64 * free.size(); ++seat) {
            const bool expected = seat >= first && seat < last && train.is_free(seat, span.from, span.to);
            if (holds(free, seat) != expected) RC_LOG() << to_string(kernel) << " at seat " << seat << '\n';
            RC_ASSERT(holds(free, seat) == expected);
        }
    }
}

RC_GTEST_PROP(SeatSearch, EveryKernelFindsWhereASpanCutsALongerStretch, ()) {
    const auto train = random_train(*rc::gen::element(32U, 128U));
    const auto span = random_span(train);
    const auto first = *rc::gen::inRange<std::uint32_t>(0, train.seats + 1);
    const auto last = *rc::gen::inRange<std::uint32_t>(first, train.seats + 1);
    for (const auto kernel : available_kernels()) {
        std::vector<std::uint64_t> free(words_for(train.seats), 0x5555), before = free, after = free;
        find_fits(train.planes(), span, first, last, {free, before, after}, kernel);
        for (std::uint32_t seat = 0; seat < 64 * free.size(); ++seat) {
            const bool is_free = seat >= first && seat < last && train.is_free(seat, span.from, span.to);
            RC_ASSERT(holds(free, seat) == is_free);
            RC_ASSERT(holds(before, seat) ==
                      (is_free && span.from > 0 && train.is_free(seat, span.from - 1U, span.from)));
            RC_ASSERT(holds(after, seat) ==
                      (is_free && span.to < train.segments && train.is_free(seat, span.to, span.to + 1U)));
        }
    }
}

RC_GTEST_PROP(SeatSearch, NeighboursAreFreeAndNeverCrossACoach, ()) {
    const auto seats = *rc::gen::inRange<std::size_t>(1, 400);
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 140);
    const auto taken_seats = *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, seats));
    const auto last_seats = *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, seats));
    std::vector<std::uint64_t> free(words_for(seats)), joined(words_for(seats)), starts(words_for(seats), 7);
    for (std::size_t seat = 0; seat < seats; ++seat) {
        free[seat / 64] |= std::uint64_t{!taken_seats.contains(seat)} << (seat % 64);
        joined[seat / 64] |= std::uint64_t{!last_seats.contains(seat) && seat + 1 < seats} << (seat % 64);
    }
    find_neighbours(free, joined, count, starts);
    for (std::size_t seat = 0; seat < 64 * starts.size(); ++seat) {
        bool expected = seat + count <= seats;
        for (std::size_t i = 0; expected && i < count; ++i) {
            expected = !taken_seats.contains(seat + i) && (i + 1 == count || !last_seats.contains(seat + i));
        }
        RC_ASSERT(holds(starts, seat) == expected);
    }
}

RC_GTEST_PROP(SeatSearch, SlackIsTheFreeStretchAroundTheSpan, ()) {
    const auto train = random_train(*rc::gen::element(1U, 32U, 33U, 128U));
    const auto span = random_span(train);
    for (std::uint32_t seat = 0; seat < train.seats; ++seat) {
        RC_ASSERT(train.planes().is_free(seat, span) == train.is_free(seat, span.from, span.to));
        std::uint32_t begin = span.from;
        std::uint32_t end = span.to;
        while (begin > 0 && train.is_free(seat, begin - 1, begin)) --begin;
        while (end < train.segments && train.is_free(seat, end, end + 1)) ++end;
        RC_ASSERT(train.planes().slack(seat, span) == (span.from - begin) + (end - span.to));
    }
}

TEST(SeatSearch, ATrainWithoutMasksIsFree) {
    const MaskPlanes planes{{}, 70, 5};
    std::vector<std::uint64_t> free(2), before(2), after(2);
    find_fits(planes, {0, 4}, 0, 70, {free, before, after});
    EXPECT_EQ(free, (std::vector<std::uint64_t>{~std::uint64_t{0}, 63}));
    EXPECT_EQ(before, (std::vector<std::uint64_t>{0, 0})) << "there is no segment before the first";
    EXPECT_EQ(after, free);
    EXPECT_TRUE(planes.is_free(69, {0, 5}));
    EXPECT_EQ(planes.slack(69, {1, 3}), 3U);
}

TEST(SeatSearch, TheLongestRunHas65535Segments) {
    std::vector<std::uint32_t> bits(MaskPlanes::size_for(3, 65535));
    bits[std::size_t{65534 / 32} * 3 + 1] = 1U << (65534 % 32);
    const MaskPlanes planes{bits, 3, 65535};
    for (const auto kernel : available_kernels()) {
        std::vector<std::uint64_t> free(1);
        find_free(planes, {0, 65535}, 0, 3, free, kernel);
        EXPECT_EQ(free[0], 0b101U) << to_string(kernel);
        find_free(planes, {0, 65534}, 0, 3, free, kernel);
        EXPECT_EQ(free[0], 0b111U) << to_string(kernel);
    }
    EXPECT_EQ(planes.slack(1, {0, 1}), 65533U);
    EXPECT_EQ(planes.slack(2, {0, 1}), 65534U);
}

TEST(SeatSearch, TheProcessorsKernelsAreTested) {
    std::string names;
    for (const auto kernel : available_kernels()) names += (names.empty() ? "" : ", ") + std::string{to_string(kernel)};
    RecordProperty("kernels", names);
    std::cout << "kernels compared: " << names << '\n';
    EXPECT_EQ(available_kernels().front(), SearchKernel::plain);
    EXPECT_EQ(available_kernels().back(), fastest_kernel());
#if defined(__x86_64__)
    const auto has = [](SearchKernel kernel) {
        return std::ranges::find(available_kernels(), kernel) != available_kernels().end();
    };
    EXPECT_TRUE(has(SearchKernel::sse2));
    EXPECT_EQ(has(SearchKernel::avx2), static_cast<bool>(__builtin_cpu_supports("avx2")));
    EXPECT_EQ(has(SearchKernel::avx512), static_cast<bool>(__builtin_cpu_supports("avx512f")));
#endif
}

}  // namespace
}  // namespace railbook::inventory

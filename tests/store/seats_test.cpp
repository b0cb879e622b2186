// The bare seats of a run: laws of one thread, then many threads against each other.

#include "store/seats.hpp"

#include <numeric>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::store {
namespace {

using ::testing::ElementsAre;
using Numbers = std::vector<std::uint32_t>;

constexpr Timestamp kNoon{Duration{1'796'040'000'000}};
constexpr Timestamp kLater = kNoon + std::chrono::minutes{15};
constexpr Duration kMoment{1};

/// Coaches of ten seats.
std::shared_ptr<const Numbers> coaches_of(std::uint32_t seats) {
    Numbers coaches;
    for (std::uint32_t seat = 0; seat < seats; seat += 10) coaches.push_back(seat);
    return std::make_shared<const Numbers>(coaches);
}

class SeatsOfARun : public ::testing::Test {
protected:
    static constexpr std::uint32_t kSeats = 30;
    auto hold(const Numbers& wanted, Span span, Timestamp now = kNoon) {
        return seats.hold(wanted, span, kLater, now, 0);
    }
    RunSeats seats{kSeats, 40, coaches_of(kSeats)};
};

TEST_F(SeatsOfARun, ASeatIsTakenBySegment) {
    ASSERT_TRUE(hold({3}, {2, 5}));
    EXPECT_FALSE(hold({3}, {4, 6}));
    EXPECT_FALSE(hold({3}, {0, 40}));
    EXPECT_TRUE(hold({3}, {5, 40})) << "over the edge of a plane";
    EXPECT_TRUE(hold({3}, {0, 2}));
    EXPECT_FALSE(seats.is_free(3, {1, 2}, kNoon, 0));
    EXPECT_TRUE(seats.is_free(4, {0, 40}, kNoon, 0));
}

TEST_F(SeatsOfARun, AllOrNone) {
    ASSERT_TRUE(hold({5}, {0, 1}));
    EXPECT_FALSE(hold({2, 3, 4, 5}, {0, 40}));
    for (const std::uint32_t seat : {2U, 3U, 4U}) EXPECT_TRUE(seats.is_free(seat, {0, 40}, kNoon, 0)) << seat;
    EXPECT_TRUE(seats.is_free(5, {1, 40}, kNoon, 0));
    EXPECT_EQ(seats.version(), 1U);
}

TEST_F(SeatsOfARun, AHoldEndsAtItsDeadlineToTheMillisecond) {
    const auto first = hold({7}, {0, 4});
    ASSERT_TRUE(first);
    EXPECT_FALSE(hold({7}, {3, 5}, kLater - kMoment));
    EXPECT_EQ(seats.release(*first, kLater, 0), RunSeats::Outcome::expired);
    EXPECT_EQ(seats.extend(*first, kLater + kMoment, kLater), RunSeats::Outcome::expired);
    EXPECT_EQ(seats.sell(*first, kLater, 0), RunSeats::Outcome::expired);
    // Nobody has swept; the next buyer does not see it.
    EXPECT_TRUE(seats.is_free(7, {0, 4}, kLater, 0));
    const auto second = seats.hold(Numbers{7}, {3, 5}, kLater + kMoment, kLater, 0);
    ASSERT_TRUE(second);
    EXPECT_GT(second->fence(), first->fence());
    EXPECT_EQ(seats.release(*first, kLater, 0), RunSeats::Outcome::gone);
    EXPECT_FALSE(seats.is_free(7, {3, 5}, kLater, 0)) << "the stale one changed nothing";
}

TEST_F(SeatsOfARun, AnExtensionMovesTheDeadline) {
    const auto held = hold({7}, {0, 4});
    ASSERT_TRUE(held);
    EXPECT_EQ(seats.extend(*held, kLater + kMoment, kLater - kMoment), RunSeats::Outcome::done);
    EXPECT_FALSE(hold({7}, {0, 1}, kLater));
    EXPECT_EQ(seats.release(*held, kLater, 0), RunSeats::Outcome::done);
    EXPECT_TRUE(hold({7}, {0, 1}, kLater));
}

TEST_F(SeatsOfARun, AShorterDeadlineCounts) {
    const auto held = hold({7}, {0, 4});
    ASSERT_EQ(seats.extend(*held, kNoon + kMoment, kNoon), RunSeats::Outcome::done);
    EXPECT_FALSE(seats.is_free(7, {0, 4}, kNoon, 0));
    EXPECT_TRUE(seats.is_free(7, {0, 4}, kNoon + kMoment, 0));
}

TEST_F(SeatsOfARun, AReleaseIsDoneOnce) {
    const auto held = hold({1, 2}, {0, 4});
    EXPECT_EQ(seats.release(*held, kNoon, 0), RunSeats::Outcome::done);
    EXPECT_EQ(seats.release(*held, kNoon, 0), RunSeats::Outcome::gone);
    const auto next = hold({1, 2}, {0, 4});
    EXPECT_EQ(seats.release(*held, kNoon, 0), RunSeats::Outcome::gone);
    EXPECT_EQ(seats.extend(*held, kLater, kNoon), RunSeats::Outcome::gone);
    EXPECT_EQ(seats.release(*next, kNoon, 0), RunSeats::Outcome::done);
}

TEST_F(SeatsOfARun, WhatIsSoldStaysTaken) {
    const auto held = hold({1, 2}, {30, 35});
    EXPECT_EQ(seats.sell(*held, kNoon, 0), RunSeats::Outcome::done);
    EXPECT_EQ(seats.release(*held, kNoon, 0), RunSeats::Outcome::gone);
    EXPECT_FALSE(seats.is_free(2, {34, 40}, kLater + std::chrono::hours{24}, 0));
    seats.give_back(Numbers{2}, {30, 35}, 0);
    EXPECT_TRUE(seats.is_free(2, {0, 40}, kNoon, 0));
    EXPECT_TRUE(seats.take(Numbers{2, 3}, {0, 40}, SeatState::blocked, kNoon, 0));
    EXPECT_FALSE(seats.take(Numbers{0, 1}, {0, 40}, SeatState::blocked, kNoon, 0));
    EXPECT_TRUE(seats.is_free(0, {0, 40}, kNoon, 0));
}

TEST_F(SeatsOfARun, ALargePartyIsOneHold) {
    Numbers all(kSeats);
    std::iota(all.begin(), all.end(), 0U);
    const auto held = hold(all, {0, 40});
    ASSERT_TRUE(held);
    EXPECT_EQ(seats.bytes().live_holds, 1U);
    EXPECT_EQ(seats.release(*held, kNoon, 0), RunSeats::Outcome::done);
    EXPECT_EQ(seats.bytes().live_holds, 0U);
    ASSERT_TRUE(hold(all, {0, 40}));
    EXPECT_TRUE(hold(all, {0, 40}, kLater)) << "lapsed as a whole";
}

TEST_F(SeatsOfARun, FindsNeighboursInOneCoachFromTheWorkersOwnOn) {
    const auto any = [&](std::uint32_t count, unsigned worker) {
        return seats.hold_any(count, {0, 4}, kLater, kNoon, worker);
    };
    EXPECT_EQ(any(3, 0)->first_seat(), 0U);
    EXPECT_EQ(any(3, 3)->first_seat(), 10U) << "the third worker begins in the second coach";
    EXPECT_EQ(any(8, 0)->first_seat(), 20U) << "seats 3 to 12 are of two coaches";
    EXPECT_EQ(any(7, 7)->first_seat(), 3U) << "all other coaches are fuller";
    EXPECT_FALSE(any(8, 0));
    EXPECT_FALSE(any(11, 0));
}

TEST_F(SeatsOfARun, ChangesAreNumberedWithoutAGap) {
    const auto held = hold({1, 2}, {0, 4});
    ASSERT_EQ(seats.sell(*held, kNoon, 1), RunSeats::Outcome::done);
    ASSERT_TRUE(seats.hold(Numbers{4}, {0, 1}, kLater, kNoon, 2));
    seats.give_back(Numbers{1}, {0, 4}, 3);
    seats.sweep(kLater, 0);
    const auto changes = seats.changes_after(0);
    ASSERT_TRUE(changes);
    EXPECT_THAT(*changes,
                ElementsAre(SeatChange{1, 1, {0, 4}, SeatState::held}, SeatChange{2, 2, {0, 4}, SeatState::held},
                            SeatChange{3, 1, {0, 4}, SeatState::sold}, SeatChange{4, 2, {0, 4}, SeatState::sold},
                            SeatChange{5, 4, {0, 1}, SeatState::held}, SeatChange{6, 1, {0, 4}, SeatState::free},
                            SeatChange{7, 4, {0, 1}, SeatState::free}));
    EXPECT_THAT(*seats.changes_after(6), ElementsAre(SeatChange{7, 4, {0, 1}, SeatState::free}));
    EXPECT_THAT(*seats.changes_after(7), ElementsAre());
}

TEST_F(SeatsOfARun, WhoIsTooFarBehindIsTold) {
    for (int i = 0; i < 100; ++i) ASSERT_EQ(seats.release(*hold({1}, {0, 4}), kNoon, 0), RunSeats::Outcome::done);
    EXPECT_EQ(seats.version(), 200U);
    EXPECT_FALSE(seats.changes_after(0));
    EXPECT_FALSE(seats.changes_after(71));
    ASSERT_TRUE(seats.changes_after(72));
    EXPECT_EQ(seats.changes_after(72)->size(), 128U);
}

TEST_F(SeatsOfARun, IsSmall) {
    const RunSeats idle{1280, 32, coaches_of(1280)};
    EXPECT_LE(static_cast<double>(idle.bytes().masks) / 1280, 4.5);
    EXPECT_EQ(idle.bytes().records + idle.bytes().changes, 0U);
    EXPECT_LE(idle.bytes().record_size, 64U);
}

/// The same, cell by cell.
RC_GTEST_PROP(SeatsOfARunProperty, DoesWhatANaiveModelDoes, ()) {
    constexpr std::uint32_t kCount = 6;
    const auto segments = *rc::gen::element(3U, 32U, 70U);
    RunSeats seats{kCount, segments, coaches_of(kCount)};
    struct Held {
        Numbers seats;
        Span span;
        Timestamp deadline;
        std::optional<RunSeats::Handle> handle;
        enum { live, sold, over } state = live;
    };
    std::vector<Held> holds;
    Timestamp now = kNoon;
    const auto is_free = [&](std::uint32_t seat, Span span) {
        return std::ranges::none_of(holds, [&](const Held& held) {
            const bool there = held.state == Held::sold || (held.state == Held::live && held.deadline > now);
            return there && held.span.overlaps(span) && std::ranges::find(held.seats, seat) != held.seats.end();
        });
    };
    const int steps = *rc::gen::inRange(1, 60);
    for (int step = 0; step < steps; ++step) {
        now += Duration{*rc::gen::inRange(0, 3)};
        const auto worker = *rc::gen::inRange(0U, 10U);
        const int kind = *rc::gen::inRange(0, 6);
        if (kind < 3 || holds.empty()) {
            std::set<std::uint32_t> chosen;
            for (int n = *rc::gen::inRange(1, 6); n > 0; --n) chosen.insert(*rc::gen::inRange(0U, kCount));
            const Numbers wanted{chosen.begin(), chosen.end()};
            const auto from = *rc::gen::inRange<std::uint32_t>(0, segments);
            const auto to = *rc::gen::inRange<std::uint32_t>(from, segments) + 1;
            const Span span{static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
            const Timestamp deadline = now + Duration{*rc::gen::inRange(1, 8)};
            const bool expected = std::ranges::all_of(wanted, [&](auto seat) { return is_free(seat, span); });
            const auto handle = seats.hold(wanted, span, deadline, now, worker);
            RC_ASSERT(handle.has_value() == expected);
            if (handle) holds.push_back({wanted, span, deadline, handle, Held::live});
        } else {
            auto& held = holds[*rc::gen::inRange<std::size_t>(0, holds.size())];
            const bool lives = held.state == Held::live && held.deadline > now;
            if (kind == 3) {
                RC_ASSERT((seats.release(*held.handle, now, worker) == RunSeats::Outcome::done) == lives);
                if (lives) held.state = Held::over;
            } else if (kind == 4) {
                RC_ASSERT((seats.sell(*held.handle, now, worker) == RunSeats::Outcome::done) == lives);
                if (lives) held.state = Held::sold;
            } else {
                const Timestamp deadline = now + Duration{*rc::gen::inRange(1, 8)};
                RC_ASSERT((seats.extend(*held.handle, deadline, now) == RunSeats::Outcome::done) == lives);
                if (lives) held.deadline = deadline;
            }
        }
        Numbers bits((segments + 31) / 32 * kCount);
        seats.copy_taken(bits, now, worker);
        for (std::uint32_t seat = 0; seat < kCount; ++seat) {
            for (std::uint32_t n = 0; n < segments; ++n) {
                const Span cell{static_cast<std::uint16_t>(n), static_cast<std::uint16_t>(n + 1)};
                RC_ASSERT((bits[n / 32 * kCount + seat] >> (n % 32) & 1U) == (is_free(seat, cell) ? 0U : 1U));
            }
        }
    }
}

// --- Threads -------------------------------------------------------------------------------------------------------

template <class Body>
void in_threads(unsigned count, const Body& body) {
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (unsigned worker = 0; worker < count; ++worker) {
        threads.emplace_back([&, worker] {
            while (!go) std::this_thread::yield();
            body(worker);
        });
    }
    go = true;
    for (auto& thread : threads) thread.join();
}

struct Attempt {
    Numbers seats;
    Span span;
    bool accepted = false;
    bool overlaps(const Attempt& other) const {
        return span.overlaps(other.span) && std::ranges::any_of(seats, [&](auto seat) {
                   return std::ranges::find(other.seats, seat) != other.seats.end();
               });
    }
};

/// Nobody releases: what was accepted is disjoint, and who was refused was so because of somebody who was accepted.
/// Where a hold takes more than one step, it may also be because of somebody who had to give up in the end.
void everybody_wants(std::uint32_t seats, std::uint32_t segments, std::uint32_t most, unsigned threads, int attempts) {
    RunSeats run{seats, segments, coaches_of(seats)};
    std::vector<std::vector<Attempt>> all(threads);
    in_threads(threads, [&](unsigned worker) {
        std::mt19937 random{worker};
        for (int i = 0; i < attempts; ++i) {
            std::set<std::uint32_t> chosen;
            for (auto n = 1 + random() % most; n > 0; --n) chosen.insert(static_cast<std::uint32_t>(random() % seats));
            const auto from = static_cast<std::uint16_t>(random() % segments);
            const auto to = static_cast<std::uint16_t>(from + 1 + random() % (segments - from));
            Attempt attempt{{chosen.begin(), chosen.end()}, {from, to}};
            attempt.accepted = run.hold(attempt.seats, attempt.span, kLater, kNoon, worker).has_value();
            all[worker].push_back(std::move(attempt));
        }
    });
    std::vector<Attempt> accepted;
    for (const auto& mine : all) std::ranges::copy_if(mine, std::back_inserter(accepted), &Attempt::accepted);
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) ASSERT_FALSE(accepted[i].overlaps(accepted[k]));
    }
    const bool in_one_step = most == 1 && segments <= SeatMasks::kSegmentsOfPlane;
    for (unsigned worker = 0; worker < threads; ++worker) {
        for (const auto& attempt : all[worker]) {
            if (attempt.accepted) continue;
            const auto overlaps = [&](const Attempt& other) { return other.overlaps(attempt); };
            bool has_reason = std::ranges::any_of(accepted, overlaps);
            for (unsigned other = 0; other < threads && !has_reason && !in_one_step; ++other)
                has_reason = other != worker && std::ranges::any_of(all[other], overlaps);
            EXPECT_TRUE(has_reason);
        }
    }
    std::uint64_t seats_held = 0;
    for (const auto& one : accepted) seats_held += one.seats.size();
    EXPECT_EQ(run.version(), seats_held);
}

TEST(SeatsOfARunInThreads, ManyWantOneSeat) {
    for (int round = 0; round < 20; ++round) everybody_wants(1, 32, 1, 64, 3);
}
TEST(SeatsOfARunInThreads, ManyWantSeveralSeatsOverSeveralPlanes) {
    for (int round = 0; round < 20; ++round) everybody_wants(12, 80, 5, 8, 40);
}

TEST(SeatsOfARunInThreads, OneOfManyGetsTheLastSeat) {
    RunSeats run{1, 30, coaches_of(1)};
    std::atomic<int> winners{0};
    in_threads(16, [&](unsigned worker) {
        for (int i = 0; i < 625; ++i) winners += run.hold(Numbers{0}, {3, 20}, kLater, kNoon, worker).has_value();
    });
    EXPECT_EQ(winners, 1);
}

/// Everybody holds, extends, releases and sells while holds lapse. Each cell has a guard: whoever owns it marks it, so
/// a second owner would be seen.
TEST(SeatsOfARunInThreads, ACellHasOneOwnerAtATime) {
    constexpr std::uint32_t kCount = 20;
    constexpr unsigned kThreads = 6;
    RunSeats run{kCount, 3, coaches_of(kCount)};
    std::vector<std::atomic<int>> owners(kCount);
    std::atomic<bool> broken{false};
    std::atomic<std::uint64_t> held_seats{0};
    in_threads(kThreads, [&](unsigned worker) {
        std::mt19937 random{worker};
        for (int i = 0; i < 3000; ++i) {
            const auto count = static_cast<std::uint32_t>(1 + random() % 3);
            const auto held = run.hold_any(count, {0, 3}, kLater, kNoon, worker);
            if (!held) continue;
            held_seats += count;
            for (std::uint32_t k = 0; k < count; ++k) broken = broken || owners[held->first_seat() + k]++ != 0;
            if (random() % 4 == 0)
                broken = broken || run.extend(*held, kLater + kMoment, kNoon) != RunSeats::Outcome::done;
            for (std::uint32_t k = 0; k < count; ++k) --owners[held->first_seat() + k];
            broken = broken || run.release(*held, kNoon, worker) != RunSeats::Outcome::done;
        }
    });
    EXPECT_FALSE(broken);
    EXPECT_EQ(run.version(), 2 * held_seats);
    EXPECT_EQ(run.bytes().live_holds, 0U);
    for (std::uint32_t seat = 0; seat < kCount; ++seat) EXPECT_TRUE(run.is_free(seat, {0, 3}, kNoon, 0));
}

/// Time goes on while holds lapse and are swept by whoever comes along: of a release and a sweep of one hold only one
/// frees the seats, and at the end everything is free.
TEST(SeatsOfARunInThreads, LapsesAndReleasesMeet) {
    constexpr std::uint32_t kCount = 16;
    RunSeats run{kCount, 40, coaches_of(kCount)};
    std::atomic<std::int64_t> clock{0};
    std::atomic<std::uint64_t> held{0};
    in_threads(4, [&](unsigned worker) {
        std::mt19937 random{worker + 7};
        for (int i = 0; i < 4000; ++i) {
            const Timestamp now = kNoon + Duration{clock.fetch_add(static_cast<std::int64_t>(random() % 2))};
            const auto seat = static_cast<std::uint32_t>(random() % (kCount - 1));
            const auto placed =
                run.hold(Numbers{seat, seat + 1}, {30, 35}, now + Duration{random() % 4 + 1}, now, worker);
            if (!placed) continue;
            held += 2;
            const Timestamp then = kNoon + Duration{clock.load()};
            if (random() % 2 == 0) static_cast<void>(run.release(*placed, then, worker));
        }
    });
    const Timestamp end = kNoon + Duration{clock.load() + 10};
    run.sweep(end, 0);
    EXPECT_EQ(run.version(), 2 * held) << "every seat that was held was freed once";
    EXPECT_EQ(run.bytes().live_holds, 0U);
    for (std::uint32_t seat = 0; seat < kCount; ++seat) EXPECT_TRUE(run.is_free(seat, {0, 40}, end, 0)) << seat;
}

/// A subscriber who asks again and again sees every change once, in order, or is told to look anew.
TEST(SeatsOfARunInThreads, AFollowerMissesNothing) {
    constexpr std::uint32_t kCount = 40;
    RunSeats run{kCount, 3, coaches_of(kCount)};
    std::atomic<int> busy{3};
    std::uint64_t told = 0;
    int anew = 0;
    std::vector<SeatState> states(kCount, SeatState::free);
    in_threads(4, [&](unsigned worker) {
        if (worker < 3) {
            for (int i = 0; i < 5000; ++i) {
                const auto placed = run.hold_any(1, {0, 3}, kLater, kNoon, worker);
                if (placed) static_cast<void>(run.release(*placed, kNoon, worker));
                if (i % 64 == 0) std::this_thread::yield();
            }
            --busy;
            return;
        }
        while (true) {
            const bool last = busy == 0;
            const auto changes = run.changes_after(told);
            if (!changes) {
                ++anew;
                told = run.version();
                std::ranges::fill(states, SeatState::blocked);  // not known
            } else {
                for (const auto& change : *changes) {
                    ASSERT_EQ(change.version, told + 1);
                    told = change.version;
                    auto& state = states[change.seat];
                    ASSERT_NE(change.state, state) << "a seat is held and freed in turns";
                    state = change.state;
                }
            }
            if (last && told == run.version()) break;
        }
    });
    for (const auto state : states) EXPECT_NE(state, SeatState::held);
    std::cout << "the follower looked anew " << anew << " times\n";
}

}  // namespace
}  // namespace railbook::store

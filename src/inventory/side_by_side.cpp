#include "inventory/side_by_side.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "base/assert.hpp"

namespace railbook::inventory {
namespace {

/// A number for each of 64 seats, by its binary digits: digit d of all of them is one word. Adding a bit to each number
/// is a few operations on words, and the least of all is found digit by digit.
template <std::size_t kDigits>
class Counts {
public:
    /// Adds 1 to the numbers whose bit is set.
    void add(std::uint64_t bits) { carry<0>(bits); }
    /// Adds both, in one go.
    void add(std::uint64_t one, std::uint64_t other) {
        const std::uint64_t differ = one ^ other;
        const std::uint64_t more = (one & other) | (digits_[0] & differ);
        digits_[0] ^= differ;
        carry<1>(more);
    }
    /// Leaves those of the candidates that have the least number, and returns it. There is a candidate.
    std::uint32_t keep_least(std::uint64_t& candidates) const {
        std::uint32_t least = 0;
        for (std::size_t d = kDigits; d-- > 0;) {
            const std::uint64_t without = candidates & ~digits_[d];
            if (without == 0) least |= 1U << d;
            else candidates = without;
        }
        return least;
    }

private:
    template <std::size_t kDigit>
    void carry(std::uint64_t bits) {
        if constexpr (kDigit < kDigits) {
            const std::uint64_t more = digits_[kDigit] & bits;
            digits_[kDigit] ^= bits;
            carry<kDigit + 1>(more);
        }
    }

    std::array<std::uint64_t, kDigits> digits_{};
};

/// Goes through the train once, 64 places at a time. Of each such word the candidates are narrowed down line by line
/// of the order of preference, and given up as soon as they are worse than the best so far; so most words cost no more
/// than a look at the first line that tells them apart. `kCount` is the size of the party, or 0 where it is seldom.
template <std::uint32_t kCount>
class Search {
public:
    Search(const SeatStageView& stage, const SeatSet& eligible, std::uint32_t count, std::optional<std::uint32_t> near)
        : stage_{stage}, plan_{stage.plan}, eligible_{eligible}, count_{count}, near_{near} {}

    std::optional<std::uint32_t> best() {
        SeatSet places = SeatSet::unfilled(plan_.seats());
        const std::size_t begin = stage_.party.first / 64;
        const std::size_t end = words_for(stage_.party.last);
        const auto words = [&](auto all) { return all.subspan(begin, end - begin); };
        find_neighbours(words(eligible_.words()), words(plan_.joined().words()), count_, words(places.words()));
        const SeatSet* const apart = plan_.apart(count_);
        const auto places_of = [&](std::size_t w) {
            return apart ? places.words()[w] & ~apart->words()[w] : places.words()[w];
        };
        // From the seat to be near to the ends of the train, so that what is far away needs no close look.
        const std::size_t middle = near_ ? std::clamp(std::size_t{*near_ / 64}, begin, end) : begin;
        for (std::size_t w = middle; w < end && !is_perfect_; ++w) {
            if (const auto candidates = places_of(w)) consider(w, candidates);
        }
        for (std::size_t w = middle; w-- > begin;) {
            if (const auto candidates = places_of(w)) consider(w, candidates);
        }
        if (!found_) return std::nullopt;
        return first_;
    }

private:
    struct Rank {
        std::uint64_t unmet = 0;
        std::uint64_t distance = 0;
        std::uint32_t gaps = 0;
        std::uint32_t open_ends = 0;
        std::uint32_t single_seats = 0;
    };

    std::uint32_t count() const { return kCount > 0 ? kCount : count_; }

    void consider(std::size_t w, std::uint64_t candidates) {
        Rank mine;
        bool is_better = !found_;  // than the best so far, by the lines looked at
        const auto is_worse = [&](std::uint64_t number, std::uint64_t best) {
            if (is_better) return false;
            is_better = number < best;
            return number > best;
        };
        if (!stage_.party.wishes.empty()) {
            mine.unmet = keep_fewest_unmet(w, candidates);
            if (is_worse(mine.unmet, best_.unmet)) return;
        }
        if (near_) {
            if (!is_better && least_distance(w) > best_.distance) return;
            mine.distance = keep_nearest(w, candidates);
            if (is_worse(mine.distance, best_.distance)) return;
        }
        if (count() > 1 && plan_.has_gaps()) {
            mine.gaps = keep_fewest_gaps(w, candidates);
            if (is_worse(mine.gaps, best_.gaps)) return;
        }
        const bool must_fit = !is_better && best_.open_ends == 0;
        if (const std::uint64_t exact = candidates & ~any_open_end(w)) {
            candidates = exact;
        } else {
            if (must_fit) return;
            mine.open_ends = keep_fewest_open_ends(w, candidates);
        }
        if (is_worse(mine.open_ends, best_.open_ends)) return;
        mine.single_seats = keep_fewest_single_seats(w, candidates, mine.gaps);
        if (is_worse(mine.single_seats, best_.single_seats)) return;
        // Where all fit exactly or nothing is taken, all stretches are of one length.
        std::optional<std::uint64_t> slack;
        if (mine.open_ends > 0 && !stage_.taken.bits.empty()) {
            if (!is_better || (candidates & (candidates - 1)) != 0) slack = keep_least_slack(w, candidates);
            if (!is_better) {
                if (!slack_) slack_ = slack_of(first_);
                if (is_worse(*slack, *slack_)) return;
            }
        }
        const std::uint32_t first = seat_of(w, candidates);
        if (!is_better && first > first_) return;
        found_ = true;
        is_perfect_ = !near_ && mine.unmet == 0 && mine.gaps == 0 && mine.open_ends == 0 && mine.single_seats == 0;
        best_ = mine;
        slack_ = slack;
        first_ = first;
    }

    /// The first seat of the set bits.
    static std::uint32_t seat_of(std::size_t w, std::uint64_t bits) {
        return static_cast<std::uint32_t>(64 * w + static_cast<unsigned>(std::countr_zero(bits)));
    }
    /// Calls `visit(i)` for the first `length` of the party; unrolled where the party is small.
    template <std::uint32_t kLength, class Visit>
    static void for_each_of(std::uint32_t length, const Visit& visit) {
        if constexpr (kLength > 0) {
            [&]<std::uint32_t... i>(std::integer_sequence<std::uint32_t, i...>) {
                (visit(i), ...);
            }(std::make_integer_sequence<std::uint32_t, kLength>{});
        } else {
            for (std::uint32_t i = 0; i < length; ++i) visit(i);
        }
    }
    template <class Visit>
    void for_each_seat(const Visit& visit) const {
        for_each_of<kCount>(count_, visit);
    }
    /// Leaves the candidates with the least number, seat by seat.
    template <class Number>
    static std::uint64_t keep_least(std::size_t w, std::uint64_t& candidates, const Number& number) {
        std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
        std::uint64_t kept = 0;
        for (std::uint64_t left = candidates; left != 0; left &= left - 1) {
            const std::uint64_t mine = number(seat_of(w, left));
            if (mine > least) continue;
            if (mine < least) kept = 0;
            least = mine;
            kept |= left & (~left + 1);
        }
        candidates = kept;
        return least;
    }

    std::uint64_t keep_fewest_unmet(std::size_t w, std::uint64_t& candidates) const {
        std::uint64_t met = candidates;
        for (const auto& wish : stage_.party.wishes) {
            if (!wish.seats) met = 0;
            for (std::uint32_t i = 0; met != 0 && i < count(); ++i) met &= wish.seats->at(w, i);
        }
        if (met != 0) {
            candidates = met;
            return 0;
        }
        return stage_.party.wishes.size() * count() < 16 ? count_unmet<4>(w, candidates)
                                                         : count_unmet<kMaxUnmetDigits>(w, candidates);
    }
    template <std::size_t kUnmetDigits>
    std::uint64_t count_unmet(std::size_t w, std::uint64_t& candidates) const {
        Counts<kUnmetDigits> unmet;
        for (const auto& wish : stage_.party.wishes) {
            for (std::uint32_t i = 0; i < count(); ++i)
                unmet.add(wish.seats ? ~wish.seats->at(w, i) : ~std::uint64_t{0});
        }
        return unmet.keep_least(candidates);
    }

    /// What every place of the word is at least away.
    std::uint64_t least_distance(std::size_t w) const {
        const auto first = static_cast<std::uint32_t>(64 * w);
        const auto last = std::min(first + 63, plan_.seats() - 1);
        if (*near_ >= first && *near_ <= last) return 0;
        const std::uint32_t end = *near_ < first ? first : last;
        if (plan_.coach_of(end) == plan_.coach_of(*near_)) return 0;
        return std::uint64_t{count()} * (plan_.distance(end, *near_) >> 16 << 16);
    }
    std::uint64_t keep_nearest(std::size_t w, std::uint64_t& candidates) const {
        return keep_least(w, candidates, [&](std::uint32_t first) {
            std::uint64_t distance = 0;
            for (std::uint32_t i = 0; i < count(); ++i) distance += plan_.distance(first + i, *near_);
            return distance;
        });
    }

    std::uint32_t keep_fewest_gaps(std::size_t w, std::uint64_t& candidates) const {
        std::uint64_t any = 0;
        for_each_of<(kCount > 1 ? kCount - 1 : 0)>(count() - 1, [&](std::uint32_t i) { any |= plan_.gaps().at(w, i); });
        if (const std::uint64_t without = candidates & ~any) {
            candidates = without;
            return 0;
        }
        Counts<kDigits> gaps;
        for_each_of<(kCount > 1 ? kCount - 1 : 0)>(count() - 1,
                                                   [&](std::uint32_t i) { gaps.add(plan_.gaps().at(w, i)); });
        return gaps.keep_least(candidates);
    }

    std::uint64_t any_open_end(std::size_t w) const {
        std::uint64_t any = 0;
        for_each_seat([&](std::uint32_t i) { any |= stage_.open_before.at(w, i) | stage_.open_after.at(w, i); });
        return any;
    }
    std::uint32_t keep_fewest_open_ends(std::size_t w, std::uint64_t& candidates) const {
        Counts<kDigits> open;
        for_each_seat([&](std::uint32_t i) { open.add(stage_.open_before.at(w, i), stage_.open_after.at(w, i)); });
        return open.keep_least(candidates);
    }

    /// A single seat is free, has seats beside it, and all of those are taken. What counts is how many there are when
    /// the choice is made: one that was single and is taken counts as one less than one that was not.
    std::uint32_t keep_fewest_single_seats(std::size_t w, std::uint64_t& candidates, std::uint32_t gaps) const {
        const SeatSet& free = stage_.free;
        const SeatSet& beside = plan_.beside();
        // Left alone: the seat before the party, if nobody can sit at its other side, and the one behind the party.
        const std::uint64_t left = free.before(w, 1) & beside.before(w, 1) & ~(free.before(w, 2) & beside.before(w, 2));
        const std::uint64_t right =
            beside.at(w, count() - 1) & free.at(w, count()) & ~(beside.at(w, count()) & free.at(w, count() + 1));
        Counts<kDigits + 1> singles;
        singles.add(left, right);
        // In a party without an aisle or an end of a row, everybody has a free seat beside.
        if (count() == 1 || gaps > 0) {
            singles.add(
                not_single(free.at(w, 0), beside.at(w, 0), free.at(w, 1), free.before(w, 1), beside.before(w, 1)));
            for (std::uint32_t i = 1; i < count(); ++i) {
                singles.add(not_single(free.at(w, i), beside.at(w, i), free.at(w, i + 1), free.at(w, i - 1),
                                       beside.at(w, i - 1)));
            }
        }
        return singles.keep_least(candidates);
    }
    static std::uint64_t not_single(std::uint64_t free, std::uint64_t beside, std::uint64_t next_free,
                                    std::uint64_t previous_free, std::uint64_t previous_beside) {
        const std::uint64_t has_company = (beside & next_free) | (previous_beside & previous_free);
        return free & (has_company | ~(beside | previous_beside));
    }

    std::uint64_t slack_of(std::uint32_t first) const {
        std::uint64_t slack = 0;
        for (std::uint32_t i = 0; i < count(); ++i) slack += stage_.taken.slack(first + i, stage_.span);
        return slack;
    }
    std::uint64_t keep_least_slack(std::size_t w, std::uint64_t& candidates) const {
        return keep_least(w, candidates, [&](std::uint32_t first) { return slack_of(first); });
    }

    static constexpr std::size_t kDigits =
        std::bit_width(2 * (kCount > 0 ? kCount : kMaxSeatsOfTrain));  // two ends each
    static constexpr std::size_t kMaxUnmetDigits = 32;

    const SeatStageView& stage_;
    const SeatPlan& plan_;
    const SeatSet& eligible_;
    std::uint32_t count_;
    std::optional<std::uint32_t> near_;

    bool found_ = false;
    bool is_perfect_ = false;  // no place with a higher number is better
    Rank best_;
    std::optional<std::uint64_t> slack_;  // of the best one, once it was asked for
    std::uint32_t first_ = 0;
};

}  // namespace

bool sits_together(const SeatPlan& plan, const SeatSet& free, std::uint32_t count) {
    if (count > free.seats()) return false;
    auto places = SeatSet::unfilled(free.seats());
    find_neighbours(free.words(), plan.joined().words(), count, places.words());
    if (const auto* apart = plan.apart(count)) places -= *apart;
    return places.any();
}

std::optional<std::uint32_t> best_side_by_side(const SeatStageView& stage, const SeatSet& eligible, std::uint32_t count,
                                               std::optional<std::uint32_t> near) {
    RAILBOOK_ASSERT(count > 0);
    switch (count) {
        case 1: return Search<1>{stage, eligible, count, near}.best();
        case 2: return Search<2>{stage, eligible, count, near}.best();
        case 3: return Search<3>{stage, eligible, count, near}.best();
        case 4: return Search<4>{stage, eligible, count, near}.best();
        case 5: return Search<5>{stage, eligible, count, near}.best();
        case 6: return Search<6>{stage, eligible, count, near}.best();
        default: return Search<0>{stage, eligible, count, near}.best();
    }
}

}  // namespace railbook::inventory

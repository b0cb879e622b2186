// Parties against plain references that look at one seat after the other: large ones side by side, others in pieces,
// and the seats that are offered instead of taken ones.

#include "inventory/seat_choice.hpp"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::inventory {
namespace {

using ::testing::ElementsAre;
using PartySeats = std::vector<std::uint32_t>;

Coach numbered_coach(std::size_t number, std::size_t places, std::string travel_class = "second") {
    Coach coach{
        .number = std::to_string(number), .layout = "any", .travel_class = std::move(travel_class), .places = {}};
    for (std::size_t i = 0; i < places; ++i) coach.places.push_back({.number = std::to_string(i + 1)});
    return coach;
}

/// A train of which random parts are taken.
struct PartyTrain {
    PartyTrain(std::vector<Coach> coaches, std::uint32_t segments_)
        : plan{std::make_shared<const Consist>(Consist{.name = "party", .coaches = std::move(coaches)})},
          segments{segments_},
          bits(MaskPlanes::size_for(plan.seats(), segments)) {}

    MaskPlanes masks() const { return {bits, plan.seats(), segments}; }
    bool is_free(std::uint32_t seat, unsigned from, unsigned to) const {
        return masks().is_free(seat, {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)});
    }
    /// Each seat with one chance in `odds` is taken on a stretch.
    void sell(unsigned odds) {
        for (std::uint32_t seat = 0; seat < plan.seats(); ++seat) {
            if (*rc::gen::inRange(0U, odds) != 0) continue;
            const auto from = *rc::gen::inRange(0U, segments);
            const auto to = *rc::gen::inRange(from, segments) + 1;
            for (auto n = from; n < to; ++n) bits[n / 32 * plan.seats() + seat] |= 1U << (n % 32);
        }
    }
    Span any_span() const {
        const auto from = *rc::gen::inRange(0U, segments);
        const auto to = *rc::gen::inRange(from, segments) + 1;
        return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
    }
    /// How many ends of the span are open, and how many free segments join it.
    std::pair<std::size_t, std::size_t> fit(std::uint32_t seat, Span span) const {
        unsigned begin = span.from, end = span.to;
        while (begin > 0 && is_free(seat, begin - 1, begin)) --begin;
        while (end < segments && is_free(seat, end, end + 1)) ++end;
        return {(begin < span.from ? 1U : 0U) + (end > span.to ? 1U : 0U), (span.from - begin) + (end - span.to)};
    }

    SeatPlan plan;
    std::uint32_t segments;
    std::vector<std::uint32_t> bits;
};

// --- Side by side --------------------------------------------------------------------------------------------------

RC_GTEST_PROP(SeatParties, OfAnySizeSitWhereTheyFitBest, ()) {
    // Coaches and parties that begin, end and go on in other words of 64 seats.
    const auto places = *rc::gen::inRange<std::size_t>(60, 200);
    PartyTrain train{{numbered_coach(1, *rc::gen::inRange<std::size_t>(1, 70)), numbered_coach(2, places)}, 5};
    train.sell(*rc::gen::element(3U, 10U, 60U));
    const Span span = train.any_span();
    const auto count =
        *rc::gen::weightedOneOf<std::uint32_t>({{2, rc::gen::inRange(1U, 12U)}, {1, rc::gen::inRange(12U, 150U)}});

    const std::uint32_t behind_first = train.plan.coaches()[0].last;
    const auto seats = train.plan.seats();
    std::vector<bool> free;
    for (std::uint32_t seat = 0; seat < seats; ++seat) free.push_back(train.is_free(seat, span.from, span.to));
    const auto is_free = [&](std::uint32_t seat, std::uint32_t like) {
        return seat < seats && free[seat] && (seat < behind_first) == (like < behind_first);
    };
    std::optional<std::tuple<std::size_t, int, std::size_t, std::uint32_t>> best;
    for (std::uint32_t first = 0; first + count <= seats; ++first) {
        std::size_t open = 0, slack = 0, fitting = 0;
        for (; fitting < count && is_free(first + static_cast<std::uint32_t>(fitting), first); ++fitting) {
            const auto [ends, joining] = train.fit(first + static_cast<std::uint32_t>(fitting), span);
            open += ends;
            slack += joining;
        }
        if (fitting < count) continue;
        const std::uint32_t next = first + count;
        // Seats that would be single then and are not yet; a party of one may take one that is single already.
        int single = 0;
        const bool free_before = first > 0 && is_free(first - 1, first);
        if (free_before && !(first > 1 && is_free(first - 2, first))) ++single;
        if (is_free(next, first) && !is_free(next + 1, first)) ++single;
        const bool has_beside = train.plan.coaches()[train.plan.coach_of(first)].last -
                                    train.plan.coaches()[train.plan.coach_of(first)].first >
                                1;
        if (count == 1 && has_beside && !free_before && !is_free(next, first)) --single;
        const std::tuple option{open, single, slack, first};
        if (!best || option < *best) best = option;
    }
    const SeatWishes nothing;
    const auto choice = choose_seats(train.plan, train.masks(), {span, "second", static_cast<int>(count), nothing});
    RC_CLASSIFY(best.has_value());
    if (!best) return;
    RC_ASSERT(choice.has_value());
    PartySeats expected(count);
    std::iota(expected.begin(), expected.end(), std::get<3>(*best));
    RC_ASSERT(choice->stages.front().seats == expected);
}

// --- In pieces -----------------------------------------------------------------------------------------------------

/// Line 2 of the order of preference for parties that cannot sit side by side, with a list for each piece.
class PlainPieces {
public:
    PlainPieces(const PartyTrain& train, Span span, std::optional<std::uint32_t> near)
        : train_{train}, span_{span}, near_{near} {}

    PartySeats choose(const PartySeats& eligible, std::size_t count) const {
        std::map<std::uint32_t, PartySeats> by_coach;
        for (const auto seat : eligible) by_coach[train_.plan.coach_of(seat)].push_back(seat);
        using Order = std::tuple<std::size_t, std::size_t, std::uint32_t>;  // pieces, free seats, coach
        std::optional<Order> one;
        std::vector<std::pair<std::size_t, std::uint32_t>> emptiest;  // fewest taken seats first
        for (const auto& [coach, seats] : by_coach) {
            emptiest.emplace_back(eligible.size() - seats.size(), coach);
            if (seats.size() < count) continue;
            const Order order{fewest(pieces_of(seats), count), seats.size(), coach};
            if (!one || order < *one) one = order;
        }
        PartySeats chosen;
        if (one) {
            take(pieces_of(by_coach[std::get<2>(*one)]), count, chosen);
        } else {
            std::ranges::sort(emptiest);
            for (const auto& [others, coach] : emptiest)
                take(pieces_of(by_coach[coach]), std::min(count - chosen.size(), by_coach[coach].size()), chosen);
        }
        std::ranges::sort(chosen);
        return chosen;
    }

private:
    using Cost = std::tuple<std::size_t, std::size_t, std::size_t>;  // distance, open ends, slack

    Cost cost_of(const PartySeats& seats) const {
        std::size_t distance = 0, open = 0, slack = 0;
        for (const auto seat : seats) {
            if (near_) distance += train_.plan.distance(seat, *near_);
            const auto [ends, joining] = train_.fit(seat, span_);
            open += ends;
            slack += joining;
        }
        return {distance, open, slack};
    }
    bool next_to(std::uint32_t seat, std::uint32_t other) const {
        return std::ranges::find(train_.plan.neighbours(seat), other) != train_.plan.neighbours(seat).end();
    }
    /// The largest first, of equal ones the first.
    std::vector<PartySeats> pieces_of(PartySeats seats) const {
        std::vector<PartySeats> pieces;
        while (!seats.empty()) {
            PartySeats piece{seats.front()};
            seats.erase(seats.begin());
            for (std::size_t i = 0; i < piece.size(); ++i) {
                std::erase_if(seats, [&](std::uint32_t seat) {
                    const bool joins = next_to(piece[i], seat);
                    if (joins) piece.push_back(seat);
                    return joins;
                });
            }
            pieces.push_back(std::move(piece));
        }
        std::ranges::sort(pieces, [](const PartySeats& a, const PartySeats& b) {
            return std::pair{b.size(), a.front()} < std::pair{a.size(), b.front()};
        });
        return pieces;
    }
    static std::size_t fewest(const std::vector<PartySeats>& pieces, std::size_t count) {
        std::size_t used = 0;
        for (std::size_t held = 0; held < count; ++used) held += pieces[used].size();
        return used;
    }
    void take(std::vector<PartySeats> pieces, std::size_t count, PartySeats& chosen) const {
        while (count > 0) {
            auto piece = pieces.begin();  // the smallest that is large enough, else the largest
            for (auto other = pieces.begin(); other != pieces.end() && other->size() >= count; ++other) {
                if (other->size() < piece->size()) piece = other;
            }
            const auto part = part_of(*piece, std::min(count, piece->size()));
            chosen.insert(chosen.end(), part.begin(), part.end());
            count -= part.size();
            pieces.erase(piece);
        }
    }
    PartySeats part_of(const PartySeats& piece, std::size_t count) const {
        if (piece.size() == count) return piece;
        std::optional<std::pair<Cost, PartySeats>> best;
        for (const auto start : piece) {
            PartySeats part{start};
            while (part.size() < count) {
                std::optional<std::pair<Cost, std::uint32_t>> next;
                for (const auto other : piece) {
                    const bool is_in = std::ranges::find(part, other) != part.end();
                    if (is_in || std::ranges::none_of(part, [&](auto seat) { return next_to(seat, other); })) continue;
                    const std::pair option{cost_of({other}), other};
                    if (!next || option < *next) next = option;
                }
                part.push_back(next->second);
            }
            std::ranges::sort(part);
            const std::pair option{cost_of(part), part};
            if (!best || option < *best) best = option;
        }
        return best->second;
    }

    const PartyTrain& train_;
    Span span_;
    std::optional<std::uint32_t> near_;
};

RC_GTEST_PROP(SeatParties, InPiecesGrowByTheBestNeighbours, ()) {
    std::vector<Coach> coaches;
    const auto coach_count = *rc::gen::inRange<std::size_t>(1, 5);
    while (coaches.size() < coach_count) {
        coaches.push_back(numbered_coach(coaches.size() + 1, *rc::gen::inRange<std::size_t>(1, 50)));
        if (*rc::gen::inRange(0, 4) == 0) continue;
        const auto width = *rc::gen::inRange<std::size_t>(2, 6);
        for (std::size_t i = 0; i < coaches.back().places.size(); ++i) {
            coaches.back().places[i].row = static_cast<int>(i / width) + 1;
            coaches.back().places[i].column = std::string(1, static_cast<char>('A' + i % width));
        }
    }
    PartyTrain train{std::move(coaches), 5};
    train.sell(*rc::gen::element(1U, 2U, 3U));
    const Span span = train.any_span();
    const auto count = *rc::gen::inRange(2, 14);
    SeatWishes wishes;
    std::optional<std::uint32_t> near;
    if (*rc::gen::arbitrary<bool>()) {
        near = *rc::gen::inRange<std::uint32_t>(0, train.plan.seats());
        wishes.near = train.plan.consist().seat_at(*near);
    }
    PartySeats free;
    for (std::uint32_t seat = 0; seat < train.plan.seats(); ++seat) {
        if (train.is_free(seat, span.from, span.to)) free.push_back(seat);
    }
    const auto choice = choose_seats(train.plan, train.masks(), {span, "second", count, wishes});
    RC_ASSERT(choice.has_value() == (free.size() >= static_cast<std::size_t>(count)));
    if (!choice) return;
    const auto& seats = choice->stages.front().seats;
    const bool in_a_row = seats.back() - seats.front() + 1 == seats.size();
    RC_CLASSIFY(!in_a_row, "in pieces");
    if (in_a_row) return;  // side by side, most often
    RC_ASSERT(seats == (PlainPieces{train, span, near}.choose(free, static_cast<std::size_t>(count))));
}

TEST(SeatParties, ACarelessDrawingIsNoReasonToFail) {
    // Five places in one position: the places beside and behind them count four of them as neighbours, not the fifth.
    Coach coach = numbered_coach(1, 9);
    const auto put = [&](std::size_t place, int row, const char* column) {
        coach.places[place].row = row;
        coach.places[place].column = column;
    };
    for (std::size_t place = 0; place < 5; ++place) put(place, 1, "A");
    put(5, 9, "Z");
    put(6, 1, "B");
    put(7, 9, "X");
    put(8, 2, "A");
    PartyTrain train{{coach}, 1};
    for (const std::size_t taken : {0U, 1U, 2U, 3U, 5U, 7U}) train.bits[taken] = 1;
    const SeatWishes nothing;
    const auto choice = choose_seats(train.plan, train.masks(), {{0, 1}, "second", 2, nothing});
    ASSERT_TRUE(choice);
    EXPECT_THAT(choice->stages.front().seats, ElementsAre(4, 6));
}

// --- Offers --------------------------------------------------------------------------------------------------------

RC_GTEST_PROP(NearestFree, IsNearestByCoachThenClassThenDistance, ()) {
    std::vector<Coach> coaches;
    const auto coach_count = *rc::gen::inRange<std::size_t>(1, 7);
    while (coaches.size() < coach_count) {
        coaches.push_back(numbered_coach(coaches.size() + 1, *rc::gen::inRange<std::size_t>(1, 20),
                                         *rc::gen::element<std::string>("first", "second", "third")));
    }
    PartyTrain train{std::move(coaches), 3};
    train.sell(*rc::gen::element(1U, 2U, 8U));
    const Span span = train.any_span();
    const SeatPlan& plan = train.plan;
    const auto wanted = *rc::gen::container<PartySeats>(rc::gen::inRange<std::uint32_t>(0, plan.seats()));
    const auto limit = *rc::gen::inRange<std::size_t>(0, 60);

    const auto class_of = [&](std::uint32_t seat) { return plan.consist().coach_of(seat).travel_class; };
    using Rank = std::tuple<bool, bool, std::uint32_t, std::uint32_t>;
    std::vector<Rank> ranks;
    for (std::uint32_t seat = 0; seat < plan.seats(); ++seat) {
        if (!train.is_free(seat, span.from, span.to) || std::ranges::find(wanted, seat) != wanted.end()) continue;
        Rank best{true, true, std::numeric_limits<std::uint32_t>::max(), seat};
        for (const auto lost : wanted) {
            best = std::min(best, Rank{plan.coach_of(lost) != plan.coach_of(seat), class_of(lost) != class_of(seat),
                                       plan.distance(seat, lost), seat});
        }
        ranks.push_back(best);
    }
    std::ranges::sort(ranks);
    ranks.resize(std::min(ranks.size(), limit));
    PartySeats expected;
    for (const auto& rank : ranks) expected.push_back(std::get<3>(rank));
    RC_ASSERT(nearest_free(plan, train.masks(), span, wanted, limit) == expected);
}

// --- Sets ----------------------------------------------------------------------------------------------------------

RC_GTEST_PROP(SeatSets, AreReadInWords, ()) {
    const auto seats = *rc::gen::inRange<std::uint32_t>(1, 300);
    SeatSet set{seats};
    for (const auto seat : *rc::gen::container<PartySeats>(rc::gen::inRange<std::uint32_t>(0, seats))) set.add(seat);
    const auto has = [&](std::int64_t seat) {
        return seat >= 0 && seat < seats && set.has(static_cast<std::uint32_t>(seat));
    };
    const auto ahead = *rc::gen::inRange<std::uint32_t>(0, 400);
    const auto back = *rc::gen::inRange<std::uint32_t>(1, 3);
    for (std::size_t word = 0; word < set.size(); ++word) {
        for (unsigned i = 0; i < 64; ++i) {
            const auto seat = static_cast<std::int64_t>(64 * word + i);
            RC_ASSERT((set.at(word, ahead) >> i & 1U) == (has(seat + ahead) ? 1U : 0U));
            RC_ASSERT((set.before(word, back) >> i & 1U) == (has(seat - back) ? 1U : 0U));
        }
    }
    const auto first = *rc::gen::inRange<std::uint32_t>(0, seats + 1);
    const auto last = *rc::gen::inRange<std::uint32_t>(first, seats + 1);
    std::uint32_t inside = 0, end = 0;
    for (std::uint32_t seat = 0; seat < seats; ++seat) {
        if (!set.has(seat)) continue;
        inside += seat >= first && seat < last ? 1U : 0U;
        end = seat + 1;
    }
    RC_ASSERT(set.count(first, last) == inside);
    RC_ASSERT(set.end() == end);
}

}  // namespace
}  // namespace railbook::inventory

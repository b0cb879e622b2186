#include "inventory/seat_pieces.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/container/small_vector.hpp>

#include "base/assert.hpp"

namespace railbook::inventory {
namespace {

using Seats = std::vector<std::uint32_t>;

/// A set of seats in pieces. It lies where it is declared, whatever the train.
class Pieces {
public:
    // Without values at first: so many as there may be would take longer to clear than a search takes.
    struct Piece {
        std::uint16_t begin;  // of its seats among all
        std::uint16_t size;
    };

    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): only what is in use is ever read
    explicit Pieces(const SeatPlan& plan) : plan_{plan} {}

    /// The pieces of those of [first, last), in the order of their first seats, instead of the earlier ones.
    void find(const SeatSet& seats, std::uint32_t first, std::uint32_t last) {
        SeatSet left = seats;
        count_ = 0;
        std::uint16_t end = 0;
        seats.for_each(first, last, [&](std::uint32_t seat) {
            if (!left.has(seat)) return;
            Piece& piece = pieces_[count_++];
            piece.begin = end;
            const auto reach = [&](std::uint32_t reached) {
                left.remove(reached);
                members_[end++] = static_cast<std::uint16_t>(reached);
            };
            // From the first seat to whoever is next to somebody reached.
            reach(seat);
            for (auto i = piece.begin; i < end; ++i) {
                for (const auto next : plan_.neighbours(members_[i])) {
                    if (left.has(next)) reach(next);
                }
            }
            piece.size = static_cast<std::uint16_t>(end - piece.begin);
        });
    }
    std::span<Piece> all() { return {pieces_.data(), count_}; }
    std::size_t count() const { return count_; }
    /// The first one has the lowest number.
    std::span<const std::uint16_t> seats_of(const Piece& piece) const {
        return {members_.data() + piece.begin, piece.size};
    }

    /// How many of the pieces, the largest first, hold `wanted` passengers; nothing where all together do not.
    std::optional<std::size_t> fewest_for(std::uint32_t wanted) const {
        // How many there are of each size; those that hold the whole party are alike.
        boost::container::small_vector<std::uint16_t, 16> sizes(wanted + 1, 0);
        for (std::size_t i = 0; i < count_; ++i) ++sizes[std::min<std::uint32_t>(pieces_[i].size, wanted)];
        std::size_t used = 0;
        std::uint32_t missing = wanted;
        for (std::uint32_t size = wanted; size > 0 && missing > 0; --size) {
            const std::uint32_t enough = (missing + size - 1) / size;
            const std::uint32_t taken = std::min<std::uint32_t>(sizes[size], enough);
            used += taken;
            missing -= std::min(missing, taken * size);
        }
        return missing == 0 ? std::optional{used} : std::nullopt;
    }

private:
    const SeatPlan& plan_;
    std::size_t count_ = 0;
    std::array<Piece, kMaxSeatsOfTrain> pieces_;
    std::array<std::uint16_t, kMaxSeatsOfTrain> members_;
};

/// Chooses among pieces for one party.
class Taker {
public:
    Taker(const SeatStageView& stage, std::optional<std::uint32_t> near, Seats& chosen)
        : stage_{stage}, near_{near}, chosen_{chosen} {}

    /// Takes `count` seats out of as few of the pieces as possible, which hold so many, and uses them up.
    void take(Pieces& pieces, std::uint32_t count) {
        while (count > 0) {
            // The smallest piece that is large enough, else the largest.
            Pieces::Piece* best = nullptr;
            for (auto& piece : pieces.all()) {
                if (piece.size == 0) continue;
                const bool enough = piece.size >= count;
                if (!best || (enough ? best->size < count || piece.size < best->size : piece.size > best->size))
                    best = &piece;
            }
            RAILBOOK_ASSERT(best);
            const std::uint32_t wanted = std::min<std::uint32_t>(count, best->size);
            take_part(pieces.seats_of(*best), wanted);
            count -= wanted;
            best->size = 0;
        }
    }

private:
    struct Member {
        SeatCost cost;
        std::uint32_t seat = 0;
        auto operator<=>(const Member&) const = default;
    };

    /// `count` seats of a piece that are a piece themselves: grown from each seat by the best neighbour, and the best
    /// of what has grown.
    void take_part(std::span<const std::uint16_t> piece, std::uint32_t count) {
        if (piece.size() == count) {
            chosen_.insert(chosen_.end(), piece.begin(), piece.end());
            return;
        }
        // By rank, the best first, so that the best neighbour is the one with the lowest rank.
        members_.clear();
        for (const auto seat : piece) members_.push_back({stage_.cost_of(seat, near_), seat});
        std::ranges::sort(members_);
        for (std::size_t rank = 0; rank < members_.size(); ++rank)
            rank_of_[members_[rank].seat] = static_cast<std::uint16_t>(rank);
        SeatSet inside{stage_.plan.seats()};
        for (const auto seat : piece) inside.add(seat);

        best_.clear();
        for (std::uint16_t start = 0; start < members_.size(); ++start) grow(inside, start, count);
        chosen_.insert(chosen_.end(), best_.begin(), best_.end());
    }

    void grow(const SeatSet& inside, std::uint16_t start, std::uint32_t count) {
        SeatSet left = inside;
        SeatCost cost;
        part_.clear();
        reachable_.assign(1, start);
        left.remove(members_[start].seat);
        while (true) {
            const auto next = std::ranges::min_element(reachable_);
            // Only the first seat of a piece reaches all others for sure: where several places are drawn in one
            // position, one may be next to another and not the other way round.
            if (next == reachable_.end()) return;
            const Member& member = members_[*next];
            *next = reachable_.back();
            reachable_.pop_back();
            part_.push_back(member.seat);
            cost += member.cost;
            if (!best_.empty() && cost > best_cost_) return;  // each seat adds to it
            if (part_.size() == count) break;
            for (const auto other : stage_.plan.neighbours(member.seat)) {
                if (!left.has(other)) continue;
                left.remove(other);
                reachable_.push_back(rank_of_[other]);
            }
        }
        std::ranges::sort(part_);
        if (!best_.empty() && cost == best_cost_ && !std::ranges::lexicographical_compare(part_, best_)) return;
        best_cost_ = cost;
        best_ = part_;
    }

    const SeatStageView& stage_;
    std::optional<std::uint32_t> near_;
    Seats& chosen_;
    boost::container::small_vector<Member, 64> members_;   // of the piece, by rank
    std::array<std::uint16_t, kMaxSeatsOfTrain> rank_of_;  // by seat; those of the piece
    boost::container::small_vector<std::uint32_t, 16> part_;
    boost::container::small_vector<std::uint16_t, 32> reachable_;
    boost::container::small_vector<std::uint32_t, 16> best_;
    SeatCost best_cost_;
};

std::uint32_t seats_in(const SeatSet& seats, const SeatPlan::CoachSeats& coach) {
    return seats.count(coach.first, coach.last);
}

}  // namespace

std::size_t count_pieces(const SeatPlan& plan, std::span<const std::uint32_t> seats) {
    if (seats.size() < 2) return seats.size();
    SeatSet set{plan.seats()};
    for (const auto seat : seats) set.add(seat);
    Pieces pieces{plan};
    pieces.find(set, 0, plan.seats());
    return pieces.count();
}

bool take_in_pieces(const SeatStageView& stage, const SeatSet& eligible, std::uint32_t count,
                    std::optional<std::uint32_t> near, std::uint32_t most_pieces, Seats& chosen) {
    const SeatPlan& plan = stage.plan;
    const auto& coaches = plan.coaches();
    const std::size_t before = chosen.size();
    Pieces pieces{plan};
    Taker taker{stage, near, chosen};

    struct Choice {
        std::size_t pieces = 0;
        std::uint32_t supply = 0;
        std::uint32_t coach = 0;
        auto operator<=>(const Choice&) const = default;
    };
    std::optional<Choice> one;
    for (std::uint32_t i = 0; i < coaches.size(); ++i) {
        const std::uint32_t supply = seats_in(eligible, coaches[i]);
        if (supply < count || (one && one->pieces == 1 && one->supply <= supply)) continue;
        pieces.find(eligible, coaches[i].first, coaches[i].last);
        const auto fewest = pieces.fewest_for(count);
        if (!fewest || *fewest > most_pieces) continue;
        const Choice choice{*fewest, supply, i};
        if (!one || choice < *one) one = choice;
    }
    if (one) {
        pieces.find(eligible, coaches[one->coach].first, coaches[one->coach].last);
        taker.take(pieces, count);
        return true;
    }

    // The emptiest coaches first, of equal ones the first.
    std::uint32_t supply_used = std::numeric_limits<std::uint32_t>::max();
    std::size_t coach_used = 0;
    for (std::uint32_t missing = count; missing > 0;) {
        std::uint32_t most = 0;
        std::size_t best = 0;
        for (std::size_t i = 0; i < coaches.size(); ++i) {
            const std::uint32_t supply = seats_in(eligible, coaches[i]);
            const bool is_left = supply < supply_used || (supply == supply_used && i > coach_used);
            if (!is_left || supply <= most) continue;
            most = supply;
            best = i;
        }
        RAILBOOK_ASSERT(most > 0);
        pieces.find(eligible, coaches[best].first, coaches[best].last);
        taker.take(pieces, std::min(missing, most));
        missing -= std::min(missing, most);
        supply_used = most;
        coach_used = best;
    }
    if (most_pieces >= count || count_pieces(plan, std::span{chosen}.subspan(before)) <= most_pieces) return true;

    // More pieces than adults: the largest pieces of the train, wherever they are, are the fewest that there can be.
    chosen.resize(before);
    pieces.find(eligible, 0, plan.seats());
    const auto fewest = pieces.fewest_for(count);
    if (!fewest || *fewest > most_pieces) return false;
    taker.take(pieces, count);
    return true;
}

}  // namespace railbook::inventory

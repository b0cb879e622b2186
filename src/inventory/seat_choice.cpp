#include "inventory/seat_choice.hpp"

#include <algorithm>
#include <compare>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace railbook::inventory {
namespace {

constexpr std::string_view kEachOther = "each_other";

/// Seats by number, as a party gets them.
using Seats = std::vector<std::uint32_t>;

/// A wish that a seat meets or does not. `seats` is null where no seat of the train does.
struct SeatWish {
    std::string_view name;
    const SeatSet* seats = nullptr;
    bool meets(std::uint32_t seat) const { return seats != nullptr && seats->has(seat); }
};

/// What is asked, with its names looked up once for the whole ride.
struct Request {
    const SeatPlan& plan;
    const SeatSet& of_class;
    std::uint32_t first = 0;  // the seats of the class lie in [first, last)
    std::uint32_t last = 0;
    std::uint32_t count = 0;
    std::uint32_t wheelchairs = 0;
    std::uint32_t most_pieces = 0;  // so that no child is alone
    std::vector<SeatWish> wishes = {};
    bool face_each_other = false;
    bool required = false;
    bool wants_reserved = false;
    std::optional<std::uint32_t> near = std::nullopt;
};

/// The order of preference below the question of who sits together, as the header has it.
struct Cost {
    std::uint64_t unmet = 0;
    std::uint64_t distance = 0;
    std::uint64_t open_ends = 0;
    std::uint64_t slack = 0;
    auto operator<=>(const Cost&) const = default;
};

SeatSet shifted_down(const SeatSet& set, std::size_t by) {
    SeatSet moved{set.seats()};
    shift_down(set.words(), by, moved.words());
    return moved;
}
SeatSet without(SeatSet set, const SeatSet& other) { return set -= other; }
SeatSet both(SeatSet set, const SeatSet& other) { return set &= other; }

Error sold_out(std::string detail) {
    return {ErrorCode::sold_out, std::move(detail), "ask for fewer seats or wishes, another class or another train"};
}

/// One part of the ride: what is free on it, and the choice among that.
class Stage {
public:
    Stage(const Request& request, const MaskPlanes& taken, Span span)
        : request_{request},
          plan_{request.plan},
          taken_{taken},
          span_{span},
          free_{plan_.seats()},
          open_before_{plan_.seats()},
          open_after_{plan_.seats()} {
        find_fits(taken, span, request.first, request.last, {free_.words(), open_before_.words(), open_after_.words()});
        free_ &= request.of_class;
    }

    /// Seats for the whole party. Errors: sold_out.
    Result<Seats> choose() const {
        SeatSet eligible = free_;
        if (request_.required) {
            for (const auto& wish : request_.wishes) eligible = keep(eligible, wish);
        }
        if (!eligible.has_at_least(request_.count)) {
            return sold_out(request_.required && free_.has_at_least(request_.count)
                                ? "there are not so many free seats with what is required"
                                : "there are not so many free seats");
        }
        if (!request_.wants_reserved) {
            const SeatSet others = without(eligible, plan_.reserved());
            if (request_.wheelchairs > 0 || others.has_at_least(request_.count)) {
                if (auto chosen = seat_all(eligible, others)) return *std::move(chosen);
            }
        }
        if (auto chosen = seat_all(eligible, eligible)) return *std::move(chosen);
        if (request_.wheelchairs > 0 && free_wheelchair_places(eligible).size() < request_.wheelchairs)
            return sold_out("there are not so many free places for wheelchairs");
        if (request_.required && request_.face_each_other)
            return sold_out("there are no free seats that face each other");
        return sold_out("no free seats keep the children with an adult");
    }

private:
    static SeatSet keep(const SeatSet& seats, const SeatWish& wish) {
        return wish.seats ? both(seats, *wish.seats) : SeatSet{seats.seats()};
    }

    // --- The party as a whole ---------------------------------------------------------------------------------------

    /// `others` are those of the eligible seats that passengers without a wheelchair may have.
    std::optional<Seats> seat_all(const SeatSet& eligible, const SeatSet& others) const {
        auto chosen = request_.wheelchairs > 0
                          ? seat_wheelchairs(eligible, others)
                          : seat_party(others, request_.count, request_.near, request_.most_pieces);
        if (!chosen) return std::nullopt;
        std::ranges::sort(*chosen);
        if (request_.most_pieces < request_.count && pieces_of(*chosen).size() > request_.most_pieces)
            return std::nullopt;
        return chosen;
    }

    std::vector<std::uint32_t> free_wheelchair_places(const SeatSet& eligible) const {
        std::vector<std::uint32_t> places;
        if (const auto* all = plan_.with_property("WHEELCHAIR"))
            both(eligible, *all).for_each([&](std::uint32_t seat) { places.push_back(seat); });
        return places;
    }

    /// A seat for a companion beside a wheelchair: a place that is meant for one, or nothing.
    std::optional<std::uint32_t> companion_of(std::uint32_t place, const SeatSet& free) const {
        const auto* all = plan_.with_property("COMPANION");
        if (!all) return std::nullopt;
        for (const auto next : plan_.neighbours(place)) {
            if (all->has(next) && free.has(next)) return next;
        }
        return std::nullopt;
    }

    std::optional<Seats> seat_wheelchairs(const SeatSet& eligible, const SeatSet& others) const {
        auto places = free_wheelchair_places(eligible);
        if (places.size() < request_.wheelchairs) return std::nullopt;
        std::uint32_t companions = std::min(request_.wheelchairs, request_.count - request_.wheelchairs);
        const auto rank = [&](std::uint32_t place) {
            const bool alone = companions > 0 && !companion_of(place, eligible);
            return std::tuple{alone, cost_of({place}, request_.near), place};
        };
        std::ranges::sort(places, {}, rank);

        Seats chosen;
        SeatSet left = eligible;
        const auto take = [&](std::uint32_t seat) {
            chosen.push_back(seat);
            left.remove(seat);
        };
        for (std::uint32_t i = 0; i < request_.wheelchairs; ++i) take(places[i]);
        for (std::uint32_t i = 0; i < request_.wheelchairs && companions > 0; ++i) {
            const auto companion = companion_of(places[i], left);
            if (!companion) continue;
            take(*companion);
            --companions;
        }
        if (chosen.size() == request_.count) return chosen;
        // The rest as near as possible to the first wheelchair, in its coach if that has room.
        const auto rest = request_.count - static_cast<std::uint32_t>(chosen.size());
        const SeatSet ordinary = both(others, left);
        const auto& coach = plan_.coaches()[plan_.coach_of(places.front())];
        SeatSet in_coach{plan_.seats()};
        ordinary.for_each(coach.first, coach.last, [&](std::uint32_t seat) { in_coach.add(seat); });
        auto more = seat_party(in_coach.has_at_least(rest) ? in_coach : ordinary, rest, places.front(), rest);
        if (!more) return std::nullopt;
        chosen.insert(chosen.end(), more->begin(), more->end());
        return chosen;
    }

    /// Passengers without wheelchairs.
    std::optional<Seats> seat_party(const SeatSet& eligible, std::uint32_t count, std::optional<std::uint32_t> near,
                                    std::uint32_t most_pieces) const {
        if (!eligible.has_at_least(count)) return std::nullopt;
        if (request_.face_each_other && count > 1) {
            if (auto facing = seat_facing(eligible, count, near)) return facing;
            if (request_.required) return std::nullopt;
        }
        if (const auto first = side_by_side(eligible, count, near)) {
            Seats seats(count);
            for (std::uint32_t i = 0; i < count; ++i) seats[i] = *first + i;
            return seats;
        }
        return seat_in_pieces(eligible, count, near, most_pieces);
    }

    // --- Side by side -----------------------------------------------------------------------------------------------

    /// The first of `count` neighbours.
    std::optional<std::uint32_t> side_by_side(const SeatSet& eligible, std::uint32_t count,
                                              std::optional<std::uint32_t> near) const {
        SeatSet candidates{plan_.seats()};
        find_neighbours(eligible.words(), plan_.joined().words(), count, candidates.words());
        if (const auto* apart = plan_.apart(count)) candidates -= *apart;
        if (!candidates.any()) return std::nullopt;

        if (!request_.wishes.empty()) {
            SeatCounts unmet{plan_.seats()};
            for (const auto& wish : request_.wishes)
                unmet.add((wish.seats ? without(eligible, *wish.seats) : eligible).words());
            unmet.summed(count).keep_least(candidates);
        }
        if (near) {
            keep_least(candidates, [&](std::uint32_t first) {
                std::uint64_t distance = 0;
                for (std::uint32_t i = 0; i < count; ++i) distance += plan_.distance(first + i, *near);
                return distance;
            });
        }
        if (count > 1 && plan_.has_gaps()) {
            SeatCounts gaps{plan_.seats()};
            gaps.add(plan_.gaps().words());
            gaps.summed(count - 1).keep_least(candidates);
        }
        if (candidates.has_at_least(2)) keep_best_fits(candidates, eligible, count);
        return candidates.first();
    }

    /// Lines 6 to 8 of the order of preference.
    void keep_best_fits(SeatSet& candidates, const SeatSet& eligible, std::uint32_t count) const {
        // Most often some fit exactly: neighbours of which none is open at either end.
        SeatSet exact{plan_.seats()};
        find_neighbours(without(without(eligible, open_before_), open_after_).words(), plan_.joined().words(), count,
                        exact.words());
        exact &= candidates;
        if (exact.any()) {
            candidates = exact;
            if (candidates.has_at_least(2)) keep_fewest_single_seats(candidates, count);
            return;
        }
        SeatCounts open{plan_.seats()};
        open.add(open_before_.words());
        open.add(open_after_.words());
        open.summed(count).keep_least(candidates);
        keep_fewest_single_seats(candidates, count);
        // Where nothing is taken, all stretches are of one length.
        if (taken_.bits.empty() || !candidates.has_at_least(2)) return;
        keep_least(candidates, [&](std::uint32_t first) {
            std::uint64_t slack = 0;
            for (std::uint32_t i = 0; i < count; ++i) slack += taken_.slack(first + i, span_);
            return slack;
        });
    }

    template <class Number>
    static void keep_least(SeatSet& candidates, const Number& number) {
        std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
        std::uint32_t first = 0;  // with the least so far: those before it are out
        SeatSet kept{candidates.seats()};
        candidates.for_each([&](std::uint32_t seat) {
            const std::uint64_t mine = number(seat);
            if (mine > least) return;
            if (mine < least) first = seat;
            least = mine;
            kept.add(seat);
        });
        candidates = kept;
        candidates.remove_before(first);
    }

    /// A single seat is free, has seats beside it, and all of those are taken. What counts is how many there are when
    /// the choice is made: one that was single and is taken counts as one less.
    void keep_fewest_single_seats(SeatSet& candidates, std::uint32_t count) const {
        const auto free = free_.words();
        const auto beside = plan_.beside().words();
        const std::size_t size = free.size();
        const auto next_of = [size](const auto& words, std::size_t w) {
            return words[w] >> 1 | (w + 1 < size ? words[w + 1] << 63 : 0);
        };
        const auto previous_of = [](const auto& words, std::size_t w) {
            return words[w] << 1 | (w > 0 ? words[w - 1] >> 63 : 0);
        };
        SeatSet with_next{plan_.seats()};    // free, and the seat beside it with the next number too
        SeatSet last_one{plan_.seats()};     // free, and no such seat is
        SeatSet first_one{plan_.seats()};    // free, has a next one beside it, and none before it that is free
        SeatSet left_alone{plan_.seats()};   // of the seat before the first one, seen from the first one
        SeatSet right_alone{plan_.seats()};  // of the seat behind the last one, seen from the last one
        SeatSet not_single{plan_.seats()};
        for (std::size_t w = 0; w < size; ++w) {
            with_next.words()[w] = beside[w] & free[w] & next_of(free, w);
            last_one.words()[w] = free[w] & ~with_next.words()[w];
        }
        for (std::size_t w = 0; w < size; ++w) {
            const std::uint64_t with_previous = previous_of(with_next.words(), w);
            const std::uint64_t single = last_one.words()[w] & ~with_previous & (beside[w] | previous_of(beside, w));
            not_single.words()[w] = free[w] & ~single;
            first_one.words()[w] = free[w] & beside[w] & ~with_previous;
        }
        for (std::size_t w = 0; w < size; ++w) {
            left_alone.words()[w] = previous_of(first_one.words(), w);
            right_alone.words()[w] = beside[w] & next_of(last_one.words(), w);
        }
        // Taking a seat that is single leaves one less than taking another: the others are counted.
        SeatCounts others{plan_.seats()};
        others.add(not_single.words());
        SeatCounts after = others.summed(count);
        after.add(left_alone.words());
        after.add(shifted_down(right_alone, count - 1).words());
        after.keep_least(candidates);
    }

    // --- Facing each other ------------------------------------------------------------------------------------------

    /// Pairs of seats that look at each other, one beside the other; an odd passenger sits at one end of them.
    std::optional<Seats> seat_facing(const SeatSet& eligible, std::uint32_t count,
                                     std::optional<std::uint32_t> near) const {
        const std::size_t pairs = count / 2;
        const bool odd = count % 2 == 1;
        std::optional<std::pair<Cost, Seats>> best;
        const auto offer = [&](Seats seats) {
            std::ranges::sort(seats);
            std::pair option{cost_of(seats, near), std::move(seats)};
            if (!best || option < *best) best = std::move(option);
        };
        for (const auto& row : plan_.facing_rows()) {
            for (std::size_t first = 0; first + pairs <= row.size(); ++first) {
                Seats seats;
                for (std::size_t i = first; i < first + pairs; ++i) {
                    const bool in_line = i == first || row[i].column == row[i - 1].column + 1;
                    if (!in_line || !eligible.has(row[i].backward) || !eligible.has(row[i].forward)) break;
                    seats.insert(seats.end(), {row[i].backward, row[i].forward});
                }
                if (seats.size() != 2 * pairs) continue;
                if (!odd) {
                    offer(std::move(seats));
                    continue;
                }
                for (const auto seat : Seats{seats}) {
                    for (const auto next : plan_.neighbours(seat)) {
                        if (!eligible.has(next) || std::ranges::find(seats, next) != seats.end()) continue;
                        Seats more = seats;
                        more.push_back(next);
                        offer(std::move(more));
                    }
                }
            }
        }
        if (!best) return std::nullopt;
        return std::move(best->second);
    }

    // --- In pieces --------------------------------------------------------------------------------------------------

    /// The eligible seats by who is next to whom, the largest piece first.
    std::vector<Seats> pieces_of(const SeatSet& seats, std::uint32_t first, std::uint32_t last) const {
        std::vector<Seats> pieces;
        SeatSet left = seats;
        seats.for_each(first, last, [&](std::uint32_t seat) {
            if (!left.has(seat)) return;
            Seats piece{seat};
            left.remove(seat);
            for (std::size_t i = 0; i < piece.size(); ++i) {
                for (const auto next : plan_.neighbours(piece[i])) {
                    if (!left.has(next)) continue;
                    left.remove(next);
                    piece.push_back(next);
                }
            }
            std::ranges::sort(piece);
            pieces.push_back(std::move(piece));
        });
        std::ranges::sort(pieces, [](const Seats& a, const Seats& b) {
            return std::pair{b.size(), a.front()} < std::pair{a.size(), b.front()};
        });
        return pieces;
    }
    std::vector<Seats> pieces_of(const Seats& seats) const {
        SeatSet set{plan_.seats()};
        for (const auto seat : seats) set.add(seat);
        return pieces_of(set, 0, plan_.seats());
    }

    /// How many of the pieces, the largest first, hold `count` passengers; nothing where all together do not.
    static std::optional<std::size_t> pieces_for(const std::vector<Seats>& pieces, std::size_t count) {
        std::size_t held = 0;
        for (std::size_t used = 0; used <= pieces.size(); ++used) {
            if (held >= count) return used;
            if (used < pieces.size()) held += pieces[used].size();
        }
        return std::nullopt;
    }

    /// Takes `count` seats out of as few of the pieces as possible, which hold so many.
    void take(std::vector<Seats> pieces, std::size_t count, std::optional<std::uint32_t> near, Seats& chosen) const {
        while (count > 0) {
            // The smallest piece that is large enough, else the largest.
            auto piece = pieces.begin();
            for (auto other = pieces.begin(); other != pieces.end() && other->size() >= count; ++other) {
                if (other->size() < piece->size()) piece = other;
            }
            Seats part = part_of(*piece, std::min(count, piece->size()), near);
            count -= part.size();
            chosen.insert(chosen.end(), part.begin(), part.end());
            pieces.erase(piece);
        }
    }

    /// `count` seats of a piece that are a piece themselves: grown from each seat by the best neighbour, and the best
    /// of what has grown.
    Seats part_of(const Seats& piece, std::size_t count, std::optional<std::uint32_t> near) const {
        if (piece.size() == count) return piece;
        std::optional<std::pair<Cost, Seats>> best;
        for (const auto start : piece) {
            Seats part{start};
            while (part.size() < count) {
                std::optional<std::pair<Cost, std::uint32_t>> next;
                for (const auto seat : part) {
                    for (const auto other : plan_.neighbours(seat)) {
                        if (!std::ranges::binary_search(piece, std::uint32_t{other}) ||
                            std::ranges::find(part, other) != part.end())
                            continue;
                        const std::pair option{cost_of({other}, near), std::uint32_t{other}};
                        if (!next || option < *next) next = option;
                    }
                }
                RAILBOOK_ASSERT(next);
                part.push_back(next->second);
            }
            std::ranges::sort(part);
            std::pair option{cost_of(part, near), std::move(part)};
            if (!best || option < *best) best = std::move(option);
        }
        return std::move(best->second);
    }

    std::optional<Seats> seat_in_pieces(const SeatSet& eligible, std::uint32_t count, std::optional<std::uint32_t> near,
                                        std::uint32_t most_pieces) const {
        struct Supply {
            std::vector<Seats> pieces;
            std::size_t seats = 0;
            std::uint32_t coach = 0;
        };
        std::vector<Supply> coaches;
        for (std::uint32_t i = 0; i < plan_.coaches().size(); ++i) {
            const auto& coach = plan_.coaches()[i];
            Supply supply{.pieces = pieces_of(eligible, coach.first, coach.last), .seats = 0, .coach = i};
            for (const auto& piece : supply.pieces) supply.seats += piece.size();
            if (supply.seats > 0) coaches.push_back(std::move(supply));
        }

        Seats chosen;
        const Supply* one = nullptr;
        std::size_t fewest = 0;
        for (const auto& coach : coaches) {
            const auto pieces = pieces_for(coach.pieces, count);
            if (!pieces || *pieces > most_pieces) continue;
            if (one && std::pair{fewest, one->seats} <= std::pair{*pieces, coach.seats}) continue;
            one = &coach;
            fewest = *pieces;
        }
        if (one) {
            take(one->pieces, count, near, chosen);
            return chosen;
        }

        std::ranges::sort(coaches, [](const Supply& a, const Supply& b) {
            return std::pair{b.seats, a.coach} < std::pair{a.seats, b.coach};
        });
        for (const auto& coach : coaches) {
            take(coach.pieces, std::min<std::size_t>(count - chosen.size(), coach.seats), near, chosen);
            if (chosen.size() == count) break;
        }
        if (pieces_of(chosen).size() <= most_pieces) return chosen;

        // More pieces than adults: the largest pieces of the train, wherever they are, are the fewest that there can
        // be.
        std::vector<Seats> all;
        for (auto& coach : coaches) std::ranges::move(coach.pieces, std::back_inserter(all));
        std::ranges::sort(all, [](const Seats& a, const Seats& b) {
            return std::pair{b.size(), a.front()} < std::pair{a.size(), b.front()};
        });
        const auto pieces = pieces_for(all, count);
        if (!pieces || *pieces > most_pieces) return std::nullopt;
        chosen.clear();
        take(std::move(all), count, near, chosen);
        return chosen;
    }

    // --- The price of single seats ----------------------------------------------------------------------------------

    Cost cost_of(const Seats& seats, std::optional<std::uint32_t> near) const {
        Cost cost;
        for (const auto seat : seats) {
            for (const auto& wish : request_.wishes) cost.unmet += wish.meets(seat) ? 0U : 1U;
            if (near) cost.distance += plan_.distance(seat, *near);
            cost.open_ends += (open_before_.has(seat) ? 1U : 0U) + (open_after_.has(seat) ? 1U : 0U);
            cost.slack += taken_.slack(seat, span_);
        }
        return cost;
    }

    const Request& request_;
    const SeatPlan& plan_;
    const MaskPlanes& taken_;
    Span span_;
    SeatSet free_;
    SeatSet open_before_;
    SeatSet open_after_;
};

Result<Request> look_up(const SeatPlan& plan, const SeatRequest& asked) {
    const auto& wishes = asked.wishes;
    const auto* of_class = plan.of_class(asked.travel_class);
    RAILBOOK_ASSERT(of_class && asked.count > 0);
    if (wishes.wheelchairs < 0 || wishes.children < 0 || wishes.changes < 0 || wishes.wheelchairs > asked.count ||
        wishes.children > asked.count)
        return Error{ErrorCode::invalid_argument, "there are more wheelchairs or children than passengers"};
    Request request{.plan = plan, .of_class = *of_class};
    request.count = static_cast<std::uint32_t>(asked.count);
    request.wheelchairs = static_cast<std::uint32_t>(wishes.wheelchairs);
    // Each piece needs an adult, where there are any and children to look after.
    const bool children_have_adults = wishes.children > 0 && wishes.children < asked.count;
    request.most_pieces =
        children_have_adults ? static_cast<std::uint32_t>(asked.count - wishes.children) : request.count;
    request.required = wishes.required;
    for (const auto& property : wishes.properties) {
        request.wishes.push_back({property, plan.with_property(property)});
        request.wants_reserved = request.wants_reserved || property == "WHEELCHAIR" || property == "COMPANION";
    }
    if (wishes.facing == kEachOther) {
        request.face_each_other = true;
        if (asked.count == 1) request.wishes.push_back({wishes.facing, plan.facing(kEachOther)});
    } else if (wishes.facing == "forward" || wishes.facing == "backward") {
        request.wishes.push_back({wishes.facing, plan.facing(wishes.facing)});
    } else if (!wishes.facing.empty()) {
        return Error{ErrorCode::invalid_argument, "seats face forward, backward or each_other"};
    }
    if (wishes.near) {
        request.near = plan.consist().index_of(*wishes.near);
        if (!request.near)
            return Error{ErrorCode::not_found, fmt::format("the train has no seat {}", to_string(*wishes.near)),
                         "'railbook run seats' shows the seats of a run"};
    }
    bool found = false;
    for (const auto& coach : plan.coaches()) {
        if (coach.first == coach.last || !of_class->has(coach.first)) continue;
        if (!std::exchange(found, true)) request.first = coach.first;
        request.last = coach.last;
    }
    return request;
}

/// Whether somebody sits opposite to somebody: what a party that wants to face each other gets of it.
bool faces_itself(const SeatPlan& plan, const Seats& seats) {
    for (const auto& row : plan.facing_rows()) {
        for (const auto& pair : row) {
            if (std::ranges::binary_search(seats, pair.backward) && std::ranges::binary_search(seats, pair.forward))
                return true;
        }
    }
    return false;
}

std::vector<std::string> unmet_wishes(const Request& request, const std::vector<SeatStage>& stages) {
    std::vector<std::string> unmet;
    const auto everywhere = [&](const auto& meets) { return std::ranges::all_of(stages, meets); };
    for (const auto& wish : request.wishes) {
        const bool met = everywhere([&](const SeatStage& stage) {
            return std::ranges::all_of(stage.seats, [&](std::uint32_t seat) { return wish.meets(seat); });
        });
        if (!met) unmet.emplace_back(wish.name);
    }
    if (request.face_each_other && request.count > 1 &&
        !everywhere([&](const SeatStage& stage) { return faces_itself(request.plan, stage.seats); }))
        unmet.emplace_back(kEachOther);
    if (request.wheelchairs > 0 && request.wheelchairs < request.count) {
        const auto* companions = request.plan.with_property("COMPANION");
        const auto wanted = std::min(request.wheelchairs, request.count - request.wheelchairs);
        const bool met = companions && everywhere([&](const SeatStage& stage) {
                             return std::ranges::count_if(stage.seats, [&](std::uint32_t seat) {
                                        return companions->has(seat);
                                    }) >= static_cast<std::ptrdiff_t>(wanted);
                         });
        if (!met) unmet.emplace_back("COMPANION");
    }
    return unmet;
}

std::string_view words_for_wish(std::string_view wish) {
    static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
        {"WINDOW", "by the window"},
        {"AISLE", "by the aisle"},
        {"TABLE", "at a table"},
        {"QUIET", "where it is quiet"},
        {"POWER", "with a socket"},
        {"WHEELCHAIR", "in a place for a wheelchair"},
        {"COMPANION", "beside a place for a wheelchair"},
        {"BERTH_LOWER", "in a lower berth"},
        {"BERTH_MIDDLE", "in a middle berth"},
        {"BERTH_UPPER", "in an upper berth"},
        {"forward", "facing forward"},
        {"backward", "facing backward"},
        {kEachOther, "facing each other"},
    };
    for (const auto& [name, words] : kWords) {
        if (name == wish) return words;
    }
    return {};
}

}  // namespace

Result<SeatChoice> choose_seats(const SeatPlan& plan, const MaskPlanes& taken, const SeatRequest& asked) {
    RAILBOOK_ASSERT(taken.seats == plan.seats());
    const auto request = look_up(plan, asked);
    if (!request) return request.error();
    SeatChoice choice;
    auto whole = Stage{*request, taken, asked.span}.choose();
    if (whole) {
        choice.stages.push_back({asked.span, *std::move(whole)});
        choice.unmet = unmet_wishes(*request, choice.stages);
        return choice;
    }
    if (asked.wishes.changes == 0) return whole.error();

    // Whoever stays seated as far as possible changes least often: where a party can sit on a span, it can on every
    // part of it, so nobody who changes earlier gets further.
    for (std::uint16_t at = asked.span.from; at < asked.span.to;) {
        if (choice.stages.size() > static_cast<std::size_t>(asked.wishes.changes)) return whole.error();
        std::optional<SeatStage> furthest;
        std::uint32_t reachable = at;
        std::uint32_t unreachable = asked.span.to + 1U;
        while (unreachable - reachable > 1) {
            const auto middle = reachable + (unreachable - reachable) / 2;
            const Span span{at, static_cast<std::uint16_t>(middle)};
            if (auto seats = Stage{*request, taken, span}.choose()) {
                furthest = SeatStage{span, *std::move(seats)};
                reachable = middle;
            } else {
                unreachable = middle;
            }
        }
        if (!furthest) return whole.error();
        at = furthest->span.to;
        choice.stages.push_back(*std::move(furthest));
    }
    choice.unmet = unmet_wishes(*request, choice.stages);
    return choice;
}

std::string explain(const SeatPlan& plan, const MaskPlanes& taken, const SeatRequest& request,
                    const SeatChoice& choice) {
    std::string text;
    std::uint64_t open_ends = 0;
    for (const auto& stage : choice.stages) {
        if (!text.empty()) text += ", then ";
        std::vector<std::uint32_t> coaches;
        std::size_t pieces = 0;
        SeatSet left{plan.seats()};
        for (const auto seat : stage.seats) left.add(seat);
        for (const auto seat : stage.seats) {
            if (coaches.empty() || coaches.back() != plan.coach_of(seat)) coaches.push_back(plan.coach_of(seat));
            if (!left.has(seat)) continue;
            ++pieces;
            Seats piece{seat};
            left.remove(seat);
            for (std::size_t i = 0; i < piece.size(); ++i) {
                for (const auto next : plan.neighbours(piece[i])) {
                    if (!left.has(next)) continue;
                    left.remove(next);
                    piece.push_back(next);
                }
            }
        }
        if (stage.seats.size() == 1) text += "1 seat";
        else if (pieces == 1) text += fmt::format("{} together", stage.seats.size());
        else text += fmt::format("{} in {} groups", stage.seats.size(), pieces);
        const auto add_wish = [&](std::string_view wish) {
            if (std::ranges::find(choice.unmet, wish) != choice.unmet.end()) return;
            const auto words = words_for_wish(wish);
            text += words.empty() ? fmt::format(" with {}", wish) : fmt::format(" {}", words);
        };
        for (const auto& property : request.wishes.properties) add_wish(property);
        if (!request.wishes.facing.empty()) add_wish(request.wishes.facing);
        text += coaches.size() == 1 ? " in coach " : " in coaches ";
        for (std::size_t i = 0; i < coaches.size(); ++i) {
            if (i > 0) text += i + 1 == coaches.size() ? " and " : ", ";
            text += plan.consist().coaches[coaches[i]].number;
        }
        if (request.wishes.near) text += fmt::format(" near {}", to_string(*request.wishes.near));
        for (const auto seat : stage.seats) {
            const auto is_open = [&](unsigned from) {
                return taken.is_free(seat, {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(from + 1)});
            };
            if (stage.span.from > 0 && is_open(stage.span.from - 1U)) ++open_ends;
            if (stage.span.to < taken.segments && is_open(stage.span.to)) ++open_ends;
        }
    }
    if (choice.stages.size() > 1) {
        const auto changes = choice.stages.size() - 1;
        text += fmt::format(", with {} change{} of seats on the way", changes, changes == 1 ? "" : "s");
    } else if (open_ends == 0) {
        text += ", filling a gap exactly";
    } else if (open_ends <= choice.stages.front().seats.size()) {
        text += ", leaving what is free around it in one piece";
    }
    for (std::size_t i = 0; i < choice.unmet.size(); ++i) text += (i == 0 ? "; not met: " : ", ") + choice.unmet[i];
    return text;
}

std::vector<std::uint32_t> nearest_free(const SeatPlan& plan, const MaskPlanes& taken, Span span,
                                        const std::vector<std::uint32_t>& wanted, std::size_t limit) {
    SeatSet free{plan.seats()};
    find_free(taken, span, 0, plan.seats(), free.words());
    const bool wants_reserved =
        std::ranges::any_of(wanted, [&](std::uint32_t seat) { return plan.reserved().has(seat); });
    if (!wants_reserved) free -= plan.reserved();
    for (const auto seat : wanted) free.remove(seat);

    using Rank = std::tuple<bool, bool, std::uint32_t, std::uint32_t>;  // another coach, another class, how far, number
    const auto class_of = [&](std::uint32_t seat) -> const std::string& {
        return plan.consist().coaches[plan.coach_of(seat)].travel_class;
    };
    std::vector<Rank> ranks;
    free.for_each([&](std::uint32_t seat) {
        Rank best{true, true, std::numeric_limits<std::uint32_t>::max(), seat};
        for (const auto lost : wanted) {
            best = std::min(best, Rank{plan.coach_of(lost) != plan.coach_of(seat), class_of(lost) != class_of(seat),
                                       plan.distance(seat, lost), seat});
        }
        ranks.push_back(best);
    });
    const auto kept = ranks.begin() + static_cast<std::ptrdiff_t>(std::min(limit, ranks.size()));
    std::ranges::partial_sort(ranks, kept);
    std::vector<std::uint32_t> offered;
    for (auto rank = ranks.begin(); rank != kept; ++rank) offered.push_back(std::get<3>(*rank));
    return offered;
}

}  // namespace railbook::inventory

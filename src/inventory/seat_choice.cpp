#include "inventory/seat_choice.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "inventory/seat_pieces.hpp"
#include "inventory/seat_stage.hpp"
#include "inventory/side_by_side.hpp"

namespace railbook::inventory {
namespace {

constexpr std::string_view kEachOther = "each_other";

/// Seats by number, as a party gets them.
using Seats = std::vector<std::uint32_t>;
/// A few of them, which allocate nothing.
using FewSeats = boost::container::small_vector<std::uint32_t, 16>;

SeatSet both(SeatSet set, const SeatSet& other) { return set &= other; }

Error sold_out(std::string detail) {
    return {ErrorCode::sold_out, std::move(detail), "ask for fewer seats or wishes, another class or another train"};
}

/// One part of the ride: what is free on it, and the choice among that.
class Stage {
public:
    Stage(const Party& party, const MaskPlanes& taken, Span span)
        : view_{party, taken, span}, party_{party}, plan_{party.plan} {
        if (!party.required) return;
        acceptable_ = view_.free;
        for (const auto& wish : party.wishes) {
            if (wish.seats) *acceptable_ &= *wish.seats;
            else acceptable_ = SeatSet{plan_.seats()};
        }
    }

    /// Seats for the whole party; nothing where the stage is sold out.
    std::optional<Seats> choose() const {
        if (!eligible().has_at_least(party_.count)) return std::nullopt;
        if (party_.wants_reserved || !plan_.has_reserved()) return seat_all(eligible());
        SeatSet others = eligible();
        others -= plan_.reserved();
        if (party_.wheelchairs > 0 || others.has_at_least(party_.count)) {
            if (auto chosen = seat_all(others)) return chosen;
        }
        return seat_all(eligible());
    }

    /// Why nothing was chosen.
    Error refusal() const {
        if (!eligible().has_at_least(party_.count)) {
            return sold_out(party_.required && view_.free.has_at_least(party_.count)
                                ? "there are not so many free seats with what is required"
                                : "there are not so many free seats");
        }
        if (party_.wheelchairs > 0 && free_wheelchair_places().size() < party_.wheelchairs)
            return sold_out("there are not so many free places for wheelchairs");
        if (party_.required && party_.face_each_other) return sold_out("there are no free seats that face each other");
        return sold_out("no free seats keep the children with an adult");
    }

private:
    /// What the party may have, wheelchairs too.
    const SeatSet& eligible() const { return acceptable_ ? *acceptable_ : view_.free; }

    // --- The party as a whole ---------------------------------------------------------------------------------------

    /// `others` are those of the eligible seats that passengers without a wheelchair may have.
    std::optional<Seats> seat_all(const SeatSet& others) const {
        Seats chosen;
        chosen.reserve(party_.count);
        const bool is_seated = party_.wheelchairs > 0
                                   ? seat_wheelchairs(others, chosen)
                                   : seat_party(others, party_.count, party_.near, party_.most_pieces, chosen);
        if (!is_seated) return std::nullopt;
        std::ranges::sort(chosen);
        if (party_.most_pieces < party_.count && count_pieces(plan_, chosen) > party_.most_pieces) return std::nullopt;
        return chosen;
    }

    FewSeats free_wheelchair_places() const {
        FewSeats places;
        if (const auto* all = plan_.with_property("WHEELCHAIR"))
            both(eligible(), *all).for_each([&](std::uint32_t seat) { places.push_back(seat); });
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

    bool seat_wheelchairs(const SeatSet& others, Seats& chosen) const {
        const auto free_places = free_wheelchair_places();
        if (free_places.size() < party_.wheelchairs) return false;
        std::uint32_t companions = std::min(party_.wheelchairs, party_.count - party_.wheelchairs);
        boost::container::small_vector<std::tuple<bool, SeatCost, std::uint32_t>, 16> ranked;
        for (const auto place : free_places) {
            const bool alone = companions > 0 && !companion_of(place, eligible());
            ranked.emplace_back(alone, view_.cost_of(place, party_.near), place);
        }
        std::ranges::sort(ranked);
        const auto place = [&](std::size_t i) { return std::get<2>(ranked[i]); };

        SeatSet left = eligible();
        const auto take = [&](std::uint32_t seat) {
            chosen.push_back(seat);
            left.remove(seat);
        };
        for (std::uint32_t i = 0; i < party_.wheelchairs; ++i) take(place(i));
        for (std::uint32_t i = 0; i < party_.wheelchairs && companions > 0; ++i) {
            const auto companion = companion_of(place(i), left);
            if (!companion) continue;
            take(*companion);
            --companions;
        }
        if (chosen.size() == party_.count) return true;
        // The rest as near as possible to the first wheelchair, in its coach if that has room.
        const auto rest = party_.count - static_cast<std::uint32_t>(chosen.size());
        SeatSet ordinary = both(others, left);
        const auto& coach = plan_.coaches()[plan_.coach_of(place(0))];
        if (ordinary.count(coach.first, coach.last) >= rest) {
            SeatSet in_coach{plan_.seats()};
            ordinary.for_each(coach.first, coach.last, [&](std::uint32_t seat) { in_coach.add(seat); });
            ordinary = in_coach;
        }
        return seat_party(ordinary, rest, place(0), rest, chosen);
    }

    /// Passengers without wheelchairs.
    bool seat_party(const SeatSet& eligible, std::uint32_t count, std::optional<std::uint32_t> near,
                    std::uint32_t most_pieces, Seats& chosen) const {
        if (!eligible.has_at_least(count)) return false;
        if (party_.face_each_other && count > 1) {
            if (seat_facing(eligible, count, near, chosen)) return true;
            if (party_.required) return false;
        }
        if (const auto first = best_side_by_side(view_, eligible, count, near)) {
            for (std::uint32_t i = 0; i < count; ++i) chosen.push_back(*first + i);
            return true;
        }
        return take_in_pieces(view_, eligible, count, near, most_pieces, chosen);
    }

    // --- Facing each other ------------------------------------------------------------------------------------------

    /// Pairs of seats that look at each other, one beside the other; an odd passenger sits at one end of them.
    bool seat_facing(const SeatSet& eligible, std::uint32_t count, std::optional<std::uint32_t> near,
                     Seats& chosen) const {
        const std::size_t pairs = count / 2;
        const bool odd = count % 2 == 1;
        std::optional<SeatCost> best_cost;
        FewSeats best;
        const auto offer = [&](FewSeats seats, const SeatCost& cost) {
            std::ranges::sort(seats);
            if (best_cost && (*best_cost < cost || (*best_cost == cost && !(seats < best)))) return;
            best_cost = cost;
            best = std::move(seats);
        };
        for (const auto& row : plan_.facing_rows()) {
            for (std::size_t first = 0; first + pairs <= row.size(); ++first) {
                FewSeats seats;
                for (std::size_t i = first; i < first + pairs; ++i) {
                    const bool in_line = i == first || row[i].column == row[i - 1].column + 1;
                    if (!in_line || !eligible.has(row[i].backward) || !eligible.has(row[i].forward)) break;
                    seats.push_back(row[i].backward);
                    seats.push_back(row[i].forward);
                }
                if (seats.size() != 2 * pairs) continue;
                SeatCost cost;
                for (const auto seat : seats) cost += view_.cost_of(seat, near);
                if (!odd) {
                    offer(seats, cost);
                    continue;
                }
                for (const auto seat : seats) {
                    for (const auto next : plan_.neighbours(seat)) {
                        if (!eligible.has(next) || std::ranges::find(seats, next) != seats.end()) continue;
                        FewSeats more = seats;
                        more.push_back(next);
                        SeatCost cost_of_more = cost;
                        offer(std::move(more), cost_of_more += view_.cost_of(next, near));
                    }
                }
            }
        }
        chosen.insert(chosen.end(), best.begin(), best.end());
        return best_cost.has_value();
    }

    SeatStageView view_;
    const Party& party_;
    const SeatPlan& plan_;
    std::optional<SeatSet> acceptable_;  // where not every free seat is
};

/// Fills in the party. Errors: invalid_argument; not_found.
Status look_up(const SeatRequest& asked, Party& party) {
    const SeatPlan& plan = party.plan;
    const auto& wishes = asked.wishes;
    if (wishes.wheelchairs < 0 || wishes.children < 0 || wishes.changes < 0 || wishes.wheelchairs > asked.count ||
        wishes.children > asked.count)
        return Error{ErrorCode::invalid_argument, "there are more wheelchairs or children than passengers"};
    party.count = static_cast<std::uint32_t>(asked.count);
    party.wheelchairs = static_cast<std::uint32_t>(wishes.wheelchairs);
    // Each piece needs an adult, where there are any and children to look after.
    const bool children_have_adults = wishes.children > 0 && wishes.children < asked.count;
    party.most_pieces = children_have_adults ? static_cast<std::uint32_t>(asked.count - wishes.children) : party.count;
    party.required = wishes.required;
    for (const auto& property : wishes.properties) {
        party.wishes.push_back({property, plan.with_property(property)});
        party.wants_reserved = party.wants_reserved || property == "WHEELCHAIR" || property == "COMPANION";
    }
    if (wishes.facing == kEachOther) {
        party.face_each_other = true;
        if (asked.count == 1) party.wishes.push_back({wishes.facing, plan.facing(kEachOther)});
    } else if (wishes.facing == "forward" || wishes.facing == "backward") {
        party.wishes.push_back({wishes.facing, plan.facing(wishes.facing)});
    } else if (!wishes.facing.empty()) {
        return Error{ErrorCode::invalid_argument, "seats face forward, backward or each_other"};
    }
    if (wishes.near) {
        party.near = plan.consist().index_of(*wishes.near);
        if (!party.near)
            return Error{ErrorCode::not_found, fmt::format("the train has no seat {}", to_string(*wishes.near)),
                         "'railbook run seats' shows the seats of a run"};
    }
    return {};
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

std::vector<std::string> unmet_wishes(const Party& party, const std::vector<SeatStage>& stages) {
    std::vector<std::string> unmet;
    const auto everywhere = [&](const auto& meets) { return std::ranges::all_of(stages, meets); };
    for (const auto& wish : party.wishes) {
        const bool met = everywhere([&](const SeatStage& stage) {
            return std::ranges::all_of(stage.seats, [&](std::uint32_t seat) { return wish.meets(seat); });
        });
        if (!met) unmet.emplace_back(wish.name);
    }
    if (party.face_each_other && party.count > 1 &&
        !everywhere([&](const SeatStage& stage) { return faces_itself(party.plan, stage.seats); }))
        unmet.emplace_back(kEachOther);
    if (party.wheelchairs > 0 && party.wheelchairs < party.count) {
        const auto* companions = party.plan.with_property("COMPANION");
        const auto wanted = std::min(party.wheelchairs, party.count - party.wheelchairs);
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
    const SeatSet* const of_class = plan.of_class(asked.travel_class);
    RAILBOOK_ASSERT(of_class && asked.count > 0);
    Party party{plan, *of_class};
    if (const auto ok = look_up(asked, party); !ok) return ok.error();
    SeatChoice choice;
    const Stage whole{party, taken, asked.span};
    if (auto seats = whole.choose()) {
        choice.stages.push_back({asked.span, *std::move(seats)});
        choice.unmet = unmet_wishes(party, choice.stages);
        return choice;
    }
    if (asked.wishes.changes == 0) return whole.refusal();

    // Whoever stays seated as far as possible changes least often: where a party can sit on a span, it can on every
    // part of it, so nobody who changes earlier gets further.
    for (std::uint16_t at = asked.span.from; at < asked.span.to;) {
        if (choice.stages.size() > static_cast<std::size_t>(asked.wishes.changes)) return whole.refusal();
        std::optional<SeatStage> furthest;
        std::uint32_t reachable = at;
        std::uint32_t unreachable = asked.span.to + 1U;
        while (unreachable - reachable > 1) {
            const auto middle = reachable + (unreachable - reachable) / 2;
            const Span span{at, static_cast<std::uint16_t>(middle)};
            if (auto seats = Stage{party, taken, span}.choose()) {
                furthest = SeatStage{span, *std::move(seats)};
                reachable = middle;
            } else {
                unreachable = middle;
            }
        }
        if (!furthest) return whole.refusal();
        at = furthest->span.to;
        choice.stages.push_back(*std::move(furthest));
    }
    choice.unmet = unmet_wishes(party, choice.stages);
    return choice;
}

std::string explain(const SeatPlan& plan, const MaskPlanes& taken, const SeatRequest& request,
                    const SeatChoice& choice) {
    std::string text;
    text.reserve(96);
    std::uint64_t open_ends = 0;
    for (const auto& stage : choice.stages) {
        if (!text.empty()) text += ", then ";
        const std::size_t pieces = count_pieces(plan, stage.seats);
        text += std::to_string(stage.seats.size());
        if (stage.seats.size() == 1) text += " seat";
        else if (pieces == 1) text += " together";
        else fmt::format_to(std::back_inserter(text), " in {} groups", pieces);
        const auto add_wish = [&](std::string_view wish) {
            if (std::ranges::find(choice.unmet, wish) != choice.unmet.end()) return;
            const auto words = words_for_wish(wish);
            text += words.empty() ? " with " : " ";
            text += words.empty() ? wish : words;
        };
        for (const auto& property : request.wishes.properties) add_wish(property);
        if (!request.wishes.facing.empty()) add_wish(request.wishes.facing);
        // The seats are in the order of their coaches.
        const std::uint32_t last_coach = plan.coach_of(stage.seats.back());
        text += plan.coach_of(stage.seats.front()) == last_coach ? " in coach " : " in coaches ";
        std::optional<std::uint32_t> named;
        for (const auto seat : stage.seats) {
            const std::uint32_t coach = plan.coach_of(seat);
            if (coach == named) continue;
            if (named) text += coach == last_coach ? " and " : ", ";
            named = coach;
            text += plan.consist().coaches[coach].number;
        }
        if (request.wishes.near) text += " near " + to_string(*request.wishes.near);
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

    // Whole coaches first: those of the wanted seats, then those of their classes, then the others; of each kind the
    // nearest. A seat in a coach that is further away is further away itself.
    enum class Kind : std::uint8_t { same_coach, same_class, other };
    const auto kind_of = [&](std::uint32_t coach, std::uint32_t lost) {
        const auto& coaches = plan.consist().coaches;
        if (plan.coach_of(lost) == coach) return Kind::same_coach;
        return coaches[plan.coach_of(lost)].travel_class == coaches[coach].travel_class ? Kind::same_class
                                                                                        : Kind::other;
    };
    struct CoachRank {
        Kind kind = Kind::other;
        std::uint32_t away = std::numeric_limits<std::uint32_t>::max();
        std::uint32_t coach = 0;
        auto operator<=>(const CoachRank&) const = default;
    };
    boost::container::small_vector<CoachRank, 32> coaches;
    for (std::uint32_t coach = 0; coach < plan.coaches().size(); ++coach) {
        CoachRank rank{.coach = coach};
        for (const auto lost : wanted) {
            const std::uint32_t other = plan.coach_of(lost);
            rank = std::min(rank, {kind_of(coach, lost), std::max(coach, other) - std::min(coach, other), coach});
        }
        coaches.push_back(rank);
    }
    std::ranges::sort(coaches);

    std::vector<std::uint32_t> offered;
    boost::container::small_vector<std::pair<std::uint32_t, std::uint32_t>, 64> found;  // how far, number
    for (auto coach = coaches.begin(); coach != coaches.end() && offered.size() < limit;) {
        const CoachRank group = *coach;
        found.clear();
        for (; coach != coaches.end() && coach->kind == group.kind && coach->away == group.away; ++coach) {
            FewSeats compared;
            for (const auto lost : wanted) {
                if (kind_of(coach->coach, lost) == group.kind) compared.push_back(lost);
            }
            const auto& range = plan.coaches()[coach->coach];
            free.for_each(range.first, range.last, [&](std::uint32_t seat) {
                auto distance = std::numeric_limits<std::uint32_t>::max();
                for (const auto lost : compared) distance = std::min(distance, plan.distance(seat, lost));
                found.emplace_back(distance, seat);
            });
        }
        const auto kept = found.begin() + static_cast<std::ptrdiff_t>(std::min(limit - offered.size(), found.size()));
        std::ranges::partial_sort(found, kept);
        for (auto seat = found.begin(); seat != kept; ++seat) offered.push_back(seat->second);
    }
    return offered;
}

}  // namespace railbook::inventory

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include <railbook/inventory.hpp>

#include "base/assert.hpp"
#include "base/command.hpp"
#include "inventory/rides.hpp"
#include "inventory/seat_choice.hpp"
#include "inventory/seat_pieces.hpp"

namespace railbook {
namespace {

/// What passengers need of a seat, if they have it.
constexpr std::array<std::string_view, 2> kNeeded{"WHEELCHAIR", "COMPANION"};

bool has(const inventory::SeatPlan& plan, std::uint32_t seat, std::string_view property) {
    const auto* seats = plan.with_property(property);
    return seats && seats->has(seat);
}

/// A passenger's seat in the coaches of today, and the one of the same name in the new ones, where that is of its
/// class.
struct OldSeat {
    SeatId id;
    std::uint32_t seat = 0;
    std::optional<std::uint32_t> same_name = std::nullopt;
};

/// Who travels together: the seats of one ride of one hold.
struct Party {
    const Hold* hold;
    std::size_t item;
    std::vector<OldSeat> seats;
    bool needs_places = false;  ///< Some of them are for a wheelchair or its companion.

    const HoldItem& ride() const { return hold->items[item]; }
};

/// Where some of a party could move to. The others stay.
struct Seating {
    std::vector<std::pair<OldSeat, std::uint32_t>> seats;  ///< Of the whole party, with the new numbers.
    std::size_t losses = 0;                                ///< Needed properties that somebody would lose.
    std::size_t pieces = 0;
};

/// Plans who sits where in the new coaches.
class Plan {
public:
    Plan(const RunHolds& now, std::shared_ptr<const Consist> consist, const SeatMasks& blocked)
        : now_{now}, old_plan_{now.run.consist}, plan_{consist} {
        offer_.run = now.run;
        offer_.consist = std::move(consist);
        taken_.seats = plan_.seats();
        taken_.segments = static_cast<std::uint32_t>(now.run.segment_count());
        keep_blocks(blocked);
    }

    ConsistOffer make() {
        auto parties = keep_what_stays();
        // Places for wheelchairs go to whom they are for, before anybody gets one because nothing else is free. Then
        // large parties, while there is room for them together; who has paid goes before who has not.
        std::ranges::sort(parties, {}, [](const Party& one) {
            return std::tuple{!one.needs_places, -static_cast<int>(one.seats.size()),
                              one.hold->status != HoldStatus::sold, one.hold->fence, one.item};
        });
        for (const auto& party : parties) seat(party);
        for (auto* seats : {&offer_.reseatings, &offer_.stranded, &offer_.worse_off})
            std::ranges::sort(*seats, {}, [](const AffectedSeat& one) -> const Reseating& { return one; });
        offer_.id = name();
        return std::move(offer_);
    }

private:
    void keep_blocks(const SeatMasks& blocked) {
        for (const auto& [seat, span] : inventory::blocks_of(blocked)) {
            const auto id = now_.run.consist->seat_at(seat);
            if (const auto index = offer_.consist->index_of(id)) taken_.set(*index, span);
            else offer_.blocks_lost.push_back({id, departure_of(now_.run, span.from), arrival_of(now_.run, span.to)});
        }
    }

    std::vector<Party> keep_what_stays() {
        std::vector<Party> parties;
        for (const auto& hold : now_.holds) {
            for (std::size_t i = 0; i < hold.items.size(); ++i) {
                const auto& item = hold.items[i];
                if (item.run != now_.run.id) continue;
                Party party{.hold = &hold, .item = i, .seats = {}};
                for (const auto& held : item.seats) {
                    OldSeat seat{.id = held.id, .seat = held.index};
                    seat.same_name = offer_.consist->index_of(held.id);
                    if (seat.same_name && offer_.consist->coach_of(*seat.same_name).travel_class != item.travel_class)
                        seat.same_name.reset();
                    if (seat.same_name) taken_.set(*seat.same_name, item.span);
                    party.needs_places = party.needs_places || is_needed(seat);
                    party.seats.push_back(std::move(seat));
                }
                parties.push_back(std::move(party));
            }
        }
        return parties;
    }

    bool is_needed(const OldSeat& old) const {
        return std::ranges::any_of(kNeeded, [&](auto property) { return has(old_plan_, old.seat, property); });
    }
    std::vector<std::string> losses_of(const OldSeat& old, std::uint32_t seat) const {
        std::vector<std::string> losses;
        for (const auto property : kNeeded) {
            if (has(old_plan_, old.seat, property) && !has(plan_, seat, property)) losses.emplace_back(property);
        }
        return losses;
    }

    void seat(const Party& party) {
        const auto must_move = [](const OldSeat& seat) { return !seat.same_name; };
        std::optional<Seating> best;
        const auto pieces_before = pieces_of(party);
        const auto is_better = [&](const Seating& one) {
            const auto rank = [&](const Seating& seating) {
                return std::pair{seating.losses, std::max(seating.pieces, pieces_before)};
            };
            return !best || rank(one) < rank(*best);
        };
        const auto offer = [&](std::optional<Seating> seating) {
            if (seating && is_better(*seating)) best = std::move(seating);
        };
        const auto is_as_before = [&] { return best && best->losses == 0 && best->pieces <= pieces_before; };
        offer(find_seats(party, must_move));
        // Others leave seats that are there still only if that is better for the party: a wheelchair goes with its
        // companion, and a child with its adult.
        if (party.needs_places && !is_as_before())
            offer(find_seats(party, [&](const OldSeat& one) { return !one.same_name || is_needed(one); }));
        if (!is_as_before()) offer(find_seats(party, [](const OldSeat&) { return true; }));
        if (best) return take(party, *best, pieces_before);
        seat_apart(party);
    }

    std::size_t pieces_of(const Party& party) const {
        std::vector<std::uint32_t> seats;
        for (const auto& one : party.seats) seats.push_back(one.seat);
        std::ranges::sort(seats);
        return inventory::count_pieces(old_plan_, seats);
    }

    /// The best seats for those who move; nothing where there are not so many.
    template <class Moves>
    std::optional<Seating> find_seats(const Party& party, Moves moves) const {
        Seating stay;
        std::vector<OldSeat> movers;
        std::set<std::string> kept_in;  // coaches where others stay
        for (const auto& one : party.seats) {
            if (moves(one)) {
                movers.push_back(one);
            } else {
                stay.seats.emplace_back(one, *one.same_name);
                kept_in.insert(one.id.coach);
            }
        }
        if (movers.empty()) return rated(std::move(stay));

        const auto& item = party.ride();
        const auto count_of = [&](std::string_view property) {
            return static_cast<int>(
                std::ranges::count_if(movers, [&](const OldSeat& one) { return has(old_plan_, one.seat, property); }));
        };
        const auto count = static_cast<int>(movers.size());
        const auto pieces = static_cast<int>(pieces_of(party));
        std::optional<Seating> best;
        const auto offer = [&](const SeatWishes& wishes, const SeatMasks& taken) {
            const auto chosen = choose(item, count, wishes, taken);
            if (!chosen) return;
            auto seating = rated(with(stay, movers, *chosen));
            const auto rank = [](const Seating& one) { return std::pair{one.losses, one.pieces}; };
            if (!best || rank(seating) < rank(*best)) best = std::move(seating);
        };
        // The most places for wheelchairs that there are, then as few pieces as possible. Where a part of the party
        // stays, the others come to it if they can.
        for (int wheelchairs = count_of("WHEELCHAIR"); wheelchairs >= 0; --wheelchairs) {
            SeatWishes wishes{.wheelchairs = wheelchairs};
            if (wheelchairs == 0 && count_of("COMPANION") > 0) wishes.properties = {"COMPANION"};
            if (!stay.seats.empty()) wishes.near = stay.seats.front().first.id;
            const auto coaches = kept_in.empty() ? taken_ : taken_except_in(kept_in, item.span);
            // So many have somebody beside them in as few pieces as there were.
            for (const int together : {std::max(count - pieces, 0), 0}) {
                wishes.children = together;
                if (!kept_in.empty()) offer(wishes, coaches);
                offer(wishes, taken_);
                if (together == 0 || (best && best->losses == 0)) break;
            }
            if (best && best->losses == 0) break;
        }
        return best;
    }

    /// Who needs a place gets one of the chosen that is; the others get theirs by number.
    Seating with(Seating stay, const std::vector<OldSeat>& movers, std::vector<std::uint32_t> chosen) const {
        std::vector<std::optional<std::uint32_t>> given(movers.size());
        const auto give = [&](auto suits) {
            for (std::size_t i = 0; i < movers.size(); ++i) {
                const auto seat =
                    given[i] ? chosen.end()
                             : std::ranges::find_if(chosen, [&](std::uint32_t one) { return suits(movers[i], one); });
                if (seat == chosen.end()) continue;
                given[i] = *seat;
                chosen.erase(seat);
            }
        };
        for (const auto property : kNeeded) {
            give([&](const OldSeat& old, std::uint32_t seat) {
                return has(old_plan_, old.seat, property) && has(plan_, seat, property);
            });
        }
        give([](const OldSeat&, std::uint32_t) { return true; });
        for (std::size_t i = 0; i < movers.size(); ++i) stay.seats.emplace_back(movers[i], given[i].value());
        return stay;
    }

    Seating rated(Seating seating) const {
        std::vector<std::uint32_t> seats;
        for (const auto& [old, seat] : seating.seats) {
            seats.push_back(seat);
            seating.losses += losses_of(old, seat).size();
        }
        std::ranges::sort(seats);
        seating.pieces = inventory::count_pieces(plan_, seats);
        return seating;
    }

    /// One by one, for there are not so many free seats.
    void seat_apart(const Party& party) {
        const auto& item = party.ride();
        Seating found;
        std::vector<OldSeat> left;
        for (const auto& one : party.seats) {
            if (one.same_name) found.seats.emplace_back(one, *one.same_name);
            else left.push_back(one);
        }
        std::ranges::sort(left, {}, [&](const OldSeat& one) { return std::pair{!is_needed(one), one.seat}; });
        for (const auto& one : left) {
            const bool is_wheelchair = has(old_plan_, one.seat, "WHEELCHAIR");
            auto chosen = is_wheelchair ? choose(item, 1, {.wheelchairs = 1}, taken_) : std::nullopt;
            if (!chosen) chosen = choose(item, 1, {}, taken_);
            if (!chosen) {
                offer_.stranded.push_back({{party.hold->id, party.item, one.id, {}}});
                continue;
            }
            taken_.set(chosen->front(), item.span);
            found.seats.emplace_back(one, chosen->front());
        }
        take(party, rated(std::move(found)), pieces_of(party));
    }

    std::optional<std::vector<std::uint32_t>> choose(const HoldItem& item, int count, const SeatWishes& wishes,
                                                     const SeatMasks& taken) const {
        if (!plan_.of_class(item.travel_class)) return std::nullopt;
        auto choice = inventory::choose_seats(plan_, {taken.bits, taken.seats, taken.segments},
                                              {item.span, item.travel_class, count, wishes});
        if (!choice) return std::nullopt;
        return std::move(choice->stages.front().seats);
    }

    void take(const Party& party, const Seating& seating, std::size_t pieces_before) {
        const auto& item = party.ride();
        for (const auto& [old, seat] : seating.seats) {
            if (old.same_name) taken_.clear(*old.same_name, item.span);
        }
        const bool is_apart = seating.pieces > pieces_before;
        const bool all_stay =
            std::ranges::all_of(seating.seats, [](const auto& one) { return one.first.same_name == one.second; });
        for (const auto& [old, seat] : seating.seats) {
            taken_.set(seat, item.span);
            const bool stays = old.same_name == seat;
            AffectedSeat affected{{party.hold->id, party.item, old.id, offer_.consist->seat_at(seat)}};
            affected.loses = losses_of(old, seat);
            affected.is_apart = is_apart && (all_stay || !stays);
            if (!stays) offer_.reseatings.push_back(std::move(affected));
            else if (!affected.loses.empty() || affected.is_apart) offer_.worse_off.push_back(std::move(affected));
            else ++offer_.unaffected;
        }
    }

    /// As if all other coaches were full.
    SeatMasks taken_except_in(const std::set<std::string>& coaches, Span span) const {
        SeatMasks taken = taken_;
        std::uint32_t index = 0;
        for (const auto& coach : offer_.consist->coaches) {
            for (std::size_t i = 0; i < coach.places.size(); ++i, ++index) {
                if (!coaches.contains(coach.number)) taken.set(index, span);
            }
        }
        return taken;
    }

    std::string name() const {
        base::Canonical text;
        text.add(to_string(now_.run.id)).add(static_cast<std::int64_t>(now_.version)).add(offer_.consist->name);
        for (const auto& coach : offer_.consist->coaches) {
            text.add(coach.number).add(coach.layout).add(coach.travel_class);
            for (const auto& place : coach.places) {
                text.add(place.number).add(place.row).add(place.column).add(place.facing);
                for (const auto& property : place.properties) text.add(property);
            }
        }
        for (const auto* moves : {&offer_.reseatings, &offer_.stranded}) {
            for (const auto& one : *moves)
                text.add(to_string(one.hold))
                    .add(static_cast<std::int64_t>(one.item))
                    .add(to_string(one.from))
                    .add(to_string(one.to));
        }
        return text.fingerprint().substr(0, 32);
    }

    const RunHolds& now_;
    ConsistOffer offer_;
    inventory::SeatPlan old_plan_;
    inventory::SeatPlan plan_;  // of the new coaches
    SeatMasks taken_;           // in the new coaches
};

Status check_operator(const Principal& principal) {
    if (principal.may(Scope::operate)) return {};
    return Error{ErrorCode::forbidden, "changing the coaches of a run needs the scope 'operate'"};
}

/// Says whose the seats are.
Status name_buyers(Store& store, const RunHolds& holds, ConsistOffer& offer) {
    std::map<HoldId, inventory::Buyer> buyers;
    for (auto* seats : {&offer.reseatings, &offer.stranded, &offer.worse_off}) {
        for (auto& seat : *seats) {
            auto known = buyers.find(seat.hold);
            if (known == buyers.end()) {
                auto buyer = inventory::buyer_of(store, *std::ranges::find(holds.holds, seat.hold, &Hold::id));
                if (!buyer) return buyer.error();
                known = buyers.emplace(seat.hold, *std::move(buyer)).first;
            }
            seat.owner = known->second.owner;
            seat.reference = known->second.reference;
            seat.tickets = known->second.tickets;
        }
    }
    return {};
}

/// What the outcome would be now, and for which holds; it does not say yet whose they are.
struct Planned {
    ConsistOffer offer;
    RunHolds holds;
};
Result<Planned> plan(Store& store, const Run& run, const std::shared_ptr<const Consist>& consist, Timestamp now) {
    if (*run.consist == *consist)
        return Error{ErrorCode::conflict, fmt::format("{} has these coaches already", to_string(run.id))};
    RunHolds holds{.run = run, .version = 0, .holds = {}};
    SeatMasks blocked;
    // Both of one version: the numbers of blocked seats are those of the coaches at that time.
    constexpr int kMostTries = 20;
    for (int attempt = 1; run.pinned; ++attempt) {
        auto found = store.inventory().holds_of_run(run.id, now);
        if (!found) return std::move(found).error();
        const auto occupancy = store.inventory().occupancy({run.id}, now);
        if (!occupancy) return occupancy.error();
        holds = *std::move(found);
        blocked = occupancy->front().blocked;
        if (holds.version == occupancy->front().version) break;
        if (attempt == kMostTries)
            return Error{ErrorCode::unavailable, "too many buyers want seats of this run at this moment", "try again"};
    }
    auto offer = Plan{holds, consist, blocked}.make();
    return Planned{std::move(offer), std::move(holds)};
}

}  // namespace

Result<ConsistOffer> Inventory::offer_consist(const Principal& principal, const RunId& id,
                                              std::shared_ptr<const Consist> consist) {
    RAILBOOK_ASSERT(consist);
    if (const auto ok = check_operator(principal); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    const auto run = timetable_.run(id);
    if (!run) return run.error();
    auto planned = plan(store_, *run, consist, *now);
    if (!planned) return std::move(planned).error();
    if (const auto done = name_buyers(store_, planned->holds, planned->offer); !done) return done.error();
    return std::move(planned->offer);
}

Result<Run> Inventory::change_consist(const Principal& principal, const RunId& id,
                                      std::shared_ptr<const Consist> consist, std::string_view offer) {
    RAILBOOK_ASSERT(consist);
    if (const auto ok = check_operator(principal); !ok) return ok.error();
    const auto now = store_.now();
    if (!now) return now.error();
    auto run = timetable_.run(id);
    if (!run) return run;
    if (*run->consist == *consist) return run;
    const auto planned = plan(store_, *run, consist, *now);
    if (!planned) return planned.error();
    if (planned->offer.id != offer) {
        return Error{ErrorCode::conflict, "the run has changed since the offer was made",
                     "look at the new offer, and confirm that one"};
    }
    if (!planned->offer.stranded.empty()) {
        return Error{ErrorCode::conflict,
                     fmt::format("{} seats have no place in the new coaches", planned->offer.stranded.size()),
                     "use longer coaches, or refund their passengers first"};
    }
    const Command command = base::make_command(principal, "run.consist", {}, {}, *now, {});
    return store_.inventory().change_consist(
        command, *run,
        {planned->holds.version, consist, {planned->offer.reseatings.begin(), planned->offer.reseatings.end()}});
}

}  // namespace railbook

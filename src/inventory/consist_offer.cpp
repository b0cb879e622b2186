#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <railbook/inventory.hpp>

#include "base/assert.hpp"
#include "base/command.hpp"
#include "inventory/rides.hpp"
#include "inventory/seat_choice.hpp"

namespace railbook {
namespace {

/// Seats of one ride of one hold that the new coaches lack.
struct Lost {
    const Hold* hold;
    std::size_t item;
    std::vector<SeatId> seats;
    std::set<std::string> kept_in;  ///< New coaches where the rest of the party keeps its seats.
};

/// Plans who sits where in the new coaches.
class Plan {
public:
    Plan(const RunHolds& now, std::shared_ptr<const Consist> consist, const SeatMasks& blocked) : now_{now} {
        offer_.run = now.run;
        offer_.consist = std::move(consist);
        plan_.emplace(offer_.consist);
        taken_.seats = static_cast<std::uint32_t>(offer_.consist->seat_count());
        taken_.segments = static_cast<std::uint32_t>(now.run.segment_count());
        keep_blocks(blocked);
    }

    ConsistOffer make() {
        auto lost = keep_what_stays();
        // Large parties first, while there is room for them together; who has paid goes before who has not.
        std::ranges::sort(lost, {}, [](const Lost& one) {
            return std::tuple{-static_cast<int>(one.seats.size()), one.hold->status != HoldStatus::sold,
                              one.hold->fence, one.item};
        });
        for (const auto& one : lost) seat(one);
        std::ranges::sort(offer_.reseatings);
        std::ranges::sort(offer_.stranded);
        offer_.id = name();
        return std::move(offer_);
    }

private:
    const HoldItem& item_of(const Lost& lost) const { return lost.hold->items[lost.item]; }

    void keep_blocks(const SeatMasks& blocked) {
        for (std::uint32_t seat = 0; seat < blocked.seats; ++seat) {
            const auto index = offer_.consist->index_of(now_.run.consist->seat_at(seat));
            for (std::uint16_t segment = 0; index && segment < blocked.segments; ++segment) {
                const Span one{segment, static_cast<std::uint16_t>(segment + 1)};
                if (blocked.any(seat, one)) taken_.set(*index, one);
            }
        }
    }

    std::vector<Lost> keep_what_stays() {
        std::vector<Lost> lost;
        for (const auto& hold : now_.holds) {
            for (std::size_t i = 0; i < hold.items.size(); ++i) {
                const auto& item = hold.items[i];
                if (item.run != now_.run.id) continue;
                Lost one{.hold = &hold, .item = i, .seats = {}, .kept_in = {}};
                for (const auto& held : item.seats) {
                    const auto index = offer_.consist->index_of(held.id);
                    if (index && offer_.consist->coach_of(*index).travel_class == item.travel_class) {
                        taken_.set(*index, item.span);
                        one.kept_in.insert(held.id.coach);
                        ++offer_.unaffected;
                    } else {
                        one.seats.push_back(held.id);
                    }
                }
                if (!one.seats.empty()) lost.push_back(std::move(one));
            }
        }
        return lost;
    }

    void seat(const Lost& lost) {
        const auto& item = item_of(lost);
        const auto count = static_cast<int>(lost.seats.size());
        // Where a part of the party stays, the others come to it if they can.
        auto chosen =
            lost.kept_in.empty() ? std::nullopt : choose(item, count, taken_except_in(lost.kept_in, item.span));
        if (!chosen) chosen = choose(item, count, taken_);
        if (chosen) {
            for (std::size_t i = 0; i < lost.seats.size(); ++i) move(lost, lost.seats[i], (*chosen)[i]);
            return;
        }
        for (const auto& seat : lost.seats) {
            chosen = choose(item, 1, taken_);
            if (chosen) move(lost, seat, chosen->front());
            else offer_.stranded.push_back({lost.hold->id, lost.item, seat, {}});
        }
    }

    std::optional<std::vector<std::uint32_t>> choose(const HoldItem& item, int count, const SeatMasks& taken) const {
        if (!plan_->of_class(item.travel_class)) return std::nullopt;
        const SeatWishes nothing;
        auto choice = inventory::choose_seats(*plan_, {taken.bits, taken.seats, taken.segments},
                                              {item.span, item.travel_class, count, nothing});
        if (!choice) return std::nullopt;
        return std::move(choice->stages.front().seats);
    }

    void move(const Lost& lost, const SeatId& from, std::uint32_t to) {
        taken_.set(to, item_of(lost).span);
        offer_.reseatings.push_back({lost.hold->id, lost.item, from, offer_.consist->seat_at(to)});
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
    std::optional<inventory::SeatPlan> plan_;  // of the new coaches
    SeatMasks taken_;                          // in the new coaches
};

Status check_operator(const Principal& principal) {
    if (principal.may(Scope::operate)) return {};
    return Error{ErrorCode::forbidden, "changing the coaches of a run needs the scope 'operate'"};
}

/// What the outcome would be now; its version goes with it.
struct Planned {
    ConsistOffer offer;
    std::uint64_t version;
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
    return Planned{Plan{holds, consist, blocked}.make(), holds.version};
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
    return store_.inventory().change_consist(command, *run, {planned->version, consist, planned->offer.reseatings});
}

}  // namespace railbook

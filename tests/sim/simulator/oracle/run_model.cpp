#include "sim/simulator/oracle/run_model.hpp"

#include <algorithm>

#include "sim/simulator/oracle/verdict.hpp"
#include "sim/simulator/railway.hpp"

namespace railbook::sim {
namespace {

bool wrong(std::string* why, const std::string& reason) {
    if (why) *why = reason;
    return false;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash ^= value + 0x9E3779B97F4A7C15U + (hash << 6U) + (hash >> 2U);
    return hash * 0xFF51AFD7ED558CCDU;
}

std::uint64_t hash_of(const HoldId& id) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < 8; ++i) hash = (hash << 8U) | id.bytes[i];
    return hash;
}

}  // namespace

bool RunModel::apply(const Event& event, std::string* why) {
    switch (event.kind) {
        case Event::Kind::place: return event.refused ? refuse_place(event, why) : place(event, why);
        case Event::Kind::extend: return event.refused ? refuse(event, why) : extend(event, why);
        case Event::Kind::release: return event.refused ? refuse(event, why) : release(event, why);
        case Event::Kind::book: return event.refused ? refuse(event, why) : book(event, why);
        case Event::Kind::cancel: return cancel(event, why);
        case Event::Kind::sell: return sell(event, why);
        case Event::Kind::find: return find(event, why);
        case Event::Kind::look: return look(event, why);
        case Event::Kind::count: return count(event, why);
        case Event::Kind::block: return block(event, why);
        case Event::Kind::unblock: return event.refused ? miss(event, why) : unblock(event, why);
        case Event::Kind::coaches: return change_coaches(event, why);
        case Event::Kind::follow: return follow(event, why);
    }
    return false;
}

std::uint64_t RunModel::hash() const {
    std::uint64_t hash = mixed(is_pinned_ ? 2 : 1, timetables_);
    for (const auto seat : coaches_) hash = mixed(hash, seat);
    for (const auto& [seat, parts] : seats_) {
        for (const auto& part : parts) {
            hash = mixed(hash, seat);
            hash = mixed(hash, hash_of(part.hold));
            hash = mixed(hash, (std::uint64_t{part.span.from} << 16U) | part.span.to);
            hash = mixed(hash, static_cast<std::uint64_t>(part.until.time_since_epoch().count()));
        }
    }
    for (const auto& [id, known] : holds_) {
        hash = mixed(hash, hash_of(id));
        hash = mixed(hash, static_cast<std::uint64_t>(known.life));
        hash = mixed(hash, static_cast<std::uint64_t>(known.until.time_since_epoch().count()));
        for (const auto& ride : known.rides) {
            for (const auto seat : ride.seats) hash = mixed(hash, seat);
        }
    }
    return hash;
}

bool RunModel::has(std::uint32_t seat) const { return std::ranges::find(coaches_, seat) != coaches_.end(); }

bool RunModel::pin(const Event& event, std::string* why) {
    is_pinned_ = true;
    for (const auto& ride : event.rides) {
        if (ride.run == run_) timetables_ &= ride.timetables;
    }
    return timetables_ != 0 || wrong(why, "a pinned run keeps its calls, and these are others");
}

bool RunModel::miss(const Event& event, std::string* why) const {
    if (!std::ranges::all_of(event.needs, [&](std::uint32_t seat) { return has(seat); })) return true;
    if (!event.may_be_missing) return wrong(why, "all that it names is there");
    if (!is_pinned_) return true;
    return (event.to_the_end && (timetables_ & shorter_) != 0) || wrong(why, "the run is pinned, and goes there");
}

bool RunModel::is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const {
    if (!has(seat)) return false;
    const auto found = seats_.find(seat);
    return found == seats_.end() || std::ranges::none_of(found->second, [&](const Part& part) {
               return part.span.overlaps(span) && part.until > now && (part.hold == HoldId{} || part.hold != mine);
           });
}

bool RunModel::is_sold(std::uint32_t seat, Span span) const {
    const auto found = seats_.find(seat);
    return found != seats_.end() && std::ranges::any_of(found->second, [&](const Part& part) {
               return part.span.overlaps(span) && part.hold != HoldId{} && holds_.at(part.hold).life == Life::sold;
           });
}

bool RunModel::is_blocked(std::uint32_t seat, Span span) const {
    const auto found = seats_.find(seat);
    return found != seats_.end() && std::ranges::any_of(found->second, [&](const Part& part) {
               return part.span.overlaps(span) && part.hold == HoldId{};
           });
}

void RunModel::set_until(const HoldId& hold, Timestamp until) {
    holds_.at(hold).until = until;
    for (auto& [seat, parts] : seats_) {
        for (auto& part : parts) {
            if (part.hold == hold) part.until = until;
        }
    }
}

void RunModel::drop(const HoldId& hold) {
    for (auto& [seat, parts] : seats_) std::erase_if(parts, [&](const Part& part) { return part.hold == hold; });
}

void RunModel::take(const HoldId& hold, const std::vector<HeldRide>& rides, Timestamp until) {
    for (const auto& ride : rides) {
        if (ride.run != run_) continue;
        for (const auto seat : ride.seats) {
            auto& parts = seats_[seat];
            // Whoever is in the way has lapsed: it can come back only by late money, and that asks for the seats anew.
            std::erase_if(parts, [&](const Part& part) { return part.span.overlaps(ride.span); });
            parts.push_back({hold, ride.span, until});
        }
    }
}

bool RunModel::place(const Event& event, std::string* why) {
    // Whoever repeats a command whose outcome was unknown may be told what is known already.
    if (holds_.contains(event.hold)) return true;
    for (const auto& ride : event.rides) {
        if (ride.run != run_) continue;
        for (const auto seat : ride.seats) {
            if (!is_free(seat, ride.span, event.latest, event.hold))
                return wrong(why, "seat " + std::to_string(seat) + " belongs to another");
            if (event.fence <= fences_[seat]) return wrong(why, "its fence is not the largest of its seats");
        }
    }
    for (const auto& ride : event.rides) {
        if (ride.run != run_) continue;
        for (const auto seat : ride.seats) fences_[seat] = event.fence;
    }
    if (!pin(event, why)) return false;
    take(event.hold, event.rides, event.until);
    holds_[event.hold] = {Life::held, event.until, event.latest_end, event.rides};
    return true;
}

/// Of those that were asked for, throughout the span.
std::size_t RunModel::free_seats(const Event& event, Span span) const {
    const auto& named = event.rides.front().seats;
    return static_cast<std::size_t>(std::ranges::count_if(named.empty() ? coaches_ : named, [&](std::uint32_t seat) {
        return (!event.by_window || is_window(seat)) && is_free(seat, span, event.earliest, {});
    }));
}

bool RunModel::refuse_place(const Event& event, std::string* why) {
    if (*event.refused == ErrorCode::not_found) return miss(event, why);
    // Whoever stays seated as far as possible changes least often.
    const Span all = event.rides.front().span;
    Span stage{all.from, all.from};
    for (std::size_t changes = 0; changes <= event.changes; ++changes) {
        while (stage.to < all.to &&
               free_seats(event, {stage.from, static_cast<std::uint16_t>(stage.to + 1)}) >= event.wanted)
            ++stage.to;
        if (stage.to == all.to)
            return wrong(why, "it was refused, and the seats are free with " + std::to_string(changes) + " changes");
        if (stage.to == stage.from) return true;
        stage.from = stage.to;
    }
    return true;
}

bool RunModel::refuse(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    const Known& known = found->second;
    switch (*event.refused) {
        case ErrorCode::hold_lost: return known.life == Life::released || wrong(why, "the hold is not released");
        case ErrorCode::hold_expired:
            return (known.life != Life::released && known.life != Life::sold && known.until <= event.latest) ||
                   wrong(why, "the hold is before its deadline " + milliseconds(known.until));
        case ErrorCode::conflict:
            return known.life == Life::booked || known.life == Life::sold || wrong(why, "the hold is not booked");
        default: return wrong(why, "that is no reason to refuse it");
    }
}

bool RunModel::extend(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    const Known& known = found->second;
    if (known.life != Life::held) return wrong(why, "the hold is not open any more");
    if (known.until <= event.earliest) return wrong(why, "its deadline " + milliseconds(known.until) + " has passed");
    if (event.until < known.until) return wrong(why, "it became shorter");
    if (event.until > known.latest_end) return wrong(why, "it became longer than allowed");
    set_until(event.hold, event.until);
    return true;
}

bool RunModel::release(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    Known& known = found->second;
    if (known.life == Life::released) return true;
    if (known.life != Life::held) return wrong(why, "the hold is booked");
    if (known.until <= event.earliest) return wrong(why, "its deadline " + milliseconds(known.until) + " has passed");
    known.life = Life::released;
    drop(event.hold);
    return true;
}

/// Whether it has, on this run, the seats that were told.
bool RunModel::has_seats(const Known& known, const Event& event) const {
    for (std::size_t i = 0; i < std::min(known.rides.size(), event.rides.size()); ++i) {
        if (known.rides[i].run == run_ && known.rides[i].seats != event.rides[i].seats) return false;
    }
    return true;
}

bool RunModel::book(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    Known& known = found->second;
    if (known.life != Life::held) return wrong(why, "the hold is not open any more");
    if (known.until <= event.earliest) return wrong(why, "its deadline " + milliseconds(known.until) + " has passed");
    if (event.until > known.latest_end) return wrong(why, "it became longer than allowed");
    if (event.responded != Event::kNever && !has_seats(known, event)) return wrong(why, "the hold has other seats");
    known.life = Life::booked;
    set_until(event.hold, event.until);
    return true;
}

bool RunModel::cancel(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    Known& known = found->second;
    if (event.refused) {
        const bool is_late = known.life == Life::booked && known.until <= event.latest;
        if (*event.refused != ErrorCode::conflict) return wrong(why, "that is no reason to refuse it");
        return known.life == Life::sold || is_late || wrong(why, "the booking may be cancelled");
    }
    if (known.life == Life::released) return true;
    if (known.life != Life::booked) return wrong(why, "it is not a booking that waits for its money");
    if (known.until <= event.earliest) return wrong(why, "its deadline " + milliseconds(known.until) + " has passed");
    known.life = Life::released;
    drop(event.hold);
    return true;
}

bool RunModel::sell(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    Known& known = found->second;
    // A payment that has ended is answered as it ended.
    if (event.refused ? known.seats_are_gone : known.life == Life::sold) return true;
    if (known.life != Life::booked) return wrong(why, "the hold is not booked");
    bool free_at_last = true;
    bool free_at_first = true;
    for (const auto& ride : known.rides) {
        if (ride.run != run_) continue;
        for (const auto seat : ride.seats) {
            free_at_last = free_at_last && is_free(seat, ride.span, event.latest, event.hold);
            free_at_first = free_at_first && is_free(seat, ride.span, event.earliest, event.hold);
        }
    }
    if (event.refused) {
        // On another run of the same hold a seat may be gone.
        const bool only_here = std::ranges::all_of(known.rides, [&](const HeldRide& ride) { return ride.run == run_; });
        if (known.until > event.latest) return wrong(why, "the seats were still its own");
        if (only_here && free_at_first) return wrong(why, "the seats were free to be taken again");
        known.seats_are_gone = true;
        return true;
    }
    if (known.until <= event.earliest && !free_at_last) return wrong(why, "the seats belong to another by now");
    known.life = Life::sold;
    take(event.hold, known.rides, Timestamp::max());
    set_until(event.hold, Timestamp::max());
    return true;
}

bool RunModel::find(const Event& event, std::string* why) {
    const auto found = holds_.find(event.hold);
    if (found == holds_.end()) return wrong(why, "there is no such hold");
    const Known& known = found->second;
    if (!has_seats(known, event)) return wrong(why, "it has other seats");
    const bool open = known.life == Life::held || known.life == Life::booked;
    switch (event.status) {
        case HoldStatus::held:
        case HoldStatus::paying:
            if (!open || known.until <= event.earliest) return wrong(why, "it does not keep its seats any more");
            return event.until == known.until || wrong(why, "its deadline is " + milliseconds(known.until));
        case HoldStatus::expired: return (open && known.until <= event.latest) || wrong(why, "it has not expired");
        case HoldStatus::sold: return known.life == Life::sold || wrong(why, "it is not sold");
        case HoldStatus::released: return known.life == Life::released || wrong(why, "it is not released");
    }
    return false;
}

bool RunModel::look(const Event& event, std::string* why) {
    const auto& ride = event.rides.front();
    if (ride.seats != coaches_) return wrong(why, "the train has other seats");
    for (std::size_t i = 0; i < ride.seats.size(); ++i) {
        const auto seat = ride.seats[i];
        const auto name = "seat " + std::to_string(seat);
        switch (event.sights[i]) {
            case Sight::free:
                if (!is_free(seat, ride.span, event.latest, {})) return wrong(why, name + " is not free");
                break;
            case Sight::taken:
                if (is_free(seat, ride.span, event.earliest, {})) return wrong(why, name + " is free");
                break;
            case Sight::sold:
                if (!is_sold(seat, ride.span)) return wrong(why, name + " is not sold");
                break;
            case Sight::blocked:
                if (!is_blocked(seat, ride.span)) return wrong(why, name + " is not blocked");
                break;
        }
        const bool sees_less = event.sights[i] == Sight::free || event.sights[i] == Sight::taken;
        if (sees_less && is_sold(seat, ride.span)) return wrong(why, name + " is sold");
    }
    return true;
}

bool RunModel::block(const Event& event, std::string* why) {
    if (event.refused && *event.refused == ErrorCode::not_found) return miss(event, why);
    const auto& ride = event.rides.front();
    std::size_t free_at_first = 0;
    for (const auto seat : ride.seats) {
        const bool is_blocked_already = is_blocked(seat, ride.span);
        if (is_free(seat, ride.span, event.earliest, {})) ++free_at_first;
        if (!event.refused && (is_blocked_already || !is_free(seat, ride.span, event.latest, {})))
            return wrong(why, "seat " + std::to_string(seat) + " is not free");
    }
    if (event.refused) return free_at_first < ride.seats.size() || wrong(why, "all of the seats are free");
    take({}, event.rides, Timestamp::max());
    return pin(event, why);
}

bool RunModel::unblock(const Event& event, std::string* why) {
    const auto& ride = event.rides.front();
    for (const auto seat : ride.seats) {
        if (!has(seat)) return wrong(why, "there is no seat " + std::to_string(seat));
        auto& parts = seats_[seat];
        std::vector<Part> left;
        for (const auto& part : parts) {
            if (part.hold != HoldId{} || !part.span.overlaps(ride.span)) {
                left.push_back(part);
                continue;
            }
            if (part.span.from < ride.span.from) left.push_back({{}, {part.span.from, ride.span.from}, part.until});
            if (part.span.to > ride.span.to) left.push_back({{}, {ride.span.to, part.span.to}, part.until});
        }
        parts = std::move(left);
    }
    return true;
}

bool RunModel::count(const Event& event, std::string* why) {
    const auto& ride = event.rides.front();
    const auto free_at = [&](Timestamp now) {
        return static_cast<std::size_t>(
            std::ranges::count_if(coaches_, [&](std::uint32_t seat) { return is_free(seat, ride.span, now, {}); }));
    };
    if (event.wanted < free_at(event.earliest) || event.wanted > free_at(event.latest))
        return wrong(why, "not " + std::to_string(event.wanted) + " seats are free");
    return true;
}

/// Law 14: whoever has seats keeps them, or gets those that the offer said.
bool RunModel::change_coaches(const Event& event, std::string* why) {
    // Whoever asks for what is there already, is told so.
    if (coaches_ == event.coaches) return true;
    const auto has_now = [&](std::uint32_t seat) {
        return std::ranges::find(event.coaches, seat) != event.coaches.end();
    };
    std::map<std::uint32_t, std::vector<Part>> seats;
    const auto put = [&](std::uint32_t seat, const Part& part) {
        auto& parts = seats[seat];
        for (const auto& other : parts) {
            if (other.span.overlaps(part.span) && other.until > event.latest && part.until > event.latest)
                return wrong(why, "seat " + std::to_string(seat) + " is given twice");
        }
        parts.push_back(part);
        return true;
    };
    for (const auto& [seat, parts] : seats_) {
        for (const auto& part : parts) {
            if (part.hold == HoldId{} && has_now(seat) && !put(seat, part)) return false;
        }
    }
    auto left = event.moves;
    for (auto& entry : holds_) {
        const auto& id = entry.first;
        auto& known = entry.second;
        if (known.life == Life::released) continue;
        const bool was_live = known.life == Life::sold || known.until > event.earliest;
        const bool is_live = known.life == Life::sold || known.until > event.latest;
        for (std::size_t i = 0; i < known.rides.size(); ++i) {
            auto& ride = known.rides[i];
            if (ride.run != run_) continue;
            for (auto& seat : ride.seats) {
                const auto move = std::ranges::find_if(
                    left, [&](const Move& one) { return one.hold == id && one.ride == i && one.from == seat; });
                const bool has_seat = std::ranges::any_of(
                    seats_[seat], [&](const Part& part) { return part.hold == id && part.span == ride.span; });
                auto given = seat;
                if (move != left.end()) {
                    if (!was_live) return wrong(why, "a hold is moved that keeps no seats");
                    given = move->to;
                    left.erase(move);
                }
                if (!has_now(given)) {
                    if (is_live) return wrong(why, "hold " + brief(id) + " loses seat " + std::to_string(seat));
                    continue;
                }
                if (given != seat || has_seat) {
                    const auto until = known.life == Life::sold ? Timestamp::max() : known.until;
                    if (!put(given, {id, ride.span, until})) return false;
                }
                seat = given;
            }
        }
    }
    if (!left.empty()) return wrong(why, "a seat is moved that nobody has");
    seats_ = std::move(seats);
    coaches_ = event.coaches;
    return pin(event, why);
}

/// Who hears of every change, once and in order, knows how it is. A hold that has lapsed may be told later.
bool RunModel::follow(const Event& event, std::string* why) {
    if (event.coaches != coaches_) return wrong(why, "the train has other seats");
    const std::size_t segments = event.rides.front().span.to;
    for (std::size_t i = 0; i < event.sights.size(); ++i) {
        const auto seat = coaches_[i / segments];
        const auto segment = static_cast<std::uint16_t>(i % segments);
        const Span cell{segment, static_cast<std::uint16_t>(segment + 1)};
        const auto name = "seat " + std::to_string(seat) + " on segment " + std::to_string(segment);
        const bool sold = is_sold(seat, cell);
        const bool blocked = is_blocked(seat, cell);
        const auto found = seats_.find(seat);
        const bool was_held = found != seats_.end() && std::ranges::any_of(found->second, [&](const Part& part) {
                                  return part.hold != HoldId{} && part.span.overlaps(cell);
                              });
        switch (event.sights[i]) {
            case Sight::sold:
                if (!sold) return wrong(why, name + " is not sold");
                break;
            case Sight::blocked:
                if (!blocked) return wrong(why, name + " is not blocked");
                break;
            case Sight::taken:
                if (sold || blocked || !was_held) return wrong(why, name + " is not held");
                break;
            case Sight::free:
                if (!is_free(seat, cell, event.latest, {})) return wrong(why, name + " is not free");
                break;
        }
    }
    return true;
}

}  // namespace railbook::sim

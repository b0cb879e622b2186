#include "search/round_pass.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace railbook::search {

using Call = Patterns::Call;

void RoundPass::begin(int most_changes, std::int32_t limit) {
    most_ = static_cast<std::uint32_t>(most_changes);
    target_.fill(limit);
    limit_.fill(limit);
    labels_.stays.clear();
    const auto spots = times_.spot_count();
    // They are left as they were found; only a network has sizes of its own.
    if (labels_.ready.size() != spots) {
        labels_.ready.assign(spots, kNever);
        labels_.next_ready.assign(spots, kNever);
        for (auto& by : labels_.by) by.resize(spots);
    }
    labels_.first_call.resize(std::max(labels_.first_call.size(), timeline_.lines.size()), RoundLabels::kNone);
    labels_.stayed.resize(std::max(labels_.stayed.size(), timeline_.lines.size()), 0);
}

void RoundPass::leave_from(Spots from, std::int32_t time) {
    for (auto spot = from.first; spot < from.first + from.count; ++spot) {
        labels_.ready[spot] = time;
        labels_.changed.push_back(spot);
    }
}

Lanes RoundPass::arrivals(Spots from, std::int32_t time, std::int32_t by, int most_changes, const Bounds& bounds) {
    begin(most_changes, by + 1);
    bounds_ = &bounds;
    labels_.best.assign(times_.spot_count(), kNever);
    leave_from(from, time);
    do_rounds<Aim::arrivals>(0);
    auto found = target_;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (lane > most_ || found[lane] > by) found[lane] = kNever;
    }
    return found;
}

std::vector<RoundLabels::Ride> RoundPass::first_rides(Spots from, Spots to, std::int32_t time, std::int32_t by,
                                                      int changes, const std::vector<std::int32_t>& reached) {
    begin(changes, by);
    to_ = to;
    reached_ = reached.data();
    labels_.best.assign(times_.spot_count(), kNever);
    leave_from(from, time);
    do_rounds<Aim::rides>(0);
    RAILBOOK_ASSERT(target_[most_] < by && (most_ == 0 || target_[most_] < target_[most_ - 1]));
    return rides_of(most_);
}

template <RoundPass::Aim kAim>
void RoundPass::do_rounds(std::uint32_t round) {
    for (; round <= most_ && !labels_.changed.empty(); ++round) {
        round_ = round;
        ++labels_.rounds;
        for (const auto spot : labels_.changed) {
            for (const auto& visit : timeline_.visits_of(spot)) {
                auto& first = labels_.first_call[visit.line];
                if (first == RoundLabels::kNone) labels_.lines.push_back(visit.line);
                first = std::min(first, visit.call);
            }
        }
        for (const auto line : labels_.lines) {
            const auto call = labels_.first_call[line];
            labels_.first_call[line] = RoundLabels::kNone;
            ride_line<kAim>(line, call, timeline_.lines[line].run_count, RoundLabels::kNone);
        }
        labels_.lines.clear();
        ride_stays<kAim>();
        end_round();
    }
    for (const auto spot : labels_.changed) labels_.ready[spot] = kNever;
    labels_.changed.clear();
}

void RoundPass::end_round() {
    for (const auto spot : labels_.changed) labels_.ready[spot] = kNever;
    labels_.changed.clear();
    std::swap(labels_.ready, labels_.next_ready);
    std::swap(labels_.changed, labels_.next_changed);
}

template <RoundPass::Aim kAim>
void RoundPass::ride_stays() {
    while (!labels_.waiting.empty()) {
        const auto stay = labels_.waiting.back();
        labels_.waiting.pop_back();
        if (std::exchange(labels_.stayed[stay.line], labels_.rounds) == labels_.rounds) continue;
        ride_line<kAim>(stay.line, 0, 0, stay.before);
    }
}

template <RoundPass::Aim kAim>
inline bool RoundPass::is_worth(Index spot, std::int32_t arrival) const {
    if constexpr (kAim == Aim::rides) {
        return -arrival >= reached_[spot] && arrival < target_[most_] && round_ < most_;
    } else {
        const auto lane = round_ + bounds_->rides[spot];
        if (lane > most_) return false;
        const auto end = arrival + bounds_->minutes[spot] * 60;
        // Of equals those are needed that leave last. In a window they were found already.
        return kAim == Aim::arrivals ? end <= limit_[lane] : end < limit_[lane];
    }
}

template <RoundPass::Aim kAim>
inline bool RoundPass::is_worth_boarding(Index spot, std::int32_t departure) const {
    if constexpr (kAim == Aim::rides) {
        return departure < target_[most_];
    } else {
        // The ride itself is one of those that the bound counts. Who walked to the goal has yet to get there by train.
        const auto lane = round_ + std::max<std::uint32_t>(bounds_->rides[spot], 1) - 1;
        if (lane > most_) return false;
        const auto end = departure + bounds_->minutes[spot] * 60;
        return kAim == Aim::arrivals ? end <= limit_[lane] : end < limit_[lane];
    }
}

template <RoundPass::Aim kAim>
inline void RoundPass::change(Index spot, std::int32_t time, const RoundLabels::Ride& ride) {
    if constexpr (kAim == Aim::all) {
        auto& lanes = labels_.best_lanes[spot];
        if (time >= lanes[round_ + 1]) return;
        for (auto lane = round_ + 1; lane < kLanes && lanes[lane] > time; ++lane) lanes[lane] = time;
    } else {
        if (time >= labels_.best[spot]) return;
        labels_.best[spot] = time;
    }
    auto& ready = labels_.next_ready[spot];
    if (ready == kNever) labels_.next_changed.push_back(spot);
    ready = time;
    if constexpr (kAim != Aim::arrivals) labels_.by[round_ + 1][spot] = ride;
}

template <RoundPass::Aim kAim>
inline void RoundPass::arrive(std::int32_t arrival, const RoundLabels::Ride& ride) {
    if (arrival >= limit_[round_]) return;
    for (auto lane = round_; lane < kLanes && target_[lane] > arrival; ++lane) {
        target_[lane] = arrival;
        limit_[lane] = std::min(limit_[lane], arrival);
    }
    if constexpr (kAim != Aim::arrivals) labels_.arrives[round_] = ride;
}

/// Rides from that call on, which is that of `run` (boarded there) or where one may board first. Only where passengers
/// were in the round before they board now; elsewhere it was tried.
template <RoundPass::Aim kAim>
void RoundPass::ride_line(std::uint32_t index, std::uint32_t call, std::uint32_t run, std::uint32_t before) {
    const auto line = timeline_.lines[index];
    const auto* const calls = timeline_.calls.data() + line.first_call;
    const auto* const events = timeline_.events.data() + line.first_event;
    const auto* const ready = labels_.ready.data();
    const auto count = line.call_count;
    auto board = call;
    if (run < line.run_count) ++call;
    for (;; ++call) {
        const auto& here = calls[call];
        if (run < line.run_count && (here.flags & Call::kAlights)) {
            const auto arrival = events[std::size_t{run} * count + call].arrival;
            const bool is_end = kAim == Aim::rides ? to_.has(here.spot) : bounds_->rides[here.spot] == 0;
            if (is_end) {
                arrive<kAim>(arrival, {index, run, board, call, before});
            } else if (is_worth<kAim>(here.spot, arrival)) {
                const RoundLabels::Ride ride{index, run, board, call, before};
                change<kAim>(here.spot, arrival + times_.within(here.spot), ride);
                if (here.flags & Call::kWalks) {
                    const auto walks = is_against_ ? times_.walks_to(here.spot) : times_.walks_from(here.spot);
                    for (const auto& walk : walks) change<kAim>(walk.to, arrival + walk.seconds, ride);
                }
            }
        }
        if (call + 1 == count) break;
        const auto time = ready[here.spot];
        if (time == kNever || !(here.flags & Call::kBoards) || run == 0) continue;
        const auto departure = [&](std::uint32_t each) { return events[std::size_t{each} * count + call].departure; };
        if (departure(run - 1) < time) continue;
        std::uint32_t first = 0;
        auto last = run - 1;  // can be boarded
        while (first < last) {
            const auto middle = (first + last) / 2;
            if (departure(middle) < time) first = middle + 1;
            else last = middle;
        }
        if (!is_worth_boarding<kAim>(here.spot, departure(last))) continue;
        run = last;
        board = call;
        before = RoundLabels::kNone;
    }
    if (run == line.run_count || line.stay_count == 0) return;
    const auto ride = static_cast<std::uint32_t>(labels_.stays.size());
    labels_.stays.push_back({index, run, board, call, before});
    for (std::uint32_t i = 0; i < line.stay_count; ++i) {
        labels_.waiting.push_back({timeline_.stays[line.first_stay + i], ride});
    }
}

std::vector<RoundPass::Seed> RoundPass::seeds(Spots from, std::int32_t first, std::int32_t until) const {
    std::vector<Seed> seeds;
    for (auto spot = from.first; spot < from.first + from.count; ++spot) {
        for (const auto& visit : timeline_.visits_of(spot)) {
            const auto& line = timeline_.lines[visit.line];
            const auto* event = timeline_.events.data() + line.first_event + visit.call;
            for (std::uint32_t run = 0; run < line.run_count; ++run, event += line.call_count) {
                if (event->departure >= until) break;
                if (event->departure >= first) seeds.push_back({event->departure, visit.line, visit.call, run});
            }
        }
    }
    std::ranges::sort(seeds, std::greater<>{}, &Seed::departure);
    return seeds;
}

std::vector<RoundLabels::Ride> RoundPass::rides_of(std::uint32_t round) const {
    std::vector<RoundLabels::Ride> rides;
    auto ride = labels_.arrives[round];
    while (true) {
        rides.push_back(ride);
        while (ride.before != RoundLabels::kNone) {
            ride = labels_.stays[ride.before];
            rides.push_back(ride);
        }
        if (round == 0) return rides;
        const auto& line = timeline_.lines[ride.line];
        ride = labels_.by[round][timeline_.calls[line.first_call + ride.board].spot];
        --round;
    }
}

template void RoundPass::do_rounds<RoundPass::Aim::all>(std::uint32_t);
template void RoundPass::ride_stays<RoundPass::Aim::all>();
template void RoundPass::ride_line<RoundPass::Aim::all>(std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t);

}  // namespace railbook::search

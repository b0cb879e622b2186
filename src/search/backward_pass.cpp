#include "search/backward_pass.hpp"

#include <tuple>

#include "base/assert.hpp"
#include "search/pieces.hpp"

namespace railbook::search {
namespace {

constexpr std::uint8_t kNotOnBoard = kLanes;

}  // namespace

const std::vector<BackwardPass::Start>& BackwardPass::run(std::int32_t from, std::int32_t by, int most_changes) {
    from_ = from;
    by_ = by;
    lanes_ = static_cast<std::uint32_t>(most_changes) + 1;
    open_ = lanes_;
    spots_ = times_.spot_count();
    starts_.clear();
    const auto places = targets_.layers() * spots_;
    const auto runs = std::size_t{targets_.layers()} * stretch_.run_count();
    labels_.latest.resize(places);
    labels_.known.assign(places, static_cast<std::uint8_t>(lanes_));
    labels_.boarding.resize(places);
    labels_.on_board.assign(runs, kNotOnBoard);
    labels_.until.resize(runs);
    if (targets_.via.empty()) before_ ? scan<false, true>() : scan<false, false>();
    else before_ ? scan<true, true>() : scan<true, false>();
    return starts_;
}

template <bool kVia, bool kReached>
void BackwardPass::scan() {
    // Whatever departs after the latest arrival leads nowhere.
    for (auto index = std::min(stretch_.day_of(by_) + 1, stretch_.day_count()); index-- > stretch_.day_of(from_);) {
        const auto& day = stretch_.day(index);
        const auto first = day.first_from(from_ - Stretch::offset(index));
        const auto last = day.first_from(by_ + 1 - Stretch::offset(index));
        const bool goes_on = scan_backward(
            day, first, last, [&](auto begin, auto end) { return scan_piece<kVia, kReached>(index, begin, end); },
            [&](auto begin, auto end) {
                return settle_instant(
                    stretch_, index, {begin, end}, targets_.layers(), kept_, changed_,
                    [&](auto place) { return std::pair{labels_.on_board[place], labels_.until[place]}; },
                    [&](auto place, const auto& value) {
                        std::tie(labels_.on_board[place], labels_.until[place]) = value;
                    },
                    [&] { return scan_piece<kVia, kReached>(index, begin, end); });
            });
        if (!goes_on) return;
    }
}

/// Returns whether earlier connections matter.
template <bool kVia, bool kReached>
bool BackwardPass::scan_piece(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
    const auto& day = stretch_.day(index);
    const auto offset = Stretch::offset(index);
    const auto layers = kVia ? targets_.layers() : 1;
    // Here, and not in members: the compiler could not know that the labels are none of them.
    const auto runs = stretch_.run_count();
    const auto first_run = stretch_.first_run();
    auto* const on_boards = labels_.on_board.data();
    auto* const untils = labels_.until.data();
    auto* const all_latest = labels_.latest.data();
    auto* const all_known = labels_.known.data();
    const auto* const befores = before_;
    const auto most = lanes_ - 1;
    const auto* const within = times_.within();
    const auto from = targets_.from;
    const auto to = targets_.to;
    const auto by = by_;
    const auto spots = spots_;
    auto open = open_;
    for (auto at = last; at-- > first;) {
        const auto& c = day.connections[at];
        const auto departure = c.departure + offset;
        const auto arrival = c.arrival + offset;
        const auto place = c.run - first_run;
        for (auto layer = layers; layer-- > 0;) {
            const auto before = kReached ? befores[std::size_t{layer} * runs + place] : 0;
            if (before > most) continue;
            auto& on_board = on_boards[std::size_t{layer} * runs + place];
            auto& until = untils[std::size_t{layer} * runs + place];
            std::uint32_t changes = on_board;
            if (kVia && layer + 1 < layers && targets_.via[layer].has(c.to)) {
                // Arriving here is arriving in the next layer, which has been looked at.
                changes = on_boards[std::size_t{layer + 1} * runs + place];
                until = untils[std::size_t{layer + 1} * runs + place];
            } else {
                if (c.flags & Connection::kIsContinued) {
                    for (const auto& each : day.onward_from(c.run)) {
                        const auto next = each.to - first_run;
                        if (next >= runs) continue;
                        const auto there = on_boards[std::size_t{layer} * runs + next];
                        if (there >= changes) continue;
                        changes = there;
                        until = {{index, at}, layer, next};
                    }
                }
                if (changes > 0 && (c.flags & Connection::kAlights)) {
                    const auto alight_here = [&] { until = {{index, at}, layer, BackwardLabels::Alighting::kNoRun}; };
                    if (layer + 1 == layers && to.has(c.to)) {
                        if (arrival <= by) {
                            changes = 0;
                            alight_here();
                        }
                    } else {
                        const auto change = [&](Index spot, std::int32_t time) {
                            const auto& latest = all_latest[layer * spots + spot];
                            const auto enough = all_known[layer * spots + spot] + 2U;
                            auto below = std::min(changes, open);
                            if (below < enough || latest[below - 2] < time) return;
                            do --below;
                            while (below >= enough && latest[below - 2] >= time);
                            changes = below;
                            alight_here();
                        };
                        change(c.to, arrival + within[c.to]);
                        if (c.flags & Connection::kWalks) {
                            for (const auto& walk : times_.walks_from(c.to)) change(walk.to, arrival + walk.seconds);
                        }
                    }
                }
            }
            on_board = changes;
            if (changes >= open || changes + before > most || !(c.flags & Connection::kBoards)) continue;
            const BackwardLabels::Boarding boarding{{index, at}, until, static_cast<std::uint8_t>(changes)};
            if (layer == 0 && from.has(c.from)) {
                // Of those that leave at the same moment only that with the fewest changes is left.
                while (!starts_.empty() && starts_.back().departure == departure) starts_.pop_back();
                starts_.push_back({departure, boarding});
                open_ = open = changes;
                if (open == 0) return false;
                continue;
            }
            auto& known = all_known[layer * spots + c.from];
            if (changes >= known) continue;
            changed_ = true;
            auto& latest = all_latest[layer * spots + c.from];
            auto& boardings = labels_.boarding[layer * spots_ + c.from];
            for (auto lane = changes; lane < known; ++lane) {
                latest[lane] = departure;
                boardings[lane] = boarding;
            }
            known = static_cast<std::uint8_t>(changes);
        }
    }
    return true;
}

const BackwardLabels::Boarding& BackwardPass::boarding_after(const BackwardLabels::Alighting& alighting, int changes) {
    const auto& c = stretch_.day(alighting.at.day).connections[alighting.at.at];
    const auto arrival = c.arrival + Stretch::offset(alighting.at.day);
    const auto lane = static_cast<std::size_t>(changes - 1);
    const auto can_board = [&](Index spot, std::int32_t time) {
        const auto place = alighting.layer * spots_ + spot;
        return labels_.known[place] <= lane && labels_.latest[place][lane] >= time;
    };
    const auto boarding = [&](Index spot) -> const BackwardLabels::Boarding& {
        return labels_.boarding[alighting.layer * spots_ + spot][lane];
    };
    if (can_board(c.to, arrival + times_.within(c.to))) return boarding(c.to);
    const auto walks = times_.walks_from(c.to);
    const auto walk =
        std::ranges::find_if(walks, [&](const Walk& each) { return can_board(each.to, arrival + each.seconds); });
    RAILBOOK_ASSERT(walk != walks.end());
    return boarding(walk->to);
}

Index BackwardPass::call_after(ConnectionRef connection) {
    return stretch_.day(connection.day).rides[connection.at].call + 1;
}

FoundJourney BackwardPass::journey(const Start& start) {
    FoundJourney journey;
    journey.changes = start.boarding.changes;
    auto boarding = start.boarding;
    while (true) {
        auto until = boarding.until;
        const auto& first = stretch_.day(boarding.at.day);
        journey.rides.push_back(
            ride_of(network_, first.run_of(boarding.at.at), first.rides[boarding.at.at].call, call_after(until.at)));
        while (until.stays()) {
            // A run that is continued is boarded at its first call.
            const auto& day = stretch_.day(until.at.day);
            const auto run = day.connections[until.at.at].run;
            const auto onward = day.onward_from(run);
            const auto next = std::ranges::find_if(
                onward, [&](const Continued& each) { return stretch_.place_of(each.to) == until.continued; });
            RAILBOOK_ASSERT(next != onward.end());
            until = labels_.until[std::size_t{until.layer} * stretch_.run_count() + until.continued];
            journey.rides.push_back(ride_of(network_, next->run, 0, call_after(until.at)));
            journey.rides.back().stays = true;
        }
        if (boarding.changes == 0) return journey;
        boarding = boarding_after(until, boarding.changes);
    }
}

}  // namespace railbook::search

#include "search/forward_pass.hpp"

#include "search/pieces.hpp"

namespace railbook::search {
namespace {

constexpr std::uint8_t kNotOnBoard = kLanes;

/// How many lanes are later than that; they are sorted, the latest first.
inline std::uint32_t lanes_after(const Lanes& lanes, std::int32_t time) {
    static_assert(kLanes == 8);
    std::uint32_t count = 0;
    for (const auto lane : lanes) count += lane > time ? 1U : 0U;
    return count;
}

}  // namespace

Lanes ForwardPass::run(std::int32_t from, std::int32_t until, std::int32_t last, std::int32_t by, int most_changes) {
    from_ = from;
    until_ = until;
    last_ = last;
    lanes_ = static_cast<std::uint32_t>(most_changes) + 1;
    open_ = lanes_;
    least_ = bounds_.least_changes(targets_.from.first, targets_.from.count);
    arrival_.fill(by + 1);
    spots_ = times_.spot_count();
    Lanes never;
    never.fill(kNever);
    // Most questions reach few spots: only what was written last is cleared.
    for (std::size_t i = 0; i < labels_.written_count; ++i) labels_.ready[labels_.written[i]] = never;
    labels_.written_count = 0;
    if (labels_.ready.size() < targets_.layers() * spots_) {
        labels_.ready.resize(targets_.layers() * spots_, never);
        labels_.written.resize(labels_.ready.size() + 1);
    }
    labels_.on_board.assign(std::size_t{targets_.layers()} * stretch_.run_count(), kNotOnBoard);
    if (targets_.via.empty()) scan<false>();
    else scan<true>();
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        if (lane < least_ || lane >= lanes_ || arrival_[lane] > by) arrival_[lane] = kNever;
    }
    return arrival_;
}

template <bool kVia>
void ForwardPass::scan() {
    const auto behind = std::min(stretch_.to(), last_ + 1);
    for (auto index = stretch_.day_of(from_); index < stretch_.day_count() && Stretch::offset(index) < behind;
         ++index) {
        const auto& day = stretch_.day(index);
        const auto first = day.first_from(from_ - Stretch::offset(index));
        // What departs later may be of runs that have no place here.
        const auto last = day.first_from(behind - Stretch::offset(index));
        const bool goes_on = scan_forward(
            day, first, last, [&](auto begin, auto end) { return scan_piece<kVia>(index, begin, end); },
            [&](auto begin, auto end) {
                return settle_instant(
                    stretch_, index, {begin, end}, targets_.layers(), kept_, changed_,
                    [&](auto place) { return labels_.on_board[place]; },
                    [&](auto place, auto value) { labels_.on_board[place] = value; },
                    [&] { return scan_piece<kVia>(index, begin, end); });
            });
        if (!goes_on) return;
    }
}

/// Returns whether later connections matter.
template <bool kVia>
bool ForwardPass::scan_piece(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
    const auto& day = stretch_.day(index);
    const auto offset = Stretch::offset(index);
    const auto layers = kVia ? targets_.layers() : 1;
    // Here, and not in members: the compiler could not know that the labels are none of them.
    const auto runs = stretch_.run_count();
    const auto first_run = stretch_.first_run();
    auto* const on_boards = labels_.on_board.data();
    auto* const all_ready = labels_.ready.data();
    const auto* const within = times_.within();
    const auto* const minutes_left = bounds_.minutes.data();
    const auto* const rides_left = bounds_.rides.data();
    const auto from = targets_.from;
    const auto to = targets_.to;
    const auto until = until_;
    const auto lanes_asked = lanes_;
    const auto least = least_;
    auto arrivals = arrival_;
    auto open = open_;
    bool changed = changed_;
    const auto spots = spots_;
    auto* const written = labels_.written.data();
    auto written_count = labels_.written_count;
    const auto* const end = day.connections.data() + last;
    for (const auto* c = day.connections.data() + first; c != end; ++c) {
        const auto departure = c->departure + offset;
        while (open > 0 && arrivals[open - 1] < departure) --open;
        if (open == 0) break;
        const auto arrival = c->arrival + offset;
        for (std::uint32_t layer = 0; layer < layers; ++layer) {
            auto& on_board = on_boards[std::size_t{layer} * runs + (c->run - first_run)];
            auto* const ready = all_ready + layer * spots_;
            std::uint32_t changes = on_board;
            if (c->flags & Connection::kContinues) {
                for (const auto& each : day.carried_to(c->run)) {
                    const auto place = each.from - first_run;
                    if (place < runs) {
                        changes = std::min(changes, on_boards[std::size_t{layer} * runs + place]);
                    }
                }
            }
            if (c->flags & Connection::kBoards) {
                // Where it is boarded is hard to foretell, so that to count costs less than to branch.
                const auto& lanes = ready[c->from];
                const bool begins = layer == 0 && from.has(c->from) && departure < until;
                changes = begins ? 0 : std::min(changes, lanes_after(lanes, departure));
            }
            on_board = changes;
            if constexpr (kVia) {
                if (layer + 1 < layers && targets_.via[layer].has(c->to)) {
                    // From here on it is as if the run had been boarded in the next layer, which comes next.
                    auto& next = on_boards[std::size_t{layer + 1} * runs + (c->run - first_run)];
                    next = std::min(next, changes);
                    continue;
                }
            }
            if (changes >= open || !(c->flags & Connection::kAlights) || arrival > arrivals[changes]) continue;
            if (layer + 1 == layers && to.has(c->to)) {
                // Nobody gets here with fewer changes than the least: those lanes only say what is late for all.
                const auto first_lane = changes <= least ? 0 : changes;
                for (auto lane = first_lane; lane < lanes_asked && arrivals[lane] > arrival; ++lane)
                    arrivals[lane] = arrival;
                continue;
            }
            // Whoever changes here arrives no earlier than that, and changes as often.
            const auto best_lane = changes + rides_left[c->to];
            if (best_lane >= lanes_asked || arrival + minutes_left[c->to] * 60 > arrivals[best_lane]) continue;
            if (++changes >= lanes_asked) continue;
            const auto improve = [&](Index spot, std::int32_t time) __attribute__((always_inline)) {
                auto& lanes = ready[spot];
                if (lanes[changes] <= time) return;
                written[written_count] = static_cast<std::uint32_t>(layer * spots + spot);
                written_count += lanes.back() == kNever ? 1U : 0U;
                changed = true;
                for (auto lane = changes; lane < kLanes && lanes[lane] > time; ++lane) lanes[lane] = time;
            };
            improve(c->to, arrival + within[c->to]);
            if (c->flags & Connection::kWalks) {
                for (const auto& walk : times_.walks_from(c->to)) improve(walk.to, arrival + walk.seconds);
            }
        }
    }
    arrival_ = arrivals;
    open_ = open;
    changed_ = changed;
    labels_.written_count = written_count;
    return open > 0;
}

}  // namespace railbook::search

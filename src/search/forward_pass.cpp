#include "search/forward_pass.hpp"

#include "search/pieces.hpp"

namespace railbook::search {
namespace {

constexpr std::uint8_t kNotOnBoard = kLanes;

}  // namespace

Lanes ForwardPass::run(std::int32_t from, std::int32_t until, std::int32_t by, int most_changes) {
    from_ = from;
    until_ = until;
    lanes_ = static_cast<std::uint32_t>(most_changes) + 1;
    open_ = lanes_;
    arrival_.fill(by + 1);
    spots_ = times_.spot_count();
    Lanes never;
    never.fill(kNever);
    labels_.ready.assign(targets_.layers() * spots_, never);
    labels_.on_board.assign(std::size_t{targets_.layers()} * stretch_.run_count(), kNotOnBoard);
    if (targets_.via.empty()) scan<false>();
    else scan<true>();
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
        if (lane >= lanes_ || arrival_[lane] > by) arrival_[lane] = kNever;
    }
    return arrival_;
}

template <bool kVia>
void ForwardPass::scan() {
    for (auto index = stretch_.day_of(from_); index < stretch_.day_count(); ++index) {
        const auto& day = stretch_.day(index);
        const auto first = day.first_from(from_ - Stretch::offset(index));
        const auto last = static_cast<std::uint32_t>(day.connections.size());
        const bool goes_on = scan_forward(
            day, first, last, [&](auto begin, auto end) { return scan_piece<kVia>(index, begin, end); },
            [&](auto begin, auto end) { return settle<kVia>(index, begin, end); });
        if (!goes_on) return;
    }
}

template <bool kVia>
bool ForwardPass::settle(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
    // What is on board belongs to a place on the run's way: each time it begins anew.
    const auto& connections = stretch_.day(index).connections;
    const auto runs = stretch_.run_count();
    kept_.clear();
    for (std::uint32_t layer = 0; layer < targets_.layers(); ++layer) {
        for (auto at = first; at < last; ++at) {
            const auto place = std::size_t{layer} * runs + stretch_.place_of(connections[at].run);
            kept_.push_back(labels_.on_board[place]);
        }
    }
    while (true) {
        changed_ = false;
        if (!scan_piece<kVia>(index, first, last)) return false;
        if (!changed_) return true;
        auto kept = kept_.begin();
        for (std::uint32_t layer = 0; layer < targets_.layers(); ++layer) {
            for (auto at = first; at < last; ++at) {
                const auto place = std::size_t{layer} * runs + stretch_.place_of(connections[at].run);
                labels_.on_board[place] = *kept++;
            }
        }
    }
}

/// Returns whether later connections matter.
template <bool kVia>
bool ForwardPass::scan_piece(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
    const auto& day = stretch_.day(index);
    const auto offset = Stretch::offset(index);
    const auto layers = kVia ? targets_.layers() : 1;
    const auto runs = stretch_.run_count();
    for (const auto* c = day.connections.data() + first; c != day.connections.data() + last; ++c) {
        const auto departure = c->departure + offset;
        while (open_ > 0 && arrival_[open_ - 1] <= departure) --open_;
        if (open_ == 0) return false;
        const auto arrival = c->arrival + offset;
        for (std::uint32_t layer = 0; layer < layers; ++layer) {
            auto& on_board = labels_.on_board[std::size_t{layer} * runs + stretch_.place_of(c->run)];
            auto* const ready = labels_.ready.data() + layer * spots_;
            std::uint32_t changes = on_board;
            if (c->flags & Connection::kContinues) {
                for (const auto& each : day.carried_to(c->run)) {
                    const auto place = stretch_.place_of(each.from);
                    if (place < runs) {
                        changes = std::min<std::uint32_t>(changes, labels_.on_board[std::size_t{layer} * runs + place]);
                    }
                }
            }
            auto below = std::min(changes, open_);
            if (below > 0 && (c->flags & Connection::kBoards)) {
                if (layer == 0 && targets_.from.has(c->from) && departure < until_) {
                    changes = below = 0;
                } else if (const auto& lanes = ready[c->from]; lanes[below - 1] <= departure) {
                    do --below;
                    while (below > 0 && lanes[below - 1] <= departure);
                    changes = below;
                }
            }
            on_board = static_cast<std::uint8_t>(changes);
            if constexpr (kVia) {
                if (layer + 1 < layers && targets_.via[layer].has(c->to)) {
                    // From here on it is as if the run had been boarded in the next layer, which comes next.
                    auto& next = labels_.on_board[std::size_t{layer + 1} * runs + stretch_.place_of(c->run)];
                    next = std::min(next, static_cast<std::uint8_t>(changes));
                    continue;
                }
            }
            if (changes >= open_ || !(c->flags & Connection::kAlights) || arrival >= arrival_[changes]) continue;
            if (layer + 1 == layers && targets_.to.has(c->to)) {
                for (auto lane = changes; lane < lanes_ && arrival_[lane] > arrival; ++lane) arrival_[lane] = arrival;
                continue;
            }
            if (++changes >= lanes_) continue;
            const auto improve = [&](Index spot, std::int32_t time) {
                auto& lanes = ready[spot];
                changed_ |= lanes[changes] > time;
                for (auto lane = changes; lane < lanes_ && lanes[lane] > time; ++lane) lanes[lane] = time;
            };
            improve(c->to, arrival + times_.within(c->to));
            if (c->flags & Connection::kWalks) {
                for (const auto& walk : times_.walks_from(c->to)) improve(walk.to, arrival + walk.seconds);
            }
        }
    }
    return true;
}

}  // namespace railbook::search

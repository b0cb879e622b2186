#include "search/profile_pass.hpp"

#include <cstring>

#include "base/assert.hpp"
#include "search/pieces.hpp"

namespace railbook::search {
namespace {

constexpr auto kNothing = ProfileLabels::kNothing;

// They are always inlined, so that they are compiled for the processor that their caller is compiled for.
#define RAILBOOK_INLINE [[gnu::always_inline]] inline

constexpr Lanes never() {
    Lanes lanes{};
    for (auto& lane : lanes) lane = kNever;
    return lanes;
}
constexpr Lanes kNeverInAny = never();

/// All lanes of a label at once: one register, or two of a processor without AVX2.
using Vector __attribute__((vector_size(sizeof(Lanes)))) = std::int32_t;

RAILBOOK_INLINE void load(Vector& vector, const std::int32_t* lanes) { std::memcpy(&vector, lanes, sizeof vector); }
RAILBOOK_INLINE void load(Vector& vector, const Lanes& lanes) { load(vector, lanes.data()); }
RAILBOOK_INLINE void store(std::int32_t* lanes, const Vector& vector) { std::memcpy(lanes, &vector, sizeof vector); }
RAILBOOK_INLINE void store(Lanes& lanes, const Vector& vector) { store(lanes.data(), vector); }
RAILBOOK_INLINE void take_earlier(Vector& vector, const Lanes& lanes) {
    Vector other;
    load(other, lanes);
    vector = vector < other ? vector : other;
}
RAILBOOK_INLINE void take_earlier(Vector& vector, std::int32_t time) {
    const Vector other = Vector{} + time;
    vector = vector < other ? vector : other;
}
/// What is not before the limit is never.
RAILBOOK_INLINE void keep_before(Vector& vector, const Vector& limit) {
    const Vector never = Vector{} + kNever;
    vector = vector < limit ? vector : never;
}
/// In each lane what the lane before had.
RAILBOOK_INLINE void add_a_change(Vector& vector) {
    static_assert(kLanes == 8);
    const Vector never = Vector{} + kNever;
    vector = __builtin_shufflevector(vector, never, 8, 0, 1, 2, 3, 4, 5, 6);
}
RAILBOOK_INLINE bool is_earlier_in_any(const Vector& vector, const Vector& other) {
    const Vector earlier = vector < other;
    std::array<std::uint64_t, sizeof(Lanes) / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), &earlier, sizeof words);
    std::uint64_t any = 0;
    for (const auto word : words) any |= word;
    return any != 0;
}
RAILBOOK_INLINE bool is_earlier_in_any(const Vector& vector, const Lanes& lanes) {
    Vector other;
    load(other, lanes);
    return is_earlier_in_any(vector, other);
}

}  // namespace

std::vector<FoundJourney> ProfilePass::run(const Window& window, const Lanes& bound, int most_changes) {
    window_ = window;
    lanes_ = static_cast<std::uint32_t>(most_changes) + 1;
    least_ = std::min(bounds_.least_changes(targets_.to.first, targets_.to.count), lanes_ - 1);
    // What needs more changes than are asked for is never better.
    best_.fill(-kNever);
    std::copy_n(bound.begin(), lanes_, best_.begin());
    std::fill_n(best_.begin(), least_, best_[least_]);
    spots_ = times_.spot_count();
    if (labels_.entries.empty()) labels_.entries.resize(1024);
    labels_.entries.front().arrival = kNeverInAny;
    entry_count_ = 1;
    labels_.first.assign(targets_.layers() * spots_, kNothing);
    const auto runs = std::size_t{targets_.layers()} * stretch_.run_count();
    if (labels_.labels.size() <= runs) labels_.labels.resize(runs + 1);
    labels_.labels.front() = kNeverInAny;
    label_count_ = 1;
    labels_.label_of_run.assign(runs, kNothing);
    labels_.starts.clear();
    if (targets_.via.empty()) scan<false>();
    else scan<true>();
    return journeys();
}

template <bool kVia>
void ProfilePass::scan() {
    const auto latest = best_.front();
    const auto until = std::min({stretch_.to(), window_.arrive_until, latest, window_.last + 1});
    if (until <= window_.leave_from) return;
    for (auto index = stretch_.day_of(until - 1) + 1; index-- > stretch_.day_of(window_.leave_from);) {
        const auto& day = stretch_.day(index);
        const auto first = day.first_from(window_.leave_from - Stretch::offset(index));
        const auto last = day.first_from(until - Stretch::offset(index));
        scan_backward(
            day, first, last, [&](auto begin, auto end) { return scan_piece<kVia>(index, begin, end); },
            [&](auto begin, auto end) {
                return settle_instant(
                    stretch_, index, {begin, end}, targets_.layers(), kept_, changed_,
                    [&](auto place) { return labels_.labels[labels_.label_of_run[place]]; },
                    [&](auto place, const auto& lanes) {
                        if (const auto label = labels_.label_of_run[place]; label != kNothing)
                            labels_.labels[label] = lanes;
                    },
                    [&] { return scan_piece<kVia>(index, begin, end); });
            });
    }
}

/// The entry with the first departure at `time` or later; the empty one where there is none.
const ProfilePass::Entry& ProfilePass::first_from(std::size_t place, std::int32_t time) const {
    auto at = labels_.first[place];
    while (at != kNothing && labels_.entries[at].departure < time) at = labels_.entries[at].later;
    return labels_.entries[at];
}

template <bool kVia>
RAILBOOK_INLINE bool ProfilePass::scan_piece_by(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
    const auto& day = stretch_.day(index);
    const auto offset = Stretch::offset(index);
    const auto layers = kVia ? targets_.layers() : 1;
    // Here, and not in members: the compiler could not know that the labels are none of them.
    const auto runs = stretch_.run_count();
    const auto first_run = stretch_.first_run();
    const auto spots = spots_;
    const auto window = window_;
    const auto from = targets_.from;
    const auto to = targets_.to;
    const auto* const connections = day.connections.data();
    const auto* const minutes = bounds_.minutes.data();
    const auto* const changes_before = bounds_.changes.data();
    const auto* const rides_before = bounds_.rides.data();
    const auto* const within = times_.within();
    auto* const first_entries = labels_.first.data();
    auto* const label_of_run = labels_.label_of_run.data();
    auto* const labels = labels_.labels.data();
    auto* entries = labels_.entries.data();
    const auto new_entry = [&]() __attribute__((always_inline)) -> Entry& {
        if (entry_count_ == labels_.entries.size()) {
            labels_.entries.resize(2 * entry_count_);
            entries = labels_.entries.data();
        }
        return entries[entry_count_++];
    };
    for (auto at = last; at-- > first;) {
        const auto& c = connections[at];
        const auto departure = c.departure + offset;
        // Whoever is on this train left then at the latest.
        const auto left = departure - minutes[c.from] * 60;
        if (left < window.leave_from) continue;
        const auto arrival = c.arrival + offset;
        const auto changes = std::min(changes_before[c.from], std::uint8_t{kLanes});
        for (auto layer = layers; layer-- > 0;) {
            auto& label = label_of_run[std::size_t{layer} * runs + (c.run - first_run)];
            Vector lanes;
            if (kVia && layer + 1 < layers && targets_.via[layer].has(c.to)) {
                // Arriving here is arriving in the next layer, which has been looked at.
                load(lanes, labels[label_of_run[std::size_t{layer + 1} * runs + (c.run - first_run)]]);
            } else {
                load(lanes, labels[label]);
                bool any = label != kNothing;
                if (c.flags & Connection::kIsContinued) {
                    for (const auto& each : day.onward_from(c.run)) {
                        const auto next = each.to - first_run;
                        if (next >= runs) continue;
                        take_earlier(lanes, labels[label_of_run[std::size_t{layer} * runs + next]]);
                        any = true;
                    }
                }
                if (c.flags & Connection::kAlights) {
                    if (layer + 1 == layers && to.has(c.to) && arrival >= window.arrive_from &&
                        arrival < window.arrive_until) {
                        take_earlier(lanes, arrival);
                        any = true;
                    }
                    const auto change = [&](Index spot, std::int32_t time) __attribute__((always_inline)) {
                        auto entry = first_entries[layer * spots + spot];
                        while (entry != kNothing && entries[entry].departure < time) entry = entries[entry].later;
                        if (entry == kNothing) return;
                        take_earlier(lanes, entries[entry].arrival);
                        any = true;
                    };
                    change(c.to, arrival + within[c.to]);
                    if (c.flags & Connection::kWalks) {
                        for (const auto& walk : times_.walks_from(c.to)) change(walk.to, arrival + walk.seconds);
                    }
                }
                if (!any) continue;
            }
            // A journey that leaves here or earlier takes too long, or leaving later is as good: whoever is on this
            // train has changed so often before.
            Vector limit;
            load(limit, best_.data() + changes);
            take_earlier(limit, left + window.longest + 1);
            keep_before(lanes, limit);
            const bool any = is_earlier_in_any(lanes, kNeverInAny);
            if (label == kNothing) {
                if (!any) continue;
                label = label_count_++;
            }
            store(labels[label], lanes);
            if (!any || !(c.flags & Connection::kBoards)) continue;
            if (layer == 0 && from.has(c.from) && departure < window.leave_until) {
                labels_.starts.push_back(entry_count_);
                auto& entry = new_entry();
                store(entry.arrival, lanes);
                entry.departure = departure;
                entry.later = kNothing;
                entry.at = {index, at};
                Vector best;
                load(best, best_.data());
                take_earlier(best, entry.arrival);
                store(best_.data(), best);
                std::fill_n(best_.begin(), least_, best_[least_]);
                continue;
            }
            // Whoever changes to it has come here by so many rides, and has one change more left.
            load(limit, best_.data() + std::min(rides_before[c.from], std::uint8_t{kLanes}));
            keep_before(lanes, limit);
            add_a_change(lanes);
            auto& first_entry = first_entries[layer * spots + c.from];
            const auto later = first_entry;
            if (!is_earlier_in_any(lanes, entries[later].arrival)) continue;
            take_earlier(lanes, entries[later].arrival);
            changed_ = true;
            first_entry = entry_count_;
            auto& entry = new_entry();
            store(entry.arrival, lanes);
            entry.departure = departure;
            entry.later = later;
            entry.at = {index, at};
        }
    }
    return true;
}

template <bool kVia>
bool ProfilePass::scan_piece(std::uint32_t index, std::uint32_t first, std::uint32_t last) {
#if defined(__x86_64__)
    if (kernel_ == LaneKernel::avx2) return scan_piece_avx2<kVia>(index, first, last);
#endif
    return scan_piece_by<kVia>(index, first, last);
}

#if defined(__x86_64__)
template <bool kVia>
__attribute__((target("avx2"))) bool ProfilePass::scan_piece_avx2(std::uint32_t index, std::uint32_t first,
                                                                  std::uint32_t last) {
    return scan_piece_by<kVia>(index, first, last);
}
#endif

// --- From labels to journeys ---

std::vector<FoundJourney> ProfilePass::journeys() {
    std::vector<FoundJourney> found;
    const auto& starts = labels_.starts;
    for (std::size_t first = 0, last = 0; first < starts.size(); first = last) {
        // Of those that leave at the same moment, each lane's best.
        const auto departure = labels_.entries[starts[first]].departure;
        auto best = kNeverInAny;
        std::array<std::uint32_t, kLanes> entry_of{};
        for (; last < starts.size() && labels_.entries[starts[last]].departure == departure; ++last) {
            const auto& entry = labels_.entries[starts[last]];
            for (std::size_t lane = 0; lane < lanes_; ++lane) {
                if (entry.arrival[lane] >= best[lane]) continue;
                best[lane] = entry.arrival[lane];
                entry_of[lane] = starts[last];
            }
        }
        auto earliest = kNever;
        for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
            if (best[lane] >= earliest) continue;
            earliest = best[lane];
            FoundJourney journey{.rides = {}, .changes = static_cast<int>(lane)};
            tried_.clear();
            const bool is_found = board(labels_.entries[entry_of[lane]], {earliest, lane, 0}, journey.rides);
            RAILBOOK_ASSERT(is_found);
            found.push_back(std::move(journey));
        }
    }
    return found;
}

bool ProfilePass::board(const Entry& entry, const Goal& goal, std::vector<Ride>& rides) {
    const auto& day = stretch_.day(entry.at.day);
    return ride(day.run_of(entry.at.at), day.connections[entry.at.at].run, day.rides[entry.at.at].call, goal, rides);
}

/// Adds the ride from that call, and what follows it; nothing where that does not lead to the goal. Passengers may stay
/// in one run after the other: each of them is looked at once.
bool ProfilePass::ride(const RunIndex& run, std::uint32_t number, Index board, const Goal& goal,
                       std::vector<Ride>& rides) {
    struct Stay {
        RunIndex run;
        std::uint32_t number = 0;
        Index board = 0;
        std::uint32_t layer = 0;
        std::size_t rides = 0;  // before it
        std::size_t next = 0;   // of those in which they may stay
    };
    const auto before = rides.size();
    std::vector<Stay> chain{{run, number, board, goal.layer, before}};
    while (!chain.empty()) {
        auto& stay = chain.back();
        rides.resize(stay.rides);
        if (stay.next == 0 && alight(stay.run, stay.board, chain.size() > 1, stay.layer, goal, rides)) return true;
        const auto onward = onward_of(stay.run, stay.number);
        while (stay.next < onward.size() && !tried_.insert({onward[stay.next].to, stay.layer, goal.changes}).second) {
            ++stay.next;
        }
        if (stay.next >= onward.size()) {
            chain.pop_back();
            continue;
        }
        const auto& each = onward[stay.next++];
        const auto last = static_cast<Index>(network_.calls(stay.run.trip).size() - 1);
        rides.push_back(ride_of(network_, stay.run, stay.board, last));
        rides.back().stays = chain.size() > 1;
        chain.push_back({each.run, each.to, 0, stay.layer, rides.size()});
    }
    rides.resize(before);
    return false;
}

/// Adds the ride to where passengers alight, and what follows, where that leads to the goal. Else `layer` is the one
/// at the end of the run.
bool ProfilePass::alight(const RunIndex& run, Index board, bool stays, std::uint32_t& layer, const Goal& goal,
                         std::vector<Ride>& rides) {
    const auto calls = network_.calls(run.trip);
    const auto before = rides.size();
    for (auto call = board + 1; call < calls.size(); ++call) {
        const auto arrival = time_of(run, calls[call].arrival);
        if (arrival > goal.arrival) break;
        const auto spot = times_.spot_of(run.trip, call, calls[call].stop);
        if (layer + 1 < targets_.layers() && targets_.via[layer].has(spot)) ++layer;
        if (!stretch_.days().may_alight(calls[call])) continue;
        rides.push_back(ride_of(network_, run, board, call));
        rides.back().stays = stays;
        if (layer + 1 == targets_.layers() && targets_.to.has(spot) && arrival == goal.arrival) return true;
        if (goal.changes > 0) {
            const Goal next{goal.arrival, goal.changes, layer};
            if (change(spot, arrival + times_.within(spot), next, rides)) return true;
            for (const auto& walk : times_.walks_from(spot)) {
                if (change(walk.to, arrival + walk.seconds, next, rides)) return true;
            }
        }
        rides.resize(before);
    }
    return false;
}

std::span<const Continued> ProfilePass::onward_of(const RunIndex& run, std::uint32_t number) {
    const auto calls = network_.calls(run.trip);
    const auto departure = time_of(run, calls[calls.size() - 2].departure);
    if (departure >= stretch_.to() || departure < 0) return {};
    return stretch_.day(stretch_.day_of(departure)).onward_from(number);
}

std::int32_t ProfilePass::time_of(const RunIndex& run, std::int32_t since) const {
    return stretch_.relative(network_.time_of(run.trip, run.day, since + run.shift).time_since_epoch().count() / 1000);
}

bool ProfilePass::change(Index spot, std::int32_t time, const Goal& goal, std::vector<Ride>& rides) {
    const auto* entry = &first_from(goal.layer * spots_ + spot, time);
    if (entry->arrival[goal.changes] != goal.arrival) return false;
    // The last train that is as good is the one that the lane is about.
    while (entry->later != kNothing && labels_.entries[entry->later].arrival[goal.changes] == goal.arrival) {
        entry = &labels_.entries[entry->later];
    }
    return board(*entry, {goal.arrival, goal.changes - 1, goal.layer}, rides);
}

}  // namespace railbook::search

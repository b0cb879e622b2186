#include "inventory/choose.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/assert.hpp"

namespace railbook::inventory {
namespace {

/// The seats of one coach: [first, first + slack.size()).
struct CoachSeats {
    std::uint32_t first = 0;
    std::vector<Slack> slack;

    std::size_t free() const {
        return static_cast<std::size_t>(std::ranges::count_if(slack, [](const Slack& s) { return s.has_value(); }));
    }
};

/// The cheapest `count` neighbours of one coach, with their cost.
struct Neighbours {
    std::uint64_t cost = std::numeric_limits<std::uint64_t>::max();
    std::uint32_t first = 0;
};
Neighbours cheapest_neighbours(const CoachSeats& coach, std::size_t count) {
    Neighbours best;
    std::size_t run = 0;
    std::uint64_t cost = 0;
    for (std::size_t i = 0; i < coach.slack.size(); ++i) {
        if (!coach.slack[i]) {
            run = 0;
            cost = 0;
            continue;
        }
        ++run;
        cost += *coach.slack[i];
        if (run > count) cost -= *coach.slack[i - count];
        if (run >= count && cost < best.cost) best = {cost, coach.first + static_cast<std::uint32_t>(i + 1 - count)};
    }
    return best;
}

/// The `count` cheapest free seats of one coach, or all it has.
void take_cheapest(const CoachSeats& coach, std::size_t count, std::vector<std::uint32_t>& chosen) {
    std::vector<std::uint32_t> free;
    for (std::uint32_t i = 0; i < coach.slack.size(); ++i) {
        if (coach.slack[i]) free.push_back(i);
    }
    std::ranges::sort(free, {}, [&](std::uint32_t i) { return std::pair{*coach.slack[i], i}; });
    free.resize(std::min(free.size(), count));
    for (const auto i : free) chosen.push_back(coach.first + i);
}

}  // namespace

std::vector<Slack> slack_of_seats(const SeatMasks& taken, Span span) {
    RAILBOOK_ASSERT(span.from < span.to && span.to <= taken.segments);
    std::vector<Slack> slack(taken.seats);
    for (std::uint32_t seat = 0; seat < taken.seats; ++seat) {
        if (taken.any(seat, span)) continue;
        // The free stretch around the span: from the end of what is taken before it to the next that is taken.
        Span stretch = span;
        while (stretch.from > 0 && !taken.any(seat, {static_cast<std::uint16_t>(stretch.from - 1), stretch.from}))
            --stretch.from;
        while (stretch.to < taken.segments && !taken.any(seat, {stretch.to, static_cast<std::uint16_t>(stretch.to + 1)}))
            ++stretch.to;
        slack[seat] = static_cast<std::uint32_t>((span.from - stretch.from) + (stretch.to - span.to));
    }
    return slack;
}

std::optional<std::vector<std::uint32_t>> choose_seats(const Consist& consist, std::string_view travel_class, int count,
                                                       const std::vector<Slack>& slack) {
    RAILBOOK_ASSERT(count > 0 && slack.size() == consist.seat_count());
    const auto wanted = static_cast<std::size_t>(count);
    std::vector<CoachSeats> coaches;
    std::size_t free = 0;
    std::uint32_t first = 0;
    for (const auto& coach : consist.coaches) {
        const auto begin = slack.begin() + first;
        const auto places = static_cast<std::uint32_t>(coach.places.size());
        if (coach.travel_class == travel_class) {
            coaches.push_back({first, {begin, begin + places}});
            free += coaches.back().free();
        }
        first += places;
    }
    if (free < wanted) return std::nullopt;

    std::vector<std::uint32_t> chosen;
    Neighbours best;
    for (const auto& coach : coaches) {
        if (const auto found = cheapest_neighbours(coach, wanted); found.cost < best.cost) best = found;
    }
    if (best.cost != std::numeric_limits<std::uint64_t>::max()) {
        chosen.resize(wanted);
        std::iota(chosen.begin(), chosen.end(), best.first);
        return chosen;
    }
    // Not side by side: the tightest coach that has enough; else the fullest supply first, so that few are needed.
    std::ranges::sort(coaches, {}, [&](const CoachSeats& coach) {
        const std::size_t fit =
            coach.free() >= wanted ? coach.free() : std::numeric_limits<std::size_t>::max() - coach.free();
        return std::pair{fit, coach.first};
    });
    for (const auto& coach : coaches) {
        take_cheapest(coach, wanted - chosen.size(), chosen);
        if (chosen.size() == wanted) break;
    }
    std::ranges::sort(chosen);
    return chosen;
}

}  // namespace railbook::inventory

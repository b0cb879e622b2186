#include "search/rounds.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

#include "search/round_pass.hpp"

namespace railbook::search {
namespace {

using Rides = std::vector<RoundLabels::Ride>;

std::int64_t seconds_of(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::int64_t day_of(std::int64_t time) {
    return std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{time}})
        .time_since_epoch()
        .count();
}

/// Of rides that were found along the time, or against it; the last first.
FoundJourney journey_of(const Network& network, const Lines& lines, bool is_against, int changes, Rides rides) {
    FoundJourney journey{.rides = {}, .changes = changes};
    // Where passengers stayed, they did so in the ride that was found later; against the time that is the earlier one.
    std::vector<bool> stays;
    for (const auto& ride : rides) stays.push_back(ride.before != RoundLabels::kNone);
    if (!is_against) {
        std::ranges::reverse(rides);
        std::reverse(stays.begin(), stays.end());
    } else {
        stays.insert(stays.begin(), false);
        stays.pop_back();
    }
    for (std::size_t i = 0; i < rides.size(); ++i) {
        const auto& ride = rides[i];
        const auto& line = lines.along.lines[ride.line];
        const auto run = is_against ? line.run_count - 1 - ride.run : ride.run;
        const auto board = is_against ? line.call_count - 1 - ride.alight : ride.board;
        const auto alight = is_against ? line.call_count - 1 - ride.board : ride.alight;
        journey.rides.push_back(ride_of(network, lines.runs[lines.first_run[ride.line] + run], board, alight));
        journey.rides.back().stays = stays[i];
    }
    return journey;
}

}  // namespace

struct RoundSearch::Work {
    std::optional<ChangeTimes> times;
    RoundLabels labels;
    RoundLabels labels_back;
};

RoundSearch::RoundSearch(const Network& network, std::unique_ptr<ConnectionScan> scan, bool does_windows)
    : network_{network},
      scan_{std::move(scan)},
      lines_{network, scan_->interchanges(), scan_->days(), scan_->patterns()},
      does_windows_{does_windows} {}

RoundSearch::~RoundSearch() = default;

std::vector<FoundJourney> RoundSearch::find(const Question& question) {
    if (!question.via.empty() || (question.window && !does_windows_) || scan_->is_direct(question)) {
        return scan_->find(question);
    }
    const bool leaves = question.end == End::departure;
    const auto bounds = leaves ? scan_->bounds().to(question.to) : scan_->bounds().from(question.from);
    const auto other_end = leaves ? question.from : question.to;
    if (!bounds->may_reach(scan_->interchanges(), other_end, question)) return {};
    const std::int64_t window = question.window.value_or(1);
    const auto from = leaves ? question.time : question.time - (window - 1) - question.longest;
    const auto until = leaves ? question.time + (window - 1) + question.longest + 1 : question.time + 1;
    const auto first = std::max(from, seconds_of(network_.begins()));
    const auto last = std::min(until - 1, seconds_of(network_.ends()));
    if (first > last) return {};
    auto work = idle_.take();
    if (!work->times || work->times->usual() != question.usual_change) {
        work->times.emplace(scan_->interchanges(), question.usual_change);
    }
    const auto lines = lines_.get(day_of(first), day_of(last));
    auto found = question.window ? for_window(question, *lines, *work) : for_one(question, *lines, *work);
    std::ranges::sort(found, {}, [](const FoundJourney& journey) {
        return std::tuple{journey.departure(), journey.arrival(), journey.changes};
    });
    idle_.give_back(std::move(work));
    return found;
}

/// The first pass finds when one arrives, as early as can be; then the other, against its direction, with which rides
/// one leaves last. By arrival both are turned round.
std::vector<FoundJourney> RoundSearch::for_one(const Question& question, const Lines& lines, Work& work) {
    const bool leaves = question.end == End::departure;
    const auto origin = spots_of(leaves ? question.from : question.to);
    const auto goal = spots_of(leaves ? question.to : question.from);
    const auto bounds = leaves ? scan_->bounds().to(question.to) : scan_->bounds().from(question.from);
    const auto begins = seconds_of(network_.begins());
    // Far before the timetable there would be no number for it.
    const auto time = static_cast<std::int32_t>(leaves ? std::max(question.time, begins) - lines.begins
                                                       : lines.begins - question.time);
    const auto by = static_cast<std::int32_t>(leaves ? question.time + question.longest - lines.begins
                                                     : lines.begins - (question.time - question.longest));
    RoundPass there{leaves ? lines.along : lines.against, !leaves, *work.times, work.labels};
    RoundPass back{leaves ? lines.against : lines.along, leaves, *work.times, work.labels_back};
    const auto arrivals = there.arrivals(origin, time, by, question.most_changes, *bounds);
    std::vector<FoundJourney> found;
    auto earliest = kNever;
    for (int changes = 0; changes <= question.most_changes; ++changes) {
        const auto arrival = arrivals[static_cast<std::size_t>(changes)];
        if (arrival >= earliest) continue;
        earliest = arrival;
        found.push_back(journey_of(network_, lines, leaves, changes,
                                   back.first_rides(goal, origin, -arrival, 1 - time, changes, work.labels.best)));
    }
    return found;
}

std::vector<FoundJourney> RoundSearch::for_window(const Question& question, const Lines& lines, Work& work) {
    const bool leaves = question.end == End::departure;
    const auto origin = spots_of(leaves ? question.from : question.to);
    const auto bounds = leaves ? scan_->bounds().to(question.to) : scan_->bounds().from(question.from);
    const auto first = leaves ? std::max(question.time, seconds_of(network_.begins())) - lines.begins
                              : lines.begins - std::min(question.time, seconds_of(network_.ends()));
    const auto until = *question.window + (leaves ? question.time - lines.begins : lines.begins - question.time);
    RoundPass pass{leaves ? lines.along : lines.against, !leaves, *work.times, work.labels};
    std::vector<FoundJourney> found;
    pass.all(origin, static_cast<std::int32_t>(first), static_cast<std::int32_t>(until), question.longest,
             question.most_changes, *bounds, [&](std::uint32_t changes, Rides rides) {
                 found.push_back(journey_of(network_, lines, !leaves, static_cast<int>(changes), std::move(rides)));
             });
    return found;
}

Targets::Spots RoundSearch::spots_of(Index station) const {
    const auto first = scan_->interchanges().first_spot(station);
    return {first, scan_->interchanges().first_spot(station + 1) - first};
}

}  // namespace railbook::search

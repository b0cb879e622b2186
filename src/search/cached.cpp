#include "search/cached.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

namespace railbook::search {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t seconds_of(Timestamp time) { return time.time_since_epoch().count() / 1000; }

/// What windows have in common whose rest is the same: where they end, seen from the time that was asked for.
Question key_of(Question question) {
    question.time += question.end == End::departure ? *question.window : -*question.window;
    question.window = 0;
    return question;
}

/// How good a journey is for one moment; the less, the better.
struct Worth {
    std::int64_t other_end = 0;
    int changes = 0;
    std::int64_t own_end = 0;
};

Worth worth_of(const FoundJourney& journey, End end) {
    const auto departure = seconds_of(journey.departure());
    const auto arrival = seconds_of(journey.arrival());
    return end == End::departure ? Worth{arrival, journey.changes, -departure}
                                 : Worth{-departure, journey.changes, arrival};
}

}  // namespace

std::size_t CachedFinder::Hash::operator()(const Question& question) const {
    std::uint64_t hash = 14'695'981'039'346'656'037U;
    const auto add = [&](std::uint64_t value) {
        hash = (hash ^ value) * 0x9E37'79B9'7F4A'7C15U;
        hash ^= hash >> 29;
    };
    add(std::uint64_t{question.from} << 32 | question.to);
    for (const auto station : question.via) add(station);
    add(static_cast<std::uint64_t>(question.time));
    add(static_cast<std::uint64_t>(question.window.value_or(-1)));
    add(static_cast<std::uint64_t>(question.longest));
    add(static_cast<std::uint64_t>(question.usual_change) << 8 |
        static_cast<std::uint64_t>(question.most_changes) << 1 | (question.end == End::departure ? 1U : 0U));
    return hash;
}

LocalDays::LocalDays(const timetable::Network& network) {
    const auto& data = network.data();
    if (data.trips.empty()) {
        begins_ = {0};
        return;
    }
    // Most networks have one zone, and in others any will do.
    for (std::uint32_t day = 0; day < data.days; ++day) begins_.push_back(seconds_of(network.time_of(0, day, 0)));
    begins_.push_back(begins_.back() + kDay);
}

LocalDays::Day LocalDays::at(std::int64_t time) const {
    const auto next = std::ranges::upper_bound(begins_, time);
    if (next != begins_.begin() && next != begins_.end()) return {*std::prev(next), *next};
    const auto from = next == begins_.end() ? begins_.back() : begins_.front();
    const auto since = time - from;
    const auto begins = from + (since >= 0 ? since : since - kDay + 1) / kDay * kDay;
    return {begins, begins + kDay};
}

Question CachedFinder::of_day(Question question, const LocalDays::Day& day) {
    // Arrivals are those after `time` - `window`.
    question.time = question.end == End::departure ? day.begins : day.ends - 1;
    question.window = static_cast<std::int32_t>(day.ends - day.begins);
    return question;
}

std::vector<FoundJourney> CachedFinder::find(const Question& question) {
    if (!question.window) return for_one(question);
    const auto kept = window(question);
    if (kept->time == question.time) return kept->journeys;
    // The rest of a window has what the window has: what beats a journey leaves later than it does. Its beginning would
    // have more, as long as its own last journeys are not beaten. By arrival it is the other way round.
    std::vector<FoundJourney> rest;
    for (const auto& journey : kept->journeys) {
        const bool is_asked = question.end == End::departure ? seconds_of(journey.departure()) >= question.time
                                                             : seconds_of(journey.arrival()) <= question.time;
        if (is_asked) rest.push_back(journey);
    }
    return rest;
}

std::shared_ptr<const CachedFinder::Window> CachedFinder::kept_window(const Question& question) {
    auto kept = windows_.find(key_of(question));
    if (!kept) return nullptr;
    const bool is_part = question.end == End::departure ? kept->time <= question.time : kept->time >= question.time;
    return is_part ? std::move(kept) : nullptr;
}

std::shared_ptr<const CachedFinder::Window> CachedFinder::window(const Question& question) {
    if (auto kept = kept_window(question)) return kept;
    auto found = std::make_shared<const Window>(question.time, finder_->find(question));
    std::size_t rides = 1;
    for (const auto& journey : found->journeys) rides += journey.rides.size();
    windows_.replace(key_of(question), found, rides);
    return found;
}

std::vector<FoundJourney> CachedFinder::for_one(const Question& question) {
    const bool leaves = question.end == End::departure;
    const auto other_end = leaves ? question.time + question.longest : question.time - question.longest;
    const auto near = days_.at(question.time);
    const auto far = days_.at(other_end);
    const bool is_one = near.begins == far.begins;
    if (!is_one && (leaves ? near.ends != far.begins : far.ends != near.begins)) return finder_->find(question);
    const auto near_day = of_day(question, near);
    const auto far_day = of_day(question, far);
    std::array days{kept_window(near_day), kept_window(far_day)};
    if (!days[0] || !days[1]) {
        // The days cost more than the moment, so they are found for those only who ask again.
        if (!asked_.find(near_day)) {
            asked_.keep(near_day, std::make_shared<const bool>(true), 1);
            return finder_->find(question);
        }
        days = {window(near_day), window(far_day)};
    }
    if (is_one) days[1] = nullptr;
    std::array<const FoundJourney*, kLanes> best{};
    for (const auto& day : days) {
        if (!day) continue;
        for (const auto& journey : day->journeys) {
            const auto departure = seconds_of(journey.departure());
            const auto arrival = seconds_of(journey.arrival());
            if (leaves ? departure < question.time || arrival > other_end
                       : arrival > question.time || departure < other_end) {
                continue;
            }
            auto& known = best[static_cast<std::size_t>(journey.changes)];
            const auto worth = worth_of(journey, question.end);
            const auto is_better = [&](const Worth& other) {
                return std::tuple{worth.other_end, worth.own_end} < std::tuple{other.other_end, other.own_end};
            };
            if (!known || is_better(worth_of(*known, question.end))) known = &journey;
        }
    }
    std::vector<FoundJourney> found;
    std::optional<std::int64_t> earliest;
    for (const auto* journey : best) {
        if (!journey) continue;
        const auto worth = worth_of(*journey, question.end);
        if (earliest && worth.other_end >= *earliest) continue;
        earliest = worth.other_end;
        found.push_back(*journey);
    }
    std::ranges::sort(found, {}, [](const FoundJourney& journey) {
        return std::tuple{journey.departure(), journey.arrival(), journey.changes};
    });
    return found;
}

}  // namespace railbook::search

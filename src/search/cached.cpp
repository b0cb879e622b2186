#include "search/cached.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

namespace railbook::search {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t seconds_of(Timestamp time) { return time.time_since_epoch().count() / 1000; }

std::int64_t beginning_of_day(std::int64_t time) { return (time >= 0 ? time : time - kDay + 1) / kDay * kDay; }

/// The same question for the whole day of that time.
Question of_day(Question question, std::int64_t time) {
    // Arrivals are those after `time` - `window`.
    question.time = beginning_of_day(time) + (question.end == End::departure ? 0 : kDay - 1);
    question.window = static_cast<std::int32_t>(kDay);
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

std::vector<FoundJourney> CachedFinder::find(const Question& question) {
    if (!question.window) return for_one(question);
    const auto day = of_day(question, question.time);
    // The rest of a day has what the day has: what beats a journey leaves later than it does. The beginning of a day
    // has more, as long as its own last journeys are not beaten. By arrival it is the other way round.
    const bool is_rest = question.end == End::departure ? question.time + *question.window == day.time + kDay
                                                        : question.time - *question.window == day.time - kDay;
    if (is_rest) {
        if (const auto whole = kept_window(day)) return rest_of_day(question, *whole);
    }
    return *window(question);
}

std::shared_ptr<const CachedFinder::Journeys> CachedFinder::window(const Question& question) {
    if (auto kept = kept_window(question)) return kept;
    auto found = std::make_shared<const Journeys>(finder_->find(question));
    std::size_t rides = 1;
    for (const auto& journey : *found) rides += journey.rides.size();
    return windows_.keep(question, std::move(found), rides);
}

CachedFinder::Journeys CachedFinder::rest_of_day(const Question& question, const Journeys& day) {
    Journeys rest;
    for (const auto& journey : day) {
        const bool is_asked = question.end == End::departure ? seconds_of(journey.departure()) >= question.time
                                                             : seconds_of(journey.arrival()) <= question.time;
        if (is_asked) rest.push_back(journey);
    }
    return rest;
}

CachedFinder::Journeys CachedFinder::for_one(const Question& question) {
    const bool leaves = question.end == End::departure;
    const auto other_end = leaves ? question.time + question.longest : question.time - question.longest;
    const auto near_day = of_day(question, question.time);
    const auto far_day = of_day(question, other_end);
    if (std::abs(far_day.time - near_day.time) > kDay) return finder_->find(question);
    std::array days{kept_window(near_day), kept_window(far_day)};
    if (!days[0] || !days[1]) {
        // The days cost more than the moment, so they are found for those only who ask again.
        if (!asked_.find(near_day)) {
            asked_.keep(near_day, std::make_shared<const bool>(true), 1);
            return finder_->find(question);
        }
        days = {window(near_day), window(far_day)};
    }
    if (far_day.time == near_day.time) days[1] = nullptr;
    std::array<const FoundJourney*, kLanes> best{};
    for (const auto& day : days) {
        if (!day) continue;
        for (const auto& journey : *day) {
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
    Journeys found;
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

#pragma once
/// What the answers to a question are, found out the slow way: it reads the feed by itself, lays out every run of every
/// date, and takes one ride after the other. It shares no code with the engine.

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace railbook::test {

class Reference {
public:
    /// A GTFS zip or folder in which nothing is wrong but for trips that run backwards, which are left out. Throws.
    explicit Reference(const std::string& path);

    struct Question {
        std::string from;  ///< Stop ids.
        std::string to;
        std::vector<std::string> via = {};
        bool arrive = false;    ///< `time` and `window` are of the arrival.
        std::int64_t time = 0;  ///< UTC seconds.
        std::optional<std::int64_t> window = std::nullopt;
        std::int64_t longest = 86'400;
        std::int64_t usual_change = 120;
        int most_changes = 7;
    };
    struct Answer {
        std::int64_t departure = 0;
        std::int64_t arrival = 0;
        int changes = 0;
        auto operator<=>(const Answer&) const = default;
    };
    /// Sorted.
    std::vector<Answer> answers(const Question& question);

    struct Leg {
        std::string trip;
        std::string date;  ///< `2026-12-01`.
        std::optional<int> start = std::nullopt;
        std::size_t from = 0;  ///< Calls, from 0.
        std::size_t to = 0;
        bool stays = false;
        bool operator==(const Leg&) const = default;
    };
    /// What these legs come to; throws what is wrong with them, as an answer to the question.
    Answer check(const Question& question, const std::vector<Leg>& legs);

    struct Call {
        std::size_t stop = 0;
        std::int64_t arrival = 0;
        std::int64_t departure = 0;
        bool board = true;
        bool alight = true;
    };
    struct Trip {
        std::string id;
        std::string route;
        std::string service;
        std::string block;
        std::string zone;
        std::vector<Call> calls;
        std::vector<std::int64_t> starts;
    };
    struct Stop {
        std::string id;
        std::string parent;  ///< Its station; itself where it is one.
    };
    const std::vector<Trip>& trips() const { return trips_; }
    const std::vector<Stop>& stops() const { return stops_; }
    /// As days since 1970.
    std::int64_t first_date() const;
    std::int64_t last_date() const;

private:
    /// A trip on a date.
    struct Run {
        std::size_t trip = 0;
        std::int64_t date = 0;
        std::optional<int> start = {};
        std::shared_ptr<const std::vector<Call>> calls = {};  // with times in UTC seconds
        std::vector<std::size_t> onward = {};                 // runs of the list in which one may stay
    };
    struct Rule {
        int type = 0;
        std::optional<std::int64_t> seconds;
        std::string from_trip = {};
        std::string to_trip = {};
        std::string from_route = {};
        std::string to_route = {};
    };
    /// Where one arrives or leaves: a stop and, where rules tell trains apart, a trip.
    struct Place {
        std::size_t stop = 0;
        std::optional<std::size_t> trip = {};
        auto operator<=>(const Place&) const = default;
    };
    void read(const std::map<std::string, std::string>& texts);
    bool runs_on(const Trip& trip, std::int64_t date) const;
    const std::vector<Run>& runs_of(std::int64_t date);
    const std::vector<Run>& runs_between(std::int64_t from, std::int64_t to);
    void join_blocks(std::vector<Run>& runs) const;
    std::size_t place_of(std::size_t stop, std::size_t trip) const {
        return place_at_.at({stop, tells_trains_apart_ ? std::optional{trip} : std::nullopt});
    }
    /// How exactly a rule names two trains; the less, the more exactly. Nothing: it is not for them.
    std::optional<int> rank_of(const Rule& rule, const Place& from, const Place& to) const;
    /// Between two places; nothing where no change is possible.
    std::optional<std::int64_t> change_time(const Place& from, const Place& to, std::int64_t usual) const;
    using Ways = std::vector<std::vector<std::pair<std::size_t, std::int64_t>>>;  // by place: from where, and seconds
    const Ways& ways_to(std::int64_t usual);
    std::size_t station_at(const std::string& stop) const { return station_[stop_at_.at(stop)]; }

    std::vector<Stop> stops_;
    std::vector<std::size_t> station_;  // by stop: the stop that is its station
    std::map<std::string, std::size_t> stop_at_;
    std::vector<Trip> trips_;
    std::map<std::string, std::size_t> trip_at_;
    std::map<std::string, std::map<std::int64_t, bool>> dates_;  // by service
    std::map<std::pair<std::string, std::string>, std::vector<Rule>> rules_;  // by stops
    bool tells_trains_apart_ = false;                                         // a rule names trips or routes
    std::vector<Place> places_;
    std::map<Place, std::size_t> place_at_;
    std::map<std::pair<std::string, std::string>, bool> stays_;  // by trips
    std::int64_t longest_trip_ = 0;
    // Those that were asked for last.
    std::map<std::int64_t, std::vector<Run>> runs_of_;  // by date
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Run>> runs_between_;
    std::map<std::int64_t, Ways> ways_;  // by the usual time
};

}  // namespace railbook::test

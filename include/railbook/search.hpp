#pragma once
/// Search: journeys between two stations.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/money.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

namespace railbook {

struct JourneyQuery {
    StationId from;
    StationId to;
    /// Journeys that leave in [depart, depart + window); with `arrive`, ones that arrive in (arrive - window, arrive];
    /// with `before`, ones that leave in [before - window, before). Just one of the three is given. Of these, all but
    /// those for which another leaves no earlier, arrives no later and has no more changes.
    /// A window of 0 asks for one moment: for each number of changes that makes it faster, the first to arrive of those
    /// that leave at `depart` or later; with `arrive`, the last to leave of those that arrive by then. It looks as far
    /// as `max_duration`.
    std::optional<Timestamp> depart = std::nullopt;
    std::optional<Timestamp> arrive = std::nullopt;
    std::optional<Timestamp> before = std::nullopt;  ///< Not with a window of 0.
    Duration window = std::chrono::hours{24};
    /// 1 to kMaxPage. Of more than these the first ones are given; with `arrive` and `before` the last ones. Journeys
    /// that leave at the same moment stay on one page, if need be beyond the limit.
    std::size_t limit = kMaxPage;
    int max_changes = kMaxChanges;  ///< 0 to kMaxChanges.
    /// What a change takes at least where the timetable does not say; up to a day.
    Duration min_change = std::chrono::minutes{2};
    /// From departure to arrival; more than 0, up to kMaxWindow.
    Duration max_duration = std::chrono::hours{24};
    std::vector<StationId> via = {};  ///< Where to call on the way, in this order; up to kMaxVia.
    /// Only such trains: rail, metro, tram, bus or ferry, or what their names begin with, such as `ICE`. Empty: all.
    std::vector<std::string> trains = {};
    /// Only trains, and stations to board, change and alight at, of which the timetable says that wheelchairs can use
    /// them (GTFS wheelchair_accessible and wheelchair_boarding). What it says nothing of is not among them.
    bool step_free = false;

    static constexpr int kMaxChanges = 7;
    static constexpr std::size_t kMaxVia = 4;
    static constexpr std::size_t kMaxTrains = 16;
    static constexpr Duration kMaxWindow = std::chrono::hours{7 * 24};
};

/// One train ride.
struct Leg {
    RunId run;
    std::string train;
    std::string headsign;
    Endpoint from;
    Endpoint to;
    Span span;
    std::size_t stops = 0;                 ///< Calls between the two.
    bool stays = false;                    ///< Passengers of the leg before keep their seats: it is no change.
    std::int64_t distance = 0;             ///< In metres, as fares count it.
    std::map<std::string, int> free = {};  ///< Seats by class that are free throughout; filled by the Engine.
};

/// An answer to a search. Its id names its legs (run, from, to), so it stays good over a new import.
struct Journey {
    std::string id;
    std::vector<Leg> legs;  ///< At least one.
    /// The least for which its passengers can have seats of one class on every leg now; filled by the Engine. Nothing
    /// where there are no such seats, or no fare. It is no promise: a quote is.
    std::optional<Money> price_from = std::nullopt;
    Timestamp departure() const { return legs.front().from.time; }
    Timestamp arrival() const { return legs.back().to.time; }
    Duration duration() const { return arrival() - departure(); }
    std::size_t changes() const;  ///< From one train to another.
};

struct JourneyPage {
    std::vector<Journey> journeys;  ///< By departure, then arrival.
    /// A `before` that continues before; empty where the timetable ends. Nothing is left out between pages. What leaves
    /// among the journeys of a window of arrivals and arrives outside of it is on the page beside, which may repeat
    /// some.
    std::string earlier_cursor;
    std::string later_cursor;  ///< A `depart` that continues after; empty where the timetable ends.
    bool is_cut = false;       ///< More journeys than the limit were found in the time that was asked for.
};

/// Thread-safe. The timetable must outlive this object.
class Search {
public:
    explicit Search(Timetable& timetable);
    ~Search();

    /// Errors: not_found (no such station; a date outside the timetable, which the detail names); invalid_argument
    /// (the same station twice in a row, not just one of depart, arrive and before, a number that is out of its range,
    /// a kind of train without a letter or digit).
    Result<JourneyPage> find(const JourneyQuery& query);
    /// The journey that an id names. Errors: invalid_argument (not an id); not_found.
    Result<Journey> journey(std::string_view id);

private:
    struct Finders;  // an engine for each network and choice of trains

    Result<Journey> read_journey(std::string_view id);
    bool may_stay(const timetable::Snapshot& snapshot, const Leg& first, const Leg& second);
    Status check_change(const timetable::Snapshot& snapshot, const Leg& first, const Leg& second);

    Timetable& timetable_;
    std::unique_ptr<Finders> finders_;
};

/// The id of a journey with these legs.
std::string journey_id(const std::vector<Leg>& legs);

}  // namespace railbook

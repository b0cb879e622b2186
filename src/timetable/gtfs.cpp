#include "timetable/gtfs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "base/zones.hpp"
#include "timetable/distances.hpp"
#include "timetable/gtfs_table.hpp"

namespace railbook::timetable {
namespace {

using std::chrono::days;

constexpr std::int32_t kNoTime = -1;
constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();
/// Ids become part of keys and URLs.
constexpr std::size_t kMaxId = 255;
/// Starts of frequencies.txt in all: a headway of a second by mistake must not fill the memory.
constexpr std::size_t kMaxStarts = 1'000'000;

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// From the ids of a file to positions.
class Ids {
public:
    static constexpr Index kUnknown = kNone;
    /// The row with this id was left out, or names something that no train uses.
    static constexpr Index kLeftOut = kNone - 1;

    Index find(std::string_view id) const {
        const auto found = positions_.find(id);
        return found == positions_.end() ? kUnknown : found->second;
    }
    bool knows(std::string_view id) const { return find(id) < kLeftOut; }
    void set(std::string_view id, Index position) { positions_.insert_or_assign(std::string{id}, position); }

private:
    std::unordered_map<std::string, Index, TextHash, std::equal_to<>> positions_;
};

/// The id of a new row; otherwise the row is dropped.
bool take_id(const Row& row, std::size_t column, const Ids& ids) {
    const auto id = row[column];
    if (id.empty()) row.drop(column, "the id is empty");
    else if (id.size() > kMaxId) row.drop(column, fmt::format("the id has more than {} bytes", kMaxId));
    else if (ids.find(id) != Ids::kUnknown) row.drop(column, fmt::format("the id '{}' comes twice", id));
    else return true;
    return false;
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 80)); }

/// Stops as they stand in the file, before it is known which are stations.
struct RawStop {
    std::string id;
    std::string name;
    std::string parent;
    std::string zone;
    std::string platform;
    std::uint32_t type = 0;
    std::optional<Position> position;
    std::size_t line = 0;
};

struct RawTrip {
    std::string id;
    Index route = 0;
    Index service = 0;
    std::string headsign;
    std::string short_name;
    std::string shape;
    std::size_t line = 0;
};

struct RawCall {
    Index trip = 0;
    Index stop = 0;
    std::uint32_t sequence = 0;
    std::uint32_t line = 0;
    std::int32_t arrival = kNoTime;
    std::int32_t departure = kNoTime;
    double travelled = kNotMeasured;
    bool pick_up = true;
    bool drop_off = true;
};

/// A row of calendar.txt.
struct RawWeek {
    Index service = 0;
    std::array<bool, 7> weekdays{};  // from Monday
    ServiceDate first{};
    ServiceDate last{};
};

struct RawException {
    Index service = 0;
    ServiceDate date{};
    bool added = false;
};

struct RawStart {
    Index trip = 0;
    std::int32_t start = 0;
    auto operator<=>(const RawStart&) const = default;
};

std::size_t weekday_of(ServiceDate date) {
    return std::chrono::weekday{date}.iso_encoding() - 1;
}

/// The first date of the row, or nothing where it has none.
std::optional<ServiceDate> first_of(const RawWeek& week) {
    for (auto date = week.first; date <= week.last && date < week.first + days{7}; date += days{1}) {
        if (week.weekdays[weekday_of(date)]) return date;
    }
    return std::nullopt;
}

std::optional<ServiceDate> last_of(const RawWeek& week) {
    for (auto date = week.last; date >= week.first && date > week.last - days{7}; date -= days{1}) {
        if (week.weekdays[weekday_of(date)]) return date;
    }
    return std::nullopt;
}

class Importer {
public:
    Importer(Archive& archive, const GtfsOptions& options)
        : archive_{archive}, options_{options}, findings_{options.strict} {
        data_.feed = options.feed;
    }

    Result<GtfsImport> run() && {
        // In the order in which one file refers to another.
        constexpr std::array kSteps{
            &Importer::check_files,      &Importer::read_agencies,  &Importer::read_feed_info,
            &Importer::read_stops,       &Importer::read_routes,    &Importer::read_calendar,
            &Importer::read_exceptions,  &Importer::read_trips,     &Importer::read_stop_times,
            &Importer::read_frequencies, &Importer::read_shapes,    &Importer::read_transfers,
            &Importer::read_translations, &Importer::make_trips,    &Importer::make_services};
        for (const auto step : kSteps) {
            if (const auto done = (this->*step)(); !done) return done.error();
            if (findings_.refusal()) return *findings_.refusal();
        }
        GtfsImport result;
        result.report.feed = {.name = data_.feed,
                              .checksum = {},
                              .publisher = data_.publisher,
                              .first_date = data_.first_date,
                              .last_date = data_.first_date + days{data_.days - 1},
                              .stations = data_.stations.size(),
                              .trips = data_.trips.size()};
        result.report.bytes = bytes_;
        std::move(findings_).move_into(result.report);
        result.network = std::move(data_);
        return result;
    }

private:
    static constexpr std::array<std::string_view, 5> kRequiredFiles{"agency.txt", "stops.txt", "routes.txt", "trips.txt",
                                                                    "stop_times.txt"};
    static constexpr std::array<std::string_view, 7> kOptionalFiles{
        "calendar.txt", "calendar_dates.txt", "frequencies.txt", "shapes.txt",
        "transfers.txt", "translations.txt",  "feed_info.txt"};

    static Error refused(std::string detail) { return {ErrorCode::bad_data, std::move(detail)}; }

    Status check_files() {
        for (const auto file : kRequiredFiles) {
            if (!archive_.has(file)) return refused(fmt::format("the feed has no {}", file));
            total_ += archive_.claimed_size(file);
        }
        for (const auto file : kOptionalFiles) total_ += archive_.claimed_size(file);
        if (!archive_.has("calendar.txt") && !archive_.has("calendar_dates.txt")) {
            return refused("the feed has neither calendar.txt nor calendar_dates.txt");
        }
        for (const auto& note : archive_.notes()) findings_.note(note);
        return {};
    }

    /// A file that is not there has no rows.
    template <class Each>
    Status read(const std::string& file, std::initializer_list<Column> columns, const Each& each) {
        if (!archive_.has(file)) return {};
        auto source = archive_.read(file);
        if (!source) return source.error();
        const auto counted = [this, &file, &inner = *source](std::span<char> into) {
            auto count = inner(into);
            if (count) bytes_ += *count;
            if (options_.progress) options_.progress({file, bytes_, std::max(bytes_, total_)});
            return count;
        };
        return read_rows(file, counted, findings_, columns, each);
    }

    /// Of a time zone that exists; else nothing.
    std::optional<Index> zone_index(std::string_view name) {
        const auto found = std::ranges::find(data_.zones, name);
        if (found != data_.zones.end()) return static_cast<Index>(found - data_.zones.begin());
        if (!base::find_zone(name)) return std::nullopt;
        data_.zones.emplace_back(name);
        return static_cast<Index>(data_.zones.size() - 1);
    }

    Status read_agencies() {
        enum : std::size_t { kId, kName, kZone };
        const auto done = read("agency.txt", {{"agency_id"}, {"agency_name", kRequired}, {"agency_timezone", kRequired}},
                               [&](const Row& row) {
            if (agencies_.find(row[kId]) != Ids::kUnknown) {
                return row.drop(kId, fmt::format("the id {} comes twice", quoted(row[kId])));
            }
            const auto zone = zone_index(row[kZone]);
            if (!zone) return row.refuse(kZone, fmt::format("there is no time zone {}", quoted(row[kZone])));
            agencies_.set(row[kId], static_cast<Index>(data_.agencies.size()));
            data_.agencies.push_back({std::string{row[kId]}, std::string{row[kName]}, *zone});
        });
        if (done && !findings_.refusal() && data_.agencies.empty()) return refused("agency.txt names no agency");
        return done;
    }

    Status read_feed_info() {
        enum : std::size_t { kPublisher };
        const auto done = read("feed_info.txt", {{"feed_publisher_name"}}, [&](const Row& row) {
            if (data_.publisher.empty()) data_.publisher = row[kPublisher];
        });
        if (data_.publisher.empty()) data_.publisher = data_.agencies.front().name;
        return done;
    }

    Status read_stops() {
        enum : std::size_t { kId, kName, kLatitude, kLongitude, kType, kParent, kZone, kPlatform };
        std::vector<RawStop> raw;
        std::size_t parent_column = 0;
        const auto done = read("stops.txt",
                               {{"stop_id", kRequired}, {"stop_name", kRequired}, {"stop_lat"}, {"stop_lon"},
                                {"location_type"}, {"parent_station"}, {"stop_timezone"}, {"platform_code"}},
                               [&](const Row& row) {
            if (!take_id(row, kId, stops_)) return;
            stops_.set(row[kId], Ids::kLeftOut);
            parent_column = row.position(kParent);
            RawStop stop{.id = std::string{row[kId]},
                         .name = std::string{row[kName]},
                         .parent = std::string{row[kParent]},
                         .zone = std::string{row[kZone]},
                         .platform = std::string{row[kPlatform]},
                         .position = {},
                         .line = row.line()};
            if (!row[kType].empty()) {
                const auto type = parse_count(row[kType]);
                if (!type || *type > 4) return row.drop(kType, fmt::format("{} is no location type", quoted(row[kType])));
                stop.type = *type;
            }
            // Entrances, ways inside a station and boarding areas: no train calls at them.
            if (stop.type > 1) return;
            if (stop.name.empty() && stop.parent.empty()) return row.drop(kName, "the stop has no name");
            if (!row[kLatitude].empty() || !row[kLongitude].empty()) {
                const auto latitude = parse_real(row[kLatitude]);
                const auto longitude = parse_real(row[kLongitude]);
                if (!latitude || std::abs(*latitude) > 90) return row.drop(kLatitude, "this is no latitude");
                if (!longitude || std::abs(*longitude) > 180) return row.drop(kLongitude, "this is no longitude");
                stop.position = Position{*latitude, *longitude};
            }
            if (!stop.zone.empty() && !zone_index(stop.zone)) {
                row.note(kZone, fmt::format("there is no time zone {}; the agency's is used", quoted(stop.zone)));
                stop.zone.clear();
            }
            raw.push_back(std::move(stop));
        });
        if (!done) return done;
        std::ranges::sort(raw, {}, &RawStop::id);
        make_stations(raw, parent_column);
        return {};
    }

    /// `raw` by id; so are the stations and stops that come of it.
    void make_stations(std::vector<RawStop>& raw, std::size_t parent_column) {
        Ids stations;
        std::vector<bool> has_zone;
        std::vector<std::optional<Position>> positions;
        for (const auto& stop : raw) {
            if (!stop.parent.empty() && stop.type == 0) continue;
            stations.set(stop.id, static_cast<Index>(data_.stations.size()));
            has_zone.push_back(!stop.zone.empty());
            positions.push_back(stop.position);
            data_.stations.push_back({.id = stop.id,
                                      .name = stop.name,
                                      .aliases = {},
                                      .zone = stop.zone.empty() ? data_.agencies.front().zone : *zone_index(stop.zone)});
        }
        for (const auto& stop : raw) {
            const bool is_child = !stop.parent.empty() && stop.type == 0;
            const Index station = stations.find(is_child ? stop.parent : stop.id);
            if (station == Ids::kUnknown) {
                findings_.drop("stops.txt", stop.line, parent_column,
                               fmt::format("there is no station {}", quoted(stop.parent)));
                continue;
            }
            auto& parent = data_.stations[station];
            // GTFS: the zone of a station is that of its platforms, whatever they say. Where it says nothing, they do.
            if (is_child && !stop.zone.empty() && !has_zone[station]) {
                parent.zone = *zone_index(stop.zone);
                has_zone[station] = true;
            }
            if (!positions[station]) positions[station] = stop.position;
            std::string platform = stop.platform;
            if (is_child && platform.empty() && stop.name != parent.name) platform = stop.name;
            stops_.set(stop.id, static_cast<Index>(data_.stops.size()));
            data_.stops.push_back({stop.id, station, std::move(platform)});
            positions_.push_back(stop.position);
        }
        for (std::size_t i = 0; i < data_.stops.size(); ++i) {
            const auto& of_station = positions[data_.stops[i].station];
            if (!positions_[i]) positions_[i] = of_station;
        }
        std::size_t unplaced = 0;
        for (std::size_t i = 0; i < data_.stations.size(); ++i) {
            if (positions[i]) {
                data_.stations[i].latitude = positions[i]->latitude;
                data_.stations[i].longitude = positions[i]->longitude;
            } else {
                ++unplaced;
            }
        }
        if (unplaced > 0) findings_.note(fmt::format("stops.txt: {} stations have no position", unplaced));
    }

    Status read_routes() {
        enum : std::size_t { kId, kAgency, kShort, kLong, kType };
        return read("routes.txt",
                    {{"route_id", kRequired}, {"agency_id"}, {"route_short_name"}, {"route_long_name"},
                     {"route_type", kRequired}},
                    [&](const Row& row) {
            if (!take_id(row, kId, routes_)) return;
            routes_.set(row[kId], Ids::kLeftOut);
            Index agency = agencies_.find(row[kAgency]);
            if (row[kAgency].empty() && data_.agencies.size() == 1) agency = 0;
            if (agency == Ids::kUnknown) {
                return row.drop(kAgency, fmt::format("there is no agency {}", quoted(row[kAgency])));
            }
            const auto type = parse_count(row[kType]);
            if (!type || *type > 9999) return row.drop(kType, fmt::format("{} is no route type", quoted(row[kType])));
            routes_.set(row[kId], static_cast<Index>(data_.routes.size()));
            data_.routes.push_back({.id = std::string{row[kId]},
                                    .agency = agency,
                                    .type = static_cast<std::uint16_t>(*type),
                                    .short_name = std::string{row[kShort]},
                                    .long_name = std::string{row[kLong]}});
        });
    }

    Index service_index(std::string_view id) {
        const Index known = services_.find(id);
        if (known != Ids::kUnknown) return known;
        services_.set(id, service_count_);
        return service_count_++;
    }

    Status read_calendar() {
        enum : std::size_t { kId, kStart, kEnd, kMonday };
        return read("calendar.txt",
                    {{"service_id", kRequired}, {"start_date", kRequired}, {"end_date", kRequired},
                     {"monday", kRequired}, {"tuesday", kRequired}, {"wednesday", kRequired}, {"thursday", kRequired},
                     {"friday", kRequired}, {"saturday", kRequired}, {"sunday", kRequired}},
                    [&](const Row& row) {
            if (!take_id(row, kId, services_)) return;
            RawWeek week;
            for (std::size_t i = 0; i < week.weekdays.size(); ++i) {
                const auto runs = row[kMonday + i];
                if (runs != "0" && runs != "1") return row.drop(kMonday + i, fmt::format("{} is not 0 or 1", quoted(runs)));
                week.weekdays[i] = runs == "1";
            }
            const auto first = parse_gtfs_date(row[kStart]);
            const auto last = parse_gtfs_date(row[kEnd]);
            if (!first) return row.drop(kStart, fmt::format("{} is no date", quoted(row[kStart])));
            if (!last) return row.drop(kEnd, fmt::format("{} is no date", quoted(row[kEnd])));
            if (*last < *first) return row.drop(kEnd, "the end is before the start");
            week.first = *first;
            week.last = *last;
            week.service = service_index(row[kId]);
            weeks_.push_back(week);
        });
    }

    Status read_exceptions() {
        enum : std::size_t { kId, kDate, kType };
        return read("calendar_dates.txt",
                    {{"service_id", kRequired}, {"date", kRequired}, {"exception_type", kRequired}},
                    [&](const Row& row) {
            const auto date = parse_gtfs_date(row[kDate]);
            if (row[kId].empty()) return row.drop(kId, "the id is empty");
            if (!date) return row.drop(kDate, fmt::format("{} is no date", quoted(row[kDate])));
            if (row[kType] != "1" && row[kType] != "2") {
                return row.drop(kType, fmt::format("{} is not 1 or 2", quoted(row[kType])));
            }
            exceptions_.push_back({service_index(row[kId]), *date, row[kType] == "1"});
        });
    }

    Status read_trips() {
        enum : std::size_t { kRoute, kService, kId, kHeadsign, kShortName, kShape };
        const auto done = read("trips.txt",
                               {{"route_id", kRequired}, {"service_id", kRequired}, {"trip_id", kRequired},
                                {"trip_headsign"}, {"trip_short_name"}, {"shape_id"}},
                               [&](const Row& row) {
            trip_column_ = row.position(kId);
            if (!take_id(row, kId, trips_)) return;
            trips_.set(row[kId], Ids::kLeftOut);
            if (!routes_.knows(row[kRoute])) {
                return row.drop(kRoute, fmt::format("there is no route {}", quoted(row[kRoute])));
            }
            if (!services_.knows(row[kService])) {
                return row.drop(kService, fmt::format("there is no service {}", quoted(row[kService])));
            }
            raw_trips_.push_back({.id = std::string{row[kId]},
                                  .route = routes_.find(row[kRoute]),
                                  .service = services_.find(row[kService]),
                                  .headsign = std::string{row[kHeadsign]},
                                  .short_name = std::string{row[kShortName]},
                                  .shape = std::string{row[kShape]},
                                  .line = row.line()});
        });
        std::ranges::sort(raw_trips_, {}, &RawTrip::id);
        for (Index i = 0; i < raw_trips_.size(); ++i) trips_.set(raw_trips_[i].id, i);
        return done;
    }

    Status read_stop_times() {
        enum : std::size_t { kTrip, kArrival, kDeparture, kStop, kSequence, kPickUp, kDropOff, kTravelled };
        std::string last_trip;  // rows of a trip mostly follow each other
        Index trip = Ids::kUnknown;
        return read("stop_times.txt",
                    {{"trip_id", kRequired}, {"arrival_time", kRequired}, {"departure_time", kRequired},
                     {"stop_id", kRequired}, {"stop_sequence", kRequired}, {"pickup_type"}, {"drop_off_type"},
                     {"shape_dist_traveled"}},
                    [&](const Row& row) {
            if (row[kTrip] != last_trip || trip == Ids::kUnknown) {
                last_trip = row[kTrip];
                trip = trips_.find(last_trip);
            }
            if (trip == Ids::kUnknown) return row.drop(kTrip, fmt::format("there is no trip {}", quoted(row[kTrip])));
            // The trip was reported where it was left out.
            if (trip == Ids::kLeftOut) return;
            RawCall call;
            call.trip = trip;
            call.line = static_cast<std::uint32_t>(row.line());
            call.stop = stops_.find(row[kStop]);
            if (call.stop == Ids::kUnknown) return row.drop(kStop, fmt::format("there is no stop {}", quoted(row[kStop])));
            if (call.stop == Ids::kLeftOut) {
                return row.drop(kStop, fmt::format("{} is no place where trains call", quoted(row[kStop])));
            }
            const auto sequence = parse_count(row[kSequence]);
            if (!sequence) return row.drop(kSequence, fmt::format("{} is no sequence number", quoted(row[kSequence])));
            call.sequence = *sequence;
            if (!take_time(row, kArrival, call.arrival) || !take_time(row, kDeparture, call.departure)) return;
            if (call.arrival == kNoTime) call.arrival = call.departure;
            if (call.departure == kNoTime) call.departure = call.arrival;
            if (!take_permission(row, kPickUp, call.pick_up) || !take_permission(row, kDropOff, call.drop_off)) return;
            if (const auto travelled = row[kTravelled]; !travelled.empty()) {
                const auto value = parse_real(travelled);
                if (!value || *value < 0) return row.drop(kTravelled, fmt::format("{} is no distance", quoted(travelled)));
                call.travelled = *value;
            }
            raw_calls_.push_back(call);
        });
    }

    static bool take_time(const Row& row, std::size_t column, std::int32_t& time) {
        const auto text = row[column];
        if (text.empty()) return true;
        const auto value = parse_seconds(text);
        if (!value) row.drop(column, fmt::format("{} is no time up to {} hours", quoted(text), kMaxSeconds / 3600));
        else time = *value;
        return value.has_value();
    }

    /// pickup_type and drop_off_type: 1 is no, the rest (also by phone, or by telling the driver) is yes.
    static bool take_permission(const Row& row, std::size_t column, bool& allowed) {
        const auto text = row[column];
        if (text.empty()) return true;
        if (text.size() != 1 || text.front() < '0' || text.front() > '3') {
            row.drop(column, fmt::format("{} is not 0 to 3", quoted(text)));
            return false;
        }
        allowed = text.front() != '1';
        return true;
    }

    Status read_frequencies() {
        enum : std::size_t { kTrip, kStart, kEnd, kHeadway };
        // With exact_times 0 the times are a promise of the headway only; for a seat in a train they are its times.
        return read("frequencies.txt",
                    {{"trip_id", kRequired}, {"start_time", kRequired}, {"end_time", kRequired},
                     {"headway_secs", kRequired}},
                    [&](const Row& row) {
            const Index trip = trips_.find(row[kTrip]);
            if (trip == Ids::kUnknown) return row.drop(kTrip, fmt::format("there is no trip {}", quoted(row[kTrip])));
            if (trip == Ids::kLeftOut) return;
            const auto start = parse_seconds(row[kStart]);
            const auto end = parse_seconds(row[kEnd]);
            const auto headway = parse_count(row[kHeadway]);
            if (!start) return row.drop(kStart, fmt::format("{} is no time", quoted(row[kStart])));
            if (!end) return row.drop(kEnd, fmt::format("{} is no time", quoted(row[kEnd])));
            if (*end <= *start) return row.drop(kEnd, "the end is not after the start");
            if (!headway || *headway == 0) {
                return row.drop(kHeadway, fmt::format("{} is no number of seconds", quoted(row[kHeadway])));
            }
            const auto count = (static_cast<std::uint32_t>(*end - *start) - 1) / *headway + 1;
            if (raw_starts_.size() + count > kMaxStarts) {
                return row.drop(kHeadway, fmt::format("the feed has more than {} starts", kMaxStarts));
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                raw_starts_.push_back({trip, *start + static_cast<std::int32_t>(i * *headway)});
            }
        });
    }

    Status read_shapes() {
        enum : std::size_t { kId, kLatitude, kLongitude, kSequence, kTravelled };
        std::map<std::string, std::vector<Shape::Point>, std::less<>> points;
        for (const auto& trip : raw_trips_) {
            if (!trip.shape.empty()) points.try_emplace(trip.shape);
        }
        if (points.empty()) return {};
        const auto done = read("shapes.txt",
                               {{"shape_id", kRequired}, {"shape_pt_lat", kRequired}, {"shape_pt_lon", kRequired},
                                {"shape_pt_sequence", kRequired}, {"shape_dist_traveled"}},
                               [&](const Row& row) {
            const auto shape = points.find(row[kId]);
            // No trip follows it.
            if (shape == points.end()) return;
            const auto latitude = parse_real(row[kLatitude]);
            const auto longitude = parse_real(row[kLongitude]);
            const auto sequence = parse_count(row[kSequence]);
            if (!latitude || std::abs(*latitude) > 90) return row.drop(kLatitude, "this is no latitude");
            if (!longitude || std::abs(*longitude) > 180) return row.drop(kLongitude, "this is no longitude");
            if (!sequence) return row.drop(kSequence, fmt::format("{} is no sequence number", quoted(row[kSequence])));
            const auto travelled = parse_real(row[kTravelled]);
            shape->second.push_back({{*latitude, *longitude}, *sequence, travelled.value_or(kNotMeasured)});
        });
        if (!done) return done;
        for (auto& [id, line] : points) {
            if (line.size() > 1) shapes_.emplace(id, Shape{std::move(line)});
        }
        return {};
    }

    Status read_transfers() {
        enum : std::size_t { kFrom, kTo, kType, kSeconds, kFromTrip, kToTrip, kFromRoute, kToRoute };
        std::map<std::pair<Index, Index>, NetworkData::Transfer> found;
        const auto done = read("transfers.txt",
                               {{"from_stop_id", kRequired}, {"to_stop_id", kRequired}, {"transfer_type", kRequired},
                                {"min_transfer_time"}, {"from_trip_id"}, {"to_trip_id"}, {"from_route_id"},
                                {"to_route_id"}},
                               [&](const Row& row) {
            // A rule for two trains or two lines says nothing of the station.
            for (const auto column : {kFromTrip, kToTrip, kFromRoute, kToRoute}) {
                if (!row[column].empty()) return;
            }
            for (const auto column : {kFrom, kTo}) {
                if (stops_.find(row[column]) == Ids::kUnknown) {
                    return row.drop(column, fmt::format("there is no stop {}", quoted(row[column])));
                }
                if (stops_.find(row[column]) == Ids::kLeftOut) return;
            }
            const auto type = row[kType].empty() ? std::optional<std::uint32_t>{0} : parse_count(row[kType]);
            if (!type || *type > 5) return row.drop(kType, fmt::format("{} is no transfer type", quoted(row[kType])));
            if (*type > 3) return;  // staying in one's seat: between two trains
            const auto seconds = row[kSeconds].empty() ? std::optional<std::uint32_t>{0} : parse_count(row[kSeconds]);
            if (!seconds || *seconds > 86'400) {
                return row.drop(kSeconds, fmt::format("{} is no number of seconds within a day", quoted(row[kSeconds])));
            }
            NetworkData::Transfer transfer{.from = data_.stops[stops_.find(row[kFrom])].station,
                                           .to = data_.stops[stops_.find(row[kTo])].station,
                                           .kind = static_cast<NetworkData::Transfer::Kind>(*type),
                                           .seconds = *seconds};
            // Between platforms the times differ; the station's is the longest of them.
            auto& known = found.try_emplace({transfer.from, transfer.to}, transfer).first->second;
            if (transfer.seconds > known.seconds) known = transfer;
        });
        for (const auto& [ends, transfer] : found) data_.transfers.push_back(transfer);
        return done;
    }

    Status read_translations() {
        enum : std::size_t { kTable, kField, kText, kRecord, kValue };
        if (!archive_.has("translations.txt")) return {};
        std::unordered_map<std::string, std::vector<Index>, TextHash, std::equal_to<>> by_name;
        for (Index i = 0; i < data_.stations.size(); ++i) by_name[data_.stations[i].name].push_back(i);
        return read("translations.txt",
                    {{"table_name"}, {"field_name"}, {"translation"}, {"record_id"}, {"field_value"}},
                    [&](const Row& row) {
            if (row[kTable] != "stops" || row[kField] != "stop_name" || row[kText].empty()) return;
            if (!row[kRecord].empty()) {
                const Index stop = stops_.find(row[kRecord]);
                if (stop == Ids::kUnknown) {
                    return row.drop(kRecord, fmt::format("there is no stop {}", quoted(row[kRecord])));
                }
                if (stop != Ids::kLeftOut) add_alias(data_.stops[stop].station, row[kText]);
                return;
            }
            if (const auto named = by_name.find(row[kValue]); named != by_name.end()) {
                for (const Index station : named->second) add_alias(station, row[kText]);
            }
        });
    }

    void add_alias(Index station, std::string_view name) {
        auto& record = data_.stations[station];
        if (name == record.name || std::ranges::find(record.aliases, name) != record.aliases.end()) return;
        record.aliases.emplace_back(name);
    }

    // --- From rows to trips ---

    Status make_trips() {
        std::ranges::stable_sort(raw_calls_, [](const RawCall& left, const RawCall& right) {
            return std::pair{left.trip, left.sequence} < std::pair{right.trip, right.sequence};
        });
        std::ranges::sort(raw_starts_);
        const auto repeated = std::ranges::unique(raw_starts_);
        raw_starts_.erase(repeated.begin(), repeated.end());
        measure_unit();

        auto next = raw_calls_.begin();
        auto start = raw_starts_.begin();
        for (Index i = 0; i < raw_trips_.size(); ++i) {
            const auto first = next;
            while (next != raw_calls_.end() && next->trip == i) ++next;
            auto stops = without_repeats({first, next});
            const auto first_start = start;
            while (start != raw_starts_.end() && start->trip == i) ++start;
            if (make_trip(raw_trips_[i], stops)) {
                auto& made = data_.trips.back();
                made.first_start = static_cast<Index>(data_.starts.size());
                made.start_count = static_cast<Index>(start - first_start);
                for (auto each = first_start; each != start; ++each) data_.starts.push_back(each->start);
            }
            if (findings_.refusal()) return *findings_.refusal();
        }
        raw_calls_ = {};
        if (data_.trips.empty()) return refused("the feed has no trip that can be used");
        return {};
    }

    /// Of rows with one sequence number, the first.
    std::span<RawCall> without_repeats(std::span<RawCall> stops) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < stops.size(); ++i) {
            if (kept > 0 && stops[kept - 1].sequence == stops[i].sequence) {
                findings_.drop("stop_times.txt", stops[i].line, 0,
                               fmt::format("the trip has two calls with stop_sequence {}", stops[i].sequence));
            } else {
                stops[kept++] = stops[i];
            }
        }
        return stops.first(kept);
    }

    /// A trip whose calls make no sense is left out as a whole: half a train is worse than none.
    bool leave_out(const RawTrip& trip, std::size_t line, std::string_view why) {
        const auto detail = line == 0 ? std::string{why} : fmt::format("{} (stop_times.txt:{})", why, line);
        findings_.drop("trips.txt", trip.line, trip_column_,
                       fmt::format("the trip {} is left out: {}", quoted(trip.id), detail));
        return false;
    }

    bool make_trip(const RawTrip& trip, std::span<RawCall> stops) {
        if (stops.size() < 2) return leave_out(trip, 0, "it has fewer than two calls");
        if (stops.size() > kMaxCalls) return leave_out(trip, 0, fmt::format("it has more than {} calls", kMaxCalls));
        for (const auto* end : {&stops.front(), &stops.back()}) {
            if (end->arrival == kNoTime) return leave_out(trip, end->line, "its first and last call need times");
        }
        std::int32_t time = 0;
        for (const auto& call : stops) {
            if (call.arrival == kNoTime) continue;
            if (call.arrival < time || call.departure < call.arrival) {
                return leave_out(trip, call.line, "its times run backwards");
            }
            time = call.departure;
        }
        const auto metres = metres_of(trip, stops);
        fill_times(stops, metres);
        data_.trips.push_back({.id = trip.id,
                               .route = trip.route,
                               .service = trip.service,
                               .headsign = trip.headsign,
                               .short_name = trip.short_name,
                               .first_call = static_cast<Index>(data_.calls.size()),
                               .call_count = static_cast<Index>(stops.size())});
        for (std::size_t i = 0; i < stops.size(); ++i) {
            data_.calls.push_back({.stop = stops[i].stop,
                                   .arrival = stops[i].arrival,
                                   .departure = stops[i].departure,
                                   .distance = static_cast<std::uint32_t>(std::min(std::round(metres[i]), 4e9)),
                                   .pick_up = stops[i].pick_up,
                                   .drop_off = stops[i].drop_off});
        }
        return true;
    }

    /// Calls without times get them between their neighbours: by distance, or evenly where that says nothing.
    static void fill_times(std::span<RawCall> stops, const std::vector<double>& metres) {
        std::size_t before = 0;
        for (std::size_t after = 1; after < stops.size(); ++after) {
            if (stops[after].arrival == kNoTime) continue;
            const double way = metres[after] - metres[before];
            const double time = stops[after].arrival - stops[before].departure;
            for (std::size_t i = before + 1; i < after; ++i) {
                const double share = way > 0 ? (metres[i] - metres[before]) / way
                                             : static_cast<double>(i - before) / static_cast<double>(after - before);
                stops[i].arrival = stops[before].departure + static_cast<std::int32_t>(time * share);
                stops[i].departure = stops[i].arrival;
            }
            before = after;
        }
    }

    static bool is_measured(std::span<const RawCall> stops) {
        double last = 0;
        for (const auto& call : stops) {
            if (!(call.travelled >= last)) return false;
            last = call.travelled;
        }
        return stops.back().travelled > stops.front().travelled;
    }

    std::vector<double> great_circles(std::span<const RawCall> stops) const {
        std::vector<double> metres(stops.size());
        std::optional<Position> last = positions_[stops.front().stop];
        for (std::size_t i = 1; i < stops.size(); ++i) {
            metres[i] = metres[i - 1];
            const auto& here = positions_[stops[i].stop];
            // A stop without a position adds nothing; the way past it is that between its neighbours.
            if (last && here) metres[i] += metres_between(*last, *here);
            if (here) last = here;
        }
        return metres;
    }

    /// Finds out what shape_dist_traveled counts.
    void measure_unit() {
        double travelled = 0;
        double great_circle = 0;
        for (auto first = raw_calls_.begin(); first != raw_calls_.end();) {
            const auto last = std::find_if(first, raw_calls_.end(), [&](const RawCall& call) {
                return call.trip != first->trip;
            });
            const std::span<const RawCall> stops{first, last};
            if (stops.size() > 1 && is_measured(stops)) {
                travelled += stops.back().travelled - stops.front().travelled;
                great_circle += great_circles(stops).back();
            }
            first = last;
        }
        metres_per_unit_ = metres_per_unit(travelled, great_circle);
    }

    /// Metres from the origin to each call.
    std::vector<double> metres_of(const RawTrip& trip, std::span<const RawCall> stops) {
        const auto shape = shapes_.find(trip.shape);
        std::vector<double> metres;
        if (is_measured(stops)) {
            const bool on_shape = shape != shapes_.end() && shape->second.is_measured();
            for (const auto& call : stops) {
                metres.push_back(on_shape ? shape->second.metres_at(call.travelled) : call.travelled * metres_per_unit_);
            }
        } else if (shape != shapes_.end()) {
            metres = metres_along(shape->first, shape->second, stops);
        }
        if (metres.empty() || !(metres.back() > metres.front())) return great_circles(stops);
        const double origin = metres.front();
        for (auto& each : metres) each -= origin;
        return metres;
    }

    /// Most trips of a line share shape and stops, and this is slow: so it is done once for them.
    std::vector<double> metres_along(const std::string& id, const Shape& shape, std::span<const RawCall> stops) {
        std::vector<Index> pattern;
        std::vector<Position> positions;
        for (const auto& call : stops) {
            pattern.push_back(call.stop);
            if (positions_[call.stop]) positions.push_back(*positions_[call.stop]);
        }
        const auto [known, is_new] = along_shapes_.try_emplace({id, std::move(pattern)});
        if (is_new && positions.size() == stops.size()) known->second = shape.metres_to(positions);
        return known->second;
    }

    // --- Dates ---

    /// The dates on which anything runs, as the calendars promise them.
    std::optional<std::pair<ServiceDate, ServiceDate>> promised_dates() const {
        std::optional<std::pair<ServiceDate, ServiceDate>> span;
        const auto widen = [&](ServiceDate first, ServiceDate last) {
            if (!span) span.emplace(first, last);
            span->first = std::min(span->first, first);
            span->second = std::max(span->second, last);
        };
        std::vector<bool> used(service_count_);
        for (const auto& trip : data_.trips) used[trip.service] = true;
        for (const auto& week : weeks_) {
            if (const auto first = first_of(week); first && used[week.service]) widen(*first, *last_of(week));
        }
        for (const auto& exception : exceptions_) {
            if (exception.added && used[exception.service]) widen(exception.date, exception.date);
        }
        return span;
    }

    /// At most kMaxServiceDays from the first date; where today is beyond these, from a year before today.
    std::pair<ServiceDate, ServiceDate> clipped(std::pair<ServiceDate, ServiceDate> promised) {
        const auto [first, last] = promised;
        const days room{kMaxServiceDays - 1};
        if (last - first <= room) return promised;
        auto from = first;
        if (!options_.rebase && options_.today > first + room) {
            from = std::min(options_.today - days{366}, last - room);
        }
        findings_.note(fmt::format("the feed promises dates from {} to {}; those from {} to {} are kept", to_string(first),
                                   to_string(last), to_string(from), to_string(from + room)));
        return {from, from + room};
    }

    Status make_services() {
        const auto promised = promised_dates();
        if (!promised) return refused("the feed has no date on which a trip runs");
        const auto [from, to] = clipped(*promised);
        const auto length = static_cast<std::size_t>((to - from).count()) + 1;
        std::vector<std::vector<bool>> runs(service_count_);
        for (const auto& trip : data_.trips) runs[trip.service].resize(length);
        const auto set = [&](Index service, ServiceDate date, bool value) {
            if (date < from || date > to || runs[service].empty()) return;
            runs[service][static_cast<std::size_t>((date - from).count())] = value;
        };
        for (const auto& week : weeks_) {
            for (auto date = std::max(week.first, from); date <= std::min(week.last, to); date += days{1}) {
                if (week.weekdays[weekday_of(date)]) set(week.service, date, true);
            }
        }
        for (const auto& exception : exceptions_) set(exception.service, exception.date, exception.added);

        // Exceptions may have emptied the first or the last days.
        std::vector<bool> any(length);
        for (const auto& service : runs) {
            for (std::size_t day = 0; day < service.size(); ++day) any[day] = any[day] || service[day];
        }
        const auto first = std::ranges::find(any, true);
        if (first == any.end()) return refused("the feed has no date on which a trip runs");
        const auto skipped = static_cast<std::size_t>(first - any.begin());
        const auto behind = static_cast<std::size_t>(std::find(any.rbegin(), any.rend(), true).base() - any.begin());
        data_.first_date = rebased(from + days{skipped});
        data_.days = static_cast<std::uint32_t>(behind - skipped);
        pack_services(runs, skipped);
        return {};
    }

    /// Trips with the same dates share one service.
    void pack_services(const std::vector<std::vector<bool>>& runs, std::size_t skipped) {
        std::map<std::vector<std::uint64_t>, Index> known;
        std::vector<Index> packed(runs.size());
        for (std::size_t service = 0; service < runs.size(); ++service) {
            if (runs[service].empty()) continue;
            std::vector<std::uint64_t> bits(data_.words_per_service());
            for (std::uint32_t day = 0; day < data_.days; ++day) {
                if (runs[service][skipped + day]) bits[day / 64] |= std::uint64_t{1} << (day % 64);
            }
            const auto next = static_cast<Index>(known.size());
            const auto [entry, is_new] = known.try_emplace(bits, next);
            if (is_new) data_.services.insert(data_.services.end(), bits.begin(), bits.end());
            packed[service] = entry->second;
        }
        const auto never = known.find(std::vector<std::uint64_t>(data_.words_per_service()));
        std::size_t idle = 0;
        for (auto& trip : data_.trips) {
            trip.service = packed[trip.service];
            if (never != known.end() && trip.service == never->second) ++idle;
        }
        if (idle > 0) findings_.note(fmt::format("{} trips run on none of the dates", idle));
    }

    /// Whole weeks, so that a Monday stays a Monday.
    ServiceDate rebased(ServiceDate first) {
        if (!options_.rebase) return first;
        auto gap = (*options_.rebase - first).count();
        gap += ((first - *options_.rebase).count() % 7 + 7) % 7;
        findings_.note(fmt::format("the dates are moved by {} weeks: {} is now {}", gap / 7, to_string(first),
                                   to_string(first + days{gap})));
        return first + days{gap};
    }

    Archive& archive_;
    const GtfsOptions& options_;
    Findings findings_;
    NetworkData data_;
    std::uint64_t bytes_ = 0;
    std::uint64_t total_ = 0;

    Ids agencies_;
    Ids stops_;  // to data_.stops
    Ids routes_;
    Ids services_;
    Index service_count_ = 0;
    Ids trips_;  // to raw_trips_
    std::size_t trip_column_ = 0;
    std::vector<std::optional<Position>> positions_;  // of data_.stops
    std::vector<RawWeek> weeks_;
    std::vector<RawException> exceptions_;
    std::vector<RawTrip> raw_trips_;  // by id
    std::vector<RawCall> raw_calls_;
    std::vector<RawStart> raw_starts_;
    std::map<std::string, Shape, std::less<>> shapes_;
    std::map<std::pair<std::string, std::vector<Index>>, std::vector<double>> along_shapes_;
    double metres_per_unit_ = 1;
};

}  // namespace

Result<GtfsImport> read_gtfs(Archive& archive, const GtfsOptions& options) {
    return Importer{archive, options}.run();
}

}  // namespace railbook::timetable

#include "timetable/gtfs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/zones.hpp"
#include "timetable/distances.hpp"
#include "timetable/gtfs_dates.hpp"
#include "timetable/gtfs_rows.hpp"
#include "timetable/gtfs_table.hpp"
#include "timetable/gtfs_trips.hpp"
#include "timetable/limits.hpp"

namespace railbook::timetable {
namespace {

using std::chrono::days;

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

/// Stops as they stand in the file, before it is known which are stations.
struct RawStop {
    std::string id;
    std::string name;
    std::string parent;
    std::string zone;
    std::string platform;
    std::string code;
    NetworkData::StepFree step_free = NetworkData::StepFree::unknown;
    std::uint32_t type = 0;
    std::optional<Position> position;
    std::size_t line = 0;
};

class Importer {
public:
    Importer(Archive& archive, const GtfsOptions& options)
        : archive_{archive}, options_{options}, findings_{options.strict} {
        network_.feed = options.feed;
    }

    Result<GtfsImport> run() && {
        // In the order in which one file refers to another.
        constexpr std::array kSteps{
            &Importer::check_files,      &Importer::read_agencies,  &Importer::read_feed_info,
            &Importer::read_stops,       &Importer::read_routes,    &Importer::read_calendar,
            &Importer::read_exceptions,  &Importer::read_trips,     &Importer::read_stop_times,
            &Importer::read_frequencies, &Importer::read_shapes,    &Importer::read_transfers,
            &Importer::read_translations};
        for (const auto step : kSteps) {
            if (const auto done = (this->*step)(); !done) return done.error();
            if (findings_.refusal()) return *findings_.refusal();
        }
        if (const auto done = make_trips(rows_, findings_); !done) return done.error();
        if (const auto done = make_services(rows_, findings_, options_.rebase, options_.today); !done) {
            return done.error();
        }
        if (auto why = beyond_limits(network_)) return refused(*std::move(why));
        GtfsImport result;
        result.report.feed = {.name = network_.feed,
                              .checksum = {},
                              .publisher = network_.publisher,
                              .first_date = network_.first_date,
                              .last_date = network_.first_date + days{network_.days - 1},
                              .stations = network_.stations.size(),
                              .trips = network_.trips.size()};
        result.report.bytes = bytes_;
        std::move(findings_).move_into(result.report);
        result.network = std::move(rows_.network);
        return result;
    }

private:
    static constexpr std::array<std::string_view, 5> kRequiredFiles{
        "agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt"};
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
        const auto found = std::ranges::find(network_.zones, name);
        if (found != network_.zones.end()) return static_cast<Index>(found - network_.zones.begin());
        if (!base::find_zone(name)) return std::nullopt;
        network_.zones.emplace_back(name);
        return static_cast<Index>(network_.zones.size() - 1);
    }

    Status read_agencies() {
        enum : std::size_t { kId, kName, kZone };
        const auto done = read("agency.txt",
                               {{"agency_id"}, {"agency_name", kRequired}, {"agency_timezone", kRequired}},
                               [&](const Row& row) {
            if (agencies_.find(row[kId]) != Ids::kUnknown) {
                return row.drop(kId, fmt::format("the id {} comes twice", quoted(row[kId])));
            }
            const auto zone = zone_index(row[kZone]);
            if (!zone) return row.refuse(kZone, fmt::format("there is no time zone {}", quoted(row[kZone])));
            agencies_.set(row[kId], static_cast<Index>(network_.agencies.size()));
            network_.agencies.push_back({std::string{row[kId]}, std::string{row[kName]}, *zone});
        });
        if (!done) return done;
        if (network_.agencies.empty()) return refused("agency.txt names no agency");
        return {};
    }

    Status read_feed_info() {
        enum : std::size_t { kPublisher };
        const auto done = read("feed_info.txt", {{"feed_publisher_name"}}, [&](const Row& row) {
            if (network_.publisher.empty()) network_.publisher = row[kPublisher];
        });
        if (network_.publisher.empty()) network_.publisher = network_.agencies.front().name;
        return done;
    }

    /// wheelchair_boarding and wheelchair_accessible. A row is not left out for it.
    static NetworkData::StepFree step_free_of(const Row& row, std::size_t column) {
        const auto text = row[column];
        if (text.empty() || text == "0") return NetworkData::StepFree::unknown;
        if (text == "1") return NetworkData::StepFree::yes;
        if (text == "2") return NetworkData::StepFree::no;
        row.note(column, fmt::format("{} is not 0 to 2; it counts as unknown", quoted(text)));
        return NetworkData::StepFree::unknown;
    }

    Status read_stops() {
        enum : std::size_t { kId, kName, kLatitude, kLongitude, kType, kParent, kZone, kPlatform, kCode, kStepFree };
        std::vector<RawStop> raw;
        std::size_t parent_column = 0;
        const auto done = read("stops.txt",
                               {{"stop_id", kRequired}, {"stop_name", kRequired}, {"stop_lat"}, {"stop_lon"},
                                {"location_type"}, {"parent_station"}, {"stop_timezone"}, {"platform_code"},
                                {"stop_code"}, {"wheelchair_boarding"}},
                               [&](const Row& row) {
            if (!take_id(row, kId, stops_)) return;
            stops_.set(row[kId], Ids::kLeftOut);
            parent_column = row.position(kParent);
            RawStop stop{.id = std::string{row[kId]},
                         .name = std::string{row[kName]},
                         .parent = std::string{row[kParent]},
                         .zone = std::string{row[kZone]},
                         .platform = std::string{row[kPlatform]},
                         .code = std::string{row[kCode]},
                         .step_free = step_free_of(row, kStepFree),
                         .position = {},
                         .line = row.line()};
            if (!row[kType].empty()) {
                const auto type = parse_count(row[kType]);
                if (!type || *type > 4) {
                    return row.drop(kType, fmt::format("{} is no location type", quoted(row[kType])));
                }
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
        const Index feed_zone = network_.agencies.front().zone;
        Ids stations;
        std::vector<bool> has_zone;
        std::vector<std::optional<Position>> positions;
        std::vector<NetworkData::StepFree> step_free_of_station;
        for (const auto& stop : raw) {
            if (!stop.parent.empty() && stop.type == 0) continue;
            stations.set(stop.id, static_cast<Index>(network_.stations.size()));
            has_zone.push_back(!stop.zone.empty());
            positions.push_back(stop.position);
            step_free_of_station.push_back(stop.step_free);
            network_.stations.push_back({.id = stop.id,
                                      .name = stop.name,
                                      .aliases = {},
                                      .zone = stop.zone.empty() ? feed_zone : *zone_index(stop.zone),
                                      .code = stop.code});
        }
        for (const auto& stop : raw) {
            const bool is_child = !stop.parent.empty() && stop.type == 0;
            const Index station = stations.find(is_child ? stop.parent : stop.id);
            if (station == Ids::kUnknown) {
                findings_.drop("stops.txt", stop.line, parent_column,
                               fmt::format("there is no station {}", quoted(stop.parent)));
                continue;
            }
            auto& parent = network_.stations[station];
            // GTFS: the zone of a station is that of its platforms, whatever they say. Where it says nothing, they do.
            if (is_child && !stop.zone.empty() && !has_zone[station]) {
                parent.zone = *zone_index(stop.zone);
                has_zone[station] = true;
            }
            if (!positions[station]) positions[station] = stop.position;
            std::string platform = stop.platform;
            if (is_child && platform.empty() && stop.name != parent.name) platform = stop.name;
            stops_.set(stop.id, static_cast<Index>(network_.stops.size()));
            auto step_free = stop.step_free;
            if (is_child && step_free == NetworkData::StepFree::unknown) step_free = step_free_of_station[station];
            network_.stops.push_back({stop.id, station, std::move(platform), step_free});
            rows_.positions.push_back(stop.position);
        }
        for (std::size_t i = 0; i < network_.stops.size(); ++i) {
            const auto& of_station = positions[network_.stops[i].station];
            if (!rows_.positions[i]) rows_.positions[i] = of_station;
        }
        std::size_t unplaced = 0;
        for (std::size_t i = 0; i < network_.stations.size(); ++i) {
            if (positions[i]) {
                network_.stations[i].latitude = positions[i]->latitude;
                network_.stations[i].longitude = positions[i]->longitude;
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
            if (row[kAgency].empty() && network_.agencies.size() == 1) agency = 0;
            if (agency == Ids::kUnknown) {
                return row.drop(kAgency, fmt::format("there is no agency {}", quoted(row[kAgency])));
            }
            const auto type = parse_count(row[kType]);
            if (!type || *type > 9999) return row.drop(kType, fmt::format("{} is no route type", quoted(row[kType])));
            routes_.set(row[kId], static_cast<Index>(network_.routes.size()));
            network_.routes.push_back({.id = std::string{row[kId]},
                                    .agency = agency,
                                    .type = static_cast<std::uint16_t>(*type),
                                    .short_name = std::string{row[kShort]},
                                    .long_name = std::string{row[kLong]}});
        });
    }

    Index service_index(std::string_view id) {
        const Index known = services_.find(id);
        if (known != Ids::kUnknown) return known;
        services_.set(id, rows_.service_count);
        return rows_.service_count++;
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
                if (runs != "0" && runs != "1") {
                    return row.drop(kMonday + i, fmt::format("{} is not 0 or 1", quoted(runs)));
                }
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
            rows_.weeks.push_back(week);
        });
    }

    Status read_exceptions() {
        enum : std::size_t { kId, kDate, kType };
        std::string last_id;  // rows of a service mostly follow each other
        Index service = Ids::kUnknown;
        return read("calendar_dates.txt",
                    {{"service_id", kRequired}, {"date", kRequired}, {"exception_type", kRequired}},
                    [&](const Row& row) {
            const auto date = parse_gtfs_date(row[kDate]);
            if (row[kId].empty()) return row.drop(kId, "the id is empty");
            if (!date) return row.drop(kDate, fmt::format("{} is no date", quoted(row[kDate])));
            if (row[kType] != "1" && row[kType] != "2") {
                return row.drop(kType, fmt::format("{} is not 1 or 2", quoted(row[kType])));
            }
            if (row[kId] != last_id || service == Ids::kUnknown) {
                last_id = row[kId];
                service = service_index(last_id);
            }
            rows_.exceptions.push_back({service, *date, row[kType] == "1"});
        });
    }

    Status read_trips() {
        enum : std::size_t { kRoute, kService, kId, kHeadsign, kShortName, kShape, kBlock, kStepFree };
        Ids blocks;
        Index block_count = 0;
        const auto done = read("trips.txt",
                               {{"route_id", kRequired}, {"service_id", kRequired}, {"trip_id", kRequired},
                                {"trip_headsign"}, {"trip_short_name"}, {"shape_id"}, {"block_id"},
                                {"wheelchair_accessible"}},
                               [&](const Row& row) {
            rows_.trip_column = row.position(kId);
            if (!take_id(row, kId, trips_)) return;
            trips_.set(row[kId], Ids::kLeftOut);
            if (!routes_.knows(row[kRoute])) {
                return row.drop(kRoute, fmt::format("there is no route {}", quoted(row[kRoute])));
            }
            if (!services_.knows(row[kService])) {
                return row.drop(kService, fmt::format("there is no service {}", quoted(row[kService])));
            }
            Index block = kNone;
            if (const auto text = row[kBlock]; !text.empty()) {
                block = blocks.find(text);
                if (block == Ids::kUnknown) blocks.set(text, block = block_count++);
            }
            rows_.trips.push_back({.id = std::string{row[kId]},
                                  .route = routes_.find(row[kRoute]),
                                  .service = services_.find(row[kService]),
                                  .headsign = std::string{row[kHeadsign]},
                                  .short_name = std::string{row[kShortName]},
                                  .shape = std::string{row[kShape]},
                                  .block = block,
                                  .step_free = step_free_of(row, kStepFree),
                                  .line = row.line()});
        });
        std::ranges::sort(rows_.trips, {}, &RawTrip::id);
        for (Index i = 0; i < rows_.trips.size(); ++i) trips_.set(rows_.trips[i].id, i);
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
            if (call.stop == Ids::kUnknown) {
                return row.drop(kStop, fmt::format("there is no stop {}", quoted(row[kStop])));
            }
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
                if (!value || *value < 0) {
                    return row.drop(kTravelled, fmt::format("{} is no distance", quoted(travelled)));
                }
                call.travelled = *value;
            }
            rows_.calls.push_back(call);
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
            if (rows_.starts.size() + count > kMaxStarts) {
                return row.drop(kHeadway, fmt::format("the feed has more than {} starts", kMaxStarts));
            }
            for (std::uint32_t i = 0; i < count; ++i) {
                rows_.starts.push_back({trip, *start + static_cast<std::int32_t>(i * *headway)});
            }
        });
    }

    Status read_shapes() {
        enum : std::size_t { kId, kLatitude, kLongitude, kSequence, kTravelled };
        std::map<std::string, std::vector<Shape::Point>, std::less<>> points;
        for (const auto& trip : rows_.trips) {
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
            if (line.size() > 1) rows_.shapes.emplace(id, Shape{std::move(line)});
        }
        return {};
    }

    Status read_transfers() {
        enum : std::size_t { kFrom, kTo, kType, kSeconds, kFromTrip, kToTrip, kFromRoute, kToRoute };
        using Train = NetworkData::TrainTransfer;
        using Named = std::array<Index, 4>;  // both trips, both routes
        std::map<std::pair<Named, std::pair<Index, Index>>, NetworkData::Transfer> found;
        std::map<std::pair<Index, Index>, bool> stays;
        const auto done = read("transfers.txt",
                               {{"from_stop_id"}, {"to_stop_id"}, {"transfer_type", kRequired}, {"min_transfer_time"},
                                {"from_trip_id"}, {"to_trip_id"}, {"from_route_id"}, {"to_route_id"}},
                               [&](const Row& row) {
            const auto type = row[kType].empty() ? std::optional<std::uint32_t>{0} : parse_count(row[kType]);
            if (!type || *type > 5) return row.drop(kType, fmt::format("{} is no transfer type", quoted(row[kType])));
            if (*type > 3) {
                for (const auto column : {kFromTrip, kToTrip}) {
                    if (trips_.find(row[column]) == Ids::kUnknown) {
                        return row.drop(column, fmt::format("there is no trip {}", quoted(row[column])));
                    }
                    if (trips_.find(row[column]) == Ids::kLeftOut) return;
                }
                stays[{trips_.find(row[kFromTrip]), trips_.find(row[kToTrip])}] = *type == 4;
                return;
            }
            // A rule for some trains or lines says nothing of the others.
            Named named{kNone, kNone, kNone, kNone};
            for (std::size_t i = 0; i < named.size(); ++i) {
                const auto column = std::array{kFromTrip, kToTrip, kFromRoute, kToRoute}[i];
                if (row[column].empty()) continue;
                const auto& ids = i < 2 ? trips_ : routes_;
                named[i] = ids.find(row[column]);
                if (named[i] == Ids::kUnknown) {
                    return row.drop(column, fmt::format("there is no {} {}", i < 2 ? "trip" : "route",
                                                        quoted(row[column])));
                }
                if (named[i] == Ids::kLeftOut) return;
                // The trip says more than its route.
                if (i >= 2 && named[i - 2] != kNone) named[i] = kNone;
            }
            for (const auto column : {kFrom, kTo}) {
                if (stops_.find(row[column]) == Ids::kUnknown) {
                    return row.drop(column, fmt::format("there is no stop {}", quoted(row[column])));
                }
                if (stops_.find(row[column]) == Ids::kLeftOut) return;
            }
            const auto seconds = row[kSeconds].empty() ? std::optional{NetworkData::Transfer::kUsual}
                                                       : parse_count(row[kSeconds]);
            if (!seconds || (*seconds > NetworkData::Transfer::kMostSeconds && !row[kSeconds].empty())) {
                return row.drop(kSeconds,
                                fmt::format("{} is no number of seconds within a day", quoted(row[kSeconds])));
            }
            const NetworkData::Transfer transfer{.from = stops_.find(row[kFrom]),
                                                 .to = stops_.find(row[kTo]),
                                                 .kind = static_cast<NetworkData::Transfer::Kind>(*type),
                                                 .seconds = *seconds};
            // Of two rows for the same stops the stricter counts; one that names a time before one that names none.
            const auto strictness = [](const NetworkData::Transfer& each) {
                return std::pair{each.kind == NetworkData::Transfer::Kind::impossible, each.seconds + 1U};
            };
            auto& known = found.try_emplace({named, {transfer.from, transfer.to}}, transfer).first->second;
            if (strictness(transfer) > strictness(known)) known = transfer;
        });
        for (const auto& [key, transfer] : found) {
            const auto& [from_trip, to_trip, from_route, to_route] = key.first;
            if (key.first == Named{kNone, kNone, kNone, kNone}) network_.transfers.push_back(transfer);
            else rows_.train_transfers.push_back(Train{transfer, from_trip, to_trip, from_route, to_route});
        }
        for (const auto& [ends, stay] : stays) rows_.continuations.push_back({ends.first, ends.second, stay});
        return done;
    }

    Status read_translations() {
        enum : std::size_t { kTable, kField, kText, kRecord, kValue };
        if (!archive_.has("translations.txt")) return {};
        std::unordered_map<std::string, std::vector<Index>, TextHash, std::equal_to<>> by_name;
        for (Index i = 0; i < network_.stations.size(); ++i) by_name[network_.stations[i].name].push_back(i);
        return read("translations.txt",
                    {{"table_name"}, {"field_name"}, {"translation"}, {"record_id"}, {"field_value"}},
                    [&](const Row& row) {
            if (row[kTable] != "stops" || row[kField] != "stop_name" || row[kText].empty()) return;
            if (!row[kRecord].empty()) {
                const Index stop = stops_.find(row[kRecord]);
                if (stop == Ids::kUnknown) {
                    return row.drop(kRecord, fmt::format("there is no stop {}", quoted(row[kRecord])));
                }
                if (stop != Ids::kLeftOut) add_alias(network_.stops[stop].station, row[kText]);
                return;
            }
            if (const auto named = by_name.find(row[kValue]); named != by_name.end()) {
                for (const Index station : named->second) add_alias(station, row[kText]);
            }
        });
    }

    void add_alias(Index station, std::string_view name) {
        auto& record = network_.stations[station];
        if (name == record.name || std::ranges::find(record.aliases, name) != record.aliases.end()) return;
        record.aliases.emplace_back(name);
    }

    Archive& archive_;
    const GtfsOptions& options_;
    Findings findings_;
    FeedRows rows_;
    NetworkData& network_ = rows_.network;
    std::uint64_t bytes_ = 0;
    std::uint64_t total_ = 0;

    // To positions in the rows: of the network, but for the trips.
    Ids agencies_;
    Ids stops_;
    Ids routes_;
    Ids services_;
    Ids trips_;
};

}  // namespace

Result<GtfsImport> read_gtfs(Archive& archive, const GtfsOptions& options) {
    return Importer{archive, options}.run();
}

}  // namespace railbook::timetable

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include "operations/encode.hpp"
#include "operations/passengers.hpp"
#include "operations/table.hpp"
#include "timetable/one_version.hpp"
#include "timetable/snapshot.hpp"

namespace railbook::operations {
namespace {

using boost::json::value;

Result<value> list_feeds(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto feeds = request.engine.timetable().feeds();
    if (!feeds) return feeds.error();
    return list_of(encode(*feeds));
}

Result<value> remove_feed(Request& request) {
    const auto name = request.body.text("name");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    if (const auto removed = request.engine.timetable().remove_feed(name); !removed) return removed.error();
    return value(nullptr);
}

/// `document` as text, for the importer to check.
std::string take_document(Request& request) {
    const auto* document = request.body.member("document");
    if (document) return boost::json::serialize(*document);
    request.body.mistake("document", "is missing");
    return {};
}

Result<value> find_document(const Result<std::vector<Document>>& documents, const std::string& name,
                            std::string_view kind) {
    if (!documents) return documents.error();
    // The newest of that name.
    for (auto document = documents->rbegin(); document != documents->rend(); ++document) {
        if (document->name == name) return encode(*document);
    }
    return Error{ErrorCode::not_found, fmt::format("there is no {} '{}'", kind, name),
                 fmt::format("'railbook {} list' shows what there is", kind)};
}

Result<value> import_layouts(Request& request) {
    const auto text = take_document(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto document = request.engine.timetable().import_layouts(text);
    if (!document) return document.error();
    return encode(*document);
}

Result<value> list_layouts(Request& request) {
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto documents = request.engine.timetable().layouts();
    if (!documents) return documents.error();
    return list_of(encode(*documents));
}

Result<value> show_layouts(Request& request) {
    const auto name = request.body.text("name");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    return find_document(request.engine.timetable().layouts(), name, "layout");
}

Result<value> find_stations(Request& request) {
    const auto text = request.body.text("q");
    const auto page = request.page();
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto stations = request.engine.timetable().find_stations(text, page.limit);
    if (!stations) return stations.error();
    return list_of(encode(*stations));
}

Result<value> show_station(Request& request) {
    const auto id = request.body.text("id");
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto station = request.engine.timetable().station(id);
    if (!station) return station.error();
    return encode(*station);
}

/// A whole day is a window from its first instant to the next day's: 23 hours where the clock goes forward.
struct DayWindow {
    Timestamp begin;
    Timestamp end;
};
Result<DayWindow> day_of(Timestamp begin, std::string_view zone) {
    const auto date = date_in(begin, zone);
    if (!date) return date.error();
    const auto end = start_of_day(*date + std::chrono::days{1}, zone);
    if (!end) return end.error();
    return DayWindow{begin, *end};
}

TravelWishes take_wishes(base::ObjectReader& body) {
    TravelWishes wishes;
    wishes.passengers = take_passengers(body, false);
    wishes.travel_class = body.optional_text("class", 64).value_or("");
    wishes.with_seats = body.boolean("with_seats", false);
    wishes.together = body.boolean("together", false);
    if (const auto text = body.optional_text("max_price", 64)) {
        const auto price = parse_money(*text);
        if (price) wishes.max_price = *price;
        else body.mistake("max_price", price.error().detail + ": " + price.error().hint);
    }
    return wishes;
}

/// Where nothing is found in a class that no train has, that is said: a misspelt class must not look like a day that is
/// sold out.
Result<JourneyPage> find_as_wished(Engine& engine, const JourneyQuery& query, const TravelWishes& wishes) {
    auto page = engine.find_journeys(query, wishes);
    if (!page || !page->journeys.empty() || wishes.travel_class.empty()) return page;
    const auto snapshot = engine.timetable().snapshot();
    if (!snapshot) return snapshot.error();
    auto classes = (*snapshot)->rules.classes();
    if (classes.contains(wishes.travel_class)) return page;
    // A run may have been given coaches of its own.
    const auto any = engine.find_journeys(query, {.passengers = wishes.passengers});
    if (!any) return any.error();
    for (const auto& journey : any->journeys) {
        for (const auto& leg : journey.legs) {
            for (const auto& [travel_class, ignored] : leg.free) classes.insert(travel_class);
        }
    }
    if (classes.contains(wishes.travel_class)) return page;
    return Error{ErrorCode::not_found, fmt::format("no train has the class '{}'", wishes.travel_class),
                 fmt::format("there are {}", fmt::join(classes, ", "))};
}

Result<value> find_journeys(Request& request) {
    const auto from_text = request.body.text("from");
    const auto to_text = request.body.text("to");
    const auto depart = request.body.optional_text("depart");
    const auto arrive = request.body.optional_text("arrive");
    const auto before = request.body.optional_text("before");
    const auto window = request.body.optional_integer("window", 0, 7 * 86400);
    const auto limit = request.body.optional_integer("limit", 1, static_cast<std::int64_t>(kMaxPage));
    const auto max_changes = request.body.optional_integer("max_changes", 0, JourneyQuery::kMaxChanges);
    const auto min_change = request.body.optional_integer("min_change", 0, 86400);
    const auto max_duration = request.body.optional_integer("max_duration", 1, 7 * 86400);
    const auto via = request.body.texts("via", JourneyQuery::kMaxVia);
    const auto trains = request.body.texts("trains", JourneyQuery::kMaxTrains);
    const auto step_free = request.body.boolean("step_free", false);
    const auto wishes = take_wishes(request.body);
    if (auto refusal = request.refusal()) return std::move(*refusal);

    // The stations are those of the journeys' timetable.
    const auto page = timetable::of_one_version(request.engine.timetable(), [&]() -> Result<JourneyPage> {
        const auto from = request.engine.timetable().station(from_text);
        if (!from) return from.error();
        const auto to = request.engine.timetable().station(to_text);
        if (!to) return to.error();
        JourneyQuery query{.from = from->id, .to = to->id};
        if (limit) query.limit = static_cast<std::size_t>(*limit);
        if (window) query.window = std::chrono::seconds{*window};
        if (max_changes) query.max_changes = static_cast<int>(*max_changes);
        if (min_change) query.min_change = std::chrono::seconds{*min_change};
        if (max_duration) query.max_duration = std::chrono::seconds{*max_duration};
        query.trains = trains;
        query.step_free = step_free;
        for (const auto& text : via) {
            const auto station = request.engine.timetable().station(text);
            if (!station) return station.error();
            query.via.push_back(station->id);
        }
        if (depart) {
            const auto when = parse_when(*depart, from->zone);
            if (!when) return when.error();
            query.depart = when->time;
            if (when->whole_day && !window) {
                const auto day = day_of(when->time, from->zone);
                if (!day) return day.error();
                query.window = day->end - day->begin;
            }
        }
        if (before) {
            const auto when = parse_when(*before, from->zone);
            if (!when) return when.error();
            query.before = when->time;
        }
        if (arrive) {
            const auto when = parse_when(*arrive, to->zone);
            if (!when) return when.error();
            query.arrive = when->time;
            if (when->whole_day) {
                const auto day = day_of(when->time, to->zone);
                if (!day) return day.error();
                query.arrive = day->end - Duration{1};
                if (!window) query.window = day->end - day->begin;
            }
        }
        return find_as_wished(request.engine, query, wishes);
    });
    if (!page) return page.error();
    return encode(*page);
}

/// Where a run stands in the list of its date.
std::pair<Timestamp, RunId> place_of(const RunSummary& run) { return {run.from.time, run.id}; }

/// The place of the last run that was shown: it stays good while trains come and go, this one among them.
std::string to_cursor(const RunSummary& last) {
    return fmt::format("{}.{}", last.from.time.time_since_epoch().count(), to_string(last.id));
}
std::optional<std::pair<Timestamp, RunId>> parse_run_cursor(std::string_view text) {
    std::int64_t time = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), time);
    if (failure != std::errc{} || end == text.data() + text.size() || *end != '.') return std::nullopt;
    auto id = parse_run(text.substr(static_cast<std::size_t>(end - text.data()) + 1));
    if (!id) return std::nullopt;
    return std::pair{Timestamp{Duration{time}}, *std::move(id)};
}

Result<value> list_runs(Request& request) {
    const auto date_text = request.body.text("date");
    const auto page = request.page();
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto date = parse_date(date_text);
    if (!date) return date.error();
    const auto runs = request.engine.timetable().runs(*date);
    if (!runs) return runs.error();
    auto next = runs->begin();
    if (!page.cursor.empty()) {
        const auto last = parse_run_cursor(page.cursor);
        if (!last) return Error{ErrorCode::invalid_argument, "that is not a cursor of this list"};
        next = std::ranges::upper_bound(*runs, *last, {}, &place_of);
    }
    Page<RunSummary> answer;
    while (next != runs->end() && answer.items.size() < page.limit) answer.items.push_back(*next++);
    if (next != runs->end()) answer.next_cursor = to_cursor(answer.items.back());
    return encode(answer);
}

Result<value> show_run(Request& request) {
    const auto id = request.body.text("run", 512);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto run = request.engine.timetable().run(std::string_view{id});
    if (!run) return run.error();
    return encode(*run);
}

struct RideText {
    std::string run;
    std::string from;
    std::string to;
};
RideText take_ride(Request& request) {
    // In the order in which they are read: the evaluation order of initialisers in braces is fixed.
    return {request.body.text("run", 512), request.body.text("from"), request.body.text("to")};
}

Result<value> show_seats(Request& request) {
    const auto ride = take_ride(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto id = parse_run(ride.run);
    if (!id) return id.error();
    const auto map = request.engine.inventory().seats(*id, ride.from, ride.to);
    if (!map) return map.error();
    return encode(*map);
}

Result<value> show_availability(Request& request) {
    const auto ride = take_ride(request);
    if (auto refusal = request.refusal()) return std::move(*refusal);
    const auto run = request.engine.timetable().run(std::string_view{ride.run});
    if (!run) return run.error();
    const auto from = find_call(*run, ride.from);
    if (!from) return from.error();
    const auto to = find_call(*run, ride.to);
    if (!to) return to.error();
    const Span span{static_cast<std::uint16_t>(*from), static_cast<std::uint16_t>(*to)};
    const auto answer = request.engine.inventory().availability({{run->id, span}});
    if (!answer) return answer.error();
    return encode(answer->front(), run->id);
}

constexpr Operation kOperations[] = {
    {{"feed.list", Method::get, "/v1/feeds", Scope::operate, IdempotencyKey::none, "The imported timetables"},
     list_feeds},
    {{"feed.remove", Method::delete_, "/v1/feeds/{name}", Scope::operate, IdempotencyKey::none, "Remove a timetable"},
     remove_feed},
    {{"layouts.import", Method::put, "/v1/layouts", Scope::operate, IdempotencyKey::none,
      "Import coach layouts and consists"},
     import_layouts},
    {{"layouts.list", Method::get, "/v1/layouts", Scope::read, IdempotencyKey::none, "Coach layouts and consists"},
     list_layouts},
    {{"layouts.show", Method::get, "/v1/layouts/{name}", Scope::read, IdempotencyKey::none,
      "One document of layouts and consists"},
     show_layouts},
    {{"station.find", Method::get, "/v1/stations", Scope::read, IdempotencyKey::none, "Find stations by name"},
     find_stations},
    {{"station.show", Method::get, "/v1/stations/{id}", Scope::read, IdempotencyKey::none, "One station"},
     show_station},
    {{"journey.find", Method::get, "/v1/journeys", Scope::read, IdempotencyKey::none, "Find journeys"}, find_journeys},
    {{"run.list", Method::get, "/v1/runs", Scope::operate, IdempotencyKey::none, "The runs of a date"}, list_runs},
    {{"run.show", Method::get, "/v1/runs/{run}", Scope::read, IdempotencyKey::none, "One run with its stops"},
     show_run},
    {{"run.seats", Method::get, "/v1/runs/{run}/seats", Scope::read, IdempotencyKey::none,
      "The seat map of a run on a span"},
     show_seats},
    {{"run.availability", Method::get, "/v1/runs/{run}/availability", Scope::read, IdempotencyKey::none,
      "Free seats by class on a span"},
     show_availability},
};

}  // namespace

std::span<const Operation> timetable_operations() { return kOperations; }

}  // namespace railbook::operations

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/search.hpp>
#include <railbook/time.hpp>

#include "commands/commands.hpp"
#include "commands/documents.hpp"
#include "commands/views.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

struct FindJourney {
    std::string from;
    std::string to;
    std::string depart;
    std::string arrive;
    std::string before;
    int limit = static_cast<int>(kMaxPage);
    std::string window;
    int max_changes = JourneyQuery::kMaxChanges;
    std::vector<std::string> via;
    std::vector<std::string> trains;
    bool step_free = false;
    std::string min_change;
    std::string max_duration;
    std::string passengers;
    std::string travel_class;
    bool with_seats = false;
    bool together = false;
    std::string max_price;
    std::string queries;
    bool timings = false;
};

/// A duration as whole seconds; nothing where the option was left out.
Result<std::optional<std::int64_t>> seconds_of(const std::string& text) {
    if (text.empty()) return std::optional<std::int64_t>{};
    const auto duration = parse_duration(text);
    if (!duration) return duration.error();
    return std::optional<std::int64_t>{std::chrono::ceil<std::chrono::seconds>(*duration).count()};
}

bool is_filtered(const FindJourney& options) {
    return !options.travel_class.empty() || options.with_seats || options.together || !options.max_price.empty();
}

bool is_cut(const json::value& page) {
    const auto* found = page.as_object().if_contains("is_cut");
    return found && found->is_bool() && found->get_bool();
}

/// How to see the journeys before and after these.
void note_pages(const json::value& page, Context& context) {
    const auto earlier = text_at(page, "/earlier_cursor");
    const auto later = text_at(page, "/later_cursor");
    if (!earlier.empty()) context.note(fmt::format("earlier ones: --before {}", earlier));
    if (!later.empty()) context.note(fmt::format("later ones: --depart {}", later));
}

int find_one(const FindJourney& options, Context& context) {
    json::object body{{"from", options.from}, {"to", options.to}, {"max_changes", options.max_changes}};
    body["limit"] = options.limit;
    if (!options.arrive.empty()) {
        body["arrive"] = options.arrive;
    } else if (!options.before.empty()) {
        body["before"] = options.before;
    } else if (!options.depart.empty()) {
        body["depart"] = options.depart;
    } else {
        const auto opened = context.caller();
        if (!opened) return context.fail(opened.error());
        const auto now = (*opened)->engine().now();
        if (!now) return context.fail(now.error());
        body["depart"] = to_string(*now);
    }
    for (const auto& [name, text] : {std::pair{"window", &options.window}, std::pair{"min_change", &options.min_change},
                                     std::pair{"max_duration", &options.max_duration}}) {
        const auto seconds = seconds_of(*text);
        if (!seconds) return context.fail(seconds.error());
        if (*seconds) body[name] = **seconds;
    }
    if (!options.via.empty()) body["via"] = json::array(options.via.begin(), options.via.end());
    if (!options.trains.empty()) body["trains"] = json::array(options.trains.begin(), options.trains.end());
    if (options.step_free) body["step_free"] = true;
    if (!options.passengers.empty()) body["passengers"] = options.passengers;
    if (!options.travel_class.empty()) body["class"] = options.travel_class;
    if (options.with_seats) body["with_seats"] = true;
    if (options.together) body["together"] = true;
    if (!options.max_price.empty()) body["max_price"] = options.max_price;
    const auto answer = context.call("journey.find", body);
    if (!answer) return context.fail(answer.error());

    const auto& journeys = array_at(answer->value, "/journeys");
    // JSON says it itself. A page that was filtered may have lost all of its journeys.
    if (context.format() != Format::json && (is_cut(answer->value) || is_filtered(options)))
        note_pages(answer->value, context);
    switch (context.format()) {
        case Format::json: context.write(answer->text + '\n'); return kDone;
        case Format::table:
            if (journeys.empty()) break;
            context.write(describe_journeys(journeys, context.color()));
            return kDone;
        case Format::jsonl:
        case Format::csv: break;
    }
    return context.print_list(journey_columns(journeys), journeys);
}

// --- Many questions at once ---

/// The fields of a line of CSV; quoted ones may hold commas.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') fields.back() += line[++i];
        else if (c == '"') quoted = !quoted;
        else if (c == ',' && !quoted) fields.emplace_back();
        else if (c != '\r') fields.back() += c;
    }
    return fields;
}

struct AskedJourney {
    std::size_t line = 0;
    std::string from;
    std::string to;
    std::string departure;
};

Result<std::vector<AskedJourney>> read_queries(const std::string& file) {
    const auto text = read_text(file);
    if (!text) return text.error();
    const auto refused = [&](std::size_t line, std::string_view why) {
        return Error{ErrorCode::invalid_argument, fmt::format("{}:{}: {}", file, line, why)};
    };
    std::istringstream lines{*text};
    std::string line;
    std::getline(lines, line);
    const auto header = fields_of(line.starts_with("\xEF\xBB\xBF") ? line.substr(3) : line);
    std::array<std::size_t, 3> columns{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        constexpr std::array kNames{"from_stop_id", "to_stop_id", "departure"};
        const auto found = std::ranges::find(header, kNames[i]);
        if (found == header.end()) return refused(1, fmt::format("the column '{}' is missing", kNames[i]));
        columns[i] = static_cast<std::size_t>(found - header.begin());
    }
    std::vector<AskedJourney> asked;
    for (std::size_t number = 2; std::getline(lines, line); ++number) {
        if (line.empty() || line == "\r") continue;
        const auto fields = fields_of(line);
        if (fields.size() != header.size()) return refused(number, "the row has not as many fields as the first line");
        asked.push_back({number, fields[columns[0]], fields[columns[1]], fields[columns[2]]});
    }
    return asked;
}

/// What all questions have in common. Errors: invalid_argument.
Result<JourneyQuery> common_query(const FindJourney& options, Timetable& timetable) {
    JourneyQuery query;
    query.max_changes = options.max_changes;
    query.trains = options.trains;
    query.step_free = options.step_free;
    for (const auto& [text, duration] :
         {std::pair{&options.window, &query.window}, std::pair{&options.min_change, &query.min_change},
          std::pair{&options.max_duration, &query.max_duration}}) {
        if (text->empty()) continue;
        const auto parsed = parse_duration(*text);
        if (!parsed) return parsed.error();
        *duration = *parsed;
    }
    for (const auto& text : options.via) {
        const auto station = timetable.station(text);
        if (!station) return station.error();
        query.via.push_back(station->id);
    }
    return query;
}

/// Every journey of the window, page by page. The time of the engine goes to `took`, in microseconds.
Result<std::vector<Journey>> find_all(Search& search, JourneyQuery query, double& took) {
    const Timestamp end = *query.depart + query.window;
    const bool one = query.window == Duration{0};
    std::vector<Journey> journeys;
    while (true) {
        const auto begin = std::chrono::steady_clock::now();
        auto page = search.find(query);
        took += std::chrono::duration<double, std::micro>{std::chrono::steady_clock::now() - begin}.count();
        if (!page) return page.error();
        std::ranges::move(page->journeys, std::back_inserter(journeys));
        if (one || page->later_cursor.empty()) return journeys;
        const auto next = parse_when(page->later_cursor, "UTC");
        if (!next) return next.error();
        if (next->time >= end) return journeys;
        query.depart = next->time;
        query.window = end - next->time;
    }
}

/// `2026-12-01T08:00Z`, with seconds where there are any.
std::string minute_of(Timestamp time) {
    auto text = to_string(time);
    if (text.ends_with(":00Z")) text.replace(text.size() - 4, 4, "Z");
    return text;
}

std::string timings_of(std::vector<double> times) {
    std::ranges::sort(times);
    const auto at = [&](std::size_t percent) {
        return times.empty() ? 0.0 : times[std::min(times.size() - 1, times.size() * percent / 100)];
    };
    return fmt::format("count {} p50 {:.1f} p95 {:.1f} p99 {:.1f}", times.size(), at(50), at(95), at(99));
}

/// The question of one row, whose other options are those of `common`. A date asks for that day, as the flag does.
Result<JourneyQuery> query_of(const AskedJourney& asked, const JourneyQuery& common, bool has_window,
                              Timetable& timetable) {
    auto query = common;
    const auto from = timetable.station(asked.from);
    if (!from) return from.error();
    const auto to = timetable.station(asked.to);
    if (!to) return to.error();
    const auto when = parse_when(asked.departure, from->zone);
    if (!when) return when.error();
    query.from = from->id;
    query.to = to->id;
    query.depart = when->time;
    if (!when->whole_day || has_window) return query;
    const auto date = date_in(when->time, from->zone);
    if (!date) return date.error();
    const auto end = start_of_day(*date + std::chrono::days{1}, from->zone);
    if (!end) return end.error();
    query.window = *end - when->time;
    return query;
}

int find_many(const FindJourney& options, Context& context) {
    const auto asked = read_queries(options.queries);
    if (!asked) return context.fail(asked.error());
    const auto engine = context.engine();
    if (!engine) return context.fail(engine.error());
    auto& timetable = (*engine)->timetable();
    const auto common = common_query(options, timetable);
    if (!common) return context.fail(common.error());
    json::array rows;
    std::vector<double> times;
    int code = kDone;
    for (std::size_t number = 0; number < asked->size(); ++number) {
        const auto& row = (*asked)[number];
        const auto journeys = [&]() -> Result<std::vector<Journey>> {
            auto query = query_of(row, *common, !options.window.empty(), timetable);
            if (!query) return query.error();
            return find_all((*engine)->search(), *std::move(query), times.emplace_back());
        }();
        if (!journeys) {
            auto error = journeys.error();
            const bool is_of_row = error.code == ErrorCode::not_found || error.code == ErrorCode::invalid_argument;
            error.detail = fmt::format("{}:{}: {}", options.queries, row.line, error.detail);
            const auto failed = context.fail(std::move(error));
            if (!is_of_row) return failed;
            // The other rows are answered all the same.
            if (code == kDone) code = failed;
            continue;
        }
        for (const auto& journey : *journeys) {
            rows.push_back({{"query", number},
                            {"departure", minute_of(journey.departure())},
                            {"arrival", minute_of(journey.arrival())},
                            {"changes", journey.changes()}});
        }
    }
    if (options.timings) context.tell(timings_of(std::move(times)));
    const Columns columns{
        number_column("QUERY", "query", "/query"), text_column("DEPARTURE", "departure", "/departure"),
        text_column("ARRIVAL", "arrival", "/arrival"), number_column("CHANGES", "changes", "/changes")};
    const auto printed = context.print_list(columns, rows);
    return code == kDone ? printed : code;
}

int run(const FindJourney& options, Context& context) {
    const auto refused = [&](std::string detail, std::string hint) {
        return context.fail({ErrorCode::invalid_argument, std::move(detail), std::move(hint)});
    };
    if (!options.queries.empty()) {
        const bool looks_at_seats = !options.passengers.empty() || is_filtered(options);
        if (!options.from.empty() || looks_at_seats) {
            return refused("with --queries the stations come from the file, and seats and prices are not looked at",
                           "leave out FROM, TO, --passengers, --class, --with-seats, --together and --max-price");
        }
        return find_many(options, context);
    }
    if (options.to.empty()) return refused("a journey needs two stations", "railbook journey find FROM TO");
    if (options.timings) return refused("--timings belongs to --queries", "leave it out");
    return find_one(options, context);
}

}  // namespace

void add_journey(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("journey", "Find journeys");
    auto options = std::make_shared<FindJourney>();
    auto* command = noun->add_subcommand("find", "Journeys from one station to another, with free seats and prices");
    command->add_option("FROM", options->from, "Station: id or name");
    command->add_option("TO", options->to, "Station: id or name");
    auto* depart = command->add_option("--depart", options->depart,
                                       "Leave then or later: 2026-12-01, 2026-12-01T08:00 or with an offset; now "
                                       "where it is left out");
    auto* arrive = command->add_option("--arrive", options->arrive, "Arrive then or earlier")->excludes(depart);
    auto* before = command->add_option("--before", options->before, "Leave before then, the last ones")
                       ->excludes(depart)
                       ->excludes(arrive);
    command->add_option("--limit", options->limit, "So many journeys at most")
        ->check(CLI::Range(1, static_cast<int>(kMaxPage)))
        ->capture_default_str();
    command->add_option("--window", options->window,
                        "How far to look, such as 2h; the day where only a date is given, "
                        "else 24h; 0 asks for one moment");
    command->add_option("--max-changes", options->max_changes, "Change trains at most so often")
        ->check(CLI::Range(0, JourneyQuery::kMaxChanges))
        ->capture_default_str();
    command->add_option("--via", options->via, "Call at this station on the way; may be repeated")
        ->allow_extra_args(false);
    command
        ->add_option("--trains", options->trains,
                     "Only such trains: rail, metro, tram, bus, ferry, or the beginning of their names, such as ICE")
        ->allow_extra_args(false)
        ->delimiter(',');
    command->add_flag("--step-free", options->step_free,
                      "Only trains and stations that wheelchairs can use, as the timetable says");
    command->add_option("--min-change", options->min_change,
                        "What a change takes at least, where the timetable does not say; 2m where it is left out");
    command->add_option("--max-duration", options->max_duration, "The longest journey; 24h where it is left out");
    command->add_option("--passengers", options->passengers,
                        "Who travels: adult:2,child@8; one adult where it is left out");
    command->add_option("--class", options->travel_class, "Only journeys with seats of this class for all of them");
    command->add_flag("--with-seats", options->with_seats, "Only journeys with seats for all of them");
    command->add_flag("--together", options->together, "Only where they can sit side by side");
    command->add_option("--max-price", options->max_price, "Only journeys that cost all of them no more: '59.90 EUR'");
    command
        ->add_option("--queries", options->queries,
                     "Answer many questions: a CSV file with from_stop_id, to_stop_id and departure")
        ->excludes(depart)
        ->excludes(arrive)
        ->excludes(before);
    command->add_flag("--timings", options->timings,
                      "Tell how long the engine took for each of them, in microseconds, on the error output");
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

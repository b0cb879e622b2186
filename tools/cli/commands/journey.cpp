#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/time.hpp>

#include "commands/commands.hpp"
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
    std::string window;
    std::string travel_class;
};

/// Only journeys that have a free seat of the class on every leg.
json::array with_seats_of(const json::array& journeys, const std::string& travel_class) {
    json::array kept;
    for (const auto& journey : journeys) {
        bool free = true;
        for (const auto& leg : array_at(journey, "/legs")) {
            const auto* counts = member(leg, "/free");
            const auto* count = counts ? counts->as_object().if_contains(travel_class) : nullptr;
            free = free && count && count->is_int64() && count->get_int64() > 0;
        }
        if (free) kept.push_back(journey);
    }
    return kept;
}

int run(const FindJourney& options, Context& context) {
    json::object body{{"from", options.from}, {"to", options.to}};
    if (!options.arrive.empty()) {
        body["arrive"] = options.arrive;
    } else if (!options.depart.empty()) {
        body["depart"] = options.depart;
    } else {
        const auto opened = context.caller();
        if (!opened) return context.fail(opened.error());
        const auto now = (*opened)->engine().now();
        if (!now) return context.fail(now.error());
        body["depart"] = to_string(*now);
    }
    if (!options.window.empty()) {
        const auto window = parse_duration(options.window);
        if (!window) return context.fail(window.error());
        body["window"] = std::chrono::ceil<std::chrono::seconds>(*window).count();
    }
    auto answer = context.call("journey.find", body);
    if (!answer) return context.fail(answer.error());

    if (!options.travel_class.empty()) {
        answer->value.as_object()["journeys"] =
            with_seats_of(array_at(answer->value, "/journeys"), options.travel_class);
        answer->text = json::serialize(answer->value);
    }
    const auto& journeys = array_at(answer->value, "/journeys");
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

}  // namespace

void add_journey(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("journey", "Find journeys");
    auto options = std::make_shared<FindJourney>();
    auto* command = noun->add_subcommand("find", "Journeys from one station to another, with their free seats");
    command->add_option("FROM", options->from, "Station: id or name")->required();
    command->add_option("TO", options->to, "Station: id or name")->required();
    auto* depart = command->add_option("--depart", options->depart,
                                       "Leave then or later: 2026-12-01, 2026-12-01T08:00 or with an offset; now "
                                       "where it is left out");
    command->add_option("--arrive", options->arrive, "Arrive then or earlier")->excludes(depart);
    command->add_option("--window", options->window, "How far to look, such as 2h; the day where only a date is given, "
                                                     "else 24h");
    command->add_option("--class", options->travel_class, "Only journeys with a free seat of this class");
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

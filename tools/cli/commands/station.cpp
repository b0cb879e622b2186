#include <boost/json.hpp>

#include "commands/commands.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

struct FindStation {
    std::string text;
    int limit = 20;
};
int run(const FindStation& options, Context& context) {
    const auto answer = context.call("station.find", {{"q", options.text}, {"limit", options.limit}});
    if (!answer) return context.fail(answer.error());
    return context.print_list(station_columns(), array_at(answer->value, "/items"));
}

struct ShowStation {
    std::string id;
};
int run(const ShowStation& options, Context& context) {
    const auto answer = context.call("station.show", {{"id", options.id}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, station_columns(), describe_station(answer->value));
}

}  // namespace

void add_station(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("station", "Find stations");
    {
        auto options = std::make_shared<FindStation>();
        auto* command = noun->add_subcommand("find", "Stations for what somebody types, the best first");
        command->add_option("TEXT", options->text, "Beginnings of words of the name, in any order")->required();
        command->add_option("--limit", options->limit, "At most so many (1 to 100)")->capture_default_str();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowStation>();
        auto* command = noun->add_subcommand("show", "One station");
        command->add_option("ID", options->id, "Id, or a name that only one station has")->required();
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli

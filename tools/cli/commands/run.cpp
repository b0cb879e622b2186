#include <boost/json.hpp>

#include "commands/commands.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

struct ListRuns {
    std::string date;
};
int run(const ListRuns& options, Context& context) {
    const auto runs = context.call_for_all("run.list", {{"date", options.date}});
    if (!runs) return context.fail(runs.error());
    return context.print_list(run_columns(*runs), *runs);
}

struct ShowRun {
    std::string id;
};
int run(const ShowRun& options, Context& context) {
    const auto answer = context.call("run.show", {{"run", options.id}});
    if (!answer) return context.fail(answer.error());
    if (context.format() == Format::csv)
        return context.print_list(stop_columns(answer->value), array_at(answer->value, "/stops"));
    return context.print_one(answer->text, answer->value, {}, describe_run(answer->value, context.color()));
}

struct ShowSeats {
    std::string id;
    std::string from;
    std::string to;
};
int run(const ShowSeats& options, Context& context) {
    const auto answer = context.call("run.seats", {{"run", options.id}, {"from", options.from}, {"to", options.to}});
    if (!answer) return context.fail(answer.error());
    if (context.format() == Format::csv || context.format() == Format::jsonl)
        return context.print_list(seat_columns(), seats_of(answer->value));
    return context.print_one(answer->text, answer->value, {}, describe_seats(answer->value));
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("run", "Trains on a date, and their seats");
    {
        auto options = std::make_shared<ListRuns>();
        auto* command = noun->add_subcommand("list", "The runs of a service date, by departure");
        command->add_option("--date", options->date, "Service date: 2026-12-01")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowRun>();
        auto* command = noun->add_subcommand("show", "A run with its stops");
        command->add_option("RUN", options->id, "Run: 2026-12-01.db:531")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowSeats>();
        auto* command = noun->add_subcommand("seats", "The seat map of a run between two of its stops");
        command->add_option("RUN", options->id, "Run: 2026-12-01.db:531")->required();
        command->add_option("--from", options->from, "Stop: id or name")->required();
        command->add_option("--to", options->to, "Stop: id or name")->required();
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli

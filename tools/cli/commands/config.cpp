#include <boost/json.hpp>

#include "commands/commands.hpp"

namespace railbook::cli {
namespace {

struct ShowConfig {
    bool origin = false;
};
int run(const ShowConfig& options, Context& context) {
    boost::json::array values;
    for (const auto& value : context.settings().values) {
        boost::json::object item{{"key", value.key}, {"value", value.text}};
        if (options.origin) item["origin"] = value.origin;
        values.push_back(std::move(item));
    }
    Columns columns{text_column("KEY", "key", "/key"), text_column("VALUE", "value", "/value")};
    if (options.origin) columns.push_back(text_column("ORIGIN", "origin", "/origin"));
    return context.print_list(columns, values);
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("config", "Settings");
    auto options = std::make_shared<ShowConfig>();
    auto* command = noun->add_subcommand("show", "Every setting as it is in force");
    command->add_flag("--origin", options->origin, "Also where each came from");
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

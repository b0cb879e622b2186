#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/version.hpp>

#include "commands/commands.hpp"

namespace railbook::cli {
namespace {

struct ShowVersion {};
int run(const ShowVersion&, Context& context) {
    const boost::json::value answer{{"version", version()}};
    return context.print_one(boost::json::serialize(answer), answer, {text_column("VERSION", "version", "/version")},
                             fmt::format("railbook {}\n", version()));
}

}  // namespace

void add_version(CLI::App& app, Context& context) {
    on_run(*app.add_subcommand("version", "The version of Railbook"), context, std::make_shared<ShowVersion>(), run);
}

}  // namespace railbook::cli

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/views.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

struct ListFeeds {};
int run(const ListFeeds&, Context& context) {
    const auto feeds = context.call_for_all("feed.list", {});
    if (!feeds) return context.fail(feeds.error());
    return context.print_list(feed_columns(), *feeds);
}

struct RemoveFeed {
    std::string name;
};
int run(const RemoveFeed& options, Context& context) {
    if (const auto sure = context.confirm(fmt::format("Remove the timetable '{}'?", options.name)); !sure)
        return context.fail(sure.error());
    const auto answer = context.call("feed.remove", {{"name", options.name}});
    if (!answer) return context.fail(answer.error());
    context.note(fmt::format("the timetable '{}' is removed", options.name));
    return kDone;
}

}  // namespace

void add_feed(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("feed", "Imported timetables");
    on_run(*noun->add_subcommand("list", "The imported timetables"), context, std::make_shared<ListFeeds>(), run);
    auto options = std::make_shared<RemoveFeed>();
    auto* command = noun->add_subcommand("remove", "Remove a timetable; what was sold stays");
    command->add_option("NAME", options->name, "Name of the feed")->required();
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

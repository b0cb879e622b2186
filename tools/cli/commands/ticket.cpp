#include <boost/json.hpp>

#include "commands/commands.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

struct ShowTicket {
    std::string id;
};
int run(const ShowTicket& options, Context& context) {
    const auto answer = context.call("ticket.show", {{"id", options.id}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, ticket_columns(),
                             describe_ticket(answer->value, context.color()));
}

}  // namespace

void add_ticket(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("ticket", "What the inspector reads");
    auto options = std::make_shared<ShowTicket>();
    auto* command = noun->add_subcommand("show", "One ticket");
    command->add_option("ID", options->id, "Ticket id")->required();
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

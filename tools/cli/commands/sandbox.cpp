#include "commands/commands.hpp"

namespace railbook::cli {
namespace {

struct ShowJournal {};
int run(const ShowJournal&, Context& context) {
    const auto answer = context.call("sandbox.journal", {});
    if (!answer) return context.fail(answer.error());
    return context.print_list(
        {instant_column("AT", "at", "/at"), text_column("KEY", "key", "/key"),
         text_column("OPERATION", "operation", "/operation"), number_column("AMOUNT", "amount", "/amount"),
         text_column("CURRENCY", "currency", "/currency"), text_column("OUTCOME", "outcome", "/outcome")},
        array_at(answer->value, "/items"));
}

}  // namespace

void add_sandbox(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("sandbox", "The payment provider that is not one");
    on_run(*noun->add_subcommand("journal", "What arrived there, in the smallest unit of its currency"), context,
           std::make_shared<ShowJournal>(), run);
}

}  // namespace railbook::cli

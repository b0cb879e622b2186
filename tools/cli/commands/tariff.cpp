#include "commands/commands.hpp"
#include "commands/documents.hpp"

namespace railbook::cli {
namespace {

struct ListTariffs {};
int run(const ListTariffs&, Context& context) { return list_documents("tariff.list", context); }

struct ShowTariff {
    std::string id;
};
int run(const ShowTariff& options, Context& context) {
    return show_document("tariff.show", "id", options.id, context);
}

}  // namespace

void add_tariff(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("tariff", "Price rules");
    on_run(*noun->add_subcommand("list", "The tariffs, the built-in one first"), context,
           std::make_shared<ListTariffs>(), run);
    auto options = std::make_shared<ShowTariff>();
    auto* command = noun->add_subcommand("show", "The newest version of a tariff, as it was imported");
    command->add_option("ID", options->id, "Its name; 'default' is the built-in one")->required();
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

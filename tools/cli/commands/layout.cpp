#include "commands/commands.hpp"
#include "commands/documents.hpp"

namespace railbook::cli {
namespace {

struct ListLayouts {};
int run(const ListLayouts&, Context& context) { return list_documents("layouts.list", context); }

struct ShowLayout {
    std::string name;
};
int run(const ShowLayout& options, Context& context) {
    return show_document("layouts.show", "name", options.name, context);
}

}  // namespace

void add_layout(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("layout", "Coach layouts and consists");
    on_run(*noun->add_subcommand("list", "The documents of layouts and consists, the built-in one first"), context,
           std::make_shared<ListLayouts>(), run);
    auto options = std::make_shared<ShowLayout>();
    auto* command = noun->add_subcommand("show", "One document, as it was imported");
    command->add_option("NAME", options->name, "Its name; 'default' is the built-in one")->required();
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "errors.hpp"

namespace railbook::cli {
namespace {

struct VerifyStore {};
int run(const VerifyStore&, Context& context) {
    const auto answer = context.call("store.verify", {});
    if (!answer) return context.fail(answer.error());
    const auto& violations = array_at(answer->value, "/violations");
    const Columns columns{
        text_column("LAW", "law", "/law"),
        text_column("OBJECT", "object", "/object"),
        text_column("DETAIL", "detail", "/detail"),
    };
    if (context.format() == Format::csv || context.format() == Format::jsonl) {
        context.print_list(columns, violations);
    } else {
        std::vector<std::pair<std::string, std::string>> checked;
        for (const auto& [name, count] : answer->value.at("checked").as_object())
            checked.emplace_back(name, text_at(count, ""));
        std::string description = details(checked) + '\n';
        if (violations.empty()) description += "every law holds\n";
        else description += table(columns, violations, context.color());
        context.print_one(answer->text, answer->value, columns, description);
    }
    return violations.empty() ? kDone : kCheckFoundSomething;
}

}  // namespace

void add_store(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("store", "The store itself");
    on_run(*noun->add_subcommand("verify", "Check every law on the live data; 7 if one is broken"), context,
           std::make_shared<VerifyStore>(), run);
}

}  // namespace railbook::cli

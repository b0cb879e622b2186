#include "commands/check.hpp"

#include "errors.hpp"

namespace railbook::cli {

int print_check(std::string_view operation, std::string_view all_is_well, Context& context) {
    const auto answer = context.call(operation, {});
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
        if (violations.empty()) description.append(all_is_well).append("\n");
        else description += table(columns, violations, context.color());
        context.print_one(answer->text, answer->value, columns, description);
    }
    return violations.empty() ? kDone : kCheckFoundSomething;
}

}  // namespace railbook::cli

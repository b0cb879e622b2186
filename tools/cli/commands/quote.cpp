#include <boost/json.hpp>

#include "commands/commands.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

struct CreateQuote {
    std::string ride;
    std::string from;
    std::string to;
    std::string passengers;
    std::string travel_class;
    std::string flexibility;
    std::string tariff;
    std::vector<std::string> cards;
};
int run(const CreateQuote& options, Context& context) {
    json::object body;
    if (options.from.empty()) body["journey"] = options.ride;
    else body["legs"] = {{{"run", options.ride}, {"from", options.from}, {"to", options.to}}};
    body["passengers"] = options.passengers;
    if (!options.travel_class.empty()) body["class"] = options.travel_class;
    if (!options.flexibility.empty()) body["flexibility"] = options.flexibility;
    if (!options.tariff.empty()) body["tariff"] = options.tariff;
    if (!options.cards.empty()) body["cards"] = json::array(options.cards.begin(), options.cards.end());
    const auto answer = context.call("quote.create", body);
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, quote_columns(),
                             describe_quote(answer->value, context.color()));
}

struct ExplainQuote {
    std::string token;
};
int run(const ExplainQuote& options, Context& context) {
    const auto answer = context.call("quote.explain", {{"token", options.token}});
    if (!answer) return context.fail(answer.error());
    const Columns columns = explained_columns();
    if (context.format() == Format::csv || context.format() == Format::jsonl)
        return context.print_list(columns, array_at(answer->value, "/lines"));
    return context.print_one(answer->text, answer->value, columns,
                             describe_explanation(answer->value, context.color()));
}

}  // namespace

void add_quote(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("quote", "Prices that are promised for a while");
    auto options = std::make_shared<CreateQuote>();
    auto* command = noun->add_subcommand("create", "Price a journey, or a ride on one run");
    command->add_option("RIDE", options->ride, "Journey id; with --from and --to a run")->required();
    auto* from = command->add_option("--from", options->from, "Stop of the run: id or name");
    auto* to = command->add_option("--to", options->to, "Stop of the run: id or name");
    from->needs(to);
    to->needs(from);
    command->add_option("--passengers", options->passengers, "Types with numbers or ages: adult:2,child@8")->required();
    command->add_option("--class", options->travel_class, "Class; the tariff's last one where it is left out");
    command->add_option("--flexibility", options->flexibility, "Such as FULL; the tariff's first where it is left out");
    command->add_option("--tariff", options->tariff, "The newest where it is left out");
    command->add_option("--card", options->cards, "Code of a card that one of the passengers owns, once for each");
    on_run(*command, context, options, run);

    auto explained = std::make_shared<ExplainQuote>();
    auto* explain = noun->add_subcommand("explain", "Why a quote costs what it costs, computed again from its tariff");
    explain->add_option("TOKEN", explained->token, "The quote's token")->required();
    on_run(*explain, context, explained, run);
}

}  // namespace railbook::cli

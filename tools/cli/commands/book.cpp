#include <boost/json.hpp>

#include "commands/commands.hpp"
#include "commands/sale.hpp"
#include "commands/views.hpp"
#include "errors.hpp"
#include "interrupt.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

struct Book {
    std::string from;
    std::string to;
    std::string depart;
    std::vector<std::string> passengers;
    std::string travel_class;
    std::string method = "sandbox:success";
};
int run(const Book& options, Context& context) {
    if (!context.options.idempotency_key.empty()) {
        // Its quote is a new one each time, so a repetition would be another command under the same key.
        return context.fail({ErrorCode::invalid_argument, "book is several commands, and one key names one command",
                             "run them one by one: quote create, hold create, booking create, booking pay"});
    }
    auto names = parse_passenger_names(options.passengers);
    if (!names) return context.fail(names.error());
    const auto opened = context.caller();
    if (!opened) return context.fail(opened.error());
    const SaleRequest request{.from = options.from,
                              .to = options.to,
                              .depart = options.depart,
                              .travel_class = options.travel_class,
                              .method = options.method,
                              .passengers = *std::move(names)};
    const auto sold = sell(**opened, request, [](std::string_view, const json::value&) {});
    if (!sold && interrupted()) return kInterrupted;
    if (!sold) return context.fail(sold.error());

    const json::value& booking = sold->at("booking");
    if (context.format() == Format::csv) return context.print_list(booking_columns(), {booking});
    std::string description = describe_booking(booking, context.color());
    for (const auto& ticket : sold->at("tickets").as_array())
        description += '\n' + describe_ticket(ticket, context.color());
    return context.print_one(json::serialize(*sold), *sold, {}, description);
}

}  // namespace

void add_book(CLI::App& app, Context& context) {
    auto options = std::make_shared<Book>();
    auto* command = app.add_subcommand("book", "The whole story: find, price, hold, book, pay, ticket");
    command->add_option("FROM", options->from, "Station: id or name")->required();
    command->add_option("TO", options->to, "Station: id or name")->required();
    command->add_option("--depart", options->depart, "Take the first journey with seats from then on")->required();
    command->add_option("--passenger", options->passengers, "\"GIVEN FAMILY[,TYPE]\", once for each")->required();
    command->add_option("--class", options->travel_class, "Class; the tariff's last one where it is left out");
    command->add_option("--pay", options->method, "Payment method")->capture_default_str();
    on_run(*command, context, options, run);
}

}  // namespace railbook::cli

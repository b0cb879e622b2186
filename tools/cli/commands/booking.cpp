#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/commands.hpp"
#include "commands/passengers.hpp"
#include "commands/views.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

/// The passengers of a booking. Where types are given, each goes to a passenger of that type in the quote; else they
/// are taken in the quote's order.
Result<json::array> passengers_of(const std::vector<PassengerName>& names, const std::string& token,
                                  Context& context) {
    json::array passengers;
    for (const auto& name : names)
        passengers.push_back({{"given_name", name.given_name}, {"family_name", name.family_name}});
    if (std::ranges::all_of(names, [](const PassengerName& name) { return name.type.empty(); })) return passengers;

    const auto opened = context.caller();
    if (!opened) return opened.error();
    auto& engine = (*opened)->engine();
    const auto now = engine.now();
    if (!now) return now.error();
    const auto quote = engine.pricing().check(token, *now);
    if (!quote) return quote.error();
    auto open = quote->passengers;
    // Those with a type choose first, so that none of them finds its place taken by one without.
    for (const bool typed : {true, false}) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i].type.empty() == typed) continue;
            const auto place = std::ranges::find_if(
                open, [&](const QuotedPassenger& passenger) { return !typed || passenger.type == names[i].type; });
            if (place == open.end()) {
                return Error{ErrorCode::invalid_argument,
                             fmt::format("the quote has no passenger{} left for number {}",
                                         typed ? fmt::format(" of the type '{}'", names[i].type) : "", i + 1)};
            }
            passengers[i].as_object()["id"] = place->id;
            open.erase(place);
        }
    }
    return passengers;
}

struct CreateBooking {
    std::string hold;
    std::int64_t fence = 0;
    std::string quote;
    std::vector<std::string> passengers;
    std::string email;
    std::string phone;
};
int run(const CreateBooking& options, Context& context) {
    json::object hold{{"id", options.hold}};
    if (options.fence != 0) hold["fence"] = options.fence;
    const auto names = parse_passenger_names(options.passengers);
    if (!names) return context.fail(names.error());
    auto passengers = passengers_of(*names, options.quote, context);
    if (!passengers) return context.fail(passengers.error());
    json::object body{{"hold", std::move(hold)}, {"quote", options.quote}, {"passengers", *std::move(passengers)}};
    json::object contact;
    if (!options.email.empty()) contact["email"] = options.email;
    if (!options.phone.empty()) contact["phone"] = options.phone;
    if (!contact.empty()) body["contact"] = std::move(contact);
    const auto answer = context.call("booking.create", body);
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, booking_columns(),
                             describe_booking(answer->value, context.color()));
}

struct PayBooking {
    std::string id;
    std::string method;
};
int run(const PayBooking& options, Context& context) {
    constexpr int kWait = 10;  // seconds, the most that the operation takes
    const auto answer =
        context.call("booking.pay", {{"id", options.id}, {"method", options.method}, {"wait", kWait}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, payment_columns(), describe_payment(answer->value));
}

struct CancelBooking {
    std::string id;
};
int run(const CancelBooking& options, Context& context) {
    const auto answer = context.call("booking.cancel", {{"id", options.id}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, booking_columns(),
                             describe_booking(answer->value, context.color()));
}

struct ShowBooking {
    std::string id;
};
int run(const ShowBooking& options, Context& context) {
    const auto answer = context.call("booking.show", {{"id", options.id}});
    if (!answer) return context.fail(answer.error());
    return context.print_one(answer->text, answer->value, booking_columns(),
                             describe_booking(answer->value, context.color()));
}

struct ListBookings {};
int run(const ListBookings&, Context& context) {
    const auto bookings = context.call_for_all("booking.list", {});
    if (!bookings) return context.fail(bookings.error());
    return context.print_list(booking_columns(), *bookings);
}

struct ShowHistory {
    std::string id;
};
int run(const ShowHistory& options, Context& context) {
    const auto answer = context.call("booking.history", {{"id", options.id}});
    if (!answer) return context.fail(answer.error());
    return context.print_list(history_columns(), array_at(answer->value, "/items"));
}

}  // namespace

void add_booking(CLI::App& app, Context& context) {
    auto* noun = app.add_subcommand("booking", "What was bought");
    {
        auto options = std::make_shared<CreateBooking>();
        auto* command = noun->add_subcommand("create", "Book held seats at a quoted price");
        command->add_option("--hold", options->hold, "Hold id")->required();
        command->add_option("--fence", options->fence, "The hold's fence; the operator may leave it out")
            ->check(CLI::PositiveNumber);
        command->add_option("--quote", options->quote, "The quote's token")->required();
        command->add_option("--passenger", options->passengers, "\"GIVEN FAMILY[,TYPE]\", once for each")->required();
        command->add_option("--email", options->email, "Where to write to");
        command->add_option("--phone", options->phone, "Where to call");
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<PayBooking>();
        auto* command = noun->add_subcommand("pay", "Pay for a booking; its tickets are then issued");
        command->add_option("REFERENCE", options->id, "Reference or id of the booking")->required();
        command->add_option("--method", options->method, "Such as sandbox:success")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<CancelBooking>();
        auto* command = noun->add_subcommand("cancel", "Give up a booking that is not paid for");
        command->add_option("REFERENCE", options->id, "Reference or id of the booking")->required();
        on_run(*command, context, options, run);
    }
    {
        auto options = std::make_shared<ShowBooking>();
        auto* command = noun->add_subcommand("show", "One booking");
        command->add_option("REFERENCE", options->id, "Reference or id of the booking")->required();
        on_run(*command, context, options, run);
    }
    {
        auto* command = noun->add_subcommand("list", "Bookings, newest first");
        on_run(*command, context, std::make_shared<ListBookings>(), run);
    }
    {
        auto options = std::make_shared<ShowHistory>();
        auto* command = noun->add_subcommand("history", "Who did what to a booking, when");
        command->add_option("REFERENCE", options->id, "Reference or id of the booking")->required();
        on_run(*command, context, options, run);
    }
}

}  // namespace railbook::cli

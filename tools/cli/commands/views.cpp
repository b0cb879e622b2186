#include "commands/views.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace railbook::cli {
namespace {

namespace json = boost::json;

/// The texts at one pointer in each item, joined: the trains of a journey, the seats of a hold.
std::string joined(const json::array& items, std::string_view pointer, std::string_view between = ", ") {
    std::string text;
    for (const auto& item : items) {
        const std::string part = text_at(item, pointer);
        if (part.empty()) continue;
        if (!text.empty()) text += between;
        text += part;
    }
    return text;
}

Column joined_column(std::string title, std::string name, std::string list, std::string pointer) {
    return computed_column(std::move(title), std::move(name), [list, pointer](const json::value& item) {
        return joined(array_at(item, list), pointer);
    });
}

/// The times that the items have at these pointers.
std::vector<std::string> times_at(const json::array& items, std::initializer_list<std::string_view> pointers) {
    std::vector<std::string> times;
    for (const auto& item : items) {
        for (const auto pointer : pointers) times.push_back(text_at(item, pointer));
    }
    return times;
}

std::string full_name(const json::value& passenger) {
    return fmt::format("{} {}", text_at(passenger, "/given_name"), text_at(passenger, "/family_name"));
}

std::string full_names(const json::array& passengers) {
    std::string text;
    for (const auto& passenger : passengers) text += (text.empty() ? "" : ", ") + full_name(passenger);
    return text;
}

/// A time with its date; a program gets it as it is.
Column date_column(std::string title, std::string name, std::string pointer, const Clock& clock) {
    return {std::move(title), std::move(name),
            [pointer, clock](const json::value& item) { return clock.with_date(text_at(item, pointer)); },
            [pointer](const json::value& item) { return text_at(item, pointer); }};
}

/// Seats that are free in every leg, by class: what one can book for the whole journey.
json::object free_throughout(const json::value& journey) {
    json::object least;
    bool first = true;
    for (const auto& leg : array_at(journey, "/legs")) {
        const auto* free = member(leg, "/free");
        if (!free || !free->is_object()) continue;
        if (first) {
            least = free->get_object();
        } else {
            for (auto& [name, count] : least) {
                const auto* other = free->get_object().if_contains(name);
                const std::int64_t there = other && other->is_int64() ? other->get_int64() : 0;
                count = std::min(count.is_int64() ? count.get_int64() : 0, there);
            }
        }
        first = false;
    }
    return least;
}

/// A ride in the tables of bookings, holds and tickets.
Columns ride_columns(const json::array& rides) {
    const Clock clock{times_at(rides, {"/from/departs", "/to/arrives"})};
    return {
        text_column("TRAIN", "train", "/train"),
        date_column("DEPARTS", "departs", "/from/departs", clock),
        text_column("FROM", "from", "/from/name"),
        {"ARRIVES", "arrives",
         [clock](const json::value& ride) {
             const auto of_ride = clock.relative_to(text_at(ride, "/from/departs").substr(0, 10));
             return of_ride(text_at(ride, "/to/arrives"));
         },
         [](const json::value& ride) { return text_at(ride, "/to/arrives"); }},
        text_column("TO", "to", "/to/name"),
        text_column("CLASS", "class", "/class"),
    };
}

}  // namespace

// --- Columns -------------------------------------------------------------------------------------------------------

Columns feed_columns() {
    return {
        text_column("NAME", "name", "/name"),
        number_column("VERSION", "version", "/version"),
        text_column("FIRST DATE", "first_date", "/first_date"),
        text_column("LAST DATE", "last_date", "/last_date"),
        number_column("STATIONS", "stations", "/stations"),
        number_column("TRIPS", "trips", "/trips"),
        instant_column("IMPORTED", "imported_at", "/imported_at"),
        text_column("PUBLISHER", "publisher", "/publisher"),
    };
}

Columns station_columns() {
    return {
        text_column("ID", "id", "/id"),
        text_column("NAME", "name", "/name"),
        text_column("ZONE", "zone", "/zone"),
        number_column("LATITUDE", "latitude", "/latitude"),
        number_column("LONGITUDE", "longitude", "/longitude"),
        number_column("CALLS A WEEK", "calls_per_week", "/calls_per_week"),
    };
}

Columns journey_columns(const json::array& journeys) {
    const Clock clock{times_at(journeys, {"/departure", "/arrival"})};
    return {
        clock_column("DEPARTS", "departure", "/departure", clock),
        clock_column("ARRIVES", "arrival", "/arrival", clock),
        {"DURATION", "duration",
         [](const json::value& journey) {
             const auto* seconds = member(journey, "/duration");
             return seconds && seconds->is_int64() ? duration_text(seconds->get_int64()) : std::string{};
         },
         [](const json::value& journey) { return text_at(journey, "/duration"); }, true},
        number_column("CHANGES", "changes", "/changes"),
        joined_column("TRAINS", "trains", "/legs", "/train"),
        computed_column("FREE", "free",
                        [](const json::value& journey) {
                            return counts_at(json::value{{"free", free_throughout(journey)}}, "/free");
                        }),
        money_column("PRICE FROM", "price_from", "/price_from"),
        text_column("JOURNEY", "id", "/id"),
    };
}

Columns run_columns(const json::array& runs) {
    const std::string date = runs.empty() ? std::string{} : text_at(runs.front(), "/service_date");
    const Clock clock{times_at(runs, {"/from/departs", "/to/arrives"}), date};
    return {
        text_column("RUN", "id", "/id"),
        text_column("TRAIN", "train", "/train"),
        clock_column("DEPARTS", "departs", "/from/departs", clock),
        text_column("FROM", "from", "/from/name"),
        clock_column("ARRIVES", "arrives", "/to/arrives", clock),
        text_column("TO", "to", "/to/name"),
    };
}

Columns stop_columns(const json::value& run) {
    const Clock clock{times_at(array_at(run, "/stops"), {"/arrives", "/departs"}), text_at(run, "/service_date")};
    return {
        clock_column("ARRIVES", "arrives", "/arrives", clock),
        clock_column("DEPARTS", "departs", "/departs", clock),
        text_column("STATION", "station", "/station/name"),
        text_column("PLATFORM", "platform", "/platform"),
        text_column("ID", "id", "/station/id"),
    };
}

Columns seat_columns() {
    return {
        text_column("COACH", "coach", "/coach"),
        text_column("CLASS", "class", "/class"),
        text_column("SEAT", "seat", "/number"),
        text_column("STATE", "state", "/state"),
        number_column("ROW", "row", "/row"),
        text_column("COLUMN", "column", "/column"),
        joined_column("PROPERTIES", "properties", "/properties", ""),
        text_column("FACING", "facing", "/facing"),
    };
}

Columns quote_columns() {
    return {
        text_column("ID", "id", "/id"),
        money_column("TOTAL", "total", "/total"),
        text_column("CLASS", "class", "/class"),
        text_column("FLEXIBILITY", "flexibility", "/flexibility"),
        text_column("TARIFF", "tariff", "/tariff/id"),
        instant_column("EXPIRES", "expires_at", "/expires_at"),
        text_column("TOKEN", "token", "/token"),
    };
}

Columns explained_columns() {
    return {
        text_column("PASSENGER", "passenger", "/passenger"),
        number_column("LEG", "leg", "/leg"),
        money_column("BASE", "base", "/base"),
        computed_column("OF WHICH", "of_which",
                        [](const json::value& line) {
                            std::string text;
                            for (const auto& share : array_at(line, "/shares")) {
                                text += fmt::format("{}{} {}%", text.empty() ? "" : ", ", text_at(share, "/name"),
                                                    text_at(share, "/percent"));
                            }
                            return text;
                        }),
        money_column("AMOUNT", "amount", "/amount"),
        text_column("RULE", "rule", "/rule"),
    };
}

Columns hold_columns() {
    return {
        text_column("HOLD", "id", "/id"),
        text_column("STATUS", "status", "/status"),
        number_column("FENCE", "fence", "/fence"),
        instant_column("EXPIRES", "expires_at", "/expires_at"),
        joined_column("TRAINS", "trains", "/items", "/train"),
        computed_column("SEATS", "seats",
                        [](const json::value& hold) {
                            std::string text;
                            for (const auto& item : array_at(hold, "/items"))
                                text += (text.empty() ? "" : " ") + joined(array_at(item, "/seats"), "", " ");
                            return text;
                        }),
    };
}

Columns booking_columns() {
    return {
        text_column("REFERENCE", "reference", "/reference"),
        text_column("STATUS", "status", "/status"),
        money_column("TOTAL", "total", "/total"),
        date_column("DEPARTS", "departs", "/parts/0/from/departs", Clock{{}}),
        text_column("FROM", "from", "/parts/0/from/name"),
        computed_column("TO", "to",
                        [](const json::value& booking) {
                            const auto& parts = array_at(booking, "/parts");
                            return parts.empty() ? std::string{} : text_at(parts.back(), "/to/name");
                        }),
        computed_column("PASSENGERS", "passengers",
                        [](const json::value& booking) { return full_names(array_at(booking, "/passengers")); }),
        instant_column("CREATED", "created_at", "/created_at"),
    };
}

Columns payment_columns() {
    return {
        text_column("PAYMENT", "id", "/id"),
        text_column("STATUS", "status", "/status"),
        money_column("AMOUNT", "amount", "/amount"),
        text_column("METHOD", "method", "/method"),
        text_column("BOOKING", "booking", "/booking"),
    };
}

Columns ticket_columns() {
    return {
        text_column("TICKET", "id", "/id"),
        text_column("REFERENCE", "reference", "/reference"),
        text_column("STATUS", "status", "/status"),
        computed_column("PASSENGERS", "passengers",
                        [](const json::value& ticket) { return full_names(array_at(ticket, "/passengers")); }),
        joined_column("TRAINS", "trains", "/legs", "/train"),
        joined_column("SEATS", "seats", "/legs", "/seat"),
    };
}

Columns history_columns() {
    return {
        number_column("NUMBER", "number", "/number"),
        instant_column("AT", "at", "/at"),
        text_column("ACTOR", "actor", "/actor"),
        text_column("ACTION", "action", "/action"),
        text_column("DETAIL", "detail", "/detail"),
    };
}

Columns document_columns() {
    return {text_column("NAME", "name", "/name"), number_column("VERSION", "version", "/version")};
}

// --- Descriptions --------------------------------------------------------------------------------------------------

std::string describe_station(const json::value& station) {
    return details({
        {"station", text_at(station, "/id")},
        {"name", text_at(station, "/name")},
        {"code", text_at(station, "/code")},
        {"zone", text_at(station, "/zone")},
        {"position", fmt::format("{}, {}", text_at(station, "/latitude"), text_at(station, "/longitude"))},
        {"platforms", joined(array_at(station, "/platforms"), "")},
        {"calls a week", text_at(station, "/calls_per_week")},
        {"also", joined(array_at(station, "/also"), "")},
    });
}

std::string describe_journeys(const json::array& journeys, bool color) {
    const auto& first = journeys.front();
    return printable(fmt::format("{} -> {}, {}", text_at(first, "/from/name"), text_at(first, "/to/name"),
                                 text_at(first, "/departure").substr(0, 10))) +
           "\n" + table(journey_columns(journeys), journeys, color);
}

std::string describe_run(const json::value& run, bool color) {
    return details({
               {"run", text_at(run, "/id")},
               {"train", text_at(run, "/train")},
               {"operator", text_at(run, "/agency")},
               {"towards", text_at(run, "/headsign")},
               {"date", text_at(run, "/service_date")},
               {"classes", joined(array_at(run, "/classes"), "")},
               {"consist", text_at(run, "/consist")},
           }) +
           "\n" + table(stop_columns(run), array_at(run, "/stops"), color);
}

json::array seats_of(const json::value& map) {
    json::array seats;
    for (const auto& coach : array_at(map, "/coaches")) {
        for (const auto& seat : array_at(coach, "/seats")) {
            json::object row{{"coach", text_at(coach, "/number")}, {"class", text_at(coach, "/class")}};
            for (const auto& [name, value] : seat.as_object()) row[name] = value;
            seats.push_back(std::move(row));
        }
    }
    return seats;
}

std::string describe_quote(const json::value& quote, bool color) {
    const Columns lines{
        text_column("PASSENGER", "passenger", "/passenger"),
        number_column("LEG", "leg", "/leg"),
        text_column("RULE", "rule", "/rule"),
        money_column("AMOUNT", "amount", "/amount"),
    };
    return details({
               {"quote", text_at(quote, "/id")},
               {"total", money_at(quote, "/total")},
               {"class", text_at(quote, "/class")},
               {"flexibility", text_at(quote, "/flexibility")},
               {"tariff",
                fmt::format("{}, version {}", text_at(quote, "/tariff/id"), text_at(quote, "/tariff/version"))},
               {"good until", instant(text_at(quote, "/expires_at"))},
           }) +
           "\n" + table(lines, array_at(quote, "/lines"), color) + "\ntoken\n" +
           printable(text_at(quote, "/token")) + "\n";
}

std::string describe_explanation(const json::value& explanation, bool color) {
    return details({
               {"quote", text_at(explanation, "/id")},
               {"total", money_at(explanation, "/total")},
               {"tariff", fmt::format("{}, version {}", text_at(explanation, "/tariff/id"),
                                      text_at(explanation, "/tariff/version"))},
               {"sold at", instant(text_at(explanation, "/created_at"))},
               {"rounded", fmt::format("once, to {} ({})", money_at(explanation, "/rounding/unit"),
                                       text_at(explanation, "/rounding/mode"))},
           }) +
           "\n" + table(explained_columns(), array_at(explanation, "/lines"), color);
}

std::string describe_hold(const json::value& hold, bool color) {
    const auto& items = array_at(hold, "/items");
    Columns columns = ride_columns(items);
    columns.push_back(computed_column("SEATS", "seats", [](const json::value& item) {
        return joined(array_at(item, "/seats"), "", " ");
    }));
    return details({
               {"hold", text_at(hold, "/id")},
               {"status", text_at(hold, "/status")},
               {"fence", text_at(hold, "/fence")},
               {"kept until", instant(text_at(hold, "/expires_at"))},
               {"booking", text_at(hold, "/booking")},
               {"why these", joined(items, "/reason", "; ")},
           }) +
           "\n" + table(columns, items, color);
}

std::string describe_booking(const json::value& booking, bool color) {
    const auto& parts = array_at(booking, "/parts");
    const auto& passengers = array_at(booking, "/passengers");
    Columns columns{computed_column("PASSENGER", "passenger", [&passengers](const json::value& part) {
        const std::string id = text_at(part, "/passenger");
        const auto found = std::ranges::find_if(
            passengers, [&](const json::value& passenger) { return text_at(passenger, "/id") == id; });
        return found == passengers.end() ? id : full_name(*found);
    })};
    for (auto& column : ride_columns(parts)) columns.push_back(std::move(column));
    columns.push_back(text_column("SEAT", "seat", "/seat"));
    columns.push_back(money_column("PRICE", "price", "/price"));
    columns.push_back(text_column("STATUS", "status", "/status"));
    const std::string status = text_at(booking, "/status");
    return details({
               {"booking", text_at(booking, "/reference")},
               {"status", status},
               {"total", money_at(booking, "/total")},
               {"pay before", status == "PREBOOKED" ? instant(text_at(booking, "/expires_at")) : ""},
               {"email", text_at(booking, "/contact/email")},
               {"phone", text_at(booking, "/contact/phone")},
               {"tickets", joined(array_at(booking, "/tickets"), "", " ")},
               {"id", text_at(booking, "/id")},
           }) +
           "\n" + table(columns, parts, color);
}

std::string describe_payment(const json::value& payment) {
    return details({
        {"payment", text_at(payment, "/id")},
        {"status", text_at(payment, "/status")},
        {"amount", money_at(payment, "/amount")},
        {"method", text_at(payment, "/method")},
        {"booking", text_at(payment, "/booking")},
    });
}

std::string describe_ticket(const json::value& ticket, bool color) {
    const auto& legs = array_at(ticket, "/legs");
    Columns columns = ride_columns(legs);
    columns.push_back(text_column("SEAT", "seat", "/seat"));
    return details({
               {"ticket", text_at(ticket, "/id")},
               {"passenger", full_names(array_at(ticket, "/passengers"))},
               {"status", text_at(ticket, "/status")},
               {"booking", text_at(ticket, "/reference")},
           }) +
           "\n" + table(columns, legs, color);
}

}  // namespace railbook::cli

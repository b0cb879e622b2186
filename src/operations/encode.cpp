#include "operations/encode.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"

namespace railbook::operations {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::int64_t seconds_of(Duration duration) { return std::chrono::floor<std::chrono::seconds>(duration).count(); }

value texts(const std::vector<std::string>& items) {
    array result;
    for (const auto& item : items) result.emplace_back(item);
    return result;
}

value encode_end(const Endpoint& end, std::string_view time_name) {
    object result{{"id", to_string(end.call)}, {"name", end.name}, {time_name, to_string(end.time, end.zone)}};
    if (!end.platform.empty()) result["platform"] = end.platform;
    return result;
}
value encode_from(const Endpoint& end) { return encode_end(end, "departs"); }
value encode_to(const Endpoint& end) { return encode_end(end, "arrives"); }

value encode(const std::map<std::string, int>& counts) {
    object result;
    for (const auto& [name, count] : counts) result[name] = count;
    return result;
}

value encode(const Passenger& passenger) {
    object result{{"id", passenger.id},
                  {"given_name", passenger.given_name},
                  {"family_name", passenger.family_name},
                  {"type", passenger.type}};
    if (passenger.birth_date) result["birth_date"] = to_string(*passenger.birth_date);
    return result;
}

/// `2` and `second`, once each, in the order of the train.
value classes_of(const Consist& consist) {
    array classes;
    for (const auto& coach : consist.coaches) {
        const value name(coach.travel_class);
        if (std::find(classes.begin(), classes.end(), name) == classes.end()) classes.push_back(name);
    }
    return classes;
}

}  // namespace

value encode(const Money& money) {
    return {{"amount", money.amount}, {"currency", money.currency}, {"scale", money.scale}};
}

value encode(const Feed& feed) {
    return {{"name", feed.name},
            {"version", feed.version},
            {"checksum", feed.checksum},
            {"imported_at", to_string(feed.imported_at)},
            {"publisher", feed.publisher},
            {"first_date", to_string(feed.first_date)},
            {"last_date", to_string(feed.last_date)},
            {"stations", feed.stations},
            {"trips", feed.trips}};
}

value encode(const Document& document) {
    boost::system::error_code error;
    value content = boost::json::parse(document.text, error);
    RAILBOOK_ASSERT(!error);  // it was checked when it was imported
    return {{"name", document.name}, {"version", document.version}, {"document", std::move(content)}};
}

value encode(const ImportReport& report) {
    array files;
    for (const auto& file : report.files)
        files.push_back({{"file", file.file}, {"rows", file.rows}, {"dropped", file.dropped}});
    array dropped;
    for (const auto& row : report.dropped) dropped.push_back({{"place", row.pointer}, {"reason", row.detail}});
    array pinned;
    for (const auto& change : report.pinned) {
        pinned.push_back({{"run", to_string(change.run)},
                          {"change", change.dropped ? "dropped" : "changed"},
                          {"detail", change.detail},
                          {"holds", change.holds},
                          {"bookings", change.bookings}});
    }
    return {{"feed", encode(report.feed)},   {"files", std::move(files)},    {"dropped_count", report.dropped_count},
            {"dropped", std::move(dropped)}, {"notes", texts(report.notes)}, {"pinned", std::move(pinned)},
            {"bytes", report.bytes}};
}

value encode(const Station& station) {
    array also;
    for (const auto& id : station.also) also.emplace_back(to_string(id));
    return {{"id", to_string(station.id)},
            {"name", station.name},
            {"code", station.code},
            {"zone", station.zone},
            {"latitude", station.latitude},
            {"longitude", station.longitude},
            {"platforms", texts(station.platforms)},
            {"calls_per_week", station.calls},
            {"also", std::move(also)}};
}

value encode(const Journey& journey) {
    array legs;
    for (const auto& leg : journey.legs) {
        legs.push_back({{"run", to_string(leg.run)},
                        {"train", leg.train},
                        {"headsign", leg.headsign},
                        {"from", encode_from(leg.from)},
                        {"to", encode_to(leg.to)},
                        {"departure", to_string(leg.from.time, leg.from.zone)},
                        {"arrival", to_string(leg.to.time, leg.to.zone)},
                        {"stops", leg.stops},
                        {"distance", leg.distance},
                        {"free", encode(leg.free)}});
        if (leg.stays) legs.back().as_object()["stays"] = true;
    }
    const Endpoint& from = journey.legs.front().from;
    const Endpoint& to = journey.legs.back().to;
    return {{"id", journey.id},
            {"from", encode_from(from)},
            {"to", encode_to(to)},
            {"departure", to_string(from.time, from.zone)},
            {"arrival", to_string(to.time, to.zone)},
            {"duration", seconds_of(journey.duration())},
            {"changes", journey.changes()},
            {"legs", std::move(legs)},
            {"price_from", journey.price_from ? encode(*journey.price_from) : value(nullptr)}};
}

value encode(const JourneyPage& page) {
    object result{{"journeys", encode(page.journeys)}};
    const auto cursor = [](const std::string& text) { return text.empty() ? value(nullptr) : value(text); };
    result["earlier_cursor"] = cursor(page.earlier_cursor);
    result["later_cursor"] = cursor(page.later_cursor);
    result["is_cut"] = page.is_cut;
    return result;
}

value encode(const RunSummary& run) {
    return {{"id", to_string(run.id)},
            {"train", run.train},
            {"service_date", to_string(run.id.date)},
            {"from", encode_from(run.from)},
            {"to", encode_to(run.to)}};
}

value encode(const Run& run) {
    array stops;
    for (const auto& call : run.calls) {
        object stop{{"station", {{"id", to_string(call.id)}, {"name", call.name}}}};
        if (call.arrives) stop["arrives"] = to_string(*call.arrives, call.zone);
        if (call.departs) stop["departs"] = to_string(*call.departs, call.zone);
        if (!call.platform.empty()) stop["platform"] = call.platform;
        stop["zone"] = call.zone;
        stop["pick_up"] = call.pick_up;
        stop["drop_off"] = call.drop_off;
        stop["distance"] = call.distance;
        stops.push_back(std::move(stop));
    }
    return {{"id", to_string(run.id)},
            {"train", run.train},
            {"agency", run.agency},
            {"headsign", run.headsign},
            {"service_date", to_string(run.id.date)},
            {"stops", std::move(stops)},
            {"classes", classes_of(*run.consist)},
            {"consist", run.consist->name},
            {"pinned", run.pinned}};
}

value encode(const SeatMap& map) {
    array coaches;
    for (const auto& coach : map.coaches) {
        array seats;
        for (const auto& seat : coach.seats) {
            object place{{"number", seat.place.number}, {"state", to_string(seat.state)}};
            if (seat.place.row > 0) place["row"] = seat.place.row;
            if (!seat.place.column.empty()) place["column"] = seat.place.column;
            if (!seat.place.properties.empty()) place["properties"] = texts(seat.place.properties);
            if (!seat.place.facing.empty()) place["facing"] = seat.place.facing;
            seats.push_back(std::move(place));
        }
        coaches.push_back({{"number", coach.number},
                           {"class", coach.travel_class},
                           {"layout", coach.layout},
                           {"seats", std::move(seats)}});
    }
    return {{"run", to_string(map.run.id)},
            {"version", map.version},
            {"from", encode_from(departure_of(map.run, map.span.from))},
            {"to", encode_to(arrival_of(map.run, map.span.to))},
            {"coaches", std::move(coaches)}};
}

value encode(const SeatChanges& changes, const Run& run) {
    array list;
    // The run may have got other coaches or calls since it was read.
    const bool fits = std::ranges::all_of(changes.changes, [&](const SeatChange& change) {
        return change.seat < run.consist->seat_count() && change.span.to < run.calls.size();
    });
    for (const auto& change : fits ? changes.changes : std::vector<SeatChange>{}) {
        list.push_back({{"version", change.version},
                        {"seat", to_string(run.consist->seat_at(change.seat))},
                        {"from", to_string(run.calls[change.span.from].id)},
                        {"to", to_string(run.calls[change.span.to].id)},
                        {"state", to_string(change.state)}});
    }
    return {{"run", to_string(run.id)},
            {"version", changes.version},
            {"resync", changes.resync || !fits},
            {"changes", std::move(list)}};
}

value encode(const SeatBlock& block, const Run& run) {
    array seats;
    for (const auto& seat : block.seats) seats.emplace_back(to_string(seat.id));
    return {{"run", to_string(run.id)},
            {"from", encode_from(departure_of(run, block.span.from))},
            {"to", encode_to(arrival_of(run, block.span.to))},
            {"seats", std::move(seats)}};
}

value encode(const AffectedSeat& seat) {
    object one{{"hold", to_string(seat.hold)},
               {"owner", seat.owner},
               {"tickets", seat.tickets},
               {"from", to_string(seat.from)}};
    if (!seat.reference.empty()) one["booking"] = seat.reference;
    if (!seat.to.coach.empty()) one["to"] = to_string(seat.to);
    if (!seat.loses.empty()) one["loses"] = texts(seat.loses);
    if (seat.is_apart) one["apart"] = true;
    return one;
}

value encode(const BlockedSeat& block) {
    return {{"seat", to_string(block.seat)}, {"from", encode_from(block.from)}, {"to", encode_to(block.to)}};
}

value encode(const ConsistOffer& offer) {
    return {{"id", offer.id},
            {"run", to_string(offer.run.id)},
            {"consist", offer.consist->name},
            {"unaffected", offer.unaffected},
            {"reseatings", encode(offer.reseatings)},
            {"stranded", encode(offer.stranded)},
            {"worse_off", encode(offer.worse_off)},
            {"blocks_lost", encode(offer.blocks_lost)}};
}

namespace {

value encode(const Call& call) {
    object result;
    if (call.arrives) result["arrives"] = to_string(*call.arrives, call.zone);
    if (call.departs) result["departs"] = to_string(*call.departs, call.zone);
    if (!call.platform.empty()) result["platform"] = call.platform;
    if (!call.pick_up) result["pick_up"] = false;
    if (!call.drop_off) result["drop_off"] = false;
    return result;
}

value encode(const CallChange& change) {
    const auto& call = change.after ? *change.after : *change.before;
    object result{{"station", {{"id", to_string(call.id)}, {"name", call.name}}}};
    if (change.before) result["before"] = encode(*change.before);
    if (change.after) result["after"] = encode(*change.after);
    return result;
}

value encode(const AffectedRide& ride) {
    array seats;
    for (const auto& seat : ride.seats) seats.emplace_back(to_string(seat));
    object result{{"hold", to_string(ride.hold)},   {"owner", ride.owner},
                  {"seats", std::move(seats)},      {"tickets", ride.tickets},
                  {"from", encode_from(ride.from)}, {"to", encode_to(ride.to)}};
    if (!ride.reference.empty()) result["booking"] = ride.reference;
    if (ride.new_from) result["new_from"] = encode_from(*ride.new_from);
    if (ride.new_to) result["new_to"] = encode_to(*ride.new_to);
    array misses;
    for (const auto& run : ride.misses) misses.emplace_back(to_string(run));
    if (!misses.empty()) result["misses"] = std::move(misses);
    return result;
}

template <class T>
value encode_all(const std::vector<T>& items) {
    array all;
    for (const auto& item : items) all.push_back(encode(item));
    return all;
}

}  // namespace

value encode(const AdoptionOffer& offer) {
    return {{"id", offer.id},
            {"run", to_string(offer.run.id)},
            {"train", offer.planned.train},
            {"changes", encode_all(offer.changes)},
            {"unaffected", offer.unaffected},
            {"affected", encode_all(offer.affected)},
            {"lost", encode_all(offer.lost)},
            {"blocks_lost", operations::encode(offer.blocks_lost)}};
}

value encode(const Availability& availability, const RunId& run) {
    return {{"run", to_string(run)}, {"version", availability.version}, {"free", encode(availability.free)}};
}

value encode(const Quote& quote) {
    array legs;
    for (const auto& leg : quote.legs)
        legs.push_back({{"run", to_string(leg.run)}, {"from", to_string(leg.from)}, {"to", to_string(leg.to)}});
    array passengers;
    for (const auto& passenger : quote.passengers) {
        object one{{"id", passenger.id}, {"type", passenger.type}};
        if (!passenger.card.empty()) one["card"] = passenger.card;
        passengers.push_back(std::move(one));
    }
    array lines;
    for (const auto& line : quote.lines) {
        lines.push_back(
            {{"passenger", line.passenger}, {"leg", line.leg}, {"rule", line.rule}, {"amount", encode(line.amount)}});
    }
    return {{"id", to_string(quote.id)},
            {"total", encode(quote.total)},
            {"created_at", to_string(quote.created_at)},
            {"expires_at", to_string(quote.expires_at)},
            {"tariff", {{"id", quote.tariff}, {"version", quote.tariff_version}}},
            {"class", quote.travel_class},
            {"flexibility", quote.flexibility},
            {"legs", std::move(legs)},
            {"passengers", std::move(passengers)},
            {"lines", std::move(lines)},
            {"token", quote.token}};
}

value encode(const QuoteExplanation& explanation) {
    array lines;
    for (const auto& line : explanation.lines) {
        array shares;
        for (const auto& share : line.shares) shares.push_back({{"name", share.name}, {"percent", share.percent}});
        lines.push_back({{"passenger", line.line.passenger},
                         {"leg", line.line.leg},
                         {"rule", line.line.rule},
                         {"base", encode(line.base)},
                         {"shares", std::move(shares)},
                         {"amount", encode(line.line.amount)}});
    }
    const auto& quote = explanation.quote;
    return {{"id", to_string(quote.id)},
            {"total", encode(quote.total)},
            {"created_at", to_string(quote.created_at)},
            {"expires_at", to_string(quote.expires_at)},
            {"tariff", {{"id", quote.tariff}, {"version", quote.tariff_version}}},
            {"rounding", {{"unit", encode(explanation.rounding_unit)}, {"mode", explanation.rounding_mode}}},
            {"lines", std::move(lines)}};
}

value encode(const Hold& hold) {
    array items;
    for (const auto& item : hold.items) {
        array seats;
        for (const auto& seat : item.seats) seats.emplace_back(to_string(seat.id));
        object one{{"run", to_string(item.run)}, {"train", item.train},        {"from", encode_from(item.from)},
                   {"to", encode_to(item.to)},   {"class", item.travel_class}, {"seats", std::move(seats)}};
        if (!item.reason.empty()) one["reason"] = item.reason;
        items.push_back(std::move(one));
    }
    array actions;
    if (hold.status == HoldStatus::held && !hold.booking) actions = {"extend", "release", "book"};
    object result{{"id", to_string(hold.id)},
                  {"status", to_string(hold.status)},
                  {"fence", hold.fence},
                  {"pinned", hold.pinned},
                  {"created_at", to_string(hold.created_at)},
                  {"expires_at", to_string(hold.expires_at)},
                  {"items", std::move(items)},
                  {"available_actions", std::move(actions)}};
    if (hold.booking) result["booking"] = to_string(*hold.booking);
    return result;
}

value encode(const Booking& booking) {
    array passengers;
    for (const auto& passenger : booking.passengers) passengers.push_back(encode(passenger));
    array payments;
    for (const auto& id : booking.payments) payments.emplace_back(to_string(id));
    array tickets;
    for (const auto& id : booking.tickets) tickets.emplace_back(to_string(id));
    array parts;
    for (const auto& part : booking.parts) {
        parts.push_back({{"id", to_string(part.id)},
                         {"passenger", part.passenger},
                         {"run", to_string(part.run)},
                         {"train", part.train},
                         {"from", encode_from(part.from)},
                         {"to", encode_to(part.to)},
                         {"class", part.travel_class},
                         {"seat", to_string(part.seat.id)},
                         {"price", encode(part.price)},
                         {"status", to_string(part.status)}});
    }
    object contact;
    if (!booking.contact.email.empty()) contact["email"] = booking.contact.email;
    if (!booking.contact.phone.empty()) contact["phone"] = booking.contact.phone;
    array actions;
    if (booking.status() == PartStatus::prebooked) actions = {"pay", "cancel"};
    return {{"id", to_string(booking.id)},
            {"reference", booking.reference},
            {"status", to_string(booking.status())},
            {"created_at", to_string(booking.created_at)},
            {"expires_at", to_string(booking.expires_at)},
            {"total", encode(booking.total)},
            {"refunded", encode(booking.refunded)},
            {"passengers", std::move(passengers)},
            {"contact", std::move(contact)},
            {"payments", std::move(payments)},
            {"tickets", std::move(tickets)},
            {"available_actions", std::move(actions)},
            {"parts", std::move(parts)}};
}

value encode(const Payment& payment) {
    return {{"id", to_string(payment.id)},
            {"booking", to_string(payment.booking)},
            {"status", to_string(payment.status)},
            {"amount", encode(payment.amount)},
            {"method", payment.method},
            {"created_at", to_string(payment.created_at)}};
}

value encode(const Ticket& ticket) {
    array passengers;
    passengers.push_back(encode(ticket.passenger));
    array legs;
    for (const auto& leg : ticket.legs) {
        legs.push_back({{"run", to_string(leg.run)},
                        {"train", leg.train},
                        {"from", encode_from(leg.from)},
                        {"to", encode_to(leg.to)},
                        {"departure", to_string(leg.from.time, leg.from.zone)},
                        {"arrival", to_string(leg.to.time, leg.to.zone)},
                        {"class", leg.travel_class},
                        {"seat", to_string(leg.seat)}});
    }
    return {{"id", to_string(ticket.id)},
            {"booking", to_string(ticket.booking)},
            {"reference", ticket.reference},
            {"status", to_string(ticket.status)},
            {"issued_at", to_string(ticket.issued_at)},
            {"passengers", std::move(passengers)},
            {"legs", std::move(legs)}};
}

value encode(const AuditEntry& entry) {
    return {{"number", entry.number},
            {"at", to_string(entry.at)},
            {"actor", entry.actor},
            {"action", entry.action},
            {"detail", entry.detail}};
}

value encode(const SandboxEntry& entry) {
    object result{{"at", to_string(entry.at)},
                  {"key", entry.key},
                  {"operation", entry.operation},
                  {"amount", entry.amount.amount},
                  {"currency", entry.amount.currency},
                  {"outcome", entry.outcome}};
    if (!entry.captured_key.empty()) result["captured_key"] = entry.captured_key;
    return result;
}

value encode(const VerifyReport& report) {
    object checked;
    for (const auto& [name, count] : report.checked) checked[name] = count;
    array violations;
    for (const auto& violation : report.violations)
        violations.push_back({{"law", violation.law}, {"object", violation.object}, {"detail", violation.detail}});
    return {{"ok", report.ok()}, {"checked", std::move(checked)}, {"violations", std::move(violations)}};
}

}  // namespace railbook::operations

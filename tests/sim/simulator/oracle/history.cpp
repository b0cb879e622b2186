#include "sim/simulator/oracle/history.hpp"

#include <string_view>

#include "sim/simulator/oracle/verdict.hpp"

namespace railbook::sim {
namespace {

std::string_view name_of(Event::Kind kind) {
    switch (kind) {
        case Event::Kind::place: return "hold";
        case Event::Kind::extend: return "extend";
        case Event::Kind::release: return "release";
        case Event::Kind::book: return "book";
        case Event::Kind::cancel: return "cancel";
        case Event::Kind::sell: return "sell";
        case Event::Kind::find: return "find";
        case Event::Kind::look: return "seat map";
        case Event::Kind::count: return "free seats";
        case Event::Kind::block: return "block";
        case Event::Kind::unblock: return "unblock";
        case Event::Kind::coaches: return "other coaches";
        case Event::Kind::follow: return "changes";
    }
    return "?";
}

}  // namespace

std::string described(const Event& event) {
    std::string text = event.who;
    text.append(" ").append(name_of(event.kind));
    if (event.hold != HoldId{}) text += " of hold " + brief(event.hold);
    for (const auto& ride : event.rides) {
        text += " [" + std::to_string(ride.span.from) + "," + std::to_string(ride.span.to) + ")";
        for (const auto seat : ride.seats) text += " " + std::to_string(seat);
    }
    for (const auto& move : event.moves)
        text += " " + brief(move.hold) + " " + std::to_string(move.from) + "->" + std::to_string(move.to);
    if (event.refused) text.append(" was refused: ").append(to_string(*event.refused));
    else if (event.kind == Event::Kind::find) text.append(" was told ").append(to_string(event.status));
    else if (event.until != Timestamp{}) text += " until " + milliseconds(event.until);
    return text + " at " + milliseconds(event.earliest) + " to " +
           (event.responded == Event::kNever ? std::string{"?"} : milliseconds(event.latest));
}

}  // namespace railbook::sim

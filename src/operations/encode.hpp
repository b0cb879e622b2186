#pragma once
/// Values as the JSON that HTTP, the CLI and the C calls return. Pure functions of the value: the same value is always
/// the same bytes.

#include <string>

#include <boost/json/value.hpp>

#include <railbook/engine.hpp>

namespace railbook::operations {

boost::json::value encode(const Money& money);
boost::json::value encode(const Feed& feed);
boost::json::value encode(const Document& document);  ///< Name, version and the document itself.
boost::json::value encode(const ImportReport& report);
boost::json::value encode(const Station& station);
boost::json::value encode(const Journey& journey);
boost::json::value encode(const JourneyPage& page);
boost::json::value encode(const RunSummary& run);
boost::json::value encode(const Run& run);
boost::json::value encode(const SeatMap& map);
boost::json::value encode(const SeatChanges& changes, const Run& run);
boost::json::value encode(const SeatBlock& block, const Run& run);
boost::json::value encode(const AffectedSeat& seat);
boost::json::value encode(const BlockedSeat& block);
boost::json::value encode(const ConsistOffer& offer);
boost::json::value encode(const AdoptionOffer& offer);
boost::json::value encode(const Availability& availability, const RunId& run);
boost::json::value encode(const Quote& quote);
boost::json::value encode(const QuoteExplanation& explanation);
boost::json::value encode(const Hold& hold);
boost::json::value encode(const Booking& booking);
boost::json::value encode(const Payment& payment);
boost::json::value encode(const Ticket& ticket);
boost::json::value encode(const AuditEntry& entry);
boost::json::value encode(const SandboxEntry& entry);
boost::json::value encode(const VerifyReport& report);

template <class T>
boost::json::value encode(const std::vector<T>& items) {
    boost::json::array array;
    for (const auto& item : items) array.push_back(encode(item));
    return array;
}

template <class T>
boost::json::value encode(const Page<T>& page) {
    boost::json::object list{{"items", encode(page.items)}};
    if (page.next_cursor.empty()) list["next_cursor"] = nullptr;
    else list["next_cursor"] = page.next_cursor;
    return list;
}

}  // namespace railbook::operations

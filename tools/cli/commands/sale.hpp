#pragma once
/// The whole story in one call: find a journey, price it, hold seats, book, pay, fetch the tickets. `book` and `demo`
/// are made of it.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include <railbook/result.hpp>

#include "caller.hpp"
#include "commands/passengers.hpp"

namespace railbook::cli {

struct SaleRequest {
    std::string from;
    std::string to;
    std::string depart;
    std::string travel_class;  ///< Empty: the class of the quote.
    std::string method;
    std::vector<PassengerName> passengers;
};
/// Hears of each step that succeeded: its operation and the answer.
using SaleObserver = std::function<void(std::string_view operation, const boost::json::value& answer)>;

/// Sells the first journey that has seats for all. Seats that it holds are given back where no booking came of them.
/// The answer is `{booking, tickets}`. Errors: those of the operations; sold_out and not_found (no such journey).
/// After Ctrl-C it stops before the booking is made, which the caller sees from `interrupted()`.
Result<boost::json::object> sell(Caller& caller, const SaleRequest& request, const SaleObserver& observer);

}  // namespace railbook::cli

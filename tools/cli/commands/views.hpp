#pragma once
/// How the objects of the answers look: the columns of their lists, and a description of one for people.

#include <string>

#include <boost/json/value.hpp>

#include "output.hpp"

namespace railbook::cli {

Columns feed_columns();
Columns station_columns();
/// The times of all `journeys` refer to the date of the first departure.
Columns journey_columns(const boost::json::array& journeys);
/// The times of all `runs` refer to their service date.
Columns run_columns(const boost::json::array& runs);
Columns stop_columns(const boost::json::value& run);
Columns seat_columns();
Columns quote_columns();
Columns explained_columns();
Columns hold_columns();
Columns booking_columns();
Columns payment_columns();
Columns ticket_columns();
Columns history_columns();
Columns document_columns();

std::string describe_station(const boost::json::value& station);
std::string describe_journeys(const boost::json::array& journeys, bool color);
std::string describe_run(const boost::json::value& run, bool color);
/// The seats of a `run.seats` answer, a row each, with the coach's number and class.
boost::json::array seats_of(const boost::json::value& map);
/// Each coach drawn as a grid: a line for each seat column, the train's rows from left to right.
std::string describe_seats(const boost::json::value& map);
std::string describe_quote(const boost::json::value& quote, bool color);
std::string describe_explanation(const boost::json::value& explanation, bool color);
std::string describe_hold(const boost::json::value& hold, bool color);
std::string describe_booking(const boost::json::value& booking, bool color);
std::string describe_payment(const boost::json::value& payment);
std::string describe_ticket(const boost::json::value& ticket, bool color);

}  // namespace railbook::cli

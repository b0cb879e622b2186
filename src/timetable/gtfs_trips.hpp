#pragma once
/// Makes trips of the rows of a feed.

#include <railbook/result.hpp>

#include "timetable/gtfs_rows.hpp"
#include "timetable/gtfs_table.hpp"

namespace railbook::timetable {

/// Fills the trips, calls and starts of `rows.network`. Trips that make no sense are left out and reported.
/// Errors: bad_data (none is left; strict).
Status make_trips(FeedRows& rows, Findings& findings);

}  // namespace railbook::timetable

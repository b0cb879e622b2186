#pragma once
/// Makes service dates of the calendars of a feed.

#include <optional>

#include <railbook/result.hpp>
#include <railbook/time.hpp>

#include "timetable/gtfs_rows.hpp"
#include "timetable/gtfs_table.hpp"

namespace railbook::timetable {

/// Fills the dates and services of `rows.network`, whose trips are made. At most kMaxServiceDays are kept: from the
/// first date, or, where `today` lies beyond these, from a year before it. `rebase` as in ImportOptions.
/// Errors: bad_data (nothing runs).
Status make_services(FeedRows& rows, Findings& findings, std::optional<ServiceDate> rebase, ServiceDate today);

}  // namespace railbook::timetable

#pragma once
/// Reads GTFS (gtfs.org, the schedule reference) into a network.

#include <functional>
#include <optional>
#include <string>

#include <railbook/result.hpp>
#include <railbook/timetable.hpp>

#include "timetable/archive.hpp"
#include "timetable/network.hpp"

namespace railbook::timetable {

struct GtfsOptions {
    std::string feed;
    std::optional<ServiceDate> rebase;  ///< As in ImportOptions.
    bool strict = false;
    /// Where a feed promises more dates than are kept, those around this one matter.
    ServiceDate today{};
    std::function<void(const ImportProgress&)> progress;
};

struct GtfsImport {
    NetworkData network;
    ImportReport report;  ///< `feed` without what the store gives.
};

/// Errors: bad_data (a required file or column is missing, a file is no CSV, no such time zone, nothing runs; with
/// strict, anything that is wrong); those of the archive.
Result<GtfsImport> read_gtfs(Archive& archive, const GtfsOptions& options);

}  // namespace railbook::timetable

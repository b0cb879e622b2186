#pragma once
/// What a feed says, row by row, before it is known which of it makes sense together.

#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <railbook/time.hpp>

#include "timetable/distances.hpp"
#include "timetable/network.hpp"

namespace railbook::timetable {

inline constexpr std::int32_t kNoTime = -1;
inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// Of trips.txt.
struct RawTrip {
    std::string id;
    Index route = 0;
    Index service = 0;
    std::string headsign;
    std::string short_name;
    std::string shape;
    Index block = kNone;
    NetworkData::StepFree step_free = NetworkData::StepFree::unknown;
    std::size_t line = 0;
};

/// Of stop_times.txt.
struct RawCall {
    Index trip = 0;
    Index stop = 0;
    std::uint32_t sequence = 0;
    std::uint32_t line = 0;
    std::int32_t arrival = kNoTime;
    std::int32_t departure = kNoTime;
    double travelled = kNotMeasured;
    bool pick_up = true;
    bool drop_off = true;
};

/// Of calendar.txt.
struct RawWeek {
    Index service = 0;
    std::array<bool, 7> weekdays{};  // from Monday
    ServiceDate first{};
    ServiceDate last{};
};

/// Of calendar_dates.txt.
struct RawException {
    Index service = 0;
    ServiceDate date{};
    bool added = false;
};

/// One start of frequencies.txt.
struct RawStart {
    Index trip = 0;
    std::int32_t start = 0;
    auto operator<=>(const RawStart&) const = default;
};

/// A feed as far as it is read. `network` has what needs no other file; its trips and dates are made at the end.
struct FeedRows {
    NetworkData network;
    std::vector<std::optional<Position>> positions;  // of network.stops
    std::vector<RawTrip> trips;                      // by id
    std::size_t trip_column = 0;                     // of the ids in trips.txt, from 1
    std::vector<RawCall> calls;
    std::vector<RawStart> starts;
    std::map<std::string, Shape, std::less<>> shapes;
    /// Of transfers.txt, between two trips, as positions in `trips`.
    std::vector<NetworkData::Continuation> continuations;
    /// The same.
    std::vector<NetworkData::TrainTransfer> train_transfers;
    Index service_count = 0;
    std::vector<RawWeek> weeks;
    std::vector<RawException> exceptions;
};

}  // namespace railbook::timetable

#pragma once
/// Rides without a change: every train that calls at one station and later at another.

#include <optional>
#include <vector>

#include <railbook/search.hpp>

#include "timetable/network.hpp"

namespace railbook::search {

using timetable::Index;
using timetable::Network;

/// A half-open stretch of time.
struct TimeWindow {
    Timestamp from;
    Timestamp to;
};

/// One ride: a run, and where it is boarded and left (calls of the trip, from 0).
struct Ride {
    timetable::RunIndex run;
    Index board = 0;
    Index alight = 0;
    Timestamp departure;
    Timestamp arrival;
    bool stays = false;  ///< Whoever was on the ride before keeps the seat.
};

Ride ride_of(const Network& network, const timetable::RunIndex& run, Index board, Index alight);

/// Which end of a ride must be within the window.
enum class End : std::uint8_t { departure, arrival };

/// The rides between two stations of a network, by departure, then arrival, then trip. Where a train calls at one of
/// them more than once, one alights as soon as one can, or, with the arrival within the window, boards as late.
std::vector<Ride> direct_rides(const Network& network, Index from, Index to, End end, const TimeWindow& window);

Leg leg_of(const Network& network, const Ride& ride);

}  // namespace railbook::search

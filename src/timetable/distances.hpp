#pragma once
/// Distances between the calls of a trip.

#include <cstdint>
#include <span>
#include <vector>

namespace railbook::timetable {

/// Degrees.
struct Position {
    double latitude = 0;
    double longitude = 0;
    bool operator==(const Position&) const = default;
};

/// Metres along the great circle.
double metres_between(const Position& from, const Position& to);

/// The line of a trip on the map. Immutable, so thread-safe.
class Shape {
public:
    struct Point {
        Position at;
        std::uint32_t sequence = 0;
        double travelled = 0;  // shape_dist_traveled, in the unit of the feed; NaN where it is not given
    };
    explicit Shape(std::vector<Point> points);

    /// Whether every point says how far it is, and they grow.
    bool is_measured() const { return measured_; }
    /// Metres from the beginning to where shape_dist_traveled is `travelled`. Only if is_measured().
    double metres_at(double travelled) const;
    /// Metres from the beginning to each stop, which the line passes in this order. Empty where the stops do not lie
    /// on the line, or where finding out would take too long.
    std::vector<double> metres_to(std::span<const Position> stops) const;

private:
    std::vector<Point> points_;
    std::vector<double> metres_;  // to each point
    bool measured_ = false;
};

/// Metres in a unit of shape_dist_traveled, which GTFS leaves open: the smallest of foot, metre, kilometre and mile
/// by which no way is shorter than the great circle. `travelled` in that unit and `great_circle` are sums over a feed.
double metres_per_unit(double travelled, double great_circle);

}  // namespace railbook::timetable

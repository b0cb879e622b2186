#include "timetable/distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace railbook::timetable {
namespace {

constexpr double kEarthRadius = 6'371'008.8;  // metres, the mean
constexpr double kRadians = std::numbers::pi / 180;
/// A stop that is further from the line is not on it.
constexpr double kMaxAside = 5'000;
/// Stops times points that are compared for one trip.
constexpr std::size_t kMaxComparisons = 20'000'000;

struct Projection {
    double square = 0;  // of the distance from the stop, in metres
    double share = 0;   // of the stretch from point to point
};

/// Where on the stretch from `a` to `b` a stop is nearest. Plane geometry around the stop: stretches are short.
Projection project(const Position& stop, const Position& a, const Position& b) {
    const double scale = kEarthRadius * kRadians;
    const double narrow = scale * std::cos(stop.latitude * kRadians);
    const double ax = (a.longitude - stop.longitude) * narrow;
    const double ay = (a.latitude - stop.latitude) * scale;
    const double dx = (b.longitude - a.longitude) * narrow;
    const double dy = (b.latitude - a.latitude) * scale;
    const double length = dx * dx + dy * dy;
    const double share = length > 0 ? std::clamp(-(ax * dx + ay * dy) / length, 0.0, 1.0) : 0.0;
    const double x = ax + share * dx;
    const double y = ay + share * dy;
    return {x * x + y * y, share};
}

}  // namespace

double metres_between(const Position& from, const Position& to) {
    const double half_lat = std::sin((to.latitude - from.latitude) * kRadians / 2);
    const double half_lon = std::sin((to.longitude - from.longitude) * kRadians / 2);
    const double h = half_lat * half_lat +
                     std::cos(from.latitude * kRadians) * std::cos(to.latitude * kRadians) * half_lon * half_lon;
    return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(h)));
}

Shape::Shape(std::vector<Point> points) : points_{std::move(points)} {
    std::ranges::sort(points_, {}, &Point::sequence);
    metres_.resize(points_.size());
    measured_ = points_.size() > 1 && !std::isnan(points_.front().travelled);
    for (std::size_t i = 1; i < points_.size(); ++i) {
        metres_[i] = metres_[i - 1] + metres_between(points_[i - 1].at, points_[i].at);
        if (!(points_[i].travelled >= points_[i - 1].travelled)) measured_ = false;
    }
    if (measured_ && !(points_.back().travelled > points_.front().travelled)) measured_ = false;
}

double Shape::metres_at(double travelled) const {
    const auto above = std::ranges::upper_bound(points_, travelled, {}, &Point::travelled);
    if (above == points_.begin()) return 0;
    if (above == points_.end()) return metres_.back();
    const auto i = static_cast<std::size_t>(above - points_.begin());
    const double share = (travelled - points_[i - 1].travelled) / (points_[i].travelled - points_[i - 1].travelled);
    return metres_[i - 1] + share * (metres_[i] - metres_[i - 1]);
}

std::vector<double> Shape::metres_to(std::span<const Position> stops) const {
    if (points_.size() < 2 || stops.empty() || (points_.size() - 1) * stops.size() > kMaxComparisons) return {};
    const std::size_t stretches = points_.size() - 1;
    // The choice of one stretch a stop, never going back, with the least sum of squared distances. A nearest stretch
    // for each stop alone would be wrong where a line passes a place twice.
    constexpr double kImpossible = std::numeric_limits<double>::infinity();
    std::vector<double> best(stretches, 0.0);    // up to the stop before, which is on this stretch
    std::vector<double> shares(stretches, 0.0);  // of the stop before, on each stretch
    std::vector<std::uint32_t> chosen(stretches * stops.size());
    for (std::size_t k = 0; k < stops.size(); ++k) {
        double least = kImpossible;
        std::uint32_t where = 0;
        for (std::size_t s = 0; s < stretches; ++s) {
            const auto found = project(stops[k], points_[s].at, points_[s + 1].at);
            const double same = found.share >= shares[s] ? best[s] : kImpossible;
            const bool stays = same < least;
            const double before = best[s];
            chosen[k * stretches + s] = stays ? static_cast<std::uint32_t>(s) : where;
            best[s] = (stays ? same : least) + found.square;
            shares[s] = found.share;
            if (before < least) {
                least = before;
                where = static_cast<std::uint32_t>(s);
            }
        }
    }
    auto stretch = static_cast<std::size_t>(std::ranges::min_element(best) - best.begin());
    if (best[stretch] == kImpossible) return {};
    std::vector<double> metres(stops.size());
    for (std::size_t k = stops.size(); k-- > 0;) {
        const auto found = project(stops[k], points_[stretch].at, points_[stretch + 1].at);
        if (found.square > kMaxAside * kMaxAside) return {};
        metres[k] = metres_[stretch] + found.share * (metres_[stretch + 1] - metres_[stretch]);
        stretch = chosen[k * stretches + stretch];
    }
    return metres;
}

double metres_per_unit(double travelled, double great_circle) {
    constexpr double kFoot = 0.3048;
    constexpr double kMetre = 1;
    constexpr double kKilometre = 1000;
    constexpr double kMile = 1609.344;
    // Positions of stops are not exact, so a way may look a little shorter than it is.
    for (const double unit : {kFoot, kMetre, kKilometre}) {
        if (travelled * unit >= 0.98 * great_circle) return unit;
    }
    return kMile;
}

}  // namespace railbook::timetable

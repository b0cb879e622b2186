#include "timetable/distances.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace railbook::timetable {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kUnmeasured = std::numeric_limits<double>::quiet_NaN();
/// A degree along a meridian, in metres.
constexpr double kDegree = 111'195.08;

TEST(DistancesTest, ADegreeOfLatitudeIsOneHundredAndElevenKilometres) {
    EXPECT_NEAR(metres_between({50, 8}, {51, 8}), kDegree, 1);
    EXPECT_NEAR(metres_between({0, 179.5}, {0, -179.5}), kDegree, 1);
    EXPECT_EQ(metres_between({50, 8}, {50, 8}), 0);
}

TEST(DistancesTest, StopsOfALineAreMeasuredAlongIt) {
    // North, then east: the corner makes the way longer than the great circle.
    const Shape shape{{{{0, 0}, 1, kUnmeasured}, {{1, 0}, 2, kUnmeasured}, {{1, 1}, 3, kUnmeasured}}};
    const std::vector<Position> stops{{0, 0}, {0.5, 0.001}, {1, 1}};
    EXPECT_THAT(shape.metres_to(stops), ElementsAre(DoubleNear(0, 1), DoubleNear(kDegree / 2, 200),
                                                    DoubleNear(kDegree * (1 + std::cos(M_PI / 180)), 100)));
}

TEST(DistancesTest, PointsAreOrderedByTheirSequence) {
    const Shape shape{{{{1, 0}, 20, kUnmeasured}, {{0, 0}, 10, kUnmeasured}}};
    EXPECT_THAT(shape.metres_to(std::vector<Position>{{0, 0}, {1, 0}}),
                ElementsAre(DoubleNear(0, 1), DoubleNear(kDegree, 1)));
}

TEST(DistancesTest, ALineThatPassesAPlaceTwiceMeasuresEachPass) {
    // Out and back: the second call at the half-way place is on the way back.
    const Shape shape{{{{0, 0}, 1, kUnmeasured}, {{0.1, 0}, 2, kUnmeasured}, {{0, 0}, 3, kUnmeasured}}};
    const std::vector<Position> stops{{0, 0}, {0.05, 0}, {0.1, 0}, {0.05, 0}, {0, 0}};
    const double step = kDegree * 0.05;
    EXPECT_THAT(shape.metres_to(stops), ElementsAre(DoubleNear(0, 1), DoubleNear(step, 1), DoubleNear(2 * step, 1),
                                                    DoubleNear(3 * step, 1), DoubleNear(4 * step, 1)));
}

TEST(DistancesTest, AStopFarFromTheLineIsNotOnIt) {
    const Shape shape{{{{0, 0}, 1, kUnmeasured}, {{1, 0}, 2, kUnmeasured}}};
    EXPECT_THAT(shape.metres_to(std::vector<Position>{{0, 0}, {0.5, 0.1}}), IsEmpty());
}

TEST(DistancesTest, ShapeDistTraveledLeadsToMetresWhateverItsUnit) {
    const Shape shape{{{{0, 0}, 1, 0}, {{1, 0}, 2, 10}, {{3, 0}, 3, 30}}};
    ASSERT_TRUE(shape.is_measured());
    EXPECT_NEAR(shape.metres_at(0), 0, 1);
    EXPECT_NEAR(shape.metres_at(20), 2 * kDegree, 2);
    EXPECT_NEAR(shape.metres_at(99), 3 * kDegree, 2);
}

TEST(DistancesTest, AShapeIsMeasuredOnlyIfItsDistancesGrow) {
    EXPECT_FALSE((Shape{{{{0, 0}, 1, 0}, {{1, 0}, 2, kUnmeasured}}}.is_measured()));
    EXPECT_FALSE((Shape{{{{0, 0}, 1, 5}, {{1, 0}, 2, 4}}}.is_measured()));
    EXPECT_FALSE((Shape{{{{0, 0}, 1, 5}, {{1, 0}, 2, 5}}}.is_measured()));
}

TEST(DistancesTest, TheUnitIsTheSmallestThatMakesNoWayShorterThanTheGreatCircle) {
    EXPECT_EQ(metres_per_unit(120'000, 100'000), 1);
    EXPECT_EQ(metres_per_unit(120, 100'000), 1000);
    EXPECT_EQ(metres_per_unit(75, 100'000), 1609.344);
    EXPECT_EQ(metres_per_unit(400'000, 100'000), 0.3048);
}

}  // namespace
}  // namespace railbook::timetable

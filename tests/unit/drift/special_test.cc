#include "core/drift/special.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "core/drift/student.h"

namespace firetower::drift {
namespace {

constexpr double kPi = std::numbers::pi;

void ExpectNear(double value, double expected, double relative) {
  EXPECT_NEAR(value, expected, relative * std::abs(expected));
}

TEST(Special, NormalTailIsTheStandardErfc) {
  for (double z = -8.0; z < 36.0; z += 0.01) {
    ExpectNear(NormalTail(z), 0.5 * std::erfc(z / std::numbers::sqrt2), 1e-14 * (10.0 + z * z));
  }
  EXPECT_EQ(NormalTail(0.0), 0.5);
  EXPECT_EQ(NormalTail(50.0), 0.0);
  EXPECT_EQ(NormalTail(std::numeric_limits<double>::infinity()), 0.0);
  EXPECT_EQ(NormalTail(-std::numeric_limits<double>::infinity()), 1.0);
}

TEST(Special, LogGapAndStirlingError) {
  for (double r = -0.99; r < 20.0; r += 0.037) ExpectNear(LogGap(r), r - std::log1p(r), 1e-12);
  for (const double r : {1e-9, -1e-6, 1e-5}) {
    ExpectNear(LogGap(r), r * r * (0.5 - r * (1.0 / 3.0 - 0.25 * r)), 1e-14);
  }
  for (const double n : {1.0, 2.0, 15.0, 16.0, 40.0, 1000.0}) {
    const double direct =
        std::lgamma(n + 1.0) - (0.5 * std::log(2.0 * kPi * n) + n * std::log(n) - n);
    EXPECT_NEAR(StirlingError(n), direct, 1e-15 * (10.0 + n * std::log(n)));
  }
}

TEST(Special, SineOfTheFirstQuarter) {
  for (double x = 0.0; x <= 0.5 * kPi; x += 0.001) ExpectNear(SineOfQuarter(x), std::sin(x), 5e-16);
}

TEST(Student, OneAndTwoDegreesOfFreedom) {
  for (double t = 1e-3; t < 1e8; t *= 1.5) {
    ExpectNear(StudentTwoSidedTail(t, 1.0), 2.0 / kPi * std::atan(1.0 / t), 1e-13);
    const double root = std::sqrt(2.0 + t * t);
    ExpectNear(StudentTwoSidedTail(-t, 2.0), 2.0 / (root * (root + t)), 1e-13);
  }
  ExpectNear(StudentQuantile95(1.0), std::tan(0.475 * kPi), 1e-13);
  ExpectNear(StudentQuantile95(2.0), 0.95 * std::sqrt(2.0 / (1.0 - 0.95 * 0.95)), 1e-13);
}

// Abramowitz and Stegun 26.7.4: the sum that the probability between -t and t is for even degrees.
TEST(Student, EvenDegreesOfFreedom) {
  for (const int degrees : {4, 10, 40, 400}) {
    for (const double t : {0.1, 0.9, 1.7, 1.75, 2.5, 5.0}) {
      const double angle = std::atan(t / std::sqrt(static_cast<double>(degrees)));
      double term = 1.0;
      double sum = 1.0;
      for (int k = 2; k <= degrees - 2; k += 2) {
        term *= std::pow(std::cos(angle), 2) * static_cast<double>(k - 1) / static_cast<double>(k);
        sum += term;
      }
      EXPECT_NEAR(StudentTwoSidedTail(t, degrees), 1.0 - std::sin(angle) * sum, 1e-13);
    }
  }
}

TEST(Student, TendsToTheNormalLaw) {
  for (const double t : {0.5, 1.0, 1.8, 3.0, 10.0, 30.0}) {
    const double degrees = 1e9;
    // The first correction to the log of the tail is below t^4 / (4 degrees) and t^2 / degrees.
    ExpectNear(StudentTwoSidedTail(t, degrees), 2.0 * NormalTail(t),
               (1.0 + t * t + t * t * t * t) / degrees + 1e-12);
  }
  ExpectNear(StudentQuantile95(1e9), 1.959963984540054, 3e-9);
  EXPECT_EQ(StudentTwoSidedTail(std::numeric_limits<double>::infinity(), 5.0), 0.0);
  EXPECT_EQ(StudentTwoSidedTail(0.0, 5.0), 1.0);
}

TEST(Student, QuantilesHaveTheirTail) {
  for (double degrees = 1.0; degrees < 1e8; degrees *= 1.3) {
    ExpectNear(StudentTwoSidedTail(StudentQuantile95(degrees), degrees), 0.05, 1e-12);
  }
}

}  // namespace
}  // namespace firetower::drift

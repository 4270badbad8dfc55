#include "core/features/log1p.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/random.h"

namespace firetower::features {
namespace {

// Distance to the library's log1p, itself within 1 ulp of the true value, in units of the last
// place.
double UlpsFromLibrary(double x) {
  const double expected = std::log1p(x);
  const double ulp = std::nextafter(std::fabs(expected), std::numeric_limits<double>::infinity()) -
                     std::fabs(expected);
  return std::fabs(PortableLog1p(x) - expected) / ulp;
}

TEST(Log1pTest, HasTheKnownValues) {
  EXPECT_EQ(PortableLog1p(0.0), 0.0);
  EXPECT_TRUE(std::signbit(PortableLog1p(-0.0)));
  EXPECT_DOUBLE_EQ(PortableLog1p(1.0), 0.69314718055994530942);
  EXPECT_DOUBLE_EQ(PortableLog1p(1.718281828459045), 1.0);
  EXPECT_DOUBLE_EQ(PortableLog1p(-0.5), -0.69314718055994530942);
  EXPECT_EQ(PortableLog1p(1e-300), 1e-300);
  EXPECT_EQ(PortableLog1p(std::numeric_limits<double>::denorm_min()),
            std::numeric_limits<double>::denorm_min());
}

TEST(Log1pTest, IsWithinThreeUnitsOfTheLibrary) {
  Random random(11);
  double worst = 0.0;
  for (int i = 0; i < 300000; ++i) {
    const double magnitude = std::pow(10.0, 620.0 * random.Uniform() - 312.0);
    worst = std::max(worst, UlpsFromLibrary(magnitude));
    if (magnitude < 1.0) worst = std::max(worst, UlpsFromLibrary(-magnitude));
    worst = std::max(worst, UlpsFromLibrary(3.0 * random.Uniform() - 1.0));
  }
  worst = std::max(worst, UlpsFromLibrary(std::nextafter(-1.0, 0.0)));
  worst = std::max(worst, UlpsFromLibrary(std::numeric_limits<double>::max()));
  EXPECT_LE(worst, 3.0);
}

TEST(Log1pTest, RisesAcrossTheSeamsOfTheReduction) {
  for (double seam : {-0.29289321881345248, 0.41421356237309503, 1.8284271247461901, 1.0, -0.5}) {
    double x = seam;
    for (int i = 0; i < 50; ++i) x = std::nextafter(x, -2.0);
    double before = PortableLog1p(x);
    for (int i = 0; i < 100; ++i) {
      x = std::nextafter(x, 1e9);
      const double after = PortableLog1p(x);
      EXPECT_GE(after, before - 2e-16) << x;
      before = after;
    }
  }
}

}  // namespace
}  // namespace firetower::features

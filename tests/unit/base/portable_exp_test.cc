#include "core/base/portable_exp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace firetower {
namespace {

// Oracle: the standard library's exp, which is within an ulp of the truth.
TEST(PortableExpTest, IsWithinFourUlpOfTheStandardExp) {
  Random random(1);
  for (int i = 0; i < 200000; ++i) {
    const double scale = i % 2 == 0 ? 700.0 : 3.0;
    const double x = scale * (2.0 * random.Uniform() - 1.0);
    const double expected = std::exp(x);
    const double ulp = std::nextafter(expected, INFINITY) - expected;
    EXPECT_LE(std::fabs(PortableExp(x) - expected), 4.0 * ulp) << x;
  }
}

TEST(PortableExpTest, Ends) {
  EXPECT_EQ(PortableExp(0.0), 1.0);
  EXPECT_EQ(PortableExp(-0.0), 1.0);
  EXPECT_EQ(PortableExp(-709.0), 0.0);
  EXPECT_EQ(PortableExp(-INFINITY), 0.0);
  EXPECT_GT(PortableExp(-707.9), 0.0);
  EXPECT_NEAR(PortableExp(709.0) / std::exp(709.0), 1.0, 1e-15);
}

TEST(PortableExpitTest, IsWithinSixUlpOfTheStandardExp) {
  Random random(2);
  for (int i = 0; i < 200000; ++i) {
    const double scale = i % 2 == 0 ? 700.0 : 5.0;
    const double x = scale * (2.0 * random.Uniform() - 1.0);
    // exp(x) / (1 + exp(x)) for x < 0 keeps its precision, and does not overflow.
    const double expected =
        x < 0.0 ? std::exp(x) / (1.0 + std::exp(x)) : 1.0 / (1.0 + std::exp(-x));
    const double ulp = std::nextafter(expected, INFINITY) - expected;
    EXPECT_LE(std::fabs(PortableExpit(x) - expected), 6.0 * ulp) << x;
  }
}

TEST(PortableExpitTest, Ends) {
  EXPECT_EQ(PortableExpit(0.0), 0.5);
  EXPECT_EQ(PortableExpit(INFINITY), 1.0);
  EXPECT_EQ(PortableExpit(1e300), 1.0);
  EXPECT_EQ(PortableExpit(-INFINITY), 0.0);
  EXPECT_EQ(PortableExpit(-1e300), 0.0);
  EXPECT_GT(PortableExpit(-707.9), 0.0);
  EXPECT_TRUE(std::isnan(PortableExpit(NAN)));
}

}  // namespace
}  // namespace firetower

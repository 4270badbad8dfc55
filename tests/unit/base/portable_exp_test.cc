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

}  // namespace
}  // namespace firetower

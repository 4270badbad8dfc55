#include "core/synth/normal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace firetower::synth {
namespace {

// Oracle: tables of the normal distribution, to 16 digits (scipy.stats.norm.ppf of SciPy 1.10.1).
TEST(NormalQuantileTest, GivesTheTabledPoints) {
  EXPECT_EQ(NormalQuantile(0.5), 0.0);
  EXPECT_NEAR(NormalQuantile(0.975), 1.959963984540054, 4e-15);
  EXPECT_NEAR(NormalQuantile(0.025), -1.959963984540054, 4e-15);
  EXPECT_NEAR(NormalQuantile(0.9), 1.2815515655446004, 4e-15);
  EXPECT_NEAR(NormalQuantile(1e-5), -4.264890793922825, 8e-15);
  EXPECT_NEAR(NormalQuantile(1e-20), -9.262340089798408, 2e-14);
}

// Oracle: the standard library's erfc. P(Z <= NormalQuantile(p)) must be p again.
TEST(NormalQuantileTest, InvertsTheDistributionFunction) {
  Random random(2);
  for (int i = 0; i < 200000; ++i) {
    // Both tails down to 2^-40, and the middle.
    double p = std::ldexp(0.5 + 0.5 * random.Uniform(), -static_cast<int>(random.Below(40)));
    p = std::min(p, 1.0 - 0x1p-53);
    const double back = 0.5 * std::erfc(-NormalQuantile(p) / std::sqrt(2.0));
    EXPECT_NEAR(back / p, 1.0, 2e-13) << p;
  }
}

TEST(NormalQuantileTest, RisesAcrossTheBordersOfItsTables) {
  for (double border : {0.075, 0.925, std::exp(-25.0)}) {
    double before = NormalQuantile(border * (1.0 - 1e-9));
    for (int step = -9; step <= 10; ++step) {
      const double z = NormalQuantile(border * (1.0 + 1e-10 * step));
      EXPECT_LT(before, z + 1e-15);
      before = z;
    }
  }
}

}  // namespace
}  // namespace firetower::synth

#include "core/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace firetower {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  Random a(42, 3);
  Random b(42, 3);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a.Next(), b.Next());
}

TEST(Random, SeedsAndStreamsDiffer) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (uint64_t stream = 0; stream < 100; ++stream) first.insert(Random(seed, stream).Next());
  }
  EXPECT_EQ(first.size(), 10000u);
}

TEST(Random, BelowIsUniform) {
  Random random(7);
  std::array<int, 10> counts = {};
  for (int i = 0; i < 100000; ++i) ++counts[random.Below(10)];
  // Chi-squared with 9 degrees of freedom: 33.7 is passed once in 10,000.
  double chi = 0.0;
  for (const int count : counts) chi += (count - 10000.0) * (count - 10000.0) / 10000.0;
  EXPECT_LT(chi, 33.7);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(Random, UniformIsInItsIntervalAndHasItsMoments) {
  Random random(8);
  double sum = 0.0;
  double squares = 0.0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  // Five standard errors: sqrt(1/12/n) and sqrt(4/45/n).
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 3.0, 5 * std::sqrt(4.0 / 45 / kCount));
}

}  // namespace
}  // namespace firetower

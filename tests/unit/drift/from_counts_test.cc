#include "core/drift/from_counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"
#include "core/drift/categorical.h"

namespace firetower::drift {
namespace {

using Counts = std::vector<double>;

Counts Draw(Random* random, const Counts& shares, int rows) {
  Counts counts(shares.size());
  for (int i = 0; i < rows; ++i) {
    double u = random->Uniform();
    size_t b = 0;
    while (b + 1 < shares.size() && u >= shares[b]) u -= shares[b++];
    counts[b] += 1.0;
  }
  return counts;
}

TEST(KsFromCountsTest, BoundsTheDistanceAndThePValueOfTheRows) {
  Random random(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> a(20 + random.Below(200)), b(20 + random.Below(200));
    const double moved = 0.3 * random.Uniform();
    for (double& x : a) x = random.Uniform();
    for (double& x : b) x = random.Uniform() + moved;
    const Tally tally = TallyOf(a, b);
    const KsResult rows = KolmogorovSmirnov(tally);
    const BinCounts counts = CountInto(tally, EqualWidthEdges(tally, 1 + random.Below(30)), false);
    const CountedKs counted = KsFromCounts(counts.reference, counts.current);
    EXPECT_LE(counted.distance, rows.statistic + 1e-15);
    EXPECT_GE(counted.upper, rows.statistic - 1e-15);
    EXPECT_LE(counted.upper - counted.distance, counted.resolution + 1e-15);
    EXPECT_GE(counted.p_value, rows.p_value - 1e-12);
    EXPECT_TRUE(counted.finer);
  }
}

TEST(KsFromCountsTest, WithABinPerValueNothingIsHidden) {
  const CountedKs apart = KsFromCounts(Counts{10, 0, 7, 0}, Counts{0, 5, 0, 8});
  EXPECT_EQ(apart.upper, apart.distance);
  EXPECT_FALSE(apart.finer);
  const CountedKs same = KsFromCounts(Counts{10, 10}, Counts{10, 10});
  EXPECT_EQ(same.distance, 0.0);
  EXPECT_EQ(same.p_value, 1.0);
  EXPECT_EQ(same.upper, 0.5);  // All of one side's rows in a bin may be before the other's.
  EXPECT_EQ(same.resolution, 0.5);
  EXPECT_TRUE(same.finer);
  EXPECT_TRUE(std::isnan(KsFromCounts(Counts{0, 0}, Counts{1, 1}).p_value));
}

// The true excess of PSI is inside the interval in about 95 of 100 samples, near and far from none.
TEST(EffectOfPsiTest, CoversTheTruth) {
  Random random(9);
  const Counts even(10, 0.1);
  for (const double tilt : {0.0, 0.05, 0.1, 0.6}) {
    Counts moved(10);
    double sum = 0.0;
    for (size_t b = 0; b < 10; ++b)
      sum += moved[b] = std::exp(tilt * (static_cast<double>(b) - 4.5));
    double truth = 0.0;
    for (double& share : moved) {
      share /= sum;
      truth += (share - 0.1) * std::log(share / 0.1);
    }
    int covered = 0;
    constexpr int kRounds = 400;
    for (int round = 0; round < kRounds; ++round) {
      const Effect effect = EffectOfPsi(Draw(&random, even, 2000), Draw(&random, moved, 1000));
      EXPECT_LE(effect.low, effect.value);
      EXPECT_GE(effect.high, effect.value);
      covered += effect.low <= truth && truth <= effect.high ? 1 : 0;
    }
    EXPECT_GE(covered, 366) << tilt;  // 95 % less three standard deviations.
  }
}

TEST(EffectOfCramersVTest, CoversTheTruth) {
  Random random(10);
  const Counts shares = {0.5, 0.3, 0.2};
  const Counts moved = {0.4, 0.3, 0.3};
  // phi squared of the two laws with the sides' weights 2/3 and 1/3.
  double phi = 0.0;
  for (size_t c = 0; c < 3; ++c) {
    const double both = (2.0 * shares[c] + moved[c]) / 3.0;
    phi += 2.0 / 9.0 * (shares[c] - moved[c]) * (shares[c] - moved[c]) / both;
  }
  int covered = 0;
  for (int round = 0; round < 400; ++round) {
    const Effect effect = EffectOfCramersV(Draw(&random, shares, 1000), Draw(&random, moved, 500));
    covered += effect.low <= std::sqrt(phi) && std::sqrt(phi) <= effect.high ? 1 : 0;
  }
  EXPECT_GE(covered, 366);
}

TEST(EffectsTest, EdgeCases) {
  EXPECT_TRUE(std::isnan(EffectOfPsi(Counts{0, 0}, Counts{1, 2}).high));
  EXPECT_TRUE(std::isnan(EffectOfCramersV(Counts{1, 2}, Counts{0, 0}).low));
  for (const Effect& effect :
       {EffectOfPsi(Counts{7, 0}, Counts{9, 0}), EffectOfCramersV(Counts{7, 0}, Counts{9, 0})}) {
    EXPECT_EQ(effect.value, 0.0);
    EXPECT_EQ(effect.high, 0.0);
  }
  const Effect same = EffectOfPsi(Counts{1e6, 1e6, 1e6}, Counts{1e6, 1e6, 1e6});
  EXPECT_EQ(same.low, 0.0);
  EXPECT_LT(same.high, 1e-4);
  const Effect apart = EffectOfCramersV(Counts{1e6, 0}, Counts{0, 1e6});
  EXPECT_GT(apart.low, 0.99);
  EXPECT_LE(apart.high, 1.0);
  // A column that is in other bins altogether, of many rows: found, finite.
  const Effect far = EffectOfPsi(Counts{284315, 0, 492}, Counts{0, 284807, 0});
  EXPECT_TRUE(std::isfinite(far.low) && std::isfinite(far.high));
  EXPECT_GT(far.low, 1.0);
}

}  // namespace
}  // namespace firetower::drift

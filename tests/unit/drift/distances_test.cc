#include "core/drift/distances.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/base/random.h"
#include "core/drift/chi_square.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Counts of a few rows, some bins empty on a side or on both.
std::vector<double> MadeUpCounts(Random* random, size_t bins) {
  std::vector<double> counts(bins);
  for (double& count : counts) count = random->Below(3) == 0 ? 0.0 : random->Below(50);
  counts[0] += 1.0;
  return counts;
}

template <typename Check>
void ForMadeUpCounts(Check check) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const size_t bins = 1 + random.Below(20);
    const std::vector<double> reference = MadeUpCounts(&random, bins);
    check(reference, MadeUpCounts(&random, bins), &random);
  }
}

// scipy 1.10.1 and numpy 1.24.2 on ten equal bins of the sequences A and B (tests/golden has more).
TEST(DistancesTest, OfTenBins) {
  const std::vector<double> reference = {11, 9, 8, 2, 7, 7, 5, 8, 3, 0};
  const std::vector<double> current = {2, 7, 8, 12, 5, 8, 13, 10, 6, 9};
  EXPECT_NEAR(JensenShannon(reference, current, std::exp(1.0)), 0.3327098093907828, 1e-14);
  EXPECT_NEAR(JensenShannon(reference, current, 2.0), 0.3996252076823376, 1e-14);
  EXPECT_NEAR(Hellinger(reference, current), 0.3625542701442947, 1e-14);
  EXPECT_NEAR(TotalVariation(reference, current), 0.33333333333333337, 1e-15);
  EXPECT_NEAR(LInfinity(reference, current), 0.15833333333333333, 1e-15);
  EXPECT_EQ(KullbackLeibler(current, reference, ZeroRule::kNone), kInfinity);
  EXPECT_NEAR(KullbackLeibler(reference, current, ZeroRule::kNone), 0.4578317168074619, 1e-14);
  EXPECT_NEAR(Psi(reference, current, ZeroRule::kFloor), 1.4238128064224012, 1e-14);
  EXPECT_NEAR(Psi(reference, current, ZeroRule::kAddHalf), 0.8129201013760542, 1e-14);
  EXPECT_EQ(Psi(reference, current, ZeroRule::kNone), kInfinity);
}

TEST(DistancesTest, WithoutRowsOnASideThereIsNothingToSay) {
  const std::vector<double> some = {1, 2};
  const std::vector<double> none = {0, 0};
  for (const auto& [a, b] : {std::pair(some, none), std::pair(none, some), std::pair(none, none)}) {
    EXPECT_TRUE(std::isnan(Psi(a, b, ZeroRule::kAddHalf)));
    EXPECT_TRUE(std::isnan(KullbackLeibler(a, b, ZeroRule::kNone)));
    EXPECT_TRUE(std::isnan(JensenShannon(a, b, 2.0)));
    EXPECT_TRUE(std::isnan(Hellinger(a, b)));
    EXPECT_TRUE(std::isnan(TotalVariation(a, b)));
    EXPECT_TRUE(std::isnan(LInfinity(a, b)));
    for (const double part : PsiContributions(a, b, ZeroRule::kFloor))
      EXPECT_TRUE(std::isnan(part));
  }
  EXPECT_TRUE(std::isnan(Psi({}, {}, ZeroRule::kAddHalf)));
  EXPECT_TRUE(std::isnan(PsiUnderNull(10, 0, 5).bound));
}

TEST(DistancesTest, AreTheSameFromEitherSide) {
  ForMadeUpCounts([](const auto& a, const auto& b, Random*) {
    for (const ZeroRule rule : {ZeroRule::kAddHalf, ZeroRule::kFloor})
      EXPECT_NEAR(Psi(a, b, rule), Psi(b, a, rule), 1e-13);
    EXPECT_DOUBLE_EQ(JensenShannon(a, b, 2.0), JensenShannon(b, a, 2.0));
    EXPECT_DOUBLE_EQ(Hellinger(a, b), Hellinger(b, a));
    EXPECT_DOUBLE_EQ(TotalVariation(a, b), TotalVariation(b, a));
    EXPECT_DOUBLE_EQ(LInfinity(a, b), LInfinity(b, a));
  });
}

TEST(DistancesTest, DoNotDependOnTheOrderOfTheBins) {
  ForMadeUpCounts([](const auto& a, const auto& b, Random* random) {
    std::vector<double> c = a;
    std::vector<double> d = b;
    for (size_t i = c.size(); i > 1; --i) {
      const size_t j = random->Below(static_cast<uint32_t>(i));
      std::swap(c[i - 1], c[j]);
      std::swap(d[i - 1], d[j]);
    }
    EXPECT_NEAR(Psi(a, b, ZeroRule::kAddHalf), Psi(c, d, ZeroRule::kAddHalf), 1e-13);
    EXPECT_NEAR(KullbackLeibler(a, b, ZeroRule::kFloor), KullbackLeibler(c, d, ZeroRule::kFloor),
                1e-13);
    EXPECT_NEAR(JensenShannon(a, b, 2.0), JensenShannon(c, d, 2.0), 1e-13);
    EXPECT_NEAR(Hellinger(a, b), Hellinger(c, d), 1e-13);
    EXPECT_NEAR(TotalVariation(a, b), TotalVariation(c, d), 1e-13);
    EXPECT_EQ(LInfinity(a, b), LInfinity(c, d));
  });
}

TEST(DistancesTest, AreBoundedAndZeroOnlyOfEqualShares) {
  ForMadeUpCounts([](const auto& a, const auto& b, Random*) {
    for (const double distance :
         {JensenShannon(a, b, 2.0), Hellinger(a, b), TotalVariation(a, b)}) {
      EXPECT_GE(distance, 0.0);
      EXPECT_LE(distance, 1.0 + 1e-15);
    }
    EXPECT_LE(LInfinity(a, b), TotalVariation(a, b) + 1e-15);
    // H^2 <= TV <= sqrt(2) H.
    EXPECT_LE(Hellinger(a, b) * Hellinger(a, b), TotalVariation(a, b) + 1e-15);
    EXPECT_LE(TotalVariation(a, b), std::sqrt(2.0) * Hellinger(a, b) + 1e-15);
    std::vector<double> twice = a;
    for (double& count : twice) count *= 2.0;
    EXPECT_EQ(JensenShannon(a, twice, 2.0), 0.0);
    EXPECT_EQ(TotalVariation(a, twice), 0.0);
    EXPECT_EQ(Psi(a, twice, ZeroRule::kNone), 0.0);
  });
}

TEST(DistancesTest, ContributionsToPsiAddUpToIt) {
  ForMadeUpCounts([](const auto& a, const auto& b, Random*) {
    for (const ZeroRule rule : {ZeroRule::kAddHalf, ZeroRule::kFloor}) {
      const std::vector<double> parts = PsiContributions(a, b, rule);
      ASSERT_EQ(parts.size(), a.size());
      double sum = 0.0;
      for (const double part : parts) {
        EXPECT_GE(part, 0.0);
        sum += part;
      }
      EXPECT_EQ(sum, Psi(a, b, rule));
    }
  });
}

TEST(DistancesTest, ABinThatNobodyHasCountsForNothing) {
  const std::vector<double> reference = {1000, 2000, 0};
  const std::vector<double> current = {20, 30, 0};
  for (const ZeroRule rule : {ZeroRule::kAddHalf, ZeroRule::kFloor, ZeroRule::kNone}) {
    EXPECT_EQ(Psi(reference, current, rule),
              Psi(std::vector{1000.0, 2000.0}, std::vector{20.0, 30.0}, rule));
  }
}

TEST(PsiUnderNullTest, IsTheChiSquareOfItsBins) {
  const PsiNull null = PsiUnderNull(10, 500, 2000);
  EXPECT_DOUBLE_EQ(null.expected, 9.0 * (1.0 / 500 + 1.0 / 2000));
  // 16.918977604620448: scipy.stats.chi2.ppf(.95, 9).
  EXPECT_NEAR(null.bound, 16.918977604620448 * (1.0 / 500 + 1.0 / 2000), 1e-14);
  EXPECT_EQ(PsiUnderNull(1, 5, 5).bound, 0.0);
}

TEST(ChiSquareQuantileTest, InvertsTheTail) {
  for (const size_t degrees : {1u, 2u, 9u, 100u})
    for (const double tail : {1e-9, 0.001, 0.05, 0.5, 0.975})
      EXPECT_NEAR(ChiSquareTail(ChiSquareQuantile(tail, degrees), degrees) / tail, 1.0, 1e-11);
}

TEST(EdgesTest, QuantilesHoldEqualSharesOfTheReference) {
  std::vector<double> reference(1000);
  std::iota(reference.begin(), reference.end(), 0.0);
  const Tally tally = TallyOf(reference, std::vector{-5.0, 1e9, 400.0});
  const std::vector<double> edges = ReferenceQuantileEdges(tally, 10);
  ASSERT_EQ(edges.size(), 11u);
  const BinCounts counts = CountInto(tally, edges, true);
  EXPECT_EQ(counts.reference,
            std::vector<double>({100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0}));
  EXPECT_EQ(counts.current, std::vector<double>({1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
}

TEST(EdgesTest, AConstantThatChangesIsSeen) {
  const std::vector<double> fours(30, 4.0);
  std::vector<double> more = fours;
  more.insert(more.end(), {5.0, 5.0, 3.0, kNaN});
  const Tally tally = TallyOf(fours, more);
  const std::vector<double> edges = ReferenceQuantileEdges(tally, 10);
  const BinCounts counts = CountInto(tally, edges, true);
  EXPECT_EQ(counts.reference, std::vector<double>({0, 30, 0, 0}));
  EXPECT_EQ(counts.current, std::vector<double>({1, 30, 2, 1}));
}

TEST(EdgesTest, AValueWithMoreThanABinsShareHasABinToItself) {
  std::vector<double> reference(500, 0.0);
  for (int i = 1; i <= 500; ++i) reference.push_back(i);
  const Tally tally = TallyOf(reference, reference);
  const std::vector<double> edges = ReferenceQuantileEdges(tally, 10);
  const BinCounts counts = CountInto(tally, edges, false);
  EXPECT_EQ(counts.reference, counts.current);
  EXPECT_EQ(std::count(counts.reference.begin(), counts.reference.end(), 500.0), 1);
  EXPECT_EQ(std::accumulate(counts.reference.begin(), counts.reference.end(), 0.0), 1000.0);
  EXPECT_LE(edges.size(), 13u);
}

TEST(EdgesTest, OfNoRows) {
  const Tally none = TallyOf({}, {});
  EXPECT_TRUE(ReferenceQuantileEdges(none, 10).empty());
  EXPECT_TRUE(EqualWidthEdges(none, 10).empty());
  EXPECT_TRUE(SturgesEdges(none).empty());
  EXPECT_TRUE(DoaneEdges(none).empty());
  EXPECT_TRUE(CountInto(none, {}, false).reference.empty());
  EXPECT_TRUE(ReferenceQuantileEdges(TallyOf({}, std::vector{1.0}), 10).empty());
}

TEST(EdgesTest, OfRangesThatOverflow) {
  const double large = std::numeric_limits<double>::max();
  const Tally tally = TallyOf(std::vector{-large, 0.0, large}, std::vector{1.0});
  for (const std::vector<double>& edges : {EqualWidthEdges(tally, 4), SturgesEdges(tally),
                                           DoaneEdges(tally), ReferenceQuantileEdges(tally, 3)}) {
    const BinCounts counts = CountInto(tally, edges, false);
    EXPECT_EQ(std::accumulate(counts.reference.begin(), counts.reference.end(), 0.0), 3.0);
    EXPECT_TRUE(std::is_sorted(edges.begin(), edges.end()));
  }
}

// Counting is adding: the counts of samples put together are the sums of their counts.
TEST(CountIntoTest, MergingIsPoolingOfCounts) {
  Random random(4);
  std::vector<double> a(700), b(400), both;
  for (double& x : a) x = random.Uniform();
  for (double& x : b) x = random.Below(10) == 0 ? kNaN : random.Uniform() * 2.0;
  both = a;
  both.insert(both.end(), b.begin(), b.end());
  const std::vector<double> edges = ReferenceQuantileEdges(TallyOf(a, {}), 7);
  const BinCounts first = CountInto(TallyOf(a, {}), edges, true);
  const BinCounts second = CountInto(TallyOf(b, {}), edges, true);
  const BinCounts merged = CountInto(TallyOf(both, {}), edges, true);
  for (size_t i = 0; i < merged.reference.size(); ++i)
    EXPECT_EQ(merged.reference[i], first.reference[i] + second.reference[i]);
}

TEST(CountIntoTest, BinsAreHalfOpenAndTheLastIsClosed) {
  const Tally tally = TallyOf(std::vector{0.0, 1.0, 1.5, 2.0, 3.0}, std::vector{-1.0, 2.0});
  const BinCounts counts = CountInto(tally, std::vector{0.0, 1.0, 2.0}, false);
  EXPECT_EQ(counts.reference, std::vector<double>({1, 3}));
  EXPECT_EQ(counts.current, std::vector<double>({0, 1}));
}

TEST(PoolTest, NeighboursByTheReference) {
  const PooledCounts pools =
      PoolNeighbours(std::vector<double>{50, 10, 10, 30, 2}, std::vector<double>{5, 0, 4, 0, 1});
  // Of ten current rows 4.9, 1.96 (pooled of bins 1 to 3), ... are expected.
  EXPECT_EQ(pools.reference, std::vector<double>({102}));
  const PooledCounts more =
      PoolNeighbours(std::vector<double>{60, 10, 30, 60, 2}, std::vector<double>{50, 0, 40, 72, 0});
  EXPECT_EQ(more.reference, std::vector<double>({60, 10, 30, 62}));
  EXPECT_EQ(more.current, std::vector<double>({50, 0, 40, 72}));
  EXPECT_EQ(more.bins, std::vector<size_t>({1, 1, 1, 2}));
}

TEST(PoolTest, RareCategoriesAreOne) {
  const BinCounts pools =
      PoolRare(std::vector<double>{100, 3, 0, 80, 0, 2}, std::vector<double>{90, 1, 5, 70, 0, 4});
  EXPECT_EQ(pools.reference, std::vector<double>({100, 80, 5}));
  EXPECT_EQ(pools.current, std::vector<double>({90, 70, 10}));
  // A lone rare one takes the rarest of the others with it.
  const BinCounts lone = PoolRare(std::vector<double>{100, 20, 1}, std::vector<double>{100, 30, 0});
  EXPECT_EQ(lone.reference, std::vector<double>({100, 21}));
  EXPECT_EQ(lone.current, std::vector<double>({100, 30}));
}

}  // namespace
}  // namespace firetower::drift

#include "core/drift/two_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/drift/cramer_von_mises.h"
#include "core/drift/kolmogorov.h"
#include "core/metrics/binary.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// --- statistics by their definitions, of every pair or every point

double Ecdf(const std::vector<double>& sample, double at) {
  const auto below = std::count_if(sample.begin(), sample.end(), [&](double x) { return x <= at; });
  return static_cast<double>(below) / static_cast<double>(sample.size());
}

double PlainKs(const std::vector<double>& x, const std::vector<double>& y) {
  double largest = 0.0;
  for (const auto* sample : {&x, &y}) {
    for (const double at : *sample)
      largest = std::max(largest, std::abs(Ecdf(x, at) - Ecdf(y, at)));
  }
  return largest;
}

double MidRank(const std::vector<double>& x, const std::vector<double>& y, double at) {
  double rank = 0.5;
  for (const auto* sample : {&x, &y}) {
    for (const double other : *sample) rank += other < at ? 1.0 : (other == at ? 0.5 : 0.0);
  }
  return rank;
}

double PlainCramerVonMises(std::vector<double> x, std::vector<double> y) {
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  const double n = static_cast<double>(x.size());
  const double m = static_cast<double>(y.size());
  double u = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    u += n * std::pow(MidRank(x, y, x[i]) - static_cast<double>(i + 1), 2);
  }
  for (size_t j = 0; j < y.size(); ++j) {
    u += m * std::pow(MidRank(x, y, y[j]) - static_cast<double>(j + 1), 2);
  }
  return u / (n * m * (n + m)) - (4.0 * n * m - 1.0) / (6.0 * (n + m));
}

// Pairs with the value of x above, ties at half.
double PlainU(const std::vector<double>& x, const std::vector<double>& y) {
  double u = 0.0;
  for (const double a : x) {
    for (const double b : y) u += a > b ? 1.0 : (a == b ? 0.5 : 0.0);
  }
  return u;
}

double MeanGap(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0.0;
  for (const double a : x) {
    for (const double b : y) sum += std::abs(a - b);
  }
  return sum / (static_cast<double>(x.size()) * static_cast<double>(y.size()));
}

struct Pair {
  std::vector<double> reference;
  std::vector<double> current;
  Tally tally() const { return TallyOf(reference, current); }
};

Pair MadeUp(Random* random, size_t n, size_t m, uint32_t distinct, double shift) {
  Pair pair;
  const auto value = [&] {
    return distinct > 0 ? static_cast<double>(random->Below(distinct)) : random->Uniform();
  };
  for (size_t i = 0; i < n; ++i) pair.reference.push_back(value());
  for (size_t j = 0; j < m; ++j) pair.current.push_back(value() + shift);
  return pair;
}

TEST(TwoSample, StatisticsByTheirDefinitions) {
  Random random(1);
  for (const uint32_t distinct : {0U, 3U, 40U}) {
    for (const auto& [n, m] :
         {std::pair<size_t, size_t>{1, 1}, {1, 7}, {5, 5}, {12, 31}, {60, 8}}) {
      const Pair pair = MadeUp(&random, n, m, distinct, 0.25);
      const Tally tally = pair.tally();
      const std::string what = std::to_string(distinct) + ", " + std::to_string(n);
      EXPECT_NEAR(KolmogorovSmirnov(tally).statistic, PlainKs(pair.reference, pair.current), 1e-14)
          << what;
      EXPECT_EQ(MannWhitney(tally).statistic, PlainU(pair.reference, pair.current)) << what;
      EXPECT_NEAR(MannWhitney(tally).auc,
                  PlainU(pair.current, pair.reference) / static_cast<double>(n * m), 1e-15)
          << what;
      const double across = MeanGap(pair.reference, pair.current);
      const double within =
          MeanGap(pair.reference, pair.reference) + MeanGap(pair.current, pair.current);
      EXPECT_NEAR(std::pow(Energy(tally), 2), 2.0 * across - within, 1e-13) << what;
      if (n == m) {
        std::vector<double> x = pair.reference;
        std::vector<double> y = pair.current;
        std::sort(x.begin(), x.end());
        std::sort(y.begin(), y.end());
        double sum = 0.0;
        for (size_t i = 0; i < n; ++i) sum += std::abs(x[i] - y[i]);
        EXPECT_NEAR(Wasserstein(tally), sum / static_cast<double>(n), 1e-14) << what;
      }
      if (n > 1 && m > 1) {
        EXPECT_NEAR(CramerVonMises(tally).statistic,
                    PlainCramerVonMises(pair.reference, pair.current), 1e-12)
            << what;
      }
    }
  }
}

// --- exact p-values: the share of all ways to deal the pooled rows out that are as extreme

struct Shares {
  double ks = 0.0, cramer_von_mises = 0.0, mann_whitney = 0.0;
};

Shares CountAllWays(const Pair& pair) {
  std::vector<double> pooled = pair.reference;
  pooled.insert(pooled.end(), pair.current.begin(), pair.current.end());
  const double pairs = static_cast<double>(pair.reference.size() * pair.current.size());
  const auto off_centre = [&](const Pair& dealt) {
    return std::abs(PlainU(dealt.reference, dealt.current) - 0.5 * pairs);
  };
  const double ks = PlainKs(pair.reference, pair.current);
  const double cvm = PlainCramerVonMises(pair.reference, pair.current);
  const double u = off_centre(pair);
  Shares shares;
  double ways = 0.0;
  for (uint32_t mask = 0; mask < (uint32_t{1} << pooled.size()); ++mask) {
    if (static_cast<size_t>(std::popcount(mask)) != pair.reference.size()) continue;
    Pair dealt;
    for (size_t i = 0; i < pooled.size(); ++i) {
      ((mask >> i) % 2 == 1 ? dealt.reference : dealt.current).push_back(pooled[i]);
    }
    constexpr double kRounding = 1e-9;
    ways += 1.0;
    shares.ks += PlainKs(dealt.reference, dealt.current) >= ks - kRounding ? 1.0 : 0.0;
    shares.cramer_von_mises +=
        PlainCramerVonMises(dealt.reference, dealt.current) >= cvm - kRounding ? 1.0 : 0.0;
    shares.mann_whitney += off_centre(dealt) >= u - kRounding ? 1.0 : 0.0;
  }
  return {.ks = shares.ks / ways,
          .cramer_von_mises = shares.cramer_von_mises / ways,
          .mann_whitney = shares.mann_whitney / ways};
}

TEST(TwoSample, ExactPValuesCountAllWaysToDealTheRowsOut) {
  Random random(2);
  for (const auto& [n, m] :
       {std::pair<size_t, size_t>{1, 4}, {2, 2}, {2, 6}, {3, 7}, {4, 4}, {4, 6}, {5, 5}}) {
    for (const double shift : {0.0, 0.3, 0.7}) {
      const Pair pair = MadeUp(&random, n, m, 0, shift);
      const Tally tally = pair.tally();
      const Shares shares = CountAllWays(pair);
      const std::string what =
          std::to_string(n) + " and " + std::to_string(m) + ", " + std::to_string(shift);
      const KsResult ks = KolmogorovSmirnov(tally);
      EXPECT_TRUE(ks.exact);
      EXPECT_NEAR(ks.p_value, shares.ks, 1e-13) << what;
      const MannWhitneyResult u = MannWhitney(tally);
      EXPECT_TRUE(u.exact);
      EXPECT_NEAR(u.p_value, shares.mann_whitney, 1e-13) << what;
      if (n == 1) continue;
      const TestResult cvm = CramerVonMises(tally);
      EXPECT_TRUE(cvm.exact);
      EXPECT_NEAR(cvm.p_value, shares.cramer_von_mises, 1e-13) << what;
    }
  }
}

TEST(TwoSample, SmallTailsOfKsKeepTheirAccuracy) {
  // Sides apart: 2 of C(n + m, n) ways.
  for (const auto& [n, m] : {std::pair<uint64_t, uint64_t>{300, 300}, {400, 37}, {900, 1200}}) {
    const double all = static_cast<double>(n + m);
    const double log_ways = std::lgamma(all + 1.0) - std::lgamma(static_cast<double>(n) + 1.0) -
                            std::lgamma(static_cast<double>(m) + 1.0);
    const double tail = SmirnovTail(n, m, std::lcm(n, m));
    if (log_ways > 700.0) {
      EXPECT_EQ(tail, 0.0);
    } else {
      EXPECT_NEAR(std::log(tail / 2.0) / -log_ways, 1.0, 1e-13);
    }
  }
  // The band followed diagonal by diagonal (n != m) beside the reflection principle (n = m): one
  // row more changes little.
  for (const uint64_t steps : {20U, 60U, 150U, 400U}) {
    const double equal = SmirnovTail(1000, 1000, steps);
    const double below = SmirnovTail(1000, 1001, steps * 1001 + 1001);
    const double above = SmirnovTail(1000, 1001, steps * 1001 - 1001);
    EXPECT_LT(below, equal);
    EXPECT_GT(above, equal);
  }
}

TEST(TwoSample, KsAuto) {
  Random random(4);
  EXPECT_TRUE(KolmogorovSmirnov(MadeUp(&random, 10000, 40, 0, 0.1).tally()).exact);
  EXPECT_FALSE(KolmogorovSmirnov(MadeUp(&random, 10001, 40, 0, 0.1).tally()).exact);
  EXPECT_TRUE(KolmogorovSmirnov(MadeUp(&random, 10001, 40, 0, 0.1).tally(), PMethod::kExact).exact);
}

// --- limits

double KolmogorovLimit(double z) {
  double sum = 0.0;
  for (int k = 20; k > 0; --k) {
    sum += (k % 2 == 1 ? 2.0 : -2.0) * std::exp(-2.0 * k * k * z * z);
  }
  return sum;
}

// Above n x^2 = 2.2 the law is taken as twice the one-sided one: what both sides together would
// take away is below this.
constexpr double kBothSides = 5e-8;

TEST(TwoSample, KolmogorovsLawTendsToItsLimit) {
  for (const double z : {0.3, 0.6, 1.0, 1.4, 1.5, 2.0, 4.0}) {
    const double limit = KolmogorovLimit(z);
    for (const uint64_t rows : {uint64_t{1000000}, uint64_t{100000000}}) {
      const double n = static_cast<double>(rows);
      // The first correction: the limit at z + 1 / (6 sqrt n).
      const double corrected = KolmogorovLimit(z + 1.0 / (6.0 * std::sqrt(n)));
      const double both_sides = z > 1.48 ? std::min(kBothSides, limit * limit) : 0.0;
      EXPECT_NEAR(KolmogorovTail(z / std::sqrt(n), rows), corrected,
                  (40.0 + z * z * z * z) / n * limit + both_sides)
          << z;
    }
  }
}

TEST(TwoSample, KolmogorovsLawHasNoJumpsWhereTheMethodChanges) {
  // Each pair of arguments is on both sides of a bound between two methods, one of them an
  // expansion with an error of the order n^-2.
  constexpr double kStep = 1e-12;
  for (const uint64_t rows : {10U, 140U, 141U, 700U, 4096U, 5000U, 5001U, 100000U}) {
    const double n = static_cast<double>(rows);
    for (const double at : {0.5, std::sqrt(4.0 / n), std::sqrt(2.2 / n),
                            std::pow(1.4 / n, 2.0 / 3.0), 1.0 / n, std::sqrt(0.02 / n)}) {
      if (at >= 1.0) continue;
      const double before = KolmogorovTail(at * (1.0 - kStep), rows);
      const double after = KolmogorovTail(at * (1.0 + kStep), rows);
      EXPECT_NEAR(before, after, kBothSides + 0.1 / (n * n)) << rows << " rows, " << at;
    }
  }
  for (const auto& [few, more] : {std::pair<uint64_t, uint64_t>{140, 141}, {4095, 4096}}) {
    for (const double z : {0.5, 1.0, 1.6, 2.1, 5.0}) {
      const double before = KolmogorovTail(z / std::sqrt(static_cast<double>(few)), few);
      const double after = KolmogorovTail(z / std::sqrt(static_cast<double>(more)), more);
      EXPECT_NEAR(after / before, 1.0, 2.0 * z * z * z * z / static_cast<double>(few)) << z;
    }
  }
}

TEST(TwoSample, KolmogorovsLawOfOneAndTwoRows) {
  for (const double d : {0.55, 0.7, 0.95}) {
    EXPECT_NEAR(KolmogorovTail(d, 1), 2.0 * (1.0 - d), 1e-15);
    EXPECT_NEAR(KolmogorovTail(d, 2), 2.0 * (1.0 - d) * (1.0 - d), 1e-15);
  }
  for (const double d : {0.3, 0.4, 0.45}) {  // 2 (2 d - 1/2)^2 of the distribution function
    EXPECT_NEAR(KolmogorovTail(d, 2), 1.0 - 2.0 * std::pow(2.0 * d - 0.5, 2), 1e-15);
  }
  EXPECT_EQ(KolmogorovTail(0.2, 2), 1.0);
  EXPECT_EQ(KolmogorovTail(1.0, 2), 0.0);
}

TEST(TwoSample, CramerVonMisesLaws) {
  // Anderson and Darling (1952), table 1.
  EXPECT_NEAR(CramerVonMisesLimitTail(0.34730), 0.10, 2e-5);
  EXPECT_NEAR(CramerVonMisesLimitTail(0.46136), 0.05, 2e-5);
  EXPECT_NEAR(CramerVonMisesLimitTail(0.74346), 0.01, 2e-5);
  EXPECT_NEAR(CramerVonMisesLimitTail(0.02480), 0.99, 1e-3);
  // The law is that of sum Z_j^2 / (pi j)^2: its tail falls by e^(-pi^2 w / 2) / sqrt w.
  for (const double w : {20.0, 60.0, 120.0}) {
    const double ratio = CramerVonMisesLimitTail(w + 1.0) / CramerVonMisesLimitTail(w);
    const double expected =
        std::exp(-0.5 * std::numbers::pi * std::numbers::pi) * std::sqrt(w / (w + 1.0));
    EXPECT_NEAR(ratio / expected, 1.0, 0.5 / (w * w)) << w;
  }
  double before = 1.0;
  for (double w = 0.003; w < 3.0; w *= 1.07) {
    const double tail = CramerVonMisesLimitTail(w);
    EXPECT_LE(tail, before + 1e-15);
    before = tail;
  }
}

// --- many rows

TEST(TwoSample, AlternatingRowsByTheHundredThousand) {
  // Reference 0, 2, 4, ..., current 1, 3, 5, ...: T = 1 / (4 n), of differences of numbers of
  // 10^20.
  constexpr size_t kRows = 300000;
  std::vector<double> values(2 * kRows);
  for (size_t i = 0; i < kRows; ++i) {
    values[i] = 2.0 * static_cast<double>(i);
    values[kRows + i] = 2.0 * static_cast<double>(i) + 1.0;
  }
  const Result<SortedColumn> column = SortedColumn::Create(std::span<const double>(values));
  ASSERT_TRUE(column.ok());
  Tally tally;
  column->Split({.reference = {0, kRows}, .current = {kRows, 2 * kRows}}, &tally);
  const double n = static_cast<double>(kRows);
  EXPECT_NEAR(CramerVonMises(tally).statistic, 0.25 / n, 1e-15 / n);
  EXPECT_NEAR(KolmogorovSmirnov(tally).statistic, 1.0 / n, 1e-15 / n);
  EXPECT_NEAR(Wasserstein(tally), 1.0, 1e-14);
  EXPECT_NEAR(Energy(tally), std::sqrt(2.0 / n), 1e-14);
  EXPECT_EQ(MannWhitney(tally).auc, 0.5 + 0.5 / n);
  EXPECT_EQ(Welch(tally).mean_difference, 1.0);
  // The variance of 0, 2, ..., 2 (n - 1).
  EXPECT_NEAR(MomentsOf(tally, Side::kReference).standard_deviation, std::sqrt((n * n - 1.0) / 3.0),
              1e-12 * n);
  EXPECT_EQ(MomentsOf(tally, Side::kReference).mean, n - 1.0);
}

TEST(TwoSample, MeansOfLargeNumbersDoNotCancel) {
  const std::vector<double> reference = {1e9 + 1, 1e9 + 2, 1e9 + 3};
  const std::vector<double> current = {1e9 + 2, 1e9 + 3, 1e9 + 4, 1e9 + 7};
  const WelchResult large = Welch(TallyOf(reference, current));
  const WelchResult plain =
      Welch(TallyOf(std::vector<double>{1, 2, 3}, std::vector<double>{2, 3, 4, 7}));
  EXPECT_EQ(large.statistic, plain.statistic);
  EXPECT_EQ(large.degrees, plain.degrees);
  EXPECT_EQ(large.p_value, plain.p_value);
  EXPECT_EQ(large.low, plain.low);
}

// --- edges

TEST(TwoSample, ASideWithoutRowsHasNoAnswer) {
  const std::vector<double> some = {1, 2, 3};
  const std::vector<double> none;
  const std::vector<double> missing = {kNaN, kNaN};
  for (const Tally& tally : {TallyOf(some, none), TallyOf(none, some), TallyOf(none, none),
                             TallyOf(missing, some), TallyOf(some, missing)}) {
    for (const PMethod method : {PMethod::kAuto, PMethod::kExact, PMethod::kAsymptotic}) {
      EXPECT_TRUE(std::isnan(KolmogorovSmirnov(tally, method).p_value));
      EXPECT_TRUE(std::isnan(KolmogorovSmirnov(tally, method).statistic));
      EXPECT_TRUE(std::isnan(CramerVonMises(tally, method).p_value));
      EXPECT_TRUE(std::isnan(MannWhitney(tally, method).p_value));
      EXPECT_TRUE(std::isnan(MannWhitney(tally, method).auc));
    }
    EXPECT_TRUE(std::isnan(AndersonDarling(tally).p_value));
    EXPECT_TRUE(std::isnan(Welch(tally).p_value));
    EXPECT_TRUE(std::isnan(Welch(tally).mean_difference));
    EXPECT_TRUE(std::isnan(Wasserstein(tally)));
    EXPECT_TRUE(std::isnan(NormalisedWasserstein(tally).value));
    EXPECT_TRUE(std::isnan(Energy(tally)));
    EXPECT_TRUE(std::isnan(StandardisedMeanDifference(tally).value));
    EXPECT_TRUE(std::isnan(KsEffect(tally).value));
  }
  EXPECT_TRUE(std::isnan(MomentsOf(TallyOf(missing, some), Side::kReference).median));
  EXPECT_EQ(MomentsOf(TallyOf(missing, some), Side::kCurrent).median, 2.0);
  EXPECT_TRUE(std::isnan(MissingRate(TallyOf(none, some)).p_value));
}

TEST(TwoSample, OneRowEach) {
  const Tally tally = TallyOf(std::vector<double>{1}, std::vector<double>{2});
  EXPECT_EQ(KolmogorovSmirnov(tally).statistic, 1.0);
  EXPECT_EQ(KolmogorovSmirnov(tally).p_value, 1.0);
  EXPECT_EQ(KolmogorovSmirnov(tally).location, 1.0);
  EXPECT_EQ(KolmogorovSmirnov(tally).sign, 1);
  EXPECT_TRUE(std::isnan(CramerVonMises(tally).p_value));
  EXPECT_TRUE(std::isnan(AndersonDarling(tally).p_value));
  EXPECT_EQ(MannWhitney(tally).p_value, 1.0);
  EXPECT_EQ(MannWhitney(tally).auc, 1.0);
  EXPECT_TRUE(std::isnan(Welch(tally).p_value));
  EXPECT_EQ(Welch(tally).mean_difference, 1.0);
  EXPECT_EQ(Wasserstein(tally), 1.0);
  EXPECT_TRUE(std::isnan(NormalisedWasserstein(tally).value));
}

TEST(TwoSample, Constants) {
  // 0.1 is not a binary number: its mean must still be itself and its spread 0.
  const std::vector<double> reference(1000, 0.1);
  const std::vector<double> current(700, 0.1);
  const Tally same = TallyOf(reference, current);
  EXPECT_EQ(KolmogorovSmirnov(same).p_value, 1.0);
  EXPECT_TRUE(std::isnan(AndersonDarling(same).p_value));
  EXPECT_EQ(MannWhitney(same).p_value, 1.0);
  EXPECT_EQ(MannWhitney(same).auc, 0.5);
  EXPECT_TRUE(std::isnan(Welch(same).p_value));
  EXPECT_EQ(Welch(same).mean_difference, 0.0);
  EXPECT_EQ(Wasserstein(same), 0.0);
  EXPECT_EQ(Energy(same), 0.0);
  EXPECT_EQ(MomentsOf(same, Side::kReference).mean, 0.1);
  EXPECT_EQ(MomentsOf(same, Side::kReference).standard_deviation, 0.0);

  const std::vector<double> other(700, 0.3);
  const Tally apart = TallyOf(reference, other);
  EXPECT_EQ(Welch(apart).p_value, 0.0);
  EXPECT_EQ(Welch(apart).low, 0.3 - 0.1);
  EXPECT_EQ(MannWhitney(apart).auc, 1.0);
  EXPECT_LT(MannWhitney(apart).auc_low, 1.0);
  const NormalisedDistance distance = NormalisedWasserstein(apart);
  EXPECT_TRUE(std::isnan(distance.value));
  EXPECT_EQ(distance.unit, NormalisedDistance::Unit::kNone);
  EXPECT_TRUE(std::isnan(StandardisedMeanDifference(apart).value));
}

// As scipy's: places within a tie are told apart, ranks are not, and unless the sides are of one
// size the difference does not cancel. CramerVonMisesWithTies is for such columns.
TEST(TwoSample, CramerVonMisesOfTiesIsScipys) {
  const std::vector<double> reference(1000, 0.1);
  const TestResult uneven = CramerVonMises(TallyOf(reference, std::vector<double>(700, 0.1)));
  EXPECT_NEAR(uneven.statistic, 18.21427941176472, 1e-12 * 18);
  EXPECT_EQ(CramerVonMises(TallyOf(reference, reference)).p_value, 1.0);
}

TEST(TwoSample, NormalisedWassersteinSaysItsUnit) {
  const std::vector<double> spread = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<double> current = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const NormalisedDistance by_iqr = NormalisedWasserstein(TallyOf(spread, current));
  EXPECT_EQ(by_iqr.unit, NormalisedDistance::Unit::kIqr);
  EXPECT_NEAR(by_iqr.value, 1.0 / (4.0 / 1.349), 1e-14);
  std::vector<double> mostly(99, 2.0);
  mostly.push_back(12.0);
  const NormalisedDistance by_sd = NormalisedWasserstein(TallyOf(mostly, current));
  EXPECT_EQ(by_sd.unit, NormalisedDistance::Unit::kStandardDeviation);
  EXPECT_NEAR(by_sd.spread, std::sqrt(0.99), 1e-14);
}

TEST(TwoSample, AndersonDarlingSaysWhereItsTableEnds) {
  Random random(6);
  const TestResult far = AndersonDarling(MadeUp(&random, 100, 100, 0, 2.0).tally());
  EXPECT_TRUE(far.clipped);
  EXPECT_EQ(far.p_value, 0.001);
  std::vector<double> same(50);
  std::iota(same.begin(), same.end(), 0.0);
  const TestResult near = AndersonDarling(TallyOf(same, same));
  EXPECT_TRUE(near.clipped);
  EXPECT_EQ(near.p_value, 0.25);
}

TEST(TwoSample, TheAucsIntervalIsThatOfTheMetrics) {
  Random random(8);
  for (const uint32_t distinct : {0U, 5U, 1U}) {
    for (const double shift : {0.0, 0.4, 1.5}) {
      Pair pair = MadeUp(&random, 80, 45, distinct, shift);
      std::vector<double> scores = pair.reference;
      scores.insert(scores.end(), pair.current.begin(), pair.current.end());
      std::vector<double> labels(80, 0.0);
      labels.resize(scores.size(), 1.0);
      for (double& score : scores) score /= 8.0;
      const auto scored = metrics::ScoredLabels::Create(scores, labels, {});
      ASSERT_TRUE(scored.ok());
      const metrics::Interval expected = metrics::RocAuc(*scored);
      const MannWhitneyResult result = MannWhitney(pair.tally());
      EXPECT_NEAR(result.auc, expected.value, 1e-14);
      EXPECT_NEAR(result.auc_low, expected.low, 1e-13);
      EXPECT_NEAR(result.auc_high, expected.high, 1e-13);
    }
  }
}

TEST(TwoSample, ShareOfMissingRows) {
  std::vector<double> reference(100, 1.0);
  std::vector<double> current(50, 1.0);
  EXPECT_EQ(MissingRate(TallyOf(reference, current)).p_value, 1.0);
  std::fill(reference.begin(), reference.begin() + 10, kNaN);
  std::fill(current.begin(), current.begin() + 20, kNaN);
  const TestResult result = MissingRate(TallyOf(reference, current));
  EXPECT_NEAR(result.statistic, (0.1 - 0.4) / std::sqrt(0.2 * 0.8 * (0.01 + 0.02)), 1e-14);
  EXPECT_NEAR(result.p_value, std::erfc(std::abs(result.statistic) / std::sqrt(2.0)), 1e-15);
  std::fill(reference.begin(), reference.end(), kNaN);
  std::fill(current.begin(), current.end(), kNaN);
  EXPECT_EQ(MissingRate(TallyOf(reference, current)).p_value, 1.0);
}

// Intervals cover what they are of as often as they say: means of normal samples a known distance
// apart, and the distance of two uniform laws, for which the bound is on the safe side.
TEST(TwoSample, IntervalsCover) {
  Random random(10);
  constexpr int kRuns = 1500;
  int means = 0;
  int gaps = 0;
  for (int run = 0; run < kRuns; ++run) {
    Pair pair;
    for (int i = 0; i < 40; ++i) {
      double sum = 0.0;
      for (int k = 0; k < 12; ++k) sum += random.Uniform();
      pair.reference.push_back(sum);
    }
    for (int j = 0; j < 25; ++j) {
      double sum = 1.0;
      for (int k = 0; k < 12; ++k) sum += 2.0 * random.Uniform() - 0.5;
      pair.current.push_back(sum);
    }
    const WelchResult welch = Welch(pair.tally());
    means += welch.low <= 1.0 && 1.0 <= welch.high ? 1 : 0;
    const Effect gap = KsEffect(MadeUp(&random, 60, 60, 0, 0.3).tally());
    gaps += gap.low <= 0.3 && 0.3 <= gap.high ? 1 : 0;
  }
  EXPECT_NEAR(means, 0.95 * kRuns, 4.0 * std::sqrt(0.95 * 0.05 * kRuns));
  EXPECT_GE(gaps, 0.95 * kRuns);
}

}  // namespace
}  // namespace firetower::drift

#include "core/metrics/cbpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/metrics/decisions.h"
#include "core/metrics/isotonic.h"
#include "made_up.h"

namespace firetower::metrics {
namespace {

TEST(CbpeTest, HandComputed) {
  // Calibrated 0.9, 0.6 flagged; 0.2, 0.1 not.
  const std::vector<double> scores = {0.2, 0.8, 0.5, 0.3};
  const std::vector<double> p = {0.1, 0.9, 0.6, 0.2};
  const Estimate e = EstimatePerformance(scores, p, {}, 0.5);
  EXPECT_NEAR(e.confusion.true_positive, 1.5, 1e-15);
  EXPECT_NEAR(e.confusion.false_positive, 0.5, 1e-15);
  EXPECT_NEAR(e.confusion.false_negative, 0.3, 1e-15);
  EXPECT_NEAR(e.confusion.true_negative, 1.7, 1e-15);
  EXPECT_NEAR(e.precision.value, 0.75, 1e-15);
  EXPECT_NEAR(e.recall.value, 1.5 / 1.8, 1e-15);
  EXPECT_NEAR(e.f1.value, 1.5 / (1.5 + 0.5 * (0.5 + 0.3)), 1e-15);
  EXPECT_NEAR(e.specificity.value, 1.7 / 2.2, 1e-15);
  // Trapezoids: negatives 0.1, 0.4, 0.8, 0.9; positives before 0, 0.9, 1.5, 1.7.
  const double area = 0.1 * 0.45 + 0.4 * (0.9 + 0.3) + 0.8 * (1.5 + 0.1) + 0.9 * (1.7 + 0.05);
  EXPECT_NEAR(e.auc.value, area / (1.8 * 2.2), 1e-15);
  const double ap = 0.9 * 0.9 + 0.6 * 1.5 / 2 + 0.2 * 1.7 / 3 + 0.1 * 1.8 / 4;
  EXPECT_NEAR(e.average_precision.value, ap / 1.8, 1e-15);
}

// The quantile of a figure over all outcomes of all rows, undefined ones left out.
std::array<double, 2> OverAllOutcomes(const std::vector<double>& p, size_t flagged,
                                      double (*figure)(double tp, double fp, double tn,
                                                       double fn)) {
  std::map<double, double> chances;
  double total = 0.0;
  for (uint32_t outcome = 0; outcome < (1u << p.size()); ++outcome) {
    double chance = 1.0;
    double tp = 0, fp = 0, tn = 0, fn = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      const bool positive = (outcome >> i & 1u) != 0;
      chance *= positive ? p[i] : 1.0 - p[i];
      (i < flagged ? (positive ? tp : fp) : (positive ? fn : tn)) += 1.0;
    }
    const double value = figure(tp, fp, tn, fn);
    if (std::isnan(value)) continue;
    chances[value] += chance;
    total += chance;
  }
  std::array<double, 2> quantiles{};
  const std::array<double, 2> shares = {0.025, 0.975};
  for (size_t q = 0; q < 2; ++q) {
    double sum = 0.0;
    for (const auto& [value, chance] : chances) {
      sum += chance / total;
      quantiles[q] = value;
      if (sum >= shares[q]) break;
    }
  }
  return quantiles;
}

TEST(CbpeTest, BandsEqualTheSumOverAllOutcomes) {
  Random random(4);
  for (int repeat = 0; repeat < 6; ++repeat) {
    std::vector<double> p;
    std::vector<double> scores;
    const size_t flagged = 2 + static_cast<size_t>(repeat);
    for (size_t i = 0; i < 12; ++i) {
      p.push_back(random.Uniform() * (i < flagged ? 1.0 : 0.3));
      scores.push_back(i < flagged ? 0.9 : 0.1);
    }
    const Estimate e = EstimatePerformance(scores, p, {}, 0.5);
    EXPECT_EQ(e.method, BandMethod::kExact);
    const auto check = [&](const Interval& found, double (*figure)(double, double, double, double),
                           const char* name) {
      const auto expected = OverAllOutcomes(p, flagged, figure);
      EXPECT_NEAR(found.low, expected[0], 1e-12) << name << repeat;
      EXPECT_NEAR(found.high, expected[1], 1e-12) << name << repeat;
    };
    check(
        e.precision, [](double tp, double fp, double, double) { return tp / (tp + fp); },
        "precision");
    check(
        e.recall, [](double tp, double, double, double fn) { return tp / (tp + fn); }, "recall");
    check(
        e.specificity, [](double, double fp, double tn, double) { return tn / (tn + fp); },
        "specificity");
    check(
        e.f1, [](double tp, double fp, double, double fn) { return 2 * tp / (2 * tp + fp + fn); },
        "f1");
  }
}

// What is realised when every row comes out as its probability says: inside the band 95 times of
// 100, and the expectation right on average.
void CheckCoverage(bool weighted, size_t rows, double power, int low, int high) {
  constexpr int kRepeats = 1500;
  const std::array<const char*, 6> names = {"auc",    "average precision", "precision",
                                            "recall", "specificity",       "f1"};
  std::array<int, 6> covered{};
  std::array<double, 6> off{};
  MadeUp data = CalibratedRows(21, rows, 1e9, weighted, power);
  const Estimate e = EstimatePerformance(data.scores, data.scores, data.weights, 0.5);
  EXPECT_EQ(e.method, weighted ? BandMethod::kSimulated : BandMethod::kExact);
  const std::array<Interval, 6> bands = {e.auc,    e.average_precision, e.precision,
                                         e.recall, e.specificity,       e.f1};
  for (uint64_t repeat = 0; repeat < kRepeats; ++repeat) {
    Random random(31, repeat);
    for (size_t i = 0; i < rows; ++i) {
      data.labels[i] = random.Uniform() < data.scores[i] ? 1.0 : 0.0;
    }
    const ScoredLabels scored = Sorted(data);
    const ThresholdFigures at = FiguresAt(scored, 0.5);
    const std::array<double, 6> realised = {RocAuc(scored).value, AveragePrecision(scored).value,
                                            at.precision.value,   at.recall.value,
                                            at.specificity.value, at.f1.value};
    for (size_t m = 0; m < 6; ++m) {
      covered[m] += bands[m].low - 1e-12 <= realised[m] && realised[m] <= bands[m].high + 1e-12;
      off[m] += (bands[m].value - realised[m]) / kRepeats;
    }
  }
  for (size_t m = 0; m < 6; ++m) {
    std::printf("%-18s %d of %d inside, mean error %+.4f\n", names[m], covered[m], kRepeats,
                off[m]);
    EXPECT_GE(covered[m], low) << names[m];
    EXPECT_LE(covered[m], high) << names[m];
    EXPECT_LT(std::abs(off[m]), 0.25 * (bands[m].high - bands[m].low)) << names[m];
  }
}

TEST(CbpeTest, RealisedFiguresAreInsideTheBands) {
  // 95 % of 1500 is 1425, with a standard deviation of 8.4; exact bands of counts hold a little
  // more.
  CheckCoverage(false, 1500, 6.0, 1391, 1475);
}

TEST(CbpeTest, RealisedWeightedFiguresAreInsideTheBands) {
  CheckCoverage(true, 1000, 2.0, 1385, 1465);
}

TEST(CbpeTest, WeightsOfOneAgreeWithNoWeights) {
  const MadeUp data = CalibratedRows(6, 3000, 1e9, false, 3.0);
  const std::vector<double> ones(3000, 1.0);
  const Estimate plain = EstimatePerformance(data.scores, data.scores, {}, 0.5);
  const Estimate weighted = EstimatePerformance(data.scores, data.scores, ones, 0.5);
  EXPECT_EQ(plain.weight, 3000.0);
  EXPECT_DOUBLE_EQ(plain.auc.low, weighted.auc.low);
  EXPECT_DOUBLE_EQ(plain.recall.value, weighted.recall.value);
  // Simulated outcomes come close to the exact distribution.
  EXPECT_NEAR(plain.recall.low, weighted.recall.low, 0.01);
  EXPECT_NEAR(plain.precision.high, weighted.precision.high, 0.01);
  EXPECT_NEAR(plain.f1.high, weighted.f1.high, 0.01);
  EXPECT_NEAR(plain.specificity.low, weighted.specificity.low, 0.01);
}

TEST(CbpeTest, UndefinedFigures) {
  const Estimate none = EstimatePerformance({}, {}, {}, 0.5);
  EXPECT_TRUE(std::isnan(none.auc.value));
  EXPECT_TRUE(std::isnan(none.precision.value));
  EXPECT_TRUE(std::isnan(none.recall.value));
  const std::vector<double> scores = {0.1, 0.2};
  const Estimate never = EstimatePerformance(scores, std::vector<double>{0, 0}, {}, 0.5);
  EXPECT_TRUE(std::isnan(never.auc.value));
  EXPECT_TRUE(std::isnan(never.average_precision.value));
  EXPECT_TRUE(std::isnan(never.recall.value));
  EXPECT_EQ(never.specificity.value, 1.0);
  EXPECT_EQ(never.specificity.low, 1.0);
}

}  // namespace
}  // namespace firetower::metrics

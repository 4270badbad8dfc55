#include "core/metrics/decisions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "made_up.h"

namespace firetower::metrics {
namespace {

TEST(DecisionsTest, WithoutWeightsIntervalsAreWilsons) {
  const ScoredLabels scored = Sorted(CalibratedRows(1, 300, 40, false));
  const ThresholdFigures figures = FiguresAt(scored, 0.6);
  const Confusion at = scored.At(0.6);
  EXPECT_EQ(figures.counts.true_positive, at.true_positive);
  EXPECT_EQ(figures.precision.low, Precision(at).low);
  EXPECT_EQ(figures.precision.value, Precision(at).value);
  EXPECT_EQ(figures.recall.high, Recall(at).high);
  EXPECT_EQ(figures.specificity.low, Specificity(at).low);
  EXPECT_NEAR(figures.f1.value, F1(at), 1e-15);
  EXPECT_LT(figures.f1.low, F1(at));
  EXPECT_GT(figures.f1.high, F1(at));
}

TEST(DecisionsTest, ScaleOfWeightsDoesNotMatterButTheirSpreadDoes) {
  MadeUp data = CalibratedRows(2, 300, 40, false);
  data.weights.assign(300, 8.0);
  const ThresholdFigures equal = FiguresAt(Sorted(data), 0.5);
  data.weights.clear();
  const ThresholdFigures plain = FiguresAt(Sorted(data), 0.5);
  EXPECT_DOUBLE_EQ(equal.precision.low, plain.precision.low);
  EXPECT_DOUBLE_EQ(equal.f1.high, plain.f1.high);
  // Half of the rows standing for nearly everything prove as much as that half.
  for (size_t i = 0; i < 300; ++i) data.weights.push_back(i % 2 == 0 ? 1.0 : 1e-6);
  const ThresholdFigures half = FiguresAt(Sorted(data), 0.5);
  EXPECT_GT(half.precision.high - half.precision.low,
            1.3 * (plain.precision.high - plain.precision.low));
}

TEST(DecisionsTest, F1IntervalCoversTheTruth) {
  // Flagged: score >= 1/2. With scores uniform and calibrated TP 3/8, FP 1/8, FN 1/8: F1 = 3/4.
  int covered = 0;
  constexpr int kRepeats = 1000;
  for (uint64_t repeat = 0; repeat < kRepeats; ++repeat) {
    const Interval f1 = FiguresAt(Sorted(CalibratedRows(repeat, 80, 1e9, false)), 0.5).f1;
    covered += f1.low <= 0.75 && 0.75 <= f1.high ? 1 : 0;
  }
  // 950 with a standard deviation of 6.9.
  EXPECT_GE(covered, 922);
  EXPECT_LE(covered, 978);
}

struct Ranked {
  std::vector<double> scores, weights, amounts;
  std::vector<uint8_t> labels;
};

Ranked Rank(const MadeUp& data, uint64_t seed) {
  std::vector<size_t> order(data.scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return data.scores[a] > data.scores[b]; });
  Random random(seed, 3);
  Ranked ranked;
  for (const size_t i : order) {
    ranked.scores.push_back(data.scores[i]);
    ranked.labels.push_back(data.labels[i] != 0.0 ? 1 : 0);
    ranked.weights.push_back(WeightOf(data, i));
    ranked.amounts.push_back(std::floor(100.0 * random.Uniform()));
  }
  return ranked;
}

TEST(DecisionsTest, CostsAreCountedAtEveryThreshold) {
  const Ranked rows = Rank(CalibratedRows(3, 120, 15, true), 3);
  const Costs costs = {.false_positive = 2.0, .false_negative = 7.0, .review = 0.5};
  for (const bool amounts : {false, true}) {
    const std::span<const double> money =
        amounts ? std::span<const double>(rows.amounts) : std::span<const double>();
    const CostCurve curve = MeasureCosts(rows.scores, rows.labels, rows.weights, money, costs);
    double least = std::numeric_limits<double>::infinity();
    for (const CostPoint& point : curve.points) {
      double cost = 0.0;
      for (size_t i = 0; i < rows.scores.size(); ++i) {
        const bool flagged = rows.scores[i] >= point.threshold;
        const double loss = 7.0 + (amounts ? rows.amounts[i] : 0.0);
        cost +=
            rows.weights[i] * ((flagged ? 0.5 : 0.0) + (flagged && !rows.labels[i] ? 2.0 : 0.0) +
                               (!flagged && rows.labels[i] ? loss : 0.0));
      }
      EXPECT_NEAR(point.cost, cost, 1e-9) << point.threshold;
      least = std::min(least, cost);
    }
    EXPECT_NEAR(curve.best.cost, least, 1e-9);
    EXPECT_EQ(curve.points.size(), 16u);  // 15 distinct scores and "nothing".
    EXPECT_EQ(curve.At(1.5).threshold, std::numeric_limits<double>::infinity());
    EXPECT_EQ(curve.At(0.0).threshold, rows.scores.back());
  }
}

TEST(DecisionsTest, ThinnedCostsKeepTheCheapest) {
  const Ranked rows = Rank(CalibratedRows(4, 5000, 1e9, false), 4);
  const CostCurve curve = MeasureCosts(rows.scores, rows.labels, {}, {}, {});
  const std::vector<CostPoint> thin = ThinCosts(curve, 50);
  EXPECT_LE(thin.size(), 101u);
  EXPECT_TRUE(std::any_of(thin.begin(), thin.end(), [&](const CostPoint& point) {
    return point.threshold == curve.best.threshold;
  }));
  for (size_t i = 1; i < thin.size(); ++i) EXPECT_LT(thin[i].threshold, thin[i - 1].threshold);
}

TEST(DecisionsTest, TiedRowsAreTakenInEveryOrder) {
  // Budget 3 of: 0.9(+) | 0.5(+, 30) 0.5(-) 0.5(-) 0.5(+, 10) | 0.1(+). Two of the four tied rows.
  const std::vector<double> scores = {0.9, 0.5, 0.5, 0.5, 0.5, 0.1};
  const std::vector<uint8_t> labels = {1, 1, 0, 0, 1, 1};
  const std::vector<double> amounts = {5, 30, 1000, 1000, 10, 7};
  const BudgetFigures budget = AtBudget(scores, labels, {}, amounts, 3.0);
  EXPECT_DOUBLE_EQ(budget.alerts, 3.0);
  EXPECT_EQ(budget.threshold, 0.5);
  EXPECT_EQ(budget.tied, 4u);
  EXPECT_DOUBLE_EQ(budget.true_positive, 2.0);
  EXPECT_DOUBLE_EQ(budget.precision.value, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(budget.recall.value, 0.5);
  EXPECT_DOUBLE_EQ(budget.value, 5.0 + 20.0);
  EXPECT_DOUBLE_EQ(budget.value_total, 52.0);
  EXPECT_DOUBLE_EQ(budget.lift, 1.0);
  EXPECT_EQ(budget.precision.low, WilsonInterval(2, 3).low);

  // The mean over all 24 orders of the tied rows.
  std::vector<size_t> order = {1, 2, 3, 4};
  double found = 0.0;
  double value = 0.0;
  int orders = 0;
  do {
    found += 1.0;
    value += amounts[0];
    for (size_t k = 0; k < 2; ++k) {
      found += labels[order[k]];
      value += labels[order[k]] != 0 ? amounts[order[k]] : 0.0;
    }
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(orders, 24);
  EXPECT_DOUBLE_EQ(budget.true_positive, found / 24.0);
  EXPECT_DOUBLE_EQ(budget.value, value / 24.0);
}

TEST(DecisionsTest, BudgetsBeyondTheRowsAndWithoutAmounts) {
  const Ranked rows = Rank(CalibratedRows(5, 50, 1e9, true), 5);
  const BudgetFigures all = AtBudget(rows.scores, rows.labels, rows.weights, {}, 1e9);
  EXPECT_NEAR(all.recall.value, 1.0, 1e-12);
  EXPECT_NEAR(all.lift, 1.0, 1e-12);
  EXPECT_TRUE(std::isnan(all.value));
  EXPECT_EQ(all.tied, 0u);
  const BudgetFigures none = AtBudget({}, {}, {}, {}, 5.0);
  EXPECT_EQ(none.alerts, 0.0);
  EXPECT_TRUE(std::isnan(none.precision.value));
  EXPECT_TRUE(std::isnan(none.lift));
}

}  // namespace
}  // namespace firetower::metrics

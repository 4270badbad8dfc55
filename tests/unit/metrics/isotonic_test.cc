#include "core/metrics/isotonic.h"

#include <gtest/gtest.h>

#include <limits>

#include "made_up.h"

namespace firetower::metrics {
namespace {

double At(const Isotonic& fit, double score) {
  return Calibrated(fit.scores, fit.probabilities, score);
}

TEST(IsotonicTest, HandComputed) {
  // 0 | 1 0 pooled to 1/2 | 1, the two at 0.3 being one point of 1/2 already.
  const std::vector<double> scores = {0.1, 0.2, 0.3, 0.3, 0.5};
  const std::vector<double> labels = {0, 1, 0, 0, 1};
  const Result<Isotonic> fit = FitIsotonic(scores, labels, {});
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->scores, (std::vector<double>{0.1, 0.2, 0.3, 0.5}));
  ASSERT_EQ(fit->probabilities.size(), 4u);
  EXPECT_DOUBLE_EQ(fit->probabilities[0], 0.0);
  EXPECT_DOUBLE_EQ(fit->probabilities[1], 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(fit->probabilities[2], 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(fit->probabilities[3], 1.0);
  EXPECT_EQ(At(*fit, -5.0), 0.0);
  EXPECT_EQ(At(*fit, 7.0), 1.0);
  EXPECT_NEAR(At(*fit, 0.15), 1.0 / 6.0, 1e-15);
  EXPECT_NEAR(At(*fit, 0.25), 1.0 / 3.0, 1e-15);
  EXPECT_NEAR(At(*fit, 0.4), 2.0 / 3.0, 1e-15);
  EXPECT_TRUE(std::isnan(At(*fit, std::numeric_limits<double>::quiet_NaN())));
}

// The closest rising function is the largest slope of the cumulative sums from the left and the
// smallest from the right (the min-max formula).
TEST(IsotonicTest, EqualsTheMinMaxFormula) {
  for (const bool weighted : {false, true}) {
    const MadeUp data = CalibratedRows(3, 60, 25, weighted);
    const Result<Isotonic> fit = FitIsotonic(data.scores, data.labels, data.weights);
    ASSERT_TRUE(fit.ok());
    const auto mean = [&](double low, double high) {
      double sum = 0.0;
      double weight = 0.0;
      for (size_t i = 0; i < data.scores.size(); ++i) {
        if (data.scores[i] < low || data.scores[i] > high) continue;
        sum += WeightOf(data, i) * data.labels[i];
        weight += WeightOf(data, i);
      }
      return sum / weight;
    };
    for (const double score : data.scores) {
      double value = 0.0;
      for (const double low : data.scores) {
        if (low > score) continue;
        double least = 1.0;
        for (const double high : data.scores) {
          if (high >= score) least = std::min(least, mean(low, high));
        }
        value = std::max(value, least);
      }
      EXPECT_NEAR(At(*fit, score), value, 1e-12) << score;
    }
  }
}

TEST(IsotonicTest, RisesAndKeepsTheMean) {
  const MadeUp data = CalibratedRows(4, 5000, 1e6, true, 4.0);
  const Result<Isotonic> fit = FitIsotonic(data.scores, data.labels, data.weights);
  ASSERT_TRUE(fit.ok());
  double expected = 0.0;
  double found = 0.0;
  for (size_t i = 0; i < data.scores.size(); ++i) {
    expected += data.weights[i] * At(*fit, data.scores[i]);
    found += data.weights[i] * data.labels[i];
  }
  EXPECT_NEAR(expected, found, 1e-9 * found);
  for (size_t k = 1; k < fit->scores.size(); ++k) {
    EXPECT_LT(fit->scores[k - 1], fit->scores[k]);
    EXPECT_LE(fit->probabilities[k - 1], fit->probabilities[k]);
  }
}

TEST(IsotonicTest, RowsThatTakeNoPart) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> scores = {0.2, nan, 0.4, 0.6, 0.8};
  const std::vector<double> labels = {0, 1, nan, 1, 0};
  const std::vector<double> weights = {1, 1, 1, 1, 0};
  const Result<Isotonic> fit = FitIsotonic(scores, labels, weights);
  ASSERT_TRUE(fit.ok());
  EXPECT_EQ(fit->scores, (std::vector<double>{0.2, 0.6}));
  EXPECT_EQ(fit->probabilities, (std::vector<double>{0.0, 1.0}));
  EXPECT_FALSE(FitIsotonic({}, {}, {}).ok());
  EXPECT_EQ(FitIsotonic(scores, labels, std::vector<double>{1}).error().code,
            ErrorCode::kBadArgument);
  EXPECT_EQ(FitIsotonic(std::vector<double>{0.1, 0.2}, std::vector<double>{0, 2}, {}).error().row,
            1);
}

}  // namespace
}  // namespace firetower::metrics

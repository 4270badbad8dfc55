#include "core/metrics/delong.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "made_up.h"

namespace firetower::metrics {
namespace {

struct TwoModels {
  MadeUp data;  // scores: the first model's.
  std::vector<double> second;
};

TwoModels MakeTwo(uint64_t seed, size_t rows, double levels, bool weighted) {
  TwoModels two;
  two.data = CalibratedRows(seed, rows, levels, weighted);
  Random random(seed, 1);
  for (const double score : two.data.scores) {
    two.second.push_back(std::floor((0.6 * score + 0.4 * random.Uniform()) * levels) / levels);
  }
  return two;
}

// Placements against every row of the other class, one by one.
struct Brute {
  double auc[2];
  double covariance[2][2];
};

Brute BruteForce(const TwoModels& two) {
  const size_t n = two.second.size();
  const std::array<const std::vector<double>*, 2> scores = {&two.data.scores, &two.second};
  Brute brute = {};
  std::vector<std::array<double, 2>> placement(n);
  double weight[2] = {};
  double square[2] = {};
  for (size_t i = 0; i < n; ++i) {
    const size_t c = two.data.labels[i] == 1.0 ? 1 : 0;
    weight[c] += WeightOf(two.data, i);
    square[c] += WeightOf(two.data, i) * WeightOf(two.data, i);
    for (size_t m = 0; m < 2; ++m) {
      double right = 0.0;
      double others = 0.0;
      for (size_t j = 0; j < n; ++j) {
        if (two.data.labels[j] == two.data.labels[i]) continue;
        const double mine = (*scores[m])[i];
        const double other = (*scores[m])[j];
        const bool wins = c == 1 ? mine > other : mine < other;
        right += WeightOf(two.data, j) * (mine == other ? 0.5 : wins ? 1.0 : 0.0);
        others += WeightOf(two.data, j);
      }
      placement[i][m] = right / others;
    }
  }
  for (size_t i = 0; i < n; ++i) {
    if (two.data.labels[i] != 1.0) continue;
    for (size_t m = 0; m < 2; ++m) {
      brute.auc[m] += WeightOf(two.data, i) * placement[i][m] / weight[1];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const size_t c = two.data.labels[i] == 1.0 ? 1 : 0;
    const double effective = weight[c] * weight[c] / square[c];
    const double share = WeightOf(two.data, i) / weight[c];
    for (size_t a = 0; a < 2; ++a) {
      for (size_t b = 0; b < 2; ++b) {
        brute.covariance[a][b] += share * share * effective / (effective - 1.0) *
                                  (placement[i][a] - brute.auc[a]) *
                                  (placement[i][b] - brute.auc[b]);
      }
    }
  }
  return brute;
}

TEST(DeLongTest, EqualsAllPairs) {
  for (const bool weighted : {false, true}) {
    for (const double levels : {4.0, 20.0, 1e6}) {
      const TwoModels two = MakeTwo(static_cast<uint64_t>(levels), 150, levels, weighted);
      const Result<PairedAuc> pair =
          ComparePairedAuc(two.data.labels, two.data.weights, two.data.scores, two.second);
      ASSERT_TRUE(pair.ok());
      const Brute brute = BruteForce(two);
      EXPECT_NEAR(pair->first, brute.auc[0], 1e-12);
      EXPECT_NEAR(pair->second, brute.auc[1], 1e-12);
      EXPECT_NEAR(pair->variance_first, brute.covariance[0][0], 1e-14);
      EXPECT_NEAR(pair->variance_second, brute.covariance[1][1], 1e-14);
      EXPECT_NEAR(pair->covariance, brute.covariance[0][1], 1e-14);
      const double error =
          std::sqrt(brute.covariance[0][0] + brute.covariance[1][1] - 2.0 * brute.covariance[0][1]);
      EXPECT_NEAR(pair->z, (brute.auc[0] - brute.auc[1]) / error, 1e-9);
      // What the single interval says of either model.
      EXPECT_NEAR(pair->first, RocAuc(Sorted(two.data)).value, 1e-12);
      EXPECT_NEAR(std::sqrt(pair->variance_first), RocAucStandardError(Sorted(two.data)), 1e-12);
    }
  }
}

TEST(DeLongTest, SwappingTheModelsChangesTheSign) {
  const TwoModels two = MakeTwo(3, 300, 1e6, true);
  const auto one =
      *ComparePairedAuc(two.data.labels, two.data.weights, two.data.scores, two.second);
  const auto other =
      *ComparePairedAuc(two.data.labels, two.data.weights, two.second, two.data.scores);
  EXPECT_EQ(one.z, -other.z);
  EXPECT_EQ(one.p_value, other.p_value);
  EXPECT_EQ(one.difference.low, -other.difference.high);
  EXPECT_GT(one.p_value, 0.0);
  EXPECT_LT(one.p_value, 0.05);  // The second model is the first with noise.
}

TEST(DeLongTest, ModelsThatRankAlikeDoNotDiffer) {
  const TwoModels two = MakeTwo(6, 100, 1e6, false);
  std::vector<double> squared;
  for (const double score : two.data.scores) squared.push_back(score * score);
  const auto pair = *ComparePairedAuc(two.data.labels, {}, two.data.scores, squared);
  EXPECT_NEAR(pair.difference.value, 0.0, 1e-15);
  EXPECT_TRUE(std::isnan(pair.z));
  EXPECT_EQ(pair.p_value, 1.0);
}

TEST(DeLongTest, NullDifferencesAreCalledRealAsOftenAsTheLevelSays) {
  // Two equally noisy readings of the same thing: 5 % of 600 is 30, standard deviation 5.3.
  int called = 0;
  for (uint64_t repeat = 0; repeat < 600; ++repeat) {
    Random random(9, repeat);
    std::vector<double> labels, first, second;
    for (int i = 0; i < 200; ++i) {
      const double truth = random.Uniform();
      labels.push_back(random.Uniform() < truth ? 1.0 : 0.0);
      first.push_back(0.5 * truth + 0.5 * random.Uniform());
      second.push_back(0.5 * truth + 0.5 * random.Uniform());
    }
    called += ComparePairedAuc(labels, {}, first, second)->p_value <= 0.05 ? 1 : 0;
  }
  EXPECT_GE(called, 14);
  EXPECT_LE(called, 46);
}

TEST(DeLongTest, RowsWithoutAScoreAndSingleClasses) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> labels = {0, 0, 1, 1, nan, 1};
  const std::vector<double> first = {0.1, 0.4, 0.3, 0.9, 0.5, nan};
  const std::vector<double> second = {0.2, 0.1, 0.8, 0.7, 0.5, 0.5};
  const auto pair = *ComparePairedAuc(labels, {}, first, second);
  EXPECT_EQ(pair.rows, 4u);
  EXPECT_EQ(pair.left_out, 2u);
  EXPECT_EQ(pair.first, 0.75);
  EXPECT_EQ(pair.second, 1.0);
  const auto one_class = *ComparePairedAuc(
      std::vector<double>{0, 0}, {}, std::vector<double>{0.1, 0.2}, std::vector<double>{0, 1});
  EXPECT_TRUE(std::isnan(one_class.p_value));
  EXPECT_FALSE(ComparePairedAuc(labels, {}, first, std::vector<double>{0.1}).ok());
}

}  // namespace
}  // namespace firetower::metrics

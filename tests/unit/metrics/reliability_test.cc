#include "core/metrics/reliability.h"

#include <gtest/gtest.h>

#include <cmath>

#include "made_up.h"

namespace firetower::metrics {
namespace {

TEST(ReliabilityTest, HandComputed) {
  // Two bins of three: means 0.2 and 0.8, one of three and all of three positive.
  const ScoredLabels scored = *ScoredLabels::Create(
      std::vector<double>{0.1, 0.9, 0.3, 0.7, 0.2, 0.8}, std::vector<double>{0, 1, 1, 1, 0, 1}, {});
  const Reliability found = MeasureReliability(scored, 2);
  ASSERT_EQ(found.bins.size(), 2u);
  EXPECT_EQ(found.bins[0].rows, 3u);
  EXPECT_EQ(found.bins[0].low, 0.1);
  EXPECT_EQ(found.bins[0].high, 0.3);
  EXPECT_NEAR(found.bins[0].predicted, 0.2, 1e-15);
  EXPECT_NEAR(found.bins[0].observed.value, 1.0 / 3.0, 1e-15);
  EXPECT_EQ(found.bins[0].observed.low, WilsonInterval(1, 3).low);
  EXPECT_NEAR(found.bins[1].predicted, 0.8, 1e-15);
  EXPECT_NEAR(found.expected_error, 0.5 * (1.0 / 3.0 - 0.2) + 0.5 * 0.2, 1e-15);
  EXPECT_NEAR(found.maximum_error, 0.2, 1e-15);
}

TEST(ReliabilityTest, TiesShareABin) {
  const ScoredLabels scored = *ScoredLabels::Create(
      std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 0.5, 1}, std::vector<double>(10, 0.0), {});
  const Reliability found = MeasureReliability(scored, 10);
  ASSERT_EQ(found.bins.size(), 3u);
  EXPECT_EQ(found.bins[0].rows, 8u);
  EXPECT_EQ(found.bins[1].rows, 1u);
  EXPECT_EQ(found.bins[2].low, 1.0);
}

TEST(ReliabilityTest, AWeightIsARowThatOften) {
  MadeUp data = CalibratedRows(3, 200, 30, false);
  MadeUp repeated;
  Random random(4);
  for (size_t i = 0; i < data.scores.size(); ++i) {
    const uint32_t times = 1 + random.Below(4);
    data.weights.push_back(times);
    for (uint32_t k = 0; k < times; ++k) {
      repeated.scores.push_back(data.scores[i]);
      repeated.labels.push_back(data.labels[i]);
    }
  }
  const Reliability one = MeasureReliability(Sorted(data), 10);
  const Reliability two = MeasureReliability(Sorted(repeated), 10);
  ASSERT_EQ(one.bins.size(), two.bins.size());
  EXPECT_NEAR(one.expected_error, two.expected_error, 1e-12);
  for (double& weight : data.weights) weight *= 1e-3;
  EXPECT_NEAR(MeasureReliability(Sorted(data), 10).expected_error, two.expected_error, 1e-12);
}

TEST(ReliabilityTest, CalibratedScoresHaveASmallErrorOthersALargeOne) {
  MadeUp data = CalibratedRows(5, 20000, 1e6, false);
  EXPECT_LT(MeasureReliability(Sorted(data), 10).expected_error, 0.02);
  for (double& score : data.scores) score = std::sqrt(score);
  EXPECT_GT(MeasureReliability(Sorted(data), 10).expected_error, 0.1);
  EXPECT_TRUE(std::isnan(MeasureReliability(Sorted({}), 10).expected_error));
}

}  // namespace
}  // namespace firetower::metrics

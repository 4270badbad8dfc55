#include "core/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "made_up.h"

namespace firetower::metrics {
namespace {

TEST(BootstrapTest, SameSeedSameInterval) {
  const ScoredLabels scored = Sorted(CalibratedRows(1, 400, 50, true, 3.0));
  const Interval one = BootstrapAveragePrecision(scored, {.replicates = 200, .seed = 5});
  const Interval two = BootstrapAveragePrecision(scored, {.replicates = 200, .seed = 5});
  const Interval other = BootstrapAveragePrecision(scored, {.replicates = 200, .seed = 6});
  EXPECT_EQ(one.low, two.low);
  EXPECT_EQ(one.high, two.high);
  EXPECT_NE(one.low, other.low);
  EXPECT_EQ(one.value, AveragePrecision(scored).value);
  EXPECT_LT(one.low, one.value);
  EXPECT_GT(one.high, one.value);
}

TEST(BootstrapTest, FewPositivesHaveNoInterval) {
  const ScoredLabels one =
      *ScoredLabels::Create(std::vector<double>{0.1, 0.2, 0.9}, std::vector<double>{0, 0, 1}, {});
  EXPECT_EQ(BootstrapAveragePrecision(one, {}).value, 1.0);
  EXPECT_TRUE(std::isnan(BootstrapAveragePrecision(one, {}).low));
  const ScoredLabels perfect =
      *ScoredLabels::Create(std::vector<double>{0.1, 0.8, 0.9}, std::vector<double>{0, 1, 1}, {});
  EXPECT_EQ(BootstrapAveragePrecision(perfect, {}).low, AveragePrecision(perfect).low);
}

TEST(BootstrapTest, CoversTheTruth) {
  // The average precision of the law itself, from one large sample.
  const double truth = AveragePrecision(Sorted(CalibratedRows(77, 400000, 1e6, false, 3.0))).value;
  constexpr int kRepeats = 300;
  int covered = 0;
  for (uint64_t repeat = 0; repeat < kRepeats; ++repeat) {
    const ScoredLabels scored = Sorted(CalibratedRows(1000 + repeat, 300, 1e6, false, 3.0));
    const Interval ap = BootstrapAveragePrecision(scored, {.replicates = 200, .seed = repeat});
    covered += ap.low <= truth && truth <= ap.high ? 1 : 0;
  }
  std::printf("bootstrap interval covers %d of %d\n", covered, kRepeats);
  // 95 % of 300 is 285, with a standard deviation of 3.8; the bootstrap is a little short.
  EXPECT_GE(covered, 270);
  EXPECT_LE(covered, 298);
}

}  // namespace
}  // namespace firetower::metrics

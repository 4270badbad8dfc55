#include "core/drift/calibrated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/portable_log.h"
#include "core/base/random.h"
#include "core/drift/categorical.h"

namespace firetower::drift {
namespace {

// Whole numbers, a third of them 0: amounts as a shop has them.
std::vector<double> TiedRows(Random* random, size_t rows) {
  std::vector<double> values(rows);
  for (double& x : values) {
    const double u = random->Uniform();
    x = u < 1.0 / 3.0 ? 0.0 : std::floor(-8.0 * PortableLog(1.0 - random->Uniform()));
  }
  return values;
}

TEST(CramerVonMisesWithTiesTest, WithoutTiesIsScipys) {
  Random random(1);
  std::vector<double> a(80), b(30);
  for (double& x : a) x = random.Uniform();
  for (double& x : b) x = random.Uniform() + 0.2;
  const Tally tally = TallyOf(a, b);
  EXPECT_EQ(CramerVonMisesWithTies(tally).statistic, CramerVonMises(tally).statistic);
  EXPECT_EQ(CramerVonMisesWithTies(tally).p_value, CramerVonMises(tally).p_value);
  // The last two rows tied, one on each side: next to nothing changes.
  const double top = 2.0;
  a.push_back(top);
  b.push_back(top);
  const Tally tied = TallyOf(a, b);
  EXPECT_NEAR(CramerVonMisesWithTies(tied).p_value, CramerVonMises(tied).p_value, 0.02);
}

TEST(CramerVonMisesWithTiesTest, ErrsAsOftenAsItSays) {
  Random random(2);
  int rejected = 0, ties_as_ranks = 0;
  for (int round = 0; round < 1000; ++round) {
    const Tally tally = TallyOf(TiedRows(&random, 2000), TiedRows(&random, 50));
    rejected += CramerVonMisesWithTies(tally).p_value < 0.05 ? 1 : 0;
    ties_as_ranks += CramerVonMises(tally).p_value < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(rejected, 50, 28);
  EXPECT_GT(ties_as_ranks, 900);  // Why it is not what a verdict goes by.
}

TEST(CramerVonMisesWithTiesTest, EdgeCases) {
  const TestResult same = CramerVonMisesWithTies(TallyOf(std::vector(5, 1.0), std::vector(7, 1.0)));
  EXPECT_EQ(same.statistic, 0.0);
  EXPECT_EQ(same.p_value, 1.0);
  EXPECT_LT(CramerVonMisesWithTies(TallyOf(std::vector(40, 0.0), std::vector(40, 1.0))).p_value,
            1e-10);
  EXPECT_TRUE(std::isnan(CramerVonMisesWithTies(TallyOf({}, std::vector{1.0, 1.0})).p_value));
}

TEST(AndersonDarlingWithTiesTest, WithoutTiesIsScipys) {
  Random random(4);
  std::vector<double> a(80), b(30);
  for (double& x : a) x = random.Uniform();
  for (double& x : b) x = random.Uniform() + 0.2;
  const Tally tally = TallyOf(a, b);
  EXPECT_EQ(AndersonDarlingWithTies(tally).p_value, AndersonDarling(tally).p_value);
  a.push_back(2.0);
  b.push_back(2.0);
  const Tally tied = TallyOf(a, b);
  EXPECT_NEAR(AndersonDarlingWithTies(tied).p_value, AndersonDarling(tied).p_value, 0.01);
}

// Of two values the statistic is a function of the number of one of them: its law by counting.
TEST(AndersonDarlingWithTiesTest, OfTwoValuesIsAChiSquareOfOneDegree) {
  for (const double with : {510.0, 520.0, 530.0}) {
    std::vector<double> a(1000, 0.0), b(1000, 0.0);
    std::fill_n(a.begin(), 500, 1.0);
    std::fill_n(b.begin(), static_cast<size_t>(with + 20.0), 1.0);
    const TestResult test = AndersonDarlingWithTies(TallyOf(a, b));
    const double z = ProportionsZ(500, 1000, with + 20.0, 1000).p_value;
    EXPECT_NEAR(test.p_value, z, 0.15 * z) << with;
    EXPECT_LT(AndersonDarling(TallyOf(a, b)).p_value, 0.75 * z) << with;
  }
}

// Of 1000: two values 52 (as without ties 110), six 43 (77), amounts 46 (71).
TEST(AndersonDarlingWithTiesTest, ErrsAsOftenAsItSays) {
  Random random(5);
  const auto few = [&](size_t rows, uint32_t values) {
    std::vector<double> drawn(rows);
    for (double& x : drawn) x = random.Below(values);
    return drawn;
  };
  const auto rejected = [&](auto draw) {
    std::array<int, 2> count{};
    for (int round = 0; round < 1000; ++round) {
      const Tally tally = TallyOf(draw(2000), draw(500));
      count[0] += AndersonDarlingWithTies(tally).p_value < 0.05 ? 1 : 0;
      count[1] += AndersonDarling(tally).p_value < 0.05 ? 1 : 0;
    }
    return count;
  };
  const std::array<int, 2> binary = rejected([&](size_t rows) { return few(rows, 2); });
  const std::array<int, 2> six = rejected([&](size_t rows) { return few(rows, 6); });
  const std::array<int, 2> shop = rejected([&](size_t rows) { return TiedRows(&random, rows); });
  for (const int count : {binary[0], six[0], shop[0]}) EXPECT_NEAR(count, 50, 28);
  EXPECT_GT(binary[1], 85);  // Why it is not what a verdict goes by.
}

TEST(WelchWhereNormalTest, RefusesValuesTooLargeForAVariance) {
  Random random(6);
  std::vector<double> a(50), b(50);
  for (double& x : a) x = 1e300 * (random.Uniform() - 0.5);
  for (double& x : b) x = 1e300 * (random.Uniform() - 0.5);
  const Tally tally = TallyOf(a, b);
  EXPECT_TRUE(std::isnan(WelchWhereNormal(tally).p_value));
  EXPECT_FALSE(std::isfinite(MomentsOf(tally, Side::kReference).standard_deviation));
}

TEST(WelchWhereNormalTest, RefusesSkewedValuesInWindowsOfFewRows) {
  Random random(3);
  const auto draw = [&](size_t rows) {
    std::vector<double> values(rows);
    for (double& x : values) {
      const double e = -PortableLog(1.0 - random.Uniform());
      x = e * e;
    }
    return values;
  };
  EXPECT_TRUE(std::isnan(WelchWhereNormal(TallyOf(draw(10000), draw(50))).p_value));
  const Tally many = TallyOf(draw(10000), draw(8000));
  EXPECT_EQ(WelchWhereNormal(many).p_value, Welch(many).p_value);
  const Tally even = TallyOf(draw(60), draw(60));
  EXPECT_EQ(WelchWhereNormal(even).p_value, Welch(even).p_value);
}

TEST(TestProportionsTest, GoesByFisherWhereFewRowsAreExpected) {
  const TestResult rare = TestProportions(17, 10000, 1, 50);
  EXPECT_TRUE(rare.exact);
  EXPECT_EQ(rare.p_value, FisherExact(17, 9983, 1, 49).p_value);
  EXPECT_GT(rare.p_value, 0.05);
  EXPECT_LT(ProportionsZ(17, 10000, 1, 50).p_value, 0.01);
  const TestResult usual = TestProportions(300, 1000, 40, 100);
  EXPECT_FALSE(usual.exact);
  EXPECT_EQ(usual.p_value, ProportionsZ(300, 1000, 40, 100).p_value);
  EXPECT_TRUE(std::isnan(TestProportions(0, 0, 1, 5).p_value));
}

}  // namespace
}  // namespace firetower::drift

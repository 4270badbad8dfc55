#include "core/drift/categorical.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "core/base/random.h"

namespace firetower::drift {
namespace {

using Counts = std::vector<double>;

// scipy 1.10.1 (tests/golden has more).
TEST(ContingencyTest, OfThreeCategories) {
  const Counts reference = {50, 30, 20};
  const Counts current = {40, 45, 30};
  const ContingencyResult chi = ChiSquareContingency(reference, current);
  EXPECT_NEAR(chi.statistic, 5.089371980676325, 1e-12);
  EXPECT_NEAR(chi.p_value, 0.0784976971464441, 1e-12);
  EXPECT_EQ(chi.degrees, 2.0);
  EXPECT_NEAR(chi.smallest_expected, 50.0 * 100.0 / 215.0, 1e-12);
  const ContingencyResult g = GTest(reference, current);
  EXPECT_NEAR(g.statistic, 5.099924833896911, 1e-12);
  EXPECT_NEAR(g.p_value, 0.07808460060357646, 1e-12);
  EXPECT_NEAR(CramersV(reference, current), 0.11997066314110054, 1e-14);
}

TEST(ContingencyTest, YatesWithTwoCategoriesOnly) {
  const Counts reference = {8, 2};
  const Counts current = {3, 7};
  EXPECT_NEAR(ChiSquareContingency(reference, current).p_value, 0.07219819770165774, 1e-13);
  EXPECT_NEAR(ChiSquareContingency(reference, current, false).p_value, 0.024618761380815174, 1e-13);
  EXPECT_NEAR(GTest(reference, current, false).p_value, 0.021322755081858408, 1e-13);
  EXPECT_NEAR(CramersV(reference, current), 0.33917441192688513, 1e-14);
}

TEST(ContingencyTest, EdgeCases) {
  const Counts none = {0, 0};
  EXPECT_TRUE(std::isnan(ChiSquareContingency(none, Counts{1, 2}).p_value));
  EXPECT_TRUE(std::isnan(GTest(Counts{1, 2}, none).statistic));
  EXPECT_TRUE(std::isnan(CramersV(none, none)));
  const ContingencyResult single = ChiSquareContingency(Counts{5, 0}, Counts{9, 0});
  EXPECT_EQ(single.statistic, 0.0);
  EXPECT_EQ(single.p_value, 1.0);
  EXPECT_EQ(single.degrees, 0.0);
  EXPECT_EQ(GTest(Counts{5, 5}, Counts{9, 9}).statistic, 0.0);
  EXPECT_EQ(CramersV(Counts{1, 0}, Counts{0, 1}), 0.0);
  EXPECT_NEAR(CramersV(Counts{1000, 0}, Counts{0, 1000}), 1.0, 2e-3);
}

TEST(ContingencyTest, NeitherSideNorOrderMatters) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    Counts a(2 + random.Below(10)), b(a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = random.Below(60);
      b[i] = random.Below(60);
    }
    a[0] += 1.0;
    b[1] += 1.0;
    const double chi = ChiSquareContingency(a, b).statistic;
    const double g = GTest(a, b).statistic;
    const double v = CramersV(a, b);
    EXPECT_NEAR(ChiSquareContingency(b, a).statistic, chi, 1e-11);
    EXPECT_NEAR(GTest(b, a).statistic, g, 1e-11);
    EXPECT_NEAR(CramersV(b, a), v, 1e-11);
    std::swap(a.front(), a.back());
    std::swap(b.front(), b.back());
    EXPECT_NEAR(ChiSquareContingency(a, b).statistic, chi, 1e-11);
    EXPECT_NEAR(GTest(a, b).statistic, g, 1e-11);
  }
}

TEST(FisherExactTest, AgreesWithScipy) {
  EXPECT_NEAR(FisherExact(8, 2, 3, 7).p_value, 0.06977851869492736, 1e-13);
  EXPECT_NEAR(FisherExact(8, 2, 3, 7).statistic, 9.333333333333334, 1e-14);
  EXPECT_NEAR(FisherExact(99830, 170, 49830, 170).p_value, 2.3377163165273006e-10, 1e-18);
  EXPECT_EQ(FisherExact(10, 10, 10, 10).p_value, 1.0);
  EXPECT_TRUE(std::isinf(FisherExact(3, 0, 1, 4).statistic));
  EXPECT_EQ(FisherExact(0, 5, 0, 7).p_value, 1.0);
  EXPECT_TRUE(std::isnan(FisherExact(0, 0, 3, 7).p_value));
}

// Lady tasting tea: 1, 16, 36, 16, 1 of 70.
TEST(FisherExactTest, ByHand) {
  EXPECT_NEAR(FisherExact(4, 0, 0, 4).p_value, 2.0 / 70.0, 1e-15);
  EXPECT_NEAR(FisherExact(3, 1, 1, 3).p_value, 34.0 / 70.0, 1e-15);
  EXPECT_EQ(FisherExact(2, 2, 2, 2).p_value, 1.0);
}

// Against a sum over all tables by binomial coefficients.
TEST(FisherExactTest, IsTheSumOverAllTables) {
  const auto log_choose = [](double n, double k) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
  };
  Random random(6);
  for (int round = 0; round < 300; ++round) {
    const double a = random.Below(12), b = 1 + random.Below(12), c = random.Below(12),
                 d = 1 + random.Below(30);
    const double n = a + b, m = c + d, with = a + c;
    const auto probability = [&](double x) {
      return std::exp(log_choose(n, x) + log_choose(m, with - x) - log_choose(n + m, with));
    };
    double sum = 0.0;
    for (double x = std::max(0.0, with - m); x <= std::min(with, n); ++x)
      if (probability(x) <= probability(a) * (1.0 + 1e-9)) sum += probability(x);
    EXPECT_NEAR(FisherExact(a, b, c, d).p_value, std::min(1.0, sum), 1e-11);
    EXPECT_NEAR(FisherExact(c, d, a, b).p_value, FisherExact(a, b, c, d).p_value, 1e-12);
  }
}

TEST(ProportionsZTest, AgreesWithScipyAndTheChiSquare) {
  const TestResult z = ProportionsZ(8, 10, 3, 10);
  EXPECT_NEAR(z.statistic, -2.2473328748774732, 1e-14);
  EXPECT_NEAR(z.p_value, 0.02461876138081519, 1e-14);
  const double chi = ChiSquareContingency(Counts{8, 2}, Counts{3, 7}, false).statistic;
  EXPECT_NEAR(z.statistic * z.statistic, chi, 1e-13);
  EXPECT_EQ(ProportionsZ(0, 10, 0, 5).p_value, 1.0);
  EXPECT_EQ(ProportionsZ(10, 10, 5, 5).p_value, 1.0);
  EXPECT_TRUE(std::isnan(ProportionsZ(0, 0, 1, 5).p_value));
}

// What TestShares is for: the rate of errors at a level as small as that of one column of 31.
TEST(TestSharesTest, ErrsAsOftenAsItSays) {
  Random random(8);
  constexpr int kRounds = 4000;
  int chi_square = 0, chi_square_small = 0, g = 0, g_small = 0, plain = 0;
  for (int round = 0; round < kRounds; ++round) {
    Counts reference(10), current(10);
    for (int i = 0; i < 1000; ++i) reference[random.Below(10)] += 1.0;
    for (int i = 0; i < 50; ++i) current[random.Below(10)] += 1.0;
    const double p = TestShares(reference, current, {}).p_value;
    const double q = TestShares(reference, current, {.likelihood = true}).p_value;
    chi_square += p < 0.05 ? 1 : 0;
    chi_square_small += p < 0.005 ? 1 : 0;
    g += q < 0.05 ? 1 : 0;
    g_small += q < 0.005 ? 1 : 0;
    plain += GTest(reference, current).p_value < 0.05 ? 1 : 0;
  }
  // Four standard deviations of the binomial.
  EXPECT_NEAR(chi_square, 200, 55);
  EXPECT_NEAR(g, 200, 55);
  EXPECT_NEAR(chi_square_small, 20, 18);
  EXPECT_NEAR(g_small, 20, 18);
  EXPECT_GT(plain, 255);  // Why it is not what a verdict goes by.
}

TEST(TestSharesTest, OfRareCategories) {
  const ContingencyResult test =
      TestShares(Counts{500, 480, 10, 6, 4}, Counts{250, 240, 1, 2, 7}, {.ordered = false});
  EXPECT_EQ(test.degrees, 2.0);
  EXPECT_GE(test.smallest_expected, 5.0);
  EXPECT_TRUE(std::isnan(TestShares(Counts{0, 0}, Counts{1, 2}, {.likelihood = true}).p_value));
}

TEST(CategoriesOfTest, CountsBothSides) {
  using Cells = std::vector<std::string_view>;
  const Categories categories =
      CategoriesOf(Cells{"b", "a", "", "b", " ", "gone"}, Cells{"a", "new", "\t", "B", "a"});
  EXPECT_EQ(categories.names, std::vector<std::string>({"B", "a", "b", "gone", "new"}));
  EXPECT_EQ(categories.reference, Counts({0, 1, 2, 1, 0}));
  EXPECT_EQ(categories.current, Counts({1, 2, 0, 0, 1}));
  EXPECT_EQ(categories.reference_missing, 2u);
  EXPECT_EQ(categories.current_missing, 1u);
  EXPECT_EQ(categories.added, std::vector<size_t>({0, 4}));
  EXPECT_EQ(categories.gone, std::vector<size_t>({2, 3}));
  EXPECT_TRUE(CategoriesOf({}, {}).names.empty());
}

}  // namespace
}  // namespace firetower::drift

#include "core/metrics/poisson_binomial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.h"

namespace firetower::metrics {
namespace {

TEST(PoissonBinomialTest, EqualsTheSumOverAllOutcomes) {
  Random random(1);
  std::vector<double> p = {0.0, 1.0, 1.0};
  for (int i = 0; i < 9; ++i) p.push_back(random.Uniform());
  std::vector<double> expected(p.size() + 1, 0.0);
  for (uint32_t outcome = 0; outcome < (1u << p.size()); ++outcome) {
    double chance = 1.0;
    size_t count = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      const bool success = (outcome >> i & 1u) != 0;
      chance *= success ? p[i] : 1.0 - p[i];
      count += success ? 1 : 0;
    }
    expected[count] += chance;
  }
  const CountDistribution counts = PoissonBinomial(p);
  EXPECT_TRUE(counts.exact);
  EXPECT_EQ(counts.first, 2u);
  double cumulative = 0.0;
  for (size_t k = 0; k < expected.size(); ++k) {
    const double found =
        k < counts.first || k > counts.last() ? 0.0 : counts.probability[k - counts.first];
    EXPECT_NEAR(found, expected[k], 1e-15) << k;
    cumulative += expected[k];
    EXPECT_NEAR(counts.CumulativeAt(static_cast<double>(k)), cumulative, 1e-14);
  }
  EXPECT_EQ(counts.CumulativeAt(1.5), 0.0);
  EXPECT_EQ(counts.CumulativeAt(99.0), 1.0);
}

TEST(PoissonBinomialTest, EqualTrialsAreBinomial) {
  const std::vector<double> p(40, 0.3);
  const CountDistribution counts = PoissonBinomial(p);
  for (size_t k = counts.first; k <= counts.last(); ++k) {
    const double x = static_cast<double>(k);
    const double binomial =
        std::exp(std::lgamma(41.0) - std::lgamma(x + 1.0) - std::lgamma(41.0 - x) +
                 x * std::log(0.3) + (40.0 - x) * std::log(0.7));
    EXPECT_NEAR(counts.probability[k - counts.first], binomial, 1e-13);
  }
  // qbinom(c(0.025, 0.5, 0.975), 40, 0.3) of R.
  EXPECT_EQ(counts.Quantile(0.025), 7.0);
  EXPECT_EQ(counts.Quantile(0.5), 12.0);
  EXPECT_EQ(counts.Quantile(0.975), 18.0);
}

TEST(PoissonBinomialTest, CutsTailsAndStaysExactInTheMiddle) {
  Random random(2);
  std::vector<double> p;
  double mean = 0.0;
  double variance = 0.0;
  for (int i = 0; i < 20000; ++i) {
    p.push_back(0.02 * random.Uniform());
    mean += p.back();
    variance += p.back() * (1.0 - p.back());
  }
  const CountDistribution counts = PoissonBinomial(p);
  EXPECT_TRUE(counts.exact);
  EXPECT_LT(counts.probability.size(), 400u);
  double found_mean = 0.0;
  for (size_t k = 0; k < counts.probability.size(); ++k) {
    found_mean += static_cast<double>(counts.first + k) * counts.probability[k];
  }
  double found_variance = 0.0;
  for (size_t k = 0; k < counts.probability.size(); ++k) {
    const double off = static_cast<double>(counts.first + k) - found_mean;
    found_variance += off * off * counts.probability[k];
  }
  EXPECT_NEAR(found_mean, mean, 1e-9 * mean);
  EXPECT_NEAR(found_variance, variance, 1e-9 * variance);
}

TEST(PoissonBinomialTest, NormalWithContinuityWhereThereAreTooMany) {
  Random random(3);
  std::vector<double> p = {1.0, 0.0};
  for (int i = 0; i < 3000; ++i) p.push_back(random.Uniform());
  const CountDistribution exact = PoissonBinomial(p);
  const CountDistribution normal = PoissonBinomial(p, 1000.0);
  EXPECT_TRUE(exact.exact);
  EXPECT_FALSE(normal.exact);
  for (double count = 1300.0; count < 1700.0; count += 10.0) {
    EXPECT_NEAR(normal.CumulativeAt(count), exact.CumulativeAt(count), 2e-4) << count;
  }
  for (const double share : {0.025, 0.5, 0.975}) {
    EXPECT_NEAR(normal.Quantile(share), exact.Quantile(share), 1.0);
  }
}

TEST(PoissonBinomialTest, NoTrialsAreCertain) {
  const CountDistribution none = PoissonBinomial({});
  EXPECT_EQ(none.Quantile(0.5), 0.0);
  EXPECT_EQ(none.CumulativeAt(0.0), 1.0);
}

}  // namespace
}  // namespace firetower::metrics

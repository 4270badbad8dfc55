#include "core/drift/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>

#include "oracle_file.h"

namespace firetower::drift {
namespace {

// Oracle: scipy.stats.chi2.sf. Relative, however small the tail.
TEST(ChiSquareTailTest, IsSciPys) {
  const json::value document = OracleFile();
  const json::array& tails = document.at("tails").as_array();
  ASSERT_GT(tails.size(), 100u);
  size_t small = 0;
  for (const json::value& tail : tails) {
    const double statistic = Number(tail.at(0));
    const auto degrees = static_cast<size_t>(Number(tail.at(1)));
    const double expected = Number(tail.at(2));
    EXPECT_NEAR(ChiSquareTail(statistic, degrees), expected, 1e-10 * expected)
        << statistic << " with " << degrees << " degrees of freedom";
    if (expected > 0.0 && expected < 1e-100) ++small;
  }
  EXPECT_GT(small, 5u);
}

TEST(ChiSquareTailTest, HasTheClosedFormsOfOneAndTwoDegrees) {
  for (double x = 0.0; x < 700.0; x += 0.37) {
    EXPECT_NEAR(ChiSquareTail(x, 2), std::exp(-x / 2.0), 1e-12 * std::exp(-x / 2.0)) << x;
    const double normal = std::erfc(std::sqrt(x / 2.0));
    EXPECT_NEAR(ChiSquareTail(x, 1), normal, 1e-12 * normal) << x;
  }
}

TEST(ChiSquareTailTest, IsOneAtZeroAndFallsToZero) {
  for (const size_t degrees : {1u, 2u, 63u, 64u, 100000u}) {
    EXPECT_EQ(ChiSquareTail(0.0, degrees), 1.0);
    double before = 1.0;
    for (double x = 0.0; x < 1e7; x = 1.1 * x + 1.0) {
      const double tail = ChiSquareTail(x, degrees);
      EXPECT_GE(tail, 0.0);
      EXPECT_LE(tail, before * (1.0 + 1e-9)) << x << " " << degrees;
      before = tail;
    }
    EXPECT_EQ(before, 0.0);
  }
}

}  // namespace
}  // namespace firetower::drift

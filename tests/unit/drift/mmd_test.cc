// Values against numpy: tests/golden/multivariate_test.py.
#include "core/drift/mmd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "made_up_sample.h"

namespace firetower::drift {
namespace {

// The definition, pair by pair.
TEST(MmdTest, IsTheDefinition) {
  Sample sample({.reference_rows = 30, .current_rows = 20, .columns = 3, .shift = 0.7});
  constexpr size_t kRows = 50;
  std::vector<std::vector<double>> z(3, std::vector<double>(kRows));
  for (size_t c = 0; c < 3; ++c) {
    double mean = 0.0, square = 0.0;
    for (size_t i = 0; i < kRows; ++i) mean += sample.at(i, c) / kRows;
    for (size_t i = 0; i < kRows; ++i) square += std::pow(sample.at(i, c) - mean, 2) / kRows;
    for (size_t i = 0; i < kRows; ++i) z[c][i] = (sample.at(i, c) - mean) / std::sqrt(square);
  }
  const auto distance = [&](size_t i, size_t j) {
    double sum = 0.0;
    for (size_t c = 0; c < 3; ++c) sum += std::pow(z[c][i] - z[c][j], 2);
    return sum;
  };
  std::vector<double> distances;
  for (size_t i = 0; i < kRows; ++i)
    for (size_t j = 0; j < i; ++j) distances.push_back(distance(i, j));
  std::sort(distances.begin(), distances.end());
  ASSERT_EQ(distances.size(), 1225u);
  const double median = distances[612];
  double within[2] = {0.0, 0.0}, across = 0.0;
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < kRows; ++j) {
      if (i == j) continue;
      const double k = std::exp(-distance(i, j) / median);
      if ((i < 30) == (j < 30)) {
        within[i < 30 ? 0 : 1] += k;
      } else {
        across += k;
      }
    }
  }
  const double expected = within[0] / (30 * 29) + within[1] / (20 * 19) - across / (30 * 20);
  const Result<MmdResult> result = Mmd(sample.matrix(), {});
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->mmd2, expected, 1e-12);
  EXPECT_NEAR(result->sigma, std::sqrt(median / 2.0), 1e-12);
  EXPECT_EQ(result->reference_rows, 30u);
  EXPECT_EQ(result->current_rows, 20u);
}

TEST(MmdTest, DrawsAtMostTheRowsGivenAndIsTheSameEveryTime) {
  const Sample sample({.reference_rows = 400, .current_rows = 300, .shift = 0.3});
  const MmdOptions options = {.max_rows = 50, .permutations = 99, .seed = 7};
  const Result<MmdResult> first = Mmd(sample.matrix(), options);
  const Result<MmdResult> second = Mmd(sample.matrix(), options);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->reference_rows, 50u);
  EXPECT_EQ(first->current_rows, 50u);
  EXPECT_EQ(first->mmd2, second->mmd2);
  EXPECT_EQ(first->p_value, second->p_value);
  EXPECT_NE(first->mmd2, Mmd(sample.matrix(), {.max_rows = 50, .seed = 8})->mmd2);
}

TEST(MmdTest, AColumnOfTwoValuesMostlyEqualStillHasAWidth) {
  Sample sample({.columns = 1});
  for (size_t i = 0; i < 200; ++i) sample.at(i, 0) = i % 20 == 0 ? 1.0 : 0.0;
  const Result<MmdResult> result = Mmd(sample.matrix(), {});
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->sigma, 0.0);
  EXPECT_GT(result->p_value, 0.05);
}

TEST(MmdTest, WhatItRefuses) {
  const Sample sample(MadeUp{});
  EXPECT_EQ(Mmd(sample.matrix(), {.max_rows = 9}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Mmd(sample.matrix(), {.permutations = 0}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Mmd(Sample({.current_rows = 9}).matrix(), {}).error().code, ErrorCode::kDataInvalid);
  const std::vector<double> values(40, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(
      Mmd({.values = values, .rows = 40, .columns = 1, .reference_rows = 20}, {}).error().message,
      "no column varies");
}

// p is b + 1 of R + 1 and at most 0.05 in one of twenty data sets without drift, heavy tails and
// missing values or not; a change of the correlations alone is seen.
TEST(MmdTest, FiresAtItsRateWithoutDriftAndSeesCorrelations) {
  constexpr int kRuns = 1000;
  const MmdOptions options = {.permutations = 39};
  int null = 0, moved = 0;
  for (int run = 0; run < kRuns; ++run) {
    MadeUp made = {.reference_rows = 40,
                   .current_rows = 25,
                   .seed = static_cast<uint64_t>(run),
                   .heavy_tails = run % 2 == 0};
    Sample sample(made);
    for (size_t i = 0; i < 65; i += 3) sample.at(i, i % 5) = NAN;
    null += Mmd(sample.matrix(), options)->p_value <= 0.05;
    if (run % 20 != 0) continue;
    made = {.seed = static_cast<uint64_t>(run), .correlation = 0.9, .current_correlation = 0.0};
    moved += Mmd(Sample(made).matrix(), options)->p_value <= 0.05;
  }
  EXPECT_TRUE(FiresAtRate(null, kRuns, 0.05)) << null;
  EXPECT_EQ(moved, kRuns / 20);
}

}  // namespace
}  // namespace firetower::drift

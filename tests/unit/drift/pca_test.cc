// Values against scikit-learn: tests/golden/multivariate_test.py.
#include "core/drift/pca.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "made_up_sample.h"

namespace firetower::drift {
namespace {

std::vector<uint32_t> Rows(size_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), uint32_t{0});
  return rows;
}

// Two columns: the components are the diagonals, whatever the correlation.
TEST(PcaTest, TwoColumnsAreRebuiltFromTheirDiagonal) {
  Sample sample({.columns = 2, .correlation = 0.8});
  const std::vector<uint32_t> rows = Rows(100);
  const Result<Pca> pca = Pca::Fit(sample.matrix(), rows, 0.65);
  ASSERT_TRUE(pca.ok());
  EXPECT_EQ(pca->components(), 1u);
  std::vector<double> errors(100);
  pca->Errors(sample.matrix(), rows, errors);
  const ColumnScale first = ScaleOf(sample.matrix().values.subspan(0, 200), rows);
  const ColumnScale second = ScaleOf(sample.matrix().values.subspan(200, 200), rows);
  for (size_t i = 0; i < 100; ++i) {
    const double difference = first.Apply(sample.at(i, 0)) - second.Apply(sample.at(i, 1));
    EXPECT_NEAR(errors[i], std::abs(difference) / std::sqrt(2.0), 1e-12);
  }
}

TEST(PcaTest, RowsInTheComponentsHaveNoError) {
  Sample sample({.columns = 3, .current_correlation = 0.0});
  for (size_t i = 0; i < 200; ++i) {
    sample.at(i, 1) = 2.0 * sample.at(i, 0) + 1.0;
    sample.at(i, 2) = -1000.0 * sample.at(i, 0);
  }
  const Result<PcaDrift> drift = ComparePca(sample.matrix(), {});
  ASSERT_TRUE(drift.ok());
  EXPECT_EQ(drift->components, 1u);
  EXPECT_EQ(drift->current_error, 0.0);
  EXPECT_TRUE(std::isnan(drift->p_value));
}

TEST(PcaTest, TheHalvesAreTheReference) {
  const Result<PcaDrift> drift = ComparePca(Sample({.reference_rows = 101}).matrix(), {});
  ASSERT_TRUE(drift.ok());
  EXPECT_EQ(drift->fitted_rows, 50u);
  EXPECT_EQ(drift->held_rows, 51u);
  const Result<PcaDrift> again = ComparePca(Sample({.reference_rows = 101}).matrix(), {});
  EXPECT_EQ(again->p_value, drift->p_value);
}

// A column that never varied in the reference is not standardised away when it moves.
TEST(PcaTest, AConstantColumnThatMovesIsSeen) {
  Sample sample({.columns = 3});
  for (size_t i = 0; i < 200; ++i) sample.at(i, 2) = i < 100 ? 4.0 : 9.0;
  const Result<PcaDrift> drift = ComparePca(sample.matrix(), {});
  ASSERT_TRUE(drift.ok());
  EXPECT_GT(drift->current_error, 5.0);
  EXPECT_LT(drift->p_value, 1e-6);
}

TEST(PcaTest, MissingValuesAreAtTheMeanAndCounted) {
  Sample sample({});
  sample.at(3, 1) = NAN;
  sample.at(150, 0) = INFINITY;
  EXPECT_EQ(ComparePca(sample.matrix(), {})->missing, 2u);
}

TEST(PcaTest, WhatItRefuses) {
  const Sample sample({});
  EXPECT_EQ(ComparePca(sample.matrix(), {.explained = 1.0}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(ComparePca(Sample({.reference_rows = 19}).matrix(), {}).error().code,
            ErrorCode::kDataInvalid);
  const std::vector<double> values(80, 3.0);
  EXPECT_EQ(ComparePca({.values = values, .rows = 80, .columns = 1, .reference_rows = 40}, {})
                .error()
                .code,
            ErrorCode::kDataInvalid);
}

// Few rows and many columns, where errors of the rows that the components were found on would be
// far too small.
TEST(PcaTest, FiresAtItsRateWithoutDriftAndSeesCorrelations) {
  constexpr int kRuns = 1000;
  int null = 0, moved = 0;
  for (int run = 0; run < kRuns; ++run) {
    MadeUp made = {.reference_rows = 60,
                   .current_rows = 40,
                   .columns = 12,
                   .seed = static_cast<uint64_t>(run),
                   .heavy_tails = run % 2 == 0};
    null += ComparePca(Sample(made).matrix(), {})->p_value <= 0.05;
    if (run % 10 != 0) continue;
    made = {.seed = static_cast<uint64_t>(run), .correlation = 0.7, .current_correlation = 0.2};
    moved += ComparePca(Sample(made).matrix(), {})->p_value <= 0.05;
  }
  EXPECT_TRUE(FiresAtRate(null, kRuns, 0.05)) << null;
  EXPECT_GT(moved, 90);
}

}  // namespace
}  // namespace firetower::drift

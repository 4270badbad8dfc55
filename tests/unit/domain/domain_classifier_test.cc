#include "core/domain/domain_classifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/base/random.h"

namespace firetower::domain {
namespace {

struct Rows {
  size_t rows = 0;
  size_t columns = 3;
  std::vector<float> features;
  std::vector<uint8_t> current;
};

// Uniform columns; the second of a current row is `shift` larger.
Rows MakeRows(size_t reference, size_t current, double shift, uint64_t seed) {
  Rows made;
  made.rows = reference + current;
  Random random(seed);
  made.features.resize(made.rows * made.columns);
  made.current.resize(made.rows);
  for (size_t i = 0; i < made.rows; ++i) {
    made.current[i] = i >= reference ? 1 : 0;
    for (size_t f = 0; f < made.columns; ++f) {
      const double value = random.Uniform() + (f == 1 && i >= reference ? shift : 0.0);
      made.features[f * made.rows + i] = static_cast<float>(value);
    }
  }
  return made;
}

Result<DomainClassifier> Train(const Rows& made, const DomainOptions& options) {
  return DomainClassifier::Train(made.features, made.rows, made.columns, made.current, options);
}

TEST(DomainClassifierTest, AucIsTheShareOfPairsRankedRight) {
  const Rows made = MakeRows(150, 100, 0.2, 1);
  const Result<DomainClassifier> domain = Train(made, {});
  ASSERT_TRUE(domain.ok());
  double right = 0.0, pairs = 0.0;
  for (size_t i = 0; i < 150; ++i) {
    for (size_t j = 150; j < 250; ++j) {
      if (std::isnan(domain->oob()[i]) || std::isnan(domain->oob()[j])) continue;
      pairs += 1.0;
      right += domain->oob()[j] > domain->oob()[i] ? 1.0 : 0.0;
      right += domain->oob()[j] == domain->oob()[i] ? 0.5 : 0.0;
    }
  }
  EXPECT_NEAR(domain->auc().value, right / pairs, 1e-12);
  EXPECT_LT(domain->auc().low, domain->auc().value);
  EXPECT_GT(domain->auc().low, 0.5);
  EXPECT_TRUE(std::isnan(domain->p_value()));
}

TEST(DomainClassifierTest, ImportancesSayWhichColumnMoved) {
  const Result<DomainClassifier> domain = Train(MakeRows(400, 400, 0.5, 2), {});
  ASSERT_TRUE(domain.ok());
  ASSERT_EQ(domain->importances().size(), 3u);
  EXPECT_GT(domain->importances()[1], 0.6);
  EXPECT_NEAR(std::accumulate(domain->importances().begin(), domain->importances().end(), 0.0), 1.0,
              1e-12);
}

// Where columns are uniform on [0, 1) and [0.5, 1.5) the ratio is 0 below 0.5 and infinite above 1;
// between them it is 1, however many rows each side has.
TEST(DomainClassifierTest, DensityRatioIsOfDensitiesNotOfRows) {
  const Result<DomainClassifier> domain = Train(MakeRows(3000, 1000, 0.5, 3), {});
  ASSERT_TRUE(domain.ok());
  std::vector<float> grid(3 * 300, 0.5F);
  for (size_t i = 0; i < 300; ++i) grid[300 + i] = static_cast<float>(i) / 200.0F;
  std::vector<double> ratios(300);
  domain->DensityRatios(grid, 300, ratios);
  const auto mean = [&](size_t first, size_t end) {
    return std::accumulate(ratios.begin() + static_cast<std::ptrdiff_t>(first),
                           ratios.begin() + static_cast<std::ptrdiff_t>(end), 0.0) /
           static_cast<double>(end - first);
  };
  EXPECT_LT(mean(0, 90), 0.1);
  EXPECT_NEAR(mean(110, 190), 1.0, 0.35);
  EXPECT_GT(mean(210, 300), 20.0);
  for (const double ratio : ratios) EXPECT_TRUE(std::isfinite(ratio) && ratio > 0.0);
}

TEST(DomainClassifierTest, TrainingRowsAreRatedOutOfBag) {
  Rows made = MakeRows(60, 60, 0.0, 4);
  for (size_t f = 0; f < 3; ++f) {  // Two equal rows, one on each side.
    made.features[f * 120 + 100] = made.features[f * 120 + 7];
  }
  const Result<DomainClassifier> domain = Train(made, {});
  ASSERT_TRUE(domain.ok());
  std::vector<double> ratios(120);
  domain->DensityRatios(made.features, 120, ratios);
  for (size_t i = 0; i < 120; ++i) {
    const double p =
        i == 7 || i == 100 ? 0.5 * (domain->oob()[7] + domain->oob()[100]) : domain->oob()[i];
    const double kept = std::clamp(p, 1.0 / 240, 1.0 - 1.0 / 240);
    EXPECT_NEAR(ratios[i], kept / (1.0 - kept), 1e-12) << i;
    if (i != 7 && i != 100) {
      EXPECT_EQ(ratios[i], domain->DensityRatio(i));
    }
  }
}

TEST(DomainClassifierTest, TheSameOnAnyNumberOfThreads) {
  const Rows made = MakeRows(100, 80, 0.1, 5);
  const Result<DomainClassifier> one = Train(made, {.permutations = 9, .seed = 3, .threads = 1});
  const Result<DomainClassifier> two = Train(made, {.permutations = 9, .seed = 3, .threads = 2});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->auc().value, two->auc().value);
  EXPECT_EQ(one->p_value(), two->p_value());
  EXPECT_TRUE(std::equal(one->oob().begin(), one->oob().end(), two->oob().begin()));
}

TEST(DomainClassifierTest, MissingAndConstantColumnsAreTaken) {
  Rows made = MakeRows(80, 80, 0.3, 6);
  for (size_t i = 0; i < 160; ++i) {
    made.features[2 * 160 + i] = 5.0F;
    if (i % 4 == 0) made.features[160 + i] = std::numeric_limits<float>::quiet_NaN();
  }
  const Result<DomainClassifier> domain = Train(made, {});
  ASSERT_TRUE(domain.ok());
  EXPECT_GT(domain->auc().value, 0.55);
  EXPECT_EQ(domain->importances()[2], 0.0);
}

TEST(DomainClassifierTest, WhatItRefuses) {
  const Rows made = MakeRows(40, 40, 0.0, 7);
  EXPECT_EQ(Train(made, {.trees = 9}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Train(made, {.max_depth = 31}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Train(made, {.permutations = 10001}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Train(MakeRows(40, 19, 0.0, 7), {}).error().code, ErrorCode::kDataInvalid);
  Rows constant = made;
  std::fill(constant.features.begin(), constant.features.end(), 1.0F);
  EXPECT_EQ(Train(constant, {}).error().message, "no column varies");
}

// p at most 0.05 in one of twenty data sets without drift.
TEST(DomainClassifierTest, FiresAtItsRateWithoutDriftAndWithOneNearlyAlways) {
  constexpr int kRuns = 200;
  const DomainOptions options = {.trees = 10, .permutations = 19, .permutation_trees = 10};
  int null = 0, moved = 0;
  for (int run = 0; run < kRuns; ++run) {
    const uint64_t seed = 100 + static_cast<uint64_t>(run);
    null += Train(MakeRows(30, 20, 0.0, seed), options)->p_value() <= 0.05;
    if (run % 10 == 0) moved += Train(MakeRows(60, 60, 0.6, seed), options)->p_value() <= 0.05;
  }
  EXPECT_LE(std::abs(null - 0.05 * kRuns), 4.0 * std::sqrt(kRuns * 0.05 * 0.95)) << null;
  EXPECT_GE(moved, 19);
}

}  // namespace
}  // namespace firetower::domain

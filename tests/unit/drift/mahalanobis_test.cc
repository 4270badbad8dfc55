// Values against numpy and scipy: tests/golden/multivariate_test.py.
#include "core/drift/mahalanobis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "made_up_sample.h"

namespace firetower::drift {
namespace {

// One column is Student's t: T^2 = t^2, and by hand: means 2 and 5, pooled variance 1.
TEST(HotellingTest, OneColumnIsStudentsT) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 6};
  const Result<HotellingResult> result =
      Hotelling({.values = values, .rows = 6, .columns = 1, .reference_rows = 3});
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->statistic, 13.5, 1e-12);
  EXPECT_NEAR(result->f, 13.5, 1e-12);
  EXPECT_NEAR(result->distance, 3.0, 1e-12);
  EXPECT_EQ(result->rank, 1u);
  EXPECT_EQ(result->degrees_denominator, 4.0);
  EXPECT_NEAR(result->p_value, 0.021311641128756727, 1e-14);  // scipy: 2 * t.sf(sqrt(13.5), 4)
}

TEST(HotellingTest, AnyInvertibleMixOfTheColumnsGivesTheSame) {
  Sample sample({.columns = 3, .shift = 0.4});
  Sample mixed = sample;
  for (size_t i = 0; i < sample.matrix().rows; ++i) {
    mixed.at(i, 0) = 3.0 * sample.at(i, 0) - sample.at(i, 1) + 7.0;
    mixed.at(i, 1) = 1e6 * sample.at(i, 1);
    mixed.at(i, 2) = sample.at(i, 2) + sample.at(i, 0);
  }
  const Result<HotellingResult> plain = Hotelling(sample.matrix());
  const Result<HotellingResult> other = Hotelling(mixed.matrix());
  ASSERT_TRUE(plain.ok() && other.ok());
  EXPECT_NEAR(other->statistic / plain->statistic, 1.0, 1e-9);
  EXPECT_NEAR(other->p_value / plain->p_value, 1.0, 1e-9);
}

TEST(HotellingTest, ColumnsThatFollowFromOthersAndConstantOnesAddNothing) {
  Sample three({.columns = 3, .shift = 0.4});
  Sample six({.columns = 6});
  for (size_t i = 0; i < three.matrix().rows; ++i) {
    for (size_t c = 0; c < 3; ++c) six.at(i, c) = three.at(i, c);
    six.at(i, 3) = 2.0 * three.at(i, 0) - three.at(i, 1);
    six.at(i, 4) = 8.0;
    six.at(i, 5) = std::numeric_limits<double>::quiet_NaN();
  }
  const Result<HotellingResult> plain = Hotelling(three.matrix());
  const Result<HotellingResult> more = Hotelling(six.matrix());
  ASSERT_TRUE(plain.ok() && more.ok());
  EXPECT_EQ(more->rank, 3u);
  EXPECT_EQ(more->left_out, 2u);
  EXPECT_NEAR(more->statistic / plain->statistic, 1.0, 1e-9);
  EXPECT_NEAR(more->p_value / plain->p_value, 1.0, 1e-9);
}

TEST(HotellingTest, MeansApartWhereNeitherSideVaries) {
  Sample sample({.columns = 2});
  for (size_t i = 0; i < sample.matrix().rows; ++i) sample.at(i, 1) = i < 100 ? 1.0 : 2.0;
  const Result<HotellingResult> result = Hotelling(sample.matrix());
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->apart);
  EXPECT_EQ(result->p_value, 0.0);
  EXPECT_TRUE(std::isinf(result->distance));
}

TEST(HotellingTest, WhatItRefuses) {
  EXPECT_EQ(Hotelling(Sample({.reference_rows = 3, .current_rows = 3, .columns = 5}).matrix())
                .error()
                .message,
            "there are too few rows for so many columns");
  const Result<HotellingResult> just =
      Hotelling(Sample({.reference_rows = 3, .current_rows = 3, .columns = 4}).matrix());
  ASSERT_TRUE(just.ok());
  EXPECT_EQ(just->rank, 4u);
  EXPECT_EQ(just->degrees_denominator, 1.0);
  EXPECT_FALSE(just->apart);
  EXPECT_GT(just->p_value, 0.0);
  EXPECT_EQ(Hotelling(Sample({.reference_rows = 1}).matrix()).error().code,
            ErrorCode::kDataInvalid);
  const std::vector<double> values(12, 3.0);
  EXPECT_EQ(
      Hotelling({.values = values, .rows = 12, .columns = 1, .reference_rows = 6}).error().message,
      "no column varies");
  EXPECT_EQ(
      Hotelling({.values = values, .rows = 5, .columns = 1, .reference_rows = 3}).error().code,
      ErrorCode::kBadArgument);
}

// Exact for normal columns; with cubes of normal numbers it may only err on the side of no drift.
TEST(HotellingTest, FiresAtItsRateWithoutDriftAndWithOneNearlyAlways) {
  constexpr int kRuns = 2000;
  int normal = 0, heavy = 0, shifted = 0;
  for (int run = 0; run < kRuns; ++run) {
    MadeUp made = {.reference_rows = 60, .current_rows = 40, .seed = static_cast<uint64_t>(run)};
    normal += Hotelling(Sample(made).matrix())->p_value < 0.05;
    made.heavy_tails = true;
    heavy += Hotelling(Sample(made).matrix())->p_value < 0.05;
    made.heavy_tails = false;
    made.shift = 1.0;
    shifted += Hotelling(Sample(made).matrix())->p_value < 0.05;
  }
  EXPECT_TRUE(FiresAtRate(normal, kRuns, 0.05)) << normal;
  EXPECT_LE(heavy, kRuns * 0.05 + 4.0 * std::sqrt(kRuns * 0.05 * 0.95));
  EXPECT_GT(heavy, kRuns * 0.02);
  EXPECT_GT(shifted, kRuns * 0.97);
}

TEST(HotellingTest, NumbersOfAnySizeAreTakenAsTheyAre) {
  Sample sample({.columns = 2, .shift = 0.5});
  Sample huge = sample;
  for (size_t i = 0; i < sample.matrix().rows; ++i) {
    huge.at(i, 0) = std::ldexp(sample.at(i, 0), 1000);
    huge.at(i, 1) = std::ldexp(sample.at(i, 1), -1000);
  }
  EXPECT_NEAR(Hotelling(huge.matrix())->statistic / Hotelling(sample.matrix())->statistic, 1.0,
              1e-9);
}

}  // namespace
}  // namespace firetower::drift

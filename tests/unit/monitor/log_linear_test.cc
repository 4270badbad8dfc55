#include "core/monitor/log_linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "random_rows.h"

namespace firetower::monitor {
namespace {

using test::kInfinity;
using test::Pick;

TEST(LogLinear, BucketsByHand) {
  EXPECT_EQ(BucketOf(0.0), 0);
  EXPECT_EQ(BucketOf(-0.0), 0);
  EXPECT_EQ(BucketOf(std::numeric_limits<double>::denorm_min()), 0);
  EXPECT_EQ(BucketOf(std::ldexp(1.0, -40)), 1);
  EXPECT_EQ(BucketOf(1.0), 641);  // 40 octaves of 16 above bucket 0.
  EXPECT_EQ(BucketOf(1.0624), 641);
  EXPECT_EQ(BucketOf(1.0625), 642);
  EXPECT_EQ(BucketOf(1.9999), 656);
  EXPECT_EQ(BucketOf(2.0), 657);
  EXPECT_EQ(BucketOf(std::ldexp(1.0, 64)), 1665);
  EXPECT_EQ(BucketOf(std::numeric_limits<double>::max()), 1665);
  EXPECT_EQ(BucketOf(kInfinity), 1665);
  EXPECT_EQ(kLastBucket, 1665);
}

TEST(LogLinear, EveryEdgeIsTheLeastValueOfItsBucket) {
  EXPECT_EQ(BucketEdge(0), 0.0);
  for (int32_t bucket = 1; bucket <= kLastBucket; ++bucket) {
    const double edge = BucketEdge(bucket);
    EXPECT_EQ(BucketOf(edge), bucket);
    EXPECT_EQ(BucketOf(std::nextafter(edge, 0.0)), bucket - 1);
    EXPECT_GT(edge, BucketEdge(bucket - 1));
    if (bucket > 1) {
      EXPECT_LE(edge / BucketEdge(bucket - 1), 1.0 + 1.0 / kBucketsPerOctave);
    }
  }
  EXPECT_EQ(BucketEdge(kLastBucket + 1), kInfinity);
}

TEST(LogLinear, QuantilesAreAtMostASixteenthTooLarge) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<double> values;
    LogLinear histogram;
    const size_t n = 1 + Pick(&random, 3000);
    for (size_t i = 0; i < n; ++i) {
      values.push_back(std::exp(20.0 * random.Uniform() - 10.0));
      histogram.Add(values.back(), 1);
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = std::max(std::ceil(q * static_cast<double>(n)), 1.0);
      const double exact = values[static_cast<size_t>(rank) - 1];
      EXPECT_GT(histogram.Quantile(q), exact);
      EXPECT_LE(histogram.Quantile(q), exact * (1.0 + 1.0 / kBucketsPerOctave));
    }
  }
}

TEST(LogLinear, WithoutValuesAndBeyondTheBuckets) {
  LogLinear histogram;
  EXPECT_TRUE(std::isnan(histogram.Quantile(0.5)));
  histogram.Add(3.0, 0);
  EXPECT_TRUE(histogram.buckets().empty());
  histogram.Add(-7.0, 2);
  EXPECT_EQ(histogram.Quantile(1.0), std::ldexp(1.0, kMinExponent));
  histogram.Add(1e300, 1);
  EXPECT_EQ(histogram.Quantile(0.5), std::ldexp(1.0, kMinExponent));
  EXPECT_EQ(histogram.Quantile(1.0), kInfinity);
  EXPECT_EQ(histogram.total(), 3u);
  histogram.Clear();
  EXPECT_EQ(histogram.total(), 0u);
  EXPECT_TRUE(std::isnan(histogram.Quantile(1.0)));
}

TEST(LogLinear, MergingIsPooling) {
  Random random(6);
  LogLinear pooled;
  std::vector<LogLinear> parts(7);
  for (int i = 0; i < 5000; ++i) {
    const double value = std::exp(60.0 * random.Uniform() - 30.0);
    const uint64_t count = Pick(&random, 4);
    pooled.Add(value, count);
    parts[Pick(&random, parts.size())].Add(value, count);
  }
  LogLinear merged;
  for (const LogLinear& part : parts) merged.Merge(part);
  EXPECT_EQ(merged.buckets(), pooled.buckets());
  EXPECT_EQ(merged.total(), pooled.total());
}

}  // namespace
}  // namespace firetower::monitor

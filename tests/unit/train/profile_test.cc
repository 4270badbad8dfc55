#include "core/train/profile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "test_data.h"

namespace firetower::train {
namespace {

// The weight in each bin, counted as model.h says.
std::vector<double> Counted(const forest::FeatureProfile& profile, const std::vector<float>& values,
                            const std::vector<double>& weights) {
  std::vector<double> counts(profile.edges.size() - 1, 0.0);
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]);
    for (size_t b = 0; b < counts.size(); ++b) {
      const bool last = b + 1 == counts.size();
      if (value >= profile.edges[b] &&
          (value < profile.edges[b + 1] || (last && value == profile.edges[b + 1]))) {
        counts[b] += weights.empty() ? 1.0 : weights[i];
      }
    }
  }
  return counts;
}

void ExpectRising(const std::vector<double>& edges) {
  for (size_t e = 1; e < edges.size(); ++e) EXPECT_LT(edges[e - 1], edges[e]);
}

TEST(ProfileTest, FewValuesHaveABinEach) {
  const std::vector<float> values = {2, 1, 2, 5, 2};
  const std::vector<double> weights = {1, 2, 1, 0.5, 1};
  const forest::FeatureProfile profile = BuildProfile(values, 5, weights, 64, 2)[0];
  EXPECT_EQ(profile.edges, (std::vector<double>{1, 2, 5, std::nextafter(5.0, 6.0)}));
  EXPECT_EQ(profile.counts, (std::vector<double>{2, 3, 0.5}));
  EXPECT_EQ(profile.missing, 0.0);
}

TEST(ProfileTest, ManyValuesAreQuantileBins) {
  const TestData data = MakeData({.rows = 5000, .feature_count = 1, .weighted = true});
  const forest::FeatureProfile profile = BuildProfile(data.features, 5000, data.weights, 64, 2)[0];
  ASSERT_EQ(profile.counts.size(), 64u);
  ExpectRising(profile.edges);
  double total = 0.0;
  for (const double weight : data.weights) total += weight;
  const std::vector<double> counted = Counted(profile, data.features, data.weights);
  for (size_t b = 0; b < 64; ++b) {
    EXPECT_NEAR(profile.counts[b], counted[b], 1e-9);
    EXPECT_NEAR(profile.counts[b], total / 64.0, 10.0);  // A row weighs up to 4.5.
  }
}

TEST(ProfileTest, HeavyValuesAndMissingOnes) {
  // A third of the rows is 0, a third is missing.
  TestData data = MakeData({.rows = 3000, .feature_count = 2});
  for (size_t i = 0; i < 3000; ++i) {
    if (i % 3 == 0) data.features[i] = 0.0F;
    if (i % 3 == 1) data.features[i] = std::numeric_limits<float>::quiet_NaN();
  }
  const std::vector<forest::FeatureProfile> profiles = BuildProfile(data.features, 3000, {}, 16, 2);
  ASSERT_EQ(profiles.size(), 2u);
  EXPECT_EQ(profiles[0].missing, 1000.0);
  EXPECT_LE(profiles[0].counts.size(), 16u);
  ExpectRising(profiles[0].edges);
  const std::vector<float> first(data.features.begin(), data.features.begin() + 3000);
  EXPECT_EQ(profiles[0].counts, Counted(profiles[0], first, {}));
  double total = 0.0;
  for (const double count : profiles[0].counts) total += count;
  EXPECT_EQ(total, 2000.0);
}

TEST(ProfileTest, OneValueOrNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {3, 3, nan, nan};
  const std::vector<forest::FeatureProfile> profiles = BuildProfile(values, 2, {}, 64, 2);
  EXPECT_EQ(profiles[0].counts, (std::vector<double>{2}));
  ExpectRising(profiles[0].edges);
  EXPECT_EQ(profiles[1].counts, (std::vector<double>{0}));
  EXPECT_EQ(profiles[1].missing, 2.0);
  ExpectRising(profiles[1].edges);
}

}  // namespace
}  // namespace firetower::train

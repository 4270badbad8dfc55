#include "core/train/profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace firetower::train {
namespace {

struct DistinctValue {
  float value;
  double weight;
};

forest::FeatureProfile ProfileOf(std::span<const float> values, std::span<const double> weights,
                                 size_t max_bins) {
  forest::FeatureProfile profile;
  std::vector<DistinctValue> distinct;
  double total = 0.0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    if (std::isnan(values[i])) {
      profile.missing += weight;
    } else {
      distinct.push_back({values[i], weight});
      total += weight;
    }
  }
  if (distinct.empty()) {
    profile.edges = {0.0, 1.0};
    profile.counts = {0.0};
    return profile;
  }
  // Equal values in row order, so that their weights always add up in the same order.
  std::stable_sort(
      distinct.begin(), distinct.end(),
      [](const DistinctValue& a, const DistinctValue& b) { return a.value < b.value; });
  size_t last = 0;
  for (size_t i = 1; i < distinct.size(); ++i) {
    if (distinct[i].value == distinct[last].value) {
      distinct[last].weight += distinct[i].weight;
    } else {
      distinct[++last] = distinct[i];
    }
  }
  distinct.resize(last + 1);

  const bool one_each = distinct.size() <= max_bins;
  double before = 0.0;  // Weight of the values below.
  for (size_t i = 0; i < distinct.size(); ++i) {
    const double target =
        total * static_cast<double>(profile.counts.size()) / static_cast<double>(max_bins);
    // A bin that began with the largest value would have no width.
    const bool may_begin = profile.counts.size() < max_bins && i + 1 < distinct.size();
    if (i == 0 || one_each || (may_begin && before > 0.0 && before >= target)) {
      profile.edges.push_back(static_cast<double>(distinct[i].value));
      profile.counts.push_back(0.0);
    }
    profile.counts.back() += distinct[i].weight;
    before += distinct[i].weight;
  }
  const double largest = static_cast<double>(distinct.back().value);
  profile.edges.push_back(
      one_each ? std::nextafter(largest, std::numeric_limits<double>::infinity()) : largest);
  return profile;
}

}  // namespace

std::vector<forest::FeatureProfile> BuildProfile(std::span<const float> features, size_t rows,
                                                 std::span<const double> weights, size_t max_bins) {
  std::vector<forest::FeatureProfile> profiles;
  for (size_t f = 0; f < features.size() / rows; ++f) {
    profiles.push_back(ProfileOf(features.subspan(f * rows, rows), weights, max_bins));
  }
  return profiles;
}

}  // namespace firetower::train

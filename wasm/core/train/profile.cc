#include "core/train/profile.h"

#include <cmath>
#include <limits>

#include "core/train/parallel.h"
#include "core/train/sort_key.h"

namespace firetower::train {
namespace {

struct DistinctValue {
  float value;
  double weight;
};

forest::FeatureProfile ProfileOf(std::span<const float> values, std::span<const double> weights,
                                 size_t max_bins) {
  forest::FeatureProfile profile;
  const auto weight_of = [&](size_t row) { return weights.empty() ? 1.0 : weights[row]; };
  double total = 0.0;
  for (size_t i = 0; i < values.size(); ++i) {
    (std::isnan(values[i]) ? profile.missing : total) += weight_of(i);
  }
  std::vector<DistinctValue> distinct;
  uint64_t previous = 0;
  for (const uint64_t key : SortedKeys(values)) {
    const size_t row = PlaceOf(key);
    if (distinct.empty() || !SameValue(key, previous)) distinct.push_back({values[row], 0.0});
    distinct.back().weight += weight_of(row);
    previous = key;
  }
  if (distinct.empty()) {
    profile.edges = {0.0, 1.0};
    profile.counts = {0.0};
    return profile;
  }

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
                                                 std::span<const double> weights, size_t max_bins,
                                                 int32_t threads) {
  std::vector<forest::FeatureProfile> profiles(features.size() / rows);
  const int32_t count = static_cast<int32_t>(profiles.size());
  ParallelFor(
      count, ThreadCount(threads, count),
      [&](int32_t task, int32_t) {
        const size_t f = static_cast<size_t>(task);
        profiles[f] = ProfileOf(features.subspan(f * rows, rows), weights, max_bins);
      },
      nullptr);
  return profiles;
}

}  // namespace firetower::train

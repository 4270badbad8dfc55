#include "core/train/bins.h"

#include <algorithm>
#include <cmath>

#include "core/train/parallel.h"
#include "core/train/sort_key.h"

namespace firetower::train {
namespace {

struct DistinctValue {
  float value;
  double mass;
};

// The last value of every bin, rising. REQUIRES: distinct rises and is not empty.
std::vector<BinRange> Quantiles(std::span<const DistinctValue> distinct, size_t max_bins) {
  std::vector<BinRange> ranges;
  if (distinct.size() <= max_bins) {
    for (const DistinctValue& item : distinct) ranges.push_back({item.value, item.value});
    return ranges;
  }
  double remaining = 0.0;
  for (const DistinctValue& item : distinct) remaining += item.mass;
  double mass = 0.0;
  ranges.push_back({distinct[0].value, distinct[0].value});
  for (size_t i = 0; i < distinct.size(); ++i) {
    const DistinctValue& item = distinct[i];
    const size_t bins_left = max_bins - ranges.size() + 1;  // With the one being filled.
    const double target = remaining / static_cast<double>(bins_left);
    if (i > 0 && bins_left > 1 && mass > 0.0 && mass + 0.5 * item.mass > target) {
      ranges.push_back({item.value, item.value});
      remaining -= mass;
      mass = 0.0;
    }
    ranges.back().high = item.value;
    mass += item.mass;
  }
  return ranges;
}

}  // namespace

BinnedFeatures::BinnedFeatures(std::span<const float> values, size_t rows, size_t feature_count,
                               std::span<const uint8_t> labels, std::span<const double> weights,
                               int32_t max_bins, int32_t threads)
    : rows_(rows),
      bins_(rows * feature_count),
      ranges_(feature_count),
      has_missing_(feature_count) {
  double class_weight[2] = {0.0, 0.0};
  for (size_t i = 0; i < rows; ++i) class_weight[labels[i]] += weights[i];
  std::vector<double> mass(rows);
  for (size_t i = 0; i < rows; ++i) {
    const double total = class_weight[labels[i]];
    mass[i] = total > 0.0 ? weights[i] / total : 0.0;
  }
  ParallelFor(
      static_cast<int32_t>(feature_count), threads,
      [&](int32_t task, int32_t) {
        const size_t feature = static_cast<size_t>(task);
        Fill(values.subspan(feature * rows, rows), feature, mass, max_bins);
      },
      nullptr);
}

void BinnedFeatures::Fill(std::span<const float> values, size_t feature,
                          std::span<const double> mass, int32_t max_bins) {
  const std::vector<uint64_t> sorted = SortedKeys(values);
  const bool missing = sorted.size() < rows_;
  has_missing_[feature] = missing ? 1 : 0;
  const std::span<uint8_t> bins(bins_.data() + feature * rows_, rows_);
  if (missing) std::fill(bins.begin(), bins.end(), kMissingBin);
  if (sorted.empty()) return;

  std::vector<DistinctValue> distinct;
  for (const uint64_t key : sorted) {
    const float value = values[PlaceOf(key)];
    if (distinct.empty() || distinct.back().value < value) distinct.push_back({value, 0.0});
    distinct.back().mass += mass[PlaceOf(key)];
  }
  const int32_t usable = missing ? std::min(max_bins, kMaxBins - 1) : max_bins;
  ranges_[feature] = Quantiles(distinct, static_cast<size_t>(usable));
  size_t bin = 0;
  for (const uint64_t key : sorted) {
    while (ranges_[feature][bin].high < values[PlaceOf(key)]) ++bin;
    bins[PlaceOf(key)] = static_cast<uint8_t>(bin);
  }
}

}  // namespace firetower::train

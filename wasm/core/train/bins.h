// Training features with every value's histogram bin. Bins are quantiles of the rows weighted so
// that both classes together weigh the same: with one positive in 600 rows, plain quantiles would
// put most positives into two or three bins of a tail, and a split could not tell them apart.
//
// Thread-safety: read-only once built.
#ifndef FIRETOWER_CORE_TRAIN_BINS_H_
#define FIRETOWER_CORE_TRAIN_BINS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace firetower::train {

inline constexpr int32_t kMaxBins = 256;
// The bin of missing values, in features that have any; their other values then have at most 255
// bins.
inline constexpr uint8_t kMissingBin = 255;

// The values in one bin: low <= x <= high. Bins rise: bins[b].high < bins[b + 1].low.
struct BinRange {
  float low = 0.0F;
  float high = 0.0F;
};

class BinnedFeatures {
 public:
  // values[f * rows + i] = feature f of row i, NaN = missing, not infinite. weights: one per row,
  // >= 0. A feature with at most max_bins distinct values has one bin for each. O(features x rows x
  // log rows). REQUIRES: 2 <= max_bins <= kMaxBins, threads >= 1.
  BinnedFeatures(std::span<const float> values, size_t rows, size_t feature_count,
                 std::span<const uint8_t> labels, std::span<const double> weights, int32_t max_bins,
                 int32_t threads);

  // One bin per row.
  std::span<const uint8_t> bins(size_t feature) const {
    return {bins_.data() + feature * rows_, rows_};
  }
  std::span<const BinRange> ranges(size_t feature) const { return ranges_[feature]; }
  bool has_missing(size_t feature) const { return has_missing_[feature] != 0; }

 private:
  void Fill(std::span<const float> values, size_t feature, std::span<const double> mass,
            int32_t max_bins);

  size_t rows_;
  std::vector<uint8_t> bins_;
  std::vector<std::vector<BinRange>> ranges_;
  std::vector<uint8_t> has_missing_;
};

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_BINS_H_

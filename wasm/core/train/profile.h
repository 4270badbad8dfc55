// The reference profile of a model: how the training rows are distributed over each feature.
#ifndef FIRETOWER_CORE_TRAIN_PROFILE_H_
#define FIRETOWER_CORE_TRAIN_PROFILE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "core/forest/model.h"

namespace firetower::train {

inline constexpr size_t kProfileBins = 64;

// Quantile bins, at most max_bins, with the rows' weight in each. A feature with at most max_bins
// distinct values has one bin for each, and its last edge is the next float64 after the largest
// value. features[f * rows + i] = feature f of row i, NaN = missing; weights empty (all 1) or one
// per row, >= 0. A feature without any value has the edges 0 and 1 and counts 0. threads: 0: as
// many as cores; the profile does not depend on it. REQUIRES: max_bins >= 1, features.size() is a
// multiple of rows, rows > 0.
std::vector<forest::FeatureProfile> BuildProfile(std::span<const float> features, size_t rows,
                                                 std::span<const double> weights, size_t max_bins,
                                                 int32_t threads);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_PROFILE_H_

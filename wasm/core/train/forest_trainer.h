// Random forests and extremely randomised trees by histogram splits. Never linked into the page's engine.
#ifndef FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_
#define FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"
#include "core/train/options.h"

namespace firetower::train {

struct TrainedForest {
  forest::Forest forest;
  std::vector<double> importances;     // Mean decrease in impurity per feature, summing to 1 (scikit-learn's feature_importances_).
  std::vector<double> oob_probability; // Per row, NaN where no tree left it out; empty without oob_score.
};

// features[f * rows + i] = feature f of row i (float32, NaN = missing); labels 0 or 1; weights empty or one per row.
// The result does not depend on options.threads.
// Errors: kBadArgument (lengths, ranges), kDataInvalid (one class only, infinite feature, bad weight).
Result<TrainedForest> TrainForest(std::span<const float> features, size_t rows, size_t feature_count,
                                  std::span<const uint8_t> labels, std::span<const double> weights,
                                  const ForestOptions& options);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_

// Random forests and extremely randomised trees by histogram splits. Never linked into the page's
// engine.
#ifndef FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_
#define FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"
#include "core/train/options.h"

namespace firetower::train {

// Says which option is out of range and what its range is (kBadArgument).
Status CheckOptions(const ForestOptions& options, size_t feature_count);

// Features drawn at every node: max_features as a number, at least 1 (fractions round down, as in
// scikit-learn).
int32_t FeaturesPerNode(const ForestOptions& options, size_t feature_count);

struct TrainedForest {
  forest::Forest forest;
  std::vector<double> importances;  // Mean decrease in impurity per feature, summing to 1
                                    // (scikit-learn's feature_importances_).
  std::vector<double>
      oob_probability;  // Per row, NaN where no tree left it out; empty without oob_score.
};

// features[f * rows + i] = feature f of row i (float32, NaN = missing); labels 0 or 1; weights
// empty or one per row. The result does not depend on options.threads: tree t draws from
// Random(seed, t), with bootstrap first its rows, Below(rows) each, and trees are put together in
// order. Rows that weigh 0 take no part. Errors:
// kBadArgument (lengths, ranges), kDataInvalid (one class only, infinite feature, bad label or
// weight, with the row), kTooBig (more nodes than a model may hold), kNotReady (cancelled by
// progress).
Result<TrainedForest> TrainForest(std::span<const float> features, size_t rows,
                                  size_t feature_count, std::span<const uint8_t> labels,
                                  std::span<const double> weights, const ForestOptions& options);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_FOREST_TRAINER_H_

// Grows one decision tree. Best splits are found in three ways, whichever suits the node:
//   - few rows (at most kExactRows): the values are sorted and every cut between two of them is
//   tried;
//   - many rows: a histogram over the feature's bins finds the best cut between two bins; the
//   winner's cut is then moved
//     to the best place among the node's own values in the two bins beside it;
//   - many rows, all in one bin that holds several values: sorted, as with few rows.
// A threshold is the midpoint between the node's neighbouring values, rounded down to float32, as
// in scikit-learn. Random splits (extremely randomised trees; Geurts, Ernst and Wehenkel 2006) draw
// one threshold per feature, uniform between the node's smallest and largest value.
//
// Order of features, ties and stopping follow scikit-learn 1.2.1: features are drawn without
// replacement until max_features were drawn and one of them was not constant; of equally good cuts
// the first found wins.
//
// Rows with a missing value go to the side that is heavier without them; where a node has none,
// default_left says which side is heavier.
//
// Thread-safety: one grower per thread; BinnedFeatures may be shared.
#ifndef FIRETOWER_CORE_TRAIN_GROWER_H_
#define FIRETOWER_CORE_TRAIN_GROWER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/train/bins.h"
#include "core/train/options.h"

namespace firetower::train {

inline constexpr uint32_t kExactRows = 64;

// A row that takes part in a tree.
struct Sample {
  double weight = 0.0;  // > 0. Sample weight x class weight x times drawn.
  uint32_t row = 0;
};

// Nodes in preorder, the root first; fields as in forest::Forest, node indexes within the tree.
struct Tree {
  std::vector<int32_t> feature;
  std::vector<float> threshold;
  std::vector<int32_t> left;
  std::vector<int32_t> right;
  std::vector<uint8_t> default_left;
  std::vector<double> value;
  std::vector<double>
      importance;  // Impurity decrease per feature, summing to 1 (all 0 for a single leaf).
};

// What does not change from tree to tree.
struct GrowerInput {
  std::span<const float> values;  // values[f * rows + i]
  size_t rows = 0;
  size_t feature_count = 0;
  const BinnedFeatures* bins = nullptr;  // Not needed for random splits.
  int32_t features_per_node = 1;
};

class TreeGrower {
 public:
  // REQUIRES: input and what it refers to outlive the grower.
  TreeGrower(const GrowerInput& input, const ForestOptions& options);
  ~TreeGrower();

  // The samples of each class rise by row and are reordered. REQUIRES: there is one.
  Tree Grow(std::span<Sample> negatives, std::span<Sample> positives, Random random);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_GROWER_H_

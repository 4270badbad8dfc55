// Forests and rows for tests: random but the same on every machine. Thresholds come from a small
// set, so that rows hit them exactly, and hold the odd float32 values: both zeros, subnormals,
// infinities.
#ifndef FIRETOWER_TESTS_UNIT_FOREST_RANDOM_FOREST_H_
#define FIRETOWER_TESTS_UNIT_FOREST_RANDOM_FOREST_H_

#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/forest/forest.h"

namespace firetower::forest {

struct RandomForestOptions {
  int32_t trees = 10;
  int32_t features = 5;
  int32_t max_depth = 8;
  double leaf_share = 0.2;     // Chance that a node above max_depth is a leaf.
  double default_left = 0.0;   // Share of splits that send NaN left.
  double zero_share = 0.1;     // Share of leaves of value 0, half of them -0.
  bool shuffle_nodes = false;  // Nodes of all trees in random places of the arrays.
  Comparison comparison = Comparison::kLessEqual;
};

// 0, -0, the least subnormals, the infinities, ordinary values and their neighbours.
float OddFloat(Random* random);

// Mean of probabilities with identity link; valid.
Forest MakeRandomForest(const RandomForestOptions& options, uint64_t seed);

// features[f * rows + i]; nan_share of the values are NaN.
std::vector<float> MakeRandomRows(size_t rows, int32_t features, double nan_share, uint64_t seed);

}  // namespace firetower::forest

#endif  // FIRETOWER_TESTS_UNIT_FOREST_RANDOM_FOREST_H_

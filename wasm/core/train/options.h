// What the trainer can be told. Names and meanings follow scikit-learn's forests.
#ifndef FIRETOWER_CORE_TRAIN_OPTIONS_H_
#define FIRETOWER_CORE_TRAIN_OPTIONS_H_

#include <cstdint>
#include <functional>

namespace firetower::train {

enum class Criterion : int32_t { kGini = 0, kEntropy = 1 };
enum class Splitter : int32_t { kBest = 0, kRandom = 1 };  // random: extra trees
enum class ClassWeight : int32_t { kNone = 0, kBalanced = 1, kBalancedSubsample = 2 };
enum class MaxFeatures : int32_t { kSqrt = 0, kLog2 = 1, kFraction = 2, kCount = 3, kAll = 4 };

struct ForestOptions {
  int32_t n_estimators = 100;  // Trees. Range: 1 .. 65536.
  Criterion criterion = Criterion::kGini;
  Splitter splitter = Splitter::kBest;
  bool bootstrap = true;  // Draw n rows with replacement for every tree.
  ClassWeight class_weight = ClassWeight::kNone;
  int32_t max_depth = 0;          // Edges from root to leaf. 0: no limit.
  int32_t min_samples_split = 2;  // Distinct rows that were drawn, as in scikit-learn. Range: >= 2.
  int32_t min_samples_leaf = 1;   // Distinct rows that were drawn. Range: >= 1.
  MaxFeatures max_features = MaxFeatures::kSqrt;
  double max_features_value = 0.0;  // kFraction: 0 .. 1; kCount: 1 .. features.
  int32_t max_bins = 256;  // Histogram bins per feature. Range: 2 .. 256 (grower.h says when values
                           // are sorted instead).
  bool oob_score = false;  // Needs bootstrap.
  uint64_t seed = 0;
  int32_t threads = 0;  // 0: as many as cores. The model does not depend on it.
  // Called now and then from the calling thread with trees done; returning false cancels.
  std::function<bool(int32_t done, int32_t total)> progress;
};

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_OPTIONS_H_

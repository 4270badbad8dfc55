// Tries several settings by cross-validation on the same folds and says which is best. Nothing but
// the cross-validated figure decides; as the best of several, that figure of the winner is a little
// optimistic.
//
// Thread-safety: as cross_validation.h.
#ifndef FIRETOWER_CORE_TRAIN_GRID_SEARCH_H_
#define FIRETOWER_CORE_TRAIN_GRID_SEARCH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/train/cross_validation.h"
#include "core/train/options.h"

namespace firetower::train {

// In files by name; do not rename.
enum class Objective : int32_t {
  kAveragePrecision = 0,  // "average_precision"
  kRocAuc = 1,            // "roc_auc"
};

struct GridSearch {
  std::vector<CrossValidation> results;  // One per candidate.
  size_t best = 0;                       // Highest mean over folds; of equal ones the first.
};

// progress (may be empty) is called with trees done and to do over all candidates and folds;
// returning false cancels. The candidates' own progress functions are not called. Errors: those of
// CrossValidate; kBadArgument (no candidate).
Result<GridSearch> SearchGrid(const TrainingData& data, std::span<const int32_t> fold_of_row,
                              std::span<const ForestOptions> candidates, Objective objective,
                              const std::function<bool(int64_t done, int64_t total)>& progress);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_GRID_SEARCH_H_

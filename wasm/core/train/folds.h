// Stratified folds for cross-validation: every fold gets its share of both classes. Rows whose
// inputs are exactly alike stay in one fold, whatever their labels and weights: a model tested on a
// row it has learnt by heart looks better than it is.
#ifndef FIRETOWER_CORE_TRAIN_FOLDS_H_
#define FIRETOWER_CORE_TRAIN_FOLDS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace firetower::train {

struct FoldOptions {
  int32_t folds = 5;  // Range: 2 .. 1000.
  uint64_t seed = 0;
};

// The fold of every row, 0 .. folds-1; the same seed gives the same folds. columns[c][i] = input c
// of row i (bits are compared, so NaN equals NaN); labels 0 or 1. The classes' row counts differ
// between folds by no more than the largest group of like rows. O(rows log rows) comparisons of
// rows. Errors: kBadArgument (folds out of range, lengths), kDataInvalid (fewer different rows of a
// class than folds).
Result<std::vector<int32_t>> StratifiedFolds(std::span<const std::span<const double>> columns,
                                             std::span<const uint8_t> labels,
                                             const FoldOptions& options);

}  // namespace firetower::train

#endif  // FIRETOWER_CORE_TRAIN_FOLDS_H_

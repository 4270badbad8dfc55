// Maximum mean discrepancy of reference and current over all columns together, on a sample of
// each: a distance that is 0 only for equal distributions, with a p-value by permutation.
//
// MMD^2 is the unbiased estimate with k(x, y) = exp(-|x - y|^2 / (2 sigma^2)) and sigma^2 = half
// the median squared distance of two pooled rows (the mean of the distances that are not 0 where
// that is 0). Columns are standardised by mean and deviation of the pooled sample and missing
// values put at the mean: nothing depends on the side a row is on, so rows can be exchanged and the
// p-value (b + 1)/(R + 1) holds for any distribution and any number of rows. MMD^2 can be negative.
// Source: Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), lemma 6; sigma as
// alibi-detect. Thread-safety: pure function.
#ifndef FIRETOWER_CORE_DRIFT_MMD_H_
#define FIRETOWER_CORE_DRIFT_MMD_H_

#include <cstddef>
#include <cstdint>

#include "core/base/result.h"
#include "core/drift/sample_matrix.h"

namespace firetower::drift {

struct MmdOptions {
  size_t max_rows = 500;       // Of either side, drawn at random. Range: 10 .. 2000. Default: 500.
  int32_t permutations = 199;  // Range: 1 .. 10000. Default: 199.
  uint64_t seed = 1;
};

struct MmdResult {
  double mmd2 = 0;
  double sigma = 0;
  double p_value = 1;
  int32_t permutations = 0;
  size_t reference_rows = 0;  // Drawn.
  size_t current_rows = 0;
  size_t left_out = 0;  // Columns with one value at most among the drawn rows.
  size_t missing = 0;   // Cells put at the pooled mean.
};

// Errors: kBadArgument; kDataInvalid (fewer than 10 rows on a side, no column varies). With N drawn
// rows O(N^2 (columns + permutations)) time and 8 N^2 bytes.
Result<MmdResult> Mmd(const SampleMatrix& sample, const MmdOptions& options);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_MMD_H_

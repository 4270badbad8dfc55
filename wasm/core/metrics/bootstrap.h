// An interval by drawing the rows again. For average precision, whose sampling distribution has no
// good formula when positives are few.
//
//   Interval ap = BootstrapAveragePrecision(*scored, {.replicates = 500, .seed = 1});
//
// Every replicate takes each row Poisson(1) times (Hanley and MacGibbon, "Creating non-parametric
// bootstrap samples using Poisson frequencies", 2006), the interval is the bias-corrected
// percentile one (Efron 1981): replicates repeat rows, which makes average precision look better
// than it is, and the correction takes that back. Thread-safety: pure function.
#ifndef FIRETOWER_CORE_METRICS_BOOTSTRAP_H_
#define FIRETOWER_CORE_METRICS_BOOTSTRAP_H_

#include <cstdint>

#include "core/metrics/binary.h"

namespace firetower::metrics {

struct BootstrapOptions {
  int32_t replicates = 500;  // Range: 1 .. 100000. Default: 500.
  uint64_t seed = 1;
};

// value as AveragePrecision's. low and high NaN with fewer than two positives. Where a class is
// perfectly ranked or all replicates agree the interval is AveragePrecision's own. O(replicates n).
Interval BootstrapAveragePrecision(const ScoredLabels& scored, const BootstrapOptions& options);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_BOOTSTRAP_H_

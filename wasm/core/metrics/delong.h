// Two models on the same rows: is one's AUC really larger? The paired test of DeLong, DeLong and
// Clarke-Pearson (1988), placements in the fast form of Sun and Xu (2014).
//
//   Result<PairedAuc> pair = ComparePairedAuc(labels, weights, first, second);
//   pair->p_value;      // two-sided, of the AUCs being equal
//
// Weights are sampling weights, as in binary.h: their scale does not matter. Thread-safety: pure.
#ifndef FIRETOWER_CORE_METRICS_DELONG_H_
#define FIRETOWER_CORE_METRICS_DELONG_H_

#include <span>

#include "core/base/result.h"
#include "core/metrics/binary.h"

namespace firetower::metrics {

struct PairedAuc {
  size_t rows = 0;      // With a label and both scores.
  size_t left_out = 0;  // The others.
  double first = 0.0;
  double second = 0.0;
  double variance_first = 0.0;
  double variance_second = 0.0;
  double covariance = 0.0;
  Interval difference;   // first - second, normal.
  double z = 0.0;        // NaN where both rank every pair alike.
  double p_value = 0.0;  // 1 then.
};

// All figures NaN with fewer than two (effective) rows in a class. O(n log n).
// Errors: those of ScoredLabels::Create for either model.
Result<PairedAuc> ComparePairedAuc(std::span<const double> labels, std::span<const double> weights,
                                   std::span<const double> first, std::span<const double> second);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_DELONG_H_

// Do probabilities mean what they say? Rows in bins of equal weight by score: the mean probability
// of each beside the share of positives found, and the expected calibration error.
//
// Source: sklearn.calibration.calibration_curve(strategy="quantile") of scikit-learn 1.2.1, which
// the bins equal where the rows divide evenly; Naeini, Cooper and Hauskrecht (2015) for the error.
// Thread-safety: pure function.
#ifndef FIRETOWER_CORE_METRICS_RELIABILITY_H_
#define FIRETOWER_CORE_METRICS_RELIABILITY_H_

#include <cstddef>
#include <vector>

#include "core/metrics/binary.h"

namespace firetower::metrics {

struct ReliabilityBin {
  double low = 0.0;  // Lowest and highest score in it.
  double high = 0.0;
  size_t rows = 0;
  double weight = 0.0;
  double predicted = 0.0;  // Mean score.
  Interval observed = {};  // Share of positives, Wilson with the effective number of rows.
};

struct Reliability {
  std::vector<ReliabilityBin> bins;  // Scores rising; fewer than asked for where scores are tied.
  double expected_error = 0.0;       // Sum over bins of weight share times |observed - predicted|.
  double maximum_error = 0.0;
};

// A row belongs to the bin of the first edge that is not below its score; edge k is the smallest
// score up to which k / bins of the weight lies. NaN without weight. O(n). REQUIRES: bins >= 1.
Reliability MeasureReliability(const ScoredLabels& scored, size_t bins);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_RELIABILITY_H_

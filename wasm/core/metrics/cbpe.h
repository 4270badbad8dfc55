// Performance without labels: when probabilities are calibrated, every row brings its own chance of
// being positive, and so the confusion matrix that is to be expected. NannyML's confidence-based
// performance estimation. Valid only if P(y | x) has not changed: a score that has lost its meaning
// looks as good as ever.
//
//   Estimate estimate = EstimatePerformance(scores, calibrated, weights, 0.5);
//   estimate.recall;      // what is expected, and the band in which the realised one should lie
//
// Bands (95 %) say where the realised figure lies by chance, given the probabilities; that the
// calibration itself is an estimate is not in them. Precision, recall, specificity and F1: without
// weights exactly, from the Poisson-binomial distributions of the positives among flagged and among
// other rows (the normal one with continuity correction where there are too many); with weights,
// whose sums are no counts, from simulated outcomes of all rows, always the same ones. AUC and
// average precision: the normal distribution on the logit scale, with the variance of both classes.
//
// Source: NannyML 0.13, "Confidence-based Performance Estimation"; an independent
// implementation. Thread-safety: pure function.
#ifndef FIRETOWER_CORE_METRICS_CBPE_H_
#define FIRETOWER_CORE_METRICS_CBPE_H_

#include <span>

#include "core/metrics/binary.h"

namespace firetower::metrics {

enum class BandMethod {
  kExact,       // Poisson-binomial
  kContinuity,  // the normal distribution with continuity correction
  kSimulated,   // outcomes drawn at random
};

struct Estimate {
  size_t rows = 0;
  double positives = 0.0;  // Expected weight.
  double weight = 0.0;
  Confusion confusion;  // Expected.
  Interval auc;         // Trapezoids over cumulative p and 1 - p, scores falling.
  Interval average_precision;
  Interval precision;
  Interval recall;
  Interval specificity;
  Interval f1;
  BandMethod method = BandMethod::kExact;
};

// calibrated[i]: probability of row i, 0..1; weights empty or one per row. Rows whose score is NaN
// take no part. Undefined figures are NaN. O(n log n) and the distributions.
// REQUIRES: spans of one length.
Estimate EstimatePerformance(std::span<const double> scores, std::span<const double> calibrated,
                             std::span<const double> weights, double threshold);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_CBPE_H_

// Isotonic regression: the rising step-and-slope function of a score that lies closest to what
// happened, by pooling adjacent violators. Turns scores that only rank into probabilities.
//
//   Result<Isotonic> fit = FitIsotonic(scores, labels, weights);
//   double p = Calibrated(fit->scores, fit->probabilities, 0.31);
//
// Source: Barlow, Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions
// (1972); results are those of scikit-learn 1.2.1's IsotonicRegression(y_min=0, y_max=1,
// out_of_bounds="clip"). Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_METRICS_ISOTONIC_H_
#define FIRETOWER_CORE_METRICS_ISOTONIC_H_

#include <span>
#include <vector>

#include "core/base/result.h"

namespace firetower::metrics {

// Knots of the function: linear between two of them, level before the first and after the last.
struct Isotonic {
  std::vector<double> scores;         // Strictly rising; one or more.
  std::vector<double> probabilities;  // As many; never falling, within 0..1.
};

// labels within 0..1, weights >= 0 or empty (all 1). Rows whose score or label is NaN and rows that
// weigh 0 take no part. Scores closer than 1e-15 count as one. O(n log n).
// Errors: kBadArgument (lengths differ), kDataInvalid (no row takes part; a label outside 0..1, a
// score that is infinite, a negative or non-finite weight, with the row).
Result<Isotonic> FitIsotonic(std::span<const double> scores, std::span<const double> labels,
                             std::span<const double> weights);

// The function at a score; NaN for NaN. REQUIRES: knots as in Isotonic. O(log knots).
double Calibrated(std::span<const double> knot_scores, std::span<const double> knot_probabilities,
                  double score);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_ISOTONIC_H_

// How well scores separate two classes, with weights and intervals. All functions honour weights;
// an empty weight span means 1 for every row. Labels are 0 or 1. Checked against
// scikit-learn 1.2.1.
//
//   Result<ScoredLabels> scored = ScoredLabels::Create(scores, labels, weights);
//   Interval auc = RocAuc(*scored);
//   Confusion at = scored->At(0.5);
//
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_METRICS_BINARY_H_
#define FIRETOWER_CORE_METRICS_BINARY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace firetower::metrics {

// A figure with its two-sided 95 % interval; NaN where it is not defined (one class only, ...).
struct Interval {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

// Weighted counts at a threshold (prediction = score >= threshold), and the figures made of them.
struct Confusion {
  double threshold = 0.5;
  double true_positive = 0.0;
  double false_positive = 0.0;
  double true_negative = 0.0;
  double false_negative = 0.0;
};
Interval Precision(const Confusion& confusion);    // Wilson
Interval Recall(const Confusion& confusion);       // Wilson
Interval Specificity(const Confusion& confusion);  // Wilson
double F1(const Confusion& confusion);

// Wilson's score interval for `successes` of `trials` (weighted counts are taken as they are).
Interval WilsonInterval(double successes, double trials);

struct CurvePoint {
  double threshold = 0.0;
  double true_positive = 0.0;   // Weight of positives with score >= threshold.
  double false_positive = 0.0;  // Weight of negatives with score >= threshold.
};

// Scores, labels and weights sorted once (score falling, then row), with cumulative weights: every
// curve and every threshold is read from it.
class ScoredLabels {
 public:
  // Rows whose score or label is NaN are left out and counted. Errors: kBadArgument (lengths
  // differ), kDataInvalid (a label that is not 0 or 1, a score outside 0..1, a negative or
  // non-finite weight), with the row.
  static Result<ScoredLabels> Create(std::span<const double> scores, std::span<const double> labels,
                                     std::span<const double> weights);

  Confusion At(double threshold) const;       // O(log n)
  std::span<const CurvePoint> curve() const;  // One point per distinct score, score falling.
  double positive_weight() const;
  double negative_weight() const;
  size_t positives() const;  // Rows.
  size_t rows() const;
  size_t left_out() const;

  // Sorted rows, for the functions below.
  std::span<const double> scores() const;
  std::span<const double> weights() const;
  std::span<const uint8_t> labels() const;

 private:
  ScoredLabels() = default;
  std::vector<double> scores_;
  std::vector<double> weights_;
  std::vector<uint8_t> labels_;
  std::vector<CurvePoint> curve_;
  size_t positives_ = 0;
  size_t left_out_ = 0;
};

// Area under the ROC curve, ties at half; interval by DeLong, DeLong and Clarke-Pearson (1988) in
// the fast form of Sun and Xu (2014) on the logit scale. With weights a row's share of the variance
// is its squared weight, as for sampling weights: multiplying all weights by a number changes
// nothing. Where the classes separate perfectly DeLong's variance is 0; Wilson's interval with the
// smaller class's effective number of rows takes its place. O(n).
Interval RocAuc(const ScoredLabels& scored);
double RocAucStandardError(const ScoredLabels& scored);
// sklearn.metrics.average_precision_score; interval on the logit scale (Boyd, Eng and Page 2013)
// with the effective number of positives n; Wilson's where n AP or n (1 - AP) is below 5, as the
// logit interval covers nearly everything there.
Interval AveragePrecision(const ScoredLabels& scored);
double BrierScore(const ScoredLabels& scored);
double LogLoss(const ScoredLabels& scored);  // probabilities clipped to [eps, 1 - eps], eps =
                                             // 2^-52, as scikit-learn

// At most max_points of the ROC and of the precision-recall curve, first and last kept, chosen so
// that no point of the full curve is farther from the kept ones than the pixel they stand for.
std::vector<CurvePoint> ThinCurve(const ScoredLabels& scored, size_t max_points);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_BINARY_H_

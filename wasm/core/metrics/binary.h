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
#include <memory>
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

// Scores, labels and weights in the order of the scores (falling, then by row), read a block at a
// time: they may be where no pointer reaches, such as in the memory of a page.
class RankedRows {
 public:
  virtual ~RankedRows() = default;
  virtual size_t rows() const = 0;
  // Copies the rows from `first` on, as many as each span has places; a weight is 1 where there are
  // none. Scores are 0..1, labels 0 or 1, weights finite and not negative. REQUIRES: there are so
  // many rows.
  virtual void Read(size_t first, std::span<double> scores, std::span<double> weights,
                    std::span<uint8_t> labels) const = 0;
};

// What one look at all ranked rows tells. The figures below read the blocks again that they need:
// memory of 40 bytes per block, whatever is kept of the rows themselves.
class Ranking {
 public:
  static constexpr size_t kBlockRows = 1024;

  // What came before a block, and the lowest and highest precision of the curve's points in it.
  struct Block {
    CurvePoint before;  // threshold: the block's first score.
    double low = 0.0;
    double high = 0.0;
  };

  // No figure depends on block_rows. O(n).
  explicit Ranking(std::unique_ptr<const RankedRows> ranked, size_t block_rows = kBlockRows);

  Confusion At(double threshold) const;  // O(log n)
  double positive_weight() const;
  double negative_weight() const;
  size_t positives() const;  // Rows.
  size_t rows() const;

  // For the functions below.
  const RankedRows& ranked() const;
  size_t block_rows() const;
  std::span<const Block> blocks() const;
  const CurvePoint& last() const;  // Of the curve, which has a point per distinct score.
  size_t curve_points() const;
  double positive_square() const;  // Sums of squared weights.
  double negative_square() const;

 private:
  std::unique_ptr<const RankedRows> ranked_;
  size_t block_rows_;
  std::vector<Block> blocks_;
  CurvePoint last_;
  size_t curve_points_ = 0;
  size_t positives_ = 0;
  double positive_square_ = 0.0;
  double negative_square_ = 0.0;
};

// 1 for each row that has a score and a label, else 0. Errors: kBadArgument (lengths differ),
// kDataInvalid (a label that is not 0 or 1, a score outside 0..1, a negative or non-finite weight),
// with the row.
Status FindUsable(std::span<const double> scores, std::span<const double> labels,
                  std::span<const double> weights, std::span<uint8_t> usable);

// Rows in memory, in any order: sorted once.
class ScoredLabels : public Ranking {
 public:
  // Rows whose score or label is NaN are left out and counted. Errors: as FindUsable.
  static Result<ScoredLabels> Create(std::span<const double> scores, std::span<const double> labels,
                                     std::span<const double> weights);

  size_t left_out() const;

  // Sorted rows.
  std::span<const double> scores() const;
  std::span<const double> weights() const;
  std::span<const uint8_t> labels() const;

 private:
  class Sorted;
  ScoredLabels(std::unique_ptr<const Sorted> sorted, size_t left_out);
  const Sorted* sorted_;  // The base's.
  size_t left_out_;
};

// Area under the ROC curve, ties at half; interval by DeLong, DeLong and Clarke-Pearson (1988) in
// the fast form of Sun and Xu (2014) on the logit scale. With weights a row's share of the variance
// is its squared weight, as for sampling weights: multiplying all weights by a number changes
// nothing. Where the classes separate perfectly DeLong's variance is 0; Wilson's interval with the
// smaller class's effective number of rows takes its place. O(n).
Interval RocAuc(const Ranking& ranking);
double RocAucStandardError(const Ranking& ranking);
// sklearn.metrics.average_precision_score; interval on the logit scale (Boyd, Eng and Page 2013)
// with the effective number of positives n; Wilson's where n AP or n (1 - AP) is below 5, as the
// logit interval covers nearly everything there.
Interval AveragePrecision(const Ranking& ranking);
double BrierScore(const Ranking& ranking);
double LogLoss(const Ranking& ranking);  // probabilities clipped to [eps, 1 - eps], eps =
                                         // 2^-52, as scikit-learn

// At most max_points of the ROC and of the precision-recall curve, first and last kept, chosen so
// that no point of the full curve is farther from the kept ones than the pixel they stand for.
std::vector<CurvePoint> ThinCurve(const Ranking& ranking, size_t max_points);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_BINARY_H_

// A forest that tells reference rows from current rows: how well it can is how far they have moved,
// all columns together. Out-of-bag, so that no row is judged by a tree that saw it. It has a folder
// of its own because it trains: only the analysis module and the command line link it.
//
//   Result<DomainClassifier> domain =
//       DomainClassifier::Train(features, rows, feature_count, current, {.permutations = 39});
//   domain->auc()                  // with DeLong's interval; 0.5: nothing has moved
//   domain->DensityRatio(row)      // p(x | current) / p(x | reference) of a training row
//
// DeLong's interval takes the rows as independent, which out-of-bag probabilities of one forest are
// not quite: without drift the AUC lies a little below 0.5 (a row left out leaves fewer of its own
// kind in the bag) and the interval leaves out 0.5 in 12 to 19 % of data sets
// (tests/bench/multivariate_calibration.md). Whether there is drift is for the permutation test to
// say: the statistic is worked out for the labels as they are and for R relabellings by the same
// forest of permutation_trees trees, so p = (b + 1)/(R + 1) holds for any distribution and any
// number of rows. A missing value goes to the side of a split that is heavier without it: a change
// of the share of missing values alone is not seen here. Thread-safety: const methods may be called
// from any thread.
#ifndef FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_
#define FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/forest/compiled_forest.h"
#include "core/metrics/binary.h"

namespace firetower::domain {

inline constexpr size_t kMinRows = 20;  // Of either side.

struct DomainOptions {
  int32_t trees = 100;             // Range: 10 .. 1000. Default: 100.
  int32_t max_depth = 8;           // Range: 1 .. 30. Default: 8.
  int32_t permutations = 0;        // Of the labels, for the p-value. Range: 0 .. 10000. Default: 0.
  int32_t permutation_trees = 20;  // Range: 10 .. 1000. Default: 20.
  uint64_t seed = 1;
  int32_t threads = 0;  // 0: as many as cores. The result does not depend on it.
};

class DomainClassifier {
 public:
  // features[f * rows + i]: float32, NaN missing; current[i]: 1 for a row of the current window, 0
  // for one of the reference. Errors: those of train::TrainForest; kBadArgument for options;
  // kDataInvalid with fewer than 20 rows on a side, or no column by which rows could be cut.
  static Result<DomainClassifier> Train(std::span<const float> features, size_t rows,
                                        size_t feature_count, std::span<const uint8_t> current,
                                        const DomainOptions& options);

  metrics::Interval auc() const { return auc_; }  // Out of bag, DeLong.
  // (b + 1) / (R + 1) over label permutations; NaN without.
  double p_value() const { return p_value_; }
  // P(current | x) per training row; NaN: in every bag.
  std::span<const double> oob() const { return oob_; }
  // Per feature, sum 1: which columns tell them apart (mean decrease in impurity).
  std::span<const double> importances() const { return importances_; }
  size_t rows() const { return oob_.size(); }
  size_t feature_count() const { return importances_.size(); }

  // p(x | current) / p(x | reference) = p/(1-p) * n_reference/n_current with the out-of-bag p of a
  // training row (NaN where it was in every bag). p is kept within 1/(2 n) of 0 and 1.
  // REQUIRES: training_row < rows().
  double DensityRatio(size_t training_row) const;
  // out[i] for rows given as Train's features: p of the whole forest, but a row equal to a training
  // row in every feature has the out-of-bag p of that row (the mean of those that are equal): the
  // forest has seen on which side it was. O(log rows()) beside the forest's cost. REQUIRES: as many
  // features.
  void DensityRatios(std::span<const float> features, size_t rows, std::span<double> out) const;

 private:
  DomainClassifier() = default;
  double Ratio(double probability) const;
  void IndexTrainingRows(std::span<const float> features);

  forest::CompiledForest forest_;
  std::vector<double> oob_, importances_;
  metrics::Interval auc_;
  double p_value_ = 0;
  double prior_ = 1;  // n_reference / n_current
  // The distinct training rows in order of their features' bits, and their out-of-bag p.
  std::vector<uint32_t> distinct_;  // distinct_[k * feature_count() + f]
  std::vector<double> distinct_oob_;
};

}  // namespace firetower::domain

#endif  // FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_

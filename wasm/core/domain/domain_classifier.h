// A forest that tells reference rows from current rows: how well it can is how far they have moved,
// all columns together. Out-of-bag, so that no row is judged by a tree that saw it. It has a folder
// of its own because it trains: only the analysis module and the command line link it.
//
//   Result<DomainClassifier> domain = DomainClassifier::Train(features, rows, names, labels,
//   options); domain->auc()                 // with DeLong's interval; 0.5: nothing has moved
//   domain->density_ratio(row)    // p(x | current) / p(x | reference) of a training row, out of
//   bag
//
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_
#define FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/forest/forest.h"
#include "core/metrics/binary.h"

namespace firetower::domain {

struct DomainOptions {
  int32_t trees = 100;       // Range: 10 .. 1000. Default: 100.
  int32_t max_depth = 8;     // Range: 1 .. 30. Default: 8.
  int32_t permutations = 0;  // Of the labels, for the p-value. Range: 0 .. 10000. Default: 0.
  uint64_t seed = 1;
};

class DomainClassifier {
 public:
  // features[f * rows + i]: float32, NaN missing; current[i]: 1 for a row of the current window, 0
  // for one of the reference. Errors: those of train::TrainForest; kBadArgument for options;
  // kDataInvalid with fewer than 20 rows on a side.
  static Result<DomainClassifier> Train(std::span<const float> features, size_t rows,
                                        size_t feature_count, std::span<const uint8_t> current,
                                        const DomainOptions& options);

  metrics::Interval auc() const;        // Out of bag, DeLong.
  double p_value() const;               // (b + 1) / (R + 1) over label permutations; NaN without.
  std::span<const double> oob() const;  // P(current | x) per training row; NaN: in every bag.
  std::span<const double> importances()
      const;  // Per feature, sum 1: which columns tell them apart.
  // p(x | current) / p(x | reference) = p/(1-p) * n_reference/n_current, of out-of-bag p for a
  // training row; of the whole forest for another row. p is kept within 1/(2 n) of 0 and 1.
  double DensityRatio(size_t training_row) const;
  // out[i] for rows given as Train's features. REQUIRES: as many features.
  void DensityRatios(std::span<const float> features, size_t rows, std::span<double> out) const;

 private:
  DomainClassifier() = default;
  forest::Forest forest_;
  std::vector<double> oob_, importances_;
  metrics::Interval auc_;
  double p_value_ = 0;
  double prior_ = 1;  // n_reference / n_current
  size_t rows_ = 0, features_ = 0;
};

}  // namespace firetower::domain

#endif  // FIRETOWER_CORE_DOMAIN_DOMAIN_CLASSIFIER_H_

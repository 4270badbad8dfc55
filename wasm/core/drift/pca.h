// Drift of all columns together by how badly the reference's principal components rebuild a row:
// a change of the correlations shows here though no single column moves.
//
// The reference is cut in two at random. Columns are standardised and components found on one half;
// the other half and the current rows are rebuilt from them, and their errors are compared by the
// Mann-Whitney test. So the components have seen neither of the two samples that are compared:
// without drift their errors are exchangeable, and the p-value holds for any distribution of the
// columns. (Errors of the rows that the components were found on are too small by construction;
// compared with those, every current window has drifted.)
//
//   Result<PcaDrift> drift = ComparePca(sample, {});
//   drift->current_error / drift->reference_error    // 1: as the reference
//
// Missing values are put at the mean of their column. Definition of the error: Euclidean norm of
// the standardised row less its projection, as NannyML's data reconstruction drift; standardising
// and components as scikit-learn 1.2.1's StandardScaler and PCA(n_components=explained).
// Thread-safety: const methods may be called from any thread.
#ifndef FIRETOWER_CORE_DRIFT_PCA_H_
#define FIRETOWER_CORE_DRIFT_PCA_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/drift/sample_matrix.h"

namespace firetower::drift {

class Pca {
 public:
  // Components found on the rows given: as many as explain more than the share `explained` of the
  // variance. Errors: kDataInvalid (no column varies over the rows). O(rows columns^2 + columns^3).
  static Result<Pca> Fit(const SampleMatrix& sample, std::span<const uint32_t> rows,
                         double explained);

  size_t components() const { return components_; }
  double explained() const { return explained_; }  // Share of the variance.
  // Reconstruction errors of rows of a sample with as many columns: out[k] of rows[k]. Below 1e-9
  // per column they are 0: what rounding leaves of rows that lie in the components.
  void Errors(const SampleMatrix& sample, std::span<const uint32_t> rows,
              std::span<double> out) const;

 private:
  Pca() = default;
  std::vector<ColumnScale> scales_;
  std::vector<double> axes_;  // axes_[k * columns + c]
  size_t components_ = 0;
  double explained_ = 0;
};

struct PcaOptions {
  double explained = 0.65;  // Share of the variance. Range: 0 < explained < 1. Default: 0.65.
  uint64_t seed = 1;        // Of the cut of the reference.
};

struct PcaDrift {
  size_t components = 0;
  double explained = 0;
  double reference_error = 0;  // Mean over the half that the components were not found on.
  double current_error = 0;
  double auc = 0;          // P(error of a current row is larger) + P(=)/2.
  double p_value = 0;      // Two-sided. NaN where every error is 0: as many components as columns.
  size_t missing = 0;      // Cells put at the mean of their column.
  size_t fitted_rows = 0;  // Of the reference, to find the components.
  size_t held_rows = 0;    // Of the reference, compared with the current rows.
};

// The half of the reference's rows that the components are found on, rising.
std::vector<uint32_t> FittedRows(size_t reference_rows, uint64_t seed);

// Errors: kBadArgument; kDataInvalid (fewer than 20 rows on a side, no column varies).
Result<PcaDrift> ComparePca(const SampleMatrix& sample, const PcaOptions& options);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_PCA_H_

// All columns together, as a document. Internal to analysis/.
#ifndef FIRETOWER_ANALYSIS_MULTIVARIATE_H_
#define FIRETOWER_ANALYSIS_MULTIVARIATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/domain/domain_classifier.h"

namespace firetower::analysis {

struct MultivariateResult {
  std::string json;
  std::optional<domain::DomainClassifier> classifier;
};
// See Analysis::MultivariateJson. matrix[c * rows + i]; the first reference_rows rows are the
// reference's; what is not finite is missing. request.multivariate, all optional:
//   "tests"             of "pca", "mahalanobis", "domain", "mmd"; default: all
//   "explained"         share of the variance that the components explain, default 0.65
//   "trees"             of the domain classifier, default 100
//   "permutations"      of its labels, default 39: p is 1/40 at least; 0: no p-value
//   "permutation_trees" of the forests compared by them, default 20
//   "mmd_rows"          of either side, default 500
//   "mmd_permutations"  default 199
//   "seed"              default 1
// MultivariateDrift: {rows: {reference, current}, pca: {components, explained, reference_error,
// current_error, ratio, auc, p_value, fitted_rows, held_rows, missing} | null, mahalanobis:
// {statistic, f, degrees: [2], p_value, distance, rank, left_out, missing} | null, domain: {auc:
// Interval, p_value, permutations, permutation_trees, trees, importances: [{name, value}] largest
// first} | null, mmd: {mmd2, sigma, p_value, permutations, rows: of both sides, left_out, missing}
// | null, notes: [sentence], settings: the options written out}. A test that cannot be done is null
// and a note says why. Errors: kBadArgument (lengths), kDataInvalid (the request).
Result<MultivariateResult> Multivariate(std::span<const std::string> names,
                                        std::span<const double> matrix, size_t rows,
                                        size_t reference_rows, std::string_view request);

// Rows as the domain classifier takes them: rounded to float32 (too large ones to the largest);
// what is not finite is NaN.
std::vector<float> DomainFeatures(std::span<const double> matrix);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_MULTIVARIATE_H_

// All columns together, as a document. Internal to analysis/.
#ifndef FIRETOWER_ANALYSIS_MULTIVARIATE_H_
#define FIRETOWER_ANALYSIS_MULTIVARIATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/domain/domain_classifier.h"

namespace firetower::analysis {

struct MultivariateResult {
  std::string json;
  std::optional<domain::DomainClassifier> classifier;
};
// See Analysis::MultivariateJson. request.multivariate: {"tests": ["pca", "mahalanobis", "domain",
// "mmd"], "permutations", "trees", "mmd_rows", "seed"}. MultivariateDrift: {rows: {reference,
// current}, pca: {components, explained, reference_error, current_error, ratio, p_value},
// mahalanobis: {hotelling_t2, p_value, ...}, domain: {auc: Interval, p_value, permutations,
// importances: [{name, value}]}, mmd: {mmd2, sigma, p_value, permutations, rows}}.
Result<MultivariateResult> Multivariate(std::span<const std::string> names,
                                        std::span<const double> matrix, size_t rows,
                                        size_t reference_rows, std::string_view request);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_MULTIVARIATE_H_

// Tests of categories, from counts per category. Agreement with scipy 1.10.1 to 1e-9 (p) and 1e-12
// (statistics). Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_CATEGORICAL_H_
#define FIRETOWER_CORE_DRIFT_CATEGORICAL_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/drift/two_sample.h"

namespace firetower::drift {

// Counts: whole numbers >= 0, equal sizes. Categories that both sides lack are left out. A side
// without rows: NaN; a single category: statistic 0, p 1. O(categories). Rare categories (fewer
// than 5 rows expected) make the p-values of the first two too small: pool them first
// (distances.h).
struct ContingencyResult : TestResult {
  double degrees = 0;
  double smallest_expected = 0;
};
// chi2_contingency: Yates' correction with one degree of freedom only.
ContingencyResult ChiSquareContingency(std::span<const double> reference,
                                       std::span<const double> current, bool yates = true);
// The same with lambda_ = 'log-likelihood'.
ContingencyResult GTest(std::span<const double> reference, std::span<const double> current,
                        bool yates = true);
// What a verdict goes by: rare bins or categories are pooled first until 10 rows are expected in
// each (distances.h), no correction of Yates, G divided by Williams' (1976). With 5 rows p-values
// as small as those that decide among 31 columns are too small, and G errs in 7 of 100 comparisons
// at 5 %. Type-I error: tests/bench/drift_calibration.md.
struct SharesTestOptions {
  bool likelihood = false;  // G instead of Pearson's chi-square. Default: false.
  bool ordered = true;      // Bins of a number, not categories. Default: true.
};
ContingencyResult TestShares(std::span<const double> reference, std::span<const double> current,
                             const SharesTestOptions& options);
// scipy.stats.fisher_exact, two-sided; statistic: the sample odds ratio. 2 x 2:
// [[a, b], [c, d]] = reference with, reference without; current with, current without. Nobody or
// everybody with it: odds ratio NaN, p = 1. Tables as probable as this one to 1e-10 count as
// equally probable. O(smallest margin).
TestResult FisherExact(double a, double b, double c, double d);
// Pooled Z for two proportions, statistic positive where the current has more; 0/0: p = 1.
TestResult ProportionsZ(double reference_with, double reference_rows, double current_with,
                        double current_rows);
// Bias-corrected (Bergsma 2013), 0..1; of two categories with Yates' correction, as
// ChiSquareContingency.
double CramersV(std::span<const double> reference, std::span<const double> current);
// What phi squared, the statistic over the rows, is divided by in it: min(k~ - 1, 2~ - 1).
double LargestPhiSquared(double categories, double rows);

// A column of texts as counts per category, both sides; categories in order of their bytes.
// Missing: empty or blank cells.
struct Categories {
  std::vector<std::string> names;
  std::vector<double> reference;
  std::vector<double> current;
  uint64_t reference_missing = 0;
  uint64_t current_missing = 0;
  std::vector<size_t> added;  // In the current only.
  std::vector<size_t> gone;   // In the reference only.
};
Categories CategoriesOf(std::span<const std::string_view> reference,
                        std::span<const std::string_view> current);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_CATEGORICAL_H_

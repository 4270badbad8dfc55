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
// without rows: NaN; a single category: statistic 0, p 1.
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
// scipy.stats.fisher_exact, two-sided; statistic: the sample odds ratio. 2 x 2:
// [[a, b], [c, d]] = reference with, reference without; current with, current without. O(smallest
// margin).
TestResult FisherExact(double a, double b, double c, double d);
// Pooled Z for two proportions; 0/0: p = 1.
TestResult ProportionsZ(double reference_with, double reference_rows, double current_with,
                        double current_rows);
// Bias-corrected (Bergsma 2013), 0..1.
double CramersV(std::span<const double> reference, std::span<const double> current);

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

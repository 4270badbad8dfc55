// Drift of one column from counts over the reference's bins: PSI with its zero rule stated, and the
// p-value of the chi-square contingency test of reference against current, which has the right
// error rate where a goodness-of-fit test that takes the reference as known has not. Definitions:
// Pearson's chi-square for 2 x k tables; PSI = sum (q - p) ln(q / p) with half a row added to every
// bin and renormalised.
//
// Not for: windows of fewer rows than kMinRows (the verdict says so). Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_BINNED_H_
#define FIRETOWER_CORE_DRIFT_BINNED_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace firetower::drift {

inline constexpr double kMinRows = 200;  // Current rows below which no verdict is given.

enum class Verdict : int32_t { kTooFewRows = 0, kStable = 1, kTooSmallToMatter = 2, kDrifted = 3 };  // do not renumber
std::string_view Name(Verdict verdict);  // "too few rows", "stable", "too small to matter", "drifted"

struct BinnedDrift {
  double psi = 0;          // NaN with no rows on a side.
  double psi_noise = 0;    // Its expectation without drift: (B - 1)(1/n + 1/m).
  double statistic = 0;    // Chi-square.
  double degrees = 0;      // Of freedom.
  double p_value = 1;
  size_t bins = 0;         // After pooling.
};
// reference and current: one count per bin, each >= 0 (the reference may be weighted, then scaled to
// its effective number of rows by the caller). Neighbouring bins are pooled, left to right, until each
// has an expected count of at least 5 on both sides. O(bins), allocates.
BinnedDrift CompareCounts(std::span<const double> reference, std::span<const double> current);

// p-values corrected for their number, in the order given. Benjamini and Hochberg (1995). NaN stays NaN
// and is not counted.
std::vector<double> BenjaminiHochberg(std::span<const double> p_values);

// Drifted: p_corrected < level and psi - psi_noise >= effect_floor.
Verdict Judge(const BinnedDrift& drift, double current_rows, double p_corrected, double level, double effect_floor);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_BINNED_H_

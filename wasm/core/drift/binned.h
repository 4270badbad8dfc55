// Drift of one column from counts over the reference's bins: PSI with its zero rule stated, and the
// p-value of the chi-square contingency test of reference against current, which has the right
// error rate where a goodness-of-fit test that takes the reference as known has not.
//
//   const BinnedDrift drift = CompareCounts(reference, current);
//   const std::vector<double> corrected = Correct(p_values, Correction::kBenjaminiHochberg);
//   Judge(drift, rows, corrected[j], 0.05, 0.1);
//
// Definitions: Pearson's chi-square for 2 x k tables without Yates' correction; PSI =
// sum (q - p) ln(q / p), p and q the shares of reference and current with half a row added to every
// bin and renormalised. Neighbouring bins are pooled first (PoolNeighbours in distances.h), so that
// each expects 5 rows.
//
// Not for: windows of fewer rows than kMinRows (the verdict says so). Thread-safety: pure
// functions.
#ifndef FIRETOWER_CORE_DRIFT_BINNED_H_
#define FIRETOWER_CORE_DRIFT_BINNED_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/drift/verdict.h"

namespace firetower::drift {

inline constexpr double kMinRows = 200;  // Current rows below which no verdict is given.

struct BinnedDrift {
  double psi = 0;        // Over the pooled bins. NaN with no rows on a side.
  double psi_noise = 0;  // Its expectation without drift: (bins - 1)(1/n + 1/m). NaN as psi.
  double statistic = 0;  // Chi-square.
  double degrees = 0;    // Of freedom: bins - 1.
  double p_value = 1;    // 1 with a single bin; NaN with no rows on a side.
  size_t bins = 0;       // After pooling.
};

// reference and current: one count per bin, each >= 0 and finite (the reference may be weighted,
// then scaled to its effective number of rows by the caller). REQUIRES: equal sizes. O(bins),
// allocates.
BinnedDrift CompareCounts(std::span<const double> reference, std::span<const double> current);

// Share of the PSI of every bin given, adding up to CompareCounts().psi: that of a pool is divided
// evenly among its bins. All NaN with no rows on a side. As CompareCounts.
std::vector<double> PsiByBin(std::span<const double> reference, std::span<const double> current);

// Too few rows: current_rows < kMinRows, or nothing to compare (psi or p_corrected NaN).
// Stable: p_corrected >= level. Drifted: p_corrected < level and psi - psi_noise >= effect_floor;
// too small to matter where the difference is there but below the floor.
Verdict Judge(const BinnedDrift& drift, double current_rows, double p_corrected, double level,
              double effect_floor);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_BINNED_H_

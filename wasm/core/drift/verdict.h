// From p-values and effects to what a person is told: per column stable, drifted, too small to
// matter or too few rows to say, at an error rate that holds for all columns together; and for the
// whole.
//
//   const std::vector<double> corrected = Correct(p_values, Correction::kBenjaminiHochberg);
//   JudgeColumn({...}, corrected[j], options);
//   const OverallVerdict overall = JudgeOverall(corrected, verdicts, options);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_VERDICT_H_
#define FIRETOWER_CORE_DRIFT_VERDICT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace firetower::drift {

enum class Verdict : int32_t {  // do not renumber
  kTooFewRows = 0,
  kStable = 1,
  kTooSmallToMatter = 2,
  kDrifted = 3,
};
// "too few rows", "stable", "too small to matter", "drifted"
std::string_view Name(Verdict verdict);

// Over columns. BH: the false discovery rate where columns are independent or positively dependent;
// BY: under any dependence; Holm: the chance of a single false verdict. Values as R's p.adjust.
enum class Correction : int32_t {
  kNone = 0,
  kBenjaminiHochberg = 1,
  kBenjaminiYekutieli = 2,
  kHolm = 3,
  kBonferroni = 4,
};
std::string_view Name(Correction correction);            // "none", "BH", "BY", "Holm", "Bonferroni"
Result<Correction> CorrectionOf(std::string_view name);  // kBadArgument: lists the names
// In the order given; NaN stays NaN and is not counted. O(n log n).
std::vector<double> Correct(std::span<const double> p_values, Correction correction);

struct VerdictOptions {
  double level = 0.05;  // Range: 1e-6 .. 0.5. Default: 0.05.
  Correction correction = Correction::kBenjaminiHochberg;
  double effect_floor = 0.1;  // In the unit of the effect shown. Range: >= 0. Default: 0.1.
  double min_rows = 30;       // Of either side with a value. Range: >= 2. Default: 30.
  // Share of the judged columns from which drift is widespread. Range: 0 .. 1. Default: 0.5.
  double drift_share = 0.5;
};
// Effect floors where nobody sets one, in the unit of each effect.
inline constexpr double kKsFloor = 0.05;        // Largest distance of the distribution functions.
inline constexpr double kAucShiftFloor = 0.05;  // Mann-Whitney: AUC less 0.5.
inline constexpr double kMeanShiftFloor = 0.1;  // Welch: reference standard deviations.
inline constexpr double kPsiExcessFloor = 0.1;  // PSI less its expectation without drift.
inline constexpr double kCramersVFloor = 0.1;
Status CheckOptions(const VerdictOptions& options);  // kBadArgument

// Too few rows: a side below min_rows, or p_corrected NaN (no p-value can be stated). Stable:
// p_corrected >= level. Drifted: p_corrected < level and |effect_size| >= effect_floor. Too small
// to matter: p_corrected < level and the effect below the floor. A significant effect that has no
// unit (NaN: the reference is constant) is as large as can be: drifted.
Verdict JudgeColumn(double reference_rows, double current_rows, double p_corrected,
                    double effect_size, const VerdictOptions& options);

// The global test: no column has moved. Its p-value is the smallest corrected one, which is Simes'
// test under BH, Simes' with the harmonic number under BY, and the smallest p-value times the
// number of columns under Holm and Bonferroni; kNone has no error rate over all columns. With every
// column stable it is below `level` in at most that share of comparisons (BH: with columns
// independent or positively dependent; tests/bench/drift_calibration.md measures it). `moved` asks
// for an effect above the floor as well, so it errs less often still.
struct OverallVerdict {
  size_t judged = 0;  // Columns with a verdict other than too few rows.
  size_t drifted = 0;
  size_t small = 0;
  double share = 0;         // drifted / judged; NaN: none judged.
  double p_value = 1;       // Of the global test. NaN: none judged.
  bool moved = false;       // p_value < level and at least one column drifted.
  bool widespread = false;  // moved, and share >= drift_share.
};
// corrected and verdicts: one per column, in the same order. O(columns), does not allocate.
// REQUIRES: equal sizes.
OverallVerdict JudgeOverall(std::span<const double> corrected, std::span<const Verdict> verdicts,
                            const VerdictOptions& options);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_VERDICT_H_

// From p-values and effects to what a person is told: per column stable, drifted, too small to
// matter or too few rows to say, at an error rate that holds for all columns together; and for the
// whole.
//
//   const std::vector<double> corrected = Correct(p_values, Correction::kBenjaminiHochberg);
//   JudgeColumn({...}, corrected[j], options);
//   const OverallVerdict overall = JudgeOverall(p_values, verdicts, options);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_VERDICT_H_
#define FIRETOWER_CORE_DRIFT_VERDICT_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/drift/binned.h"  // Verdict
#include "core/drift/two_sample.h"

namespace firetower::drift {

// Over columns. BH: the false discovery rate where columns are independent or positively dependent;
// BY: under any dependence; Holm: the chance of a single false verdict. Values as R's p.adjust.
enum class Correction : int32_t {
  kNone = 0,
  kBenjaminiHochberg = 1,
  kBenjaminiYekutieli = 2,
  kHolm = 3,
  kBonferroni = 4
};
std::string_view Name(Correction correction);  // "none", "BH", "BY", "Holm", "Bonferroni"
Result<Correction> CorrectionOf(std::string_view name);
// In the order given; NaN stays NaN and is not counted. O(n log n).
std::vector<double> Correct(std::span<const double> p_values, Correction correction);

struct VerdictOptions {
  double level = 0.05;  // Range: 1e-6 .. 0.5. Default: 0.05.
  Correction correction = Correction::kBenjaminiHochberg;
  double effect_floor = 0.1;  // In the unit of the effect shown. Range: >= 0. Default: 0.1.
  double min_rows = 30;       // Of either side with a value. Range: >= 2. Default: 30.
  double drift_share = 0.5;   // Of the columns that can be judged. Shown beside the global test.
};
Status CheckOptions(const VerdictOptions& options);  // kBadArgument

// Drifted needs p_corrected < level and the whole evidence that the effect matters: |effect| >=
// floor. Too small to matter: significant below the floor. Too few rows: a side below min_rows, or
// p NaN.
Verdict JudgeColumn(double reference_rows, double current_rows, double p_corrected,
                    double effect_size, const VerdictOptions& options);

// The global test: no column has moved. p = min over k of the corrected p-values under BY for
// correction kBenjaminiYekutieli, Simes' for kBenjaminiHochberg, Holm's smallest else: the smallest
// corrected p-value.
struct OverallVerdict {
  size_t judged = 0;  // Columns with a verdict other than too few rows.
  size_t drifted = 0;
  size_t small = 0;
  double share = 0;         // drifted / judged; NaN: none judged.
  double p_value = 1;       // Of the global test. NaN: none judged.
  bool moved = false;       // p_value < level and at least one column drifted.
  bool widespread = false;  // moved, and share >= drift_share.
};
OverallVerdict JudgeOverall(std::span<const double> corrected, std::span<const Verdict> verdicts,
                            const VerdictOptions& options);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_VERDICT_H_

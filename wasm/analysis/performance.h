// Performance of scores, with labels as they come and without them, as documents.
#ifndef FIRETOWER_ANALYSIS_PERFORMANCE_H_
#define FIRETOWER_ANALYSIS_PERFORMANCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/forest/model.h"

namespace firetower::analysis {

// One per row; labels, weights, values (money at stake) and times may be empty. NaN label: not
// known yet. NaN score: set aside.
struct ScoredRows {
  std::span<const double> scores;
  std::span<const double> labels;
  std::span<const double> weights;
  std::span<const double> amounts;
  std::span<const double> times;
};

// request: PerformanceRequest {"threshold", "windows": {"kind": "rows"|"time"|"count", "size"},
// "budget": alerts k, "cost": {"false_positive", "false_negative" | "amount": true, "review"},
// "seed", "bootstrap": replicates}. PerformanceReport: {rows, matured, share_matured, positives,
// weighted, auc, average_precision, precision, recall, specificity, f1: Interval, brier, log_loss,
// calibration: {ece, bins: [...]}, cost: {curve: [{threshold, cost}], best}, budget: {k, precision,
// recall, value, lift}, curve, windows: [{first, last, from, to, matured, ... the same figures}]}.
Result<std::string> PerformanceReportJson(const ScoredRows& rows, std::string_view request);
// Two models on the same rows: paired DeLong. {auc: [Interval, Interval], difference: Interval, z,
// p_value}
Result<std::string> ComparePerformanceJson(const ScoredRows& first, std::span<const double> second,
                                           std::string_view request);
// Without labels: CBPE from the model's calibration (forest::Model), or from one fitted here on
// reference rows with labels. EstimateReport: {assumption: sentence, calibration: {from, rows,
// ece}, auc, average_precision, precision, recall, f1, specificity: {value, low, high}, confusion,
// windows: [...]}.
Result<std::string> EstimateJson(const forest::Model* model, const ScoredRows& reference,
                                 const ScoredRows& current, std::string_view request);
// Past labelled windows: what the estimate said and what was found. {windows: [{first, last,
// estimated: {...}, realised: {...}, inside: bool}], error: {auc, ...mean absolute}, coverage}
Result<std::string> BackTestJson(const forest::Model* model, const ScoredRows& rows,
                                 std::string_view request);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_PERFORMANCE_H_

// Performance of scores, with labels as they come and without them, as documents.
//
// Requests are JSON objects; keys that are not named here are ignored:
//   threshold  flagged from this score on; default: the model's, else 0.5
//   windows    {"kind": "rows" | "time" | "count", "size"}: rows per window, time per window (in
//              the unit of times, beginning at multiples of it), or so many windows; default: none,
//              BackTestJson: 10 windows
//   maturity   {"delay", "as_of"}: a row is matured when its label is known and its time is not
//              after as_of - delay; as_of: default the last time. Default: every known label is
//   budget     alerts, of the whole and of each window; with weights a weight
//   cost       {"false_positive": 1, "false_negative": 10, "amount": false, "review": 0}; amount:
//              a missed positive also costs its amount, and false_negative is 0 where not given
//   bins       of the calibration curve; default 10
//   bootstrap  replicates for average precision; default 500; 0: the logit interval of core/metrics
//   seed       default 1
//   calibration  "model" | "reference" (EstimateJson), "model" | "earlier" (BackTestJson)
// Errors of all: kBadArgument (lengths, settings), kDataInvalid with the row (a label that is not 0
// or 1, a score outside 0..1, ...), kTooBig (over 10,000 windows).
//
// Documents: null stands for what is not defined, and "undefined" says why, {"auc": "no positive
// row is matured"}. Thread-safety: pure functions.
#ifndef FIRETOWER_ANALYSIS_PERFORMANCE_H_
#define FIRETOWER_ANALYSIS_PERFORMANCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/forest/model.h"

namespace firetower::analysis {

// One per row; labels, weights, amounts (money at stake; NaN: 0) and times may be empty. NaN label:
// not known yet. NaN score: set aside.
struct ScoredRows {
  std::span<const double> scores = {};
  std::span<const double> labels = {};
  std::span<const double> weights = {};
  std::span<const double> amounts = {};
  std::span<const double> times = {};
};

// All figures are of matured rows. PerformanceReport: {format, version, settings, rows, set_aside,
// matured, share_matured, positives, weight, positive_weight, weighted, auc, average_precision,
// precision, recall, specificity, f1: Interval, brier, log_loss, confusion, calibration: {ece,
// largest, bins: [{low, high, rows, weight, predicted, observed: Interval}]}, cost: {curve:
// [{threshold, cost, flagged}], best, at_threshold, nothing, everything} | null (threshold null:
// nothing is flagged), budget: {alerts, threshold, tied, true_positive, precision, recall:
// Interval, lift, value, value_total, value_share} | null, curve: [{threshold, true_positive_rate,
// false_positive_rate, precision}], undefined, windows: [{first, last, from, to, and the figures
// without bins and curves}], budget_per_window: {windows, alerts, true_positive, precision, recall:
// Interval, value, value_total, value_share} | null}.
Result<std::string> PerformanceReportJson(const ScoredRows& rows, std::string_view request);

// Two models on the same rows: paired DeLong. {format, version, rows, auc: [Interval, Interval],
// difference: Interval, z, p_value, undefined}
Result<std::string> ComparePerformanceJson(const ScoredRows& first, std::span<const double> second,
                                           std::string_view request);

// Without labels: CBPE from the model's calibration, or from one fitted here on reference rows with
// labels (the default where there are any). EstimateReport: {format, version, settings, assumption:
// sentence, bands: sentence, calibration: {from, rows, knots, ece}, rows, weight, positives
// (expected), weighted, auc, average_precision, precision, recall, specificity, f1: Interval,
// confusion, undefined, windows: [{first, last, from, to, ... the same figures}]}. ece: of
// reference rows with labels, out of fold where the calibration is fitted on them; null without.
// Errors also: kNotReady (no calibration to be had).
Result<std::string> EstimateJson(const forest::Model* model, const ScoredRows& reference,
                                 const ScoredRows& current, std::string_view request);

// Past labelled windows: what the estimate would have said and what was found, both of matured
// rows. The calibration is the model's (the default where it has one) or fitted on all matured rows
// of earlier windows. {format, version, settings, assumption, calibration: {from}, windows:
// [{first, last, from, to, rows, positives, estimated: {auc: Interval, ...}, realised: {auc:
// number, ...}, inside: {auc: bool, ...}}], error: {auc: mean absolute difference, ...}, bias:
// {auc: mean of estimated - realised, ...}, judged: {auc: windows, ...}, coverage: {auc: share of
// judged windows inside the band, ...}}, for auc, average_precision, precision, recall,
// specificity, f1.
Result<std::string> BackTestJson(const forest::Model* model, const ScoredRows& rows,
                                 std::string_view request);

}  // namespace firetower::analysis

#endif  // FIRETOWER_ANALYSIS_PERFORMANCE_H_

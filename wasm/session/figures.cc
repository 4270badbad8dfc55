// Performance figures and curves of scored rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "session/session.h"
#include "session/state.h"

namespace firetower::session {
namespace {

json::value JsonInterval(const metrics::Interval& interval) {
  json::object object;
  object["value"] = JsonNumber(interval.value);
  object["low"] = JsonNumber(interval.low);
  object["high"] = JsonNumber(interval.high);
  return object;
}

Error NoLabels() {
  return {.code = ErrorCode::kNotReady, .message = "no labelled scores have been set"};
}

}  // namespace

Status Session::SetLabels(std::span<const double> scores, std::span<const double> labels,
                          std::span<const double> weights) {
  State& state = *state_;
  if (scores.size() > kMaxRows)
    return Error{.code = ErrorCode::kTooBig, .message = "too many rows in one call"};
  if (labels.size() != scores.size() || (!weights.empty() && weights.size() != scores.size())) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "scores, labels and weights differ in number"};
  }
  std::vector<double> usable(labels.begin(), labels.end());
  std::vector<double> finite(weights.begin(), weights.end());
  for (size_t i = 0; i < finite.size(); ++i) {
    if (!std::isnan(finite[i])) continue;
    usable[i] = std::numeric_limits<double>::quiet_NaN();
    finite[i] = 0.0;
  }
  Result<metrics::ScoredLabels> labelled = metrics::ScoredLabels::Create(scores, usable, finite);
  if (!labelled.ok()) return labelled.error();
  state.labelled.emplace(std::move(*labelled));
  state.weighted = !weights.empty();
  return {};
}

Result<std::string> Session::PerformanceJson(size_t curve_points) const {
  if (!state_->labelled) return NoLabels();
  const metrics::ScoredLabels& scored = *state_->labelled;
  json::array curve;
  for (const metrics::CurvePoint& point : metrics::ThinCurve(scored, curve_points)) {
    json::object entry;
    entry["threshold"] = JsonNumber(point.threshold);
    entry["fpr"] = JsonNumber(point.false_positive / scored.negative_weight());
    entry["tpr"] = JsonNumber(point.true_positive / scored.positive_weight());
    entry["precision"] =
        JsonNumber(point.true_positive / (point.true_positive + point.false_positive));
    curve.push_back(std::move(entry));
  }
  json::object out;
  out["rows"] = scored.rows();
  out["positives"] = scored.positives();
  out["left_out"] = scored.left_out();
  out["weighted"] = state_->weighted;
  out["auc"] = JsonInterval(metrics::RocAuc(scored));
  out["average_precision"] = JsonInterval(metrics::AveragePrecision(scored));
  out["brier"] = JsonNumber(metrics::BrierScore(scored));
  out["log_loss"] = JsonNumber(metrics::LogLoss(scored));
  out["curve"] = std::move(curve);
  return WriteJson(out);
}

Result<std::string> Session::PerformanceAtJson(double threshold) const {
  if (!state_->labelled) return NoLabels();
  const metrics::Confusion at = state_->labelled->At(threshold);
  json::object out;
  out["threshold"] = JsonNumber(at.threshold);
  out["true_positive"] = at.true_positive;
  out["false_positive"] = at.false_positive;
  out["true_negative"] = at.true_negative;
  out["false_negative"] = at.false_negative;
  out["precision"] = JsonInterval(metrics::Precision(at));
  out["recall"] = JsonInterval(metrics::Recall(at));
  out["specificity"] = JsonInterval(metrics::Specificity(at));
  out["f1"] = JsonNumber(metrics::F1(at));
  return WriteJson(out);
}

}  // namespace firetower::session

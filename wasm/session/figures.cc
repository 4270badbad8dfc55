// Performance figures and curves of scored rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
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

Status Session::FindUsable(std::span<const double> scores, std::span<const double> labels,
                           std::span<const double> weights, uint64_t first_row) {
  std::vector<double> usable(labels.begin(), labels.end());
  std::vector<double> finite(weights.begin(), weights.end());
  for (size_t i = 0; i < std::min(finite.size(), usable.size()); ++i) {
    if (!std::isnan(finite[i])) continue;
    usable[i] = std::numeric_limits<double>::quiet_NaN();
    finite[i] = 0.0;
  }
  state_->usable_rows.resize(scores.size());
  Status found = metrics::FindUsable(scores, usable, finite, state_->usable_rows);
  if (found.ok() || found.error().row < 0) return found;
  Error error = found.error();
  error.row += static_cast<int64_t>(first_row);
  return error;
}

std::span<const uint8_t> Session::usable() const { return state_->usable_rows; }

void Session::SetLabels(std::unique_ptr<const metrics::RankedRows> ranked, uint64_t left_out,
                        bool weighted) {
  state_->labelled.emplace(std::move(ranked));
  state_->left_out = left_out;
  state_->weighted = weighted;
}

Result<std::string> Session::PerformanceJson(size_t curve_points) const {
  if (!state_->labelled) return NoLabels();
  const metrics::Ranking& ranking = *state_->labelled;
  json::array curve;
  for (const metrics::CurvePoint& point : metrics::ThinCurve(ranking, curve_points)) {
    json::object entry;
    entry["threshold"] = JsonNumber(point.threshold);
    entry["fpr"] = JsonNumber(point.false_positive / ranking.negative_weight());
    entry["tpr"] = JsonNumber(point.true_positive / ranking.positive_weight());
    entry["precision"] =
        JsonNumber(point.true_positive / (point.true_positive + point.false_positive));
    curve.push_back(std::move(entry));
  }
  json::object out;
  out["rows"] = ranking.rows();
  out["positives"] = ranking.positives();
  out["left_out"] = state_->left_out;
  out["weighted"] = state_->weighted;
  out["auc"] = JsonInterval(metrics::RocAuc(ranking));
  out["average_precision"] = JsonInterval(metrics::AveragePrecision(ranking));
  out["brier"] = JsonNumber(metrics::BrierScore(ranking));
  out["log_loss"] = JsonNumber(metrics::LogLoss(ranking));
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

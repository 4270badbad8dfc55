#include "core/metrics/decisions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double At(std::span<const double> values, size_t i, double otherwise) {
  if (values.empty()) return otherwise;
  return std::isnan(values[i]) ? 0.0 : values[i];
}

}  // namespace

Interval Share::Wilson() const {
  if (!(weight > 0.0)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  // 1 / mean weight of a row, the weights being weighted by themselves.
  const double scale = weight / square;
  Interval interval = WilsonInterval(hits * scale, weight * scale);
  interval.value = hits / weight;
  return interval;
}

ThresholdFigures FiguresAt(const ScoredLabels& scored, double threshold) {
  Share precision;
  Share recall;
  Share specificity;
  Share jaccard;
  for (size_t i = 0; i < scored.rows(); ++i) {
    const bool flagged = scored.scores()[i] >= threshold;
    const bool positive = scored.labels()[i] != 0;
    const double weight = scored.weights()[i];
    if (flagged) precision.Add(weight, positive);
    if (positive) recall.Add(weight, flagged);
    if (!positive) specificity.Add(weight, !flagged);
    if (flagged || positive) jaccard.Add(weight, flagged && positive);
  }
  const Interval j = jaccard.Wilson();
  const auto f1 = [](double share) { return 2.0 * share / (1.0 + share); };
  ThresholdFigures figures = {.counts = scored.At(threshold),
                              .precision = precision.Wilson(),
                              .recall = recall.Wilson(),
                              .specificity = specificity.Wilson(),
                              .f1 = {.value = f1(j.value), .low = f1(j.low), .high = f1(j.high)}};
  return figures;
}

const CostPoint& CostCurve::At(double threshold) const {
  const auto below =
      std::partition_point(points.begin(), points.end(),
                           [&](const CostPoint& point) { return point.threshold >= threshold; });
  return below == points.begin() ? points.front() : *(below - 1);
}

CostCurve MeasureCosts(std::span<const double> scores, std::span<const uint8_t> labels,
                       std::span<const double> weights, std::span<const double> amounts,
                       const Costs& costs) {
  CostCurve curve;
  CostPoint point = {.threshold = std::numeric_limits<double>::infinity()};
  double missed = 0.0;
  const auto miss = [&](size_t i) {
    return At(weights, i, 1.0) * (costs.false_negative + At(amounts, i, 0.0));
  };
  for (size_t i = 0; i < scores.size(); ++i) {
    if (labels[i] != 0) missed += miss(i);
  }
  double found = 0.0;
  double false_alarms = 0.0;
  point.cost = missed;
  curve.points.push_back(point);
  for (size_t i = 0; i < scores.size(); ++i) {
    const double weight = At(weights, i, 1.0);
    point.flagged += weight;
    if (labels[i] != 0) {
      found += miss(i);
    } else {
      false_alarms += weight;
    }
    if (i + 1 < scores.size() && scores[i + 1] == scores[i]) continue;
    point.threshold = scores[i];
    point.cost = std::max(0.0, missed - found) + costs.false_positive * false_alarms +
                 costs.review * point.flagged;
    curve.points.push_back(point);
  }
  curve.best = curve.points.front();
  for (const CostPoint& one : curve.points) {
    if (one.cost < curve.best.cost) curve.best = one;
  }
  return curve;
}

std::vector<CostPoint> ThinCosts(const CostCurve& curve, size_t steps) {
  std::vector<CostPoint> kept = {curve.points.front()};
  const auto step_of = [&](const CostPoint& point) {
    const double step = std::floor(point.threshold * static_cast<double>(steps));
    return std::clamp(step, 0.0, static_cast<double>(steps - 1));
  };
  for (size_t i = 1; i < curve.points.size();) {
    size_t low = i;
    size_t high = i;
    const double step = step_of(curve.points[i]);
    for (; i < curve.points.size() && step_of(curve.points[i]) == step; ++i) {
      if (curve.points[i].cost < curve.points[low].cost) low = i;
      if (curve.points[i].cost > curve.points[high].cost) high = i;
    }
    kept.push_back(curve.points[std::min(low, high)]);
    if (low != high) kept.push_back(curve.points[std::max(low, high)]);
  }
  return kept;
}

BudgetFigures AtBudget(std::span<const double> scores, std::span<const uint8_t> labels,
                       std::span<const double> weights, std::span<const double> amounts, double k) {
  BudgetFigures figures;
  Share positives;
  Share caught;
  Share alerts;
  figures.threshold = kNaN;
  for (size_t i = 0; i < scores.size();) {
    size_t end = i;
    double tied = 0.0;
    for (; end < scores.size() && scores[end] == scores[i]; ++end) tied += At(weights, end, 1.0);
    const double room = std::max(0.0, k - alerts.weight);
    const double share = tied > 0.0 ? std::min(1.0, room / tied) : 0.0;
    if (share > 0.0) {
      figures.threshold = scores[i];
      if (share < 1.0) figures.tied = end - i;
    }
    for (; i < end; ++i) {
      const double weight = At(weights, i, 1.0);
      const bool positive = labels[i] != 0;
      alerts.weight += share * weight;
      alerts.square += share * weight * weight;
      if (!positive) continue;
      alerts.hits += share * weight;
      positives.Add(weight, false);
      caught.Add(share * weight, true);
      const double amount = At(amounts, i, 0.0);
      figures.value += share * weight * amount;
      figures.value_total += weight * amount;
    }
  }
  figures.alerts = alerts.weight;
  figures.true_positive = alerts.hits;
  figures.precision = alerts.Wilson();
  positives.hits = caught.hits;
  figures.recall = positives.Wilson();
  double total = 0.0;
  for (size_t i = 0; i < scores.size(); ++i) total += At(weights, i, 1.0);
  figures.lift = figures.precision.value / (positives.weight / total);
  if (!std::isfinite(figures.lift)) figures.lift = kNaN;
  if (amounts.empty()) figures.value = figures.value_total = kNaN;
  return figures;
}

}  // namespace firetower::metrics

#include "core/metrics/delong.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;

struct Rows {
  std::vector<double> labels;
  std::vector<double> weights;
  std::vector<double> first;
  std::vector<double> second;
};

// Per row the share of the other class that it is ranked right against, ties at half.
std::vector<double> Placements(std::span<const double> scores, const Rows& rows, double positive,
                               double negative) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  });
  std::vector<double> placement(scores.size());
  double positive_below = 0.0;
  double negative_below = 0.0;
  for (size_t k = 0; k < order.size();) {
    size_t end = k;
    double positive_tied = 0.0;
    double negative_tied = 0.0;
    for (; end < order.size() && scores[order[end]] == scores[order[k]]; ++end) {
      (rows.labels[order[end]] != 0.0 ? positive_tied : negative_tied) += rows.weights[order[end]];
    }
    for (; k < end; ++k) {
      placement[order[k]] = rows.labels[order[k]] != 0.0
                                ? (negative_below + 0.5 * negative_tied) / negative
                                : 1.0 - (positive_below + 0.5 * positive_tied) / positive;
    }
    positive_below += positive_tied;
    negative_below += negative_tied;
  }
  return placement;
}

}  // namespace

Result<PairedAuc> ComparePairedAuc(std::span<const double> labels, std::span<const double> weights,
                                   std::span<const double> first, std::span<const double> second) {
  for (const std::span<const double> scores : {first, second}) {
    const Result<ScoredLabels> checked = ScoredLabels::Create(scores, labels, weights);
    if (!checked.ok()) return checked.error();
  }
  Rows rows;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (std::isnan(labels[i]) || std::isnan(first[i]) || std::isnan(second[i])) continue;
    rows.labels.push_back(labels[i]);
    rows.weights.push_back(weights.empty() ? 1.0 : weights[i]);
    rows.first.push_back(first[i]);
    rows.second.push_back(second[i]);
  }
  PairedAuc pair;
  pair.rows = rows.labels.size();
  pair.left_out = labels.size() - pair.rows;
  const auto undefined = [&pair] {
    pair.first = pair.second = pair.variance_first = pair.variance_second = pair.covariance = kNaN;
    pair.difference = {.value = kNaN, .low = kNaN, .high = kNaN};
    pair.z = pair.p_value = kNaN;
    return pair;
  };
  double weight[2] = {0.0, 0.0};  // Negatives, positives.
  double square[2] = {0.0, 0.0};
  for (size_t i = 0; i < pair.rows; ++i) {
    const size_t c = rows.labels[i] != 0.0 ? 1 : 0;
    weight[c] += rows.weights[i];
    square[c] += rows.weights[i] * rows.weights[i];
  }
  for (const size_t c : {size_t{0}, size_t{1}}) {
    if (!(square[c] > 0.0 && weight[c] * weight[c] / square[c] > 1.0)) return undefined();
  }

  const std::vector<double> a = Placements(rows.first, rows, weight[1], weight[0]);
  const std::vector<double> b = Placements(rows.second, rows, weight[1], weight[0]);
  pair.first = pair.second = 0.0;
  for (size_t i = 0; i < pair.rows; ++i) {
    if (rows.labels[i] == 0.0) continue;
    pair.first += rows.weights[i] * a[i] / weight[1];
    pair.second += rows.weights[i] * b[i] / weight[1];
  }
  for (size_t i = 0; i < pair.rows; ++i) {
    const size_t c = rows.labels[i] != 0.0 ? 1 : 0;
    const double effective = weight[c] * weight[c] / square[c];
    const double share = rows.weights[i] / weight[c];
    const double scale = share * share * effective / (effective - 1.0);
    pair.variance_first += scale * (a[i] - pair.first) * (a[i] - pair.first);
    pair.variance_second += scale * (b[i] - pair.second) * (b[i] - pair.second);
    pair.covariance += scale * (a[i] - pair.first) * (b[i] - pair.second);
  }
  const double difference = pair.first - pair.second;
  const double variance = pair.variance_first + pair.variance_second - 2.0 * pair.covariance;
  // Rounding leaves a trace where the models rank every pair alike.
  const double trace = 1e-13 * (pair.variance_first + pair.variance_second);
  if (!(variance > trace)) {
    pair.difference = {.value = difference, .low = difference, .high = difference};
    pair.z = kNaN;
    pair.p_value = std::abs(difference) <= 1e-12 ? 1.0 : kNaN;
    return pair;
  }
  const double error = std::sqrt(variance);
  pair.difference = {.value = difference,
                     .low = std::max(-1.0, difference - kZ95 * error),
                     .high = std::min(1.0, difference + kZ95 * error)};
  pair.z = difference / error;
  pair.p_value = std::erfc(std::abs(pair.z) / std::sqrt(2.0));
  return pair;
}

}  // namespace firetower::metrics

#include "core/metrics/isotonic.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace firetower::metrics {
namespace {

// numpy.finfo(float64).resolution, which scikit-learn takes for it.
constexpr double kSameScore = 1e-15;

// Neighbouring scores that share a mean.
struct Block {
  double weight = 0.0;
  double sum = 0.0;  // Of weight times label.
  size_t first = 0;  // Distinct scores, from `first` up to the next block's.
  double mean() const { return sum / weight; }
};

Error RowError(const char* what, size_t row) {
  return {.code = ErrorCode::kDataInvalid, .message = what, .row = static_cast<int64_t>(row)};
}

}  // namespace

Result<Isotonic> FitIsotonic(std::span<const double> scores, std::span<const double> labels,
                             std::span<const double> weights) {
  if (labels.size() != scores.size() || (!weights.empty() && weights.size() != scores.size())) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "scores, labels and weights differ in length"};
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!weights.empty() && !(weights[i] >= 0.0 && std::isfinite(weights[i]))) {
      return RowError("a weight is negative or not finite", i);
    }
    if (std::isnan(scores[i]) || std::isnan(labels[i])) continue;
    if (!(labels[i] >= 0.0 && labels[i] <= 1.0)) return RowError("a label is outside 0..1", i);
    if (std::isinf(scores[i])) return RowError("a score is infinite", i);
    if (weights.empty() || weights[i] > 0.0) order.push_back(i);
  }
  if (order.empty()) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "no row has a score and a label"};
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  });

  std::vector<double> distinct;
  std::vector<Block> blocks;
  for (size_t k = 0; k < order.size();) {
    Block block = {.first = distinct.size()};
    const double score = scores[order[k]];
    for (; k < order.size() && (scores[order[k]] == score || scores[order[k]] - score < kSameScore);
         ++k) {
      const double weight = weights.empty() ? 1.0 : weights[order[k]];
      block.weight += weight;
      block.sum += weight * labels[order[k]];
    }
    distinct.push_back(score);
    // A block that is not above the one before it joins it.
    while (!blocks.empty() &&
           blocks.back().sum * block.weight >= block.sum * blocks.back().weight) {
      block = {.weight = blocks.back().weight + block.weight,
               .sum = blocks.back().sum + block.sum,
               .first = blocks.back().first};
      blocks.pop_back();
    }
    blocks.push_back(block);
  }

  Isotonic fit;
  for (size_t b = 0; b < blocks.size(); ++b) {
    const size_t last = (b + 1 < blocks.size() ? blocks[b + 1].first : distinct.size()) - 1;
    const double probability = std::clamp(blocks[b].mean(), 0.0, 1.0);
    fit.scores.push_back(distinct[blocks[b].first]);
    fit.probabilities.push_back(probability);
    if (last == blocks[b].first) continue;
    fit.scores.push_back(distinct[last]);
    fit.probabilities.push_back(probability);
  }
  return fit;
}

double Calibrated(std::span<const double> knot_scores, std::span<const double> knot_probabilities,
                  double score) {
  if (std::isnan(score)) return score;
  if (score <= knot_scores.front()) return knot_probabilities.front();
  if (score >= knot_scores.back()) return knot_probabilities.back();
  const auto above = std::upper_bound(knot_scores.begin(), knot_scores.end(), score);
  const auto k = static_cast<size_t>(above - knot_scores.begin());
  const double slope =
      (knot_probabilities[k] - knot_probabilities[k - 1]) / (knot_scores[k] - knot_scores[k - 1]);
  return std::min(knot_probabilities[k],
                  knot_probabilities[k - 1] + slope * (score - knot_scores[k - 1]));
}

}  // namespace firetower::metrics

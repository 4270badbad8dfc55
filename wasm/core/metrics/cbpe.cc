#include "core/metrics/cbpe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"
#include "core/base/random.h"
#include "core/metrics/poisson_binomial.h"

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;
constexpr double kLow = 0.025;
constexpr double kHigh = 0.975;
// Simulated outcomes: as many as this number of draws allows, within limits.
constexpr double kDraws = 4e7;
constexpr double kFewest = 400.0;
constexpr double kMost = 4000.0;
constexpr uint64_t kSeed = 1;

struct Row {
  double score = 0.0;
  double p = 0.0;
  double weight = 1.0;
};

// value -+ z deviation on the logit scale, which keeps it within 0..1.
Interval Band(double value, double deviation) {
  if (std::isnan(value) || !(deviation > 0.0) || !(value > 0.0 && value < 1.0)) {
    const bool certain = deviation == 0.0 || value <= 0.0 || value >= 1.0;
    return {.value = value, .low = certain ? value : kNaN, .high = certain ? value : kNaN};
  }
  const double center = PortableLog(value / (1.0 - value));
  const double half = kZ95 * deviation / (value * (1.0 - value));
  return {
      .value = value, .low = PortableExpit(center - half), .high = PortableExpit(center + half)};
}

// Groups of rows of one score, as sums before and in the group.
void EstimateCurves(std::span<const Row> rows, double positive, double negative,
                    Estimate* estimate) {
  if (!(positive > 0.0 && negative > 0.0)) {
    estimate->auc = {.value = kNaN, .low = kNaN, .high = kNaN};
  }
  if (!(positive > 0.0)) {
    estimate->average_precision = estimate->auc;
    return;
  }
  const size_t n = rows.size();
  double area = 0.0;
  double steps = 0.0;
  double tp = 0.0;
  double fp = 0.0;
  // Per row: its placements, and precision at its score.
  std::vector<double> above_fp(n);
  std::vector<double> above_tp(n);
  std::vector<double> precision(n);
  std::vector<double> tail(n);  // Sum over rows from this score down of w p / flagged.
  for (size_t i = 0; i < n;) {
    size_t end = i;
    double p = 0.0;
    double q = 0.0;
    for (; end < n && rows[end].score == rows[i].score; ++end) {
      p += rows[end].weight * rows[end].p;
      q += rows[end].weight * (1.0 - rows[end].p);
    }
    area += q * (tp + 0.5 * p);
    const double flagged = tp + fp + p + q;
    const double reached = flagged > 0.0 ? (tp + p) / flagged : 0.0;
    steps += p * reached;
    for (; i < end; ++i) {
      above_tp[i] = tp + 0.5 * p;
      above_fp[i] = fp + 0.5 * q;
      precision[i] = reached;
      tail[i] = flagged > 0.0 ? rows[i].weight * rows[i].p / flagged : 0.0;
    }
    tp += p;
    fp += q;
  }
  double below = 0.0;
  for (size_t end = n; end > 0;) {
    size_t begin = end;
    while (begin > 0 && rows[begin - 1].score == rows[end - 1].score) below += tail[--begin];
    for (size_t i = begin; i < end; ++i) tail[i] = below;
    end = begin;
  }

  const double auc = negative > 0.0 ? std::min(1.0, area / (positive * negative)) : kNaN;
  const double ap = std::min(1.0, steps / positive);
  double auc_variance = 0.0;
  double ap_variance = 0.0;
  for (size_t i = 0; i < n; ++i) {
    const double chance = rows[i].weight * rows[i].weight * rows[i].p * (1.0 - rows[i].p);
    // How each figure moves when the row is positive instead of negative.
    const double right_as_positive = 1.0 - above_fp[i] / negative;
    const double right_as_negative = above_tp[i] / positive;
    const double auc_moves =
        (right_as_positive - auc) / positive - (right_as_negative - auc) / negative;
    const double ap_moves = (precision[i] + tail[i] - ap) / positive;
    auc_variance += chance * auc_moves * auc_moves;
    ap_variance += chance * ap_moves * ap_moves;
  }
  if (negative > 0.0) estimate->auc = Band(auc, std::sqrt(auc_variance));
  estimate->average_precision = Band(ap, std::sqrt(ap_variance));
}

// The quantile of a figure that rises with the positives found and never rises with those missed.
// figure(found, missed): NaN where it is not defined.
template <typename Figure>
double FigureQuantile(const CountDistribution& found, const CountDistribution& missed, double share,
                      const Figure& figure) {
  const auto first = static_cast<double>(missed.first);
  const auto last = static_cast<double>(missed.last());
  // Only "none at all" can be undefined.
  const bool undefined = found.first == 0 && missed.first == 0 && std::isnan(figure(0.0, 0.0));
  const double nothing = undefined ? found.probability[0] * missed.probability[0] : 0.0;
  if (nothing >= 1.0) return kNaN;
  // P(figure <= limit)
  const auto cumulative = [&](double limit) {
    double sum = 0.0;
    for (size_t a = 0; a < found.probability.size(); ++a) {
      const double count = static_cast<double>(found.first + a);
      // The fewest missed ones with which the figure is not above the limit.
      double low = first;
      double high = last + 1.0;
      while (low < high) {
        const double middle = std::floor(0.5 * (low + high));
        const double value = figure(count, middle);
        if (std::isnan(value) || value > limit) {
          low = middle + 1.0;
        } else {
          high = middle;
        }
      }
      sum += found.probability[a] * (1.0 - missed.CumulativeAt(low - 1.0));
    }
    return sum / (1.0 - nothing);
  };
  double low = -1e-9;
  double high = 1.0;
  for (int step = 0; step < 50; ++step) {
    const double middle = 0.5 * (low + high);
    (cumulative(middle) < share ? low : high) = middle;
  }
  return std::clamp(high, 0.0, 1.0);
}

// Weight of the positives among flagged and among other rows, per simulated outcome of all rows.
struct Outcomes {
  std::vector<double> found;
  std::vector<double> missed;
};

Outcomes Simulate(std::span<const Row> rows, double threshold) {
  Outcomes outcomes;
  double certain[2] = {0.0, 0.0};
  std::vector<Row> open;
  for (const Row& row : rows) {
    if (row.p >= 1.0) certain[row.score >= threshold ? 1 : 0] += row.weight;
    if (row.p > 0.0 && row.p < 1.0 && row.weight > 0.0) open.push_back(row);
  }
  const double draws = kDraws / static_cast<double>(open.size() + 1);
  const auto repeats = static_cast<size_t>(std::clamp(draws, kFewest, kMost));
  Random random(kSeed);
  for (size_t r = 0; r < repeats; ++r) {
    double sums[2] = {certain[0], certain[1]};
    for (const Row& row : open) {
      if (random.Uniform() < row.p) sums[row.score >= threshold ? 1 : 0] += row.weight;
    }
    outcomes.found.push_back(sums[1]);
    outcomes.missed.push_back(sums[0]);
  }
  return outcomes;
}

// REQUIRES: as FigureQuantile.
template <typename Figure>
Interval SimulatedBand(const Outcomes& outcomes, double value, const Figure& figure) {
  Interval interval = {.value = value, .low = kNaN, .high = kNaN};
  if (std::isnan(value)) return interval;
  std::vector<double> values;
  for (size_t r = 0; r < outcomes.found.size(); ++r) {
    const double one = figure(outcomes.found[r], outcomes.missed[r]);
    if (!std::isnan(one)) values.push_back(std::clamp(one, 0.0, 1.0));
  }
  if (values.empty()) return interval;
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double place = std::ceil(share * static_cast<double>(values.size())) - 1.0;
    return values[static_cast<size_t>(std::max(0.0, place))];
  };
  interval.low = std::min(value, at(kLow));
  interval.high = std::max(value, at(kHigh));
  return interval;
}

}  // namespace

Estimate EstimatePerformance(std::span<const double> scores, std::span<const double> calibrated,
                             std::span<const double> weights, double threshold) {
  std::vector<Row> rows;
  rows.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) continue;
    rows.push_back({.score = scores[i],
                    .p = std::clamp(calibrated[i], 0.0, 1.0),
                    .weight = weights.empty() ? 1.0 : weights[i]});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.score > b.score; });
  Estimate estimate;
  estimate.rows = rows.size();
  Confusion& expected = estimate.confusion;
  expected.threshold = threshold;
  double flagged_weight = 0.0;
  double other_weight = 0.0;
  std::vector<double> flagged;
  std::vector<double> others;
  for (const Row& row : rows) {
    if (row.score >= threshold) {
      expected.true_positive += row.weight * row.p;
      expected.false_positive += row.weight * (1.0 - row.p);
      flagged_weight += row.weight;
      flagged.push_back(row.p);
    } else {
      expected.false_negative += row.weight * row.p;
      expected.true_negative += row.weight * (1.0 - row.p);
      other_weight += row.weight;
      others.push_back(row.p);
    }
  }
  const double t = expected.true_positive;
  const double m = expected.false_negative;
  estimate.positives = t + m;
  estimate.weight = flagged_weight + other_weight;
  EstimateCurves(rows, estimate.positives, estimate.weight - estimate.positives, &estimate);

  const auto precision = [&](double found, double) {
    return flagged_weight > 0.0 ? found / flagged_weight : kNaN;
  };
  const auto recall = [&](double found, double missed) {
    return found + missed > 0.0 ? found / (found + missed) : kNaN;
  };
  const auto f1 = [&](double found, double missed) {
    const double below = flagged_weight + found + missed;
    return below > 0.0 ? 2.0 * found / below : kNaN;
  };
  const auto specificity = [&](double found, double missed) {
    const double negatives = estimate.weight - found - missed;
    return negatives > 0.0 ? (other_weight - missed) / negatives : kNaN;
  };
  if (weights.empty()) {
    const CountDistribution found = PoissonBinomial(flagged);
    const CountDistribution missed = PoissonBinomial(others);
    estimate.method = found.exact && missed.exact ? BandMethod::kExact : BandMethod::kContinuity;
    const auto band = [&](const auto& figure) {
      Interval interval = {.value = figure(t, m), .low = kNaN, .high = kNaN};
      if (std::isnan(interval.value)) return interval;
      interval.low = FigureQuantile(found, missed, kLow, figure);
      interval.high = FigureQuantile(found, missed, kHigh, figure);
      return interval;
    };
    estimate.recall = band(recall);
    estimate.f1 = band(f1);
    estimate.specificity = band(specificity);
    estimate.precision = {.value = precision(t, m), .low = kNaN, .high = kNaN};
    if (!flagged.empty()) {
      estimate.precision.low = found.Quantile(kLow) / flagged_weight;
      estimate.precision.high = found.Quantile(kHigh) / flagged_weight;
    }
    return estimate;
  }
  estimate.method = BandMethod::kSimulated;
  const Outcomes outcomes = Simulate(rows, threshold);
  const auto band = [&](const auto& figure) {
    return SimulatedBand(outcomes, figure(t, m), figure);
  };
  estimate.precision = band(precision);
  estimate.recall = band(recall);
  estimate.f1 = band(f1);
  estimate.specificity = band(specificity);
  return estimate;
}

}  // namespace firetower::metrics

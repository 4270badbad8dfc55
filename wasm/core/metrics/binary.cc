#include "core/metrics/binary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"

namespace firetower::metrics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ95 = 1.959963984540054;  // 97.5 % quantile of the standard normal distribution

Error RowError(const char* what, size_t row) {
  return {.code = ErrorCode::kDataInvalid, .message = what, .row = static_cast<int64_t>(row)};
}

double Logit(double p) { return PortableLog(p / (1.0 - p)); }

// value within expit(logit(value) -+ z * spread). REQUIRES: 0 < value < 1.
Interval LogitInterval(double value, double spread) {
  const double center = Logit(value);
  return {.value = value,
          .low = PortableExpit(center - kZ95 * spread),
          .high = PortableExpit(center + kZ95 * spread)};
}

// Kish's effective number of rows: W^2 / sum of squared weights.
struct ClassSize {
  double weight = 0.0;
  double square = 0.0;
  double effective() const { return square > 0.0 ? weight * weight / square : 0.0; }
};

struct ClassSizes {
  ClassSize positive;
  ClassSize negative;
};

ClassSizes Sizes(const ScoredLabels& scored) {
  ClassSizes sizes;
  for (size_t i = 0; i < scored.rows(); ++i) {
    ClassSize& size = scored.labels()[i] != 0 ? sizes.positive : sizes.negative;
    const double weight = scored.weights()[i];
    size.weight += weight;
    size.square += weight * weight;
  }
  return sizes;
}

bool BothClasses(const ScoredLabels& scored) {
  return scored.positive_weight() > 0.0 && scored.negative_weight() > 0.0;
}

double AucValue(const ScoredLabels& scored) {
  double area = 0.0;
  CurvePoint before;
  for (const CurvePoint& point : scored.curve()) {
    area += (point.false_positive - before.false_positive) * 0.5 *
            (point.true_positive + before.true_positive);
    before = point;
  }
  return area / (scored.positive_weight() * scored.negative_weight());
}

// Variance of the AUC; NaN where a class has fewer than two (effective) rows.
double DeLongVariance(const ScoredLabels& scored, double auc, const ClassSizes& sizes) {
  const std::span<const CurvePoint> curve = scored.curve();
  double positive_sum = 0.0;
  double negative_sum = 0.0;
  size_t row = 0;
  CurvePoint before;
  for (const CurvePoint& point : curve) {
    // Placements of the rows that share this score: the share of the other class that they rank
    // right.
    const double positive_placement =
        1.0 - 0.5 * (before.false_positive + point.false_positive) / sizes.negative.weight;
    const double negative_placement =
        0.5 * (before.true_positive + point.true_positive) / sizes.positive.weight;
    for (; row < scored.rows() && scored.scores()[row] == point.threshold; ++row) {
      const double weight = scored.weights()[row];
      if (scored.labels()[row] != 0) {
        const double off = weight * (positive_placement - auc);
        positive_sum += off * off;
      } else {
        const double off = weight * (negative_placement - auc);
        negative_sum += off * off;
      }
    }
    before = point;
  }
  const auto variance = [](double sum, const ClassSize& size) {
    const double effective = size.effective();
    if (!(effective > 1.0)) return kNaN;
    return sum / (size.weight * size.weight) * effective / (effective - 1.0);
  };
  return variance(positive_sum, sizes.positive) + variance(negative_sum, sizes.negative);
}

}  // namespace

Interval WilsonInterval(double successes, double trials) {
  if (!(trials > 0.0)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  const double p = successes / trials;
  const double z2 = kZ95 * kZ95;
  const double scale = 1.0 / (1.0 + z2 / trials);
  const double center = scale * (p + z2 / (2.0 * trials));
  const double half =
      scale * kZ95 * std::sqrt(p * (1.0 - p) / trials + z2 / (4.0 * trials * trials));
  // At p = 0 and p = 1 one end is p itself; rounding must not push it past p.
  return {.value = p,
          .low = p == 0.0 ? 0.0 : std::max(0.0, center - half),
          .high = p == 1.0 ? 1.0 : std::min(1.0, center + half)};
}

Interval Precision(const Confusion& confusion) {
  return WilsonInterval(confusion.true_positive,
                        confusion.true_positive + confusion.false_positive);
}

Interval Recall(const Confusion& confusion) {
  return WilsonInterval(confusion.true_positive,
                        confusion.true_positive + confusion.false_negative);
}

Interval Specificity(const Confusion& confusion) {
  return WilsonInterval(confusion.true_negative,
                        confusion.true_negative + confusion.false_positive);
}

double F1(const Confusion& confusion) {
  const double below =
      2.0 * confusion.true_positive + confusion.false_positive + confusion.false_negative;
  return below > 0.0 ? 2.0 * confusion.true_positive / below : kNaN;
}

Result<ScoredLabels> ScoredLabels::Create(std::span<const double> scores,
                                          std::span<const double> labels,
                                          std::span<const double> weights) {
  if (labels.size() != scores.size() || (!weights.empty() && weights.size() != scores.size())) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "scores, labels and weights differ in length"};
  }
  std::vector<size_t> order;
  order.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!weights.empty() && !(weights[i] >= 0.0 && std::isfinite(weights[i]))) {
      return RowError("a weight is negative or not finite", i);
    }
    if (std::isnan(scores[i]) || std::isnan(labels[i])) continue;
    if (labels[i] != 0.0 && labels[i] != 1.0) return RowError("a label is neither 0 nor 1", i);
    if (scores[i] < 0.0 || scores[i] > 1.0) return RowError("a score is outside 0..1", i);
    order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });

  ScoredLabels scored;
  scored.left_out_ = scores.size() - order.size();
  scored.scores_.reserve(order.size());
  scored.weights_.reserve(order.size());
  scored.labels_.reserve(order.size());
  CurvePoint point;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t row = order[i];
    const double weight = weights.empty() ? 1.0 : weights[row];
    const bool positive = labels[row] != 0.0;
    scored.scores_.push_back(scores[row]);
    scored.weights_.push_back(weight);
    scored.labels_.push_back(positive ? 1 : 0);
    scored.positives_ += positive ? 1 : 0;
    (positive ? point.true_positive : point.false_positive) += weight;
    if (i + 1 == order.size() || scores[order[i + 1]] != scores[row]) {
      point.threshold = scores[row];
      scored.curve_.push_back(point);
    }
  }
  return scored;
}

Confusion ScoredLabels::At(double threshold) const {
  const auto end = std::partition_point(curve_.begin(), curve_.end(), [&](const CurvePoint& point) {
    return point.threshold >= threshold;
  });
  const CurvePoint at = end == curve_.begin() ? CurvePoint{} : *(end - 1);
  return {.threshold = threshold,
          .true_positive = at.true_positive,
          .false_positive = at.false_positive,
          .true_negative = negative_weight() - at.false_positive,
          .false_negative = positive_weight() - at.true_positive};
}

std::span<const CurvePoint> ScoredLabels::curve() const { return curve_; }
double ScoredLabels::positive_weight() const {
  return curve_.empty() ? 0.0 : curve_.back().true_positive;
}
double ScoredLabels::negative_weight() const {
  return curve_.empty() ? 0.0 : curve_.back().false_positive;
}
size_t ScoredLabels::positives() const { return positives_; }
size_t ScoredLabels::rows() const { return scores_.size(); }
size_t ScoredLabels::left_out() const { return left_out_; }
std::span<const double> ScoredLabels::scores() const { return scores_; }
std::span<const double> ScoredLabels::weights() const { return weights_; }
std::span<const uint8_t> ScoredLabels::labels() const { return labels_; }

double RocAucStandardError(const ScoredLabels& scored) {
  if (!BothClasses(scored)) return kNaN;
  return std::sqrt(DeLongVariance(scored, AucValue(scored), Sizes(scored)));
}

Interval RocAuc(const ScoredLabels& scored) {
  if (!BothClasses(scored)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  const double auc = AucValue(scored);
  const ClassSizes sizes = Sizes(scored);
  if (auc <= 0.0 || auc >= 1.0) {
    const double trials = std::min(sizes.positive.effective(), sizes.negative.effective());
    return WilsonInterval(auc * trials, trials);
  }
  const double error = std::sqrt(DeLongVariance(scored, auc, sizes));
  return LogitInterval(auc, error / (auc * (1.0 - auc)));
}

Interval AveragePrecision(const ScoredLabels& scored) {
  if (!(scored.positive_weight() > 0.0)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  double sum = 0.0;
  double before = 0.0;
  for (const CurvePoint& point : scored.curve()) {
    const double step = point.true_positive - before;
    if (step > 0.0) {
      sum += step * point.true_positive / (point.true_positive + point.false_positive);
    }
    before = point.true_positive;
  }
  const double value = std::min(1.0, sum / scored.positive_weight());
  const double trials = Sizes(scored).positive.effective();
  // Close to 0 and 1 the logit interval covers nearly everything.
  constexpr double kFewest = 5.0;
  if (trials * std::min(value, 1.0 - value) < kFewest) {
    return WilsonInterval(value * trials, trials);
  }
  return LogitInterval(value, 1.0 / std::sqrt(trials * value * (1.0 - value)));
}

double BrierScore(const ScoredLabels& scored) {
  double sum = 0.0;
  double total = 0.0;
  for (size_t i = 0; i < scored.rows(); ++i) {
    const double off = scored.scores()[i] - static_cast<double>(scored.labels()[i]);
    sum += scored.weights()[i] * off * off;
    total += scored.weights()[i];
  }
  return total > 0.0 ? sum / total : kNaN;
}

double LogLoss(const ScoredLabels& scored) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  double sum = 0.0;
  double total = 0.0;
  for (size_t i = 0; i < scored.rows(); ++i) {
    const double p = std::clamp(scored.scores()[i], kEpsilon, 1.0 - kEpsilon);
    sum -= scored.weights()[i] * PortableLog(scored.labels()[i] != 0 ? p : 1.0 - p);
    total += scored.weights()[i];
  }
  return total > 0.0 ? sum / total : kNaN;
}

std::vector<CurvePoint> ThinCurve(const ScoredLabels& scored, size_t max_points) {
  const std::span<const CurvePoint> curve = scored.curve();
  if (curve.size() <= max_points) return {curve.begin(), curve.end()};
  if (max_points == 0) return {};
  if (max_points == 1) return {curve.back()};

  const double positive = std::max(scored.positive_weight(), std::numeric_limits<double>::min());
  const double negative = std::max(scored.negative_weight(), std::numeric_limits<double>::min());
  // The larger of the distances (in each coordinate) in the ROC and in the precision-recall plane.
  const auto distance = [&](const CurvePoint& a, const CurvePoint& b) {
    const auto precision = [](const CurvePoint& p) {
      const double flagged = p.true_positive + p.false_positive;
      return flagged > 0.0 ? p.true_positive / flagged : 1.0;
    };
    return std::max({std::abs(a.true_positive - b.true_positive) / positive,
                     std::abs(a.false_positive - b.false_positive) / negative,
                     std::abs(precision(a) - precision(b))});
  };
  // Keeps a point when it is farther than radius from the one kept before.
  const auto walk = [&](double radius) {
    std::vector<CurvePoint> kept = {curve.front()};
    for (size_t i = 1; i + 1 < curve.size() && kept.size() < max_points; ++i) {
      if (distance(curve[i], kept.back()) > radius) kept.push_back(curve[i]);
    }
    kept.push_back(curve.back());
    return kept;
  };
  double low = 0.0;
  double high = 1.0;  // No two points are farther apart.
  std::vector<CurvePoint> best = walk(high);
  for (int step = 0; step < 40; ++step) {
    const double radius = 0.5 * (low + high);
    std::vector<CurvePoint> kept = walk(radius);
    if (kept.size() <= max_points) {
      high = radius;
      best = std::move(kept);
    } else {
      low = radius;
    }
  }
  return best;
}

}  // namespace firetower::metrics

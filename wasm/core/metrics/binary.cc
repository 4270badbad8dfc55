#include "core/metrics/binary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

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
double EffectiveRows(double weight, double square) {
  return square > 0.0 ? weight * weight / square : 0.0;
}

double EffectivePositives(const Ranking& ranking) {
  return EffectiveRows(ranking.positive_weight(), ranking.positive_square());
}
double EffectiveNegatives(const Ranking& ranking) {
  return EffectiveRows(ranking.negative_weight(), ranking.negative_square());
}

bool BothClasses(const Ranking& ranking) {
  return ranking.positive_weight() > 0.0 && ranking.negative_weight() > 0.0;
}

// The rows of one block.
class BlockOfRows {
 public:
  BlockOfRows(const RankedRows& ranked, size_t block_rows)
      : ranked_(ranked),
        scores_(std::min(block_rows, ranked.rows())),
        weights_(scores_.size()),
        labels_(scores_.size()) {}
  explicit BlockOfRows(const Ranking& ranking)
      : BlockOfRows(ranking.ranked(), ranking.block_rows()) {}

  void Read(size_t block) {
    const size_t first = block * scores_.size();
    size_ = std::min(scores_.size(), ranked_.rows() - first);
    ranked_.Read(first, std::span(scores_).first(size_), std::span(weights_).first(size_),
                 std::span(labels_).first(size_));
  }

  size_t size() const { return size_; }
  double score(size_t i) const { return scores_[i]; }
  double weight(size_t i) const { return weights_[i]; }
  bool positive(size_t i) const { return labels_[i] != 0; }
  void AddTo(CurvePoint* point, size_t i) const {
    point->threshold = scores_[i];
    (positive(i) ? point->true_positive : point->false_positive) += weights_[i];
  }

 private:
  const RankedRows& ranked_;
  std::vector<double> scores_;
  std::vector<double> weights_;
  std::vector<uint8_t> labels_;
  size_t size_ = 0;
};

// Calls on_row(rows, i) for all rows.
template <typename OnRow>
void ForEachRow(const Ranking& ranking, OnRow on_row) {
  BlockOfRows rows(ranking);
  for (size_t block = 0; block < ranking.blocks().size(); ++block) {
    rows.Read(block);
    for (size_t i = 0; i < rows.size(); ++i) on_row(rows, i);
  }
}

// Calls on_point(point, rows up to it) for the points of the curve in a block: a score's point is
// where the last of its rows is.
template <typename OnPoint>
void ForEachPointOf(const Ranking& ranking, size_t block, BlockOfRows* rows, OnPoint on_point) {
  const std::span<const Ranking::Block> blocks = ranking.blocks();
  rows->Read(block);
  CurvePoint point = blocks[block].before;
  for (size_t i = 0; i < rows->size(); ++i) {
    rows->AddTo(&point, i);
    double next = kNaN;
    if (i + 1 < rows->size()) {
      next = rows->score(i + 1);
    } else if (block + 1 < blocks.size()) {
      next = blocks[block + 1].before.threshold;
    }
    if (next != point.threshold) on_point(point, block * ranking.block_rows() + i + 1);
  }
}

template <typename OnPoint>
void ForEachPoint(const Ranking& ranking, OnPoint on_point) {
  BlockOfRows rows(ranking);
  for (size_t block = 0; block < ranking.blocks().size(); ++block) {
    ForEachPointOf(ranking, block, &rows, on_point);
  }
}

double PrecisionAt(const CurvePoint& point) {
  const double flagged = point.true_positive + point.false_positive;
  return flagged > 0.0 ? point.true_positive / flagged : 1.0;
}

double AucValue(const Ranking& ranking) {
  double area = 0.0;
  CurvePoint before;
  ForEachPoint(ranking, [&](const CurvePoint& point, size_t) {
    area += (point.false_positive - before.false_positive) * 0.5 *
            (point.true_positive + before.true_positive);
    before = point;
  });
  return area / (ranking.positive_weight() * ranking.negative_weight());
}

// Variance of the AUC; NaN where a class has fewer than two (effective) rows.
double DeLongVariance(const Ranking& ranking, double auc) {
  double positive_sum = 0.0;
  double negative_sum = 0.0;
  BlockOfRows rows(ranking);  // They follow the points, of which a score's comes after its rows.
  size_t row = 0;
  CurvePoint before;
  ForEachPoint(ranking, [&](const CurvePoint& point, size_t end) {
    // Placements of the rows that share this score: the share of the other class that they rank
    // right.
    const double positive_placement =
        1.0 - 0.5 * (before.false_positive + point.false_positive) / ranking.negative_weight();
    const double negative_placement =
        0.5 * (before.true_positive + point.true_positive) / ranking.positive_weight();
    for (; row < end; ++row) {
      const size_t i = row % ranking.block_rows();
      if (i == 0) rows.Read(row / ranking.block_rows());
      const bool positive = rows.positive(i);
      const double off =
          rows.weight(i) * ((positive ? positive_placement : negative_placement) - auc);
      (positive ? positive_sum : negative_sum) += off * off;
    }
    before = point;
  });
  const auto variance = [](double sum, double weight, double effective) {
    if (!(effective > 1.0)) return kNaN;
    return sum / (weight * weight) * effective / (effective - 1.0);
  };
  return variance(positive_sum, ranking.positive_weight(), EffectivePositives(ranking)) +
         variance(negative_sum, ranking.negative_weight(), EffectiveNegatives(ranking));
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

Ranking::Ranking(std::unique_ptr<const RankedRows> ranked, size_t block_rows)
    : ranked_(std::move(ranked)), block_rows_(block_rows) {
  const size_t all = rows();
  blocks_.reserve((all + block_rows_ - 1) / block_rows_);
  BlockOfRows rows(*ranked_, block_rows_);
  const auto end_point = [&](size_t end) {
    if (end == 0) return;
    Block& block = blocks_[(end - 1) / block_rows_];
    const double precision = PrecisionAt(last_);
    block.low = std::min(block.low, precision);
    block.high = std::max(block.high, precision);
    ++curve_points_;
  };
  for (size_t first = 0; first < all; first += block_rows_) {
    rows.Read(first / block_rows_);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows.score(i) != last_.threshold) end_point(first + i);
      if (i == 0) {
        blocks_.push_back({.before = last_, .low = 1.0, .high = 0.0});
        blocks_.back().before.threshold = rows.score(0);
      }
      rows.AddTo(&last_, i);
      const double weight = rows.weight(i);
      (rows.positive(i) ? positive_square_ : negative_square_) += weight * weight;
      if (rows.positive(i)) ++positives_;
    }
  }
  end_point(all);
}

Confusion Ranking::At(double threshold) const {
  const auto end = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return block.before.threshold >= threshold;
  });
  CurvePoint at;
  if (end != blocks_.begin()) {
    at = (end - 1)->before;
    BlockOfRows rows(*this);
    rows.Read(static_cast<size_t>(end - 1 - blocks_.begin()));
    for (size_t i = 0; i < rows.size() && rows.score(i) >= threshold; ++i) rows.AddTo(&at, i);
  }
  return {.threshold = threshold,
          .true_positive = at.true_positive,
          .false_positive = at.false_positive,
          .true_negative = negative_weight() - at.false_positive,
          .false_negative = positive_weight() - at.true_positive};
}

double Ranking::positive_weight() const { return last_.true_positive; }
double Ranking::negative_weight() const { return last_.false_positive; }
size_t Ranking::positives() const { return positives_; }
size_t Ranking::rows() const { return ranked_->rows(); }
const RankedRows& Ranking::ranked() const { return *ranked_; }
size_t Ranking::block_rows() const { return block_rows_; }
std::span<const Ranking::Block> Ranking::blocks() const { return blocks_; }
const CurvePoint& Ranking::last() const { return last_; }
size_t Ranking::curve_points() const { return curve_points_; }
double Ranking::positive_square() const { return positive_square_; }
double Ranking::negative_square() const { return negative_square_; }

Status FindUsable(std::span<const double> scores, std::span<const double> labels,
                  std::span<const double> weights, std::span<uint8_t> usable) {
  if (labels.size() != scores.size() || usable.size() != scores.size() ||
      (!weights.empty() && weights.size() != scores.size())) {
    return Error{.code = ErrorCode::kBadArgument,
                 .message = "scores, labels and weights differ in length"};
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!weights.empty() && !(weights[i] >= 0.0 && std::isfinite(weights[i]))) {
      return RowError("a weight is negative or not finite", i);
    }
    usable[i] = 0;
    if (std::isnan(scores[i]) || std::isnan(labels[i])) continue;
    if (labels[i] != 0.0 && labels[i] != 1.0) return RowError("a label is neither 0 nor 1", i);
    if (scores[i] < 0.0 || scores[i] > 1.0) return RowError("a score is outside 0..1", i);
    usable[i] = 1;
  }
  return {};
}

class ScoredLabels::Sorted : public RankedRows {
 public:
  Sorted(std::span<const double> scores, std::span<const double> labels,
         std::span<const double> weights, std::span<const size_t> order) {
    scores_.reserve(order.size());
    weights_.reserve(order.size());
    labels_.reserve(order.size());
    for (const size_t row : order) {
      scores_.push_back(scores[row]);
      weights_.push_back(weights.empty() ? 1.0 : weights[row]);
      labels_.push_back(labels[row] != 0.0 ? 1 : 0);
    }
  }

  size_t rows() const override { return scores_.size(); }
  void Read(size_t first, std::span<double> scores, std::span<double> weights,
            std::span<uint8_t> labels) const override {
    std::copy_n(&scores_[first], scores.size(), scores.begin());
    std::copy_n(&weights_[first], weights.size(), weights.begin());
    std::copy_n(&labels_[first], labels.size(), labels.begin());
  }

  std::span<const double> scores() const { return scores_; }
  std::span<const double> weights() const { return weights_; }
  std::span<const uint8_t> labels() const { return labels_; }

 private:
  std::vector<double> scores_;
  std::vector<double> weights_;
  std::vector<uint8_t> labels_;
};

Result<ScoredLabels> ScoredLabels::Create(std::span<const double> scores,
                                          std::span<const double> labels,
                                          std::span<const double> weights) {
  std::vector<uint8_t> usable(scores.size());
  const Status checked = FindUsable(scores, labels, weights, usable);
  if (!checked.ok()) return checked.error();
  std::vector<size_t> order;
  order.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    if (usable[i] != 0) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  return ScoredLabels(std::make_unique<const Sorted>(scores, labels, weights, order),
                      scores.size() - order.size());
}

ScoredLabels::ScoredLabels(std::unique_ptr<const Sorted> sorted, size_t left_out)
    : Ranking(std::move(sorted)),
      sorted_(static_cast<const Sorted*>(&ranked())),
      left_out_(left_out) {}

size_t ScoredLabels::left_out() const { return left_out_; }
std::span<const double> ScoredLabels::scores() const { return sorted_->scores(); }
std::span<const double> ScoredLabels::weights() const { return sorted_->weights(); }
std::span<const uint8_t> ScoredLabels::labels() const { return sorted_->labels(); }

double RocAucStandardError(const Ranking& ranking) {
  if (!BothClasses(ranking)) return kNaN;
  return std::sqrt(DeLongVariance(ranking, AucValue(ranking)));
}

Interval RocAuc(const Ranking& ranking) {
  if (!BothClasses(ranking)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  const double auc = AucValue(ranking);
  if (auc <= 0.0 || auc >= 1.0) {
    const double trials = std::min(EffectivePositives(ranking), EffectiveNegatives(ranking));
    return WilsonInterval(auc * trials, trials);
  }
  const double error = std::sqrt(DeLongVariance(ranking, auc));
  return LogitInterval(auc, error / (auc * (1.0 - auc)));
}

Interval AveragePrecision(const Ranking& ranking) {
  if (!(ranking.positive_weight() > 0.0)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  double sum = 0.0;
  double before = 0.0;
  ForEachPoint(ranking, [&](const CurvePoint& point, size_t) {
    const double step = point.true_positive - before;
    if (step > 0.0) {
      sum += step * point.true_positive / (point.true_positive + point.false_positive);
    }
    before = point.true_positive;
  });
  const double value = std::min(1.0, sum / ranking.positive_weight());
  const double trials = EffectivePositives(ranking);
  // Close to 0 and 1 the logit interval covers nearly everything.
  constexpr double kFewest = 5.0;
  if (trials * std::min(value, 1.0 - value) < kFewest) {
    return WilsonInterval(value * trials, trials);
  }
  return LogitInterval(value, 1.0 / std::sqrt(trials * value * (1.0 - value)));
}

double BrierScore(const Ranking& ranking) {
  double sum = 0.0;
  double total = 0.0;
  ForEachRow(ranking, [&](const BlockOfRows& rows, size_t i) {
    const double off = rows.score(i) - (rows.positive(i) ? 1.0 : 0.0);
    sum += rows.weight(i) * off * off;
    total += rows.weight(i);
  });
  return total > 0.0 ? sum / total : kNaN;
}

double LogLoss(const Ranking& ranking) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  double sum = 0.0;
  double total = 0.0;
  ForEachRow(ranking, [&](const BlockOfRows& rows, size_t i) {
    const double p = std::clamp(rows.score(i), kEpsilon, 1.0 - kEpsilon);
    sum -= rows.weight(i) * PortableLog(rows.positive(i) ? p : 1.0 - p);
    total += rows.weight(i);
  });
  return total > 0.0 ? sum / total : kNaN;
}

std::vector<CurvePoint> ThinCurve(const Ranking& ranking, size_t max_points) {
  if (ranking.curve_points() <= max_points) {
    std::vector<CurvePoint> curve;
    ForEachPoint(ranking, [&](const CurvePoint& point, size_t) { curve.push_back(point); });
    return curve;
  }
  if (max_points == 0) return {};
  if (max_points == 1) return {ranking.last()};

  const double positive = std::max(ranking.positive_weight(), std::numeric_limits<double>::min());
  const double negative = std::max(ranking.negative_weight(), std::numeric_limits<double>::min());
  // The larger of the distances (in each coordinate) in the ROC and in the precision-recall plane.
  const auto distance = [&](const CurvePoint& a, const CurvePoint& b) {
    return std::max({std::abs(a.true_positive - b.true_positive) / positive,
                     std::abs(a.false_positive - b.false_positive) / negative,
                     std::abs(PrecisionAt(a) - PrecisionAt(b))});
  };
  const std::span<const Ranking::Block> blocks = ranking.blocks();
  BlockOfRows rows(ranking);
  // Whether no point of the block is farther than radius from this one: none of the extremes of its
  // coordinates is, and rounding keeps their order.
  const auto within = [&](size_t block, const CurvePoint& point, double radius) {
    const CurvePoint& first = blocks[block].before;
    const CurvePoint& end = block + 1 < blocks.size() ? blocks[block + 1].before : ranking.last();
    const double precision = PrecisionAt(point);
    return std::abs(first.true_positive - point.true_positive) / positive <= radius &&
           std::abs(end.true_positive - point.true_positive) / positive <= radius &&
           std::abs(first.false_positive - point.false_positive) / negative <= radius &&
           std::abs(end.false_positive - point.false_positive) / negative <= radius &&
           std::abs(blocks[block].low - precision) <= radius &&
           std::abs(blocks[block].high - precision) <= radius;
  };
  // Keeps the first point, and then each that is farther than radius from the one kept before.
  const auto walk = [&](double radius) {
    std::vector<CurvePoint> kept;
    for (size_t block = 0; block < blocks.size() && kept.size() < max_points; ++block) {
      if (!kept.empty() && within(block, kept.back(), radius)) continue;
      ForEachPointOf(ranking, block, &rows, [&](const CurvePoint& point, size_t end) {
        if (end == ranking.rows() || kept.size() == max_points) return;
        if (kept.empty() || distance(point, kept.back()) > radius) kept.push_back(point);
      });
    }
    kept.push_back(ranking.last());
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

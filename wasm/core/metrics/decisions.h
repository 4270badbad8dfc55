// What flagging does: figures at a threshold with intervals that honour weights, what it costs, and
// what a budget of alerts catches.
//
// Intervals are Wilson's with Kish's effective number of rows, (sum w)^2 / sum w^2: a row that
// stands for eleven others proves no more than one. With weights 1 they are exactly Wilson's.
//
// Rows are given with scores falling, as ScoredLabels keeps them. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_METRICS_DECISIONS_H_
#define FIRETOWER_CORE_METRICS_DECISIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/metrics/binary.h"

namespace firetower::metrics {

// A share of weighted rows.
struct Share {
  double weight = 0.0;
  double square = 0.0;
  double hits = 0.0;
  void Add(double row_weight, bool hit) {
    weight += row_weight;
    square += row_weight * row_weight;
    if (hit) hits += row_weight;
  }
  Interval Wilson() const;  // NaN without weight.
};

struct ThresholdFigures {
  Confusion counts;
  Interval precision;
  Interval recall;
  Interval specificity;
  // 2 J / (1 + J) with J = TP / (TP + FP + FN), a share, so that Wilson's interval carries over.
  Interval f1;
};
ThresholdFigures FiguresAt(const ScoredLabels& scored, double threshold);

// In any unit of money.
struct Costs {
  double false_positive = 1.0;
  double false_negative = 10.0;  // Of every missed positive, on top of its amount.
  double review = 0.0;           // Of every flagged row.
};

struct CostPoint {
  double threshold = 0.0;  // Infinite: nothing is flagged.
  double cost = 0.0;
  double flagged = 0.0;  // Weight.
};

struct CostCurve {
  std::vector<CostPoint> points;  // Thresholds falling, from "nothing" to the lowest score.
  CostPoint best;                 // The cheapest, of equal ones that with the fewest flagged.

  // Flagging from this threshold on.
  const CostPoint& At(double threshold) const;
};

// labels 0 or 1; weights, amounts empty or one per row (NaN amount: 0). A missed positive costs
// false_negative + amount. One point per distinct score. O(n).
CostCurve MeasureCosts(std::span<const double> scores, std::span<const uint8_t> labels,
                       std::span<const double> weights, std::span<const double> amounts,
                       const Costs& costs);

// The points to draw: in each of `steps` equal steps of the threshold the cheapest and the dearest.
std::vector<CostPoint> ThinCosts(const CostCurve& curve, size_t steps);

// The k rows of highest score, k a weight. Of rows that tie at the end an even share: the
// expectation over every order they could be taken in.
struct BudgetFigures {
  double alerts = 0.0;     // k, or all the weight where that is less.
  double threshold = 0.0;  // Score of the last alert; NaN without any.
  double true_positive = 0.0;
  size_t tied = 0;  // Rows that tie at the end and only partly fit.
  Interval precision;
  Interval recall;
  double lift = 0.0;         // Precision over the share of positives.
  double value = 0.0;        // Amounts of the positives caught; NaN without amounts.
  double value_total = 0.0;  // Of all positives.
};
BudgetFigures AtBudget(std::span<const double> scores, std::span<const uint8_t> labels,
                       std::span<const double> weights, std::span<const double> amounts, double k);

}  // namespace firetower::metrics

#endif  // FIRETOWER_CORE_METRICS_DECISIONS_H_

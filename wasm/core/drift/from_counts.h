// What can be said of two samples of which only counts over fixed bins are known (a model's
// profile, a summary), and how large a difference of counts is, with an interval.
//
// Rule of p-values from counts. A test of the counts themselves (chi-square, G) has the p-value it
// has: its question is whether the bins' shares differ. A test of the values is another matter:
// within a bin they are not known, so the largest distance of the distribution functions is known
// from below (at the edges) and from above, and so is its p-value. What is stated is the p-value of
// the distance at the edges, which no arrangement of the rows within the bins can make larger. A
// finer one is refused: `finer` says that the rows could have one, and then a caller shows "p <=
// p_value" (p_below), never a number in between. The p-value at the upper bound is not given.
//
//   const CountedKs ks = KsFromCounts(reference, current);   // ks.p_value, ks.finer, ks.upper
//   const Effect effect = EffectOfPsi(reference, current);   // value [low, high]
//
// Intervals come from the noncentral chi-square distribution of the statistics, inverted (Smithson
// 2003, "Confidence intervals", chapter 4): no resampling, the same every time. Thread-safety: pure
// functions.
#ifndef FIRETOWER_CORE_DRIFT_FROM_COUNTS_H_
#define FIRETOWER_CORE_DRIFT_FROM_COUNTS_H_

#include <cstddef>
#include <span>

#include "core/drift/distances.h"
#include "core/drift/two_sample.h"

namespace firetower::drift {

struct CountedKs {
  double distance = 0;    // At the edges: that of the rows is at least this ...
  double upper = 0;       // ... and at most this.
  double resolution = 0;  // Largest share of a bin on a side; upper - distance is at most this.
  size_t edge = 0;        // distance is found at the end of this bin.
  int sign = 0;           // As KsResult::sign.
  double p_value = 1;     // Conservative: the rows' is at most this.
  bool exact = false;
  bool finer = false;  // The rows' may be smaller: show p_value as a bound (p_below).
};
// Counts over the same bins in order, >= 0 and finite, equal sizes; rounded to whole numbers (a
// weighted reference has others). Rows without a value are not among them. A side without rows: NaN
// throughout. O(bins) and the cost of KolmogorovSmirnov's p-value.
CountedKs KsFromCounts(std::span<const double> reference, std::span<const double> current);

// PSI (half a row added to every bin) less its expectation without drift, (bins - 1)(1/n + 1/m),
// with a 95 % interval; neither is below 0. PSI nm/(n + m) is taken as noncentral chi-square; far
// from no drift the interval is widened by what the delta method says of the variance. It is 0..0
// where the counts are closer than chance leaves them in 1 of 40 comparisons. Bins that
// both sides lack are left out; fewer than two: 0, interval 0..0. A side without rows: NaN.
// O(bins) and some sixty evaluations of the distribution.
Effect EffectOfPsi(std::span<const double> reference, std::span<const double> current);

// CramersV(reference, current) with a 95 % interval within 0..1 (of Pearson's statistic, the
// noncentrality over the rows). As EffectOfPsi.
Effect EffectOfCramersV(std::span<const double> reference, std::span<const double> current);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_FROM_COUNTS_H_

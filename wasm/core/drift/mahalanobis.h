// Whether the means of all columns together have moved: Hotelling's two-sample T^2, and how far,
// in Mahalanobis' distance. What single columns hide by being correlated (two columns that always
// rise together, one of which now falls a little) shows here.
//
// Definitions: S = pooled covariance (n + m - 2), d = mean current - mean reference, distance^2 =
// d' S^+ d, T^2 = nm/(n+m) distance^2, F = T^2 (n+m-r-1) / (r (n+m-2)) with r and n+m-r-1 degrees
// of freedom. S^+ is the pseudo-inverse, r its rank: columns that follow from others add nothing.
// Directions with less than 1e-10 of the largest variance (standardised columns) count as none.
// The p-value is exact for normal columns of one covariance. For others it is asymptotic: with
// heavy tails and few rows it errs on the side of no drift (tests/bench has the error rates).
// Source: Hotelling (1931); Anderson, Introduction to Multivariate Statistical Analysis, 5.3.
// Thread-safety: pure function.
#ifndef FIRETOWER_CORE_DRIFT_MAHALANOBIS_H_
#define FIRETOWER_CORE_DRIFT_MAHALANOBIS_H_

#include <cstddef>

#include "core/base/result.h"
#include "core/drift/sample_matrix.h"

namespace firetower::drift {

struct HotellingResult {
  double statistic = 0;  // T^2
  double f = 0;
  double degrees_numerator = 0;  // The rank.
  double degrees_denominator = 0;
  double p_value = 1;   // 0 where it is smaller than any float64.
  double distance = 0;  // Mahalanobis' of the two means.
  size_t rank = 0;
  size_t left_out = 0;  // Columns with one value at most.
  size_t missing = 0;   // Cells put at the pooled mean of their column.
  // The means differ in a direction in which neither side varies: statistic, f and distance are
  // infinite, p is 0.
  bool apart = false;
};

// Errors: kBadArgument; kDataInvalid (fewer than 2 rows on a side, no column varies,
// more columns that vary than rows - 2). O(rows
// columns^2 + columns^3), allocates.
Result<HotellingResult> Hotelling(const SampleMatrix& sample);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_MAHALANOBIS_H_

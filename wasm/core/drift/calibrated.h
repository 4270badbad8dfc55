// The p-values that verdicts go by where scipy's errs too often for a verdict: beside the functions
// of two_sample.h and categorical.h that agree with scipy, the same tests with the error rate they
// state. TestShares in categorical.h is another. tests/bench/drift_calibration.md measures them.
//
//   const TestResult test = CramerVonMisesWithTies(tally);
//
// Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_CALIBRATED_H_
#define FIRETOWER_CORE_DRIFT_CALIBRATED_H_

#include "core/drift/tally.h"
#include "core/drift/two_sample.h"

namespace firetower::drift {

// Cramer-von Mises with tied values: the statistic nm / N^2 times the sum of (F - G)^2 over the
// pooled rows, with its mean and variance over all ways to part the pooled rows, in the limit law
// moved and stretched to these. scipy's statistic counts the ranks within a tie as if they were
// differences: amounts in cents, 50 rows against 10,000, are "drifted" in 100 of 100 comparisons
// without drift. Without ties it is CramerVonMises. All values equal: statistic 0, p 1. O(distinct
// values).
TestResult CramerVonMisesWithTies(const Tally& tally);

// Anderson-Darling with tied values: scipy's statistic, its p-value from the law without ties
// stretched to the variance that the statistic has with these ties, as a quadratic form in the
// normal limit of the mid-counts (its mean stays). Of two values it is a chi-square of one degree,
// and scipy's p is below 0.05 in 11 of 100 comparisons without drift. Without ties it is
// AndersonDarling. O(distinct values).
TestResult AndersonDarlingWithTies(const Tally& tally);

// Welch's test, refused (p NaN) where the t distribution cannot be trusted: where the skewness of
// the difference of the means, |g| |1/n^2 - 1/m^2| / (1/n + 1/m)^1.5 with g the pooled rows'
// skewness, is above 0.2 (Cochran's rule of 25 g^2 rows, 1977, for two samples). Amounts, 50 rows
// against 10,000, would be "drifted" in 19 of 100 comparisons without drift. O(distinct values).
WelchResult WelchWhereNormal(const Tally& tally);

// ProportionsZ where each of the four cells expects 5 rows or more, else its statistic with
// Fisher's p-value (`exact` says so). As ProportionsZ.
TestResult TestProportions(double reference_with, double reference_rows, double current_with,
                           double current_rows);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_CALIBRATED_H_

// Student's t distribution, in basic operations only. Internal to drift/. Source: Abramowitz and
// Stegun 26.5; DiDonato and Morris (1992), Algorithm 708. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_STUDENT_H_
#define FIRETOWER_CORE_DRIFT_STUDENT_H_

namespace firetower::drift {

// P(|T| >= |t|), relative accuracy 1e-12 down to 1e-290. O(sqrt(degrees)). REQUIRES: degrees >= 1
// and finite; t is not NaN, may be infinite.
double StudentTwoSidedTail(double t, double degrees);
// The t with P(|T| >= t) = 0.05, relative accuracy 1e-13. REQUIRES: degrees >= 1 and finite.
double StudentQuantile95(double degrees);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_STUDENT_H_

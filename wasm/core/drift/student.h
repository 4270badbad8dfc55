// Student's t distribution. Internal to drift/. Boost.Math's incomplete beta function, in double
// precision everywhere. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_STUDENT_H_
#define FIRETOWER_CORE_DRIFT_STUDENT_H_

namespace firetower::drift {

// P(|T| >= |t|). REQUIRES: degrees > 0; t is not NaN, may be infinite.
double StudentTwoSidedTail(double t, double degrees);
// The t with P(|T| >= t) = 0.05. REQUIRES: degrees > 0.
double StudentQuantile95(double degrees);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_STUDENT_H_

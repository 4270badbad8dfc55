// Special functions of the tests' laws in basic operations only, so that p-values are the same on
// every machine (see core/base/portable_log.h). Internal to drift/. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_SPECIAL_H_
#define FIRETOWER_CORE_DRIFT_SPECIAL_H_

namespace firetower::drift {

// r - log(1 + r) without cancellation, relative accuracy 1e-14. REQUIRES: r > -1.
double LogGap(double r);

// log n! - log(sqrt(2 pi n) (n / e)^n), absolute accuracy 1e-14. REQUIRES: n is whole and >= 1.
double StirlingError(double n);

// P(Z >= z), Z standard normal: relative accuracy 1e-14 up to z = 37, 0 from there.
double NormalTail(double z);

// Sine within 2 ulp. REQUIRES: 0 <= x <= pi / 2.
double SineOfQuarter(double x);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_SPECIAL_H_

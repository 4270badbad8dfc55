// The laws of the Cramer-von Mises statistic. Internal to drift/. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_CRAMER_VON_MISES_H_
#define FIRETOWER_CORE_DRIFT_CRAMER_VON_MISES_H_

#include <cstdint>

namespace firetower::drift {

// P(W >= w), W the limit law of the one-sample statistic; relative accuracy 1e-12 where it is below
// 1e-3. About 130 terms for w > 1. REQUIRES: w >= 0.003. Source: Smirnov's formula as in Durbin
// (1973), Distribution theory for tests based on the sample distribution function, section 4.4.
double CramerVonMisesLimitTail(double w);

// P(zeta >= least) of two samples of n and m rows of one continuous law, zeta = the sum over the
// pooled rows of ((F - G) lcm(n, m))^2. REQUIRES: n, m >= 1, n m <= kMaxCramerVonMisesCells.
// O(n m x distinct sums). Source: Xiao, Gordon and Yakovlev (2006), A C++ program for the
// Cramer-von Mises two-sample test.
inline constexpr uint64_t kMaxCramerVonMisesCells = 400;
double CramerVonMisesExactTail(uint64_t n, uint64_t m, int64_t least);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_CRAMER_VON_MISES_H_

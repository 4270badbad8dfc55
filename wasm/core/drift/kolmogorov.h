// The laws of the Kolmogorov-Smirnov statistic. Internal to drift/.
//
// Sources: Simard and L'Ecuyer (2011), Computing the two-sided Kolmogorov-Smirnov distribution,
// with the methods it chooses from: Marsaglia, Tsang and Wang (2003) for Durbin's matrix, Pelz and
// Good (1976), Miller (1956); Hodges (1958), The significance probability of the Smirnov two-sample
// test. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_KOLMOGOROV_H_
#define FIRETOWER_CORE_DRIFT_KOLMOGOROV_H_

#include <cstdint>

namespace firetower::drift {

// P(D_n >= distance) of one sample of `rows` rows against the law it comes from, two-sided:
// scipy.stats.kstwo.sf to 1e-10 relative. Both are within 1e-13 of the law up to 140 rows, beyond
// within 0.1 / rows^2 + 5e-8 where rows * distance^2 is about 2.2 or less, and relatively as near
// as exp(-6 rows * distance^2) above. REQUIRES: rows >= 1. Below 0.3 ms.
double KolmogorovTail(double distance, uint64_t rows);

// P(D_nm >= steps / lcm(n, m)) of two samples of n and m rows of one continuous law. O(n) where
// n = m, else O(n m steps / lcm). REQUIRES: n, m >= 1.
double SmirnovTail(uint64_t n, uint64_t m, uint64_t steps);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_KOLMOGOROV_H_

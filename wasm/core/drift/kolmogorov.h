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
// scipy.stats.kstwo.sf, which is accurate to about 1e-10 where rows > 140 and
// rows * distance^2 < 2.2. REQUIRES: rows >= 1. At most 1,000 or so terms; up to 2 ms for fewer
// than 5,000 rows.
double KolmogorovTail(double distance, uint64_t rows);

// P(D_nm >= steps / lcm(n, m)) of two samples of n and m rows of one continuous law. O(n) where
// n = m, else O(n m steps / lcm). REQUIRES: n, m >= 1.
double SmirnovTail(uint64_t n, uint64_t m, uint64_t steps);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_KOLMOGOROV_H_

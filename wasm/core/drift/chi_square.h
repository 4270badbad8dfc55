// The chi-square distribution's upper tail, and its inverse, for whole degrees of freedom, as a
// finite sum of positive terms: nothing cancels. (Boost.Math's incomplete gamma gives the same and
// costs 33 KB of WebAssembly.)
//
// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4 and 26.4.5.
// Thread-safety: pure function.
#ifndef FIRETOWER_CORE_DRIFT_CHI_SQUARE_H_
#define FIRETOWER_CORE_DRIFT_CHI_SQUARE_H_

#include <cstddef>

namespace firetower::drift {

// P(X >= statistic) for X chi-square distributed; relative accuracy 1e-10 down to 1e-295, 0
// below 1e-300; the same on every machine. O(degrees), does not allocate. REQUIRES: statistic >= 0
// and finite, degrees >= 1.
double ChiSquareTail(double statistic, size_t degrees);

// The statistic whose upper tail is `tail`; relative accuracy 1e-12. O(degrees), does not allocate.
// REQUIRES: 1e-12 <= tail < 1, degrees >= 1.
double ChiSquareQuantile(double tail, size_t degrees);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_CHI_SQUARE_H_

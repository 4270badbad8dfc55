// log(1 + x) from additions, multiplications and divisions only, so that every compiler and
// WebAssembly give the same bits; the standard libraries' log1p differ from each other in the last
// place. Within 2 ulp of the true value.
//
// Method: 1 + x = 2^k m with sqrt(1/2) <= m < sqrt(2), log m = 2 atanh((m - 1) / (m + 1)) by its
// series (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.1.28 and 4.6.22), and the
// rounding error of 1 + x put back to first order.
#ifndef FIRETOWER_CORE_FEATURES_LOG1P_H_
#define FIRETOWER_CORE_FEATURES_LOG1P_H_

namespace firetower::features {

// REQUIRES: x is finite and > -1. Does not allocate.
double PortableLog1p(double x);

}  // namespace firetower::features

#endif  // FIRETOWER_CORE_FEATURES_LOG1P_H_

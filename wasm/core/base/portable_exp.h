// The exponential function in basic operations only (+, -, *, and exact scaling by powers of two),
// which IEEE 754 rounds alike everywhere: see portable_log.h for why.
//
// Method: x = k ln 2 + r with |r| <= ln(2) / 2, exp r by its power series. Thread-safety: pure
// functions.
#ifndef FIRETOWER_CORE_BASE_PORTABLE_EXP_H_
#define FIRETOWER_CORE_BASE_PORTABLE_EXP_H_

namespace firetower {

// Within 4 ulp; below -708 it is 0. REQUIRES: x <= 709, not NaN. Does not allocate.
double PortableExp(double x);

// 1 / (1 + exp(-x)), the logistic function, for any x; NaN for NaN. Within 6 ulp; below -708 it is
// 0. Does not allocate.
double PortableExpit(double x);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_PORTABLE_EXP_H_

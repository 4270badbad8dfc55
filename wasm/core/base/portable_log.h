// The natural logarithm in basic operations only (+, -, *, /), which IEEE 754 rounds alike
// everywhere: the standard library's differs by an ulp between machines, and what must be the same
// everywhere may not depend on it.
//
// Method: x = m 2^e with sqrt(1/2) <= m < sqrt(2), log m = 2 artanh((m - 1) / (m + 1)) by its
// series (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.1.27). Thread-safety: pure
// function.
#ifndef FIRETOWER_CORE_BASE_PORTABLE_LOG_H_
#define FIRETOWER_CORE_BASE_PORTABLE_LOG_H_

namespace firetower {

// Within 4 ulp. REQUIRES: x is positive, finite and normal. Does not allocate.
double PortableLog(double x);

}  // namespace firetower

#endif  // FIRETOWER_CORE_BASE_PORTABLE_LOG_H_

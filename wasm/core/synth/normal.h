// The normal quantile in basic operations only (+, -, *, /, sqrt), which IEEE 754 rounds alike
// everywhere (core/base/portable_log.h): generated rows must not differ between machines.
//
// Source: Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution",
// Applied Statistics 37, PPND16 (relative accuracy about 1e-16). Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_SYNTH_NORMAL_H_
#define FIRETOWER_CORE_SYNTH_NORMAL_H_

namespace firetower::synth {

// z with P(Z <= z) = p for a standard normal Z. REQUIRES: 0 < p < 1, and p normal. Does not
// allocate.
double NormalQuantile(double p);

}  // namespace firetower::synth

#endif  // FIRETOWER_CORE_SYNTH_NORMAL_H_

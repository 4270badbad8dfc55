// Terms x ln(x / y) of distances and likelihood ratios without the cancellation of writing them so:
// near y the logarithm's terms of first order are left out where a sum over all bins has none.
// Internal to core/drift. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_LOG_TERMS_H_
#define FIRETOWER_CORE_DRIFT_LOG_TERMS_H_

namespace firetower::drift {

// observed ln(observed / expected) - apart, 0 ln 0 = 0, with apart = observed - expected as exactly
// as the caller knows it; never negative, relative accuracy 1e-14 beside apart's. Source: bd0 of
// Loader (2000), "Fast and accurate computation of binomial probabilities". REQUIRES: observed >=
// 0, expected > 0.
double Deviance(double observed, double expected, double apart);

// (p ln(2p / (p + q)) + q ln(2q / (p + q))) / 2 for p, q >= 0: a bin's part of the Jensen-Shannon
// divergence, in nats; never negative, relative accuracy 1e-14.
double JensenShannonTerm(double p, double q);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_LOG_TERMS_H_

// Two-sample tests and distances of numbers, from a Tally. Agreement with scipy 1.10.1: distances
// to 1e-12 relative, p-values to 1e-9 (tests/golden/drift_test.py). Every function is O(distinct
// values) except the exact p-values, which say what they cost.
//
//   const TestResult ks = KolmogorovSmirnov(tally);   // statistic, p_value, effect [low, high]
//
// A sample without rows gives NaN throughout. Thread-safety: pure functions.
#ifndef FIRETOWER_CORE_DRIFT_TWO_SAMPLE_H_
#define FIRETOWER_CORE_DRIFT_TWO_SAMPLE_H_

#include <cstdint>

#include "core/drift/tally.h"

namespace firetower::drift {

struct TestResult {
  double statistic = 0;
  double p_value = 1;  // Two-sided. NaN: the test has none here (say why in a note of the caller).
  bool exact = false;  // The p-value is exact, not asymptotic.
  bool clipped = false;  // Anderson-Darling: p is at the end of its table (<= .001 or >= .25).
};

// How a p-value is worked out. kAuto: exact where scipy's 'auto' is.
enum class PMethod : int32_t { kAuto = 0, kExact = 1, kAsymptotic = 2 };

// --- tests

struct KsResult : TestResult {
  double location = 0;  // Value at which the distance is largest.
  int sign = 0;         // +1: reference ECDF above current's there (current values are larger).
};
// scipy.stats.ks_2samp, two-sided. Exact for max(n, m) <= 10000 under kAuto, and while
// lcm(n, m) / gcd(n, m) < 2^31 under kExact: O(n m distance), product formula where n = m;
// asymptotic: survival of kstwo at round(nm/(n+m)). The location is the first where there are
// several. Source: Hodges (1958); Simard and L'Ecuyer (2011). With ties conservative.
KsResult KolmogorovSmirnov(const Tally& tally, PMethod method = PMethod::kAuto);
// scipy.stats.cramervonmises_2samp, its limit law to full accuracy (scipy's sum of it ends early
// and is off by up to 1e-6 where the statistic is large). Exact for max(n, m) <= 20 under kAuto
// and, for n m <= 400, under kExact. With many ties and n != m scipy's statistic is too large
// whatever the law: verdicts need CramerVonMisesWithTies. NaN with fewer than two rows on a side.
TestResult CramerVonMises(const Tally& tally, PMethod method = PMethod::kAuto);
// scipy.stats.anderson_ksamp(midrank=True), k = 2; p clipped to [.001, .25]. All values equal, or
// fewer than four rows: NaN.
TestResult AndersonDarling(const Tally& tally);
// p_value and clipped of a normalised statistic: log alpha as a quadratic, least squares through
// table 2 of Scholz and Stephens (1987), m = 1, alpha .25, .1, .05, .025, .01, .005 and .001 at
// .325, 1.226, 1.961, 2.718, 3.752, 4.592 and 6.546.
void SetAndersonDarlingP(double statistic, TestResult* result);
struct MannWhitneyResult : TestResult {
  double auc = 0;      // P(reference < current) + P(=)/2: the column as a domain classifier.
  double auc_low = 0;  // DeLong 95 % interval (logit scale), as metrics::RocAuc.
  double auc_high = 0;
};
// scipy.stats.mannwhitneyu(reference, current); statistic is U1. Exact for min(n, m) <= 8 without
// ties under kAuto, and where that takes no more than 4e9 steps under kExact: O(min(n, m) n m).
MannWhitneyResult MannWhitney(const Tally& tally, PMethod method = PMethod::kAuto);
struct WelchResult : TestResult {
  double degrees = 0;
  double mean_difference = 0;  // current - reference
  double low = 0, high = 0;    // Its 95 % interval.
};
// scipy.stats.ttest_ind(equal_var=False); t as scipy's (reference - current). NaN with fewer than
// two rows on a side or all values equal.
WelchResult Welch(const Tally& tally);
// Difference of the share of missing rows: pooled Z, two-sided; both shares 0 or 1: p = 1.
TestResult MissingRate(const Tally& tally);

// --- distances

double Wasserstein(const Tally& tally);  // scipy.stats.wasserstein_distance
// Wasserstein over the reference's robust spread IQR / 1.349, or its standard deviation (ddof 0)
// where that is 0; NaN with a constant reference (spread says which was used).
struct NormalisedDistance {
  double value = 0;
  double spread = 0;
  enum class Unit : int32_t { kIqr = 0, kStandardDeviation = 1, kNone = 2 } unit = Unit::kIqr;
};
NormalisedDistance NormalisedWasserstein(const Tally& tally);
double Energy(const Tally& tally);  // scipy.stats.energy_distance

// --- moments of one side
struct Moments {
  double mean = 0;
  double standard_deviation = 0;  // ddof 0
  double minimum = 0, maximum = 0;
  double median = 0;  // Linear interpolation, as numpy.quantile.
  double lower_quartile = 0, upper_quartile = 0;
};
enum class Side : int32_t { kReference = 0, kCurrent = 1 };
Moments MomentsOf(const Tally& tally, Side side);

// The effect of drift in units of the reference's standard deviation: (mean current - mean
// reference) / sd, with its 95 % interval (Welch's of the difference over the reference's sd). NaN
// with a constant reference.
struct Effect {
  double value = 0;
  double low = 0;
  double high = 0;
};
Effect StandardisedMeanDifference(const Tally& tally);
// sup |F - G| with a 95 % interval by the Dvoretzky-Kiefer-Wolfowitz-Massart bound of both ECDFs,
// cut to 0..1.
Effect KsEffect(const Tally& tally);

}  // namespace firetower::drift

#endif  // FIRETOWER_CORE_DRIFT_TWO_SAMPLE_H_

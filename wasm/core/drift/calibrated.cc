#include "core/drift/calibrated.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/drift/categorical.h"
#include "core/drift/cramer_von_mises.h"
#include "core/drift/distances.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Pooled(const Tally& tally, size_t i) {
  return static_cast<double>(tally.reference[i]) + static_cast<double>(tally.current[i]);
}

}  // namespace

TestResult CramerVonMisesWithTies(const Tally& tally) {
  const uint64_t rows = tally.reference_rows + tally.current_rows;
  if (tally.reference_rows < 2 || tally.current_rows < 2 || tally.values.size() == rows) {
    return CramerVonMises(tally);
  }
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  const double all = n + m;
  const double nm = n * m;
  // H: share of the pooled rows up to a value; w: at it. The covariance of F - G at two values is
  // proportional to min(H, H') - H H'.
  uint64_t reference_below = 0;
  uint64_t below = 0;
  double squares = 0.0;
  double mean = 0.0;
  double square_of_h = 0.0;  // Sum of w H^2 over the values before.
  double covariances = 0.0;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    reference_below += tally.reference[i];
    below += uint64_t{tally.reference[i]} + tally.current[i];
    const double weight = Pooled(tally, i) / all;
    const double h = static_cast<double>(below) / all;
    const double rest = static_cast<double>(rows - below) / all;
    const double f = static_cast<double>(reference_below) / n;
    const double g = static_cast<double>(below - reference_below) / m;
    squares += weight * (f - g) * (f - g);
    mean += weight * h * rest;
    covariances += weight * rest * rest * (2.0 * square_of_h + weight * h * h);
    square_of_h += weight * h * h;
  }
  TestResult result;
  result.statistic = nm / all * squares;
  if (mean == 0.0) return result;
  mean *= all / (all - 1.0);
  // Without ties the sum of covariances is 1/90, the limit's variance 1/45, and of n and m rows:
  const double variance = (all + 1.0) * (4.0 * nm * all - 3.0 * (n * n + m * m) - 2.0 * nm) /
                          (45.0 * all * all * 4.0 * nm);
  const double stretch = std::sqrt(45.0 * variance * 90.0 * covariances);
  const double normalised = 1.0 / 6.0 + (result.statistic - mean) / stretch;
  constexpr double kLeast = 0.003;
  result.p_value = normalised < kLeast ? 1.0 : CramerVonMisesLimitTail(normalised);
  return result;
}

TestResult AndersonDarlingWithTies(const Tally& tally) {
  TestResult result = AndersonDarling(tally);
  const uint64_t rows = tally.reference_rows + tally.current_rows;
  if (std::isnan(result.p_value) || tally.values.size() == rows) return result;
  const double all = static_cast<double>(rows);
  // Squares of the correlations of the mid-counts at two values, weighted by the rows at both: half
  // the variance of the statistic.
  double squares = 0.0;
  double before = 0.0;
  double below = 0.0;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    const double at = Pooled(tally, i) / all;
    const double middle = below + 0.5 * at;
    const double variance = middle * (1.0 - middle) - 0.25 * at;
    squares += at * at + 2.0 * at * (1.0 - middle) * (1.0 - middle) / variance * before;
    before += at * middle * middle / variance;
    below += at;
  }
  constexpr double kPi = std::numbers::pi;
  constexpr double kWithoutTies = (kPi * kPi - 9.0) / 3.0;  // sum of 1 / (i (i + 1))^2
  SetAndersonDarlingP(result.statistic / std::sqrt(squares / kWithoutTies), &result);
  return result;
}

WelchResult WelchWhereNormal(const Tally& tally) {
  WelchResult result = Welch(tally);
  if (std::isnan(result.p_value)) return result;
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  double mean = 0.0;
  for (size_t i = 0; i < tally.values.size(); ++i)
    mean += tally.values[i] * (Pooled(tally, i) / (n + m));
  double square = 0.0;
  double cube = 0.0;
  for (size_t i = 0; i < tally.values.size(); ++i) {
    const double apart = tally.values[i] - mean;
    const double part = apart * apart * (Pooled(tally, i) / (n + m));
    square += part;
    cube += part * apart;
  }
  const double skewness = std::fabs(cube) / (square * std::sqrt(square));
  const double scale = 1.0 / n + 1.0 / m;
  const double of_difference =
      skewness * std::fabs(1.0 / (n * n) - 1.0 / (m * m)) / (scale * std::sqrt(scale));
  constexpr double kMost = 0.2;
  if (of_difference > kMost) result.p_value = kNaN;
  return result;
}

TestResult TestProportions(double reference_with, double reference_rows, double current_with,
                           double current_rows) {
  TestResult result = ProportionsZ(reference_with, reference_rows, current_with, current_rows);
  const double with = reference_with + current_with;
  const double rows = reference_rows + current_rows;
  const double rarer = std::min(with, rows - with);
  if (rarer * (std::min(reference_rows, current_rows) / rows) >= kLeastExpected) return result;
  const TestResult fisher = FisherExact(reference_with, reference_rows - reference_with,
                                        current_with, current_rows - current_with);
  result.p_value = fisher.p_value;
  result.exact = true;
  return result;
}

}  // namespace firetower::drift

#include "core/drift/from_counts.h"

#include <algorithm>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "core/base/portable_log.h"
#include "core/drift/categorical.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTail = 0.025;

struct Interval {
  double low = 0;
  double high = 0;
};

double Sum(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

// P(X >= statistic), or with `lower` P(X <= statistic), for a noncentral chi-square X.
double NoncentralTail(double statistic, double degrees, double noncentrality, bool lower) {
  namespace policies = boost::math::policies;
  using Policy = policies::policy<policies::domain_error<policies::ignore_error>,
                                  policies::pole_error<policies::ignore_error>,
                                  policies::overflow_error<policies::ignore_error>,
                                  policies::evaluation_error<policies::ignore_error>,
                                  policies::rounding_error<policies::ignore_error>,
                                  policies::promote_float<false>, policies::promote_double<false>>;
  const boost::math::non_central_chi_squared_distribution<double, Policy> distribution(
      degrees, noncentrality);
  return lower ? boost::math::cdf(distribution, statistic)
               : boost::math::cdf(boost::math::complement(distribution, statistic));
}

// The noncentrality at which a statistic is at the 97.5 % or 2.5 % point of its distribution; 0
// where even that is too much. The tail falls (lower) or rises with the noncentrality.
double NoncentralityAt(double statistic, double degrees, bool lower) {
  const auto beyond = [&](double noncentrality) {
    const double tail = NoncentralTail(statistic, degrees, noncentrality, lower);
    return lower ? tail < kTail : tail > kTail;
  };
  // About two standard deviations of the statistic to either side of the naive estimate; where that
  // is not far enough, twice as far.
  const double naive = std::max(0.0, statistic - degrees);
  double step = 2.0 * std::sqrt(2.0 * (degrees + 2.0 * naive));
  double low = naive;
  double high = naive;
  if (lower) {
    if (beyond(0.0)) return 0.0;
    for (high = naive + step; !beyond(high); high += step) {
      low = high;
      step *= 2.0;
    }
  } else {
    if (naive == 0.0 || beyond(0.0)) return 0.0;
    for (low = std::max(0.0, naive - step); low > 0.0 && beyond(low);
         low = std::max(0.0, low - step)) {
      high = low;
      step *= 2.0;
    }
  }
  // Nine digits: machines that differ in the last bit of the distribution still halve alike.
  constexpr double kClose = 1e-9;
  while (high - low > kClose * high) {
    const double middle = 0.5 * (low + high);
    (beyond(middle) ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

Interval Noncentrality(double statistic, double degrees) {
  return {.low = NoncentralityAt(statistic, degrees, false),
          .high = NoncentralityAt(statistic, degrees, true)};
}

// The variance of PSI by the delta method over what it is near no drift, 4 PSI (1/n + 1/m); at
// least 1. With p and q the shares, d PSI / dp = ln(p / q) + 1 - q / p, and the other way round.
double Overdispersion(std::span<const double> reference, std::span<const double> current, double n,
                      double m, double psi, size_t bins) {
  constexpr double kHalfRow = 0.5;
  const double added = kHalfRow * static_cast<double>(bins);
  double variance = 0.0;
  for (const bool of_reference : {true, false}) {
    double mean = 0.0;
    double square = 0.0;
    for (size_t b = 0; b < reference.size(); ++b) {
      if (reference[b] + current[b] == 0.0) continue;
      double p = (reference[b] + kHalfRow) / (n + added);
      double q = (current[b] + kHalfRow) / (m + added);
      if (!of_reference) std::swap(p, q);
      const double slope = PortableLog(p / q) + 1.0 - q / p;
      mean += p * slope;
      square += p * slope * slope;
    }
    variance += (square - mean * mean) / (of_reference ? n : m);
  }
  return std::max(1.0, variance / (4.0 * psi * (1.0 / n + 1.0 / m)));
}

}  // namespace

CountedKs KsFromCounts(std::span<const double> reference, std::span<const double> current) {
  // Counts over bins are a tally of as many values, all rows of a bin tied.
  Tally tally;
  for (size_t b = 0; b < reference.size(); ++b) {
    tally.values.push_back(static_cast<double>(b));
    tally.reference.push_back(static_cast<uint32_t>(std::llround(reference[b])));
    tally.current.push_back(static_cast<uint32_t>(std::llround(current[b])));
    tally.reference_rows += tally.reference.back();
    tally.current_rows += tally.current.back();
  }
  if (tally.reference_rows == 0 || tally.current_rows == 0) {
    return {.distance = kNaN, .upper = kNaN, .resolution = kNaN, .p_value = kNaN};
  }
  const double n = static_cast<double>(tally.reference_rows);
  const double m = static_cast<double>(tally.current_rows);
  CountedKs counted;
  double below_reference = 0.0;
  double below_current = 0.0;
  for (size_t b = 0; b < tally.values.size(); ++b) {
    // Within the bin one distribution function may rise before the other does.
    const double above_reference = below_reference + tally.reference[b];
    const double above_current = below_current + tally.current[b];
    counted.upper = std::max({counted.upper, above_reference / n - below_current / m,
                              above_current / m - below_reference / n});
    counted.resolution =
        std::max({counted.resolution, tally.reference[b] / n, tally.current[b] / m});
    below_reference = above_reference;
    below_current = above_current;
  }
  const KsResult ks = KolmogorovSmirnov(tally);
  counted.distance = ks.statistic;
  counted.edge = static_cast<size_t>(ks.location);
  counted.sign = ks.sign;
  counted.p_value = ks.p_value;
  counted.exact = ks.exact;
  counted.finer = counted.upper > counted.distance;
  return counted;
}

Effect EffectOfPsi(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  if (!(n > 0.0 && m > 0.0)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  size_t bins = 0;
  for (size_t b = 0; b < reference.size(); ++b) bins += reference[b] + current[b] > 0.0 ? 1u : 0u;
  if (bins < 2) return {};
  const double psi = Psi(reference, current, ZeroRule::kAddHalf);
  const double scale = n / (n + m) * m;
  const double degrees = static_cast<double>(bins - 1);
  const Interval found = Noncentrality(psi * scale, degrees);
  const double excess = std::max(0.0, psi - degrees / scale);
  Effect effect{.value = excess, .low = found.low / scale, .high = found.high / scale};
  if (excess > 0.0) {
    const double wider = std::sqrt(Overdispersion(reference, current, n, m, psi, bins));
    effect.low = std::max(0.0, excess - (excess - effect.low) * wider);
    effect.high = excess + (effect.high - excess) * wider;
  }
  return effect;
}

Effect EffectOfCramersV(std::span<const double> reference, std::span<const double> current) {
  const ContingencyResult pearson = ChiSquareContingency(reference, current, false);
  if (std::isnan(pearson.statistic)) return {.value = kNaN, .low = kNaN, .high = kNaN};
  if (pearson.degrees == 0.0) return {};
  const double rows = Sum(reference) + Sum(current);
  const Interval found = Noncentrality(pearson.statistic, pearson.degrees);
  const double value = CramersV(reference, current);
  const double most = LargestPhiSquared(pearson.degrees + 1.0, rows);
  const auto v = [&](double noncentrality) {
    return most > 0.0 ? std::min(1.0, std::sqrt(noncentrality / rows / most)) : 0.0;
  };
  return {
      .value = value, .low = std::min(value, v(found.low)), .high = std::max(value, v(found.high))};
}

}  // namespace firetower::drift

#include "core/drift/log_terms.h"

#include <cmath>

#include "core/base/portable_log.h"

namespace firetower::drift {
namespace {

constexpr double kNear = 0.25;  // |u| below which a series is used; it then has at most 14 terms.
constexpr double kEnough = 1e-18;

}  // namespace

double Deviance(double observed, double expected, double apart) {
  if (observed == 0.0) return expected;
  const double u = apart / (observed + expected);
  if (std::fabs(u) >= kNear) return observed * PortableLog(observed / expected) - apart;
  // ln(observed / expected) = 2 artanh u; what is left of first order is apart * u.
  const double square = u * u;
  double power = 2.0 * observed * u * square;
  double sum = apart * u + power / 3.0;
  for (double k = 5.0; std::fabs(power) > kEnough * sum; k += 2.0) {
    power *= square;
    sum += power / k;
  }
  return sum;
}

double JensenShannonTerm(double p, double q) {
  const double both = p + q;
  if (both == 0.0) return 0.0;
  const double u = (p - q) / both;
  const double square = u * u;
  if (std::fabs(u) < kNear) {
    // ((1 + u) ln(1 + u) + (1 - u) ln(1 - u)) / 2 = sum of u^2k / (2k (2k - 1)).
    double power = square;
    double sum = 0.0;
    for (double k = 2.0; power > kEnough * sum; k += 2.0) {
      sum += power / (k * (k - 1.0));
      power *= square;
    }
    return 0.5 * both * sum;
  }
  double sum = 0.0;
  if (p > 0.0) sum += p * PortableLog(2.0 * (p / both));
  if (q > 0.0) sum += q * PortableLog(2.0 * (q / both));
  return 0.5 * sum;
}

}  // namespace firetower::drift

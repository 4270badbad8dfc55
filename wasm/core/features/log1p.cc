#include "core/features/log1p.h"

#include <cmath>

namespace firetower::features {
namespace {

// ln 2 in two parts: the first has 33 significant bits, so that its product with any exponent is
// exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

// log(1 + f) for sqrt(1/2) - 1 <= f < sqrt(2) - 1. With s = f / (2 + f), f - s f = 2 s:
// log(1 + f) = f - s (f - 2 R) where R = s^2/3 + s^4/5 + ...; here |s| < 0.1716, so 11 terms reach
// 2^-60.
double LogNearOne(double f) {
  const double s = f / (2.0 + f);
  const double z = s * s;
  double sum = 0.0;
  for (int k = 23; k >= 3; k -= 2) sum = z * (1.0 / k + sum);
  return f - s * (f - 2.0 * sum);
}

}  // namespace

double PortableLog1p(double x) {
  constexpr double kLowerF = -0.29289321881345248;  // sqrt(1/2) - 1
  constexpr double kUpperF = 0.41421356237309503;   // sqrt(2) - 1
  if (x >= kLowerF && x < kUpperF) return LogNearOne(x);
  const double u = 1.0 + x;
  // What 1 + x lost in rounding, relative to u.
  const double lost = (x >= 1.0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
  int exponent = 0;
  double m = std::frexp(u, &exponent);  // [1/2, 1)
  if (m < 0.70710678118654757) {
    m *= 2.0;
    --exponent;
  }
  const double k = exponent;
  return k * kLn2High + (LogNearOne(m - 1.0) + (k * kLn2Low + lost));
}

}  // namespace firetower::features

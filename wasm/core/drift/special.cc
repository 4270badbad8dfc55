#include "core/drift/special.h"

#include <cmath>
#include <numbers>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"

namespace firetower::drift {

double LogGap(double r) {
  if (std::abs(r) > 0.1) return r - PortableLog(1.0 + r);
  // log(1 + r) = 2 (v + v^3 / 3 + v^5 / 5 + ...), and r - 2 v = r v.
  const double v = r / (2.0 + r);
  const double square = v * v;
  double term = 2.0 * v * square;
  double sum = r * v;
  for (double odd = 3.0; odd < 31.0; odd += 2.0) {
    const double next = sum - term / odd;
    if (next == sum) break;
    sum = next;
    term *= square;
  }
  return sum;
}

double StirlingError(double n) {
  if (n < 16.0) {
    constexpr double kLogSqrtTwoPi = 0.91893853320467274178;
    double factorial = 1.0;
    for (double i = 2.0; i <= n; ++i) factorial *= i;
    return PortableLog(factorial) - (n + 0.5) * PortableLog(n) + n - kLogSqrtTwoPi;
  }
  const double square = 1.0 / (n * n);
  return (1.0 / 12.0 -
          (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - square / 1188.0) * square) * square) *
              square) /
         n;
}

double NormalTail(double z) {
  if (z < 0.0) return 1.0 - NormalTail(-z);
  // exp(-z^2 / 2) with the square of z's leading 24 bits, which is exact, and the rest apart.
  const double leading = static_cast<double>(static_cast<float>(z < 40.0 ? z : 40.0));
  const double density = PortableExp(-0.5 * leading * leading) *
                         PortableExp(-0.5 * (z - leading) * (z + leading)) *
                         (0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
  constexpr double kFar = 2.5;
  if (z > 40.0) return 0.0;
  if (z < kFar) {
    // Abramowitz and Stegun 26.2.11: 1/2 - density (z + z^3 / 3 + z^5 / (3 5) + ...).
    double term = z;
    double sum = z;
    for (double odd = 3.0; term > 1e-18 * sum; odd += 2.0) {
      term *= z * z / odd;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // 26.2.14: density / (z + 1 / (z + 2 / (z + 3 / ...))), from the inside.
  double fraction = z;
  for (double k = 150.0; k >= 1.0; --k) fraction = z + k / fraction;
  return density / fraction;
}

double SineOfQuarter(double x) {
  const double square = x * x;
  double series = 1.0;  // The terms left out are below 2^-56 of the sum.
  for (double k = 22.0; k >= 2.0; k -= 2.0) series = 1.0 - series * square / (k * (k + 1.0));
  return x * series;
}

}  // namespace firetower::drift

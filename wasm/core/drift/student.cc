#include "core/drift/student.h"

#include <cmath>
#include <numbers>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"
#include "core/drift/special.h"

namespace firetower::drift {
namespace {

// Gamma(a + 1/2) / Gamma(a).
double GammaRatio(double a) {
  double below = 1.0;
  constexpr double kLarge = 16.0;
  for (; a < kLarge; a += 1.0) below *= a / (a + 0.5);
  // Stirling's series of both; a log(1 + 1 / (2 a)) - 1/2 is without cancellation.
  const auto series = [](double z) {
    const double square = 1.0 / (z * z);
    return (1.0 / 12.0 -
            (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - square / 1188.0) * square) * square) *
                square) /
           z;
  };
  return below * std::sqrt(a) * PortableExp(series(a + 0.5) - series(a) - a * LogGap(0.5 / a));
}

// (1 + r)^-power, r >= 0.
double Power(double r, double power) {
  const double log = r > 0.1 ? PortableLog(1.0 + r) : r - LogGap(r);
  return PortableExp(-power * log);
}

// Continued fraction of the incomplete beta function: I_x(a, b) over x^a y^b / B(a, b), y = 1 - x,
// for x < a / (a + b) (DiDonato and Morris 1992, equation 9), by Lentz's method as of Thompson and
// Barnett (1986). Its terms are made from y, which is small where a is large.
double BetaFraction(double x, double y, double a, double b) {
  constexpr int kMost = 20000;
  const double lambda = a * y - b * x;
  double c = a / (a + 1.0) * (lambda + 1.0);
  double d = 0.0;
  double fraction = c;
  for (int i = 1; i < kMost; ++i) {
    const double n = static_cast<double>(i);
    const double middle = a + 2.0 * n - 1.0;
    const double scaled = x / middle;
    const double alpha = (a + n - 1.0) * (a + b + n - 1.0) * n * (b - n) * scaled * scaled;
    const double beta =
        n + n * (b - n) * scaled + (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + y));
    d = 1.0 / (beta + alpha * d);
    c = beta + alpha / c;
    const double factor = c * d;
    fraction *= factor;
    if (std::abs(factor - 1.0) < 2e-16) break;
  }
  return 1.0 / fraction;
}

}  // namespace

double StudentTwoSidedTail(double t, double degrees) {
  const double square = t * t;
  if (std::isinf(square)) return 0.0;
  // I_x(degrees / 2, 1 / 2) with x = degrees / (degrees + t^2) = 1 / (1 + r).
  const double a = 0.5 * degrees;
  const double r = square / degrees;
  const double y = r / (1.0 + r);
  // x^a (1 - x)^(1/2) / B(a, 1/2)
  const double size = Power(r, a) * std::sqrt(y) * GammaRatio(a) * std::numbers::inv_sqrtpi;
  if (square > 3.0) return size * BetaFraction(1.0 / (1.0 + r), y, a, 0.5);
  // The other side by its series of positive terms, (a + 1/2)_n / (3/2)_n y^n.
  double term = 1.0;
  double sum = 1.0;
  for (double n = 0.0; term > 1e-18 * sum; ++n) {
    term *= (a + 0.5 + n) / (1.5 + n) * y;
    sum += term;
  }
  return 1.0 - 2.0 * size * sum;
}

double StudentQuantile95(double degrees) {
  // The tail is convex: Newton's steps from below, where the normal quantile is, stay below.
  double t = 1.959963984540054;
  const double a = 0.5 * degrees;
  const double peak = 2.0 * GammaRatio(a) / std::sqrt(degrees * std::numbers::pi);
  for (int i = 0; i < 60; ++i) {
    const double density = peak * Power(t * t / degrees, a + 0.5);
    const double step = (StudentTwoSidedTail(t, degrees) - 0.05) / density;
    t += step;
    if (std::abs(step) < 1e-14 * t) break;
  }
  return t;
}

}  // namespace firetower::drift

#include "core/drift/chi_square.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/portable_exp.h"
#include "core/base/portable_log.h"
#include "core/drift/special.h"

namespace firetower::drift {

double ChiSquareTail(double statistic, size_t degrees) {
  // With h = statistic / 2: for even degrees e^-h sum h^i / i!, i from 0; for odd ones
  // erfc(sqrt h) + e^-h sum h^(i - 1/2) / Gamma(i + 1/2), i from 1; degrees / 2 terms (rounded
  // down).
  const double h = 0.5 * statistic;
  const bool odd = degrees % 2 == 1;
  const double first = odd ? 0.5 : 0.0;  // Of the divisors that make a term from the one before.
  constexpr double kBig = 0x1p900;
  constexpr double kLogBig = 900.0 * std::numbers::ln2;
  double term = odd ? 2.0 * std::sqrt(h) * std::numbers::inv_sqrtpi : 1.0;
  double sum = 0.0;
  double log_scale = 0.0;  // The terms are e^log_scale times larger than they stand here.
  for (size_t i = 1; i <= degrees / 2; ++i) {
    sum += term;
    term *= h / (static_cast<double>(i) + first);
    if (term > kBig) {
      term /= kBig;
      sum /= kBig;
      log_scale += kLogBig;
    }
  }
  const double tail = sum > 0.0 ? PortableExp(log_scale - h + PortableLog(sum)) : 0.0;
  return std::min(1.0, tail + (odd ? 2.0 * NormalTail(std::sqrt(statistic)) : 0.0));
}

double ChiSquareQuantile(double tail, size_t degrees) {
  double low = 0.0;
  double high = static_cast<double>(degrees);
  while (ChiSquareTail(high, degrees) > tail) {
    low = high;
    high *= 2.0;
  }
  constexpr double kClose = 1e-15;
  while (high - low > kClose * high) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (ChiSquareTail(middle, degrees) > tail ? low : high) = middle;
  }
  return high;
}

}  // namespace firetower::drift

#include "core/base/portable_exp.h"

#include <cmath>

namespace firetower {
namespace {

// ln 2 in two parts: the first has 33 significant bits, so that its product with k is exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

}  // namespace

double PortableExp(double x) {
  if (x < -708.0) return 0.0;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double series = 1.0;  // |r| < 0.3466: the terms left out are below 2^-58.
  for (int n = 13; n >= 1; --n) series = 1.0 + series * r / n;
  return std::ldexp(series, static_cast<int>(k));
}

double PortableExpit(double x) {
  if (std::isnan(x)) return x;
  // Where 1 is nothing beside exp(-x), which would overflow further down.
  if (x < -40.0) return PortableExp(x);
  return 1.0 / (1.0 + PortableExp(-x));
}

}  // namespace firetower

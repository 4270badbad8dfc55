#include "core/base/portable_log.h"

#include <cstdint>
#include <cstring>

namespace firetower {

double PortableLog(double x) {
  uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof bits);
  int64_t exponent = static_cast<int64_t>(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffu) | (uint64_t{1023} << 52);
  double m = 0.0;
  std::memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double square = s * s;
  double series = 0.0;  // |s| < 0.1716: the terms left out are below 2^-56 of the sum.
  for (int k = 21; k >= 1; k -= 2) series = series * square + 1.0 / k;
  return static_cast<double>(exponent) * 0.6931471805599453 + 2.0 * s * series;
}

}  // namespace firetower

#include "core/base/shortest.h"

#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace firetower {

void AppendShortest(double value, std::string* out) {
  if (value != value) {
    *out += "nan";
    return;
  }
  if (std::signbit(value)) *out += '-';
  value = std::fabs(value);
  if (value == 0.0 || std::isinf(value)) {
    *out += value == 0.0 ? "0" : "inf";
    return;
  }
  const auto decimal = fmt::detail::dragonbox::to_decimal(value);
  char buffer[20];
  char* const end = buffer + sizeof buffer;
  char* digits = end;
  for (uint64_t rest = decimal.significand; rest != 0; rest /= 10) {
    *--digits = static_cast<char>('0' + rest % 10);
  }
  const auto count = static_cast<size_t>(end - digits);
  const int exponent = decimal.exponent + static_cast<int>(count) - 1;  // Of the first digit.
  if (exponent < -4 || exponent >= 16) {
    *out += digits[0];
    if (count > 1) {
      *out += '.';
      out->append(digits + 1, count - 1);
    }
    *out += exponent < 0 ? "e-" : "e+";
    const int size = exponent < 0 ? -exponent : exponent;
    if (size < 10) *out += '0';
    *out += std::to_string(size);
  } else if (exponent < 0) {
    *out += "0.";
    out->append(static_cast<size_t>(-exponent - 1), '0');
    out->append(digits, count);
  } else {
    const auto before = static_cast<size_t>(exponent + 1);  // Digits before the point.
    if (before >= count) {
      out->append(digits, count);
      out->append(before - count, '0');
    } else {
      out->append(digits, before);
      *out += '.';
      out->append(digits + before, count - before);
    }
  }
}

}  // namespace firetower

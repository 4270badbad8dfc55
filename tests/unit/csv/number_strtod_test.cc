// 1,200,000 number strings, random and adversarial, bit for bit against the C library's strtod.
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/base/random.h"
#include "core/csv/number.h"

namespace firetower::csv {
namespace {

constexpr int kPerKind = 200000;

uint64_t Bits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

double FromBits(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

void ExpectSame(std::string text) {
  const double want = std::strtod(text.c_str(), nullptr);
  double got = 0.0;
  ASSERT_EQ(ParseCell(text, '.', &got), CellKind::kNumber) << text;
  ASSERT_EQ(Bits(got), Bits(want)) << text;
  const size_t point = text.find('.');
  if (point == text.npos) return;
  text[point] = ',';
  ASSERT_EQ(ParseCell(text, ',', &got), CellKind::kNumber) << text;
  ASSERT_EQ(Bits(got), Bits(want)) << text;
}

std::string Print(const char* format, double value) {
  char text[1200];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

double RandomFinite(Random& random) {
  for (;;) {
    const double value = FromBits(random.Next());
    if (value - value == 0.0) return value;
  }
}

std::string RandomDigits(Random& random, uint32_t most) {
  std::string digits;
  for (uint32_t n = random.Below(most + 1); n > 0; --n) {
    digits += static_cast<char>('0' + random.Below(10));
  }
  return digits;
}

TEST(ParseCellAgainstStrtod, AnyDoubleInAnyPrecision) {
  Random random(1);
  for (int i = 0; i < kPerKind; ++i) {
    char format[16];
    std::snprintf(format, sizeof(format), "%%.%ue", random.Below(20));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(Print(format, RandomFinite(random))));
  }
}

TEST(ParseCellAgainstStrtod, RandomDigitStrings) {
  Random random(2);
  for (int i = 0; i < kPerKind; ++i) {
    std::string text = random.Below(2) == 0 ? "-" : "";
    text += RandomDigits(random, 25);
    if (random.Below(4) != 0) text.append(".").append(RandomDigits(random, 25));
    text += static_cast<char>('0' + random.Below(10));
    if (random.Below(2) == 0)
      text.append("e").append(std::to_string(static_cast<int>(random.Below(700)) - 350));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(text));
  }
}

TEST(ParseCellAgainstStrtod, WhatFilesHold) {
  Random random(3);
  for (int i = 0; i < kPerKind; ++i) {
    const double value = (random.Uniform() - 0.5) * 100.0;
    ASSERT_NO_FATAL_FAILURE(ExpectSame(Print(random.Below(2) == 0 ? "%.15g" : "%.17g", value)));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(Print("%.2f", value * 1000.0)));
  }
}

// The exact decimal expansion of the point between two doubles, and the same a little up and down:
// the ties that only exact arithmetic decides.
TEST(ParseCellAgainstStrtod, HalfwayPoints) {
  Random random(4);
  for (int i = 0; i < kPerKind / 2; ++i) {
    const uint64_t mantissa = (uint64_t{1} << 52) | (random.Next() >> 12);
    const int exponent = static_cast<int>(random.Below(120)) - 60;
    // (2 m + 1) * 2^(e-1) has 54 bits: exact in long double nowhere, so it is printed from
    // integers.
    unsigned __int128 scaled = (static_cast<unsigned __int128>(mantissa) << 1) | 1;
    std::string digits;
    if (exponent >= 0) {
      scaled <<= exponent;
      for (; scaled > 0; scaled /= 10)
        digits.insert(0, 1, static_cast<char>('0' + static_cast<int>(scaled % 10)));
    } else {
      // x / 2^k = x * 5^k / 10^k, multiplied in decimal.
      for (unsigned __int128 rest = scaled; rest > 0; rest /= 10) {
        digits.insert(0, 1, static_cast<char>('0' + static_cast<int>(rest % 10)));
      }
      for (int k = 0; k < -exponent; ++k) {
        int carry = 0;
        for (size_t d = digits.size(); d-- > 0;) {
          const int product = (digits[d] - '0') * 5 + carry;
          digits[d] = static_cast<char>('0' + product % 10);
          carry = product / 10;
        }
        if (carry > 0) digits.insert(0, 1, static_cast<char>('0' + carry));
      }
      const size_t places = static_cast<size_t>(-exponent);
      if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
      digits.insert(digits.size() - places, 1, '.');
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSame(digits));
    if (digits.find('.') == digits.npos) digits += ".0";
    ASSERT_NO_FATAL_FAILURE(ExpectSame(digits + "00000000000000000001"));
    if (digits.back() == '0') continue;
    digits.back() = static_cast<char>(digits.back() - 1);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(digits + "99999999999999999999"));
  }
}

TEST(ParseCellAgainstStrtod, EdgesOfTheRange) {
  Random random(5);
  for (int i = 0; i < kPerKind / 2; ++i) {
    // Subnormals and the smallest normals.
    ASSERT_NO_FATAL_FAILURE(
        ExpectSame(Print("%.25e", FromBits(random.Next() >> (11 + random.Below(53))))));
    // The largest doubles, and what lies beyond.
    std::string text = std::to_string(random.Below(20)) + "." + RandomDigits(random, 20) + "1e" +
                       std::to_string(300 + random.Below(15));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(text));
  }
  for (const char* text : {"1.7976931348623157e308",
                           "1.7976931348623158e308",
                           "1.7976931348623159e308",
                           "1.797693134862315807e308",
                           "1e308",
                           "1e309",
                           "1e400",
                           "-1e400",
                           "1e99999999999999999999",
                           "2.2250738585072011e-308",
                           "2.2250738585072014e-308",
                           "4.9406564584124654e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "1e-400",
                           "-1e-400",
                           "1e-99999999999999999999",
                           "0e999999999999",
                           "-0.0",
                           "0.000000000000000000000000000000000000000001e42",
                           "9007199254740993",
                           "9007199254740992.5",
                           "9007199254740993.0000000000000000000001",
                           "8.988465674311580536566680e307",
                           "6929495644600919.5",
                           "3.518437208883201171875e13"}) {
    ASSERT_NO_FATAL_FAILURE(ExpectSame(text));
  }
}

TEST(ParseCellAgainstStrtod, LongStrings) {
  Random random(6);
  for (int i = 0; i < kPerKind / 10; ++i) {
    std::string text = std::string(random.Below(400), '0').insert(0, "0.");
    text.append("1").append(RandomDigits(random, 800));
    if (random.Below(2) == 0) text.append("e").append(std::to_string(random.Below(600)));
    ASSERT_NO_FATAL_FAILURE(ExpectSame(text));
    ASSERT_NO_FATAL_FAILURE(
        ExpectSame(std::string(random.Below(50), '0') + "9" + RandomDigits(random, 400)));
  }
}

}  // namespace
}  // namespace firetower::csv

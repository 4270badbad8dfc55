#include "core/base/shortest.h"

#include <gtest/gtest.h>

#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY
#endif
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "core/base/random.h"

namespace firetower {
namespace {

std::string Shortest(double value) {
  std::string text = "x";
  AppendShortest(value, &text);
  return text.substr(1);
}

TEST(ShortestTest, ByHand) {
  EXPECT_EQ(Shortest(0.1), "0.1");
  EXPECT_EQ(Shortest(1.0), "1");
  EXPECT_EQ(Shortest(-0.0), "-0");
  EXPECT_EQ(Shortest(1234.5), "1234.5");
  EXPECT_EQ(Shortest(0.0001), "0.0001");
  EXPECT_EQ(Shortest(0.00001), "1e-05");
  EXPECT_EQ(Shortest(1e15), "1000000000000000");
  EXPECT_EQ(Shortest(1e16), "1e+16");
  EXPECT_EQ(Shortest(5e-324), "5e-324");
  EXPECT_EQ(Shortest(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(Shortest(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(Shortest(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(Shortest(std::nan("")), "nan");
}

// Oracles: all of {fmt}, and strtod.
TEST(ShortestTest, IsFmtsAndReadsBack) {
  Random random(1);
  const auto check = [](double value) {
    const std::string text = Shortest(value);
    ASSERT_EQ(text, fmt::format("{}", value));
    ASSERT_LE(text.size(), 24u);
    const double back = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
  };
  for (int i = 0; i < 300000; ++i) {
    const uint64_t bits = random.Next();
    double value = 0.0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) check(value);
    check(random.Uniform());
    check(std::floor(std::ldexp(random.Uniform(), static_cast<int>(random.Below(70)))) /
          std::pow(10.0, random.Below(20)));
  }
  for (int exponent = -1074; exponent <= 1023; ++exponent) check(std::ldexp(1.0, exponent));
  for (int exponent = -323; exponent <= 308; ++exponent) {
    check(std::strtod(("1e" + std::to_string(exponent)).c_str(), nullptr));
  }
}

}  // namespace
}  // namespace firetower

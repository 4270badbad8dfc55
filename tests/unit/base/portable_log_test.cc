#include "core/base/portable_log.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace firetower {
namespace {

// Oracle: the standard library's log, which is within an ulp of the truth.
TEST(PortableLogTest, IsWithinFourUlpOfTheStandardLog) {
  Random random(1);
  for (int i = 0; i < 200000; ++i) {
    const double x =
        std::ldexp(0.5 + random.Uniform(), static_cast<int>(random.Below(2000)) - 1000);
    const double expected = std::log(x);
    const double ulp = std::nextafter(std::fabs(expected), INFINITY) - std::fabs(expected);
    EXPECT_LE(std::fabs(PortableLog(x) - expected), 4.0 * ulp) << x;
  }
}

}  // namespace
}  // namespace firetower

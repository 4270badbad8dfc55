#include "core/stream/kswin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <vector>

namespace firetower::stream {
namespace {

// Every way that two samples of n values can be mixed, one bit per value.
TEST(EqualSizesKsPValueTest, IsTheShareOfMixturesAtLeastAsFarApart) {
  for (uint32_t n = 1; n <= 8; ++n) {
    std::vector<double> as_far(n + 1);
    double all = 0.0;
    for (uint32_t mixture = 0; mixture < (1u << (2 * n)); ++mixture) {
      if (static_cast<uint32_t>(std::popcount(mixture)) != n) continue;
      all += 1.0;
      int apart = 0;
      int most = 0;
      for (uint32_t i = 0; i < 2 * n; ++i) {
        apart += (mixture >> i & 1u) != 0 ? 1 : -1;
        most = std::max(most, std::abs(apart));
      }
      for (int d = 1; d <= most; ++d) as_far[static_cast<size_t>(d)] += 1.0;
    }
    for (uint32_t d = 1; d <= n; ++d) {
      EXPECT_NEAR(EqualSizesKsPValue(n, d) / (as_far[d] / all), 1.0, 1e-12) << n << " " << d;
    }
  }
}

// scipy 1.10.1: ks_2samp(range(30), [x + distance - 0.5 for x in range(30)], method="exact").pvalue
TEST(EqualSizesKsPValueTest, AgreesWithScipy) {
  EXPECT_NEAR(EqualSizesKsPValue(30, 11), 0.034580084963334506, 1e-15);
  EXPECT_NEAR(EqualSizesKsPValue(30, 17) / 8.737803591291227e-05, 1.0, 1e-12);
  EXPECT_NEAR(EqualSizesKsPValue(100, 30) / 0.0002248739317492479, 1.0, 1e-12);
}

}  // namespace
}  // namespace firetower::stream

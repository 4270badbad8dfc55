#include "core/stream/bernoulli_cusum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"

namespace firetower::stream {
namespace {

// Mean rows to an alarm at rate p, of `alarms` alarms. The rows between two events are drawn at
// once: their number is geometric, and without an event the sum moves in equal steps.
double MeanRunLength(double p, const BernoulliCusumOptions& options, int alarms, uint64_t seed) {
  Random random(seed);
  const double event = std::log(options.p1 / options.p0);
  const double no_event = std::log((1.0 - options.p1) / (1.0 - options.p0));
  const double log_no_event = std::log(1.0 - p);
  double rows = 0.0;
  double sum = 0.0;
  for (int found = 0; found < alarms;) {
    double gap = std::floor(std::log(1.0 - random.Uniform()) / log_no_event);
    if (no_event > 0.0) {
      for (double need = std::ceil((options.threshold - sum) / no_event);
           need <= gap && found < alarms; need = std::ceil(options.threshold / no_event)) {
        rows += need;
        gap -= need;
        sum = 0.0;
        ++found;
      }
    }
    sum = std::max(0.0, std::max(0.0, sum + gap * no_event) + event);
    rows += gap + 1.0;
    if (sum >= options.threshold) {
      sum = 0.0;
      ++found;
    }
  }
  return rows / alarms;
}

// Brute force: the largest log-likelihood ratio of p1 against p0 over all stretches of rows that
// end now (the empty one has 0), since the last alarm.
TEST(BernoulliCusumTest, IsTheLargestLikelihoodRatioOfTheRowsThatEndNow) {
  Random random(2);
  for (const auto& [p0, p1] : {std::pair(0.1, 0.2), std::pair(0.2, 0.05), std::pair(0.6, 0.9)}) {
    BernoulliCusum cusum({.p0 = p0, .p1 = p1, .threshold = 2.5});
    std::vector<bool> rows;
    uint64_t alarms = 0;
    for (int i = 0; i < 3000; ++i) {
      const bool event = random.Uniform() < (i < 1500 ? p0 : p1);
      rows.push_back(event);
      double largest = 0.0;
      double ratio = 0.0;
      for (size_t back = rows.size(); back-- > 0;) {
        ratio += rows[back] ? std::log(p1 / p0) : std::log((1.0 - p1) / (1.0 - p0));
        largest = std::max(largest, ratio);
      }
      const bool alarm = cusum.Update(event);
      ASSERT_NEAR(cusum.sum(), largest, 1e-9) << i;
      ASSERT_EQ(cusum.rows(), rows.size());
      ASSERT_EQ(alarm, largest >= 2.5) << i;
      if (alarm) {
        ++alarms;
        rows.clear();
      }
      ASSERT_EQ(cusum.alarms(), alarms);
    }
    EXPECT_GT(alarms, 5u);
  }
}

TEST(BernoulliCusumTest, GoesOnFromAStateThatWasKept) {
  const BernoulliCusumOptions options = {.p0 = 0.05, .p1 = 0.1, .threshold = 3.0};
  BernoulliCusum whole(options);
  BernoulliCusum first(options);
  Random random(4);
  for (int i = 0; i < 5000; ++i) {
    const bool event = random.Uniform() < 0.08;
    EXPECT_EQ(whole.Update(event), first.Update(event));
    if (i % 100 == 99) {
      BernoulliCusum next(options);
      next.Restore(first.sum(), first.rows(), first.alarms());
      first = next;
    }
    EXPECT_EQ(whole.sum(), first.sum());
    EXPECT_EQ(whole.rows(), first.rows());
    EXPECT_EQ(whole.alarms(), first.alarms());
  }
  EXPECT_GT(whole.alarms(), 10u);
}

TEST(BernoulliCusumTest, RefusesOptionsThatAreNone) {
  EXPECT_TRUE(CheckOptions({}).ok());
  EXPECT_TRUE(CheckOptions({.p0 = 0.0017, .p1 = 0.0008, .threshold = 1e-3}).ok());
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<BernoulliCusumOptions> wrong = {{.p0 = 0.0},
                                                    {.p0 = 1.0},
                                                    {.p0 = kNaN},
                                                    {.p0 = -0.1},
                                                    {.p1 = 0.0},
                                                    {.p1 = 1.0},
                                                    {.p1 = kNaN},
                                                    {.p0 = 0.02, .p1 = 0.02},
                                                    {.threshold = 0.0},
                                                    {.threshold = kNaN},
                                                    {.threshold = kInfinity},
                                                    {.threshold = -1.0}};
  for (const BernoulliCusumOptions& options : wrong) {
    const Status status = CheckOptions(options);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kBadArgument);
    EXPECT_FALSE(status.error().message.empty());
  }
}

// Without the recursion: run lengths simulated, 2,000 of each (one standard error is 2.2 %).
TEST(CusumThresholdTest, GivesTheRunLengthPromised) {
  for (const double run_length : {1e4, 1e5}) {
    for (const double p0 : {0.0017, 0.01, 0.1}) {
      const double threshold = CusumThreshold(p0, 2.0 * p0, run_length);
      const double measured =
          MeanRunLength(p0, {.p0 = p0, .p1 = 2.0 * p0, .threshold = threshold}, 2000, 1);
      EXPECT_NEAR(measured / run_length, 1.0, 0.12) << p0 << " " << run_length;
    }
  }
}

TEST(CusumThresholdTest, GivesTheRunLengthPromisedForFallsAndOtherRates) {
  struct Case {
    double p0, p1, run_length;
  };
  for (const Case& each :
       {Case{0.0017, 0.00085, 1e5}, Case{0.1, 0.05, 1e4}, Case{0.03, 0.039, 1e5},
        Case{1e-5, 2e-5, 1e6}, Case{0.3, 0.39, 1e4}, Case{0.5, 0.25, 1e4}, Case{0.9, 0.95, 1e4}}) {
    const double threshold = CusumThreshold(each.p0, each.p1, each.run_length);
    const double measured =
        MeanRunLength(each.p0, {.p0 = each.p0, .p1 = each.p1, .threshold = threshold}, 2000, 2);
    EXPECT_NEAR(measured / each.run_length, 1.0, 0.12) << each.p0 << " " << each.p1;
  }
}

// Where both steps are equally long the sum is a walk on 0 .. n that stays at 0 instead of falling
// below. Oracle: the n linear equations of its mean run length, solved by elimination.
TEST(CusumThresholdTest, IsExactWhereTheStepsAreWhole) {
  const double p0 = 0.25;  // log(p1 / p0) = log 3, log((1 - p1) / (1 - p0)) = -log 3 at p1 = 3/4.
  const double unit = std::log(3.0);
  double before = 0.0;
  for (int n = 1; n < 12; ++n) {
    // L(s) = 1 + p L(s + 1) + (1 - p) L(max(0, s - 1)), L(n) = 0, by elimination from s = 0 up:
    // L(s) = a + b L(s + 1).
    double a = 1.0 / p0;
    double b = 1.0;
    std::vector<std::pair<double, double>> lines = {{a, b}};
    for (int s = 1; s < n; ++s) {
      const double scale = 1.0 - (1.0 - p0) * b;
      a = (1.0 + (1.0 - p0) * a) / scale;
      b = p0 / scale;
      lines.emplace_back(a, b);
    }
    double length = 0.0;
    for (size_t s = lines.size(); s-- > 0;) length = lines[s].first + lines[s].second * length;
    if (length >= 100.0) {
      EXPECT_NEAR(CusumThreshold(p0, 0.75, 0.999 * length), (n - 0.5) * unit, 1e-9) << n;
      if (before >= 100.0) {
        EXPECT_NEAR(CusumThreshold(p0, 0.75, 1.001 * before), (n - 0.5) * unit, 1e-9) << n;
      }
    }
    before = length;
  }
  EXPECT_GT(before, 1e5);
}

TEST(CusumThresholdTest, RisesWithTheRunLengthAndIsHeldToItsRange) {
  double before = 0.0;
  for (double run_length = 1e3; run_length <= 1e9; run_length *= 10.0) {
    const double threshold = CusumThreshold(0.0017, 0.0034, run_length);
    EXPECT_GT(threshold, before);
    before = threshold;
  }
  EXPECT_EQ(CusumThreshold(0.0017, 0.0034, 1e12), before);
  EXPECT_EQ(CusumThreshold(0.1, 0.2, 1.0), CusumThreshold(0.1, 0.2, 100.0));
}

// The same bits on every machine and in WebAssembly.
TEST(CusumThresholdTest, IsTheSameEverywhere) {
  EXPECT_EQ(CusumThreshold(0.0017, 0.0034, 1e6), 0x1.82b33f906f028p+2);
  EXPECT_EQ(CusumThreshold(0.1, 0.05, 1e4), 0x1.461c27601248ap+2);
}

// What the header says of fraud's base rate. Wald's approximation of the delay, without what the
// last step is too long: (h - 1 + e^-h) / (p1 log(p1 / p0) + (1 - p1) log((1 - p1) / (1 - p0))) =
// 7,601 rows.
TEST(CusumThresholdTest, FindsADoublingInEightThousandRows) {
  const BernoulliCusumOptions options = {.p0 = 0.0017, .p1 = 0.0034, .threshold = 6.0};
  const double delay = MeanRunLength(0.0034, options, 4000, 3);
  EXPECT_GT(delay, 7000.0);
  EXPECT_LT(delay, 8600.0);
  EXPECT_GT(MeanRunLength(0.0017, options, 400, 4), 100.0 * delay);
}

}  // namespace
}  // namespace firetower::stream

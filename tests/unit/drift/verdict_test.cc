#include "core/drift/verdict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "oracle_file.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using P = std::vector<double>;

TEST(CorrectTest, BenjaminiHochbergIsTheDefinition) {
  const json::value document = OracleFile();
  for (const json::value& each : document.at("adjusted").as_array()) {
    const P corrected = Correct(Numbers(each.at("p_values")), Correction::kBenjaminiHochberg);
    const P expected = Numbers(each.at("expected"));
    ASSERT_EQ(corrected.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) ExpectClose(corrected[i], expected[i], "adjusted");
  }
}

// The p-values of R's help page and what p.adjust makes of them.
TEST(CorrectTest, AsR) {
  const P p = {0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216};
  const P holm = {0.01, 0.072, 0.312, 0.312, 0.312, 0.312, 0.312, 0.615, 0.615, 0.615};
  const P hochberg = {0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.74 / 7, 0.216, 0.216, 0.216};
  const P bonferroni = {0.01, 0.08, 0.39, 0.41, 0.42, 0.6, 0.74, 1, 1, 1};
  double harmonic = 0.0;
  for (int i = 1; i <= 10; ++i) harmonic += 1.0 / i;
  for (size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(Correct(p, Correction::kHolm)[i], holm[i], 1e-14);
    EXPECT_NEAR(Correct(p, Correction::kBenjaminiHochberg)[i], hochberg[i], 1e-14);
    EXPECT_NEAR(Correct(p, Correction::kBonferroni)[i], bonferroni[i], 1e-14);
    EXPECT_NEAR(Correct(p, Correction::kBenjaminiYekutieli)[i],
                std::min(1.0, hochberg[i] * harmonic), 1e-14);
    EXPECT_EQ(Correct(p, Correction::kNone)[i], p[i]);
  }
}

TEST(CorrectTest, LeavesOutWhatIsNotANumber) {
  for (const Correction correction : {Correction::kBenjaminiHochberg, Correction::kHolm}) {
    const P corrected = Correct(P{kNaN, 0.02, kNaN, 0.5}, correction);
    EXPECT_TRUE(std::isnan(corrected[0]));
    EXPECT_DOUBLE_EQ(corrected[1], 0.04);
    EXPECT_TRUE(std::isnan(corrected[2]));
    EXPECT_DOUBLE_EQ(corrected[3], 0.5);
    EXPECT_TRUE(Correct({}, correction).empty());
  }
}

TEST(CorrectTest, FollowsTheOrderAndIsNeverSmaller) {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    P p(1 + random.Below(40));
    for (double& each : p) each = random.Uniform() * random.Uniform();
    for (const Correction correction :
         {Correction::kBenjaminiHochberg, Correction::kBenjaminiYekutieli, Correction::kHolm,
          Correction::kBonferroni}) {
      const P corrected = Correct(p, correction);
      for (size_t i = 0; i < p.size(); ++i) {
        EXPECT_GE(corrected[i], p[i] - 1e-16);
        EXPECT_LE(corrected[i], 1.0);
        for (size_t j = 0; j < p.size(); ++j)
          EXPECT_FALSE(p[i] < p[j] && corrected[i] > corrected[j]);
      }
    }
  }
}

TEST(CorrectionTest, HasNames) {
  for (const Correction correction :
       {Correction::kNone, Correction::kBenjaminiHochberg, Correction::kBenjaminiYekutieli,
        Correction::kHolm, Correction::kBonferroni}) {
    const Result<Correction> found = CorrectionOf(Name(correction));
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, correction);
  }
  const Result<Correction> unknown = CorrectionOf("bh");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kBadArgument);
  EXPECT_NE(unknown.error().message.find("BH BY Holm"), std::string::npos);
}

TEST(JudgeColumnTest, FourOutcomes) {
  const VerdictOptions options{.level = 0.05, .effect_floor = 0.1, .min_rows = 30};
  EXPECT_EQ(JudgeColumn(1000, 29, 1e-9, 0.5, options), Verdict::kTooFewRows);
  EXPECT_EQ(JudgeColumn(29, 1000, 1e-9, 0.5, options), Verdict::kTooFewRows);
  EXPECT_EQ(JudgeColumn(1000, 30, kNaN, 0.5, options), Verdict::kTooFewRows);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.05, 0.5, options), Verdict::kStable);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.049, 0.0999, options), Verdict::kTooSmallToMatter);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.049, -0.0999, options), Verdict::kTooSmallToMatter);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.049, 0.1, options), Verdict::kDrifted);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.049, -0.1, options), Verdict::kDrifted);
  EXPECT_EQ(JudgeColumn(1000, 30, 0.049, kNaN, options), Verdict::kDrifted);
  EXPECT_EQ(Name(Verdict::kTooFewRows), "too few rows");
  EXPECT_EQ(Name(Verdict::kStable), "stable");
  EXPECT_EQ(Name(Verdict::kTooSmallToMatter), "too small to matter");
  EXPECT_EQ(Name(Verdict::kDrifted), "drifted");
}

TEST(JudgeOverallTest, CountsAndTests) {
  const VerdictOptions options;
  using V = std::vector<Verdict>;
  const OverallVerdict one = JudgeOverall(
      P{0.001, 0.2, 0.03, kNaN},
      V{Verdict::kDrifted, Verdict::kStable, Verdict::kTooSmallToMatter, Verdict::kTooFewRows},
      options);
  EXPECT_EQ(one.judged, 3u);
  EXPECT_EQ(one.drifted, 1u);
  EXPECT_EQ(one.small, 1u);
  EXPECT_DOUBLE_EQ(one.share, 1.0 / 3.0);
  EXPECT_EQ(one.p_value, 0.001);
  EXPECT_TRUE(one.moved);
  EXPECT_FALSE(one.widespread);
  // Significant, but nothing that matters.
  const OverallVerdict small = JudgeOverall(P{0.001}, V{Verdict::kTooSmallToMatter}, options);
  EXPECT_EQ(small.p_value, 0.001);
  EXPECT_FALSE(small.moved);
  const OverallVerdict all =
      JudgeOverall(P{0.01, 0.01}, V{Verdict::kDrifted, Verdict::kDrifted}, options);
  EXPECT_TRUE(all.widespread);
  const OverallVerdict none = JudgeOverall(P{kNaN}, V{Verdict::kTooFewRows}, options);
  EXPECT_TRUE(std::isnan(none.p_value));
  EXPECT_TRUE(std::isnan(none.share));
  EXPECT_FALSE(none.moved);
  EXPECT_TRUE(std::isnan(JudgeOverall({}, {}, options).p_value));
}

TEST(CheckOptionsTest, Ranges) {
  EXPECT_TRUE(CheckOptions({}).ok());
  for (const VerdictOptions& options :
       {VerdictOptions{.level = 0.0}, VerdictOptions{.level = 0.6}, VerdictOptions{.level = kNaN},
        VerdictOptions{.effect_floor = -0.1}, VerdictOptions{.min_rows = 1},
        VerdictOptions{.drift_share = 1.5}}) {
    const Status status = CheckOptions(options);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kBadArgument);
  }
}

// The promise of the global test: 31 columns without drift, independent.
TEST(JudgeOverallTest, ErrsAsOftenAsItSays) {
  Random random(12);
  constexpr int kRounds = 4000;
  for (const auto& [correction, expected] :
       {std::pair(Correction::kBenjaminiHochberg, 0.05),
        std::pair(Correction::kHolm, 1.0 - std::pow(1.0 - 0.05 / 31, 31)),
        std::pair(Correction::kBenjaminiYekutieli, 0.05 / 4.027)}) {
    int rejected = 0;
    for (int round = 0; round < kRounds; ++round) {
      P p(31);
      for (double& each : p) each = random.Uniform();
      const P corrected = Correct(p, correction);
      std::vector<Verdict> verdicts;
      for (const double each : corrected) verdicts.push_back(JudgeColumn(100, 100, each, 1.0, {}));
      rejected += JudgeOverall(corrected, verdicts, {}).moved ? 1 : 0;
    }
    const double deviation = std::sqrt(kRounds * expected * (1.0 - expected));
    EXPECT_NEAR(rejected, kRounds * expected, 4.0 * deviation) << Name(correction);
  }
}

}  // namespace
}  // namespace firetower::drift

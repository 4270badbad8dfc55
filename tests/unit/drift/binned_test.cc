#include "core/drift/binned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "oracle_file.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(CompareCountsTest, IsSciPysContingencyTestAndThePsiOfNumPy) {
  const json::value document = OracleFile();
  const json::array& cases = document.at("cases").as_array();
  ASSERT_GE(cases.size(), 10u);
  for (const json::value& each : cases) {
    const std::string name(each.at("name").as_string());
    const std::vector<double> reference = Numbers(each.at("reference"));
    const std::vector<double> current = Numbers(each.at("current"));
    const json::value& expected = each.at("expected");
    const BinnedDrift drift = CompareCounts(reference, current);
    EXPECT_EQ(drift.bins, static_cast<size_t>(Number(expected.at("bins")))) << name;
    EXPECT_EQ(drift.degrees, Number(expected.at("degrees"))) << name;
    ExpectClose(drift.psi, Number(expected.at("psi")), name);
    ExpectClose(drift.psi_noise, Number(expected.at("psi_noise")), name);
    ExpectClose(drift.statistic, Number(expected.at("statistic")), name);
    const double p = Number(expected.at("p_value"));
    EXPECT_NEAR(drift.p_value, p, 1e-9 * p) << name;
    const std::vector<double> shares = PsiByBin(reference, current);
    const std::vector<double> wanted = Numbers(expected.at("psi_by_bin"));
    ASSERT_EQ(shares.size(), wanted.size()) << name;
    for (size_t b = 0; b < shares.size(); ++b) ExpectClose(shares[b], wanted[b], name);
    ExpectClose(std::accumulate(shares.begin(), shares.end(), 0.0), drift.psi, name);
  }
}

// By hand: 2 x 2, n = m = 100: chi-square = 200 (80 * 80 - 20 * 20)^2 / 100^4 = 72; psi with half a
// row added: p = 80.5 / 101, q = 20.5 / 101, twice the same term.
TEST(CompareCountsTest, TwoBinsByHand) {
  const BinnedDrift drift = CompareCounts(std::vector{80.0, 20.0}, std::vector{20.0, 80.0});
  EXPECT_DOUBLE_EQ(drift.statistic, 72.0);
  EXPECT_EQ(drift.degrees, 1.0);
  EXPECT_NEAR(drift.psi, 2.0 * (60.0 / 101.0) * std::log(80.5 / 20.5), 1e-14);
  EXPECT_DOUBLE_EQ(drift.psi_noise, 0.02);
}

TEST(CompareCountsTest, WithoutRowsOnASideThereIsNothingToSay) {
  const std::vector<double> some = {10.0, 20.0};
  const std::vector<double> none = {0.0, 0.0};
  for (const auto& [reference, current] :
       {std::pair(some, none), std::pair(none, some), std::pair(none, none)}) {
    const BinnedDrift drift = CompareCounts(reference, current);
    EXPECT_NE(drift.psi, drift.psi);
    EXPECT_NE(drift.p_value, drift.p_value);
    EXPECT_EQ(Judge(drift, 10000, drift.p_value, 0.05, 0.1), Verdict::kTooFewRows);
    for (const double share : PsiByBin(reference, current)) EXPECT_NE(share, share);
  }
  EXPECT_NE(CompareCounts({}, {}).psi, 0.0);
}

// Where nothing is pooled: which bins are pooled is the reference's to say.
TEST(CompareCountsTest, DoesNotDependOnWhichSideIsWhich) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> a(1 + random.Below(40));
    std::vector<double> b(a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = 30.0 + random.Below(30);
      b[i] = 30.0 + random.Below(200);
    }
    const BinnedDrift one = CompareCounts(a, b);
    const BinnedDrift other = CompareCounts(b, a);
    EXPECT_EQ(one.bins, other.bins);
    EXPECT_NEAR(one.psi, other.psi, 1e-12);
    EXPECT_NEAR(one.statistic, other.statistic, 1e-9);
  }
}

// The promise of the contingency test: without drift a twentieth of the windows has p < 0.05, and
// PSI is psi_noise on average. Reference: 31,643 rows over 64 quantile bins, drawn anew for every
// window, as the shipped model's is of its training rows.
TEST(CompareCountsTest, ErrsAsOftenAsItSaysWithoutDrift) {
  constexpr size_t kBins = 64;
  constexpr size_t kReferenceRows = 31643;
  constexpr int kWindows = 2000;
  for (const size_t rows : {500u, 5000u}) {
    Random random(rows);
    // Bin of a uniform number; the reference's edges are quantiles, so its bins are equally likely.
    const auto draw = [&](size_t count) {
      std::vector<double> counts(kBins);
      for (size_t i = 0; i < count; ++i) counts[random.Next() >> 58] += 1.0;
      return counts;
    };
    int rejected = 0;
    double psi = 0.0;
    double noise = 0.0;
    std::vector<double> reference;
    for (int window = 0; window < kWindows; ++window) {
      if (window % 20 == 0) reference = draw(kReferenceRows);
      const BinnedDrift drift = CompareCounts(reference, draw(rows));
      rejected += drift.p_value < 0.05 ? 1 : 0;
      psi += drift.psi;
      noise += drift.psi_noise;
    }
    EXPECT_GE(rejected, 70) << rows;   // 3.5 %
    EXPECT_LE(rejected, 130) << rows;  // 6.5 %
    EXPECT_NEAR(psi / noise, 1.0, 0.15) << rows;
  }
}

// Bins at the reference's quantiles hold the same number of its rows, so that both sides together
// tell how many the window has: pooling by these would pool what is below expectation only.
TEST(CompareCountsTest, ErrsAsOftenAsItSaysWhereABinExpectsFiveRows) {
  Random random(7);
  const std::vector<double> reference(64, 500.0);
  int rejected = 0;
  for (int window = 0; window < 2000; ++window) {
    std::vector<double> current(reference.size());
    for (int i = 0; i < 320; ++i) current[random.Next() >> 58] += 1.0;
    rejected += CompareCounts(reference, current).p_value < 0.05 ? 1 : 0;
  }
  EXPECT_GE(rejected, 70);
  EXPECT_LE(rejected, 130);
}

// Against a goodness-of-fit test that takes the reference as known: with as many rows on both sides
// it would be twice too large; the contingency test is not.
TEST(CompareCountsTest, ErrsAsOftenAsItSaysWithAReferenceAsSmallAsTheWindow) {
  Random random(11);
  int rejected = 0;
  for (int window = 0; window < 2000; ++window) {
    std::vector<double> reference(16), current(16);
    for (int i = 0; i < 1000; ++i) {
      reference[random.Next() >> 60] += 1.0;
      current[random.Next() >> 60] += 1.0;
    }
    rejected += CompareCounts(reference, current).p_value < 0.05 ? 1 : 0;
  }
  EXPECT_GE(rejected, 70);
  EXPECT_LE(rejected, 130);
}

TEST(JudgeTest, NeedsRowsEvidenceAndSize) {
  const BinnedDrift large = {.psi = 0.25, .psi_noise = 0.05};
  const BinnedDrift small = {.psi = 0.14, .psi_noise = 0.05};
  EXPECT_EQ(Judge(large, 199, 1e-9, 0.05, 0.1), Verdict::kTooFewRows);
  EXPECT_EQ(Judge(large, 200, 1e-9, 0.05, 0.1), Verdict::kDrifted);
  EXPECT_EQ(Judge(large, 200, 0.05, 0.05, 0.1), Verdict::kStable);
  EXPECT_EQ(Judge(small, 200, 0.049, 0.05, 0.1), Verdict::kTooSmallToMatter);
  EXPECT_EQ(Judge(small, 200, 0.049, 0.05, 0.08), Verdict::kDrifted);
  EXPECT_EQ(Judge(large, 1000, kNaN, 0.05, 0.1), Verdict::kTooFewRows);
}

}  // namespace
}  // namespace firetower::drift

// What must hold for any two samples: which statistics do not care which side is which, in what
// order the rows come, on what scale the values are, or how they were gathered.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/drift/categorical.h"
#include "core/drift/distances.h"
#include "core/drift/tally.h"
#include "core/drift/two_sample.h"
#include "core/drift/verdict.h"

namespace firetower::drift {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Pair {
  std::string name;
  std::vector<double> reference;
  std::vector<double> current;
};

// Two samples of each kind that a table has: numbers with and without ties, skewed ones, flags,
// constants, gaps, very few rows. Values are multiples of 2^-20 below 2^10, so that the transforms
// below are exact.
std::vector<Pair> Pairs() {
  Random random(20240901);
  const auto normal = [&] {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += random.Uniform();
    return std::round((sum - 6) * 1048576) / 1048576;
  };
  std::vector<Pair> pairs;
  const size_t sizes[][2] = {{1, 1}, {2, 3}, {7, 20}, {60, 45}, {400, 400}, {300, 1500}};
  for (const auto& size : sizes) {
    for (const std::string kind :
         {"normal", "shifted", "rounded", "skewed", "flags", "constant", "gaps"}) {
      Pair pair{.name = kind + " " + std::to_string(size[0]) + "/" + std::to_string(size[1]),
                .reference = {},
                .current = {}};
      for (const size_t side : {size_t{0}, size_t{1}}) {
        std::vector<double>& rows = side == 0 ? pair.reference : pair.current;
        for (size_t i = 0; i < size[side]; ++i) {
          double x = normal();
          if (kind == "shifted") x += side == 1 ? 0.5 : 0.0;
          if (kind == "rounded") x = std::round(2 * x);
          if (kind == "skewed") x = std::round(x * x * x * 1024) / 1024;
          if (kind == "flags") x = random.Below(10) < 2 + side ? 1 : 0;
          if (kind == "constant") x = 3;
          if (kind == "gaps" && random.Below(5) == 0) x = kNaN;
          rows.push_back(x);
        }
      }
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

// Equal, or both NaN, or so near that only the order of a sum can have made the difference.
void ExpectSame(double a, double b, const std::string& what, double relative = 1e-11) {
  if (std::isnan(a) || std::isnan(b)) {
    EXPECT_EQ(std::isnan(a), std::isnan(b)) << what << ": " << a << " and " << b;
    return;
  }
  if (a == b) return;
  EXPECT_NEAR(a, b, 1e-13 + relative * std::max(std::fabs(a), std::fabs(b))) << what;
}

template <typename Transform>
std::vector<double> Mapped(const std::vector<double>& values, Transform transform) {
  std::vector<double> out;
  for (const double x : values) out.push_back(transform(x));
  return out;
}

void Shuffle(std::vector<double>* values, Random* random) {
  for (size_t i = values->size(); i > 1; --i) {
    std::swap((*values)[i - 1], (*values)[random->Below(static_cast<uint32_t>(i))]);
  }
}

TEST(Properties, EitherSideMayBeTheReferenceWhereThatIsPromised) {
  for (const Pair& pair : Pairs()) {
    const Tally one = TallyOf(pair.reference, pair.current);
    const Tally two = TallyOf(pair.current, pair.reference);
    const auto same = [&](double a, double b, const char* what) {
      ExpectSame(a, b, pair.name + ", " + what);
    };
    const KsResult ks = KolmogorovSmirnov(one), ks_swapped = KolmogorovSmirnov(two);
    same(ks.statistic, ks_swapped.statistic, "KS");
    ExpectSame(ks.p_value, ks_swapped.p_value, pair.name + ", p of KS", 1e-9);
    same(CramerVonMises(one).statistic, CramerVonMises(two).statistic, "Cramer-von Mises");
    ExpectSame(CramerVonMises(one).p_value, CramerVonMises(two).p_value,
               pair.name + ", p of Cramer-von Mises", 1e-9);
    ExpectSame(AndersonDarling(one).statistic, AndersonDarling(two).statistic,
               pair.name + ", Anderson-Darling", 1e-9);
    const MannWhitneyResult mw = MannWhitney(one), mw_swapped = MannWhitney(two);
    same(mw.auc, 1 - mw_swapped.auc, "AUC");
    same(mw.p_value, mw_swapped.p_value, "p of Mann-Whitney");
    const WelchResult welch = Welch(one), welch_swapped = Welch(two);
    same(welch.statistic, -welch_swapped.statistic, "t");
    same(welch.p_value, welch_swapped.p_value, "p of t");
    same(welch.mean_difference, -welch_swapped.mean_difference, "difference of means");
    same(welch.low, -welch_swapped.high, "its interval");
    same(Wasserstein(one), Wasserstein(two), "Wasserstein");
    same(Energy(one), Energy(two), "energy");
    same(MissingRate(one).p_value, MissingRate(two).p_value, "missing");

    const std::vector<double> edges = EqualWidthEdges(one, 8);
    if (edges.empty()) continue;
    const BinCounts counts = CountInto(one, edges, false);
    const auto& [r, c] = std::tie(counts.reference, counts.current);
    same(Psi(r, c, ZeroRule::kAddHalf), Psi(c, r, ZeroRule::kAddHalf), "PSI");
    same(Psi(r, c, ZeroRule::kFloor), Psi(c, r, ZeroRule::kFloor), "PSI, floor");
    same(JensenShannon(r, c, 2), JensenShannon(c, r, 2), "Jensen-Shannon");
    same(Hellinger(r, c), Hellinger(c, r), "Hellinger");
    same(TotalVariation(r, c), TotalVariation(c, r), "total variation");
    same(LInfinity(r, c), LInfinity(c, r), "L-infinity");
    same(ChiSquareContingency(r, c).statistic, ChiSquareContingency(c, r).statistic, "chi-square");
    same(GTest(r, c).p_value, GTest(c, r).p_value, "G");
    same(CramersV(r, c), CramersV(c, r), "Cramer's V");
  }
}

TEST(Properties, TheOrderOfTheRowsDoesNotMatter) {
  Random random(7);
  for (Pair pair : Pairs()) {
    const Tally before = TallyOf(pair.reference, pair.current);
    Shuffle(&pair.reference, &random);
    Shuffle(&pair.current, &random);
    const Tally after = TallyOf(pair.reference, pair.current);
    EXPECT_EQ(before.values, after.values) << pair.name;
    EXPECT_EQ(before.reference, after.reference) << pair.name;
    EXPECT_EQ(before.current, after.current) << pair.name;
    EXPECT_EQ(before.reference_missing, after.reference_missing) << pair.name;
    EXPECT_EQ(before.current_missing, after.current_missing) << pair.name;
  }
}

// Ranks alone decide: any strictly rising transform of the values changes nothing, a falling one
// only the direction.
TEST(Properties, RankTestsDoNotCareForTheScale) {
  const auto rising = [](double x) { return x < 0 ? x / 16 - 1 : 1024 * x + 8; };
  const auto falling = [](double x) { return -4 * x; };
  for (const Pair& pair : Pairs()) {
    const Tally plain = TallyOf(pair.reference, pair.current);
    const Tally raised = TallyOf(Mapped(pair.reference, rising), Mapped(pair.current, rising));
    const Tally fallen = TallyOf(Mapped(pair.reference, falling), Mapped(pair.current, falling));
    const auto same = [&](double a, double b, const char* what) {
      ExpectSame(a, b, pair.name + ", " + what);
    };
    for (const Tally* other : {&raised, static_cast<const Tally*>(&fallen)}) {
      same(KolmogorovSmirnov(plain).statistic, KolmogorovSmirnov(*other).statistic, "KS");
      same(KolmogorovSmirnov(plain).p_value, KolmogorovSmirnov(*other).p_value, "p of KS");
      same(CramerVonMises(plain).statistic, CramerVonMises(*other).statistic, "Cramer-von Mises");
      ExpectSame(AndersonDarling(plain).statistic, AndersonDarling(*other).statistic,
                 pair.name + ", Anderson-Darling", 1e-9);
      same(MannWhitney(plain).p_value, MannWhitney(*other).p_value, "p of Mann-Whitney");
    }
    EXPECT_EQ(KolmogorovSmirnov(plain).sign, KolmogorovSmirnov(raised).sign) << pair.name;
    same(MannWhitney(plain).auc, MannWhitney(raised).auc, "AUC");
    same(MannWhitney(plain).auc, 1 - MannWhitney(fallen).auc, "AUC, falling");
  }
}

// Another unit: tests and normalised distances stay, the others change with the unit.
TEST(Properties, AnotherUnitChangesOnlyWhatHasAUnit) {
  for (const Pair& pair : Pairs()) {
    const auto in_cents = [](double x) { return 64 * x + 4096; };
    const Tally plain = TallyOf(pair.reference, pair.current);
    const Tally cents = TallyOf(Mapped(pair.reference, in_cents), Mapped(pair.current, in_cents));
    const auto same = [&](double a, double b, const char* what) {
      ExpectSame(a, b, pair.name + ", " + what, 1e-9);
    };
    same(Welch(plain).statistic, Welch(cents).statistic, "t");
    same(Welch(plain).p_value, Welch(cents).p_value, "p of t");
    same(64 * Welch(plain).mean_difference, Welch(cents).mean_difference, "difference of means");
    same(StandardisedMeanDifference(plain).value, StandardisedMeanDifference(cents).value,
         "in standard deviations");
    same(64 * Wasserstein(plain), Wasserstein(cents), "Wasserstein");
    same(8 * Energy(plain), Energy(cents), "energy");
    same(NormalisedWasserstein(plain).value, NormalisedWasserstein(cents).value, "normalised");
    for (const auto edges_of : {EqualWidthEdges, ReferenceQuantileEdges}) {
      const std::vector<double> edges = edges_of(plain, 8), cent_edges = edges_of(cents, 8);
      ASSERT_EQ(edges.empty(), cent_edges.empty()) << pair.name;
      if (edges.empty()) continue;
      const BinCounts bins = CountInto(plain, edges, true);
      const BinCounts cent_bins = CountInto(cents, cent_edges, true);
      EXPECT_EQ(bins.reference, cent_bins.reference) << pair.name;
      EXPECT_EQ(bins.current, cent_bins.current) << pair.name;
    }
  }
}

TEST(Properties, TheSameSampleTwiceHasNotMoved) {
  for (const Pair& pair : Pairs()) {
    const Tally tally = TallyOf(pair.reference, pair.reference);
    if (tally.reference_rows == 0) continue;
    EXPECT_EQ(KolmogorovSmirnov(tally).statistic, 0) << pair.name;
    EXPECT_EQ(KolmogorovSmirnov(tally).p_value, 1) << pair.name;
    EXPECT_EQ(Wasserstein(tally), 0) << pair.name;
    EXPECT_EQ(Energy(tally), 0) << pair.name;
    ExpectSame(MannWhitney(tally).auc, 0.5, pair.name);
    const BinCounts bins = CountInto(tally, ReferenceQuantileEdges(tally, 10), false);
    for (const ZeroRule rule : {ZeroRule::kAddHalf, ZeroRule::kFloor, ZeroRule::kNone}) {
      EXPECT_EQ(Psi(bins.reference, bins.current, rule), 0) << pair.name;
      EXPECT_EQ(KullbackLeibler(bins.current, bins.reference, rule), 0) << pair.name;
    }
    EXPECT_EQ(TotalVariation(bins.reference, bins.current), 0) << pair.name;
    ExpectSame(Hellinger(bins.reference, bins.current), 0, pair.name + ", Hellinger", 1e-7);
  }
}

// Windows of one sorted column are what the windows' rows are by themselves; counts of parts, added
// up, are the counts of all rows.
TEST(Properties, PartsAddUpToTheWhole) {
  Random random(11);
  for (const Pair& pair : Pairs()) {
    std::vector<double> rows = pair.reference;
    rows.insert(rows.end(), pair.current.begin(), pair.current.end());
    const size_t n = pair.reference.size(), all = rows.size();
    const Result<SortedColumn> column = SortedColumn::Create(rows);
    ASSERT_TRUE(column.ok());
    Tally whole;
    column->Split({.reference = {0, n}, .current = {n, all}}, &whole);
    const Tally apart = TallyOf(pair.reference, pair.current);
    EXPECT_EQ(whole.values, apart.values) << pair.name;
    EXPECT_EQ(whole.reference, apart.reference) << pair.name;
    EXPECT_EQ(whole.current, apart.current) << pair.name;

    const std::vector<double> edges = ReferenceQuantileEdges(whole, 10);
    if (edges.empty()) continue;
    const BinCounts pooled = CountInto(whole, edges, true);
    std::vector<double> reference(pooled.reference.size()), current(pooled.current.size());
    const size_t cut = n + random.Below(static_cast<uint32_t>(all - n) + 1);
    for (const RowRange part : {RowRange{n, cut}, RowRange{cut, all}}) {
      Tally tally;
      column->Split({.reference = {0, n}, .current = part}, &tally);
      const BinCounts counts = CountInto(tally, edges, true);
      EXPECT_EQ(counts.reference, pooled.reference) << pair.name;
      for (size_t b = 0; b < current.size(); ++b) current[b] += counts.current[b];
    }
    EXPECT_EQ(current, pooled.current) << pair.name;
    double parts = 0;
    const std::vector<double> contributions =
        PsiContributions(pooled.reference, pooled.current, ZeroRule::kAddHalf);
    for (const double part : contributions) parts += part;
    ExpectSame(parts, Psi(pooled.reference, pooled.current, ZeroRule::kAddHalf),
               pair.name + ", contributions");
  }
}

// In which order the columns are given does not matter to any correction, and none makes a p-value
// smaller.
TEST(Properties, CorrectionsFollowTheColumns) {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> p(1 + random.Below(40));
    for (double& value : p) {
      value = random.Below(8) == 0 ? kNaN : std::pow(random.Uniform(), 1 + random.Below(6));
    }
    for (const Correction correction :
         {Correction::kNone, Correction::kBenjaminiHochberg, Correction::kBenjaminiYekutieli,
          Correction::kHolm, Correction::kBonferroni}) {
      const std::vector<double> corrected = Correct(p, correction);
      std::vector<double> backwards(p.rbegin(), p.rend());
      std::vector<double> swapped = Correct(backwards, correction);
      std::reverse(swapped.begin(), swapped.end());
      for (size_t j = 0; j < p.size(); ++j) {
        ExpectSame(corrected[j], swapped[j], std::string(Name(correction)), 1e-14);
        if (std::isnan(p[j])) continue;
        EXPECT_GE(corrected[j], p[j] * (1 - 1e-15));  // p * n / n is not always p.
        EXPECT_LE(corrected[j], 1);
        for (size_t k = 0; k < p.size(); ++k) {
          if (!(p[j] <= p[k])) continue;
          EXPECT_LE(corrected[j], corrected[k]) << Name(correction);
        }
      }
    }
  }
}

}  // namespace
}  // namespace firetower::drift

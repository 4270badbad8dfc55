#include "analysis/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/json_number.h"
#include "analysis/table.h"
#include "core/base/portable_log.h"
#include "core/csv/number.h"
#include "core/drift/calibrated.h"
#include "core/drift/distances.h"
#include "core/drift/from_counts.h"
#include "core/drift/two_sample.h"

namespace firetower::analysis {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// The exact p-value of KS costs up to so many steps; above it the asymptotic one, which at such
// sizes differs by less than the test's own conservativeness, keeps a dragged boundary quick.
constexpr double kMostExactKs = 1e7;

double Sum(std::span<const double> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

struct Outcome {
  double statistic = kNaN;
  double p_value = kNaN;
  double p_below = kNaN;
  bool exact = false;
  std::string note = {};
};

json::object OutcomeJson(const Outcome& outcome) {
  json::object out;
  out["statistic"] = JsonNumber(outcome.statistic);
  out["p_value"] = JsonNumber(outcome.p_value);
  out["p_below"] = JsonNumber(outcome.p_below);
  out["exact"] = outcome.exact;
  out["note"] = outcome.note;
  return out;
}

// A p-value finer than can be stated is refused.
Outcome OutcomeOf(const drift::TestResult& test, double finest, std::string note = "") {
  Outcome outcome{.statistic = test.statistic,
                  .p_value = test.p_value,
                  .exact = test.exact,
                  .note = std::move(note)};
  if (test.p_value < finest) {
    outcome.p_value = kNaN;
    outcome.p_below = finest;
  }
  return outcome;
}

json::object EffectJson(std::string_view name, const drift::Effect& effect,
                        const DriftSettings& settings) {
  json::object out;
  out["name"] = name;
  out["value"] = JsonNumber(effect.value);
  out["low"] = JsonNumber(effect.low);
  out["high"] = JsonNumber(effect.high);
  out["floor"] = JsonNumber(settings.FloorOf(name));
  return out;
}

json::object IntervalJson(const drift::Effect& effect) {
  json::object out;
  out["value"] = JsonNumber(effect.value);
  out["low"] = JsonNumber(effect.low);
  out["high"] = JsonNumber(effect.high);
  return out;
}

json::object SideJson(double rows, double missing, const drift::Moments& moments) {
  const bool any = rows > 0.0;
  const auto number = [&](double value) { return JsonNumber(any ? value : kNaN); };
  json::object out;
  out["rows"] = JsonNumber(rows);
  out["missing"] = JsonNumber(missing);
  out["mean"] = number(moments.mean);
  out["standard_deviation"] = number(moments.standard_deviation);
  out["minimum"] = number(moments.minimum);
  out["lower_quartile"] = number(moments.lower_quartile);
  out["median"] = number(moments.median);
  out["upper_quartile"] = number(moments.upper_quartile);
  out["maximum"] = number(moments.maximum);
  return out;
}

const drift::Moments kNoMoments{.mean = kNaN,
                                .standard_deviation = kNaN,
                                .minimum = kNaN,
                                .maximum = kNaN,
                                .median = kNaN,
                                .lower_quartile = kNaN,
                                .upper_quartile = kNaN};

// Distances of counts, by the names of ColumnVerdict.
json::object DistancesJson(std::span<const double> reference, std::span<const double> current) {
  const double n = Sum(reference);
  const double m = Sum(current);
  size_t bins = 0;
  for (size_t b = 0; b < reference.size(); ++b) bins += reference[b] + current[b] > 0.0 ? 1U : 0U;
  const drift::PsiNull null = drift::PsiUnderNull(bins, n, m);
  const auto rule = drift::ZeroRule::kAddHalf;
  json::object out;
  out["psi"] = JsonNumber(drift::Psi(reference, current, rule));
  out["psi_expected"] = JsonNumber(null.expected);
  out["psi_bound"] = JsonNumber(null.bound);
  out["kl"] = JsonNumber(drift::KullbackLeibler(current, reference, rule));
  out["js"] = JsonNumber(drift::JensenShannon(reference, current, 2.0));
  out["hellinger"] = JsonNumber(drift::Hellinger(reference, current));
  out["tv"] = JsonNumber(drift::TotalVariation(reference, current));
  out["linf"] = JsonNumber(drift::LInfinity(reference, current));
  return out;
}

Outcome SharesTest(std::string_view test, std::span<const double> reference,
                   std::span<const double> current, bool ordered, double finest) {
  const drift::ContingencyResult result =
      drift::TestShares(reference, current, {.likelihood = test == "g", .ordered = ordered});
  size_t bins = 0;
  for (size_t b = 0; b < reference.size(); ++b) bins += reference[b] + current[b] > 0.0 ? 1U : 0U;
  if (bins > 1 && result.degrees == 0.0) {
    return {.note = ordered ? "too few rows for two bins"
                            : "too few rows of each category: all of them together are one"};
  }
  return OutcomeOf(result, finest);
}

// Rows of a column of texts that are no numbers, if most rows are numbers; else 0.
double NotNumbers(const drift::Categories& categories) {
  double numbers = 0.0;
  double others = 0.0;
  for (size_t c = 0; c < categories.names.size(); ++c) {
    double value = 0.0;
    const bool number = csv::ParseCell(categories.names[c], '.', &value) == csv::CellKind::kNumber;
    (number ? numbers : others) += categories.reference[c] + categories.current[c];
  }
  return others < numbers ? others : 0.0;
}

Outcome ProportionsTest(double reference_with, double reference_rows, double current_with,
                        double current_rows, double finest) {
  return OutcomeOf(
      drift::TestProportions(reference_with, reference_rows, current_with, current_rows), finest);
}

drift::KsResult Ks(const drift::Tally& tally) {
  const auto n = static_cast<double>(tally.reference_rows);
  const auto m = static_cast<double>(tally.current_rows);
  return drift::KolmogorovSmirnov(
      tally, n != m && n * m > kMostExactKs ? drift::PMethod::kAsymptotic : drift::PMethod::kAuto);
}

Outcome AndersonOutcome(const drift::Tally& tally) {
  const drift::TestResult test = drift::AndersonDarlingWithTies(tally);
  Outcome outcome = OutcomeOf(test, 0.0);
  if (test.clipped && test.p_value < 0.1) {
    outcome.p_below = test.p_value;
    outcome.p_value = kNaN;
    outcome.note = "the table of critical values ends here";
  } else if (test.clipped) {
    outcome.note = "at least this: the table of critical values ends here";
  } else if (std::isnan(test.p_value)) {
    outcome.note = "all values are equal";
  }
  return outcome;
}

Outcome NumbersTest(std::string_view test, const drift::Tally& tally, const BinnedSides& bins) {
  if (test == "ks") return OutcomeOf(Ks(tally), kFinestOfRows);
  if (test == "cvm") return OutcomeOf(drift::CramerVonMisesWithTies(tally), kFinestOfRows);
  if (test == "ad") return AndersonOutcome(tally);
  if (test == "mwu") return OutcomeOf(drift::MannWhitney(tally), kFinestOfRows);
  if (test == "welch") {
    const drift::WelchResult welch = drift::WelchWhereNormal(tally);
    std::string note;
    if (std::isnan(welch.p_value) && !std::isnan(welch.statistic)) {
      note = "too skewed for Welch's test with these numbers of rows";
    } else if (std::isnan(welch.statistic) && tally.values.size() > 1 && tally.reference_rows > 1 &&
               tally.current_rows > 1) {
      note = "the values are too large for a variance";
    }
    return OutcomeOf(welch, kFinestOfRows, std::move(note));
  }
  return SharesTest(test, bins.reference, bins.current, true, kFinestOfRows);
}

// Mean, spread and quartiles as the bins bound them: rows in the middle of their bin.
drift::Moments BinnedMoments(std::span<const double> edges, std::span<const double> counts) {
  const double rows = Sum(counts);
  drift::Moments moments = kNoMoments;
  if (!(rows > 0.0)) return moments;
  moments.mean = 0.0;
  for (size_t b = 0; b < counts.size(); ++b)
    moments.mean += counts[b] * 0.5 * (edges[b] + edges[b + 1]) / rows;
  double square = 0.0;
  for (size_t b = 0; b < counts.size(); ++b) {
    const double off = 0.5 * (edges[b] + edges[b + 1]) - moments.mean;
    square += counts[b] * off * off / rows;
  }
  moments.standard_deviation = std::sqrt(square);
  const auto quantile = [&](double share) {
    double before = 0.0;
    for (size_t b = 0; b < counts.size(); ++b) {
      if (counts[b] > 0.0 && before + counts[b] >= share * rows) {
        return edges[b] + (edges[b + 1] - edges[b]) * (share * rows - before) / counts[b];
      }
      before += counts[b];
    }
    return edges.back();
  };
  moments.lower_quartile = quantile(0.25);
  moments.median = quantile(0.5);
  moments.upper_quartile = quantile(0.75);
  return moments;
}

// Of the binned moments: within bins nothing is known, so the interval is approximate.
drift::Effect BinnedMeanShift(const drift::Moments& reference, double n,
                              const drift::Moments& current, double m) {
  if (!(n > 1.0 && m > 1.0 && reference.standard_deviation > 0.0)) return {kNaN, kNaN, kNaN};
  constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution.
  const double value = (current.mean - reference.mean) / reference.standard_deviation;
  const double ratio = current.standard_deviation / reference.standard_deviation;
  const double half = kZ * std::sqrt(1.0 / n + ratio * ratio / m);
  return {value, value - half, value + half};
}

}  // namespace

BinnedSides BinsOf(const drift::Tally& tally, size_t bins) {
  BinnedSides sides;
  sides.reference_missing = static_cast<double>(tally.reference_missing);
  sides.current_missing = static_cast<double>(tally.current_missing);
  sides.edges = drift::ReferenceQuantileEdges(tally, bins);
  if (sides.edges.empty()) return sides;
  drift::BinCounts counts = drift::CountInto(tally, sides.edges, false);
  sides.reference = std::move(counts.reference);
  sides.current = std::move(counts.current);
  return sides;
}

json::object MeasureNumbers(const drift::Tally& tally, const DriftSettings& settings) {
  const BinnedSides bins = BinsOf(tally, settings.bins);
  Outcome outcome;
  drift::Effect effect{kNaN, kNaN, kNaN};
  std::string_view effect_name = "ks_distance";
  const drift::Effect mean_shift = drift::StandardisedMeanDifference(tally);
  if (settings.test == "mwu") {
    const drift::MannWhitneyResult test = drift::MannWhitney(tally);
    outcome = OutcomeOf(test, kFinestOfRows);
    effect = {test.auc - 0.5, test.auc_low - 0.5, test.auc_high - 0.5};
    effect_name = "auc_shift";
  } else {
    outcome = NumbersTest(settings.test, tally, bins);
    if (settings.test == "welch") {
      effect = mean_shift;
      effect_name = "mean_shift";
    } else if (settings.test == "chi_square" || settings.test == "g") {
      effect = drift::EffectOfPsi(bins.reference, bins.current);
      effect_name = "psi_excess";
    } else {
      effect = drift::KsEffect(tally);
    }
  }
  json::object out;
  out["kind"] = "numeric";
  out["test"] = settings.test;
  out["outcome"] = OutcomeJson(outcome);
  out["effect"] = EffectJson(effect_name, effect, settings);
  out["mean_shift"] = IntervalJson(mean_shift);
  out["reference"] = SideJson(static_cast<double>(tally.reference_rows),
                              static_cast<double>(tally.reference_missing),
                              drift::MomentsOf(tally, drift::Side::kReference));
  out["current"] =
      SideJson(static_cast<double>(tally.current_rows), static_cast<double>(tally.current_missing),
               drift::MomentsOf(tally, drift::Side::kCurrent));
  const auto missing_before = static_cast<double>(tally.reference_missing);
  const auto missing_now = static_cast<double>(tally.current_missing);
  out["missing"] = OutcomeJson(ProportionsTest(
      missing_before, missing_before + static_cast<double>(tally.reference_rows), missing_now,
      missing_now + static_cast<double>(tally.current_rows), kFinestOfRows));
  json::object distances = DistancesJson(bins.reference, bins.current);
  distances["wasserstein"] = JsonNumber(settings.all ? drift::Wasserstein(tally) : kNaN);
  distances["wasserstein_normalised"] =
      JsonNumber(settings.all ? drift::NormalisedWasserstein(tally).value : kNaN);
  distances["energy"] = JsonNumber(settings.all ? drift::Energy(tally) : kNaN);
  out["distances"] = std::move(distances);
  if (settings.all) {
    json::object tests;
    for (const std::string_view test : {"ks", "cvm", "ad", "mwu", "welch", "chi_square", "g"}) {
      tests[test] = test == settings.test
                        ? out["outcome"]
                        : json::value(OutcomeJson(NumbersTest(test, tally, bins)));
    }
    out["tests"] = std::move(tests);
  } else {
    out["tests"] = nullptr;
  }
  out["categories"] = nullptr;
  return out;
}

json::object MeasureCounts(const BinnedSides& sides, const DriftSettings& settings) {
  const double n = Sum(sides.reference);
  const double m = Sum(sides.current);
  const auto ks_outcome = [&](const drift::CountedKs& ks) {
    Outcome outcome{.statistic = ks.distance, .p_value = ks.p_value, .exact = ks.exact};
    if (ks.finer || ks.p_value < kFinestOfCounts) {
      outcome.p_below = std::max(ks.p_value, kFinestOfCounts);
      outcome.p_value = kNaN;
      outcome.note = "rows are known by their bins only; theirs may be smaller";
    }
    return outcome;
  };
  Outcome outcome;
  drift::Effect effect;
  if (settings.test == "ks") {
    const drift::CountedKs ks = drift::KsFromCounts(sides.reference, sides.current);
    outcome = ks_outcome(ks);
    effect = {ks.distance, kNaN, kNaN};
    if (n > 0.0 && m > 0.0) {
      // The bound of Dvoretzky, Kiefer, Wolfowitz and Massart for both, and what the bins hide.
      const double half =
          std::sqrt(0.5 * PortableLog(4.0 / 0.05)) * (1.0 / std::sqrt(n) + 1.0 / std::sqrt(m));
      effect.low = std::max(0.0, ks.distance - half);
      effect.high = std::min(1.0, ks.upper + half);
    }
  } else {
    outcome = SharesTest(settings.test, sides.reference, sides.current, true, kFinestOfCounts);
    effect = drift::EffectOfPsi(sides.reference, sides.current);
  }
  const drift::Moments reference = BinnedMoments(sides.edges, sides.reference);
  const drift::Moments current = BinnedMoments(sides.edges, sides.current);
  json::object out;
  out["kind"] = "numeric";
  out["test"] = settings.test;
  out["outcome"] = OutcomeJson(outcome);
  out["effect"] =
      EffectJson(settings.test == "ks" ? "ks_distance" : "psi_excess", effect, settings);
  out["mean_shift"] = IntervalJson(BinnedMeanShift(reference, n, current, m));
  out["reference"] = SideJson(n, sides.reference_missing, reference);
  out["current"] = SideJson(m, sides.current_missing, current);
  out["missing"] = OutcomeJson(ProportionsTest(sides.reference_missing, n + sides.reference_missing,
                                               sides.current_missing, m + sides.current_missing,
                                               kFinestOfCounts));
  json::object distances = DistancesJson(sides.reference, sides.current);
  for (const std::string_view name : {"wasserstein", "wasserstein_normalised", "energy"})
    distances[name] = nullptr;
  out["distances"] = std::move(distances);
  if (settings.all) {
    json::object tests;
    for (const std::string_view test : {"ks", "chi_square", "g"}) {
      tests[test] = OutcomeJson(
          test == "ks" ? ks_outcome(drift::KsFromCounts(sides.reference, sides.current))
                       : SharesTest(test, sides.reference, sides.current, true, kFinestOfCounts));
    }
    out["tests"] = std::move(tests);
  } else {
    out["tests"] = nullptr;
  }
  out["categories"] = nullptr;
  return out;
}

json::object MeasureTexts(const drift::Categories& categories, const DriftSettings& settings) {
  const std::span<const double> reference = categories.reference;
  const std::span<const double> current = categories.current;
  const double n = Sum(reference);
  const double m = Sum(current);
  // Fisher's and the Z test are of two categories.
  std::vector<size_t> present;
  for (size_t c = 0; c < reference.size(); ++c)
    if (reference[c] + current[c] > 0.0) present.push_back(c);
  const auto run = [&](std::string_view test) {
    if (test == "chi_square" || test == "g")
      return SharesTest(test, reference, current, false, kFinestOfRows);
    if (present.size() != 2) return Outcome{.note = "only for two categories"};
    const size_t a = present[0];
    const size_t b = present[1];
    return OutcomeOf(test == "fisher"
                         ? drift::FisherExact(reference[a], reference[b], current[a], current[b])
                         : drift::TestProportions(reference[a], n, current[a], m),
                     kFinestOfRows);
  };
  std::string test = settings.categorical_test;
  if ((test == "fisher" || test == "z") && present.size() != 2) test = "chi_square";
  json::object out;
  out["kind"] = "categorical";
  out["test"] = test;
  Outcome outcome = run(test);
  if (test != settings.categorical_test) {
    outcome.note = settings.categorical_test == "z" ? "the Z test is of two categories"
                                                    : "Fisher's test is of two categories";
  }
  const double not_numbers = NotNumbers(categories);
  if (not_numbers > 0.0) {
    outcome.note += std::string(outcome.note.empty() ? "" : "; ") +
                    "compared as texts: " + NumberText(not_numbers) + " of " + NumberText(n + m) +
                    " cells are no numbers";
  }
  out["mixed"] = JsonNumber(not_numbers);
  out["outcome"] = OutcomeJson(outcome);
  out["effect"] = EffectJson("cramers_v", drift::EffectOfCramersV(reference, current), settings);
  out["mean_shift"] = IntervalJson({kNaN, kNaN, kNaN});
  const auto reference_missing = static_cast<double>(categories.reference_missing);
  const auto current_missing = static_cast<double>(categories.current_missing);
  out["reference"] = SideJson(n, reference_missing, kNoMoments);
  out["current"] = SideJson(m, current_missing, kNoMoments);
  out["missing"] =
      OutcomeJson(ProportionsTest(reference_missing, n + reference_missing, current_missing,
                                  m + current_missing, kFinestOfRows));
  out["distances"] = DistancesJson(reference, current);
  if (settings.all) {
    json::object tests;
    for (const std::string_view name : {"chi_square", "g", "fisher", "z"})
      tests[name] = OutcomeJson(run(name));
    out["tests"] = std::move(tests);
  } else {
    out["tests"] = nullptr;
  }
  const auto names = [&](std::span<const size_t> places) {
    json::array named;
    size_t rare = 0;
    for (const size_t c : places) {
      if (reference[c] + current[c] >= kFewestRowsOfName) {
        named.push_back(json::value(categories.names[c]));
      } else {
        ++rare;
      }
    }
    return std::pair(std::move(named), rare);
  };
  auto [added, rare_added] = names(categories.added);
  auto [gone, rare_gone] = names(categories.gone);
  json::object changed;
  changed["added"] = std::move(added);
  changed["gone"] = std::move(gone);
  changed["rare_added"] = rare_added;
  changed["rare_gone"] = rare_gone;
  out["categories"] = std::move(changed);
  return out;
}

}  // namespace firetower::analysis

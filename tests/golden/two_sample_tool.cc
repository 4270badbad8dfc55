// Reads cases of two samples, writes every two-sample statistic of each as one line of JSON: what
// drift_test.py compares with scipy. A case on standard input: "n m" and then n + m numbers (nan
// and inf are missing values).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "core/drift/two_sample.h"

namespace {

namespace drift = firetower::drift;

void Put(const char* name, double value) {
  if (std::isfinite(value)) {
    std::printf("\"%s\": %.17g, ", name, value);
  } else {
    std::printf("\"%s\": %s, ", name,
                std::isnan(value) ? "NaN" : (value > 0 ? "Infinity" : "-Infinity"));
  }
}

void PutTest(const std::string& name, const drift::TestResult& result) {
  Put((name + ".statistic").c_str(), result.statistic);
  Put((name + ".p").c_str(), result.p_value);
  Put((name + ".exact").c_str(), result.exact ? 1 : 0);
}

void PutMoments(const std::string& name, const drift::Moments& moments) {
  Put((name + ".mean").c_str(), moments.mean);
  Put((name + ".sd").c_str(), moments.standard_deviation);
  Put((name + ".min").c_str(), moments.minimum);
  Put((name + ".q1").c_str(), moments.lower_quartile);
  Put((name + ".median").c_str(), moments.median);
  Put((name + ".q3").c_str(), moments.upper_quartile);
  Put((name + ".max").c_str(), moments.maximum);
}

void PutEffect(const std::string& name, const drift::Effect& effect) {
  Put((name + ".value").c_str(), effect.value);
  Put((name + ".low").c_str(), effect.low);
  Put((name + ".high").c_str(), effect.high);
}

bool ReadNumber(double* value) {
  std::string text;
  if (!(std::cin >> text)) return false;
  *value = std::strtod(text.c_str(), nullptr);
  return true;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  double n = 0;
  double m = 0;
  while (ReadNumber(&n) && ReadNumber(&m)) {
    std::vector<double> reference(static_cast<size_t>(n));
    std::vector<double> current(static_cast<size_t>(m));
    for (double& value : reference) {
      if (!ReadNumber(&value)) return 2;
    }
    for (double& value : current) {
      if (!ReadNumber(&value)) return 2;
    }
    const drift::Tally tally = drift::TallyOf(reference, current);
    std::printf("{");
    for (const auto& [suffix, method] :
         {std::pair{"", drift::PMethod::kAuto}, std::pair{"_exact", drift::PMethod::kExact},
          std::pair{"_asymptotic", drift::PMethod::kAsymptotic}}) {
      constexpr double kMostForExact = 250'000.0;
      if (method == drift::PMethod::kExact && n * m > kMostForExact) continue;
      const drift::KsResult ks = drift::KolmogorovSmirnov(tally, method);
      PutTest(std::string("ks") + suffix, ks);
      Put((std::string("ks") + suffix + ".location").c_str(), ks.location);
      Put((std::string("ks") + suffix + ".sign").c_str(), ks.sign);
      PutTest(std::string("cvm") + suffix, drift::CramerVonMises(tally, method));
      PutTest(std::string("mwu") + suffix, drift::MannWhitney(tally, method));
    }
    const drift::TestResult ad = drift::AndersonDarling(tally);
    PutTest("ad", ad);
    Put("ad.clipped", ad.clipped ? 1 : 0);
    const drift::MannWhitneyResult mwu = drift::MannWhitney(tally);
    PutEffect("auc", {mwu.auc, mwu.auc_low, mwu.auc_high});
    const drift::WelchResult welch = drift::Welch(tally);
    PutTest("welch", welch);
    Put("welch.degrees", welch.degrees);
    PutEffect("welch.difference", {welch.mean_difference, welch.low, welch.high});
    PutTest("missing", drift::MissingRate(tally));
    Put("wasserstein", drift::Wasserstein(tally));
    const drift::NormalisedDistance normalised = drift::NormalisedWasserstein(tally);
    Put("wasserstein.normalised", normalised.value);
    Put("wasserstein.unit", static_cast<double>(static_cast<int>(normalised.unit)));
    Put("energy", drift::Energy(tally));
    PutMoments("reference", drift::MomentsOf(tally, drift::Side::kReference));
    PutMoments("current", drift::MomentsOf(tally, drift::Side::kCurrent));
    PutEffect("mean_effect", drift::StandardisedMeanDifference(tally));
    PutEffect("ks_effect", drift::KsEffect(tally));
    std::printf("\"reference.rows\": %llu, \"current.rows\": %llu}\n",
                static_cast<unsigned long long>(tally.reference_rows),
                static_cast<unsigned long long>(tally.current_rows));
  }
  return 0;
}

// Error rates of the tests of all columns together on data sets without drift, and how often they
// find drift that is there: writes multivariate_calibration.md on standard output.
//
//   build/bench/tests/bench/multivariate_calibration > tests/bench/multivariate_calibration.md
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/domain/domain_classifier.h"
#include "core/drift/mahalanobis.h"
#include "core/drift/mmd.h"
#include "core/drift/pca.h"
#include "core/drift/two_sample.h"
#include "core/drift/verdict.h"
#include "core/metrics/binary.h"

namespace {

namespace drift = firetower::drift;

constexpr double kLevel = 0.05;

enum class Kind { kNormal, kHeavy, kDiscrete, kMissing };

// Columns that share a factor: every two correlate by rho. Whatever rho is, every single column has
// the same distribution.
struct Setting {
  const char* name;
  size_t reference_rows;
  size_t current_rows;
  size_t columns;
  Kind kind = Kind::kNormal;
  double rho = 0.5;
  double current_rho = 0.5;
  double shift = 0.0;  // Of the current's first column, in standard deviations.
};

std::vector<double> Draw(const Setting& setting, uint64_t seed) {
  firetower::Random random(seed);
  const auto normal = [&] {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * random.Uniform());
  };
  const size_t rows = setting.reference_rows + setting.current_rows;
  std::vector<double> values(rows * setting.columns);
  for (size_t i = 0; i < rows; ++i) {
    const bool current = i >= setting.reference_rows;
    const double rho = current ? setting.current_rho : setting.rho;
    const double common = normal();
    for (size_t c = 0; c < setting.columns; ++c) {
      double value = std::sqrt(rho) * common + std::sqrt(1.0 - rho) * normal();
      if (current && c == 0) value += setting.shift;
      if (setting.kind == Kind::kHeavy) value = value * value * value;
      if (setting.kind == Kind::kDiscrete) value = std::floor(value);
      if (setting.kind == Kind::kMissing && random.Uniform() < 0.1) {
        value = std::numeric_limits<double>::quiet_NaN();
      }
      values[c * rows + i] = value;
    }
  }
  return values;
}

struct Fired {
  int pca = 0, hotelling = 0, domain = 0, mmd = 0, columns = 0;
  int auc_interval = 0;  // DeLong's interval leaves out 0.5.
  double auc = 0.0;      // Sum.
};

Fired Run(const Setting& setting, int data_sets) {
  Fired fired;
  const size_t rows = setting.reference_rows + setting.current_rows;
  std::vector<uint8_t> current(rows, 0);
  for (size_t i = setting.reference_rows; i < rows; ++i) current[i] = 1;
  for (int run = 0; run < data_sets; ++run) {
    const uint64_t seed = static_cast<uint64_t>(run) + 1;
    const std::vector<double> values = Draw(setting, seed);
    const drift::SampleMatrix sample = {.values = values,
                                        .rows = rows,
                                        .columns = setting.columns,
                                        .reference_rows = setting.reference_rows};
    fired.pca += drift::ComparePca(sample, {.seed = seed})->p_value <= kLevel;
    fired.hotelling += drift::Hotelling(sample)->p_value <= kLevel;
    fired.mmd += drift::Mmd(sample, {.seed = seed})->p_value <= kLevel;
    const std::vector<float> features(values.begin(), values.end());
    firetower::domain::DomainOptions options;
    options.permutations = 39;
    options.seed = seed;
    const auto domain = firetower::domain::DomainClassifier::Train(features, rows, setting.columns,
                                                                   current, options);
    fired.domain += domain->p_value() <= kLevel;
    fired.auc += domain->auc().value;
    fired.auc_interval += domain->auc().low > 0.5 || domain->auc().high < 0.5;
    std::vector<double> p_values;
    for (size_t c = 0; c < setting.columns; ++c) {
      const std::span<const double> column = std::span(values).subspan(c * rows, rows);
      p_values.push_back(
          drift::KolmogorovSmirnov(drift::TallyOf(column.first(setting.reference_rows),
                                                  column.subspan(setting.reference_rows)))
              .p_value);
    }
    bool any = false;
    for (const double p : drift::Correct(p_values, drift::Correction::kBenjaminiHochberg)) {
      any = any || p <= kLevel;
    }
    fired.columns += any;
  }
  return fired;
}

// "4.8 (3.1 .. 7.3)": percent with Wilson's interval.
std::string Percent(int fired, int runs) {
  const firetower::metrics::Interval rate = firetower::metrics::WilsonInterval(fired, runs);
  char text[64];
  std::snprintf(text, sizeof text, "%.1f (%.1f .. %.1f)", 100.0 * rate.value, 100.0 * rate.low,
                100.0 * rate.high);
  return text;
}

void Table(std::span<const Setting> settings, int data_sets) {
  std::printf(
      "| data | rows | columns | PCA | Hotelling | domain classifier | MMD | any column (KS, BH) | "
      "mean AUC | AUC interval without 0.5 |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Setting& setting : settings) {
    const Fired fired = Run(setting, data_sets);
    std::printf("| %s | %zu + %zu | %zu | %s | %s | %s | %s | %s | %.3f | %s |\n", setting.name,
                setting.reference_rows, setting.current_rows, setting.columns,
                Percent(fired.pca, data_sets).c_str(), Percent(fired.hotelling, data_sets).c_str(),
                Percent(fired.domain, data_sets).c_str(), Percent(fired.mmd, data_sets).c_str(),
                Percent(fired.columns, data_sets).c_str(), fired.auc / data_sets,
                Percent(fired.auc_interval, data_sets).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

int main() {
  constexpr int kNull = 400;
  constexpr int kMoved = 100;
  std::printf(
      "# Tests of all columns together: error rates and power\n\n"
      "Written by `multivariate_calibration` (preset `bench`). Columns share a factor, so that any "
      "two correlate by 0.5. Settings as in the page: PCA of 65 %% variance, 39 permutations of 20 "
      "trees for the domain classifier, 500 rows a side and 199 permutations for MMD. Percent of "
      "data sets with p <= 0.05 and Wilson's 95 %% interval; beside them the columns one by one "
      "(Kolmogorov-Smirnov, Benjamini-Hochberg).\n\n"
      "## Without drift: %d data sets each, nominal 5 %%\n\n",
      kNull);
  const Setting null[] = {
      {"normal", 50, 50, 5},
      {"normal", 200, 200, 10},
      {"normal", 1000, 100, 10},
      {"normal", 500, 500, 30},
      {"normal, cubed", 50, 50, 5, Kind::kHeavy},
      {"normal, cubed", 400, 40, 10, Kind::kHeavy},
      {"whole numbers", 200, 200, 10, Kind::kDiscrete},
      {"10 % missing", 200, 200, 10, Kind::kMissing},
  };
  Table(null, kNull);
  std::printf("\n## With drift: %d data sets each\n\n", kMoved);
  const Setting moved[] = {
      {"correlations 0.5 to 0.4", 500, 500, 10, Kind::kNormal, 0.5, 0.4},
      {"correlations 0.5 to 0.3", 500, 500, 10, Kind::kNormal, 0.5, 0.3},
      {"correlations 0.5 to 0.2", 500, 500, 10, Kind::kNormal, 0.5, 0.2},
      {"correlations 0.2 to 0.5", 500, 500, 10, Kind::kNormal, 0.2, 0.5},
      {"one column by 0.25 sd", 500, 500, 10, Kind::kNormal, 0.5, 0.5, 0.25},
      {"one column by 0.5 sd", 500, 500, 10, Kind::kNormal, 0.5, 0.5, 0.5},
  };
  Table(moved, kMoved);
  std::printf(
      "\nWhat this says:\n\n"
      "- PCA, domain classifier and MMD hold their level for any distribution, by construction: "
      "what is compared is exchangeable without drift. Hotelling's p-value is exact for normal "
      "columns; with heavy tails, unequal windows and few rows it is only near.\n"
      "- A change of correlations moves no column, and no test of single columns can see it; PCA, "
      "domain classifier and MMD do. Hotelling compares means alone; PCA's error hardly sees a "
      "column that moves by itself.\n"
      "- DeLong's interval of the out-of-bag AUC is a description, not a test: without drift the "
      "AUC lies below 0.5 for small windows and the interval leaves 0.5 out too often. The "
      "verdict is the permutation's.\n");
  return 0;
}

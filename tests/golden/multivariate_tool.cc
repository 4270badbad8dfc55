// Reads samples of all columns together, writes what multivariate_test.py compares with numpy,
// scipy and scikit-learn: one line of JSON per sample. A sample on standard input: "rows columns
// reference_rows seed" and then the values column by column (nan is missing).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "analysis/multivariate.h"
#include "core/drift/pca.h"

namespace {

void Put(const char* name, std::span<const double> values) {
  std::printf("\"%s\": [", name);
  for (size_t i = 0; i < values.size(); ++i) {
    std::printf(std::isnan(values[i]) ? "%sNaN" : "%s%.17g", i > 0 ? ", " : "", values[i]);
  }
  std::printf("], ");
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::string request = argc > 1 ? argv[1] : "{}";
  size_t rows = 0, columns = 0, reference_rows = 0;
  uint64_t seed = 0;
  while (std::cin >> rows >> columns >> reference_rows >> seed) {
    std::vector<double> values(rows * columns);
    for (double& value : values) {
      std::string text;
      if (!(std::cin >> text)) return 1;
      value = std::strtod(text.c_str(), nullptr);
    }
    std::vector<std::string> names;
    for (size_t c = 0; c < columns; ++c) names.push_back(std::to_string(c));
    const auto result =
        firetower::analysis::Multivariate(names, values, rows, reference_rows, request);
    if (!result.ok()) {
      std::fprintf(stderr, "%s\n", result.error().message.c_str());
      return 1;
    }
    std::printf("{");
    const firetower::drift::SampleMatrix sample = {
        .values = values, .rows = rows, .columns = columns, .reference_rows = reference_rows};
    std::vector<uint32_t> reference(reference_rows);
    std::iota(reference.begin(), reference.end(), 0u);
    std::vector<uint32_t> all(rows);
    std::iota(all.begin(), all.end(), 0u);
    if (const auto pca = firetower::drift::Pca::Fit(sample, reference, 0.65); pca.ok()) {
      std::vector<double> errors(rows);
      pca->Errors(sample, all, errors);
      Put("pca_errors", errors);  // Components of the whole reference.
    }
    const std::vector<uint32_t> half = firetower::drift::FittedRows(reference_rows, seed);
    Put("fitted_rows", std::vector<double>(half.begin(), half.end()));
    if (result->classifier) {
      Put("oob", result->classifier->oob());
      std::vector<double> ratios(rows);
      const std::vector<float> features = firetower::analysis::DomainFeatures(values);
      result->classifier->DensityRatios(features, rows, ratios);
      Put("ratios", ratios);
    }
    std::printf("\"document\": %s}\n", result->json.c_str());
  }
  return 0;
}

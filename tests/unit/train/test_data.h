// Made-up training data for the tests of this folder.
#ifndef FIRETOWER_TESTS_UNIT_TRAIN_TEST_DATA_H_
#define FIRETOWER_TESTS_UNIT_TRAIN_TEST_DATA_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/random.h"

namespace firetower::train {

struct TestData {
  size_t rows = 0;
  size_t feature_count = 0;
  std::vector<float> features;  // features[f * rows + i]
  std::vector<uint8_t> labels;
  std::vector<double> weights;

  float at(size_t feature, size_t row) const { return features[feature * rows + row]; }
  std::vector<float> row(size_t i) const {
    std::vector<float> values;
    for (size_t f = 0; f < feature_count; ++f) values.push_back(at(f, i));
    return values;
  }
};

struct TestDataOptions {
  size_t rows = 200;
  size_t feature_count = 4;
  uint32_t levels = 0;    // Distinct values per feature; 0: as many as rows.
  double positive = 0.3;  // Share.
  double missing = 0.0;   // Share of missing values.
  double shift =
      1.0;  // How far positives lie from negatives in feature 0; half of it in feature 1.
  bool weighted = false;
  uint64_t seed = 1;
};

inline TestData MakeData(const TestDataOptions& options) {
  Random random(options.seed);
  TestData data;
  data.rows = options.rows;
  data.feature_count = options.feature_count;
  data.features.resize(options.rows * options.feature_count);
  for (size_t i = 0; i < options.rows; ++i) {
    const bool positive = i == 0 || (i > 1 && random.Uniform() < options.positive);
    data.labels.push_back(positive ? 1 : 0);
    if (options.weighted) data.weights.push_back(0.5 + 4.0 * random.Uniform());
    for (size_t f = 0; f < options.feature_count; ++f) {
      double value = random.Uniform() + random.Uniform() + random.Uniform();
      if (positive) value += f == 0 ? options.shift : f == 1 ? 0.5 * options.shift : 0.0;
      if (options.levels > 0) value = std::floor(value * options.levels / 4.0);
      if (random.Uniform() < options.missing) value = std::numeric_limits<double>::quiet_NaN();
      data.features[f * options.rows + i] = static_cast<float>(value);
    }
  }
  return data;
}

}  // namespace firetower::train

#endif  // FIRETOWER_TESTS_UNIT_TRAIN_TEST_DATA_H_

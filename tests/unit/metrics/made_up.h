// Made-up scores, for tests.
#ifndef FIRETOWER_TESTS_UNIT_METRICS_MADE_UP_H_
#define FIRETOWER_TESTS_UNIT_METRICS_MADE_UP_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/metrics/binary.h"

namespace firetower::metrics {

struct MadeUp {
  std::vector<double> scores;
  std::vector<double> labels;
  std::vector<double> weights;  // Empty unless weighted.
};

// Positive with the probability of the score, so that scores are calibrated. levels: how many
// different scores there are; few give many ties. Scores crowd at 0 with a higher power.
inline MadeUp CalibratedRows(uint64_t seed, size_t rows, double levels, bool weighted,
                             double power = 1.0) {
  Random random(seed);
  MadeUp data;
  for (size_t i = 0; i < rows; ++i) {
    const double score = std::floor(std::pow(random.Uniform(), power) * levels) / levels;
    data.scores.push_back(score);
    data.labels.push_back(random.Uniform() < score ? 1.0 : 0.0);
    if (weighted) data.weights.push_back(0.1 + 10.0 * random.Uniform());
  }
  return data;
}

inline ScoredLabels Sorted(const MadeUp& data) {
  return *ScoredLabels::Create(data.scores, data.labels, data.weights);
}

inline double WeightOf(const MadeUp& data, size_t i) {
  return data.weights.empty() ? 1.0 : data.weights[i];
}

}  // namespace firetower::metrics

#endif  // FIRETOWER_TESTS_UNIT_METRICS_MADE_UP_H_

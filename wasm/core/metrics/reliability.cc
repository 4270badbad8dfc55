#include "core/metrics/reliability.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/metrics/decisions.h"

namespace firetower::metrics {

Reliability MeasureReliability(const ScoredLabels& scored, size_t bins) {
  Reliability result;
  const double total = scored.positive_weight() + scored.negative_weight();
  if (!(total > 0.0)) {
    result.expected_error = result.maximum_error = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  double running = 0.0;
  size_t edge = 1;  // The bin being filled ends at the edge edge / bins.
  size_t i = scored.rows();
  while (i > 0) {
    ReliabilityBin bin = {.low = scored.scores()[i - 1]};
    Share share;
    double sum = 0.0;
    const double end = total * static_cast<double>(edge) / static_cast<double>(bins);
    while (i > 0) {
      const double score = scored.scores()[i - 1];
      for (; i > 0 && scored.scores()[i - 1] == score; --i) {
        const double weight = scored.weights()[i - 1];
        share.Add(weight, scored.labels()[i - 1] != 0);
        sum += weight * score;
        running += weight;
        ++bin.rows;
      }
      bin.high = score;
      if (running >= end) break;
    }
    // Edges that fall on the same score make one bin.
    while (edge < bins &&
           running >= total * static_cast<double>(edge) / static_cast<double>(bins)) {
      ++edge;
    }
    bin.weight = share.weight;
    if (!(bin.weight > 0.0)) continue;
    bin.predicted = sum / bin.weight;
    bin.observed = share.Wilson();
    const double error = std::abs(bin.observed.value - bin.predicted);
    result.expected_error += bin.weight / total * error;
    result.maximum_error = std::max(result.maximum_error, error);
    result.bins.push_back(bin);
  }
  return result;
}

}  // namespace firetower::metrics

// The model layout and the rows of the monitor's tests, and summaries counted the slow way.
#ifndef FIRETOWER_TESTS_UNIT_MONITOR_RANDOM_ROWS_H_
#define FIRETOWER_TESTS_UNIT_MONITOR_RANDOM_ROWS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/monitor/log_linear.h"
#include "core/monitor/summary.h"

namespace firetower::monitor::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline size_t Pick(Random* random, size_t bound) {
  return static_cast<size_t>(random->Next() % bound);
}

struct Row {
  std::vector<float> features;
  double probability = 0;
  int32_t status = 0;
  int32_t status_input = -1;
  double label = kNaN;
  double time = kNaN;
};

// Edges near which float32 and float64 could disagree: between two floats, on one, subnormal, huge.
inline std::vector<double> RandomEdges(Random* random, size_t count) {
  std::vector<double> edges;
  while (edges.size() < count) {
    double edge = 8.0 * random->Uniform() - 4.0;
    switch (Pick(random, 6)) {
      case 0:
        edge = static_cast<double>(static_cast<float>(edge));
        break;
      case 1:
        edge = std::nextafter(static_cast<double>(static_cast<float>(edge)), kInfinity);
        break;
      case 2:
        edge = std::nextafter(static_cast<double>(static_cast<float>(edge)), -kInfinity);
        break;
      case 3:
        edge *= 1e-40;
        break;
      default:
        break;
    }
    edges.push_back(edge + 0.0);
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

inline std::shared_ptr<const SummaryLayout> MakeLayout(uint64_t seed) {
  Random random(seed, 77);
  SummaryLayout layout;
  layout.model_name = "test \"model\"";
  layout.model_version = "1.2.3";
  layout.model_hash = "abc123";
  layout.threshold = 0.4321;
  layout.risk_cuts = {0.05, 0.25, 0.5, 0.80005};
  layout.inputs = {"a", "b"};
  layout.features = {"quantiles", "unit", "hostile", "far", "discrete", "one bin"};
  layout.edges = {RandomEdges(&random, 65),
                  {0.0, 1.0},
                  RandomEdges(&random, 2 + Pick(&random, 100)),
                  {-1e300, -1e39, -1.0, 1e38, 1e39, 1e300},
                  {0.0, 1.0, 2.0, std::nextafter(2.0, 3.0)},
                  {1e-45, 1.5}};
  if (layout.edges[2].size() < 2) layout.edges[2] = {-1.0, 1.0};
  return std::make_shared<const SummaryLayout>(std::move(layout));
}

inline float RandomValue(Random* random, const std::vector<double>& edges) {
  constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();
  const auto on_edge = static_cast<float>(edges[Pick(random, edges.size())]);
  switch (Pick(random, 16)) {
    case 0:
      return std::numeric_limits<float>::quiet_NaN();
    case 1:
      return Pick(random, 2) == 0 ? kFloatInfinity : -kFloatInfinity;
    case 2:
      return on_edge;
    case 3:
      return std::nextafter(on_edge, kFloatInfinity);
    case 4:
      return std::nextafter(on_edge, -kFloatInfinity);
    case 5:
      return static_cast<float>(std::exp(40.0 * random->Uniform() - 20.0));
    case 6:
      return -static_cast<float>(std::exp(40.0 * random->Uniform() - 20.0));
    case 7:
      return Pick(random, 2) == 0 ? 0.0f : -0.0f;
    case 8:
      return Pick(random, 2) == 0 ? std::numeric_limits<float>::max()
                                  : std::numeric_limits<float>::lowest();
    default:
      return static_cast<float>(8.0 * random->Uniform() - 4.0);
  }
}

inline Row RandomRow(Random* random, const SummaryLayout& layout) {
  Row row;
  for (const std::vector<double>& edges : layout.edges) {
    row.features.push_back(RandomValue(random, edges));
  }
  switch (Pick(random, 6)) {
    case 0:
      row.probability = Pick(random, 2) == 0 ? 0.0 : 1.0;
      break;
    case 1:
      row.probability = static_cast<double>(Pick(random, 1001)) / 1000.0;
      if (Pick(random, 2) == 0) row.probability = std::nextafter(row.probability, 0.0);
      break;
    case 2: {
      const double cuts[] = {layout.threshold, layout.risk_cuts[0], layout.risk_cuts[3]};
      row.probability = std::nextafter(cuts[Pick(random, 3)], Pick(random, 2) == 0 ? 0.0 : 1.0);
      break;
    }
    default:
      row.probability = random->Uniform();
  }
  if (Pick(random, 8) == 0) {
    row.status = static_cast<int32_t>(Pick(random, 20)) - 2;
    row.status_input = static_cast<int32_t>(Pick(random, 4)) - 1;
    if (row.status == 0 || Pick(random, 2) == 0) row.probability = kNaN;
  }
  const double labels[] = {0.0, 1.0, kNaN, 0.5};
  row.label = labels[Pick(random, 4)];
  const double times[] = {kNaN, kInfinity, -kInfinity, 1e13, -1e13, 9e12, 0.0004, 0.0005, -12.3456};
  row.time = Pick(random, 3) == 0 ? times[Pick(random, 9)] : 1e6 * random->Uniform();
  return row;
}

// Rows as the columns of a block. Keep it while the block is used.
class Columns {
 public:
  explicit Columns(std::span<const Row> rows, size_t padding = 0)
      : rows_(rows.size()), stride_(rows.size() + padding) {
    const size_t features = rows.empty() ? 0 : rows[0].features.size();
    features_.assign(features * stride_, 99.0f);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t f = 0; f < features; ++f) features_[f * stride_ + i] = rows[i].features[f];
      probabilities_.push_back(rows[i].probability);
      statuses_.push_back(rows[i].status);
      inputs_.push_back(rows[i].status_input);
      labels_.push_back(rows[i].label);
      times_.push_back(rows[i].time);
    }
  }
  SummaryBlock block() const {
    return {.rows = rows_,
            .features = features_,
            .stride = stride_,
            .probabilities = probabilities_,
            .statuses = statuses_,
            .status_inputs = inputs_,
            .labels = labels_,
            .times = times_};
  }

 private:
  size_t rows_;
  size_t stride_;
  std::vector<float> features_;
  std::vector<double> probabilities_, labels_, times_;
  std::vector<int32_t> statuses_, inputs_;
};

inline Summary SummaryOf(const std::shared_ptr<const SummaryLayout>& layout,
                         std::span<const Row> rows) {
  Summary summary(layout);
  const Columns columns(rows);
  summary.Add(columns.block(), 0, rows.size());
  return summary;
}

// Linear searches and plain float64 comparisons, one row after the other.
inline Summary CountSlowly(const std::shared_ptr<const SummaryLayout>& layout,
                           std::span<const Row> rows) {
  Summary summary(layout);
  const std::vector<double> score_edges = ScoreEdges(*layout);
  for (const Row& row : rows) {
    if (std::isfinite(row.time) && std::fabs(row.time) * 1000.0 <= 9007199254740992.0) {
      const auto time = static_cast<int64_t>(std::round(row.time * 1000.0));
      summary.first_time_ms = std::min(summary.first_time_ms, time);
      summary.last_time_ms = std::max(summary.last_time_ms, time);
    }
    if (row.status != 0 || std::isnan(row.probability)) {
      ++summary.aside;
      ++summary.reasons[row.status >= 0 && row.status < 16 ? static_cast<size_t>(row.status) : 0];
      if (row.status_input >= 0 && row.status_input < static_cast<int32_t>(layout->inputs.size())) {
        ++summary.invalid[static_cast<size_t>(row.status_input)];
      }
      continue;
    }
    const double p = row.probability;
    ++summary.scored;
    summary.flagged += p >= layout->threshold ? 1u : 0u;
    summary.score_sum += static_cast<uint64_t>(std::floor(std::ldexp(p, 32) + 0.5));
    size_t level = 0;
    while (level < 4 && p >= layout->risk_cuts[level]) ++level;
    ++summary.levels[level];
    for (size_t bin = 0; bin + 1 < score_edges.size(); ++bin) {
      if (p < score_edges[bin] || p >= score_edges[bin + 1]) continue;
      ++summary.scores[bin];
      if (row.label == 1.0) ++summary.positives[bin];
      if (row.label == 0.0) ++summary.negatives[bin];
    }
    for (size_t f = 0; f < layout->edges.size(); ++f) {
      const std::vector<double>& edges = layout->edges[f];
      FeatureCounts& counts = summary.features[f];
      const auto x = static_cast<double>(row.features[f]);
      const double width = edges.back() - edges.front();
      if (std::isnan(x)) {
        ++counts.missing;
      } else if (x == kInfinity) {
        ++counts.positive_infinite;
      } else if (x == -kInfinity) {
        ++counts.negative_infinite;
      } else if (x < edges.front()) {
        ++counts.below[BucketOf((edges.front() - x) / width)];
      } else if (x > edges.back()) {
        ++counts.above[BucketOf((x - edges.back()) / width)];
      } else {
        for (size_t b = 0; b + 1 < edges.size(); ++b) {
          const bool last = b + 2 == edges.size();
          if (x >= edges[b] && (x < edges[b + 1] || (last && x == edges[b + 1]))) ++counts.bins[b];
        }
      }
    }
  }
  return summary;
}

}  // namespace firetower::monitor::test

#endif  // FIRETOWER_TESTS_UNIT_MONITOR_RANDOM_ROWS_H_

#include "core/domain/domain_classifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/random.h"
#include "core/train/forest_trainer.h"

namespace firetower::domain {
namespace {

constexpr uint64_t kLabelStream = uint64_t{1} << 32;  // Streams below are the trees'.
constexpr int32_t kSmallestLeaf = 5;                  // Smooths the density ratio.

Error BadArgument(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

Status CheckOptions(const DomainOptions& options) {
  if (options.trees < 10 || options.trees > 1000 || options.permutation_trees < 10 ||
      options.permutation_trees > 1000) {
    return BadArgument("the domain classifier takes 10 to 1000 trees");
  }
  if (options.max_depth < 1 || options.max_depth > 30) {
    return BadArgument("the domain classifier's depth must be between 1 and 30");
  }
  if (options.permutations < 0 || options.permutations > 10000) {
    return BadArgument("the domain classifier takes 0 to 10000 permutations");
  }
  return {};
}

train::ForestOptions ForestOptionsOf(const DomainOptions& options, int32_t trees) {
  train::ForestOptions forest;
  forest.n_estimators = trees;
  forest.max_depth = options.max_depth;
  forest.min_samples_leaf = kSmallestLeaf;
  forest.oob_score = true;
  forest.seed = options.seed;
  forest.threads = options.threads;
  return forest;
}

// bits[f] = feature f of the row.
void BitsOf(std::span<const float> features, size_t rows, size_t row, std::span<uint32_t> bits) {
  for (size_t f = 0; f < bits.size(); ++f) {
    std::memcpy(&bits[f], &features[f * rows + row], sizeof(float));
  }
}

Result<metrics::Interval> AucOf(std::span<const double> probabilities,
                                std::span<const uint8_t> current) {
  const std::vector<double> labels(current.begin(), current.end());
  const Result<metrics::ScoredLabels> scored =
      metrics::ScoredLabels::Create(probabilities, labels, {});
  if (!scored.ok()) return scored.error();
  return metrics::RocAuc(*scored);
}

}  // namespace

Result<DomainClassifier> DomainClassifier::Train(std::span<const float> features, size_t rows,
                                                 size_t feature_count,
                                                 std::span<const uint8_t> current,
                                                 const DomainOptions& options) {
  if (Status status = CheckOptions(options); !status.ok()) return status.error();
  if (current.size() != rows) return BadArgument("rows and sides differ in length");
  const auto current_rows =
      static_cast<size_t>(std::count(current.begin(), current.end(), uint8_t{1}));
  if (current_rows < kMinRows || rows - current_rows < kMinRows) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = "each side needs at least " + std::to_string(kMinRows) + " rows"};
  }
  Result<train::TrainedForest> trained = train::TrainForest(
      features, rows, feature_count, current, {}, ForestOptionsOf(options, options.trees));
  if (!trained.ok()) return trained.error();
  const std::span<const double> importances = trained->importances;
  if (std::all_of(importances.begin(), importances.end(), [](double v) { return v == 0.0; })) {
    return Error{.code = ErrorCode::kDataInvalid, .message = "no column varies"};
  }
  const Result<metrics::Interval> auc = AucOf(trained->oob_probability, current);
  if (!auc.ok()) return auc.error();
  Result<forest::CompiledForest> compiled = forest::CompiledForest::Build(trained->forest);
  if (!compiled.ok()) return compiled.error();

  DomainClassifier domain;
  domain.forest_ = *std::move(compiled);
  domain.oob_ = std::move(trained->oob_probability);
  domain.importances_ = std::move(trained->importances);
  domain.auc_ = *auc;
  domain.prior_ = static_cast<double>(rows - current_rows) / static_cast<double>(current_rows);
  domain.p_value_ = std::numeric_limits<double>::quiet_NaN();
  domain.IndexTrainingRows(features);
  if (options.permutations == 0) return domain;

  const train::ForestOptions small = ForestOptionsOf(options, options.permutation_trees);
  double observed = 0.0;
  int32_t at_least = 0;
  std::vector<uint8_t> labels(current.begin(), current.end());
  Random random(options.seed, kLabelStream);
  for (int32_t r = 0; r <= options.permutations; ++r) {
    if (r > 0) {
      for (size_t i = rows - 1; i > 0; --i) {
        std::swap(labels[i], labels[random.Below(static_cast<uint32_t>(i + 1))]);
      }
    }
    const Result<train::TrainedForest> forest =
        train::TrainForest(features, rows, feature_count, labels, {}, small);
    if (!forest.ok()) return forest.error();
    const Result<metrics::Interval> area = AucOf(forest->oob_probability, labels);
    if (!area.ok()) return area.error();
    if (r == 0) {
      observed = area->value;
    } else if (area->value >= observed) {
      ++at_least;
    }
  }
  domain.p_value_ = (1.0 + at_least) / (1.0 + options.permutations);
  return domain;
}

double DomainClassifier::Ratio(double probability) const {
  const double margin = 0.5 / static_cast<double>(oob_.size());
  // NaN stays NaN.
  const double p = std::clamp(probability, margin, 1.0 - margin);
  return p / (1.0 - p) * prior_;
}

double DomainClassifier::DensityRatio(size_t training_row) const {
  return Ratio(oob_[training_row]);
}

void DomainClassifier::IndexTrainingRows(std::span<const float> features) {
  const size_t width = feature_count();
  std::vector<uint32_t> bits(rows() * width);
  for (size_t i = 0; i < rows(); ++i) {
    BitsOf(features, rows(), i, std::span(bits).subspan(i * width, width));
  }
  const auto row_bits = [&](uint32_t row) { return bits.data() + row * width; };
  std::vector<uint32_t> order(rows());
  std::iota(order.begin(), order.end(), uint32_t{0});
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const auto [at_a, at_b] = std::mismatch(row_bits(a), row_bits(a) + width, row_bits(b));
    return at_a == row_bits(a) + width ? a < b : *at_a < *at_b;
  });
  for (size_t i = 0; i < order.size();) {
    const uint32_t* first = row_bits(order[i]);
    double sum = 0.0;
    double count = 0.0;
    for (; i < order.size() && std::equal(first, first + width, row_bits(order[i])); ++i) {
      if (std::isnan(oob_[order[i]])) continue;
      sum += oob_[order[i]];
      count += 1.0;
    }
    if (!(count > 0.0)) continue;
    distinct_.insert(distinct_.end(), first, first + width);
    distinct_oob_.push_back(sum / count);
  }
}

void DomainClassifier::DensityRatios(std::span<const float> features, size_t rows,
                                     std::span<double> out) const {
  const size_t width = feature_count();
  std::vector<uint32_t> bits(width);
  forest_.PredictProba(features, rows, rows, out);
  for (size_t i = 0; i < rows; ++i) {
    BitsOf(features, rows, i, bits);
    size_t first = 0;
    for (size_t left = distinct_oob_.size(); left > 0;) {
      const uint32_t* middle = distinct_.data() + (first + left / 2) * width;
      if (std::lexicographical_compare(middle, middle + width, bits.begin(), bits.end())) {
        first += left / 2 + 1;
        left -= left / 2 + 1;
      } else {
        left /= 2;
      }
    }
    if (first < distinct_oob_.size() &&
        std::equal(bits.begin(), bits.end(),
                   distinct_.begin() + static_cast<std::ptrdiff_t>(first * width))) {
      out[i] = distinct_oob_[first];
    }
    out[i] = Ratio(out[i]);
  }
}

}  // namespace firetower::domain

#include "core/train/forest_trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "core/base/random.h"
#include "core/train/bins.h"
#include "core/train/grower.h"
#include "core/train/parallel.h"

namespace firetower::train {
namespace {

constexpr double kMaxWeight = 1e100;

Error BadArgument(std::string message) {
  return {.code = ErrorCode::kBadArgument, .message = std::move(message)};
}

Error BadData(std::string message, size_t row) {
  return {.code = ErrorCode::kDataInvalid,
          .message = std::move(message),
          .row = static_cast<int64_t>(row)};
}

Status CheckData(std::span<const float> features, size_t rows, size_t feature_count,
                 std::span<const uint8_t> labels, std::span<const double> weights) {
  if (rows == 0 || rows > std::numeric_limits<int32_t>::max()) {
    return BadArgument("training needs between 1 and 2147483647 rows");
  }
  if (feature_count == 0 || feature_count > forest::Limits::kMaxFeatures) {
    return BadArgument("training needs between 1 and 4096 features");
  }
  if (features.size() != rows * feature_count || labels.size() != rows ||
      (!weights.empty() && weights.size() != rows)) {
    return BadArgument("features, labels and weights differ in length");
  }
  double class_weight[2] = {0.0, 0.0};
  for (size_t i = 0; i < rows; ++i) {
    if (labels[i] > 1) return BadData("a label is neither 0 nor 1", i);
    const double weight = weights.empty() ? 1.0 : weights[i];
    if (!(weight >= 0.0 && std::isfinite(weight))) {
      return BadData("a weight is negative or not finite", i);
    }
    // Weights are squared, and divided by one another.
    if (weight > kMaxWeight || (weight > 0.0 && weight < 1.0 / kMaxWeight)) {
      return BadData("a weight is neither 0 nor between 1e-100 and 1e100", i);
    }
    class_weight[labels[i]] += weight;
  }
  if (!(class_weight[0] > 0.0) || !(class_weight[1] > 0.0)) {
    return Error{.code = ErrorCode::kDataInvalid,
                 .message = class_weight[1] > 0.0 ? "there is no row of the negative class"
                                                  : "there is no row of the positive class"};
  }
  for (size_t i = 0; i < features.size(); ++i) {
    if (std::isinf(features[i])) {
      return BadData("feature " + std::to_string(i / rows) + " is infinite", i % rows);
    }
  }
  return {};
}

// How often every row was drawn for a tree.
std::vector<uint32_t> DrawCounts(size_t rows, bool bootstrap, Random* random) {
  std::vector<uint32_t> counts(rows, bootstrap ? 0 : 1);
  if (bootstrap) {
    for (size_t i = 0; i < rows; ++i) ++counts[random->Below(static_cast<uint32_t>(rows))];
  }
  return counts;
}

// scikit-learn's "balanced": rows / (2 x rows of the class), sample weights left aside; 0 for an
// absent class. counts: how often each row is there.
struct ClassFactors {
  double factor[2] = {1.0, 1.0};
};

ClassFactors Balanced(std::span<const uint8_t> labels, std::span<const uint32_t> counts) {
  uint64_t all = 0;
  uint64_t positive = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    all += counts[i];
    positive += uint64_t{counts[i]} * labels[i];
  }
  const double rows[2] = {static_cast<double>(all - positive), static_cast<double>(positive)};
  ClassFactors factors;
  for (int label = 0; label < 2; ++label) {
    factors.factor[label] =
        rows[label] > 0.0 ? static_cast<double>(all) / (2.0 * rows[label]) : 0.0;
  }
  return factors;
}

double LeafValue(const Tree& tree, std::span<const float> features, size_t rows, size_t row) {
  size_t node = 0;
  while (tree.feature[node] >= 0) {
    const float value = features[static_cast<size_t>(tree.feature[node]) * rows + row];
    const bool left =
        value <= tree.threshold[node] || (std::isnan(value) && tree.default_left[node] != 0);
    node = static_cast<size_t>(left ? tree.left[node] : tree.right[node]);
  }
  return tree.value[node];
}

// Appends a tree's nodes; the forest's node indexes count over all trees.
void Append(const Tree& tree, forest::Forest* forest) {
  const int32_t base = static_cast<int32_t>(forest->node_count());
  const auto shifted = [base](int32_t child) { return child < 0 ? -1 : child + base; };
  forest->roots.push_back(base);
  forest->feature.insert(forest->feature.end(), tree.feature.begin(), tree.feature.end());
  forest->threshold.insert(forest->threshold.end(), tree.threshold.begin(), tree.threshold.end());
  std::transform(tree.left.begin(), tree.left.end(), std::back_inserter(forest->left), shifted);
  std::transform(tree.right.begin(), tree.right.end(), std::back_inserter(forest->right), shifted);
  forest->default_left.insert(forest->default_left.end(), tree.default_left.begin(),
                              tree.default_left.end());
  forest->value.insert(forest->value.end(), tree.value.begin(), tree.value.end());
}

// scikit-learn's feature_importances_: the mean over trees that have a split, scaled to sum to 1.
std::vector<double> Importances(std::span<const Tree> trees, size_t feature_count) {
  std::vector<double> sum(feature_count, 0.0);
  for (const Tree& tree : trees) {
    for (size_t f = 0; f < feature_count; ++f) sum[f] += tree.importance[f];
  }
  double total = 0.0;
  for (const double value : sum) total += value;
  for (double& value : sum) value = total > 0.0 ? value / total : 0.0;
  return sum;
}

}  // namespace

Status CheckOptions(const ForestOptions& options, size_t feature_count) {
  const auto bad = [](const char* rule) { return BadArgument(rule); };
  if (options.n_estimators < 1 || options.n_estimators > forest::Limits::kMaxTrees) {
    return bad("n_estimators must be between 1 and 65536");
  }
  if (options.max_depth < 0) return bad("max_depth must not be negative");
  if (options.min_samples_split < 2) return bad("min_samples_split must be at least 2");
  if (options.min_samples_leaf < 1) return bad("min_samples_leaf must be at least 1");
  if (options.max_bins < 2 || options.max_bins > kMaxBins) {
    return bad("max_bins must be between 2 and 256");
  }
  if (options.threads < 0) return bad("threads must not be negative");
  if (options.oob_score && !options.bootstrap) return bad("oob_score needs bootstrap");
  const double value = options.max_features_value;
  if (options.max_features == MaxFeatures::kFraction && !(value > 0.0 && value <= 1.0)) {
    return bad("max_features as a fraction must be above 0 and at most 1");
  }
  if (options.max_features == MaxFeatures::kCount &&
      !(value >= 1.0 && value <= static_cast<double>(feature_count) &&
        value == std::floor(value))) {
    return BadArgument("max_features as a count must be a whole number between 1 and " +
                       std::to_string(feature_count));
  }
  return {};
}

int32_t FeaturesPerNode(const ForestOptions& options, size_t feature_count) {
  const double count = static_cast<double>(feature_count);
  double wanted = count;
  switch (options.max_features) {
    case MaxFeatures::kSqrt:
      wanted = std::sqrt(count);
      break;
    case MaxFeatures::kLog2:
      wanted = std::log2(count);
      break;
    case MaxFeatures::kFraction:
      wanted = options.max_features_value * count;
      break;
    case MaxFeatures::kCount:
      wanted = options.max_features_value;
      break;
    case MaxFeatures::kAll:
      break;
  }
  return std::max(1, static_cast<int32_t>(wanted));
}

Result<TrainedForest> TrainForest(std::span<const float> features, size_t rows,
                                  size_t feature_count, std::span<const uint8_t> labels,
                                  std::span<const double> weights, const ForestOptions& options) {
  if (Status status = CheckData(features, rows, feature_count, labels, weights); !status.ok()) {
    return status.error();
  }
  if (Status status = CheckOptions(options, feature_count); !status.ok()) return status.error();

  const std::vector<double> ones(weights.empty() ? rows : 0, 1.0);
  const std::span<const double> row_weights = weights.empty() ? std::span(ones) : weights;
  const int32_t threads = ThreadCount(options.threads, options.n_estimators);
  std::optional<BinnedFeatures> bins;
  if (options.splitter == Splitter::kBest) {
    bins.emplace(features, rows, feature_count, labels, row_weights, options.max_bins, threads);
  }
  const GrowerInput input = {.values = features,
                             .rows = rows,
                             .feature_count = feature_count,
                             .bins = bins ? &*bins : nullptr,
                             .features_per_node = FeaturesPerNode(options, feature_count)};
  // As in scikit-learn, "balanced_subsample" without bootstrap is "balanced".
  const bool per_tree =
      options.class_weight == ClassWeight::kBalancedSubsample && options.bootstrap;
  const ClassFactors overall = options.class_weight == ClassWeight::kNone
                                   ? ClassFactors{}
                                   : Balanced(labels, std::vector<uint32_t>(rows, 1));
  const size_t positives = std::accumulate(labels.begin(), labels.end(), size_t{0});

  struct Worker {
    std::unique_ptr<TreeGrower> grower;
    std::vector<Sample> samples[2];  // Of each class, with room for one more.
  };
  std::vector<Worker> workers(static_cast<size_t>(threads));
  std::vector<Tree> trees(static_cast<size_t>(options.n_estimators));
  std::vector<std::vector<bool>> in_bag(options.oob_score ? trees.size() : 0);
  const auto grow = [&](int32_t index, int32_t worker_index) {
    Worker& worker = workers[static_cast<size_t>(worker_index)];
    if (!worker.grower) {
      worker.grower = std::make_unique<TreeGrower>(input, options);
      worker.samples[0].resize(rows - positives + 1);
      worker.samples[1].resize(positives + 1);
    }
    Random random(options.seed, static_cast<uint64_t>(index));
    const std::vector<uint32_t> counts = DrawCounts(rows, options.bootstrap, &random);
    const ClassFactors factors = per_tree ? Balanced(labels, counts) : overall;
    Sample* const samples[2] = {worker.samples[0].data(), worker.samples[1].data()};
    size_t taken[2] = {0, 0};
    for (size_t i = 0; i < rows; ++i) {
      const uint8_t label = labels[i];
      const double weight = row_weights[i] * static_cast<double>(counts[i]) * factors.factor[label];
      // Overwritten by the next one if it does not count: a branch would be guessed wrong.
      samples[label][taken[label]] = {.weight = weight, .row = static_cast<uint32_t>(i)};
      taken[label] += weight > 0.0 ? 1 : 0;
    }
    const size_t tree = static_cast<size_t>(index);
    if (options.oob_score) {
      in_bag[tree].resize(rows);
      for (size_t i = 0; i < rows; ++i) in_bag[tree][i] = counts[i] > 0;
    }
    trees[tree] = worker.grower->Grow({samples[0], taken[0]}, {samples[1], taken[1]}, random);
  };
  if (!ParallelFor(options.n_estimators, threads, grow, options.progress)) {
    return Error{.code = ErrorCode::kNotReady, .message = "training was cancelled"};
  }

  TrainedForest trained;
  size_t nodes = 0;
  for (const Tree& tree : trees) nodes += tree.feature.size();
  if (nodes > forest::Limits::kMaxNodes) {
    return Error{.code = ErrorCode::kTooBig,
                 .message = "the forest has " + std::to_string(nodes) +
                            " nodes, more than a model may hold; limit max_depth or raise "
                            "min_samples_leaf"};
  }
  trained.forest.feature_count = static_cast<int32_t>(feature_count);
  for (const Tree& tree : trees) Append(tree, &trained.forest);
  trained.importances = Importances(trees, feature_count);
  if (options.oob_score) {
    constexpr size_t kBlock = 1024;
    trained.oob_probability.resize(rows);
    const auto score = [&](int32_t block, int32_t) {
      const size_t begin = static_cast<size_t>(block) * kBlock;
      for (size_t i = begin; i < std::min(rows, begin + kBlock); ++i) {
        double sum = 0.0;
        double count = 0.0;
        for (size_t t = 0; t < trees.size(); ++t) {
          if (in_bag[t][i]) continue;
          sum += LeafValue(trees[t], features, rows, i);
          count += 1.0;
        }
        trained.oob_probability[i] =
            count > 0.0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
      }
    };
    ParallelFor(static_cast<int32_t>((rows + kBlock - 1) / kBlock), threads, score, nullptr);
  }
  return trained;
}

}  // namespace firetower::train

#include "core/train/forest_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/train/parallel.h"
#include "test_data.h"

namespace firetower::train {
namespace {

Result<TrainedForest> TryTrain(const TestData& data, const ForestOptions& options) {
  return TrainForest(data.features, data.rows, data.feature_count, data.labels, data.weights,
                     options);
}

TrainedForest Train(const TestData& data, const ForestOptions& options) {
  Result<TrainedForest> trained = TryTrain(data, options);
  EXPECT_TRUE(trained.ok()) << (trained.ok() ? "" : trained.error().message);
  EXPECT_TRUE(forest::Validate(trained->forest).ok());
  return *std::move(trained);
}

ForestOptions Trees(int32_t count) {
  ForestOptions options;
  options.n_estimators = count;
  return options;
}

// Leaf value of one tree.
double TreeValue(const forest::Forest& forest, size_t tree, const std::vector<float>& row) {
  forest::Forest one = forest;
  one.roots = {forest.roots[tree]};
  return forest::PredictRowReference(one, row);
}

double Predict(const forest::Forest& forest, const std::vector<float>& row) {
  return forest::PredictRowReference(forest, row) / static_cast<double>(forest.tree_count());
}

bool SameForest(const forest::Forest& a, const forest::Forest& b) {
  return a.feature == b.feature && a.threshold == b.threshold && a.left == b.left &&
         a.right == b.right && a.default_left == b.default_left && a.value == b.value &&
         a.roots == b.roots;
}

// How often tree t draws every row, as forest_trainer.h says.
std::vector<int> Drawn(uint64_t seed, size_t tree, size_t rows) {
  Random random(seed, tree);
  std::vector<int> counts(rows, 0);
  for (size_t i = 0; i < rows; ++i) ++counts[random.Below(static_cast<uint32_t>(rows))];
  return counts;
}

// One feature without any information: every tree is a single leaf, whose value is the weighted
// share of positives.
TestData Uninformative(bool weighted) {
  TestData data = MakeData({.rows = 60, .feature_count = 1, .positive = 0.2, .weighted = weighted});
  std::fill(data.features.begin(), data.features.end(), 1.0F);
  return data;
}

// Positive share when every row counts drawn x weight x factor of its class.
double Share(const TestData& data, const std::vector<int>& drawn, const double (&factor)[2]) {
  double sum[2] = {0.0, 0.0};
  for (size_t i = 0; i < data.rows; ++i) {
    const double weight = data.weights.empty() ? 1.0 : data.weights[i];
    sum[data.labels[i]] += weight * drawn[i] * factor[data.labels[i]];
  }
  return sum[1] / (sum[0] + sum[1]);
}

double DrawnRows(const TestData& data, const std::vector<int>& drawn, uint8_t label) {
  double rows = 0.0;
  for (size_t i = 0; i < data.rows; ++i) rows += data.labels[i] == label ? drawn[i] : 0;
  return rows;
}

TEST(ForestTrainerTest, SeparatesWhatCanBeSeparated) {
  const TestData data = MakeData({.rows = 400, .shift = 4.0});
  for (const Splitter splitter : {Splitter::kBest, Splitter::kRandom}) {
    ForestOptions options = Trees(30);
    options.splitter = splitter;
    const forest::Forest forest = Train(data, options).forest;
    EXPECT_EQ(forest.tree_count(), 30u);
    for (size_t i = 0; i < data.rows; ++i) {
      EXPECT_EQ(Predict(forest, data.row(i)) > 0.5, data.labels[i] == 1) << i;
    }
  }
}

TEST(ForestTrainerTest, ClassWeightsAreThoseOfScikitLearn) {
  for (const bool weighted : {false, true}) {
    const TestData data = Uninformative(weighted);
    const std::vector<int> once(data.rows, 1);
    const double rows = static_cast<double>(data.rows);
    const double balanced[2] = {rows / (2.0 * DrawnRows(data, once, 0)),
                                rows / (2.0 * DrawnRows(data, once, 1))};
    for (const bool bootstrap : {false, true}) {
      ForestOptions options = Trees(3);
      options.bootstrap = bootstrap;
      options.seed = 11;
      for (size_t tree = 0; tree < 3; ++tree) {
        const std::vector<int> drawn = bootstrap ? Drawn(11, tree, data.rows) : once;
        const auto value = [&](ClassWeight class_weight) {
          options.class_weight = class_weight;
          const forest::Forest forest = Train(data, options).forest;
          EXPECT_EQ(forest.node_count(), 3u);
          return forest.value[tree];
        };
        EXPECT_NEAR(value(ClassWeight::kNone), Share(data, drawn, {1.0, 1.0}), 1e-12);
        // "balanced" counts the rows of the whole data, not their weights.
        EXPECT_NEAR(value(ClassWeight::kBalanced), Share(data, drawn, balanced), 1e-12);
        // "balanced_subsample" counts the rows drawn for the tree.
        const double subsample[2] = {rows / (2.0 * DrawnRows(data, drawn, 0)),
                                     rows / (2.0 * DrawnRows(data, drawn, 1))};
        EXPECT_NEAR(value(ClassWeight::kBalancedSubsample), Share(data, drawn, subsample), 1e-12);
      }
    }
  }
}

TEST(ForestTrainerTest, AWeightOfTwoIsARowTwice) {
  TestData weighted = MakeData({.rows = 80, .levels = 12});
  TestData repeated = weighted;
  for (size_t i = 0; i < weighted.rows; ++i) {
    weighted.weights.push_back(static_cast<double>(1 + i % 3));
  }
  repeated.features.clear();
  repeated.labels.clear();
  for (size_t f = 0; f < weighted.feature_count; ++f) {
    for (size_t i = 0; i < weighted.rows; ++i) {
      repeated.features.insert(repeated.features.end(), 1 + i % 3, weighted.at(f, i));
    }
  }
  for (size_t i = 0; i < weighted.rows; ++i) {
    repeated.labels.insert(repeated.labels.end(), 1 + i % 3, weighted.labels[i]);
  }
  repeated.rows = repeated.labels.size();
  ForestOptions options = Trees(10);
  options.bootstrap = false;
  EXPECT_TRUE(SameForest(Train(weighted, options).forest, Train(repeated, options).forest));
}

TEST(ForestTrainerTest, RowsThatWeighNothingTakeNoPart) {
  TestData data = MakeData({.rows = 120});
  data.weights.assign(data.rows, 1.0);
  TestData part = data;
  std::vector<size_t> kept;
  for (size_t i = 0; i < data.rows; ++i) {
    if (i % 4 == 3) {
      data.weights[i] = 0.0;
    } else {
      kept.push_back(i);
    }
  }
  part.rows = kept.size();
  part.features.clear();
  part.labels.clear();
  part.weights.clear();
  for (size_t f = 0; f < data.feature_count; ++f) {
    for (const size_t i : kept) part.features.push_back(data.at(f, i));
  }
  for (const size_t i : kept) part.labels.push_back(data.labels[i]);
  ForestOptions options = Trees(5);
  options.bootstrap = false;
  EXPECT_TRUE(SameForest(Train(data, options).forest, Train(part, options).forest));
}

TEST(ForestTrainerTest, OutOfBagScoresAreMeansOverTreesThatDidNotSeeTheRow) {
  const TestData data = MakeData({.rows = 150, .missing = 0.05, .weighted = true});
  ForestOptions options = Trees(12);
  options.oob_score = true;
  options.seed = 5;
  const TrainedForest trained = Train(data, options);
  ASSERT_EQ(trained.oob_probability.size(), data.rows);
  std::vector<std::vector<int>> drawn;
  for (size_t tree = 0; tree < 12; ++tree) drawn.push_back(Drawn(5, tree, data.rows));
  size_t never_out = 0;
  for (size_t i = 0; i < data.rows; ++i) {
    double sum = 0.0;
    double count = 0.0;
    for (size_t tree = 0; tree < 12; ++tree) {
      if (drawn[tree][i] > 0) continue;
      sum += TreeValue(trained.forest, tree, data.row(i));
      count += 1.0;
    }
    if (count == 0.0) {
      ++never_out;
      EXPECT_TRUE(std::isnan(trained.oob_probability[i]));
    } else {
      EXPECT_NEAR(trained.oob_probability[i], sum / count, 1e-12);
    }
  }
  EXPECT_LT(never_out, 5u);
}

TEST(ForestTrainerTest, OutOfBagScoresOfNoiseAreNoBetterThanChance) {
  // In the bag the trees know every label by heart.
  const TestData data = MakeData({.rows = 600, .positive = 0.5, .shift = 0.0});
  ForestOptions options = Trees(60);
  options.oob_score = true;
  const TrainedForest trained = Train(data, options);
  double right_in = 0.0;
  double right_out = 0.0;
  for (size_t i = 0; i < data.rows; ++i) {
    right_in += (Predict(trained.forest, data.row(i)) > 0.5) == (data.labels[i] == 1) ? 1.0 : 0.0;
    right_out += (trained.oob_probability[i] > 0.5) == (data.labels[i] == 1) ? 1.0 : 0.0;
  }
  EXPECT_GT(right_in / 600.0, 0.97);
  EXPECT_NEAR(right_out / 600.0, 0.5, 0.08);
}

TEST(ForestTrainerTest, ThreadsDoNotMatterAndSeedsDo) {
  const TestData data = MakeData({.rows = 300, .missing = 0.05, .weighted = true});
  ForestOptions options = Trees(17);
  options.oob_score = true;
  options.class_weight = ClassWeight::kBalancedSubsample;
  options.threads = 1;
  const TrainedForest one = Train(data, options);
  for (const int32_t threads : {2, 5, 0}) {
    options.threads = threads;
    const TrainedForest other = Train(data, options);
    EXPECT_TRUE(SameForest(one.forest, other.forest));
    EXPECT_EQ(one.importances, other.importances);
    for (size_t i = 0; i < data.rows; ++i) {
      EXPECT_TRUE(one.oob_probability[i] == other.oob_probability[i] ||
                  (std::isnan(one.oob_probability[i]) && std::isnan(other.oob_probability[i])));
    }
  }
  options.seed = 1;
  EXPECT_FALSE(SameForest(one.forest, Train(data, options).forest));
}

TEST(ForestTrainerTest, MoreTreesBeginWithTheSameTrees) {
  const TestData data = MakeData({.rows = 100});
  const forest::Forest few = Train(data, Trees(3)).forest;
  const forest::Forest many = Train(data, Trees(8)).forest;
  EXPECT_TRUE(std::equal(few.threshold.begin(), few.threshold.end(), many.threshold.begin()));
  EXPECT_TRUE(std::equal(few.roots.begin(), few.roots.end(), many.roots.begin()));
}

TEST(ForestTrainerTest, ImportancesSumToOneAndPointAtTheCause) {
  for (const bool bootstrap : {false, true}) {
    ForestOptions options = Trees(40);
    options.bootstrap = bootstrap;
    const TrainedForest trained = Train(MakeData({.rows = 400, .shift = 1.5}), options);
    const std::vector<double>& shares = trained.importances;
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1.0, 1e-12);
    EXPECT_GT(shares[0], shares[1]);
    EXPECT_GT(shares[1], shares[2]);
    EXPECT_GT(shares[1], shares[3]);
  }
  EXPECT_EQ(Train(Uninformative(false), Trees(2)).importances, (std::vector<double>{0.0}));
}

TEST(ForestTrainerTest, EveryOptionHasAnEffect) {
  const TestData data = MakeData({.rows = 500, .feature_count = 9});
  ForestOptions base = Trees(4);
  base.max_features = MaxFeatures::kAll;
  const forest::Forest forest = Train(data, base).forest;
  const auto differs = [&](auto change) {
    ForestOptions options = base;
    change(options);
    return !SameForest(forest, Train(data, options).forest);
  };
  EXPECT_FALSE(differs([](ForestOptions&) {}));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.criterion = Criterion::kEntropy; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.splitter = Splitter::kRandom; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.bootstrap = false; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.class_weight = ClassWeight::kBalanced; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.class_weight = ClassWeight::kBalancedSubsample; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.max_depth = 3; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.min_samples_split = 30; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.min_samples_leaf = 10; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.max_features = MaxFeatures::kSqrt; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.max_bins = 8; }));
  EXPECT_TRUE(differs([](ForestOptions& o) { o.seed = 9; }));
}

TEST(ForestTrainerTest, FeaturesPerNodeAsScikitLearnCountsThem) {
  ForestOptions options;
  const auto count = [&](MaxFeatures kind, double value, size_t features) {
    options.max_features = kind;
    options.max_features_value = value;
    return FeaturesPerNode(options, features);
  };
  EXPECT_EQ(count(MaxFeatures::kSqrt, 0, 31), 5);
  EXPECT_EQ(count(MaxFeatures::kSqrt, 0, 36), 6);
  EXPECT_EQ(count(MaxFeatures::kLog2, 0, 31), 4);
  EXPECT_EQ(count(MaxFeatures::kLog2, 0, 32), 5);
  EXPECT_EQ(count(MaxFeatures::kLog2, 0, 1), 1);
  EXPECT_EQ(count(MaxFeatures::kFraction, 0.5, 31), 15);
  EXPECT_EQ(count(MaxFeatures::kFraction, 0.01, 31), 1);
  EXPECT_EQ(count(MaxFeatures::kCount, 7, 31), 7);
  EXPECT_EQ(count(MaxFeatures::kAll, 0, 31), 31);
}

TEST(ForestTrainerTest, MissingValuesAreLearntFrom) {
  // Feature 0 is missing for most positives: going with the heavier side, they are told apart by
  // feature 1.
  const TestData data = MakeData({.rows = 300, .missing = 0.3, .shift = 4.0});
  const forest::Forest forest = Train(data, Trees(40)).forest;
  size_t right = 0;
  for (size_t i = 0; i < data.rows; ++i) {
    right += (Predict(forest, data.row(i)) > 0.5) == (data.labels[i] == 1) ? 1u : 0u;
  }
  EXPECT_GT(right, 285u);
}

TEST(ForestTrainerTest, ReportsProgressAndCanBeCancelled) {
  const TestData data = MakeData({.rows = 100});
  for (const int32_t threads : {1, 3}) {
    ForestOptions options = Trees(20);
    options.threads = threads;
    std::vector<int32_t> seen;
    options.progress = [&](int32_t done, int32_t total) {
      EXPECT_EQ(total, 20);
      seen.push_back(done);
      return true;
    };
    Train(data, options);
    ASSERT_FALSE(seen.empty());
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(seen.back(), 20);

    options.progress = [](int32_t, int32_t) { return false; };
    const Result<TrainedForest> cancelled = TryTrain(data, options);
    ASSERT_FALSE(cancelled.ok());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kNotReady);
  }
}

TEST(ForestTrainerTest, RefusesWhatItCannotLearnFrom) {
  const TestData good = MakeData({.rows = 50});
  const auto error = [](const TestData& data, const ForestOptions& options) {
    const Result<TrainedForest> trained = TryTrain(data, options);
    EXPECT_FALSE(trained.ok());
    return trained.ok() ? Error{} : trained.error();
  };
  TestData data = good;
  data.labels.assign(50, 0);
  EXPECT_EQ(error(data, Trees(1)).message, "there is no row of the positive class");
  data = good;
  data.labels[7] = 2;
  EXPECT_EQ(error(data, Trees(1)).row, 7);
  data = good;
  data.features[50 + 9] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error(data, Trees(1)).message, "feature 1 is infinite");
  EXPECT_EQ(error(data, Trees(1)).row, 9);
  data = good;
  data.weights.assign(50, 1.0);
  data.weights[3] = -1.0;
  EXPECT_EQ(error(data, Trees(1)).row, 3);
  for (const double weight : {1.1e100, 0.9e-100}) {
    data.weights[3] = weight;
    EXPECT_EQ(error(data, Trees(1)).row, 3);
    EXPECT_EQ(error(data, Trees(1)).message, "a weight is neither 0 nor between 1e-100 and 1e100");
  }
  data.weights.assign(50, 0.0);
  EXPECT_EQ(error(data, Trees(1)).code, ErrorCode::kDataInvalid);
  data.weights.assign(49, 1.0);
  EXPECT_EQ(error(data, Trees(1)).code, ErrorCode::kBadArgument);
  data = good;
  data.rows = 0;
  EXPECT_EQ(error(data, Trees(1)).code, ErrorCode::kBadArgument);

  const auto refused = [&](auto change) {
    ForestOptions options;
    change(options);
    return error(good, options).code == ErrorCode::kBadArgument;
  };
  EXPECT_TRUE(refused([](ForestOptions& o) { o.n_estimators = 0; }));
  EXPECT_TRUE(refused([](ForestOptions& o) { o.max_depth = -1; }));
  EXPECT_TRUE(refused([](ForestOptions& o) { o.min_samples_split = 1; }));
  EXPECT_TRUE(refused([](ForestOptions& o) { o.min_samples_leaf = 0; }));
  EXPECT_TRUE(refused([](ForestOptions& o) { o.max_bins = 257; }));
  EXPECT_TRUE(refused([](ForestOptions& o) { o.bootstrap = false, o.oob_score = true; }));
  EXPECT_TRUE(refused([](ForestOptions& o) {
    o.max_features = MaxFeatures::kCount;
    o.max_features_value = 5;  // of 4
  }));
  EXPECT_TRUE(refused([](ForestOptions& o) {
    o.max_features = MaxFeatures::kFraction;
    o.max_features_value = 1.5;
  }));
}

TEST(ParallelForTest, EveryTaskRunsOnce) {
  for (const int32_t wanted : {1, 4}) {
    const int32_t threads = ThreadCount(wanted, 100);
    std::vector<int> runs(100, 0);
    EXPECT_TRUE(ParallelFor(
        100, threads,
        [&](int32_t task, int32_t worker) {
          EXPECT_LT(worker, threads);
          ++runs[static_cast<size_t>(task)];
        },
        nullptr));
    EXPECT_EQ(runs, std::vector<int>(100, 1));
  }
  EXPECT_EQ(ThreadCount(8, 1), 1);
  EXPECT_GE(ThreadCount(0, 100), 1);
}

}  // namespace
}  // namespace firetower::train

#include "core/train/grower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "core/train/parallel.h"
#include "test_data.h"

namespace firetower::train {
namespace {

struct Sides {
  double weight[2] = {0.0, 0.0};
  size_t rows = 0;
};

double Impurity(const Sides& side, Criterion criterion) {
  const double total = side.weight[0] + side.weight[1];
  double result = criterion == Criterion::kGini ? 1.0 : 0.0;
  for (const double weight : side.weight) {
    const double p = weight / total;
    if (criterion == Criterion::kGini) {
      result -= p * p;
    } else if (p > 0.0) {
      result -= p * std::log2(p);
    }
  }
  return result;
}

// The tree, and what a check of it needs.
struct Grown {
  TestData data;
  ForestOptions options;
  Tree tree;

  double weight(size_t row) const { return data.weights.empty() ? 1.0 : data.weights[row]; }

  // How much of the node's weighted impurity a cut takes away; nothing where a side has too few
  // rows. Rows without a value go to the side that is heavier without them.
  std::optional<double> Decrease(const std::vector<size_t>& rows, size_t feature,
                                 double threshold) const {
    Sides node;
    Sides left;
    Sides right;
    Sides missing;
    const auto add = [&](size_t row, Sides* side) {
      side->weight[data.labels[row]] += weight(row);
      ++side->rows;
    };
    for (const size_t row : rows) {
      const float value = data.at(feature, row);
      add(row, &node);
      add(row, std::isnan(value) ? &missing : value <= threshold ? &left : &right);
    }
    Sides* heavier =
        left.weight[0] + left.weight[1] >= right.weight[0] + right.weight[1] ? &left : &right;
    for (int label = 0; label < 2; ++label) heavier->weight[label] += missing.weight[label];
    heavier->rows += missing.rows;
    const size_t least = static_cast<size_t>(options.min_samples_leaf);
    if (left.rows < least || right.rows < least) return std::nullopt;
    const auto weighted = [&](const Sides& side) {
      return (side.weight[0] + side.weight[1]) * Impurity(side, options.criterion);
    };
    return weighted(node) - weighted(left) - weighted(right);
  }

  // The best cut of all, by trying every one.
  std::optional<double> BestDecrease(const std::vector<size_t>& rows) const {
    std::optional<double> best;
    for (size_t f = 0; f < data.feature_count; ++f) {
      std::set<float> values;
      for (const size_t row : rows) {
        if (!std::isnan(data.at(f, row))) values.insert(data.at(f, row));
      }
      if (values.empty()) continue;
      for (const float value : values) {
        if (value == *values.rbegin()) continue;
        const std::optional<double> decrease = Decrease(rows, f, static_cast<double>(value));
        if (decrease && (!best || *decrease > *best)) best = decrease;
      }
    }
    return best;
  }

  bool GoesLeft(size_t node, size_t row) const {
    const float value = data.at(static_cast<size_t>(tree.feature[node]), row);
    return std::isnan(value) ? tree.default_left[node] != 0 : value <= tree.threshold[node];
  }

  // Calls visit(node, rows that reach it, depth) for every node.
  template <typename Visit>
  void ForEachNode(const Visit& visit) const {
    struct Pending {
      size_t node;
      std::vector<size_t> rows;
      int32_t depth;
    };
    std::vector<Pending> pending(1);
    for (size_t i = 0; i < data.rows; ++i) pending[0].rows.push_back(i);
    size_t seen = 0;
    while (!pending.empty()) {
      const Pending at = pending.back();
      pending.pop_back();
      EXPECT_EQ(at.node, seen++) << "nodes stand in preorder";
      visit(at.node, at.rows, at.depth);
      if (tree.feature[at.node] < 0) continue;
      Pending left = {static_cast<size_t>(tree.left[at.node]), {}, at.depth + 1};
      Pending right = {static_cast<size_t>(tree.right[at.node]), {}, at.depth + 1};
      for (const size_t row : at.rows) (GoesLeft(at.node, row) ? left : right).rows.push_back(row);
      pending.push_back(right);
      pending.push_back(left);
    }
    EXPECT_EQ(seen, tree.feature.size());
  }
};

Grown Grow(const TestData& data, const ForestOptions& options, int32_t features_per_node,
           uint64_t seed = 3) {
  Grown grown = {.data = data, .options = options, .tree = {}};
  const std::vector<double> ones(data.rows, 1.0);
  const std::vector<double>& weights = data.weights.empty() ? ones : data.weights;
  const BinnedFeatures bins(data.features, data.rows, data.feature_count, data.labels, weights,
                            options.max_bins, 1);
  TreeGrower grower({.values = data.features,
                     .rows = data.rows,
                     .feature_count = data.feature_count,
                     .bins = &bins,
                     .features_per_node = features_per_node},
                    options);
  std::vector<Sample> samples[2];
  for (size_t i = 0; i < data.rows; ++i) {
    samples[data.labels[i]].push_back({.weight = weights[i], .row = static_cast<uint32_t>(i)});
  }
  grown.tree = grower.Grow(samples[0], samples[1], Random(seed));
  return grown;
}

void ExpectLeavesAndStopping(const Grown& grown) {
  grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t depth) {
    double weight[2] = {0.0, 0.0};
    for (const size_t row : rows) weight[grown.data.labels[row]] += grown.weight(row);
    const ForestOptions& options = grown.options;
    EXPECT_GE(rows.size(), static_cast<size_t>(options.min_samples_leaf));
    const bool must_stop = (options.max_depth > 0 && depth == options.max_depth) ||
                           rows.size() < static_cast<size_t>(options.min_samples_split) ||
                           weight[0] == 0.0 || weight[1] == 0.0;
    if (grown.tree.feature[node] < 0) {
      EXPECT_NEAR(grown.tree.value[node], weight[1] / (weight[0] + weight[1]), 1e-12);
      EXPECT_TRUE(must_stop || !grown.BestDecrease(rows)) << "a leaf that could be split";
    } else {
      EXPECT_FALSE(must_stop);
    }
  });
}

// Every split takes away as much impurity as the best of all cuts does.
void ExpectBestSplits(const Grown& grown) {
  grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t) {
    if (grown.tree.feature[node] < 0) return;
    const size_t feature = static_cast<size_t>(grown.tree.feature[node]);
    const std::optional<double> decrease =
        grown.Decrease(rows, feature, static_cast<double>(grown.tree.threshold[node]));
    const std::optional<double> best = grown.BestDecrease(rows);
    ASSERT_TRUE(decrease && best);
    EXPECT_NEAR(*decrease, *best, 1e-9) << "node " << node << " with " << rows.size() << " rows";
  });
}

// The threshold is the midpoint of the neighbouring values, rounded down to float32; NaN goes to
// the heavier side.
void ExpectMidpoints(const Grown& grown) {
  grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t) {
    if (grown.tree.feature[node] < 0) return;
    const size_t feature = static_cast<size_t>(grown.tree.feature[node]);
    const float threshold = grown.tree.threshold[node];
    float below = -INFINITY;
    float above = INFINITY;
    double left = 0.0;
    double right = 0.0;
    for (const size_t row : rows) {
      const float value = grown.data.at(feature, row);
      if (value <= threshold) {
        below = std::max(below, value);
        left += grown.weight(row);
      } else if (!std::isnan(value)) {
        above = std::min(above, value);
        right += grown.weight(row);
      }
    }
    const double middle = (static_cast<double>(below) + static_cast<double>(above)) / 2.0;
    EXPECT_LE(static_cast<double>(threshold), middle);
    EXPECT_GT(static_cast<double>(std::nextafter(threshold, INFINITY)), middle);
    if (std::abs(left - right) > 1e-9) {
      EXPECT_EQ(grown.tree.default_left[node] != 0, left > right);
    }
  });
}

TEST(GrowerTest, OneCutByHand) {
  TestData data = {.rows = 4,
                   .feature_count = 1,
                   .features = {4, 1, 3, 2},
                   .labels = {1, 0, 1, 0},
                   .weights = {}};
  const Tree tree = Grow(data, {}, 1).tree;
  EXPECT_EQ(tree.feature, (std::vector<int32_t>{0, -1, -1}));
  EXPECT_EQ(tree.threshold[0], 2.5F);
  EXPECT_EQ(tree.left[0], 1);
  EXPECT_EQ(tree.right[0], 2);
  EXPECT_EQ(tree.value, (std::vector<double>{0.0, 0.0, 1.0}));
  EXPECT_EQ(tree.importance, (std::vector<double>{1.0}));
}

TEST(GrowerTest, ThresholdOfNeighbouringFloatsIsTheLowerOne) {
  const float low = 1.0F;
  const float high = std::nextafter(low, 2.0F);
  TestData data = {
      .rows = 2, .feature_count = 1, .features = {high, low}, .labels = {1, 0}, .weights = {}};
  EXPECT_EQ(Grow(data, {}, 1).tree.threshold[0], low);
  data.features = {0.0F, -0.0F};  // The same value: there is nothing to cut.
  const Tree leaf = Grow(data, {}, 1).tree;
  EXPECT_EQ(leaf.feature, (std::vector<int32_t>{-1}));
  EXPECT_EQ(leaf.value, (std::vector<double>{0.5}));
  EXPECT_EQ(leaf.importance, (std::vector<double>{0.0}));
}

// With at most 256 distinct values every bin is one value, so that histograms are as exact as
// sorting.
TEST(GrowerTest, EverySplitIsTheBestThereIs) {
  for (const Criterion criterion : {Criterion::kGini, Criterion::kEntropy}) {
    for (const size_t rows : {size_t{12}, size_t{60}, size_t{250}}) {
      for (const uint32_t levels : {0u, 6u}) {
        for (const bool weighted : {false, true}) {
          for (const double missing : {0.0, 0.2}) {
            for (const int32_t min_leaf : {1, 5}) {
              SCOPED_TRACE(testing::Message()
                           << "criterion " << static_cast<int>(criterion) << " rows " << rows
                           << " levels " << levels << " weighted " << weighted << " missing "
                           << missing << " min_leaf " << min_leaf);
              const TestData data = MakeData(
                  {.rows = rows, .levels = levels, .missing = missing, .weighted = weighted});
              ForestOptions options;
              options.criterion = criterion;
              options.min_samples_leaf = min_leaf;
              const Grown grown = Grow(data, options, 4);
              ExpectLeavesAndStopping(grown);
              ExpectBestSplits(grown);
              ExpectMidpoints(grown);
            }
          }
        }
      }
    }
  }
}

TEST(GrowerTest, CoarseBinsLoseLittle) {
  // 1000 distinct values in 64 bins: the cut between bins is refined to one between values.
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const TestData data =
        MakeData({.rows = 1000, .positive = 0.03, .weighted = true, .seed = seed});
    ForestOptions options;
    options.max_bins = 64;
    options.max_depth = 3;
    const Grown grown = Grow(data, options, 4);
    ExpectMidpoints(grown);
    grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t) {
      if (grown.tree.feature[node] < 0) return;
      const std::optional<double> decrease =
          grown.Decrease(rows, static_cast<size_t>(grown.tree.feature[node]),
                         static_cast<double>(grown.tree.threshold[node]));
      ASSERT_TRUE(decrease);
      EXPECT_GE(*decrease, 0.9 * *grown.BestDecrease(rows)) << "seed " << seed << " node " << node;
    });
  }
}

TEST(GrowerTest, BinsFindTheCutThatPlainQuantilesWouldHide) {
  // 30 positives among 3000 rows: the lowest 20 values, then every other one up to 40. The best cut
  // is inside the second of 256 plain quantile bins (12 rows each).
  TestData data = {.rows = 3000, .feature_count = 1, .features = {}, .labels = {}, .weights = {}};
  for (size_t i = 0; i < data.rows; ++i) {
    data.features.push_back(static_cast<float>(i));
    data.labels.push_back(i < 20 || (i < 40 && i % 2 == 0) ? 1 : 0);
  }
  ForestOptions options;
  options.max_depth = 1;
  const Grown grown = Grow(data, options, 1);
  ExpectBestSplits(grown);
}

TEST(GrowerTest, LimitsAreKept) {
  const TestData data = MakeData({.rows = 400, .shift = 0.2});
  const auto measure = [&](const ForestOptions& options) {
    const Grown grown = Grow(data, options, 2);
    ExpectLeavesAndStopping(grown);
    return grown.tree.feature.size();
  };
  const size_t full = measure({});
  ForestOptions shallow;
  shallow.max_depth = 3;
  EXPECT_LE(measure(shallow), 15u);
  EXPECT_GT(full, 15u);
  ForestOptions large_leaves;
  large_leaves.min_samples_leaf = 20;
  EXPECT_LT(measure(large_leaves), full / 4);
  ForestOptions large_splits;
  large_splits.min_samples_split = 50;
  EXPECT_LT(measure(large_splits), full / 2);
}

TEST(GrowerTest, KeepsDrawingWhileOnlyConstantFeaturesWereFound) {
  // Nine constant features, one that separates: it is found although one feature is drawn per node.
  TestData data = {.rows = 100, .feature_count = 10, .features = {}, .labels = {}, .weights = {}};
  data.features.assign(1000, 7.0F);
  for (size_t i = 0; i < 100; ++i) {
    data.labels.push_back(i % 3 == 0 ? 1 : 0);
    data.features[600 + i] = i % 3 == 0 ? 1.0F : 2.0F;
  }
  for (const Splitter splitter : {Splitter::kBest, Splitter::kRandom}) {
    ForestOptions options;
    options.splitter = splitter;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Tree tree = Grow(data, options, 1, seed).tree;
      ASSERT_EQ(tree.feature[0], 6);
      EXPECT_EQ(tree.feature.size(), 3u);
    }
  }
}

TEST(GrowerTest, DrawsEveryFeatureAlike) {
  const TestData data = MakeData({.rows = 100, .feature_count = 5});
  ForestOptions options;
  options.max_depth = 1;
  int drawn[5] = {};
  constexpr int kTrees = 2000;
  for (uint64_t seed = 0; seed < kTrees; ++seed) {
    ++drawn[Grow(data, options, 1, seed).tree.feature[0]];
  }
  // 400 each with a standard deviation of 18.
  for (const int count : drawn) EXPECT_NEAR(count, kTrees / 5, 90);
}

TEST(GrowerTest, MoreFeaturesPerNodeFindBetterSplits) {
  const TestData data = MakeData({.rows = 300, .feature_count = 8});
  ForestOptions options;
  options.max_depth = 1;
  int found_best = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    found_best += Grow(data, options, 3, seed).tree.feature[0] == 0 ? 1 : 0;
  }
  EXPECT_NEAR(found_best, 75, 35);  // Feature 0 is among 3 of 8: 75 of 200, standard deviation 7.
  EXPECT_EQ(Grow(data, options, 8).tree.feature[0], 0);
}

TEST(GrowerTest, RandomSplitsAreUniformBetweenTheNodesValues) {
  // Values 0, 0.1, ... 0.9 and 10: nearly all of the range lies between the last two.
  TestData data = {.rows = 11, .feature_count = 1, .features = {}, .labels = {}, .weights = {}};
  for (int i = 0; i < 10; ++i) data.features.push_back(static_cast<float>(i) / 10.0F);
  data.features.push_back(10.0F);
  data.labels = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
  ForestOptions options;
  options.splitter = Splitter::kRandom;
  options.max_depth = 1;
  std::vector<double> thresholds;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Grown grown = Grow(data, options, 1, seed);
    ExpectLeavesAndStopping(grown);
    thresholds.push_back(static_cast<double>(grown.tree.threshold[0]));
  }
  std::sort(thresholds.begin(), thresholds.end());
  double distance = 0.0;
  for (size_t i = 0; i < thresholds.size(); ++i) {
    ASSERT_GE(thresholds[i], 0.0);
    ASSERT_LT(thresholds[i], 10.0);
    distance = std::max(distance,
                        std::abs(thresholds[i] / 10.0 - (static_cast<double>(i) + 0.5) / 1000.0));
  }
  EXPECT_LT(distance, 0.06);  // Kolmogorov-Smirnov, 1000 draws: exceeded once in 700 by chance.
}

TEST(GrowerTest, RandomTreesKeepTheirLimitsAndSeparate) {
  for (const double missing : {0.0, 0.2}) {
    for (const int32_t min_leaf : {1, 4}) {
      const TestData data = MakeData({.rows = 300, .missing = missing, .weighted = true});
      ForestOptions options;
      options.splitter = Splitter::kRandom;
      options.criterion = Criterion::kEntropy;
      options.min_samples_leaf = min_leaf;
      const Grown grown = Grow(data, options, 2);
      grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t) {
        ASSERT_GE(rows.size(), static_cast<size_t>(min_leaf));
        if (grown.tree.feature[node] >= 0) return;
        double weight[2] = {0.0, 0.0};
        for (const size_t row : rows) weight[data.labels[row]] += grown.weight(row);
        EXPECT_NEAR(grown.tree.value[node], weight[1] / (weight[0] + weight[1]), 1e-12);
        if (min_leaf == 1 && missing == 0.0) {
          EXPECT_TRUE(weight[0] == 0.0 || weight[1] == 0.0);
        }
      });
    }
  }
}

TEST(GrowerTest, ImportanceIsTheShareOfImpurityTakenAway) {
  for (const Criterion criterion : {Criterion::kGini, Criterion::kEntropy}) {
    const TestData data = MakeData({.rows = 250, .weighted = true});
    ForestOptions options;
    options.criterion = criterion;
    options.max_depth = 4;
    const Grown grown = Grow(data, options, 2);
    std::vector<double> taken(data.feature_count, 0.0);
    double total = 0.0;
    grown.ForEachNode([&](size_t node, const std::vector<size_t>& rows, int32_t) {
      if (grown.tree.feature[node] < 0) return;
      const size_t feature = static_cast<size_t>(grown.tree.feature[node]);
      const double decrease =
          *grown.Decrease(rows, feature, static_cast<double>(grown.tree.threshold[node]));
      taken[feature] += decrease;
      total += decrease;
    });
    double sum = 0.0;
    for (size_t f = 0; f < data.feature_count; ++f) {
      EXPECT_NEAR(grown.tree.importance[f], taken[f] / total, 1e-9);
      sum += grown.tree.importance[f];
    }
    EXPECT_NEAR(sum, 1.0, 1e-12);
  }
}

TEST(GrowerTest, BinsAreQuantilesOfBothClassesAlike) {
  const TestData data =
      MakeData({.rows = 5000, .feature_count = 1, .positive = 0.02, .shift = 3.0});
  const std::vector<double> ones(data.rows, 1.0);
  const BinnedFeatures bins(data.features, data.rows, 1, data.labels, ones, 64, 1);
  ASSERT_EQ(bins.ranges(0).size(), 64u);
  std::vector<double> mass(64, 0.0);
  double class_rows[2] = {0.0, 0.0};
  for (const uint8_t label : data.labels) class_rows[label] += 1.0;
  for (size_t i = 0; i < data.rows; ++i) {
    const size_t bin = bins.bins(0)[i];
    EXPECT_GE(data.features[i], bins.ranges(0)[bin].low);
    EXPECT_LE(data.features[i], bins.ranges(0)[bin].high);
    mass[bin] += 1.0 / class_rows[data.labels[i]];
  }
  for (const double share : mass) EXPECT_NEAR(share, 2.0 / 64.0, 1.0 / 64.0);
  for (size_t b = 1; b < 64; ++b) EXPECT_LT(bins.ranges(0)[b - 1].high, bins.ranges(0)[b].low);
}

TEST(GrowerTest, MissingValuesHaveABinOfTheirOwn) {
  const TestData data = MakeData({.rows = 2000, .feature_count = 2, .missing = 0.1});
  const std::vector<double> ones(data.rows, 1.0);
  const BinnedFeatures bins(data.features, data.rows, 2, data.labels, ones, 256, ThreadCount(2, 2));
  for (size_t f = 0; f < 2; ++f) {
    EXPECT_TRUE(bins.has_missing(f));
    EXPECT_EQ(bins.ranges(f).size(), 255u);
    for (size_t i = 0; i < data.rows; ++i) {
      EXPECT_EQ(bins.bins(f)[i] == kMissingBin, std::isnan(data.at(f, i)));
    }
  }
}

}  // namespace
}  // namespace firetower::train

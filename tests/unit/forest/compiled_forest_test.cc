#include "core/forest/compiled_forest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "random_forest.h"

namespace firetower::forest {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

uint64_t Bits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// One split on feature 0 at 1: left 0.25, right 0.75; and a tree of one leaf, 0.5.
Forest SmallForest() {
  Forest forest;
  forest.feature = {0, -1, -1, -1};
  forest.threshold = {1.0f, 0.0f, 0.0f, 0.0f};
  forest.left = {1, -1, -1, -1};
  forest.right = {2, -1, -1, -1};
  forest.default_left = {0, 0, 0, 0};
  forest.value = {0.0, 0.25, 0.75, 0.5};
  forest.roots = {0, 3};
  forest.feature_count = 1;
  return forest;
}

std::vector<double> Predict(const Forest& forest, const std::vector<float>& features, size_t rows) {
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  EXPECT_TRUE(compiled.ok());
  std::vector<double> out(rows, -1.0);
  compiled->PredictProba(features, rows, rows, out);
  return out;
}

void ExpectEqualsReference(const Forest& forest, const std::vector<float>& features, size_t rows) {
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  ASSERT_TRUE(compiled.ok()) << compiled.error().message;
  std::vector<double> out(rows + 1, -1.0);
  compiled->PredictProba(features, rows, rows, out);
  std::vector<float> row(static_cast<size_t>(forest.feature_count));
  for (size_t i = 0; i < rows; ++i) {
    for (size_t f = 0; f < row.size(); ++f) row[f] = features[f * rows + i];
    const double expected =
        PredictRowReference(forest, row) / static_cast<double>(forest.tree_count());
    ASSERT_EQ(Bits(out[i]), Bits(expected)) << "row " << i << " of " << rows;
  }
  EXPECT_EQ(out[rows], -1.0) << "wrote past the rows";
}

TEST(CompiledForestTest, AveragesTreesInOrder) {
  EXPECT_EQ(Predict(SmallForest(), {1.0f, std::nextafter(1.0f, 2.0f), -kInfinity, kInfinity}, 4),
            (std::vector<double>{0.375, 0.625, 0.375, 0.625}));
}

TEST(CompiledForestTest, NanGoesTheDefaultWay) {
  Forest forest = SmallForest();
  EXPECT_EQ(Predict(forest, {kNan}, 1), std::vector<double>{0.625});
  forest.default_left[0] = 1;
  EXPECT_EQ(Predict(forest, {kNan, 0.0f, 2.0f}, 3), (std::vector<double>{0.375, 0.375, 0.625}));
}

TEST(CompiledForestTest, ZerosAreEqualAndSubnormalsAreNot) {
  Forest forest = SmallForest();
  forest.threshold[0] = -0.0f;
  const float tiny = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(Predict(forest, {0.0f, -0.0f, tiny, -tiny}, 4),
            (std::vector<double>{0.375, 0.375, 0.625, 0.375}));
  forest.comparison = Comparison::kLess;
  EXPECT_EQ(Predict(forest, {0.0f, -0.0f, tiny, -tiny}, 4),
            (std::vector<double>{0.625, 0.625, 0.625, 0.375}));
}

TEST(CompiledForestTest, LessThanMinusInfinityIsNeverTrue) {
  Forest forest = SmallForest();
  forest.comparison = Comparison::kLess;
  forest.threshold[0] = -kInfinity;
  EXPECT_EQ(Predict(forest, {-kInfinity, 0.0f}, 2), (std::vector<double>{0.625, 0.625}));
  forest.threshold[0] = kInfinity;
  EXPECT_EQ(Predict(forest, {kInfinity, 0.0f}, 2), (std::vector<double>{0.625, 0.375}));
}

TEST(CompiledForestTest, LogisticLinkAddsTheBaseScore) {
  Forest forest = SmallForest();
  forest.aggregation = Aggregation::kSum;
  forest.link = Link::kLogistic;
  forest.base_score = -1.0;
  const std::vector<double> out = Predict(forest, {0.0f, 2.0f}, 2);
  EXPECT_DOUBLE_EQ(out[0], 1.0 / (1.0 + std::exp(0.25)));
  EXPECT_DOUBLE_EQ(out[1], 1.0 / (1.0 + std::exp(-0.25)));
}

TEST(CompiledForestTest, RefusesAnInvalidForest) {
  Forest forest = SmallForest();
  forest.right[0] = 0;
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().code, ErrorCode::kModelInvalid);
}

// ((a a) a): nothing is left of the splits, and the tree after it stands where it belongs.
TEST(CompiledForestTest, SplitsOfEqualLeavesAreOneLeaf) {
  Forest forest;
  forest.feature = {0, 1, -1, -1, -1, 0, -1, 1, -1, -1};
  forest.threshold = {1.0f, 0.5f, 0.0f, 0.0f, 0.0f, 2.0f, 0.0f, 0.5f, 0.0f, 0.0f};
  forest.left = {1, 2, -1, -1, -1, 6, -1, 8, -1, -1};
  forest.right = {4, 3, -1, -1, -1, 7, -1, 9, -1, -1};
  forest.default_left = {1, 0, 0, 0, 0, 1, 0, 1, 0, 0};
  forest.value = {0.0, 0.0, 0.25, 0.25, 0.25, 0.0, 0.25, 0.0, 0.75, 0.75};
  forest.roots = {0, 5};
  forest.feature_count = 2;
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->node_count(), 10u);
  EXPECT_EQ(compiled->max_depth(), 2);
  EXPECT_EQ(Predict(forest, {1.0f, 2.0f, 3.0f, kNan, 0.0f, kNan, 1.0f, 1.0f}, 4),
            (std::vector<double>{0.25, 0.25, 0.5, 0.25}));
}

TEST(CompiledForestTest, FewLeafValuesEqualTheReference) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Forest forest = MakeRandomForest(
        {.trees = 20, .max_depth = 7, .default_left = 0.5, .shuffle_nodes = seed % 2 == 0}, seed);
    for (size_t i = 0; i < forest.node_count(); ++i) {
      if (forest.feature[i] != -1) continue;
      forest.value[i] = forest.value[i] < 0.6 ? 0.0 : forest.value[i] < 0.8 ? -0.0 : 0.5;
    }
    for (const size_t rows : {size_t{1}, size_t{9}, size_t{300}}) {
      ExpectEqualsReference(forest, MakeRandomRows(rows, forest.feature_count, 0.2, seed), rows);
    }
  }
}

struct Shape {
  const char* name;
  RandomForestOptions options;
  double nan_share;
};

class CompiledForestShapes : public testing::TestWithParam<Shape> {};

TEST_P(CompiledForestShapes, EqualsTheReferenceBitForBit) {
  const Shape& shape = GetParam();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const Forest forest = MakeRandomForest(shape.options, seed);
    ASSERT_TRUE(Validate(forest).ok());
    for (size_t rows : std::vector<size_t>{0, 1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 1000}) {
      ExpectEqualsReference(
          forest, MakeRandomRows(rows, shape.options.features, shape.nan_share, seed), rows);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, CompiledForestShapes,
    testing::Values(
        Shape{"Plain", {}, 0.0}, Shape{"NanGoesRight", {}, 0.1},
        Shape{"NanGoesBothWays", {.default_left = 0.5}, 0.1},
        Shape{"DefaultsWithoutNan", {.default_left = 0.5}, 0.0},
        Shape{"Less", {.default_left = 0.3, .comparison = Comparison::kLess}, 0.05},
        Shape{"Shuffled", {.default_left = 0.3, .shuffle_nodes = true}, 0.05},
        Shape{"MostlyZero", {.trees = 30, .default_left = 0.3, .zero_share = 0.9}, 0.05},
        Shape{"AllZero", {.zero_share = 1.0}, 0.0},
        Shape{"Deep", {.trees = 3, .max_depth = 60, .leaf_share = 0.48}, 0.0},
        Shape{"SingleLeaves", {.trees = 7, .max_depth = 0}, 0.1},
        Shape{"Stumps", {.trees = 25, .max_depth = 1}, 0.1},
        Shape{"StumpsDefaults", {.trees = 25, .max_depth = 1, .default_left = 0.5}, 0.1},
        Shape{
            "WideStumps", {.trees = 25, .features = 300, .max_depth = 1, .default_left = 0.5}, 0.1},
        Shape{"ManyTrees", {.trees = 49, .default_left = 0.2}, 0.01},
        Shape{"OneFeature", {.features = 1, .max_depth = 3}, 0.1},
        Shape{"Features256", {.trees = 4, .features = 256}, 0.01},
        Shape{"Features257", {.trees = 4, .features = 257, .default_left = 0.5}, 0.01},
        Shape{"Features4096", {.trees = 2, .features = 4096, .max_depth = 6}, 0.001}),
    [](const testing::TestParamInfo<Shape>& shape) { return shape.param.name; });

// Blocks of rows, and the last rows of blocks, whose kernels are others: each row as it is alone.
TEST(CompiledForestTest, TheSameBitsForAnyBatchSize) {
  const Forest forest = MakeRandomForest(
      {.trees = 6, .features = 7, .max_depth = 40, .leaf_share = 0.45, .default_left = 0.5}, 11);
  constexpr size_t kRows = 70001;
  const std::vector<float> rows = MakeRandomRows(kRows, 7, 0.02, 11);
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  ASSERT_TRUE(compiled.ok());
  std::vector<double> expected(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    std::array<float, 7> row;
    for (size_t f = 0; f < row.size(); ++f) row[f] = rows[f * kRows + i];
    expected[i] = PredictRowReference(forest, row) / 6.0;
  }
  for (const size_t batch : {size_t{255}, size_t{4096}, size_t{16383}, size_t{16384}, size_t{16385},
                             size_t{32770}, kRows}) {
    std::vector<double> out(kRows);
    for (size_t first = 0; first < kRows; first += batch) {
      const size_t count = std::min(batch, kRows - first);
      compiled->PredictProba(std::span(rows).subspan(first), count, kRows,
                             std::span(out).subspan(first, count));
    }
    ASSERT_EQ(0, std::memcmp(out.data(), expected.data(), kRows * sizeof(double))) << batch;
  }
}

// Chains whose every split sends 16 of 5,000 rows away, to the left or to the right: lists that
// are nearly as long as their parents.
TEST(CompiledForestTest, ChainsInLargeBlocks) {
  constexpr size_t kRows = 5000;
  std::vector<float> rows(kRows);
  for (size_t i = 0; i < kRows; ++i) rows[i] = static_cast<float>(i * 2654435761u % kRows);
  for (const bool to_the_right : {false, true}) {
    Forest forest;
    forest.feature_count = 1;
    forest.roots = {0};
    constexpr int32_t kSplits = 300;
    for (int32_t k = 0; k < kSplits; ++k) {
      const int32_t leaf = 2 * k + 1;
      const int32_t next = 2 * k + 2;
      forest.feature.insert(forest.feature.end(), {0, -1});
      const auto cut = static_cast<float>(16 * (k + 1));
      forest.threshold.insert(forest.threshold.end(), {to_the_right ? cut : kRows - cut, 0.0f});
      forest.left.insert(forest.left.end(), {to_the_right ? leaf : next, -1});
      forest.right.insert(forest.right.end(), {to_the_right ? next : leaf, -1});
      forest.default_left.insert(forest.default_left.end(), {0, 0});
      forest.value.insert(forest.value.end(), {0.0, k / 512.0});
    }
    forest.feature.push_back(-1);
    forest.threshold.push_back(0.0f);
    forest.left.push_back(-1);
    forest.right.push_back(-1);
    forest.default_left.push_back(0);
    forest.value.push_back(1.0);
    ExpectEqualsReference(forest, rows, kRows);
  }
}

TEST(CompiledForestTest, AChainAsDeepAsAllowed) {
  Forest forest;
  forest.feature_count = 1;
  forest.roots = {0};
  // Split k at threshold -k: x goes left to a leaf of its own as soon as x <= -k fails no more.
  const int32_t splits = Limits::kMaxDepth;
  for (int32_t k = 0; k < splits; ++k) {
    const int32_t split = 2 * k;
    forest.feature.insert(forest.feature.end(), {0, -1});
    forest.threshold.insert(forest.threshold.end(), {static_cast<float>(k), 0.0f});
    forest.left.insert(forest.left.end(), {split + 1, -1});
    forest.right.insert(forest.right.end(), {split + 2, -1});
    forest.default_left.insert(forest.default_left.end(), {0, 0});
    forest.value.insert(forest.value.end(), {0.0, k / 8192.0});
  }
  forest.feature.push_back(-1);
  forest.threshold.push_back(0.0f);
  forest.left.push_back(-1);
  forest.right.push_back(-1);
  forest.default_left.push_back(0);
  forest.value.push_back(1.0);
  const std::vector<float> rows = {-1.0f,   0.5f, 100.0f, 4094.5f, 4095.0f,
                                   4095.5f, kNan, 17.0f,  18.5f};
  EXPECT_EQ(Predict(forest, rows, rows.size()),
            (std::vector<double>{0.0, 1 / 8192.0, 100 / 8192.0, 4095 / 8192.0, 4095 / 8192.0, 1.0,
                                 1.0, 17 / 8192.0, 19 / 8192.0}));
}

TEST(CompiledForestTest, ReadsColumnsWithTheirStride) {
  const Forest forest = MakeRandomForest({.features = 3}, 5);
  const std::vector<float> rows = MakeRandomRows(20, 3, 0.0, 5);
  std::vector<float> wide(3 * 50, kNan);
  for (size_t f = 0; f < 3; ++f) {
    for (size_t i = 0; i < 20; ++i) wide[f * 50 + i] = rows[f * 20 + i];
  }
  const Result<CompiledForest> compiled = CompiledForest::Build(forest);
  ASSERT_TRUE(compiled.ok());
  std::vector<double> out(20);
  compiled->PredictProba(wide, 20, 50, out);
  EXPECT_EQ(out, Predict(forest, rows, 20));
}

TEST(CompiledForestTest, TellsItsSize) {
  const Result<CompiledForest> compiled = CompiledForest::Build(SmallForest());
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->feature_count(), 1);
  EXPECT_EQ(compiled->tree_count(), 2);
  // Two trees and four nodes of 8 bytes, three leaf values of 8 bytes.
  EXPECT_EQ(compiled->memory_bytes(), 2u * 8 + 4 * 8 + 3 * 8);
}

}  // namespace
}  // namespace firetower::forest

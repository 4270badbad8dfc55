#include "core/forest/forest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "random_forest.h"

namespace firetower::forest {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Tree 0: split on feature 0 at 1 (node 0), whose left child (1) splits on feature 1 at 2 with
// leaves 3 (0.1) and 4 (0.2); right child is leaf 2 (0.3). Tree 1: leaf 5 (0.5).
Forest SmallForest() {
  Forest forest;
  forest.feature = {0, 1, -1, -1, -1, -1};
  forest.threshold = {1.0f, 2.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  forest.left = {1, 3, -1, -1, -1, -1};
  forest.right = {2, 4, -1, -1, -1, -1};
  forest.default_left = {0, 1, 0, 0, 0, 0};
  forest.value = {0.0, 0.0, 0.3, 0.1, 0.2, 0.5};
  forest.roots = {0, 5};
  forest.feature_count = 2;
  return forest;
}

TEST(ForestTest, TheReferenceFollowsTheRules) {
  const Forest forest = SmallForest();
  const auto predict = [&forest](float a, float b) {
    return PredictRowReference(forest, std::vector<float>{a, b});
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(predict(1.0f, 2.0f), 0.1 + 0.5);
  EXPECT_EQ(predict(1.0f, std::nextafter(2.0f, 3.0f)), 0.2 + 0.5);
  EXPECT_EQ(predict(std::nextafter(1.0f, 2.0f), 0.0f), 0.3 + 0.5);
  EXPECT_EQ(predict(nan, 0.0f), 0.3 + 0.5);
  EXPECT_EQ(predict(0.0f, nan), 0.1 + 0.5);
  EXPECT_EQ(predict(-kInfinity, kInfinity), 0.2 + 0.5);
  Forest less = forest;
  less.comparison = Comparison::kLess;
  EXPECT_EQ(PredictRowReference(less, std::vector<float>{1.0f, 0.0f}), 0.3 + 0.5);
}

TEST(ForestTest, ValidatesGoodForests) {
  EXPECT_TRUE(Validate(SmallForest()).ok());
  for (uint64_t seed = 0; seed < 5; ++seed) {
    EXPECT_TRUE(
        Validate(MakeRandomForest({.default_left = 0.5, .shuffle_nodes = true}, seed)).ok());
  }
}

TEST(ForestTest, SaysWhatIsWrongAndWhere) {
  const struct {
    const char* message;
    std::function<void(Forest*)> spoil;
  } cases[] = {
      {"forest: its node arrays differ in length", [](Forest* f) { f->value.pop_back(); }},
      {"forest: it has no trees", [](Forest* f) { f->roots.clear(); }},
      {"forest: 0 features are outside 1..4096", [](Forest* f) { f->feature_count = 0; }},
      {"forest: 4097 features are outside 1..4096", [](Forest* f) { f->feature_count = 4097; }},
      {"forest: 65537 trees are over the limit of 65536",
       [](Forest* f) { f->roots.resize(65537, 0); }},
      {"tree 1: root 6 is outside 0..5", [](Forest* f) { f->roots[1] = 6; }},
      {"tree 1: root -1 is outside 0..5", [](Forest* f) { f->roots[1] = -1; }},
      {"tree 1: root 0 is a node of another tree or of this one",
       [](Forest* f) { f->roots[1] = 0; }},
      {"forest: node 5 of the arrays is in no tree", [](Forest* f) { f->roots.pop_back(); }},
      {"tree 0, node 0: feature 2 is outside 0..1", [](Forest* f) { f->feature[0] = 2; }},
      {"tree 0, node 1: feature -2 is outside 0..1", [](Forest* f) { f->feature[1] = -2; }},
      {"tree 0, node 1: threshold is NaN", [](Forest* f) { f->threshold[1] = std::nanf(""); }},
      {"tree 0, node 0: left child 6 is outside 0..5", [](Forest* f) { f->left[0] = 6; }},
      {"tree 0, node 1: right child -1 is outside 0..5", [](Forest* f) { f->right[1] = -1; }},
      {"tree 0, node 1: left child 0 has been reached before (a cycle or a shared node)",
       [](Forest* f) { f->left[1] = 0; }},
      {"tree 0, node 1: right child 2 has been reached before (a cycle or a shared node)",
       [](Forest* f) { f->right[1] = 2; }},
      {"tree 0, node 1: left child 1 has been reached before (a cycle or a shared node)",
       [](Forest* f) { f->left[1] = 1; }},
      {"tree 1: root 5 is a node of another tree or of this one",
       [](Forest* f) { f->right[1] = 5; }},
      {"tree 0, node 1: default direction is neither 0 nor 1",
       [](Forest* f) { f->default_left[1] = 2; }},
      {"tree 0, node 0: split has a leaf value", [](Forest* f) { f->value[0] = 0.5; }},
      {"tree 0, node 2: leaf value is not finite", [](Forest* f) { f->value[3] = kNan; }},
      {"tree 0, node 4: leaf value 1.5 is no probability (0..1)",
       [](Forest* f) { f->value[2] = 1.5; }},
      {"tree 1, node 0: leaf value -0.1 is no probability (0..1)",
       [](Forest* f) { f->value[5] = -0.1; }},
      {"tree 0, node 3: leaf has children", [](Forest* f) { f->left[4] = 5; }},
      {"tree 0, node 3: leaf has a threshold or a default direction",
       [](Forest* f) { f->threshold[4] = 1.0f; }},
      {"forest: the base score is not finite", [](Forest* f) { f->base_score = kNan; }},
      {"forest: aggregation mean with link identity allows no base score but 0",
       [](Forest* f) { f->base_score = 0.1; }},
      {"forest: aggregation sum needs link logistic to give a probability",
       [](Forest* f) { f->aggregation = Aggregation::kSum; }},
  };
  for (const auto& one : cases) {
    Forest forest = SmallForest();
    one.spoil(&forest);
    const Status status = Validate(forest);
    ASSERT_FALSE(status.ok()) << one.message;
    EXPECT_EQ(status.error().code, ErrorCode::kModelInvalid);
    EXPECT_EQ(status.error().message, one.message);
  }
}

TEST(ForestTest, MarginsNeedNotBeProbabilities) {
  Forest forest = SmallForest();
  forest.link = Link::kLogistic;
  forest.aggregation = Aggregation::kSum;
  forest.base_score = -3.0;
  forest.value[5] = -7.5;
  EXPECT_TRUE(Validate(forest).ok());
}

// A chain of splits, each left child a leaf.
Forest Chain(int32_t depth) {
  Forest forest;
  forest.feature_count = 1;
  forest.roots = {0};
  for (int32_t k = 0; k < depth; ++k) {
    forest.feature.insert(forest.feature.end(), {0, -1});
    forest.left.insert(forest.left.end(), {2 * k + 1, -1});
    forest.right.insert(forest.right.end(), {2 * k + 2, -1});
  }
  forest.feature.push_back(-1);
  forest.left.push_back(-1);
  forest.right.push_back(-1);
  forest.threshold.assign(forest.feature.size(), 0.0f);
  forest.default_left.assign(forest.feature.size(), 0);
  forest.value.assign(forest.feature.size(), 0.0);
  return forest;
}

TEST(ForestTest, DepthHasALimit) {
  EXPECT_TRUE(Validate(Chain(Limits::kMaxDepth)).ok());
  EXPECT_EQ(Validate(Chain(Limits::kMaxDepth + 1)).error().message,
            "tree 0, node 8192: depth is over the limit of 4096");
}

TEST(RoundThresholdTest, HasTheKnownValues) {
  const Comparison le = Comparison::kLessEqual;
  EXPECT_EQ(RoundThreshold(0.5, le), 0.5f);
  EXPECT_EQ(RoundThreshold(0.1, le), std::nextafter(0.1f, 0.0f)) << "0.1f lies above 0.1";
  EXPECT_EQ(RoundThreshold(0.1, Comparison::kLess), 0.1f);
  EXPECT_EQ(RoundThreshold(1e-60, le), 0.0f);
  EXPECT_EQ(RoundThreshold(-1e-60, le), -kTiny);
  EXPECT_EQ(RoundThreshold(1e-60, Comparison::kLess), kTiny);
  EXPECT_EQ(RoundThreshold(1e39, le), kMax);
  EXPECT_EQ(RoundThreshold(-1e39, le), -kInfinity);
  EXPECT_EQ(RoundThreshold(1e39, Comparison::kLess), kInfinity);
  EXPECT_EQ(RoundThreshold(std::numeric_limits<double>::infinity(), le), kInfinity);
  EXPECT_EQ(RoundThreshold(-std::numeric_limits<double>::infinity(), le), -kInfinity);
}

TEST(RoundThresholdTest, DecidesAsTheDoubleDoes) {
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    const float near = OddFloat(&random);
    // At the float, or up to three units of a double's last place beside it, or between it and the
    // next.
    double threshold = static_cast<double>(near);
    for (uint32_t k = random.Below(4); k > 0; --k) threshold = std::nextafter(threshold, 1e300);
    for (uint32_t k = random.Below(4); k > 0; --k) threshold = std::nextafter(threshold, -1e300);
    if (random.Below(4) == 0) {
      threshold = (threshold + static_cast<double>(std::nextafter(near, kInfinity))) / 2.0;
    }
    if (std::isnan(threshold)) continue;
    const float le = RoundThreshold(threshold, Comparison::kLessEqual);
    const float lt = RoundThreshold(threshold, Comparison::kLess);
    const float around[] = {near,
                            std::nextafter(near, kInfinity),
                            std::nextafter(near, -kInfinity),
                            0.0f,
                            -0.0f,
                            kInfinity,
                            -kInfinity,
                            kMax,
                            -kMax,
                            OddFloat(&random)};
    for (float x : around) {
      ASSERT_EQ(x <= le, static_cast<double>(x) <= threshold) << x << " " << threshold;
      ASSERT_EQ(x < lt, static_cast<double>(x) < threshold) << x << " " << threshold;
    }
  }
}

}  // namespace
}  // namespace firetower::forest

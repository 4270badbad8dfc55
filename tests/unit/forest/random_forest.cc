#include "random_forest.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace firetower::forest {

float OddFloat(Random* random) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  constexpr float kNormal = std::numeric_limits<float>::min();
  constexpr float kMax = std::numeric_limits<float>::max();
  static constexpr std::array<float, 16> kOdd = {
      0.0f,      -0.0f,      kTiny, -kTiny, kNormal, -kNormal, kMax,  -kMax,
      kInfinity, -kInfinity, 1.0f,  -1.0f,  2.5f,    -2.5f,    1e-3f, 1e6f};
  float value = kOdd[random->Below(kOdd.size())];
  const uint32_t neighbour = random->Below(4);
  if (neighbour == 0) value = std::nextafter(value, kInfinity);
  if (neighbour == 1) value = std::nextafter(value, -kInfinity);
  return value;
}

Forest MakeRandomForest(const RandomForestOptions& options, uint64_t seed) {
  struct Pending {
    int32_t node;
    int32_t depth;
  };
  Random random(seed);
  Forest forest;
  forest.feature_count = options.features;
  forest.comparison = options.comparison;
  const auto add_node = [&forest] {
    forest.feature.push_back(-1);
    forest.threshold.push_back(0.0f);
    forest.left.push_back(-1);
    forest.right.push_back(-1);
    forest.default_left.push_back(0);
    forest.value.push_back(0.0);
    return static_cast<int32_t>(forest.feature.size() - 1);
  };
  for (int32_t t = 0; t < options.trees; ++t) {
    std::vector<Pending> pending = {{add_node(), 0}};
    forest.roots.push_back(pending[0].node);
    while (!pending.empty()) {
      const Pending at = pending.back();
      pending.pop_back();
      const auto node = static_cast<size_t>(at.node);
      if (at.depth >= options.max_depth || random.Uniform() < options.leaf_share) {
        forest.value[node] = random.Below(10) == 0 ? 1.0 : random.Uniform();
        if (random.Uniform() < options.zero_share) {
          forest.value[node] = random.Below(2) == 0 ? 0.0 : -0.0;
        }
        continue;
      }
      forest.feature[node] =
          static_cast<int32_t>(random.Below(static_cast<uint32_t>(options.features)));
      forest.threshold[node] = OddFloat(&random);
      forest.default_left[node] = random.Uniform() < options.default_left ? 1 : 0;
      const int32_t left = add_node();
      const int32_t right = add_node();
      forest.left[node] = left;
      forest.right[node] = right;
      pending.push_back({left, at.depth + 1});
      pending.push_back({right, at.depth + 1});
    }
  }
  if (!options.shuffle_nodes) return forest;

  std::vector<int32_t> place(forest.node_count());
  for (size_t i = 0; i < place.size(); ++i) place[i] = static_cast<int32_t>(i);
  for (size_t i = place.size(); i > 1; --i) {
    std::swap(place[i - 1], place[random.Below(static_cast<uint32_t>(i))]);
  }
  Forest shuffled = forest;
  const auto moved = [&place](int32_t node) {
    return node < 0 ? -1 : place[static_cast<size_t>(node)];
  };
  for (size_t i = 0; i < place.size(); ++i) {
    const auto to = static_cast<size_t>(place[i]);
    shuffled.feature[to] = forest.feature[i];
    shuffled.threshold[to] = forest.threshold[i];
    shuffled.default_left[to] = forest.default_left[i];
    shuffled.value[to] = forest.value[i];
    shuffled.left[to] = moved(forest.left[i]);
    shuffled.right[to] = moved(forest.right[i]);
  }
  for (int32_t& root : shuffled.roots) root = moved(root);
  return shuffled;
}

std::vector<float> MakeRandomRows(size_t rows, int32_t features, double nan_share, uint64_t seed) {
  Random random(seed, 1);
  std::vector<float> values(rows * static_cast<size_t>(features));
  for (float& value : values) {
    value =
        random.Uniform() < nan_share ? std::numeric_limits<float>::quiet_NaN() : OddFloat(&random);
  }
  return values;
}

}  // namespace firetower::forest

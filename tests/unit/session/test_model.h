// A small model, and helpers to score with it, for the session's tests.
#ifndef FIRETOWER_TESTS_UNIT_SESSION_TEST_MODEL_H_
#define FIRETOWER_TESTS_UNIT_SESSION_TEST_MODEL_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/forest/model.h"

namespace firetower::session {

// A complete tree of the given depth with random splits: nodes in preorder.
inline void AppendRandomTree(int depth, int32_t feature_count, Random* random,
                             forest::Forest* forest) {
  struct Item {
    int depth;
    int32_t parent;
    bool left;
  };
  const int32_t root = static_cast<int32_t>(forest->node_count());
  forest->roots.push_back(root);
  std::vector<Item> stack = {{depth, -1, false}};
  while (!stack.empty()) {
    const Item item = stack.back();
    stack.pop_back();
    const int32_t node = static_cast<int32_t>(forest->node_count());
    if (item.parent >= 0) {
      (item.left ? forest->left : forest->right)[static_cast<size_t>(item.parent)] = node;
    }
    const bool leaf = item.depth == 0;
    const auto feature = static_cast<int32_t>(random->Below(static_cast<uint32_t>(feature_count)));
    const double draw = random->Uniform();
    forest->feature.push_back(leaf ? -1 : feature);
    forest->threshold.push_back(
        leaf ? 0.0f : static_cast<float>(feature == 3 ? 24.0 * draw : 4.0 * draw - 2.0));
    forest->left.push_back(-1);
    forest->right.push_back(-1);
    forest->default_left.push_back(leaf ? 0 : static_cast<uint8_t>(draw < 0.5));
    forest->value.push_back(leaf ? draw * draw : 0.0);
    if (leaf) continue;
    stack.push_back({item.depth - 1, node, false});
    stack.push_back({item.depth - 1, node, true});
  }
}

// Inputs Time, V1, V2, Amount: V1 must be there, a missing V2 is 0.5, a missing Amount goes where
// the splits say.
inline forest::Model TestModel() {
  using features::Feature;
  using features::MissingPolicy;
  using features::Op;
  forest::Model model;
  model.info.name = "test-forest";
  model.info.version = "1.2.3";
  model.info.description = "A made-up forest for tests.";
  model.info.positive_class = "1";
  model.info.label_column = "Class";
  model.info.weight_column = "Weight";
  model.info.engine_version = "0.1.0";
  model.info.threshold = 0.4;
  model.info.risk_cuts = {0.2, 0.3, 0.4, 0.5};
  json::object auc;
  auc["value"] = 0.875;
  auc["low"] = 0.75;
  auc["high"] = 1.0;
  json::object metrics;
  metrics["auc"] = auc;
  metrics["average_precision"] = std::move(auc);
  model.info.training["metrics"] = std::move(metrics);
  model.info.training["rows"] = 100;
  std::vector<features::InputColumn> inputs = {
      {"Time", "s"}, {"V1", ""}, {"V2", ""}, {"Amount", "EUR"}};
  std::vector<Feature> specs = {
      {.name = "V1", .input = 1},
      {.name = "V2", .input = 2, .missing = MissingPolicy::kImpute, .fill = 0.5},
      {.name = "Amount_scaled",
       .input = 3,
       .op = Op::kStandardScale,
       .missing = MissingPolicy::kPropagate,
       .mean = 88.0,
       .scale = 250.0},
      {.name = "Time_hour", .input = 0, .op = Op::kHourOfDay},
  };
  model.pipeline = *features::Pipeline::Create(std::move(inputs), std::move(specs));
  Random random(20240607);
  model.forest.feature_count = 4;
  for (int tree = 0; tree < 7; ++tree) AppendRandomTree(4, 4, &random, &model.forest);
  for (int f = 0; f < 4; ++f) {
    forest::FeatureProfile profile;
    profile.edges = {-2.0, 0.0, 1.0, 2.0};
    profile.counts = {10.0, 20.0, 10.0};
    model.profile.push_back(std::move(profile));
  }
  return model;
}

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace firetower::session

#endif  // FIRETOWER_TESTS_UNIT_SESSION_TEST_MODEL_H_

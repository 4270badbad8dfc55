#include "core/forest/model.h"

#include <gtest/gtest.h>

namespace firetower::forest {
namespace {

TEST(ModelTest, Placeholder) {
  Model model;
  model.pipeline = *features::Pipeline::Create(
      {{"Time", "s"}, {"V1", ""}},
      {{.name = "V1", .input = 1},
       {.name = "t", .input = 0, .op = features::Op::kStandardScale, .mean = 1, .scale = 2}});
  model.forest.feature = {0, -1, -1};
  model.forest.threshold = {1, 0, 0};
  model.forest.left = {1, -1, -1};
  model.forest.right = {2, -1, -1};
  model.forest.default_left = {0, 0, 0};
  model.forest.value = {0, .25, .5};
  model.forest.roots = {0};
  model.forest.feature_count = 2;
  auto b = WriteModel(model);
  ASSERT_TRUE(b.ok()) << b.error().message;
  auto m = ReadModel(*b);
  ASSERT_TRUE(m.ok()) << m.error().message;
  auto c = WriteModel(*m);
  ASSERT_EQ(*b, *c);
}
}  // namespace
}  // namespace firetower::forest

// Models exported from scikit-learn give scikit-learn's probabilities, bit for bit. REGENERATE.md
// says how the files were made.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/forest/compiled_forest.h"
#include "core/forest/model.h"
#include "core/forest/safetensors.h"

namespace firetower::forest {
namespace {

std::vector<uint8_t> ReadGolden(const std::string& name) {
  std::ifstream file(std::string(FIRETOWER_SOURCE_DIR) + "/tests/golden/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<uint64_t> Bits(const std::vector<double>& values) {
  std::vector<uint64_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(double));
  return bits;
}

std::vector<uint32_t> Bits(const std::vector<float>& values) {
  std::vector<uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

struct Golden {
  Model model;
  size_t rows = 0;
  std::vector<float> features;  // features[f * rows + i]
  std::vector<double> inputs;   // inputs[c * rows + i]; empty: features are passed as they are.
  std::vector<double> probability;
};

Golden Load(const std::string& name) {
  Golden golden;
  Result<Model> model = ReadModel(ReadGolden(name + ".safetensors"));
  EXPECT_TRUE(model.ok()) << model.error().message;
  golden.model = *std::move(model);
  const std::vector<uint8_t> bytes = ReadGolden(name + ".expected.safetensors");
  const Result<SafetensorsFile> file = SafetensorsFile::Parse(bytes);
  EXPECT_TRUE(file.ok());
  golden.rows = *file->Length("probability", Dtype::kF64);
  golden.probability = *file->Read<double>("probability", golden.rows);
  golden.features =
      *file->Read<float>("features", golden.rows * golden.model.pipeline.features().size());
  if (file->Has("inputs")) {
    golden.inputs =
        *file->Read<double>("inputs", golden.rows * golden.model.pipeline.inputs().size());
  }
  return golden;
}

class GoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(GoldenTest, CompiledForestEqualsScikitLearn) {
  const Golden golden = Load(GetParam());
  ASSERT_GE(golden.rows, 300u);
  const Result<CompiledForest> compiled = CompiledForest::Build(golden.model.forest);
  ASSERT_TRUE(compiled.ok());
  std::vector<double> out(golden.rows);
  compiled->PredictProba(golden.features, golden.rows, golden.rows, out);
  EXPECT_EQ(Bits(out), Bits(golden.probability));
}

TEST_P(GoldenTest, ReferenceEqualsScikitLearn) {
  const Golden golden = Load(GetParam());
  const Forest& forest = golden.model.forest;
  std::vector<double> out;
  std::vector<float> row(static_cast<size_t>(forest.feature_count));
  for (size_t i = 0; i < golden.rows; ++i) {
    for (size_t f = 0; f < row.size(); ++f) row[f] = golden.features[f * golden.rows + i];
    out.push_back(PredictRowReference(forest, row) / static_cast<double>(forest.tree_count()));
  }
  EXPECT_EQ(Bits(out), Bits(golden.probability));
}

TEST_P(GoldenTest, WrittenAndReadAgainItIsTheSameModel) {
  const Golden golden = Load(GetParam());
  const Result<std::vector<uint8_t>> written = WriteModel(golden.model);
  ASSERT_TRUE(written.ok()) << written.error().message;
  const Result<Model> again = ReadModel(*written);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*WriteModel(*again), *written);
  EXPECT_EQ(again->forest.feature, golden.model.forest.feature);
  EXPECT_EQ(Bits(again->forest.threshold), Bits(golden.model.forest.threshold));
  EXPECT_EQ(Bits(again->forest.value), Bits(golden.model.forest.value));
  EXPECT_EQ(again->info.training, golden.model.info.training);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTest,
                         testing::Values("random_forest_balanced", "random_forest_full",
                                         "extra_trees", "decision_tree", "single_leaves",
                                         "preprocessed"),
                         [](const testing::TestParamInfo<const char*>& golden) {
                           return std::string(golden.param);
                         });

TEST(GoldenPipelineTest, FeaturesEqualColumnTransformers) {
  const Golden golden = Load("preprocessed");
  const features::Pipeline& pipeline = golden.model.pipeline;
  std::vector<std::span<const double>> columns;
  for (size_t c = 0; c < pipeline.inputs().size(); ++c) {
    columns.push_back(std::span(golden.inputs).subspan(c * golden.rows, golden.rows));
  }
  std::vector<float> out(golden.features.size());
  std::vector<int32_t> status(golden.rows);
  std::vector<int32_t> status_input(golden.rows);
  pipeline.Transform(columns, golden.rows, golden.rows, out, status, status_input);
  EXPECT_EQ(Bits(out), Bits(golden.features));
  EXPECT_EQ(status, std::vector<int32_t>(golden.rows, 0));
}

}  // namespace
}  // namespace firetower::forest

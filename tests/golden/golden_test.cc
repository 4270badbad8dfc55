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

// Files of every released format version must load for ever.
TEST(FormatTest, Version20Tiny) {
  const std::vector<uint8_t> bytes = ReadGolden("formats/2.0-tiny.safetensors");
  const Result<Model> model = ReadModel(bytes);
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(PredictRowReference(model->forest, std::vector<float>{1.5f}), 0.25);
  EXPECT_EQ(PredictRowReference(model->forest, std::vector<float>{1.5000001f}), 0.75);
}

TEST(FormatTest, Version20Everything) {
  const Result<Model> model = ReadModel(ReadGolden("formats/2.0-everything.safetensors"));
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->forest.comparison, Comparison::kLess);
  EXPECT_EQ(model->forest.aggregation, Aggregation::kSum);
  EXPECT_EQ(model->forest.link, Link::kLogistic);
  EXPECT_EQ(model->forest.base_score, -1.5);
  EXPECT_EQ(model->forest.feature, (std::vector<int32_t>{0, 3, -1, -1, -1, -1, 2, -1, -1}));
  EXPECT_EQ(model->forest.default_left, (std::vector<uint8_t>{0, 1, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(model->forest.value, (std::vector<double>{0, 0, -2.5, 0.25, 7, 0.25, 0, -2.5, 7}));
  EXPECT_EQ(model->pipeline.features()[1].op, features::Op::kHourOfDay);
  EXPECT_EQ(model->pipeline.features()[2].missing, features::MissingPolicy::kImpute);
  EXPECT_EQ(model->pipeline.features()[2].fill, 3.0);
  ASSERT_EQ(model->profile.size(), 4u);
  EXPECT_EQ(model->profile[0].edges, (std::vector<double>{0, 1, 2.5}));
}

TEST(FormatTest, Version20Calibrated) {
  const Result<Model> model = ReadModel(ReadGolden("formats/2.0-calibrated.safetensors"));
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ(model->calibration.from, "5-fold cross-validation");
  EXPECT_EQ(model->calibration.rows, 1200.0);
  EXPECT_EQ(model->calibration.scores, (std::vector<double>{0.25, 0.5, 0.75}));
  EXPECT_EQ(model->calibration.probabilities, (std::vector<double>{0.03125, 0.03125, 0.625}));
  // Calibration is for people and estimates: probabilities are as without it.
  EXPECT_EQ(PredictRowReference(model->forest, std::vector<float>{1.5f}), 0.25);
}

// Lines "00000440  00 ff ...": an offset, two blanks, bytes in hexadecimal, two blanks and words.
TEST(FormatTest, TheExampleInTheDocumentIsTheFile) {
  const std::vector<uint8_t> bytes = ReadGolden("formats/2.0-tiny.safetensors");
  std::ifstream document(std::string(FIRETOWER_SOURCE_DIR) + "/models/FORMAT.md");
  std::vector<bool> shown(bytes.size(), false);
  size_t shown_bytes = 0;
  for (std::string line; std::getline(document, line);) {
    const bool is_dump = line.size() > 12 && line.compare(8, 2, "  ") == 0 &&
                         line.find_first_not_of("0123456789abcdef") == 8;
    if (!is_dump) continue;
    size_t offset = std::stoul(line.substr(0, 8), nullptr, 16);
    for (size_t at = 10; line.compare(at, 1, " ") != 0; at += 3) {
      ASSERT_LT(offset, bytes.size());
      EXPECT_EQ(bytes[offset], std::stoul(line.substr(at, 2), nullptr, 16)) << line;
      EXPECT_FALSE(shown[offset]) << line;
      shown[offset] = true;
      ++offset;
      ++shown_bytes;
    }
  }
  EXPECT_EQ(shown_bytes, 8u + 48 + 55) << "header length, three lines of header, all data";
}

}  // namespace
}  // namespace firetower::forest

#include "core/forest/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "random_forest.h"

namespace firetower::forest {
namespace {

using features::MissingPolicy;
using features::Op;

// Two features, three trees (5 + 1 + 3 nodes): the second tree is a leaf; some splits send NaN
// left.
Model SmallModel() {
  Model model;
  model.info.name = "small";
  model.info.version = "1.2.3";
  model.info.description = "A model with \"quotes\", \xc3\xa9 and a\nnew line.";
  model.info.positive_class = "1";
  model.info.label_column = "Class";
  model.info.weight_column = "Weight";
  model.info.engine_version = "test";
  model.info.threshold = 0.48736512340000123;
  model.info.training["rows"] = 100;
  model.info.training["metrics"] =
      json::object{{"auc", json::object{{"value", 0.98123456789012345}}}};
  model.pipeline =
      *features::Pipeline::Create({{"Time", "s"}, {"V1", ""}},
                                  {{.name = "V1", .input = 1, .missing = MissingPolicy::kPropagate},
                                   {.name = "Time_scaled",
                                    .input = 0,
                                    .op = Op::kStandardScale,
                                    .missing = MissingPolicy::kImpute,
                                    .mean = 94813.86,
                                    .scale = 47488.15,
                                    .fill = 84692.0}});
  Forest& forest = model.forest;
  forest.feature = {0, 1, -1, -1, -1, -1, 1, -1, -1};
  forest.threshold = {1.0f, -0.5f, 0, 0, 0, 0, std::numeric_limits<float>::infinity(), 0, 0};
  forest.left = {1, 2, -1, -1, -1, -1, 7, -1, -1};
  forest.right = {4, 3, -1, -1, -1, -1, 8, -1, -1};
  forest.default_left = {0, 1, 0, 0, 0, 0, 0, 0, 0};
  forest.value = {0, 0, 0.25, 1.0, 0.1, 0.25, 0, 0.0, 0.7};
  forest.roots = {0, 5, 6};
  forest.feature_count = 2;
  model.profile = {{{0.0, 1.0, 2.5}, {10.0, 5.5}, 0.5}, {{-1.0, 1.0}, {16.0}, 0.0}};
  return model;
}

Calibration Calibrated() {
  return {.from = "5-fold cross-validation",
          .rows = 100,
          .scores = {0.1, 0.25, 0.70000000000000018},
          .probabilities = {0.01, 0.01, 0.9}};
}

std::vector<uint8_t> Written(const Model& model) {
  Result<std::vector<uint8_t>> bytes = WriteModel(model);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return *std::move(bytes);
}

// A model file taken apart, to be spoilt and put together again.
struct Parts {
  json::object header;
  std::vector<uint8_t> data;
};

Parts Split(const std::vector<uint8_t>& bytes) {
  uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof(size));
  const std::string text(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(size));
  Parts parts;
  parts.header = ParseJson(text, ErrorCode::kModelInvalid, "test")->as_object();
  parts.data.assign(bytes.begin() + 8 + static_cast<std::ptrdiff_t>(size), bytes.end());
  return parts;
}

std::vector<uint8_t> JoinText(const std::string& header, const std::vector<uint8_t>& data) {
  std::vector<uint8_t> bytes;
  bytes.reserve(8 + header.size() + data.size());
  for (size_t b = 0; b < 8; ++b)
    bytes.push_back(static_cast<uint8_t>(uint64_t{header.size()} >> (8 * b)));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::vector<uint8_t> Join(const Parts& parts) {
  return JoinText(json::serialize(parts.header), parts.data);
}

size_t Begin(const Parts& parts, const char* tensor) {
  return parts.header.at(tensor).at("data_offsets").at(0).to_number<size_t>();
}

template <typename T>
void Set(Parts* parts, const char* tensor, size_t index, T value) {
  std::memcpy(parts->data.data() + Begin(*parts, tensor) + index * sizeof(T), &value, sizeof(T));
}

void EditDocument(Parts* parts, const std::function<void(json::object&)>& edit) {
  json::value& text = parts->header["__metadata__"].as_object()["firetower"];
  json::object document =
      ParseJson(std::string(text.as_string()), ErrorCode::kModelInvalid, "test")->as_object();
  edit(document);
  text = json::serialize(document);
}

std::string ErrorOf(const std::vector<uint8_t>& bytes) {
  const Result<Model> model = ReadModel(bytes);
  return model.ok() ? "(read)" : model.error().message;
}

TEST(ModelTest, ReadsBackWhatWasWritten) {
  const Model model = SmallModel();
  const std::vector<uint8_t> bytes = Written(model);
  const Result<Model> read = ReadModel(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->info.name, model.info.name);
  EXPECT_EQ(read->info.version, model.info.version);
  EXPECT_EQ(read->info.description, model.info.description);
  EXPECT_EQ(read->info.positive_class, model.info.positive_class);
  EXPECT_EQ(read->info.label_column, model.info.label_column);
  EXPECT_EQ(read->info.weight_column, model.info.weight_column);
  EXPECT_EQ(read->info.engine_version, model.info.engine_version);
  EXPECT_EQ(read->info.threshold, model.info.threshold);
  EXPECT_EQ(read->info.risk_cuts, model.info.risk_cuts);
  EXPECT_EQ(read->info.training, model.info.training);
  ASSERT_EQ(read->pipeline.features().size(), 2u);
  EXPECT_EQ(read->pipeline.inputs()[0].name, "Time");
  EXPECT_EQ(read->pipeline.inputs()[0].unit, "s");
  const features::Feature& scaled = read->pipeline.features()[1];
  EXPECT_EQ(scaled.name, "Time_scaled");
  EXPECT_EQ(scaled.input, 0);
  EXPECT_EQ(scaled.op, Op::kStandardScale);
  EXPECT_EQ(scaled.missing, MissingPolicy::kImpute);
  EXPECT_EQ(scaled.mean, 94813.86);
  EXPECT_EQ(scaled.scale, 47488.15);
  EXPECT_EQ(scaled.fill, 84692.0);
  EXPECT_EQ(read->pipeline.features()[0].missing, MissingPolicy::kPropagate);
  // The nodes were in preorder, so they come back as they were.
  EXPECT_EQ(read->forest.feature, model.forest.feature);
  EXPECT_EQ(read->forest.threshold, model.forest.threshold);
  EXPECT_EQ(read->forest.left, model.forest.left);
  EXPECT_EQ(read->forest.right, model.forest.right);
  EXPECT_EQ(read->forest.default_left, model.forest.default_left);
  EXPECT_EQ(read->forest.value, model.forest.value);
  EXPECT_EQ(read->forest.roots, model.forest.roots);
  ASSERT_EQ(read->profile.size(), 2u);
  EXPECT_EQ(read->profile[0].edges, model.profile[0].edges);
  EXPECT_EQ(read->profile[0].counts, model.profile[0].counts);
  EXPECT_EQ(read->profile[0].missing, 0.5);
  EXPECT_EQ(read->profile[1].edges, model.profile[1].edges);
  EXPECT_EQ(Written(*read), bytes);
}

TEST(ModelTest, TensorsAreAligned) {
  const std::vector<uint8_t> bytes = Written(SmallModel());
  uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof(size));
  EXPECT_EQ(size % 8, 0u);
  const Parts parts = Split(bytes);
  for (const char* tensor : {"feature_mean", "leaf_value", "profile_missing"})
    EXPECT_EQ(Begin(parts, tensor) % 8, 0u);
  for (const char* tensor : {"tree_nodes", "profile_size", "threshold"})
    EXPECT_EQ(Begin(parts, tensor) % 4, 0u);
}

TEST(ModelTest, LayoutIsAsDocumented) {
  const Parts parts = Split(Written(SmallModel()));
  const auto bytes_of = [&parts](const char* tensor) {
    const auto& offsets = parts.header.at(tensor).at("data_offsets");
    return std::vector<uint8_t>(parts.data.begin() + offsets.at(0).to_number<std::ptrdiff_t>(),
                                parts.data.begin() + offsets.at(1).to_number<std::ptrdiff_t>());
  };
  EXPECT_EQ(bytes_of("node_feature"),
            (std::vector<uint8_t>{0, 1, 255, 255, 255, 255, 1, 255, 255}));
  EXPECT_EQ(bytes_of("tree_nodes"), (std::vector<uint8_t>{5, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(bytes_of("default_left"), (std::vector<uint8_t>{0, 1, 0}));
  // Distinct values 0, 0.1, 0.25, 0.7, 1: the leaves in preorder are 0.25 1 0.1 | 0.25 | 0 0.7.
  EXPECT_EQ(bytes_of("leaf_index"), (std::vector<uint8_t>{2, 0, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0}));
  EXPECT_EQ(bytes_of("leaf_value").size(), 5u * 8);
  EXPECT_EQ(bytes_of("threshold"),
            (std::vector<uint8_t>{0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf, 0, 0, 0x80, 0x7f}));
}

TEST(ModelTest, ThresholdsStandByFeature) {
  Model model = SmallModel();
  model.forest.feature = {1, 0, -1, -1, -1, -1, 1, -1, -1};
  const std::vector<uint8_t> bytes = Written(model);
  const Parts parts = Split(bytes);
  std::array<float, 3> thresholds;
  std::memcpy(thresholds.data(), parts.data.data() + Begin(parts, "threshold"), sizeof(thresholds));
  EXPECT_EQ(thresholds,
            (std::array<float, 3>{-0.5f, 1.0f, std::numeric_limits<float>::infinity()}));
  const Result<Model> read = ReadModel(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->forest.threshold, model.forest.threshold);
}

TEST(ModelTest, DirectionsAreLeftOutWhenEveryNanGoesRight) {
  Model model = SmallModel();
  model.forest.default_left.assign(9, 0);
  model.profile.clear();
  const std::vector<uint8_t> bytes = Written(model);
  const Parts parts = Split(bytes);
  EXPECT_FALSE(parts.header.contains("default_left"));
  EXPECT_FALSE(parts.header.contains("profile_size"));
  const Result<Model> read = ReadModel(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->forest.default_left, model.forest.default_left);
  EXPECT_TRUE(read->profile.empty());
}

// The same predictions from any forest, whatever the order of its nodes.
class ModelRoundTrip : public testing::TestWithParam<RandomForestOptions> {};

TEST_P(ModelRoundTrip, IsAFixedPoint) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Model model;
    std::vector<features::Feature> list;
    for (int32_t f = 0; f < GetParam().features; ++f) list.push_back({.name = std::to_string(f)});
    model.pipeline = *features::Pipeline::Create({{"x", ""}}, list);
    model.forest = MakeRandomForest(GetParam(), seed);
    const std::vector<uint8_t> bytes = Written(model);
    const Result<Model> read = ReadModel(bytes);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(Written(*read), bytes);
    EXPECT_EQ(read->forest.comparison, model.forest.comparison);
    const Result<CompiledModel> scoring = ReadCompiledModel(bytes);
    ASSERT_TRUE(scoring.ok()) << scoring.error().message;
    EXPECT_EQ(scoring->compiled.tree_count(), GetParam().trees);
    EXPECT_EQ(scoring->compiled.node_count(), model.forest.node_count());
    const std::vector<float> rows = MakeRandomRows(50, 1, 0.1, seed);
    std::vector<float> row(list.size());
    for (float x : rows) {
      for (size_t f = 0; f < row.size(); ++f) row[f] = f % 3 == 0 ? x : rows[f % rows.size()];
      const double sum = PredictRowReference(model.forest, row);
      EXPECT_EQ(PredictRowReference(read->forest, row), sum);
      double probability = -1.0;
      scoring->compiled.PredictProba(row, 1, 1, {&probability, 1});
      EXPECT_EQ(probability, sum / GetParam().trees);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ModelRoundTrip,
    testing::Values(RandomForestOptions{},
                    RandomForestOptions{.default_left = 0.5, .shuffle_nodes = true},
                    RandomForestOptions{.features = 255}, RandomForestOptions{.features = 256},
                    RandomForestOptions{.trees = 3, .features = 4096, .shuffle_nodes = true},
                    RandomForestOptions{.trees = 1, .max_depth = 0},
                    RandomForestOptions{.comparison = Comparison::kLess}));

TEST(ModelTest, ManyDistinctLeafValuesNeedWideIndexes) {
  Model model = SmallModel();
  model.profile.clear();
  Forest& forest = model.forest;
  const size_t trees = 65536;
  forest = Forest{};
  forest.feature_count = 2;
  // One more value than trees: the first tree is a split.
  forest.feature = {0, -1, -1};
  forest.left = {1, -1, -1};
  forest.right = {2, -1, -1};
  forest.value = {0.0, 0.0, 1.0};
  forest.roots = {0};
  for (size_t t = 1; t < trees; ++t) {
    forest.roots.push_back(static_cast<int32_t>(forest.feature.size()));
    forest.feature.push_back(-1);
    forest.left.push_back(-1);
    forest.right.push_back(-1);
    forest.value.push_back(static_cast<double>(t) / 65536.0);
  }
  forest.threshold.assign(forest.feature.size(), 0.0f);
  forest.default_left.assign(forest.feature.size(), 0);
  const std::vector<uint8_t> bytes = Written(model);
  EXPECT_EQ(Split(bytes).header.at("leaf_index").at("dtype").as_string(), "U32");
  const Result<Model> read = ReadModel(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->forest.value, forest.value);
  forest.value[2] = 0.5;
  EXPECT_EQ(Split(Written(model)).header.at("leaf_index").at("dtype").as_string(), "U16");
}

TEST(ModelTest, MinusZeroLeavesBecomeZero) {
  Model model = SmallModel();
  model.forest.value[7] = -0.0;
  const Result<Model> read = ReadModel(Written(model));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_FALSE(std::signbit(read->forest.value[7]));
}

TEST(ModelTest, WritingRefusesWhatReadingWould) {
  const struct {
    const char* message;
    std::function<void(Model*)> spoil;
  } cases[] = {
      {"tree 0, node 1: threshold is NaN",
       [](Model* m) { m->forest.threshold[1] = std::nanf(""); }},
      {"metadata threshold: is not within 0..1", [](Model* m) { m->info.threshold = 1.5; }},
      {"metadata threshold: is not within 0..1",
       [](Model* m) { m->info.threshold = std::nan(""); }},
      {"metadata risk_cuts: are not rising within 0..1",
       [](Model* m) {
         m->info.risk_cuts = {0.1, 0.1, 0.5, 0.8};
       }},
      {"forest: it has 1 features, the pipeline 2",
       [](Model* m) { m->forest = MakeRandomForest({.features = 1}, 1); }},
      {"profile: it has 1 features, the pipeline 2", [](Model* m) { m->profile.pop_back(); }},
      {"profile of feature 0: its edges are not rising",
       [](Model* m) { m->profile[0].edges[2] = 1.0; }},
      {"profile of feature 1: needs one bin or more, and one edge more than bins",
       [](Model* m) { m->profile[1].counts.push_back(1.0); }},
      {"profile of feature 0: a count is negative or not finite",
       [](Model* m) { m->profile[0].counts[0] = -1.0; }},
      {"profile of feature 1: its missing count is negative or not finite",
       [](Model* m) { m->profile[1].missing = std::nan(""); }},
  };
  for (const auto& one : cases) {
    Model model = SmallModel();
    one.spoil(&model);
    const Result<std::vector<uint8_t>> bytes = WriteModel(model);
    ASSERT_FALSE(bytes.ok()) << one.message;
    EXPECT_EQ(bytes.error().code, ErrorCode::kModelInvalid);
    EXPECT_EQ(bytes.error().message, one.message);
  }
  Model model = SmallModel();
  model.info.name = "\xff";
  EXPECT_EQ(WriteModel(model).error().message.rfind("metadata: not valid JSON", 0), 0u);
  model = SmallModel();
  model.info.training["auc"] = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(WriteModel(model).ok());
}

TEST(ModelTest, EveryTruncationIsRefused) {
  const std::vector<uint8_t> bytes = Written(SmallModel());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Result<Model> model = ReadModel(std::span(bytes).first(size));
    ASSERT_FALSE(model.ok()) << size;
    EXPECT_FALSE(model.error().message.empty());
  }
}

TEST(ModelTest, ReadsBytesAtAnyAddress) {
  const std::vector<uint8_t> bytes = Written(SmallModel());
  std::vector<uint8_t> moved(bytes.size() + 3);
  std::copy(bytes.begin(), bytes.end(), moved.begin() + 3);
  EXPECT_TRUE(ReadModel(std::span(moved).subspan(3)).ok());
  // And a header of a length that leaves the data unaligned.
  const Parts parts = Split(bytes);
  std::string header = json::serialize(parts.header);
  while (header.size() % 8 != 3) header += ' ';
  EXPECT_TRUE(ReadModel(JoinText(header, parts.data)).ok());
}

TEST(ModelTest, ContainerErrorsSayWhere) {
  const std::vector<uint8_t> good = Written(SmallModel());
  EXPECT_EQ(ErrorOf({}), "byte 0: the file has 0 bytes, too few for the 8 of the header length");
  std::vector<uint8_t> bytes = good;
  bytes.push_back(0);
  EXPECT_EQ(ErrorOf(bytes),
            "byte " + std::to_string(good.size()) + ": 1 bytes after the last tensor");
  bytes = good;
  std::fill(bytes.begin(), bytes.begin() + 8, uint8_t{0xff});
  EXPECT_EQ(ErrorOf(bytes),
            "byte 0: a header of 18446744073709551615 bytes is over the limit of 8388608");
  EXPECT_EQ(ReadModel(bytes).error().code, ErrorCode::kTooBig);
  bytes = good;
  bytes[2] = 0x10;
  EXPECT_EQ(ErrorOf(bytes).rfind("byte 0: a header of ", 0), 0u);
  bytes = good;
  bytes[8] = '[';
  EXPECT_EQ(ErrorOf(bytes), "byte 8: the header is no JSON object");
  bytes = good;
  bytes[20] = 0x01;
  EXPECT_EQ(ErrorOf(bytes).rfind("header: not valid JSON: ", 0), 0u);
  EXPECT_GE(ReadModel(bytes).error().byte_offset, 20);
}

TEST(ModelTest, TensorErrorsSayWhere) {
  const struct {
    const char* message;
    std::function<void(Parts*)> spoil;
  } cases[] = {
      {"tensor nodes: is not part of the format",
       [](Parts* p) {
         p->header["nodes"] = p->header["leaf_value"];
         p->header.erase("leaf_value");
       }},
      {"tensor leaf_value: is missing",
       [](Parts* p) {
         // Its bytes go to the tensor behind it, so that the layout stays whole.
         const json::value begin = p->header["leaf_value"].at("data_offsets").at(0);
         json::object& edges = p->header["profile_edges"].as_object();
         edges["data_offsets"].as_array()[0] = begin;
         edges["shape"].as_array()[0] = 5 + 5;
         p->header.erase("leaf_value");
       }},
      {"tensor threshold: dtype I32 should be F32",
       [](Parts* p) { p->header["threshold"].as_object()["dtype"] = "I32"; }},
      {"tensor threshold: dtype F16 is not used in model files",
       [](Parts* p) { p->header["threshold"].as_object()["dtype"] = "F16"; }},
      {"tensor threshold: has no dtype",
       [](Parts* p) { p->header["threshold"].as_object().erase("dtype"); }},
      {"tensor threshold: shape [1,3] should have one dimension",
       [](Parts* p) {
         p->header["threshold"].as_object()["shape"] = json::array{1, 3};
       }},
      {"tensor threshold: shape [4] of F32 needs 16 bytes, not 12",
       [](Parts* p) { p->header["threshold"].as_object()["shape"] = json::array{4}; }},
      {"tensor threshold: has a shape that is no list of sizes",
       [](Parts* p) { p->header["threshold"].as_object()["shape"] = json::array{-3}; }},
      {"tensor threshold: its shape is over the limit of a model file",
       [](Parts* p) {
         p->header["threshold"].as_object()["shape"] = json::array{4294967296, 4294967296};
       }},
      {"tensor threshold: has no data_offsets [begin, end]",
       [](Parts* p) { p->header["threshold"].as_object()["data_offsets"] = json::array{1}; }},
      {"tensor feature_mean: data_offsets [16,0] are outside the 224 data bytes",
       [](Parts* p) {
         p->header["feature_mean"].as_object()["data_offsets"] = json::array{16, 0};
       }},
      {"tensor feature_mean: data_offsets [0,9999] are outside the 224 data bytes",
       [](Parts* p) {
         p->header["feature_mean"].as_object()["data_offsets"] = json::array{0, 9999};
       }},
      {"tensor feature_scale: begins at data byte 8, inside the tensor before it",
       [](Parts* p) {
         p->header["feature_scale"].as_object()["data_offsets"] = json::array{8, 24};
       }},
      {"tensor feature_scale: data bytes 0..16 before it belong to no tensor",
       [](Parts* p) { p->header.erase("feature_mean"); }},
      {"header: \"threshold\" is no object", [](Parts* p) { p->header["threshold"] = 1; }},
      {"header: there is no metadata \"firetower\"",
       [](Parts* p) { p->header.erase("__metadata__"); }},
      {"metadata other: is no string",
       [](Parts* p) { p->header["__metadata__"].as_object()["other"] = 1; }},
      {"tensor tree_nodes: the trees have 10 nodes in all, tensor node_feature 9",
       [](Parts* p) { Set<int32_t>(p, "tree_nodes", 2, 4); }},
      {"tree 1: has 0 nodes", [](Parts* p) { Set<int32_t>(p, "tree_nodes", 1, 0); }},
      {"tree 1: has -5 nodes", [](Parts* p) { Set<int32_t>(p, "tree_nodes", 1, -5); }},
      {"tree 0, node 5: the tree is complete before its 6 nodes",
       [](Parts* p) {
         Set<int32_t>(p, "tree_nodes", 0, 6);
         Set<int32_t>(p, "tree_nodes", 2, 2);
       }},
      {"tree 0, node 3: the tree ends here with 1 children missing",
       [](Parts* p) {
         Set<int32_t>(p, "tree_nodes", 0, 4);
         Set<int32_t>(p, "tree_nodes", 1, 2);
       }},
      {"tree 1, node 0: the tree ends here with 2 children missing",
       [](Parts* p) { Set<uint8_t>(p, "node_feature", 5, 0); }},
      {"tree 0, node 1: the tree is complete before its 5 nodes",
       [](Parts* p) { Set<uint8_t>(p, "node_feature", 0, 255); }},
      {"tree 2, node 0: feature 2 is outside 0..1",
       [](Parts* p) { Set<uint8_t>(p, "node_feature", 6, 2); }},
      {"tree 2, node 0: threshold is NaN",
       [](Parts* p) { Set<float>(p, "threshold", 2, std::nanf("")); }},
      {"tree 0, node 1: default direction is neither 0 nor 1",
       [](Parts* p) { Set<uint8_t>(p, "default_left", 1, 2); }},
      {"tree 0, node 3: leaf index 5 is outside the 5 leaf values",
       [](Parts* p) { Set<uint16_t>(p, "leaf_index", 1, 5); }},
      {"tensor leaf_value: element 1 is not finite",
       [](Parts* p) { Set<double>(p, "leaf_value", 1, std::numeric_limits<double>::infinity()); }},
      {"tensor leaf_value: element 2 is not above the one before it",
       [](Parts* p) { Set<double>(p, "leaf_value", 2, 0.1); }},
      {"tensor leaf_value: element 0 is -0",
       [](Parts* p) { Set<double>(p, "leaf_value", 0, -0.0); }},
      {"tree 0, node 3: leaf value 2 is no probability (0..1)",
       [](Parts* p) { Set<double>(p, "leaf_value", 4, 2.0); }},
      {"metadata features[1].scale: is not a finite number above 0",
       [](Parts* p) { Set<double>(p, "feature_scale", 1, 0.0); }},
      {"metadata features[0].mean: is not finite",
       [](Parts* p) { Set<double>(p, "feature_mean", 0, std::nan("")); }},
      {"tensor profile_size: element 1 is below 1",
       [](Parts* p) { Set<int32_t>(p, "profile_size", 1, 0); }},
      {"tensor profile_edges: shape [5] should be [6]",
       [](Parts* p) { Set<int32_t>(p, "profile_size", 1, 2); }},
      {"profile of feature 0: its edges are not rising",
       [](Parts* p) { Set<double>(p, "profile_edges", 1, -3.0); }},
  };
  for (const auto& one : cases) {
    Parts parts = Split(Written(SmallModel()));
    one.spoil(&parts);
    const Result<Model> model = ReadModel(Join(parts));
    ASSERT_FALSE(model.ok()) << one.message;
    EXPECT_EQ(model.error().message, one.message);
    EXPECT_EQ(model.error().code, ErrorCode::kModelInvalid);
  }
}

TEST(ModelTest, ErrorsAtNodesCarryTheByte) {
  const std::vector<uint8_t> good = Written(SmallModel());
  Parts parts = Split(good);
  Set<uint8_t>(&parts, "node_feature", 6, 2);
  const std::vector<uint8_t> bytes = Join(parts);
  const Result<Model> model = ReadModel(bytes);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(bytes[static_cast<size_t>(model.error().byte_offset)], 2);
  EXPECT_EQ(bytes[static_cast<size_t>(model.error().byte_offset) - 1], 255);
}

TEST(ModelTest, MetadataErrorsSayWhere) {
  const auto feature = [](json::object& document, size_t index) -> json::object& {
    return document["features"].as_array()[index].as_object();
  };
  const struct {
    const char* message;
    std::function<void(json::object&)> spoil;
  } cases[] = {
      {"metadata format: version \"1.1\" is not 2.x, which this engine reads",
       [](json::object& d) { d["format"] = "1.1"; }},
      {"metadata format: version \"2.\" is not 2.x, which this engine reads",
       [](json::object& d) { d["format"] = "2."; }},
      {"metadata format: version \"2\" is not 2.x, which this engine reads",
       [](json::object& d) { d["format"] = "2"; }},
      {"metadata format: is missing", [](json::object& d) { d.erase("format"); }},
      {"metadata name: is no text", [](json::object& d) { d["name"] = 1; }},
      {"metadata task: \"regression\" is not binary_classification",
       [](json::object& d) { d["task"] = "regression"; }},
      {"metadata threshold: is no number", [](json::object& d) { d["threshold"] = "0.5"; }},
      {"metadata threshold: is not within 0..1", [](json::object& d) { d["threshold"] = -0.1; }},
      {"metadata risk_cuts: are not four",
       [](json::object& d) { d["risk_cuts"].as_array().pop_back(); }},
      {"metadata risk_cuts[3]: is no number",
       [](json::object& d) { d["risk_cuts"].as_array()[3] = nullptr; }},
      {"metadata risk_cuts: are not rising within 0..1",
       [](json::object& d) { d["risk_cuts"].as_array()[3] = 0.1; }},
      {"metadata training: is no object", [](json::object& d) { d["training"] = json::array{}; }},
      {"metadata comparison: \">\" is neither <= nor <",
       [](json::object& d) { d["comparison"] = ">"; }},
      {"metadata missing_direction: \"left\" is neither right nor per_node",
       [](json::object& d) { d["missing_direction"] = "left"; }},
      {"tensor default_left: is there although missing_direction is \"right\"",
       [](json::object& d) { d["missing_direction"] = "right"; }},
      {"metadata aggregation: \"median\" is neither mean nor sum",
       [](json::object& d) { d["aggregation"] = "median"; }},
      {"forest: aggregation sum needs link logistic to give a probability",
       [](json::object& d) { d["aggregation"] = "sum"; }},
      {"metadata link: \"probit\" is neither identity nor logistic",
       [](json::object& d) { d["link"] = "probit"; }},
      {"metadata base_score: is missing", [](json::object& d) { d.erase("base_score"); }},
      {"forest: the base score is not finite", [](json::object& d) { d["base_score"] = "BASE"; }},
      {"metadata inputs: is no list", [](json::object& d) { d["inputs"] = json::object{}; }},
      {"metadata inputs[0]: is no object", [](json::object& d) { d["inputs"].as_array()[0] = 3; }},
      {"metadata inputs[1].unit: is missing",
       [](json::object& d) { d["inputs"].as_array()[1].as_object().erase("unit"); }},
      {"metadata inputs[1].name: \"Time\" is used twice",
       [&](json::object& d) {
         d["inputs"].as_array()[1].as_object()["name"] = "Time";
         feature(d, 0)["input"] = "Time";
       }},
      {"metadata features: 0 of them are outside 1..4096",
       [](json::object& d) { d["features"] = json::array{}; }},
      {"metadata features[1].op: unknown operation \"log2\"; known are passthrough standard_scale "
       "log1p hour_of_day",
       [&](json::object& d) { feature(d, 1)["op"] = "log2"; }},
      {"metadata features[0].missing: unknown missing policy \"drop\"; known are reject impute "
       "propagate",
       [&](json::object& d) { feature(d, 0)["missing"] = "drop"; }},
      {"metadata features[0].input: \"V9\" is not among the inputs",
       [&](json::object& d) { feature(d, 0)["input"] = "V9"; }},
      {"metadata features[1].name: \"V1\" is used twice",
       [&](json::object& d) { feature(d, 1)["name"] = "V1"; }},
      {"tensor feature_mean: shape [2] should be [1]",
       [](json::object& d) { d["features"].as_array().pop_back(); }},
  };
  for (const auto& one : cases) {
    Parts parts = Split(Written(SmallModel()));
    EditDocument(&parts, one.spoil);
    // JSON has no infinity, but a number can be too large for a double.
    json::string& text = parts.header["__metadata__"].as_object()["firetower"].as_string();
    std::string edited(text.data(), text.size());
    if (const size_t at = edited.find("\"BASE\""); at != std::string::npos)
      edited.replace(at, 6, "1e999");
    text = edited;
    const Result<Model> model = ReadModel(Join(parts));
    ASSERT_FALSE(model.ok()) << one.message;
    EXPECT_EQ(model.error().message, one.message);
    EXPECT_EQ(model.error().code, ErrorCode::kModelInvalid);
  }
}

TEST(ModelTest, DuplicateNamesAreRefused) {
  const Parts parts = Split(Written(SmallModel()));
  std::string header = json::serialize(parts.header);
  header.insert(1, "\"thr\\u0065shold\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
  EXPECT_EQ(ErrorOf(JoinText(header, parts.data)), "header: \"threshold\" is there twice");
  Parts twice = parts;
  json::value& text = twice.header["__metadata__"].as_object()["firetower"];
  text = "{\"name\":\"other\"," + std::string(text.as_string()).substr(1);
  EXPECT_EQ(ErrorOf(Join(twice)), "metadata: \"name\" is there twice");
}

TEST(ModelTest, LaterMinorVersionsAreRead) {
  Parts parts = Split(Written(SmallModel()));
  EditDocument(&parts, [](json::object& d) {
    d["format"] = "2.17";
    d["calibration_note"] = "unknown keys do no harm";
  });
  EXPECT_EQ(ErrorOf(Join(parts)), "(read)");
}

TEST(ModelTest, CalibrationIsKeptAndMayBeAbsent) {
  Model model = SmallModel();
  EXPECT_TRUE(ReadModel(Written(model))->calibration.scores.empty());
  model.calibration = Calibrated();
  const std::vector<uint8_t> bytes = Written(model);
  const Result<Model> read = ReadModel(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->calibration.from, model.calibration.from);
  EXPECT_EQ(read->calibration.rows, model.calibration.rows);
  EXPECT_EQ(read->calibration.scores, model.calibration.scores);
  EXPECT_EQ(read->calibration.probabilities, model.calibration.probabilities);
  EXPECT_EQ(Written(*read), bytes);
  // Another engine's method is no reason to refuse the model.
  Parts parts = Split(bytes);
  EditDocument(&parts, [](json::object& d) {
    d["calibration"] = json::object{{"method", "beta"}, {"a", 1.5}};
  });
  EXPECT_TRUE(ReadModel(Join(parts))->calibration.scores.empty());
}

TEST(ModelTest, CalibrationErrorsSayWhere) {
  Model model = SmallModel();
  model.calibration = Calibrated();
  const std::vector<uint8_t> good = Written(model);
  const struct {
    const char* message;
    std::function<void(json::object&)> spoil;
  } cases[] = {
      {"metadata calibration.method: is missing", [](json::object& c) { c.erase("method"); }},
      {"metadata calibration.rows: is negative or not finite",
       [](json::object& c) { c["rows"] = -1; }},
      {"metadata calibration.scores: has not 1..65536 numbers",
       [](json::object& c) { c["scores"] = json::array(); }},
      {"metadata calibration.scores: is no list", [](json::object& c) { c["scores"] = 1; }},
      {"metadata calibration.scores[1]: is no number",
       [](json::object& c) { c["scores"].as_array()[1] = "x"; }},
      {"metadata calibration.scores[2]: is not rising within 0..1",
       [](json::object& c) { c["scores"].as_array()[2] = c["scores"].as_array()[1]; }},
      {"metadata calibration.scores[0]: is not rising within 0..1",
       [](json::object& c) { c["scores"].as_array()[0] = -0.5; }},
      {"metadata calibration.probabilities[1]: falls or is outside 0..1",
       [](json::object& c) { c["probabilities"].as_array()[1] = 0.0; }},
      {"metadata calibration.probabilities[2]: falls or is outside 0..1",
       [](json::object& c) { c["probabilities"].as_array()[2] = 1.5; }},
      {"metadata calibration: needs as many scores as probabilities, at most 65536",
       [](json::object& c) { c["probabilities"].as_array().pop_back(); }},
      {"metadata calibration.scores: has not 1..65536 numbers",
       [](json::object& c) { c["scores"].as_array().resize(65537); }},
  };
  for (const auto& one : cases) {
    Parts parts = Split(good);
    EditDocument(&parts, [&](json::object& d) { one.spoil(d["calibration"].as_object()); });
    EXPECT_EQ(ErrorOf(Join(parts)), one.message);
  }
  Parts parts = Split(good);
  EditDocument(&parts, [](json::object& d) { d["calibration"] = 3; });
  EXPECT_EQ(ErrorOf(Join(parts)), "metadata calibration: is no object");
  model.calibration.scores[0] = model.calibration.scores[1];
  EXPECT_FALSE(WriteModel(model).ok());
}

TEST(ModelTest, RandomBitFlipsNeverCrash) {
  Model whole = SmallModel();
  whole.calibration = Calibrated();
  const std::vector<uint8_t> good = Written(whole);
  Random random(9);
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (uint32_t flips = 1 + random.Below(3); flips > 0; --flips) {
      bytes[random.Below(static_cast<uint32_t>(bytes.size()))] ^=
          static_cast<uint8_t>(1u << random.Below(8));
    }
    const Result<Model> model = ReadModel(bytes);
    if (!model.ok()) {
      EXPECT_FALSE(model.error().message.empty());
      continue;
    }
    ++read;
    EXPECT_TRUE(WriteModel(*model).ok());
  }
  EXPECT_GT(read, 0);
}

TEST(RiskLevelTest, CutsBelongToTheLevelAbove) {
  const ModelInfo info;
  EXPECT_EQ(LevelOf(info, 0.0), RiskLevel::kMinimal);
  EXPECT_EQ(LevelOf(info, std::nextafter(0.05, 0.0)), RiskLevel::kMinimal);
  EXPECT_EQ(LevelOf(info, 0.05), RiskLevel::kLow);
  EXPECT_EQ(LevelOf(info, 0.2), RiskLevel::kMedium);
  EXPECT_EQ(LevelOf(info, 0.5), RiskLevel::kHigh);
  EXPECT_EQ(LevelOf(info, 0.8), RiskLevel::kCritical);
  EXPECT_EQ(LevelOf(info, 1.0), RiskLevel::kCritical);
  EXPECT_EQ(Name(RiskLevel::kMinimal), "MINIMAL");
  EXPECT_EQ(Name(RiskLevel::kCritical), "CRITICAL");
}

}  // namespace
}  // namespace firetower::forest

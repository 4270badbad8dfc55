// The files of models/creditcard, as every build must see them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/csv/reader.h"
#include "session/session.h"

namespace firetower {
namespace {

std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(FIRETOWER_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Cells of every line, the header first.
std::vector<std::vector<std::string>> ReadGolden() {
  const std::string text = ReadSource("models/creditcard/golden.csv");
  std::vector<std::vector<std::string>> rows;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    rows.push_back(csv::SplitRecord(std::string_view(text).substr(begin, end - begin), {}));
    begin = end + 1;
  }
  return rows;
}

void Load(session::Session* session) {
  const std::string bytes = ReadSource("models/creditcard/creditcard-rf.safetensors");
  const Status loaded =
      session->LoadModel({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
}

TEST(ShippedModelTest, GivesTheGoldenProbabilitiesBitForBit) {
  session::Session session;
  Load(&session);
  const std::vector<std::vector<std::string>> golden = ReadGolden();
  ASSERT_EQ(golden.size(), 201u);
  const size_t rows = golden.size() - 1;
  const std::vector<std::string>& header = golden[0];
  ASSERT_EQ(header.back(), "probability");
  std::vector<double> columns;
  for (const features::InputColumn& input : session.model().pipeline.inputs()) {
    const auto at = std::find(header.begin(), header.end(), input.name);
    ASSERT_NE(at, header.end()) << input.name;
    const auto c = static_cast<size_t>(at - header.begin());
    for (size_t i = 1; i <= rows; ++i)
      columns.push_back(std::strtod(golden[i][c].c_str(), nullptr));
  }
  const Status scored = session.ScoreRows(columns, rows);
  ASSERT_TRUE(scored.ok()) << scored.error().message;
  size_t flagged = 0;
  for (size_t i = 0; i < rows; ++i) {
    const double expected = std::strtod(golden[i + 1].back().c_str(), nullptr);
    EXPECT_EQ(session.probabilities()[i], expected) << "row " << i;
    flagged += expected >= session.model().info.threshold;
  }
  // A golden file whose scores are all alike would prove little.
  EXPECT_GT(flagged, 20u);
  EXPECT_LT(flagged, rows - 100u);
}

TEST(ShippedModelTest, SaysWhatItIs) {
  session::Session session;
  Load(&session);
  const forest::Model& model = session.model();
  EXPECT_EQ(model.info.name, "creditcard-rf");
  EXPECT_EQ(model.info.label_column, "Class");
  EXPECT_EQ(model.info.weight_column, "Weight");
  ASSERT_EQ(model.pipeline.inputs().size(), 30u);
  ASSERT_EQ(model.pipeline.features().size(), 31u);
  EXPECT_EQ(model.profile.size(), 31u);
  EXPECT_EQ(model.pipeline.features()[28].name, "Amount_scaled");
  EXPECT_EQ(model.pipeline.features()[29].name, "Time_scaled");
  EXPECT_EQ(model.pipeline.features()[30].name, "Time_hour");
  for (const features::Feature& feature : model.pipeline.features()) {
    EXPECT_EQ(feature.missing, features::MissingPolicy::kImpute) << feature.name;
  }
  const json::value& metrics = model.info.training.at("metrics");
  EXPECT_GE(metrics.at("auc").at("value").as_double(), 0.98);
  EXPECT_GE(metrics.at("average_precision").at("value").as_double(), 0.85);
}

}  // namespace
}  // namespace firetower

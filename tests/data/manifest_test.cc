// Every file of manifest.json through session::Session, by models that fill in and that refuse
// missing values, whole and in small pieces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/forest/model.h"
#include "session/session.h"

namespace firetower::session {
namespace {

std::vector<uint8_t> ReadFile(const std::string& path) {
  std::ifstream in(std::string(FIRETOWER_SOURCE_DIR) + "/tests/data/" + path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

const json::object& Manifest() {
  static const json::value manifest = [] {
    const std::vector<uint8_t> bytes = ReadFile("manifest.json");
    Result<json::value> value =
        ParseJson({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                  ErrorCode::kDataInvalid, "manifest.json");
    EXPECT_TRUE(value.ok()) << value.error().message;
    return *std::move(value);
  }();
  return manifest.as_object();
}

std::string Text(const json::value& value) { return std::string(value.as_string()); }

int64_t Number(const json::value& value) { return value.to_number<int64_t>(); }

// The inputs as they are, one split on V14.
std::vector<uint8_t> TinyModel(features::MissingPolicy policy) {
  std::vector<features::InputColumn> inputs;
  std::vector<features::Feature> specs;
  for (const json::value& name : Manifest().at("columns").at("inputs").as_array()) {
    features::Feature feature;
    feature.name = Text(name);
    feature.input = static_cast<int32_t>(inputs.size());
    feature.missing = policy;
    specs.push_back(feature);
    inputs.push_back({Text(name), ""});
  }
  forest::Model model;
  model.info.name = "tiny";
  model.info.version = "1.0.0";
  model.info.positive_class = "1";
  model.info.label_column = Text(Manifest().at("columns").at("label"));
  model.info.weight_column = Text(Manifest().at("columns").at("weight"));
  model.forest.feature = {14, -1, -1};
  model.forest.threshold = {0.0f, 0.0f, 0.0f};
  model.forest.left = {1, -1, -1};
  model.forest.right = {2, -1, -1};
  model.forest.default_left = {0, 0, 0};
  model.forest.value = {0.0, 0.75, 0.25};
  model.forest.roots = {0};
  model.forest.feature_count = static_cast<int32_t>(inputs.size());
  Result<features::Pipeline> pipeline = features::Pipeline::Create(inputs, specs);
  EXPECT_TRUE(pipeline.ok()) << pipeline.error().message;
  model.pipeline = *std::move(pipeline);
  Result<std::vector<uint8_t>> bytes = forest::WriteModel(model);
  EXPECT_TRUE(bytes.ok()) << bytes.error().message;
  return *std::move(bytes);
}

struct BadRowText {
  int64_t row;
  std::string text;
};

std::string Describe(int64_t row, int64_t line, const std::string& column, int64_t character,
                     int64_t reason, const std::string& message) {
  return "row " + std::to_string(row) + ", line " + std::to_string(line) + ", column \"" + column +
         "\", character " + std::to_string(character) + ", reason " + std::to_string(reason) +
         ": " + message;
}

void AddExpected(const json::value& rows, std::vector<BadRowText>* out) {
  for (const json::value& bad : rows.as_array()) {
    const json::object& b = bad.as_object();
    const int64_t row = Number(b.at("row"));
    out->push_back(
        {row, Describe(row, Number(b.at("line")), Text(b.at("column")), Number(b.at("character")),
                       Number(b.at("reason")), Text(b.at("message")))});
  }
}

class ManifestTest : public testing::TestWithParam<size_t> {
 protected:
  const json::object& entry() const {
    return Manifest().at("files").as_array()[GetParam()].as_object();
  }

  void Check(features::MissingPolicy policy, size_t piece) {
    const json::object& want = entry().at("expected").as_object();
    const std::vector<uint8_t> file = ReadFile("files/" + Text(entry().at("file")));
    Session session;
    ASSERT_TRUE(session.LoadModel(TinyModel(policy)).ok());

    InspectOptions inspect;
    inspect.complete = true;
    Result<std::string> report = session.InspectCsv(file, inspect);
    if (want.contains("error")) {
      Error error = report.ok() ? Error{} : report.error();
      if (report.ok()) {
        const Status begun = session.BeginRange({});
        ASSERT_FALSE(begun.ok());
        error = begun.error();
      }
      EXPECT_EQ(Name(error.code), Text(want.at("error").at("code")));
      EXPECT_EQ(error.message, Text(want.at("error").at("message")));
      return;
    }

    ASSERT_TRUE(report.ok()) << report.error().message;
    Result<json::value> found = ParseJson(*report, ErrorCode::kDataInvalid, "report");
    ASSERT_TRUE(found.ok());
    for (const char* key : {"delimiter", "decimal", "header", "bom", "lineEnding", "extra"}) {
      EXPECT_EQ(found->as_object().at(key), want.at(key)) << key;
    }

    RangeOptions range;
    range.begin = session.layout().data_offset;
    range.line = session.layout().data_line;
    ASSERT_TRUE(session.BeginRange(range).ok());
    for (size_t at = static_cast<size_t>(range.begin); at < file.size(); at += piece) {
      ASSERT_TRUE(session.Feed({file.data() + at, std::min(piece, file.size() - at)}).ok());
    }
    ASSERT_TRUE(session.FinishRange().ok());

    const bool refuses = policy == features::MissingPolicy::kReject;
    std::vector<BadRowText> expected;
    AddExpected(want.at("bad"), &expected);
    if (refuses) AddExpected(want.at("missingRows"), &expected);
    std::sort(expected.begin(), expected.end(),
              [](const BadRowText& a, const BadRowText& b) { return a.row < b.row; });
    ASSERT_EQ(session.bad_rows().size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const BadRowReport& bad = session.bad_rows()[i];
      EXPECT_EQ(Describe(static_cast<int64_t>(bad.row), static_cast<int64_t>(bad.line), bad.column,
                         bad.character, static_cast<int64_t>(bad.reason), bad.message),
                expected[i].text);
    }

    ASSERT_EQ(static_cast<int64_t>(session.row_count()), Number(want.at("rows")));
    const std::span<const double> probabilities = session.probabilities();
    ASSERT_EQ(probabilities.size(), session.row_count());
    const auto is_scored = [](double p) { return !std::isnan(p); };
    EXPECT_EQ(std::count_if(probabilities.begin(), probabilities.end(), is_scored),
              Number(want.at("scored")) -
                  (refuses ? static_cast<int64_t>(want.at("missingRows").as_array().size()) : 0));

    Result<json::value> missing =
        ParseJson(session.MissingJson(), ErrorCode::kDataInvalid, "missing");
    ASSERT_TRUE(missing.ok());
    if (refuses) {
      EXPECT_TRUE(missing->as_object().empty());
    } else {
      EXPECT_EQ(*missing, want.at("missing"));
    }

    if (want.at("labels").is_null()) {
      EXPECT_TRUE(session.labels().empty());
    } else if (!refuses) {
      ASSERT_EQ(session.labels().size(), probabilities.size());
      int64_t positive = 0;
      int64_t negative = 0;
      int64_t other = 0;
      for (size_t i = 0; i < probabilities.size(); ++i) {
        if (!is_scored(probabilities[i])) continue;
        const double label = session.labels()[i];
        ++(label == 1.0 ? positive : label == 0.0 ? negative : other);
      }
      EXPECT_EQ(positive, Number(want.at("labels").at("positive")));
      EXPECT_EQ(negative, Number(want.at("labels").at("negative")));
      EXPECT_EQ(other, Number(want.at("labels").at("other")));
    }
  }
};

TEST_P(ManifestTest, FillingInMissingValues) { Check(features::MissingPolicy::kImpute, 1 << 20); }
TEST_P(ManifestTest, RefusingMissingValues) { Check(features::MissingPolicy::kReject, 1 << 20); }
TEST_P(ManifestTest, InPiecesOfThreeBytes) { Check(features::MissingPolicy::kImpute, 3); }

std::string CaseName(const testing::TestParamInfo<size_t>& param) {
  const std::string file = Text(Manifest().at("files").as_array()[param.index].at("file"));
  return file.substr(0, file.find('.'));
}

INSTANTIATE_TEST_SUITE_P(Files, ManifestTest,
                         testing::Range(size_t{0}, Manifest().at("files").as_array().size()),
                         CaseName);

TEST(Manifest, NamesEveryFileOnce) {
  std::vector<std::string> listed;
  for (const json::value& file : Manifest().at("files").as_array()) {
    listed.push_back(Text(file.at("file")));
    EXPECT_FALSE(Text(file.at("why")).empty());
  }
  std::vector<std::string> present;
  for (const auto& file : std::filesystem::directory_iterator(std::string(FIRETOWER_SOURCE_DIR) +
                                                              "/tests/data/files")) {
    present.push_back(file.path().filename().string());
  }
  std::sort(listed.begin(), listed.end());
  std::sort(present.begin(), present.end());
  EXPECT_EQ(listed, present);
}

}  // namespace
}  // namespace firetower::session

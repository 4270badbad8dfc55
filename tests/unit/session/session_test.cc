#include "session/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/binary.h"
#include "test_model.h"

namespace firetower::session {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string ModelBytes() {
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(TestModel());
  EXPECT_TRUE(bytes.ok());
  return {bytes->begin(), bytes->end()};
}

// Expected probability by the slow reference.
double Reference(double time, double v1, double v2, double amount) {
  const forest::Model model = TestModel();
  const double hours = time / 3600.0;
  const std::vector<float> row = {static_cast<float>(v1),
                                  static_cast<float>(std::isnan(v2) ? 0.5 : v2),
                                  static_cast<float>((amount - 88.0) / 250.0),
                                  static_cast<float>(hours - 24.0 * std::floor(hours / 24.0))};
  return forest::PredictRowReference(model.forest, row) /
         static_cast<double>(model.forest.tree_count());
}

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(session_.LoadModel(Bytes(ModelBytes())).ok()); }

  json::object Inspect(std::string_view text, const InspectOptions& options = {.complete = true}) {
    const Result<std::string> report = session_.InspectCsv(Bytes(text), options);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message);
    if (!report.ok()) return {};
    return ParseJson(*report, ErrorCode::kBadArgument, "report")->as_object();
  }

  // The whole file in one range.
  Status Run(std::string_view text, JobKind kind, std::string what = "") {
    RangeOptions options;
    options.kind = kind;
    options.begin = session_.layout().data_offset;
    options.line = session_.layout().data_line;
    options.text = std::move(what);
    Status status = session_.BeginRange(options);
    if (!status.ok()) return status;
    status = session_.Feed(Bytes(text.substr(static_cast<size_t>(options.begin))));
    if (!status.ok()) return status;
    return session_.FinishRange();
  }

  std::string Output() const {
    const std::span<const uint8_t> bytes = session_.output();
    return {bytes.begin(), bytes.end()};
  }

  std::vector<std::string> Sentences() const {
    std::vector<std::string> sentences;
    for (const BadRowReport& bad : session_.bad_rows())
      sentences.push_back(BadRowSentence(bad, bad.line));
    return sentences;
  }

  Session session_;
};

TEST_F(SessionTest, ScoresEqualTheReferenceToTheLastBit) {
  const std::string text =
      "Class,amount,V1,Time,v2,Note\n"
      "0,12.5,-1.25,3600,0.75,first\n"
      "1,1000,0.5,90000.5,,second\n"
      "x,,1.5,0,-2,third\n"
      ",0,0,86399.999,1e-3,fourth\n";
  const json::object report = Inspect(text);
  EXPECT_EQ(json::serialize(report.at("extra")), R"(["Note"])");
  EXPECT_EQ(report.at("label").as_string(), "Class");
  EXPECT_TRUE(report.at("weight").is_null());
  EXPECT_EQ(json::serialize(report.at("matched")),
            R"([{"input":"Time","column":"Time"},{"input":"V1","column":"V1"},)"
            R"({"input":"V2","column":"v2"},{"input":"Amount","column":"amount"}])");
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  ASSERT_EQ(session_.row_count(), 4u);
  EXPECT_EQ(session_.probabilities()[0], Reference(3600, -1.25, 0.75, 12.5));
  EXPECT_EQ(session_.probabilities()[1], Reference(90000.5, 0.5, kNaN, 1000));
  EXPECT_FALSE(std::isnan(session_.probabilities()[2]));
  EXPECT_EQ(session_.probabilities()[3], Reference(86399.999, 0, 1e-3, 0));
  EXPECT_EQ(session_.bad_row_count(), 0u);
  EXPECT_EQ(session_.MissingJson(), R"({"V2":1,"Amount":1})");
  ASSERT_EQ(session_.labels().size(), 4u);
  EXPECT_EQ(session_.labels()[0], 0.0);
  EXPECT_EQ(session_.labels()[1], 1.0);
  EXPECT_TRUE(std::isnan(session_.labels()[2]));
  EXPECT_TRUE(std::isnan(session_.labels()[3]));
  EXPECT_TRUE(session_.weights().empty());
  EXPECT_EQ(session_.row_offsets()[1], static_cast<double>(text.find("1,1000")));
  EXPECT_EQ(session_.next_record_offset(), text.size());
}

// The labels under the model's positive class, the file fed in pieces; -1: not usable.
std::vector<int> LabelsFor(const std::string& positive_class, std::string_view text) {
  forest::Model model = TestModel();
  model.info.positive_class = positive_class;
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(model);
  Session session;
  EXPECT_TRUE(bytes.ok() && session.LoadModel(*bytes).ok());
  EXPECT_TRUE(session.InspectCsv(Bytes(text), {.complete = true}).ok());
  const size_t begin = static_cast<size_t>(session.layout().data_offset);
  EXPECT_TRUE(session.BeginRange({.kind = JobKind::kScore, .begin = begin}).ok());
  for (size_t at = begin; at < text.size(); at += 7)
    EXPECT_TRUE(session.Feed(Bytes(text.substr(at, 7))).ok());
  EXPECT_TRUE(session.FinishRange().ok());
  std::vector<int> labels;
  for (const double label : session.labels())
    labels.push_back(std::isnan(label) ? -1 : static_cast<int>(label));
  return labels;
}

TEST_F(SessionTest, LabelsFollowThePositiveClass) {
  const std::string numbers =
      "Time,V1,V2,Amount,Class\n0,1,1,1,0\n0,1,1,1,1\n0,1,1,1,2\n0,1,1,1,\n";
  EXPECT_EQ(LabelsFor("1", numbers), (std::vector<int>{0, 1, -1, -1}));
  EXPECT_EQ(LabelsFor("0", numbers), (std::vector<int>{1, 0, 0, -1}));
  EXPECT_EQ(LabelsFor("2", numbers), (std::vector<int>{0, 0, 1, -1}));
  const std::string texts =
      "Time;V1;Class;V2;Amount\n0;1;fraud;1;1\n0;1;ok;1;1\n0;1; \"fraud\";1;1\n"
      "0;1;\"fraud\";1;1\n0;1; fraud ;1;1\n0;1;;1;1\n0;1;Fraud;1;1\n0;1\n";
  EXPECT_EQ(LabelsFor("fraud", texts), (std::vector<int>{1, 0, 0, 1, 1, -1, 0, -1}));
}

TEST_F(SessionTest, ASeparatorLineGivesTheDelimiter) {
  const std::string text = "\xEF\xBB\xBFsep=;\r\nTime;V1;V2;Amount\r\n0;1,5;1;1\r\n0;x;1;1\r\n";
  const json::object report = Inspect(text);
  EXPECT_EQ(report.at("delimiter").as_string(), ";");
  EXPECT_EQ(report.at("decimal").as_string(), ",");
  EXPECT_EQ(report.at("dataLine").to_number<int>(), 3);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  EXPECT_EQ(session_.probabilities()[0], Reference(0, 1.5, 1, 1));
  EXPECT_EQ(Sentences(), std::vector<std::string>{"line 4, column V1: \"x\" is not a number"});
  ASSERT_TRUE(session_.SetExport(session_.probabilities(), 0, 0.5, true).ok());
  EXPECT_TRUE(
      session_.ExportHeader(true)->starts_with("\xEF\xBB\xBFTime;V1;V2;Amount;probability;"));
  const Result<std::string> only = session_.InspectCsv(Bytes("sep=;\n"), {.complete = true});
  EXPECT_FALSE(only.ok());
}

TEST_F(SessionTest, OneColumnIsEnoughForAModelOfOneInput) {
  forest::Model model;
  model.info = TestModel().info;
  model.pipeline = *features::Pipeline::Create({{"x", ""}}, {{.name = "x", .input = 0}});
  model.forest.feature_count = 1;
  Random random(7);
  AppendRandomTree(3, 1, &random, &model.forest);
  const Result<std::vector<uint8_t>> bytes = forest::WriteModel(model);
  ASSERT_TRUE(bytes.ok());
  ASSERT_TRUE(session_.LoadModel(*bytes).ok());
  const std::string text = "X\n1\n-0.5\nno\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  ASSERT_EQ(session_.row_count(), 3u);
  EXPECT_EQ(session_.bad_row_count(), 1u);
  const std::vector<float> row = {-0.5f};
  EXPECT_EQ(session_.probabilities()[1], forest::PredictRowReference(model.forest, row));
  EXPECT_FALSE(session_.InspectCsv(Bytes("y\n1\n"), {.complete = true}).ok());
}

TEST_F(SessionTest, RowsGivenOneByOneGetTheBitsOfTheFile) {
  const std::string text = "Time,V1,V2,Amount\n1,2,3,4\n5.5,-0.25,,7\n86400,1,0.1,\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  const std::vector<double> from_file(session_.probabilities().begin(),
                                      session_.probabilities().end());
  const std::vector<double> columns = {1, 5.5, 86400, 2, -0.25, 1, 3, kNaN, 0.1, 4, 7, kNaN};
  ASSERT_TRUE(session_.ScoreRows(columns, 3).ok());
  ASSERT_EQ(session_.probabilities().size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(session_.probabilities()[i], from_file[i]);
    EXPECT_EQ(session_.statuses()[i], 0);
  }
}

TEST_F(SessionTest, RowsThatCannotBeScoredSayWhy) {
  const std::vector<double> columns = {0, 0, kNaN, 1, 1e300, 1, 1, 1, 1};
  EXPECT_FALSE(session_.ScoreRows(columns, 3).ok());
  const std::vector<double> rows = {0, 0, kNaN, 1, 1e300, 1, 1, 1};
  ASSERT_TRUE(session_.ScoreRows(rows, 2).ok());
  EXPECT_TRUE(std::isnan(session_.probabilities()[0]));
  EXPECT_EQ(session_.statuses()[0], static_cast<int32_t>(csv::BadRowReason::kMissingValue));
  EXPECT_EQ(session_.status_inputs()[0], 1);
  EXPECT_FALSE(std::isnan(session_.probabilities()[1]));
  const std::vector<double> large = {0, 1e300, 1, 1};
  ASSERT_TRUE(session_.ScoreRows(large, 1).ok());
  EXPECT_EQ(session_.statuses()[0], static_cast<int32_t>(csv::BadRowReason::kInfinite));
  EXPECT_EQ(session_.status_inputs()[0], 1);
}

TEST_F(SessionTest, BadRowsAreSentences) {
  const std::string text =
      "Time,V1,V2,Amount,Class\n"
      "0,1,1,1,0\n"
      "0,abc,1,1,0\n"
      "0,1,1,1\n"
      "0,,1,1,0\n"
      "0,1,1,inf,0\n"
      "0,\"a\tb\",1,1,0\n"
      "\n"
      "0,1,1,\"1\"x,0\n"
      "0,1,1,1,maybe\n"
      "0,1,1,1,0,9\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  EXPECT_EQ(session_.row_count(), 9u);
  const std::vector<std::string> sentences = Sentences();
  ASSERT_EQ(sentences.size(), 7u);
  EXPECT_EQ(sentences[0], "line 3, column V1: \"abc\" is not a number");
  EXPECT_EQ(sentences[1], "line 4: 4 fields, 5 expected");
  EXPECT_EQ(sentences[2].substr(0, 18), "line 5, column V1:");
  EXPECT_EQ(sentences[3].substr(0, 28), "line 6, column Amount: \"inf\"");
  EXPECT_EQ(sentences[4],
            "line 7, column V1: \"a\xE2\x90\x89"
            "b\" is not a number");
  EXPECT_EQ(sentences[5].substr(0, 7), "line 9,");
  EXPECT_EQ(sentences[6], "line 11: 6 fields, 5 expected");
  const std::vector<uint64_t> rows = {1, 2, 3, 4, 5, 6, 8};
  const std::vector<uint32_t> characters = {3, 0, 3, 7, 3, 7, 0};
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(session_.bad_rows()[i].row, rows[i]);
    EXPECT_EQ(session_.bad_rows()[i].character, characters[i]) << sentences[i];
    EXPECT_TRUE(std::isnan(session_.probabilities()[static_cast<size_t>(rows[i])]));
  }
  EXPECT_EQ(session_.bad_rows()[0].byte_offset, text.find("0,abc"));
  EXPECT_EQ(session_.bad_rows()[0].byte_length, 11u);
  EXPECT_FALSE(std::isnan(session_.probabilities()[7]));  // A label that is no label is no reason.
  const Result<json::value> json =
      ParseJson(session_.BadRowsJson(), ErrorCode::kBadArgument, "rows");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->as_array().size(), 7u);
  EXPECT_EQ(json->as_array()[1].at("column"), nullptr);
}

TEST_F(SessionTest, LinesOfRowsThatThePipelineRefusesAreCountedWhateverThePieces) {
  const std::string text =
      "Time,V1,V2,Amount,Note\r\n0,1,1,1,\"two\r\nlines\"\r\n\r\n0,,1,1,x\r\n0,1,1,1,\"a\nb\"\r\n0,"
      ",1,1,y\r\n";
  Inspect(text);
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    RangeOptions options;
    options.begin = session_.layout().data_offset;
    options.line = session_.layout().data_line;
    ASSERT_TRUE(session_.BeginRange(options).ok());
    for (size_t at = static_cast<size_t>(options.begin); at < text.size(); at += piece) {
      ASSERT_TRUE(session_.Feed(Bytes(std::string_view(text).substr(at, piece))).ok());
    }
    ASSERT_TRUE(session_.FinishRange().ok());
    ASSERT_EQ(session_.bad_row_count(), 2u);
    EXPECT_EQ(session_.bad_rows()[0].line, 5u) << piece;
    EXPECT_EQ(session_.bad_rows()[1].line, 8u) << piece;
    EXPECT_EQ(session_.bad_rows()[1].row, 3u);
    EXPECT_EQ(session_.next_line(), 9u) << piece;
  }
}

TEST_F(SessionTest, LabelsAndWeightsAreReadLeniently) {
  const std::string text =
      "Time,V1,V2,Amount,Weight,Class\n0,1,1,1,2.5,1\n0,1,1,1,-1,0\n0,1,1,1,heavy,2\n0,1,1,1,,0\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  EXPECT_EQ(session_.bad_row_count(), 0u);
  ASSERT_EQ(session_.weights().size(), 4u);
  EXPECT_EQ(session_.weights()[0], 2.5);
  for (size_t i = 1; i < 4; ++i) EXPECT_TRUE(std::isnan(session_.weights()[i]));
  EXPECT_EQ(session_.labels()[1], 0.0);
  EXPECT_TRUE(std::isnan(session_.labels()[2]));
}

TEST_F(SessionTest, MissingColumnsAreAnErrorOnlyForScores) {
  const std::string text = "Time,V1,Other\n1,2,3\n4,5,six\n";
  const json::object report = Inspect(text);
  EXPECT_EQ(json::serialize(report.at("missing")), R"(["V2","Amount"])");
  const Status status = Run(text, JobKind::kScore);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kSchemaMismatch);
  EXPECT_NE(status.error().message.find("V2"), std::string::npos);
  EXPECT_NE(status.error().message.find("Amount"), std::string::npos);
  ASSERT_TRUE(Run(text, JobKind::kColumn, "Other").ok());
  ASSERT_EQ(session_.column().size(), 2u);
  EXPECT_EQ(session_.column()[0], 3.0);
  EXPECT_TRUE(std::isnan(session_.column()[1]));
  const Status unknown = Run(text, JobKind::kColumn, "Nothing");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kSchemaMismatch);
}

TEST_F(SessionTest, SearchIgnoresLetterCase) {
  const std::string text =
      "Time,V1,V2,Amount,Note\n0,1,1,1,Grocery Store\n0,1,1,1,\"gro\nCERY\"\n0,1,1,1,cafe\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kSearch, "GROCERY").ok());
  EXPECT_EQ(std::vector<uint8_t>(session_.matches().begin(), session_.matches().end()),
            (std::vector<uint8_t>{1, 0, 0}));
  ASSERT_TRUE(Run(text, JobKind::kSearch, "1,c").ok());
  EXPECT_EQ(std::vector<uint8_t>(session_.matches().begin(), session_.matches().end()),
            (std::vector<uint8_t>{0, 0, 1}));
  ASSERT_TRUE(Run(text, JobKind::kSearch, "").ok());
  EXPECT_EQ(std::vector<uint8_t>(session_.matches().begin(), session_.matches().end()),
            (std::vector<uint8_t>{1, 1, 1}));
}

TEST_F(SessionTest, NothingWorksBeforeItsTimeAndACorruptModelChangesNothing) {
  Session fresh;
  EXPECT_EQ(fresh.ScoreRows({}, 0).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.BeginRange({}).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.Feed({}).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.FinishRange().error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.PerformanceJson(10).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.BeginSynth(1, 1, 0.5).error().code, ErrorCode::kNotReady);
  EXPECT_EQ(fresh.ExportHeader(true).error().code, ErrorCode::kNotReady);
  EXPECT_FALSE(fresh.has_model());
  const Status status = session_.LoadModel(Bytes(ModelBytes().substr(0, 3000)));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kModelInvalid);
  EXPECT_EQ(session_.model().info.name, "test-forest");
  const Result<json::value> card = ParseJson(session_.ModelJson(), ErrorCode::kBadArgument, "card");
  ASSERT_TRUE(card.ok());
  EXPECT_EQ(card->at("trees"), 7);
  EXPECT_EQ(card->at("nodes"), 7 * 31);
  EXPECT_EQ(card->at("max_depth"), 4);
  EXPECT_EQ(card->at("features").at(2).at("op"), "standard_scale");
  EXPECT_EQ(card->at("features").at(1).at("missing"), "impute");
  EXPECT_EQ(session_.InspectCsv({}, {.complete = true}).error().code, ErrorCode::kNotCsv);
}

TEST_F(SessionTest, AJobGivenUpHalfwayLeavesNothingBehind) {
  const std::string text = "Time,V1,V2,Amount\n0,1,1,1\n0,bad,1,1\n0,1,1,1\n";
  Inspect(text);
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  const std::vector<double> expected(session_.probabilities().begin(),
                                     session_.probabilities().end());
  RangeOptions options;
  options.begin = session_.layout().data_offset;
  ASSERT_TRUE(session_.BeginRange(options).ok());
  ASSERT_TRUE(session_.Feed(Bytes("0,5,5,5\n0,also bad,")).ok());
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  ASSERT_EQ(session_.row_count(), 3u);
  EXPECT_EQ(session_.bad_row_count(), 1u);
  EXPECT_EQ(session_.probabilities()[0], expected[0]);
  EXPECT_EQ(session_.probabilities()[2], expected[2]);
}

TEST_F(SessionTest, ScoresAloneAreWrittenAsFiveColumns) {
  const std::vector<double> scores = {0.25, kNaN, 0.4, 1.0};
  ASSERT_TRUE(session_.SetExport(scores, 10, 0.4, false).ok());
  EXPECT_EQ(*session_.ExportHeader(false), "row,probability,prediction,risk_level,confidence\n");
  std::string expected = Output();
  // 1.0 may be written as 1 or 1.0: both read back to it.
  EXPECT_EQ(expected.substr(0, 27), "10,0.25,0,LOW,0.75\n11,,,,\n1");
  EXPECT_EQ(expected.substr(26, 18), "12,0.4,1,HIGH,0.6\n");
  session_.ClearOutput();
  EXPECT_TRUE(session_.output().empty());
}

TEST_F(SessionTest, ExportKeepsTheFileAndAddsFourCells) {
  const std::string text =
      "\xEF\xBB\xBFTime;V1;V2;Amount;Probability;\"Note;s\"\r\n"
      "0;1,5;1;1;x;=1+1\r\n"
      "0;bad;1;1;x;\"two\r\nlines\"\r\n"
      "\r\n"
      "3600;-1;0,25;1;x;plain";
  Inspect(text);
  ASSERT_EQ(session_.layout().dialect.decimal, ',');
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  const std::vector<double> scores(session_.probabilities().begin(),
                                   session_.probabilities().end());
  ASSERT_EQ(scores.size(), 3u);
  ASSERT_TRUE(std::isnan(scores[1]));
  EXPECT_EQ(*session_.ExportHeader(true),
            "\xEF\xBB\xBFTime;V1;V2;Amount;Probability;\"Note;s\";probability_2;prediction;risk_"
            "level;confidence\r\n");
  ASSERT_TRUE(session_.SetExport(scores, 0, 0.4, true).ok());
  ASSERT_TRUE(Run(text, JobKind::kExport).ok());
  const std::string output = Output();
  EXPECT_EQ(output.substr(0, 18), "0;1,5;1;1;x;'=1+1;");
  EXPECT_NE(output.find("0;bad;1;1;x;\"two\r\nlines\";;;;\r\n"), std::string::npos);
  // Read back with the scores' columns as inputs of nothing: the numbers are the scores.
  const std::string whole = *session_.ExportHeader(true) + output;
  Inspect(whole);
  ASSERT_TRUE(Run(whole, JobKind::kColumn, "probability_2").ok());
  ASSERT_EQ(session_.column().size(), 3u);
  EXPECT_EQ(session_.column()[0], scores[0]);
  EXPECT_TRUE(std::isnan(session_.column()[1]));
  EXPECT_EQ(session_.column()[2], scores[2]);
  ASSERT_TRUE(Run(whole, JobKind::kColumn, "confidence").ok());
  EXPECT_EQ(session_.column()[0], std::max(scores[0], 1.0 - scores[0]));
}

TEST_F(SessionTest, AFileWithoutHeaderIsExportedWithoutOne) {
  const std::string text = "0,1,1,1\n0,2,2,2\n";
  Inspect(text, {.header = csv::HeaderMode::kAbsent, .complete = true});
  ASSERT_TRUE(Run(text, JobKind::kScore).ok());
  const std::vector<double> scores(session_.probabilities().begin(),
                                   session_.probabilities().end());
  EXPECT_EQ(*session_.ExportHeader(true), "");
  ASSERT_TRUE(session_.SetExport(scores, 0, 0.4, true).ok());
  ASSERT_TRUE(Run(text, JobKind::kExport).ok());
  EXPECT_EQ(Output().substr(0, 8), "0,1,1,1,");
}

TEST_F(SessionTest, AFileThatChangedSinceIsNotExported) {
  const std::string text = "Time,V1,V2,Amount\n0,1,1,1\n0,2,2,2\n";
  Inspect(text);
  const std::vector<double> one = {0.5};
  ASSERT_TRUE(session_.SetExport(one, 0, 0.4, true).ok());
  EXPECT_EQ(Run(text, JobKind::kExport).error().code, ErrorCode::kDataInvalid);
  const std::vector<double> three = {0.5, 0.5, 0.5};
  ASSERT_TRUE(session_.SetExport(three, 0, 0.4, true).ok());
  EXPECT_EQ(Run(text, JobKind::kExport).error().code, ErrorCode::kDataInvalid);
}

// Rows by falling score, as a page keeps them.
class RowsOfPage : public metrics::RankedRows {
 public:
  struct Row {
    double score, weight;
    uint8_t label;
  };
  explicit RowsOfPage(std::vector<Row> rows) : rows_(std::move(rows)) {
    std::stable_sort(rows_.begin(), rows_.end(),
                     [](const Row& a, const Row& b) { return a.score > b.score; });
  }

  size_t rows() const override { return rows_.size(); }
  void Read(size_t first, std::span<double> scores, std::span<double> weights,
            std::span<uint8_t> labels) const override {
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] = rows_.at(first + i).score;
      weights[i] = rows_.at(first + i).weight;
      labels[i] = rows_.at(first + i).label;
    }
  }

 private:
  std::vector<Row> rows_;
};

TEST_F(SessionTest, PerformanceIsThatOfTheUsableRows) {
  Random random(5);
  std::vector<double> scores, labels, weights, kept_scores, kept_labels, kept_weights;
  for (int i = 0; i < 500; ++i) {
    const double label = random.Uniform() < 0.2 ? 1.0 : 0.0;
    const double score = 0.5 * random.Uniform() + 0.3 * label;
    const double weight = 1.0 + random.Below(5);
    const bool usable = i % 7 != 0;
    scores.push_back(score);
    labels.push_back(i % 21 == 0 ? kNaN : label);
    weights.push_back(usable ? weight : kNaN);
    if (!usable) continue;
    kept_scores.push_back(score);
    kept_labels.push_back(label);
    kept_weights.push_back(weight);
  }
  ASSERT_TRUE(session_.FindUsable(scores, labels, weights, 0).ok());
  std::vector<RowsOfPage::Row> usable;
  for (size_t i = 0; i < scores.size(); ++i) {
    ASSERT_EQ(session_.usable()[i], i % 7 != 0 ? 1 : 0);
    if (session_.usable()[i] == 0) continue;
    usable.push_back({.score = scores[i], .weight = weights[i], .label = labels[i] == 1.0});
  }
  session_.SetLabels(std::make_unique<RowsOfPage>(usable), scores.size() - usable.size(), true);
  const auto expected = metrics::ScoredLabels::Create(kept_scores, kept_labels, kept_weights);
  ASSERT_TRUE(expected.ok());
  const json::value out =
      *ParseJson(*session_.PerformanceJson(50), ErrorCode::kBadArgument, "performance");
  EXPECT_EQ(out.at("rows").to_number<size_t>(), kept_scores.size());
  EXPECT_EQ(out.at("left_out").to_number<size_t>(), scores.size() - kept_scores.size());
  EXPECT_TRUE(out.at("weighted").as_bool());
  EXPECT_DOUBLE_EQ(out.at("auc").at("value").to_number<double>(), metrics::RocAuc(*expected).value);
  EXPECT_LE(out.at("curve").as_array().size(), 50u);
  const json::value at =
      *ParseJson(*session_.PerformanceAtJson(0.4), ErrorCode::kBadArgument, "at");
  EXPECT_EQ(at.at("true_positive").to_number<double>(), expected->At(0.4).true_positive);
  EXPECT_EQ(at.at("true_negative").to_number<double>(), expected->At(0.4).true_negative);
  const std::vector<double> wrong = {0.5};
  EXPECT_EQ(session_.FindUsable(scores, wrong, {}, 0).error().code, ErrorCode::kBadArgument);
  labels[3] = 2.0;
  EXPECT_EQ(session_.FindUsable(scores, labels, weights, 65536).error().row, 65539);
}

TEST_F(SessionTest, ARecordIsDescribed) {
  const std::string text = "Time,V1,V2,Amount,Note\n7200,-1,,88,\"caf\xE9, \"\"x\"\"\"\n";
  Inspect(text);
  const Result<std::string> described =
      session_.DescribeRecordJson("7200,-1,,88,\"caf\xE9, \"\"x\"\"\"");
  ASSERT_TRUE(described.ok());
  const json::value out = *ParseJson(*described, ErrorCode::kBadArgument, "row");
  EXPECT_EQ(out.at("cells").at(4), "caf\xEF\xBF\xBD, \"x\"");
  const json::array& features = out.at("features").as_array();
  ASSERT_EQ(features.size(), 4u);
  EXPECT_EQ(features[0].at("name"), "V1");
  EXPECT_EQ(features[0].at("value").to_number<double>(), -1.0);
  EXPECT_DOUBLE_EQ(features[0].at("percentile").to_number<double>(),
                   0.125);  // Half of the first bin: 5 of 40.
  EXPECT_EQ(features[1].at("value").to_number<double>(), 0.5);
  EXPECT_DOUBLE_EQ(features[1].at("percentile").to_number<double>(), 0.5);
  EXPECT_EQ(features[2].at("value").to_number<double>(), 0.0);
  EXPECT_EQ(features[3].at("value").to_number<double>(), 2.0);
  EXPECT_EQ(features[3].at("unit"), "h");
  const std::vector<uint32_t> lengths = {3, 5};
  EXPECT_EQ(*session_.SplitRecordsJson(lengths, "a,b\"c\",x"), R"([["a","b"],["c","x"]])");
  const std::vector<uint32_t> beyond = {9};
  EXPECT_EQ(session_.SplitRecordsJson(beyond, "a").error().code, ErrorCode::kBadArgument);
}

TEST(SessionFixtureTest, TheModelOfTheJavaScriptTestsIsTheTestModel) {
  std::ifstream file(FIRETOWER_SOURCE_DIR "/tests/wasm/model.safetensors", std::ios::binary);
  ASSERT_TRUE(file.good());
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(bytes == ModelBytes()) << "run: build/native/tests/unit/session/write_test_model "
                                        "tests/wasm/model.safetensors";
}

}  // namespace
}  // namespace firetower::session

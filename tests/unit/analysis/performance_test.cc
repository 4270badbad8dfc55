#include "analysis/performance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"

namespace firetower::analysis {
namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Rows {
  std::vector<double> scores, labels, weights, amounts, times;
  ScoredRows view() const {
    return {
        .scores = scores, .labels = labels, .weights = weights, .amounts = amounts, .times = times};
  }
};

// Positive with the probability of the score squared: the scores rank, but promise too much.
Rows MakeRows(uint64_t seed, size_t count) {
  Random random(seed);
  Rows rows;
  for (size_t i = 0; i < count; ++i) {
    const double score = random.Uniform();
    rows.scores.push_back(score);
    rows.labels.push_back(random.Uniform() < score * score ? 1.0 : 0.0);
    rows.amounts.push_back(std::floor(100.0 * random.Uniform()));
    rows.times.push_back(static_cast<double>(i));
  }
  return rows;
}

json::object Parsed(const Result<std::string>& text) {
  EXPECT_TRUE(text.ok()) << (text.ok() ? "" : text.error().message);
  if (!text.ok()) return {};
  return ParseJson(*text, ErrorCode::kDataInvalid, "document")->as_object();
}

double Number(const json::value& value) { return value.to_number<double>(); }

std::string MessageOf(const Result<std::string>& text) {
  return text.ok() ? "(done)" : text.error().message;
}

// The square of the score, at 21 knots.
forest::Model CalibratedModel() {
  forest::Model model;
  model.calibration.from = "the law itself";
  model.calibration.rows = 1;
  for (int k = 0; k <= 20; ++k) {
    model.calibration.scores.push_back(k / 20.0);
    model.calibration.probabilities.push_back(k * k / 400.0);
  }
  return model;
}

TEST(PerformanceTest, LateLabelsAreNotMatured) {
  Rows rows = MakeRows(1, 1000);
  for (size_t i = 0; i < 1000; i += 4) rows.labels[i] = kNaN;
  const json::object known = Parsed(PerformanceReportJson(rows.view(), "{\"bootstrap\":0}"));
  EXPECT_EQ(Number(known.at("matured")), 750);
  EXPECT_EQ(Number(known.at("share_matured")), 0.75);
  // The last 200 rows are younger than the delay: what their labels say does not count.
  const char* request = "{\"bootstrap\":0,\"maturity\":{\"delay\":200}}";
  const std::string before = *PerformanceReportJson(rows.view(), request);
  EXPECT_EQ(Number(Parsed(before).at("matured")), 600);
  for (size_t i = 800; i < 1000; ++i) rows.labels[i] = 1.0;
  EXPECT_EQ(*PerformanceReportJson(rows.view(), request), before);
  EXPECT_NE(*PerformanceReportJson(rows.view(),
                                   "{\"bootstrap\":0,\"maturity\":{\"delay\":200,\"as_of\":1100}}"),
            before);
}

TEST(PerformanceTest, WindowsHoldEveryRowOnce) {
  const Rows rows = MakeRows(2, 1003);
  for (const auto& [request, windows] :
       {std::pair{"{\"bootstrap\":0,\"windows\":{\"kind\":\"rows\",\"size\":100}}", 11},
        {"{\"bootstrap\":0,\"windows\":{\"kind\":\"count\",\"size\":7}}", 7},
        {"{\"bootstrap\":0,\"windows\":{\"kind\":\"time\",\"size\":250.5}}", 5}}) {
    const json::object report = Parsed(PerformanceReportJson(rows.view(), request));
    const json::array& list = report.at("windows").as_array();
    EXPECT_EQ(list.size(), static_cast<size_t>(windows));
    double next = 0;
    double positives = 0;
    for (const json::value& window : list) {
      EXPECT_EQ(Number(window.at("first")), next);
      EXPECT_EQ(Number(window.at("rows")),
                Number(window.at("last")) - Number(window.at("first")) + 1);
      EXPECT_EQ(Number(window.at("from")), Number(window.at("first")));
      next = Number(window.at("last")) + 1;
      positives += Number(window.at("positives"));
    }
    EXPECT_EQ(next, 1003);
    EXPECT_EQ(positives, Number(report.at("positives")));
  }
}

TEST(PerformanceTest, BudgetsPerWindowAddUp) {
  const Rows rows = MakeRows(3, 600);
  const json::object report = Parsed(PerformanceReportJson(
      rows.view(), "{\"bootstrap\":0,\"budget\":10,\"windows\":{\"kind\":\"count\",\"size\":6}}"));
  double found = 0;
  double value = 0;
  for (const json::value& window : report.at("windows").as_array()) {
    found += Number(window.at("budget").at("true_positive"));
    value += Number(window.at("budget").at("value"));
  }
  const json::value& sum = report.at("budget_per_window");
  EXPECT_EQ(Number(sum.at("alerts")), 60);
  EXPECT_EQ(Number(sum.at("true_positive")), found);
  EXPECT_EQ(Number(sum.at("value")), value);
  EXPECT_NEAR(Number(sum.at("precision").at("value")), found / 60, 1e-12);
}

TEST(PerformanceTest, NoRowsAtAllIsNoError) {
  const json::object report = Parsed(PerformanceReportJson(
      {}, "{\"budget\":3,\"cost\":{},\"windows\":{\"kind\":\"count\",\"size\":3}}"));
  EXPECT_TRUE(report.at("auc").at("value").is_null());
  EXPECT_TRUE(report.at("share_matured").is_null());
  EXPECT_EQ(report.at("undefined").at("brier").as_string(), "no row is matured");
  EXPECT_TRUE(report.at("windows").as_array().empty());
  const forest::Model model = CalibratedModel();
  EXPECT_TRUE(Parsed(EstimateJson(&model, {}, {}, "")).at("auc").at("value").is_null());
  EXPECT_TRUE(Parsed(BackTestJson(&model, {}, "")).at("windows").as_array().empty());
  EXPECT_TRUE(Parsed(ComparePerformanceJson({}, {}, "")).at("p_value").is_null());
}

TEST(PerformanceTest, EstimatesSeeWhatScoresAloneDoNot) {
  const Rows rows = MakeRows(4, 10000);
  const forest::Model model = CalibratedModel();
  const json::object estimate =
      Parsed(EstimateJson(&model, {}, rows.view(), "{\"threshold\":0.5}"));
  const json::object report =
      Parsed(PerformanceReportJson(rows.view(), "{\"threshold\":0.5,\"bootstrap\":0}"));
  for (const char* name :
       {"auc", "average_precision", "precision", "recall", "specificity", "f1"}) {
    const json::value& band = estimate.at(name);
    const double off = Number(report.at(name).at("value")) - Number(band.at("value"));
    // Four standard deviations; the bands are four wide.
    EXPECT_LT(std::abs(off), Number(band.at("high")) - Number(band.at("low"))) << name;
    EXPECT_LT(Number(band.at("high")) - Number(band.at("low")), 0.05) << name;
  }
  EXPECT_GT(Number(report.at("calibration").at("ece")), 0.1);
  // With labelled reference rows: the error of the calibration on rows it was not fitted on.
  const Rows reference = MakeRows(5, 5000);
  const json::object fitted = Parsed(EstimateJson(&model, reference.view(), rows.view(), ""));
  EXPECT_EQ(fitted.at("calibration").at("from").as_string(), "reference rows");
  EXPECT_LT(Number(fitted.at("calibration").at("ece")), 0.05);
  const json::object given =
      Parsed(EstimateJson(&model, reference.view(), rows.view(), "{\"calibration\":\"model\"}"));
  EXPECT_EQ(given.at("calibration").at("from").as_string(), "model: the law itself");
  EXPECT_LT(Number(given.at("calibration").at("ece")), 0.05);
}

TEST(PerformanceTest, TheBackTestFindsABandThatHolds) {
  const Rows rows = MakeRows(6, 16000);
  const forest::Model model = CalibratedModel();
  const char* request = "{\"threshold\":0.5,\"windows\":{\"kind\":\"count\",\"size\":100}}";
  const json::object right = Parsed(BackTestJson(&model, rows.view(), request));
  // 95 of 100 with a standard deviation of 2.2.
  for (const auto& member : right.at("coverage").as_object()) {
    EXPECT_GE(Number(member.value()), 0.87) << member.key();
  }
  forest::Model wrong = model;
  wrong.calibration.probabilities = wrong.calibration.scores;  // The scores taken at their word.
  const json::object off = Parsed(BackTestJson(&wrong, rows.view(), request));
  EXPECT_LT(Number(off.at("coverage").at("precision")), 0.2);
  EXPECT_GT(Number(off.at("bias").at("precision")), 0.1);
  // Without a calibrated model: fitted on the windows before.
  const json::object earlier = Parsed(BackTestJson(nullptr, rows.view(), request));
  EXPECT_EQ(earlier.at("windows").as_array().size(), 99u);
  EXPECT_GE(Number(earlier.at("coverage").at("precision")), 0.8);
}

TEST(PerformanceTest, RefusalsSayWhy) {
  const Rows rows = MakeRows(7, 50);
  const auto report = [&](const char* request) {
    return MessageOf(PerformanceReportJson(rows.view(), request));
  };
  EXPECT_EQ(report("[]"), "request: is no object");
  EXPECT_EQ(report("{\"threshold\":2}"), "threshold: is out of range");
  EXPECT_EQ(report("{\"bins\":2.5}"), "bins: is no whole number");
  EXPECT_EQ(report("{\"windows\":{\"kind\":\"days\",\"size\":1}}"),
            "windows.kind: is neither rows, time nor count");
  EXPECT_EQ(report("{\"windows\":{\"kind\":\"rows\"}}"), "windows.size: is missing");
  EXPECT_EQ(report("{\"windows\":{\"kind\":\"time\",\"size\":1e-9}}"),
            "(done)");  // 50 windows, one per time.
  EXPECT_EQ(report("{\"cost\":{\"false_positive\":-1}}"), "cost.false_positive: is out of range");
  Rows plain = rows;
  plain.times.clear();
  plain.amounts.clear();
  EXPECT_EQ(MessageOf(PerformanceReportJson(plain.view(), "{\"maturity\":{\"delay\":1}}")),
            "maturity: needs times");
  EXPECT_EQ(MessageOf(PerformanceReportJson(plain.view(), "{\"cost\":{\"amount\":true}}")),
            "cost.amount: needs amounts");
  EXPECT_EQ(MessageOf(PerformanceReportJson(plain.view(),
                                            "{\"windows\":{\"kind\":\"time\",\"size\":5}}")),
            "windows: kind time needs times");
  const Result<std::string> none = EstimateJson(nullptr, {}, rows.view(), "");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNotReady);
  EXPECT_EQ(MessageOf(ComparePerformanceJson(rows.view(), std::vector<double>{0.5}, "")),
            "there are 1 second scores for 50 first ones");

  Rows bad = rows;
  bad.labels[7] = 2.0;
  const Result<std::string> refused = PerformanceReportJson(bad.view(), "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kDataInvalid);
  EXPECT_EQ(refused.error().row, 7);
  bad = rows;
  bad.labels.pop_back();
  EXPECT_EQ(MessageOf(PerformanceReportJson(bad.view(), "")),
            "labels: there are 49 of them for 50 scores");
  std::vector<double> far(20000);
  for (size_t i = 0; i < far.size(); ++i) far[i] = static_cast<double>(i);
  const std::vector<double> half(20000, 0.5);
  const ScoredRows many = {.scores = half, .times = far};
  const Result<std::string> too_many =
      PerformanceReportJson(many, "{\"windows\":{\"kind\":\"time\",\"size\":1}}");
  ASSERT_FALSE(too_many.ok());
  EXPECT_EQ(too_many.error().code, ErrorCode::kTooBig);
}

}  // namespace
}  // namespace firetower::analysis

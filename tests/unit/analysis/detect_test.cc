#include "analysis/detect.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/json.h"
#include "core/base/random.h"

namespace firetower::analysis {
namespace {

json::object Document(const Result<std::string>& text) {
  EXPECT_TRUE(text.ok()) << (text.ok() ? "" : text.error().message);
  if (!text.ok()) return {};
  Result<json::value> value = ParseJson(*text, ErrorCode::kDataInvalid, "document");
  EXPECT_TRUE(value.ok());
  return value.ok() ? value->get_object() : json::object();
}

double At(const json::object& object, const char* key) {
  return object.at(key).to_number<double>();
}

std::string Refusal(const Result<std::string>& text) {
  return text.ok() ? "done" : text.error().message;
}

TEST(DetectorsJsonTest, NamesThirteenDetectorsWithTheirSettings) {
  Result<json::value> list = ParseJson(DetectorsJson(), ErrorCode::kDataInvalid, "list");
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->get_array().size(), 13u);
  const json::object& adwin = list->get_array()[0].get_object();
  EXPECT_EQ(adwin.at("name"), "adwin");
  EXPECT_EQ(adwin.at("binary"), false);
  const json::object& delta = adwin.at("parameters").get_array()[0].get_object();
  EXPECT_EQ(delta.at("name"), "delta");
  EXPECT_EQ(At(delta, "default"), 0.002);
  const json::object& semantics = adwin.at("parameters").get_array().back().get_object();
  EXPECT_EQ(semantics.at("default"), "paper");
  EXPECT_TRUE(semantics.at("low").is_null());
}

TEST(DetectJsonTest, TakesNumbersTextsAndTruthValues) {
  std::vector<double> values(400, 0.0);
  values.resize(800, 1.0);
  const json::object numbers = Document(
      DetectJson(R"({"detector": "hddm_w", "set": {"lambda": 0.1, "two_sided": true}})", values));
  const json::object texts = Document(DetectJson(
      R"({"detector": "hddm_w", "set": {"lambda": "0.1", "two_sided": "true"}})", values));
  EXPECT_EQ(numbers.at("alarms"), texts.at("alarms"));
  EXPECT_FALSE(numbers.at("alarms").get_array().empty());
  EXPECT_EQ(At(numbers.at("set").get_object(), "lambda"), 0.1);
  EXPECT_EQ(At(numbers.at("set").get_object(), "drift_confidence"), 0.001);
  EXPECT_EQ(numbers.at("values"), 800);
  EXPECT_EQ(numbers.at("state").get_object().at("said"), "stable");
}

TEST(DetectJsonTest, SaysWhatIsWrongAndWhere) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Result<std::string> missing = DetectJson(R"({"detector": "adwin"})", std::vector{1.0, nan});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kDataInvalid);
  EXPECT_EQ(missing.error().row, 1);
  const Result<std::string> rate = DetectJson(R"({"detector": "ddm"})", std::vector{1.0, 0.0, 0.5});
  ASSERT_FALSE(rate.ok());
  EXPECT_EQ(rate.error().row, 2);
  for (const char* request :
       {"", "[]", "{}", R"({"detector": 1})", R"({"detector": "x"})",
        R"({"detector": "adwin", "set": []})", R"({"detector": "adwin", "set": {"delta": null}})",
        R"({"detector": "adwin", "set": {"delta": 9}})"}) {
    const Result<std::string> refused = DetectJson(request, {});
    ASSERT_FALSE(refused.ok()) << request;
    EXPECT_EQ(refused.error().code, ErrorCode::kBadArgument) << request;
  }
}

std::vector<double> Rate(double p, size_t rows, uint64_t seed) {
  Random random(seed);
  std::vector<double> values;
  while (values.size() < rows) values.push_back(random.Uniform() < p ? 1.0 : 0.0);
  return values;
}

TEST(FalseAlarmsJsonTest, BernoulliCusumHasThePromisedRunLengthOnTheReference) {
  for (const double p : {0.0017, 0.01, 0.1}) {
    const json::object found = Document(FalseAlarmsJson(
        R"({"detector": "bernoulli_cusum", "set": {"run_length": 5000}, "shuffles": 400, "seed": 3})",
        Rate(p, 20000, 11)));
    EXPECT_EQ(At(found, "promised_run_length"), 5000.0);
    EXPECT_NEAR(At(found, "run_length") / 5000.0, 1.0, 0.2) << p;
    EXPECT_EQ(At(found, "rows"), 8e6);
    const json::object& per = found.at("per_10000").get_object();
    EXPECT_LT(At(per, "low"), At(per, "value"));
    EXPECT_LT(At(per, "value"), At(per, "high"));
    EXPECT_NEAR(At(per, "value"), 1e4 * At(found, "alarms") / 8e6, 1e-9);
  }
}

// What a shuffle destroys is the order: a reference that moved half way has no false alarms of it.
TEST(FalseAlarmsJsonTest, TheReferencesOwnDriftDoesNotCount) {
  std::vector<double> values(2000, 0.0);
  values.resize(4000, 10.0);
  const char* request = R"({"detector": "adwin", "shuffles": 5})";
  EXPECT_FALSE(Document(DetectJson(request, values)).at("alarms").get_array().empty());
  const json::object found = Document(FalseAlarmsJson(request, values));
  EXPECT_EQ(At(found, "alarms"), 0.0);
  EXPECT_TRUE(found.at("run_length").is_null());
  EXPECT_TRUE(found.at("promised_run_length").is_null());
  // Garwood: no alarm in n rows excludes rates above -ln(0.025) / n.
  EXPECT_EQ(At(found.at("per_10000").get_object(), "low"), 0.0);
  EXPECT_NEAR(At(found.at("per_10000").get_object(), "high"), 1e4 * 3.688879454113936 / 20000,
              1e-9);
}

// Charts that learn from 30 rows alarm in clumps: the interval must be wider than Poisson's.
TEST(FalseAlarmsJsonTest, TheIntervalIsWiderWhereShufflesDiffer) {
  Random random(4);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(random.Uniform() + random.Uniform());
  const json::object found =
      Document(FalseAlarmsJson(R"({"detector": "cusum", "shuffles": 30})", values));
  const double alarms = At(found, "alarms");
  ASSERT_GT(alarms, 100.0);
  const json::object& per = found.at("per_10000").get_object();
  const double poisson_width = 1e4 * 2.0 * 1.96 * std::sqrt(alarms) / At(found, "rows");
  EXPECT_GT(At(per, "high") - At(per, "low"), 1.5 * poisson_width);
}

TEST(FalseAlarmsJsonTest, RefusesWhatHasNoAnswer) {
  EXPECT_EQ(Refusal(FalseAlarmsJson(R"({"detector": "adwin"})", {})), "the reference has no rows");
  EXPECT_NE(Refusal(FalseAlarmsJson(R"({"detector": "bernoulli_cusum"})", std::vector<double>(50)))
                .find("p0: is not set"),
            std::string::npos);
  EXPECT_NE(Refusal(FalseAlarmsJson(R"({"detector": "adwin", "shuffles": 0})", std::vector{1.0}))
                .find("shuffles: is not a whole number between 1 and"),
            std::string::npos);
}

// Worked out by hand: rows 0..999, drifts at 100, 120 and 500, each found within 50 rows.
TEST(ScoreDetectorJsonTest, IsWhatAHandCounts) {
  const json::object score = Document(ScoreDetectorJson(
      R"({"rows": 1000, "horizon": 50, "alarms": [10, 130, 150, 171, 700], "every": 100})",
      std::vector{100.0, 120.0, 500.0}));
  const json::object& detector = score.at("detector").get_object();
  EXPECT_EQ(At(detector, "alarms"), 5.0);
  // 130 finds 100 (30 rows late) and 120 (10 rows late); nobody finds 500.
  EXPECT_EQ(At(detector, "found"), 2.0);
  EXPECT_NEAR(At(detector, "recall"), 2.0 / 3.0, 1e-11);
  EXPECT_NEAR(At(detector, "missed"), 1.0 / 3.0, 1e-11);
  EXPECT_EQ(At(detector.at("delay").get_object(), "mean"), 20.0);
  EXPECT_EQ(At(detector.at("delay").get_object(), "median"), 20.0);
  EXPECT_EQ(At(detector.at("delay").get_object(), "max"), 30.0);
  // 10, 171 and 700 are outside rows 100..170 and 500..550, which are 122.
  EXPECT_EQ(At(detector, "false_alarms"), 3.0);
  EXPECT_EQ(At(detector, "precision"), 0.4);
  EXPECT_NEAR(At(detector, "false_alarm_rate"), 1e4 * 3.0 / 878.0, 1e-9);
  EXPECT_NEAR(At(detector, "mtbfa"), 878.0 / 3.0, 1e-9);

  const json::object& always = score.at("always").get_object();
  EXPECT_EQ(At(always, "alarms"), 10.0);
  EXPECT_EQ(At(always, "found"), 2.0);  // 100 and 500; 120 waits until 200.
  EXPECT_EQ(At(always, "precision"), 0.2);
  const json::object& never = score.at("never").get_object();
  EXPECT_EQ(At(never, "recall"), 0.0);
  EXPECT_EQ(At(never, "false_alarm_rate"), 0.0);
  for (const char* key : {"precision", "mtbfa"}) EXPECT_TRUE(never.at(key).is_null()) << key;
  EXPECT_TRUE(never.at("delay").get_object().at("mean").is_null());
}

TEST(ScoreDetectorJsonTest, AnAlarmAtEveryRowFindsEverythingAtOnce) {
  const json::object score = Document(
      ScoreDetectorJson(R"({"rows": 100, "horizon": 9, "alarms": []})", std::vector{20.0, 95.0}));
  const json::object& always = score.at("always").get_object();
  EXPECT_EQ(At(always, "recall"), 1.0);
  EXPECT_EQ(At(always.at("delay").get_object(), "max"), 0.0);
  EXPECT_EQ(At(always, "precision"), 0.15);  // Rows 20..29 and 95..99.
  EXPECT_EQ(At(always, "mtbfa"), 1.0);
}

TEST(ScoreDetectorJsonTest, RefusesRowsThatAreNotInTheSeries) {
  const std::vector<double> none;
  EXPECT_EQ(Refusal(ScoreDetectorJson(R"({"rows": 5, "horizon": 1, "alarms": [5]})", none)),
            "request: alarms: are not rising rows from 0 to 4");
  EXPECT_EQ(Refusal(ScoreDetectorJson(R"({"rows": 5, "horizon": 1, "alarms": []})",
                                      std::vector{3.0, 3.0})),
            "drifts: are not rising rows from 0 to 4");
  for (const char* request :
       {R"({"horizon": 1, "alarms": []})", R"({"rows": 5, "alarms": []})",
        R"({"rows": 5, "horizon": -1, "alarms": []})", R"({"rows": 5, "horizon": 1})",
        R"({"rows": 5, "horizon": 1, "alarms": [], "every": 0})"}) {
    EXPECT_NE(Refusal(ScoreDetectorJson(request, none)), "done") << request;
  }
  EXPECT_EQ(Refusal(ScoreDetectorJson(R"({"rows": 0, "horizon": 1, "alarms": []})", none)), "done");
}

}  // namespace
}  // namespace firetower::analysis

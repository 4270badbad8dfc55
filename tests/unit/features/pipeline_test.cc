#include "core/features/pipeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/csv/reader.h"

namespace firetower::features {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFloatMax = std::numeric_limits<float>::max();

static_assert(kStatusInfinite == static_cast<int32_t>(csv::BadRowReason::kInfinite));
static_assert(kStatusMissingValue == static_cast<int32_t>(csv::BadRowReason::kMissingValue));

struct Transformed {
  std::vector<float> out;
  std::vector<int32_t> status;
  std::vector<int32_t> status_input;
};

Transformed Transform(const Pipeline& pipeline, const std::vector<std::vector<double>>& columns) {
  const size_t rows = columns[0].size();
  std::vector<std::span<const double>> views(columns.begin(), columns.end());
  Transformed result;
  result.out.assign(pipeline.features().size() * rows, -99.0f);
  result.status.assign(rows, 0);
  result.status_input.assign(rows, -1);
  pipeline.Transform(views, rows, rows, result.out, result.status, result.status_input);
  return result;
}

// A pipeline of one feature over one input.
Pipeline One(const Feature& feature) {
  Result<Pipeline> pipeline = Pipeline::Create({{"x", ""}}, {feature});
  EXPECT_TRUE(pipeline.ok()) << pipeline.error().message;
  return *std::move(pipeline);
}

TEST(PipelineTest, PassthroughRoundsOnceToFloat) {
  const std::vector<double> x = {0.1, -0.0, 1.0 + 0x1p-24, 1.0 + 0x1.8p-24, 1e-46, kFloatMax};
  const Transformed result = Transform(One({.name = "f"}), {x});
  for (size_t i = 0; i < x.size(); ++i) EXPECT_EQ(result.out[i], static_cast<float>(x[i])) << i;
  EXPECT_TRUE(std::signbit(result.out[1]));
  EXPECT_EQ(result.out[2], 1.0f) << "ties go to even";
  EXPECT_EQ(result.status, std::vector<int32_t>(x.size(), 0));
}

TEST(PipelineTest, StandardScaleIsDifferenceThenQuotient) {
  const Transformed result =
      Transform(One({.name = "f", .op = Op::kStandardScale, .mean = 88.35, .scale = 250.12}),
                {{149.62, 0.0, 88.35, -1.0}});
  // numpy.float32((numpy.array([149.62, 0, 88.35, -1]) - 88.35) / 250.12)
  EXPECT_EQ(result.out, (std::vector<float>{0.24496242f, -0.35323045f, 0.0f, -0.35722852f}));
}

TEST(PipelineTest, HourOfDayIsAFlooredRemainder) {
  const Transformed result = Transform(
      One({.name = "f", .op = Op::kHourOfDay}),
      {{0.0, 1800.0, 86399.0, 86400.0, 172792.0, -1800.0, -86400.0, -172800.5, 3.0e9, -0.0}});
  // numpy.float32((x / 3600) % 24)
  EXPECT_EQ(result.out, (std::vector<float>{0.0f, 0.5f, 23.999722f, 0.0f, 23.997778f, 23.5f, 0.0f,
                                            23.999861f, 5.3333335f, 0.0f}));
  EXPECT_FALSE(std::signbit(result.out[6]));
}

TEST(PipelineTest, Log1pTakesValuesWithoutALogarithmAsMissing) {
  const std::vector<double> x = {0.0, 1.0, 1e-20, -1.0, -2.0, kNan};
  const Transformed propagate =
      Transform(One({.name = "f", .op = Op::kLog1p, .missing = MissingPolicy::kPropagate}), {x});
  EXPECT_EQ(propagate.out[0], 0.0f);
  EXPECT_EQ(propagate.out[1], 0.6931472f);
  EXPECT_EQ(propagate.out[2], 1e-20f);
  for (size_t i : {3u, 4u, 5u}) EXPECT_TRUE(std::isnan(propagate.out[i])) << i;
  EXPECT_EQ(propagate.status, std::vector<int32_t>(6, 0));

  const Transformed impute = Transform(
      One({.name = "f", .op = Op::kLog1p, .missing = MissingPolicy::kImpute, .fill = 1.0}), {x});
  for (size_t i : {3u, 4u, 5u}) EXPECT_EQ(impute.out[i], 0.6931472f) << i;

  const Transformed reject = Transform(One({.name = "f", .op = Op::kLog1p}), {x});
  EXPECT_EQ(reject.status, (std::vector<int32_t>{0, 0, 0, 7, 7, 7}));
}

TEST(PipelineTest, MissingValuesFollowThePolicy) {
  const std::vector<double> x = {kNan, 3.0};
  const Transformed reject = Transform(One({.name = "f"}), {x});
  EXPECT_EQ(reject.status, (std::vector<int32_t>{kStatusMissingValue, 0}));
  EXPECT_EQ(reject.status_input, (std::vector<int32_t>{0, -1}));

  const Transformed impute = Transform(One({.name = "f",
                                            .op = Op::kStandardScale,
                                            .missing = MissingPolicy::kImpute,
                                            .mean = 1.0,
                                            .scale = 2.0,
                                            .fill = 7.0}),
                                       {x});
  EXPECT_EQ(impute.out, (std::vector<float>{3.0f, 1.0f}));
  EXPECT_EQ(impute.status, (std::vector<int32_t>{0, 0}));

  const Transformed propagate =
      Transform(One({.name = "f", .missing = MissingPolicy::kPropagate}), {x});
  EXPECT_TRUE(std::isnan(propagate.out[0]));
  EXPECT_EQ(propagate.status, (std::vector<int32_t>{0, 0}));
}

TEST(PipelineTest, InfiniteOrTooLargeRowsAreSetAside) {
  const double rounds_to_max = kFloatMax * (1.0 + 0x1p-26);
  const double rounds_to_infinity = kFloatMax * (1.0 + 0x1p-24);
  const Transformed plain =
      Transform(One({.name = "f"}),
                {{kInfinity, -kInfinity, 1e39, -1e39, rounds_to_max, -rounds_to_infinity, 1.0}});
  EXPECT_EQ(plain.status, (std::vector<int32_t>{6, 6, 6, 6, 0, 6, 0}));
  EXPECT_EQ(plain.status_input, (std::vector<int32_t>{0, 0, 0, 0, -1, 0, -1}));

  const Transformed scaled =
      Transform(One({.name = "f", .op = Op::kStandardScale, .mean = 0.0, .scale = 1e10}),
                {{1e39, 1e50, kInfinity}});
  EXPECT_EQ(scaled.status, (std::vector<int32_t>{0, 6, 6}));

  for (Op op : {Op::kLog1p, Op::kHourOfDay}) {
    const Transformed other =
        Transform(One({.name = "f", .op = op}), {{kInfinity, -kInfinity, 1e308}});
    EXPECT_EQ(other.status, (std::vector<int32_t>{6, 6, 0})) << Name(op);
  }
}

TEST(PipelineTest, NamesTheInputAtFault) {
  const Result<Pipeline> pipeline = Pipeline::Create(
      {{"a", ""}, {"b", ""}, {"unused", ""}}, {{.name = "fb", .input = 1},
                                               {.name = "fa", .input = 0},
                                               {.name = "fa2", .input = 0, .op = Op::kHourOfDay}});
  ASSERT_TRUE(pipeline.ok());
  // Row 0: both missing, the first feature's input is named. Row 1: an infinity goes before. Row 2:
  // in an input without a feature. Row 3: only a is missing.
  const Transformed result = Transform(
      *pipeline,
      {{kNan, kInfinity, 1.0, kNan}, {kNan, kNan, 1.0, 1.0}, {0.0, 0.0, -kInfinity, kNan}});
  EXPECT_EQ(result.status, (std::vector<int32_t>{7, 6, 6, 7}));
  EXPECT_EQ(result.status_input, (std::vector<int32_t>{1, 0, 2, 0}));
}

TEST(PipelineTest, LeavesEarlierStatusesAlone) {
  const Pipeline pipeline = One({.name = "f"});
  const std::vector<double> x = {kNan, kInfinity, 1.0};
  const std::vector<std::span<const double>> columns = {x};
  std::vector<float> out(3);
  std::vector<int32_t> status = {2, 2, 2};
  std::vector<int32_t> status_input = {5, 5, 5};
  pipeline.Transform(columns, 3, 3, out, status, status_input);
  EXPECT_EQ(status, (std::vector<int32_t>{2, 2, 2}));
  EXPECT_EQ(status_input, (std::vector<int32_t>{5, 5, 5}));
}

TEST(PipelineTest, WritesFeaturesByStride) {
  const Result<Pipeline> pipeline = Pipeline::Create(
      {{"x", ""}}, {{.name = "a"}, {.name = "b", .op = Op::kStandardScale, .mean = 1.0}});
  ASSERT_TRUE(pipeline.ok());
  const std::vector<double> x = {1.0, 2.0};
  const std::vector<std::span<const double>> columns = {x};
  std::vector<float> out(2 * 4, -99.0f);
  std::vector<int32_t> status(2);
  std::vector<int32_t> status_input(2);
  pipeline->Transform(columns, 2, 4, out, status, status_input);
  EXPECT_EQ(out, (std::vector<float>{1.0f, 2.0f, -99.0f, -99.0f, 0.0f, 1.0f, -99.0f, -99.0f}));
}

TEST(PipelineTest, RefusesWhatItsRulesForbid) {
  const std::vector<InputColumn> inputs = {{"x", ""}, {"y", "s"}};
  const struct {
    std::vector<InputColumn> inputs;
    std::vector<Feature> features;
    const char* message;
  } cases[] = {
      {{}, {{.name = "f"}}, "inputs: there are none"},
      {inputs, {}, "features: there are none"},
      {{{"x", ""}, {"x", ""}}, {{.name = "f"}}, "inputs[1].name: \"x\" is used twice"},
      {{{"", ""}}, {{.name = "f"}}, "inputs[0].name: is empty"},
      {inputs,
       {{.name = "f"}, {.name = "g"}, {.name = "f"}},
       "features[2].name: \"f\" is used twice"},
      {inputs, {{.name = "f", .input = 2}}, "features[0].input: 2 is outside 0..1"},
      {inputs, {{.name = "f", .input = -1}}, "features[0].input: -1 is outside 0..1"},
      {inputs, {{.name = "f", .mean = kNan}}, "features[0].mean: is not finite"},
      {inputs, {{.name = "f", .scale = 0.0}}, "features[0].scale: is not a finite number above 0"},
      {inputs,
       {{.name = "f", .scale = kInfinity}},
       "features[0].scale: is not a finite number above 0"},
      {inputs, {{.name = "f", .fill = kInfinity}}, "features[0].fill: is not finite"},
      {inputs,
       {{.name = "f", .op = Op::kLog1p, .missing = MissingPolicy::kImpute, .fill = -1.0}},
       "features[0].fill: is not above -1, so it has no log1p"},
  };
  for (const auto& one : cases) {
    const Result<Pipeline> pipeline = Pipeline::Create(one.inputs, one.features);
    ASSERT_FALSE(pipeline.ok()) << one.message;
    EXPECT_EQ(pipeline.error().code, ErrorCode::kModelInvalid);
    EXPECT_EQ(pipeline.error().message, one.message);
  }
}

TEST(PipelineTest, NamesAreReadBack) {
  for (Op op : {Op::kPassthrough, Op::kStandardScale, Op::kLog1p, Op::kHourOfDay}) {
    EXPECT_EQ(*ParseOp(Name(op)), op);
  }
  for (MissingPolicy policy :
       {MissingPolicy::kReject, MissingPolicy::kImpute, MissingPolicy::kPropagate}) {
    EXPECT_EQ(*ParseMissingPolicy(Name(policy)), policy);
  }
  EXPECT_EQ(Name(Op::kHourOfDay), "hour_of_day");
  EXPECT_EQ(ParseOp("log2").error().message,
            "unknown operation \"log2\"; known are passthrough standard_scale log1p hour_of_day");
  EXPECT_FALSE(ParseMissingPolicy("").ok());
}

}  // namespace
}  // namespace firetower::features

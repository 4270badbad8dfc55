#include "core/features/fit.h"

#include <gtest/gtest.h>

#include <limits>

namespace firetower::features {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Result<Pipeline> Fit(const Feature& feature, const std::vector<double>& column,
                     const std::vector<double>& weights = {}) {
  const std::vector<std::span<const double>> columns = {column};
  return FitPipeline({{"x", ""}}, {feature}, columns, weights);
}

const std::vector<double> kColumn = {120.14, 31.08, 22.12, 3.12,  15.22, 14.09,
                                     18.49,  kNan,  19.22, 12.46, 5.4,   48.65};
const std::vector<double> kWeights = {2.03, 1.77, 0.07, 1.68, 0.0,  1.25,
                                      0.85, 2.08, 1.32, 0.47, 1.63, 2.34};

TEST(FitTest, ScalesAsStandardScaler) {
  // scikit-learn 1.2.1: StandardScaler().fit(column, sample_weight=weights), and without weights
  // and the NaN.
  const Result<Pipeline> weighted = Fit({.name = "f", .op = Op::kStandardScale}, kColumn, kWeights);
  ASSERT_TRUE(weighted.ok());
  EXPECT_DOUBLE_EQ(weighted->features()[0].mean, 36.75498881431768);
  EXPECT_DOUBLE_EQ(weighted->features()[0].scale, 38.25996588282371);
  const Result<Pipeline> plain = Fit({.name = "f", .op = Op::kStandardScale}, kColumn);
  ASSERT_TRUE(plain.ok());
  EXPECT_DOUBLE_EQ(plain->features()[0].mean, 28.180909090909093);
  EXPECT_DOUBLE_EQ(plain->features()[0].scale, 31.414405917883496);
}

TEST(FitTest, KeepsASmallSpreadAroundALargeMean) {
  const Result<Pipeline> fitted =
      Fit({.name = "f", .op = Op::kStandardScale}, {1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4});
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(fitted->features()[0].mean, 1000000002.5);
  EXPECT_DOUBLE_EQ(fitted->features()[0].scale, 1.118033988749895);
}

TEST(FitTest, AConstantColumnHasScaleOne) {
  const Result<Pipeline> fitted =
      Fit({.name = "f", .op = Op::kStandardScale}, std::vector<double>(10, 0.1));
  ASSERT_TRUE(fitted.ok());
  EXPECT_DOUBLE_EQ(fitted->features()[0].mean, 0.1);
  EXPECT_EQ(fitted->features()[0].scale, 1.0);
}

TEST(FitTest, AWeightIsAsGoodAsRepetition) {
  const Result<Pipeline> weighted =
      Fit({.name = "f", .op = Op::kStandardScale, .missing = MissingPolicy::kImpute},
          {5.0, 1.0, 8.0, 9.0}, {1.0, 3.0, 0.0, 2.0});
  const Result<Pipeline> repeated =
      Fit({.name = "f", .op = Op::kStandardScale, .missing = MissingPolicy::kImpute},
          {1.0, 1.0, 1.0, 5.0, 9.0, 9.0});
  ASSERT_TRUE(weighted.ok() && repeated.ok());
  EXPECT_DOUBLE_EQ(weighted->features()[0].mean, repeated->features()[0].mean);
  EXPECT_DOUBLE_EQ(weighted->features()[0].scale, repeated->features()[0].scale);
  EXPECT_EQ(weighted->features()[0].fill, repeated->features()[0].fill);
  EXPECT_EQ(repeated->features()[0].fill, 3.0)
      << "half the weight lies at or below 1: the middle of 1 and 5";
}

TEST(FitTest, ImputesTheMedian) {
  const auto median = [](const std::vector<double>& column,
                         const std::vector<double>& weights = {}) {
    return Fit({.name = "f", .missing = MissingPolicy::kImpute}, column, weights)
        ->features()[0]
        .fill;
  };
  EXPECT_EQ(median({3.0, kNan, 1.0, 2.0}), 2.0);
  EXPECT_EQ(median({4.0, 1.0, 2.0, 3.0}), 2.5);
  EXPECT_EQ(median({7.0}), 7.0);
  EXPECT_EQ(median({1.0, 2.0, 3.0}, {1.0, 1.0, 5.0}), 3.0);
  EXPECT_EQ(median({1e308, 1.7e308}), 1.35e308);
}

TEST(FitTest, Log1pImputesFromValuesThatHaveOne) {
  const Result<Pipeline> fitted =
      Fit({.name = "f", .op = Op::kLog1p, .missing = MissingPolicy::kImpute},
          {-5.0, -1.0, 2.0, 4.0, 6.0});
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(fitted->features()[0].fill, 4.0);
}

TEST(FitTest, LeavesOtherFeaturesAlone) {
  const Result<Pipeline> fitted = Fit({.name = "f", .op = Op::kPassthrough}, {kNan, kNan});
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(fitted->features()[0].mean, 0.0);
  EXPECT_EQ(fitted->features()[0].scale, 1.0);
}

TEST(FitTest, FitsEveryFeatureFromItsOwnInput) {
  const std::vector<double> a = {1.0, 3.0};
  const std::vector<double> b = {10.0, 30.0};
  const std::vector<std::span<const double>> columns = {a, b};
  const Result<Pipeline> fitted =
      FitPipeline({{"a", ""}, {"b", ""}},
                  {{.name = "fb", .input = 1, .op = Op::kStandardScale},
                   {.name = "fa", .input = 0, .op = Op::kStandardScale}},
                  columns, {});
  ASSERT_TRUE(fitted.ok());
  EXPECT_EQ(fitted->features()[0].mean, 20.0);
  EXPECT_EQ(fitted->features()[0].scale, 10.0);
  EXPECT_EQ(fitted->features()[1].mean, 2.0);
}

TEST(FitTest, RefusesWhatCannotBeFitted) {
  const Feature scale = {.name = "f", .op = Op::kStandardScale};
  EXPECT_EQ(Fit(scale, {kNan, kNan}).error().message,
            "column x has no value, so feature f cannot be fitted");
  EXPECT_EQ(Fit(scale, {kNan, kNan}).error().code, ErrorCode::kDataInvalid);
  EXPECT_EQ(Fit(scale, {1.0, std::numeric_limits<double>::infinity()}).error().message,
            "column x has an infinite value, so feature f cannot be fitted");
  EXPECT_EQ(Fit(scale, {1.0, kNan}, {0.0, 1.0}).error().code, ErrorCode::kDataInvalid);
  EXPECT_EQ(Fit(scale, {1.0, 2.0}, {1.0}).error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(Fit(scale, {1.0, 2.0}, {0.0, 0.0}).error().message, "all weights are 0");
  const Result<Pipeline> negative = Fit(scale, {1.0, 2.0}, {1.0, -1.0});
  EXPECT_EQ(negative.error().code, ErrorCode::kBadArgument);
  EXPECT_EQ(negative.error().row, 1);
  EXPECT_EQ(Fit(scale, {1.0, 2.0}, {1.0, kNan}).error().code, ErrorCode::kBadArgument);
  const std::vector<double> a = {1.0};
  const std::vector<double> b = {1.0, 2.0};
  const std::vector<std::span<const double>> uneven = {a, b};
  EXPECT_EQ(FitPipeline({{"a", ""}, {"b", ""}}, {{.name = "f"}}, uneven, {}).error().code,
            ErrorCode::kBadArgument);
  EXPECT_EQ(FitPipeline({{"a", ""}}, {{.name = "f"}}, uneven, {}).error().code,
            ErrorCode::kBadArgument);
  EXPECT_EQ(FitPipeline({{"a", ""}}, {{.name = "f", .input = 3}}, uneven, {}).error().code,
            ErrorCode::kModelInvalid);
}

}  // namespace
}  // namespace firetower::features

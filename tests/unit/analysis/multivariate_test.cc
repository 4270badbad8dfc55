// Figures against numpy, scipy and scikit-learn: tests/golden/multivariate_test.py.
#include "analysis/multivariate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"

namespace firetower::analysis {
namespace {

constexpr size_t kRows = 120;
constexpr size_t kReferenceRows = 70;
const std::vector<std::string> kNames = {"still", "moved", "noise"};

// Uniform columns; the second of a current row is 0.7 larger.
std::vector<double> Matrix() {
  Random random(5);
  std::vector<double> matrix(kRows * kNames.size());
  for (size_t i = 0; i < matrix.size(); ++i) {
    const bool moves = i / kRows == 1 && i % kRows >= kReferenceRows;
    matrix[i] = random.Uniform() + (moves ? 0.7 : 0.0);
  }
  return matrix;
}

json::object Document(const std::string& request) {
  const Result<MultivariateResult> result =
      Multivariate(kNames, Matrix(), kRows, kReferenceRows, request);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return ParseJson(result->json, ErrorCode::kDataInvalid, "document")->as_object();
}

std::string Refusal(const std::string& request) {
  const Result<MultivariateResult> result =
      Multivariate(kNames, Matrix(), kRows, kReferenceRows, request);
  return result.ok() ? "" : result.error().message;
}

TEST(MultivariateTest, MeansThatMovedAreSeen) {
  const json::object document = Document("{}");
  EXPECT_EQ(document.at("rows"), json::value({{"reference", 70}, {"current", 50}}));
  EXPECT_TRUE(document.at("pca").is_object());
  for (const char* test : {"mahalanobis", "domain", "mmd"}) {
    EXPECT_LE(document.at(test).at("p_value").to_number<double>(), 0.025) << test;
  }
  EXPECT_EQ(document.at("domain").at("importances").at(0).at("name"), "moved");
  EXPECT_EQ(document.at("domain").at("permutations"), 39);
  EXPECT_EQ(document.at("settings").at("mmd_rows"), 500);
}

TEST(MultivariateTest, OnlyTheTestsAskedFor) {
  const Result<MultivariateResult> result =
      Multivariate(kNames, Matrix(), kRows, kReferenceRows,
                   R"({"multivariate": {"tests": ["mahalanobis"], "seed": 9}})");
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->classifier.has_value());
  const json::object document =
      ParseJson(result->json, ErrorCode::kDataInvalid, "document")->as_object();
  EXPECT_TRUE(document.at("pca").is_null() && document.at("domain").is_null());
  EXPECT_TRUE(document.at("mmd").is_null() && document.at("mahalanobis").is_object());
  EXPECT_EQ(document.at("settings").at("seed"), 9);
}

TEST(MultivariateTest, WithoutPermutationsThereIsNoPValue) {
  const json::object document =
      Document(R"({"multivariate": {"tests": ["domain"], "permutations": 0}})");
  EXPECT_TRUE(document.at("domain").at("p_value").is_null());
}

TEST(MultivariateTest, RequestsItRefuses) {
  EXPECT_EQ(Refusal("[]"), "the request is not an object");
  EXPECT_EQ(Refusal(R"({"multivariate": 1})"), "multivariate must be an object");
  EXPECT_EQ(Refusal(R"({"multivariate": {"tests": ["lsdd"]}})"),
            "multivariate.tests may hold \"pca\", \"mahalanobis\", \"domain\" and \"mmd\"");
  EXPECT_EQ(Refusal(R"({"multivariate": {"trees": 10.5}})"),
            "multivariate.trees must be a whole number between 10 and 1000");
  EXPECT_EQ(Refusal(R"({"multivariate": {"mmd_rows": 2001}})"),
            "multivariate.mmd_rows must be a whole number between 10 and 2000");
  EXPECT_EQ(Refusal(R"({"multivariate": {"explained": 1}})"),
            "multivariate.explained must be between 0 and 1");
  EXPECT_NE(Refusal("{"), "");
  const std::vector<double> short_matrix(10);
  EXPECT_EQ(Multivariate(kNames, short_matrix, kRows, kReferenceRows, "").error().code,
            ErrorCode::kBadArgument);
}

TEST(MultivariateTest, FewRowsAndNoColumnsAreNotes) {
  const std::vector<double> matrix = {1, 2, 3, 4};
  const std::vector<std::string> name = {"a"};
  const Result<MultivariateResult> few = Multivariate(name, matrix, 4, 3, "");
  ASSERT_TRUE(few.ok());
  const json::value document = *ParseJson(few->json, ErrorCode::kDataInvalid, "document");
  EXPECT_TRUE(document.at("mmd").is_null());
  EXPECT_EQ(document.at("notes").at(0), "pca: each side needs at least 20 rows");
  EXPECT_TRUE(Multivariate({}, {}, kRows, kReferenceRows, "").ok());
}

TEST(DomainFeaturesTest, FloatsWithoutInfinity) {
  const std::vector<double> values = {0.1, 1e300, -1e300, INFINITY, NAN};
  const std::vector<float> features = DomainFeatures(values);
  EXPECT_EQ(features[0], 0.1F);
  EXPECT_EQ(features[1], std::numeric_limits<float>::max());
  EXPECT_EQ(features[2], std::numeric_limits<float>::lowest());
  EXPECT_TRUE(std::isnan(features[3]) && std::isnan(features[4]));
}

}  // namespace
}  // namespace firetower::analysis

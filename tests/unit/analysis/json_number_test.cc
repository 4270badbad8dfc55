#include "analysis/json_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace firetower::analysis {
namespace {

// Expected texts are what Node 18 prints for JSON.stringify of the same literal.
TEST(JsonNumber, NumbersAreWrittenAsJavaScriptWritesThem) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0"},
      {-0.0, "0"},
      {5, "5"},
      {-5, "-5"},
      {0.05, "0.05"},
      {-0.62, "-0.62"},
      {0.000001, "0.000001"},
      {0.0000012345, "0.0000012345"},
      {1e-7, "1e-7"},
      {1.5e-7, "1.5e-7"},
      {-2.5e-12, "-2.5e-12"},
      {1e16, "10000000000000000"},
      {1.25e20, "125000000000000000000"},
      {1e21, "1e+21"},
      {1.5e300, "1.5e+300"},
      {284807, "284807"},
      {1234567.125, "1234567.125"},
      {5e-324, "5e-324"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(WriteJson(json::value(value)), text);
  EXPECT_EQ(WriteJson(json::value(std::numeric_limits<double>::infinity())), "null");
}

TEST(JsonNumber, TwelveDigits) {
  EXPECT_EQ(WriteJson(JsonNumber(1.0 / 3.0)), "0.333333333333");
  EXPECT_EQ(WriteJson(JsonNumber(2.0 / 3.0 * 1e-9)), "6.66666666667e-10");
  EXPECT_EQ(WriteJson(JsonNumber(123456789012345.0)), "123456789012000");
  EXPECT_EQ(WriteJson(JsonNumber(std::nan(""))), "null");
  EXPECT_EQ(WriteJson(JsonNumber(-std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(WriteJson(JsonCount(9007199254740991.0)), "9007199254740991");
  // What differs in the last bits only is the same.
  const double value = 0.12345678901234;
  EXPECT_EQ(Rounded(value), Rounded(std::nextafter(value, 1.0)));
  EXPECT_EQ(Rounded(-7.0), -7.0);
  EXPECT_TRUE(std::isnan(Rounded(std::nan(""))));
}

TEST(JsonNumber, DocumentsKeepTheOrderOfTheirMembers) {
  json::object inner;
  inner["z"] = 1;
  inner["a"] = json::array{JsonNumber(0.5), nullptr, true, "x\"\\\n\x01\xC3\xA4"};
  json::object out;
  out["second"] = json::array{};
  out["first"] = std::move(inner);
  out["empty"] = json::object{};
  EXPECT_EQ(WriteJson(out),
            "{\"second\":[],\"first\":{\"z\":1,\"a\":[0.5,null,true,"
            "\"x\\\"\\\\\\n\\u0001\xC3\xA4\"]},\"empty\":{}}");
}

}  // namespace
}  // namespace firetower::analysis

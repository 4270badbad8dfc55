#include "core/base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace firetower {
namespace {

TEST(ParseJson, ReadsADocument) {
  Result<json::value> value =
      ParseJson(R"( {"a": [1, 2.5, "x"]} )", ErrorCode::kModelInvalid, "header");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->as_object().at("a").as_array().size(), 3u);
}

TEST(ParseJson, ErrorsSayWhere) {
  for (const char* text : {"", "{", "{\"a\": }", "[1,]", "1 x", "nul", "\"open"}) {
    Result<json::value> value = ParseJson(text, ErrorCode::kModelInvalid, "header");
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kModelInvalid) << text;
    EXPECT_EQ(value.error().message.rfind("header: not valid JSON: ", 0), 0u)
        << value.error().message;
    EXPECT_GE(value.error().byte_offset, 0) << text;
    EXPECT_LE(value.error().byte_offset, static_cast<int64_t>(std::string(text).size())) << text;
  }
  EXPECT_EQ(ParseJson("{\"a\": }", ErrorCode::kModelInvalid, "header").error().byte_offset, 6);
}

TEST(ParseJson, RefusesDeepNesting) {
  EXPECT_TRUE(
      ParseJson(std::string(32, '[') + std::string(32, ']'), ErrorCode::kBadArgument, "x").ok());
  EXPECT_FALSE(
      ParseJson(std::string(33, '[') + std::string(33, ']'), ErrorCode::kBadArgument, "x").ok());
  EXPECT_FALSE(ParseJson(std::string(1000000, '['), ErrorCode::kBadArgument, "x").ok());
}

}  // namespace
}  // namespace firetower

#include "core/base/json.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/base/random.h"

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

TEST(ParseJson, KindsOfNumbers) {
  const auto read = [](const char* text) { return *ParseJson(text, ErrorCode::kBadArgument, "x"); };
  EXPECT_EQ(read("-9223372036854775808").get_int64(), INT64_MIN);
  EXPECT_EQ(read("9223372036854775807").get_int64(), INT64_MAX);
  EXPECT_EQ(read("9223372036854775808").get_uint64(), uint64_t{1} << 63);
  EXPECT_EQ(read("18446744073709551615").get_uint64(), UINT64_MAX);
  EXPECT_EQ(read("18446744073709551616").get_double(), 18446744073709551616.0);
  EXPECT_EQ(read("-9223372036854775809").get_double(), -9223372036854775808.0);
  EXPECT_EQ(read("1.0").get_double(), 1.0);
  EXPECT_EQ(read("1e2").get_double(), 100.0);
  EXPECT_EQ(read("-0.25E-1").get_double(), -0.025);
  // Halfway between two doubles, and one digit beyond.
  EXPECT_EQ(read("9007199254740993.0").get_double(), 9007199254740992.0);
  EXPECT_EQ(read("9007199254740993.00000000000000000001").get_double(), 9007199254740994.0);
  for (const char* text : {"01", "+1", "1.", ".5", "1e", "1e+", "-", "--1", "0x1", "NaN", "1.e2"}) {
    EXPECT_FALSE(ParseJson(text, ErrorCode::kBadArgument, "x").ok()) << text;
  }
}

TEST(ParseJson, Texts) {
  const auto read = [](const std::string& text) {
    const Result<json::value> value = ParseJson(text, ErrorCode::kBadArgument, "x");
    return value.ok() ? std::string(value->get_string().c_str()) : "(refused)";
  };
  EXPECT_EQ(read(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(read(R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "A\u00e9\u20ac\U0001f600");
  EXPECT_EQ(read("\"\u00e9\U0001f600\""), "\u00e9\U0001f600");
  for (const char* text :
       {R"("\ud83d")", R"("\ude00")", R"("\ud83dA")", R"("\ud83d\u0041")", R"("\x41")",
        R"("\u00g0")", "\"\xff\"", "\"\xc0\x80\"", "\"\n\"", "\"\\"}) {
    EXPECT_EQ(read(text), "(refused)") << text;
  }
}

// The library's own parser, which nothing but this test uses, takes and refuses the same texts and
// makes the same values of them, as far as its numbers are right: pieces in any order.
TEST(ParseJson, AgreesWithBoost) {
  const std::vector<std::string> pieces = {
      "{",    "}",  "[",   "]",   ",",      ":",    "\"a\"", "\"b\\u00e9\"",
      "\"\"", "1",  "-20", "2.5 ", "1e3 ",    "true", "false", "null",
      " ",    "\n", "0",   "-0",  "\"a\":", "{}",   "[]"};
  Random random(11);
  size_t taken = 0;
  for (int round = 0; round < 40000; ++round) {
    std::string text = random.Below(2) == 0 ? "[" : "{\"k\":";
    for (uint32_t i = random.Below(8); i > 0; --i)
      text += pieces[random.Below(static_cast<uint32_t>(pieces.size()))];
    text += text[0] == '[' ? "]" : "}";
    json::error_code error;
    const json::value expected = json::parse(text, error);
    const Result<json::value> value = ParseJson(text, ErrorCode::kBadArgument, "x");
    ASSERT_EQ(value.ok(), !error) << text;
    if (error) continue;
    ++taken;
    ASSERT_EQ(*value, expected) << text;
    const Result<json::value> again = ParseJson(WriteJson(*value), ErrorCode::kBadArgument, "x");
    ASSERT_TRUE(again.ok()) << WriteJson(*value);
    ASSERT_EQ(*again, expected) << WriteJson(*value);
  }
  EXPECT_GT(taken, 1000u);
}

TEST(WriteJson, WritesWhatReadsBack) {
  const json::value value = {nullptr,
                             true,
                             -3,
                             UINT64_MAX,
                             0.1,
                             5.0,
                             1e300,
                             "\x01\t\"\\/\u00e9",
                             json::object{{"empty", json::array()}, {"none", json::object()}}};
  EXPECT_EQ(WriteJson(value),
            "[null,true,-3,18446744073709551615,0.1,5.0,1e+300,\"\\u0001\\t\\\"\\\\/\u00e9\","
            "{\"empty\":[],\"none\":{}}]");
  Random random(5);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random.Next();
    double number = 0.0;
    std::memcpy(&number, &bits, sizeof(number));
    if (!(number - number == 0.0)) continue;
    const Result<json::value> read = ParseJson(WriteJson(number), ErrorCode::kBadArgument, "x");
    ASSERT_EQ(read->get_double(), number);
  }
}

}  // namespace
}  // namespace firetower

#include "core/csv/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

namespace firetower::csv {
namespace {

TEST(ParseCell, Numbers) {
  const struct {
    std::string_view text;
    double value;
  } cases[] = {{"0", 0.0},
               {"-0", -0.0},
               {"+1", 1.0},
               {"  2.5\t", 2.5},
               {".5", 0.5},
               {"5.", 5.0},
               {"1e3", 1000.0},
               {"1E-3", 0.001},
               {"-1.25e+2", -125.0},
               {"9007199254740993", 9007199254740992.0},
               {"4.9e-324", 4.9406564584124654e-324},
               {"1e-400", 0.0},
               {"1e400", HUGE_VAL},
               {"-inf", -HUGE_VAL},
               {"Infinity", HUGE_VAL}};
  for (const auto& [text, value] : cases) {
    double got;
    EXPECT_EQ(ParseCell(text, '.', &got), CellKind::kNumber) << text;
    EXPECT_EQ(got, value) << text;
    EXPECT_EQ(std::signbit(got), std::signbit(value)) << text;
  }
}

TEST(ParseCell, DecimalComma) {
  double value;
  EXPECT_EQ(ParseCell("-1,5e1", ',', &value), CellKind::kNumber);
  EXPECT_EQ(value, -15.0);
  EXPECT_EQ(ParseCell("1.5", ',', &value), CellKind::kInvalid);
  EXPECT_EQ(ParseCell("1,5", '.', &value), CellKind::kInvalid);
  EXPECT_EQ(ParseCell("1.234,5", ',', &value), CellKind::kInvalid);
}

TEST(ParseCell, MissingWords) {
  for (const std::string_view text : {"", "  ", "\t", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN",
                                      "+nan", "-nan", "null", "NULL", "None", "?", " NA "}) {
    double value = 1.0;
    EXPECT_EQ(ParseCell(text, '.', &value), CellKind::kMissing) << text;
    EXPECT_TRUE(std::isnan(value)) << text;
  }
}

TEST(ParseCell, Refused) {
  for (const std::string_view text : {"abc",
                                      "1x",
                                      "x1",
                                      "1 2",
                                      "0x10",
                                      "1_000",
                                      "1,000.5",
                                      "--1",
                                      "++1",
                                      "+-1",
                                      "-+1",
                                      "+",
                                      "-",
                                      ".",
                                      "e5",
                                      "1e",
                                      "1e+",
                                      "nan(1)",
                                      "infinite",
                                      "+na",
                                      "+?",
                                      "-null",
                                      "nil",
                                      "1\n",
                                      "\"1\"",
                                      "\xC2\xA0"
                                      "1"}) {
    double value = 1.0;
    EXPECT_EQ(ParseCell(text, '.', &value), CellKind::kInvalid) << text;
    EXPECT_TRUE(std::isnan(value)) << text;
  }
  double value;
  EXPECT_EQ(ParseCell(std::string_view("1\0", 2), '.', &value), CellKind::kInvalid);
}

}  // namespace
}  // namespace firetower::csv

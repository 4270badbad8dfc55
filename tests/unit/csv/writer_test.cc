#include "core/csv/writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "core/base/random.h"
#include "core/csv/reader.h"

namespace firetower::csv {
namespace {

std::string Number(double value, const Dialect& dialect = {}) {
  std::string out;
  AppendNumber(value, dialect, &out);
  return out;
}

std::string Text(std::string_view text, const Dialect& dialect = {}) {
  std::string out;
  AppendText(text, dialect, &out);
  return out;
}

std::string Record(std::string_view record, const Dialect& dialect = {}) {
  std::string out;
  AppendRecord(record, dialect, &out);
  return out;
}

TEST(AppendNumber, ShortestDigits) {
  EXPECT_EQ(Number(0.1), "0.1");
  EXPECT_EQ(Number(1.0), "1");
  EXPECT_EQ(Number(-0.0), "-0");
  EXPECT_EQ(Number(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(Number(5e-324), "5e-324");
  EXPECT_EQ(Number(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(Number(std::numeric_limits<double>::quiet_NaN()), "");
}

TEST(AppendNumber, DecimalComma) {
  EXPECT_EQ(Number(0.5, {.delimiter = ';', .decimal = ','}), "0,5");
  EXPECT_EQ(Number(0.5, {.delimiter = ',', .decimal = ','}), "\"0,5\"");
  EXPECT_EQ(Number(2.0, {.delimiter = ',', .decimal = ','}), "2");
}

TEST(AppendNumber, ReadsBackToTheSameBits) {
  Random random(11);
  for (int i = 0; i < 200000; ++i) {
    const uint64_t bits = random.Next();
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (!(value - value == 0.0)) continue;
    const std::string text = Number(value);
    ASSERT_LE(text.size(), 24u);
    const double back = std::strtod(text.c_str(), nullptr);
    ASSERT_EQ(std::memcmp(&back, &value, sizeof(value)), 0) << text;
  }
}

TEST(AppendText, QuotesWhereNeeded) {
  EXPECT_EQ(Text("plain"), "plain");
  EXPECT_EQ(Text("a,b"), "\"a,b\"");
  EXPECT_EQ(Text("a,b", {.delimiter = ';'}), "a,b");
  EXPECT_EQ(Text("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(Text("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(Text(""), "");
}

TEST(AppendText, MakesFormulasSafe) {
  EXPECT_EQ(Text("=1+1"), "'=1+1");
  EXPECT_EQ(Text("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
  EXPECT_EQ(Text("-x"), "'-x");
  EXPECT_EQ(Text("@SUM(A1,A2)"), "\"'@SUM(A1,A2)\"");
  EXPECT_EQ(Text("\tx"), "'\tx");
  EXPECT_EQ(Text("\rx"), "\"'\rx\"");
  EXPECT_EQ(Text("-1.5e3"), "-1.5e3");
  EXPECT_EQ(Text("+7"), "+7");
  EXPECT_EQ(Text("a=b"), "a=b");
  EXPECT_EQ(Text("-1,5", {.delimiter = ';', .decimal = ','}), "-1,5");
}

TEST(AppendRecord, CopiesByteForByteWhatIsSafe) {
  for (const std::string_view record :
       {"1,-2.50,\"quoted\",\"\"", " 1 ,x\"y,", "\"a\"\"b\nc\",\"0\"", "", "1,,,"}) {
    EXPECT_EQ(Record(record), record);
  }
}

TEST(AppendRecord, ChangesOnlyTheUnsafeCells) {
  EXPECT_EQ(Record("1,=A1,\"keep\",\"=HYPERLINK(\"\"x\"\",1)\""),
            "1,'=A1,\"keep\",\"'=HYPERLINK(\"\"x\"\",1)\"");
  EXPECT_EQ(Record("\"@x\",-1"), "'@x,-1");
}

TEST(AppendRecord, RepairsBrokenQuotes) {
  EXPECT_EQ(Record("1,\"open,2"), "1,\"open,2\"");
  EXPECT_EQ(Record("1,\"a\"b,2"), "1,ab,2");
  EXPECT_EQ(Record("1,\"a\"b\"\"c,2"), "1,\"ab\"\"\"\"c\",2");
}

// Whatever the record, the cells come back as they were, but for the apostrophes.
TEST(AppendRecord, RandomRecordsSplitToTheSameCells) {
  Random random(5);
  const Dialect dialect;
  for (int round = 0; round < 20000; ++round) {
    std::string record;
    for (uint32_t n = random.Below(20); n > 0; --n) record += "\",,=a1-@ "[random.Below(9)];
    std::vector<std::string> want = SplitRecord(record, dialect);
    const std::vector<std::string> got = SplitRecord(Record(record), dialect);
    ASSERT_EQ(got.size(), want.size()) << record;
    for (size_t i = 0; i < want.size(); ++i) {
      if (got[i] != want[i]) {
        ASSERT_EQ(got[i], "'" + want[i]) << record;
      }
    }
  }
}

}  // namespace
}  // namespace firetower::csv

#include "core/csv/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "random_csv.h"
#include "reference_reader.h"

namespace firetower::csv {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

ReaderOptions TwoColumns() { return {.field_count = 2, .fields = {0, 1}}; }

ReferenceResult ReadWhole(std::string_view text, const ReaderOptions& options) {
  return ReadInPieces(text, options, {});
}

TEST(Reader, ReadsColumnsOffsetsAndLines) {
  const ReferenceResult result = ReadWhole("1,2\n-3.5,4e2\n", TwoColumns());
  EXPECT_EQ(result.columns[0], (std::vector<double>{1.0, -3.5}));
  EXPECT_EQ(result.columns[1], (std::vector<double>{2.0, 400.0}));
  EXPECT_EQ(result.offsets, (std::vector<uint64_t>{0, 4}));
  EXPECT_TRUE(result.bad_rows.empty());
  EXPECT_EQ(result.next_record_offset, 13u);
  EXPECT_EQ(result.next_line, 3u);
  EXPECT_FALSE(result.done);
}

TEST(Reader, TakesAnyFieldsInAnyOrderMoreThanOnce) {
  const ReaderOptions options{.field_count = 4, .fields = {3, 0, 3}};
  const ReferenceResult result = ReadWhole("1,text,\"more, text\",4\n5,,,8", options);
  EXPECT_EQ(result.columns[0], (std::vector<double>{4.0, 8.0}));
  EXPECT_EQ(result.columns[1], (std::vector<double>{1.0, 5.0}));
  EXPECT_EQ(result.columns[2], (std::vector<double>{4.0, 8.0}));
}

TEST(Reader, KnowsTheThreeLineEndsAndSkipsEmptyLines) {
  for (const std::string_view text : {"1,2\n3,4\n\n5,6\n", "1,2\r\n3,4\r\n\r\n5,6\r\n",
                                      "1,2\r3,4\r\r5,6\r", "\n\n1,2\r\r\n3,4\n5,6"}) {
    const ReferenceResult result = ReadWhole(text, TwoColumns());
    EXPECT_EQ(result.columns[0], (std::vector<double>{1.0, 3.0, 5.0})) << text;
    EXPECT_TRUE(result.bad_rows.empty()) << text;
  }
  EXPECT_EQ(ReadWhole("1,2\r\n\r\n3,4\r\n", TwoColumns()).offsets, (std::vector<uint64_t>{0, 7}));
  EXPECT_EQ(ReadWhole("1,2\r\n\r\n3,4\r\n", TwoColumns()).next_line, 4u);
}

TEST(Reader, QuotedCells) {
  const ReferenceResult result =
      ReadWhole("\"1\",\"2\"\n\"a\"\"b\nc\",\"4\"\n", {.field_count = 2, .fields = {1}});
  EXPECT_EQ(result.columns[0], (std::vector<double>{2.0, 4.0}));
  EXPECT_EQ(result.next_line, 4u);
  EXPECT_TRUE(result.bad_rows.empty());
}

TEST(Reader, AQuoteInsideAFieldIsText) {
  const ReferenceResult result =
      ReadWhole("5\" pipe,2\nx\"y,4\n", {.field_count = 2, .fields = {1}});
  EXPECT_EQ(result.columns[0], (std::vector<double>{2.0, 4.0}));
  EXPECT_TRUE(result.bad_rows.empty());
}

TEST(Reader, DecimalComma) {
  ReaderOptions options = TwoColumns();
  options.dialect = {.delimiter = ';', .decimal = ','};
  EXPECT_EQ(ReadWhole("1,5;-2,25e1\n", options).columns[1], (std::vector<double>{-22.5}));
  options.dialect = {.delimiter = ',', .decimal = ','};
  const ReferenceResult result = ReadWhole("\"1,5\",2\n3,4\n", options);
  EXPECT_EQ(result.columns[0], (std::vector<double>{1.5, 3.0}));
  EXPECT_EQ(result.columns[1], (std::vector<double>{2.0, 4.0}));
}

TEST(Reader, CountsMissingValuesOfGoodRowsOnly) {
  const ReferenceResult result = ReadWhole("NA,1\n,\"\"\nnull,x\n?,2,3\nN/A,NaN\n", TwoColumns());
  EXPECT_EQ(result.missing, (std::vector<uint64_t>{3, 2}));
  EXPECT_TRUE(std::isnan(result.columns[0][0]));
  EXPECT_EQ(result.columns[1][0], 1.0);
  ASSERT_EQ(result.bad_rows.size(), 2u);
  EXPECT_EQ(result.bad_rows[0].row, 2u);
  EXPECT_EQ(result.bad_rows[1].row, 3u);
}

TEST(Reader, ALenientColumnTakesText) {
  const ReaderOptions options{.field_count = 2, .fields = {0, 1, 0}, .lenient = {0, 1, 1}};
  const ReferenceResult result = ReadWhole("1,genuine\n2,NA\nx,1\n", options);
  EXPECT_EQ(result.columns[0][0], 1.0);
  EXPECT_TRUE(std::isnan(result.columns[1][0]));
  EXPECT_EQ(result.missing, (std::vector<uint64_t>{0, 1, 0}));
  ASSERT_EQ(result.bad_rows.size(), 1u);  // Column 0 asks for the same field and is strict.
  EXPECT_EQ(result.bad_rows[0].row, 2u);
}

TEST(Reader, InfinityIsANumberHere) {
  const ReferenceResult result = ReadWhole("1e400,-inf\n", TwoColumns());
  EXPECT_EQ(result.columns[0][0], HUGE_VAL);
  EXPECT_EQ(result.columns[1][0], -HUGE_VAL);
  EXPECT_TRUE(result.bad_rows.empty());
}

TEST(Reader, BadRowsSayWhereAndWhy) {
  ReaderOptions options{.field_count = 3, .fields = {0, 1}, .start_offset = 100, .start_line = 7};
  const std::string text =
      "1,2,3\n"         // line 7
      "1,2\n"           // 8: too few
      "1,2,3,4,5\n"     // 9: too many
      "1, abc,3\n"      // 10: not a number
      "1,\"2\"x,3\n"    // 11: text after quote
      "1,2,\"a\nb\"\n"  // 12, 13: good
      "\"\n\",y,3\n";   // 14, 15: two faults, the first counts
  const ReferenceResult result = ReadWhole(text, options);
  ASSERT_EQ(result.offsets.size(), 7u);
  ASSERT_EQ(result.bad_rows.size(), 5u);
  const auto expect = [&](size_t i, BadRow want) {
    const BadRow& got = result.bad_rows[i];
    EXPECT_EQ(got.row, want.row) << i;
    EXPECT_EQ(got.line, want.line) << i;
    EXPECT_EQ(got.field, want.field) << i;
    EXPECT_EQ(got.character, want.character) << i;
    EXPECT_EQ(got.byte_offset, want.byte_offset) << i;
    EXPECT_EQ(got.byte_length, want.byte_length) << i;
    EXPECT_EQ(got.found_fields, want.found_fields) << i;
    EXPECT_EQ(got.reason, want.reason) << i;
    EXPECT_TRUE(std::isnan(result.columns[0][static_cast<size_t>(got.row)])) << i;
    EXPECT_TRUE(std::isnan(result.columns[1][static_cast<size_t>(got.row)])) << i;
  };
  expect(0, {1, 8, -1, 0, 106, 3, 2, BadRowReason::kFieldCount});
  expect(1, {2, 9, -1, 0, 110, 9, 5, BadRowReason::kFieldCount});
  expect(2, {3, 10, 1, 3, 120, 8, 0, BadRowReason::kNotANumber});
  expect(3, {4, 11, 1, 3, 129, 8, 0, BadRowReason::kTextAfterQuote});
  expect(4, {6, 14, 0, 1, 148, 7, 0, BadRowReason::kNotANumber});
  EXPECT_EQ(result.next_line, 16u);
}

TEST(Reader, TheCellAtFaultIsOnItsOwnLine) {
  const ReferenceResult result = ReadWhole("\"a\r\nb\",word\n", {.field_count = 2, .fields = {1}});
  ASSERT_EQ(result.bad_rows.size(), 1u);
  EXPECT_EQ(result.bad_rows[0].line, 2u);
  EXPECT_EQ(result.bad_rows[0].character, 4u);
}

TEST(Reader, AnOpenQuoteAtTheEndCostsOneLine) {
  const ReferenceResult result = ReadWhole("1,2\n\"3,4\n5,6\n7,8\n", TwoColumns());
  EXPECT_EQ(result.columns[0].size(), 4u);
  EXPECT_EQ(result.columns[1][3], 8.0);
  ASSERT_EQ(result.bad_rows.size(), 1u);
  EXPECT_EQ(result.bad_rows[0].reason, BadRowReason::kOpenQuote);
  EXPECT_EQ(result.bad_rows[0].line, 2u);
  EXPECT_EQ(result.bad_rows[0].field, 0);
  EXPECT_EQ(result.bad_rows[0].byte_length, 4u);
}

TEST(Reader, AnOpenQuoteIsGivenUpAfterTheLimit) {
  std::string text = "1,\"2\n";
  uint64_t rows = 1;
  while (text.size() < kMaxRecordBytes + 1000) {
    text += "3,4\n";
    ++rows;
  }
  const size_t second = text.size();
  text += "5,\"6\"\n";
  for (const std::vector<size_t>& cuts :
       {std::vector<size_t>{}, std::vector<size_t>(2000, 1000), std::vector<size_t>(20, 65536)}) {
    const ReferenceResult result = ReadInPieces(text, TwoColumns(), cuts);
    ASSERT_EQ(result.offsets.size(), rows + 1);
    EXPECT_EQ(result.offsets.back(), second);
    EXPECT_EQ(result.columns[1].back(), 6.0);
    ASSERT_EQ(result.bad_rows.size(), 1u);
    EXPECT_EQ(result.bad_rows[0].reason, BadRowReason::kOpenQuote);
    EXPECT_EQ(result.bad_rows[0].field, 1);
    EXPECT_EQ(result.bad_rows[0].character, 3u);
    EXPECT_EQ(result.bad_rows[0].byte_length, 4u);
    EXPECT_EQ(result.next_line, rows + 2);
  }
}

TEST(Reader, ARecordOverTheLimitIsTooLong) {
  std::string text = "1,";
  text.append(3 * kMaxRecordBytes, '9');
  text += "\r\n3,4\n";
  for (const std::vector<size_t>& cuts : {std::vector<size_t>{}, std::vector<size_t>(100, 100000),
                                          std::vector<size_t>{text.size() - 5}}) {
    const ReferenceResult result = ReadInPieces(text, TwoColumns(), cuts);
    ASSERT_EQ(result.offsets.size(), 2u);
    EXPECT_EQ(result.columns[0][1], 3.0);
    ASSERT_EQ(result.bad_rows.size(), 1u);
    EXPECT_EQ(result.bad_rows[0].reason, BadRowReason::kTooLong);
    EXPECT_EQ(result.bad_rows[0].byte_length, 3 * kMaxRecordBytes + 2);
    EXPECT_EQ(result.next_line, 3u);
  }
  // Exactly the limit is not too long.
  text = "1," + std::string(kMaxRecordBytes - 2, ' ') + "\n3,4\n";
  EXPECT_TRUE(ReadWhole(text, TwoColumns()).bad_rows.empty());
  text.insert(2, " ");
  EXPECT_EQ(ReadWhole(text, TwoColumns()).bad_rows.size(), 1u);
}

// Each line, read afresh, leaves a quote open, and so does the record that goes on over it. Were
// such a record read to the limit and given up each time, 4 MiB would take 10^11 steps.
TEST(Reader, HostileQuotesTakeLinearTime) {
  std::string text;
  while (text.size() < (4u << 20)) text += "a\",\"b\n";
  const ReferenceResult result = ReadWhole(text, TwoColumns());
  EXPECT_EQ(result.next_record_offset, text.size());
  EXPECT_EQ(result.bad_rows.size(), result.offsets.size());
}

TEST(Reader, StopsAtTheEndOfItsRange) {
  ReaderOptions options = TwoColumns();
  options.end_offset = 4;
  Reader reader(options);
  reader.Feed(Bytes("1,2\n3,4\n"));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.row_count(), 1u);
  EXPECT_EQ(reader.next_record_offset(), 4u);

  options.end_offset = 5;  // The record at 4 begins before it.
  reader = Reader(options);
  reader.Feed(Bytes("1,2\n3,4"));
  EXPECT_FALSE(reader.done());
  reader.Feed(Bytes("\n5,6\n"));
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.row_count(), 2u);
  EXPECT_EQ(reader.next_record_offset(), 8u);
  EXPECT_EQ(reader.next_line(), 3u);

  options.start_offset = 9;
  options.end_offset = 9;
  EXPECT_TRUE(Reader(options).done());
}

TEST(Reader, BatchesCountOn) {
  Reader reader(TwoColumns());
  reader.Feed(Bytes("1,2\n3,4\nx,y\n"));
  EXPECT_EQ(reader.batch().first_row, 0u);
  EXPECT_EQ(reader.batch().rows(), 3u);
  reader.ClearBatch();
  EXPECT_EQ(reader.batch().rows(), 0u);
  reader.Feed(Bytes("5,6\nz,1\n"));
  EXPECT_EQ(reader.batch().first_row, 3u);
  EXPECT_EQ(reader.batch().columns[0][0], 5.0);
  ASSERT_EQ(reader.batch().bad_rows.size(), 1u);
  EXPECT_EQ(reader.batch().bad_rows[0].row, 4u);
  EXPECT_EQ(reader.row_count(), 5u);
}

// One line arriving at a time, in whatever pieces, is there as soon as its line end is.
TEST(Reader, ARowIsThereWithItsLineEnd) {
  Reader reader(TwoColumns());
  reader.Feed(Bytes("1"));
  reader.Feed(Bytes(",2"));
  EXPECT_EQ(reader.row_count(), 0u);
  reader.Feed(Bytes("\n"));
  EXPECT_EQ(reader.row_count(), 1u);
  reader.Feed(Bytes("3,4\r"));
  EXPECT_EQ(reader.row_count(), 1u);
  reader.Feed(Bytes("\n"));
  EXPECT_EQ(reader.row_count(), 2u);
  EXPECT_EQ(reader.next_line(), 3u);
}

std::vector<size_t> RandomCuts(Random& random, size_t size) {
  std::vector<size_t> cuts;
  const uint32_t longest = 1 + random.Below(random.Below(2) == 0 ? 4 : 200);
  for (size_t total = 0; total < size; total += cuts.back())
    cuts.push_back(random.Below(longest + 1));
  return cuts;
}

TEST(Reader, EveryCutOfATrickyTextGivesTheSame) {
  const std::string text =
      "1,\"a\r\nb\"\"c\"\r\n\r\n\"2\",x\r3,\"q\"z\r\n\r4,5,\"6\n7,8\n\"9\r\",NA\n10,\"open\r\n11,"
      "12";
  const ReaderOptions options{.field_count = 2, .fields = {0, 1}};
  const ReferenceResult whole = ReferenceRead(text, options);
  EXPECT_GT(whole.bad_rows.size(), 3u);
  EXPECT_EQ(Difference(ReadInPieces(text, options, std::vector<size_t>(text.size(), 1)), whole),
            "");
  for (size_t i = 0; i <= text.size(); ++i) {
    for (size_t j = i; j <= text.size(); ++j) {
      ASSERT_EQ(Difference(ReadInPieces(text, options, {i, j - i}), whole), "") << i << " " << j;
    }
  }
}

// Fragmentation and the differential test in one: soups and tables, tiny record limits, ranges that
// end anywhere.
TEST(Reader, EqualsTheReferenceOnRandomTexts) {
  Random random(20240501);
  static constexpr char kDelimiters[] = {',', ';', '\t', '|'};
  for (int round = 0; round < 20000; ++round) {
    ReaderOptions options;
    options.dialect.delimiter = kDelimiters[random.Below(4)];
    options.dialect.decimal = random.Below(3) == 0 ? ',' : '.';
    options.field_count = 1 + static_cast<int32_t>(random.Below(4));
    for (uint32_t c = random.Below(4); c > 0; --c) {
      options.fields.push_back(
          static_cast<int32_t>(random.Below(static_cast<uint32_t>(options.field_count))));
      if (random.Below(2) == 0) options.lenient.resize(options.fields.size(), 1);
    }
    if (!options.lenient.empty()) options.lenient.resize(options.fields.size(), 0);
    options.start_offset = random.Below(100);
    options.start_line = 1 + random.Below(5);
    if (random.Below(2) == 0) options.max_record_bytes = 1 + random.Below(30);
    const std::string text = random.Below(2) == 0
                                 ? RandomSoup(random, options.dialect, random.Below(60))
                                 : RandomTable(random, options.dialect, random.Below(12),
                                               static_cast<uint32_t>(options.field_count));
    if (random.Below(4) == 0) {
      options.end_offset =
          options.start_offset + random.Below(static_cast<uint32_t>(text.size()) + 2);
    }
    const ReferenceResult want = ReferenceRead(text, options);
    ASSERT_EQ(Difference(ReadInPieces(text, options, {}), want), "") << round << "\n" << text;
    ASSERT_EQ(Difference(ReadInPieces(text, options, std::vector<size_t>(text.size(), 1)), want),
              "")
        << round << "\n"
        << text;
    ASSERT_EQ(Difference(ReadInPieces(text, options, RandomCuts(random, text.size())), want), "")
        << round << "\n"
        << text;
  }
}

TEST(Reader, EqualsTheReferenceOnTablesOfNumbers) {
  Random random(77);
  static constexpr char kDelimiters[] = {',', ';', '\t', '|'};
  for (int round = 0; round < 2000; ++round) {
    ReaderOptions options;
    options.dialect.delimiter = kDelimiters[random.Below(4)];
    options.dialect.decimal = random.Below(3) == 0 ? ',' : '.';
    options.field_count = 1 + static_cast<int32_t>(random.Below(6));
    for (int32_t f = 0; f < options.field_count; ++f) {
      if (random.Below(4) != 0) options.fields.push_back(f);
    }
    if (random.Below(4) == 0) options.fields.push_back(0);
    if (random.Below(4) == 0) options.lenient.assign(options.fields.size(), 1);
    if (random.Below(4) == 0) options.max_record_bytes = 20 + random.Below(60);
    const std::string text = RandomNumbers(random, options.dialect, random.Below(40),
                                           static_cast<uint32_t>(options.field_count));
    if (random.Below(4) == 0)
      options.end_offset = random.Below(static_cast<uint32_t>(text.size()) + 2);
    const ReferenceResult want = ReferenceRead(text, options);
    ASSERT_EQ(Difference(ReadInPieces(text, options, {}), want), "") << round << "\n" << text;
    ASSERT_EQ(Difference(ReadInPieces(text, options, RandomCuts(random, text.size())), want), "")
        << round << "\n"
        << text;
  }
}

TEST(Reader, MessagesArePhrases) {
  EXPECT_EQ(Message(BadRowReason::kNotANumber), "is not a number");
  EXPECT_EQ(Message(BadRowReason::kFieldCount), "has another number of fields than the header");
  EXPECT_EQ(Message(BadRowReason::kOpenQuote), "has a quote that never closes");
  EXPECT_EQ(Message(BadRowReason::kTextAfterQuote), "has text after a closing quote");
  EXPECT_EQ(Message(BadRowReason::kTooLong), "is longer than a record may be");
  EXPECT_EQ(Message(BadRowReason::kInfinite), "is infinite or too large");
  EXPECT_EQ(Message(BadRowReason::kMissingValue), "is missing");
}

TEST(SplitRecord, RemovesQuotes) {
  const Dialect dialect;
  EXPECT_EQ(SplitRecord("1,\"a,\"\"b\"\"\n\",,", dialect),
            (std::vector<std::string>{"1", "a,\"b\"\n", "", ""}));
  EXPECT_EQ(SplitRecord("\"a\"b,\"open", dialect), (std::vector<std::string>{"ab", "open"}));
  EXPECT_EQ(SplitRecord("", dialect), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace firetower::csv

// Ranges of a file read apart, each from a guessed start, then checked against each other and read
// again where the guess was wrong: the sequential result, exactly.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/csv/reader.h"
#include "random_csv.h"
#include "reference_reader.h"

namespace firetower::csv {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(GuessRecordStart, FindsTheNextLine) {
  const auto guess = [](std::string_view text, size_t from, bool complete) {
    return GuessRecordStart(Bytes(text), from, complete);
  };
  EXPECT_EQ(guess("ab\ncd\n", 0, true), 0u);
  EXPECT_EQ(guess("ab\ncd\n", 1, true), 3u);
  EXPECT_EQ(guess("ab\ncd\n", 3, true), 3u);  // Byte 2 ends a line: 3 is a boundary.
  EXPECT_EQ(guess("ab\ncd\n", 4, true), 6u);
  EXPECT_EQ(guess("ab\r\ncd", 3, true), 4u);  // Between CR and LF.
  EXPECT_EQ(guess("ab\r\ncd", 4, true), 4u);
  EXPECT_EQ(guess("ab\rcd", 1, true), 3u);
  EXPECT_EQ(guess("ab\r", 1, false), 3u);
  EXPECT_EQ(guess("ab\r", 1, true), 3u);
  EXPECT_EQ(guess("abcd", 1, true), 4u);
}

struct Range {
  uint64_t first = 0;  // Where its first record begins.
  ReferenceResult result;
};

Range ReadRange(std::string_view file, uint64_t first, uint64_t end, ReaderOptions options) {
  options.start_offset = first;
  options.end_offset = end;
  return {first, ReadInPieces(file.substr(static_cast<size_t>(first)), options, {7, 1, 30})};
}

void ExpectRangesEqualWhole(std::string_view file, const std::vector<uint64_t>& cuts,
                            const ReaderOptions& options, int* redone) {
  const ReferenceResult whole = ReferenceRead(file, options);
  ReferenceResult joined;
  joined.columns.resize(options.fields.size());
  joined.missing.resize(options.fields.size());
  joined.next_line = options.start_line;
  uint64_t begin = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const uint64_t end = i < cuts.size() ? cuts[i] : UINT64_MAX;
    const uint64_t from = i == 0 ? 0 : cuts[i - 1];
    Range range = ReadRange(file, GuessRecordStart(Bytes(file), static_cast<size_t>(from), true),
                            end, options);
    if (range.first != begin) {
      ++*redone;
      range = ReadRange(file, begin, end, options);
    }
    const ReferenceResult& part = range.result;
    for (size_t c = 0; c < joined.columns.size(); ++c) {
      joined.columns[c].insert(joined.columns[c].end(), part.columns[c].begin(),
                               part.columns[c].end());
      joined.missing[c] += part.missing[c];
    }
    for (BadRow bad : part.bad_rows) {
      bad.row += joined.offsets.size();
      bad.line += joined.next_line - options.start_line;
      joined.bad_rows.push_back(bad);
    }
    joined.offsets.insert(joined.offsets.end(), part.offsets.begin(), part.offsets.end());
    joined.next_line += part.next_line - options.start_line;
    joined.next_record_offset = part.next_record_offset;
    begin = part.next_record_offset;
  }
  ASSERT_EQ(Difference(joined, whole), "") << file;
}

TEST(Ranges, EveryCutOfATrickyText) {
  const std::string file = "1,2\r\n\r\n3,\"a\r\nb\"\r\n\"c\nd\",5\r\n\n6,7\r8,\"open\n9,10\n";
  const ReaderOptions options{.field_count = 2, .fields = {0, 1}};
  int redone = 0;
  for (uint64_t a = 0; a <= file.size(); ++a) {
    for (uint64_t b = a; b <= file.size(); ++b) {
      ASSERT_NO_FATAL_FAILURE(ExpectRangesEqualWhole(file, {a, b}, options, &redone));
    }
  }
  EXPECT_GT(redone, 0);
}

TEST(Ranges, RandomFilesAndCuts) {
  Random random(77);
  int redone = 0;
  for (int round = 0; round < 3000; ++round) {
    ReaderOptions options;
    options.dialect.decimal = random.Below(4) == 0 ? ',' : '.';
    options.dialect.delimiter = random.Below(2) == 0 ? ';' : ',';
    options.field_count = 2 + static_cast<int32_t>(random.Below(3));
    options.fields = {0, 1};
    if (random.Below(2) == 0) options.max_record_bytes = 20 + random.Below(100);
    const std::string file = random.Below(4) == 0
                                 ? RandomSoup(random, options.dialect, random.Below(100))
                                 : RandomTable(random, options.dialect, random.Below(40),
                                               static_cast<uint32_t>(options.field_count));
    std::vector<uint64_t> cuts;
    for (uint32_t n = random.Below(8); n > 0; --n) {
      cuts.push_back(random.Below(static_cast<uint32_t>(file.size()) + 1));
    }
    std::sort(cuts.begin(), cuts.end());
    ASSERT_NO_FATAL_FAILURE(ExpectRangesEqualWhole(file, cuts, options, &redone));
  }
  EXPECT_GT(redone, 100);
}

}  // namespace
}  // namespace firetower::csv

// Reading a file in ranges gives what reading it whole gives, for any cuts and any fragmentation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "session/session.h"
#include "test_model.h"

namespace firetower::session {
namespace {

struct Outcome {
  std::vector<double> probabilities;
  std::vector<double> offsets;
  std::vector<double> labels;
  std::vector<std::string> sentences;
  std::vector<uint64_t> bad_rows;
  uint64_t next_line = 0;
  int redone = 0;
};

bool SameBits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

// A file with everything that makes cutting hard: quoted line ends and delimiters, doubled quotes,
// blank lines, three kinds of line end, bad rows, an open quote.
std::string OddFile(uint64_t seed, int rows, bool open_quote) {
  Random random(seed);
  std::string text = "Note,Time,V1,V2,Amount,Class\n";
  const char* line_ends[] = {"\n", "\r\n", "\r", "\n\n", "\r\n\r\n"};
  for (int i = 0; i < rows; ++i) {
    switch (random.Below(8)) {
      case 0:
        text += "\"several\nlines,\r\n\"\"and\"\" a ,1,2,3,4,5 row\n\n\"";
        break;
      case 1:
        text += "\"\"";
        break;
      case 2:
        text += "a\"b";
        break;
      case 3:
        text += "\",\"";
        break;
      default:
        text += "plain";
    }
    if (open_quote && i == rows / 2) text += ",\"never closed";
    text += "," + std::to_string(random.Below(200000)) + ",";
    const uint32_t v1 = random.Below(40);
    text += v1 == 0 ? "" : v1 == 1 ? "oops" : std::to_string(random.Uniform() * 4 - 2);
    text += "," + std::to_string(random.Uniform() * 4 - 2);
    text += "," + std::to_string(random.Below(10000)) + "." + std::to_string(random.Below(10));
    if (random.Below(50) != 0) text += "," + std::to_string(random.Below(2));
    text += line_ends[random.Below(20) == 0 ? random.Below(5) : seed % 3];
  }
  return text;
}

class RangesTest : public testing::Test {
 protected:
  void SetUp() override {
    const Result<std::vector<uint8_t>> bytes = forest::WriteModel(TestModel());
    ASSERT_TRUE(bytes.ok());
    ASSERT_TRUE(session_.LoadModel(*bytes).ok());
  }

  // One range, as a worker reads it: from its begin (one before it when guessing) until it is done.
  void ReadRange(std::string_view text, const RangeOptions& options, size_t piece) {
    ASSERT_TRUE(session_.BeginRange(options).ok());
    size_t at = static_cast<size_t>(options.guess_start ? options.begin - 1 : options.begin);
    for (; at < text.size() && !session_.done(); at += piece) {
      ASSERT_TRUE(session_.Feed(Bytes(text.substr(at, piece))).ok());
    }
    ASSERT_TRUE(session_.FinishRange().ok());
  }

  // As the coordinator does it: guess, compare with where the range before ended, read again where
  // they differ.
  Outcome Read(std::string_view text, size_t range_bytes, size_t piece) {
    Outcome outcome;
    const csv::FileLayout& layout = session_.layout();
    uint64_t expected = layout.data_offset;
    uint64_t line = layout.data_line;
    for (uint64_t begin = layout.data_offset; begin < text.size(); begin += range_bytes) {
      RangeOptions options;
      options.begin = begin;
      options.end = std::min<uint64_t>(begin + range_bytes, text.size());
      options.guess_start = begin > layout.data_offset;
      ReadRange(text, options, piece);
      if (session_.first_record_offset() != expected) {
        ++outcome.redone;
        if (expected >= options.end) continue;
        options.begin = expected;
        options.guess_start = false;
        ReadRange(text, options, piece);
      }
      const uint64_t first_row = outcome.offsets.size();
      for (const double p : session_.probabilities()) outcome.probabilities.push_back(p);
      for (const double o : session_.row_offsets()) outcome.offsets.push_back(o);
      for (const double l : session_.labels()) outcome.labels.push_back(l);
      for (const BadRowReport& bad : session_.bad_rows()) {
        outcome.bad_rows.push_back(first_row + bad.row);
        outcome.sentences.push_back(BadRowSentence(bad, line + bad.line - session_.first_line()));
      }
      expected = session_.next_record_offset();
      line += session_.next_line() - session_.first_line();
    }
    outcome.next_line = line;
    return outcome;
  }

  Session session_;
};

TEST_F(RangesTest, AnyCutsAndAnyPiecesGiveTheWholeFile) {
  int redone = 0;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const std::string text = OddFile(seed, 150, seed % 2 == 1);
    ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
    ASSERT_EQ(session_.layout().column_names.size(), 6u);
    const Outcome whole = Read(text, text.size(), text.size());
    ASSERT_GE(whole.offsets.size(), 100u);
    ASSERT_GT(whole.bad_rows.size(), 2u);
    EXPECT_EQ(whole.probabilities.size(), whole.offsets.size());
    EXPECT_EQ(whole.labels.size(), whole.offsets.size());
    for (const size_t range_bytes :
         std::initializer_list<size_t>{1, 2, 7, 40, 41, 64, 333, 1000, 4096}) {
      for (const size_t piece : std::initializer_list<size_t>{1, 13, 512, 100000}) {
        if (range_bytes < 7 && piece != 13) continue;
        const Outcome ranges = Read(text, range_bytes, piece);
        EXPECT_TRUE(SameBits(ranges.offsets, whole.offsets))
            << seed << " " << range_bytes << " " << piece;
        EXPECT_TRUE(SameBits(ranges.probabilities, whole.probabilities))
            << seed << " " << range_bytes;
        EXPECT_TRUE(SameBits(ranges.labels, whole.labels));
        EXPECT_EQ(ranges.bad_rows, whole.bad_rows);
        EXPECT_EQ(ranges.sentences, whole.sentences) << seed << " " << range_bytes << " " << piece;
        EXPECT_EQ(ranges.next_line, whole.next_line) << seed << " " << range_bytes << " " << piece;
        redone += ranges.redone;
      }
    }
  }
  EXPECT_GT(redone, 0) << "no cut ever fell inside quotes: the test shows nothing";
}

TEST_F(RangesTest, ExportInRangesIsTheExportOfTheWhole) {
  const std::string text = OddFile(3, 200, false);
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  const Outcome whole = Read(text, text.size(), text.size());
  std::vector<double> offsets = whole.offsets;
  offsets.push_back(static_cast<double>(text.size()));
  const auto exported = [&](size_t rows_per_range, size_t piece) {
    std::string out;
    for (size_t first = 0; first < whole.probabilities.size(); first += rows_per_range) {
      const size_t last = std::min(first + rows_per_range, whole.probabilities.size());
      EXPECT_TRUE(session_
                      .SetExport(std::span(whole.probabilities).subspan(first, last - first), first,
                                 0.4, true)
                      .ok());
      RangeOptions options;
      options.kind = JobKind::kExport;
      options.begin = static_cast<uint64_t>(offsets[first]);
      options.end = static_cast<uint64_t>(offsets[last]);
      ReadRange(text, options, piece);
      const std::span<const uint8_t> bytes = session_.output();
      out.append(bytes.begin(), bytes.end());
    }
    return out;
  };
  const std::string once = exported(whole.probabilities.size(), text.size());
  EXPECT_EQ(exported(1, 5), once);
  EXPECT_EQ(exported(17, 64), once);
  // Every record is there once, followed by four cells.
  size_t place = 0;
  for (size_t i = 0; i < whole.probabilities.size(); ++i) {
    std::string_view record = std::string_view(text).substr(
        static_cast<size_t>(offsets[i]), static_cast<size_t>(offsets[i + 1] - offsets[i]));
    while (!record.empty() && (record.back() == '\n' || record.back() == '\r'))
      record.remove_suffix(1);
    ASSERT_EQ(once.substr(place, record.size()), record) << i;
    place += record.size();
    const size_t end = once.find('\n', place);
    ASSERT_EQ(std::count(once.begin() + static_cast<std::ptrdiff_t>(place),
                         once.begin() + static_cast<std::ptrdiff_t>(end), ','),
              4);
    place = end + 1;
  }
  EXPECT_EQ(place, once.size());
}

TEST_F(RangesTest, RowsSetAsideBeyondTheLimitAreCounted) {
  std::string text = "Time,V1,V2,Amount\n";
  const size_t rows = kMaxBadRowReports + 50;
  for (size_t i = 0; i < rows; ++i) text += i % 2 == 0 ? "0,x,1,1\n" : "0,,1,1\n";
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  ReadRange(text, {.begin = session_.layout().data_offset}, 4096);
  EXPECT_EQ(session_.bad_row_count(), rows);
  EXPECT_EQ(session_.bad_rows().size(), kMaxBadRowReports);
  EXPECT_EQ(session_.bad_rows().back().row, kMaxBadRowReports - 1);
  EXPECT_TRUE(std::isnan(session_.probabilities().back()));
}

}  // namespace
}  // namespace firetower::session

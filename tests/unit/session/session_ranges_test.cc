// Reading a file in ranges gives what reading it whole gives, for any cuts and any fragmentation.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
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
  std::vector<monitor::Summary> summaries;  // One per range with rows of its own.
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
    const Status begun = session_.BeginRange(options);
    ASSERT_TRUE(begun.ok()) << begun.error().message;
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
      if (session_.row_count() > 0) outcome.summaries.push_back(*session_.summary());
      expected = session_.next_record_offset();
      line += session_.next_line() - session_.first_line();
    }
    outcome.next_line = line;
    return outcome;
  }

  std::string Merge(const std::vector<std::vector<uint64_t>>& summaries) {
    const std::vector<std::span<const uint64_t>> parts(summaries.begin(), summaries.end());
    const Result<std::string> merged = session_.MergeSummaries(parts);
    EXPECT_TRUE(merged.ok());
    return merged.ok() ? *merged : "";
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
        monitor::Summary summary(ranges.summaries[0].shared_layout());
        for (const monitor::Summary& part : ranges.summaries) ASSERT_TRUE(summary.Merge(part).ok());
        EXPECT_EQ(summary.Write(), whole.summaries[0].Write()) << seed << " " << range_bytes;
        redone += ranges.redone;
      }
    }
  }
  EXPECT_GT(redone, 0) << "no cut ever fell inside quotes: the test shows nothing";
}

TEST_F(RangesTest, TheSummaryCountsTheRows) {
  const std::string text = OddFile(4, 400, false);
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  EXPECT_EQ(session_.summary(), nullptr);
  const Outcome whole = Read(text, text.size(), text.size());
  const monitor::Summary& summary = *session_.summary();
  const forest::ModelInfo& info = session_.model().info;
  EXPECT_EQ(summary.layout().model_version, info.version);
  EXPECT_EQ(summary.layout().model_hash.size(), 64u);
  std::array<uint64_t, 5> levels = {};
  uint64_t scored = 0;
  uint64_t flagged = 0;
  uint64_t positives = 0;
  uint64_t negatives = 0;
  for (size_t i = 0; i < whole.probabilities.size(); ++i) {
    const double p = whole.probabilities[i];
    if (std::isnan(p)) continue;
    ++scored;
    flagged += p >= info.threshold ? 1u : 0u;
    ++levels[static_cast<size_t>(forest::LevelOf(info, p))];
    positives += whole.labels[i] == 1.0 ? 1u : 0u;
    negatives += whole.labels[i] == 0.0 ? 1u : 0u;
  }
  EXPECT_EQ(summary.scored, scored);
  EXPECT_EQ(summary.aside, whole.bad_rows.size());
  EXPECT_EQ(summary.flagged, flagged);
  EXPECT_EQ(summary.levels, levels);
  const auto sum = [](std::span<const uint64_t> counts) {
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  };
  EXPECT_EQ(sum(summary.positives), positives);
  EXPECT_EQ(sum(summary.negatives), negatives);
  ASSERT_GT(positives, 10u);
  // What was set aside for one cell is V1's: it has texts, and must not be missing.
  const uint64_t at_fault = summary.reasons[static_cast<size_t>(csv::BadRowReason::kNotANumber)] +
                            summary.reasons[static_cast<size_t>(csv::BadRowReason::kMissingValue)];
  ASSERT_GT(at_fault, 2u);
  EXPECT_EQ(summary.invalid, (std::vector<uint64_t>{0, at_fault, 0, 0}));
  // Whole seconds between 0 and 200,000.
  EXPECT_EQ(summary.first_time_ms % 1000, 0);
  EXPECT_GE(summary.first_time_ms, 0);
  EXPECT_GT(summary.last_time_ms, 100000000);
}

TEST_F(RangesTest, AnImputedCellIsMissingInTheSummary) {
  const std::string text = "Time,V1,V2,Amount\n1,0,,5\n2,0,0.5,5\n3,0,NA,\n";
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  Read(text, text.size(), text.size());
  const monitor::Summary& summary = *session_.summary();
  EXPECT_EQ(summary.scored, 3u);
  for (size_t f = 0; f < summary.features.size(); ++f) {
    const std::string& name = summary.layout().features[f];
    const uint64_t missing = summary.features[f].missing;
    EXPECT_EQ(missing, name.find("V2") == 0 ? 2u : name.find("Amount") == 0 ? 1u : 0u) << name;
  }
}

TEST_F(RangesTest, OneToEightWorkersGiveTheSameSummary) {
  const Result<std::vector<uint8_t>> model = forest::WriteModel(TestModel());
  ASSERT_TRUE(model.ok());
  for (uint64_t seed = 0; seed < 3; ++seed) {
    const std::string text = OddFile(seed + 20, 500, false);
    ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
    const std::string whole = Read(text, text.size(), text.size()).summaries[0].Write();
    for (size_t workers = 1; workers <= 8; ++workers) {
      // The pieces of each range go to whichever worker is free; each adds up its own, and the sums
      // are added up in the order in which the workers end.
      Random random(seed, workers);
      std::vector<std::vector<uint64_t>> ranges;
      for (const monitor::Summary& range : Read(text, 500 + 300 * workers, 256).summaries) {
        ranges.push_back(range.Words());
      }
      ASSERT_GT(ranges.size(), 5u);
      std::vector<std::vector<std::span<const uint64_t>>> parts(workers);
      for (const std::vector<uint64_t>& range : ranges) {
        parts[random.Below(static_cast<uint32_t>(workers))].push_back(range);
      }
      std::vector<std::vector<uint64_t>> sums;
      for (const std::vector<std::span<const uint64_t>>& part : parts) {
        Session worker;
        ASSERT_TRUE(worker.LoadModel(*model).ok());
        const Result<std::string> merged = worker.MergeSummaries(part);
        ASSERT_TRUE(merged.ok());
        const Result<monitor::Summary> sum = monitor::Summary::Read(*merged);
        ASSERT_TRUE(sum.ok());
        sums.insert(sums.begin() + static_cast<std::ptrdiff_t>(
                                       random.Below(static_cast<uint32_t>(sums.size() + 1))),
                    sum->Words());
      }
      EXPECT_EQ(Merge(sums), whole) << seed << " " << workers;
    }
  }
}

TEST_F(RangesTest, SummariesThatCannotBeMerged) {
  EXPECT_EQ(Session().MergeSummaries({}).error().code, ErrorCode::kNotReady);
  const std::string text = OddFile(3, 200, false);
  ASSERT_TRUE(session_.InspectCsv(Bytes(text), {.complete = true}).ok());
  std::vector<uint64_t> words = Read(text, text.size(), text.size()).summaries[0].Words();
  const auto code_of = [&](std::span<const uint64_t> broken) {
    const std::vector<std::span<const uint64_t>> parts = {broken};
    const Result<std::string> merged = session_.MergeSummaries(parts);
    return merged.ok() ? ErrorCode::kOk : merged.error().code;
  };
  EXPECT_EQ(code_of(words), ErrorCode::kOk);
  for (size_t length = 0; length < words.size(); length += 7) {
    EXPECT_EQ(code_of(std::span(words).first(length)), ErrorCode::kDataInvalid) << length;
  }
  words.push_back(0);
  EXPECT_EQ(code_of(words), ErrorCode::kDataInvalid);
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

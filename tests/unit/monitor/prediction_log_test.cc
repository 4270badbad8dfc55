#include "core/monitor/prediction_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/utf8.h"

namespace firetower::monitor {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

LogBlock SmallBlock() {
  LogBlock block;
  block.first_sequence = 7;
  block.model_version = "1.0.0";
  block.source = "demo";
  block.threshold = 0.5;
  block.risk_cuts = {0.05, 0.2, 0.5, 0.8};
  block.probabilities = {0.0012, 0.5, kNaN};
  block.timestamps_ms = {1767323045678, 1767323045679, 1767323045680};
  block.rows = {17, kNaN, 19};
  block.references = {"A-1", "", "C"};
  return block;
}

LogBlock RandomBlock(Random& random, uint64_t first_sequence) {
  LogBlock block;
  block.first_sequence = first_sequence;
  block.model_version = "1." + std::to_string(random.Below(100));
  block.source = random.Below(2) == 0 ? "demo" : "replay: file.csv";
  block.threshold = random.Uniform();
  block.risk_cuts = {0.05, 0.2, 0.5, 0.8};
  const size_t rows = random.Below(8);
  for (size_t i = 0; i < rows; ++i) {
    block.probabilities.push_back(random.Below(10) == 0 ? kNaN : random.Uniform());
    block.timestamps_ms.push_back(static_cast<int64_t>(random.Next()));
    block.rows.push_back(random.Below(5) == 0 ? kNaN : random.Below(1000000));
  }
  if (rows > 0 && random.Below(2) == 0) {
    for (size_t i = 0; i < rows; ++i) block.references.push_back("r" + std::to_string(i));
  }
  return block;
}

bool SameNumbers(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), 8 * a.size()) == 0);
}

void ExpectSame(const LogBlock& a, const LogBlock& b) {
  EXPECT_EQ(a.first_sequence, b.first_sequence);
  EXPECT_EQ(a.model_version, b.model_version);
  EXPECT_EQ(a.source, b.source);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.risk_cuts, b.risk_cuts);
  EXPECT_TRUE(SameNumbers(a.probabilities, b.probabilities));
  EXPECT_EQ(a.timestamps_ms, b.timestamps_ms);
  EXPECT_TRUE(SameNumbers(a.rows, b.rows));
  EXPECT_EQ(a.references, b.references);
}

std::vector<uint8_t> Bytes(std::string_view text) { return {text.begin(), text.end()}; }

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32cTest, HasTheValuesOfTheStandard) {
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0x00)), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0xFF)), 0x62A8AB43u);
  std::vector<uint8_t> rising, falling;
  for (uint8_t i = 0; i < 32; ++i) {
    rising.push_back(i);
    falling.push_back(static_cast<uint8_t>(31 - i));
  }
  EXPECT_EQ(Crc32c(rising), 0x46DD794Eu);
  EXPECT_EQ(Crc32c(falling), 0x113FDB5Cu);
  const std::vector<uint8_t> read_command = {
      0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
      0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  EXPECT_EQ(Crc32c(read_command), 0xD9963A56u);
  EXPECT_EQ(Crc32c({}), 0u);
}

// The layout of the header's comment, byte by byte.
TEST(PredictionLogTest, TheBytesAreAsTheHeaderSays) {
  LogBlock block;
  block.first_sequence = 0x0102030405060708;
  block.model_version = "v";
  block.source = "ab";
  block.probabilities = {1.0};
  block.timestamps_ms = {-2};
  block.rows = {2.0};
  block.threshold = 0.5;
  block.risk_cuts = {0.25, 0.5, 1.0, 2.0};
  block.references = {"xyz"};
  std::vector<uint8_t> bytes = EncodeLogBlock(block);
  const std::vector<uint8_t> body = {
      8,    7,    6,    5,    4,    3,    2,    1,     // first sequence number
      1,    0,    0,    0,                             // rows
      1,    0,    2,    0,                             // lengths of the names
      'v',  'a',  'b',                                 //
      0,    0,    0,    0,    0,    0,    0xF0, 0x3F,  // probability
      0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,  // timestamp
      0,    0,    0,    0,    0,    0,    0,    0x40,  // row
      0,    0,    0,    0,    0,    0,    0xE0, 0x3F,  // threshold
      0,    0,    0,    0,    0,    0,    0xD0, 0x3F,  // risk cuts
      0,    0,    0,    0,    0,    0,    0xE0, 0x3F,  //
      0,    0,    0,    0,    0,    0,    0xF0, 0x3F,  //
      0,    0,    0,    0,    0,    0,    0,    0x40,  //
      3,    0,    'x',  'y',  'z'};
  ASSERT_EQ(bytes.size(), 12 + body.size());
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "FTL1");
  EXPECT_EQ(bytes[4], body.size());
  EXPECT_EQ(bytes[5] + bytes[6] + bytes[7], 0);
  const uint32_t checksum = Crc32c(body);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(bytes[8 + i], (checksum >> (8 * i)) & 0xFF);
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin() + 12, bytes.end()), body);
}

TEST(PredictionLogTest, WhatIsEncodedIsDecoded) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const LogBlock block = RandomBlock(random, random.Next() >> 1);
    const std::vector<uint8_t> bytes = EncodeLogBlock(block);
    size_t used = 0;
    const Result<LogBlock> decoded = DecodeLogBlock(bytes, &used);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(used, bytes.size());
    ExpectSame(*decoded, block);
  }
}

TEST(PredictionLogTest, HoldsTheMostRowsABlockMayHave) {
  LogBlock block = SmallBlock();
  block.probabilities.assign(kMaxLogRows, 0.25);
  block.timestamps_ms.assign(kMaxLogRows, 1);
  block.rows.assign(kMaxLogRows, 2.0);
  block.references.assign(kMaxLogRows, std::string(kMaxReferenceBytes, 'x'));
  const std::vector<uint8_t> bytes = EncodeLogBlock(block);
  size_t used = 0;
  const Result<LogBlock> decoded = DecodeLogBlock(bytes, &used);
  ASSERT_TRUE(decoded.ok());
  ExpectSame(*decoded, block);
}

// Whatever byte a piece of storage is cut off at: exactly the whole blocks before it.
TEST(PredictionLogTest, EveryTruncationGivesTheWholeBlocksBeforeIt) {
  Random random(2);
  std::vector<uint8_t> bytes;
  std::vector<size_t> ends = {0};
  std::vector<LogBlock> blocks;
  uint64_t sequence = 100;
  for (int i = 0; i < 12; ++i) {
    blocks.push_back(RandomBlock(random, sequence));
    sequence += blocks.back().probabilities.size();
    const std::vector<uint8_t> block = EncodeLogBlock(blocks.back());
    bytes.insert(bytes.end(), block.begin(), block.end());
    ends.push_back(bytes.size());
  }
  size_t whole = 0;
  uint64_t rows = 0;
  for (size_t length = 0; length <= bytes.size(); ++length) {
    while (whole < blocks.size() && ends[whole + 1] <= length) {
      rows += blocks[whole++].probabilities.size();
    }
    const std::span<const uint8_t> cut = std::span(bytes).first(length);
    const LogScan scan = ScanLog(cut);
    ASSERT_EQ(scan.blocks, whole) << length;
    ASSERT_EQ(scan.rows, rows);
    ASSERT_EQ(scan.whole_bytes, ends[whole]);
    ASSERT_EQ(scan.first_sequence, whole == 0 ? 0 : 100u);
    ASSERT_EQ(scan.next_sequence, whole == 0 ? 0 : 100 + rows);
    if (length < ends[whole] || whole == blocks.size()) continue;
    size_t used = 1;
    ASSERT_FALSE(DecodeLogBlock(cut.subspan(ends[whole]), &used).ok());
    ASSERT_EQ(used, 0u);
  }
  size_t at = 0;
  for (const LogBlock& block : blocks) {
    size_t used = 0;
    const Result<LogBlock> decoded = DecodeLogBlock(std::span(bytes).subspan(at), &used);
    ASSERT_TRUE(decoded.ok());
    ExpectSame(*decoded, block);
    at += used;
  }
  EXPECT_EQ(at, bytes.size());
}

TEST(PredictionLogTest, EveryFlippedBitIsFound) {
  const std::vector<uint8_t> first = EncodeLogBlock(SmallBlock());
  std::vector<uint8_t> bytes = first;
  bytes.insert(bytes.end(), first.begin(), first.end());
  for (size_t bit = 0; bit < 8 * first.size(); ++bit) {
    std::vector<uint8_t> flipped = bytes;
    flipped[first.size() + bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const LogScan scan = ScanLog(flipped);
    ASSERT_EQ(scan.blocks, 1u) << bit;
    ASSERT_EQ(scan.whole_bytes, first.size());
  }
}

// A body that is not as long as its own counts say is no block, though its checksum is right.
TEST(PredictionLogTest, BlocksThatContradictThemselvesAreRefused) {
  const std::vector<uint8_t> good = EncodeLogBlock(SmallBlock());
  const auto decode = [](std::vector<uint8_t> body) {
    std::vector<uint8_t> bytes = {'F', 'T', 'L', '1'};
    const uint32_t checksum = Crc32c(body);
    for (const uint32_t word : {static_cast<uint32_t>(body.size()), checksum}) {
      for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(word >> (8 * i)));
    }
    bytes.insert(bytes.end(), body.begin(), body.end());
    size_t used = 0;
    const Result<LogBlock> block = DecodeLogBlock(bytes, &used);
    EXPECT_EQ(ScanLog(bytes).blocks, block.ok() ? 1u : 0u);
    EXPECT_TRUE(block.ok() || block.error().code == ErrorCode::kDataInvalid);
    return block.ok();
  };
  const std::vector<uint8_t> body(good.begin() + 12, good.end());
  EXPECT_TRUE(decode(body));
  const auto with = [&](size_t at, uint8_t value) {
    std::vector<uint8_t> changed = body;
    changed[at] = value;
    return changed;
  };
  EXPECT_FALSE(decode(with(8, 4)));  // Rows.
  EXPECT_FALSE(decode(with(8, 2)));
  EXPECT_FALSE(decode(with(10, 255)));
  EXPECT_FALSE(decode(with(11, 255)));
  EXPECT_FALSE(decode(with(12, 6)));               // Length of the model version.
  EXPECT_FALSE(decode(with(15, 255)));             // Of the source.
  EXPECT_FALSE(decode(with(body.size() - 6, 2)));  // Of a reference.
  EXPECT_FALSE(decode(with(body.size() - 5, 255)));
  std::vector<uint8_t> longer = body;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer));
  EXPECT_FALSE(decode({body.begin(), body.end() - 1}));
  EXPECT_FALSE(decode({}));
  std::vector<uint8_t> last_sequence = body;
  std::fill(last_sequence.begin(), last_sequence.begin() + 8, 0xFF);
  EXPECT_FALSE(decode(last_sequence));
}

TEST(PredictionLogTest, LinesAreAsTheHeaderSays) {
  std::string ndjson;
  AppendNdjson(SmallBlock(), &ndjson);
  EXPECT_EQ(ndjson,
            R"({"prediction":0,"probability":0.0012,"risk_level":"MINIMAL","confidence":0.9988,)"
            R"("timestamp":"2026-01-02T03:04:05.678Z","model_version":"1.0.0","source":"demo",)"
            R"("row":17,"reference":"A-1"})"
            "\n"
            R"({"prediction":1,"probability":0.5,"risk_level":"HIGH","confidence":0.5,)"
            R"("timestamp":"2026-01-02T03:04:05.679Z","model_version":"1.0.0","source":"demo",)"
            R"("row":null})"
            "\n"
            R"({"prediction":null,"probability":null,"risk_level":null,"confidence":null,)"
            R"("timestamp":"2026-01-02T03:04:05.680Z","model_version":"1.0.0","source":"demo",)"
            R"("row":19,"reference":"C"})"
            "\n");
  std::string csv(CsvLogHeader());
  AppendLogCsv(SmallBlock(), &csv);
  EXPECT_EQ(csv,
            "prediction,probability,risk_level,confidence,timestamp,model_version,source,row,"
            "reference\n"
            "0,0.0012,MINIMAL,0.9988,2026-01-02T03:04:05.678Z,1.0.0,demo,17,A-1\n"
            "1,0.5,HIGH,0.5,2026-01-02T03:04:05.679Z,1.0.0,demo,,\n"
            ",,,,2026-01-02T03:04:05.680Z,1.0.0,demo,19,C\n");
}

TEST(PredictionLogTest, LevelsConfidenceAndPredictionGoByTheBlocksCutsAndThreshold) {
  LogBlock block = SmallBlock();
  block.threshold = 0.3;
  block.risk_cuts = {0.1, 0.2, 0.3, 0.4};
  block.probabilities = {0.0, 0.1, 0.2, 0.3, 0.4, 1.0};
  block.timestamps_ms.assign(6, 0);
  block.rows.assign(6, kNaN);
  block.references.clear();
  std::string csv;
  AppendLogCsv(block, &csv);
  const std::string rest = ",1970-01-01T00:00:00.000Z,1.0.0,demo,,\n";
  EXPECT_EQ(csv, "0,0,MINIMAL,1" + rest + "0,0.1,LOW,0.9" + rest + "0,0.2,MEDIUM,0.8" + rest +
                     "1,0.3,HIGH,0.7" + rest + "1,0.4,CRITICAL,0.6" + rest + "1,1,CRITICAL,1" +
                     rest);
}

// What a spreadsheet would run is a text in the CSV; JSON keeps it as it is.
TEST(PredictionLogTest, ReferencesAreSafeAsFormulasAndAsJson) {
  LogBlock block = SmallBlock();
  block.source = "@SUM(1)";
  block.probabilities.resize(1);
  block.timestamps_ms.resize(1);
  block.rows.resize(1);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"=1+1", "'=1+1"},    {"+a", "'+a"},
      {"-1", "-1"},         {"@x", "'@x"},
      {"a,b", "\"a,b\""},   {"say \"x\"", "\"say \"\"x\"\"\""},
      {"a\nb", "\"a\nb\""}, {"", ""}};
  for (const auto& [reference, cell] : cases) {
    block.references = {reference};
    std::string csv;
    AppendLogCsv(block, &csv);
    EXPECT_EQ(csv,
              "0,0.0012,MINIMAL,0.9988,2026-01-02T03:04:05.678Z,1.0.0,'@SUM(1),17," + cell + "\n");
    std::string line;
    AppendNdjson(block, &line);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const Result<json::value> value = ParseJson(line, ErrorCode::kDataInvalid, "line");
    ASSERT_TRUE(value.ok()) << line;
    if (!reference.empty()) {
      EXPECT_EQ(std::string(value->at("reference").as_string()), reference);
    }
  }
}

TEST(PredictionLogTest, BytesThatAreNoTextAreReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  LogBlock block = SmallBlock();
  block.source = "a\xFF";
  block.references = {"\xC3\x28", "", "x"};
  std::string direct;
  AppendNdjson(block, &direct);
  size_t used = 0;
  const Result<LogBlock> decoded = DecodeLogBlock(EncodeLogBlock(block), &used);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->source, "a" + bad);
  EXPECT_EQ(decoded->references[0], bad + "(");
  std::string again;
  AppendNdjson(*decoded, &again);
  EXPECT_EQ(direct, again);
  EXPECT_EQ(ValidUtf8(again), again);
}

TEST(PredictionLogTest, LongReferencesAreCutAtACharacter) {
  LogBlock block = SmallBlock();
  const std::string euro = "\xE2\x82\xAC";
  std::string long_text;
  for (int i = 0; i < 50; ++i) long_text += euro;  // 150 bytes.
  block.references = {long_text, std::string(128, 'x'), std::string(129, 'y')};
  size_t used = 0;
  const Result<LogBlock> decoded = DecodeLogBlock(EncodeLogBlock(block), &used);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->references[0], long_text.substr(0, 126));
  EXPECT_EQ(decoded->references[1], std::string(128, 'x'));
  EXPECT_EQ(decoded->references[2], std::string(128, 'y'));
}

// What no engine writes but storage may hold: lines are well-formed all the same.
TEST(PredictionLogTest, ValuesThatAreNoneMakeWellFormedLines) {
  LogBlock block = SmallBlock();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  block.probabilities = {kInfinity, -0.5, 1.5};
  block.rows = {kInfinity, -1.5, 1e300};
  block.timestamps_ms = {INT64_MIN, INT64_MAX, -1};
  std::string lines;
  AppendNdjson(block, &lines);
  EXPECT_EQ(lines.find("inf"), std::string::npos);
  for (size_t begin = 0; begin < lines.size(); begin = lines.find('\n', begin) + 1) {
    const std::string line = lines.substr(begin, lines.find('\n', begin) - begin);
    const Result<json::value> value = ParseJson(line, ErrorCode::kDataInvalid, "line");
    ASSERT_TRUE(value.ok()) << line;
    EXPECT_TRUE(value->at("probability").is_null());
  }
}

// Oracle: JavaScript's Date.prototype.toISOString.
TEST(IsoTimeTest, IsJavaScriptsIsoString) {
  const std::vector<std::pair<int64_t, std::string>> cases = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {1767323045678, "2026-01-02T03:04:05.678Z"},
      {951782400000, "2000-02-29T00:00:00.000Z"},
      {1709164800000, "2024-02-29T00:00:00.000Z"},
      {-2203891200001, "1900-02-28T23:59:59.999Z"},
      {4107542399999, "2100-02-28T23:59:59.999Z"},
      {253402300799999, "9999-12-31T23:59:59.999Z"},
      {253402300800000, "+010000-01-01T00:00:00.000Z"},
      {-62167219200000, "0000-01-01T00:00:00.000Z"},
      {-62167219200001, "-000001-12-31T23:59:59.999Z"},
      {-62198755200000, "-000001-01-01T00:00:00.000Z"},
      {8640000000000000, "+275760-09-13T00:00:00.000Z"},
      {-8640000000000000, "-271821-04-20T00:00:00.000Z"}};
  for (const auto& [time, text] : cases) EXPECT_EQ(IsoTime(time), text) << time;
}

// Oracle: counting days month by month over 800 years.
TEST(IsoTimeTest, EveryDayOfEightHundredYears) {
  int64_t day = -11644473600000 / 86400000;  // 1601-01-01
  for (int year = 1601; year <= 2400; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month) {
      for (int d = 1; d <= lengths[month - 1]; ++d) {
        char expected[64];
        std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", year, month, d);
        ASSERT_EQ(IsoTime(day * 86400000), expected);
        ++day;
      }
    }
  }
}

}  // namespace
}  // namespace firetower::monitor

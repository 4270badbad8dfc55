#include "core/synth/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace firetower::synth {
namespace {

// Three columns, two bins of 100 s. Genuine rows: A uniform-like over -1 .. 1, B = 3 always. Frauds
// only in the second bin: A = 5.25 always, B falls in step with A's score (correlation -1 is not
// allowed, so -0.8).
constexpr char kSmall[] = R"({"format":"firetower-generator","version":1,"name":"small","source":{},
"label":"Cl\"ass","time_bin":100,"time_bins":2,
"columns":[{"name":"A","kind":"number","decimals":3,"unit":2},{"name":"Time","kind":"time"},
{"name":"B","kind":"number","decimals":0,"unit":0}],
"components":[
{"label":0,"share":900,"profile":[3,1],"z":[-2000000,0,2000000],
"quantiles":[[-100,0,100],[3,3,3]],"cholesky":[[100000],[0,100000],[0,0,100000]]},
{"label":1,"share":100,"profile":[0,7],"z":[-3000000,3000000],
"quantiles":[[525,525],[-3000000,3000000]],"cholesky":[[100000],[0,100000],[60000,-80000,0]]}]})";

std::string ReadSource(const std::string& path) {
  std::ifstream file(std::string(FIRETOWER_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string Rows(const Generator& generator, const StreamOptions& options) {
  RowStream stream(generator, options);
  std::string text;
  EXPECT_EQ(stream.AppendCsv(UINT64_MAX, &text), options.rows);
  return text;
}

// FNV-1a, 64 bits.
uint64_t Digest(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

// Cells of all lines but the header.
std::vector<std::vector<std::string>> Cells(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    std::string cell;
    while (std::getline(row, cell, ',')) cells.push_back(cell);
    rows.push_back(cells);
  }
  return rows;
}

Generator Small() {
  Result<Generator> generator = Generator::FromJson(kSmall);
  EXPECT_TRUE(generator.ok()) << (generator.ok() ? "" : generator.error().message);
  return *std::move(generator);
}

TEST(GeneratorTest, WritesHeaderAndQuotedLabels) {
  const std::string text = Rows(Small(), {.rows = 3, .seed = 4});
  EXPECT_EQ(text.substr(0, text.find('\n')), "\"A\",\"Time\",\"B\",\"Cl\"\"ass\"");
  for (const std::vector<std::string>& row : Cells(text)) {
    ASSERT_EQ(row.size(), 4u);
    EXPECT_TRUE(row[3] == "\"0\"" || row[3] == "\"1\"");
  }
}

TEST(GeneratorTest, RowsFollowTheTablesTheProfileAndTheShares) {
  const std::vector<std::vector<std::string>> rows =
      Cells(Rows(Small(), {.rows = 40000, .seed = 7}));
  ASSERT_EQ(rows.size(), 40000u);
  int frauds = 0;
  int genuine_first = 0;
  int below_half = 0;
  double before = 0.0;
  for (const std::vector<std::string>& row : rows) {
    const double a = std::stod(row[0]);
    const double time = std::stod(row[1]);
    EXPECT_GE(time, before);
    EXPECT_LT(time, 200.0);
    before = time;
    if (row[3] == "\"1\"") {
      ++frauds;
      EXPECT_GE(time, 100.0);
      EXPECT_EQ(row[0], "5.25");
    } else {
      genuine_first += time < 100.0;
      below_half += a < -0.5;
      EXPECT_GE(a, -1.0);
      EXPECT_LE(a, 1.0);
      EXPECT_EQ(row[2], "3");
    }
  }
  // Four standard errors. P(z < -1) = 0.158655 and A = z / 2 there.
  EXPECT_NEAR(frauds / 40000.0, 0.1, 4.0 * std::sqrt(0.09 / 40000.0));
  EXPECT_NEAR(genuine_first / 36000.0, 0.75, 4.0 * std::sqrt(0.1875 / 36000.0));
  EXPECT_NEAR(below_half / 36000.0, 0.158655, 4.0 * std::sqrt(0.1335 / 36000.0));
}

TEST(GeneratorTest, DependsOnTimeAndOnTheOtherColumnsAsTheFactorSays) {
  // B = 0.6 z(Time) - 0.8 e(A) + 0: over the bin's frauds its mean rises with time.
  const std::vector<std::vector<std::string>> rows =
      Cells(Rows(Small(), {.rows = 20000, .seed = 3, .fraud_rate = 1.0}));
  double early = 0.0;
  double late = 0.0;
  double square = 0.0;
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i][3], "\"1\"");
    const double b = std::stod(rows[i][2]) / 1e6;
    (i < rows.size() / 2 ? early : late) += b;
    square += b * b;
  }
  // E[Z | Z < 0] = -sqrt(2 / pi).
  EXPECT_NEAR(early / 10000.0, -0.6 * std::sqrt(2.0 / M_PI), 0.04);
  EXPECT_NEAR(late / 10000.0, 0.6 * std::sqrt(2.0 / M_PI), 0.04);
  EXPECT_NEAR(square / 20000.0, 1.0, 0.05);
}

TEST(GeneratorTest, FraudRateReplacesTheGeneratorsOwn) {
  for (double rate : {0.0, 0.5, 1.0}) {
    const std::string text = Rows(Small(), {.rows = 10000, .seed = 1, .fraud_rate = rate});
    int frauds = 0;
    for (const std::vector<std::string>& row : Cells(text)) frauds += row[3] == "\"1\"";
    EXPECT_NEAR(frauds / 10000.0, rate, rate == 0.5 ? 0.02 : 0.0);
  }
}

TEST(GeneratorTest, NoRowsMeansTheHeaderAlone) {
  const Generator generator = Small();
  RowStream stream(generator, {});
  std::string text;
  EXPECT_EQ(stream.AppendCsv(10, &text), 0u);
  EXPECT_EQ(text, "\"A\",\"Time\",\"B\",\"Cl\"\"ass\"\n");
  EXPECT_EQ(stream.AppendCsv(10, &text), 0u);
  EXPECT_EQ(text, "\"A\",\"Time\",\"B\",\"Cl\"\"ass\"\n");
}

TEST(GeneratorTest, AnyFragmentationGivesTheSameBytes) {
  const Generator generator = Small();
  const StreamOptions options = {.rows = 500, .seed = 11};
  const std::string whole = Rows(generator, options);
  for (uint64_t step : {1u, 2u, 7u, 499u, 500u, 501u}) {
    RowStream stream(generator, options);
    std::string text;
    uint64_t total = 0;
    while (const uint64_t got = stream.AppendCsv(step, &text)) total += got;
    EXPECT_EQ(total, 500u);
    EXPECT_EQ(text, whole) << step;
  }
}

TEST(GeneratorTest, SeedsDiffer) {
  const Generator generator = Small();
  EXPECT_NE(Rows(generator, {.rows = 50, .seed = 1}), Rows(generator, {.rows = 50, .seed = 2}));
  EXPECT_EQ(Rows(generator, {.rows = 50, .seed = 1}), Rows(generator, {.rows = 50, .seed = 1}));
}

TEST(GeneratorTest, OutlivesAMove) {
  Generator generator = Small();
  const std::string expected = Rows(generator, {.rows = 20, .seed = 5});
  RowStream stream(generator, {.rows = 20, .seed = 5});
  const Generator moved = std::move(generator);
  RowStream moved_stream = std::move(stream);
  std::string text;
  EXPECT_EQ(moved_stream.AppendCsv(20, &text), 20u);
  EXPECT_EQ(text, expected);
}

// The same bytes natively, under the sanitizers and as WebAssembly: the constants were written down
// once from the native build, and every build must give them.
TEST(GeneratorTest, SmallGeneratorHasItsDigest) {
  EXPECT_EQ(Digest(Rows(Small(), {.rows = 1000, .seed = 2015})), 12296871129177337447u);
}

TEST(GeneratorTest, ShippedGeneratorHasItsDigest) {
  Result<Generator> generator = Generator::FromJson(ReadSource("models/creditcard/generator.json"));
  ASSERT_TRUE(generator.ok()) << generator.error().message;
  const std::string text = Rows(*generator, {.rows = 1000, .seed = 2015});
  EXPECT_EQ(text.substr(0, 12), "\"Time\",\"V1\",");
  EXPECT_EQ(Digest(text), 4376687833452886348u);
}

struct BadCase {
  std::string from;
  std::string to;
  std::string message;
};

TEST(GeneratorTest, RefusesWhatItCannotUseAndSaysWhere) {
  const std::vector<BadCase> cases = {
      {"firetower-generator", "something", "generator.format: is not \"firetower-generator\""},
      {"\"version\":1", "\"version\":2", "generator.version: 2 is not in 1 .. 1"},
      {"\"time_bin\":100,", "", "generator: has no \"time_bin\""},
      {"\"time_bins\":2", "\"time_bins\":2.5", "generator.time_bins: is not an integer"},
      {"\"time_bins\":2", "\"time_bins\":0", "generator.time_bins: 0 is not in 1 .. 65536"},
      {"\"time_bins\":2", "\"time_bins\":3", "components[0].profile: has 2 values instead of 3"},
      {"\"kind\":\"time\"", "\"kind\":\"text\"",
       "columns[1].kind: is neither \"time\" nor \"number\""},
      {"\"kind\":\"time\"", "\"kind\":\"number\",\"decimals\":0,\"unit\":0",
       "columns: need exactly one of kind \"time\""},
      {"\"decimals\":3", "\"decimals\":16", "columns[0].decimals: 16 is not in 0 .. 15"},
      {"\"label\":1,", "\"label\":0,", "components: have none of label 1"},
      {"\"label\":1,", "\"label\":2,", "components[1].label: 2 is not in 0 .. 1"},
      {"\"share\":100,", "\"share\":0,", "components[1].share: 0 is not in 1 .. 1000000000"},
      {"[3,1]", "[0,0]", "components[0].profile: is zero everywhere"},
      {"[3,1]", "[3,-1]", "components[0].profile[1]: -1 is not in 0 .. 1000000000"},
      {"[3,1]", "7", "components[0].profile: is not an array"},
      {"[-2000000,0,2000000]", "[-2000000,0,0]", "components[0].z[2]: does not rise"},
      {"[-2000000,0,2000000]", "[0]", "components[0].z: has 1 values instead of 2 .. 65536"},
      {"[-100,0,100]", "[-100,0]", "components[0].quantiles[0]: has 2 values instead of 3"},
      {"[-100,0,100]", "[-100,0,-1]", "components[0].quantiles[0][2]: falls"},
      {"[-100,0,100]", "[-100,0,\"x\"]", "components[0].quantiles[0][2]: is not an integer"},
      {"[-100,0,100]", "[-100,0,900000000000001]",
       "components[0].quantiles[0][2]: 900000000000001 is not in -900000000000000 .. "
       "900000000000000"},
      {"[0,100000]", "[0,100000,0]", "components[0].cholesky[1]: has 3 values instead of 2"},
      {"[0,0,100000]", "[0,0,10000]",
       "components[0].cholesky[2]: is not of unit length (the factor is of a correlation matrix)"},
      {"\"components\":[", "\"components\":[3,", "components[0]: is not an object"},
  };
  for (const BadCase& bad : cases) {
    const Result<Generator> generator = Generator::FromJson(Replaced(kSmall, bad.from, bad.to));
    ASSERT_FALSE(generator.ok()) << bad.message;
    EXPECT_EQ(generator.error().code, ErrorCode::kGeneratorInvalid);
    EXPECT_EQ(generator.error().message, bad.message);
  }
}

TEST(GeneratorTest, RefusesEveryTruncation) {
  const std::string text = kSmall;
  for (size_t size = 0; size < text.size(); ++size) {
    const Result<Generator> generator = Generator::FromJson(text.substr(0, size));
    ASSERT_FALSE(generator.ok()) << size;
    EXPECT_EQ(generator.error().code, ErrorCode::kGeneratorInvalid);
  }
}

TEST(GeneratorTest, RefusesADocumentThatIsTooBig) {
  const Result<Generator> generator = Generator::FromJson(std::string(kMaxGeneratorBytes + 1, ' '));
  ASSERT_FALSE(generator.ok());
  EXPECT_EQ(generator.error().code, ErrorCode::kTooBig);
}

}  // namespace
}  // namespace firetower::synth

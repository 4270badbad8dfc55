#include "core/monitor/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "random_rows.h"

namespace firetower::monitor {
namespace {

using namespace test;  // NOLINT: the helpers of this folder's tests.

std::vector<Row> RandomRows(uint64_t seed, size_t count, const SummaryLayout& layout) {
  Random random(seed);
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(RandomRow(&random, layout));
  return rows;
}

std::shared_ptr<const SummaryLayout> SmallLayout() {
  SummaryLayout layout;
  layout.model_name = "m";
  layout.threshold = 0.5;
  layout.risk_cuts = {0.05, 0.2, 0.5, 0.8};
  layout.inputs = {"x"};
  layout.features = {"x"};
  layout.edges = {{0.0, 1.0, 2.0}};
  return std::make_shared<const SummaryLayout>(layout);
}

TEST(Summary, ScoreEdgesByHand) {
  SummaryLayout layout = *SmallLayout();
  std::vector<double> edges = ScoreEdges(layout);
  ASSERT_EQ(edges.size(), 1002u);  // The cuts and the threshold are steps already.
  EXPECT_EQ(edges[0], 0.0);
  EXPECT_EQ(edges[1], 0.001);
  EXPECT_EQ(edges[1000], 1.0);
  EXPECT_EQ(edges[1001], std::nextafter(1.0, 2.0));
  layout.threshold = 0.0123;
  layout.risk_cuts[3] = 0.87654;
  edges = ScoreEdges(layout);
  ASSERT_EQ(edges.size(), 1004u);
  EXPECT_EQ(edges[13], 0.0123);
  EXPECT_TRUE(std::is_sorted(edges.begin(), edges.end()));
}

TEST(Summary, CountsByHand) {
  Summary summary(SmallLayout());
  EXPECT_TRUE(std::isnan(summary.average_probability()));
  const std::vector<Row> rows = {
      {.features = {0.5f}, .probability = 0.25, .label = 0, .time = 10},
      {.features = {1.0f}, .probability = 0.5, .label = 1, .time = 2.0006},
      {.features = {2.0f}, .probability = 1.0, .label = 1},
      {.features = {-1.0f}, .probability = 0.0, .time = kInfinity},
      {.features = {4.5f}, .probability = 0.75, .status = 2, .status_input = 0, .time = 99},
      {.features = {NAN}, .probability = 0.75}};
  const Columns columns(rows);
  summary.Add(columns.block(), 0, rows.size());
  EXPECT_EQ(summary.rows(), 6u);
  EXPECT_EQ(summary.scored, 5u);
  EXPECT_EQ(summary.aside, 1u);
  EXPECT_EQ(summary.flagged, 3u);
  EXPECT_EQ(summary.score_sum, uint64_t{10} << 30);
  EXPECT_EQ(summary.average_probability(), 0.5);
  EXPECT_EQ(summary.levels, (std::array<uint64_t, 5>{1, 0, 1, 2, 1}));
  EXPECT_EQ(summary.reasons[2], 1u);
  EXPECT_EQ(summary.invalid, std::vector<uint64_t>{1});
  EXPECT_EQ(summary.scores[250], 1u);
  EXPECT_EQ(summary.scores[1000], 1u);  // p = 1 alone.
  EXPECT_EQ(summary.positives[1000], 1u);
  EXPECT_EQ(summary.negatives[250], 1u);
  EXPECT_EQ(summary.FlaggedAt(0.5), 3u);
  EXPECT_EQ(summary.FlaggedAt(0.7499), 2u);
  EXPECT_EQ(summary.FlaggedAt(1.0), 1u);
  EXPECT_EQ(summary.FlaggedAt(0.0), 5u);
  EXPECT_EQ(summary.FlaggedAt(1.5), 0u);
  EXPECT_EQ(summary.features[0].bins, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(summary.features[0].below.at(BucketOf(0.5)), 1u);
  EXPECT_TRUE(summary.features[0].above.empty());  // The row at 4.5 was set aside.
  EXPECT_EQ(summary.features[0].missing, 1u);
  EXPECT_EQ(summary.first_time_ms, 2001);
  EXPECT_EQ(summary.last_time_ms, 99000);
}

TEST(Summary, CountsAreThoseOfPlainFloat64Comparisons) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const auto layout = MakeLayout(seed);
    const std::vector<Row> rows = RandomRows(seed, 700, *layout);
    const Columns columns(rows, seed % 5);
    Summary summary(layout);
    // In pieces, as a stream comes.
    Random random(seed, 3);
    for (size_t first = 0; first < rows.size();) {
      const size_t count = std::min(Pick(&random, 600), rows.size() - first);
      summary.Add(columns.block(), first, count);
      first += count;
    }
    ASSERT_EQ(summary.Write(), CountSlowly(layout, rows).Write()) << seed;
    for (const double at : {0.0, 0.05, 0.25, 0.4321, 0.5, 0.777, 0.80005, 0.999, 1.0}) {
      uint64_t flagged = 0;
      for (const Row& row : rows) {
        flagged +=
            row.status == 0 && !(row.probability < at) && !std::isnan(row.probability) ? 1u : 0u;
      }
      ASSERT_EQ(summary.FlaggedAt(at), flagged) << at;
    }
  }
}

TEST(Summary, SpansThatAreNotThere) {
  const auto layout = MakeLayout(1);
  std::vector<Row> rows = RandomRows(1, 100, *layout);
  const Columns columns(rows);
  SummaryBlock block = columns.block();
  block.statuses = {};
  block.status_inputs = {};
  block.labels = {};
  block.times = {};
  Summary summary(layout);
  summary.Add(block, 0, rows.size());
  for (Row& row : rows) {
    row.status = 0;
    row.status_input = -1;
    row.label = kNaN;
    row.time = kNaN;
  }
  EXPECT_EQ(summary.Write(), CountSlowly(layout, rows).Write());
}

TEST(Summary, AThousandMergeTreesGiveTheBytesOfPooling) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed, 9);
    const auto layout = MakeLayout(seed % 20);
    std::vector<Row> rows = RandomRows(seed, 30 + Pick(&random, 120), *layout);
    const std::string pooled = SummaryOf(layout, rows).Write();

    // Rows to random parts, some of them empty; parts of equal layouts that are other objects.
    std::vector<std::vector<Row>> split(1 + Pick(&random, 16));
    for (const Row& row : rows) split[Pick(&random, split.size())].push_back(row);
    std::vector<Summary> parts;
    for (const std::vector<Row>& part : split) {
      const auto own = Pick(&random, 2) == 0 ? layout : MakeLayout(seed % 20);
      parts.push_back(SummaryOf(own, part));
    }
    // Two random ones into one until one is left; now and then by way of a file.
    while (parts.size() > 1) {
      const size_t from = Pick(&random, parts.size());
      std::swap(parts[from], parts.back());
      Summary taken = std::move(parts.back());
      parts.pop_back();
      if (Pick(&random, 8) == 0) {
        Result<Summary> read = Summary::Read(taken.Write());
        ASSERT_TRUE(read.ok()) << read.error().message;
        taken = *std::move(read);
      }
      ASSERT_TRUE(parts[Pick(&random, parts.size())].Merge(taken).ok());
    }
    ASSERT_EQ(parts[0].Write(), pooled) << seed;
  }
}

TEST(Summary, SubtractUndoesMerge) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto layout = MakeLayout(seed);
    const Summary kept = SummaryOf(layout, RandomRows(2 * seed, 300, *layout));
    const Summary part = SummaryOf(layout, RandomRows(2 * seed + 1, 100, *layout));
    Summary summary = kept;
    ASSERT_TRUE(summary.Merge(part).ok());
    summary.Subtract(part);
    EXPECT_EQ(summary.first_time_ms, std::min(kept.first_time_ms, part.first_time_ms));
    EXPECT_EQ(summary.last_time_ms, std::max(kept.last_time_ms, part.last_time_ms));
    summary.first_time_ms = kept.first_time_ms;
    summary.last_time_ms = kept.last_time_ms;
    EXPECT_EQ(summary.Write(), kept.Write());
    summary.Clear();
    EXPECT_EQ(summary.Write(), Summary(layout).Write());
  }
}

TEST(Summary, MergingItselfDoubles) {
  const auto layout = MakeLayout(3);
  const std::vector<Row> rows = RandomRows(3, 100, *layout);
  std::vector<Row> twice = rows;
  twice.insert(twice.end(), rows.begin(), rows.end());
  Summary summary = SummaryOf(layout, rows);
  ASSERT_TRUE(summary.Merge(summary).ok());
  EXPECT_EQ(summary.Write(), SummaryOf(layout, twice).Write());
}

TEST(Summary, AnotherModelIsRefusedByName) {
  const auto layout = MakeLayout(4);
  Summary summary = SummaryOf(layout, RandomRows(4, 10, *layout));
  const std::string before = summary.Write();
  const auto refused = [&](const char* reason, auto change) {
    SummaryLayout other = *layout;
    change(&other);
    const Status merged = summary.Merge(Summary(std::make_shared<const SummaryLayout>(other)));
    ASSERT_FALSE(merged.ok()) << reason;
    EXPECT_EQ(merged.error().code, ErrorCode::kSchemaMismatch);
    EXPECT_NE(merged.error().message.find(reason), std::string::npos) << merged.error().message;
  };
  using Layout = SummaryLayout;
  refused("model other is not test \"model\"", [](Layout* l) { l->model_name = "other"; });
  refused("model version 2 is not 1.2.3", [](Layout* l) { l->model_version = "2"; });
  refused("model file ff is not abc123", [](Layout* l) { l->model_hash = "ff"; });
  refused("threshold 0.5 is not 0.4321", [](Layout* l) { l->threshold = 0.5; });
  refused("risk_cuts[1] 0.3 is not 0.25", [](Layout* l) { l->risk_cuts[1] = 0.3; });
  refused("number of inputs 1 is not 2", [](Layout* l) { l->inputs.pop_back(); });
  refused("inputs[0] c is not a", [](Layout* l) { l->inputs[0] = "c"; });
  refused("number of features 5 is not 6", [](Layout* l) {
    l->features.pop_back();
    l->edges.pop_back();
  });
  refused("features[1] u is not unit", [](Layout* l) { l->features[1] = "u"; });
  refused("feature unit: number of edges 3 is not 2", [](Layout* l) { l->edges[1].push_back(2); });
  refused("feature discrete: edge 1 1.5 is not 1", [](Layout* l) { l->edges[4][1] = 1.5; });
  EXPECT_EQ(summary.Write(), before);
}

TEST(Summary, ThereIsALimitOfRows) {
  Summary summary(SmallLayout());
  const std::vector<Row> rows(1, {.features = {0.5f}, .probability = 1.0});
  const Columns columns(rows);
  summary.Add(columns.block(), 0, 1);
  for (int doubled = 0; doubled < 31; ++doubled) {
    EXPECT_FALSE(summary.full());
    ASSERT_TRUE(summary.Merge(summary).ok());
  }
  EXPECT_TRUE(summary.full());
  EXPECT_EQ(summary.rows(), kMaxSummaryRows);
  EXPECT_EQ(summary.score_sum, uint64_t{1} << 63);
  EXPECT_EQ(summary.average_probability(), 1.0);
  const std::string before = summary.Write();
  Summary one(SmallLayout());
  one.Add(columns.block(), 0, 1);
  const Status merged = summary.Merge(one);
  ASSERT_FALSE(merged.ok());
  EXPECT_EQ(merged.error().code, ErrorCode::kTooBig);
  EXPECT_EQ(summary.Write(), before);
  EXPECT_TRUE(Summary::Read(before).ok());
}

}  // namespace
}  // namespace firetower::monitor
